"""From every drawn config to the next: it converges; nobody can do too much at any moment, nor less than he keeps, unless the plan says so."""

from __future__ import annotations

import estates
import pytest
from ground import Watched, ground, unfinished
from moments import judge, named_moments

from sigctl.sandbox.gitlab.world import PREMIUM

PAIRS = 6


def walk(folder, forge, seeds, tally, *, paid=False):
    """Apply one drawn config after the other."""
    knobs = {"gitlab_tier": PREMIUM} if paid else {}
    stuck, excess, short = [], [], []
    config = estates.write_drawn(folder / "config", seeds[0], paid=paid)
    with ground(folder, config, logins=estates.LOGINS, only=forge, **knobs) as here:
        for seed in seeds:
            estates.write_drawn(folder / "config", seed, paid=paid)
            here.accept()
            here.watched = Watched(here.watched.eyes)
            here.watched.look("the beginning")
            before = here.watched.eyes.rights()
            report = here.apply()
            stuck += [f"{seed}: {one}" for one in unfinished(report)]
            before, after = here.watched.told(before), here.watched.told(here.watched.eyes.rights())
            much, little = judge(here, before | after, before & after, named_moments(report.plan.notes))
            excess += [f"{seed}: {right} after {request}" for right, request in sorted(much.items())]
            short += [f"{seed}: {right} after {request}" for right, request in sorted(little.items())]
    tally("convergence, drawn pairs", len(seeds), stuck)
    tally("no excess, drawn pairs", len(seeds), excess)
    tally("no gap, drawn pairs", len(seeds), short)


@pytest.mark.safety
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(8))
@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_drawn_configs_are_reached_safely_from_each_other(tmp_path, forge, part, tally):
    walk(tmp_path, forge, range(1000 + part * PAIRS, 1000 + (part + 1) * PAIRS), tally)


@pytest.mark.safety
@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(4))
def test_drawn_configs_for_a_paid_tier_are_reached_safely_from_each_other(tmp_path, part, tally):
    walk(tmp_path, "gitlab", range(2000 + part * PAIRS, 2000 + (part + 1) * PAIRS), tally, paid=True)


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_some_drawn_configs_are_reached_safely_from_each_other(tmp_path, forge, tally):
    walk(tmp_path, forge, range(2), tally)
