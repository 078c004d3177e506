"""Bad input and bad days: a clear line and a hint, no traceback, nothing lost."""

from __future__ import annotations

import pytest


def test_all_problems_of_the_files_come_at_once_with_their_places(world):
    world.edit("sigs.d/virt.yaml", "    members:\n      - jonludlam", "    membres:\n      - jonludlam")
    world.edit("sigs.d/cloud.yaml", "members: [jonludlam]", "members: [nobody]")
    world.edit(
        "sigs.yaml", "token: env:SIGCTL_GITHUB_TOKEN", "token: ghp_0123456789abcdefghijABCDEFGHIJ012345"
    )
    result = world.ok("plan", code=1)
    lines = result.err.splitlines()
    assert any("virt.yaml:" in line and "membres" in line for line in lines)
    assert "members" in result.err
    assert any("sigs.yaml:" in line and "token" in line for line in lines)
    assert "ghp_0123" not in result.err
    assert world.exchanges == [], "nothing was asked of any forge"


def test_validate_speaks_json(world):
    assert world.ok("validate", "--format", "json").json == {"problems": [], "warnings": []}
    world.edit("sigs.d/cloud.yaml", "members: [jonludlam]", "members: [jonludlamm]")
    (problem,) = world.ok("validate", "--format", "json", code=1).json["problems"]
    assert set(problem) >= {"file", "line", "column", "subject", "problem", "hint"}
    assert problem["file"].endswith("cloud.yaml")
    assert "jonludlam" in problem["hint"]


def test_a_duplicate_key_is_a_problem(world):
    world.edit("sigs.d/cloud.yaml", "title: Cloud SIG", "title: Cloud SIG\ntitle: Another")
    assert "cloud.yaml:4:1" in world.ok("validate", code=1).err


@pytest.mark.parametrize("command", ["plan", "apply", "drift", "doctor"])
def test_a_missing_token_is_said_and_the_other_forge_goes_on(world, monkeypatch, command):
    monkeypatch.delenv("SIGCTL_GITHUB_TOKEN")
    arguments = [command, "--yes"] if command == "apply" else [command]
    result = world.ok(*arguments, code=1)
    assert "the environment variable SIGCTL_GITHUB_TOKEN is not set" in result.out
    assert world.requests(forge="github") == []
    assert world.requests(forge="gitlab") != []


def test_a_wrong_token_is_said_without_showing_it(world, monkeypatch):
    monkeypatch.setenv("SIGCTL_GITHUB_TOKEN", "ghp_wrongwrongwrong")
    monkeypatch.setenv("SIGCTL_GIT_CENTOS_ORG_TOKEN", "glpat-wrongwrongwrong")
    result = world.ok("plan", code=1)
    assert result.out.count("token") >= 2
    assert "wrongwrong" not in result.out + result.err
    assert "create" not in result.out, "nothing is planned for what could not be read"


def test_a_token_with_too_little_scope_is_said(world, monkeypatch):
    forge = world.sandbox.forges["github"]
    monkeypatch.setenv("SIGCTL_GITHUB_TOKEN", weak_token(forge))
    result = world.ok("plan", "--forge", "github", code=1)
    assert "can't be read" in result.out
    assert "admin:org" in result.out
    assert "nothing could be compared" in result.out
    doctor = world.run("doctor", "--forge", "github")
    assert doctor.code == 1
    assert "scope" in doctor.out


def weak_token(forge):
    """Store a token that may see nothing but public repositories."""
    from sigctl.sandbox.github import tokens  # noqa: PLC0415  # the forge's own room

    value = "ghp_weakweakweak"
    account = forge.state.accounts.one("login", "sigctl-bot")
    tokens.add(forge.state, account["id"], value, scopes=("public_repo",))
    return value


def test_a_forge_that_is_away_stops_nobody_else(world):
    world.hurry()
    result = world.run("plan", "--set", "forges.github.url=http://127.0.0.1:9", "--format", "json")
    assert result.code == 1
    assert [(one["subject"], one["forge"]) for one in result.json["quarantined"]] == [("github", "github")]
    assert {action["forge"] for action in result.json["actions"]} == {"git.centos.org"}


READ_FAULTS = {
    "502 in the middle of a read": {"status": 502, "body": "bad gateway"},
    "a cut answer": {"cut": 40},
    "a reset connection": {"reset": True},
    "429 with Retry-After": {"status": 429, "headers": {"retry-after": "0"}, "body": "slow down"},
    "GraphQL says RATE_LIMITED with 200": {"graphql_errors": [{"type": "RATE_LIMITED", "message": "wait"}]},
}


@pytest.mark.parametrize("forge", ["github", "gitlab"])
@pytest.mark.parametrize("fault", READ_FAULTS)
def test_a_passing_fault_of_a_read_changes_nothing(settled, world, forge, fault):
    if fault.startswith("GraphQL") and forge == "gitlab":
        fault = "502 in the middle of a read"  # GitLab limits by 429 only
    what = READ_FAULTS[fault]
    when = {"forge": forge, "nth": [2, 4]} | ({"path": "/graphql$"} if "graphql_errors" in what else {})
    world.sandbox.faults.replace([{"when": when, "what": _quick(what)}])
    assert world.ok("plan", "--format", "json").json["actions"] == []


def _quick(what):
    """GitHub names the second at which the limit ends; now, here."""
    return (
        {**what, "headers": {"retry-after": "0", **what.get("headers", {})}}
        if "graphql_errors" in what
        else what
    )


PARTIAL = {
    "errors beside the data": {
        "graphql_errors": [{"type": "SOMETHING_WRONG", "message": "half of it is missing"}]
    },
    "errors and no data": {"graphql_errors": [{"message": "timeout"}], "body": None},
}


@pytest.mark.parametrize("forge", ["github", "gitlab"])
@pytest.mark.parametrize("case", PARTIAL)
def test_a_partial_answer_is_a_failed_read_and_never_an_empty_one(settled, world, forge, case):
    when = {"forge": forge, "path": "/graphql$", "every": 1}
    world.sandbox.faults.replace([{"when": when, "what": PARTIAL[case]}])
    wrote = len(world.writes())
    world.hurry()
    result = world.run("plan", "--format", "json")
    assert result.code == 1
    assert result.json["actions"] == []
    assert len(result.json["quarantined"]) == 1
    assert world.run("apply", "--yes").code == 1
    assert len(world.writes()) == wrote


def test_a_create_whose_answer_is_lost_is_not_done_twice(world):
    when = {"method": "POST", "path": "(/orgs/CentOS/repos|/projects)$", "every": 1}
    world.sandbox.faults.replace(
        [{"when": {**when, "nth": 1}, "what": {"status": 502, "body": "", "after": True}}]
    )
    world.ok("apply", "--yes")
    world.ok("plan", "--detailed-exitcode")


def test_a_person_who_is_not_on_the_forge_is_set_aside_and_the_rest_goes_on(world):
    world.edit("sigs.yaml", "github: jonludlam}", "github: jonludlam-nobody}")
    result = world.ok("apply", "--yes", "--format", "json", code=1).json
    assert [one["subject"] for one in result["quarantined"]] == ["jonludlam-nobody"]
    assert result["counts"]["failed"] == 0
    assert result["counts"]["done"] > 50
    again = world.ok("plan", "--format", "json", code=1).json
    assert again["actions"] == []
    assert again["quarantined"][0]["reason"] == "no such account on this forge"


def test_a_repository_that_fails_stops_nobody_else(world):
    when = {"forge": "github", "method": "POST", "path": "/orgs/CentOS/repos$", "nth": 2}
    body = {"message": "Repository creation failed.", "errors": [{"message": "name is reserved"}]}
    world.sandbox.faults.replace([{"when": when, "what": {"status": 422, "body": body}}])
    report = world.ok("apply", "--yes", "--format", "json", code=1).json
    assert report["counts"]["failed"] == 1
    assert report["counts"]["skipped"] >= 1, "what is inside of it waits"
    assert report["counts"]["done"] > 50
    world.sandbox.faults.replace([])
    world.ok("apply", "--yes")
    world.ok("plan", "--detailed-exitcode")


def test_a_budget_that_is_used_up_ends_the_run_and_the_next_goes_on(world):
    world.edit("sigs.yaml", "type: github\n", "type: github\n    max_requests: 40\n")
    first = world.run("apply", "--yes", "--forge", "github")
    assert first.code == 1
    assert "limit of 40 requests" in first.out + first.err
    world.edit("sigs.yaml", "    max_requests: 40\n", "")
    world.ok("apply", "--yes", "--forge", "github")
    world.ok("plan", "--detailed-exitcode", "--forge", "github")


@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "--forge", "nowhere"),
        ("plan", "--sig", "nowhere"),
        ("plan", "--set", "forges.nowhere.url=http://127.0.0.1"),
        ("plan", "--allow", "max_removals"),
        ("plan", "--rewrite", "nothing"),
        ("mirror", "--shard", "3/2"),
        ("mirror", "--repo", "nowhere"),
        ("apply", "--plan", "does-not-exist.json"),
        ("plan", "--format", "xml"),
        ("nowhere",),
    ],
)
def test_a_command_that_can_not_be_meant_says_so_in_a_line(world, arguments):
    result = world.run(*arguments)
    assert result.code == 1
    assert "Traceback" not in result.err
    assert result.err.startswith(("error: ", "sigs.yaml", "config", "--set", str(world.folder)))
    assert world.writes() == []


def test_a_config_that_is_not_there_says_so(world):
    (world.config).unlink()
    result = world.ok("validate", code=1)
    assert "sigs.yaml" in result.err
