"""Files and their text: found within the folder, bounded, decoded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sigctl.errors import ConfigError, Problem

MAX_FILE = 8 * 1024 * 1024
MAX_FILES = 10_000
MAX_TOTAL = 64 * 1024 * 1024
MAIN = "sigs.yaml"
POLICY = "policy.yaml"


@dataclass(frozen=True, slots=True)
class Source:
    """One file as it was read; `shown` is its name in messages."""

    path: Path
    shown: str
    text: str


def find_main(path: Path) -> Path:
    """Return the main file: the path itself, or `sigs.yaml` in it where it is a folder; ConfigError where there is none."""
    if path.is_dir():
        main = path / MAIN
        if not main.is_file():
            hint = f"write a {MAIN}, or name the main file with --config"
            raise ConfigError([Problem(str(path), 0, 0, "the folder", f"has no {MAIN}", hint, "no-file")])
        return main
    if not path.exists():
        raise ConfigError(
            [
                Problem(
                    str(path),
                    0,
                    0,
                    "the file",
                    "does not exist",
                    "name the main file or its folder with --config",
                    "no-file",
                )
            ]
        )
    return path


def read_source(path: Path, shown: str) -> Source:
    """Return the file's text without its byte order mark; ConfigError where it can't be used as text."""

    def no(problem: str, hint: str, line: int = 0, column: int = 0) -> ConfigError:
        return ConfigError([Problem(shown, line, column, "the file", problem, hint, "unreadable")])

    try:
        if not path.is_file():
            raise no("is not a plain file", "folders, pipes and devices can't be included")
        with path.open("rb") as stream:
            data = stream.read(MAX_FILE + 1)
    except OSError as error:
        raise no(f"can't be read: {(error.strerror or 'no reason given').lower()}", "") from None
    if len(data) > MAX_FILE:
        raise no(
            f"is larger than {MAX_FILE // 1024 // 1024} MB",
            "a SIG's file has some kB; is this the right file?",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        column = error.start - data.rfind(b"\n", 0, error.start)
        raise no("is not UTF-8 text", "save it as UTF-8", line, column) from None
    return Source(path, shown, text)


def included(folder: Path, pattern: str) -> tuple[list[Path], str, str]:
    """Return the files a pattern names, sorted, with problem and hint ("" = none); nothing outside the folder is ever returned."""
    parts = Path(pattern).parts
    if not pattern or Path(pattern).is_absolute() or ".." in parts or pattern.startswith("~"):
        return [], f"`{pattern}` leads out of the folder", "include files of this folder or below it only"
    try:
        found = sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))
    except (ValueError, NotImplementedError, OSError, re.error):
        return [], f"`{pattern}` is not a pattern for files", "for example sigs.d/*.yaml"
    if not found:
        return (
            [],
            f"`{pattern}` names no file",
            "take it out, or add the file; a pattern that finds nothing may be a typo",
        )
    root = folder.resolve()
    outside = [path for path in found if not path.resolve().is_relative_to(root)]
    if outside:
        return (
            [],
            f"`{outside[0].relative_to(folder)}` is a link that leads out of the folder",
            "put the file itself into the folder",
        )
    return found, "", ""
