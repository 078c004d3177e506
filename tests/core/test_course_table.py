"""What somebody can do to a repository, at least and at most, by every way there is: level first, then deeds on a branch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.course import END, START, Course, Span, Trouble, decides
from sigctl.core.kinds import BranchRule, Features, Grant, Membership, Org, Repo, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.core.state import state

HIDDEN = Repo("G/a/r", visibility="private", archived=False)
SHOWN = replace(HIDDEN, visibility="public")
PLACE = TeamMember("T/t", "p1")
PAIR = ("p1", "G/a/r")


def mine(level="write", on="repo", target="G/a/r"):
    return Grant(on, target, "person:p1", level, "")


def ours(level="write", on="repo", target="G/a/r"):
    return Grant(on, target, "team:T/t", level, "")


def rule(*push, pattern="c7", **fields):
    return BranchRule("G/a/r", pattern, push=push, **fields)


def can(facts, phase=START, actions=(), **how):
    """Return the rank, and the deeds on c7, that somebody has for certain."""
    found = Course(actions, state(facts), **how).can(PAIR, phase, ["c7"])
    level, _, *deeds = found.values()
    assert all(one.least == one.most for one in deeds) or actions
    return level, "".join(deed[0] for (deed, _), span in list(found.items())[2:] if span.least)


NONE, READ, WRITE, ADMIN = Span(0, 0), Span(1, 1), Span(3, 3), Span(5, 5)
LEVELS = {
    "nothing": ([HIDDEN], NONE),
    "what anybody reads": ([SHOWN], READ),
    "not what only members see": ([SHOWN, Features.of("G/a/r", {"repository": "members"})], NONE),
    "though other parts are for members": ([SHOWN, Features.of("G/a/r", {"issues": "members"})], READ),
    "a right of his own": ([HIDDEN, mine()], WRITE),
    "a right on the group": ([HIDDEN, mine(on="org", target="G/a")], WRITE),
    "a right on the group above": ([HIDDEN, mine(on="org", target="G")], WRITE),
    "the higher of two": ([HIDDEN, mine("read"), mine("admin", "org", "G")], ADMIN),
    "not one elsewhere": ([HIDDEN, mine(target="G/a/s"), mine(on="org", target="G/b")], NONE),
    "not somebody else's": ([HIDDEN, replace(mine(), subject="person:p2")], NONE),
    "his team's": ([HIDDEN, ours(), PLACE], WRITE),
    "his team's on the group": ([HIDDEN, ours("admin", "org", "G"), PLACE], ADMIN),
    "not his former team's": ([HIDDEN, ours(), replace(PLACE, login="p2")], NONE),
    "not another team's": ([HIDDEN, ours(), replace(PLACE, team="T/u")], NONE),
    "all as owner": ([HIDDEN, Org("G"), Membership("G", "p1", "owner")], ADMIN),
    "what every member has": ([HIDDEN, Org("G", base_level="write"), Membership("G", "p1")], WRITE),
    "nothing where members have nothing": ([HIDDEN, Org("G"), Membership("G", "p1")], NONE),
    "not what members elsewhere have": ([HIDDEN, Org("H", base_level="write"), Membership("H", "p1")], NONE),
    "nothing as a member of what nobody read": ([HIDDEN, Membership("G", "p1")], NONE),
    "all as its owner": ([HIDDEN, Membership("G", "p1", "owner")], ADMIN),
    "not what members have who is none": ([HIDDEN, Org("G", base_level="write")], NONE),
    "nothing on what is not there": ([mine()], NONE),
}


@pytest.mark.parametrize("case", LEVELS)
def test_level(case):
    facts, level = LEVELS[case]
    assert can(facts)[0] == level


WRITES, ADMINS, MAINTAINS = [HIDDEN, mine()], [HIDDEN, mine("admin")], [HIDDEN, mine("maintain")]
TEAM_RULE, LEVEL_RULE = rule("team:T/t"), rule("level:maintain")
DEEDS = {
    "all where no rule speaks": (WRITES, {}, "pcfd"),
    "nothing who can not write": ([HIDDEN, mine("triage")], {}, ""),
    "nothing in the archive": ([replace(HIDDEN, archived=True), mine()], {}, ""),
    "nothing in the archive, whatever he is": ([replace(HIDDEN, archived=True), mine("admin")], {}, ""),
    "nothing where nobody may push": ([*WRITES, rule()], {}, ""),
    "all who may change the rules": ([*ADMINS, rule()], {}, "pcfd"),
    "a maintainer is none of these": ([*MAINTAINS, rule()], {}, ""),
    "but where the most open rule decides": ([*MAINTAINS, rule()], {"rules_open": True}, "pcfd"),
    "where a rule names him": ([*WRITES, rule("person:p1")], {}, "pcfd"),
    "not where it names another": ([*WRITES, rule("person:p2", "team:T/u")], {}, ""),
    "where it names his team": ([*WRITES, TEAM_RULE, PLACE], {}, "pcfd"),
    "not where he is not in it": ([*WRITES, TEAM_RULE, replace(PLACE, login="p2")], {}, ""),
    "where it names the team that his is in": (
        [*WRITES, TEAM_RULE, Team("T/t"), Team("T/u", parent="T/t"), TeamMember("T/u", "p1")],
        {},
        "pcfd",
    ),
    "not where it names a team within his": (
        [*WRITES, TEAM_RULE, Team("T/t", parent="T/u"), Team("T/u"), TeamMember("T/u", "p1")],
        {},
        "",
    ),
    "where it names his level": ([*WRITES, rule("level:write")], {}, "pcfd"),
    "where it names one below his": ([*MAINTAINS, rule("level:write")], {}, "pcfd"),
    "not where it names a higher": ([*WRITES, LEVEL_RULE], {}, ""),
    "where it says nothing of pushes": ([*WRITES, BranchRule("G/a/r", "c7")], {}, "pcfd"),
    "not by force where that is off": ([*WRITES, rule("person:p1", force=False)], {}, "pcd"),
    "not deleting where that is off": ([*WRITES, rule("person:p1", delete=False)], {}, "pcf"),
    "creating only who may create": ([*WRITES, rule("person:p1", create=())], {}, "pfd"),
    "creating who may only create": ([*WRITES, rule(create=("person:p1",))], {}, "c"),
    "all where a rule is for other branches": ([*WRITES, rule(pattern="c8")], {}, "pcfd"),
    "as a wider rule says": ([*WRITES, rule(pattern="c*")], {}, ""),
    "as the narrower rule says": ([*WRITES, rule(pattern="c*"), rule("person:p1")], {}, "pcfd"),
    "and the other way round": ([*WRITES, rule("person:p1", pattern="c*"), rule()], {}, ""),
    "as the most open rule says where that decides": (
        [*WRITES, rule("person:p1", pattern="c*"), rule()],
        {"rules_open": True},
        "pcfd",
    ),
    "some by one and some by the other": (
        [*WRITES, rule("person:p1", pattern="c*", force=False, delete=False, create=()), rule(create=("person:p1",))],
        {"rules_open": True},
        "pc",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DEEDS)
def test_deeds(case):
    facts, how, deeds = DEEDS[case]
    assert can(facts, **how)[1] == deeds


def act(before, after, phase=40, verb="update"):
    verb = "create" if before is None else "delete" if after is None else verb
    return Action("f", verb, before, after, phase=phase)


CHANGES = {
    "a right that is given": (act(None, mine()), [], NONE, Span(0, 3), WRITE),
    "a right that ends": (act(mine(), None), [mine()], WRITE, Span(0, 3), NONE),
    "a right that rises": (act(mine("read"), mine()), [mine("read")], READ, Span(1, 3), WRITE),
    "a place that is given": (act(None, PLACE), [ours()], NONE, Span(0, 3), WRITE),
    "a place that ends, beside a right of his own": (
        act(PLACE, None),
        [PLACE, ours(), mine("read")],
        WRITE,
        Span(1, 3),
        READ,
    ),
    "what a team gets": (act(None, ours()), [PLACE], NONE, Span(0, 3), WRITE),
    "a base level that rises": (
        act(Org("G", base_level="none"), Org("G", base_level="read")),
        [Org("G", base_level="none"), Membership("G", "p1")],
        NONE,
        Span(0, 1),
        READ,
    ),
    "a member who becomes an owner": (
        act(Membership("G", "p1"), Membership("G", "p1", "owner")),
        [Org("G", base_level="read"), Membership("G", "p1")],
        READ,
        Span(1, 5),
        ADMIN,
    ),
    "a member who comes": (
        act(None, Membership("G", "p1")),
        [Org("G", base_level="read")],
        NONE,
        Span(0, 1),
        READ,
    ),
    "a repository that is shown": (act(HIDDEN, SHOWN), [], NONE, Span(0, 1), READ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_while_it_changes_it_is_one_or_the_other(case):
    action, facts, before, meanwhile, after = CHANGES[case]
    course = Course([action], state([HIDDEN, *facts]))
    levels = [course.can(PAIR, phase, ())["level", ""] for phase in (START, 39, 40, 41, END)]
    assert levels == [before, before, meanwhile, after, after]


def test_two_changes_of_one_phase_come_in_any_order():
    loses, gains = act(mine(), None), act(None, PLACE)
    course = Course([loses, gains], state([HIDDEN, mine(), ours()]))
    assert course.can(PAIR, 40, ())["level", ""] == Span(0, 3)
    course.move(gains, 39)
    assert course.can(PAIR, 40, ())["level", ""] == WRITE


def test_a_repository_that_is_made_or_goes_may_be_there_or_not():
    made = Course([act(None, HIDDEN)], state([mine()]))
    assert [made.can(PAIR, phase, ())["level", ""] for phase in (39, 40, 41)] == [NONE, Span(0, 3), WRITE]
    gone = Course([act(HIDDEN, None)], state([HIDDEN, mine()]))
    assert [gone.can(PAIR, phase, ())["level", ""] for phase in (39, 40, 41)] == [WRITE, Span(0, 3), NONE]


def test_nobody_is_a_member_of_what_is_not_there():
    made, gone = (
        Course([act(None, HIDDEN)], state([mine()])),
        Course([act(HIDDEN, None)], state([HIDDEN, mine()])),
    )
    spans = [[one.can(PAIR, phase, ())["member", ""] for phase in (39, 40, 41)] for one in (made, gone)]
    assert spans == [[NONE, Span(0, 1), Span(1, 1)], [Span(1, 1), Span(0, 1), NONE]]


def test_a_repository_that_moves_is_in_the_one_group_or_in_the_other():
    old = replace(HIDDEN, path="H/r")
    rights = [mine("read", "org", "H"), mine("write", "org", "G")]
    course = Course([act(old, HIDDEN, 40, "move")], state([old, *rights]))
    assert [course.can(PAIR, phase, ())["level", ""] for phase in (START, 40, 41)] == [
        READ,
        Span(1, 3),
        WRITE,
    ]


def deeds_at(course, phase):
    found = course.can(PAIR, phase, ["c7"])
    return {deed: tuple(span) for (deed, branch), span in found.items() if branch}


def test_while_a_rule_comes_all_or_only_what_it_lets():
    course = Course([act(None, rule(force=False))], state(WRITES))
    assert set(deeds_at(course, 40).values()) == {(0, 1)}
    assert set(deeds_at(course, 41).values()) == {(0, 0)}


def test_while_somebody_comes_into_the_team_that_may_push_it_is_not_sure():
    course = Course([act(None, PLACE)], state([*WRITES, TEAM_RULE]))
    assert [deeds_at(course, phase)["push"] for phase in (39, 40, 41)] == [(0, 0), (0, 1), (1, 1)]
    leaves = Course([act(PLACE, None)], state([*WRITES, TEAM_RULE, PLACE]))
    assert [deeds_at(leaves, phase)["push"] for phase in (39, 40, 41)] == [(1, 1), (0, 1), (0, 0)]


def test_while_it_is_archived_it_is_not_sure():
    course = Course([act(HIDDEN, replace(HIDDEN, archived=True))], state(WRITES))
    assert [deeds_at(course, phase)["push"] for phase in (39, 40, 41)] == [(1, 1), (0, 1), (0, 0)]


def test_who_has_the_right_to_write_for_a_moment_has_no_deed_for_certain():
    course = Course([act(None, mine())], state([HIDDEN]))
    assert [deeds_at(course, phase)["push"] for phase in (39, 40, 41)] == [(0, 0), (0, 1), (1, 1)]


def test_who_becomes_an_administrator_passes_all_rules_then():
    course = Course([act(mine(), mine("admin"))], state([*WRITES, rule()]))
    assert [deeds_at(course, phase)["push"] for phase in (39, 40, 41)] == [(0, 0), (0, 1), (1, 1)]


@pytest.mark.parametrize(("count", "push"), [(4, (1, 1)), (5, (0, 1))])
def test_of_many_rules_that_change_at_once_nothing_is_taken_for_certain(count, push):
    rules = [rule("person:p1", pattern=f"{'c7'[:n]}*") for n in range(3)] + [
        rule("person:p1", pattern=one) for one in ("c7", "*7", "*c7")
    ]
    changes = [act(one, replace(one, force=False)) for one in rules[:count]]
    assert deeds_at(Course(changes, state([*WRITES, *rules])), 40)["push"] == push  # fmt: skip


OWN = mine("read")


def test_a_gap_is_told_with_its_phases_and_whether_nothing_is_left():
    """He has the same before and after, by himself first and then by his team."""
    out, come = act(mine(), None, 40), act(None, PLACE, 60)
    gaps, excess = Course([out, come], state([*WRITES, ours()])).judged(PAIR)
    assert gaps[0] == Trouble("p1", "G/a/r", ("level", ""), 40, 60, bare=True)
    assert [(one.facet[0], one.since, one.until, one.bare) for one in gaps[1:]] == [
        (what, 40, 60, False) for what in ("member", "push", "create", "force", "delete")
    ]
    assert excess == []
    some, _ = Course([out, come], state([*WRITES, ours(), mine("read", "org", "G")])).judged(PAIR)
    assert some[0] == Trouble("p1", "G/a/r", ("level", ""), 40, 60, bare=False)


def test_an_excess_is_told_with_its_phases():
    come, less = act(None, PLACE, 40), act(ours("admin"), ours("read"), 60)
    gaps, excess = Course([come, less], state([HIDDEN, ours("admin")])).judged(PAIR)
    assert gaps == []
    assert excess[0] == Trouble("p1", "G/a/r", ("level", ""), 40, 60)
    assert len(excess) == len(("level", "push", "create", "force", "delete"))


def test_where_everybody_reads_a_member_has_what_is_for_members_only():
    """It may be no level more, but it is more: GitLab keeps pages and reports of public projects to members."""
    member = ("member", "")
    here = [Course([], state([SHOWN, *more])).can(PAIR, START, ()) for more in ([], [mine("read")])]
    assert [one["level", ""] for one in here] == [READ, READ]
    assert [one[member] for one in here] == [NONE, Span(1, 1)]
    come, leave = act(None, ours("read"), 40), act(PLACE, None, 60)
    gaps, excess = Course([come, leave], state([SHOWN, PLACE])).judged(PAIR)
    assert (gaps, [(one.facet, one.since, one.until) for one in excess]) == ([], [(member, 40, 60)])
    gaps, excess = Course(
        [act(mine("read"), None, 40), act(None, PLACE, 60)], state([SHOWN, mine("read"), ours("read")])
    ).judged(PAIR)
    assert ([(one.facet, one.bare) for one in gaps], excess) == ([(member, False)], [])


def test_a_gap_in_a_deed_is_told_with_the_branch():
    shuts, come = act(rule("person:p1"), TEAM_RULE, 40), act(None, PLACE, 60)
    gaps, excess = Course([shuts, come], state([*WRITES, rule("person:p1")])).judged(PAIR)
    assert [one.facet for one in gaps] == [(deed, "c7") for deed in ("push", "create", "force", "delete")]
    assert {(one.since, one.until, one.bare) for one in gaps} == {(40, 60, False)}
    assert excess == []


def test_what_changes_for_good_is_neither():
    for action, facts in (
        (act(mine(), None), [mine()]),
        (act(None, mine()), []),
        (act(rule(), None), [mine(), rule()]),
    ):
        assert Course([action], state([HIDDEN, *facts])).judged(PAIR) == ([], [])
    assert Course([], state(WRITES)).judged(PAIR) == ([], [])


WIDE, NARROW = rule("person:p1", pattern="c*"), rule("person:p2")
DECIDES = {
    "no rule": ([], None),
    "the only one": ([WIDE], ("person:p1",)),
    "the narrower one": ([WIDE, NARROW], ("person:p2",)),
    "whatever comes first": ([NARROW, WIDE], ("person:p2",)),
}


@pytest.mark.parametrize("case", DECIDES)
def test_of_several_rules_there_decides(case):
    rules, push = DECIDES[case]
    found = decides(rules, "c7")
    assert (found.push if found else None) == push


def test_teams_that_are_renamed_are_known_by_the_name_they_get():
    moved = act(Team("T/old"), Team("T/t"), 20, "move")
    facts = [*WRITES, rule("team:T/old"), replace(PLACE, team="T/old"), Team("T/old")]
    course = Course([moved], state(facts))
    assert [deeds_at(course, phase)["push"] for phase in (START, 20, END)] == [(1, 1)] * 3


def test_a_level_is_that_of_its_moment():
    course = Course([Action("f", "create", None, mine(), phase=40)], state([HIDDEN]))
    levels = [course.level(PAIR, phase) for phase in (START, 39, 40, 41, END)]
    assert levels == [NONE, NONE, Span(0, 3), WRITE, WRITE]
    course = Course([Action("f", "update", HIDDEN, SHOWN, phase=40)], state([HIDDEN]))
    assert [course.level(PAIR, phase) for phase in (39, 40, 41)] == [NONE, Span(0, 1), READ]


ALL_OR_NOTHING = rule("person:p2"), rule("person:p1", force=True, delete=True)
ONE_OR_OTHER = rule("person:p1", force=True, delete=False), rule("person:p1", force=False, delete=True)
NEVER_SURE, SURE = Span(0, 1), Span(1, 1)


@pytest.mark.parametrize(
    ("rules", "spans"),
    [
        (ALL_OR_NOTHING, [NEVER_SURE] * 4),
        (ALL_OR_NOTHING[::-1], [NEVER_SURE] * 4),
        (ONE_OR_OTHER, [SURE, SURE, NEVER_SURE, NEVER_SURE]),
        (ONE_OR_OTHER[::-1], [SURE, SURE, NEVER_SURE, NEVER_SURE]),
    ],
)
def test_while_a_rule_changes_only_what_both_let_in_is_certain_and_what_either_does_is_possible(rules, spans):
    before, after = rules
    course = Course([Action("f", "update", before, after, phase=40)], state([HIDDEN, mine(), before]))
    found = course.can(PAIR, 40, ["c7"])
    assert [found[deed, "c7"] for deed in ("push", "create", "force", "delete")] == spans


def test_of_two_patterns_that_match_the_same_the_first_decides():
    one, other = rule(pattern="c*"), rule(pattern="c**")
    assert decides([one, other], "c7") is one
    assert decides([other, one], "c7") is other
    assert decides([one, other], "main") is None


@pytest.mark.parametrize(("before", "after"), [((60, 50), (30, 50)), ((30, 50), (60, 50))])
def test_where_two_changes_of_one_thing_pass_each_other_it_is_another_thing_in_the_end(before, after):
    changes = act(None, mine("write")), act(mine("write"), mine("read"))
    course, anew = Course(changes, state([HIDDEN])), Course(changes, state([HIDDEN]))
    for one, phase in zip(changes, before, strict=True):
        course.move(one, phase)
    asked = course.judged(PAIR)
    for one, phase in zip(changes, after, strict=True):
        course.move(one, phase)
        anew.move(one, phase)
    assert course.judged(PAIR) == anew.judged(PAIR) != asked
