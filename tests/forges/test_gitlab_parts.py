"""Labels, keys, webhooks and settings of groups on GitLab: shared keys, tiers, words that nobody knows."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gitlab_wire import Says, forge, wire
from pydantic import SecretStr

from sigctl.core.kinds import DeployKey, Key, Label, Org, Repo, Webhook
from sigctl.core.kinds.deploykey import fingerprint_of
from sigctl.core.kinds.webhook import place_of
from sigctl.core.plan import Action, Verb
from sigctl.errors import NotThereError, RefusedError
from sigctl.forges.base import Scope, Settings
from sigctl.forges.gitlab.forge import GitLab
from sigctl.sandbox import control

XEN, TWO = "project/xen", "project/two"
URL = "https://ci.example.org/hook?job=1"


def public_key(number: int) -> str:
    parts = (b"ssh-ed25519", number.to_bytes(32, "big"))
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


class Bench:
    def __init__(self, sandbox: Any) -> None:
        self.sandbox = sandbox
        given = sandbox.document()["forges"]["gitlab"]
        settings = Settings(
            "lab", "gitlab", given["url"], SecretStr(given["token"]), secret=lambda _: SecretStr("s3cret")
        )
        self.forge = GitLab(settings)

    def do(self, verb: Verb, before: Any, after: Any) -> None:
        self.forge.execute(Action("lab", verb, before, after))

    def create(self, *things: Any) -> None:
        for one in things:
            self.do("create", None, one)

    def seen(self, kind: type, *parts: Key) -> list[Any]:
        scope = Scope(
            orgs=frozenset({"project"}),
            groups=frozenset({"project"}),
            repos=frozenset({XEN, TWO}),
            parts=frozenset(parts),
        )
        return [one for one in self.forge.observe(scope).state.values() if isinstance(one, kind)]


@pytest.fixture(scope="module", params=[0, 1], ids=["free", "premium"])
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("gitlab")
    with control.running(folder, forges=("gitlab",), knobs={"gitlab_premium": request.param}) as sandbox:
        one = Bench(sandbox)
        one.create(
            Org("project", visibility="public"),
            Repo(XEN, visibility="public"),
            Repo(TWO, visibility="public"),
        )
        yield one
        one.forge.close()


def test_one_key_serves_several_projects_and_each_has_its_own_right_and_its_own_end(bench: Bench) -> None:
    text = public_key(1)
    keys = [DeployKey(repo, fingerprint_of(text), repo == XEN, "ci", text) for repo in (XEN, TWO)]
    bench.create(*keys)
    parts = [Key("deploy_key", repo) for repo in (XEN, TWO)]
    assert {(one.repo, one.write) for one in bench.seen(DeployKey, *parts)} == {(XEN, True), (TWO, False)}
    bench.do("delete", keys[0], None)
    bench.do("delete", keys[0], None)
    assert [one.repo for one in bench.seen(DeployKey, *parts)] == [TWO]
    bench.do("update", keys[1], replace(keys[1], write=True))
    assert [one.write for one in bench.seen(DeployKey, *parts)] == [True]
    bench.do("delete", keys[1], None)


def test_labels_of_the_groups_above_are_not_the_project_s(bench: Bench) -> None:
    world = bench.sandbox.forges["gitlab"].world
    group = world.group("project")
    place = {"type": "labels", "owner": "group", "owner_id": group["id"]}
    world.items.add(
        {"name": "of the group", "color": "#112233", "description": None, "priority": None, **place}
    )
    bench.create(Label(XEN, "a/b c", "aabbcc", "one"), Label(XEN, "a/b c", "aabbcc", "two"))
    seen = bench.seen(Label, Key("label", XEN))
    assert [(one.name, one.color, one.description) for one in seen] == [("a/b c", "aabbcc", "two")]
    bench.do("move", Label(XEN, "a/b c"), Label(XEN, "plain"))
    bench.do("move", Label(XEN, "a/b c"), Label(XEN, "plain"))
    with pytest.raises(NotThereError):
        bench.do("move", Label(XEN, "never"), Label(XEN, "was"))
    bench.do("delete", Label(XEN, "plain"), None)
    assert bench.seen(Label, Key("label", XEN)) == []


def test_an_update_switches_off_what_is_no_longer_told_and_sends_the_secret(bench: Bench) -> None:
    hook = Webhook("repo", XEN, place_of(URL), ("issue", "native:job"), tls=True, url=URL, secret="env:X")
    bench.create(hook)
    bench.do("update", hook, replace(hook, events=("push",)))
    (seen,) = bench.seen(Webhook, Key("webhook", XEN))
    assert (seen.events, seen.url, seen.secret) == (("push",), "", "")
    stored = next(one for one in bench.sandbox.forges["gitlab"].world.items if one["type"] == "hooks")
    assert stored["token"] == "s3cret"
    bench.do("delete", hook, None)
    with pytest.raises(NotThereError):
        bench.do("update", hook, replace(hook, events=("tag",)))


def test_nothing_is_asked_of_projects_that_declare_nothing(bench: Bench) -> None:
    bench.seen(Label)  # what a forge is asked but once
    before = bench.forge.requests()[0]
    bench.seen(Label)
    plain = bench.forge.requests()[0] - before
    bench.seen(Label, Key("label", XEN), Key("webhook", XEN), Key("deploy_key", XEN))
    assert bench.forge.requests()[0] - before - plain == plain + 3


def test_webhooks_of_groups_are_there_on_paid_tiers_only(bench: Bench) -> None:
    hook = Webhook("org", "project", place_of(URL), ("push",), tls=True, url=URL)
    if not bench.sandbox.forges["gitlab"].world.premium:
        assert bench.seen(Webhook, Key("webhook", "project")) == []
        with pytest.raises(NotThereError):
            bench.create(hook)
        return
    bench.create(hook)
    assert [one.key for one in bench.seen(Webhook, Key("webhook", "project"))] == [hook.key]
    bench.do("delete", hook, None)


@pytest.mark.parametrize("word", ["none", "partly", "started", "fully"])
def test_every_protection_of_new_default_branches_reads_back(bench: Bench, word: str) -> None:
    (before,) = [one for one in bench.seen(Org) if one.path == "project"]
    wanted = replace(
        before, protect_default=word, create_repos="admin", create_groups="admin", share_outside=False
    )
    bench.do("update", before, wanted)
    (after,) = [one for one in bench.seen(Org) if one.path == "project"]
    assert wanted.changes(after) == {}


def test_a_protection_of_somebody_s_own_making_survives_as_a_word_of_its_own(bench: Bench) -> None:
    world = bench.sandbox.forges["gitlab"].world
    group = world.group("project")
    own = {"allowed_to_push": [{"access_level": 0}], "allowed_to_merge": [{"access_level": 30}]}
    world.groups.save(group, settings=group["settings"] | {"default_branch_protection_defaults": own})
    (seen,) = [one for one in bench.seen(Org) if one.path == "project"]
    assert seen.protect_default == "native:own"
    bench.do("update", seen, replace(seen, protect_default="fully"))


def test_a_key_that_belongs_to_a_hidden_project_is_refused_with_the_way_out() -> None:
    text = public_key(2)
    key = DeployKey(XEN, fingerprint_of(text), title="ci", key_text=text)
    with wire() as served:
        served.on("GET", "/projects/project%2Fxen", Says(body={"id": 1, "path_with_namespace": XEN}))
        served.on("GET", "/projects/1/deploy_keys", Says(body=[]))
        taken = {"message": {"fingerprint_sha256": ["has already been taken"]}}
        served.on("POST", "/projects/1/deploy_keys", Says(400, taken))
        served.on("GET", "/deploy_keys", Says(403, {"message": "403 Forbidden"}))
        lab = forge(served.url)
        with pytest.raises(RefusedError) as caught:
            lab.execute(Action("lab", "create", None, key))
        assert "make another key" in caught.value.hint
        row = {"id": 7, "title": "ci", "key": text}
        served.on("GET", "/deploy_keys", Says(body=[row]))
        served.on("POST", "/projects/1/deploy_keys/7/enable", Says(201, {**row, "can_push": False}))
        lab.execute(Action("lab", "create", None, key))
        assert served.asked[-1].path.endswith("/7/enable")
        lab.close()
