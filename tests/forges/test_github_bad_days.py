"""Bad days, a line of the table each: what goes wrong between a plan and its end, and what must have become of it then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from github_world import ME, ORG, World, world
from test_github_traps import names_in

from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Repo, Resource, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.errors import ForgeError, NotThereError, RefusedError
from sigctl.executor import Executor
from sigctl.forges.github import documents

OTHER = "CentOS-virt"
XEN, NEW, VIRT = f"{ORG}/xen", f"{ORG}/xen-new", f"{ORG}/virt"
SETTINGS = Repo(XEN, description="Xen", visibility="private", archived=False, topics=("xen",))


HERE, FAULTS, APP = (
    "forges/test_github_bad_days.py",
    "forges/test_github_faults.py",
    "forges/test_github_app.py",
)
READ_AGAIN = f"{FAULTS}::test_a_read_that_fails_once_is_read_again_and_nothing_is_lost"
MOVED = f"{HERE}::test_a_repository_that_somebody_moved_away_meanwhile_is_not_changed_where_it_is_now"
BAD_DAYS: dict[str, list[str]] = {
    "a secondary limit, with a time and without": [
        READ_AGAIN,
        f"{FAULTS}::test_a_limit_on_making_things_is_waited_out",
        f"{HERE}::test_a_limit_met_by_a_write_is_waited_out_and_the_write_is_done_once",
    ],
    "429": [READ_AGAIN, f"{FAULTS}::test_retry_after_is_waited_to_the_second", f"{FAULTS}::test_what_can_be_sent_twice_is_sent_again"],
    "the hour's points are used up": [f"{HERE}::test_the_reset_of_the_hour_is_waited_for_to_the_second"],
    "502 after a create took effect": [
        f"{FAULTS}::test_a_repository_whose_making_was_lost_is_made_once",
        f"{FAULTS}::test_a_team_whose_making_was_lost_is_made_once_and_without_its_maker",
        f"{FAULTS}::test_a_rename_and_a_transfer_whose_answer_was_lost_happen_once",
        f"{FAULTS}::test_an_invitation_whose_answer_was_lost_is_one_invitation_and_counts_once",
        f"{FAULTS}::test_an_archive_whose_answer_was_lost_is_no_failure",
        "forges/test_github_rulesets.py::test_a_rule_whose_making_was_lost_is_made_once",
    ],
    "RATE_LIMITED inside a 200": [READ_AGAIN, "forges/test_github_failures.py::test_a_limit_in_a_200_takes_its_time_from_the_headers"],
    "RESOURCE_LIMITS_EXCEEDED inside a 200": [
        "forges/test_github_observe.py::test_a_server_that_wants_smaller_pages_gets_them",
        f"{HERE}::test_named_things_that_are_too_much_at_once_are_asked_for_in_halves",
        f"{HERE}::test_further_pages_that_are_too_much_at_once_are_asked_for_in_halves",
        f"{HERE}::test_one_thing_that_is_too_much_by_itself_is_a_failed_read",
    ],
    "cut JSON, a reset connection": [READ_AGAIN, f"{FAULTS}::test_a_rest_read_that_fails_once_is_read_again"],
    "a token that ends in the middle": [
        f"{FAULTS}::test_a_token_that_ends_in_the_middle_is_denied_and_says_so",
        f"{APP}::test_a_token_that_ends_in_the_middle_is_replaced_once_and_the_write_is_done_once",
    ],
    "a repository deleted, renamed, archived or transferred meanwhile": [
        MOVED,
        f"{HERE}::test_taking_a_right_away_where_the_repository_has_gone_reaches_nothing_else",
        f"{HERE}::test_deleting_a_repository_that_was_renamed_meanwhile_deletes_nothing",
    ],
    "a slug that is taken": [
        f"{HERE}::test_a_team_that_somebody_made_meanwhile_is_not_taken_over",
        f"{HERE}::test_a_team_is_not_renamed_onto_a_slug_that_is_taken",
    ],
    "a person renamed, suspended or gone": [f"{HERE}::test_one_person_in_trouble_stops_nobody_else"],
    "no seat left": [f"{HERE}::test_the_seat_limit_is_said_with_the_way_out_and_the_rest_goes_on"],
    "no invitation left for today": [
        "forges/test_github_invitations.py::test_invitations_stop_at_the_day_s_number_and_the_rest_waits",
        "scenarios/test_github_ways.py::test_invitations_of_another_day_are_told_and_made_by_the_next_run",
    ],
}  # fmt: skip


@pytest.mark.parametrize("day", BAD_DAYS)
def test_every_bad_day_has_its_tests(day: str) -> None:
    for one in BAD_DAYS[day]:
        file, _, name = one.partition("::")
        assert name in names_in(file), one


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, orgs=(ORG, OTHER)) as one:
        yield one


def estate(w: World) -> None:
    w.join("member1")
    w.create(SETTINGS)
    w.create(Team(VIRT, title="virt"))


CHANGES: dict[str, tuple[Resource | None, Resource | None]] = {
    "its settings": (SETTINGS, replace(SETTINGS, description="other")),
    "its topics": (SETTINGS, replace(SETTINGS, topics=("virt",))),
    "a team's grant": (None, Grant("repo", XEN, f"team:{VIRT}", "admin")),
    "a member's grant": (None, Grant("repo", XEN, "person:member1", "admin")),
    "an invitation": (None, Grant("repo", XEN, "person:outsider", "admin")),
    "a branch rule": (None, BranchRule(XEN, "c7-*", push=(f"team:{VIRT}",), force=False, delete=False)),
}


def deleted(w: World) -> None:
    w.api("DELETE", f"/repos/{XEN}")


def renamed(w: World) -> None:
    w.api("PATCH", f"/repos/{XEN}", {"name": "xen-new"})


def archived(w: World) -> None:
    w.api("PATCH", f"/repos/{XEN}", {"archived": True})


def transferred(w: World) -> None:
    w.api("POST", f"/repos/{XEN}/transfer", {"new_owner": OTHER})
    for _ in range(3):
        w.api("GET", f"/orgs/{OTHER}")
    assert w.api("GET", f"/repos/{OTHER}/xen")["full_name"] == f"{OTHER}/xen"


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("happened", [deleted, renamed, archived, transferred], ids=lambda f: f.__name__)
def test_a_repository_that_somebody_moved_away_meanwhile_is_not_changed_where_it_is_now(
    w: World, happened: Callable[[World], None], change: str
) -> None:
    estate(w)
    happened(w)
    before = w.observe(orgs=(ORG, OTHER), thorough=True).state
    first, then = CHANGES[change]
    with pytest.raises(NotThereError if happened is deleted else RefusedError) as caught:
        w.do("create" if first is None else "update", first, then)
    assert caught.value.hint
    assert w.observe(orgs=(ORG, OTHER), thorough=True).state == before


@pytest.mark.parametrize("happened", [deleted, renamed, transferred], ids=lambda f: f.__name__)
def test_taking_a_right_away_where_the_repository_has_gone_reaches_nothing_else(
    w: World, happened: Callable[[World], None]
) -> None:
    estate(w)
    grant = Grant("repo", XEN, "person:member1", "admin")
    w.create(grant)
    happened(w)
    before = w.observe(orgs=(ORG, OTHER)).state
    if happened is deleted:
        assert w.do("delete", grant, None) == ""
    else:
        with pytest.raises(RefusedError, match="renamed or moved"):
            w.do("delete", grant, None)
    assert w.observe(orgs=(ORG, OTHER)).state == before


def test_deleting_a_repository_that_was_renamed_meanwhile_deletes_nothing(w: World) -> None:
    estate(w)
    renamed(w)
    with pytest.raises(RefusedError, match="renamed or moved"):
        w.do("delete", SETTINGS, None)
    assert [one.path for one in w.seen(Repo)] == [NEW]


def test_a_name_that_was_used_again_is_a_new_repository_and_not_the_old_one(w: World) -> None:
    estate(w)
    renamed(w)
    w.repo("xen", visibility="private")
    with pytest.raises(ForgeError):
        w.do("move", SETTINGS, replace(SETTINGS, path=NEW))
    assert {one.path for one in w.seen(Repo)} == {XEN, NEW}


def test_a_team_that_somebody_made_meanwhile_is_not_taken_over(w: World) -> None:
    w.team("virt", description="somebody else's")
    with pytest.raises(RefusedError, match="exists, with other settings") as caught:
        w.create(Team(VIRT, title="virt", description="ours"))
    assert "plan again" in caught.value.hint
    assert [one.description for one in w.seen(Team)] == ["somebody else's"]


def test_a_team_is_not_renamed_onto_a_slug_that_is_taken(w: World) -> None:
    w.team("virt")
    w.team("xen")
    with pytest.raises(RefusedError):
        w.do("move", Team(f"{ORG}/xen"), Team(VIRT))
    assert [one.path for one in w.seen(Team)] == [VIRT, f"{ORG}/xen"]


PLACES = {
    "the org": lambda login: Membership(ORG, login),
    "a team": lambda login: TeamMember(VIRT, login),
    "a repository": lambda login: Grant("repo", XEN, f"person:{login}", "write"),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("trouble", ["renamed", "suspended", "gone"])
def test_one_person_in_trouble_stops_nobody_else(w: World, trouble: str, place: str) -> None:
    estate(w)
    forge = w.sandbox.forges["github"]
    if trouble == "renamed":
        forge.rename_user("member2", "member2-now")
    elif trouble == "suspended":
        forge.suspend_user("member2")
    login = "nobody-at-all" if trouble == "gone" else "member2"
    actions = [Action("github", "create", None, PLACES[place](one)) for one in ("member1", login, "member3")]
    found = Executor({"github": w.forge.execute}, jobs={"github": 2}).run(actions)
    assert [one.status for one in found] == ["done", "failed", "done"]
    assert login in found[1].reason or "suspended" in found[1].reason
    if trouble == "suspended":
        assert "suspended" in found[1].hint


def test_the_seat_limit_is_said_with_the_way_out_and_the_rest_goes_on(w: World) -> None:
    estate(w)
    forge = w.sandbox.forges["github"]
    with forge.store.transaction():
        org = forge.state.account(ORG)
        forge.state.accounts.save(org, seats=3)
    things: list[Resource] = [
        Membership(ORG, "member2"),
        Membership(ORG, "member3"),
        Team(f"{ORG}/cloud", title="cloud"),
    ]
    found = Executor({"github": w.forge.execute}, jobs={"github": 1}).run(
        [Action("github", "create", None, one) for one in things]
    )
    assert [one.status for one in found] == ["done", "failed", "done"]
    assert "seat" in found[1].reason
    assert "free a seat" in found[1].hint


TOO_MUCH = [{"type": "RESOURCE_LIMITS_EXCEEDED", "message": "Resource limits for this query exceeded."}]


def test_named_things_that_are_too_much_at_once_are_asked_for_in_halves(w: World) -> None:
    names = [f"repo{n}" for n in range(6)]
    for name in names:
        w.repo(name)
    w.sandbox.faults.replace([{"when": {"operation": "NamedRepositories", "nth": [1, 2]}, "what": {"graphql_errors": TOO_MUCH, "body": None}}])  # fmt: skip
    found = w.seen(Repo, narrow=True, repos=[f"{ORG}/{name}" for name in names])
    assert [one.path for one in found] == [f"{ORG}/{name}" for name in names]
    assert w.sent()["NamedRepositories"] == 5, "6 refused, 3 refused, 1 and 2, then 3"


def test_further_pages_that_are_too_much_at_once_are_asked_for_in_halves(tmp_path: Path) -> None:
    people = [f"person{n}" for n in range(101)]
    with world(tmp_path, logins=people) as w:
        w.join(*people)
        for team in ("virt", "cloud"):
            w.team(team)
            for login in people:
                w.api("PUT", f"/orgs/{ORG}/teams/{team}/memberships/{login}", {"role": "member"})
        name = documents.follow(documents.INNER_MEMBERS, 1).split("(")[0].split()[-1]
        w.sandbox.faults.replace([{"when": {"operation": name, "nth": 1}, "what": {"graphql_errors": TOO_MUCH, "body": None}}])  # fmt: skip
        assert len(w.seen(TeamMember)) == 202
        assert w.sent()[name] == 3


def test_one_thing_that_is_too_much_by_itself_is_a_failed_read(w: World) -> None:
    w.repo("xen")
    w.sandbox.faults.replace([{"when": {"operation": "NamedRepositories"}, "what": {"graphql_errors": TOO_MUCH, "body": None}}])  # fmt: skip
    found = w.observe(narrow=True, repos=[XEN])
    assert "limits" in found.unread[Key("repo", XEN)].reason
    assert found.unread[Key("repo", XEN)].teams
    assert Key("repo", XEN) not in found.state


def test_a_limit_met_by_a_write_is_waited_out_and_the_write_is_done_once(w: World) -> None:
    limited: dict[str, Any] = {
        "status": 403,
        "body": {"message": "You have exceeded a secondary rate limit."},
    }
    w.sandbox.faults.replace([{"when": {"operation": "repos/create-in-org", "nth": [1, 2]}, "what": limited}])
    w.create(SETTINGS)
    assert w.sent()["repos/create-in-org"] == 3
    assert sum(w.time.slept) == 60.0 + 120.0, "a minute, then twice that, where no time is named"
    assert len(w.seen(Repo)) == 1


def test_the_reset_of_the_hour_is_waited_for_to_the_second(w: World) -> None:
    import time  # noqa: PLC0415  # the header names a second of the real clock

    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 1700)}
    limited = {
        "status": 403,
        "headers": headers,
        "body": {"message": "API rate limit exceeded for user ID 1."},
    }
    w.sandbox.faults.replace([{"when": {"operation": "orgs/get", "nth": 1}, "what": limited}])
    w.observe()
    assert 1690 <= sum(w.time.slept) <= 1702


def test_the_server_s_own_secondary_limit_is_not_met_when_writes_are_paced(tmp_path: Path) -> None:
    from sigctl.forges.base import Limits  # noqa: PLC0415  # only here

    with world(tmp_path, knobs={"creations_a_minute": 5}) as w:
        told: list[str] = []
        forge = w.open(w.users[ME]["token"], limits=Limits(creations_a_minute=5), told=told.append)

        def sleep(seconds: float) -> None:
            w.time.sleep(seconds)
            w.sandbox.clock.advance(seconds)

        forge._session.caller._waiting._sleep = sleep
        begun = len(w.log())
        for number in range(12):
            forge.execute(Action("github", "create", None, Repo(f"{ORG}/repo{number}", visibility="private")))
        assert {one["status"] for one in w.log()[begun:]} == {201}
        assert len([one for one in told if one.endswith("5 creations a minute")]) == 2
