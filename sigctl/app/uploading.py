"""Binary sources into a store, and the lines that declare them."""

from __future__ import annotations

import hashlib
import io
import stat
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sigctl.app.sources import SourceOptions
from sigctl.errors import InterruptedRunError, SigctlError, UsageError
from sigctl.lookaside import formats, reading
from sigctl.lookaside.formats import Checksum, LineError, Source
from sigctl.lookaside.package import SOURCES, Package
from sigctl.lookaside.store import inside, matches, place, said_no
from sigctl.lookaside.upload import KINDS, Uploader, kind_for
from sigctl.lookaside.wire import Wire
from sigctl.mirror.git import Git
from sigctl.spec.model import Lookaside, Store


@dataclass(frozen=True, slots=True)
class Uploaded:
    """One file and what became of it: sent, there already, or failed."""

    path: str
    state: Literal["sent", "there", "failed"]
    checksum: Checksum | None = None
    reason: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Uploads:
    """All files of a run, and the lists of sources that it changed."""

    files: tuple[Uploaded, ...]
    changed: tuple[str, ...] = ()


def upload(
    root: Path, paths: Sequence[str], options: SourceOptions, store: str = "", *, settle: bool = False
) -> Uploads:
    """Return what became of each file: those named, or all that the checkout declares and has.

    A named file is declared as it is now, once the store has it. With `settle` the address is taken off each line whose file the
    store has: from then on everybody gets it from there. Raises UsageError where branch, store or certificate can't be told, and
    SigctlError where the lists of sources have problems.
    """
    git = Git(protocols=options.protocols, stop=options.stop)
    package = reading.checkout(root, git, package=options.package, branch=options.branch)
    if not package.branches:
        raise UsageError("in the name of which branch?", "name one with --branch")
    if package.manifest.problems:
        raise SigctlError(str(package.manifest.problems[0]), "put the lists of sources right first")
    config = _writable(options.lookaside, store)
    certificate, authority = _file(config.certificate, secret=True), _file(config.authority)
    declared = {source.path: source for source in package.manifest.sources}
    wanted = [_named(root, path) for path in paths] or [
        source.path for source in package.wanted if inside(root, source.path).is_file()
    ]
    wire = Wire(stop=options.stop, certificate=certificate, authority=authority, gate=options.gate)
    try:
        uploader = Uploader(config.upload or "", wire, told=options.progress)
        done = [_put(uploader, package, root, path, declared.get(path), named=bool(paths)) for path in wanted]
    finally:
        wire.close()
    lines = [_line(one, declared.get(one.path), settle=settle) for one in done if one.state != "failed"]
    changed = [line for line in lines if line != declared.get(line.path)]
    return Uploads(tuple(done), _declare(root, package, changed))


def _put(
    uploader: Uploader, package: Package, root: Path, path: str, source: Source | None, *, named: bool
) -> Uploaded:
    try:
        file = inside(root, path)
        checksum = _checksum(file, source, named=named)
        if checksum.of_nothing:
            return Uploaded(path, "there", checksum, "an empty file is made, not stored")
        sent = uploader.put(package.name, package.branches[0], checksum, file)
    except InterruptedRunError:
        raise
    except SigctlError as error:
        return Uploaded(path, "failed", None, error.text, error.hint)
    return Uploaded(path, "sent" if sent else "there", checksum)


def _checksum(file: Path, source: Source | None, *, named: bool) -> Checksum:
    """Return the hash to store the file under: as declared, or as it is now where it is named or comes from a commit."""
    declared = source.checksum if source is not None else None
    try:
        with file.open("rb") as content:
            if declared is not None and not named:
                kind_for(declared)
                if matches(content, declared):
                    return declared
                raise SigctlError("has other content than was declared", "name it to declare what it is now")
            kind = declared.algorithm if declared is not None and declared.algorithm in KINDS else KINDS[-1]
            found = hashlib.file_digest(content, lambda: hashlib.new(kind, usedforsecurity=False))
            return Checksum(kind, found.hexdigest())
    except OSError as error:
        raise said_no(file, error) from error


def _line(one: Uploaded, old: Source | None, *, settle: bool) -> Source:
    """Return how the file is declared from now on."""
    if old is None or settle:
        return Source(one.path, one.checksum, file=old.file if old else "")
    if old.checksum is not None and old.checksum != one.checksum:
        return replace(old, checksum=one.checksum, url="", commit="")
    return old


def _declare(root: Path, package: Package, changed: Sequence[Source]) -> tuple[str, ...]:
    """Write the lines where they were; new ones to `sources` where there is one, else to the metadata file."""
    usual = SOURCES if (root / SOURCES).is_file() else f".{package.name}.metadata"
    lists: dict[str, list[Source]] = defaultdict(list)
    for source in changed:
        lists[source.file or usual].append(source)
    for name, sources in lists.items():
        tagged = name == SOURCES
        file = inside(root, name)
        try:
            text = file.read_text(encoding="utf-8") if file.exists() else ""
        except OSError as error:
            raise said_no(file, error) from error
        folder = formats.FOLDER if tagged else ""
        new = formats.declared(text, sources, tagged=tagged, folder=folder).encode()
        place(root, name, io.BytesIO(new), Checksum("sha256", hashlib.sha256(new).hexdigest()))
    return tuple(sorted(lists))


def _writable(lookaside: Lookaside, wanted: str) -> Store:
    known = {name: one for name, one in lookaside.stores.items() if one.upload}
    if not known:
        raise UsageError("no store has an upload form", "name one: lookaside.stores.NAME.upload")
    if wanted and wanted not in known:
        raise UsageError(
            f"no store `{wanted}` with an upload form in the files", f"one of {', '.join(known)}"
        )
    return known[wanted or next(iter(known))]


def _file(reference: str | None, *, secret: bool = False) -> Path | None:
    """Return the file that `file:PATH` names; UsageError where it can't be read, or others may read a secret."""
    if reference is None:
        return None
    path = Path(reference.removeprefix("file:")).expanduser()
    try:
        with path.open("rb"):
            mode = path.stat().st_mode
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None
    if secret and stat.S_IMODE(mode) & 0o077:
        raise UsageError(f"{path} can be read by others than its owner", f"chmod 600 {path}")
    return path


def _named(root: Path, path: str) -> str:
    """Return a path that somebody typed as the lists of sources write it."""
    given = Path(path)
    try:
        below = given.absolute().relative_to(root.absolute()).as_posix()
        return formats.clean_path(below)
    except LineError as error:
        raise UsageError(error.problem, error.hint) from None
    except ValueError:
        raise UsageError(f"{path} is not in the checkout {root}") from None
