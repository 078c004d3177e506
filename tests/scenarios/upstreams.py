"""Upstream repositories made on the spot, with the real names, branches, tags and hidden refs of Xen4CentOS."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

XEN_SERIES = ("44", "46", "48", "410", "412", "413", "414", "415")


@dataclass(frozen=True)
class Upstream:
    """What one upstream repository holds."""

    path: str
    head: str
    branches: tuple[str, ...]
    commits: int
    """On the first branch; each further branch adds a few of its own."""
    tags: int = 0
    pulls: int = 0


UPSTREAMS = (
    Upstream(
        "github.com/CentOS-virt7/xen.git",
        "xen-412",
        (*(f"xen-{n}" for n in XEN_SERIES), "xen-vixen-49"),
        300,
        12,
        40,
    ),
    Upstream("github.com/CentOS/sig-virt-xen.git", "master", ("master", "xen"), 21, 2),
    Upstream("github.com/CentOS/sig-virt-t_xen.git", "master", ("master",), 12),
    Upstream(
        "github.com/CentOS-virt7/xen-kernel.git", "master", ("master", "3.18.x", "wip.5.4-el8"), 200, 8, 5
    ),
    Upstream(
        "github.com/CentOS-virt7/xen-libvirt.git",
        "xen-46",
        ("fedora", *(f"xen-{n}" for n in XEN_SERIES[:-1]), "xen-415.el7", "xen.el6"),
        150,
        6,
        3,
    ),
    Upstream("github.com/CentOS-virt7/centos-release-xen.git", "master", ("master",), 40, 3, 2),
    Upstream("github.com/CentOS-virt7/xen-seabios.git", "master", ("master",), 30, 1),
    Upstream("git.centos.org/rpms/kernel.git", "c7", ("c7", "c8s", "c7-sig-altarch-lts-5-4"), 250, 10),
)


def make(root: Path) -> None:
    """Have every upstream as a bare repository below the folder; equal runs make equal objects."""
    for upstream in UPSTREAMS:
        folder = root / upstream.path
        git("init", "-q", "--bare", "-b", upstream.head, str(folder))
        stream = "".join(_stream(upstream)).encode()
        subprocess.run(["git", "-C", folder, "fast-import", "--quiet"], input=stream, check=True)


def commit(root: Path, path: str, branch: str, message: str = "another commit") -> str:
    """Add a commit to a branch of an upstream and return its id."""
    folder = root / path
    tip = git("-C", str(folder), "rev-parse", f"refs/heads/{branch}")
    tree = git("-C", str(folder), "rev-parse", f"{tip}^{{tree}}")
    who = ("-c", "user.name=Packager", "-c", "user.email=packager@example.org")
    new = git(*who, "-C", str(folder), "commit-tree", tree, "-p", tip, "-m", message)
    git("-C", str(folder), "update-ref", f"refs/heads/{branch}", new, tip)
    return new


def git(*arguments: str) -> str:
    """Run git and return what it prints; CalledProcessError when it fails."""
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def _stream(upstream: Upstream) -> Iterator[str]:
    mark = 0
    for number in range(upstream.commits):
        mark += 1
        yield _commit(f"refs/heads/{upstream.branches[0]}", mark, mark - 1, f"change {number}", number)
    trunk = mark
    for order, branch in enumerate(upstream.branches[1:], start=1):
        start = max(1, trunk - 5 * order)
        for number in range(4):
            mark += 1
            yield _commit(
                f"refs/heads/{branch}", mark, start if number == 0 else mark - 1, f"{branch} {number}", mark
            )
    for number in range(upstream.tags):
        target = 1 + number * (trunk - 1) // max(1, upstream.tags)
        if number % 2:
            text = f"release {number}"
            yield f"tag v{number}.0\nfrom :{target}\ntagger Packager <packager@example.org> {1400000000 + number} +0000\n{_data(text)}"
        else:
            yield f"reset refs/tags/v{number}.0\nfrom :{target}\n\n"
    for number in range(1, upstream.pulls + 1):
        mark += 1
        yield _commit(f"refs/pull/{number}/head", mark, trunk, f"proposal {number}", mark)
    if upstream.pulls:
        yield f"reset refs/heads/HEAD\nfrom :{trunk}\n\n"  # a branch of this name breaks every clone: never copied
    yield "done\n"


def _commit(ref: str, mark: int, parent: int, message: str, number: int) -> str:
    text = f"Name: package\nRelease: {number}\n{message}\n" * 3
    return (
        f"commit {ref}\nmark :{mark}\ncommitter Packager <packager@example.org> {1390000000 + 3600 * mark} +0000\n"
        f"{_data(message)}{f'from :{parent}' + chr(10) if parent else ''}"
        f"M 100644 inline SPECS/package-{number % 17}.spec\n{_data(text)}\n"
    )


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"
