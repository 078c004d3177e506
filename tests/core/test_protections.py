"""Rules of branches on a forge that keeps them by level: what can be said, what is left alone, and that nobody gets more than declared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Key, Org, Repo, Resource, Team, TeamMember
from sigctl.core.policy import Policy
from sigctl.core.state import OWN_WAY, Account, Desired, Observation, Traits, state

REPO = "project/sig-core/kernel"
VIRT, CORE = "project/sig-virt/groups/makers", "project/sig-core/groups/release"
EVERYBODY = ("level:write",)
ADMINISTRATOR = "level:native:server-admin"
OWNED = {"code_owners": True}
TRAITS = Traits(
    kinds=frozenset({"org", "team", "team_member", "repo", "grant", "branch_rule"}),
    fields={
        "repo": frozenset({"visibility", "default_branch", "archived"}),
        "org": frozenset({"visibility"}),
        "grant": frozenset({"level", "until"}),
        "branch_rule": frozenset({"code_owners"}),
    },
    team_levels=("read", "write", "maintain"),
    person_levels=("read", "write", "maintain", "admin"),
    visibilities=("private", "public"),
    group_grants=True,
    nested_orgs=True,
    rules_open=True,
    needs={"branch_rule.subjects": "premium", "branch_rule.code_owners": "premium"},
)


def rule(pattern: str, *push: str, **more) -> BranchRule:
    return BranchRule(
        REPO, pattern, **{"push": push, "create": push, "force": False, "delete": False, **more}
    )


def there(pattern: str, *push: str, **more) -> BranchRule:
    """Return a rule as the server shows it."""
    return rule(pattern, *push, **{"merge": push, **more})


def world(*, virt: str = "write", core: str = "maintain") -> list[Resource]:
    grants = [
        Grant("repo", REPO, f"team:{team}", level, until="")
        for team, level in ((VIRT, virt), (CORE, core))
        if level != "none"
    ]
    people = [TeamMember(VIRT, "maker"), TeamMember(CORE, "releaser")]
    orgs = [
        Org("/".join(path.split("/")[:n]))
        for path in (REPO, VIRT, CORE)
        for n in range(1, path.count("/") + 1)
    ]
    found = [*orgs, Repo(REPO, default_branch="c7", filled=True), Team(VIRT), Team(CORE), *people, *grants]
    return list({one.key: one for one in found}.values())


def compared(wanted, seen=(), *, tier: str = "free", own: str = ADMINISTRATOR, closest: bool = False):
    words = {"free", *({"premium", "enterprise"} if tier == "premium" else ())}
    words |= {f"{OWN_WAY}{own}"} if own else set()
    managed = frozenset(one.key for one in wanted if isinstance(one, Repo | Team))
    desired = Desired(
        "lab", state(wanted), managed=managed, orgs=frozenset({"project"}), closest_rules=closest
    )
    accounts = {login: Account(login) for login in ("maker", "releaser", "other", "stranger", "owner", "bot")}
    observation = Observation("lab", state(seen), accounts, me="bot", capabilities=frozenset(words))
    return compare(desired, observation, TRAITS, Policy(max_removals={}))


def rules_of(made) -> dict[str, tuple[str, ...]]:
    return {one.pattern: one.push for one in made.wanted.values() if isinstance(one, BranchRule)}


def test_who_may_push_is_said_by_the_level_that_only_those_have():
    made = compared(
        [*world(), rule("c7", f"team:{CORE}"), rule("c8", f"team:{CORE}", f"team:{VIRT}"), rule("*")]
    )
    assert rules_of(made) == {"c7": ("level:maintain",), "c8": EVERYBODY, "*": (ADMINISTRATOR,)}
    assert made.plan.quarantined == ()


def test_left_out_who_may_push_is_who_may_write():
    made = compared([*world(), BranchRule(REPO, "c7-sig-virt", force=False, delete=False)])
    assert rules_of(made) == {"c7-sig-virt": EVERYBODY}


def test_a_person_counts_as_named_where_all_teams_that_let_him_in_hold_nobody_else():
    alone = [*world(core="none"), rule("c7", "person:maker")]
    assert rules_of(compared(alone)) == {"c7": EVERYBODY}
    two = compared([*alone, TeamMember(VIRT, "other")])
    assert two.plan.quarantined[0].subject == REPO


def test_whom_no_level_tells_apart_is_a_problem_with_the_ways_out_and_what_is_there_stays():
    wanted = [*world(), rule("c7-sig-virt*", f"team:{VIRT}")]
    held = there("c7-sig-virt*", "level:maintain")
    made = compared(wanted, [*world(virt="read"), held])
    (problem,) = made.plan.quarantined
    assert (problem.subject, "sig-virt/groups/makers" in problem.reason) == (REPO, True)
    assert all(
        way in problem.hint for way in ("kernel.layout: carried", "raise the tier", "branch_rules: closest")
    )
    assert [a for a in made.plan.actions if a.kind == "branch_rule"] == []
    assert [a for a in made.plan.actions if a.effect == "widens"] == [], (
        "nobody gets a right that the rule would have bounded"
    )


def test_a_right_that_ends_goes_also_where_a_rule_is_set_aside():
    wanted = [*world(), rule("c7-sig-virt*", f"team:{VIRT}")]
    stranger = Grant("repo", REPO, "person:stranger", "write", until="")
    made = compared(wanted, [*world(), stranger])
    assert [(a.verb, a.key) for a in made.plan.actions] == [("delete", stranger.key)]


def test_the_files_may_choose_the_closest_there_is_and_it_is_never_more_open():
    made = compared([*world(), rule("c7-sig-virt*", f"team:{VIRT}")], closest=True)
    assert rules_of(made) == {"c7-sig-virt*": (ADMINISTRATOR,)}
    assert made.plan.quarantined == ()
    (note,) = [n for n in made.plan.notes if n.topic == "unsupported"]
    assert "can't be kept to" in note.text


def test_on_a_paid_tier_people_and_teams_are_named_and_our_own_account_with_them():
    made = compared([*world(), rule("c7-sig-virt*", f"team:{VIRT}")], tier="premium", own="person:bot")
    assert rules_of(made) == {"c7-sig-virt*": ("person:bot", f"team:{VIRT}")}


def test_whom_a_rule_names_gets_his_right_before_the_rule_lets_him_in():
    made = compared([*world(), rule("c7-sig-virt*", f"team:{VIRT}")], tier="premium", own="person:bot")
    steps = [(a.kind, a.effect, a.after.push if a.kind == "branch_rule" else "") for a in made.plan.actions]
    steps = [one for one in steps if one[0] in ("grant", "branch_rule")]
    assert steps[0] == ("branch_rule", "narrows", ("person:bot",))
    assert steps[-1] == ("branch_rule", "widens", ("person:bot", f"team:{VIRT}"))
    assert len(steps) == 4


def test_a_team_that_a_rule_names_gets_a_right_of_its_own_there():
    above = [one for one in world(virt="none") if not isinstance(one, Grant)]
    above.append(Grant("org", "project/sig-core", f"team:{VIRT}", "write", until=""))
    made = compared([*above, rule("c7-sig-virt*", f"team:{VIRT}")], tier="premium", own="person:bot")
    own = Grant("repo", REPO, f"team:{VIRT}", "write", until="")
    assert made.wanted[own.key] == own
    again = compared(
        [*above, own, rule("c7-sig-virt*", f"team:{VIRT}")],
        list(made.wanted.values()),
        tier="premium",
        own="person:bot",
    )
    assert again.plan.actions == ()


def test_a_rule_within_a_wider_one_that_lets_in_more_is_told_of():
    wanted = [*world(core="none"), rule("c7-sig-virt*", f"team:{VIRT}"), rule("c7-sig-virt-old")]
    made = compared(wanted)
    (problem,) = made.plan.quarantined
    assert "c7-sig-virt-old stays open to" in problem.reason
    assert rules_of(made)["c7-sig-virt-old"] == (ADMINISTRATOR,), "it is made all the same"
    closed = [*world(core="none"), rule("*"), rule("c7-sig-virt*", f"team:{VIRT}")]
    assert compared(closed).plan.quarantined == (), (
        "an exception from a stricter one is just what such a forge can do"
    )


def test_push_and_create_for_different_people_is_a_problem():
    made = compared([*world(), rule("c7", f"team:{CORE}", create=())])
    assert "whoever may push may create" in made.plan.quarantined[0].reason


def test_reviews_that_the_server_can_not_ask_for_are_a_problem_and_the_rest_of_the_rule_is_kept():
    made = compared([*world(), rule("c7", f"team:{CORE}", reviews=2)])
    assert "can't be made to ask for reviews" in made.plan.quarantined[0].reason
    assert rules_of(made) == {"c7": ("level:maintain",)}


def test_the_protection_that_the_server_gives_to_a_default_branch_is_left_alone():
    default = there("c7", "level:maintain")
    made = compared(world(), [*world(), default])
    assert made.plan.actions == ()
    (note,) = [n for n in made.plan.notes if n.topic == "left alone"]
    assert note.text.endswith(f"no file has a rule for the branch: {REPO} c7 (maintain may push)")


@pytest.mark.parametrize(
    ("wanted", "seen"),
    [
        ((), there("c8*", "level:maintain")),
        ((), there("c8")),
        ((), there("c7", "person:stranger")),
        ((), there("c7", "level:maintain", force=True)),
        ((rule("*"),), there("c7", "level:maintain")),
    ],
)
def test_any_other_rule_that_no_file_has_goes(wanted, seen):
    made = compared([*world(), *wanted], [*world(), seen])
    assert ("delete", seen.key) in {(a.verb, a.key) for a in made.plan.actions}


def test_a_repository_that_moves_loses_at_once_what_its_new_place_has_other_rules_for():
    old = "old/kernel"
    repo = Repo(REPO, default_branch="c7", filled=True, previously=(old,))
    wanted = [*(one for one in world() if not isinstance(one, Repo)), repo, rule("*")]
    before = [one for one in world() if not isinstance(one, Repo | Grant)]
    before += [
        Org("old"),
        Repo(old, default_branch="c7", filled=True),
        replace(there("c7", "level:write"), repo=old),
    ]
    assert ("delete", f"{REPO}:branch:c7") in {
        (a.verb, a.key.name) for a in compared(wanted, before).plan.actions
    }


def test_where_nobody_may_push_our_own_account_is_told_when_it_is_shut_out():
    made = compared([*world(), rule("*")], own="")
    assert rules_of(made) == {"*": ()}
    assert any("the account that sigctl runs as neither" in note.text for note in made.plan.notes)
    free_of_maintainers = compared([*world(core="write"), rule("*")], own="")
    assert rules_of(free_of_maintainers) == {"*": ("level:maintain",)}, "only owners have that"


def test_owners_above_are_kept_out_by_nothing_and_keep_no_rule_from_being_exact():
    owner = Grant("org", "project", "person:owner", "admin", until="")
    made = compared([*world(core="none"), owner, rule("c7", f"team:{VIRT}")])
    assert rules_of(made) == {"c7": EVERYBODY}


def test_a_rule_that_is_as_it_should_be_needs_nothing():
    wanted = [
        *world(),
        rule("c7", f"team:{CORE}"),
        rule("v*", f"team:{CORE}", on="tag", force=None, delete=None),
    ]
    made = compared(wanted)
    again = compared(
        wanted,
        [
            replace(one, force=one.force or False) if isinstance(one, BranchRule) else one
            for one in made.wanted.values()
        ],
    )
    assert again.plan.actions == ()
    assert Key("branch_rule", f"{REPO}:tag:v*") in made.wanted


def test_a_repository_that_is_made_where_people_may_write_already_is_named_as_a_moment():
    group = Grant("org", "project/sig-core", f"team:{VIRT}", "write", until="")
    wanted = [*world(virt="none"), group, rule("c7", f"team:{CORE}")]
    before = [
        one
        for one in [*world(virt="none"), group]
        if not isinstance(one, Repo) and getattr(one, "on", "") != "repo"
    ]
    told = [n.subject for n in compared(wanted, before).plan.notes if n.topic == "moment"]
    assert REPO in told
    alone = [one for one in before if one != group]
    assert REPO not in [n.subject for n in compared(wanted, alone).plan.notes if n.topic == "moment"]


def test_from_a_lower_level_to_a_higher_one_a_rule_only_narrows():
    wanted = [*world(), rule("c7", f"team:{CORE}")]
    made = compared(wanted, [*world(), there("c7", "level:write")])
    assert [(a.effect, a.after.push) for a in made.plan.actions] == [("narrows", ("level:maintain",))]
    back = compared(
        [*world(), rule("c7", f"team:{CORE}", f"team:{VIRT}")], [*world(), there("c7", "level:maintain")]
    )
    assert [(a.effect, a.after.push) for a in back.plan.actions] == [("widens", ("level:write",))]


def test_the_approval_of_code_owners_is_a_problem_on_free_and_kept_on_a_paid_tier():
    wanted = [*world(), rule("c7", f"team:{CORE}", **OWNED)]
    assert "can't be made to ask for code owners" in compared(wanted).plan.quarantined[0].reason
    paid = compared(wanted, tier="premium", own="person:bot")
    assert [one.code_owners for one in paid.wanted.values() if isinstance(one, BranchRule)] == [True]
    assert paid.plan.quarantined == ()
    off = BranchRule.effect(rule("c7", **OWNED), rule("c7", code_owners=False))
    assert (off, BranchRule.effect(rule("c7"), rule("c7", **OWNED))) == ("widens", "narrows")


@pytest.mark.parametrize(("tier", "kept"), [("free", ()), ("premium", (f"team:{CORE}",))])
def test_no_rule_for_tags_lets_in_whoever_runs_the_server(tier, kept):
    tags = (
        rule("v*", on="tag", force=None, delete=None),
        rule("r*", f"team:{CORE}", on="tag", force=None, delete=None),
    )
    made = rules_of(compared([*world(), *tags], tier=tier))
    assert made["v*"] == ()
    assert made["r*"] == (kept or ("level:maintain",))
