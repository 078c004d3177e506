"""What hangs on repositories and orgs: names that hide secrets, effects, renames, what nobody declared."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from sigctl.core.compare import compare
from sigctl.core.keys import with_keys
from sigctl.core.kinds import (
    Actions,
    DeployKey,
    Key,
    Label,
    Org,
    Properties,
    Repo,
    Security,
    Webhook,
    from_json,
    to_json,
)
from sigctl.core.kinds.deploykey import bare_key, fingerprint_of
from sigctl.core.kinds.webhook import place_of
from sigctl.core.policy import Limit, Policy
from sigctl.core.publish import published
from sigctl.core.snapshot import Coverage, Seen, fit
from sigctl.core.state import Desired, Observation, Traits, state

_BLOB = b"".join(len(part).to_bytes(4, "big") + part for part in (b"ssh-ed25519", bytes(32)))
KEY = f"ssh-ed25519 {base64.b64encode(_BLOB).decode()}"
URL = "https://hooks.example.org/services/T0KEN?key=s3cret"
TRAITS = Traits(
    kinds=frozenset({"org", "repo", "label", "deploy_key", "webhook", "actions", "security", "properties"}),
    fields={
        "org": frozenset({"two_factor"}),
        "repo": frozenset({"archived"}),
        "webhook": frozenset({"events", "tls", "active"}),
    },
    team_levels=(),
    person_levels=(),
    visibilities=(),
    fold_labels=True,
    key_gap=True,
    told_only={"org.two_factor": "an owner sets it by hand"},
    needs={"webhook:org": "premium", "properties": "properties of {org}"},
)
OPEN = Policy(max_removals={"default": Limit(percent=100)})


def plan(wanted, seen, *, capabilities=frozenset(), traits=TRAITS, **fields):
    given = {
        "managed": frozenset(one.key for one in wanted if isinstance(one, Repo)),
        "orgs": frozenset({"O"}),
        "parts": frozenset(Key(one.KIND, one.inside.name) for one in wanted if one.inside is not None),
        **fields,
    }
    desired = Desired("f", state(wanted), **given)
    return compare(desired, Observation("f", state(seen), capabilities=capabilities), traits, OPEN).plan


def test_the_name_of_a_webhook_tells_its_host_and_nothing_else():
    place = place_of(URL)
    assert place.startswith("hooks.example.org#")
    assert not any(secret in place for secret in ("T0KEN", "s3cret", "services"))
    assert place != place_of(URL.replace("s3cret", "other"))
    assert place_of("https://user:pass@h.example.org:8443/x").startswith("h.example.org#")


def test_a_public_key_is_told_by_what_it_is_and_not_by_its_comment():
    assert bare_key(f"{KEY} somebody@example.org") == KEY
    assert fingerprint_of(KEY) == fingerprint_of(f"  {KEY}  other ")
    for wrong in (
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        KEY.replace("ssh-ed25519 ", "ssh-rsa "),
        "ssh-ed25519 %%%",
    ):
        with pytest.raises(ValueError, match="not an SSH public key"):
            bare_key(wrong)


HOOK = Webhook("repo", "O/r", "h#1", ("push",), active=True, tls=True)
ACTIONS = Actions("repo", "O/r", enabled=True, allowed="local", permissions="read", approve=False)


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        (None, DeployKey("O/r", "k"), "widens"),
        (DeployKey("O/r", "k"), None, "narrows"),
        (DeployKey("O/r", "k"), DeployKey("O/r", "k", write=True), "widens"),
        (DeployKey("O/r", "k", write=True), DeployKey("O/r", "k"), "narrows"),
        (None, HOOK, "widens"),
        (HOOK, replace(HOOK, events=("push", "tag")), "widens"),
        (replace(HOOK, events=("push", "tag")), HOOK, "narrows"),
        (HOOK, replace(HOOK, tls=False), "widens"),
        (HOOK, replace(HOOK, active=False), "narrows"),
        (HOOK, replace(HOOK, place="h#2"), "widens"),
        (Label("O/r", "a", "1"), Label("O/r", "a", "2"), "neutral"),
        (ACTIONS, replace(ACTIONS, allowed="all"), "widens"),
        (ACTIONS, replace(ACTIONS, permissions="write"), "widens"),
        (ACTIONS, replace(ACTIONS, approve=True), "widens"),
        (replace(ACTIONS, allowed="all"), ACTIONS, "narrows"),
        (ACTIONS, replace(ACTIONS, enabled=False), "narrows"),
        (Security("O/r", push_protection=True), Security("O/r", push_protection=False), "widens"),
        (Security("O/r", push_protection=False), Security("O/r", push_protection=True), "neutral"),
        (Org("O", create_repos="admin"), Org("O", create_repos="write"), "widens"),
        (Org("O", protect_default="fully"), Org("O", protect_default="none"), "widens"),
        (Org("O", share_outside=True), Org("O", share_outside=False), "narrows"),
        (Org("O", members_create=()), Org("O", members_create=("public",)), "widens"),
        (Org("O", deploy_keys=True), Org("O", deploy_keys=False), "narrows"),
    ],
)
def test_effects(before, after, effect):
    assert type(before or after).effect(before, after) == effect


def test_a_label_is_renamed_and_then_changed_also_when_its_repository_moves():
    wanted = [
        Repo("O/new", previously=("O/old",)),
        Label("O/new", "defect", "00ff00", previously=("O/new:bug",)),
    ]
    made = plan(wanted, [Repo("O/old"), Label("O/old", "bug", "ff0000")])
    assert [(a.verb, a.key.name) for a in made.actions] == [
        ("move", "O/new"),
        ("move", "O/new:defect"),
        ("update", "O/new:defect"),
    ]
    assert plan(wanted, [Repo("O/new"), Label("O/new", "Defect", "00ff00")]).actions == ()


def test_a_webhook_gets_its_new_address_before_anything_else_of_it_changes():
    ours = replace(HOOK, place="h#2", events=("push", "tag"), url="https://h/2", previously=("repo:O/r:h#1",))
    made = plan([Repo("O/r"), ours], [Repo("O/r"), HOOK])
    assert [a.verb for a in made.actions] == ["move", "update"]
    assert made.actions[0].after.url == "https://h/2"


def test_what_nobody_declared_is_told_of_and_removed_only_where_the_files_say_so():
    there = [
        Repo("O/r"),
        Label("O/r", "old"),
        replace(HOOK, place="x.example.org#1"),
        DeployKey("O/r", "k", write=True, title="ci"),
    ]
    wanted = [Repo("O/r")]
    lists = frozenset(Key(kind, "O/r") for kind in ("label", "webhook"))
    told = plan(wanted, there, parts=lists)
    assert told.actions == ()
    assert sorted(note.text for note in told.notes) == [
        "deploy keys that no file declares: ci (may push)",
        "labels that no file declares: old",
        "webhooks that no file declares: x.example.org (push)",
    ]
    assert not plan(wanted, there, parts=frozenset()).notes[1:]
    remove = dict.fromkeys(("labels", "webhooks", "deploy_keys"), "remove")
    gone = plan(wanted, there, parts=lists, undeclared=remove)
    assert {a.kind for a in gone.actions} == {"label", "webhook", "deploy_key"}
    whole = plan(wanted, there, parts=frozenset({Key("deploy_key", "O/r")}))
    assert [(a.verb, a.kind) for a in whole.actions] == [("delete", "deploy_key")]


def test_a_key_that_changes_its_right_is_named_as_out_for_a_moment():
    made = plan(
        [Repo("O/r"), DeployKey("O/r", "k", write=True, title="ci")], [Repo("O/r"), DeployKey("O/r", "k")]
    )
    assert [a.verb for a in made.actions] == ["update"]
    assert any("ci is taken out and put back" in note.text for note in made.notes)


def test_what_the_server_lacks_is_told_of_and_left_out():
    wanted = [Org("O"), Repo("O/r"), replace(HOOK, on="org", target="O"), Properties("O/r", ("a=1",))]
    made = plan(wanted, [Org("O"), Repo("O/r")])
    assert made.actions == ()
    assert {note.topic for note in made.notes} == {"unsupported"}
    has = frozenset({"premium", "properties of O"})
    assert {a.kind for a in plan(wanted, [Org("O"), Repo("O/r")], capabilities=has).actions} == {
        "webhook",
        "properties",
    }


def test_what_only_a_person_can_set_is_said_and_not_tried():
    made = plan([Org("O", two_factor=True)], [Org("O", two_factor=False)])
    assert made.actions == ()
    assert [(note.topic, note.text) for note in made.notes] == [("by hand", "an owner sets it by hand")]
    assert plan([Org("O", two_factor=True)], [Org("O", two_factor=True)]).notes == ()


def test_keys_are_read_where_they_can_be_and_else_the_repository_s_keys_are_left_alone():
    wanted = [
        Repo("O/r"),
        DeployKey("O/r", "env:KEY", title="ci"),
        DeployKey("O/r", "env:NONE", title="other"),
    ]
    desired = with_keys(Desired("f", state(wanted)), {"env:KEY": KEY, "env:NONE": ""}.__getitem__)
    assert {one.fingerprint for one in desired.state.values() if isinstance(one, DeployKey)} == {
        fingerprint_of(KEY),
        "env:NONE",
    }
    seen = [Repo("O/r"), DeployKey("O/r", "somebody's", write=True)]
    made = plan(wanted, seen)
    assert made.actions == ()
    assert len(made.quarantined) == 2


def test_a_snapshot_holds_no_address_of_a_webhook_and_says_nothing_of_what_was_not_read():
    stranger = replace(HOOK, place=place_of(URL))
    observation = Observation("f", state([Repo("O/r", visibility="public"), stranger, Label("O/r", "a")]))
    desired = Desired("f", state([Repo("O/r"), HOOK, Label("O/r", "a")]))
    seen = published(observation, desired, Coverage(parts=frozenset({"label O/r"})))
    assert stranger.key not in seen.observation.state
    fitted = fit(desired, Seen(seen.observation, seen.coverage))
    assert {key.kind for key in fitted.desired.state} == {"repo", "label"}
    assert [note.topic for note in fitted.notes] == ["unknown"]


def test_properties_that_nobody_declares_stay():
    ours, theirs = Properties("O/r", ("tier=gold",)), Properties("O/r", ("os=c7", "tier=silver"))
    assert ours.changes(theirs) == {"values": (("tier=silver",), ("tier=gold",))}
    assert ours.over(theirs).values == ("os=c7", "tier=gold")
    assert ours.changes(ours.over(theirs)) == {}


@pytest.mark.parametrize(
    "one",
    [HOOK, ACTIONS, DeployKey("O/r", "k"), Label("O/r", "a"), Properties("O/r", ("a=1",)), Security("O/r")],
)
def test_every_kind_survives_json(one):
    assert from_json(one.KIND, to_json(one)) == one
