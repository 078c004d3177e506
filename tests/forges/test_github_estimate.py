"""What a plan says that it will cost is what it costs."""

from __future__ import annotations

from pathlib import Path

import pytest
from github_world import ME, ORG, world
from test_github_round import plan, some_world

from sigctl.core.kinds import Membership, Repo, Resource
from sigctl.core.plan import Action
from sigctl.forges.base import Limits
from sigctl.forges.github.estimate import SECONDS_EACH, estimate
from sigctl.forges.github.pacing import CREATE
from sigctl.forges.pacing import HOUR, MINUTE, Daily, Pacing, Quota


@pytest.mark.parametrize("seed", [1, 12, 33])
def test_the_writes_of_a_plan_are_about_as_many_as_it_says(tmp_path: Path, seed: int) -> None:
    with world(tmp_path) as w:
        for step in (seed, seed + 1):
            actions = plan(w, some_world(step))
            told = w.forge.estimate(actions, w.observe().state)
            before = w.forge.requests()[1]
            for action in actions:
                w.forge.execute(action)
            sent = w.forge.requests()[1] - before
            assert told.writes == pytest.approx(sent, rel=0.25, abs=4), f"{told.writes} told, {sent} sent"


def made(count: int) -> list[Action]:
    return [Action("github", "create", None, Repo(f"{ORG}/repo{n}")) for n in range(count)]


def never() -> Daily:
    return Daily(0, lambda: 0.0)


@pytest.mark.parametrize(
    ("count", "pauses"),
    [(80, 0.0), (81, MINUTE - 80 * SECONDS_EACH), (160, MINUTE - 80 * SECONDS_EACH), (500, None)],
)
def test_pauses_are_those_that_the_windows_ask_for(count: int, pauses: float | None) -> None:
    cost = estimate(made(count), {}, Pacing([Quota("creations", 80, MINUTE, "80 a minute")]), never())
    if pauses is None:
        assert cost.seconds == pytest.approx(6 * MINUTE + 20 * SECONDS_EACH, abs=2)
    else:
        assert cost.pauses == pytest.approx(pauses, abs=0.2)
    assert cost.seconds == pytest.approx(count * SECONDS_EACH + cost.pauses, abs=0.2)


def test_a_plan_of_more_than_an_hour_says_so() -> None:
    quotas = [Quota("creations", 80, MINUTE, "80 a minute"), Quota("creations", 500, HOUR, "500 an hour")]
    cost = estimate(made(1100), {}, Pacing(quotas), never())
    assert 2 * HOUR < cost.seconds < 2.1 * HOUR
    assert cost.requests == {"creations": 1100}


def test_reckoning_takes_nothing_from_the_real_windows() -> None:
    pacing = Pacing([Quota("creations", 80, MINUTE, "80 a minute")])
    estimate(made(200), {}, pacing, never())
    assert pacing.book(CREATE, 0.0) is None


def test_invitations_are_counted_by_place_and_those_left_over_told(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.api("PUT", f"/orgs/{ORG}/memberships/member1", {"role": "member"})
        forge = w.open(w.users[ME]["token"], limits=Limits(invitations_a_day=1), wall=w.sandbox.clock.time)
        seen = forge.observe(_scope()).state
        things: list[Resource] = [Membership(ORG, one) for one in ("member2", "member3", "owner")]
        cost = forge.estimate([Action("github", "create", None, one) for one in things], seen)
        assert cost.later == 3, "one was sent today already"
        assert cost.requests == {"creations": 3, "invitations": 3}


def _scope():
    from sigctl.forges.base import Scope  # noqa: PLC0415  # short to say

    return Scope(orgs=frozenset({ORG}))
