"""New and leaving rules where the most permissive rule of a branch decides: none opens more than was or shall be, for no moment."""

from __future__ import annotations

from dataclasses import replace

from worlds import TRAITS, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Key, Org, Repo
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import state

POLICY = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
OPEN = replace(
    TRAITS,
    kinds=TRAITS.kinds | {"branch_rule"},
    fields={**TRAITS.fields, "branch_rule": frozenset({"push", "merge", "create", "force", "delete"})},
    group_grants=True,
    nested_orgs=True,
    rules_open=True,
    archived_locked=False,
)
WRITERS, MAINTAINERS = ("level:write",), ("level:maintain",)
COMES = Grant("org", "O", "person:p1", "write")
GOES = Grant("org", "O", "person:p2", "write")


def rule(pattern, push, *, force=False):
    return BranchRule("O/r", pattern, push=push, create=push, merge=push, force=force, delete=False)


def plan(wanted, seen, *, there=True):
    both = [Org("O"), Repo("O/r", visibility="private")]
    desired = desired_of(state([*both, *wanted]), managed=frozenset({Key("org", "O"), Key("repo", "O/r")}))
    before = state([*(both if there else both[:1]), *seen])
    return compare(desired, observation_of(before), OPEN, POLICY).plan


def steps(found):
    """Return what happens to the rules, and when somebody gets or loses a right."""
    return [
        (a.verb, a.subject.pattern, a.after.push if a.after else None)
        if a.kind == "branch_rule"
        else (a.verb, a.kind)
        for a in found.actions
    ]


def test_a_new_rule_lets_in_beyond_the_rules_beside_it_only_at_the_end():
    shut = rule("c7*", ())
    found = plan([shut, rule("*", WRITERS), COMES], [shut, GOES])
    assert steps(found) == [
        ("create", "*", ()),
        ("create", "grant"),
        ("delete", "grant"),
        ("update", "*", WRITERS),
    ]


def test_a_new_rule_with_no_more_than_those_beside_it_is_made_at_once():
    there = rule("c7*", WRITERS, force=True)
    found = plan([there, rule("*", MAINTAINERS)], [there])
    assert steps(found) == [("create", "*", MAINTAINERS)]


def test_a_new_rule_beside_others_of_other_branches_is_made_at_once():
    there = rule("c8", ())
    assert steps(plan([there, rule("c7*", WRITERS)], [there])) == [("create", "c7*", WRITERS)]


def test_a_new_rule_lets_force_only_once_the_rule_beside_it_may_be_forced():
    there = rule("c7*", WRITERS)
    found = plan([there, rule("*", WRITERS, force=True)], [there])
    assert [(a.verb, a.after.force) for a in found.actions] == [("create", False), ("update", True)]


def test_a_rule_below_one_that_stays_goes_before_anybody_gets_a_right():
    found = plan([rule("c7*", ()), COMES], [rule("c7*", WRITERS), rule("c7-x", WRITERS)])
    assert steps(found) == [
        ("delete", "c7-x", None),
        ("update", "c7*", ()),
        ("create", "grant"),
    ]


def test_a_rule_below_one_that_is_only_made_goes_right_after_that():
    found = plan([rule("c7*", ()), COMES], [rule("c7-x", WRITERS)])
    assert steps(found) == [
        ("create", "c7*", ()),
        ("delete", "c7-x", None),
        ("create", "grant"),
    ]


def test_a_repository_that_is_made_where_people_get_a_right_before_is_named():
    goes = [Repo("O/old", visibility="private"), Grant("org", "O", "team:O/t", "read")]
    moved = Repo("O/b/old", visibility="private", previously=("O/old",))
    right = Grant("org", "O/b", "person:p1", "maintain")
    found = plan([Org("O/b"), moved, right, COMES, rule("*", ())], [Org("O/b"), *goes], there=False)
    order = [(a.verb, str(a.key)) for a in found.actions]
    assert order.index(("create", str(COMES.key))) < order.index(("create", "repo O/r")), order
    assert [n.subject for n in found.notes if "is made before its rules" in n.text] == ["O/r"]


def test_a_rule_that_goes_lets_nobody_in_beyond_what_the_server_itself_has_made_of_a_branch():
    """No file speaks of c7 any more, so its rule is left alone; it stays, and until the wide one is gone, that lets in more."""
    seen = [rule("*", WRITERS), rule("c7", MAINTAINERS)]
    found = plan([COMES], seen)
    come = ("create", "grant")
    assert steps(found).index(("delete", "*", None)) < steps(found).index(come)
    assert ("left alone", "default branches") in {(note.topic, note.subject) for note in found.notes}
