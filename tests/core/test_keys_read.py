"""Deploy keys that the files only point to: read, or the keys of the repository left as they are."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from worlds import TRAITS, desired_of, observation_of

from sigctl.core.keys import rekeyed, with_keys, without_unread
from sigctl.core.kinds import BranchRule, DeployKey, Grant, Key, Repo
from sigctl.core.kinds.deploykey import fingerprint_of
from sigctl.core.plan import Action
from sigctl.core.state import Note, SetAside, state

TEXT = "ssh-ed25519 " + base64.b64encode(b"\0\0\0\x0bssh-ed25519" + b"k" * 36).decode()
PRINT = fingerprint_of(TEXT)
POINTS = DeployKey("O/r", "env:KEY", write=True, title="bot")
READ = replace(POINTS, fingerprint=PRINT, key_text=TEXT)
RULE = BranchRule("O/r", "c7", push=("deploy_key:env:KEY", "team:O/t"))
REPO = Repo("O/r")
SIGS = {POINTS.key: "virt", REPO.key: "virt"}


def read(place):
    if place not in {"env:KEY", "file:key"}:
        raise ValueError(place)
    return f"{TEXT} comment"


def test_what_the_files_point_to_is_read_and_named_by_what_it_is():
    found = with_keys(desired_of(state([REPO, RULE, POINTS]), sigs=SIGS), read)
    assert list(found.state.values()) == [
        replace(RULE, push=(f"deploy_key:{PRINT}", "team:O/t")),
        READ,
        REPO,
    ]
    assert found.sigs == {**SIGS, READ.key: "virt"}


def test_a_key_in_a_file_is_read_too_and_one_that_stands_there_is_not():
    other = DeployKey("O/r", "SHA256:x")
    found = with_keys(desired_of(state([replace(POINTS, fingerprint="file:key"), other])), read)
    assert set(found.state.values()) == {READ, other}


def test_one_key_that_is_pointed_to_twice_is_one_and_what_comes_after_it_stays():
    twice = [replace(POINTS, fingerprint="file:key", title="other"), POINTS, Repo("O/s")]
    found = with_keys(desired_of(state(twice)), read)
    assert list(found.state.values()) == [replace(READ, title="other"), Repo("O/s")]


def test_a_rule_of_another_repository_goes_on_naming_its_own():
    other = replace(RULE, repo="O/s")
    found = with_keys(desired_of(state([POINTS, other])), read)
    assert found.state[other.key] == other


@pytest.mark.parametrize("answer", [lambda _: "no key", lambda _: read("gone")])
def test_what_can_not_be_read_stays_a_pointer(answer):
    found = with_keys(desired_of(state([POINTS, RULE])), answer)
    assert set(found.state.values()) == {POINTS, RULE}


THERE = DeployKey("O/r", "SHA256:old")
NAMES_IT = replace(RULE, push=("deploy_key:SHA256:old",))


def test_where_one_is_not_read_no_key_of_the_repository_is_touched_nor_a_rule_that_names_one():
    mine, plain = Grant("repo", "O/r", "team:O/t", "read", ""), BranchRule("O/r", "c8", push=())
    elsewhere = DeployKey("O/s", "SHA256:y")
    desired = desired_of(state([REPO, POINTS, RULE, mine, plain, elsewhere]), sigs=SIGS, forge="hub")
    seen = observation_of(
        state([REPO, THERE, replace(NAMES_IT, repo="o/R"), plain, elsewhere, replace(THERE, repo="o/R")])
    )
    left, there, aside = without_unread(desired, seen)
    assert list(left.state.values()) == [REPO, mine, plain, elsewhere]
    assert list(there.state.values()) == [REPO, plain, elsewhere]
    assert aside == [
        SetAside(
            "O/r",
            "the deploy key bot can't be read from `env:KEY`: the keys of O/r are left as they are",
            "hub",
            "virt",
            "set it, or write the public key itself into the files",
        )
    ]


def test_of_a_repository_of_no_sig_it_is_told_without_one():
    _, _, (aside,) = without_unread(desired_of(state([POINTS])), observation_of({}))
    assert aside.sig == ""


@pytest.mark.parametrize("pointer", ["env:KEY", "file:key"])
def test_a_pointer_of_either_sort_counts(pointer):
    desired = desired_of(state([replace(POINTS, fingerprint=pointer)]))
    assert without_unread(desired, observation_of(state([THERE])))[1].state == {}


def test_where_all_are_read_nothing_is_left_out():
    desired, seen = desired_of(state([REPO, READ])), observation_of(state([THERE]))
    assert without_unread(desired, seen) == (desired, seen, [])


def test_a_key_that_changes_is_out_for_a_moment_where_the_forge_takes_it_out_for_that():
    change = Action("hub", "update", READ, replace(READ, write=False))
    made = Action("hub", "create", None, READ)
    grant = Grant("repo", "O/r", "team:O/t", "read", "")
    right = Action("hub", "update", grant, replace(grant, level="write"))
    gap = replace(TRAITS, key_gap=True)
    text = "the deploy key {} is taken out and put back: in between it has no access"
    assert rekeyed([made, change, right], gap) == [Note("moment", "O/r", text.format("bot"), "hub")]
    bare = Action("hub", "update", replace(THERE, write=True), THERE)
    assert [one.text for one in rekeyed([bare], gap)] == [text.format("SHA256:old")]
    assert rekeyed([change], TRAITS) == []


def test_keys_are_told_apart_by_what_they_are():
    assert READ.key == Key("deploy_key", f"O/r:{PRINT}")
