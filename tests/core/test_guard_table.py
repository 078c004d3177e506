"""What the guards count, case by case: removals of each kind, of one SIG, owners that stay, and ourselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.guard import judge, judge_refs
from sigctl.core.kinds import (
    BranchRule,
    ClassicRule,
    DeployKey,
    Grant,
    Key,
    Label,
    Membership,
    Org,
    Ref,
    Repo,
    Team,
    TeamMember,
)
from sigctl.core.plan import Action
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import state

NONE = Limit(number=0)
OPEN = {"default": Limit(number=99)}
WRITES = Grant("repo", "O/r", "team:O/t", "write", "")
LIVE = Repo("O/r", archived=False)
KEY = DeployKey("O/r", "SHA256:x", write=True)
REF = Ref("O/r", "refs/heads/main", "1" * 40)


def act(before, after, sig="", verb="update"):
    verb = "create" if before is None else "delete" if after is None else verb
    return Action("f", verb, before, after, sig)


def counted(actions, seen=(), policy=None):
    """Return {guard: number} of what is refused where nothing may go."""
    policy = policy or Policy(max_removals={"default": NONE}, keep_self=False)
    return {one.guard: one.number for one in judge(actions, state(seen), policy, "f")}


REMOVALS = {
    "a right that ends": (act(WRITES, None), "grants"),
    "a right that sinks": (act(WRITES, replace(WRITES, level="read")), "grants"),
    "a member who goes": (act(Membership("O", "p1"), None), "members"),
    "an owner who is only a member": (act(Membership("O", "p1", "owner"), Membership("O", "p1")), "members"),
    "a place in a team": (act(TeamMember("O/t", "p1"), None), "members"),
    "a team": (act(Team("O/t"), None), "teams"),
    "a repository": (act(LIVE, None), "repos"),
    "a group": (act(Org("O/a"), None), "orgs"),
    "a label": (act(Label("O/r", "bug", "ff0000"), None), "labels"),
    "a key": (act(KEY, None), "deploy_keys"),
    "a key that may push no more": (act(KEY, replace(KEY, write=False)), "deploy_keys"),
    "a branch that is overwritten": (act(REF, replace(REF, sha="2" * 40, why="forced")), "refs"),
    "a branch that is gone": (act(replace(REF, why="gone"), None), "refs"),
    "a branch that is kept as a tag": (act(replace(REF, why="retired"), None), "refs"),
}


@pytest.mark.parametrize("case", REMOVALS)
def test_this_is_a_removal(case):
    action, group = REMOVALS[case]
    assert counted([action]) == {f"max_removals.{group}": 1}


NO_REMOVALS = {
    "a right that rises": act(WRITES, replace(WRITES, level="admin")),
    "a right that is given": act(None, WRITES),
    "a lead who is only a member": act(TeamMember("O/t", "p1", "lead"), TeamMember("O/t", "p1")),
    "a rule that goes": act(BranchRule("O/r", "main"), None),
    "an older protection that goes": act(ClassicRule("O/r", "main"), None),
    "a rule that shuts out": act(None, BranchRule("O/r", "main", push=())),
    "a repository that is archived": act(LIVE, replace(LIVE, archived=True)),
    "a repository that is hidden": act(
        replace(LIVE, visibility="public"), replace(LIVE, visibility="private")
    ),
    "a base level that sinks": act(Org("O", base_level="read"), Org("O", base_level="none")),
    "a branch that moves on": act(REF, replace(REF, sha="2" * 40)),
    "a branch that is in another repository now": act(replace(REF, why="moved"), None),
}


@pytest.mark.parametrize("case", NO_REMOVALS)
def test_this_is_none(case):
    assert counted([NO_REMOVALS[case]]) == {}


def test_a_right_that_is_narrowed_since_its_repository_goes_into_the_archive_is_none():
    lower = act(WRITES, replace(WRITES, level="read"))
    shut, opened = act(LIVE, replace(LIVE, archived=True)), act(replace(LIVE, archived=True), LIVE)
    assert counted([lower, shut]) == {}
    assert counted([lower, opened]) == {"max_removals.grants": 1}
    assert counted([lower, act(LIVE, replace(LIVE, description="x"))]) == {"max_removals.grants": 1}
    elsewhere = replace(shut, before=Repo("O/s", archived=False), after=Repo("O/s", archived=True))
    assert counted([lower, elsewhere]) == {"max_removals.grants": 1}
    assert counted([act(WRITES, None), shut]) == {"max_removals.grants": 1}


HELD = [Grant("repo", "O/r", f"person:p{n}", "read", "") for n in range(20)]
TEAMS = [Team(f"O/t{n}") for n in range(4)]


def gone(things, sig=""):
    return [act(one, None, sig) for one in things]


@pytest.mark.parametrize(
    ("limits", "refused"),
    [
        ({"grants": Limit(number=4)}, {"max_removals.grants": 5}),
        ({"grants": Limit(number=5)}, {}),
        ({"default": Limit(number=4)}, {"max_removals.grants": 5}),
        ({"default": Limit(number=4), "grants": Limit(number=5)}, {}),
        ({"default": Limit(number=5), "grants": Limit(number=4)}, {"max_removals.grants": 5}),
        ({"teams": NONE}, {}),
        ({}, {}),
        ({"default": Limit(percent=20)}, {"max_removals.grants": 5}),
        ({"default": Limit(percent=25)}, {}),
        ({"total": Limit(number=5), **OPEN}, {}),
        ({"total": Limit(number=4), **OPEN}, {"max_removals.total": 5}),
        ({"total": Limit(percent=20), **OPEN}, {"max_removals.total": 5}),
        ({"total": Limit(percent=21), **OPEN}, {}),
    ],
)
def test_a_limit_holds_for_its_kind_by_default_for_each_and_in_total(limits, refused):
    assert counted(gone(HELD[:5]), [*HELD, *TEAMS], Policy(max_removals=limits)) == refused


def test_a_refusal_says_of_how_many():
    (refusal,) = judge(gone(TEAMS[:2]), state([*TEAMS, *HELD]), Policy(max_removals={"teams": NONE}), "f")
    assert refusal.text == "f: 2 of 4 teams would be removed or narrowed, at most 0 may be"


def test_the_total_is_told_as_such():
    (refusal,) = judge(
        gone(TEAMS[:2]), state([*TEAMS, *HELD]), Policy(max_removals={**OPEN, "total": NONE}), "f"
    )
    assert refusal.text == "f: 2 of 24 total would be removed or narrowed, at most 0 may be"


def test_kinds_are_told_in_the_order_of_their_names_and_the_total_last():
    limits = {"default": NONE, "total": NONE}
    found = counted([*gone(TEAMS[:1]), *gone(HELD[:1])], [*TEAMS, *HELD], Policy(max_removals=limits))
    assert list(found.items()) == [
        ("max_removals.grants", 1),
        ("max_removals.teams", 1),
        ("max_removals.total", 2),
    ]


SIGS = {Key("repo", "O/r"): "virt", Key("team", "O/t0"): "virt", Key("team", "O/t1"): "cloud"}


def per_sig(actions, limits, seen=(*HELD, *TEAMS)):
    policy = Policy(max_removals=OPEN, per_sig=limits)
    return [
        (one.guard, one.number, one.limit, one.text)
        for one in judge(actions, state(seen), policy, "f", sigs=SIGS)
    ]


TEXT = "f: {} of {} {} of SIG {} would be removed or narrowed, at most {} may be"


def test_a_sig_has_limits_of_its_own_for_each_kind_or_by_default():
    actions = [*gone(HELD[:3], "virt"), *gone(TEAMS[:1], "virt"), *gone(TEAMS[1:2], "cloud")]
    assert per_sig(actions, {"grants": Limit(number=2)}) == [
        ("per_sig.virt.grants", 3, 2, TEXT.format(3, 20, "grants", "virt", 2))
    ]
    assert per_sig(actions, {"grants": Limit(number=3)}) == []
    assert per_sig(actions, {"default": NONE, "grants": Limit(number=3)}) == [
        ("per_sig.cloud.teams", 1, 0, TEXT.format(1, 1, "teams", "cloud", 0)),
        ("per_sig.virt.teams", 1, 0, TEXT.format(1, 1, "teams", "virt", 0)),
    ]
    assert per_sig(gone(HELD[:3]), {"default": NONE}) == [], "what belongs to no SIG"
    assert per_sig(actions, {"repos": NONE}) == []


def test_what_is_in_a_sigs_repository_is_the_sigs_and_what_is_elsewhere_is_not():
    others = [Grant("repo", "O/s", f"person:p{n}", "read", "") for n in range(20)]
    share = {"grants": Limit(percent=25)}
    assert per_sig(gone(HELD[:5], "virt"), share, (*HELD, *others)) == []
    assert per_sig(gone(HELD[:6], "virt"), share, (*HELD, *others)) == [
        ("per_sig.virt.grants", 6, 5, TEXT.format(6, 20, "grants", "virt", 5))
    ]


def test_what_a_sig_loses_with_its_archive_is_no_removal():
    lower = act(WRITES, replace(WRITES, level="read"), "virt")
    shut = act(LIVE, replace(LIVE, archived=True), "virt")
    assert per_sig([lower, shut], {"default": NONE}) == []


OWNERS = [Membership("O", p, "owner") for p in ("p1", "p2", "p3")]
ON_GROUP = Grant("org", "G", "person:p1", "admin", "")
TEAM_OWNS = [Grant("org", "G", "team:G/t", "admin", ""), TeamMember("G/t", "p2"), TeamMember("G/t", "p3")]


def owners(actions, seen, me="", **policy):
    policy = Policy(max_removals=OPEN, keep_self=False, **policy)
    return [(one.guard, one.number, one.limit) for one in judge(actions, state(seen), policy, "f", me)]


ENOUGH = {
    "all in a team that owns count": (
        gone([ON_GROUP]),
        [ON_GROUP, *TEAM_OWNS],
        "",
        {"minimum_owners": 2},
        [],
    ),
    "a team that nobody is in is nobody": (
        gone([ON_GROUP]),
        [ON_GROUP, TEAM_OWNS[0]],
        "",
        {},
        [("minimum_owners", 0, 1)],
    ),
    "who leaves the team that owns owns no more": (
        gone(TEAM_OWNS[1:]),
        TEAM_OWNS,
        "",
        {},
        [("minimum_owners", 0, 1)],
    ),
    "who has yet to accept a place in it is none yet": (
        gone([ON_GROUP]),
        [ON_GROUP, TEAM_OWNS[0], replace(TEAM_OWNS[1], state="invited")],
        "",
        {},
        [("minimum_owners", 0, 1)],
    ),
    "two of three stay": (gone(OWNERS[:1]), OWNERS, "", {"minimum_owners": 2}, []),
    "one too few": (gone(OWNERS[:2]), OWNERS, "", {"minimum_owners": 2}, [("minimum_owners", 1, 2)]),
    "the last always stays": (gone(OWNERS), OWNERS, "", {}, [("minimum_owners", 0, 1)]),
    "the last but one may go": (gone(OWNERS[:2]), OWNERS, "", {}, []),
    "somebody else comes": (
        [*gone(OWNERS[:2]), act(None, Membership("O", "p4", "owner"))],
        OWNERS,
        "",
        {"minimum_owners": 2},
        [],
    ),
    "who is invited is none yet": (
        [*gone(OWNERS[:2]), act(None, Membership("O", "p4", "owner", "invited"))],
        OWNERS,
        "",
        {"minimum_owners": 2},
        [("minimum_owners", 1, 2)],
    ),
    "who is a member is none": (
        [*gone(OWNERS[:2]), act(None, Membership("O", "p4"))],
        OWNERS,
        "",
        {"minimum_owners": 2},
        [("minimum_owners", 1, 2)],
    ),
    "who becomes a member is none": (
        [act(OWNERS[0], replace(OWNERS[0], role="member"))],
        OWNERS,
        "",
        {"minimum_owners": 3},
        [("minimum_owners", 2, 3)],
    ),
    "too few as ever": (
        [act(None, Repo("O/r")), act(None, Membership("O", "p4", "owner"))],
        OWNERS,
        "",
        {"minimum_owners": 9},
        [],
    ),
    "the same few as ever": ([act(None, Repo("O/r"))], OWNERS, "", {"minimum_owners": 9}, []),
    "after an org that keeps all": (
        gone(OWNERS),
        [Membership("A", "p1", "owner"), *OWNERS],
        "",
        {},
        [("minimum_owners", 0, 1)],
    ),
    "who is invited to a group does not own it yet": (
        gone([ON_GROUP]),
        [ON_GROUP, replace(ON_GROUP, subject="person:p2", state="invited")],
        "",
        {},
        [("minimum_owners", 0, 1)],
    ),
    "an invitation to a group that is withdrawn takes no owner away": (
        gone([replace(ON_GROUP, subject="person:p2", state="invited")]),
        [ON_GROUP, replace(ON_GROUP, subject="person:p2", state="invited")],
        "",
        {"minimum_owners": 2, "required_owners": {"f": frozenset({"p2"})}},
        [],
    ),
    "of two who administer a group one is too few": (
        gone([ON_GROUP]),
        [ON_GROUP, replace(ON_GROUP, subject="person:p2")],
        "",
        {"minimum_owners": 2},
        [("minimum_owners", 1, 2)],
    ),
    "of two who administer a group one stays": (
        gone([ON_GROUP]),
        [ON_GROUP, replace(ON_GROUP, subject="person:p2")],
        "",
        {"minimum_owners": 1, "required_owners": {"f": frozenset({"p2"})}},
        [],
    ),
    "ourselves among them, whatever the plan says": (
        gone(OWNERS),
        OWNERS,
        "p1",
        {},
        [],
    ),
    "ourselves among them, and too few": (
        gone(OWNERS),
        OWNERS,
        "p1",
        {"minimum_owners": 2},
        [("minimum_owners", 1, 2)],
    ),
    "ourselves not among them": (gone(OWNERS), OWNERS, "p9", {}, [("minimum_owners", 0, 1)]),
    "who administers a group owns it": (gone([ON_GROUP]), [ON_GROUP], "", {}, [("minimum_owners", 0, 1)]),
    "a group below has owners of its own": (
        gone([replace(ON_GROUP, target="G/a")]),
        [replace(ON_GROUP, target="G/a")],
        "",
        {},
        [],
    ),
    "who writes in a group does not own it": (
        gone([replace(ON_GROUP, level="maintain")]),
        [replace(ON_GROUP, level="maintain")],
        "",
        {},
        [],
    ),
    "who administers a repository does not own it": (
        gone([replace(ON_GROUP, on="repo")]),
        [replace(ON_GROUP, on="repo")],
        "",
        {},
        [],
    ),
    "a required one": (
        gone(OWNERS[:1]),
        OWNERS,
        "",
        {"required_owners": {"f": frozenset({"p1"})}},
        [("required_owners", 1, 0)],
    ),
    "a required one on another forge": (
        gone(OWNERS[:1]),
        OWNERS,
        "",
        {"required_owners": {"g": frozenset({"p1"})}},
        [],
    ),
    "a required one who never was": (
        gone(OWNERS[:1]),
        OWNERS,
        "",
        {"required_owners": {"f": frozenset({"p9"})}},
        [],
    ),
    "each org by itself": (
        [*gone(OWNERS), act(Membership("P", "p1", "owner"), None)],
        [*OWNERS, Membership("P", "p1", "owner"), Membership("P", "p2", "owner")],
        "",
        {"minimum_owners": 2},
        [("minimum_owners", 0, 2), ("minimum_owners", 1, 2)],
    ),
    "one org after another": (
        [*gone(OWNERS[1:]), act(Membership("A", "p1", "owner"), None)],
        [*OWNERS, Membership("A", "p1", "owner"), Membership("A", "p2", "owner")],
        "",
        {"required_owners": {"f": frozenset({"p1", "p3", "p2"})}},
        [("required_owners", 3, 0), ("required_owners", 3, 0), ("required_owners", 3, 0)],
    ),
}


@pytest.mark.parametrize("case", ENOUGH)
def test_owners(case):
    actions, seen, me, policy, refused = ENOUGH[case]
    assert owners(actions, seen, me, **policy) == refused


def test_an_owner_who_is_renamed_in_the_plan_is_one_by_the_new_name_only():
    moved = Action("f", "update", OWNERS[0], replace(OWNERS[0], login="p9"))
    policy = {"required_owners": {"f": frozenset({"p1"})}}
    assert owners([moved], OWNERS, minimum_owners=3) == []
    assert owners([moved], OWNERS, **policy) == [("required_owners", 1, 0)]


def test_refs_have_the_limit_of_refs_on_each_forge_by_itself():
    lost = [
        Action("hub", "update", replace(REF, ref=f"refs/heads/b{n}"), replace(REF, ref=f"refs/heads/b{n}", why="gone"))
        for n in range(3)
    ]  # fmt: skip
    kept = Action("hub", "update", REF, replace(REF, sha="2" * 40))
    limits = {"refs": Limit(number=2), "default": Limit(number=99)}
    (refusal,) = judge_refs([*lost, kept], {"hub": 40}, Policy(max_removals=limits))
    assert (refusal.number, refusal.limit) == (3, 2)
    assert refusal.text == "hub: 3 of 40 refs would be removed or overwritten, at most 2 may be"
    assert judge_refs(lost[:2], {"hub": 40}, Policy(max_removals=limits)) == []
