"""A bare repository per family of mirrored ones: objects to compare and to push, and what a policy replaced.

    refs/sigctl/at/<end>/heads/x             what a source had when it was last fetched, or a target that was compared
    refs/sigctl/kept/<time>/<end>/heads/x    the old tip of a ref that was overwritten or deleted because the files say so

May be deleted at any time, apart from what is kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from platformdirs import user_cache_path

from sigctl.core.history import End
from sigctl.errors import GitError, RefusedError
from sigctl.forges.base import Remote
from sigctl.mirror.git import Git
from sigctl.mirror.lock import Lock, sweep
from sigctl.mirror.process import OnObjects
from sigctl.mirror.refs import Tips
from sigctl.mirror.said import failure, last_word

_KEPT = "refs/sigctl/kept/"
_GONE = "couldn't find remote ref"
LOCK_SECONDS = 1800.0
"""How long a run waits for another one that works on the same family."""
_SHALLOW = re.compile(r"shallow (?:update not allowed|roots are not allowed)")
PACKS = 50
"""An entry with more than this many is made tidy after a run."""


def default_root() -> Path:
    """Return where the cache lives unless told otherwise: the user's own cache folder."""
    return user_cache_path("sigctl") / "git"


def entry_name(root: End) -> str:
    """Return the folder name of a family: readable, and the same on every run and machine."""
    text = f"{root.forge}\0{root.path}\0{root.url}"
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", root.path or root.url.rpartition("://")[2])
    readable = readable.removesuffix(".git").strip("-.")[-60:].lstrip("-.") or "repository"
    return f"{readable}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.git"


class MovedError(GitError):
    """A ref moved or went away between reading the refs and fetching them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One family's repository, locked for as long as it is held."""

    path: Path
    git: Git

    def tips(self, end: End) -> dict[str, str]:
        """Return what was fetched from one end, by the ref's full name there."""
        prefix = _place(end, "refs/")
        out = self.git.run(["for-each-ref", "--format=%(objectname) %(refname)", prefix], at=self.path).out
        pairs = (line.partition(" ") for line in out.splitlines())
        return {"refs/" + name.removeprefix(prefix): sha for sha, _, name in pairs}

    def known(self) -> frozenset[str]:
        """Return every object that a ref of the cache names: those have their whole history here."""
        out = self.git.run(["for-each-ref", "--format=%(objectname)", "refs/sigctl/"], at=self.path).out
        return frozenset(out.split())

    def fetch(
        self, end: End, remote: Remote, tips: Tips, only: Iterable[str], objects: OnObjects | None = None
    ) -> None:
        """Make the cache hold the refs `only` of a remote as they are in `tips`, whole and checked.

        `tips` is all that the remote has: what is gone from there is forgotten here. MovedError when one names something else by
        now, RefusedError for a shallow source, and git's errors; after any of them the cache is as good as before.
        """
        held = self.tips(end)
        self._update("".join(f"delete {_place(end, ref)}\n" for ref in sorted(set(held) - set(tips))))
        known = self.known()
        wanted = {ref: tips[ref] for ref in only if held.get(ref) != tips[ref]}
        here = {ref: sha for ref, sha in wanted.items() if sha in known}
        self._update("".join(f"update {_place(end, ref)} {sha}\n" for ref, sha in sorted(here.items())))
        missing = sorted(set(wanted) - set(here))
        if missing:
            try:
                self._fetch(end, remote, missing, objects)
            except BaseException:
                sweep(self.path)
                raise
            now = self.tips(end)
            moved = [ref for ref in missing if now.get(ref) != tips[ref]]
            if moved:
                raise MovedError(f"{end}: `{moved[0]}` moved while it was read", "run again")

    def took(self, end: End, tips: Tips) -> None:
        """Know that the refs of an end are here, whose objects came by another way than `fetch`; GitError when one is not."""
        self._update("".join(f"update {_place(end, ref)} {sha}\n" for ref, sha in sorted(tips.items())))

    def contains(self, older: str, newer: str) -> bool | None:
        """Return whether the newer commit has the older one in its history; None when an object is not here."""
        code = self.git.run(
            ["merge-base", "--is-ancestor", older, newer], at=self.path, codes=(0, 1, 128, 129)
        ).code
        return {0: True, 1: False}.get(code)

    def commit(self, name: str) -> str:
        """Return the commit that an object id, or the beginning of one, leads to; "" when it is not here or not the only one."""
        args = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"]
        return self.git.run(args, at=self.path, codes=(0, 1, 128)).out.strip()

    def reaches(self, sha: str) -> bool:
        """Whether some ref of a source or target has the commit in its history."""
        args = ["for-each-ref", "--count=1", f"--contains={sha}", "refs/sigctl/at/"]
        return bool(self.git.run(args, at=self.path, codes=(0, 1, 128, 129)).out.strip())

    def missing(self, shas: Iterable[str]) -> set[str]:
        """Return those objects that are not here."""
        text = "".join(f"{sha}\n" for sha in sorted(set(shas)))
        out = self.git.run(["cat-file", "--batch-check=%(objectname)"], at=self.path, text=text).out
        return {line.partition(" ")[0] for line in out.splitlines() if line.endswith(" missing")}

    def count(self, only_in: Iterable[str], not_in: Iterable[str]) -> int:
        """Return how many commits histories have that others lack."""
        return int(self._walk(["rev-list", "--count"], only_in, not_in))

    def subjects(self, only_in: str, not_in: str, limit: int = 3) -> list[str]:
        """Return short id and first line of the newest commits that one history has and the other lacks."""
        return self._walk(["log", f"--max-count={limit}", "--format=%h %s"], [only_in], [not_in]).splitlines()

    def oldest(self, only_in: Iterable[str], not_in: Iterable[str]) -> int | None:
        """Return when the oldest commit that histories have and others lack was made, in seconds since 1970; None = no such."""
        return min(map(int, self._walk(["log", "--format=%ct"], only_in, not_in).split()), default=None)

    def _walk(self, command: list[str], only_in: Iterable[str], not_in: Iterable[str]) -> str:
        revisions = "".join(f"{sha}\n" for sha in only_in) + "".join(f"^{sha}\n" for sha in not_in)
        return self.git.run([*command, "--stdin"], at=self.path, text=revisions).out

    def keep(self, end: End, tips: Tips, stamp: str) -> None:
        """Hold old tips for good, under the time they were replaced."""
        place = f"{_KEPT}{stamp}/{end_id(end)}"
        lines = (f"create {place}/{ref.removeprefix('refs/')} {sha}\n" for ref, sha in sorted(tips.items()))
        self._update("".join(lines))

    def kept(self, end: End) -> list[tuple[str, str, str]]:
        """Return (time, ref, object) of every old tip of an end, oldest first."""
        out = self.git.run(["for-each-ref", "--format=%(objectname) %(refname)", _KEPT], at=self.path).out
        found = []
        for line in out.splitlines():
            sha, _, name = line.partition(" ")
            stamp, owner, ref = name.removeprefix(_KEPT).split("/", 2)
            if owner == end_id(end):
                found.append((stamp, f"refs/{ref}", sha))
        return sorted(found)

    def bundle(self, file: Path, stamp: str) -> None:
        """Write what was kept at one time, with all its history, to a file that git can fetch from; whole or not at all."""
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.absolute().with_name(f"{file.name}.part")
        self.git.run(["bundle", "create", "--quiet", str(part), f"--glob={_KEPT}{stamp}/*"], at=self.path)
        part.replace(file)

    def tidy(self, packs: int = PACKS) -> None:
        """Join packs when many small fetches left many; nothing is dropped, whether a ref names it or not."""
        if len(list((self.path / "objects" / "pack").glob("*.pack"))) > packs:
            self.git.run(["repack", "--geometric=2", "-d", "--quiet"], at=self.path)

    def whole(self) -> bool:
        """Whether every object that a ref needs is here."""
        return (
            self.git.run(
                ["fsck", "--connectivity-only", "--no-dangling"], at=self.path, codes=range(256)
            ).code
            == 0
        )

    def _fetch(self, end: End, remote: Remote, refs: list[str], objects: OnObjects | None) -> None:
        specs = "".join(f"+{ref}:{_place(end, ref)}\n" for ref in refs)
        flags = ["--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--no-recurse-submodules"]
        result = self.git.run(
            ["fetch", *flags, "--progress", "--stdin", "--", remote.url],
            at=self.path,
            remote=remote,
            text=specs,
            codes=(0, 1, 128),
            objects=objects or (lambda _what, _done, _all: None),
        )
        if _GONE in result.err:
            raise MovedError(f"{end}: {last_word(result.err)}", "run again")
        if _SHALLOW.search(result.err) or (self.path / "shallow").exists():
            (self.path / "shallow").unlink(missing_ok=True)
            raise RefusedError(
                f"{end}: a shallow clone, which lacks history", "mirror from a whole repository"
            )
        if result.code:
            raise failure("fetch", result.code, result.err, remote.known_hosts)

    def _update(self, text: str) -> None:
        if text:
            self.git.run(["update-ref", "--no-deref", "--stdin"], at=self.path, text=text)


class Cache:
    """The folder of all entries."""

    def __init__(self, git: Git, root: Path | None = None, *, lock_seconds: float = LOCK_SECONDS) -> None:
        self.git = git
        self.root = (root or default_root()).absolute()
        self._lock_seconds = lock_seconds
        self._checked = False

    @contextmanager
    def entry(self, name: str) -> Iterator[Entry]:
        """Hold the entry, made when it isn't there; no other run or thread has it meanwhile.

        GitError when another run keeps it for too long, InterruptedRunError when stopped while waiting.
        """
        if not self._checked:
            self.git.version()
            self._checked = True
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = Lock(self.root / f"{name}.lock")
        lock.acquire(self.git.stop, self._lock_seconds)
        try:
            if lock.unclean:
                sweep(self.root / name)
            yield self._open(self.root / name, replace(self.git, held=(lock.descriptor,)))
        finally:
            lock.release()

    def exists(self, name: str) -> bool:
        """Whether there is an entry of this name."""
        return (self.root / name).is_dir()

    def renew(self, name: str) -> None:
        """Set a broken entry aside and make it anew, with what was kept there as far as it can be read; only while it is held."""
        path = self.root / name
        number = 1
        while (aside := path.with_name(f"{name}.broken-{number}")).exists():
            number += 1
        path.rename(aside)
        self._open(path, self.git)
        git = replace(self.git, protocols=frozenset({"file"}))
        with suppress(GitError, OSError):
            (aside / "HEAD").write_text(
                "ref: refs/heads/none\n"
            )  # either may be what is broken, and neither is needed
            (aside / "config").write_text("[core]\n\trepositoryformatversion = 0\n\tbare = true\n")
            names = git.run(["for-each-ref", "--format=%(refname)", _KEPT], at=aside).out.split()
            for ref in names:
                with suppress(GitError):  # what can't be read is still in the one set aside
                    git.run(
                        ["fetch", "--no-tags", "--quiet", "--", f"file://{aside}", f"{ref}:{ref}"], at=path
                    )

    def _open(self, path: Path, git: Git) -> Entry:
        if not all((path / part).exists() for part in ("HEAD", "objects", "refs", "config")):
            git.run(["init", "--bare", "--quiet", "--template=", "--", str(path)])
        return Entry(path, git)


def _place(end: End, ref: str) -> str:
    """Return the cache's name for a ref of an end."""
    return f"refs/sigctl/at/{end_id(end)}/{ref.removeprefix('refs/')}"


def end_id(end: End) -> str:
    """Return a short name of an end, the same on every run."""
    return hashlib.sha256(f"{end.forge}\0{end.path}\0{end.url}".encode()).hexdigest()[:12]
