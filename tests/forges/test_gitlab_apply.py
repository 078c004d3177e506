"""The law that matters most, on a server: whatever was there, after an apply it is as declared, and a second plan is empty."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from random import Random

import pytest
from gitlab_wire import forge

from sigctl.core.compare import Compared, compare
from sigctl.core.kinds import Grant, Org, Repo, Resource, Team, TeamMember
from sigctl.core.policy import Policy
from sigctl.core.state import Desired, state
from sigctl.executor import Executor
from sigctl.forges.base import Scope
from sigctl.forges.gitlab.forge import GitLab
from sigctl.sandbox import control

PEOPLE = [f"member{n}" for n in range(1, 7)]
CHAIRS = ["chair1", "chair2"]
"""With rights on whole groups; they are in no team and have no repository of their own, which GitLab could not hold apart."""
TOPS = count(1)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gitlab")
    with control.running(folder, forges=("gitlab",), logins=(*PEOPLE, *CHAIRS)) as served:
        yield served


@pytest.fixture
def gitlab(sandbox):
    document = sandbox.document()
    return forge(document["forges"]["gitlab"]["url"], document["forges"]["gitlab"]["token"])


def estate(dice: Random, top: str) -> list[Resource]:
    """Return a declared state of some SIGs: groups, teams with people, repositories, rights of every sort."""
    things: list[Resource] = [Org(top, visibility="public")]
    for sig in dice.sample(["virt", "cloud", "cloudinstance"], dice.randint(1, 3)):
        path = f"{top}/{sig}"
        teams = [f"{path}/groups/{name}" for name in dice.sample(["a", "b", "c"], dice.randint(0, 3))]
        repos = [
            f"{path}/{name}" for name in dice.sample(["xen", "kernel", "libvirt", "qemu"], dice.randint(0, 4))
        ]
        title = dice.choice([None, f"SIG {sig}"])
        things += [Org(path, title=title, visibility="public"), Org(f"{path}/groups", visibility="private")]
        for team in teams:
            things.append(Team(team, title=dice.choice([None, "A Team"])))
            people = dice.sample(PEOPLE, dice.randint(0, 4))
            things += [TeamMember(team, login, dice.choice(["member", "lead"])) for login in people]
        for repo in repos:
            things.append(_repo(dice, repo))
            things += _grants(dice, "repo", repo, teams, PEOPLE)
        things += _grants(dice, "org", path, teams, CHAIRS)
    return things


def _repo(dice: Random, path: str) -> Repo:
    return Repo(
        path,
        description=dice.choice(["", "one", "other"]),
        visibility=dice.choice(["private", "internal", "public"]),
        archived=dice.choice([False, False, True]),
        topics=dice.choice([None, (), ("a", "b")]),
        issues=dice.choice([None, True, False]),
        wiki=dice.choice([None, True, False]),
        squash_merge=dice.choice([None, True, False]),
    )


def _grants(dice: Random, on: str, target: str, teams: list[str], people: list[str]) -> list[Resource]:
    chosen = dice.sample(teams, dice.randint(0, len(teams)))
    given: list[Resource] = [
        Grant(on, target, f"team:{team}", dice.choice(["read", "write", "maintain"]), _end(dice))
        for team in chosen
    ]
    persons = dice.sample(people, dice.randint(0, 2))
    levels = ["read", "triage", "write", "maintain", "admin"]
    return given + [
        Grant(on, target, f"person:{login}", dice.choice(levels), _end(dice)) for login in persons
    ]


def _end(dice: Random) -> str | None:
    return dice.choice([None, "", "2031-01-31", "2032-06-30"])


def planned(gitlab: GitLab, top: str, things: list[Resource]) -> Compared:
    wanted = state(things)
    scope = Scope(
        orgs=frozenset({top}),
        groups=frozenset(key.name for key in wanted if key.kind == "org"),
        teams=_paths(wanted.values(), Team),
        repos=_paths(wanted.values(), Repo),
        logins=frozenset({*PEOPLE, *CHAIRS}),
    )
    desired = Desired(
        "gitlab",
        wanted,
        managed=frozenset(key for key in wanted if key.kind in ("org", "team", "repo")),
        orgs=frozenset({top}),
        undeclared={"repos": "remove", "teams": "remove", "members": "report"},
    )
    return compare(desired, gitlab.observe(scope), gitlab.traits, Policy(max_removals={}))


def _paths(things: Iterable[Resource], kind: type[Team | Repo]) -> frozenset[str]:
    return frozenset(
        path for one in things if isinstance(one, kind) for path in (one.path, *(one.previously or ()))
    )


@pytest.mark.parametrize("seed", range(12))
def test_from_nothing_and_from_anything_else_an_apply_leads_to_what_is_declared(gitlab, seed):
    dice, top = Random(seed), f"top{next(TOPS)}"
    for _ in range(3):
        things = estate(dice, top)
        plan = planned(gitlab, top, things).plan
        outcomes = Executor({"gitlab": gitlab.execute}, jobs={"gitlab": 8}).run(plan.actions)
        assert [
            (one.action.verb, str(one.action.key), one.reason) for one in outcomes if one.status != "done"
        ] == []
        again = planned(gitlab, top, things).plan
        assert [(one.verb, str(one.key), one.changed()) for one in again.actions] == []


def test_an_apply_that_is_cut_off_anywhere_is_finished_by_the_next_one(gitlab, sandbox):
    dice, top = Random(99), f"top{next(TOPS)}"
    things = estate(dice, top)
    for every in (2, 3, 5):
        lost = [
            {"when": {"method": method, "every": every}, "what": {"status": 502, "after": True}}
            for method in ("POST", "PUT")
        ]
        sandbox.faults.replace(lost)
        plan = planned(gitlab, top, things).plan
        Executor({"gitlab": gitlab.execute}, jobs={"gitlab": 1}).run(plan.actions[: len(plan.actions) // 2])
        sandbox.faults.replace([])
    last = planned(gitlab, top, things).plan
    outcomes = Executor({"gitlab": gitlab.execute}, jobs={"gitlab": 8}).run(last.actions)
    assert {one.status for one in outcomes} <= {"done"}
    assert planned(gitlab, top, things).plan.actions == ()


def test_a_change_of_layout_moves_everything_and_deletes_nothing(gitlab):
    top = f"top{next(TOPS)}"

    def layout(repo: str, team: str, older: tuple[str, ...] = ()) -> list[Resource]:
        old_repo, old_team = ((path,) for path in older) if older else (None, None)
        groups = sorted({path.rpartition("/")[0] for path in (repo, team)} | {top})
        return [
            *(Org(path, visibility="public") for path in groups),
            Repo(repo, visibility="public", archived=True, previously=old_repo),
            Team(team, title="Crew", previously=old_team),
            TeamMember(team, "member1", "member"),
            Grant("repo", repo, f"team:{team}", "write"),
            Grant("repo", repo, "person:member2", "read"),
        ]

    first = (f"{top}/virt/xen", f"{top}/virt-groups/team")
    second = (f"{top}/all/virt-xen", f"{top}/teams/virt-team")
    steps = [
        layout(*first),
        layout(*second, older=first),
        layout(*first, older=second),
    ]
    for number, things in enumerate(steps):
        plan = planned(gitlab, top, things).plan
        verbs = {(action.verb, action.kind) for action in plan.actions}
        assert ({("move", "repo"), ("move", "team")} <= verbs) is (number > 0)
        assert not [verb for verb, _ in verbs if verb == "delete"]
        outcomes = Executor({"gitlab": gitlab.execute}, jobs={"gitlab": 8}).run(plan.actions)
        assert [
            (one.action.verb, str(one.action.key), one.reason) for one in outcomes if one.status != "done"
        ] == []
        assert planned(gitlab, top, things).plan.actions == ()
