"""Files by their hash, shared by all checkouts of this machine; may be deleted at any time.

| in the folder | is |
|---|---|
| `files/sha512/8c/8c2f...` | a file whose content has this hash |
| `parts/sha512-8c2f...` | what came of it so far: the next run goes on from there |
| `locks/` | who is at work on which file |
| `made/` | what the packed commits hashed to |
| `git/` | repositories that commits were fetched from |
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from sigctl.errors import InterruptedRunError, SigctlError
from sigctl.lookaside.formats import Checksum

CHUNK = 1 << 18
LOCK_SECONDS = 3600.0
"""How long a run waits for another one that gets the same file."""
_PART_DAYS = 14
_DAY = 86_400


class Hash(Protocol):
    """What hashlib makes."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes in."""

    def hexdigest(self) -> str:
        """Return the hash so far."""


def default_root() -> Path:
    """Return where the files live unless told otherwise: the user's own cache folder."""
    return user_cache_path("sigctl") / "sources"


def new_hash(checksum: Checksum) -> Hash:
    """Return an empty hash of the checksum's kind; md5 and sha1 are what old packages have."""
    return hashlib.new(checksum.algorithm, usedforsecurity=False)


def matches(file: BinaryIO, checksum: Checksum, stop: threading.Event | None = None) -> bool:
    """Whether the file, from where it stands to its end, has this hash; InterruptedRunError when stopped meanwhile."""
    found = new_hash(checksum)
    while chunk := file.read(CHUNK):
        found.update(chunk)
        if stop is not None and stop.is_set():
            raise InterruptedRunError("stopped while reading a file")
    return found.hexdigest() == checksum.value


class FileStore:
    """The folder of all files; safe for several threads and several runs at once."""

    def __init__(
        self,
        root: Path | None = None,
        *,
        stop: threading.Event | None = None,
        lock_seconds: float = LOCK_SECONDS,
    ) -> None:
        self.root = (root or default_root()).absolute()
        self.stop = stop or threading.Event()
        self._lock_seconds = lock_seconds

    def path(self, checksum: Checksum) -> Path:
        """Return where the file with this hash is, or would be."""
        return self.root / "files" / checksum.algorithm / checksum.value[:2] / checksum.value

    def part(self, checksum: Checksum) -> Path:
        """Return where the file is while it comes."""
        return self.folder("parts") / f"{checksum.algorithm}-{checksum.value}"

    def has(self, checksum: Checksum) -> bool:
        """Whether there is a file under this hash; its content is checked when it is taken."""
        return self.path(checksum).is_file()

    def folder(self, name: str) -> Path:
        """Return a folder within, made when it isn't there; SigctlError where that can't be."""
        path = self.root / name
        with writing(path):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        return path

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """Hold what has this name: no other run or thread has it meanwhile. SigctlError when another keeps it for too long."""
        lock = FileLock(self.folder("locks") / f"{name}.lock")
        end = time.monotonic() + self._lock_seconds
        while True:
            try:
                lock.acquire(timeout=0.2, poll_interval=0.02)
                break
            except Timeout:
                if self.stop.is_set():
                    raise InterruptedRunError("stopped while waiting for another run") from None
                if time.monotonic() > end:
                    raise SigctlError(f"another run holds `{name}`", "wait for it to end") from None
            except OSError as error:
                raise said_no(self.root / "locks", error) from error
        try:
            yield
        finally:
            lock.release()

    def sound(self, checksum: Checksum) -> bool:
        """Whether the file is here and whole; one that rotted is removed."""
        path = self.path(checksum)
        try:
            with path.open("rb") as file:
                if matches(file, checksum, self.stop):
                    return True
        except FileNotFoundError:
            return False
        except OSError as error:
            raise said_no(path, error) from error
        path.unlink(missing_ok=True)
        return False

    def keep(self, part: Path, checksum: Checksum) -> None:
        """Make a file whose hash was checked the one under this hash; it is on the disk when this returns."""
        target = self.path(checksum)
        with writing(target):
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            synced(part)
            part.replace(target)
            synced(target.parent)

    def copy_to(self, checksum: Checksum, root: Path, path: str) -> bool:
        """Put a copy at a path below `root`, whole or not at all; False when what is here is not, or no longer, that file."""
        source = self.path(checksum)
        try:
            with source.open("rb") as file:
                good = place(root, path, file, checksum, self.stop)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise said_no(source, error) from error
        if good:
            with suppress(OSError):
                os.utime(source)  # used just now: the last to go when the cache is cut back
        else:
            source.unlink(missing_ok=True)
        return good

    def prune(self, limit: int) -> int:
        """Return the bytes removed so that at most `limit` are left: files unused for longest first, and old parts."""
        removed = 0
        old = time.time() - _PART_DAYS * _DAY
        for size, used, path in _files(self.root / "parts"):
            if used < old:
                removed += _remove(path, size)
        found = sorted(_files(self.root / "files"), key=lambda one: one[1])
        total = sum(size for size, _, _ in found)
        for size, _, path in found:
            if total <= limit:
                break
            total -= size
            removed += _remove(path, size)
        return removed


def place(
    root: Path, path: str, content: BinaryIO | None, checksum: Checksum, stop: threading.Event | None = None
) -> bool:
    """Write content (None = nothing) to a path below `root` if it has this hash; the file is there whole, or not at all.

    Folders are made as needed. SigctlError where a symlink leads out of `root`, or the disk says no.
    """
    target = inside(root, path, make=True)
    part = target.with_name(f".sigctl-{secrets.token_hex(8)}.part")
    try:
        with writing(target):
            found = new_hash(checksum)
            with open(part, "xb") as file:  # noqa: PTH123  # as umask says, unlike what tempfile makes
                while content is not None and (chunk := content.read(CHUNK)):
                    found.update(chunk)
                    file.write(chunk)
                    if stop is not None and stop.is_set():
                        raise InterruptedRunError("stopped while writing a file")
                file.flush()
                os.fsync(file.fileno())
            if found.hexdigest() != checksum.value:
                return False
            part.replace(target)
            synced(target.parent)
            return True
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def inside(root: Path, path: str, *, make: bool = False) -> Path:
    """Return the real place of a path below `root`; SigctlError where a symlink leads out, or a folder is in the way."""
    home, name = _real(root), path.rpartition("/")[2]
    real = _real((home / path).parent)
    _must_be_in(home, real, path)
    target = real / name
    with writing(target):
        if make:
            real.mkdir(parents=True, exist_ok=True)
        if target.is_dir():
            raise SigctlError(f"{path}: there is a folder of this name")
        if target.is_symlink():
            _must_be_in(home, _real(target), path)
    return target


def _real(path: Path) -> Path:
    try:
        return path.resolve()
    except (
        OSError,
        RuntimeError,
    ):  # a circle of symlinks is the one or the other, as Python's version has it
        raise SigctlError(f"{path}: symlinks lead in a circle", "remove them") from None


def _must_be_in(home: Path, real: Path, path: str) -> None:
    if not real.is_relative_to(home) or ".git" in real.relative_to(home).parts:
        raise SigctlError(f"{path}: a symlink leads out of the checkout", "remove the symlink")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the disk says no to into a SigctlError."""
    try:
        yield
    except OSError as error:
        raise said_no(path, error) from error


def said_no(path: Path, error: OSError) -> SigctlError:
    """Return the error for what the disk refused."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return SigctlError(f"{path}: no space left", "make room, then run again")
    return SigctlError(f"{path}: {error.strerror or error}")


def synced(path: Path) -> None:
    """Have a file or folder on the disk, so that it outlives a power cut."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def _files(root: Path) -> Iterator[tuple[int, float, Path]]:
    for folder, _, names in os.walk(root):
        for name in names:
            path = Path(folder, name)
            with suppress(OSError):  # another run may have removed it
                about = path.stat()
                yield about.st_size, about.st_mtime, path


def _remove(path: Path, size: int) -> int:
    with suppress(OSError):
        path.unlink()
        return size
    return 0


OnBytes = Callable[[str, int, int], None]
"""(path of the source, bytes so far, bytes in all; 0 = not known); from any thread."""
