"""The one issue for a SIG on a real Pagure: opened once, changed, closed, opened again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from pagure.accounts import KEEPER
from pydantic import SecretStr

from sigctl.core.kinds import Repo
from sigctl.core.plan import Action
from sigctl.forges import open_forge
from sigctl.forges.base import Settings
from sigctl.forges.telling import HasTickets, TellsEvents, Ticket

pytestmark = pytest.mark.live
MARK = "<!-- sigctl:drift:virt -->"
REPO = "rpms/drift-tickets"


@pytest.fixture
def forge(pagure: Any) -> Iterator[Any]:
    server, reached = pagure
    token = server.ctl(f"token {KEEPER} all")[0].split()[2]
    found = open_forge(Settings("git.centos.org", "pagure", reached.url, SecretStr(token)))
    found.execute(Action("git.centos.org", "create", None, Repo(REPO, description="tickets")))
    requests.post(
        f"{reached.url}/api/0/{REPO}/options/update",
        data={"issue_tracker": "true"},
        headers={"Authorization": f"token {token}"},
        timeout=60,
    )
    yield found
    found.close()


def test_a_ticket_is_opened_once_changed_closed_and_opened_again(forge: Any, pagure: Any) -> None:
    assert isinstance(forge, HasTickets)
    assert not isinstance(forge, TellsEvents), "Pagure has no log that tells who changed a project"
    first, second = Ticket("drift", f"{MARK}\none thing"), Ticket("drift: more", f"{MARK}\ntwo things")
    assert forge.ticket(REPO, MARK, None) == ("none", "")
    done = [forge.ticket(REPO, MARK, one)[0] for one in (first, first, second, None, None, first)]
    assert done == ["opened", "unchanged", "changed", "closed", "none", "opened"]
    rows = requests.get(f"{pagure[1].url}/api/0/{REPO}/issues", params={"status": "all"}, timeout=60).json()[
        "issues"
    ]
    assert [(one["title"], one["status"], one["content"]) for one in rows] == [("drift", "Open", first.text)]
    assert [one["comment"] for one in rows[0]["comments"] if MARK in one["comment"]] == [
        second.text,
        first.text,
    ]
