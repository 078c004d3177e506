"""Storms: three of ten requests fail in every way a request can; what was asked for is done in the end, once, and nothing else."""

from __future__ import annotations

from random import Random

import estates
import pytest
from ground import Watched, ground, unfinished
from moments import judge, named_moments

SHARE = 0.3
REQUESTS = 3000
HASTE = 1.6
"""Seconds that a client waits for an answer in a storm."""
KINDS = {
    "502": {"status": 502, "body": "bad gateway"},
    "502, and it was done": {"status": 502, "body": "bad gateway", "after": True},
    "500": {"status": 500, "body": {"message": "oops"}},
    "429": {"status": 429, "headers": {"retry-after": "1"}, "body": "slow down"},
    "reset": {"reset": True},
    "reset, and it was done": {"reset": True, "after": True},
    "cut": {"cut": 20},
    "slow": {"delay_ms": 500},
    "slower than anybody waits": {"delay_ms": 2500, "status": 504, "body": "gateway timeout"},
    "slower than anybody waits, and it was done": {"delay_ms": 2500, "after": True},
    "nonsense": {"status": 200, "body": "<html>maintenance</html>", "after": True},
}
LIMITED = {"graphql_errors": [{"type": "RATE_LIMITED", "message": "wait"}], "headers": {"retry-after": "1"}}


def storm(seed):
    """Return faults for about a third of all requests, each of a kind drawn with the seed."""
    dice = Random(seed)
    drawn = {kind: [] for kind in KINDS}
    for number in range(1, REQUESTS):
        if dice.random() < SHARE:
            drawn[dice.choice(list(KINDS))].append(number)
    faults = [{"when": {"nth": numbers}, "what": KINDS[kind]} for kind, numbers in drawn.items()]
    return [{"when": {"path": "/graphql$", "forge": "github", "every": 7}, "what": LIMITED}, *faults]


def ride(folder, forge, seed, tally):
    config = estates.write(folder / "config", "one")
    wrong, excess = [], []
    with ground(folder, config, logins=estates.LOGINS, only=forge) as here:
        here.hasty, here.patience = True, HASTE
        for which in ("one", "other"):
            estates.write(folder / "config", which)
            here.watched = Watched(here.watched.eyes)
            here.watched.look("the beginning")
            before = here.watched.eyes.rights()
            here.sandbox.faults.replace(storm(seed))
            rounds = [here.apply() for _ in range(4)]
            here.sandbox.faults.replace([])
            for number, report in enumerate(rounds, start=1):
                if report.exit_code == 0 and report.remaining is not None and report.remaining.actions:
                    wrong.append(f"{which}, round {number}: said to be done, and is not")
            here.patience = 30.0  # a busy machine is no storm
            calm = here.apply()
            here.patience = HASTE
            wrong += [f"{which}, after the storm: {one}" for one in unfinished(calm)]
            before, after = here.watched.told(before), here.watched.told(here.watched.eyes.rights())
            named = named_moments(tuple(note for report in (*rounds, calm) for note in report.plan.notes))
            much, _ = judge(here, before | after, frozenset(), named)
            excess += [f"{which}: {right} after {request}" for right, request in sorted(much.items())[:10]]
        census = here.census()
    tally("storm, applies", 10, wrong)
    tally("no excess, in storms", here.watched.moments, excess)
    return census


@pytest.mark.safety
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_a_storm_ends_with_what_was_asked_for_and_nothing_twice(tmp_path, forge, seed, tally):
    stormy = ride(tmp_path, forge, seed, tally)
    with ground(
        tmp_path / "calm",
        estates.write(tmp_path / "calm" / "config", "one"),
        logins=estates.LOGINS,
        only=forge,
    ) as here:
        here.apply()
        estates.write(tmp_path / "calm" / "config", "other")
        here.apply()
        tally("storm, nothing made twice", 1, sorted(set(stormy.items()) ^ set(here.census().items())))
