"""What a branch needs that git doesn't copy with it: Git LFS objects and submodules. Reported, never dropped in silence."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sigctl.core.history import End
from sigctl.mirror.cache import Entry, end_id
from sigctl.mirror.refs import HEADS

_AT_ONCE = 200
_URL = re.compile(r"^\s*url\s*=\s*(.+?)\s*$")
_FOLDER = "sigctl-needs"


@dataclass(frozen=True, slots=True)
class Needs:
    """What the tip of one branch asks for beyond its own objects."""

    lfs: bool = False
    submodules: tuple[str, ...] = ()
    """The addresses they are cloned from, as `.gitmodules` has them."""


def look(entry: Entry, tips: Mapping[str, str]) -> dict[str, Needs]:
    """Return what the branches among these refs need, those that need something; their objects must be in the cache."""
    shas = sorted({sha for ref, sha in tips.items() if ref.startswith(HEADS)})
    lfs: set[str] = set()
    urls: dict[str, set[str]] = {}
    for start in range(0, len(shas), _AT_ONCE):
        some = shas[start : start + _AT_ONCE]
        lfs |= {
            line.partition(":")[0] for line in _grep(entry, "filter=lfs", some, ":(glob)**/.gitattributes")
        }
        for line in _grep(entry, "url[[:space:]]*=", some, ":(glob).gitmodules"):
            sha, _, rest = line.partition(":")
            found = _URL.match(rest.partition(":")[2])
            if found:
                urls.setdefault(sha, set()).add(found[1])
    needs = {
        ref: Needs(sha in lfs, tuple(sorted(urls.get(sha, ())))) for ref, sha in tips.items() if sha in shas
    }
    return {ref: need for ref, need in needs.items() if need != Needs()}


def remember(entry: Entry, end: End, moved: Mapping[str, str], present: Iterable[str]) -> None:
    """Write down beside the objects what the moved refs of an end need; refs that are no longer present are forgotten."""
    there = set(present)
    known = {ref: need for ref, need in recall(entry.path, end).items() if ref in there and ref not in moved}
    known |= look(entry, moved)
    file = entry.path / _FOLDER / f"{end_id(end)}.json"
    file.parent.mkdir(exist_ok=True)
    part = file.with_suffix(".part")
    data = {
        ref: {"lfs": need.lfs, "submodules": list(need.submodules)} for ref, need in sorted(known.items())
    }
    part.write_text(json.dumps(data), encoding="utf-8")
    part.replace(file)


def recall(path: Path, end: End) -> dict[str, Needs]:
    """Return what is written down of an end in the entry at this path; nothing where nothing is, or it can't be read."""
    try:
        data = json.loads((path / _FOLDER / f"{end_id(end)}.json").read_text(encoding="utf-8"))
        return {
            ref: Needs(bool(need["lfs"]), tuple(map(str, need["submodules"]))) for ref, need in data.items()
        }
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ):  # the cache may be deleted or broken at any time
        return {}


def _grep(entry: Entry, pattern: str, shas: list[str], where: str) -> list[str]:
    args = ["grep", "--text", "--no-color", "--full-name", "-e", pattern, *shas, "--", where]
    return entry.git.run(args, at=entry.path, codes=(0, 1)).out.splitlines()
