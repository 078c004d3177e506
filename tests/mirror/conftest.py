"""Three servers' worth of repositories on loopback: an upstream, a primary and a replica."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest
from githttp import Bare, Server
from gitssh import SshServer
from pydantic import SecretStr

from sigctl.core.history import End, Hop
from sigctl.errors import NotThereError
from sigctl.forges.base import Remote
from sigctl.mirror import address, run
from sigctl.mirror.model import MirrorPlan, RefOutcome


class World:
    """Repositories by name, and the mirror between them."""

    def __init__(self, root: Path, server: Server, way: str = "http") -> None:
        self.root = root
        self.server = server
        self.cache = root / "cache"
        self.way = way
        self.password = ""
        self.ssh: SshServer | None = None
        self.stream = False
        """Whether first copies may go straight on; the two ways have tests of their own, and some together."""

    def bare(self, name: str, default: str = "master") -> Bare:
        return Bare(self.root / "srv" / f"{name}.git", default)

    def url(self, name: str) -> str:
        if self.way == "file":
            return f"file://{self.root}/srv/{name}.git"
        if self.way == "ssh":
            return f"{self.ssh.url}{self.root}/srv/{name}.git"
        return f"{self.server.url}/{name}.git"

    def remote_of(self, end: End) -> Remote:
        if end.forge == "nowhere":
            raise NotThereError("no such forge")
        url = end.url or self.url(f"{end.forge}/{end.path}")
        if self.ssh is not None:
            return Remote(url, key_file=str(self.ssh.key_file), known_hosts=str(self.ssh.known_hosts))
        return Remote(url, "bot", SecretStr(self.password)) if self.password else Remote(url)

    def hop(self, repo: str = "xen", **more: object) -> Hop:
        """The first hop: upstream to primary."""
        source = End(url=self.url(f"upstream/{repo}"))
        hop = Hop("virt", repo, source, End("primary", repo))
        return dataclasses.replace(hop, **more)

    def second(self, repo: str = "xen", **more: object) -> Hop:
        """The second hop: primary to replica."""
        return dataclasses.replace(
            Hop("virt", repo, End("primary", repo), End("replica", repo), stage=1), **more
        )

    def plan(self, *hops: Hop, **more: object) -> MirrorPlan:
        return run.plan(hops or [self.hop()], self.remote_of, **self.options(more))

    def check(self, *hops: Hop, **more: object) -> MirrorPlan:
        return run.check(hops or [self.hop()], self.remote_of, **self.options(more))

    def push(self, plan: MirrorPlan, **more: object) -> tuple[RefOutcome, ...]:
        return run.push(plan, self.remote_of, **self.options(more))

    def mirror(self, *hops: Hop) -> MirrorPlan:
        """Plan and push; all of it must arrive."""
        plan = self.plan(*hops)
        outcomes = self.push(plan)
        assert [o for o in outcomes if o.status != "done"] == []
        assert len(outcomes) == len(plan.actions)
        return plan

    def options(self, more: dict[str, object]) -> dict[str, object]:
        return {"cache": self.cache, "protocols": address.TRUSTING, "stream": self.stream, **more}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path / "srv") as running:
        yield running


@pytest.fixture
def world(tmp_path: Path, server: Server) -> World:
    return World(tmp_path, server)


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[SshServer]:
    with SshServer(tmp_path / "ssh") as running:
        yield running


@pytest.fixture(params=["http", "file", "ssh"])
def any_world(request: pytest.FixtureRequest, tmp_path: Path, server: Server) -> World:
    """The same over HTTP, from files, and over ssh."""
    world = World(tmp_path, server, request.param)
    world.stream = True
    if request.param == "ssh":
        world.ssh = request.getfixturevalue("ssh")
    return world
