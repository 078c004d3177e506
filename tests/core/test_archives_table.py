"""On the way into the archive: what rights and rules are then, what waits, and whose moments are named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.archives import (
    _is_ours_alone,
    _ours_alone,
    base_last,
    by_ourselves,
    moves,
    readable,
    rewritten_on_the_way,
    settle,
    shown_late,
)
from sigctl.core.kinds import BranchRule, DeployKey, Grant, Key, Label, Org, Repo, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.core.state import Note

LIVE, SHUT = Repo("O/r", archived=False), Repo("O/r", archived=True)
WRITE = Grant("repo", "O/r", "team:O/t", "write", "")
READ = replace(WRITE, level="read")
PUSHES, READS = DeployKey("O/r", "SHA256:k", write=True, title="ci"), DeployKey("O/r", "SHA256:k", title="ci")
OURS = "level:admin"
TOLD = Note("archived", "O/r", "O/r is archived: rights on it are no more than reading")


def act(before, after, phase=50, verb="update"):
    verb = "create" if before is None else "delete" if after is None else verb
    return Action("f", verb, before, after, phase=phase)


@pytest.mark.parametrize(
    ("ours", "theirs", "shut"),
    [
        (True, False, True),
        (None, True, True),
        (None, False, False),
        (None, None, False),
        (False, True, False),
    ],
)
def test_rights_on_what_shall_be_in_the_archive_are_no_more_than_reading(ours, theirs, shut):
    elsewhere = [Repo("O/s"), replace(WRITE, target="O/s"), replace(PUSHES, repo="O/s")]
    wanted = [Repo("O/r", archived=ours), WRITE, PUSHES, Label("O/r", "bug"), *elsewhere]
    seen = [Repo("O/r", archived=theirs), Repo("O/s")]
    lower = [wanted[0], READ, READS, Label("O/r", "bug"), *elsewhere] if shut else wanted
    notes = []
    assert readable(wanted, seen, notes) == (lower, seen)
    assert notes == ([TOLD, TOLD] if shut else [])


@pytest.mark.parametrize(
    ("ours", "theirs", "shut"),
    [(True, True, True), (None, True, True), (None, False, False), (False, True, False)],
)
def test_what_moves_from_the_archive_to_the_archive_gives_nobody_more_than_reading_on_the_way(
    ours, theirs, shut
):
    wanted = [Repo("O/r", archived=ours, previously=("O/older", "O/old")), WRITE, PUSHES]
    seen, notes = [Repo("O/old", archived=theirs), replace(READ, target="O/old")], []
    assert readable(wanted, seen, notes) == ([wanted[0], READ, READS] if shut else wanted, seen)
    assert notes == ([TOLD, TOLD] if shut else [])


@pytest.mark.parametrize(
    ("level", "left"),
    [("none", "none"), ("read", "read"), ("triage", "read"), ("admin", "read"), ("native:x", "native:x")],
)
def test_only_a_known_right_beyond_reading_sinks(level, left):
    given, notes = replace(WRITE, level=level), []
    assert readable([SHUT, given], [], notes) == ([SHUT, replace(WRITE, level=left)], [])
    assert notes == ([] if level == left else [TOLD])


def test_what_is_in_the_archive_counts_as_reading_where_it_is_declared():
    other = replace(WRITE, subject="team:O/u")
    wanted, notes = [SHUT, WRITE, PUSHES], []
    assert readable(wanted, [SHUT, WRITE, PUSHES, other], notes) == (
        [SHUT, READ, READS],
        [SHUT, READ, READS, other],
    )
    assert readable(wanted, [LIVE, WRITE, PUSHES], notes)[1] == [LIVE, WRITE, PUSHES], "it is open yet"


KEPT = BranchRule("O/r", "c7", push=("team:O/t",), force=False, delete=False)
ALONE = replace(KEPT, push=(), create=(), force=True, delete=True)
FREE = replace(KEPT, force=True, delete=True)
FILLED = replace(SHUT, filled=True)
ON_THE_WAY = {
    "a rule that goes stays until then": ([SHUT], [LIVE, KEPT], False, [KEPT]),
    "one that is widened stays as it is": ([SHUT, FREE], [LIVE, KEPT], False, [KEPT]),
    "one that is narrowed is": ([SHUT, KEPT], [LIVE, FREE], False, [KEPT]),
    "a new one comes": ([SHUT, KEPT], [LIVE], False, [KEPT]),
    "one that keeps force out lets us in alone": ([FILLED], [LIVE, KEPT], True, [ALONE]),
    "also where it is widened": ([FILLED, FREE], [LIVE, KEPT], True, [ALONE]),
    "not where the files keep force out, too": ([FILLED, KEPT], [LIVE, KEPT], True, [KEPT]),
    "force without deletion": (
        [FILLED, replace(KEPT, force=True)],
        [LIVE, KEPT],
        True,
        [replace(ALONE, delete=False)],
    ),
    "rules of others are as declared": (
        [SHUT, replace(FREE, repo="O/s")],
        [LIVE, replace(KEPT, repo="O/s")],
        True,
        [replace(FREE, repo="O/s")],
    ),
}


@pytest.mark.parametrize("case", ON_THE_WAY)
def test_on_the_way_into_the_archive(case):
    wanted, seen, rewrites, rules = ON_THE_WAY[case]
    rewritten = frozenset({SHUT.key} if rewrites else ())
    found, _ = readable(wanted, seen, [], rewritten)
    assert found == [wanted[0], *rules]


PLACES = {
    "what is open and shall be shut": ([FILLED], [LIVE], True),
    "what is there under an older name": ([replace(FILLED, previously=("O/a", "O/b"))], [Repo("O/b")], True),
    "nothing that gets no history": ([SHUT], [LIVE], False),
    "nothing that stays open": ([replace(LIVE, filled=True)], [LIVE], False),
    "nothing that is shut": ([FILLED], [SHUT], False),
    "nothing that is not there": ([FILLED], [], False),
}


@pytest.mark.parametrize("case", PLACES)
def test_a_history_is_rewritten_before_the_archive_for(case):
    wanted, seen, found = PLACES[case]
    assert rewritten_on_the_way(wanted, seen, frozenset({SHUT.key})) == ({SHUT.key} if found else set())
    assert rewritten_on_the_way(wanted, seen, frozenset()) == set()


NOBODY = replace(KEPT, push=(), force=None, delete=None)
STEPS = {
    "a rule that gives way to force": (
        KEPT,
        FREE,
        [
            ("update", KEPT, replace(KEPT, push=(), merge=(OURS,), create=(OURS,))),
            (
                "update",
                replace(KEPT, push=(), merge=(OURS,), create=(OURS,)),
                replace(KEPT, push=(OURS,), merge=(OURS,), create=(OURS,), force=True),
            ),
            ("update", replace(KEPT, push=(OURS,), merge=(OURS,), create=(OURS,), force=True), FREE),
        ],
    ),
    "a rule that goes": (
        replace(KEPT, push=(OURS,), merge=(OURS,), create=(OURS,)),
        None,
        [
            (
                "update",
                replace(KEPT, push=(OURS,), merge=(OURS,), create=(OURS,)),
                replace(KEPT, push=(OURS,), merge=(OURS,), create=(OURS,), force=True),
            ),
            ("delete", replace(KEPT, push=(OURS,), merge=(OURS,), create=(OURS,), force=True), None),
        ],
    ),
    "what needs no force": (KEPT, replace(KEPT, push=("team:O/t", "team:O/u")), None),
    "what only deletes": (KEPT, replace(KEPT, delete=True), None),
    "what lets in somebody and needs no force": (replace(KEPT, push=(OURS,)), KEPT, None),
    "what does not widen": (NOBODY, replace(NOBODY, reviews=2), None),
    "a rule of tags": (replace(KEPT, on="tag"), None, None),
    "a rule of another repository": (replace(KEPT, repo="O/s"), None, None),
    "a new rule": (None, FREE, None),
    "no rule": (WRITE, None, None),
}


@pytest.mark.parametrize("case", STEPS)
def test_for_a_rewritten_history_rules_open_for_nobody_but_ourselves_first(case):
    before, after, steps = STEPS[case]
    action = act(before, after)
    found = list(by_ourselves([action], {LIVE.key}, OURS))
    wanted = [(action.verb, before, after)] if steps is None else steps
    assert found == [replace(action, verb=v, before=b, after=a) for v, b, a in wanted]


@pytest.mark.parametrize(
    ("old", "own_way", "alone"),
    [
        (KEPT, "", replace(KEPT, push=(), create=(), force=True, delete=True)),
        (replace(KEPT, merge=("team:O/t",)), "", replace(ALONE, merge=())),
        (KEPT, OURS, replace(KEPT, push=(OURS,), merge=(OURS,), create=(OURS,), force=True, delete=True)),
        (FREE, "", None),
        (FREE, OURS, None),
        (replace(FREE, push=()), "", None),
        (replace(FREE, push=()), OURS, replace(FREE, push=(OURS,), merge=(OURS,), create=(OURS,))),
    ],
)
def test_where_a_rule_stands_against_a_last_change_it_lets_in_ourselves_alone(old, own_way, alone):
    assert _ours_alone(old, None, own_way) == alone


@pytest.mark.parametrize(
    ("one", "alone"),
    [
        (replace(KEPT, push=(OURS,)), True),
        (replace(KEPT, push=(OURS,), merge=(OURS,), create=(OURS,)), True),
        (replace(KEPT, push=()), True),
        (replace(KEPT, push=(OURS,), merge=("team:O/t",)), False),
        (replace(KEPT, push=(OURS,), create=("team:O/t",)), False),
        (replace(KEPT, push=("team:O/t",)), False),
        (replace(KEPT, push=None), False),
        (WRITE, False),
        (None, False),
    ],
)
def test_a_rule_is_ours_alone(one, alone):
    assert _is_ours_alone(one, OURS) is alone


def test_what_moves_is_found_where_it_was():
    team, repo = Team("O/t", previously=("O/a", "O/b")), Repo("O/r", previously=("O/x", "O/kept", "O/y"))
    wanted = [team, repo, Repo("O/kept"), Team("O/there", previously=("O/c",)), WRITE]
    seen = [Team("O/b"), Team("O/c"), Team("O/there"), Repo("O/kept"), Repo("O/y"), READ]
    assert moves(wanted, seen) == {Key("team", "O/b"): "O/t", Key("repo", "O/y"): "O/r"}


CLOSES, OPENS = act(LIVE, SHUT, 85), act(SHUT, LIVE, 10)
RULE = replace(KEPT, push=(OURS,), merge=(OURS,))
SETTLES = {
    "what is opened is so once rights are settled": ([OPENS], [66]),
    "a rule that lets in more waits for the archive": ([CLOSES, act(KEPT, FREE)], [85, 87]),
    "one that goes, too": ([CLOSES, act(KEPT, None)], [85, 87]),
    "one that comes does not": ([CLOSES, act(None, KEPT)], [85, 50]),
    "nor does one of another repository": ([CLOSES, act(replace(KEPT, repo="O/s"), None)], [85, 50]),
    "nor does one that lets in only ourselves": ([CLOSES, act(replace(RULE, push=()), RULE)], [85, 50]),
    "a right waits, too": ([CLOSES, act(None, WRITE)], [85, 87]),
    "nothing waits for what is shut earlier": ([replace(CLOSES, phase=84), act(None, WRITE)], [84, 50]),
    "other changes do not": ([CLOSES, act(None, Label("O/r", "bug")), act(PUSHES, None)], [85, 50, 50]),
}


@pytest.mark.parametrize("case", SETTLES)
def test_around_the_archive(case):
    actions, phases = SETTLES[case]
    found = settle(actions, frozenset(), first=20, opening=66, last=85, own_way=OURS)
    assert [a.phase for a in found] == phases


def test_a_rule_that_lets_in_whom_it_may_waits_where_no_way_is_ours():
    rule = act(replace(RULE, push=()), RULE)
    found = settle([CLOSES, rule], frozenset(), first=20, opening=66, last=85)
    assert [a.phase for a in found] == [85, 87]


BASE = act(Org("O", base_level="none"), Org("O", base_level="read"), 40)
RAISES = {
    "after what is shut below": ([CLOSES, BASE], [85, 87]),
    "at once where nothing is shut": ([BASE], [40]),
    "at once where something else is shut": ([act(Repo("P/r"), Repo("P/r", archived=True)), BASE], [50, 40]),
    "at once where it sinks": ([CLOSES, act(BASE.after, BASE.before, 40)], [85, 40]),
    "at once what is no level": ([CLOSES, act(Org("O"), Org("O", share_outside=True), 40)], [85, 40]),
}


@pytest.mark.parametrize("case", RAISES)
def test_what_every_member_has_rises(case):
    actions, phases = RAISES[case]
    assert [a.phase for a in base_last(actions, last=85)] == phases


HIDE = act(Repo("O/r", visibility="public"), Repo("O/r", visibility="private"))
LATE = {
    "where a right ends": ([HIDE, act(WRITE, None)], True),
    "where a place ends": ([HIDE, act(TeamMember("O/t", "p1"), None)], True),
    "where something moves": ([HIDE, act(Repo("O/a"), Repo("O/b"), 20, "move")], True),
    "not where rights are only given": ([HIDE, act(None, WRITE)], False),
    "not where it is only hidden": ([HIDE], False),
    "not where repositories are shut": ([HIDE, CLOSES], False),
    "not where other things change": ([HIDE, act(None, Label("O/r", "bug"))], False),
    "not what is made": (
        [act(None, Repo("O/r", visibility="private")), replace(HIDE, before=HIDE.after, after=HIDE.before), act(WRITE, None)],
        False,
    ),
    "not what changes otherwise": ([act(Repo("O/r"), Repo("O/r", "x")), act(WRITE, None)], False),
}  # fmt: skip


@pytest.mark.parametrize("case", LATE)
def test_a_moment_without_reading_is_named(case):
    actions, named = LATE[case]
    note = Note("moment", "O/r", "O/r changes who sees it: some can't read it for a moment", "f")
    assert shown_late(actions) == ([note] if named else [])
