"""Protections that a forge makes by itself, the moments around a new one, and whom a rule can name already."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.holders import People
from sigctl.core.kinds import BranchRule, DeployKey, Grant, Org, Repo
from sigctl.core.plan import Action
from sigctl.core.protected import (
    grants_named,
    listed,
    made_late,
    moments,
    named_late,
    not_yet,
    own_defaults,
)
from sigctl.core.state import Note, state

PATH = "G/a/r"
REPO = Repo(PATH)
MAINTAINERS = ("level:maintain",)


def rule(push, pattern="c7", **more):
    return BranchRule(PATH, pattern, **{"push": push, "create": push, "merge": push, **more})


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ("", "nobody"),
        ("a", "a"),
        ("abc", "a, b, c"),
        ("abcd", "a, b, c and 1 more"),
        ("abcde", "a, b, c and 2 more"),
    ],
)
def test_of_many_the_first_three_are_named(names, text):
    assert listed(names) == text


DEFAULT = rule(MAINTAINERS)
OWN = {
    "by level": (DEFAULT, True),
    "for those who write": (rule(("level:write",), force=False, delete=False), True),
    "not where somebody is named who pushes": (replace(DEFAULT, push=("person:p1",)), False),
    "not where somebody is named who merges": (replace(DEFAULT, merge=("person:p1",)), False),
    "not where nobody pushes": (rule(()), False),
    "not where it may be forced": (replace(DEFAULT, force=True), False),
    "not of a pattern": (replace(DEFAULT, pattern="c*"), False),
    "not of tags": (replace(DEFAULT, on="tag"), False),
}


@pytest.mark.parametrize("case", OWN)
def test_a_rule_is_taken_for_one_that_the_server_makes_of_a_default_branch(case):
    one, stays = OWN[case]
    notes = []
    who = one.push[0].removeprefix("level:") if one.push else ""
    text = (
        "what the server itself makes of default branches stays where no file has a rule for the branch: "
        f"{PATH} c7 ({who} may push)"
    )
    told = [Note("left alone", "default branches", text)] if stays else []
    assert own_defaults([REPO], [REPO, one], notes) == ([REPO] if stays else [REPO, one])
    assert notes == told


def group(level="write", target="G", subject="person:p1"):
    return Grant("org", target, subject, level, "")


def makes(one, phase=20):
    return Action("f", "create", None, one, phase=phase)


def told(name):
    text = f"{name} is made before its rules: for a moment whoever may write in the group above can push to any branch"
    return Note("moment", name, text, "f")


NEW = [makes(REPO), makes(DEFAULT, 30)]
MOMENTS = {
    "who may write in the group": ([group()], NEW, [told(PATH)]),
    "who may write in the group above it": ([group(target="G/a")], NEW, [told(PATH)]),
    "who has a word of the forge's own there": ([group("native:x")], NEW, [told(PATH)]),
    "nobody who may only read": ([group("triage")], NEW, []),
    "nobody elsewhere": ([group(target="G/b"), group(target="G/a/r2")], NEW, []),
    "nobody by a right on the repository": ([Grant("repo", "G/a", "person:p1", "write", "")], NEW, []),
    "who gets that in the same phase": ([], [*NEW, makes(group(), 20)], [told(PATH)]),
    "nobody who gets that later": ([], [*NEW, makes(group(), 21)], []),
    "nobody where no rule comes": ([group()], [makes(REPO)], []),
    "nobody in what was there": ([group()], [Action("f", "update", REPO, REPO), makes(DEFAULT)], []),
    "who may write there, from the very first": ([group()], [makes(REPO, 0), makes(DEFAULT)], [told(PATH)]),
    "who may write in each that is made": (
        [group()],
        [makes(Repo("G/z")), makes(BranchRule("G/z", "*")), *NEW],
        [told(PATH), told("G/z")],
    ),
}


@pytest.mark.parametrize("case", MOMENTS)
def test_before_its_rules_a_new_repository_is_open_to(case):
    seen, actions, notes = MOMENTS[case]
    assert moments(actions, state(seen)) == notes


def right(level, subject, on="repo", target=PATH):
    return Grant(on, target, subject, level, "")


DEPLOYS = DeployKey(PATH, "SHA256:x", write=True)
TAKEN = {
    "a level": ("level:write", []),
    "our own account": ("person:own", []),
    "a person who may write": ("person:p1", [right("write", "person:p1")]),
    "a person who may write in the group": ("person:p1", [group(target="G/a")]),
    "a person who may write in the group above": ("person:p1", [group()]),
    "a team that may read": ("team:T/t", [right("read", "team:T/t")]),
    "a key that may push": ("deploy_key:SHA256:x", [DEPLOYS]),
}
REFUSED = {
    "a person with no right": ("person:p1", []),
    "a person who may only read": ("person:p1", [right("triage", "person:p1")]),
    "a person who may write elsewhere": ("person:p1", [right("write", "person:p1", target="G/a/s"), group(target="G/b")]),
    "a team with no right": ("team:T/t", []),
    "a team with a right on the group only": ("team:T/t", [group(subject="team:T/t")]),
    "a key that may read": ("deploy_key:SHA256:x", [replace(DEPLOYS, write=False)]),
    "a key of another repository": ("deploy_key:SHA256:x", [replace(DEPLOYS, repo="G/a/s")]),
}  # fmt: skip
BEFORE = rule(("person:before",))


@pytest.mark.parametrize("case", TAKEN)
def test_a_server_takes_a_rule_for(case):
    subject, seen = TAKEN[case]
    assert not_yet(rule((subject,)), state(seen), "person:own", BEFORE) is None
    assert made_late(rule((subject,)), state(seen), "person:own") == [(None, rule((subject,)))]


def test_a_server_that_took_somebody_takes_him_again():
    assert not_yet(BEFORE, {}, "person:own", BEFORE) is None
    assert made_late(BEFORE, {}, "person:own") == [(None, rule(())), (rule(()), BEFORE)]


@pytest.mark.parametrize("case", REFUSED)
def test_a_server_takes_no_rule_yet_for(case):
    subject, seen = REFUSED[case]
    one, kept = rule((*MAINTAINERS, subject)), rule(MAINTAINERS)
    assert not_yet(one, state(seen), "person:own", BEFORE) == kept
    assert made_late(one, state(seen), "person:own") == [(None, kept), (kept, one)]


COMES = "person:comes"
STEPS = {
    "whom it names in place of others comes last": (
        [(rule(("person:before", "person:goes")), rule(("person:before",), unprotect=(COMES,)))],
        [
            (rule(("person:before", "person:goes")), rule(("person:before",), unprotect=())),
            (rule(("person:before",), unprotect=()), rule(("person:before",), unprotect=(COMES,))),
        ],
    ),
    "a rule that lets in more is written at once": (
        [(rule(("person:before",)), rule(("person:before", COMES), force=False))], None,
    ),
    "a new rule is written at once": ([(None, rule((COMES,)))], None),
    "whom it named before stays named": (
        [(rule(("person:before", "person:goes")), rule(("person:before",)))], None,
    ),
    "what is no rule is left": ([(REPO, replace(REPO, description="x"))], None),
}  # fmt: skip


@pytest.mark.parametrize("case", STEPS)
def test_of_a_rule_that_changes(case):
    steps, expected = STEPS[case]
    assert named_late(steps, {}, "person:own") == (expected or steps)


@pytest.mark.parametrize("side", ["push", "merge", "unprotect"])
def test_a_team_that_a_rule_names_and_that_has_its_right_from_above_gets_one_of_its_own(side):
    above = group("maintain", "G/a", "team:T/t")
    alone = BranchRule(PATH, "c7", **{side: ("person:p1", "team:T/t", "team:T/none")})
    people = People.of([Org("G"), above], [], frozenset())
    assert grants_named([REPO, alone], people) == [Grant("repo", PATH, "team:T/t", "maintain", "")]
