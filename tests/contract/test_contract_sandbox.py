"""The adapters for GitHub and GitLab keep the contract on the embedded forges."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from contract import Contract, Ground, PaidContract
from pydantic import SecretStr

from sigctl.core.kinds import Membership, Org
from sigctl.core.plan import Action
from sigctl.forges import open_forge
from sigctl.forges.base import Forge, Settings
from sigctl.sandbox import control

PEOPLE = ("member1", "member2", "member3")


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder: Path = tmp_path_factory.mktemp("contract")
    with control.running(folder, logins=PEOPLE) as sandbox:
        yield sandbox.document()["forges"]


@pytest.fixture(params=["github", "gitlab"])
def ground(request: pytest.FixtureRequest, document: Any) -> Iterator[Ground]:
    yield from _grounds(request.param, document)


@pytest.fixture
def paid(tmp_path: Path) -> Iterator[Ground]:
    with control.running(tmp_path, logins=PEOPLE, forges=("gitlab",), knobs={"gitlab_premium": 1}) as sandbox:
        yield from _grounds("gitlab", sandbox.document()["forges"])


def _grounds(type_: str, document: Any) -> Iterator[Ground]:
    def opened(url: str, token: str, stop: threading.Event | None = None) -> Forge:
        usual = document[type_]
        given = Settings(
            type_,
            type_,
            url or usual["url"],
            SecretStr(token or usual["token"]),
            max_seconds=20 if url else 600,
            patience=0.1 if url else 6.0,
            stop=stop,
        )
        return open_forge(given)

    forge = opened("", "")
    found = _github(forge, opened) if type_ == "github" else _gitlab(forge, opened)
    here = forge.observe(found.scope(())).state
    for one in found.base:
        if one.key not in here:
            forge.execute(Action(type_, "create", None, one))
        elif one.changes(here[one.key]):
            forge.execute(Action(type_, "update", here[one.key], one.over(here[one.key])))
    yield found
    forge.close()


def _github(forge: Forge, opened: Any) -> Ground:
    base = (Org("CentOS", deploy_keys=True), *(Membership("CentOS", login) for login in PEOPLE))
    return Ground(forge, opened, "CentOS", PEOPLE, "CentOS/", base=base)


def _gitlab(forge: Forge, opened: Any) -> Ground:
    return Ground(forge, opened, "project", PEOPLE, "project/", base=(Org("project", visibility="public"),))


class TestTheContract(Contract):
    pass


class TestTheTiers(PaidContract):
    @pytest.fixture
    def ground(self, document: Any) -> Iterator[Ground]:
        yield from _grounds("gitlab", document)
