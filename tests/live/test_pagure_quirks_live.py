"""What a real Pagure does that a client would not expect, and that the adapter is built around."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from pydantic import SecretStr

from sigctl.core.kinds import Grant, Repo
from sigctl.core.plan import Action
from sigctl.errors import NotThereError, RefusedError
from sigctl.forges.base import Scope, Settings
from sigctl.forges.pagure.forge import Pagure

pytestmark = pytest.mark.live
REPO = Repo("rpms/quirks", description="d")
PLUGIN = "Block non fast-forward pushes"


@pytest.fixture
def forge(pagure: Any, token: str) -> Pagure:
    """An adapter that does not wait between its tries."""
    return Pagure(Settings("pagure", "pagure", pagure[1].url, SecretStr(token)), sleep=lambda _: None)


def test_a_project_that_a_worker_is_busy_with_is_deleted_when_it_is_done(pagure: Any, forge: Pagure) -> None:
    forge.execute(Action("pagure", "create", None, REPO))
    pagure[0].ctl(f"write-lock {REPO.path} on")
    with pytest.raises(RefusedError, match="being refreshed") as caught:
        forge.execute(Action("pagure", "delete", REPO, None))
    assert "still busy" in caught.value.hint
    pagure[0].ctl(f"write-lock {REPO.path} off")
    forge.execute(Action("pagure", "delete", REPO, None))
    assert REPO.key not in forge.observe(Scope(frozenset(), repos=frozenset({REPO.path}), narrow=True)).state


def test_a_plugin_that_was_removed_stays_so_none_is_ever_installed(
    pagure: Any, forge: Pagure, token: str
) -> None:
    forge.execute(Action("pagure", "create", None, REPO))
    base, headers = f"{pagure[1].url}/api/0/{REPO.path}/settings", {"Authorization": f"token {token}"}
    for change in ("install", "remove"):
        done = requests.post(
            f"{base}/{PLUGIN}/{change}", headers=headers, data={"branches": "c7"}, timeout=60
        )
        assert done.ok, done.text
    left = requests.get(f"{base}/plugins", headers=headers, timeout=60).json()
    assert left["plugins"] == [{PLUGIN: {"branches": "c7"}}]
    forge.execute(Action("pagure", "delete", REPO, None))


def test_an_unknown_group_is_not_made_by_giving_it_a_right(forge: Pagure) -> None:
    forge.execute(Action("pagure", "create", None, REPO))
    given = Grant("repo", REPO.path, "team:sig-nowhere", "write", branches=())
    with pytest.raises(NotThereError):
        forge.execute(Action("pagure", "create", None, given))
    forge.execute(Action("pagure", "delete", REPO, None))
