"""What it costs to read a GitLab of a thousand projects whole, counted at the server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from gitlab_wire import forge

from sigctl.core.kinds import BranchRule, Grant, Org, Repo, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.forges.base import Scope
from sigctl.sandbox import control

SIGS, REPOS, PEOPLE = 20, 50, 400
MOST = 120
LOGINS = tuple(f"member{n}" for n in range(PEOPLE))


def estate():
    """Return groups with a team each, people in the teams, and projects with rights and rules."""
    yield Org("top", visibility="public")
    for n in range(SIGS):
        sig, team = f"top/sig{n}", f"top/sig{n}/team"
        yield Org(sig, visibility="public")
        yield Team(team)
        yield Grant("org", sig, f"team:{team}", "write", until="")
        yield from (TeamMember(team, login) for login in LOGINS[n::SIGS])
        yield from (Repo(f"{sig}/repo{m}", visibility="public") for m in range(REPOS))
        yield BranchRule(f"{sig}/repo0", "c7", push=("level:maintain",), create=("level:maintain",))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("tier", [0, 2, 3], ids=["community", "premium", "ultimate"])
def test_a_thousand_projects_in_forty_groups_with_four_hundred_people_cost_at_most_120_requests(
    tmp_path, tier
):
    exchanges = []
    with control.running(
        tmp_path, forges=("gitlab",), logins=LOGINS, observer=exchanges.append, knobs={"gitlab_tier": tier}
    ) as sandbox:
        document = sandbox.document()["forges"]["gitlab"]
        gitlab = forge(document["url"], document["token"])
        every = list(estate())
        for kinds in (Org, Team, Repo, (TeamMember, Grant, BranchRule)):
            with ThreadPoolExecutor(8) as pool:
                made = [one for one in every if isinstance(one, kinds)]
                list(pool.map(lambda one: gitlab.execute(Action("gitlab", "create", None, one)), made))
        scope = Scope(
            frozenset({"top"}),
            groups=frozenset(one.path for one in every if isinstance(one, Org)),
            teams=frozenset(one.path for one in every if isinstance(one, Team)),
            repos=frozenset(one.path for one in every if isinstance(one, Repo)),
            logins=frozenset(LOGINS),
        )
        exchanges.clear()
        observation = gitlab.observe(scope)
    print(f"{len(exchanges)} requests")
    assert observation.reads == len(exchanges) <= MOST
    seen = observation.state.values()
    counts = {
        kind: sum(isinstance(one, kind) for one in seen) for kind in (Repo, Team, TeamMember, BranchRule)
    }
    assert counts == {Repo: SIGS * REPOS, Team: SIGS, TeamMember: PEOPLE, BranchRule: SIGS}
