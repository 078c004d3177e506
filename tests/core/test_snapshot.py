"""A snapshot says what was there, what it covers and when; what may not be published is not in it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from worlds import observation_of, worlds

from sigctl.core.kinds import Grant, Membership, Org, Repo, Team, TeamMember, from_json, to_json
from sigctl.core.publish import published
from sigctl.core.snapshot import Coverage, Seen, Snapshot, fit
from sigctl.core.state import Account, Desired, Note, Observation, SetAside, state

WHOLE = Coverage(frozenset({"Org"}), frozenset(), frozenset(), frozenset({"owner"}))
STATE = state(
    [
        Org("Org"),
        Repo("Org/open", "ask packager@example.org", "public"),
        Repo("Org/closed", visibility="private"),
        Grant("repo", "Org/closed", "person:member1", "write"),
        Grant("repo", "Org/open", "team:Org/quiet", "read"),
        Team("Org/quiet", secret=True),
        TeamMember("Org/quiet", "member2"),
        Team("Org/loud", secret=False),
    ]
)
ACCOUNTS = {login: Account(login, n) for n, login in enumerate(("owner", "member1", "member2"))}


def snapshot(seen, **fields):
    return Snapshot(
        **{
            "created": "2026-11-22T00:00:00+00:00",
            "config_digest": "c",
            "forges": {seen.observation.forge: seen},
            **fields,
        }
    )


def desired(*resources, **fields):
    return Desired("hub", state(resources), orgs=frozenset({"Org"}), **fields)


@settings(max_examples=20)
@given(worlds())
def test_what_is_written_is_what_is_read(found):
    one = snapshot(
        Seen(observation_of(found, notes=(Note("bot", "x", "y"),)), WHOLE),
        unread=(SetAside("g", "no answer", "g"),),
    )
    again = Snapshot.parse(json.loads(json.dumps(one.as_json())))
    assert again == one
    assert again.digest == one.digest


def test_a_change_of_anything_is_noticed():
    data = snapshot(Seen(Observation("hub", STATE, ACCOUNTS), WHOLE)).as_json()
    for change in (
        lambda d: d.update(created="2027-01-01T00:00:00+00:00"),
        lambda d: d["forges"]["hub"]["resources"].pop(),
        lambda d: d["forges"]["hub"]["coverage"].update(narrow=True),
        lambda d: d["forges"]["hub"]["accounts"]["owner"].update(id=7),
        lambda d: d.update(unread=[{"subject": "x", "reason": "y", "forge": "x", "sig": "", "hint": ""}]),
        lambda d: d.pop("digest"),
    ):
        changed = json.loads(json.dumps(data))
        change(changed)
        with pytest.raises(ValueError, match="digest"):
            Snapshot.parse(changed)


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        {"format": "sigctl/plan/1"},
        {"format": "sigctl/snapshot/1"},
        {
            "format": "sigctl/snapshot/1",
            "created": "",
            "config_digest": "",
            "forges": {"hub": {}},
            "unread": [],
        },
        {"format": "sigctl/snapshot/1", "created": "", "config_digest": "", "forges": [], "unread": []},
        {"format": "sigctl/snapshot/1", "created": "", "config_digest": "", "forges": {}, "unread": [{}]},
    ],
)
def test_what_is_no_snapshot_is_refused(data):
    with pytest.raises(ValueError, match="snapshot"):
        Snapshot.parse(data)


def test_addresses_are_left_out_and_closed_things_that_nobody_declared():
    seen = published(Observation("hub", STATE, ACCOUNTS), desired(Org("Org")), WHOLE)
    text = json.dumps(snapshot(seen).as_json())
    assert "@" not in text
    assert "closed" not in text
    assert "quiet" not in text
    assert "member1" not in text
    assert "member2" not in text
    assert "Org/loud" in text
    assert seen.coverage.hidden == 2


def test_below_a_closed_group_nothing_is_told():
    found = state(
        [Org("top"), Org("top/inner", visibility="private"), Repo("top/inner/x", visibility="public")]
    )
    seen = published(Observation("hub", found), desired(), WHOLE)
    assert "inner" not in json.dumps(snapshot(seen).as_json())


def test_a_closed_thing_that_the_files_name_stays():
    wanted = desired(Org("Org"), Repo("Org/closed", visibility="private"))
    seen = published(Observation("hub", STATE, ACCOUNTS), wanted, WHOLE)
    assert Repo("Org/closed").key in seen.observation.state
    assert Grant("repo", "Org/closed", "person:member1", "write").key in seen.observation.state


def test_an_account_that_was_pinned_stays_under_the_name_it_has_now():
    accounts = {"renamed": Account("renamed", 5)}
    seen = published(Observation("hub", {}, accounts), desired(pins={"owner": 5}), WHOLE)
    assert seen.observation.accounts == accounts


def test_a_description_is_compared_without_its_address():
    seen = published(Observation("hub", STATE, ACCOUNTS), desired(), WHOLE)
    same = fit(desired(STATE[Repo("Org/open").key]), seen)
    key = Repo("Org/open").key
    assert not same.desired.state[key].changes(same.observation.state[key])


def test_what_was_not_read_is_unknown_and_takes_along_what_needs_it():
    seen = Seen(Observation("hub", STATE, ACCOUNTS), WHOLE)
    wanted = desired(
        Org("Org"),
        Org("Other"),
        Repo("Other/new"),
        Team("Other/team"),
        TeamMember("Other/team", "owner"),
        Repo("Org/new"),
    )
    found = fit(wanted, seen)
    assert {key.name for key in found.desired.state} == {"Org", "Org/new"}
    assert {n.subject for n in found.notes if n.topic == "unknown"} == {"Other", "Other/new", "Other/team"}


def test_in_a_narrow_snapshot_only_what_was_named_is_known():
    seen = Seen(
        Observation("hub", STATE, ACCOUNTS), replace(WHOLE, narrow=True, repos=frozenset({"Org/asked"}))
    )
    found = fit(desired(Org("Org"), Repo("Org/asked"), Repo("Org/other"), Repo("Org/open")), seen)
    assert {key.name for key in found.desired.state} == {"Org", "Org/asked", "Org/open"}


def test_a_login_that_nobody_looked_up_is_unknown_not_missing():
    seen = Seen(Observation("hub", STATE, ACCOUNTS), replace(WHOLE, logins=frozenset({"asked"})))
    wanted = desired(
        Org("Org"),
        Team("Org/loud"),
        *(TeamMember("Org/loud", login) for login in ("stranger", "asked", "Owner")),
    )
    found = fit(wanted, seen)
    assert found.observation.accounts["stranger"] == Account("stranger")
    assert "asked" not in found.observation.accounts
    assert [note.subject for note in found.notes] == ["stranger"]


@pytest.mark.parametrize(
    "one", [Membership("Org", "member1", None), TeamMember("Org/loud", "member1", None), Repo("Org/x")]
)
def test_what_is_not_cared_about_is_not_made_up_when_it_is_read_again(one):
    assert from_json(one.KIND, to_json(one)) == one
