"""Single deeds that a plan may be refused for, case by case: what counts as one, and what a refusal says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.deeds import judge_deeds, judge_first_run
from sigctl.core.kinds import Features, Grant, Label, Org, Repo, Team, TeamMember
from sigctl.core.plan import Action, Refusal
from sigctl.core.policy import Policy
from sigctl.core.state import state

HIDDEN = Repo("O/r", visibility="private", archived=False, filled=True)
SHOWN = replace(HIDDEN, visibility="public")
OURS = replace(SHOWN, filled=False)
FULL = replace(HIDDEN, visibility="internal")


def act(before, after, verb="update"):
    verb = "create" if before is None else "delete" if after is None else verb
    return Action("f", verb, before, after)


def counted(deed, actions, seen, wanted=()):
    """Return how often the deed is done, by what a policy that allows none says."""
    found = judge_deeds(actions, state(wanted), state(seen), Policy(most={deed: -1}), "f")
    return [one.number for one in found]


MEMBERS, EVERYONE = (Features.of("O/r", {"repository": who}) for who in ("members", "everyone"))
ISSUES = Features.of("O/r", {"issues": "everyone"})
PUBLISHED = {
    "a private repository": (act(HIDDEN, SHOWN), HIDDEN, OURS, 1),
    "an internal one": (act(FULL, SHOWN), FULL, OURS, 1),
    "one that nobody declared any more": (act(HIDDEN, SHOWN), HIDDEN, None, 1),
    "not an empty one": (act(HIDDEN, SHOWN), replace(HIDDEN, filled=False), OURS, 0),
    "not one whose history comes from elsewhere": (act(HIDDEN, SHOWN), HIDDEN, SHOWN, 0),
    "not one that is only shown to the server": (act(HIDDEN, FULL), HIDDEN, OURS, 0),
    "not one that gets a description": (act(SHOWN, replace(SHOWN, description="x")), SHOWN, OURS, 0),
    "not one that nobody has seen": (act(HIDDEN, SHOWN), Repo("O/s"), OURS, 0),
    "the history of a public one that members had": (act(MEMBERS, EVERYONE), SHOWN, OURS, 1),
    "of one that is to be public": (act(MEMBERS, EVERYONE), HIDDEN, OURS, 1),
    "of one that nobody declared": (act(MEMBERS, EVERYONE), SHOWN, None, 1),
    "not of one that stays private": (
        act(MEMBERS, EVERYONE),
        HIDDEN,
        replace(HIDDEN, filled=False),
        0,
    ),
    "not of an empty one": (act(MEMBERS, EVERYONE), replace(SHOWN, filled=False), OURS, 0),
    "not of one whose history comes from elsewhere": (act(MEMBERS, EVERYONE), SHOWN, SHOWN, 0),
    "not what everybody had": (act(EVERYONE, EVERYONE), SHOWN, OURS, 0),
    "not what is shut": (act(EVERYONE, MEMBERS), SHOWN, OURS, 0),
    "not the issues": (act(Features.of("O/r", {"issues": "members"}), ISSUES), SHOWN, OURS, 0),
    "not what is set in a new one": (act(None, EVERYONE), SHOWN, OURS, 0),
}


@pytest.mark.parametrize("case", PUBLISHED)
def test_it_publishes(case):
    action, seen, wanted, number = PUBLISHED[case]
    assert counted("publish", [action], [seen], [wanted] if wanted else []) == [number]


def test_what_moves_is_published_by_what_it_was():
    move = act(replace(HIDDEN, path="O/old"), HIDDEN, "move")
    show = act(HIDDEN, SHOWN)
    assert counted("publish", [move, show], [replace(HIDDEN, path="O/old")], [OURS]) == [1]
    assert counted("publish", [move, act(MEMBERS, EVERYONE)], [replace(SHOWN, path="O/old")], [OURS]) == [1]
    assert counted("publish", [show], [replace(HIDDEN, path="O/old")], [OURS]) == [0]


ARCHIVED = replace(HIDDEN, archived=True)
SHUT = {
    "one with a history": (act(HIDDEN, ARCHIVED), HIDDEN, replace(ARCHIVED, filled=False), 1),
    "not one that was there before and is opened for a change": (
        act(HIDDEN, ARCHIVED),
        ARCHIVED,
        replace(ARCHIVED, filled=False),
        0,
    ),
    "not an empty one": (act(HIDDEN, ARCHIVED), replace(HIDDEN, filled=False), ARCHIVED, 0),
    "not one whose history comes from elsewhere": (act(HIDDEN, ARCHIVED), HIDDEN, ARCHIVED, 0),
    "not one that leaves the archive": (act(ARCHIVED, HIDDEN), ARCHIVED, None, 0),
}


@pytest.mark.parametrize("case", SHUT)
def test_it_archives(case):
    action, seen, wanted, number = SHUT[case]
    assert counted("archive", [action], [seen], [wanted] if wanted else []) == [number]


@pytest.mark.parametrize(
    ("action", "number"),
    [
        (act(HIDDEN, None), 1),
        (act(Team("O/t"), None), 1),
        (act(Org("O/a"), None), 1),
        (act(Label("O/r", "bug", "ff0000"), None), 0),
        (act(Grant("repo", "O/r", "team:O/t", "read"), None), 0),
        (act(HIDDEN, SHOWN), 0),
        (act(None, Team("O/t")), 0),
    ],
)
def test_it_deletes(action, number):
    assert counted("delete", [action], []) == [number]


ONE, TWO, OTHER = TeamMember("O/t", "p1"), TeamMember("O/t", "p2"), TeamMember("O/u", "p1")
RENAMED = act(Team("O/old"), Team("O/t"), "move")
EMPTIED = {
    "by the only one in it": ([act(ONE, None)], [ONE], 1),
    "by both": ([act(ONE, None), act(TWO, None)], [ONE, TWO], 1),
    "each by itself": ([act(ONE, None), act(OTHER, None)], [ONE, OTHER], 2),
    "not by one of two": ([act(ONE, None)], [ONE, TWO], 0),
    "not where somebody comes": ([act(ONE, None), act(None, TWO)], [ONE], 0),
    "not by a change of role": ([act(ONE, replace(ONE, role="lead"))], [ONE], 0),
    "not where nobody was": ([act(None, Team("O/t"))], [Team("O/t")], 0),
    "not where it goes itself": ([act(ONE, None), act(Team("O/t"), None)], [Team("O/t"), ONE], 0),
    "though a repository of that name goes": (
        [act(ONE, None), act(Repo("O/t"), None)],
        [Repo("O/t"), ONE],
        1,
    ),
    "though it is renamed": ([RENAMED, act(ONE, None)], [replace(ONE, team="O/old")], 1),
    "not by being renamed": ([RENAMED], [replace(ONE, team="O/old")], 0),
    "not by a repository of its name that moves": (
        [act(Repo("O/t"), Repo("O/v"), "move"), act(ONE, None)],
        [Repo("O/t"), ONE],
        1,
    ),
    "not by another change of a team": (
        [act(Team("O/t", title="a"), Team("O/t", title="b")), act(ONE, None)],
        [ONE, TWO],
        0,
    ),
}


@pytest.mark.parametrize("case", EMPTIED)
def test_a_team_is_emptied(case):
    actions, seen, number = EMPTIED[case]
    assert counted("empty_teams", actions, seen) == [number]


def test_a_refusal_says_how_many_which_and_the_way_out():
    gone = [act(Repo(f"O/r{n}"), None) for n in range(6)]
    hint = "if it is meant, `--allow delete={} --reason TEXT`"
    text = "f: {} repositories, teams or groups would be deleted ({}), at most {} may"
    five = "O/r0, O/r1, O/r2, O/r3, O/r4"
    told = {
        number: judge_deeds(gone[:number], {}, {}, Policy(most={"delete": 4, "archive": 0}), "f")
        for number in (4, 5, 6)
    }
    assert told == {
        4: [],
        5: [Refusal("delete", 5, 4, hint.format(5), text.format(5, five, 4))],
        6: [Refusal("delete", 6, 4, hint.format(6), text.format(6, f"{five} ...", 4))],
    }


def test_each_deed_is_told_in_its_own_words():
    actions = [act(HIDDEN, SHOWN), act(replace(SHOWN, path="O/s"), replace(ARCHIVED, path="O/s"))]
    actions += [act(ONE, None), act(Team("O/u"), None)]
    seen = state([HIDDEN, replace(SHOWN, path="O/s"), ONE])
    policy = Policy(most=dict.fromkeys(("publish", "archive", "delete", "empty_teams"), 0))
    assert [one.text for one in judge_deeds(actions, {}, seen, policy, "f")] == [
        "f: 1 repositories would be archived (O/s), at most 0 may",
        "f: 1 repositories, teams or groups would be deleted (O/u), at most 0 may",
        "f: 1 teams would lose their last member (O/t), at most 0 may",
        "f: 1 private repositories would become public (O/r), at most 0 may",
    ]


FIRST = Policy(first_run=True)
MAKES = [act(None, Repo("O/new"))]


def first_run(actions, seen, policy=FIRST):
    return judge_first_run(actions, state([Repo("O/new")]), state(seen), policy, "f", orgs=("O",))


def test_a_first_run_among_strangers_things_is_refused_with_the_number_and_the_way_out():
    assert first_run(MAKES, [Org("O"), Repo("O/old"), Team("O/theirs")]) == [
        Refusal(
            "first_run",
            2,
            0,
            "declare them first, or go on with `--allow first_run=2 --reason TEXT`",
            "f: nothing declared exists there yet, but 2 repositories and teams that no file knows",
        )
    ]


@pytest.mark.parametrize(
    ("actions", "seen", "fields"),
    [
        (MAKES, [Repo("O/old")], {"policy": Policy()}),
        ([], [Repo("O/old")], {}),
        (MAKES, [Repo("O/old"), Repo("O/new")], {}),
        (MAKES, [Org("O"), Label("O/old", "bug", "ff0000")], {}),
        (MAKES, [], {}),
        (MAKES, [Repo("P/old")], {}),
        (MAKES, [Repo("O/old"), Repo("P/old")], {}),
        ([act(Repo("O/old"), Repo("O/new"), "move")], [Repo("O/old")], {}),
    ],
    ids=[
        "not asked for",
        "nothing to do",
        "something is declared",
        "neither repositories nor teams",
        "nothing there",
        "elsewhere",
        "not all of it in our orgs",
        "something is followed to its new name",
    ],
)
def test_a_first_run_goes_on(actions, seen, fields):
    assert first_run(actions, seen, **fields) == []


def test_a_group_below_counts_by_the_org_at_the_top():
    (refusal,) = first_run(MAKES, [Repo("O/a/old")])
    assert refusal.number == 1
    assert [one.number for one in first_run([act(Repo("O/new"), Repo("O/new", wiki=True))], [Repo("O/x")])]
