"""The main job through the command line: plan, apply, plan again, and what a plan promises."""

from __future__ import annotations

import json

import upstreams

KEYS = {
    "format", "digest", "config_digest", "created", "forges", "actions", "notes", "refusals", "quarantined", "cost", "summary",
}  # fmt: skip
ACTION_KEYS = {"id", "forge", "sig", "verb", "kind", "key", "before", "after", "effect", "phase"}


def test_the_whole_job_with_histories(world, sources):
    first = world.ok("plan", "--detailed-exitcode", code=2, mirror=True)
    assert "create 12 tags" in first.out
    applied = world.ok("apply", "--yes", "--format", "json", mirror=True).json
    assert applied["converged"] is True
    assert applied["counts"]["failed"] == 0
    assert applied["mirror"]["equal"] == applied["mirror"]["compared"] > 10
    assert world.ok("plan", "--detailed-exitcode", mirror=True).out.startswith(
        "git.centos.org, github: nothing to change"
    )
    quiet = len(world.writes())
    world.ok("apply", "--yes", mirror=True)
    assert len(world.writes()) == quiet, "a second apply writes nothing"


def test_a_new_commit_upstream_comes_to_both_forges(mirrored, world, sources):
    new = upstreams.commit(sources, "github.com/CentOS-virt7/xen.git", "xen-412")
    assert world.ok("mirror", "--check", "--repo", "xen", code=2).out
    world.ok("mirror", "--repo", "xen")
    for forge, path in (("gitlab", "project/sig-virt/xen"), ("github", "CentOS/sig-virt-xen")):
        url = f"{world.sandbox.document()['forges'][forge]['url']}/{path}.git"
        assert new in upstreams.git("ls-remote", url, "refs/heads/xen-412")
    assert world.ok("mirror", "--check", "--format", "json").json["held"] == []


def test_the_plan_has_the_documented_shape_and_equal_inputs_give_equal_bytes(world):
    one, other = (world.ok("plan", "--format", "json").json for _ in range(2))
    assert set(one) == KEYS
    assert one["format"] == "sigctl/plan/1"
    assert one["forges"] == ["git.centos.org", "github"]
    assert all(set(action) >= ACTION_KEYS for action in one["actions"])
    assert {action["verb"] for action in one["actions"]} <= {"create", "update", "delete", "move"}
    assert {action["effect"] for action in one["actions"]} <= {"widens", "narrows", "neutral"}
    assert one["summary"]["create"] == sum(action["verb"] == "create" for action in one["actions"])
    assert one["cost"]["reads"] > 0
    one.pop("created")
    other.pop("created")
    assert json.dumps(one) == json.dumps(other)


def test_sigs_and_forges_narrow_the_plan(world):
    only = world.ok("plan", "--format", "json", "--sig", "cloud", "--forge", "github").json
    assert only["forges"] == ["github"]
    assert {action["sig"] for action in only["actions"]} <= {"cloud", ""}
    assert any(action["key"] == "CentOS/sig-cloud-cloud-docs" for action in only["actions"])
    assert not any("virt" in action["key"] for action in only["actions"])


def test_a_narrow_apply_leaves_the_rest_to_do_and_disturbs_nothing(world):
    world.ok("apply", "--yes", "--sig", "cloud")
    assert world.ok("plan", "--sig", "cloud", "--detailed-exitcode").code == 0
    rest = world.ok("plan", "--format", "json").json
    assert not any(action["sig"] == "cloud" for action in rest["actions"])
    assert any(action["sig"] == "virt" for action in rest["actions"])
    assert not any(action["verb"] == "delete" for action in rest["actions"])


def test_a_saved_plan_is_applied_exactly(world):
    plan = world.folder / "plan.json"
    world.ok("plan", "--out", str(plan))
    before = json.loads(plan.read_text())
    report = world.ok("apply", "--yes", "--plan", str(plan), "--format", "json").json
    assert [o["id"] for o in report["outcomes"]] == [a["id"] for a in before["actions"]]
    assert {o["status"] for o in report["outcomes"]} == {"done"}


def test_a_saved_plan_is_refused_when_the_files_changed(world):
    plan = world.folder / "plan.json"
    world.ok("plan", "--out", str(plan))
    world.edit("sigs.d/virt.yaml", "title: Virt maintainers", "title: Virt people")
    result = world.ok("apply", "--yes", "--plan", str(plan), code=3)
    assert "the files have changed" in result.err
    assert world.writes() == []


def test_a_saved_plan_is_refused_when_a_forge_moved_under_it(settled, world):
    tamper_level(world)
    plan = world.folder / "plan.json"
    world.ok("plan", "--out", str(plan))
    tamper_level(world, "maintain")
    wrote = len(world.writes())
    result = world.ok("apply", "--yes", "--plan", str(plan), code=3)
    assert "sig-virt-contributors" in result.err
    assert "`maintain`" in result.err
    assert "`admin`" in result.err
    assert len(world.writes()) == wrote


def tamper_level(world, level="admin"):
    """Raise a team's level by hand, as an owner could."""
    import requests  # noqa: PLC0415  # the only use of it

    forge = world.sandbox.document()["forges"]["github"]
    path = "/orgs/CentOS/teams/sig-virt-contributors/repos/CentOS/sig-virt-xen-seabios"
    answer = requests.put(
        f"{forge['url']}/api/v3{path}",
        json={"permission": level},
        headers={"Authorization": f"Bearer {forge['token']}"},
        timeout=60,
    )
    assert answer.status_code == 204


def test_a_plan_edited_by_hand_is_refused(world):
    plan = world.folder / "plan.json"
    world.ok("plan", "--out", str(plan))
    plan.write_text(plan.read_text().replace('"write"', '"admin"'))
    assert "is not a plan" in world.ok("apply", "--yes", "--plan", str(plan), code=1).err


def test_drift_finds_what_somebody_changed_and_apply_heals_it(settled, world):
    assert world.ok("drift").code == 0
    tamper_level(world)
    drift = world.ok("drift", "--format", "json", code=2).json
    assert [
        (a["kind"], a["before"]["level"], a["after"]["level"], a["effect"]) for a in drift["actions"]
    ] == [("grant", "admin", "write", "narrows")]
    world.ok("apply", "--yes")
    world.ok("drift")


def test_a_person_taken_out_of_a_file_loses_access(settled, world):
    world.edit("sigs.d/virt.yaml", "      - jonludlam\n", "")
    plan = world.ok("plan", "--format", "json").json
    removed = {(a["forge"], a["key"]) for a in plan["actions"] if a["verb"] == "delete"}
    assert removed == {
        ("github", "CentOS/sig-virt-contributors:jonludlam"),
        ("git.centos.org", "project/sig-virt/groups/contributors:jonludlam"),
    }
    world.ok("apply", "--yes")
    world.ok("plan", "--detailed-exitcode")


def test_a_change_of_many_is_refused_until_it_is_allowed_with_a_reason(settled, world):
    world.edit("policy.yaml", "members: 5", "members: 1")
    world.edit("sigs.d/virt.yaml", "      - jonludlam\n      - pasik\n", "")
    refused = world.ok("apply", "--yes", code=3)
    assert "2 of" in refused.out
    assert "at most 1 may be" in refused.out
    assert "--allow max_removals.members=2" in refused.out
    world.ok("apply", "--yes", "--allow", "max_removals.members=2", code=1)
    world.ok("apply", "--yes", "--allow", "max_removals.members=2", "--reason", "the team was split")
    world.ok("plan", "--detailed-exitcode")


def test_apply_without_yes_and_without_a_terminal_changes_nothing(world):
    result = world.ok("apply", code=1)
    assert "--yes" in result.err
    assert world.writes() == []


def test_every_form_of_the_plan_says_the_same(world):
    text = world.ok("plan").out
    markdown = world.ok("plan", "--format", "markdown").out
    html = world.ok("plan", "--format", "html").out
    for words in ("CentOS/sig-virt-xen", "pasik gets maintain"):
        assert words in text
        assert words in markdown
        assert words in html
    assert "\x1b[" not in text, "no colours in a pipe"
    assert "default-src 'none'" in html


def test_drift_needs_no_more_than_tokens_that_may_read(settled, world, monkeypatch):
    tamper_level(world)
    document = world.sandbox.document()["forges"]
    monkeypatch.setenv("SIGCTL_GITHUB_TOKEN", document["github"]["read_token"])
    monkeypatch.setenv("SIGCTL_GIT_CENTOS_ORG_TOKEN", document["gitlab"]["read_token"])
    wrote = len(world.writes())
    drift = world.ok("drift", "--format", "json", code=2).json
    assert [action["kind"] for action in drift["actions"]] == ["grant"]
    assert drift["quarantined"] == []
    assert len(world.writes()) == wrote
