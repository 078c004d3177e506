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


def test_the_audit_log_and_the_tickets_are_as_github_describes_them(tmp_path):
    from pydantic import SecretStr  # noqa: PLC0415  # only here

    from sigctl.core.kinds import Grant, Membership, Repo  # noqa: PLC0415  # the same
    from sigctl.core.plan import Action  # noqa: PLC0415  # the same
    from sigctl.forges import open_forge  # noqa: PLC0415  # the same
    from sigctl.forges.base import Settings  # noqa: PLC0415  # the same
    from sigctl.forges.telling import Ticket  # noqa: PLC0415  # the same
    from sigctl.sandbox import control  # noqa: PLC0415  # the same

    judged = []
    with control.running(
        tmp_path, logins=("member1",), observer=judged.append, knobs={"github_enterprise": 1}
    ) as sandbox:
        github = sandbox.document()["forges"]["github"]
        forge = open_forge(Settings("github", "github", github["url"], SecretStr(github["token"])))
        grant = Grant("repo", "CentOS/told", "person:member1", "read")
        member = Membership("CentOS", "member1")
        for one in (Repo("CentOS/told", visibility="public"), member, grant):
            forge.execute(Action("github", "create", None, one))
        sandbox.clock.advance(8 * 86_400)
        forge.events([grant.key, member.key], "2020-01-01T00:00:00+00:00")
        for wanted in (Ticket("drift", "<!-- mark -->\none"), Ticket("drift", "<!-- mark -->\ntwo"), None):
            forge.ticket("CentOS/told", "<!-- mark -->", wanted)
        forge.close()
    assert {exchange.path.rpartition("/")[2] for exchange in judged} >= {
        "audit-log",
        "issues",
        "failed_invitations",
    }
    assert [text for exchange in judged for text in github_openapi.complaints(exchange)] == []
