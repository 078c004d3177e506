"""Having the site in a folder: whole or not at all, and without the pages of before that it no longer has."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from sigctl.errors import SigctlError, UsageError
from sigctl.spec.load import paused_gc

LIST = ".sigctl-site"
"""In the folder: the names of the files that are ours, one a line."""
_EXCHANGE = 2


def write(folder: Path, pages: Iterable[tuple[str, str]]) -> int:
    """Have exactly these pages in the folder beside what is not ours, and return how many; until then it stays as it was.

    The new folder is made beside the old one and takes its place in one step. Raises UsageError where a page would take the place
    of a file that is not ours, SigctlError where it can't be written.
    """
    target = folder.resolve()
    if target.exists() and not target.is_dir():
        raise UsageError(f"{folder} is a file", "give a folder")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as made:
            fresh = Path(made) / "new"
            fresh.mkdir(mode=0o755)
            with paused_gc():
                names = _fill(fresh, pages)
            if target.exists():
                _carry(target, fresh, set(names), folder)
                _exchange(fresh, target)
            else:
                fresh.rename(target)
    except OSError as error:
        raise SigctlError(f"{folder} can't be written: {error.strerror}", "it is as it was before") from None
    return len(names)


def _fill(fresh: Path, pages: Iterable[tuple[str, str]]) -> list[str]:
    names = []
    folders: set[str] = set()
    for name, text in pages:
        path = fresh / name
        above = name.rpartition("/")[0]
        if above not in folders:
            folders.add(above)
            path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        names.append(name)
    (fresh / LIST).write_text("".join(f"{name}\n" for name in sorted(names)), encoding="utf-8")
    return names


def _carry(old: Path, fresh: Path, names: set[str], shown: Path) -> None:
    """Have everything in the new folder, too, that is in the old one and is not ours."""
    ours = _ours(old)
    for folder, _, files in os.walk(old):
        inside = Path(folder).relative_to(old)
        kept = [name for name in files if (inside / name).as_posix() not in ours | {LIST}]
        taken = sorted(name for name in kept if (inside / name).as_posix() in names)
        if taken:
            raise UsageError(
                f"{shown / inside / taken[0]} is not a page of before",
                "give an empty folder, or take it out of the way",
            )
        if kept or not any(Path(folder).iterdir()):
            (fresh / inside).mkdir(parents=True, exist_ok=True)
        for name in kept:
            _linked(Path(folder) / name, fresh / inside / name)


def _ours(old: Path) -> set[str]:
    try:
        return set((old / LIST).read_text(encoding="utf-8").splitlines())
    except FileNotFoundError:
        return set()


def _linked(one: Path, other: Path) -> None:
    try:
        os.link(one, other, follow_symlinks=False)
    except OSError:
        shutil.copy2(one, other, follow_symlinks=False)


def _exchange(fresh: Path, target: Path) -> None:
    """Have the two folders change places: in one step where the system can, else in two."""
    fresh.chmod(target.stat().st_mode & 0o7777)
    if _swapped(fresh, target):
        return
    aside = fresh.with_name("old")
    target.rename(aside)
    try:
        fresh.rename(target)
    except OSError:
        aside.rename(target)
        raise


def _swapped(one: Path, other: Path) -> bool:
    """Whether the system exchanged them at once; OSError where it could and failed."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    here = -100  # AT_FDCWD
    if rename(here, os.fsencode(one), here, os.fsencode(other), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.ENOSYS, errno.EINVAL):
        return False
    raise OSError(number, os.strerror(number))
