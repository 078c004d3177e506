"""Rules of branches on a forge that has none: grants take them in, and nobody gets more than is declared."""

from __future__ import annotations

import pytest

from sigctl.core.kinds import BranchRule, Grant, Repo
from sigctl.core.patterns import by_pattern, without_patterns
from sigctl.core.state import Note

REPO = "rpms/xen"
VIRT, CLOUD, RELEASE = "team:sig-virt", "team:sig-cloud", "team:sig-release"


def given(subject=VIRT, level="write"):
    return Grant("repo", REPO, subject, level)


def rule(pattern, *push, **more):
    return BranchRule(REPO, pattern, push=push, **more)


def bounded(grant, *rules):
    notes = []
    found = [one for one in by_pattern([Repo(REPO), grant, *rules], notes) if isinstance(one, Grant)]
    assert len(found) == 1
    return found[0].level, found[0].branches, [note.text for note in notes]


def test_without_rules_a_right_is_for_all_branches():
    assert bounded(given()) == ("write", (), [])


def test_rules_that_leave_nobody_out_bound_nobody():
    assert bounded(given(), rule("c7-sig-virt", VIRT))[:2] == ("write", ())
    open_rule = BranchRule(REPO, "c7-sig-virt", push=None)
    assert bounded(given(), open_rule)[:2] == ("write", ())


def test_who_is_left_out_of_a_rule_gets_the_branches_that_name_him():
    rules = [rule("c7-sig-virt", VIRT), rule("c7-sig-virt-*", VIRT), rule("c7", RELEASE)]
    assert bounded(given(), *rules) == ("write", ("c7-sig-virt", "c7-sig-virt-*"), [])
    assert bounded(given(RELEASE, "maintain"), *rules)[:2] == ("write", ("c7",))


def test_a_wider_rule_of_others_gives_way_to_a_narrower_one():
    assert bounded(given(), rule("c7-sig-virt-*", VIRT), rule("*"))[:2] == ("write", ("c7-sig-virt-*",))


@pytest.mark.parametrize("wide", ["*", "c7*", "c7-sig-virt-*-x"])
def test_a_pattern_that_reaches_into_what_is_kept_is_left_out_and_told(wide):
    rules = [rule("c7-sig-virt-*", VIRT), rule(wide, RELEASE), rule("c9", RELEASE)]
    level, branches, notes = bounded(given(RELEASE), *rules)
    if wide == "c7-sig-virt-*-x":
        assert branches == ("c7-sig-virt-*-x", "c9"), (
            "a narrower rule takes its branches out of the wider one"
        )
    else:
        assert (level, branches) == ("write", ("c9",))
        assert f"may not push {wide}" in notes[0]


def test_who_can_be_given_no_branch_may_not_write():
    level, branches, notes = bounded(given(CLOUD), rule("c7", RELEASE))
    assert (level, branches) == ("triage", ())
    assert "gets triage, not write" in notes[0]


def test_an_admin_can_be_kept_from_nothing_and_that_is_said():
    level, branches, notes = bounded(given(level="admin"), rule("c7", RELEASE))
    assert (level, branches) == ("admin", ())
    assert "can't keep one from an admin" in notes[0]


def test_less_than_writing_is_for_no_branch_and_needs_no_rules():
    assert bounded(given(level="triage"), rule("c7-sig-virt", VIRT), rule("c7"))[:2] == ("triage", ())


def test_what_rules_ask_beyond_pushing_is_told():
    asked = BranchRule(REPO, "c7", push=(VIRT,), force=False, delete=False, reviews=1)
    _, _, notes = bounded(given(), asked, BranchRule(REPO, "*", on="tag", push=()))
    assert {note.partition(" can't")[0] for note in notes} == {
        "no force",
        "no delete",
        "reviews",
        "who may push tags: whoever may push every branch, and nobody else",
    }


def test_a_server_that_computes_rules_is_left_to_it_in_both_directions():
    bound = Grant("repo", REPO, VIRT, "write", branches=("c7-sig-virt",))
    whole = Grant("repo", REPO, VIRT, "write", branches=())
    stray = Grant("repo", REPO, CLOUD, "write", branches=("x",))
    assert without_patterns([bound], [bound, stray]) == ([], [stray])
    assert without_patterns([bound], [whole]) == ([], [whole]), "what is for all branches is still found"


def test_more_branches_are_a_wider_right():
    few, more = (Grant("repo", REPO, VIRT, "write", branches=b) for b in (("a",), ("a", "b")))
    every = Grant("repo", REPO, VIRT, "write", branches=())
    assert Grant.effect(few, more) == Grant.effect(more, every) == "widens"
    assert Grant.effect(every, few) == Grant.effect(more, few) == "narrows"
    assert Grant.effect(few, few) == "neutral"


@pytest.mark.parametrize(
    ("one", "lost"),
    [
        (rule("c7"), []),
        (rule("c7", VIRT, reviews=1), ["reviews"]),
        (rule("c7", VIRT, checks=("build",), force=False), ["no force", "checks"]),
        (rule("c7", VIRT, delete=False, force=True), ["no delete"]),
        (rule("c7", VIRT, merge=(VIRT,)), []),
        (BranchRule(REPO, "c7", merge=(VIRT,)), ["who may merge or create"]),
        (BranchRule(REPO, "c7", create=(VIRT,)), ["who may merge or create"]),
        (
            BranchRule(REPO, "v*", "tag", create=(VIRT,), force=False),
            ["who may push tags: whoever may push every branch, and nobody else"],
        ),
    ],
)
def test_what_rules_say_and_this_forge_can_not_keep_is_told(one, lost):
    notes = []
    assert by_pattern([Repo(REPO), one], notes) == [Repo(REPO)]
    assert notes == [
        Note("unsupported", "branch rules", f"{what} can't be kept by rules on this forge") for what in lost
    ]


def test_each_note_about_a_right_says_where_it_is():
    kept = [rule("c7*", RELEASE), rule("c7-sig-*-x", VIRT), rule("c7-sig-virt-*", VIRT)]
    notes = []
    by_pattern([Repo(REPO), given(level="admin"), given(CLOUD), given(RELEASE), *kept], notes)
    assert notes == [
        Note(
            "unsupported",
            REPO,
            f"{VIRT} has admin, so may push to every branch: this forge can't keep one from an admin",
        ),
        Note(
            "rounded",
            REPO,
            f"{CLOUD} gets triage, not write: no branch can be given that is not also kept from it",
        ),
        Note(
            "unsupported",
            REPO,
            f"{RELEASE} may not push c7*: it reaches into c7-sig-*-x, which is kept from it, and this forge knows no exceptions",
        ),
        Note(
            "rounded",
            REPO,
            f"{RELEASE} gets triage, not write: no branch can be given that is not also kept from it",
        ),
    ]
