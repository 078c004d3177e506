"""Reads packages: from a checkout, or from the tips of the branches of a bare repository."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

from sigctl.errors import Problem, SigctlError
from sigctl.lookaside.formats import shown
from sigctl.lookaside.package import LARGEST, SPECS, Package, assemble, is_list
from sigctl.lookaside.store import inside, said_no
from sigctl.lookaside.urls import remote_branches
from sigctl.mirror.git import Git

_FILES = ("100644", "100755", "100664")


def checkout(root: Path, git: Git, *, package: str = "", branch: str = "") -> Package:
    """Return the package in a folder; SigctlError where the folder can't be read, GitError where git fails there.

    Without a named branch, those of its remotes that contain its HEAD count; a folder that is no git checkout has none.
    """
    if not root.is_dir():
        raise SigctlError(f"{root}: there is no such folder")
    refused: list[Problem] = []
    files = dict(_files(root, refused))
    folder = git_folder(root)
    branches = (branch,) if branch else containing(folder, git) if folder else ()
    return assemble(
        files,
        str(root),
        root.resolve().name,
        package=package,
        branches=tuple(branches),
        refused=tuple(refused),
    )


def git_folder(root: Path) -> Path | None:
    """Return where git keeps the history of a checkout; None where it is none."""
    dot = root / ".git"
    if dot.is_dir():
        return dot.resolve()
    try:
        text = dot.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    if not text.startswith("gitdir: "):
        return None
    found = (root / text.removeprefix("gitdir: ")).resolve()
    return found if found.is_dir() else None


def containing(folder: Path, git: Git) -> tuple[str, ...]:
    """Return the remote branches that contain HEAD, the current branch first; that one alone where it is not pushed."""
    current = git.run(
        ["symbolic-ref", "--quiet", "--short", "HEAD"], at=folder, codes=(0, 1, 128)
    ).out.strip()
    remotes = git.run(["remote"], at=folder).out.split("\n")
    form = "--format=%(refname)%(if)%(symref)%(then) -> %(symref)%(end)"
    listed = git.run(
        ["for-each-ref", "--contains=HEAD", form, "refs/remotes/"], at=folder, codes=(0, 128, 129)
    )
    found = remote_branches(listed.out.splitlines(), filter(None, remotes), current)
    return tuple(found or ([current] if current else []))


def tips(
    repository: Path,
    git: Git,
    commits: Mapping[str, str],
    where: str,
    fallback: str,
    *,
    package: str = "",
) -> Iterator[Package]:
    """Yield the package of each branch (name -> commit) of a bare repository; GitError where an object is missing."""

    @cache
    def blob(name: str) -> bytes:
        return git.run(["cat-file", "blob", name], at=repository).out.encode("utf-8", "surrogateescape")

    @cache
    def read(commit: str) -> tuple[dict[str, bytes], tuple[Problem, ...]]:
        return _tree(repository, git, commit, blob)

    for branch, commit in sorted(commits.items()):
        files, refused = read(commit)
        place = f"{where} {branch}"
        yield assemble(files, place, fallback, package=package, branches=(branch,), refused=refused)


def _files(root: Path, refused: list[Problem]) -> Iterator[tuple[str, bytes]]:
    try:
        names = sorted(path.name for path in root.iterdir() if is_list(path.name) or path.suffix == ".spec")
        specs = root / SPECS
        names += (
            sorted(f"{SPECS}/{path.name}" for path in specs.iterdir() if path.suffix == ".spec")
            if specs.is_dir()
            else []
        )
    except OSError as error:
        raise said_no(root, error) from error
    for name in names:
        try:
            path = inside(root, name)
            if path.is_file():  # reading a pipe would wait for ever
                with path.open("rb") as file:
                    yield name, file.read(LARGEST + 1)
            else:
                refused.append(Problem(shown(name), 0, 0, "the file", "is no file", "", "sources"))
        except OSError as error:
            refused.append(
                Problem(shown(name), 0, 0, "the file", f"can't be read: {error.strerror}", "", "sources")
            )
        except SigctlError as error:
            refused.append(Problem(shown(name), 0, 0, "the file", error.text, error.hint, "sources"))


def _tree(
    repository: Path, git: Git, commit: str, blob: Callable[[str], bytes]
) -> tuple[dict[str, bytes], tuple[Problem, ...]]:
    found: dict[str, bytes] = {}
    refused: list[Problem] = []
    for place in ((), (f"{SPECS}/",)):
        out = git.run(["ls-tree", "-l", "-z", "--full-tree", commit, *place], at=repository).out
        for entry in filter(None, out.split("\0")):
            about, _, name = entry.partition("\t")
            mode, _, sha, size = about.split()
            if not (is_list(name) or name.endswith(".spec")):
                continue
            if mode in _FILES and int(size) <= LARGEST:
                found[name] = blob(sha)
            elif mode in _FILES:
                text = f"is larger than {LARGEST} bytes"
                refused.append(Problem(shown(name), 0, 0, "the file", text, "", "sources"))
            elif mode.startswith("12"):
                refused.append(
                    Problem(shown(name), 0, 0, "the file", "is a symlink", "write a file", "sources")
                )
    return found, tuple(refused)
