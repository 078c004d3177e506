"""Repositories on their way into and out of the archive: nobody gets to push to what shall be shut."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import RULED, TRAITS, desired_of, observation_of

from sigctl.core.archives import by_ourselves, moments, settle
from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, DeployKey, Grant, Key, Org, Repo, Team, TeamMember
from sigctl.core.order import REFS
from sigctl.core.plan import Action
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import Note, state

OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
INHERITING = replace(TRAITS, archived_locked=False, group_grants=True, nested_orgs=True)
SHUT = Repo("O/r", archived=True)
WRITER = Grant("repo", "O/r", "team:O/t", "write")


def plan(wanted, seen, traits=TRAITS, policy=OPEN):
    managed = frozenset(
        Key(k, n) for k, n in (("org", "O"), ("repo", "O/r"), ("repo", "O/s"), ("team", "O/t"))
    )
    desired = desired_of(state(wanted), managed=managed)
    return compare(desired, observation_of(state(seen)), traits, policy).plan


def levels(found):
    return [a.after.level for a in found.actions if a.kind == "grant"]


def test_where_an_archive_is_locked_rights_on_it_are_given_as_reading_with_a_note():
    found = plan([Org("O"), Team("O/t"), SHUT, WRITER], [Org("O"), Team("O/t")])
    assert levels(found) == ["read"]
    assert [n.subject for n in found.notes if n.topic == "archived"] == ["O/r"]


def test_higher_rights_that_are_on_a_locked_archive_already_are_not_worth_opening_it():
    there = [Org("O"), Team("O/t"), SHUT, WRITER]
    assert plan(there, there).actions == ()


def test_rights_sink_to_reading_before_a_repository_is_shut_and_rise_after_it_was_opened():
    shut, live = (
        [Org("O"), Team("O/t"), SHUT, WRITER],
        [Org("O"), Team("O/t"), replace(SHUT, archived=False), WRITER],
    )
    closing = plan(shut, live)
    assert [(a.kind, a.effect) for a in closing.actions] == [("grant", "narrows"), ("repo", "narrows")]
    read_only = [Org("O"), Team("O/t"), SHUT, replace(WRITER, level="read")]
    opening = plan(live, read_only)
    assert [(a.kind, a.effect) for a in opening.actions] == [("repo", "widens"), ("grant", "widens")]


def test_what_is_kept_of_a_rule_in_the_archive_names_a_team_that_moves_by_its_new_path():
    def rule(repo, *teams):
        return BranchRule(repo, "c7", push=tuple(f"team:{team}" for team in teams))

    wanted = [
        *(Org("O"), Team("O/t", previously=("O/old",)), SHUT),
        *(replace(WRITER, level="read"), rule("O/r", "O/t")),
    ]
    there = [
        *(Org("O"), Team("O/old"), SHUT, Grant("repo", "O/r", "team:O/old", "read")),
        *(rule("O/r", "O/old"), replace(rule("O/r", "O/old"), pattern="undeclared")),
    ]
    found = plan(wanted, there)
    assert [(a.verb, a.kind) for a in found.actions] == [("move", "team")]


LIVE = Repo("O/r", archived=False, filled=True)
KEPT = BranchRule("O/r", "c7", push=("team:O/t",), create=("team:O/t",), force=False, delete=False)


def shutting(rules, there, traits, *, rewritten=True):
    """Return the plan that brings a repository with these rules into the archive, its history rewritten before."""
    wanted = [Org("O"), Team("O/t"), replace(LIVE, archived=True), replace(WRITER, level="read"), *rules]
    desired = desired_of(state(wanted), managed=frozenset({Key("org", "O"), Key("repo", "O/r")}))
    desired = replace(desired, rewritten=frozenset({LIVE.key} if rewritten else ()))
    seen = [Org("O"), Team("O/t"), replace(WRITER, level="read"), *there]
    return compare(desired, observation_of(state(seen)), traits, OPEN).plan.actions


@pytest.mark.parametrize("locked", [True, False])
@pytest.mark.parametrize("now", [(), (replace(KEPT, force=True, delete=True),)])
def test_a_rule_that_kept_force_out_lets_only_ourselves_in_on_the_way_into_the_archive(now, locked):
    traits = replace(RULED, archived_locked=locked)
    alone = replace(KEPT, push=(), create=(), force=True, delete=locked)
    steps = shutting(now, [LIVE, KEPT], traits)
    rules = [a for a in steps if a.kind == "branch_rule"]
    assert [a.after for a in rules if a.phase < REFS] == [replace(alone, force=False, delete=False), alone]
    (shut,) = [a for a in steps if a.kind == "repo"]
    after = [a for a in rules if a.phase > REFS]
    assert [a.after for a in after] == ([] if locked else [now[0] if now else None])
    assert all(a.phase > shut.phase and shut.id in a.depends for a in after)
    there = [LIVE, KEPT]
    for step in steps:  # wherever it ends, the next plan goes on from there
        there = [one for one in there if one.key != step.key] + ([step.after] if step.after else [])
        rest = shutting(now, there, traits)
        assert [a.id for a in rest] == [a.id for a in steps[steps.index(step) + 1 :]]
    if locked:
        assert shutting(now, [replace(LIVE, archived=True), KEPT], traits) == (), (
            "what is shut stays as it is"
        )


@pytest.mark.parametrize("locked", [True, False])
def test_a_rule_that_stands_in_nobodys_way_is_no_wider_until_the_archive_is_shut(locked):
    traits = replace(RULED, archived_locked=locked)
    for there, rewritten in ((KEPT, False), (replace(KEPT, force=True, delete=True), True)):
        steps = shutting((), [LIVE, there], traits, rewritten=rewritten)
        told = [(a.kind, a.verb) for a in steps]
        assert told == ([("repo", "update")] if locked else [("repo", "update"), ("branch_rule", "delete")])


def test_a_rule_of_a_repository_that_moves_is_no_wider_until_the_archive_is_shut():
    wanted = [Org("O"), Team("O/t"), Repo("O/new", archived=True, previously=("O/r",))]
    desired = desired_of(state(wanted), managed=frozenset({Key("org", "O"), Key("repo", "O/new")}))
    seen = [Org("O"), Team("O/t"), LIVE, KEPT]
    actions = compare(desired, observation_of(state(seen)), RULED, OPEN).plan.actions
    assert [(a.kind, a.verb) for a in actions] == [("repo", "move"), ("repo", "update")]


def test_a_rule_that_a_run_left_for_nobody_lets_ourselves_in_first():
    left = replace(KEPT, push=(), merge=(), create=(), force=True)
    (opened, taken) = by_ourselves([Action("f", "delete", left, None)], {LIVE.key}, "level:admin")
    assert opened.after == replace(
        left, push=("level:admin",), merge=("level:admin",), create=("level:admin",)
    )
    assert (taken.verb, taken.before) == ("delete", opened.after)
    alone = [Action("f", "delete", opened.after, None)]
    assert list(by_ourselves(alone, {LIVE.key}, "level:admin")) == alone


def test_shutting_a_repository_is_no_mass_removal_of_rights():
    rights = [replace(WRITER, subject=f"person:p{n}") for n in range(1, 5)]
    live = [Org("O"), replace(SHUT, archived=False), *rights]
    strict = Policy(max_removals={"default": Limit(number=0)}, keep_self=False)
    assert plan([Org("O"), SHUT, *rights], live, policy=strict).refusals == ()


@pytest.mark.parametrize("group", [True, False])
def test_where_rights_come_from_above_they_are_given_only_once_the_repository_is_shut(group):
    given = Grant("org", "O", "team:O/t", "write") if group else WRITER
    wanted = [Org("O"), Team("O/t"), replace(SHUT, filled=True), given]
    found = plan(wanted, [Org("O")], INHERITING)
    phases = {(a.kind, a.verb): a.phase for a in found.actions}
    assert phases["repo", "update"] < phases["grant", "create"]


def test_what_gets_no_history_is_made_in_the_archive():
    found = plan([Org("O"), Team("O/t"), SHUT, WRITER], [Org("O")], INHERITING)
    (made,) = [a for a in found.actions if a.kind == "repo"]
    assert made.after.archived is True


def test_what_gets_no_history_is_shut_before_anybody_gets_more_anywhere():
    wanted = [Org("O"), Team("O/t"), SHUT, Grant("org", "O", "team:O/t", "write")]
    found = plan(wanted, [Org("O"), replace(SHUT, archived=False)], INHERITING)
    phases = {a.kind: a.phase for a in found.actions}
    assert phases["repo"] < phases["grant"]


def test_an_archive_that_is_opened_while_people_can_write_is_named():
    there = [Org("O"), Team("O/t"), replace(SHUT, description="x"), WRITER]
    found = plan([Org("O"), Team("O/t"), replace(SHUT, description="y"), WRITER], there)
    assert [n.subject for n in found.notes if n.topic == "moment"] == ["O/r"]


@pytest.mark.parametrize(
    ("held", "open_"),
    [
        (WRITER, True),
        (replace(WRITER, level="triage"), False),
        (replace(WRITER, target="O/s"), False),
        (Grant("org", "O", "team:O/t", "write"), True),
        (Grant("org", "O", "team:O/t", "read"), False),
        (Grant("org", "P", "team:O/t", "write"), False),
        (Org("O", base_level="write"), True),
        (Org("O", base_level="read"), False),
        (Org("P", base_level="write"), False),
        (TeamMember("O/t", "p1"), False),
    ],
)
def test_opening_an_archive_is_a_moment_where_somebody_may_write_there_already(held, open_):
    door = Action("f", "update", SHUT, replace(SHUT, archived=False), "s", 10)
    noted = [Note("moment", "O/r", "O/r is open for a moment: whoever may write there can push", "f")]
    assert moments([door], state([held])) == (noted if open_ else [])


def test_the_making_of_what_shall_be_shut_is_a_moment_too_and_of_what_stays_open_is_none():
    above = state([Grant("org", "O", "team:O/t", "write")])
    made = Action("f", "create", None, replace(SHUT, archived=False), "s", 26)
    shut = Action("f", "update", replace(SHUT, archived=False), SHUT, "s", 85)
    assert [note.subject for note in moments([made, shut], above)] == ["O/r"]
    assert [note.subject for note in moments([replace(made, after=SHUT)], above)] == ["O/r"]
    assert moments([made], above) == []
    assert moments([made, replace(shut, after=replace(SHUT, path="O/s"))], above) == []


def test_a_right_to_write_on_what_is_shut_last_is_given_after_it():
    shut = Action("f", "update", Repo("O/r"), SHUT, "s", 85)

    def given(one, before=None):
        return Action("f", "update" if before else "create", before, one, "s", 60)

    key = DeployKey("O/r", "SHA256:a", write=True)
    waits = [key, WRITER, Grant("org", "O", "team:O/t", "write")]
    goes_on = [
        replace(key, write=False),
        replace(key, repo="O/s"),
        replace(WRITER, target="O/s"),
        Grant("org", "P", "team:O/t", "write"),
        TeamMember("O/t", "p1"),
    ]
    lowered = given(replace(WRITER, level="read"), WRITER)
    found = settle(
        [shut, *map(given, waits), *map(given, goes_on), lowered], frozenset(), first=20, opening=66, last=85
    )
    assert [a.phase for a in found] == [85, 87, 87, 87, 60, 60, 60, 60, 60, 60]
    early = settle([shut, given(key)], frozenset({SHUT.key}), first=20, opening=66, last=85)
    assert [a.phase for a in early] == [20, 60]


def test_what_is_taken_out_of_the_archive_waits_until_rights_are_settled():
    door = Action("f", "update", SHUT, replace(SHUT, archived=False), "s", 10)
    assert [a.phase for a in settle([door], frozenset(), first=20, opening=66, last=85)] == [66]


def test_what_is_shown_while_rights_end_is_named_unless_it_is_only_made_in_the_plan():
    there = [
        Org("O"),
        Team("O/t"),
        Repo("O/old", visibility="private"),
        Grant("repo", "O/old", "team:O/t", "write"),
    ]
    asked = [
        Org("O"),
        Team("O/t"),
        *(Repo(path, visibility="public") for path in ("O/old", "O/new")),
        *(Grant("repo", path, "team:O/t", "read") for path in ("O/old", "O/new")),
    ]
    managed = frozenset(Key("repo", path) for path in ("O/old", "O/new"))
    desired = desired_of(state(asked), managed=managed)
    found = compare(desired, observation_of(state(there)), TRAITS, OPEN).plan
    shown = [a.key.name for a in found.actions if "visibility" in a.changed()]
    assert shown == ["O/new", "O/old"], "both are shown late"
    told = [n.subject for n in found.notes if n.topic == "moment" and "changes who sees it" in n.text]
    assert told == ["O/old"]


def test_nobody_gets_to_push_to_an_archive_while_it_moves_though_no_file_says_that_it_is_one():
    there = [
        Org("O"),
        Team("O/t"),
        Repo("O/old", archived=True),
        replace(WRITER, target="O/old", level="read"),
    ]
    found = plan([Org("O"), Team("O/t"), Repo("O/r", previously=("O/old",)), WRITER], there)
    assert {a.kind for a in found.actions} == {"repo"}
    assert [n.subject for n in found.notes if n.topic == "archived"] == ["O/r"]
