"""Gets the objects of a family of repositories into its cache entry: from whoever has them, once, and only when needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import replace
from types import TracebackType
from typing import Self

from sigctl.core.history import End
from sigctl.errors import ForgeError, GitError, InterruptedRunError, SigctlError
from sigctl.forges.base import Remote
from sigctl.mirror import address
from sigctl.mirror.cache import Entry, MovedError
from sigctl.mirror.lending import lent
from sigctl.mirror.model import Step
from sigctl.mirror.refs import Refs, valid
from sigctl.mirror.tools import Tools


class Objects:
    """The cache entry of one family, opened (and locked) at first use; a context manager."""

    def __init__(
        self, name: str, tools: Tools, observed: Mapping[End, Refs], kin: Sequence[str] = ()
    ) -> None:
        self._name = name
        self._tools = tools
        self._kin = kin
        self._stack = ExitStack()
        self._entry: Entry | None = None
        self._fetched = False
        self._renewed = False
        self.observed = dict(observed)
        """What the repositories of the family hold, as far as they were read."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._stack:
            if self._entry is not None and self._fetched and error is None:
                with suppress(SigctlError):  # a cache that is not tidy is as good
                    self._entry.tidy()

    @property
    def entry(self) -> Entry:
        """The entry, locked from now on until the context ends."""
        if self._entry is None:
            self._entry = self._stack.enter_context(self._tools.cache.entry(self._name))
        return self._entry

    @property
    def fresh(self) -> bool:
        """Whether the cache has nothing of the family yet, nor of any that shares history with it."""
        return not any(map(self._tools.cache.exists, self._kin)) and not self.entry.known()

    def ensure(self, shas: Iterable[str], first: End) -> None:
        """Have these objects and their history in the cache: from `first` where it has them, else from the rest of the family.

        MovedError when a ref that had one is no longer there; RefusedError, other ForgeErrors and GitError as `Entry.fetch`.
        """
        wanted = frozenset(shas)
        try:
            self._ensure(wanted, first)
        except (MovedError, ForgeError, InterruptedRunError):
            raise
        except GitError:
            if self.entry.whole():
                raise
            self._tools.cache.renew(self._name)
            self._renewed = True
            self._ensure(wanted, first)

    def _ensure(self, shas: frozenset[str], first: End) -> None:
        needed = set(shas) - self.entry.known()
        for end in (first, *(end for end in self.observed if end != first)):
            if not needed:
                return
            tips = self.observed[end].tips if end in self.observed else {}
            refs = {
                sha: ref for ref, sha in sorted(tips.items(), reverse=True) if sha in needed and valid(ref)
            }
            if refs:
                self._fetch(end, refs.values())
                needed -= set(refs)
        needed = {sha for sha in needed if not self.entry.reaches(sha)}
        if needed:
            raise MovedError(f"{first}: nobody has `{min(needed)[:12]}` any more", "run again")

    def remote(self, end: End) -> Remote:
        """Return where an end is, by what was read of it: it may have moved, and then a token for the one server is none for the other."""
        remote = self._tools.remote_of(end)
        seen = self.observed.get(end)
        if not seen or not seen.url:
            return remote
        same = address.origin(seen.url) == address.origin(remote.url)
        return replace(remote, url=seen.url, password=remote.password if same else None)

    def _fetch(self, end: End, refs: Iterable[str]) -> None:
        tools = self._tools
        remote = self.remote(end)
        self._fetched = True

        def objects(what: str, done: int, total: int) -> None:
            if tools.told:
                tools.told(Step(str(end), "fetch", done, total, what))

        names = tuple(refs)
        with self._lent():
            tools.patience.run(
                address.host(remote.url),
                lambda _: self.entry.fetch(end, remote, self.observed[end].tips, names, objects),
                lambda: tools.reader.asks_to_wait(remote),
            )

    def _lent(self) -> AbstractContextManager[None]:
        """Begin a new entry with what the cache has of the same history; one that was broken is fetched whole."""
        others = [self._tools.cache.root / name for name in self._kin if self._tools.cache.exists(name)]
        if not others or self._renewed or self.entry.known():
            return nullcontext()
        return lent(self.entry.path, self.entry.git, others)
