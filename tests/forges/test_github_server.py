"""GitHub Enterprise Server: below its own URL, without limits unless there are some, and what an old one lacks is no error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from github_world import ME, ORG, world
from pydantic import SecretStr

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Org, Repo
from sigctl.core.policy import Policy
from sigctl.core.state import Desired, state
from sigctl.errors import RefusedError
from sigctl.forges.base import Limits, Settings
from sigctl.forges.github import pacing
from sigctl.forges.github.client import api_of
from sigctl.forges.github.traits import TRAITS

XEN = f"{ORG}/xen"
RULE = BranchRule(XEN, "c7-*", push=(), force=False, delete=False)


def test_the_api_of_a_server_of_one_s_own_is_below_its_url() -> None:
    assert api_of("https://github.com") == "https://api.github.com"
    assert api_of("https://git.example.org") == "https://git.example.org/api/v3"


def test_every_request_goes_below_that_prefix(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        w.repo("xen")
        w.observe(logins=["member1"], person_repos=[XEN])
        paths = {one["path"].split("?")[0] for one in w.log()}
        assert {path.split("/")[2] for path in paths} == {"v3", "graphql"}


def wanted() -> Desired:
    things = [Org(ORG), Repo(XEN, description=""), RULE]
    return Desired(
        "github", state(things), managed=frozenset(one.key for one in things), orgs=frozenset({ORG})
    )


def test_branch_rules_on_a_server_without_rulesets_are_told_of_and_left_out(tmp_path: Path) -> None:
    with world(tmp_path, knobs={"version": 310}) as w:
        w.repo("xen", visibility="private")
        start = len(w.log())
        seen = w.observe()
        assert w.sent(start)["Rules"] == 0
        found = compare(wanted(), seen, TRAITS, Policy(max_removals={}))
        assert not [one for one in found.plan.actions if one.kind == "branch_rule"]
        (note,) = [one for one in found.plan.notes if one.topic == "unsupported"]
        assert "need GitHub Enterprise Server 3.11, this one is 3.10.0" in note.text
        narrow = w.observe(narrow=True, repos=[XEN])
        assert [one.path for one in narrow.state.values() if isinstance(one, Repo)] == [XEN]


def test_branch_rules_on_a_server_with_rulesets_are_planned(tmp_path: Path) -> None:
    with world(tmp_path, knobs={"version": 311}) as w:
        w.repo("xen", visibility="private")
        found = compare(wanted(), w.observe(), TRAITS, Policy(max_removals={}))
        assert [one.kind for one in found.plan.actions if one.kind == "branch_rule"] == ["branch_rule"]


def test_a_field_that_the_server_does_not_know_is_said_at_once(tmp_path: Path) -> None:
    with world(tmp_path) as w:
        error = {
            "message": "Field 'isArchived' doesn't exist on type 'Repository'",
            "extensions": {"code": "undefinedField"},
        }
        w.sandbox.faults.replace(
            [{"when": {"operation": "Repositories"}, "what": {"graphql_errors": [error], "body": None}}]
        )
        with pytest.raises(RefusedError, match="doesn't exist") as caught:
            w.observe()
        assert "3.11" in caught.value.hint
        assert w.time.slept == []


def test_doctor_tells_the_version(tmp_path: Path) -> None:
    with world(tmp_path, knobs={"version": 317}) as w:
        assert w.open(w.users[ME]["token"]).health().version == "3.17.0"


LIMITS: list[tuple[str, dict[str, int], Any]] = [
    ("https://github.com", {}, (900, 80, 500, 50)),
    ("https://centos.ghe.com", {}, (900, 80, 500, 50)),
    ("https://git.example.org", {}, (0, 0, 0, 0)),
    ("https://github.com.example.org", {}, (0, 0, 0, 0)),
    ("https://git.example.org", {"creations_a_minute": 10}, (0, 10, 0, 0)),
    ("https://github.com", {"points_a_minute": 0, "invitations_a_day": 500}, (0, 80, 500, 500)),
]


@pytest.mark.parametrize(("url", "said", "kept"), LIMITS)
def test_limits_are_github_com_s_there_and_none_elsewhere_unless_the_files_say_so(
    url: str, said: dict[str, int], kept: Any
) -> None:
    found = pacing.limits(Settings("github", "github", url, SecretStr("x"), limits=Limits(**said)))
    numbers = (
        found.points_a_minute,
        found.creations_a_minute,
        found.creations_an_hour,
        found.invitations_a_day,
    )
    assert numbers == kept


def test_never_more_than_a_hundred_requests_go_at_once() -> None:
    from sigctl.spec.model import ForgeConfig  # noqa: PLC0415  # for this one question

    (most,) = [one.le for one in ForgeConfig.model_fields["jobs"].metadata if hasattr(one, "le")]
    assert most <= 100
