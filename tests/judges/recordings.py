"""The exchanges that PyGithub's own tests recorded from the real GitHub, taken from its source distribution."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as recorded; header names in lower case."""

    verb: str
    path: str
    status: int
    headers: dict[str, str]
    body: str


@functools.cache
def recordings() -> tuple[Exchange, ...]:
    """Return every recorded exchange of the version of PyGithub that is installed."""
    with tarfile.open(_sdist()) as archive:
        files = [one for one in archive.getmembers() if "/tests/ReplayData/" in one.name and one.isfile()]
        texts = [stream.read().decode() for one in files if (stream := archive.extractfile(one)) is not None]
    return tuple(exchange for text in texts for exchange in _exchanges(text))


def _sdist() -> Path:
    version = importlib.metadata.version("PyGithub")
    folder = user_cache_path("sigctl") / "judges"
    file = folder / f"pygithub-{version}.tar.gz"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{file}.lock"):
        if not file.exists():
            wanted = [f"PyGithub=={version}", "--no-deps", "--no-binary", "PyGithub", "--dest", str(folder)]
            subprocess.run([sys.executable, "-m", "pip", "download", "-q", *wanted], check=True, timeout=300)
    return file


def _exchanges(text: str) -> Iterator[Exchange]:
    lines = text.split("\n")
    for start in range(0, len(lines) - 9, 11):
        _scheme, verb, _host, _port, path, _sent, _input, status, headers, body = lines[start : start + 10]
        if (
            not status.isdecimal()
        ):  # a few files hold bodies of several lines; what follows can't be told apart
            return
        named = {name.lower(): value for name, value in ast.literal_eval(headers)}
        yield Exchange(verb, path, int(status), named, body)
