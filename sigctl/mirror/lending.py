"""Lets a new cache entry begin with the objects of one that shares history with it: hard links, no copies, no dependence.

Git's own way to share is a list of other repositories to look into (alternates), and then deleting or packing the one breaks the other.
Packs never change once they are written, so a second name for the same file is as cheap on disk, and each entry stays whole by itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sigctl.errors import GitError
from sigctl.mirror.git import Git

_LENT = "refs/sigctl/lent/"
_TRIES = 3
"""How often packs are listed anew because they were joined meanwhile."""


@contextmanager
def lent(path: Path, git: Git, others: list[Path]) -> Iterator[None]:
    """Have the objects of other entries in the repository at `path`, and for the time of the context refs that tell a source of them.

    Whatever can't be lent (another file system, an entry that is broken or gone) is fetched like anything else.
    """
    for other in others:
        with suppress(OSError, GitError):
            _lend(path, git, other)
    try:
        yield
    finally:
        names = git.run(["for-each-ref", "--format=delete %(refname)", _LENT], at=path).out
        if names:
            git.run(["update-ref", "--no-deref", "--stdin"], at=path, text=names)


def _lend(path: Path, git: Git, other: Path) -> None:
    # refs first: what they name is in the packs that are listed afterwards, whoever works there meanwhile
    shas = git.run(["for-each-ref", "--format=%(objectname)", "refs/sigctl/at/"], at=other).out.split()
    for last in (False,) * (_TRIES - 1) + (True,):
        try:
            _link(path / "objects" / "pack", other / "objects" / "pack")
        except FileNotFoundError:
            if last:
                raise
        else:
            break
    lines = (f"create {_LENT}{sha} {sha}\n" for sha in sorted(set(shas)))
    git.run(["update-ref", "--no-deref", "--stdin"], at=path, text="".join(lines))


def _link(here: Path, there: Path) -> None:
    """Give every whole pack a second name; its index last, since git takes a pack for whole that has one."""
    here.mkdir(parents=True, exist_ok=True)
    for index in sorted(there.glob("pack-*.idx")):
        for suffix in (".pack", ".rev", ".idx"):
            name = index.with_suffix(suffix).name
            if (there / name).exists() and not (here / name).exists():
                os.link(there / name, here / name)
        if not (here / index.name).exists() or not (here / index.with_suffix(".pack").name).exists():
            raise FileNotFoundError(index)
