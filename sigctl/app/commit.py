"""Which commit the files are at, read from git's own files: no program is run in a folder that a proposal may have made."""

from __future__ import annotations

import re
from pathlib import Path

_SHA = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_MOST = 4096


def commit_of(place: Path) -> str:
    """Return the commit that is checked out where the file is, "" where it is in no repository."""
    folder = place.resolve()
    for above in (folder, *folder.parents):
        found = above / ".git"
        try:
            if found.is_dir():
                return _head(found)
            if found.is_file():
                text = _text(found)
                return _head((above / text.removeprefix("gitdir:").strip()).resolve())
        except (OSError, UnicodeDecodeError):
            return ""
    return ""


def _head(git: Path) -> str:
    text = _text(git / "HEAD")
    if not text.startswith("ref:"):
        return text if _SHA.fullmatch(text) else ""
    ref = text.removeprefix("ref:").strip()
    if ".." in ref or not ref.startswith("refs/"):
        return ""
    shared = git / "commondir"
    common = (git / _text(shared)).resolve() if shared.is_file() else git
    for folder in (git, common):
        if (folder / ref).is_file():
            text = _text(folder / ref)
            return text if _SHA.fullmatch(text) else ""
    return _packed(common / "packed-refs", ref)


def _packed(file: Path, ref: str) -> str:
    if file.is_file():
        with file.open(encoding="utf-8") as stream:
            for line in stream:
                sha, _, name = line.strip().partition(" ")
                if name == ref and _SHA.fullmatch(sha):
                    return sha
    return ""


def _text(file: Path) -> str:
    with file.open(encoding="utf-8") as stream:
        return stream.read(_MOST).strip()
