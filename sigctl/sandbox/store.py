"""The state of one embedded forge: JSON documents by integer id, read from memory, written through to SQLite."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Document = dict[str, Any]
KeyOf = Callable[[Document], Hashable]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (collection TEXT, id INTEGER, body TEXT, PRIMARY KEY (collection, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
"""


class Store:
    """All collections of one forge in one file; survives kill -9 between two transactions; safe for threads and forks."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.lock = threading.RLock()
        self._pid = 0
        self._database: sqlite3.Connection | None = None
        self._depth = 0
        self._begun = False
        self._touched: list[tuple[Collection, int]] = []
        self._counters: dict[str, int] = {}
        self._old_counters: dict[str, int] | None = None
        self._collections: dict[str, Collection] = {}
        file.parent.mkdir(parents=True, exist_ok=True)
        self._counters.update(self._connection().execute("SELECT name, value FROM counters"))

    def collection(self, name: str, /, **indexes: KeyOf) -> Collection:
        """Return the collection of this name, loaded; an index maps a document to the key it is found by (None = in none)."""
        with self.lock:
            if name not in self._collections:
                self._collections[name] = Collection(self, name, indexes)
            return self._collections[name]

    def next_id(self, counter: str, start: int = 1) -> int:
        """Return a number never given out before by this counter."""
        with self.lock, self.transaction():
            value = self._counters.get(counter, start - 1) + 1
            self._counters[counter] = value
            self._run("INSERT OR REPLACE INTO counters VALUES (?, ?)", counter, value)
            return value

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is written inside happen wholly or not at all; don't await inside. Nested ones join the outer one."""
        with self.lock:
            if self._depth == 0:
                self._old_counters = dict(self._counters)
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                if self._depth == 0:
                    self._roll_back()
                raise
            self._depth -= 1
            if self._depth == 0:
                self._commit()

    def clear(self) -> None:
        """Forget everything, counters too."""
        with self.transaction():
            self._run("DELETE FROM documents")
            self._run("DELETE FROM counters")
            self._counters.clear()
            for collection in self._collections.values():
                collection.forget()

    def close(self) -> None:
        """Give the file back; the next access opens it again."""
        with self.lock:
            if self._database is not None and self._pid == os.getpid():
                self._database.close()
            self._database = None

    def write(self, collection: Collection, id_: int, document: Document | None) -> None:
        """Write a document through to the file, None removes it (collections call this)."""
        self._touched.append((collection, id_))
        if document is None:
            self._run("DELETE FROM documents WHERE collection = ? AND id = ?", collection.name, id_)
        else:
            body = json.dumps(document, separators=(",", ":"))
            self._run("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", collection.name, id_, body)

    def load(self, collection: str, id_: int | None = None) -> dict[int, Document]:
        """Return the documents of a collection as the file has them (all, or the one with this id)."""
        query = "SELECT id, body FROM documents WHERE collection = ?"
        if id_ is None:
            rows = self._connection().execute(f"{query} ORDER BY id", (collection,))
        else:
            rows = self._connection().execute(f"{query} AND id = ?", (collection, id_))
        return {row_id: json.loads(body) for row_id, body in rows}

    def _connection(self) -> sqlite3.Connection:
        if self._database is None or self._pid != os.getpid():
            os.close(
                os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600)
            )  # tokens are in it; SQLite's other files follow its mode
            self._database = sqlite3.connect(
                self.file, isolation_level=None, check_same_thread=False, timeout=10
            )
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            self._database.executescript(_SCHEMA)
            self._pid = os.getpid()
        return self._database

    def _run(self, statement: str, *values: object) -> None:
        database = self._connection()
        if not self._begun and self._depth:
            database.execute("BEGIN IMMEDIATE")
            self._begun = True
        database.execute(statement, values)

    def _commit(self) -> None:
        self._touched.clear()
        if self._begun:
            self._begun = False
            self._connection().execute("COMMIT")

    def _roll_back(self) -> None:
        if self._begun:
            self._begun = False
            self._connection().execute("ROLLBACK")
        if self._old_counters is not None:
            self._counters = self._old_counters
        for collection, id_ in dict.fromkeys(self._touched):
            collection.restore(id_, self.load(collection.name, id_).get(id_))
        self._touched.clear()


class Collection:
    """Documents of one type; what is handed out is the living document: change it, then `save` it."""

    def __init__(self, store: Store, name: str, indexes: Mapping[str, KeyOf]) -> None:
        self.name = name
        self._store = store
        self._indexes = dict(indexes)
        self._found: dict[str, dict[Hashable, dict[int, None]]] = {}
        self._keys: dict[int, dict[str, Hashable]] = {}
        self._documents: dict[int, Document] = {}
        self.forget()
        for id_, document in store.load(name).items():
            self.restore(id_, document)

    def __getitem__(self, id_: int) -> Document:
        return self._documents[id_]

    def __contains__(self, id_: object) -> bool:
        return id_ in self._documents

    def __len__(self) -> int:
        return len(self._documents)

    def __iter__(self) -> Iterator[Document]:
        return iter(list(self._documents.values()))

    def get(self, id_: int | None) -> Document | None:
        """Return the document with this id, or None."""
        return None if id_ is None else self._documents.get(id_)

    def add(self, document: Document, *, counter: str = "", start: int = 1) -> Document:
        """Store a new document; without an `id` of its own it gets the next one of the counter (the collection's own by default)."""
        with self._store.transaction():
            if "id" not in document:
                document = {"id": self._store.next_id(counter or self.name, start), **document}
            return self.save(document)

    def save(self, document: Document, **changes: Any) -> Document:
        """Write a document, with these fields changed; return it."""
        with self._store.transaction():
            document.update(changes)
            id_ = document["id"]
            self._store.write(self, id_, document)
            self.restore(id_, document)
            return document

    def delete(self, id_: int) -> None:
        """Remove a document; nothing happens when it is not there."""
        with self._store.transaction():
            if id_ in self._documents:
                self._store.write(self, id_, None)
                self.restore(id_, None)

    def find(self, index: str, key: Hashable) -> list[Document]:
        """Return the documents with this key in the index, in the order they were made."""
        return [self._documents[id_] for id_ in self._found[index].get(key, ())]

    def one(self, index: str, key: Hashable) -> Document | None:
        """Return the first document with this key in the index, or None."""
        return next((self._documents[id_] for id_ in self._found[index].get(key, ())), None)

    def forget(self) -> None:
        """Empty the memory (the store calls this)."""
        self._documents.clear()
        self._keys.clear()
        self._found = {name: {} for name in self._indexes}

    def restore(self, id_: int, document: Document | None) -> None:
        """Put a document into memory and indexes as given (the store calls this)."""
        for name, key in self._keys.pop(id_, {}).items():
            if document is None or self._indexes[name](document) != key:
                self._found[name][key].pop(id_, None)
        if document is None:
            self._documents.pop(id_, None)
            return
        self._documents[id_] = document
        keys = {name: key for name, key_of in self._indexes.items() if (key := key_of(document)) is not None}
        for name, key in keys.items():
            self._found[name].setdefault(key, {})[id_] = None
        self._keys[id_] = keys
