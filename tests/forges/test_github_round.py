"""From any state to any other: after the plan is carried out the next plan is empty, on the real protocol."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from github_world import LOGINS, ME, ORG, World, world

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Org, Repo, Resource, Team, TeamMember
from sigctl.core.levels import LADDER
from sigctl.core.plan import Action
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import Desired, state
from sigctl.forges.base import Scope
from sigctl.forges.github.traits import TRAITS

ANYTHING = Policy(max_removals={"default": Limit(percent=100)})
TEAMS = ("virt", "xen", "core")
REPOS = ("xen", "t_xen", "kernel")


def some_world(seed: int) -> list[Resource]:
    """Return a whole desired org, drawn with the seed: every kind, every level, archived and nested things among them."""
    random = Random(seed)
    teams = random.sample(TEAMS, k=random.randint(1, 3))
    repos = random.sample(REPOS, k=random.randint(1, 3))
    people = random.sample(LOGINS, k=random.randint(1, 4))
    found: list[Resource] = [Org(ORG, base_level=random.choice(["none", "read"]), members_create_repos=False)]
    found += [Membership(ORG, ME, "owner")]
    found += [Membership(ORG, login, random.choice(["owner", "member", "member"])) for login in people]
    for number, name in enumerate(teams):
        parent = f"{ORG}/{teams[0]}" if number and random.random() < 0.5 else ""
        found.append(
            Team(f"{ORG}/{name}", description=random.choice(["", "a team"]), secret=False, parent=parent)
        )
        members = random.sample(people, k=random.randint(0, len(people)))
        found += [TeamMember(f"{ORG}/{name}", login, random.choice(["member", "lead"])) for login in members]
    for name in repos:
        path = f"{ORG}/{name}"
        found.append(
            Repo(
                path,
                description=random.choice(["", "packaging"]),
                visibility=random.choice(["private", "public"]),
                archived=random.random() < 0.3,
                topics=tuple(sorted(random.sample(["centos", "virt", "xen"], k=random.randint(0, 3)))),
                wiki=random.random() < 0.5,
                squash_merge=random.random() < 0.5,
            )
        )
        subjects = [
            *(f"team:{ORG}/{team}" for team in teams),
            "person:outsider",
            *(f"person:{p}" for p in people),
        ]
        chosen = random.sample(subjects, k=random.randint(0, len(subjects)))
        found += [Grant("repo", path, subject, random.choice(LADDER)) for subject in chosen]
        pushers = tuple(
            sorted(f"team:{ORG}/{team}" for team in random.sample(teams, k=random.randint(0, len(teams))))
        )
        patterns = random.sample(["*", "main", "c8-sig-virt-*", "c8-sig-virt"], k=random.randint(0, 3))
        found += [
            BranchRule(
                path,
                pattern,
                push=random.choice([None, pushers, (), (f"person:{people[0]}",)]),
                merge=random.choice([None, pushers]),
                create=random.choice([None, pushers]),
                force=random.choice([None, False, True]),
                delete=random.choice([None, False]),
                reviews=random.choice([None, 0, 2]),
                checks=random.choice([None, (), ("ci",)]),
            )
            for pattern in patterns
        ]
    return found


def plan(w: World, wanted: list[Resource]) -> tuple[Action, ...]:
    things = state(wanted)
    managed = frozenset(key for key in things if key.kind in ("org", "team", "repo"))
    undeclared = {"repos": "remove", "teams": "remove", "members": "remove"}
    desired = Desired("github", things, managed=managed, orgs=frozenset({ORG}), undeclared=undeclared)
    scope = Scope(
        orgs=desired.orgs,
        repos=frozenset(key.name for key in things if key.kind == "repo"),
        person_repos=frozenset(one.target for one in wanted if isinstance(one, Grant)),
        logins=desired.logins(),
    )
    return compare(desired, w.forge.observe(scope), TRAITS, ANYTHING).plan.actions


def apply(w: World, wanted: list[Resource]) -> int:
    actions = plan(w, wanted)
    for action in actions:
        w.forge.execute(action)
    return len(actions)


@pytest.mark.parametrize("seed", range(6))
def test_every_state_is_reached_from_the_one_before_and_the_next_plan_is_empty(
    tmp_path: Path, seed: int
) -> None:
    with world(tmp_path) as w:
        for step in (seed * 10, seed * 10 + 1, seed * 10 + 2):
            wanted = some_world(step)
            assert apply(w, wanted) > 0
            start = len(w.log())
            assert plan(w, wanted) == ()
            assert {one["method"] for one in w.log()[start:] if one["path"] != "/api/graphql"} == {"GET"}


def test_invitations_that_are_accepted_leave_nothing_to_do(tmp_path: Path) -> None:
    wanted: list[Resource] = [
        Org(ORG),
        Membership(ORG, ME, "owner"),
        Membership(ORG, "member1", "member"),
        Team(f"{ORG}/virt"),
        TeamMember(f"{ORG}/virt", "member1", "lead"),
        Repo(f"{ORG}/xen", visibility="public"),
        Grant("repo", f"{ORG}/xen", f"team:{ORG}/virt", "maintain"),
        Grant("repo", f"{ORG}/xen", "person:outsider", "triage"),
    ]
    with world(tmp_path) as w:
        apply(w, wanted)
        assert plan(w, wanted) == ()
        w.api("PATCH", f"/user/memberships/orgs/{ORG}", {"state": "active"}, as_="member1")
        (invitation,) = w.api("GET", "/user/repository_invitations", as_="outsider")
        w.api("PATCH", f"/user/repository_invitations/{invitation['id']}", as_="outsider")
        assert plan(w, wanted) == ()


def test_a_rename_and_what_changes_with_it_is_one_run(tmp_path: Path) -> None:
    before: list[Resource] = [
        Org(ORG),
        Membership(ORG, ME, "owner"),
        Team(f"{ORG}/xen-people"),
        Repo(f"{ORG}/xen4", description="old"),
        Grant("repo", f"{ORG}/xen4", f"team:{ORG}/xen-people", "write"),
    ]
    after: list[Resource] = [
        Org(ORG),
        Membership(ORG, ME, "owner"),
        Team(f"{ORG}/virt", previously=(f"{ORG}/xen-people",)),
        Repo(f"{ORG}/xen", description="new", previously=(f"{ORG}/xen4",)),
        Grant("repo", f"{ORG}/xen", f"team:{ORG}/virt", "write"),
    ]
    with world(tmp_path) as w:
        apply(w, before)
        number = w.api("GET", f"/repos/{ORG}/xen4")["id"]
        verbs = [action.verb for action in plan(w, after)]
        assert sorted(verbs) == ["move", "move", "update"]
        apply(w, after)
        assert plan(w, after) == ()
        assert w.api("GET", f"/repos/{ORG}/xen")["id"] == number


def test_owners_who_read_back_as_leads_are_no_difference(tmp_path: Path) -> None:
    wanted: list[Resource] = [
        Org(ORG),
        Membership(ORG, ME, "owner"),
        Membership(ORG, "owner", "owner"),
        Team(f"{ORG}/virt"),
        TeamMember(f"{ORG}/virt", "owner", "member"),
    ]
    with world(tmp_path) as w:
        w.join("owner", role="admin")
        apply(w, wanted)
        assert w.seen(TeamMember) == [TeamMember(f"{ORG}/virt", "owner", "lead")]
        assert plan(w, wanted) == ()


def test_what_a_child_team_inherits_is_neither_taken_away_nor_granted_again(tmp_path: Path) -> None:
    wanted: list[Resource] = [
        Org(ORG),
        Membership(ORG, ME, "owner"),
        Team(f"{ORG}/virt", secret=False, parent=""),
        Team(f"{ORG}/xen", secret=False, parent=f"{ORG}/virt"),
        Repo(f"{ORG}/kernel"),
        Grant("repo", f"{ORG}/kernel", f"team:{ORG}/virt", "write"),
    ]
    with world(tmp_path) as w:
        apply(w, wanted)
        assert Key("grant", f"repo:{ORG}/kernel:team:{ORG}/xen") in w.observe().state
        assert plan(w, wanted) == ()
        both = [*wanted, replace(wanted[-1], subject=f"team:{ORG}/xen")]  # type: ignore[call-arg]  # it is a Grant
        assert plan(w, both) == ()
