"""Reads grow with pages, not with repositories."""

from __future__ import annotations

import re

import pytest

GROUPS = 18
"""Groups and teams of the world, and no more: none of them comes with a repository."""


def grow(world, count):
    """Declare that many more repositories in the Cloud SIG."""
    lines = "".join(f"  extra-{n}: {{description: Number {n}}}\n" for n in range(count))
    world.edit("sigs.d/cloud.yaml", "repos:\n", f"repos:\n{lines}")


def reads_of_a_quiet_plan(world, forge):
    before = len(world.exchanges)
    result = world.ok("plan", "--format", "json", "--forge", forge).json
    assert result["actions"] == []
    sent = world.exchanges[before:]
    assert result["cost"]["reads"] == len(sent), "the plan says what it cost"
    # GitLab tells the invitations of one group at a time, and a team is a group
    invitations = [one.path for one in sent if re.match(r"/api/v4/groups/.*/invitations", one.path)]
    assert len(invitations) == len(set(invitations)) <= GROUPS, "each once"
    return len(sent) - len(invitations)


@pytest.mark.parametrize("forge", ["github", "git.centos.org"])
def test_a_plan_costs_no_more_for_ten_times_the_repositories(world, forge):
    world.ok("apply", "--yes", "--forge", forge)
    few = reads_of_a_quiet_plan(world, forge)
    grow(world, 190)
    world.ok("apply", "--yes", "--forge", forge)
    many = reads_of_a_quiet_plan(world, forge)
    assert few <= 25
    assert many <= few + 12, f"{few} requests before, {many} with 190 repositories more"
