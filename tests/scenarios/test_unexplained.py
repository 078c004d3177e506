"""A plan much larger than the change of the files explains: refused with numbers, let pass once with a reason, and on the record."""

from __future__ import annotations

import json

import pytest
from scenario_world import World

from sigctl import cli

MANY = 34


def tamper(world: World) -> int:
    """Take teams and people out of everything on GitHub, behind sigctl's back; return how many things are not as declared then."""
    state = world.sandbox.forges["github"].state
    done = 0
    with state.store.transaction():
        for held in (state.team_repos, state.team_members, state.rulesets):
            for one in list(held):
                if done < MANY:
                    held.delete(one["id"])
                    done += 1
    return done


def guards(plan) -> dict[str, int]:
    return {one["guard"]: one["number"] for one in plan["refusals"]}


def unexplained(plan) -> list[str]:
    return [note["subject"] for note in plan["notes"] if note["topic"] == "unexplained"]


@pytest.fixture
def applied(world: World) -> World:
    world.ok("apply", "--yes", "--forge", "github")
    return world


def test_thirty_things_changed_by_hand_need_a_word_and_leave_a_record(applied: World):
    world, log = applied, str(applied.folder / "audit.jsonl")
    assert unexplained(world.ok("plan", "--forge", "github", "--format", "json").json) == []
    done = tamper(world)
    assert done == MANY
    plan = world.ok("plan", "--forge", "github", "--format", "json", code=3).json
    number = guards(plan)["unexplained"]
    assert guards(plan) == {"unexplained": number}
    assert number >= 30, "our own place in a team aside"
    assert len(unexplained(plan)) == number
    (refusal,) = plan["refusals"]
    assert refusal["limit"] == 20
    assert f"{number} of " in refusal["text"]
    before = len(world.writes())
    refused = world.ok("apply", "--yes", "--forge", "github", "--audit", log, code=3)
    assert f"--allow unexplained={number} --reason TEXT" in refused.out
    assert "unexplained (" in refused.out, "the things are named"
    assert len(world.writes()) == before
    allow = ("--allow", f"unexplained={number}", "--reason", "a script went wrong")
    world.ok("apply", "--yes", "--forge", "github", "--audit", log, *allow[:2], code=1)
    world.ok(
        "apply",
        "--yes",
        "--forge",
        "github",
        "--audit",
        log,
        "--allow",
        f"unexplained={number - 1}",
        *allow[2:],
        code=3,
    )
    world.ok("apply", "--yes", "--forge", "github", "--audit", log, *allow)
    world.capsys.readouterr()
    assert cli.run(["audit", "show", "--file", log]) == 0
    shown = world.capsys.readouterr().out
    assert f"lets unexplained pass up to {number} because a script went wrong" in shown
    tamper(world)
    assert "unexplained" in guards(world.ok("plan", "--forge", "github", "--format", "json", code=3).json), (
        "once"
    )


def test_the_same_differences_are_no_surprise_where_the_files_or_a_failed_apply_explain_them(applied: World):
    world = applied
    world.edit("policy.yaml", "keep_self: true", "keep_self: true\n  unexplained: 0")
    world.edit("sigs.d/virt.yaml", "description: Xen hypervisor packaging", "description: Xen, changed")
    assert unexplained(world.ok("plan", "--forge", "github", "--format", "json").json) == []
    state = world.sandbox.forges["github"].state
    with state.store.transaction():
        for one in list(state.team_repos)[:2]:
            state.team_repos.delete(one["id"])
    plan = world.ok("plan", "--forge", "github", "--format", "json", code=3).json
    assert guards(plan) == {"unexplained": 2}
    (kept,) = (world.folder / "state" / "sigctl").glob("applied-*.json")
    assert kept.stat().st_mode & 0o077 == 0
    data = json.loads(kept.read_text())
    for record in data["records"]:
        record["left"] = [["grant", key.partition(" ")[2]] for key in unexplained(plan)]
    kept.write_text(json.dumps(data))
    assert guards(world.ok("plan", "--forge", "github", "--format", "json").json) == {}, (
        "an apply failed to do it"
    )
    for nonsense in ("{", '{"format": "sigctl/applied/1", "files": {}, "records": [{}]}', "[" * 100_000):
        kept.write_text(nonsense)
        assert guards(world.ok("plan", "--forge", "github", "--format", "json").json) == {}


def test_what_one_sig_was_given_says_nothing_of_the_others(world: World):
    world.edit("policy.yaml", "keep_self: true", "keep_self: true\n  unexplained: 0")
    for sig in ("virt", "cloud"):
        world.ok("apply", "--yes", "--forge", "github", "--sig", sig)
        assert guards(world.ok("plan", "--forge", "github", "--format", "json").json) == {}
    state = world.sandbox.forges["github"].state
    with state.store.transaction():
        for one in list(state.team_repos):
            state.team_repos.delete(one["id"])
    plans = [
        world.ok("plan", "--forge", "github", *narrow, "--format", "json", code=3).json
        for narrow in (("--sig", "virt"), ("--sig", "cloud"), ())
    ]
    counts = [guards(plan)["unexplained"] for plan in plans]
    assert counts[0] + counts[1] <= counts[2]
    assert {action["sig"] for action in plans[0]["actions"]} == {"virt"}
