"""Rules of whole groups: which repositories have them, and what is told of them."""

from __future__ import annotations

import pytest

from sigctl.core.group_rules import inherited, told
from sigctl.core.kinds import BranchRule, GroupRule, Org, Repo
from sigctl.core.state import Note

WIDE = GroupRule("G", "c7", push=("level:maintain",), merge=("level:write",), force=True, code_owners=True)
CLOSED = GroupRule("G/a", "*", push=())


def held(repo, rule):
    return BranchRule(
        repo, rule.pattern, push=rule.push, merge=rule.merge, create=rule.push,
        force=rule.force, delete=False, code_owners=rule.code_owners,
    )  # fmt: skip


def test_each_repository_below_a_group_has_its_rules_at_any_depth():
    repos = [Repo("G/a/r"), Repo("G/s"), Repo("Gx/r"), Repo("H/G/r")]
    assert list(inherited([Org("G"), WIDE, *repos, CLOSED])) == [
        held("G/a/r", WIDE),
        held("G/a/r", CLOSED),
        held("G/s", WIDE),
    ]


def test_without_rules_of_groups_nobody_has_one():
    assert list(inherited([Org("G"), Repo("G/r"), BranchRule("G/r", "c7")])) == []


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (WIDE, "push by all with maintain, also by force"),
        (CLOSED, "push by nobody"),
        (GroupRule("G", "x", push=("level:admin", "level:write")), "push by all with admin, all with write"),
        (GroupRule("G", "x", push=("level:write",), force=False), "push by all with write"),
    ],
)
def test_each_rule_of_a_group_is_told_with_who_may_push(rule, says):
    start = f"{rule.org} has a rule for `{rule.pattern}` in all its repositories, beside those of the files"
    note = Note("left alone", rule.org, f"{start}: {says}; no file changes it")
    assert told([Org("G"), rule, BranchRule("G/r", "c7")]) == [note]
