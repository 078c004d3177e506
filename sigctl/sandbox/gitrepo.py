"""A bare repository on disk, read and made without running git where files are enough."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_CONFIG = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
DEFAULT_BRANCH = "main"


def environment() -> dict[str, str]:
    """Return the environment for git: no user's or system's configuration, no prompts."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": "/nonexistent",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


@dataclass(frozen=True, slots=True)
class BareRepo:
    """A bare repository; refs are read straight from its files."""

    path: Path

    def create(self, default_branch: str = DEFAULT_BRANCH) -> None:
        """Make it, empty, unless it is there."""
        for folder in ("objects/info", "objects/pack", "refs/heads", "refs/tags"):
            (self.path / folder).mkdir(parents=True, exist_ok=True)
        if not (self.path / "HEAD").exists():
            (self.path / "config").write_text(_CONFIG, encoding="utf-8")
            self.set_head(default_branch)

    def remove(self) -> None:
        """Delete it from disk."""
        shutil.rmtree(self.path, ignore_errors=True)

    def set_head(self, branch: str) -> None:
        """Make a branch the default one, whether it exists or not."""
        fresh = self.path / "HEAD.new"
        fresh.write_text(f"ref: refs/heads/{branch}\n", encoding="utf-8")
        fresh.replace(self.path / "HEAD")

    def head(self) -> str:
        """Return the name of the default branch."""
        return (self.path / "HEAD").read_text(encoding="utf-8").strip().removeprefix("ref: refs/heads/")

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        """Return {ref: object id} of all refs that start with the prefix, sorted."""
        found = self._packed()
        root = self.path / "refs"
        for folder, _, files in os.walk(root):
            for file in files:
                if not file.endswith(".lock"):
                    whole = Path(folder, file)
                    value = _read(whole)
                    if value:
                        found[whole.relative_to(self.path).as_posix()] = value
        return {ref: found[ref] for ref in sorted(found) if ref.startswith(prefix)}

    def ref(self, ref: str) -> str:
        """Return the object id of one ref, "" when it does not exist."""
        return _read(self.path / ref) or self._packed().get(ref, "")

    def is_empty(self) -> bool:
        """Whether it has no ref at all."""
        return not self._packed() and not any(files for _, _, files in os.walk(self.path / "refs"))

    def branches(self) -> dict[str, str]:
        """Return {branch: object id}, sorted."""
        start = "refs/heads/"
        return {ref.removeprefix(start): value for ref, value in self.refs(start).items()}

    def contains(self, ancestor: str, commit: str) -> bool:
        """Whether the commit has the ancestor in its history (runs git)."""
        return self.git("merge-base", "--is-ancestor", ancestor, commit).returncode == 0

    def git(self, *arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run git in the repository and return how it ended; for the little that files don't tell."""
        return subprocess.run(  # noqa: S603  # arguments are ours; no shell
            ["git", *arguments],  # noqa: S607  # git is where PATH says
            cwd=self.path,
            env=environment(),
            input=text,
            capture_output=True,
            text=True,
            check=False,
        )

    def _packed(self) -> dict[str, str]:
        try:
            lines = (self.path / "packed-refs").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return {}
        return {
            ref: value for line in lines if line[:1] not in "#^" for value, _, ref in [line.partition(" ")]
        }


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return ""
