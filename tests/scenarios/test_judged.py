"""The main job and its bad days once more, with GitHub's own description looking at every request and every answer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from test_main_job import tamper_level

sys.path.insert(0, str(Path(__file__).parents[1] / "judges"))

import github_openapi

pytestmark = pytest.mark.judge


def test_everything_that_goes_over_the_wire_is_as_github_describes_it(world, sources):
    world.ok("apply", "--yes", mirror=True)
    world.ok("plan", "--detailed-exitcode", mirror=True)
    tamper_level(world)
    world.ok("drift", code=2)
    world.ok("apply", "--yes")
    world.edit("sigs.d/virt.yaml", "      - jonludlam\n", "")
    world.edit("sigs.d/virt.yaml", "    access: {contributors: maintain}\n", "")
    world.edit(
        "sigs.d/virt.yaml", "description: SeaBIOS packaging for Xen", "description: SeaBIOS for Xen guests"
    )
    world.ok("apply", "--yes")
    world.ok("plan", "--detailed-exitcode")
    world.run("doctor")
    judged = [exchange for exchange in world.exchanges if exchange.forge == "github"]
    found = [text for exchange in judged for text in github_openapi.complaints(exchange)]
    assert found == []
    assert len(judged) > 200


def test_answers_to_what_may_not_be_done_are_as_github_describes_them(world, monkeypatch):
    monkeypatch.setenv("SIGCTL_GITHUB_TOKEN", "ghp_wrong")
    world.run("plan", "--forge", "github")
    monkeypatch.setenv("SIGCTL_GITHUB_TOKEN", world.sandbox.document()["users"]["gwd"]["token"])
    assert world.run("apply", "--yes", "--forge", "github").code != 0
    judged = [exchange for exchange in world.exchanges if exchange.forge == "github"]
    assert [text for exchange in judged for text in github_openapi.complaints(exchange)] == []
    assert {exchange.status for exchange in judged} & {401, 403, 404}
