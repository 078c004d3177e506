"""How many requests a large org takes: 1,000 repositories, 40 teams, 400 members, three branch rules each; and a part of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from github_world import ME, ORG, World, world

from sigctl.core.kinds import BranchRule, Grant, Membership, Repo, Team
from sigctl.forges.base import Scope

REPOS, TEAMS, MEMBERS, OF_A_SIG = 1000, 40, 400, 25
PATTERNS = ("c7-sig-virt-*", "c8-sig-virt-*", "c9-sig-virt-*")
LOGINS = tuple(f"member{n}" for n in range(MEMBERS))
PATHS = tuple(f"{ORG}/repo{n}" for n in range(REPOS))

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def fill(w: World, teams_each: int) -> None:
    """Make one repository by the API as sigctl does, and the others like it, straight into the forge's state."""
    w.team("team0")
    w.create(Repo(PATHS[0], description="one", visibility="private"))
    for pattern in PATTERNS:
        w.create(BranchRule(PATHS[0], pattern, push=(f"team:{ORG}/team0",), force=False, delete=False))
    forge = w.sandbox.forges["github"]
    state = forge.state
    with forge.store.transaction():
        org = state.account(ORG)["id"]
        teams = [state.teams.one("slug", (org, "team0"))]
        teams += [
            state.teams.add({**teams[0], "id": 4_000_000 + n, "name": f"team{n}", "slug": f"team{n}"})
            for n in range(1, TEAMS)
        ]
        for number, login in enumerate(LOGINS):
            user = state.account(login)["id"]
            state.join(org, user, "member")
            state.add(state.team_members, team=teams[number % TEAMS]["id"], user=user, role="member")
        first = state.repos.one("name", (org, "repo0"))
        rulesets = state.rulesets.find("repo", first["id"])
        for n in range(REPOS):
            repo = first if n == 0 else state.repos.add({**first, "id": 800_000_000 + n, "name": f"repo{n}"})
            if n:
                state.bare(repo).path.mkdir(parents=True)
                for number, one in enumerate(rulesets):
                    state.rulesets.add({**one, "id": 1_000_000 + n * 10 + number, "repo": repo["id"]})
            for offset in range(teams_each):
                team = teams[(n + offset) % TEAMS]["id"]
                state.add(state.team_repos, team=team, repo=repo["id"], permission="push")


@pytest.fixture(params=[2, 10])
def w(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, logins=LOGINS) as one:
        fill(one, request.param)
        yield one


def test_the_whole_takes_a_hundred_requests_at_most_and_a_part_takes_few(w: World) -> None:
    forge = w.open(w.users[ME]["token"])
    logins = frozenset(LOGINS)
    seen = forge.observe(Scope(orgs=frozenset({ORG}), logins=logins))
    found = Counter(type(one) for one in seen.state.values())
    assert (found[Repo], found[Team], found[Membership]) == (REPOS, TEAMS, MEMBERS + 1)
    assert found[BranchRule] == REPOS * len(PATTERNS)
    assert found[Grant] in (REPOS * 2, REPOS * 10)
    print(f"{seen.reads} requests for the whole")
    assert seen.reads <= 100
    start = len(w.log())
    part = forge.observe(
        Scope(
            orgs=frozenset({ORG}),
            repos=frozenset(PATHS[:OF_A_SIG]),
            teams=frozenset({f"{ORG}/team0", f"{ORG}/team1"}),
            logins=frozenset(LOGINS[:10]),
            narrow=True,
        )
    )
    sent = w.sent(start)
    print(f"{part.reads} requests for {OF_A_SIG} repositories: {dict(sent)}")
    assert sum(isinstance(one, Repo) for one in part.state.values()) == OF_A_SIG
    assert part.reads <= OF_A_SIG + 20, "one of each repository: who is invited to it"
    assert sent["Repositories"] == sent["Rules"] == sent["Collaborators"] == 0
    one = forge.observe(Scope(orgs=frozenset({ORG}), repos=frozenset(PATHS[:1]), narrow=True))
    print(f"{one.reads} requests for one repository")
    assert one.reads <= 15
