"""Compares what packages declare with what is there, and brings what is missing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sigctl.errors import InterruptedRunError, SigctlError
from sigctl.lookaside.commits import Packer, empty
from sigctl.lookaside.fetch import Downloader
from sigctl.lookaside.formats import Source
from sigctl.lookaside.model import Item, Looked, Survey
from sigctl.lookaside.package import Package
from sigctl.lookaside.store import FileStore, inside, matches, said_no
from sigctl.lookaside.urls import Store, candidates
from sigctl.mirror.parallel import each


@dataclass(frozen=True, slots=True)
class Place:
    """A package, and the checkout its files go to; None = they are wanted in the local cache alone."""

    package: Package
    root: Path | None = None


@dataclass(frozen=True, slots=True)
class Bringer:
    """Looks and fetches; one for a run."""

    store: FileStore
    downloader: Downloader
    packer: Packer
    stores: tuple[Store, ...]
    jobs: int = 4
    replace: bool = False
    """Whether a file that is there with other content is replaced; otherwise that is a failure."""
    told: Callable[[Item], None] = field(default=lambda _item: None)
    stop: threading.Event = field(default_factory=threading.Event)

    def status(self, places: Sequence[Place]) -> Survey:
        """Return which files are there; no file is read and no server asked."""
        return Survey("status", self._each(places, self._seen))

    def verify(self, places: Sequence[Place]) -> Survey:
        """Return which files have the content that was declared; every one that is there is read to its end."""
        return Survey("verify", self._each(places, self._verified))

    def fetch(self, places: Sequence[Place]) -> Survey:
        """Return what became of every file, once all that could be had is there, whole and checked."""
        return Survey("fetch", self._each(places, self._fetched))

    def _each(self, places: Sequence[Place], work: Callable[[Place, Source], Item]) -> tuple[Looked, ...]:
        """Do the work for every source that is wanted, once for each (place, file); many at once."""
        tasks = [(n, source) for n, place in enumerate(places) for source in place.package.manifest.sources]
        once: dict[tuple[Path | None, str, object, str], list[tuple[int, Source]]] = {}
        for n, source in tasks:
            place = places[n]
            if source.path in place.package.stale:
                continue
            same = source.path if place.root else source.name if source.commit else ""
            key = (place.root, same, source.checksum or source.remote, place.package.name)
            once.setdefault(key, []).append((n, source))
        done: dict[tuple[int, str], Item] = {}

        def one(group: list[tuple[int, Source]]) -> tuple[list[tuple[int, Source]], Item]:
            n, source = group[0]
            if self.stop.is_set():
                raise InterruptedRunError("stopped")
            merged = self._over_branches(places, group)
            return group, work(Place(merged, places[n].root), source)

        for group, item in each(one, list(once.values()), self.jobs, self.stop):
            self.told(item)
            for n, source in group:
                done[n, source.path] = Item(source, item.state, item.reason, item.hint, item.url)
        out = []
        for n, place in enumerate(places):
            items = (
                self._item(place, source, done.get((n, source.path)))
                for source in place.package.manifest.sources
            )
            out.append(Looked(place.package, tuple(items)))
        return tuple(out)

    @staticmethod
    def _over_branches(places: Sequence[Place], group: list[tuple[int, Source]]) -> Package:
        """Return the package with the branches of all that declare the same file: any of them may have stored it."""
        first = places[group[0][0]].package
        branches = dict.fromkeys(branch for n, _ in group for branch in places[n].package.branches)
        return Package(first.name, first.where, tuple(branches), first.manifest, first.stale, first.listed)

    @staticmethod
    def _item(place: Place, source: Source, found: Item | None) -> Item:
        if found is not None:
            return found
        hint = f"take the line out of {source.file}"
        return Item(source, "stale", f"no spec of {place.package.name} names it", hint)

    def _seen(self, place: Place, source: Source) -> Item:
        try:
            if place.root is not None and inside(place.root, source.path).exists():
                return Item(source, "present")
        except SigctlError as error:
            return Item(source, "differs", error.text, error.hint)
        if place.root is None and source.checksum is not None and source.checksum.of_nothing:
            return Item(source, "present", "an empty file")
        here = self._in_store(source)
        if place.root is None:
            return Item(source, "present") if here else Item(source, "missing", "", _FETCH)
        return Item(source, "cached" if here else "missing", "", _FETCH)

    def _in_store(self, source: Source) -> bool:
        if source.checksum is not None and not source.commit:
            return self.store.has(source.checksum)
        made = self.packer.known(source)
        return made is not None and self.store.has(made.packed)

    def _verified(self, place: Place, source: Source) -> Item:
        if source.checksum is not None and source.checksum.of_nothing and place.root is None:
            return Item(source, "good")
        try:
            path = self._path(place, source)
            if path is None or not path.is_file():
                return Item(source, "missing", "", _FETCH)
            good = self._matches(path, source)
        except InterruptedRunError:
            raise
        except SigctlError as error:
            return Item(source, "differs", error.text, error.hint)
        if good is None:
            return Item(source, "unknown", "its commit was never packed on this machine", _FETCH)
        if good:
            return Item(source, "good")
        return Item(source, "differs", "has other content than was declared", _REPLACE)

    def _path(self, place: Place, source: Source) -> Path | None:
        if place.root is not None:
            return inside(place.root, source.path)
        if source.checksum is not None and not source.commit:
            return self.store.path(source.checksum)
        made = self.packer.known(source)
        return self.store.path(made.packed) if made else None

    def _matches(self, path: Path, source: Source) -> bool | None:
        try:
            with path.open("rb") as file:
                if source.checksum is not None:
                    return matches(file, source.checksum, self.stop)
                return self.packer.is_made_of(source, file)
        except OSError as error:
            raise said_no(path, error) from error

    def _fetched(self, place: Place, source: Source) -> Item:
        try:
            return self._brought(place, source)
        except InterruptedRunError:
            raise
        except SigctlError as error:
            return Item(source, "failed", error.text, error.hint)

    def _brought(self, place: Place, source: Source) -> Item:
        if place.root is None:
            return self._into_store(place, source)
        path = inside(place.root, source.path)
        if path.is_file():
            good = self._matches(path, source)
            if good is None:
                self.packer.make(source)
                good = self._matches(path, source)
            if good:
                return Item(source, "kept")
            if not self.replace:
                return Item(source, "failed", "is there with other content than was declared", _REPLACE)
        if source.commit:
            return Item(source, "made", url=self.packer.copy(source, place.root))
        if source.checksum is None:
            raise AssertionError(source)
        if source.checksum.of_nothing:
            empty(place.root, source)
            return Item(source, "made")
        url = self.downloader.copy(self._urls(place, source), source.checksum, place.root, source.path)
        return Item(source, "fetched" if url else "copied", url=url)

    def _into_store(self, place: Place, source: Source) -> Item:
        if source.commit:
            url = self.packer.make(source)[1]
            return Item(source, "made" if url else "kept", url=url)
        if source.checksum is None or source.checksum.of_nothing:
            return Item(source, "kept")
        url = self.downloader.get(self._urls(place, source), source.checksum, source.path)
        return Item(source, "fetched" if url else "kept", url=url)

    def _urls(self, place: Place, source: Source) -> list[str]:
        return candidates(self.stores, place.package.name, source, place.package.branches)


_FETCH = "run `sigctl sources fetch`"
_REPLACE = "`sigctl sources fetch --replace` gets the declared one in its place"
