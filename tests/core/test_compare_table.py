"""One forge's whole plan: what each trait of the forge makes of it, and whose name is on what it says."""

from __future__ import annotations

from dataclasses import replace

from worlds import GROUPED, RULED, TERMED, TRAITS, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Key, Org, PushRules, Repo, Team
from sigctl.core.plan import Cost, Refusal
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import OWN_WAY, Note, state

FREE = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
ORG = Org("O")


def compared(wanted, seen, traits=GROUPED, policy=FREE, *, can=frozenset(), reads=0, **fields):
    desired = desired_of(state(wanted), forge="hub", **fields)
    return compare(
        desired, observation_of(state(seen), forge="hub", capabilities=can, reads=reads), traits, policy
    )


def steps(found):
    return [(a.phase, a.verb, str(a.key)) for a in found.plan.actions]


ABOVE = Grant("org", "O/a", "person:p1", "write", "")
BRINGS = [ORG, Org("O/a"), Team("O/a/t"), Repo("O/r"), ABOVE, Grant("repo", "O/r", "team:O/a/t", "read", "")]


def test_whom_teams_below_groups_bring_along_is_told_of_the_forge_also_where_nothing_changes():
    found = compared(BRINGS, BRINGS, replace(GROUPED, team_is_group=True))
    told = Note("brought", "O/r", "O/a/t brings those who have rights on O/a along to O/r", "hub")
    assert (found.plan.actions, found.plan.notes) == ((), (told,))
    assert compared(BRINGS, BRINGS).plan.notes == (), "teams are no groups there"


def test_a_team_that_moves_below_a_group_that_people_leave_is_a_moment():
    moves = Team("O/a/t", previously=("O/t",))
    right = Grant("repo", "O/r", "team:O/t", "read", "")
    wanted = [ORG, Org("O/a"), moves, Repo("O/r"), ABOVE, replace(right, subject="team:O/a/t")]
    seen = [ORG, Org("O/a"), Team("O/t"), Repo("O/r"), right, ABOVE, replace(ABOVE, subject="person:p2")]
    managed = frozenset({Key("org", "O/a"), Key("repo", "O/r")})
    found = compared(wanted, seen, replace(GROUPED, team_is_group=True), managed=managed)
    text = "who has rights on O/a has those of a team on O/r for a moment"
    assert [one for one in found.plan.notes if one.topic == "moment"] == [Note("moment", "O/r", text, "hub")]


def test_a_new_repository_below_a_group_has_its_rules_before_it_is_shown():
    rule = BranchRule(
        "O/a/r", "c7", push=("level:maintain",), create=("level:maintain",), merge=("level:maintain",)
    )
    wanted = [ORG, Org("O/a"), ABOVE, Repo("O/a/r", visibility="public", filled=True), rule]
    found = compared(wanted, [ORG, Org("O/a"), ABOVE])
    assert steps(found) == [
        (22, "create", "repo O/a/r"),
        (30, "create", "branch_rule O/a/r:branch:c7"),
        (80, "update", "repo O/a/r"),
    ]
    text = "O/a/r is made before its rules: for a moment whoever may write in the group above can push to any branch"
    assert found.plan.notes == (Note("moment", "O/a/r", text, "hub"),)


def test_where_the_narrowest_rule_decides_that_is_no_moment():
    rule = BranchRule("O/a/r", "c7", push=("person:p1",))
    traits = replace(GROUPED, rules_open=False)
    wanted = [ORG, Org("O/a"), ABOVE, Repo("O/a/r", visibility="private"), rule]
    assert compared(wanted, [ORG, Org("O/a"), ABOVE], traits).plan.notes == ()


def test_a_rule_that_a_new_wider_one_takes_over_from_goes_right_after_that_is_made():
    def rule(pattern):
        side = ("level:maintain",)
        return BranchRule("O/a/r", pattern, push=side, create=side, merge=side, force=False, delete=False)

    there = [ORG, Org("O/a"), Repo("O/a/r", visibility="private")]
    managed = frozenset({Key("repo", "O/a/r")})
    found = compared([*there, rule("c*")], [*there, rule("c7*")], managed=managed)
    assert steps(found) == [
        (38, "create", "branch_rule O/a/r:branch:c*"),
        (39, "delete", "branch_rule O/a/r:branch:c7*"),
    ]
    traits = replace(GROUPED, rules_open=False)
    narrowest = compared([*there, rule("c*")], [*there, rule("c7*")], traits, managed=managed)
    assert [verb for _, verb, _ in steps(narrowest)] == ["create", "delete"]
    assert steps(narrowest)[1][0] > 39, "it goes late"


def test_what_is_looked_at_in_pushes_waits_for_the_history_and_that_is_told():
    terms = PushRules("repo", "O/a/r", reject_unsigned_commits=True)
    wanted = [ORG, Org("O/a"), Repo("O/a/r", visibility="private", filled=True), terms]
    found = compared(wanted, [ORG, Org("O/a")], TERMED)
    text = "O/a/r has its push rules only after its history: until then whoever may push there is not held to them"
    assert found.plan.notes == (Note("moment", "O/a/r", text, "hub"),)


def test_on_the_way_into_the_archive_a_rule_lets_in_ourselves_by_the_way_that_we_have():
    live = Repo("O/r", archived=False, filled=True)
    kept = BranchRule("O/r", "c7", push=("person:p1",), create=("person:p1",), force=False, delete=False)
    found = compared(
        [ORG, replace(live, archived=True)],
        [ORG, live, kept],
        replace(RULED, archived_locked=False),
        can=frozenset({f"{OWN_WAY}person:bot"}),
        rewritten=frozenset({live.key}),
    )
    rules = [
        (a.phase < 70, a.verb, a.after and (a.after.push, a.after.force))
        for a in found.plan.actions
        if a.kind != "repo"
    ]
    assert rules == [
        (True, "update", ((), False)),
        (True, "update", (("person:bot",), True)),
        (False, "delete", None),
    ]


def test_where_a_branch_is_chosen_at_birth_a_repository_is_made_with_it():
    wanted = [ORG, Repo("O/r", default_branch="c7")]
    for traits, branch in ((replace(TRAITS, branch_at_birth=True), "c7"), (TRAITS, None)):
        assert [a.after.default_branch for a in compared(wanted, [ORG], traits).plan.actions] == [branch]


def test_a_refusal_names_the_sig_and_the_forge():
    right = Grant("repo", "O/r", "person:p1", "read", "")
    seen = [ORG, Repo("O/r", filled=True), right]
    policy = replace(FREE, per_sig={"default": Limit(number=0)}, most={"archive": 0})
    sigs = {right.inside: "virt"}
    found = compared([ORG, Repo("O/r", archived=True)], seen, TRAITS, policy, sigs=sigs).plan.refusals
    assert [(one.guard, one.number, one.limit) for one in found] == [
        ("per_sig.virt.grants", 1, 0),
        ("archive", 1, 0),
    ]
    assert [one.text.partition(":")[0] for one in found] == ["hub", "hub"]


def test_a_share_of_what_a_sig_has_is_counted_against_what_the_files_say_is_its_own():
    rights = [Grant("repo", "O/r", f"person:p{n}", "read", "") for n in (1, 2, 3, 4)]
    there = [ORG, Repo("O/r"), *rights]
    policy = replace(FREE, per_sig={"default": Limit(percent=50, of_at_least=1, floor=0)})
    for gone, refused in ((1, []), (3, [("per_sig.virt.grants", 3, 2)])):
        sigs = {rights[0].inside: "virt"}
        found = compared(there[:-gone], there, TRAITS, policy, sigs=sigs).plan.refusals
        assert [(one.guard, one.number, one.limit) for one in found] == refused


def test_a_first_run_on_a_forge_in_use_is_refused_by_its_name():
    found = compared([ORG, Repo("O/r")], [ORG, Repo("O/s")], TRAITS, replace(FREE, first_run=True))
    text = "hub: nothing declared exists there yet, but 1 repositories and teams that no file knows"
    hint = "declare them first, or go on with `--allow first_run=1 --reason TEXT`"
    assert found.plan.refusals == (Refusal("first_run", 1, 0, hint, text),)


def test_a_plan_comes_with_its_forge_its_cost_and_both_sides():
    wanted, seen = [ORG, Repo("O/r", visibility="private")], [ORG]
    found = compared(wanted, seen, reads=7)
    assert (found.plan.forges, found.plan.cost) == (("hub",), Cost(7, 1, 0.5))
    assert (found.wanted, found.seen, found.unread, found.left) == (state(wanted), state(seen), {}, ())
