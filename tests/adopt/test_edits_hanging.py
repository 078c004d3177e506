"""What hangs on a repository and was changed by hand, as edits of the files: where they go, and when there are none."""

from __future__ import annotations

from typing import Any

import pytest

from sigctl.adopt.editing import Edit, Known
from sigctl.adopt.edits import edits_of
from sigctl.core.kinds import Approvals, DeployKey, Label, PushRules, Resource, Webhook
from sigctl.core.kinds.deploykey import fingerprint_of
from sigctl.core.kinds.webhook import place_of
from sigctl.core.plan import Action
from sigctl.spec.model import Spec

REPO, PLACE = "project/sig-virt/xen", ("sigs", "virt", "repos", "xen")
TEXT = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"
CI, TOLD = "https://ci.example.org/hook", "https://bot.example.org/told"


def known(repo: dict[str, Any], addresses: dict[str, str] | None = None, inherited: Any = None) -> Known:
    spec = Spec.model_validate(
        {
            "version": 1,
            "forges": {
                "lab": {
                    "type": "gitlab",
                    "url": "https://lab.example.org",
                    "token": "env:T",
                    "repo": "project/sig-{sig}/{repo}",
                    "team": "project/sig-{sig}/groups/{team}",
                    "orgs": {"project": {"webhooks": {"ci": {"url": CI}}}},
                }
            },
            "sigs": {"virt": {"repos": {"xen": repo}}},
        }
    )
    return Known(
        spec,
        {("lab", REPO): PLACE},
        {},
        {},
        lambda _forge, login: login,
        lambda _place, _name: inherited,
        lambda *_: addresses or {},
    )


def action(before: Resource | None, after: Resource | None) -> list[Action]:
    return [
        Action(
            "lab",
            "create" if before is None else "delete" if after is None else "update",
            before,
            after,
            "virt",
            50,
        )
    ]


def hook(url: str = CI, on: str = "repo", target: str = REPO, **more: Any) -> Webhook:
    return Webhook(on, target, place_of(url), ("push",), tls=True, **more)


def key(title: str = "ci", text: str = TEXT, *, write: bool = False) -> DeployKey:
    return DeployKey(REPO, fingerprint_of(TEXT), write, title, text)


def test_the_last_of_a_list_leaves_a_list_that_is_empty_and_declared():
    files = known({"labels": {"bug": {"color": "d73a4a"}}})
    assert edits_of(action(None, Label(REPO, "bug", "d73a4a", "")), files) == [
        Edit("set", (*PLACE, "labels"), {})
    ]
    two = known({"labels": {"bug": {"color": "d73a4a"}, "idea": {"color": "d73a4a"}}})
    assert edits_of(action(None, Label(REPO, "bug", "d73a4a", "")), two) == [
        Edit("drop", (*PLACE, "labels", "bug"))
    ]


def test_only_what_differs_of_an_entry_is_written():
    files = known({"labels": {"bug": {"color": "d73a4a", "description": "x"}}})
    seen, ours = Label(REPO, "bug", "d73a4a", "y"), Label(REPO, "bug", "d73a4a", "x")
    assert edits_of(action(seen, ours), files) == [Edit("set", (*PLACE, "labels", "bug", "description"), "y")]


def test_a_key_keeps_the_name_and_the_reference_that_the_files_have():
    files = known({"deploy_keys": {"carrier": {"key": "env:CI_KEY"}}})
    edits = edits_of(action(key("named by hand", write=True), key("carrier")), files)
    assert edits == [Edit("set", (*PLACE, "deploy_keys", "carrier", "write"), value=True)]


def test_a_key_added_by_hand_is_written_under_a_free_name_and_not_without_its_text():
    files = known({"deploy_keys": {"ci": {"key": "env:CI_KEY"}}})
    (edit,) = edits_of(action(key("ci", write=True), None), files)
    assert edit.path == (*PLACE, "deploy_keys", f"ci {fingerprint_of(TEXT)}")
    assert edit.value == {"key": TEXT, "write": True}
    assert edits_of(action(key(text=""), None), files) is None


def test_a_webhook_is_found_by_its_address_whatever_the_files_call_it_and_its_secret_stays_a_reference():
    files = known({"webhooks": {"build": {"url": CI, "secret": "env:HOOK"}}})
    seen = Webhook("repo", REPO, place_of(CI), ("push", "tag"), tls=False)
    edits = edits_of(action(seen, hook(url=CI, secured=True)), files)
    assert edits == [
        Edit("set", (*PLACE, "webhooks", "build", "events"), ["push", "tag"]),
        Edit("set", (*PLACE, "webhooks", "build", "verify_tls"), value=False),
    ]


@pytest.mark.parametrize(
    ("addresses", "written"),
    [
        ({place_of(TOLD): TOLD}, {"bot.example.org": {"url": TOLD, "events": ["push"]}}),
        ({}, None),
        ({place_of(TOLD): "https://bot.example.org/told?token=abc"}, None),
        ({place_of(TOLD): "https://bot.example.org/T0123456789ABCDEFGH"}, None),
    ],
)
def test_a_webhook_added_by_hand_is_written_only_where_its_address_is_known_and_tells_no_secret(
    addresses, written
):
    edits = edits_of(action(hook(TOLD), None), known({"webhooks": {}}, addresses))
    assert (None if edits is None else {edit.path[-1]: edit.value for edit in edits}) == written


def test_what_hangs_on_an_org_is_changed_there():
    place = ("forges", "lab", "orgs", "project", "webhooks")
    seen = Webhook("org", "project", place_of(CI), ("tag",), tls=True)
    edits = edits_of(action(seen, hook(on="org", target="project")), known({}))
    assert edits == [Edit("set", (*place, "ci", "events"), ["tag"])]
    assert edits_of(action(None, hook(on="org", target="project")), known({})) == [Edit("set", place, {})]
    assert edits_of(action(None, hook(on="org", target="elsewhere")), known({})) is None


def test_settings_are_changed_one_by_one():
    files = known({"approvals": {"override": False}, "push_rules": {"max_file_size": 5}})
    worth = action(Approvals(REPO, override=True, keep=False), Approvals(REPO, override=False, keep=False))
    assert edits_of(worth, files) == [Edit("set", (*PLACE, "approvals", "override"), value=True)]
    size = action(PushRules("repo", REPO, max_file_size=50), PushRules("repo", REPO, max_file_size=5))
    assert edits_of(size, files) == [Edit("set", (*PLACE, "push_rules", "max_file_size"), 50)]


def test_what_the_files_have_no_place_for_is_left():
    elsewhere = Label("project/kernel", "bug", "d73a4a", "")
    assert edits_of(action(elsewhere, None), known({"labels": {}})) is None
    unknown = action(Label(REPO, "bug", "d73a4a", ""), None)
    assert edits_of(unknown, known({})) is None, "no list is declared, here or above"
