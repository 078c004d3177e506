"""Push rules and what approvals are worth are adopted as they are held: the plan of these files is empty, and what can't be said is told."""

from __future__ import annotations

from datetime import date

import pytest

from sigctl.adopt.model import Said, Source
from sigctl.adopt.settle import adopt, planned
from sigctl.core.kinds import Approvals, Key, Org, PushRules, Repo, Resource
from sigctl.core.state import Account, Observation, state
from sigctl.forges import traits_of

TODAY = date(2026, 11, 22)
_SWITCHES = (
    "commit_committer_check", "commit_committer_name_check", "reject_unsigned_commits", "reject_non_dco_commits", "prevent_secrets", "member_check",
    "deny_delete_tag",
)  # fmt: skip
OFF = dict.fromkeys(_SWITCHES, False)
EMPTY = {
    f"{name}_regex": ""
    for name in ("commit_message", "commit_message_negative", "branch_name", "author_email", "file_name")
}
NEW = {"author": False, "committers": True, "override": True, "keep": False}


def rules(path: str, on: str = "repo", **more: object) -> PushRules:
    """Push rules as GitLab tells them: all terms, most of them off."""
    return PushRules(on, path, **{**OFF, **EMPTY, "max_file_size": 0, **more})


def lab(name: str, *more: Resource, repos: tuple[str, ...] = ("xen", "kernel")) -> Source:
    held = [
        Org("project", visibility="public"),
        Org("project/sig-virt", visibility="public"),
        *(
            Repo(
                f"project/sig-virt/{one}",
                visibility="public",
                archived=False,
                default_branch="main",
                filled=True,
            )
            for one in repos
        ),
        *more,
    ]
    words = frozenset({"free", "enterprise", "premium"})
    observation = Observation(name, state(held), {"bot": Account("bot")}, "bot", capabilities=words)
    settings = {
        "type": "gitlab",
        "url": f"https://{name}.example.org",
        "token": "env:TOKEN",
        "repo": "project/sig-{sig}/{repo}",
        "team": "project/sig-{sig}/groups/{team}",
    }
    return Source(name, settings, traits_of("gitlab"), observation, frozenset({"project"}))


def adopted(*sources: Source):
    found = adopt(list(sources), Said(), TODAY)
    assert planned(found.data, list(sources), TODAY)[1] == []
    return found.data, {(one.forge, one.subject): one.text for one in found.unsaid}


def test_what_push_rules_ask_for_and_all_that_approvals_tell_is_written():
    xen = "project/sig-virt/xen"
    asked = {"reject_unsigned_commits": True, "branch_name_regex": "^c[0-9]+", "max_file_size": 50}
    data, unsaid = adopted(
        lab("lab", rules(xen, **asked), Approvals(xen, **NEW), rules("project/sig-virt/kernel"))
    )
    repos = data["sigs"]["virt"]["repos"]
    assert (repos["xen"]["push_rules"], repos["xen"]["approvals"]) == (asked, NEW)
    assert not {"push_rules", "approvals"} & set(repos["kernel"])
    assert unsaid == {}


def test_what_all_repositories_of_a_sig_have_is_said_once():
    paths = ("project/sig-virt/xen", "project/sig-virt/kernel")
    every = [one for path in paths for one in (rules(path, deny_delete_tag=True), Approvals(path, **NEW))]
    data, _ = adopted(lab("lab", *every))
    virt = data["sigs"]["virt"]
    assert virt["defaults"] == {"push_rules": {"deny_delete_tag": True}, "approvals": NEW}
    assert all("approvals" not in one and "push_rules" not in one for one in virt["repos"].values())


def test_the_push_rules_of_a_group_are_those_of_the_group():
    data, _ = adopted(
        lab("lab", rules("project", "org", member_check=True), rules("project/sig-virt", "org"))
    )
    assert data["forges"]["lab"]["orgs"]["project"]["push_rules"] == {"member_check": True}
    assert "project/sig-virt" not in data["forges"]["lab"]["orgs"]


@pytest.mark.parametrize("kind", ["push rules", "approvals"])
def test_forges_that_differ_are_told_of_and_left_as_they_are(kind):
    xen = "project/sig-virt/xen"
    one, other = {
        "push rules": (rules(xen, member_check=True), rules(xen)),
        "approvals": (Approvals(xen, **NEW), Approvals(xen, **{**NEW, "keep": True})),
    }[kind]
    data, unsaid = adopted(lab("lab", one), lab("other", other))
    assert kind.replace(" ", "_") not in data["sigs"]["virt"]["repos"]["xen"]
    assert f"its {kind} differ between the forges" in unsaid["", xen]


def test_an_expression_that_the_files_can_not_hold_is_told_of_and_the_repository_stays():
    xen = "project/sig-virt/xen"
    data, unsaid = adopted(lab("lab", rules(xen, branch_name_regex="x" * 512), Approvals(xen, **NEW)))
    assert "push_rules" not in data["sigs"]["virt"]["repos"]["xen"]
    assert data["sigs"]["virt"]["repos"]["xen"]["approvals"] == NEW
    assert "its push rules stay undeclared: `branch_name_regex`" in unsaid["lab", xen]


def test_what_was_not_read_is_not_invented():
    data, unsaid = adopted(lab("lab"))
    assert not any(word in repr(data) for word in ("push_rules", "approvals"))
    assert unsaid == {}
    assert Key("approvals", "project/sig-virt/xen") not in lab("lab").observation.state
