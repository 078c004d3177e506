"""By which ways people reach repositories, one table of whole answers: the level, the way, what leads there, and whether it waits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import TRAITS

from sigctl.core.access_routes import BASE, BY_TEAM, DIRECT, GROUP, OWNED, SHARE, Roads, Route, Seat
from sigctl.core.kinds import Grant, Membership, Org, Repo, Team, TeamMember
from sigctl.core.kinds.grant import INHERITED
from sigctl.core.kinds.org import INVITED
from sigctl.core.state import state

GROUPED = replace(TRAITS, team_is_group=True, team_roles={"reporter": "read", "guest": "none"})
"""A forge on which a team is a group, and a share gives at most what the person has in the team."""
REPO, R = Repo("G/a/r"), "G/a/r"


def mine(level="write", on="repo", target=R, **fields):
    return Grant(on, target, "person:p1", level, **fields)


def ours(level="write", on="repo", target=R, team="O/t", **fields):
    return Grant(on, target, f"team:{team}", level, **fields)


def ways(facts, traits=TRAITS):
    """Return every way there is, by person and repository, the strongest of each first."""
    found = Roads(state(facts), traits).routes
    assert all((route.login, route.repo) == key for key, routes in found.items() for route in routes)
    return [route for routes in found.values() for route in routes]


def way(level, how, *via, login="p1", repo=R, **more):
    return Route(login, repo, level, how, via, **more)


PLACE = TeamMember("O/t", "p1")
WAYS = {
    "none where nobody has a right": ([REPO, Org("G"), Team("O/t"), PLACE], []),
    "none by a right to nothing": ([REPO, mine("none")], []),
    "his own": ([REPO, mine()], [way("write", DIRECT)]),
    "his own, until a day, on some branches": (
        [REPO, mine(until="2027-01-31", branches=("c7", "c8"))],
        [way("write", DIRECT, until="2027-01-31", branches=("c7", "c8"))],
    ),
    "his own, that waits": ([REPO, mine(state=INVITED)], [way("write", DIRECT, waiting=True)]),
    "a word of the forge as it is": ([REPO, mine("native:odd")], [way("native:odd", DIRECT)]),
    "as one of a group, to all below it": (
        [REPO, Repo("G/s"), Repo("H/r"), mine(on="org", target="G")],
        [way("write", GROUP, on="G"), way("write", GROUP, repo="G/s", on="G")],
    ),
    "as one of the nearest group": (
        [REPO, Repo("G/s"), mine(on="org", target="G/a")],
        [way("write", GROUP, on="G/a")],
    ),
    "as owner of a group": ([REPO, mine("admin", "org", "G")], [way("admin", OWNED, on="G")]),
    "as administrator of the repository": ([REPO, mine("admin")], [way("admin", DIRECT)]),
    "none by an empty group": ([REPO, mine(on="org", target="H")], []),
    "by his team": ([REPO, ours(), PLACE], [way("write", BY_TEAM, "team:O/t")]),
    "by his team on a group": (
        [REPO, ours("admin", "org", "G"), PLACE],
        [way("admin", BY_TEAM, "team:O/t", on="G")],
    ),
    "not by another team": ([REPO, ours(), replace(PLACE, team="O/u")], []),
    "by a team within the team": (
        [REPO, ours(), Team("O/t"), Team("O/c", parent="O/t"), Team("O/d", parent="O/c"), TeamMember("O/d", "p1")],
        [way("write", BY_TEAM, "team:O/d", "team:O/c", "team:O/t")],
    ),
    "not by the team around it": ([REPO, ours(), Team("O/u"), Team("O/t", parent="O/u"), TeamMember("O/u", "p1")], []),
    "by teams that are each within the other": (
        [REPO, ours(), Team("O/t", parent="O/u"), Team("O/u", parent="O/t"), TeamMember("O/u", "p1")],
        [way("write", BY_TEAM, "team:O/u", "team:O/t")],
    ),
    "by a place that waits": (
        [REPO, ours(), replace(PLACE, state=INVITED)],
        [way("write", BY_TEAM, "team:O/t", waiting=True)],
    ),
    "by a team that waits itself": (
        [REPO, ours(state=INVITED), PLACE],
        [way("write", BY_TEAM, "team:O/t", waiting=True)],
    ),
    "by a team of an org that he is not in yet": (
        [REPO, ours(), PLACE, Membership("O", "p1", state=INVITED)],
        [way("write", BY_TEAM, "team:O/t", waiting=True)],
    ),
    "by a team of a group that he is not in yet": (
        [REPO, ours(team="O/a/t"), TeamMember("O/a/t", "p1"), Membership("O/a", "p1", state=INVITED)],
        [way("write", BY_TEAM, "team:O/a/t", waiting=True)],
    ),
    "by a team, whoever else is not in its org yet": (
        [REPO, ours(), PLACE, Membership("O", "p2", state=INVITED), Membership("P", "p1", state=INVITED), Membership("O", "p1")],
        [way("write", BY_TEAM, "team:O/t")],
    ),
    "his own, though he is in no org yet": (
        [REPO, mine(), Membership("O", "p1", state=INVITED)],
        [way("write", DIRECT)],
    ),
    "several, the strongest first, what waits last": (
        [REPO, mine("read"), ours("maintain"), PLACE, ours("admin", team="O/u"), TeamMember("O/u", "p1", state=INVITED)],
        [way("maintain", BY_TEAM, "team:O/t"), way("read", DIRECT), way("admin", BY_TEAM, "team:O/u", waiting=True)],
    ),
    "a word of the forge among the strongest": (
        [REPO, mine("native:odd"), ours("maintain"), PLACE],
        [way("native:odd", DIRECT), way("maintain", BY_TEAM, "team:O/t")],
    ),
    "as owner of the org": (
        [REPO, Org("G"), Membership("G", "p1", "owner")],
        [way("admin", OWNED, "org:G", on="G")],
    ),
    "as owner who has not accepted": (
        [REPO, Org("G"), Membership("G", "p1", "owner", INVITED)],
        [way("admin", OWNED, "org:G", on="G", waiting=True)],
    ),
    "as every member of the org": (
        [REPO, Org("G", base_level="read"), Membership("G", "p1")],
        [way("read", BASE, "org:G", on="G")],
    ),
    "as member who has not accepted": (
        [REPO, Org("G", base_level="read"), Membership("G", "p1", state=INVITED)],
        [way("read", BASE, "org:G", on="G", waiting=True)],
    ),
    "none where members have none": ([REPO, Org("G", base_level="none"), Membership("G", "p1")], []),
    "none where it is not said what members have": ([REPO, Org("G"), Membership("G", "p1")], []),
    "none by an org that is not read": ([REPO, Membership("G", "p1")], []),
    "none by an org without repositories": (
        [REPO, Org("H", base_level="read"), Membership("H", "p1"), Membership("H", "p2", "owner")],
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WAYS)
def test_ways(case):
    facts, found = WAYS[case]
    assert ways(facts) == found


HIGH = Grant("org", "T", "person:p1", "maintain")
SHARES = {
    "by a group that is let in": ([REPO, ours(team="T/a/t"), TeamMember("T/a/t", "p1")], [way("write", SHARE, "team:T/a/t")]),
    "by a group that a whole group lets in": (
        [REPO, ours("read", "org", "G", "T/t"), TeamMember("T/t", "p1")],
        [way("read", SHARE, "team:T/t", on="G")],
    ),
    "as much as he is in the group": (
        [REPO, ours("maintain"), replace(PLACE, role="reporter")],
        [way("read", SHARE, "team:O/t")],
    ),
    "no more than the group has": ([REPO, ours("read"), PLACE], [way("read", SHARE, "team:O/t")]),
    "none who is only a guest there": ([REPO, ours(), replace(PLACE, role="guest")], []),
    "all where it is not said what he is there": (
        [REPO, ours(), replace(PLACE, role=None)],
        [way("write", SHARE, "team:O/t")],
    ),
    "as one of a group above that which is let in": (
        [REPO, ours(team="T/a/t"), HIGH],
        [way("write", SHARE, "org:T", "team:T/a/t")],
    ),
    "as one of the group right above": (
        [REPO, ours(team="T/a/t"), replace(HIGH, target="T/a", level="read")],
        [way("read", SHARE, "org:T/a", "team:T/a/t")],
    ),
    "with a word of the forge above": (
        [REPO, ours(team="T/t"), replace(HIGH, level="native:odd")],
        [way("native:odd", SHARE, "org:T", "team:T/t")],
    ),
    "with a word of the forge itself": (
        [REPO, ours("native:odd", team="T/t"), HIGH],
        [way("native:odd", SHARE, "org:T", "team:T/t")],
    ),
    "not as one of a group beside it": ([REPO, ours(team="T/a/t"), replace(HIGH, target="T/b")], []),
    "as one who is asked into the group above": (
        [REPO, ours(team="T/t"), replace(HIGH, state=INVITED)],
        [way("write", SHARE, "org:T", "team:T/t", waiting=True)],
    ),
    "as one of a group that the group above lets in": (
        [REPO, ours("maintain", team="T/t"), ours("write", "org", "T", "U/u"), TeamMember("U/u", "p1")],
        [way("write", SHARE, "team:U/u", "org:T", "team:T/t")],
    ),
    "no more than he is in that": (
        [REPO, ours("maintain", team="T/t"), ours("write", "org", "T", "U/u"), TeamMember("U/u", "p1", "reporter")],
        [way("read", SHARE, "team:U/u", "org:T", "team:T/t")],
    ),
    "who waits in it": (
        [REPO, ours(team="T/t"), ours("write", "org", "T", "U/u"), TeamMember("U/u", "p1", state=INVITED)],
        [way("write", SHARE, "team:U/u", "org:T", "team:T/t", waiting=True)],
    ),
    "who waits with it": (
        [REPO, ours(team="T/t"), ours("write", "org", "T", "U/u", state=INVITED), TeamMember("U/u", "p1")],
        [way("write", SHARE, "team:U/u", "org:T", "team:T/t", waiting=True)],
    ),
    "once, where the group above lets in the group itself": (
        [REPO, ours(team="T/t"), ours("write", "org", "T", "T/t"), TeamMember("T/t", "p1")],
        [way("write", SHARE, "team:T/t")],
    ),
    "as one of a group that is no team of the files": (
        [REPO, ours("maintain", team="U/g"), replace(HIGH, target="U/g", level="write")],
        [way("write", SHARE, "team:U/g")],
    ),
    "as one who is asked into such a group": (
        [REPO, ours(team="U/g"), replace(HIGH, target="U/g", state=INVITED)],
        [way("write", SHARE, "team:U/g", waiting=True)],
    ),
    "as one of such a group that a whole group lets in": (
        [REPO, ours("write", "org", "G", "U/g"), replace(HIGH, target="U/g")],
        [way("write", SHARE, "team:U/g", on="G")],
    ),
    "from such a group alone, where the repository is in it": (
        [Repo("U/g/r"), ours(target="U/g/r", team="U/g"), replace(HIGH, target="U/g")],
        [way("maintain", GROUP, repo="U/g/r", on="U/g")],
    ),
    "as one of a group that the group itself is shared with": (
        [REPO, ours("maintain", team="T/t"), ours("write", "org", "T/t", "U/u"), TeamMember("U/u", "p1", "lead")],
        [way("write", SHARE, "team:U/u", "team:T/t")],
    ),
    "not by a group that shares it on, where a whole group lets it in": (
        [REPO, ours("maintain", "org", "G", "T/t"), ours("write", "org", "T/t", "U/u"), TeamMember("U/u", "p1")],
        [],
    ),
    "once, where a group is shared with itself": (
        [REPO, ours(team="T/t"), ours("write", "org", "T/t", "T/t"), TeamMember("T/t", "p1")],
        [way("write", SHARE, "team:T/t")],
    ),
    "not those above a group that a whole group lets in": ([REPO, ours("write", "org", "G", "T/t"), HIGH], []),
    "from the group alone, where the repository is in it": (
        [Repo("T/r"), ours(target="T/r", team="T/t"), replace(HIGH, level="read")],
        [way("read", GROUP, repo="T/r", on="T")],
    ),
    "from the group that the group above lets in, too": (
        [Repo("T/r"), ours("maintain", target="T/r", team="T/t"), ours("write", "org", "T", "U/u"), TeamMember("U/u", "p1")],
        [way("write", SHARE, "team:U/u", repo="T/r", on="T")],
    ),
    "by both, where the repository only begins like the group": (
        [Repo("Tx/r"), ours(target="Tx/r", team="T/t"), HIGH],
        [way("write", SHARE, "org:T", "team:T/t", repo="Tx/r")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SHARES)
def test_ways_where_a_team_is_a_group(case):
    facts, found = SHARES[case]
    assert ways(facts, GROUPED) == found


def test_groups_above_count_for_nothing_where_a_team_is_no_group():
    assert ways([REPO, ours(team="T/t"), HIGH]) == []


CHAIN = [Team("O/t"), Team("O/c", parent="O/t"), Team("O/d", parent="O/c"), TeamMember("O/d", "p1")]
COPY = ours(team="O/d", state=INHERITED)
OWN = way("write", BY_TEAM, "team:O/d")
COPIES = {
    "of the team above is told as that": ([ours(team="O/c")], [way("write", BY_TEAM, "team:O/d", "team:O/c")]),
    "of the team above that": ([ours()], [way("write", BY_TEAM, "team:O/d", "team:O/c", "team:O/t")]),
    "of no team above is told as its own": ([], [OWN]),
    "of another right above is told, too": (
        [ours("read")],
        [OWN, way("read", BY_TEAM, "team:O/d", "team:O/c", "team:O/t")],
    ),
    "of a right elsewhere is told": ([ours(target="G/a/s")], [OWN, way("write", BY_TEAM, "team:O/d", "team:O/c", "team:O/t", repo="G/a/s")]),
}  # fmt: skip


@pytest.mark.parametrize("case", COPIES)
def test_a_copy(case):
    more, found = COPIES[case]
    assert ways([REPO, *CHAIN, COPY, *more]) == found


def test_a_right_of_its_own_is_told_beside_that_of_the_team_above():
    above = way("write", BY_TEAM, "team:O/d", "team:O/c", "team:O/t")
    assert ways([REPO, *CHAIN, ours(team="O/d"), ours()]) == [OWN, above]


@pytest.mark.parametrize(
    "teams",
    [
        [],
        [Team("O/d")],
        [Team("O/d", parent="O/d")],
        [Team("O/c", parent="O/d"), Team("O/d", parent="O/c")],
        [Team("O/d", parent="O/c"), Team("O/c", parent="O/b"), Team("O/b", parent="O/c")],
    ],
    ids=["not read", "at the top", "within itself", "each within the other", "below such teams"],
)
def test_a_copy_of_nobody_knows_what_is_told_as_the_teams_own(teams):
    assert ways([REPO, *teams, COPY, TeamMember("O/d", "p1")]) == [OWN]


def test_who_is_in_a_team_is_told_with_the_most_that_he_gets_there():
    facts = [
        *(Team("T/t"), Team("T/c", parent="T/t")),
        *(TeamMember("T/t", "p1", "reporter"), TeamMember("T/c", "p2", state=INVITED)),
        *(replace(HIGH, subject="person:p3"), ours("write", "org", "T/t", "U/u"), TeamMember("U/u", "p4")),
    ]
    assert Roads(state(facts), GROUPED).seats("T/t") == [
        Seat("p1", ("team:T/t",), "read"),
        Seat("p2", ("team:T/c", "team:T/t"), "admin", waiting=True),
        Seat("p3", ("org:T", "team:T/t"), "maintain", over="T"),
        Seat("p4", ("team:U/u", "team:T/t"), "write", over="T/t"),
    ]


@pytest.mark.parametrize(("level", "rank"), [("none", 0), ("read", 1), ("admin", 5), ("native:odd", 5)])
def test_a_word_of_the_forge_counts_as_the_most(level, rank):
    assert way(level, DIRECT).rank == rank
