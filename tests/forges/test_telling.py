"""Tickets, and who did what, on the embedded forges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from sigctl.core.kinds import Grant, Key, Org, Repo
from sigctl.core.plan import Action
from sigctl.errors import DeniedError, NotThereError
from sigctl.forges import open_forge
from sigctl.forges.base import Forge, Settings
from sigctl.forges.telling import HasTickets, TellsEvents, Ticket
from sigctl.sandbox import control

MARK = "<!-- sigctl:drift:virt -->"
ORG = {"github": "CentOS", "gitlab": "project"}


@pytest.fixture(scope="module", params=[True, False], ids=["paid", "free"])
def paid(request: pytest.FixtureRequest) -> Any:
    return bool(request.param)


@pytest.fixture(scope="module")
def sandbox(paid: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    knobs = {"github_enterprise": int(paid), "gitlab_premium": int(paid)}
    folder = tmp_path_factory.mktemp("telling")
    with control.running(folder, logins=("member1", "member2"), knobs=knobs) as found:
        yield found


@pytest.fixture(params=["github", "gitlab"])
def type_(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def opened(sandbox: Any, type_: str, login: str = "") -> Forge:
    document = sandbox.document()
    token = document["users"][login]["token"] if login else document["forges"][type_]["token"]
    return open_forge(Settings(type_, type_, document["forges"][type_]["url"], SecretStr(token)))


@pytest.fixture
def forge(sandbox: Any, type_: str) -> Iterator[Forge]:
    found = opened(sandbox, type_)
    org = ORG[type_]
    if type_ == "gitlab":
        found.execute(Action(type_, "create", None, Org(org, visibility="public")))
    found.execute(Action(type_, "create", None, Repo(f"{org}/told", visibility="public")))
    yield found
    found.close()


def issues(sandbox: Any, type_: str) -> list[Any]:
    return list(sandbox.forges[type_].store.collection("issues"))


def test_a_ticket_is_opened_once_changed_closed_and_opened_again(
    sandbox: Any, forge: Forge, type_: str, paid: Any
) -> None:
    assert isinstance(forge, HasTickets)
    repo = f"{ORG[type_]}/told"
    first, second = Ticket("drift", f"{MARK}\none thing"), Ticket("drift", f"{MARK}\ntwo things")
    assert forge.ticket(repo, MARK, None) == ("none", "")
    done = [forge.ticket(repo, MARK, one)[0] for one in (first, first, second, None, None, first)]
    assert done == ["opened", "unchanged", "changed", "closed", "none", "opened"]
    assert [one["title"] for one in issues(sandbox, type_)].count("drift") == 1
    assert forge.ticket(repo, "<!-- sigctl:drift:cloud -->", None) == ("none", "")


def test_a_ticket_that_somebody_else_wrote_is_never_taken_for_ours(
    sandbox: Any, forge: Forge, type_: str
) -> None:
    assert isinstance(forge, HasTickets)
    other = opened(sandbox, type_, "outsider")
    assert isinstance(other, HasTickets)
    mark = "<!-- sigctl:drift:core -->"
    other.ticket(f"{ORG[type_]}/told", mark, Ticket("mine", f"{mark}\nclose me"))
    other.close()
    assert forge.ticket(f"{ORG[type_]}/told", mark, None) == ("none", "")


def test_the_log_says_who_gave_himself_rights(sandbox: Any, forge: Forge, type_: str, paid: Any) -> None:
    assert isinstance(forge, TellsEvents)
    repo = f"{ORG[type_]}/told"
    grant = Grant("repo", repo, "person:member2", "read")
    _let_in(sandbox, forge, type_)
    other = opened(sandbox, type_, "member1")
    other.execute(Action(type_, "create", None, grant))
    other.close()
    forge.execute(Action(type_, "create", None, Grant("repo", repo, "person:outsider", "read")))
    keys = [grant.key, Key("grant", f"repo:{repo}:person:outsider")]
    if not paid:
        with pytest.raises((DeniedError, NotThereError), match="can't be read"):
            forge.events(keys, "2020-01-01T00:00:00+00:00")
        return
    found = [one for one in forge.events(keys, "2020-01-01T00:00:00+00:00") if one.touches(grant.key)]
    assert {one.who for one in found} == {"member1"}
    assert found[0].when > "2020"
    assert not [one for one in forge.events(keys, "2020-01-01T00:00:00+00:00") if one.about == "outsider"], (
        "what we did ourselves is no news"
    )


def _let_in(sandbox: Any, forge: Forge, type_: str) -> None:
    if type_ == "github":
        state = sandbox.forges["github"].state
        member, org = state.account("member1"), state.account("CentOS")
        if state.role(org["id"], member["id"]) is None:
            with state.store.transaction():
                state.join(org["id"], member["id"], "admin")
    else:
        forge.execute(Action(type_, "create", None, Grant("org", "project", "person:member1", "admin")))


def test_an_invitation_that_nobody_accepted_is_told(sandbox: Any) -> None:
    from sigctl.core.kinds import Membership  # noqa: PLC0415

    forge = opened(sandbox, "github")
    assert isinstance(forge, TellsEvents)
    member = Membership("CentOS", "outsider")
    forge.execute(Action("github", "create", None, member))
    sandbox.clock.advance(8 * 86_400)
    found = [one for one in forge.events([member.key], "2020-01-01") if one.expired]
    forge.close()
    assert [(one.place, one.about) for one in found] == [("CentOS", "outsider")]
