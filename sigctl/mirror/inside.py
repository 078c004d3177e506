"""What a history needs that git doesn't copy with it: Git LFS objects and submodules. Reported, never dropped in silence.

Looked at when a ref moves, and written down beside the objects, so that a quiet time tells of it without a git process. Branches are looked
through whole, tags at their top folder, where nearly all have their `.gitattributes`: a kernel has a thousand of them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sigctl.core.history import End
from sigctl.mirror.cache import Entry, end_id
from sigctl.mirror.refs import HEADS, TAGS

_AT_ONCE = 200
_BLOBS_AT_ONCE = 5000
_URL = re.compile(r"^\s*url\s*=\s*(.+?)\s*$")
_POINTER = re.compile(
    r"^version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize (\d{1,18})$",
    re.MULTILINE,
)
_LONGEST_POINTER = 1024
"""Bytes; by its description a pointer is shorter."""
_FOLDER = "sigctl-needs"


@dataclass(frozen=True, slots=True)
class Needs:
    """What one branch or tag asks for beyond its own objects."""

    lfs: bool = False
    submodules: tuple[str, ...] = ()
    """The addresses they are cloned from, as `.gitmodules` has them."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is known of one end."""

    refs: Mapping[str, Needs] = field(default_factory=dict)
    objects: Mapping[str, int] = field(default_factory=dict)
    """Hash of each Git LFS object that the history of these refs points to -> its bytes."""
    counted: frozenset[str] = frozenset()
    """Commits whose history was looked through for pointers."""


def look(entry: Entry, tips: Mapping[str, str]) -> dict[str, Needs]:
    """Return what the branches and tags among these refs need, those that need something; their objects must be in the cache."""
    named = {ref: sha for ref, sha in tips.items() if ref.startswith((HEADS, TAGS))}
    commits = _commits(entry, set(named.values()))
    branches = {commits.get(sha, "") for ref, sha in named.items() if ref.startswith(HEADS)} - {""}
    every = set(commits.values())
    lfs = _with_filter(entry, branches, ":(glob)**/.gitattributes")
    lfs |= _with_filter(entry, every - branches, ":(glob).gitattributes")
    urls: dict[str, set[str]] = {}
    for line in _grep(entry, "url[[:space:]]*=", every, ":(glob).gitmodules"):
        sha, _, rest = line.partition(":")
        found = _URL.match(rest.partition(":")[2])
        if found:
            urls.setdefault(sha, set()).add(found[1])
    needs = {
        ref: Needs(commits[sha] in lfs, tuple(sorted(urls.get(commits[sha], ()))))
        for ref, sha in named.items()
        if sha in commits
    }
    return {ref: need for ref, need in needs.items() if need != Needs()}


def pointers(entry: Entry, tips: Iterable[str], known: Iterable[str]) -> dict[str, int]:
    """Return hash -> bytes of the Git LFS objects that histories point to, apart from what is in the known ones; small blobs are read, no other."""
    text = "".join(f"{sha}\n" for sha in tips) + "".join(f"^{sha}\n" for sha in known)
    flags = ["--objects", "--no-object-names", f"--filter=blob:limit={_LONGEST_POINTER}", "--stdin"]
    listed = entry.git.run(["rev-list", *flags], at=entry.path, text=text).out.split()
    kinds = entry.git.run(
        ["cat-file", "--batch-check=%(objecttype) %(objectname)"],
        at=entry.path,
        text="\n".join([*listed, ""]),
    ).out.splitlines()
    blobs = [line.removeprefix("blob ") for line in kinds if line.startswith("blob ")]
    found: dict[str, int] = {}
    for start in range(0, len(blobs), _BLOBS_AT_ONCE):
        some = "\n".join([*blobs[start : start + _BLOBS_AT_ONCE], ""])
        out = entry.git.run(["cat-file", "--batch"], at=entry.path, text=some).out
        found |= {oid: int(size) for oid, size in _POINTER.findall(out)}
    return found


def remember(entry: Entry, end: End, moved: Mapping[str, str], present: Iterable[str]) -> None:
    """Write down beside the objects what the moved refs of an end need; refs that are no longer present are forgotten."""
    there = set(present)
    before = recall(entry.path, end)
    needs = {ref: need for ref, need in before.refs.items() if ref in there and ref not in moved}
    fresh = look(entry, moved)
    needs |= fresh
    tips = {moved[ref] for ref, need in fresh.items() if need.lfs} - before.counted
    objects, counted = dict(before.objects), set(before.counted)
    if tips:
        known = counted - entry.missing(counted)
        objects |= pointers(entry, sorted(tips), sorted(known))
        counted |= tips
    if not any(need.lfs for need in needs.values()):
        objects, counted = {}, set()
    _write(entry.path, end, Remembered(needs, objects, frozenset(counted)))


def recall(path: Path, end: End) -> Remembered:
    """Return what is written down of an end in the entry at this path; nothing where nothing is, or it can't be read."""
    try:
        data = json.loads((path / _FOLDER / f"{end_id(end)}.json").read_text(encoding="utf-8"))
        refs = {
            ref: Needs(bool(need["lfs"]), tuple(map(str, need["submodules"])))
            for ref, need in data["refs"].items()
        }
        objects = {str(oid): int(size) for oid, size in data["objects"].items()}
        return Remembered(refs, objects, frozenset(map(str, data["counted"])))
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ):  # the cache may be deleted or broken at any time
        return Remembered()


def _write(path: Path, end: End, known: Remembered) -> None:
    file = path / _FOLDER / f"{end_id(end)}.json"
    file.parent.mkdir(exist_ok=True)
    part = file.with_suffix(".part")
    refs = {
        ref: {"lfs": need.lfs, "submodules": list(need.submodules)}
        for ref, need in sorted(known.refs.items())
    }
    data = {"refs": refs, "objects": dict(known.objects), "counted": sorted(known.counted)}
    part.write_text(json.dumps(data), encoding="utf-8")
    part.replace(file)


def _commits(entry: Entry, shas: set[str]) -> dict[str, str]:
    """Return object -> the commit that it leads to; a tag can also name a file or a tree."""
    asked = sorted(shas)
    text = "".join(f"{sha}^{{commit}}\n" for sha in asked)
    out = entry.git.run(
        ["cat-file", "--batch-check=%(objectname) %(objecttype)"], at=entry.path, text=text
    ).out
    pairs = zip(asked, out.splitlines(), strict=True)
    return {sha: line.partition(" ")[0] for sha, line in pairs if line.endswith(" commit")}


def _with_filter(entry: Entry, commits: set[str], where: str) -> set[str]:
    return {line.partition(":")[0] for line in _grep(entry, "filter=lfs", commits, where)}


def _grep(entry: Entry, pattern: str, commits: set[str], where: str) -> list[str]:
    found: list[str] = []
    shas: Sequence[str] = sorted(commits)
    for start in range(0, len(shas), _AT_ONCE):
        some = shas[start : start + _AT_ONCE]
        args = ["grep", "--text", "--no-color", "--full-name", "-e", pattern, *some, "--", where]
        found += entry.git.run(args, at=entry.path, codes=(0, 1)).out.splitlines()
    return found
