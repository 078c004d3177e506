"""The Pagure adapter keeps the contract on a real Pagure; what its API can't do, the server's admin does as the refusal says."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from contract import Contract, Ground
from pagure.accounts import KEEPER
from pydantic import SecretStr

from sigctl.core.kinds import Grant, Org, Repo, Resource, Team
from sigctl.forges import open_forge
from sigctl.forges.base import Forge, Settings
from sigctl.forges.pagure.names import new_group

pytestmark = pytest.mark.live


@pytest.fixture
def ground(pagure: Any, token: str) -> Iterator[Ground]:
    server, reached = pagure

    def opened(url: str, other: str, stop: threading.Event | None = None) -> Forge:
        seconds = 20 if url else 600
        secret = SecretStr(other or token)
        given = Settings("pagure", "pagure", url or reached.url, secret, max_seconds=seconds, stop=stop)
        return open_forge(given)

    def by_hand(before: Resource | None, after: Resource | None) -> None:
        if isinstance(after, Team) and before is None:
            command = shlex.split(new_group(after.path, KEEPER).partition("`")[2].rstrip("`"))
            assert command.pop(0) == "pagure-admin"
            server.admin(*command, answers="y\n")
        elif isinstance(before, Team) and after is None:
            server.ctl(f"drop-group {before.path}")
        elif isinstance(after, Grant):
            kind = {"team": "group", "person": "user"}[after.subject_kind]
            patterns = ",".join(after.branches or ())
            server.ctl(f"patterns {after.target} {kind} {after.subject_name} {KEEPER} {patterns}")
        elif isinstance(after, Repo):
            server.ctl(f"describe {after.path} {after.description}")

    refused = frozenset(
        {
            "create team",
            "delete team",
            "create grant.branches",
            "update grant.branches",
            "update repo.description",
        }
    )
    forge = opened("", "")
    base = (Org("rpms"),)
    yield Ground(forge, opened, "rpms", ("alice", "member1", "member2"), "sig-", by_hand, refused, base)
    forge.close()


class TestTheContract(Contract):
    pass
