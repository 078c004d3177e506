"""What a rule of branches says beside levels: who may take it away, the number of reviews, deploy keys; and what is looked at in pushes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.compare import compare
from sigctl.core.keys import with_keys, without_unread
from sigctl.core.kinds import Approvals, BranchRule, DeployKey, Grant, Org, PushRules, Repo, TeamMember
from sigctl.core.kinds.deploykey import fingerprint_of
from sigctl.core.policy import Policy
from sigctl.core.state import OWN_WAY, Account, Desired, Observation, state
from sigctl.forges.gitlab.traits import TRAITS

REPO = "project/xen"
TEAM = "project/makers"
TEXT = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"
KEY = DeployKey(REPO, fingerprint_of(TEXT), write=True, title="carrier", key_text=TEXT)
NAMED = f"deploy_key:{KEY.fingerprint}"
ADMIN = "level:native:server-admin"
MAINTAIN = ("level:maintain",)


def rule(pattern="c7", push=(), **more):
    return BranchRule(REPO, pattern, push=push, create=push, force=False, delete=False, **more)


def seen_as(one, **more):
    """Return a rule as a server with a paid tier shows it."""
    told = {"reviews": 0, "code_owners": False, "unprotect": MAINTAIN, "merge": one.push, **more}
    return replace(one, **told)


def world(level="maintain"):
    return [
        Org("project"),
        Repo(REPO),
        TeamMember(TEAM, "maker"),
        TeamMember(TEAM, "other"),
        Grant("repo", REPO, f"team:{TEAM}", level, until=""),
        Grant("repo", REPO, "person:writer", "write", until=""),
    ]


def compared(*wanted, seen=(), tier="premium", level="maintain"):
    words = {"free", f"{OWN_WAY}{ADMIN}", *({"premium", "enterprise"} if tier == "premium" else ())}
    ours = [*world(level), *wanted]
    desired = Desired("lab", state(ours), managed=frozenset({Repo(REPO).key}), orgs=frozenset({"project"}))
    accounts = {login: Account(login) for login in ("maker", "other", "writer")}
    theirs = state([*world(level), *seen])
    observation = Observation("lab", theirs, accounts, me="bot", capabilities=frozenset(words))
    return compare(desired, observation, TRAITS, Policy(max_removals={}))


def steps(made, kind="branch_rule"):
    return [(a.verb, a.effect, a.changed()) for a in made.plan.actions if a.kind == kind]


# -- who may take a rule away ------------------------------------------------------------------------------------------------


def test_our_own_account_is_always_among_those_who_may_take_a_rule_away():
    for asked, kept in (((), (ADMIN,)), ((f"team:{TEAM}",), (ADMIN, f"team:{TEAM}"))):
        made = compared(rule(unprotect=asked), seen=[seen_as(rule(push=(ADMIN,)))])
        assert [(effect, changed) for _, effect, changed in steps(made)] == [
            ("narrows", {"unprotect": (["level:maintain"], list(kept))})
        ]


def test_more_who_may_take_a_rule_away_widens_it_and_the_rest_narrows_before():
    before = seen_as(rule(push=MAINTAIN), unprotect=(ADMIN,))
    made = compared(rule(push=(), unprotect=(f"team:{TEAM}",)), seen=[before])
    (first, second) = steps(made)
    assert (first[1], second[1]) == ("narrows", "widens")
    assert "unprotect" not in first[2]
    assert second[2]["unprotect"] == ([ADMIN], [ADMIN, f"team:{TEAM}"])


def test_who_has_less_than_maintain_is_told_of_and_left_out():
    made = compared(rule(unprotect=("person:writer",)), seen=[seen_as(rule(push=(ADMIN,)))])
    assert steps(made)[0][2] == {"unprotect": (["level:maintain"], [ADMIN])}
    assert any("writer can't take the rule away without `maintain`" in note.text for note in made.plan.notes)


@pytest.mark.parametrize("asked", [(), (f"team:{TEAM}",)])
def test_on_free_it_is_a_problem_with_the_ways_out_and_the_rest_of_the_rule_is_kept(asked):
    made = compared(rule(unprotect=asked), tier="free")
    (aside,) = made.plan.quarantined
    assert "can't tell who may take a rule away" in aside.reason
    assert "raise the tier" in aside.hint
    assert [a.after.unprotect for a in made.plan.actions if a.kind == "branch_rule"] == [None]


def test_what_nobody_cares_about_stays():
    assert steps(compared(rule(), seen=[seen_as(rule(push=(ADMIN,)), unprotect=("person:stranger",))])) == []


# -- reviews -----------------------------------------------------------------------------------------------------------------


def test_reviews_are_compared_on_a_paid_tier():
    made = compared(rule(reviews=2), seen=[seen_as(rule(push=(ADMIN,)))])
    assert steps(made) == [("update", "narrows", {"reviews": (0, 2)})]
    assert compared(rule(reviews=2), seen=[seen_as(rule(push=(ADMIN,)), reviews=2)]).plan.actions == ()
    less = compared(rule(reviews=0), seen=[seen_as(rule(push=(ADMIN,)), reviews=2)])
    assert steps(less) == [("update", "widens", {"reviews": (2, 0)})]


def test_two_numbers_in_one_repository_are_the_higher_one_and_a_problem_is_told():
    made = compared(rule("c7", reviews=1), rule("c8", reviews=3), rule("c9", reviews=0))
    asked = {a.after.pattern: a.after.reviews for a in made.plan.actions if a.kind == "branch_rule"}
    assert asked == {"c7": 3, "c8": 3, "c9": 0}
    (aside,) = made.plan.quarantined
    assert aside.reason.startswith("c7 can't ask for another number of reviews")
    assert "one number" in aside.hint


def test_a_number_that_nobody_cares_about_is_never_lowered_by_another_rule():
    kept = seen_as(rule("c8", push=(ADMIN,)), reviews=2)
    made = compared(rule("c7", reviews=1), rule("c8"), seen=[seen_as(rule("c7", push=(ADMIN,))), kept])
    assert steps(made) == [("update", "narrows", {"reviews": (0, 2)})]
    assert len(made.plan.quarantined) == 1


def told(made):
    return [(n.subject, n.forge, n.text) for n in made.plan.notes if "another number of approvals" in n.text]


@pytest.mark.parametrize(("declared", "held"), [(None, None), (None, True), (True, False)])
def test_reviews_that_each_merge_request_may_ask_otherwise_for_are_told_of_with_the_setting(declared, held):
    seen = [] if held is None else [Approvals(REPO, override=held)]
    wanted = [] if declared is None else [Approvals(REPO, override=declared)]
    ((subject, forge, text),) = told(compared(rule(reviews=2), *wanted, seen=seen))
    assert (subject, forge) == (REPO, "lab")
    assert "`approvals: {override: false}`" in text


@pytest.mark.parametrize(("declared", "held"), [(False, None), (False, True), (None, False)])
def test_where_that_is_shut_nothing_is_told(declared, held):
    seen = [] if held is None else [Approvals(REPO, override=held)]
    wanted = [] if declared is None else [Approvals(REPO, override=declared)]
    assert told(compared(rule(reviews=2), *wanted, seen=seen)) == []
    assert told(compared(rule(reviews=0))) == []
    assert told(compared(rule(reviews=2), tier="free")) == []


def test_on_free_reviews_are_a_problem_with_the_ways_out():
    (aside,) = compared(rule(reviews=1), tier="free").plan.quarantined
    assert "can't be made to ask for reviews" in aside.reason
    assert "`merge`" in aside.hint


# -- deploy keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["free", "premium"])
def test_a_key_is_made_before_the_rule_lets_it_in_and_the_rule_shuts_out_all_others_before(tier):
    made = compared(KEY, rule("carried-*", push=(NAMED,)), tier=tier)
    actions = {(a.kind, a.verb): a for a in made.plan.actions}
    shut, key, open_ = (
        actions["branch_rule", "create"],
        actions["deploy_key", "create"],
        actions["branch_rule", "update"],
    )
    assert shut.phase < key.phase < open_.phase
    assert key.id in open_.depends
    assert (shut.after.push, open_.after.push) == ((ADMIN,), (NAMED, ADMIN))
    assert open_.after.merge == (ADMIN,)
    assert made.plan.quarantined == ()


def test_a_key_that_may_push_already_is_let_in_at_once():
    made = compared(KEY, rule("carried-*", push=(NAMED,)), seen=[KEY])
    assert [(a.kind, a.verb, a.after.push) for a in made.plan.actions] == [
        ("branch_rule", "create", (NAMED, ADMIN))
    ]


def test_a_key_beside_people_stands_beside_their_level_on_free():
    made = compared(KEY, rule("carried-*", push=(NAMED, f"team:{TEAM}")), tier="free", seen=[KEY])
    (action,) = made.plan.actions
    assert action.after.push == (NAMED, "level:maintain")


def test_a_key_that_no_rule_names_any_more_is_shut_out_before_others_come_in():
    before = seen_as(rule("carried-*", push=(NAMED, ADMIN)), merge=(ADMIN,))
    made = compared(KEY, rule("carried-*", push=(f"team:{TEAM}",), merge=()), seen=[KEY, before])
    first, second = [a for a in made.plan.actions if a.kind == "branch_rule"]
    assert (first.effect, first.after.push) == ("narrows", (ADMIN,))
    assert (second.effect, second.after.push) == ("widens", (ADMIN, f"team:{TEAM}"))
    assert first.phase < second.phase


def test_a_wider_rule_that_lets_in_a_key_is_told_of():
    made = compared(KEY, rule("*", push=(NAMED,)), rule("c7"), seen=[KEY])
    (aside,) = made.plan.quarantined
    assert aside.reason.startswith(f"c7 stays open to {NAMED}")


def test_a_key_that_is_only_pointed_to_is_named_in_rules_by_what_it_is_or_left_out_with_them():
    pointed = replace(KEY, fingerprint="env:CARRIER", key_text="")
    ours = Desired("lab", state([Repo(REPO), pointed, rule(push=("deploy_key:env:CARRIER",)), rule("c8")]))
    read = with_keys(ours, {"env:CARRIER": TEXT}.__getitem__)
    assert read.state[rule().key].push == (NAMED,)
    theirs = Observation("lab", state([Repo(REPO), rule(push=(NAMED,)), rule("c8"), KEY]))
    unread, seen, aside = without_unread(with_keys(ours, {"env:CARRIER": ""}.__getitem__), theirs)
    assert set(unread.state) == set(seen.state) == {Repo(REPO).key, rule("c8").key}
    assert len(aside) == 1


# -- what is looked at in pushes, and what approvals are worth -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        ({"member_check": False}, {"member_check": True}, "narrows"),
        ({"member_check": True}, {"member_check": False}, "widens"),
        ({"branch_name_regex": ""}, {"branch_name_regex": "^c7"}, "narrows"),
        ({"branch_name_regex": "^c7"}, {"branch_name_regex": "^c8"}, "widens"),
        ({"branch_name_regex": "^c7"}, {"branch_name_regex": ""}, "widens"),
        ({"max_file_size": 0}, {"max_file_size": 5}, "narrows"),
        ({"max_file_size": 5}, {"max_file_size": 4}, "narrows"),
        ({"max_file_size": 5}, {"max_file_size": 6}, "widens"),
        ({"max_file_size": 5}, {"max_file_size": 0}, "widens"),
        (
            {"member_check": False, "deny_delete_tag": True},
            {"member_check": True, "deny_delete_tag": False},
            "widens",
        ),
        ({"member_check": True}, {"member_check": True}, "neutral"),
    ],
)
def test_what_a_change_of_push_rules_does(before, after, effect):
    one, other = PushRules("repo", REPO, **before), PushRules("repo", REPO, **after)
    assert PushRules.effect(one, other) == effect
    assert PushRules.effect(None, other) == "neutral"


def test_what_a_change_of_the_settings_of_approvals_does():
    strict = Approvals(REPO, author=False, committers=False, override=False, keep=False)
    for name in ("author", "committers", "override", "keep"):
        loose = replace(strict, **{name: True})
        assert (Approvals.effect(strict, loose), Approvals.effect(loose, strict)) == ("widens", "narrows")
    assert Approvals.effect(strict, Approvals(REPO, author=False)) == "neutral"


def test_where_the_tier_has_neither_they_are_told_of_and_left_out():
    made = compared(PushRules("repo", REPO, member_check=True), Approvals(REPO, author=False), tier="free")
    assert made.plan.actions == ()
    texts = {note.text for note in made.plan.notes if note.subject == REPO}
    assert texts == {
        f"{what} can't be had here: that needs premium, which the server does not have"
        for what in ("push rules", "approvals")
    }
