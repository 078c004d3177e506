from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import TRAITS, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Org, Repo, Team, TeamMember
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import state

OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)


def plan(wanted, seen, **fields):
    return compare(desired_of(state(wanted), **fields), observation_of(state(seen)), TRAITS, OPEN).plan


def steps(wanted, seen, **fields):
    return [(a.verb, a.key.name, a.changed()) for a in plan(wanted, seen, **fields).actions]


def test_a_repository_is_made_closed_and_shown_and_archived_at_the_end():
    repo = Repo("O/r", visibility="public", archived=True, default_branch="b", filled=True)
    found = plan([Org("O"), Team("O/t"), repo, Grant("repo", "O/r", "team:O/t", "read")], [Org("O")])
    repos = [a for a in found.actions if a.kind == "repo"]
    assert [a.verb for a in repos] == ["create", "update", "update", "update"]
    assert (repos[0].after.visibility, repos[0].after.archived) == ("private", False)
    assert [list(a.changed()) for a in repos[1:]] == [["default_branch"], ["visibility"], ["archived"]]
    grant = next(a for a in found.actions if a.kind == "grant")
    assert repos[0].phase < grant.phase < repos[1].phase
    assert repos[0].id in grant.depends


def test_a_locked_archive_is_opened_for_a_change_and_archived_again():
    seen = [Org("O"), Repo("O/r", archived=True), Team("O/t")]
    wanted = [Org("O"), Repo("O/r", archived=True), Team("O/t"), Grant("repo", "O/r", "team:O/t", "read")]
    assert [(verb, changed) for verb, _, changed in steps(wanted, seen)] == [
        ("update", {"archived": (True, False)}),
        ("create", {}),
        ("update", {"archived": (False, True)}),
    ]


def test_an_older_name_is_moved_and_what_is_inside_moves_along():
    seen = [Repo("O/old"), Team("O/t"), Grant("repo", "O/old", "team:O/t", "read")]
    wanted = [Repo("O/new", previously=("O/old",)), Team("O/t"), Grant("repo", "O/new", "team:O/t", "read")]
    assert [(verb, name) for verb, name, _ in steps(wanted, seen)] == [("move", "O/new")]


def test_a_team_and_a_repository_of_one_name_are_not_mixed_up_by_a_move():
    seen = [Repo("O/x"), Team("O/x"), Grant("repo", "O/x", "team:O/x", "read")]
    wanted = [Repo("O/y", previously=("O/x",)), Team("O/x"), Grant("repo", "O/y", "team:O/x", "read")]
    assert [(verb, name) for verb, name, _ in steps(wanted, seen)] == [("move", "O/y")]


def test_nothing_is_moved_onto_a_name_that_exists():
    found = plan([Repo("O/new", previously=("O/old",))], [Repo("O/old"), Repo("O/new")])
    assert found.actions == ()
    assert any("nothing is moved" in note.text for note in found.notes)


@pytest.mark.parametrize(
    "extra",
    [Repo("O/extra"), Team("O/extra"), Membership("O", "p2")],
    ids=["repo", "team", "member"],
)
def test_a_whole_thing_nobody_declared_is_reported_removed_or_ignored_as_the_policy_says(extra):
    wanted, seen = [Org("O")], [Org("O"), extra]
    word = {"repo": "repos", "team": "teams", "membership": "members"}[extra.KIND]
    assert [n.topic for n in plan(wanted, seen).notes] == ["undeclared"]
    assert plan(wanted, seen).actions == ()
    assert [a.verb for a in plan(wanted, seen, undeclared={word: "remove"}).actions] == ["delete"]
    assert plan(wanted, seen, undeclared={word: "ignore"}).notes == ()


def test_inside_a_declared_thing_the_files_are_the_whole_truth():
    seen = [Team("O/t"), TeamMember("O/t", "p1"), Repo("O/r"), Grant("repo", "O/r", "person:p2", "admin")]
    found = plan([Team("O/t"), Repo("O/r")], seen)
    assert [(a.verb, a.kind) for a in found.actions] == [("delete", "grant"), ("delete", "team_member")]


def test_an_owner_nobody_declared_is_an_owner_no_more_where_owners_are_declared():
    seen = [Org("O"), Membership("O", "p1", "owner"), Membership("O", "p2", "owner")]
    wanted = [Org("O"), Membership("O", "p1", "owner")]
    (action,) = plan(wanted, seen).actions
    assert action.changed() == {"role": ("owner", "member")}
    assert plan(wanted, seen, managed=frozenset()).actions == ()


def test_a_removal_belongs_to_the_sig_of_the_thing_it_is_inside_of():
    seen = [Repo("O/r"), Grant("repo", "O/r", "person:p2", "admin")]
    found = plan([Repo("O/r")], seen, sigs={Key("repo", "O/r"): "virt"})
    assert [a.sig for a in found.actions] == ["virt"]


def test_a_lower_level_is_given_only_after_the_group_above_has_sunk():
    """A forge that inherits refuses a level below the inherited one; the moment without access is named."""
    seen = [Org("G"), Repo("G/r"), Grant("org", "G", "person:p1", "admin")]
    wanted = [Org("G"), Repo("G/r"), Grant("repo", "G/r", "person:p1", "write")]
    desired = desired_of(state(wanted), managed=frozenset({Key("org", "G"), Key("repo", "G/r")}))
    found = compare(desired, observation_of(state(seen)), replace(TRAITS, group_grants=True), OPEN).plan
    assert [(a.verb, a.subject.on) for a in found.actions] == [("delete", "org"), ("create", "repo")]
    assert found.actions[0].phase < found.actions[1].phase
    assert [n.subject for n in found.notes if n.topic == "moment"] == ["p1"]


def test_on_a_new_repository_rules_come_when_it_is_shown_and_rights_only_after_them():
    """GitHub's free plan refuses rules on private repositories."""
    rule = BranchRule("O/r", "c7", push=())
    traits = replace(TRAITS, kinds=TRAITS.kinds | {"branch_rule"})
    repo = Repo("O/r", visibility="public", archived=True)
    wanted = [Org("O"), Team("O/t"), repo, Grant("repo", "O/r", "team:O/t", "write"), rule]
    found = compare(desired_of(state(wanted)), observation_of(state([Org("O")])), traits, OPEN).plan
    steps = [a for a in found.actions if repo.key in (a.subject.inside, a.key)]
    assert [(a.kind, list(a.changed())) for a in steps] == [
        ("repo", []),
        ("repo", ["visibility"]),
        ("branch_rule", []),
        ("grant", []),
        ("repo", ["archived"]),
    ]
    assert steps[2].id in steps[3].depends, "a right is not given where its rule failed"


def test_a_narrowing_rule_comes_before_the_grant_that_it_bounds():
    rule = BranchRule("O/r", "c7", push=())
    traits = replace(TRAITS, kinds=TRAITS.kinds | {"branch_rule"})
    wanted = [Org("O"), Team("O/t"), Repo("O/r"), Grant("repo", "O/r", "team:O/t", "write"), rule]
    found = compare(
        desired_of(state(wanted)), observation_of(state([Org("O"), Repo("O/r")])), traits, OPEN
    ).plan
    phases = {a.kind: a.phase for a in found.actions}
    assert phases["team"] < phases["branch_rule"] < phases["grant"]


def test_a_repository_that_leaves_the_archive_and_moves_is_opened_where_it_was_and_moves_open():
    seen = [Org("O"), Repo("O/old", archived=True), Repo("O/other", archived=True), Team("O/was")]
    wanted = [
        Org("O"),
        Repo("O/new", archived=False, previously=("O/old",)),
        Repo("O/away", archived=True, previously=("O/other",)),
        Team("O/now", previously=("O/was",)),
    ]
    found = plan(wanted, seen).actions
    assert [
        (a.verb, a.before.key.name, a.key.name) for a in found if a.subject.key.name in ("O/old", "O/new")
    ] == [
        ("update", "O/old", "O/old"),
        ("move", "O/old", "O/new"),
    ]
    moved = {
        a.key.name: (a.before.archived, a.after.archived)
        for a in found
        if a.verb == "move" and a.kind == "repo"
    }
    assert moved["O/new"] == (False, False)
    assert [a.key.name for a in found if a.verb == "move" and a.kind == "team"] == ["O/now"]
