"""The files as they were before: in another folder, or in a revision of git."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sigctl.errors import ConfigError, GitError, UsageError
from sigctl.mirror.git import Git
from sigctl.spec import Config, read


def config_before(base: str, config: Path, today: date, overrides: Sequence[str] = ()) -> Config:
    """Return the config of a folder or file, or of a git revision of the folder that `config` is in.

    `overrides` are those of the command line, which hold for both versions. Raises UsageError when there is no such folder or revision, or when its files can't be read.
    """
    try:
        if Path(base).exists():
            return read(Path(base), overrides, today=today)
        with tempfile.TemporaryDirectory(prefix="sigctl-") as folder:
            return read(_from_git(base, config, Path(folder)), overrides, today=today)
    except ConfigError as error:
        first = str(error.problems[0]).splitlines()[0]
        raise UsageError(
            f"the files of {base} can't be read: {first}", "compare with one that validates"
        ) from None


def _from_git(revision: str, config: Path, folder: Path) -> Path:
    """Write the files of the revision below the folder, and return the path of the main one there."""
    main = config.resolve()
    root = checkout_of(main)
    if root is None:
        raise UsageError(f"{config} is in no git checkout", "give a folder in place of a revision")
    where = (main if main.is_dir() else main.parent).relative_to(root).as_posix()
    git, at = Git(), git_dir(root)
    try:
        commit = git.run(
            ["rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}"], at=at
        ).out.strip()
        listed = git.run(["ls-tree", "-r", "-z", "--name-only", commit, "--", where], at=at).out
    except GitError as error:
        raise UsageError(f"no revision `{revision}`", error.text) from None
    names = [name for name in listed.split("\0") if name.endswith((".yaml", ".yml"))]
    if not names:
        raise UsageError(f"revision `{revision}` has no files in {where}")
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(git.run(["cat-file", "blob", f"{commit}:{name}"], at=at).out, encoding="utf-8")
    return folder / main.relative_to(root)


def checkout_of(path: Path) -> Path | None:
    """Return the root of the git checkout that the path is in, None where it is in none."""
    return next((one for one in path.resolve().parents if (one / ".git").exists()), None)


def git_dir(root: Path) -> Path:
    """Return the git directory of a checkout; of a linked work tree it is named in a file."""
    found = root / ".git"
    if found.is_dir():
        return found
    named = Path(found.read_text(encoding="utf-8").removeprefix("gitdir:").strip())
    return named if named.is_absolute() else root / named
