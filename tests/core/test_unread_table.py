"""What waits for a repository that could not be read whole, action by action, and how that is told."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import GROUPED, RULED, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Key, Label, Membership, Org, Repo, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import SetAside, Unread, state
from sigctl.core.unread import HINT, Apart, keep, told

PLACE = Repo("O/r", visibility="private")
ELSE = Repo("O/s", visibility="private")
HOOKS = Unread("no", kinds=frozenset({"webhook"}))
RULES = Unread("no", kinds=frozenset({"branch_rule"}))
SETTINGS = Unread("no", kinds=frozenset({"repo"}))
PERSONS = Unread("no", kinds=frozenset({"grant"}))
TEAMS = Unread("no", kinds=frozenset({"grant"}), teams=True)
WAITS = "; what could let somebody do too much there waits: "
OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)


@pytest.mark.parametrize(
    ("kinds", "text"),
    [
        ({"repo"}, "settings"),
        ({"branch_rule", "grant"}, "branch rules, rights"),
        ({"deploy_key", "webhook"}, "deploy key, webhook"),
        ((), "something"),
    ],
)
def test_it_is_told_what_of_it_could_not_be_read(kinds, text):
    lacks = observation_of({}, unread={PLACE.key: Unread("status 500", kinds=frozenset(kinds))})
    hint = "what is said of it lacks that; the next run tries again"
    assert told(lacks) == [SetAside("O/r", f"it could not be read whole ({text}): status 500", "f", "", hint)]


def apart_of(wanted, unread, traits=RULED):
    return dict(Apart.of(desired_of(state(wanted)), observation_of({}, unread=unread), traits).places)


def keys(*paths):
    return [Key("repo", path) for path in paths]


def test_it_is_apart_under_every_name_that_it_may_have_and_no_other_is():
    wanted = [
        Repo("O/c", previously=("O/b",)),
        Repo("O/d", previously=("O/c", "O/b2")),
        Repo("O/x", previously=("O/y",)),
    ]
    assert apart_of(wanted, {Key("repo", "O/b"): HOOKS}) == dict.fromkeys(
        keys("O/b", "O/b2", "O/c", "O/d"), HOOKS
    )
    assert apart_of(wanted, {Key("repo", "O/z"): HOOKS}) == dict.fromkeys(keys("O/z"), HOOKS)
    two = apart_of(wanted, {Key("repo", "O/b"): HOOKS, Key("repo", "O/y"): RULES})
    assert two == {
        **dict.fromkeys(keys("O/b", "O/b2", "O/c", "O/d"), HOOKS),
        **dict.fromkeys(keys("O/x", "O/y"), RULES),
    }


def test_names_in_another_case_are_others_only_where_the_forge_has_it_so():
    wanted = [Repo("O/new", previously=("O/R",))]
    unread = {PLACE.key: HOOKS}
    assert apart_of(wanted, unread) == dict.fromkeys(keys("O/R", "O/new", "O/r"), HOOKS)
    assert apart_of(wanted, unread, replace(RULED, fold_paths=False)) == dict.fromkeys(keys("O/r"), HOOKS)


def test_rules_of_which_some_were_not_read_count_as_not_read():
    rules = [BranchRule("O/r", "c7"), BranchRule("O/s", "c7"), BranchRule("O/t", "c7")]
    seen = observation_of(state([PLACE, ELSE, *rules]))
    apart = Apart({PLACE.key: RULES, Key("repo", "O/t"): HOOKS})
    assert apart.known(seen) == replace(seen, state=state([PLACE, ELSE, *rules[1:]]))
    assert Apart({PLACE.key: HOOKS}).known(seen) is seen


P1, P2 = (Grant("repo", "O/r", f"person:{one}", "write", "") for one in ("p1", "p2"))
TEAM_WRITES = Grant("repo", "O/r", "team:O/t", "write", "")
JOINS = TeamMember("O/t", "p1")


def comes(one, **more):
    return Action("f", "create", None, one, **more)


def ends(one, **more):
    return Action("f", "delete", one, None, **more)


def kept(actions, seen, why, traits=RULED, *, place=PLACE, **fields):
    desired = desired_of(state([PLACE, ELSE]), **fields)
    return keep(actions, state([PLACE, ELSE, *seen]), Apart({place.key: why}), desired, traits)


def level(word):
    return replace(P1, level=word)


ABOVE = Grant("org", "O", "person:p1", "write", "")
NAMES = BranchRule("O/r", "c7", push=("team:O/t",), create=("team:O/t",))
WITHIN = [Team("O/t", parent="O/mid"), Team("O/mid", parent="O/up"), Team("O/up"), Team("O/beside")]
NAMES_UP = replace(NAMES, push=("team:O/up",), create=("team:O/up",))
GIVES = {
    "a team, to somebody who reads there": (RULES, RULED, [level("read")], JOINS, False),
    "a team, to somebody who triages there": (RULES, RULED, [level("triage")], JOINS, False),
    "a team, to somebody who writes there": (RULES, RULED, [level("write")], JOINS, True),
    "a team, to somebody who maintains it": (RULES, RULED, [level("maintain")], JOINS, True),
    "a team, to somebody who does all there": (RULES, RULED, [level("admin")], JOINS, False),
    "a team, to somebody who maintains it, where that is all": (RULES, GROUPED, [level("maintain")], JOINS, False),
    "a team, to somebody who writes, where maintaining is all": (RULES, GROUPED, [level("write")], JOINS, True),
    "a team, where the settings are unknown": (SETTINGS, RULED, [level("write")], JOINS, True),
    "a team, where only webhooks are": (HOOKS, RULED, [level("write")], JOINS, False),
    "a team that a rule names, where rights of people are": (PERSONS, RULED, [NAMES], JOINS, True),
    "a team that a rule names, where only webhooks are": (HOOKS, RULED, [NAMES], JOINS, False),
    "a team within one that a rule names": (PERSONS, RULED, [*WITHIN, NAMES_UP], JOINS, True),
    "a team beside one within one that a rule names": (
        PERSONS, RULED, [*WITHIN, NAMES_UP], TeamMember("O/beside", "p1"), False,
    ),
    "a team that no rule names": (PERSONS, RULED, [replace(NAMES, push=(), create=())], JOINS, False),
    "a right above, to somebody who has none": (RULES, GROUPED, [], ABOVE, True),
    "a right above, where only webhooks are unknown": (HOOKS, GROUPED, [], ABOVE, False),
    "reading above": (RULES, GROUPED, [], replace(ABOVE, level="read"), False),
    "a right elsewhere": (RULES, RULED, [], replace(P1, target="O/s"), False),
    "an owner of the org": (RULES, RULED, [Org("O")], Membership("O", "p1", "owner"), False),
    "a member of an org whose members write": (
        RULES, RULED, [Org("O", base_level="write")], Membership("O", "p1"), True,
    ),
    "a member of an org whose members read": (RULES, RULED, [Org("O", base_level="read")], Membership("O", "p1"), False),
}  # fmt: skip


@pytest.mark.parametrize("case", GIVES)
def test_it_waits_where_it_could_let_somebody_do_too_much(case):
    why, traits, seen, one, waits = GIVES[case]
    found = kept([comes(one)], seen, why, traits)
    assert (found.actions, found.left) == (((), (comes(one),)) if waits else ((comes(one),), ()))
    held = f"{WAITS}{one.KIND.replace('_', ' ')} {one.key.name}" if waits else ""
    assert [aside.reason.partition(": no")[2] for aside in found.set_aside] == [held]


NEVER_SEEN = {
    "a right above": (GROUPED, [], ABOVE, True),
    "reading above": (GROUPED, [], replace(ABOVE, level="read"), False),
    "a right above, far above": (GROUPED, [Org("O/a")], ABOVE, True),
    "a team, to somebody who writes above": (GROUPED, [ABOVE], JOINS, True),
    "a team, to somebody who has nothing": (GROUPED, [], JOINS, False),
    "a member of an org whose members write": (
        RULED,
        [Org("O", base_level="write")],
        Membership("O", "p1"),
        True,
    ),
    "a member of an org whose members read": (
        RULED,
        [Org("O", base_level="read")],
        Membership("O", "p1"),
        False,
    ),
}


@pytest.mark.parametrize("case", NEVER_SEEN)
def test_one_that_was_not_seen_and_no_file_names_is_there_all_the_same(case):
    traits, seen, one, waits = NEVER_SEEN[case]
    why = Unread("no", kinds=frozenset({"repo", "branch_rule"}))
    place = Repo("O/a/new" if Org("O/a") in seen else "O/new")
    assert bool(kept([comes(one)], seen, why, traits, place=place).left) is waits


@pytest.mark.parametrize(
    ("team", "waits"),
    [("O/t", True), ("O/a/t", True), ("P/t", False), ("t", False)],
)
def test_where_rights_of_teams_are_unknown_the_teams_of_its_org_wait(team, waits):
    place = Repo("O/a/r")
    for why in (TEAMS, replace(TEAMS, kinds=frozenset())):
        found = kept([comes(TeamMember(team, "p1"))], [place], why, place=place)
        assert bool(found.left) is waits


CHAIN = [Team("O/t", parent="O/b"), Team("O/b", parent="O/c"), Team("O/c", parent=""), Team("O/d")]
NESTED = {
    "the one right above": ("team:O/b", CHAIN, True),
    "one further above": ("team:O/c", CHAIN, True),
    "one that is not above": ("team:O/d", CHAIN, False),
    "itself": ("team:O/t", CHAIN, False),
    "one above that nobody saw": ("team:O/c", [CHAIN[2]], False),
    "none of a circle": ("team:O/d", [Team("O/b", parent="O/c"), Team("O/c", parent="O/b")], False),
    "none of a circle with itself": ("team:O/d", [Team("O/b", parent="O/t")], False),
    "one above of which nobody knows what is above that": ("team:O/d", [Team("O/b")], False),
}


@pytest.mark.parametrize("case", NESTED)
def test_a_team_does_not_come_below_one_with_a_right_there(case):
    subject, teams, waits = NESTED[case]
    seen = [
        *(one for one in teams if one.path != "O/t"),
        replace(TEAM_WRITES, subject=subject),
        Team("O/t", parent=""),
    ]
    moves = Action("f", "update", Team("O/t", parent=""), Team("O/t", parent="O/b"))
    assert bool(kept([moves], seen, HOOKS).left) is waits
    stays = Action("f", "update", Team("O/t", parent="O/b"), Team("O/t", parent=""))
    assert kept([stays], seen, HOOKS).left == ()
    assert kept([moves], seen, TEAMS).left == (moves,), "nobody knows what teams have there"


def test_a_team_does_not_come_below_a_new_one_below_one_with_a_right_there():
    new = comes(Team("O/b", parent="O/c"))
    moves = Action("f", "update", Team("O/t", parent=""), Team("O/t", parent="O/b"))
    seen = [Team("O/c", parent=""), replace(TEAM_WRITES, subject="team:O/c"), Team("O/t", parent="")]
    assert kept([new, moves], seen, HOOKS).left == (moves,)


def test_what_depends_on_it_waits_with_it_however_far():
    first, second, third = comes(P1), comes(replace(P1, target="O/s")), comes(Label("O/s", "a"))
    alone = comes(Label("O/s", "b"))
    second = replace(second, depends=(first.id,))
    third = replace(third, depends=(second.id,))
    found = kept([third, alone, second, first], [], HOOKS)
    assert (found.actions, found.left) == ((alone,), (third, second, first))
    (aside,) = found.set_aside
    assert aside.reason == (
        f"it could not be read whole (webhook): no{WAITS}label O/s:a, grant repo:O/s:person:p1"
    )


def test_what_depends_on_a_group_that_stays_where_it_is_waits_for_what_is_in_it():
    for goes in (ends(Org("O/a")), Action("f", "move", Org("O/a"), Org("O/b"))):
        place, then = Repo("O/a/r"), comes(Label("O/s", "a"))
        then = replace(then, depends=(goes.id,))
        found = kept([goes, then], [place, Org("O/a")], HOOKS, place=place)
        assert (found.actions, found.left) == ((), (goes, then))
        assert [(one.subject, one.reason.partition(WAITS)[2]) for one in found.set_aside] == [
            ("O/a/r", "label O/s:a")
        ]


@pytest.mark.parametrize(
    ("count", "names"),
    [
        (3, "O/t:p0, team member O/t:p1, team member O/t:p2"),
        (5, "O/t:p0, team member O/t:p1, team member O/t:p2 and 2 more"),
    ],
)
def test_the_first_three_that_wait_are_named_and_how_many_more(count, names):
    found = kept([comes(TeamMember("O/t", f"p{n}")) for n in range(count)], [], TEAMS)
    reason = f"it could not be read whole (rights): no{WAITS}team member {names}"
    assert found.set_aside == (SetAside("O/r", reason, "f", "", HINT),)


def test_the_sig_and_the_way_out_are_named_where_they_are_known():
    found = kept([], [], replace(HOOKS, hint="wait"), sigs={PLACE.key: "virt"})
    assert found.set_aside == (
        SetAside("O/r", "it could not be read whole (webhook): no", "f", "virt", "wait"),
    )


S1 = Grant("repo", "O/s", "person:p1", "write", "")
NEW = [Grant("repo", one, "team:O/new", "write", "") for one in ("O/r", "O/s")]
OLD = Grant("repo", "O/s", "team:O/t", "write", "")
ARRIVES, LEAVES = comes(TeamMember("O/new", "p1"), phase=40), ends(JOINS, phase=50)
"""p1 goes from one team that writes to O/s to another one, which writes to O/r, too."""


def test_who_waits_for_another_team_stays_in_the_one_that_he_has():
    found = kept([ARRIVES, LEAVES], [P1, *NEW, OLD, JOINS], RULES)
    assert (found.actions, found.left) == ((), (ARRIVES, LEAVES))
    (aside,) = found.set_aside
    assert aside.reason.endswith(f"{WAITS}team member O/new:p1, team member O/t:p1")


def test_only_what_somebody_has_and_shall_keep_is_a_reason_to_leave_him_where_he_is():
    own = [P1, *NEW, OLD, JOINS, S1]
    assert kept([ARRIVES, LEAVES], own, RULES).actions == (LEAVES,), "he has a right of his own"
    nothing = [P1, NEW[0], OLD, JOINS]
    assert kept([ARRIVES, LEAVES], nothing, RULES).actions == (LEAVES,), "he shall have nothing"
    place = [NEW[0], replace(OLD, target="O/r"), JOINS]
    assert kept([ARRIVES, LEAVES], place, RULES).actions == (LEAVES,), "it is about the repository itself"


def test_what_gives_more_elsewhere_and_what_shuts_an_archive_goes_on_beside_what_waits():
    live = replace(ELSE, archived=False)
    lower = replace(NEW[1], level="read")
    rises = Action("f", "update", lower, NEW[1], phase=40)
    reads = comes(replace(S1, level="read"), phase=40)
    shuts = Action("f", "update", live, replace(live, archived=True), phase=85)
    seen = state([PLACE, live, P1, NEW[0], lower, OLD, JOINS])
    found = keep(
        [ARRIVES, rises, reads, LEAVES, shuts],
        seen,
        Apart({PLACE.key: RULES}),
        desired_of(state([PLACE])),
        RULED,
    )
    assert (found.actions, found.left) == ((rises, reads, shuts), (ARRIVES, LEAVES))


def test_a_repository_is_not_hidden_from_who_waits_for_a_team_that_sees_it():
    shown = replace(ELSE, visibility="public")
    hides = Action("f", "update", shown, ELSE, phase=50)
    reads = [P1, NEW[0], replace(NEW[1], level="read")]
    desired = desired_of(state([PLACE, ELSE]))
    for extra, goes in (((), False), ((replace(S1, level="read"),), True)):
        seen = state([PLACE, shown, *reads, *extra])
        found = keep([ARRIVES, hides], seen, Apart({PLACE.key: RULES}), desired, RULED)
        assert (hides in found.actions) is goes


def test_a_change_in_several_steps_waits_as_a_whole():
    first, last = (
        Action("f", "update", before, after, phase=phase)
        for before, after, phase in (
            (OLD, replace(OLD, until="2027-01-01"), 40),
            (replace(OLD, until="2027-01-01"), replace(OLD, level="read", until="2027-01-01"), 50),
        )
    )
    found = kept([ARRIVES, first, last], [P1, *NEW, OLD, JOINS], RULES)
    assert (found.actions, found.left) == ((), (ARRIVES, first, last))


def test_where_the_most_permissive_rule_decides_it_says_what_somebody_loses():
    def rule(pattern, *push):
        return BranchRule("O/s", pattern, push=push, create=push, merge=push, force=False, delete=False)

    swaps, both = [P1, S1, NEW[0], JOINS], ("team:O/new", "team:O/t")
    lost = [*swaps, rule("c7*", *both), rule("c7?")]
    assert kept([ARRIVES, LEAVES], lost, RULES, GROUPED).left == (ARRIVES, LEAVES)
    assert kept([ARRIVES, LEAVES], lost, RULES).left == (ARRIVES,), "the narrower one lets in nobody"
    his = [*swaps, rule("c7*", "person:p1"), rule("c7?", *both)]
    assert kept([ARRIVES, LEAVES], his, RULES, GROUPED).left == (ARRIVES,), "the wider one lets him in"
    then = replace(comes(Label("O/s", "a")), depends=(LEAVES.id,))
    assert kept([ARRIVES, LEAVES, then], lost, RULES, GROUPED).left == (ARRIVES, LEAVES, then)


def test_one_who_moves_on_keeps_each_of_the_places_that_he_needs():
    third = [Grant("repo", "O/u", f"team:O/{team}", "write", "") for team in ("new", "u")]
    u = TeamMember("O/u", "p1")
    seen = [Repo("O/u", visibility="private"), P1, *NEW, OLD, JOINS, u, *third]
    also = ends(u, phase=50)
    other = ends(TeamMember("O/t", "p2"), phase=50)
    found = kept([ARRIVES, LEAVES, also, other], [*seen, TeamMember("O/t", "p2")], RULES)
    assert (found.actions, found.left) == ((other,), (ARRIVES, LEAVES, also))


def test_in_a_new_team_below_one_with_a_right_there_nobody_comes():
    nested = replace(RULED, fields={**RULED.fields, "team": RULED.fields["team"] | {"parent"}})
    above = [Org("O"), Membership("O", "p1"), Team("O/t", parent=""), PLACE, TEAM_WRITES]
    new = [Team("O/u", parent="O/t"), Team("O/v", parent="O/u"), TeamMember("O/v", "p1")]

    def done(base, why):
        unread = {PLACE.key: why}
        desired, seen = desired_of(state([*base, *new])), observation_of(state(base), unread=unread)
        return [f"{a.verb} {a.key}" for a in compare(desired, seen, nested, OPEN).plan.actions]

    teams = ["create team O/u", "create team O/v"]
    assert done(above, RULES) == teams
    assert done(above[:-1], RULES) == [*teams, "create team_member O/v:p1"]


def test_in_a_new_team_of_another_org_people_come_whatever_is_unknown_here():
    new, joins = comes(Team("P/t")), comes(TeamMember("P/t", "p1"))
    assert kept([new, joins], [], TEAMS).actions == (new, joins)


def test_a_team_that_is_a_group_does_not_move_while_something_in_it_is_unread():
    traits = replace(GROUPED, team_is_group=True)
    right = Grant("repo", "O/s", "team:O/a", "write", "")
    seen = observation_of(state([Org("O"), ELSE, Team("O/a"), right]), unread={Key("repo", "O/a/x"): HOOKS})
    moved = [
        Org("O"),
        ELSE,
        Team("O/b", previously=("O/a",)),
        replace(right, subject="team:O/b"),
        TeamMember("O/b", "p1"),
    ]
    found = compare(desired_of(state(moved)), seen, traits, OPEN)
    assert found.plan.actions == ()
    assert [(one.subject, one.reason.partition(WAITS)[2]) for one in found.plan.quarantined] == [
        ("O/a/x", "team member O/b:p1")
    ]


def test_who_waits_for_another_team_is_not_out_until_something_else_lets_him_in_again():
    """The last of it gives him the same: too late, since he is out of the one team by then."""
    comes_in, goes = comes(TeamMember("O/t", "p1"), phase=42), ends(TeamMember("O/u", "p1"), phase=52)
    opens = Action("f", "update", Org("O", base_level="none"), Org("O", base_level="read"), phase=87)
    reads = [Grant("repo", "O/s", f"team:O/{team}", "read", "") for team in ("t", "u")]
    seen = [Org("O", base_level="none"), Membership("O", "p1"), TeamMember("O/u", "p1"), *reads]
    found = kept([comes_in, goes, opens], seen, TEAMS)
    assert found.left == (comes_in, goes)
    sooner = replace(opens, phase=30)
    assert kept([sooner, comes_in, goes], seen, TEAMS).left == (comes_in,)
    late = replace(comes_in, phase=60)
    assert kept([goes, late, opens], seen, TEAMS).left == (late,), "he is out for a moment anyway"


@pytest.mark.parametrize(
    ("one", "waits"),
    [
        (Grant("org", "O/a", "person:p1", "read", ""), True),
        (Grant("org", "O", "person:p1", "read", ""), True),
        (Grant("org", "P", "person:p1", "read", ""), False),
        (Grant("repo", "O/s", "person:p1", "read", ""), False),
    ],
)
def test_nobody_comes_into_a_group_that_an_unseen_repository_is_to_leave(one, waits):
    """It stays where it is for now, and no file says that he reads it."""
    old, new = Repo("O/a/moves"), Repo("N/moves", previously=("O/a/moves",))
    orgs = [Org("O"), Org("O/a"), Org("P"), Org("N"), ELSE]
    desired = desired_of(state([*orgs, new, one]))
    found = keep([comes(one)], state(orgs), Apart({old.key: SETTINGS, new.key: SETTINGS}), desired, GROUPED)
    assert bool(found.left) is waits
    stays = desired_of(state([*orgs, old, one]))
    assert keep([comes(one)], state(orgs), Apart({old.key: SETTINGS}), stays, GROUPED).left == ()
    reads = Grant("org", "O", "person:p1", "read", "")
    if one != reads:
        seen = state([*orgs, reads])
        assert keep([comes(one)], seen, Apart({old.key: SETTINGS}), desired, GROUPED).left == (), (
            "he reads it already"
        )
