"""Rule by rule: what a forge that keeps protections is given, and what it says of all that it can't keep."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.kinds import BranchRule, Grant, Org, Repo, TeamMember, Webhook
from sigctl.core.protections import Held, as_protections
from sigctl.core.reviews import RAISED_HINT
from sigctl.core.state import OWN_WAY, Desired, Note, Observation, SetAside, Traits, state

PATH, MAKERS, CORE = "p/r", "p/makers", "p/core"
ADMINISTRATOR = "level:native:server-admin"
FREE = Traits(
    kinds=frozenset({"repo", "grant", "branch_rule"}),
    fields={"branch_rule": frozenset({"code_owners", "reviews", "checks", "unprotect"})},
    team_levels=("read", "write", "maintain"),
    person_levels=("read", "write", "maintain"),
    visibilities=("private", "public"),
    rules_open=True,
    needs={f"branch_rule.{name}": "premium" for name in ("subjects", "reviews", "checks", "unprotect")},
)
PAID = replace(FREE, needs={})
REPO = Repo(PATH, filled=True)
MAKES, RELEASES = (
    Grant("repo", PATH, f"team:{team}", level, "") for team, level in ((MAKERS, "write"), (CORE, "maintain"))
)
PEOPLE = [TeamMember(MAKERS, "maker"), TeamMember(MAKERS, "second"), TeamMember(CORE, "releaser")]
WORLD = [REPO, MAKES, RELEASES, *PEOPLE]
MADE, CORED = (f"team:{MAKERS}",), (f"team:{CORE}",)
MAINTAINERS, WRITERS = ("level:maintain",), ("level:write",)


def rule(pattern="c7", push=CORED, **more):
    return BranchRule(PATH, pattern, **{"push": push, "create": push, "force": False, **more})


def held(wanted, seen=(), traits=FREE, own=ADMINISTRATOR, *, closest=False):
    """Return both sides as they can be held, and the notes."""
    notes: list[Note] = []
    desired = Desired("lab", state(wanted), sigs={REPO.key: "core"}, closest_rules=closest)
    observation = Observation("lab", state(seen), capabilities=frozenset({f"{OWN_WAY}{own}"} if own else ()))
    return as_protections(wanted, list(seen), desired, observation, traits, notes), notes


def rules(found: Held):
    return [one for one in found.wanted if isinstance(one, BranchRule)]


def plain(push, **more):
    """Return a rule as such a server holds it: who may push may create and merge, and nobody deletes."""
    return rule("c7", push, **{"merge": push, **more})


KEY = "deploy_key:SHA256:x"
KEPT = {
    "who may push, by level": (FREE, rule(), plain(MAINTAINERS)),
    "who may merge, apart": (FREE, rule(merge=(*MADE, *CORED)), plain(MAINTAINERS, merge=WRITERS)),
    "nobody who merges": (FREE, rule(merge=()), plain(MAINTAINERS, merge=(ADMINISTRATOR,))),
    "a deploy key, which merges nothing": (
        FREE, rule(push=(KEY, *CORED)), plain((KEY, *MAINTAINERS), merge=MAINTAINERS),
    ),
    "that it may be forced": (FREE, rule(force=True), plain(MAINTAINERS, force=True)),
    "that nobody cares whether": (FREE, rule(force=None), plain(MAINTAINERS, force=None)),
    "that it is deleted by nobody": (FREE, rule(delete=False), plain(MAINTAINERS, delete=False)),
    "of tags, that nobody merges or forces": (
        FREE, rule(on="tag", force=True, delete=False), plain(MAINTAINERS, on="tag", merge=None, force=False, delete=False),
    ),
    "who may push where nothing is said of it": (FREE, rule(push=None), plain(WRITERS)),
    "checks where the server has them": (PAID, rule(checks=("ci",)), plain(CORED, checks=("ci",))),
    "names where the server has them": (PAID, rule(push=MADE), plain(MADE)),
    "of those who change the rule, who may at all": (
        PAID, rule(unprotect=CORED), plain(CORED, unprotect=CORED),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", KEPT)
def test_a_rule_keeps(case):
    traits, wanted, kept = KEPT[case]
    own = ADMINISTRATOR if traits is FREE else ""
    found, notes = held([*WORLD, wanted], traits=traits, own=own)
    assert (rules(found), found.set_aside, notes) == ([kept], (), [])


GONE = "nobody deletes a protected branch by git on this forge; maintainers do by hand"
DELETES = {
    "those who may push": ({"push": CORED}, ADMINISTRATOR, [Note("unsupported", PATH, f"c7: {GONE}")]),
    "not where the files let nobody delete": ({"delete": False}, ADMINISTRATOR, []),
    "not where nobody may push": ({"push": ()}, "", []),
    "not where our own account alone may push": ({"push": ()}, ADMINISTRATOR, []),
}


@pytest.mark.parametrize("case", DELETES)
def test_that_nobody_deletes_by_git_is_told_to(case):
    fields, own, told = DELETES[case]
    wanted = rule(**{"delete": True, **fields})
    found, notes = held([REPO, RELEASES, TeamMember(CORE, "releaser"), wanted], own=own)
    assert [one.delete for one in rules(found)] == [False]
    assert [note for note in notes if GONE in note.text] == told


def test_who_has_his_right_by_others_only_is_named_person_by_person():
    world = [REPO, RELEASES, *PEOPLE, Grant("repo", PATH, "person:maker", "write", "")]
    others = [TeamMember("p/also", "maker"), TeamMember("p/too", "releaser")]
    wanted = rule(push=("person:maker", "person:releaser", *CORED, "team:p/also", "team:p/too"))
    found, _ = held([*world, *others, wanted], traits=PAID, own="person:bot")
    assert [one.push for one in rules(found)] == [("person:bot", "person:maker", "person:releaser", *CORED)]


def test_a_team_that_only_changes_a_rule_needs_no_right_of_its_own_where_nobody_is_named():
    above = Grant("org", "p", f"team:{CORE}", "maintain", "")
    traits = replace(FREE, needs={"branch_rule.subjects": "premium"})
    found, _ = held([REPO, Org("p"), above, *PEOPLE, rule(unprotect=CORED)], traits=traits)
    assert (found.anchors, [one for one in found.wanted if isinstance(one, Grant)]) == (frozenset(), [above])


def aside(reason, hint):
    return (SetAside(PATH, reason, "lab", "core", hint),)


ALONE = (
    "give the others no right to write there, or these a higher one than the others; keep their branches in another repository "
    "(`kernel.layout: carried`); raise the tier; or `branch_rules: closest` on the forge, which shuts out "
)
ASIDE = {
    "who may push and who may create": (
        [rule(create=(*MADE, *CORED)), rule("c8", create=())],
        aside(
            "c7, c8 can't tell who may push from who may create: whoever may push may create",
            "give `push` and `create` to the same",
        ),
    ),
    "who may push, by level": (
        [rule(push=MADE)],
        aside(
            "c7 can't be kept to p/makers on this tier: by level alone, nobody can be told from others who may write there",
            f"{ALONE}p/makers",
        ),
    ),
    "who may merge, by level": (
        [rule(merge=("person:maker", *MADE))],
        aside(
            "c7 can't be merged into by maker, p/makers alone on this tier: by level, they can't be told from others who may write there",
            f"{ALONE}maker, p/makers",
        ),
    ),
    "that a branch within a wider pattern is closed": (
        [rule("c*", push=WRITERS), rule("c7")],
        aside(
            "c7 stays open to maker, p/makers, second, whom the rule for `c*` lets in: on this forge the most permissive rule decides",
            "let both rules name the same, take these branches out of the wider pattern, or keep them in another repository",
        ),
    ),
}


@pytest.mark.parametrize("case", ASIDE)
def test_it_can_not_keep(case):
    wanted, told = ASIDE[case]
    found, notes = held([*WORLD, *wanted])
    assert (found.set_aside, notes) == (told, [])


def test_only_who_may_both_push_and_create_is_let_in():
    wanted = [
        rule("c7", create=(*MADE, *CORED)),
        rule("c8", create=()),
        rule("c9", (*MADE, *CORED), create=CORED),
    ]
    found, _ = held([*WORLD, *wanted], closest=True)
    assert [one.push for one in rules(found)] == [MAINTAINERS, (ADMINISTRATOR,), MAINTAINERS]


def test_the_closest_is_the_level_of_most_of_those_who_may_and_is_told_of_rule_by_rule():
    wanted = [rule("c7", (*CORED, "person:maker")), rule("c8", (*CORED, "person:maker"))]
    found, notes = held([*WORLD, *wanted], closest=True)
    assert [one.push for one in rules(found)] == [MAINTAINERS, MAINTAINERS]
    text = "c7, c8 can't be kept to p/core, maker on this tier: by level alone, nobody can be told from others who may write there"
    assert (found.set_aside, notes) == ((), [Note("unsupported", PATH, text, "lab", "core")])


def test_names_and_levels_of_a_wider_rule_are_told_apart():
    wanted = [
        rule("c*", ("level:write", "person:other", "person:stranger")),
        rule("c7", ("person:stranger",)),
    ]
    world = [
        REPO,
        Grant("repo", PATH, "person:maker", "write", ""),
        Grant("repo", PATH, "person:other", "write", ""),
    ]
    stranger = Grant("repo", PATH, "person:stranger", "write", "")
    found, _ = held([*world, stranger, *wanted], traits=PAID, own="person:bot")
    (told,) = found.set_aside
    assert told.reason == (
        "c7 stays open to maker, other, whom the rule for `c*` lets in: on this forge the most permissive rule decides"
    )


def test_who_gets_a_right_waits_with_a_rule_that_is_set_aside_and_all_else_goes_on():
    comes, hook = Grant("repo", PATH, "person:comes", "read", ""), Webhook("repo", PATH, "host#1")
    sinks = Grant("repo", PATH, "person:sinks", "read", "")
    rises = Grant("repo", PATH, "person:rises", "maintain", "")
    before = [replace(sinks, level="maintain"), replace(rises, level="read"), MAKES, RELEASES]
    found, _ = held([REPO, comes, sinks, rises, hook, MAKES, RELEASES, *PEOPLE, rule(push=MADE)], before)
    assert found.wanted == [REPO, sinks, before[1], hook, MAKES, RELEASES, *PEOPLE]
    assert found.seen == before


def test_rules_that_ask_for_fewer_reviews_than_others_of_their_repository_are_made_all_the_same():
    traits = replace(PAID, one_review_count=True)
    wanted = [rule("c7", reviews=1), rule("c8", reviews=2)]
    there = [rule("c7", reviews=3)]
    found, _ = held([*WORLD, *wanted], there, traits=traits, own="")
    assert [one.reviews for one in rules(found)] == [2, 2]
    text = "c7 can't ask for another number of reviews than the other rules of the repository: it is 2 for all that ask for any"
    assert found.set_aside == aside(text, RAISED_HINT)


def test_a_number_of_reviews_that_nobody_cares_about_gets_no_less_by_what_another_rule_asks_for():
    traits = replace(PAID, one_review_count=True)
    found, _ = held(
        [*WORLD, rule("c7"), rule("c8", reviews=2)], [rule("c7", reviews=3)], traits=traits, own=""
    )
    assert [one.reviews for one in rules(found)] == [None, 3]


LACKED = {
    "reviews": (
        {"reviews": 1},
        "c7 can't be made to ask for reviews on this server",
        "raise the tier; let only those `merge` who look at changes first; or take `reviews` out of the rule",
    ),
    "checks": (
        {"checks": ("ci",)},
        "c7 can't be made to ask for checks on this server",
        "raise the tier, where one has them; or take them out of the rule",
    ),
    "who changes the rule": (
        {"unprotect": ()},
        "c7 can't tell who may take a rule away from who may change settings on this server",
        "raise the tier; give `maintain` there to nobody else; or take `unprotect` out of the rule",
    ),
}


@pytest.mark.parametrize("case", LACKED)
def test_a_server_is_asked_for_all_else_where_it_lacks(case):
    fields, reason, hint = LACKED[case]
    found, _ = held([*WORLD, rule(**fields)])
    assert (rules(found), found.set_aside) == ([plain(MAINTAINERS)], aside(reason, hint))


def test_what_a_rule_does_not_ask_for_no_server_lacks():
    found, _ = held([*WORLD, rule(reviews=0, checks=())])
    assert (rules(found), found.set_aside) == ([plain(MAINTAINERS)], ())
