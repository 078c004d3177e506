"""What is left of both sides once they are in one form, case by case, and every word that is said about it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import TRAITS, desired_of, observation_of

from sigctl.core.kinds import BranchRule, Grant, Key, Label, Membership, Org, Repo, Team, TeamMember
from sigctl.core.normalise import normalise
from sigctl.core.state import COMPUTED_RULES, Account, Note, state

PEOPLE = {p: Account(p, n) for n, p in enumerate(("p1", "p2", "p3", "p4"), start=1)}
ORG, REPO, TEAM = Org("O"), Repo("O/r"), Team("O/t")
RULED = replace(TRAITS, kinds=TRAITS.kinds | {"branch_rule"})
GROUPS = replace(TRAITS, group_grants=True)


def person(login, level="write", target="O/r", on="repo"):
    return Grant(on, target, f"person:{login}", level, "")


def team(path, level="write", target="O/r", on="repo"):
    return Grant(on, target, f"team:{path}", level, "")


def normal(wanted, seen=(), traits=TRAITS, asked=None, **observed):
    """Return what is wanted, what was seen, and (topic, subject, text) of what was said."""
    desired = desired_of(state(wanted), **(asked or {}))
    found = normalise(desired, observation_of(state(seen), **observed), traits)
    said = [(one.topic, one.subject, one.text) for one in found.notes]
    return list(found.desired.values()), list(found.observed.values()), said


ROUNDED = replace(TRAITS, team_levels=("read", "write"), person_levels=("admin",))
LEVELS = {
    "a team's is rounded down": (
        team("O/t", "maintain"),
        ROUNDED,
        team("O/t", "write"),
        [("rounded", "maintain", "`maintain` for a team is `write` on this forge")],
    ),
    "a person's by what persons can have": (
        person("p1", "maintain"),
        ROUNDED,
        None,
        [("rounded", "maintain", "`maintain` for a person is `none` on this forge")],
    ),
    "what there is stays": (team("O/t", "read"), ROUNDED, team("O/t", "read"), []),
    "a forge's own word stays": (team("O/t", "native:x"), ROUNDED, team("O/t", "native:x"), []),
    "what everybody has needs no grant": (
        team("O/t", "read"),
        replace(TRAITS, everyone="read"),
        None,
        [("rounded", "read", "`read` needs no grant on this forge: everyone has it on what is public")],
    ),
    "more than that does": (team("O/t", "triage"), replace(TRAITS, everyone="read"), team("O/t", "triage"), []),
    "a forge's own word does": (
        team("O/t", "native:x"),
        replace(TRAITS, everyone="admin"),
        team("O/t", "native:x"),
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LEVELS)
def test_a_level(case):
    grant, traits, left, said = LEVELS[case]
    assert normal([grant], traits=traits) == ([left] if left else [], [], said)


def test_a_kind_that_the_forge_lacks_is_left_out_and_named_in_plain_words():
    said = [("unsupported", "branch_rule", "branch rule can't be enforced on this forge")]
    assert normal([REPO, BranchRule("O/r", "c7")]) == ([REPO], [], said)


def test_a_right_on_a_whole_group_needs_a_forge_that_has_such():
    grant = team("O/t", on="org", target="O")
    said = [("unsupported", "O", "write on all of O can't be given at once on this forge")]
    assert normal([grant]) == ([], [], said)
    assert normal([grant], traits=GROUPS) == ([grant], [], [])


def test_what_is_said_more_than_once_is_said_once_with_the_number():
    rules = [BranchRule("O/r", one) for one in ("a", "b", "c")]
    assert normal(rules) == (
        [],
        [],
        [("unsupported", "branch_rule", "branch rule can't be enforced on this forge (3 times)")],
    )


def test_twice_is_more_than_once():
    _, _, ((_, _, text),) = normal([BranchRule("O/r", one) for one in ("a", "b")])
    assert text == "branch rule can't be enforced on this forge (2 times)"


def test_what_is_empty_is_not_another_value_than_the_only_one():
    only = replace(TRAITS, only={"team": {"description": "a team"}})
    assert normal([replace(TEAM, description="")], traits=only)[2] == []


def test_what_is_said_is_said_of_the_forge():
    desired = desired_of(state([BranchRule("O/r", "c7")]), forge="hub")
    assert {one.forge for one in normalise(desired, observation_of({}), TRAITS).notes} == {"hub"}


def test_what_was_said_while_reading_comes_first():
    there = Note("pending", "O", "an invitation waits")
    _, _, said = normal([BranchRule("O/r", "c7")], notes=(there,))
    assert [one[0] for one in said] == ["pending", "unsupported"]


FEW = replace(TRAITS, fields={"repo": frozenset({"description"}), "grant": frozenset()})
FIELDS = {
    "what it keeps": (replace(REPO, description="x"), replace(REPO, description="x"), []),
    "what it does not keep": (
        replace(REPO, default_branch="main"),
        REPO,
        [("unsupported", "repo.default_branch", "default branch is not kept by this forge")],
    ),
    "that something is off": (
        replace(REPO, wiki=False),
        REPO,
        [("unsupported", "repo.wiki", "wiki is not kept by this forge")],
    ),
    "nothing of what is empty": (replace(REPO, homepage="", topics=()), REPO, []),
    "nothing of an end, which the next apply keeps": (
        replace(team("O/t"), until="2027-01-01"),
        replace(team("O/t"), until=None),
        [],
    ),
    "each by its name": (
        replace(REPO, wiki=True, issues=True),
        REPO,
        [
            ("unsupported", "repo.issues", "issues is not kept by this forge"),
            ("unsupported", "repo.wiki", "wiki is not kept by this forge"),
        ],
    ),
}


@pytest.mark.parametrize("case", FIELDS)
def test_of_a_field_the_forge_says(case):
    wanted, left, said = FIELDS[case]
    assert normal([wanted], traits=FEW) == ([left], [], said)


ONLY = replace(
    TRAITS,
    fields={**TRAITS.fields, "repo": frozenset({"description"})},
    only={"repo": {"wiki": True, "visibility": "public"}, "team_member": {"role": "member"}},
)


def test_what_is_always_so_is_not_asked_for_and_another_value_is_told_of():
    assert normal([replace(REPO, wiki=True, visibility="public")], traits=ONLY) == ([REPO], [], [])
    assert normal([replace(REPO, wiki=False, visibility="private")], traits=ONLY) == (
        [REPO],
        [],
        [
            ("unsupported", "repo.wiki", "wiki is always `true` on this forge"),
            ("unsupported", "repo.visibility", "visibility is always `public` on this forge"),
        ],
    )
    lead = TeamMember("O/t", "p1", "lead")
    assert normal([TEAM, lead], traits=ONLY) == (
        [TEAM, replace(lead, role="member")],
        [],
        [("unsupported", "team_member.role", "role is always `member` on this forge")],
    )


MERGING = replace(RULED, pushers_merge=True)
RULE = BranchRule("O/r", "c7")


@pytest.mark.parametrize(
    ("push", "merge", "left", "said"),
    [
        (("team:O/t",), None, None, []),
        (("team:O/t",), ("person:p1",), ("person:p1", "team:O/t"), []),
        (("team:O/t",), (), ("team:O/t",), []),
        (
            None,
            ("person:p1",),
            None,
            [("unsupported", "O/r", "who may merge is kept only where the files say who may push")],
        ),
    ],
)
def test_whoever_may_push_may_merge_where_that_is_so(push, merge, left, said):
    wanted = replace(RULE, push=push, merge=merge)
    assert normal([wanted], traits=MERGING) == ([replace(wanted, merge=left)], [], said)
    assert normal([wanted], traits=RULED) == ([wanted], [], [])


def test_letters_count_for_nothing_where_the_forge_folds_them():
    wanted = [REPO, TEAM, person("p1"), TeamMember("O/t", "p1"), team("O/t")]
    other = [
        Repo("o/R"),
        Team("o/T"),
        person("P1", target="o/R"),
        TeamMember("o/T", "P1"),
        team("o/T", target="o/R"),
    ]
    assert normal(wanted, other) == (wanted, wanted, [])
    strict = replace(TRAITS, fold_logins=False, fold_paths=False)
    assert normal(wanted, other, strict) == (wanted, other, [])
    logins = replace(TRAITS, fold_paths=False)
    assert normal(wanted, [REPO, person("P1")], logins)[1] == [REPO, person("p1")]
    paths = replace(TRAITS, fold_logins=False)
    assert normal(wanted, [Repo("o/R"), person("P1", target="o/R")], paths)[1] == [REPO, person("P1")]


def test_a_team_does_not_give_its_spelling_to_a_repository():
    seen = [Repo("o/T"), Team("o/t")]
    assert normal([TEAM], seen)[1] == [Repo("o/T"), TEAM]


def test_letters_of_labels_count_only_where_they_do():
    labelled = replace(TRAITS, kinds=TRAITS.kinds | {"label"})
    wanted, seen = [REPO, Label("O/r", "Bug", "ff0000")], [REPO, Label("O/r", "bug", "ff0000")]
    assert normal(wanted, seen, labelled)[1] == seen
    assert normal(wanted, seen, replace(labelled, fold_labels=True))[1] == wanted


def test_a_person_who_is_set_aside_is_left_out_of_both_sides_and_of_the_rules():
    wanted = [REPO, person("p1"), person("p2"), replace(RULE, push=("person:p1", "person:p2", "team:O/t"))]
    seen = [REPO, person("p1", "admin"), replace(RULE, push=("person:p1",))]
    accounts = {**PEOPLE, "p1": Account("p1", 1, status="blocked")}
    assert normal(wanted, seen, RULED, accounts=accounts)[:2] == (
        [REPO, person("p2"), replace(RULE, push=("person:p2", "team:O/t"))],
        [REPO, replace(RULE, push=())],
    )


def test_a_renamed_login_is_followed_on_both_sides():
    wanted, pins = [REPO, person("old")], {"pins": {"old": 7}}
    accounts = {"new": Account("New", 7), "old": Account("old", status="missing")}
    left, seen, said = normal(wanted, [REPO, person("new")], asked=pins, accounts=accounts)
    assert (left, seen) == ([REPO, person("New")], [REPO, person("New")])
    assert [one[0] for one in said] == ["renamed"]


OWNER = Membership("O", "p1", "owner")
HAS = "p1 is an owner and has admin on every repository"


def inherited(*said):
    return [("inherited", subject, text) for subject, text in said]


NEEDLESS = {
    "an owner needs no right": ([OWNER, REPO, person("p1")], [], {}, [person("p1")], inherited(("p1", HAS))),
    "nor below a group": (
        [OWNER, Repo("O/a/r"), person("p1", target="O/a/r")],
        [],
        {},
        [person("p1", target="O/a/r")],
        inherited(("p1", HAS)),
    ),
    "an owner elsewhere does": ([Membership("P", "p1", "owner"), REPO, person("p1")], [], {}, [], []),
    "a member does": ([Membership("O", "p1"), REPO, person("p1")], [], {}, [], []),
    "another one does": ([OWNER, REPO, person("p2")], [], {}, [], []),
    "a team does": ([OWNER, REPO, team("p1")], [], {}, [], []),
    "an owner who stays, since nobody says who owns": (
        [REPO, person("p1")],
        [OWNER],
        {"managed": frozenset()},
        [person("p1")],
        inherited(("p1", HAS)),
    ),
    "an owner who goes, since the files say who owns": ([REPO, person("p1")], [OWNER], {}, [], []),
    "an owner whose role nobody cares about": (
        [replace(OWNER, role=None), REPO, person("p1")],
        [OWNER],
        {},
        [person("p1")],
        inherited(("p1", HAS)),
    ),
    "an owner who becomes a member": (
        [replace(OWNER, role="member"), REPO, person("p1")],
        [OWNER],
        {"managed": frozenset()},
        [],
        [],
    ),
    "a member whose role nobody cares about": (
        [replace(OWNER, role=None), REPO, person("p1")],
        [replace(OWNER, role="member")],
        {},
        [],
        [],
    ),
}


@pytest.mark.parametrize("case", NEEDLESS)
def test_who_owns_an_org_has_all_in_it(case):
    wanted, seen, asked, gone, said = NEEDLESS[case]
    left = normal(wanted, seen, asked=asked)
    assert left == ([one for one in wanted if one not in gone], seen, said)


def test_what_an_owner_has_anyway_is_left_out_of_what_was_seen_too():
    assert normal([OWNER, person("p1")], [OWNER, person("p1", "read")])[1] == [OWNER]


def on_group(level, target="G", who="team:T/t"):
    return Grant("org", target, who, level, "")


BELOW = Grant("repo", "G/a/r", "team:T/t", "write", "")
WHOLE = {
    "as much from the group": ([on_group("write"), BELOW], "write"),
    "more from the group": ([on_group("admin"), BELOW], "admin"),
    "less from the group": ([on_group("read"), BELOW], None),
    "from the group right above": ([on_group("write", "G/a"), BELOW], "write"),
    "the most of both": ([on_group("read", "G/a"), on_group("maintain"), BELOW], "maintain"),
    "and the other way round": ([on_group("maintain", "G/a"), on_group("read"), BELOW], "maintain"),
    "from another group": ([on_group("admin", "G/b"), BELOW], None),
    "from a group that begins alike": ([on_group("admin", "G/a/r"), BELOW], None),
    "another team's": ([on_group("admin", who="team:T/u"), BELOW], None),
    "a forge's own word": ([on_group("native:x"), BELOW], None),
}


@pytest.mark.parametrize("case", WHOLE)
def test_what_a_group_gives_is_not_given_again_below(case):
    wanted, level = WHOLE[case]
    said = inherited(("G/a/r", f"team:T/t has `{level}` on G/a/r from the group")) if level else []
    left = [one for one in wanted if one is not BELOW or not level]
    assert normal(wanted, traits=GROUPS) == (left, [], said)


def test_a_place_in_a_team_is_needless_only_for_who_administers_the_group_above():
    place, boss = TeamMember("G/t", "p1"), on_group("admin", who="person:p1")
    said = inherited(("G/t", "p1 has `admin` on G/t from the group above"))
    assert normal([boss, place], traits=GROUPS) == ([boss], [], said)
    lesser = replace(boss, level="maintain")
    assert normal([lesser, place], traits=GROUPS) == ([lesser, place], [], [])
    elsewhere = replace(boss, target="G/t")
    assert normal([elsewhere, place], traits=GROUPS) == ([elsewhere, place], [], [])


LEFT = {
    "ourselves": ({"me": "P1"}, {}, ("ourselves", "the account sigctl runs as")),
    "a bot": ({"accounts": {**PEOPLE, "p1": Account("p1", 1, "bot")}}, {}, ("bot", "a bot")),
    "one whom the policy names": ({}, {"left_alone": frozenset({"p1"})}, ("left alone", "named in the policy")),
}  # fmt: skip


@pytest.mark.parametrize("case", LEFT)
def test_rights_that_nobody_declared_are_left_alone_of(case):
    observed, asked, (topic, why) = LEFT[case]
    seen = [REPO, person("p1"), person("p2"), team("p1")]
    said = [(topic, "p1", f"rights of p1 are left alone: {why}")]
    assert normal([REPO], seen, asked=asked, **observed) == ([REPO], [REPO, person("p2"), team("p1")], said)
    declared = [REPO, person("p1", "read")]
    assert normal(declared, seen, asked=asked, **observed) == (declared, seen, [])


def test_nobody_is_taken_for_ourselves_where_we_have_no_login():
    seen = [REPO, team("O/t"), person("p1")]
    assert normal([REPO], seen, me="") == ([REPO], seen, [])


LEAD, MEMBER = TeamMember("O/t", "p1", "lead"), TeamMember("O/t", "p1", "member")


@pytest.mark.parametrize(
    ("wanted", "owner", "read_as"),
    [
        ([OWNER, MEMBER], OWNER, MEMBER),
        ([MEMBER], OWNER, MEMBER),
        ([replace(OWNER, role=None), MEMBER], OWNER, MEMBER),
        ([replace(OWNER, role="member"), MEMBER], OWNER, LEAD),
        ([OWNER], OWNER, LEAD),
        ([MEMBER], replace(OWNER, role="member"), LEAD),
        ([MEMBER], replace(OWNER, login="p2"), LEAD),
        ([MEMBER], replace(OWNER, org="P"), LEAD),
    ],
    ids=["stays", "nobody says", "nobody cares", "goes", "no place", "a member", "another", "elsewhere"],
)
def test_an_owner_reads_back_as_he_is_declared_in_a_team(wanted, owner, read_as):
    assert normal(wanted, [owner, LEAD])[1] == [owner, read_as]
    plain = replace(TRAITS, owners_lead_teams=False)
    assert normal(wanted, [owner, LEAD], plain)[1] == [owner, LEAD]


def test_archives_show_rights_as_reading_only_where_they_are_locked():
    shut = replace(REPO, archived=True)
    assert normal([shut, team("O/t")])[0] == [shut, team("O/t", "read")]
    assert normal([shut, team("O/t")], traits=replace(TRAITS, archived_locked=False))[0] == [
        shut,
        team("O/t"),
    ]


def test_labels_of_what_is_archived_are_left_out_where_archives_take_other_changes():
    shut, label = replace(REPO, archived=True), Label("O/r", "bug", "ff0000")
    loose = replace(TRAITS, kinds=TRAITS.kinds | {"label"}, archived_locked=False)
    said = [("archived", "O/r", "O/r is archived: its labels are left as they are")]
    assert normal([shut, label], [shut, label], loose) == ([shut], [shut], said)


def test_whoever_was_set_aside_is_told_of_with_the_reason_and_what_to_do():
    accounts = {**PEOPLE, "p1": Account("p1", 1, status="blocked")}
    found = normalise(desired_of(state([REPO, person("p1")])), observation_of({}, accounts=accounts), TRAITS)
    (one,) = found.set_aside
    assert (one.subject, one.reason, one.forge) == ("p1", "the account is blocked on this forge", "f")
    assert one.hint == "unblock it there, or take the person out of the files"
    assert Key("repo", "O/r") in found.desired


def test_where_grants_name_their_branches_rules_become_part_of_them():
    pattern = replace(TRAITS, kinds=TRAITS.kinds | {"branch_rule"}, push_by_pattern=True)
    wanted = [REPO, team("O/t"), team("O/u"), BranchRule("O/r", "c7", push=("team:O/t",), force=False)]
    left, _, said = normal(wanted, traits=pattern)
    assert left == [
        REPO,
        replace(team("O/t"), branches=()),
        replace(team("O/u"), level="triage", branches=()),
    ]
    assert [(topic, subject) for topic, subject, _ in said] == [
        ("rounded", "O/r"),
        ("unsupported", "branch rules"),
    ]


def test_where_the_server_works_rules_out_itself_rights_on_single_branches_are_not_compared():
    some = replace(team("O/t"), branches=("c7",))
    computed = {"capabilities": frozenset({COMPUTED_RULES})}
    assert normal([REPO, some, team("O/u")], [REPO, some], **computed)[:2] == ([REPO, team("O/u")], [REPO])
    assert normal([REPO, some], [REPO, some])[:2] == ([REPO, some], [REPO, some])


def test_what_a_team_has_from_the_team_above_is_no_difference():
    up, low = Team("O/up"), Team("O/t", parent="O/up")
    declared = [REPO, up, low, team("O/up", "admin"), team("O/t")]
    seen = [*declared[:4], replace(team("O/t", "admin"), state="inherited")]
    assert normal(declared, seen)[1] == [*declared[:4], replace(team("O/t"), state="inherited")]


def test_a_role_of_the_servers_own_and_a_place_that_is_filled_elsewhere_are_told_of():
    held = replace(person("p1"), by_role="auditor")
    filled = replace(TEAM, filled_by="the accounts")
    wanted = [REPO, TEAM, TeamMember("O/t", "p2")]
    left, seen, said = normal(wanted, [REPO, filled, held])
    assert (left, seen) == ([REPO, TEAM], [REPO, filled, held])
    assert [(topic, subject) for topic, subject, _ in said] == [("left alone", "O/t"), ("moment", "p1")]
