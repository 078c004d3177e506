"""Sources packed from a commit: the same tar on every machine, since the commit alone decides what is in it."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import lzma
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from sigctl.errors import ForgeError, GitError, RefusedError
from sigctl.forges.base import Remote
from sigctl.lookaside.formats import ARCHIVES, Checksum, Source
from sigctl.lookaside.store import CHUNK, FileStore, place, writing
from sigctl.mirror.git import Git

ATTRIBUTES = "* -export-subst -export-ignore\n"
"""What a tree says about archives would make them depend on the refs around it, or leave files out."""
UMASK = "0022"


@dataclass(frozen=True, slots=True)
class Made:
    """What a commit was packed to."""

    tar: str
    """SHA-256 of the tar, which every machine makes alike; how it was compressed may differ."""
    size: int
    packed: Checksum


class Packer:
    """Fetches commits and packs them; safe for several threads."""

    def __init__(self, store: FileStore, git: Git) -> None:
        self._store = store
        self._git = git

    def known(self, source: Source) -> Made | None:
        """Return what the commit was packed to on this machine; None where it was not yet."""
        try:
            data = json.loads(self._record(source).read_text(encoding="utf-8"))
            return Made(str(data["tar"]), int(data["size"]), Checksum.parse(str(data["packed"])))
        except (OSError, ValueError, KeyError, TypeError):  # the cache may be deleted or broken at any time
            return None

    def copy(self, source: Source, root: Path) -> str:
        """Return the repository it came from ("" = the cache had it), once the packed commit is at its path below `root`.

        Raises GitError and the ForgeErrors of git, RefusedError where the archive has another hash than its line says.
        """
        for _ in range(3):
            made, url = self.make(source)
            if self._store.copy_to(made.packed, root, source.path):
                return url
        raise GitError(f"{source.path}: the cache does not keep what it is given", "is its disk sound?")

    def make(self, source: Source) -> tuple[Made, str]:
        """Return what the commit is packed to, with the archive in the store; raises as `copy` does."""
        with self._store.held(f"made-{_key(source)}"):
            made, url = self.known(source), ""
            if made is None or not self._store.sound(made.packed):
                made, url = self._make(source), source.url
        if source.checksum is not None and not self._fits(made, source.checksum):
            raise RefusedError(
                "the commit is packed to something else than the hash of its line",
                "a compressed archive differs from machine to machine: write `-` in place of the hash",
            )
        return made, url

    def is_made_of(self, source: Source, file: BinaryIO) -> bool | None:
        """Whether the file has what the commit has, however it is compressed; None where that is not known here."""
        made = self.known(source)
        if made is None:
            return None
        found, size = hashlib.sha256(), 0
        try:
            with _opened(source.path, file) as tar:
                while size <= made.size and (chunk := tar.read(CHUNK)):
                    found.update(chunk)
                    size += len(chunk)
        except (OSError, EOFError, lzma.LZMAError, ValueError):
            return False
        return found.hexdigest() == made.tar

    def _fits(self, made: Made, checksum: Checksum) -> bool:
        with self._store.path(made.packed).open("rb") as file:
            return (
                hashlib.file_digest(
                    file, lambda: hashlib.new(checksum.algorithm, usedforsecurity=False)
                ).hexdigest()
                == checksum.value
            )

    def _make(self, source: Source) -> Made:
        name = f"{hashlib.sha256(source.url.encode()).hexdigest()[:16]}.git"
        repository = self._store.folder("git") / name
        parts = self._store.folder("parts")
        tar, packed = (parts / f"commit-{secrets.token_hex(8)}.{end}" for end in ("tar", "packed"))
        try:
            with self._store.held(f"git-{name}"):
                self._fetch(repository, source)
                stem = _stem(source.name)
                args = ["archive", "--format=tar", f"--prefix={stem}/", "-o", str(tar), source.commit]
                self._git.run(args, at=repository, settings={"tar.umask": UMASK})
            with writing(packed):
                compress(tar, packed, source.path)
                made = Made(_sha256(tar), tar.stat().st_size, Checksum("sha256", _sha256(packed)))
            self._store.keep(packed, made.packed)
        finally:
            for path in (tar, packed):
                with suppress(OSError):
                    path.unlink(missing_ok=True)
        self._remember(source, made)
        return made

    def _fetch(self, repository: Path, source: Source) -> None:
        if not (repository / "HEAD").exists():
            self._git.run(["init", "--bare", "--quiet", "--template=", "--", str(repository)])
        with writing(repository):
            (repository / "info").mkdir(exist_ok=True)
            (repository / "info" / "attributes").write_text(ATTRIBUTES, encoding="utf-8")
        if self._has(repository, source.commit):
            return
        remote = Remote(source.url)
        flags = ["--no-tags", "--no-write-fetch-head", "--quiet"]
        with suppress(
            GitError, ForgeError
        ):  # a server may refuse to give a single commit: then all branches are asked for
            self._git.run(
                ["fetch", *flags, "--depth=1", "--", source.url, source.commit], at=repository, remote=remote
            )
        if not self._has(repository, source.commit):
            every = ["+refs/heads/*:refs/seen/heads/*", "+refs/tags/*:refs/seen/tags/*"]
            self._git.run(["fetch", *flags, "--", source.url, *every], at=repository, remote=remote)
        if not self._has(repository, source.commit):
            raise RefusedError(
                f"{source.url}: has no commit {source.commit[:12]} that a branch or a tag reaches",
                "is it pushed?",
            )

    def _has(self, repository: Path, commit: str) -> bool:
        found = self._git.run(["cat-file", "-t", commit], at=repository, codes=(0, 1, 128))
        return found.code == 0 and found.out.strip() == "commit"

    def _record(self, source: Source) -> Path:
        return self._store.root / "made" / f"{_key(source)}.json"

    def _remember(self, source: Source, made: Made) -> None:
        self._store.folder("made")
        file = self._record(source)
        part = file.with_suffix(f".{secrets.token_hex(4)}.part")
        data = {"tar": made.tar, "size": made.size, "packed": made.packed.value}
        with writing(file):
            part.write_text(json.dumps(data), encoding="utf-8")
            part.replace(file)


def compress(tar: Path, packed: Path, name: str) -> None:
    """Write the tar to `packed` as the end of the name says; without times or names in it."""
    with tar.open("rb") as source, packed.open("wb") as raw:
        if name.endswith((".tar.gz", ".tgz")):
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as out:
                shutil.copyfileobj(source, out, CHUNK)
        elif name.endswith(".tar.bz2"):
            with bz2.BZ2File(raw, "wb") as out_bz2:
                shutil.copyfileobj(source, out_bz2, CHUNK)
        elif name.endswith(".tar.xz"):
            with lzma.LZMAFile(raw, "wb") as out_xz:
                shutil.copyfileobj(source, out_xz, CHUNK)
        else:
            shutil.copyfileobj(source, raw, CHUNK)


def empty(root: Path, source: Source) -> None:
    """Make the empty file that the hash of nothing stands for."""
    if source.checksum is not None:
        place(root, source.path, None, source.checksum)


@contextmanager
def _opened(name: str, file: BinaryIO) -> Iterator[BinaryIO]:
    if name.endswith((".tar.gz", ".tgz")):
        with gzip.GzipFile(fileobj=file, mode="rb") as out:
            yield cast("BinaryIO", out)
    elif name.endswith(".tar.bz2"):
        with bz2.BZ2File(file, "rb") as out_bz2:
            yield cast("BinaryIO", out_bz2)
    elif name.endswith(".tar.xz"):
        with lzma.LZMAFile(file, "rb") as out_xz:
            yield cast("BinaryIO", out_xz)
    else:
        yield file


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stem(name: str) -> str:
    return (
        next(name.removesuffix(end) for end in sorted(ARCHIVES, key=len, reverse=True) if name.endswith(end))
        or name
    )


def _key(source: Source) -> str:
    return hashlib.sha256(f"{source.url}\0{source.commit}\0{source.name}".encode()).hexdigest()[:32]
