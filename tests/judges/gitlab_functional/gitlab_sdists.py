"""Source distributions that the judges read, fetched once into the user's cache; never part of this repository."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import filelock
import platformdirs

CACHE = Path(os.environ.get("SIGCTL_JUDGES_CACHE") or platformdirs.user_cache_path("sigctl") / "judges")


def unpacked(name: str, version: str, *, build_with: tuple[str, ...] = ()) -> Path:
    """Return the folder of an unpacked source distribution, fetched with pip when it is not there yet.

    `build_with` names what pip needs to read its metadata when the project's own list of it can't be had.
    """
    folder = CACHE / f"{name.replace('-', '_')}-{version}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(CACHE / f"{name}.lock"):
        if not folder.exists():
            _fetch(name, version, build_with)
    return folder


def installed(*requirements: str) -> Path:
    """Return a folder with these packages in it, for PYTHONPATH."""
    folder = CACHE / re.sub(r"[^\w.-]+", "_", "-".join(requirements))
    CACHE.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(CACHE / "packages.lock"):
        if not folder.exists():
            _pip("install", "--target", str(folder), *requirements)
    return folder


def _fetch(name: str, version: str, build_with: tuple[str, ...]) -> None:
    arguments = ["download", "--no-deps", "--no-binary", name, "--dest", str(CACHE), f"{name}=={version}"]
    path = ""
    if build_with:
        path = str(installed(*build_with))
        arguments.insert(1, "--no-build-isolation")
    _pip(*arguments, path=path)
    archive = next(CACHE.glob(f"{name.replace('-', '_')}-{version}.tar.gz"))
    with tarfile.open(archive) as found:
        found.extractall(CACHE, filter="data")


def _pip(*arguments: str, path: str = "") -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
