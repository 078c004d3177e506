"""Writing the pipelines into a checkout."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from sigctl.errors import UsageError

PLACES = {
    "github": ("github-actions", ".github/workflows"),
    "gitlab": ("gitlab-ci", "deploy/gitlab-ci"),
}
"""Kind of forge -> where the pipelines are in the package, and where they go in a checkout."""


def pipelines(kind: str) -> dict[str, str]:
    """Return the pipelines for a kind of forge: the path in a checkout -> the text."""
    folder, place = PLACES[kind]
    found = resources.files("sigctl.ci").joinpath(folder)
    return {
        f"{place}/{one.name}": one.read_text(encoding="utf-8")
        for one in sorted(found.iterdir(), key=lambda one: one.name)
        if one.name.endswith(".yml")
    }


def write(kind: str, root: Path, *, force: bool = False) -> list[Path]:
    """Have the pipelines in the checkout, and return the files that were written; those that are so already are left alone.

    Raises UsageError, with nothing written, where a file is there and is another one, unless `force`.
    """
    wanted = {root / path: text for path, text in pipelines(kind).items()}
    try:
        there = {path: path.read_text(encoding="utf-8") for path in wanted if path.exists()}
        other = sorted(str(path) for path, text in there.items() if text != wanted[path])
        if other and not force:
            raise UsageError(f"{', '.join(other)} is there, and is another one", "--force writes over it")
        written = [path for path, text in wanted.items() if there.get(path) != text]
        for path in written:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{error.filename} can't be written: {error.strerror}") from None
    return written
