"""Gets, by npm into the user's cache, what judges us: descriptions of GitHub's API, axe and what drives a browser; run by hand to have
them before a flight."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

OPENAPI = ("@octokit/openapi", "23.0.2", "package/generated/api.github.com.json")
ENTERPRISE = ("@octokit/openapi", "23.0.2", "package/generated/ghec.json")
AXE = ("axe-core", "4.14.1", "package/axe.min.js")
DRIVER = ("playwright-core", "1.65.1")
BEAKER = ("@gitbeaker/rest", "43.8.0")
GRAPHQL = ("@octokit/graphql-schema", "15.26.1", "package/schema.graphql")


def described(package: str, version: str, member: str) -> Path:
    """Return a file out of an npm package, fetched once; RuntimeError says what to do when it can't be had."""
    folder = user_cache_path("sigctl") / "judges"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{package.replace('/', '-').lstrip('@')}-{version}-{Path(member).name}"
    with FileLock(f"{file}.lock"):
        if not file.exists():
            _fetch(f"{package}@{version}", member, file)
    return file


def unpacked(package: str, version: str) -> Path:
    """Return the folder of a whole npm package that needs no other, fetched once; RuntimeError says what to do when it can't be had."""
    folder = user_cache_path("sigctl") / "judges" / f"{package}-{version}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            with (
                tempfile.TemporaryDirectory(dir=folder.parent) as made,
                tarfile.open(_packed(f"{package}@{version}", Path(made), folder)) as archive,
            ):
                archive.extractall(made, filter="data")
                (Path(made) / "package").rename(folder)
    return folder


def installed(package: str, version: str) -> Path:
    """Return a folder in which npm has installed a package with all that it needs, once, without running anything of it."""
    folder = (
        user_cache_path("sigctl") / "judges" / f"{package.replace('/', '-').lstrip('@')}-{version}-modules"
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            if shutil.which("npm") is None:
                raise RuntimeError(f"the judges need {folder}; install npm, so that it can install {package}")
            with tempfile.TemporaryDirectory(dir=folder.parent) as made:
                quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
                command = ["npm", "install", "--prefix", made, *quiet, f"{package}@{version}"]
                done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
                if done.returncode:
                    raise RuntimeError(f"npm install {package} failed: {done.stderr.strip()[-300:]}")
                shutil.copytree(made, folder)
    return folder


def _fetch(package: str, member: str, file: Path) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        tarfile.open(_packed(package, Path(folder), file)) as archive,
    ):
        stream = archive.extractfile(member)
        if stream is None:
            raise RuntimeError(f"{package} has no {member} any more")
        fresh = file.with_suffix(".new")
        with fresh.open("wb") as output:
            shutil.copyfileobj(stream, output)
    fresh.replace(file)


def _packed(package: str, folder: Path, wanted: Path) -> Path:
    """Return the package as npm packs it."""
    if shutil.which("npm") is None:
        raise RuntimeError(f"the judges need {wanted}; install npm, so that it can be taken out of {package}")
    command = ["npm", "pack", package, "--silent", "--pack-destination", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
    found = list(folder.glob("*.tgz"))
    if done.returncode or not found:
        raise RuntimeError(
            f"the judges need {wanted}; npm pack {package} failed: {done.stderr.strip()[-300:]}"
        )
    return found[0]


if __name__ == "__main__":
    for wanted in (OPENAPI, ENTERPRISE, GRAPHQL, AXE):
        sys.stdout.write(f"{described(*wanted)}\n")
    sys.stdout.write(f"{unpacked(*DRIVER)}\n")
    sys.stdout.write(f"{installed(*BEAKER)}\n")
