"""A checkout with a cache and a store, to work on in tests."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from lookaside_server import FileServer, hash_of

from sigctl.app import sources
from sigctl.app.sources import SourceOptions
from sigctl.lookaside import reading
from sigctl.lookaside.bringing import Bringer, Place
from sigctl.lookaside.commits import Packer
from sigctl.lookaside.fetch import Budget, Downloader, Pace
from sigctl.lookaside.model import Survey
from sigctl.lookaside.store import FileStore
from sigctl.lookaside.wire import Wire
from sigctl.mirror import address
from sigctl.mirror.gate import ANYWHERE
from sigctl.mirror.git import Git
from sigctl.spec.model import Lookaside

CLEAN = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "member",
    "GIT_AUTHOR_EMAIL": "member@example.org",
    "GIT_COMMITTER_NAME": "member",
    "GIT_COMMITTER_EMAIL": "member@example.org",
}


def git(at: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=at, env=CLEAN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"git {args}: {done.stderr}"
    return done.stdout.strip()


class Box:
    """A checkout of the package xen, a cache, and a store."""

    def __init__(self, root: Path, server: FileServer) -> None:
        self.root = root / "xen"
        self.root.mkdir()
        self.cache = root / "cache"
        self.server = server
        self.spec = ""

    def metadata(self, *lines: str, name: str = "xen") -> None:
        (self.root / f".{name}.metadata").write_text("".join(f"{line}\n" for line in lines))

    def sources(self, *lines: str) -> None:
        (self.root / "sources").write_text("".join(f"{line}\n" for line in lines))

    def write(self, path: str, content: bytes | str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def store(self, content: bytes, branch: str = "c10s-sig-virt", kind: str = "sha1") -> str:
        """Put content into the store under the branch layout; its hash."""
        value = hash_of(content, kind)
        self.server.files[f"/xen/{branch}/{value}"] = content
        return value

    def store_by_name(self, content: bytes, name: str, kind: str = "sha512") -> str:
        value = hash_of(content, kind)
        self.server.files[f"/xen/{name}/{kind}/{value}/{name}"] = content
        return value

    def options(self, **more: Any) -> SourceOptions:
        given: dict[str, Any] = {
            "stores": (self.server.url,),
            "branch": "c10s-sig-virt",
            "cache": self.cache,
            "protocols": address.TRUSTING,
            "gate": ANYWHERE,
            **more,
        }
        return SourceOptions(lookaside=given.pop("lookaside", Lookaside()), **given)

    def do(
        self, verb: sources.Verb, wire: Wire | None = None, pace: Pace | None = None, **more: Any
    ) -> Survey:
        """As the command does it, but without the pauses between tries."""
        options = self.options(**more)
        git = Git(protocols=options.protocols)
        package = reading.checkout(self.root, git, package=options.package, branch=options.branch)
        store = FileStore(self.cache, stop=options.stop)
        wire = wire or Wire(sleep=lambda _: None, stop=options.stop, timeout=5.0)
        budget = Budget(options.max_bytes)
        bringer = Bringer(
            store,
            Downloader(store, wire, budget=budget, pace=pace, progress=options.progress),
            Packer(store, git),
            sources.stores_of(options),
            options.jobs,
            options.replace,
            stop=options.stop,
        )
        try:
            return getattr(bringer, verb)([Place(package, self.root)])
        finally:
            wire.close()

    def states(self, verb: sources.Verb = "fetch", **more: Any) -> dict[str, str]:
        looked = self.do(verb, **more).looked[0]
        return {item.source.path: item.state for item in looked.items}

    def left(self) -> list[str]:
        """Files below the checkout that are neither declared lists nor specs: nothing half done may be among them."""
        return sorted(
            path.relative_to(self.root).as_posix()
            for path in self.root.rglob("*")
            if path.is_file() and ".git/" not in path.as_posix() and not path.name.endswith(".metadata")
        )
