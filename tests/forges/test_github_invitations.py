"""Invitations: so many a day, at most one a day for each person, and found where nobody asks for them any more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from github_world import ME, ORG, World, world

from sigctl.core.kinds import Grant, Membership, Resource, TeamMember
from sigctl.core.plan import Action
from sigctl.errors import LaterError
from sigctl.executor import Executor
from sigctl.forges.base import Limits
from sigctl.forges.github.forge import GitHub
from sigctl.report.outcome import Outcome

PEOPLE = tuple(f"person{n}" for n in range(8))
XEN = f"{ORG}/xen"
DAY = 24 * 3600


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, logins=PEOPLE) as one:
        yield one


def strict(w: World, most: int = 3) -> GitHub:
    """Return a forge that keeps to so many invitations a day, on the sandbox's clock."""
    limits = Limits(invitations_a_day=most)
    return w.open(w.users[ME]["token"], limits=limits, wall=w.sandbox.clock.time)


def run(forge: GitHub, *resources: Resource) -> list[Outcome]:
    actions = [Action("github", "create", None, one) for one in resources]
    return Executor({"github": forge.execute}, jobs={"github": 1}).run(actions)


def statuses(outcomes: list[Outcome]) -> list[str]:
    return [one.status for one in outcomes]


def test_invitations_stop_at_the_day_s_number_and_the_rest_waits(w: World) -> None:
    forge = strict(w)
    found = run(forge, *(Membership(ORG, login) for login in PEOPLE[:5]))
    assert statuses(found) == ["done"] * 3 + ["later"] * 2
    tomorrow = datetime.fromtimestamp(w.sandbox.clock.time(), UTC) + timedelta(days=1)
    assert f"{tomorrow:%Y-%m-%d}" in found[3].reason
    assert f"no more invitations to {ORG} for today" in found[3].reason
    assert w.sent()["orgs/set-membership-for-user"] == 3, "what would be refused is not sent"


def test_the_next_day_s_run_goes_on_where_this_one_ended(w: World) -> None:
    run(strict(w), *(Membership(ORG, login) for login in PEOPLE[:5]))
    w.sandbox.clock.advance(DAY + 60)
    forge = strict(w)
    forge.observe(_scope())
    found = run(forge, *(Membership(ORG, login) for login in PEOPLE[3:5]))
    assert statuses(found) == ["done", "done"]


def test_what_an_earlier_run_or_others_sent_today_counts(w: World) -> None:
    for login in PEOPLE[:2]:
        w.api("PUT", f"/orgs/{ORG}/memberships/{login}", {"role": "member"})
    forge = strict(w)
    forge.observe(_scope())
    assert statuses(run(forge, *(Membership(ORG, one) for one in PEOPLE[2:5]))) == ["done", "later", "later"]


def test_who_is_in_the_org_needs_no_invitation_and_does_not_wait(w: World) -> None:
    w.join("person6", "person7")
    w.repo("xen")
    w.team("virt")
    forge = strict(w, 1)
    things: list[Resource] = [
        Membership(ORG, "person0"),
        Membership(ORG, "person1"),
        TeamMember(f"{ORG}/virt", "person0"),
        TeamMember(f"{ORG}/virt", "person6"),
        Grant("repo", XEN, "person:person6", "triage"),
        Grant("repo", XEN, "person:person2", "triage"),
        Grant("repo", XEN, "person:person3", "triage"),
        Grant("repo", XEN, "person:person7", "triage"),
    ]
    assert statuses(run(forge, *things)) == [
        "done", "later", "done", "done", "done", "done", "later", "done",
    ]  # fmt: skip


def test_changing_an_invitation_takes_none_of_the_day_s_number(w: World) -> None:
    forge = strict(w, 1)
    run(forge, Membership(ORG, "person0"))
    for role in ("owner", "member", "owner"):
        forge.execute(
            Action("github", "update", Membership(ORG, "person0"), Membership(ORG, "person0", role))
        )
    assert [m.role for m in w.seen(Membership) if m.login == "person0"] == ["owner"]


@pytest.mark.parametrize("kind", ["org", "repo"])
def test_the_server_s_own_count_is_the_one_that_holds(tmp_path: Path, kind: str) -> None:
    with world(tmp_path, logins=PEOPLE, knobs={"invitations_a_day": 2}) as w:
        w.repo("xen")
        things: list[Resource] = [
            Membership(ORG, one) if kind == "org" else Grant("repo", XEN, f"person:{one}", "read")
            for one in PEOPLE[:5]
        ]
        found = run(strict(w, 50), *things)
        assert statuses(found) == ["done", "done", "later", "later", "later"]
        name = "orgs/set-membership-for-user" if kind == "org" else "repos/add-collaborator"
        assert w.sent()[name] == 3, "asked once more than allowed, then not again"


def test_without_a_limit_everybody_is_invited(w: World) -> None:
    forge = w.open(w.users[ME]["token"])
    assert set(statuses(run(forge, *(Membership(ORG, one) for one in PEOPLE)))) == {"done"}


def test_an_old_or_paying_org_may_invite_more(w: World) -> None:
    forge = GitHub(w.forge._settings, sleep=w.time.sleep, clock=w.time.clock, wall=w.sandbox.clock.time)
    daily = forge._session.invitations
    daily._most = 50
    forge.observe(_scope())
    assert daily.left(ORG) == 50
    w.sandbox.clock.advance(32 * DAY)
    forge.observe(_scope())
    assert daily.left(ORG) == 500
    forge.close()


def test_the_plan_says_what_is_left_over_for_another_day(w: World) -> None:
    forge = strict(w)
    seen = forge.observe(_scope()).state
    actions = [Action("github", "create", None, Membership(ORG, one)) for one in PEOPLE]
    cost = forge.estimate(actions, seen)
    assert (cost.later, cost.requests["invitations"]) == (5, 8)
    assert cost.writes == 8


def _scope(*logins: str, **more: Any) -> Any:
    from sigctl.forges.base import Scope  # noqa: PLC0415  # short to say

    return Scope(orgs=frozenset({ORG}), logins=frozenset(logins), **more)


def test_whoever_declined_is_not_invited_again_before_a_day_has_passed(w: World) -> None:
    forge = strict(w)
    run(forge, Membership(ORG, "person0"))
    w.sandbox.forges["github"].decline(ORG, "person0")
    account = forge.observe(_scope("person0")).accounts["person0"]
    assert account.status == "declined"
    assert "declined the invitation" in account.reason
    w.sandbox.clock.advance(DAY + 60)
    assert forge.observe(_scope("person0")).accounts["person0"].status == "active"


def test_whoever_declined_and_was_invited_again_by_hand_is_as_any_other(w: World) -> None:
    forge = strict(w)
    run(forge, Membership(ORG, "person0"))
    w.sandbox.forges["github"].decline(ORG, "person0")
    w.api("PUT", f"/orgs/{ORG}/memberships/person0", {"role": "member"})
    assert forge.observe(_scope("person0")).accounts["person0"].status == "active"
    w.api("PATCH", f"/user/memberships/orgs/{ORG}", {"state": "active"}, as_="person0")
    assert forge.observe(_scope("person0")).accounts["person0"].status == "active"


def test_an_invitation_that_expired_after_its_week_is_made_anew_at_once(w: World) -> None:
    forge = strict(w)
    run(forge, Membership(ORG, "person0"))
    w.sandbox.clock.advance(8 * DAY)
    assert forge.observe(_scope("person0")).accounts["person0"].status == "active"
    assert statuses(run(forge, Membership(ORG, "person0"))) == ["done"]


def test_an_invitation_to_the_org_is_withdrawn_and_the_withdrawn_one_is_not_a_failed_one(w: World) -> None:
    forge = strict(w)
    run(forge, Membership(ORG, "person0"))
    forge.execute(Action("github", "delete", Membership(ORG, "person0", state="invited"), None))
    observed = forge.observe(_scope("person0"))
    assert [
        one for one in observed.state.values() if isinstance(one, Membership) and one.login == "person0"
    ] == []
    assert observed.accounts["person0"].status == "active"


def test_a_waiting_invitation_that_no_file_asks_for_is_found_by_a_thorough_read(w: World) -> None:
    w.repo("xen")
    w.repo("kernel")
    w.api("PUT", f"/repos/{XEN}/collaborators/person0", {"permission": "admin"})
    start = len(w.log())
    assert w.seen(Grant) == []
    assert w.sent(start)["repos/list-invitations"] == 0
    start = len(w.log())
    found = [one for one in w.forge.observe(_scope(thorough=True)).state.values() if isinstance(one, Grant)]
    assert found == [Grant("repo", XEN, "person:person0", "admin", state="invited")]
    assert w.sent(start)["repos/list-invitations"] == 2
    w.do("delete", found[0], None)
    assert not [
        one for one in w.forge.observe(_scope(thorough=True)).state.values() if isinstance(one, Grant)
    ]
    assert w.api("GET", "/user/repository_invitations", as_="person0") == []


def test_a_later_error_names_a_time_that_people_can_read(w: World) -> None:
    forge = w.open(w.users[ME]["token"], limits=Limits(invitations_a_day=1), wall=lambda: time.mktime((2026, 11, 22, 12, 0, 0, 0, 0, 0)))  # fmt: skip
    run(forge, Membership(ORG, "person0"))
    with pytest.raises(LaterError, match=r"from 2026-11-23 \d\d:\d\d UTC"):
        forge.execute(Action("github", "create", None, Membership(ORG, "person1")))
