"""What rules of branches let somebody do, and what the answer says it rests on: whole answers, for each way of adding up rules."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import TRAITS

from sigctl.core.access_rules import Judge
from sigctl.core.access_says import VERBS, Can, Says
from sigctl.core.kinds import BranchRule, Grant, GroupRule, Key, Membership, Org, Repo, Team, TeamMember
from sigctl.core.state import state

NARROW = replace(TRAITS, kinds=TRAITS.kinds | {"branch_rule"}, owners_pass=True, pushers_merge=True)
"""The narrowest rules decide, all of them; who pushes merges; owners pass by."""
APART = replace(NARROW, owners_pass=False, pushers_merge=False)
"""As that, but merging is apart from pushing, and nobody passes by."""
OPEN = replace(APART, rules_open=True)
"""One rule that lets in is enough."""
BLIND = TRAITS
"""Rules are not read."""
NAMED = replace(TRAITS, push_by_pattern=True)
"""There are no rules: a right names its branches."""
R = "O/r"
HELD = [
    *(Org("O"), Repo(R, default_branch="main"), Repo("O/old", archived=True), Team("O/t"), Team("O/u")),
    *(TeamMember("O/t", "writer"), TeamMember("O/u", "keeper"), Membership("O", "owner", "owner")),
    *(Grant("repo", R, "team:O/t", "write"), Grant("repo", R, "team:O/u", "maintain")),
    *(Grant("repo", R, "person:reader", "read"), Grant("repo", R, "person:odd", "native:odd")),
    *(Grant("repo", R, "person:both", "native:odd"), Grant("repo", "O/old", "team:O/t", "write")),
    TeamMember("O/t", "both"),
]
MINE, THEIRS, NOBODY, KEEPERS = ("team:O/t",), ("team:O/u",), (), ("level:maintain",)


def rule(pattern, push=None, **fields):
    return BranchRule(R, pattern, push=push, **{"create": push, **fields})


def judge(traits, *rules):
    return Judge(state([*HELD, *rules]), traits)


def yes(why, *, past=False):
    return Says(may=True, why=why, past=past)


def no(why):
    return Says(may=False, why=why)


def maybe(why):
    return Says(may=None, why=why)


def check(cases, traits):
    """Return each case of a table with the traits that it is for: rules, who, verb, branch, what is said."""
    return [pytest.param(traits, found, id=name) for name, found in cases.items()]


C7 = [rule("c7", MINE)]
SHUT = [rule("c7", NOBODY)]
SAID = [
    *check(
        {
            "nothing without a right": ([], "outsider", "push", "c7", no("no right on the repository")),
            "nothing by reading": ([], "reader", "push", "c7", no("read is not enough")),
            "nobody knows by a word of the forge": ([], "odd", "push", "c7", maybe("`native:odd` may be anything")),
            "by writing, where no rule is": ([], "writer", "push", "c7", yes("no rule covers it: whoever may write")),
            "by writing, on the default branch, too": ([], "writer", "push", "main", yes("no rule covers it: whoever may write")),
            "by writing, elsewhere": (C7, "writer", "push", "", yes("no rule covers it: whoever may write")),
            "nothing of the default branch is deleted": ([], "writer", "delete", "main", no("it is the default branch")),
            "any other is": ([], "writer", "delete", "c7", yes("no rule covers it: whoever may write")),
            "elsewhere is no default branch": ([], "writer", "delete", "", yes("no rule covers it: whoever may write")),
            "by his team": (C7, "writer", "push", "c7", yes("rule c7: team:O/t")),
            "not by another's": (C7, "keeper", "push", "c7", no("rule c7: only team:O/t")),
            "not by either's": (
                [rule("c7", ("person:p1", "team:O/x"))],
                "keeper", "push", "c7", no("rule c7: only person:p1, team:O/x"),
            ),
            "by his name": ([rule("c7", ("person:writer",))], "writer", "push", "c7", yes("rule c7: named")),
            "not by the name of a key that is called like him": (
                [rule("c7", ("deploy_key:writer",))], "writer", "push", "c7", no("rule c7: only deploy_key:writer"),
            ),
            "not by a team that is called like him": (
                [rule("c7", ("team:writer",))], "writer", "push", "c7", no("rule c7: only team:writer"),
            ),
            "not by a name that only ends like his": (
                [rule("c7", ("person:x:writer",))], "writer", "push", "c7", no("rule c7: only person:x:writer"),
            ),
            "by his level": ([rule("c7", KEEPERS)], "keeper", "push", "c7", yes("rule c7: maintain and up")),
            "not below the level": ([rule("c7", KEEPERS)], "writer", "push", "c7", no("rule c7: only level:maintain")),
            "not by a level that nobody knows": (
                [rule("c7", ("level:native:odd",))], "keeper", "push", "c7", no("rule c7: only level:native:odd"),
            ),
            "nobody": (SHUT, "writer", "push", "c7", no("rule c7: nobody")),
            "who owns passes by": (SHUT, "owner", "push", "c7", yes("rule c7: passed by as owner of O", past=True)),
            "who owns and is named does not": (
                [rule("c7", ("person:owner",))], "owner", "push", "c7", yes("rule c7: named"),
            ),
            "who owns passes by the one of two": (
                [rule("c*", ("person:owner",)), rule("*7", NOBODY)],
                "owner", "push", "c7", yes("rule *7: passed by as owner of O; rule c*: named", past=True),
            ),
            "the narrower decides": ([rule("*", NOBODY), rule("c7", MINE)], "writer", "push", "c7", yes("rule c7: team:O/t")),
            "both that only cross": (
                [rule("c*", MINE), rule("*7", THEIRS)], "writer", "push", "c7", no("rule *7: only team:O/u"),
            ),
            "both, of which one asks nothing": (
                [rule("*7", None), rule("c*", THEIRS)], "writer", "push", "c7", no("rule c*: only team:O/u"),
            ),
            "both, which ask nothing": (
                [rule("*7", None), rule("c*", None)],
                "writer", "push", "c7", yes("rule *7: whoever may write; rule c*: whoever may write"),
            ),
            "both that stand for the same names": (
                [rule("c*", MINE), rule("c**", NOBODY)], "writer", "push", "c7", no("rule c**: nobody"),
            ),
            "only by review": ([rule("c7", reviews=1)], "writer", "push", "c7", no("rule c7: only by a reviewed change")),
            "only by checks": ([rule("c7", checks=("ci",))], "writer", "push", "c7", no("rule c7: only by a reviewed change")),
            "not past a review by force": (
                [rule("c7", reviews=1)], "writer", "force", "c7", no("rule c7: only by a reviewed change"),
            ),
            "named, past a review": ([rule("c7", MINE, reviews=1)], "writer", "push", "c7", yes("rule c7: team:O/t")),
            "merging what is reviewed": ([rule("c7", reviews=1)], "writer", "merge", "c7", yes("rule c7: whoever may write")),
            "creating what is reviewed": ([rule("c7", reviews=1)], "writer", "create", "c7", yes("rule c7: whoever may write")),
            "deleting what is reviewed": ([rule("c7", reviews=1)], "writer", "delete", "c7", yes("rule c7: whoever may write")),
            "merging who pushes": (C7, "writer", "merge", "c7", yes("rule c7: team:O/t")),
            "merging not who does not push": (C7, "keeper", "merge", "c7", no("rule c7: only team:O/t")),
            "merging who merges besides": ([rule("c7", MINE, merge=THEIRS)], "keeper", "merge", "c7", yes("rule c7: team:O/u")),
            "merging who pushes, whoever merges besides": (
                [rule("c7", MINE, merge=THEIRS)], "writer", "merge", "c7", yes("rule c7: team:O/t"),
            ),
            "merging whoever writes, where nobody is kept from pushing": (
                [rule("c7", merge=THEIRS)], "writer", "merge", "c7", yes("rule c7: whoever may write"),
            ),
            "not merging, as who merges is named": (
                [rule("c7", NOBODY, merge=THEIRS)], "writer", "merge", "c7", no("rule c7: only team:O/u"),
            ),
            "creating who may create": ([rule("c7", NOBODY, create=MINE)], "writer", "create", "c7", yes("rule c7: team:O/t")),
            "not creating who may only push": (
                [rule("c7", MINE, create=THEIRS)], "writer", "create", "c7", no("rule c7: only team:O/u"),
            ),
            "creating not at all": ([rule("c7", MINE, create=NOBODY)], "writer", "create", "c7", no("rule c7: nobody")),
            "by force as by pushing": (C7, "writer", "force", "c7", yes("rule c7: team:O/t")),
            "by force, where that is on": ([rule("c7", MINE, force=True)], "writer", "force", "c7", yes("rule c7: team:O/t")),
            "not by force who does not push": (C7, "keeper", "force", "c7", no("rule c7: only team:O/t")),
            "not by force, where that is off": ([rule("c7", MINE, force=False)], "writer", "force", "c7", no("rule c7: no force push")),
            "not by force, owners neither": ([rule("c7", MINE, force=False)], "owner", "force", "c7", no("rule c7: no force push")),
            "deleting as pushing": (C7, "writer", "delete", "c7", yes("rule c7: team:O/t")),
            "not deleting who does not push": (C7, "keeper", "delete", "c7", no("rule c7: only team:O/t")),
            "not deleting, where that is off": ([rule("c7", MINE, delete=False)], "writer", "delete", "c7", no("rule c7: no deletion")),
            "deleting, where only force is off": ([rule("c7", MINE, force=False)], "writer", "delete", "c7", yes("rule c7: team:O/t")),
            "a word of the forge that may be the level": (
                [rule("c7", KEEPERS)], "both", "push", "c7", maybe("rule c7: `native:odd` may be level:maintain"),
            ),
            "a word of the forge is no name": ([rule("c7", THEIRS)], "both", "push", "c7", no("rule c7: only team:O/u")),
            "a word of the forge is no other word of it": (
                [rule("c7", ("level:native:write",))], "both", "push", "c7", no("rule c7: only level:native:write"),
            ),
            "a word of the forge that may be the level of both rules": (
                [rule("*7", KEEPERS), rule("c*", ("level:admin", "level:maintain"))],
                "both", "push", "c7", maybe("rule *7: `native:odd` may be level:maintain; rule c*: `native:odd` may be level:admin"),
            ),
            "a word of the forge beside a team": (C7, "both", "push", "c7", yes("rule c7: team:O/t")),
            "a word of the forge that another rule keeps out": (
                [rule("*7", KEEPERS), rule("c*", THEIRS)], "both", "push", "c7", no("rule c*: only team:O/u"),
            ),
            "a word of the forge that another rule lets in": (
                [rule("*7", KEEPERS), rule("c*", MINE)],
                "both", "push", "c7", maybe("rule *7: `native:odd` may be level:maintain"),
            ),
        },
        NARROW,
    ),
    *check(
        {
            "no owner passes by": (SHUT, "owner", "push", "c7", no("rule c7: nobody")),
            "merging who merges": ([rule("c7", MINE, merge=THEIRS)], "keeper", "merge", "c7", yes("rule c7: team:O/u")),
            "not merging who only pushes": ([rule("c7", MINE, merge=THEIRS)], "writer", "merge", "c7", no("rule c7: only team:O/u")),
            "merging who pushes, where that is not said": (C7, "writer", "merge", "c7", yes("rule c7: team:O/t")),
            "not merging, where that is not said": (C7, "keeper", "merge", "c7", no("rule c7: only team:O/t")),
        },
        APART,
    ),
    *check(
        {
            "the one that lets in": (
                [rule("*", MINE), rule("c7", NOBODY)], "writer", "push", "c7", yes("rule *: team:O/t"),
            ),
            "neither": ([rule("*", THEIRS), rule("c7", NOBODY)], "writer", "push", "c7", no("rule *, c7: only team:O/u")),
            "maintainers, where nobody is named": ([rule("c7")], "keeper", "push", "c7", yes("rule c7: maintain and up")),
            "not writers, where nobody is named": (
                [rule("c7")], "writer", "push", "c7", no("rule c7: only level:maintain"),
            ),
            "no owner passes by": (SHUT, "owner", "push", "c7", no("rule c7: nobody")),
            "merging who merges": ([rule("c7", NOBODY, merge=MINE)], "writer", "merge", "c7", yes("rule c7: team:O/t")),
            "not merging who only pushes": (
                [rule("c7", MINE, merge=THEIRS)], "writer", "merge", "c7", no("rule c7: only team:O/u"),
            ),
            "merging who pushes, where that is not said": (C7, "writer", "merge", "c7", yes("rule c7: team:O/t")),
            "pushing not who only merges": ([rule("c7", NOBODY, merge=MINE)], "writer", "push", "c7", no("rule c7: nobody")),
            "creating as pushing": ([rule("c7", MINE, create=NOBODY)], "writer", "create", "c7", yes("rule c7: team:O/t")),
            "nobody deletes": (
                [rule("*", MINE), rule("c7", MINE)],
                "keeper", "delete", "c7", no("rule *, c7: nobody deletes what a rule covers by git"),
            ),
            "by force, where one rule has it": (
                [rule("*", MINE), rule("c7", NOBODY, force=True)], "writer", "force", "c7", yes("rule c7: force push"),
            ),
            "not by force, where none has it": (
                [rule("*", MINE), rule("c7", MINE, force=False)], "writer", "force", "c7", no("rule *, c7: no force push"),
            ),
            "not by force who does not push": (
                [rule("c7", THEIRS, force=True)], "writer", "force", "c7", no("rule c7: only team:O/u"),
            ),
            "as the whole group has it": (
                [GroupRule("O", "*", push=MINE, merge=THEIRS)], "writer", "push", "c7", yes("rule *: team:O/t"),
            ),
            "not as another group has it": (
                [GroupRule("O/r", "*", push=NOBODY), GroupRule("P", "*", push=NOBODY)],
                "writer", "push", "c7", yes("no rule covers it: whoever may write"),
            ),
            "a word of the forge that may be the level": (
                [rule("c7", THEIRS), rule("c*")], "both", "push", "c7", maybe("rule c*: `native:odd` may be level:maintain"),
            ),
            "a word of the forge that may be the level of either rule": (
                [rule("c7"), rule("c*", ("level:admin",))],
                "both", "push", "c7", maybe("rule c*: `native:odd` may be level:admin; rule c7: `native:odd` may be level:maintain"),
            ),
            "a word of the forge is no name": ([rule("c7", THEIRS)], "both", "push", "c7", no("rule c7: only team:O/u")),
            "a word of the forge beside a team": (
                [rule("c*"), rule("c7", MINE)], "both", "push", "c7", yes("rule c7: team:O/t"),
            ),
            "a word of the forge forces nothing, where nobody may": (
                [rule("c7")], "both", "force", "c7", no("rule c7: no force push"),
            ),
        },
        OPEN,
    ),
    *check(
        {
            "the forge's own protection": (
                [], "writer", "push", "main", maybe("the forge's own protection of the default branch is not read"),
            ),
            "maintainers have more": ([], "keeper", "push", "main", yes("whoever may write")),
            "any other branch": ([], "writer", "push", "c7", yes("whoever may write")),
            "elsewhere": ([], "writer", "push", "", yes("whoever may write")),
            "no rule counts": (SHUT, "writer", "push", "c7", yes("whoever may write")),
            "nor one of the group": ([GroupRule("O", "*", push=NOBODY)], "writer", "push", "c7", yes("whoever may write")),
        },
        BLIND,
    ),
    *check(
        {
            "every branch": ([], "writer", "push", "c7", yes("may push every branch")),
            "no rule counts where rights name branches": (SHUT, "writer", "push", "c7", yes("may push every branch")),
            "nothing by reading": ([], "reader", "push", "c7", no("no branch of this name is granted")),
            "nobody knows by a word of the forge": ([], "odd", "push", "c7", maybe("a word of the forge that may be anything")),
            "nothing without a right": ([], "outsider", "push", "c7", no("no right on the repository")),
            "nothing of the default branch is deleted": ([], "writer", "delete", "main", no("it is the default branch")),
            "one of his": (
                [Grant("repo", R, "person:p1", "write", branches=("c6", "c7*"))], "p1", "push", "c7-x", yes("granted for c7*"),
            ),
            "none of his": (
                [Grant("repo", R, "person:p1", "write", branches=("c6", "c7*"))],
                "p1", "push", "c8", no("no branch of this name is granted"),
            ),
            "none by a right that does not push": (
                [Grant("repo", R, "person:p1", "triage", branches=("c7",))],
                "p1", "push", "c7", no("no branch of this name is granted"),
            ),
            "elsewhere none of his": (
                [Grant("repo", R, "person:p1", "write", branches=("c7*",))],
                "p1", "push", "", no("no branch of this name is granted"),
            ),
        },
        NAMED,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("traits", "case"), SAID)
def test_it_is_said_who_may_and_why(traits, case):
    rules, who, verb, branch, says = case
    assert judge(traits, *rules).may(verb, who, R, branch) == says


@pytest.mark.parametrize("verb", VERBS)
def test_nothing_is_done_to_an_archive_by_anybody(verb):
    for traits in (NARROW, OPEN, BLIND, NAMED):
        found = judge(traits)
        assert found.may(verb, "writer", "O/old", "main") == no("the repository is archived")
        assert found.may(verb, "reader", "O/old", "main") == no("no right on the repository")


def test_of_several_rights_the_strongest_counts_and_a_word_of_the_forge_is_kept():
    more = [Grant("repo", R, "person:keeper", "read"), Grant("repo", R, "person:writer", "admin")]
    found = judge(NARROW, *more)
    people = ("outsider", "reader", "writer", "keeper", "odd", "both", "owner")
    assert [found.level(one, R) for one in people] == [
        *("none", "read", "admin", "maintain", "native:odd", "native:odd", "admin"),
    ]


WAITING = TeamMember("O/t", "keeper", state="invited")


@pytest.mark.parametrize(
    ("traits", "more"),
    [(NARROW, [WAITING]), (replace(NARROW, team_roles={"reporter": "read"}), [TeamMember("O/t", "keeper", "reporter")])],
    ids=["has not accepted", "only reads there"],
)  # fmt: skip
def test_who_can_not_push_by_a_team_is_not_let_in_by_its_name(traits, more):
    assert judge(traits, *C7, *more).may("push", "keeper", R, "c7") == no("rule c7: only team:O/t")


def test_an_invitation_to_the_repository_gives_nothing():
    asked = Grant("repo", R, "person:p1", "admin", state="invited")
    assert judge(NARROW, asked).may("push", "p1", R, "c7") == no("no right on the repository")


def can(names, push, **fields):
    """Return what somebody can; what he may do by pushing is the same where nothing else is said."""
    return Can(names, push, **{"merge": push, "create": push, "force": push, "delete": push, **fields})


def twins(*pairs, facts=(), traits=NARROW):
    """Return what p1 can in two repositories of one state, each with what is its own: facts for `O/one` and for `O/two`."""
    held = [Org("O"), Membership("O", "p1"), *facts, *(one for pair in pairs for one in pair)]
    found = Judge(state(held), traits)
    answers = found.can("p1", "O/one"), found.can("p1", "O/two")
    assert (found.can("p1", "O/one"), found.can("p1", "O/two")) == answers, "and asked again"
    return answers


def two(make):
    return make("O/one"), make("O/two")


def writes(path, level="write", **fields):
    return Grant("repo", path, "person:p1", level, **fields)


ALL, NONE = can(("c7", ""), ("c7", "")), can(("c7", ""), ())


def on_c7(path, push=("person:p1",), **fields):
    return BranchRule(path, "c7", push=push, **{"create": push, **fields})


TWINS = {
    "by the level": ([writes("O/one"), writes("O/two", "read")], {}, (ALL, NONE)),
    "by a right at all": ([writes("O/one")], {}, (ALL, NONE)),
    "by a word of the forge": (
        [writes("O/one", "native:odd"), writes("O/two", "read")],
        {},
        (can(("c7", ""), (), unknown=("c7", "")), NONE),
    ),
    "by what is archived": ([*two(writes)], {"O/two": {"archived": True}}, (ALL, NONE)),
    "by the default branch": (
        [*two(writes)],
        {"O/one": {"default_branch": "c7"}, "O/two": {"default_branch": "x"}},
        (replace(ALL, delete=("",)), ALL),
    ),
}


@pytest.mark.parametrize("case", TWINS)
def test_two_repositories_with_the_same_rules_differ(case):
    rights, fields, found = TWINS[case]
    repos = [Repo(path, **fields.get(path, {})) for path in ("O/one", "O/two")]
    assert twins(repos, two(on_c7), rights) == found


RULES = {
    "who pushes": ({"push": ("person:p1",)}, {"push": ("person:p2",)}, ALL, can(("c7", ""), ("",))),
    "who merges": (
        {"push": (), "merge": ("person:p1",)}, {"push": (), "merge": ()},
        can(("c7", ""), ("",), merge=("c7", "")), can(("c7", ""), ("",)),
    ),
    "who creates": (
        {"push": (), "create": ("person:p1",)}, {"push": (), "create": ()},
        can(("c7", ""), ("",), create=("c7", "")), can(("c7", ""), ("",)),
    ),
    "whether by force": ({"force": True}, {"force": False}, ALL, replace(ALL, force=("",))),
    "whether it goes": ({"delete": True}, {"delete": False}, ALL, replace(ALL, delete=("",))),
    "whether it is reviewed": (
        {"push": None, "reviews": 1}, {"push": None, "reviews": 0}, replace(ALL, push=("",), force=("",)), ALL,
    ),
    "whether it is checked": (
        {"push": None, "checks": ("ci",)}, {"push": None}, replace(ALL, push=("",), force=("",)), ALL,
    ),
    "whether there is a rule": ({}, None, ALL, can(("",), ("",))),
}  # fmt: skip


@pytest.mark.parametrize("case", RULES)
def test_two_repositories_differ_by_their_rules(case):
    one, other, first, second = RULES[case]
    rules = [on_c7("O/one", **one), *([] if other is None else [on_c7("O/two", **other)])]
    assert twins(two(Repo), rules, two(writes)) == (first, second)


def test_where_owners_pass_by_is_told():
    held = [Org("O"), Repo("O/one"), Repo("O/two"), Membership("O", "p1", "owner"), on_c7("O/one", ())]
    assert Judge(state(held), NARROW).can("p1", "O/one") == replace(ALL, past=("c7",))
    assert Judge(state([*held, on_c7("O/two", ())]), APART).can("p1", "O/two") == can(("c7", ""), ("",))


def test_an_owner_of_one_org_passes_by_there_only():
    held = [Org("O"), Org("P"), Repo("O/one"), Repo("P/two"), on_c7("O/one", ()), on_c7("P/two", ())]
    rights = [Membership("O", "p1", "owner"), Grant("repo", "P/two", "person:p1", "admin")]
    found = Judge(state([*held, *rights]), NARROW)
    assert found.can("p1", "O/one") == replace(ALL, past=("c7",))
    assert found.can("p1", "P/two") == can(("c7", ""), ("",))


def test_where_the_forge_protects_its_default_branch_itself_it_is_told_that_nobody_knows():
    repos = [Repo("O/one", default_branch="main"), Repo("O/two")]
    assert twins(repos, two(writes), traits=BLIND) == (
        can(("main", ""), ("",), unknown=("main",), delete=("",)),
        can(("",), ("",)),
    )


def named(*grants):
    """Return what p1 can in two repositories where rights name their branches, which are the same ones in both."""
    others = [Grant("repo", path, "person:p2", "write", branches=("a", "b")) for path in ("O/one", "O/two")]
    return twins(two(Repo), grants, facts=others, traits=NAMED)


def test_where_rights_name_branches_each_has_its_own():
    names = ("a", "b", "")
    assert named(writes("O/one", branches=("a",)), writes("O/two", branches=("b",))) == (
        can(names, ("a",)),
        can(names, ("b",)),
    )
    assert named(writes("O/one"), writes("O/two", branches=("b",))) == (can(names, names), can(names, ("b",)))


def test_where_rights_name_branches_those_of_others_are_told_of_where_they_are_named():
    mine = [writes(path, branches=("a",)) for path in ("O/one", "O/two")]
    other = Grant("repo", "O/one", "person:p3", "write", branches=("c",))
    assert named(*mine, other) == (can(("a", "b", "c", ""), ("a",)), can(("a", "b", ""), ("a",)))


def test_where_rights_name_branches_one_that_does_not_push_gives_none():
    team = [TeamMember("t", "p1")]
    both = [writes(path, branches=("a",)) for path in ("O/one", "O/two")]
    weak = [
        Grant("repo", "O/one", "team:t", "write", branches=("b",)),
        Grant("repo", "O/two", "team:t", "triage", branches=("b",)),
    ]
    assert named(*team, *both, *weak) == (can(("a", "b", ""), ("a", "b")), can(("a", "b", ""), ("a",)))


@pytest.mark.parametrize(
    ("facts", "traits", "names"),
    [
        ([], NARROW, ("",)),
        ([on_c7("O/one"), on_c7("O/two"), replace(on_c7("O/one"), pattern="a*")], NARROW, ("a*", "c7", "")),
        ([on_c7("O/one"), replace(on_c7("O/one"), pattern="*")], NARROW, ("*", "c7")),
        ([replace(on_c7("O/one"), on="tag")], NARROW, ("",)),
        ([GroupRule("O", "g*"), on_c7("O/one")], NARROW, ("c7", "g*", "")),
        ([on_c7("O/one")], BLIND, ("main", "")),
        ([], NAMED, ("",)),
        ([writes("O/one", branches=("b", "a")), writes("O/two", branches=("c",)), on_c7("O/one")], NAMED, ("a", "b", "c7", "")),
        ([writes("O/one", branches=("*",))], NAMED, ("*",)),
    ],
)  # fmt: skip
def test_answers_may_differ_for_each_pattern_and_for_what_none_speaks_of(facts, traits, names):
    repos = [Repo("O/one", default_branch="main"), Repo("O/two", default_branch="x")]
    assert Judge(state([*repos, *facts]), traits).patterns("O/one") == names


def test_of_a_repository_that_is_not_read_there_are_no_patterns_and_no_default_branch():
    found = Judge(state([writes("O/none")]), BLIND)
    assert found.patterns("O/none") == ("",)
    assert found.may("push", "p1", "O/none", "main") == yes("whoever may write")


def test_rules_are_found_by_repository_and_pattern_those_of_groups_among_them():
    rules = [on_c7("O/one"), replace(on_c7("O/one"), pattern="a"), replace(on_c7("O/one"), on="tag")]
    found = Judge(state([Repo("O/one"), Repo("P/two"), *rules, GroupRule("O", "b")]), NARROW).rules
    assert found == {"O/one": [rules[1], GroupRule("O", "b").within("O/one"), rules[0]]}


def test_rights_on_a_repository_itself_are_those_that_are_given_there():
    mine, ours = writes("O/one"), Grant("repo", "O/one", "team:O/t", "read")
    found = Judge(state([mine, ours, writes("O/two"), Grant("org", "O", "person:p1", "admin")]), NARROW)
    assert found.grants_on("O/one") == [mine, ours]
    assert found.grants_on("O") == []


def test_a_repository_is_found_by_its_path_and_nothing_else_is_one():
    found = judge(NARROW)
    assert found.repo(R) == Repo(R, default_branch="main")
    assert found.repo("O/x") is None
    assert Judge({Key("repo", "O/x"): Org("O/x")}, NARROW).repo("O/x") is None
