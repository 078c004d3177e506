"""When each kind of change runs, case by case: the phase, by the name that the order has for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.kinds import (
    BranchRule,
    ClassicRule,
    DeployKey,
    Features,
    Grant,
    Key,
    Label,
    Membership,
    Org,
    Ref,
    Repo,
    Security,
    Team,
    TeamMember,
)
from sigctl.core.order import (
    _SHUT,
    ADD,
    ARCHIVE,
    CREATE,
    DELETE,
    EARLY,
    LATE,
    NARROW,
    OPEN,
    REFS,
    SETTLE,
    UNARCHIVE,
    order,
)
from sigctl.core.plan import Action
from sigctl.core.state import Note, state

REPO = Repo("O/r")
DEEP = "O/" + "/".join("abcdefgh")
RULE = BranchRule("O/r", "main", push=("team:O/t",))
READS = Grant("repo", "O/r", "person:p1", "read", "")
MEMBERS, ALL = (Features.of("O/r", {"issues": who}) for who in ("members", "everyone"))


def act(before, after, verb="update"):
    verb = "create" if before is None else "delete" if after is None else verb
    return Action("f", verb, before, after)


def when(actions, seen=(), **how):
    """Return {what changes, by the name it has in the end: phase}; a thing with several changes has them all."""
    found = {}
    for action in order(actions, state(seen), **how).actions:
        found.setdefault(action.key.name, []).append(action.phase)
    return {name: phases[0] if len(phases) == 1 else phases for name, phases in found.items()}


ALONE = {
    "a group is made after the one above": (None, Org("O/a"), CREATE + 1),
    "an org is made first of all": (None, Org("O"), CREATE),
    "a repository is made after its group": (None, Repo("O/a/r"), CREATE + 2),
    "a team is made after its org": (None, Team("O/t"), CREATE + 1),
    "groups are told apart down to the eighth": (None, Org(DEEP), CREATE + 8),
    "and all below come together": (None, Org(f"{DEEP}/i/j"), CREATE + 8),
    "a group goes after those below": (Org("O/a"), None, DELETE + 7),
    "those below go before": (Org("O/a/b"), None, DELETE + 6),
    "a repository goes last": (REPO, None, DELETE + 7),
    "a team goes last": (Team("O/t"), None, DELETE + 7),
    "a repository leaves the archive": (
        replace(REPO, archived=True),
        replace(REPO, archived=False),
        UNARCHIVE,
    ),
    "a repository is archived": (replace(REPO, archived=False), replace(REPO, archived=True), ARCHIVE),
    "a repository is shown": (replace(REPO, visibility="private"), replace(REPO, visibility="public"), OPEN),
    "a repository is hidden": (
        replace(REPO, visibility="public"),
        replace(REPO, visibility="private"),
        NARROW,
    ),
    "a default branch changes": (
        replace(REPO, default_branch="a"),
        replace(REPO, default_branch="b"),
        SETTLE + 1,
    ),
    "a description changes": (replace(REPO, description="a"), replace(REPO, description="b"), SETTLE),
    "a rule shuts out": (None, RULE, _SHUT),
    "a rule lets in": (RULE, None, LATE + 5),
    "a feature opens": (MEMBERS, ALL, LATE + 8),
    "a feature shuts": (ALL, MEMBERS, EARLY - 1),
    "a member comes": (None, Membership("O", "p1"), ADD + 1),
    "a member goes": (Membership("O", "p1"), None, NARROW + 3),
    "a place in a team is given": (None, TeamMember("O/t", "p1"), ADD + 2),
    "a place in a team ends": (TeamMember("O/t", "p1"), None, NARROW + 2),
    "a right is given": (None, READS, ADD + 4),
    "a right rises": (READS, replace(READS, level="admin"), ADD + 4),
    "a right ends": (READS, None, NARROW),
    "a base level rises": (Org("O", base_level="none"), Org("O", base_level="read"), ADD),
    "a base level sinks": (Org("O", base_level="read"), Org("O", base_level="none"), NARROW + 4),
    "an org gets a title": (Org("O", title="a"), Org("O", title="b"), SETTLE),
    "a key is added": (None, DeployKey("O/r", "SHA256:x"), ADD + 4),
    "a key goes": (DeployKey("O/r", "SHA256:x"), None, NARROW),
    "a label is made": (None, Label("O/r", "bug", "ff0000"), SETTLE),
    "a ref moves": (None, Ref("O/r", "refs/heads/main", "1" * 40), REFS),
    "a team gets a title": (Team("O/t", title="a"), Team("O/t", title="b"), SETTLE),
    "a team comes under another": (Team("O/t", parent=""), Team("O/t", parent="O/u"), ADD + 4),
    "a team comes out from under another": (Team("O/t", parent="O/u"), Team("O/t", parent=""), NARROW),
    "an older protection goes": (ClassicRule("O/r", "main"), None, LATE + 5),
}


@pytest.mark.parametrize("case", ALONE)
def test_by_itself(case):
    before, after, phase = ALONE[case]
    assert list(when([act(before, after)], [before] if before else []).values()) == [phase]


def test_where_archives_take_changes_a_repository_leaves_one_when_all_rights_are_settled():
    shut = replace(REPO, archived=True)
    assert when([act(shut, replace(shut, archived=False))], [shut], locked=False) == {"O/r": LATE + 6}


def test_and_goes_there_before_anybody_gets_a_right_where_it_can():
    live = replace(REPO, archived=False)
    closing = [act(live, replace(live, archived=True))]
    assert when(closing, [live], early=frozenset({REPO.key}), locked=False) == {"O/r": UNARCHIVE}
    assert when(closing, [live], early=frozenset({REPO.key})) == {"O/r": ARCHIVE}


def chain(length):
    """Teams, each under the one before it."""
    return [Team(f"O/t{n}", parent=f"O/t{n - 1}" if n else None) for n in range(length)]


def test_teams_are_made_from_the_top_down_to_the_seventh_and_the_rest_together():
    made = when([act(None, team) for team in chain(9)])
    assert [made[f"O/t{n}"] for n in range(9)] == [CREATE + 1 + n for n in (0, 1, 2, 3, 4, 5, 6, 6, 6)]


def test_teams_go_from_the_bottom_up():
    gone = when([act(team, None) for team in chain(3)], chain(3))
    assert [gone[f"O/t{n}"] for n in range(3)] == [DELETE + 7 - n for n in range(3)]


def test_only_teams_of_the_same_plan_count_for_the_depth():
    assert when([act(None, Team("O/t", parent="O/there"))], [Team("O/there")]) == {"O/t": CREATE + 1}


def test_a_nesting_is_turned_around_only_once_it_is_undone():
    upper, lower = Team("O/a", parent=""), Team("O/b", parent="O/a")
    turned = [act(upper, replace(upper, parent="O/b")), act(lower, replace(lower, parent=""))]
    assert when(turned, [upper, lower]) == {"O/a": LATE, "O/b": NARROW}
    moved = [act(upper, replace(upper, parent="O/c")), act(lower, replace(lower, title="B"))]
    assert when(moved, [upper, lower, Team("O/c")]) == {"O/a": ADD + 4, "O/b": SETTLE}


WRITES = Grant("repo", "O/r", "team:O/t", "write", "")
PLACE, OTHER = TeamMember("O/t", "p1"), TeamMember("O/t", "p2")
CONFLICTS = {
    "who leaves is out before the team gets more": (
        [act(PLACE, None), act(None, WRITES)],
        [PLACE],
        {"O/t:p1": NARROW + 2, "repo:O/r:team:O/t": LATE + 4},
    ),
    "who comes in comes after what the team loses": (
        [act(None, PLACE), act(WRITES, None)],
        [WRITES],
        {"O/t:p1": LATE + 2, "repo:O/r:team:O/t": NARROW},
    ),
    "a team that only gains waits for nothing": (
        [act(None, PLACE), act(None, WRITES)],
        [],
        {"O/t:p1": ADD + 2, "repo:O/r:team:O/t": ADD + 4},
    ),
    "a team that only loses neither": (
        [act(PLACE, None), act(WRITES, None)],
        [PLACE, WRITES],
        {"O/t:p1": NARROW + 2, "repo:O/r:team:O/t": NARROW},
    ),
    "people alone may come and go": (
        [act(PLACE, None), act(None, OTHER)],
        [PLACE],
        {"O/t:p1": NARROW + 2, "O/t:p2": ADD + 2},
    ),
    "another team has nothing to do with it": (
        [act(PLACE, None), act(None, replace(WRITES, subject="team:O/u"))],
        [PLACE],
        {"O/t:p1": NARROW + 2, "repo:O/r:team:O/u": ADD + 4},
    ),
}


@pytest.mark.parametrize("case", CONFLICTS)
def test_in_one_team(case):
    actions, seen, phases = CONFLICTS[case]
    assert when(actions, [REPO, Team("O/t"), Team("O/u"), *seen]) == phases


HIDDEN = replace(REPO, visibility="private")
SHOWN = act(HIDDEN, replace(HIDDEN, visibility="public"))
KEY = DeployKey("O/r", "SHA256:x", write=True)


def test_rules_of_what_is_shown_come_then_and_rights_only_after_them():
    actions = [SHOWN, act(None, RULE), act(None, READS), act(None, KEY)]
    assert when(actions, [HIDDEN]) == {
        "O/r": OPEN,
        "O/r:branch:main": OPEN + 1,
        "repo:O/r:person:p1": OPEN + 2,
        "O/r:SHA256:x": OPEN + 2,
    }


def test_what_a_rule_lets_in_comes_last_of_what_is_shown():
    wider = replace(RULE, push=("team:O/t", "team:O/u"))
    assert when([SHOWN, act(RULE, wider)], [HIDDEN, RULE]) == {"O/r": OPEN, "O/r:branch:main": OPEN + 3}
    assert when([SHOWN, act(RULE, None)], [HIDDEN, RULE]) == {"O/r": OPEN, "O/r:branch:main": OPEN + 1}


def test_a_key_that_goes_does_not_wait_for_what_is_shown_and_whoever_reads_goes_on_reading():
    found = when([SHOWN, act(None, RULE), act(READS, None), act(KEY, None)], [HIDDEN, READS, KEY])
    assert (found["repo:O/r:person:p1"], found["O/r:SHA256:x"]) == (OPEN + 1, NARROW)


@pytest.mark.parametrize(
    "actions",
    [[SHOWN, act(None, READS)], [act(None, RULE), act(None, READS)]],
    ids=["no rule", "nothing is shown"],
)
def test_rights_wait_only_for_rules_of_what_is_shown(actions):
    assert when(actions, [HIDDEN])["repo:O/r:person:p1"] == ADD + 4


def test_what_is_shown_concerns_no_other_repository():
    actions = [SHOWN, act(None, replace(RULE, repo="O/s")), act(None, replace(READS, target="O/s"))]
    found = when(actions, [HIDDEN, Repo("O/s")])
    assert found == {"O/r": OPEN, "O/s:branch:main": _SHUT, "repo:O/s:person:p1": ADD + 4}


def test_where_rules_can_be_made_in_what_is_hidden_they_do_not_wait():
    assert when([SHOWN, act(None, RULE), act(None, READS)], [HIDDEN], hidden_rules=True) == {
        "O/r": OPEN,
        "O/r:branch:main": _SHUT,
        "repo:O/r:person:p1": ADD + 4,
    }


def test_there_rules_of_a_new_repository_come_right_after_it():
    actions = [act(None, REPO), act(None, RULE), act(None, replace(RULE, repo="O/there"))]
    assert when(actions, [Repo("O/there")], hidden_rules=True) == {
        "O/r": CREATE + 1,
        "O/r:branch:main": CREATE + 10,
        "O/there:branch:main": _SHUT,
    }
    assert when(actions, [Repo("O/there")])["O/r:branch:main"] == _SHUT


def test_and_after_one_that_comes_late():
    """It waits for a right on its group to end, and its rules wait for it."""
    held = Grant("org", "O", "person:p1", "write", "")
    found = when([act(held, None), act(None, REPO), act(None, RULE)], [Org("O"), held], hidden_rules=True)
    assert found == {"org:O:person:p1": NARROW, "O/r": NARROW + 5, "O/r:branch:main": NARROW + 6}


def test_rules_that_change_are_not_of_new_repositories():
    changed = act(RULE, replace(RULE, push=()))
    moved = act(Repo("O/old"), REPO, "move")
    assert when([moved, changed], [Repo("O/old")], hidden_rules=True)["O/r:branch:main"] == _SHUT


SINKS = act(Org("O", base_level="read"), Org("O", base_level="none"))


def test_where_a_base_level_sinks_new_members_and_repositories_come_after_that():
    actions = [
        SINKS,
        act(None, Membership("O", "p1")),
        act(None, TeamMember("O/t", "p1")),
        act(None, TeamMember("O/t", "p2")),
        act(None, REPO),
        act(None, READS),
        act(None, replace(RULE, push=("team:O/u",))),
    ]
    assert when(actions, [Org("O", base_level="read"), Team("O/t"), Membership("O", "p2")]) == {
        "O": NARROW + 4,
        "O:p1": LATE + 1,
        "O/t:p1": LATE + 2,
        "O/t:p2": ADD + 2,
        "O/r": NARROW + 5,
        "O/r:branch:main": NARROW + 6,
        "repo:O/r:person:p1": LATE + 4,
    }


def test_another_org_and_what_is_there_have_nothing_to_do_with_it():
    other = Grant("repo", "P/r", "person:p1", "read", "")
    actions = [
        SINKS,
        act(None, Membership("P", "p1")),
        act(None, Repo("P/r")),
        act(None, other),
        act(None, replace(READS, subject="person:p2")),
    ]
    seen = [Org("O", base_level="read"), Org("P"), REPO, Membership("O", "p2")]
    assert when(actions, seen) == {
        "O": NARROW + 4,
        "P:p1": ADD + 1,
        "P/r": CREATE + 1,
        "repo:P/r:person:p1": ADD + 4,
        "repo:O/r:person:p2": ADD + 4,
    }


def test_a_new_title_is_no_base_level_that_sinks():
    titled = act(Org("O", title="a"), Org("O", title="b"))
    found = when([titled, act(None, Membership("O", "p1")), act(None, REPO)], [Org("O", title="a")])
    assert found == {"O": SETTLE, "O:p1": ADD + 1, "O/r": CREATE + 1}


ON_GROUP = Grant("org", "O", "person:p1", "write", "")


def test_a_lower_level_is_given_after_the_one_above_is_gone():
    groups = [Org("O"), Org("O/a"), Repo("O/a/r")]
    below = Grant("repo", "O/a/r", "person:p1", "read", "")
    assert when([act(ON_GROUP, None), act(None, below)], [*groups, ON_GROUP]) == {
        "org:O:person:p1": NARROW,
        "repo:O/a/r:person:p1": LATE + 4,
    }


@pytest.mark.parametrize(
    "given",
    [
        Grant("repo", "O/a/r", "person:p2", "read", ""),
        Grant("repo", "P/r", "person:p1", "read", ""),
        Grant("org", "P", "person:p1", "read", ""),
    ],
    ids=["somebody else", "elsewhere", "on a group elsewhere"],
)
def test_other_rights_do_not_wait_for_it(given):
    seen = [Org("O"), Org("O/a"), Org("P"), Repo("O/a/r"), Repo("P/r"), ON_GROUP]
    assert when([act(ON_GROUP, None), act(None, given)], seen)[given.key.name] == ADD + 4


def test_what_sinks_on_a_repository_or_rises_on_a_group_holds_nothing_up():
    held = Grant("repo", "O/a", "person:p1", "write", "")
    below = Grant("repo", "O/a/r", "person:p1", "read", "")
    assert when([act(held, None), act(None, below)], [held])[below.key.name] == ADD + 4
    risen = act(ON_GROUP, replace(ON_GROUP, level="admin"))
    assert when([risen, act(None, below)], [Org("O"), ON_GROUP])[below.key.name] == ADD + 4


def test_a_new_repository_in_a_group_with_fewer_rights_than_before_comes_late_with_its_rules():
    """New rights on the group come after the rules, or they would reach it while it has none."""
    more = Grant("org", "O", "team:O/t", "write", "")
    actions = [act(ON_GROUP, None), act(None, REPO), act(None, RULE), act(None, READS), act(None, more)]
    assert when(actions, [Org("O"), Team("O/t"), ON_GROUP]) == {
        "org:O:person:p1": NARROW,
        "O/r": NARROW + 5,
        "O/r:branch:main": NARROW + 6,
        "repo:O/r:person:p1": LATE + 4,
        "org:O:team:O/t": LATE + 4,
    }


def test_new_rights_on_a_group_wait_for_no_rules_of_what_is_there_or_elsewhere():
    more = Grant("org", "P", "team:O/t", "write", "")
    actions = [act(ON_GROUP, None), act(None, REPO), act(None, RULE), act(None, more)]
    assert when(actions, [Org("O"), Org("P"), Team("O/t"), ON_GROUP])["org:P:team:O/t"] == ADD + 4
    here = Grant("org", "O", "team:O/t", "write", "")
    there = [act(ON_GROUP, None), act(None, RULE), act(None, here)]
    assert when(there, [Org("O"), REPO, Team("O/t"), ON_GROUP])["org:O:team:O/t"] == ADD + 4


def test_a_repository_that_comes_from_another_org_is_new_there_and_one_that_is_renamed_is_not():
    sinks = [SINKS, act(None, READS)]
    seen = [Org("O", base_level="read"), Org("P"), Membership("O", "p1")]
    came = when([act(Repo("P/r"), REPO, "move"), *sinks], [*seen, Repo("P/r")])
    assert (came["O/r"], came["repo:O/r:person:p1"]) == (NARROW + 5, LATE + 4)
    renamed = when([act(Repo("O/old"), REPO, "move"), *sinks], [*seen, Repo("O/old")])
    assert (renamed["O/r"], renamed["repo:O/r:person:p1"]) == (CREATE + 1, ADD + 4)


def test_who_leaves_a_team_that_a_rule_names_is_early_and_who_comes_late():
    gains, loses = replace(READS, subject="person:p1"), replace(READS, subject="person:p2")
    seen = [REPO, Team("O/t"), RULE, PLACE, loses]
    actions = [act(PLACE, None), act(None, gains), act(None, OTHER), act(loses, None)]
    found = when(actions, seen)
    assert (found["O/t:p1"], found["O/t:p2"]) == (EARLY, LATE + 2)


def test_the_actions_come_sorted_by_when_they_run():
    given = order([act(READS, None), act(None, Org("O")), act(None, REPO)], state([READS])).actions
    assert [a.key for a in given] == [Org("O").key, REPO.key, Key("grant", "repo:O/r:person:p1")]


def test_a_team_that_only_gets_a_title_holds_no_nesting_up():
    upper, lower = Team("O/a", title="a"), Team("O/b", parent="")
    found = when(
        [act(upper, replace(upper, title="A")), act(lower, replace(lower, parent="O/a"))], [upper, lower]
    )
    assert found == {"O/a": SETTLE, "O/b": ADD + 4}


@pytest.mark.parametrize("old", ["O/a/old", "O/old"])
def test_a_repository_that_goes_to_another_group_of_its_org_is_not_new_there(old):
    new = Repo("O/a/r") if old == "O/old" else REPO
    found = when([act(Repo(old), new, "move"), SINKS], [Org("O", base_level="read"), Repo(old)])
    assert found[new.path] == CREATE + new.path.count("/")


def test_a_new_member_gets_his_right_on_the_org_after_the_base_level_has_sunk():
    mine = Grant("org", "O", "person:p1", "write", "")
    found = when([SINKS, act(None, Membership("O", "p1")), act(None, mine)], [Org("O", base_level="read")])
    assert found == {"O": NARROW + 4, "O:p1": LATE + 1, "org:O:person:p1": LATE + 4}


def test_a_lower_level_is_given_after_the_one_right_above_is_gone():
    above, below = replace(ON_GROUP, target="O/a"), Grant("repo", "O/a/r", "person:p1", "read", "")
    found = when([act(above, None), act(None, below)], [Org("O"), Org("O/a"), Repo("O/a/r"), above])
    assert found == {"org:O/a:person:p1": NARROW, "repo:O/a/r:person:p1": LATE + 4}


def test_a_rule_of_what_is_shown_that_narrows_does_so_then():
    narrower = act(RULE, replace(RULE, push=()))
    assert when([SHOWN, narrower], [HIDDEN, RULE]) == {"O/r": OPEN, "O/r:branch:main": OPEN + 1}


@pytest.mark.parametrize(("base", "what"), [("none", "is without access to"), ("read", "can do less on")])
def test_a_moment_that_can_not_be_closed_is_told_with_person_repository_and_forge(base, what):
    below = Grant("repo", "O/a/r", "person:p1", "triage", "")
    seen = [Org("O", base_level=base), Membership("O", "p1"), Repo("O/a/r", visibility="private"), ON_GROUP]
    found = order([act(ON_GROUP, None), act(None, below)], state(seen))
    assert found.notes == (Note("moment", "p1", f"p1 {what} O/a/r for a moment", "f"),)


def test_new_rights_on_a_group_that_loses_none_wait_for_no_rules_of_what_is_new_in_it():
    more = Grant("org", "O", "team:O/t", "write", "")
    found = when([act(None, REPO), act(None, RULE), act(None, more)], [Org("O"), Team("O/t")])
    assert found == {"O/r": CREATE + 1, "O/r:branch:main": _SHUT, "org:O:team:O/t": ADD + 4}


def test_a_rule_that_lets_in_only_ourselves_does_not_wait_for_the_archive():
    live, shut = replace(REPO, archived=False), replace(REPO, archived=True)
    nobody = replace(RULE, push=())
    actions = [act(live, shut), act(nobody, replace(nobody, push=("level:admin",)))]
    assert when(actions, locked=False, own_way="level:admin") == {"O/r": ARCHIVE, "O/r:branch:main": LATE + 5}
    assert when(actions, locked=False) == {"O/r": ARCHIVE, "O/r:branch:main": ARCHIVE + 2}


def test_what_moves_to_where_rights_are_given_is_shut_before_and_opened_after_them():
    old, new = Repo("O/a/r"), Repo("O/b/r")
    members, everyone = (Features.of("O/b/r", {"issues": who}) for who in ("members", "everyone"))
    changed = [replace(RULE, repo="O/b/r", push=(f"team:O/{team}",)) for team in "tu"]
    given = Grant("org", "O/b", "team:O/t", "write", "")
    actions = [act(old, new, "move"), act(None, given), act(everyone, members), act(*changed)]
    phases = when(actions, [old, replace(changed[0], repo="O/a/r")])
    assert phases == {
        "O/b/r": EARLY + 2,
        given.key.name: EARLY + 1,
        "O/a/r": EARLY - 1,
        "O/a/r:branch:main": EARLY - 1,
        "O/b/r:branch:main": LATE + 5,
    }


WIDER = replace(RULE, pattern="*")


@pytest.mark.parametrize(
    ("changes", "phase"),
    [([], _SHUT - 1), ([act(WIDER, replace(WIDER, push=()))], LATE + 3), ([act(None, WIDER)], LATE + 3)],
)
def test_a_rule_goes_before_all_others_while_a_wider_one_stays_unless_that_one_narrows(changes, phase):
    seen = [RULE, *([] if changes and changes[0].before is None else [WIDER])]
    assert when([act(RULE, None), *changes], seen)["O/r:branch:main"] == phase


def test_labels_are_renamed_before_rules_shut_and_security_comes_after_showing():
    bug, scans = Label("O/r", "bug"), Security("O/r", secret_scanning=True)
    hidden, shown = (replace(REPO, visibility=word) for word in ("private", "public"))
    actions = [
        act(bug, replace(bug, name="defect"), "move"),
        act(replace(scans, secret_scanning=False), scans),
        act(hidden, shown),
    ]
    assert [(a.kind, a.phase) for a in order(actions, state([hidden, bug])).actions] == [
        ("label", _SHUT - 1),
        ("repo", OPEN),
        ("security", OPEN + 1),
    ]


PLACE, WRITES = TeamMember("O/t", "p1"), Grant("repo", "O/r", "team:O/t", "write", "")


@pytest.mark.parametrize("rules_open", [True, False])
def test_whether_the_narrowest_rule_decides_or_any_says_who_misses_something_and_what_is_waited_for(
    rules_open,
):
    mine = Grant("repo", "O/r", "person:p1", "write", "")
    shut, wide = (BranchRule("O/r", pattern, push=()) for pattern in ("main", "m*"))
    lets_in = replace(wide, push=("person:p1",))
    opened = replace(shut, push=lets_in.push)
    found = order(
        [act(lets_in, None), act(shut, opened)], state([REPO, mine, shut, lets_in]), rules_open=rules_open
    )
    assert [note.subject for note in found.notes] == (["p1"] if rules_open else [])
    team = replace(wide, push=("team:O/t",))
    found = order([act(None, PLACE), act(None, shut)], state([REPO, WRITES, team]), rules_open=rules_open)
    (joins,) = [a for a in found.actions if a.kind == "team_member"]
    assert joins.depends == (() if rules_open else (act(None, shut).id,))
