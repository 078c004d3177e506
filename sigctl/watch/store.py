"""The history of differences, in SQLite: whole runs or nothing, for any number of processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sigctl.errors import SigctlError
from sigctl.watch.record import Cause, Entry, Found

FILE = "drift.sqlite3"
VERSION = 1
_PATIENCE = 60.0
_MONTH = 31 * 86_400.0
_TABLES = (
    """CREATE TABLE entry (
    id INTEGER PRIMARY KEY, forge TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, sig TEXT NOT NULL,
    problem TEXT NOT NULL, why TEXT NOT NULL, cause TEXT NOT NULL, who TEXT NOT NULL, moment TEXT NOT NULL,
    first_seen TEXT NOT NULL, since TEXT NOT NULL, last_seen TEXT NOT NULL, resolved TEXT NOT NULL DEFAULT '',
    resolver TEXT NOT NULL DEFAULT '', weight TEXT NOT NULL, effect TEXT NOT NULL, form TEXT NOT NULL)""",
    "CREATE UNIQUE INDEX one_open ON entry (forge, kind, key) WHERE resolved = ''",
    "CREATE INDEX by_time ON entry (resolved, last_seen)",
    """CREATE TABLE run (
    id INTEGER PRIMARY KEY, started TEXT NOT NULL, ended TEXT NOT NULL, config TEXT NOT NULL, forges TEXT NOT NULL,
    open INTEGER NOT NULL, fresh INTEGER NOT NULL, resolved INTEGER NOT NULL, seconds REAL NOT NULL)""",
    "CREATE TABLE delivery (id TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE told (way TEXT NOT NULL, sig TEXT NOT NULL, digest TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (way, sig))",
)
_COLUMNS = (
    "forge, kind, key, sig, problem, why, cause, who, moment, first_seen, since, last_seen, resolved, resolver, weight, "
    "effect, form"
)


@dataclass(frozen=True, slots=True)
class Run:
    """One look at the forges."""

    started: str
    ended: str
    config: str
    forges: tuple[str, ...]
    """Those that were read whole."""
    open: int
    fresh: int
    """Differences that were not there before, or not in this form."""
    resolved: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a run changed in the history."""

    open: tuple[Entry, ...]
    """All that is open now, of other runs' scopes, too."""
    fresh: tuple[Entry, ...]
    resolved: tuple[Entry, ...]


class Store:
    """The history in a folder; SigctlError where it can't be read or written."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise SigctlError(f"{folder} can't be made: {error.strerror}") from None
        with self._transaction() as base:
            version = base.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise SigctlError(
                    f"{self._file} is of a newer sigctl (format {version}, this one knows {VERSION})",
                    "use that one, or another folder",
                )
            if version == 0:
                for statement in _TABLES:
                    base.execute(statement)
                base.execute(f"PRAGMA user_version = {VERSION}")

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that holds the write lock; all of what is done is kept, or nothing."""
        try:
            base = sqlite3.connect(self._file, timeout=_PATIENCE, isolation_level=None)
            try:
                base.execute("BEGIN IMMEDIATE")
                yield base
                base.execute("COMMIT")
            finally:
                base.close()  # takes back what was not committed
        except sqlite3.Error as error:
            raise SigctlError(
                f"{self._file} can't be used: {error}", "it may be moved away; a new one is made"
            ) from None

    def record(
        self,
        found: Sequence[Found],
        *,
        at: str,
        covers: Callable[[Entry], bool],
        by: Callable[[Entry], str] = lambda _: "",
    ) -> Recorded:
        """Have the differences of one run in the history, and what it covers and did not find as resolved.

        `at` is when the run began to read: what another run recorded later than that is not touched. `covers` says whether this
        run read all that it takes to say that an entry is no more, `by` how one was resolved.
        """
        with self._transaction() as base:
            old = {entry.name: entry for entry in _entries(base, "resolved = ''")}
            later = {
                (row[0], row[1], row[2])
                for row in base.execute("SELECT forge, kind, key FROM entry WHERE resolved > ?", (at,))
            }
            fresh = []
            for one in found:
                was = old.get(one.name)
                if (was is None and one.name in later) or (was is not None and was.last_seen > at):
                    continue
                entry = _entry_of(one, was, at)
                _put(base, entry)
                if was is None or was.form != entry.form:
                    fresh.append(entry)
            names = {one.name for one in found}
            resolved = []
            for entry in old.values():
                if entry.name not in names and entry.last_seen <= at and covers(entry):
                    how = by(entry)
                    base.execute(
                        "UPDATE entry SET resolved = ?, resolver = ? WHERE forge = ? AND kind = ? AND key = ? AND resolved = ''",
                        (at, how, *entry.name),
                    )
                    resolved.append(_resolved(entry, at, how))
            return Recorded(tuple(_entries(base, "resolved = ''")), tuple(fresh), tuple(resolved))

    def add_run(self, run: Run) -> None:
        """Have the run in the history."""
        with self._transaction() as base:
            base.execute(
                "INSERT INTO run (started, ended, config, forges, open, fresh, resolved, seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    run.started,
                    run.ended,
                    run.config,
                    "\n".join(run.forges),
                    run.open,
                    run.fresh,
                    run.resolved,
                    run.seconds,
                ),
            )

    def first(self, delivery: str, now: float) -> bool:
        """Have it recorded that a webhook's delivery came, and return whether it never came before; kept for a month."""
        with self._transaction() as base:
            base.execute("DELETE FROM delivery WHERE at < ?", (now - _MONTH,))
            done = base.execute("INSERT OR IGNORE INTO delivery VALUES (?, ?)", (delivery, now))
            return done.rowcount == 1

    def told(self, way: str, sig: str) -> str:
        """Return the digest of what was last told of a SIG in this way, "" for nothing."""
        with self._transaction() as base:
            row = base.execute("SELECT digest FROM told WHERE way = ? AND sig = ?", (way, sig)).fetchone()
        return str(row[0]) if row else ""

    def tell(self, way: str, sig: str, digest: str, at: str) -> None:
        """Have it recorded that this was told of a SIG in this way."""
        with self._transaction() as base:
            base.execute("INSERT OR REPLACE INTO told VALUES (?, ?, ?, ?)", (way, sig, digest, at))


def read_history(folder: Path, since: str = "") -> list[Entry]:
    """Return every difference ever found, the open ones and the resolved ones, by first sight; [] where there is no history.

    With `since` (ISO, UTC) only those that were there at that time or later. Raises SigctlError where the file is no history.
    """
    with _reading(folder) as base:
        if base is None:
            return []
        return list(_entries(base, "resolved = '' OR resolved >= ?", (since,)))


def read_runs(folder: Path, since: str = "") -> list[Run]:
    """Return the runs that were recorded, the oldest first; raises as `read_history` does."""
    with _reading(folder) as base:
        if base is None:
            return []
        rows = base.execute(
            "SELECT started, ended, config, forges, open, fresh, resolved, seconds FROM run WHERE ended >= ? ORDER BY id",
            (since,),
        )
        return [
            Run(started, ended, config, tuple(filter(None, forges.split("\n"))), *rest)
            for started, ended, config, forges, *rest in rows
        ]


@contextmanager
def _reading(folder: Path) -> Iterator[sqlite3.Connection | None]:
    file = folder / FILE
    if not file.is_file():
        yield None
        return
    try:
        base = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=_PATIENCE)
        try:
            version = base.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise SigctlError(f"{file} is of a newer sigctl (format {version}, this one knows {VERSION})")
            yield base if version else None
        finally:
            base.close()
    except sqlite3.Error as error:
        raise SigctlError(f"{file} can't be read: {error}") from None


def _entries(base: sqlite3.Connection, where: str, values: tuple[str, ...] = ()) -> Iterator[Entry]:
    order = "first_seen, forge, kind, key"
    query = f"SELECT {_COLUMNS} FROM entry WHERE {where} ORDER BY {order}"  # noqa: S608  # our own words
    for row in base.execute(query, values):
        forge, kind, key, sig, problem, why, cause, who, when, *rest = row
        yield Entry(forge, kind, key, sig, problem, Cause(why, cause, who, when), *rest)


def _put(base: sqlite3.Connection, entry: Entry) -> None:
    cause = entry.cause
    base.execute("DELETE FROM entry WHERE forge = ? AND kind = ? AND key = ? AND resolved = ''", entry.name)
    base.execute(
        f"INSERT INTO entry ({_COLUMNS}) VALUES ({', '.join('?' * 17)})",  # noqa: S608  # our own words
        (
            *entry.name, entry.sig, entry.problem, cause.why, cause.text, cause.who, cause.when, entry.first_seen,
            entry.since, entry.last_seen, "", "", entry.weight, entry.effect, entry.form,
        ),
    )  # fmt: skip


def _entry_of(one: Found, was: Entry | None, at: str) -> Entry:
    same = was is not None and was.form == one.form
    cause = one.cause
    if was is not None and same and cause.why == "unknown":
        cause = was.cause  # what told of it then may have forgotten it by now
    return Entry(
        forge=one.forge,
        kind=one.kind,
        key=one.key,
        sig=one.sig,
        problem=one.problem,
        cause=cause,
        first_seen=was.first_seen if was else at,
        since=was.since if was and same else at,
        last_seen=at,
        weight=one.weight,
        effect=one.effect,
        form=one.form,
    )


def _resolved(entry: Entry, at: str, how: str) -> Entry:

    return replace(entry, resolved=at, by=how)
