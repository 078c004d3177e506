"""A copy of the files in which changes are tried: made by their path in the config, undone, and shown as a difference."""

from __future__ import annotations

import difflib
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sigctl.adopt.editing import Edit
from sigctl.adopt.model import Unsaid
from sigctl.errors import SigctlError
from sigctl.spec import Config
from sigctl.spec.config import Files
from sigctl.spec.patch import add_item, drop, dumped, set_value


@dataclass(frozen=True, slots=True)
class Merged:
    """The files as they would be, and what they would not say."""

    texts: Mapping[Path, str]
    """The files that change, or are new."""
    diff: str
    adopted: tuple[str, ...]
    unsaid: tuple[Unsaid, ...]
    more: int
    """Differences that are new with these files: the same elsewhere, on another forge."""


class Copy:
    """The files in a folder where nobody else looks."""

    def __init__(self, config: Config, folder: Path) -> None:
        self.folder = folder
        self.main = config.sources.main.path
        self.root = self.main.parent
        shutil.copytree(self.root, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))

    def texts(self) -> dict[Path, str]:
        """Return all files as they are now."""
        return {file: file.read_text(encoding="utf-8") for file in self._files()}

    def restore(self, before: Mapping[Path, str], made: Iterable[Path]) -> None:
        """Have the files as they were, and none that were made since."""
        for file, text in before.items():
            file.write_text(text, encoding="utf-8")
        for file in made:
            file.unlink()

    def of(self, file: Path) -> Path:
        """Return the copy of a file."""
        if file.is_relative_to(self.folder):
            return file
        return self.folder / file.resolve().relative_to(self.root.resolve())

    def edit(self, edit: Edit, config: Config) -> list[Path]:
        """Change the copy of the file that a path of the config is in, a new file for a new SIG; return new files."""
        path, made = edit.path, []
        files: Files = config.sources
        if path[0] == "sigs" and str(path[1]) not in config.spec.sigs:
            file = self.folder / "sigs.d" / f"{path[1]}.yaml"
            if not file.exists():
                file.parent.mkdir(exist_ok=True)
                file.write_text(dumped({"sig": str(path[1])}), encoding="utf-8")
                made.append(file)
            inner = path[2:]
        else:
            source, inner = files.of(path)
            file = self.of(source.path)
        text = file.read_text(encoding="utf-8")
        change = {"set": set_value, "add": add_item}.get(edit.what)
        file.write_text(change(text, inner, edit.value) if change else drop(text, inner), encoding="utf-8")
        return made

    def changed(self) -> tuple[dict[Path, str], str]:
        """Return the files that are not as they were, by where they belong, and the difference in words of diff."""
        texts: dict[Path, str] = {}
        diff: list[str] = []
        for file in self._files():
            name = file.relative_to(self.folder)
            old = self.root / name
            was = old.read_text(encoding="utf-8") if old.is_file() else ""
            now = file.read_text(encoding="utf-8")
            if was != now:
                texts[old] = now
                diff += difflib.unified_diff(
                    was.splitlines(keepends=True), now.splitlines(keepends=True), f"a/{name}", f"b/{name}"
                )
        return texts, "".join(diff)

    def _files(self) -> list[Path]:
        return sorted(self.folder.rglob("*.yaml"))


def write_merged(found: Merged) -> None:
    """Have the changed files written, each whole or not at all; SigctlError where one can't be."""
    for path, text in found.texts.items():
        fresh = path.with_name(f".{path.name}.new")
        try:
            path.parent.mkdir(exist_ok=True)
            fresh.write_text(text, encoding="utf-8")
            if path.exists():
                fresh.chmod(path.stat().st_mode & 0o777)
            fresh.replace(path)
        except OSError as error:
            raise SigctlError(f"{path} can't be written: {error.strerror}") from None
