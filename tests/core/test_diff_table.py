"""What is done about each difference, case by case: every step, and in which order it was found."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import desired_of

from sigctl.core.diff import diff
from sigctl.core.kinds import (
    Actions,
    BranchRule,
    ClassicRule,
    Features,
    Grant,
    Key,
    Label,
    Membership,
    Org,
    Repo,
    Team,
    TeamMember,
    Webhook,
)
from sigctl.core.kinds.grant import INHERITED
from sigctl.core.state import Note, state

ORG, REPO, TEAM = Org("O"), Repo("O/r"), Team("O/t")
FULL = Repo(
    "O/r", description="x", visibility="public", default_branch="main", archived=True, wiki=True, filled=True
)
BARE = replace(FULL, visibility="private", archived=False, default_branch=None, filled=False)
LOCKED = {"locked_archives": True}
BORN = {"branch_at_birth": True}


def found(wanted, seen, how=None, **fields):
    wanted, seen = state(wanted), state(seen)
    return diff(wanted, seen, desired_of(wanted, **fields), **(how or {}))


def steps(wanted, seen, how=None, **fields):
    """Return of every action its verb, and what is made, what goes, or what changes."""
    return [
        (a.verb, {"create": a.after, "delete": a.before}.get(a.verb, a.changed()))
        for a in found(wanted, seen, how, **fields).actions
    ]


def updates(**fields):
    return [("update", {name: change}) for name, change in fields.items()]


BRANCH, SHOWN, SHUT = (None, "main"), ("private", "public"), (False, True)
MADE = {
    "closed, then its branch, then shown, then archived": (
        FULL,
        LOCKED,
        [("create", BARE), *updates(default_branch=BRANCH, visibility=SHOWN, archived=SHUT)],
    ),
    "archived at the end though archives take changes, since history comes": (
        FULL,
        {},
        [("create", BARE), *updates(default_branch=BRANCH, visibility=SHOWN, archived=SHUT)],
    ),
    "with its branch where that is chosen at birth": (
        FULL,
        BORN,
        [("create", replace(BARE, default_branch="main")), *updates(visibility=SHOWN, archived=SHUT)],
    ),
    "without a branch where no history comes": (
        replace(FULL, filled=False, archived=False),
        LOCKED,
        [("create", BARE), *updates(visibility=SHOWN)],
    ),
    "archived at once where archives take changes and no history comes": (
        replace(FULL, filled=False),
        {},
        [("create", replace(BARE, archived=True)), *updates(visibility=SHOWN)],
    ),
    "archived at the end where they take none": (
        replace(FULL, filled=False),
        LOCKED,
        [("create", BARE), *updates(visibility=SHOWN, archived=SHUT)],
    ),
    "with what nobody cares about left open": (REPO, LOCKED, [("create", REPO)]),
    "in one step that is private, without a word of older names": (
        replace(BARE, previously=("O/old",)),
        LOCKED,
        [("create", BARE)],
    ),
    "shown to the server after all else": (
        replace(BARE, visibility="internal"),
        {},
        [("create", BARE), *updates(visibility=("private", "internal"))],
    ),
}


@pytest.mark.parametrize("case", MADE)
def test_a_repository_is_made(case):
    wanted, how, done = MADE[case]
    assert steps([wanted], [], how) == done


def test_what_it_is_made_from_is_told_whether_history_comes():
    made, branched, *_ = found([FULL], [], LOCKED).actions
    assert (made.after.filled, branched.before.filled, branched.after.filled) == (False, True, True)


LIVE = replace(FULL, archived=False)
CHANGED = {
    "nothing": (FULL, FULL, LOCKED, []),
    "nothing that nobody cares about": (REPO, FULL, LOCKED, []),
    "a setting": (replace(LIVE, wiki=False), LIVE, {}, updates(wiki=(True, False))),
    "settings in one step, then the branch": (
        replace(LIVE, wiki=False, description="y", default_branch="c7"),
        LIVE,
        {},
        [
            ("update", {"description": ("x", "y"), "wiki": (True, False)}),
            *updates(default_branch=("main", "c7")),
        ],
    ),
    "hidden before its settings": (
        replace(LIVE, wiki=False, visibility="private"),
        LIVE,
        {},
        updates(visibility=("public", "private"), wiki=(True, False)),
    ),
    "shown after its settings": (
        replace(LIVE, wiki=False),
        replace(LIVE, visibility="private"),
        {},
        updates(wiki=(True, False), visibility=SHOWN),
    ),
    "a word of the forge's own is shown late": (
        LIVE,
        replace(LIVE, visibility="native:x", wiki=False),
        {},
        updates(wiki=(False, True), visibility=("native:x", "public")),
    ),
    "archived last where archives are locked": (
        replace(FULL, wiki=False, filled=False),
        LIVE,
        LOCKED,
        updates(wiki=(True, False), archived=SHUT),
    ),
    "archived first where they are not": (
        replace(FULL, wiki=False, filled=False),
        LIVE,
        {},
        updates(archived=SHUT, wiki=(True, False)),
    ),
    "archived last where history comes": (
        replace(FULL, wiki=False),
        LIVE,
        {},
        updates(wiki=(True, False), archived=SHUT),
    ),
    "opened before its settings": (
        replace(LIVE, wiki=False),
        FULL,
        {},
        updates(archived=(True, False), wiki=(True, False)),
    ),
    "opened for a change, and archived again": (
        replace(FULL, wiki=False),
        FULL,
        LOCKED,
        updates(archived=(True, False), wiki=(True, False)) + updates(archived=SHUT),
    ),
    "not opened where archives take changes": (replace(FULL, wiki=False), FULL, {}, updates(wiki=(True, False))),
    "only opened": (LIVE, FULL, LOCKED, updates(archived=(True, False))),
    "only archived": (FULL, LIVE, LOCKED, updates(archived=SHUT)),
    "opened for a change though nobody cares whether it is archived": (
        replace(FULL, archived=None, wiki=False),
        FULL,
        LOCKED,
        updates(archived=(True, False), wiki=(True, False)) + updates(archived=SHUT),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CHANGED)
def test_a_repository_changes(case):
    ours, theirs, how, done = CHANGED[case]
    assert steps([ours], [theirs], how) == done


def test_the_branch_of_an_empty_repository_is_left_until_it_has_one():
    empty = replace(LIVE, filled=False, default_branch=None)
    ours = replace(LIVE, filled=False, wiki=False)
    assert steps([ours], [empty]) == updates(wiki=(True, False))
    (action,) = found([ours], [empty]).actions
    assert action.after.default_branch is None


def test_the_branch_of_an_empty_repository_is_not_told_of_when_it_is_shown_either():
    empty = replace(LIVE, filled=False, default_branch=None, visibility="private")
    (action,) = found([replace(LIVE, filled=False)], [empty]).actions
    assert (action.after.visibility, action.after.default_branch) == ("public", None)
    made = found([replace(LIVE, filled=False, previously=("O/old",))], []).actions
    assert [(a.after.default_branch, a.after.previously) for a in made] == [(None, None), (None, None)]


@pytest.mark.parametrize(("ours", "theirs"), [(True, False), (False, True), (True, True)])
def test_what_has_a_history_or_gets_one_counts_as_filled(ours, theirs):
    (action,) = found([replace(LIVE, wiki=False, filled=ours)], [replace(LIVE, filled=theirs)]).actions
    assert action.after.filled


def test_what_hangs_on_a_locked_archive_opens_it():
    grant = Grant("repo", "O/r", "team:O/t", "read", "")
    assert steps([FULL, TEAM, grant], [FULL, TEAM], LOCKED) == [
        ("create", grant),
        *updates(archived=(True, False)),
        *updates(archived=SHUT),
    ]
    assert steps([FULL, TEAM, grant], [FULL, TEAM]) == [("create", grant)]
    elsewhere = replace(grant, target="O/s")
    assert steps([FULL, REPO_S, elsewhere], [FULL, REPO_S], LOCKED) == [("create", elsewhere)]


REPO_S = Repo("O/s")
OLD = replace(FULL, path="O/old")
NEW = replace(FULL, previously=("O/old",))
MOVE = ("move", {"path": ("O/old", "O/r")})


def test_a_locked_archive_is_opened_where_it_is_moved_and_archived_where_it_comes_to():
    actions = found([NEW], [OLD], LOCKED).actions
    assert [(a.verb, a.before.path, a.after.path, a.before.archived, a.after.archived) for a in actions] == [
        ("move", "O/old", "O/r", False, False),
        ("update", "O/old", "O/old", True, False),
        ("update", "O/r", "O/r", False, True),
    ]


def test_what_goes_into_an_archive_that_takes_changes_does_so_before_it_moves():
    ours = replace(NEW, filled=False)
    actions = found([ours], [replace(OLD, archived=False, filled=False)]).actions
    assert [(a.verb, a.before.path, a.after.path, a.before.archived, a.after.archived) for a in actions] == [
        ("move", "O/old", "O/r", True, True),
        ("update", "O/old", "O/old", False, True),
    ]


def test_a_locked_archive_is_shut_only_where_it_comes_to():
    (move, shut) = found([NEW], [replace(OLD, archived=False)], LOCKED).actions
    assert (move.verb, move.after.archived) == ("move", False)
    assert (shut.before.path, shut.changed()) == ("O/r", {"archived": SHUT})


def test_another_repository_that_moves_and_a_team_of_that_name_go_as_they_are():
    other = replace(NEW, path="O/s", previously=("O/away",), archived=False)
    team = Team("O/r", previously=("O/u",))
    wanted = [NEW, other, team]
    seen = [OLD, replace(other, path="O/away", previously=None), Team("O/u")]
    moves = {a.key: (a.before, a.after) for a in found(wanted, seen, LOCKED).actions if a.verb == "move"}
    assert {key: getattr(after, "archived", None) for key, (_, after) in moves.items()} == {
        NEW.key: False,
        other.key: False,
        team.key: None,
    }
    early = found(
        [replace(NEW, filled=False), other], [replace(OLD, archived=False, filled=False), seen[1]]
    ).actions
    assert {a.key.name: a.after.archived for a in early if a.verb == "move"} == {"O/r": True, "O/s": False}


def test_all_other_changes_come_after_the_move():
    ours = replace(NEW, archived=False, wiki=False)
    assert steps([ours], [replace(OLD, archived=False)]) == [MOVE, *updates(wiki=(True, False))]
    (_, change) = found([ours], [replace(OLD, archived=False)]).actions
    assert change.before.path == "O/r"


def test_a_move_and_what_is_inside_belong_to_the_sig_of_the_new_place():
    sigs = {Key("repo", "O/r"): "virt"}
    grant = Grant("repo", "O/r", "person:p1", "read", "")
    actions = found([NEW, grant], [OLD, replace(grant, target="O/old", level="admin")], sigs=sigs).actions
    assert [(a.forge, a.verb, a.kind, a.sig) for a in actions] == [
        ("f", "move", "repo", "virt"),
        ("f", "update", "grant", "virt"),
    ]


MOVES = {
    "a repository with all that hangs on it": (
        [NEW, Grant("repo", "O/r", "person:p1", "read", "")],
        [OLD, Grant("repo", "O/old", "person:p1", "read", "")],
        [MOVE],
        [],
    ),
    "a team": (
        [replace(TEAM, previously=("O/u",)), TeamMember("O/t", "p1")],
        [Team("O/u"), TeamMember("O/u", "p1")],
        [("move", {"path": ("O/u", "O/t")})],
        [],
    ),
    "by the first of its names that is there": (
        [replace(NEW, previously=("O/gone", "O/old"))],
        [OLD],
        [MOVE],
        [],
    ),
    "not from a name that is declared": (
        [replace(NEW, archived=False, visibility="private", filled=False, default_branch=None), OLD],
        [OLD],
        [("create", BARE)],
        [],
    ),
    "not to a name that is taken": (
        [NEW],
        [FULL, OLD],
        [],
        [
            Note("undeclared", "O/r", "exists beside its older name O/old: nothing is moved"),
            Note("undeclared", "O/old", "repo O/old is not declared", "f"),
        ],
    ),
    "a label, once its repository is where it is": (
        [NEW, Label("O/r", "bug", "ff0000", previously=("O/r:fault",))],
        [OLD, Label("O/old", "fault", "ff0000")],
        [MOVE, ("move", {"name": ("fault", "bug")})],
        [],
    ),
    "no label onto another": (
        [REPO, Label("O/r", "bug", "ff0000", previously=("O/r:fault",))],
        [REPO, Label("O/r", "fault", "ff0000"), Label("O/r", "bug", "ff0000")],
        [],
        [Note("undeclared", "O/r:bug", "exists beside its older name O/r:fault: nothing is moved")],
    ),
}


@pytest.mark.parametrize("case", MOVES)
def test_it_moves(case):
    wanted, seen, done, notes = MOVES[case]
    result = found(wanted, seen)
    assert steps(wanted, seen) == done
    assert list(result.notes) == notes


def test_a_webhook_moves_to_the_address_that_is_declared():
    hook = Webhook("repo", "O/r", "host#2", ("push",), url="https://host/2", previously=("repo:O/r:host#1",))
    (action,) = found([REPO, hook], [REPO, Webhook("repo", "O/r", "host#1", ("push",))]).actions
    assert (action.verb, action.before.place, action.after.place) == ("move", "host#1", "host#2")
    assert (action.before.url, action.after.url) == ("", "https://host/2")


RULE = BranchRule("O/r", "c7", push=("team:O/t",), force=False)
HALVES = {
    "a rule that swaps": (
        replace(RULE, push=("team:O/u",)),
        RULE,
        updates(push=(["team:O/t"], [])) + updates(push=([], ["team:O/u"])),
    ),
    "not a rule that widens": (replace(RULE, force=True), RULE, updates(force=(False, True))),
    "not a rule that narrows": (replace(RULE, push=()), RULE, updates(push=(["team:O/t"], []))),
    "features that swap": (
        Features.of("O/r", {"issues": "everyone", "wiki": "off"}),
        Features.of("O/r", {"issues": "members", "wiki": "everyone"}),
        None,
    ),
    "a base level that sinks comes with the rest": (
        replace(ORG, base_level="none", two_factor=True),
        replace(ORG, base_level="read", two_factor=False),
        updates(two_factor=(False, True), base_level=("read", "none")),
    ),
    "a base level that rises comes before what narrows": (
        replace(ORG, base_level="read", two_factor=True),
        replace(ORG, base_level="none", two_factor=False),
        updates(base_level=("none", "read"), two_factor=(False, True)),
    ),
    "and after what widens too": (
        replace(ORG, base_level="read", two_factor=False),
        replace(ORG, base_level="none", two_factor=True),
        updates(two_factor=(True, False), base_level=("none", "read")),
    ),
    "a base level alone": (
        replace(ORG, base_level="read"),
        replace(ORG, base_level="none"),
        updates(base_level=("none", "read")),
    ),
    "other settings alone": (replace(ORG, title="x"), replace(ORG, title="y"), updates(title=("y", "x"))),
}


@pytest.mark.parametrize("case", HALVES)
def test_it_changes_in_two(case):
    ours, theirs, done = HALVES[case]
    result = steps([ours], [theirs])
    if done is None:
        assert [list(change) for _, change in result] == [list(result[0][1]), list(result[1][1])]
        kinds = [a.effect for a in found([ours], [theirs]).actions]
        assert kinds == ["narrows", "widens"]
    else:
        assert result == done


GRANT = Grant("repo", "O/r", "person:p1", "read", "")
OWNER = Membership("O", "p1", "owner")
SURPLUS = {
    "a right on a declared repository goes": ([REPO], [REPO, GRANT], {}, [("delete", GRANT)]),
    "one on another stays": ([REPO], [REPO], {"managed": frozenset()}, []),
    "one where nothing is managed stays": ([REPO], [REPO, GRANT], {"managed": frozenset()}, []),
    "a place in a declared team goes": (
        [TEAM],
        [TEAM, TeamMember("O/t", "p1")],
        {},
        [("delete", TeamMember("O/t", "p1"))],
    ),
    "a right on a declared group goes": (
        [ORG],
        [ORG, replace(GRANT, on="org", target="O")],
        {},
        [("delete", replace(GRANT, on="org", target="O"))],
    ),
    "a right on a team that is a group goes": (
        [TEAM],
        [TEAM, replace(GRANT, on="org", target="O/t")],
        {},
        [("delete", replace(GRANT, on="org", target="O/t"))],
    ),
    "a right on a group that only has a managed repository's name stays": (
        [REPO],
        [REPO, replace(GRANT, on="org", target="O/r")],
        {},
        [],
    ),
    "what comes from the team above stays": (
        [REPO, Team("O/up"), replace(TEAM, parent="O/up"), replace(GRANT, subject="team:O/up")],
        [
            REPO,
            Team("O/up"),
            replace(TEAM, parent="O/up"),
            replace(GRANT, subject="team:O/up"),
            replace(GRANT, subject="team:O/t", state=INHERITED),
        ],
        {},
        [],
    ),
    "what comes from the team above stays where only the forge tells what is above": (
        [REPO, Team("O/up"), TEAM, replace(GRANT, subject="team:O/up")],
        [
            REPO,
            Team("O/up"),
            replace(TEAM, parent="O/up"),
            replace(GRANT, subject="team:O/up"),
            replace(GRANT, subject="team:O/t", state=INHERITED),
        ],
        {},
        [],
    ),
    "an owner is one no more": ([ORG], [ORG, OWNER], {}, updates(role=("owner", "member"))),
    "not where nobody says who owns": ([ORG], [ORG, OWNER], {"managed": frozenset()}, []),
    "a member stays": ([ORG], [ORG, replace(OWNER, role="member")], {}, []),
    "an owner goes where members do": (
        [ORG],
        [ORG, OWNER],
        {"undeclared": {"members": "remove"}},
        [("delete", OWNER)],
    ),
    "a setting stays": ([REPO], [REPO, Actions("repo", "O/r", enabled=True)], {}, []),
    "a label stays": ([REPO], [REPO, Label("O/r", "bug", "ff0000")], {}, []),
    "a label goes where the files say all": (
        [REPO],
        [REPO, Label("O/r", "bug", "ff0000")],
        {"parts": frozenset({Key("label", "O/r")}), "undeclared": {"labels": "remove"}},
        [("delete", Label("O/r", "bug", "ff0000"))],
    ),
    "an older protection stays": ([REPO], [REPO, ClassicRule("O/r", "c7")], {}, []),
    "an older protection goes where ours cover it": (
        [REPO, RULE],
        [REPO, RULE, ClassicRule("O/r", "c7")],
        {"classic": "replace"},
        [("delete", ClassicRule("O/r", "c7"))],
    ),
    "a whole repository goes where the policy says so": (
        [ORG],
        [ORG, REPO],
        {"undeclared": {"repos": "remove"}},
        [("delete", REPO)],
    ),
    "not in an org that is not ours": (
        [ORG],
        [ORG, Repo("P/r")],
        {"undeclared": {"repos": "remove"}},
        [],
    ),
    "a group that nobody declared stays": ([ORG], [ORG, Org("O/a")], {"undeclared": {"repos": "remove"}}, []),
}


@pytest.mark.parametrize("case", SURPLUS)
def test_what_nobody_declared(case):
    wanted, seen, fields, done = SURPLUS[case]
    assert steps(wanted, seen, **fields) == done


def test_an_owner_who_goes_leaves_other_actions_alone():
    wanted = [ORG, REPO, TEAM]
    actions = found(wanted, [ORG, OWNER], undeclared={"members": "remove"}).actions
    assert [(a.verb, a.kind) for a in actions] == [
        ("create", "repo"),
        ("create", "team"),
        ("delete", "membership"),
    ]


@pytest.mark.parametrize(
    ("one", "text"),
    [
        (REPO, "repo O/r is not declared"),
        (TEAM, "team O/t is not declared"),
        (Membership("O", "p1"), "membership O:p1 is not declared"),
    ],
)
def test_what_is_only_told_of_is_told_with_kind_name_and_forge(one, text):
    assert found([ORG], [ORG, one]).notes == (Note("undeclared", one.key.name, text, "f"),)
    assert (
        found([ORG], [ORG, one], undeclared={"repos": "ignore", "teams": "ignore", "members": "ignore"}).notes
        == ()
    )
    assert found([ORG], [ORG, one], orgs=frozenset({"P"})).notes == ()


def test_each_step_belongs_to_the_sig_of_the_thing_or_of_what_it_is_in():
    sigs = {GRANT.key: "cloud", Key("repo", "O/r"): "virt"}
    other, elsewhere = replace(GRANT, subject="person:p2"), replace(GRANT, target="O/s")
    actions = found([ORG, REPO, GRANT, other, elsewhere], [], sigs=sigs).actions
    assert [(a.kind, a.sig, a.forge) for a in actions] == [
        ("org", "", "f"),
        ("repo", "virt", "f"),
        ("grant", "cloud", "f"),
        ("grant", "virt", "f"),
        ("grant", "", "f"),
    ]


def test_whom_a_rule_names_before_he_has_a_right_is_named_in_a_step_of_its_own_where_that_is_so():
    ours, theirs = replace(RULE, push=("person:p2",)), replace(RULE, push=None)
    assert steps([REPO, ours], [REPO, theirs]) == updates(push=(None, ["person:p2"]))
    named_late = updates(push=(None, [])) + updates(push=([], ["person:p2"]))
    assert steps([REPO, ours], [REPO, theirs], {"own_way": ""}) == named_late
    assert steps([REPO, ours], [REPO, theirs], {"own_way": "person:p2"}) == updates(
        push=(None, ["person:p2"])
    )
    right = replace(GRANT, subject="person:p2", level="write")
    assert steps([REPO, ours, right], [REPO, theirs, right], {"own_way": ""}) == updates(
        push=(None, ["person:p2"])
    )
    made = [(a.before, a.after) for a in found([REPO, ours], [REPO], {"own_way": ""}).actions]
    assert made == [(None, replace(ours, push=())), (replace(ours, push=()), ours)]
    assert [(a.before, a.after) for a in found([REPO, ours], [REPO]).actions] == [(None, ours)]
    label = [Label("O/r", "bug", "ff0000"), Label("O/r", "bug", "00ff00")]
    assert steps([REPO, label[0]], [REPO, label[1]], {"own_way": ""}) == updates(color=("00ff00", "ff0000"))
