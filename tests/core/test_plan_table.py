"""What identifies an action, whom desired state speaks of, and how many removals a limit lets pass."""

from __future__ import annotations

import pytest

from sigctl.core.kinds import BranchRule, Grant, Membership, Repo, TeamMember
from sigctl.core.plan import Action
from sigctl.core.policy import Limit
from sigctl.core.state import Desired, state


def test_an_action_has_the_id_that_plans_written_before_have_for_it():
    described = Action("hub", "update", Repo("G/r"), Repo("G/r", "für alle"))
    assert described.id == "f3c4694ced84"


@pytest.mark.parametrize("pins", [{}, {"pinned": 7}])
def test_desired_state_speaks_of_everybody_who_has_a_right_or_a_place_or_a_pin(pins):
    facts = [
        Grant("repo", "G/r", "person:granted", "write"),
        Grant("repo", "G/r", "team:G/t", "write"),
        TeamMember("G/t", "placed"),
        Membership("G", "member"),
        BranchRule("G/r", "c7", push=("person:named",)),
        Repo("G/r"),
    ]
    assert Desired("f", state(facts), pins=pins).logins() == {"granted", "placed", "member", *pins}


@pytest.mark.parametrize(
    ("limit", "population", "most"),
    [
        (Limit(number=4), 100, 4),
        (Limit(number=0, percent=50), 100, 0),
        (Limit(), 100, 100),
        (Limit(percent=50), 100, 50),
        (Limit(percent=10), 19, 3),
        (Limit(percent=10), 49, 4),
        (Limit(percent=50), 10, 5),
        (Limit(percent=50), 9, 9),
        (Limit(percent=0, floor=0), 30, 0),
        (Limit(percent=50, of_at_least=30), 29, 29),
    ],
)
def test_a_limit_lets_so_many_removals_pass(limit, population, most):
    assert limit.ceiling(population) == most
    assert limit.allows(most, population)
    assert not limit.allows(most + 1, population)
