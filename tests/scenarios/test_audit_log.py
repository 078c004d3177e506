"""Every apply leaves a record that can be read and checked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from sigctl import cli


def audit(world, *arguments, code=0):
    """Run `sigctl audit ...` and return what it printed."""
    world.capsys.readouterr()
    found = cli.run(["audit", *arguments])
    captured = world.capsys.readouterr()
    assert found == code, captured.out + captured.err
    return captured.out


def log_of(world):
    return world.folder / "audit.jsonl"


def test_an_apply_is_recorded_action_by_action_and_an_empty_one_is_not(world):
    file = str(log_of(world))
    report = world.ok("apply", "--yes", "--audit", file, "--format", "json").json
    world.ok("apply", "--yes", "--audit", file)
    found = json.loads(audit(world, "verify", "--file", file, "--format", "json"))
    assert found["whole"] is True
    assert found["entries"] == report["counts"]["done"] + 2
    entries = json.loads(audit(world, "show", "--file", file, "--format", "json", "--limit", "1000"))[
        "entries"
    ]
    begin, *actions, end = entries
    assert [e["action"]["id"] for e in actions] != []
    assert (
        {e["action"]["id"] for e in actions} == {o["id"] for o in report["outcomes"]} == set(begin["actions"])
    )
    assert begin["plan"] == report["plan"]
    assert end["converged"] is True
    assert any(e["request"] for e in actions), "the forge's own ids of requests are kept"


def test_tampering_is_found_and_a_noted_head_shows_what_was_cut_off(world):
    file = log_of(world)
    world.ok("apply", "--yes", "--audit", str(file))
    head = json.loads(audit(world, "verify", "--file", str(file), "--format", "json"))["head"]
    whole = file.read_text()
    file.write_text(whole.replace('"status":"done"', '"status":"failed"', 1))
    assert "was changed" in audit(world, "verify", "--file", str(file), code=1)
    file.write_text("".join(whole.splitlines(keepends=True)[:-1]))
    audit(world, "verify", "--file", str(file))
    assert "no entry has the hash" in audit(world, "verify", "--file", str(file), "--head", head, code=1)


def test_a_guard_that_was_let_pass_is_recorded_with_its_reason(world):
    file = log_of(world)
    world.ok("apply", "--yes", "--audit", str(file))
    world.edit("policy.yaml", "members: 5", "members: 1")
    world.edit("sigs.d/virt.yaml", "      - jonludlam\n      - pasik\n", "")
    allow = ("--allow", "max_removals.members=2", "--reason", "the team was split")
    world.ok("apply", "--yes", "--audit", str(file), *allow)
    shown = audit(world, "show", "--file", str(file))
    assert "lets max_removals.members pass up to 2 because the team was split" in shown


def test_an_apply_that_can_not_be_recorded_changes_nothing(world):
    (world.folder / "file").write_text("")
    result = world.ok("apply", "--yes", "--audit", str(world.folder / "file" / "audit.jsonl"), code=1)
    assert "can't be written" in result.err
    assert world.writes() == []


def test_a_plan_that_is_too_old_or_from_the_future_is_refused(world):
    plan = world.folder / "plan.json"
    world.ok("plan", "--out", str(plan))
    data = json.loads(plan.read_text())
    for hours, word in ((-80, "hours old"), (2, "from the future")):
        data["created"] = (datetime.now(UTC) + timedelta(hours=hours)).isoformat(timespec="seconds")
        plan.write_text(json.dumps(data))
        assert word in world.ok("apply", "--yes", "--plan", str(plan), code=3).err
    world.edit("policy.yaml", "keep_self: true", "keep_self: true\n  plan_hours: 100")
    assert world.writes() == []
