"""Labels, keys, webhooks, switches and org settings on GitHub: the bad days of each, and what reading them costs."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from github_world import ORG, World, world
from pydantic import SecretStr

from sigctl.core.kinds import Actions, DeployKey, Grant, Key, Label, Org, Security, Webhook
from sigctl.core.kinds.deploykey import fingerprint_of
from sigctl.core.kinds.webhook import place_of
from sigctl.errors import NotThereError, RefusedError, UsageError
from sigctl.sandbox.github import roles

XEN, OTHER = f"{ORG}/xen", f"{ORG}/other"
URL = "https://ci.example.org/hook?job=1"


def public_key(number: int) -> str:
    parts = (b"ssh-ed25519", number.to_bytes(32, "big"))
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def deploy_key(number: int, repo: str = XEN, *, write: bool = False) -> DeployKey:
    text = public_key(number)
    return DeployKey(repo, fingerprint_of(text), write, f"key {number}", text)


def secret(reference: str) -> SecretStr:
    if reference != "env:SET":
        raise UsageError(f"{reference} is not set", "export it")
    return SecretStr("s3cret")


@pytest.fixture(scope="module")
def w(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("parts")
    with world(folder) as one:
        one.forge = one.open(one.users["sigctl-bot"]["token"], secret=secret)
        one.api("PATCH", f"/orgs/{ORG}", {"deploy_keys_enabled_for_repositories": True})
        for name in ("xen", "other"):
            one.repo(name)
        yield one


HOOK = Webhook("repo", XEN, place_of(URL), ("push",), active=True, tls=True, url=URL, secret="env:SET")


def test_a_label_that_is_there_is_taken_over_whatever_its_case(w: World) -> None:
    w.create(Label(XEN, "Bug", "00ff00", "ours"))
    found = [one for one in w.seen(Label, parts=[Key("label", XEN)], repos=[XEN]) if one.name == "bug"]
    assert [(one.color, one.description) for one in found] == [("00ff00", "ours")]


def test_a_label_that_was_renamed_already_is_as_good_and_one_that_is_gone_is_not(w: World) -> None:
    old, new = Label(XEN, "wontfix"), Label(XEN, "refused")
    w.do("move", old, new)
    w.do("move", old, new)
    with pytest.raises(NotThereError):
        w.do("move", Label(XEN, "never"), Label(XEN, "was"))
    w.do("delete", Label(XEN, "never"), None)


def test_a_key_belongs_to_one_repository_and_the_refusal_says_so(w: World) -> None:
    w.create(deploy_key(1))
    w.create(deploy_key(1))
    with pytest.raises(RefusedError) as caught:
        w.create(deploy_key(1, OTHER))
    assert "make one for each repository" in caught.value.hint


def test_a_key_changes_its_right_by_being_put_back(w: World) -> None:
    key = deploy_key(2)
    w.create(key)
    start = len(w.log())
    w.do("update", key, replace(key, write=True))
    sent = w.sent(start)
    assert (sent["repos/delete-deploy-key"], sent["repos/create-deploy-key"]) == (1, 1)
    assert [one.write for one in w.seen(DeployKey) if one.fingerprint == key.fingerprint] == [True]


def test_an_org_that_wants_no_keys_is_told_of_with_the_way_out(w: World) -> None:
    w.do("update", Org(ORG, deploy_keys=True), Org(ORG, deploy_keys=False))
    with pytest.raises(RefusedError) as caught:
        w.create(deploy_key(3))
    assert "deploy_keys: true" in caught.value.hint
    w.do("update", Org(ORG, deploy_keys=False), Org(ORG, deploy_keys=True))


def test_a_secret_that_can_t_be_read_stops_the_write_and_is_named_by_its_place_only(w: World) -> None:
    with pytest.raises(RefusedError) as caught:
        w.create(replace(HOOK, secret="env:NOT_SET"))
    assert "env:NOT_SET is not set" in caught.value.text
    assert w.seen(Webhook, parts=[Key("webhook", XEN)], repos=[XEN]) == []


def test_changing_a_webhook_keeps_its_secret_and_never_shows_it(w: World) -> None:
    w.create(HOOK)
    plain = replace(HOOK, secret="", events=("push", "tag"))
    w.do("update", HOOK, plain)
    (stored,) = w.sandbox.forges["github"].state.hooks
    assert stored["config"]["secret"] == "s3cret"
    (seen,) = w.seen(Webhook, parts=[Key("webhook", XEN)], repos=[XEN])
    assert seen.secured is True
    assert (seen.url, seen.secret) == ("", "")
    w.do("delete", HOOK, None)
    w.do("delete", HOOK, None)


def test_a_webhook_that_went_away_is_not_made_anew_by_an_update(w: World) -> None:
    gone = replace(HOOK, place=place_of("https://gone.example.org/"))
    for verb in ("update", "move"):
        with pytest.raises(NotThereError):
            w.do(verb, gone, replace(gone, events=("tag",)))


def test_what_the_org_limits_a_repository_can_t_widen(w: World) -> None:
    w.do("update", Actions("org", ORG), Actions("org", ORG, enabled=True, allowed="local"))
    with pytest.raises(RefusedError, match="does not allow"):
        w.do("update", Actions("repo", XEN), Actions("repo", XEN, enabled=True, allowed="all"))
    w.do("update", Actions("org", ORG), Actions("org", ORG, enabled=True, allowed="all"))


def test_words_that_nobody_knows_survive(w: World) -> None:
    w.api("PUT", f"/orgs/{ORG}/actions/permissions", {"enabled_repositories": "selected"})
    (seen,) = [one for one in w.seen(Actions, parts=[Key("actions", ORG)]) if one.on == "org"]
    assert seen.enabled == "native:selected"
    w.do("update", seen, replace(seen, permissions="write"))
    assert w.api("GET", f"/orgs/{ORG}/actions/permissions")["enabled_repositories"] == "selected"
    w.api("PUT", f"/orgs/{ORG}/actions/permissions", {"enabled_repositories": "all"})


def test_a_private_repository_has_no_private_reports_and_that_is_no_failure(w: World) -> None:
    w.repo("hidden", visibility="private")
    hidden = f"{ORG}/hidden"
    parts = [Key("security", hidden), Key("security.private_reports", hidden)]
    (seen,) = w.seen(Security, parts=parts, repos=[hidden])
    assert seen.private_reports is False
    w.do("update", replace(seen, private_reports=True), seen)
    w.api("DELETE", f"/repos/{hidden}")


def test_an_end_of_older_protection_needs_no_branch_and_is_as_good_twice(w: World) -> None:
    from sigctl.core.kinds import ClassicRule  # noqa: PLC0415  # the only use
    from sigctl.sandbox.github.protection import OPEN  # noqa: PLC0415  # the same

    state = w.sandbox.forges["github"].state
    repo = state.find_repo(ORG, "xen")
    for number in range(25):
        state.add(state.protections, repo=repo["id"], creator=None, pattern=f"c{number}*", **OPEN)
    assert len(w.seen(ClassicRule)) == 25
    for _ in range(2):
        w.do("delete", ClassicRule(XEN, "c24*"), None)
    assert len(w.seen(ClassicRule)) == 24


def test_reading_costs_a_few_requests_for_many_repositories(w: World) -> None:
    state = w.sandbox.forges["github"].state
    template = dict(state.find_repo(ORG, "other"))
    for number in range(120):
        state.add(
            state.repos, **{k: v for k, v in template.items() if k not in ("id", "name")}, name=f"r{number}"
        )
        made = state.find_repo(ORG, f"r{number}")
        state.bare(made).create()
    paths = [f"{ORG}/r{number}" for number in range(120)]
    parts = frozenset(Key(kind, path) for kind in ("label", "security") for path in paths)
    start = len(w.log())
    seen = w.observe(repos=paths, parts=parts)
    sent = w.sent(start)
    assert sent["NamedLabels"] == 3
    assert sent["repos/list-for-org"] == 2
    assert sent["repos/get"] == 0
    assert sum(sent.values()) < 30
    assert sum(isinstance(one, Label) for one in seen.state.values()) == 120 * 9
    assert sum(isinstance(one, Security) for one in seen.state.values()) == 120
    quiet = w.log()[:0] or len(w.log())
    w.observe(repos=paths)
    assert not {name for name in w.sent(quiet) if "abel" in name or "hook" in name or "actions" in name}


def test_a_repository_that_is_gone_since_it_was_listed_is_no_failure(w: World) -> None:
    assert w.seen(Label, parts=[Key("label", f"{ORG}/never"), Key("webhook", f"{ORG}/never")]) == []


def test_roles_of_the_org_s_own_making_are_read_by_their_names_and_never_as_what_they_are_based_on(
    tmp_path: Path,
) -> None:
    with world(tmp_path) as w:
        state = w.sandbox.forges["github"].state
        roles.make(state, state.account(ORG), "auditor", "write")
        w.join("member1")
        w.repo("xen")
        w.team("virt")
        w.api("PUT", f"/orgs/{ORG}/teams/virt/repos/{XEN}", {"permission": "auditor"})
        w.api("PUT", f"/repos/{XEN}/collaborators/member1", {"permission": "auditor"})
        subjects = {f"team:{ORG}/virt", "person:member1"}
        for scope in ({}, {"narrow": True, "repos": [XEN], "teams": [f"{ORG}/virt"]}):
            found = {one.subject: one.level for one in w.seen(Grant, **scope)}
            assert found == dict.fromkeys(subjects, "native:auditor")
        for subject in sorted(subjects):
            before = Grant("repo", XEN, subject, "native:auditor")
            after = replace(before, level="triage")
            assert Grant.effect(before, after) == "widens", "how strong it is, nobody knows"
            w.do("update", before, after)
            w.do("update", after, before)
        assert {one.level for one in w.seen(Grant)} == {"native:auditor"}


def test_an_org_without_such_roles_is_asked_nothing_for_their_sake(w: World) -> None:
    start = len(w.log())
    w.observe()
    assert not {name for name in w.sent(start) if "custom" in name or "teams/" in name}
