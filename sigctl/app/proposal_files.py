"""The files of a merge request as they would be merged: fetched, merged in memory and read as data; nothing of it is checked out or run."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from sigctl.errors import GitError, UsageError
from sigctl.forges.base import Remote
from sigctl.forges.proposals import Proposal
from sigctl.mirror.git import Git
from sigctl.spec.source import MAX_FILE, MAX_FILES, MAX_TOTAL

MERGES = (2, 38)
"""The version of git from which it merges without a checkout."""
_MAX_BYTES = 1 << 30
"""Bytes that a fetch may bring: the repository has files of some kB."""
_SECONDS = 600.0
_PLAIN = ("100644", "100755")


class UnmergeableError(UsageError):
    """It can't be merged to where its target is now."""


class NoFilesError(UsageError):
    """What it would leave in the folder of the config is not what files of a config are."""


@dataclass(frozen=True, slots=True)
class Files:
    """Two versions of the files on disk."""

    before: Path
    after: Path
    base: str
    """The commit at which the target branch is."""
    outside: tuple[str, ...] = ()
    """What else the merge would change: files that are not in the folder of the config."""


@dataclass(slots=True)
class Fetched:
    """A repository of our own in a folder, into which the heads of merge requests are fetched."""

    folder: Path
    where: str
    """The folder of the config in the repository."""
    git: Git = field(default_factory=lambda: Git(timeout=_SECONDS, max_bytes=_MAX_BYTES))
    _written: dict[str, Path] = field(default_factory=dict)

    @property
    def at(self) -> Path:
        """The bare repository."""
        return self.folder / "proposals.git"

    def begin(self) -> None:
        """Make the repository; UsageError where git is too old."""
        version = self.git.version()
        if version < MERGES:
            raise UsageError(
                f"git {'.'.join(map(str, version))} can't merge without a checkout",
                "install git 2.38 or newer",
            )
        self.git.run(["init", "-q", "--bare", str(self.at)])

    def files(self, remote: Remote, found: Proposal) -> Files:
        """Return the files of the target branch, and those it would have after the merge.

        Raises UnmergeableError where git finds a conflict, NoFilesError where links and the like are in place of files, UsageError
        where the head has moved since it was asked for, GitError where they can't be fetched.
        """
        refs = [f"+refs/heads/{found.target}:refs/base", f"+{found.ref}:refs/head"]
        self.git.run(["fetch", "-q", "--no-tags", "--", remote.url, *refs], at=self.at, remote=remote)
        base, head = self._commit("refs/base"), self._commit("refs/head")
        if head != found.head:
            raise UsageError("it was pushed to while it was read", "the next run looks at it again")
        done = self.git.run(
            ["merge-tree", "--write-tree", "--no-messages", base, head], at=self.at, codes=(0, 1)
        )
        if done.code:
            raise UnmergeableError(f"it can't be merged to {found.target} as that is now", "rebase it")
        merged = done.out.split()[0]
        changed = self.git.run(
            ["diff-tree", "-r", "-z", "--no-renames", "--name-only", base, merged], at=self.at
        ).out
        outside = [name for name in changed.split("\0") if name and not name.startswith(f"{self.where}/")]
        return Files(self._written_out(base), self._written_out(merged), base, tuple(outside))

    def _commit(self, ref: str) -> str:
        return self.git.run(
            ["rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}"], at=self.at
        ).out.strip()

    def _written_out(self, tree: str) -> Path:
        """Have the YAML files of a commit or tree in a folder of their own; return it."""
        if tree in self._written:
            return self._written[tree]
        target = self.folder / tree
        listed = self.git.run(["ls-tree", "-r", "-z", "--long", tree, "--", f"{self.where}/"], at=self.at).out
        known = self._known()
        rows = [
            row for row in map(_row, filter(None, listed.split("\0"))) if row.name.endswith((".yaml", ".yml"))
        ]
        if len(rows) > MAX_FILES or sum(row.size for row in rows) > MAX_TOTAL:
            raise NoFilesError(
                f"{self.where} has too many files", f"{MAX_FILES} and {MAX_TOTAL >> 20} MB are the most"
            )
        for row in rows:
            self._write(row, target, known)
        self._written[tree] = target
        return target

    def _known(self) -> dict[str, Path]:
        """Return content that is on disk already, by the id that git has for it."""
        return {path.name: path for path in (self.folder / "blobs").glob("*")}

    def _write(self, row: _Row, target: Path, known: dict[str, Path]) -> None:
        parts = row.name.split("/")
        if row.mode not in _PLAIN or row.size > MAX_FILE or any(part in ("", ".", "..") for part in parts):
            raise NoFilesError(
                f"{row.name} is no plain file of some kB",
                "links can't be followed into what is not checked out",
            )
        if row.blob not in known:
            text = self.git.run(["cat-file", "blob", row.blob], at=self.at).out
            if "\ufffd" in text:
                raise NoFilesError(f"{row.name} is not UTF-8 text", "save it as UTF-8")
            known[row.blob] = self.folder / "blobs" / row.blob
            known[row.blob].parent.mkdir(exist_ok=True)
            known[row.blob].write_text(text, encoding="utf-8", newline="")
        file = target.joinpath(*parts)
        file.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(known[row.blob], file)


@dataclass(frozen=True, slots=True)
class _Row:
    mode: str
    blob: str
    size: int
    name: str


def _row(line: str) -> _Row:
    told, _, name = line.partition("\t")
    words = told.split()
    if len(words) != 4:  # noqa: PLR2004  # mode, type, id, size
        raise GitError(f"git lists `{line[:80]}`")
    return _Row(words[0], words[2], int(words[3]) if words[3].isdecimal() else 0, name)
