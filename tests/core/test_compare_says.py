"""What a plan says beside its actions: what others do by hand, moments, orgs that are missing, parts that nobody declared, costs."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import TRAITS, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.filled import filled_elsewhere
from sigctl.core.kinds import (
    BranchRule,
    ClassicRule,
    DeployKey,
    Grant,
    Key,
    Label,
    Org,
    Repo,
    Team,
    TeamMember,
    Webhook,
)
from sigctl.core.own_roles import told
from sigctl.core.parts import surplus, undeclared
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import Note, SetAside, state

FREE = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)
ORG, REPO, TEAM = Org("O"), Repo("O/r"), Team("O/t")
WRITE = Grant("repo", "O/r", "team:O/t", "write", "")
SIGS = {REPO.key: "virt", WRITE.key: "virt"}


def planned(wanted, seen, traits=TRAITS, me="bot", reads=0, **fields):
    desired = desired_of(state(wanted), forge="hub", sigs=SIGS, **fields)
    return compare(desired, observation_of(state(seen), forge="hub", me=me, reads=reads), traits, FREE).plan


def test_what_the_servers_admin_does_is_told_with_name_and_account():
    traits = replace(TRAITS, by_hand={"create repo": "make {name} and give it to {me}"})
    found = planned([ORG, REPO], [ORG], traits)
    assert found.notes == (Note("by hand", "O/r", "make O/r and give it to bot", "hub", "virt"),)
    assert planned([ORG, REPO], [ORG, REPO], traits).notes == ()


def test_a_right_on_some_branches_is_told_with_the_branches():
    traits = replace(TRAITS, by_hand={"branches": "give {subject} {branches} on {target}"})
    some = replace(WRITE, branches=("a", "b"))
    (note,) = planned([REPO, TEAM, some], [REPO, TEAM], traits).notes
    assert note == Note("by hand", "O/r", "give team:O/t a,b on O/r", "hub", "virt")
    for all_ in (WRITE, replace(WRITE, branches=())):
        assert planned([REPO, TEAM, all_], [REPO, TEAM], traits).notes == ()
    assert planned([REPO, TEAM, some], [REPO, TEAM], TRAITS).notes == ()


def test_a_team_whose_level_changes_is_out_for_a_moment_where_that_is_so():
    gap = replace(TRAITS, share_gap=True)
    person = replace(WRITE, subject="person:p1")
    seen = [REPO, TEAM, replace(WRITE, level="read"), replace(person, level="read")]
    found = planned([REPO, TEAM, WRITE, person], seen, gap).notes
    assert found == (Note("moment", "O/r", "O/t is out of O/r for a moment", "hub"),)
    assert planned([REPO, TEAM, WRITE, person], seen).notes == ()
    assert planned([REPO, TEAM, WRITE], [REPO, TEAM], gap).notes == ()


def test_an_org_that_is_not_there_is_set_aside_where_nobody_can_make_one():
    found = planned([ORG, Org("P")], [ORG])
    assert found.quarantined == (
        SetAside(
            "P",
            "the org does not exist, and this forge lets nobody create one by API",
            "hub",
            "",
            "make it by hand, then run again",
        ),
    )
    assert planned([ORG], [ORG]).quarantined == ()
    assert planned([ORG], [], replace(TRAITS, nested_orgs=True)).quarantined == ()


def test_a_plan_says_how_many_requests_it_took_and_will_take():
    cost = planned([ORG, REPO, TEAM, WRITE], [ORG], reads=7).cost
    assert (cost.reads, cost.writes, cost.seconds) == (7, 3, 1.5)


FILLED = replace(TEAM, filled_by="the accounts")
PLACE = TeamMember("O/t", "p1")
GROUP = Grant("org", "O", "person:p1", "write", "")


def test_who_is_in_a_team_that_is_filled_elsewhere_is_left_alone_and_told_of():
    notes = []
    other = TeamMember("O/u", "p1")
    sides = filled_elsewhere([TEAM, PLACE, other, WRITE], [FILLED, replace(PLACE, login="p2"), other], notes)
    assert sides == ([TEAM, other, WRITE], [FILLED, other])
    text = "who is in O/t is decided by the accounts: the files change nothing there"
    assert notes == [Note("left alone", "O/t", text)]


@pytest.mark.parametrize(
    ("seen", "vain"),
    [([], True), ([replace(GROUP, level="read")], True), ([GROUP], False)],
    ids=["not there", "another level", "as declared"],
)
def test_what_the_files_give_in_vain_on_a_group_is_told_of(seen, vain):
    notes = []
    group = replace(ORG, filled_by="the accounts")
    team_right = replace(GROUP, subject="team:O/t")
    wanted = [ORG, GROUP, team_right, replace(WRITE, subject="person:p1")]
    ours, theirs = filled_elsewhere(wanted, [group, *seen], notes)
    assert (ours, theirs) == ([ORG, team_right, wanted[-1]], [group])
    text = "the files give p1 `write` on O, which only the accounts can"
    assert notes[1:] == ([Note("left alone", "O", text)] if vain else [])


def test_where_nothing_is_filled_elsewhere_all_stays():
    notes = []
    wanted, seen = [TEAM, PLACE], [TEAM, PLACE]
    assert filled_elsewhere(wanted, seen, notes) == (wanted, seen)
    assert notes == []


ROLE = replace(GROUP, by_role="auditor")
SAYS = "the role `auditor` of p1 on O, which is based on `write`"
ROLES = {
    "left where the files give as much": ([GROUP], ROLE, ("left alone", f"{SAYS}, is left as it is")),
    "lost where they give something else": (
        [replace(GROUP, level="read")],
        replace(ROLE, by_role=None),
        ("moment", f"{SAYS}, is lost: the files give `read`"),
    ),
    "gone where they give nothing": ([], ROLE, ("moment", f"{SAYS}, goes: no file gives him anything there")),
}


@pytest.mark.parametrize("case", ROLES)
def test_a_role_of_the_servers_own_is(case):
    wanted, left, (topic, text) = ROLES[case]
    notes = []
    desired = desired_of(state(wanted), managed=frozenset({ORG.key}), forge="hub")
    assert told([ORG, ROLE, PLACE], wanted, desired, notes) == [ORG, left, PLACE]
    assert notes == [Note(topic, "p1", text, "hub")]


def test_a_role_in_a_place_that_nobody_manages_or_cares_about_is_left():
    lead = TeamMember("O/t", "p1", "lead", by_role="auditor")
    for wanted, managed in (
        ([], frozenset()),
        ([replace(lead, role=None, by_role=None)], frozenset({TEAM.key})),
    ):
        notes = []
        assert told([lead], wanted, desired_of(state(wanted), managed=managed), notes) == [lead]
        assert [one.text for one in notes] == [
            "the role `auditor` of p1 on O/t, which is based on `lead`, is left as it is"
        ]


def test_where_nobody_has_such_a_role_nothing_is_said():
    notes = []
    seen = [ORG, GROUP, PLACE]
    assert told(seen, [], desired_of({}), notes) is seen
    assert notes == []


LABEL, HOOK = Label("O/r", "bug"), Webhook("repo", "O/r", "host#12", ("issue", "push"))
KEY, PUSHES = DeployKey("O/r", "SHA256:x"), DeployKey("O/r", "SHA256:y", write=True, title="bot")
OLD = ClassicRule("O/r", "c7", "one review")
RULE = BranchRule("O/r", "c*")


def whole(*kinds):
    return {"parts": frozenset(Key(kind, "O/r") for kind in kinds)}


def said(wanted, seen, **fields):
    desired = desired_of(state(wanted), forge="hub", sigs=SIGS, **fields)
    return undeclared(state(wanted), state(seen), desired)


def note(text, sig="virt"):
    return [Note("undeclared", "O/r", text, "hub", sig)]


PARTS = {
    "labels, where the files say all": (
        [REPO],
        [LABEL, Label("O/r", "a")],
        whole("label"),
        note("labels that no file declares: a, bug"),
    ),
    "the first five of many": (
        [REPO],
        [Label("O/r", f"l{n}") for n in range(7)],
        whole("label"),
        note("labels that no file declares: l0, l1, l2, l3, l4 and 2 more"),
    ),
    "no more than five": (
        [REPO],
        [Label("O/r", f"l{n}") for n in range(5)],
        whole("label"),
        note("labels that no file declares: l0, l1, l2, l3, l4"),
    ),
    "no labels where the files do not": ([REPO], [LABEL], {}, []),
    "no labels that are declared": ([REPO, LABEL], [LABEL], whole("label"), []),
    "no labels where the policy says so": (
        [REPO],
        [LABEL],
        {**whole("label"), "undeclared": {"labels": "ignore"}},
        [],
    ),
    "no labels that go": ([REPO], [LABEL], {**whole("label"), "undeclared": {"labels": "remove"}}, []),
    "webhooks by host and events": (
        [REPO],
        [HOOK, replace(HOOK, place="else#1", events=())],
        whole("webhook"),
        note("webhooks that no file declares: else (nothing), host (issue, push)"),
    ),
    "keys of declared repositories, by what they may": (
        [REPO],
        [KEY, PUSHES],
        {"managed": frozenset()},
        note("deploy keys that no file declares: SHA256:x (reads), bot (may push)"),
    ),
    "no keys of others": ([ORG], [KEY], {}, []),
    "an older protection with what it asks": (
        [REPO],
        [OLD],
        {},
        note("the branch protection of `c7` (one review) is not ours: left alone", ""),
    ),
    "one that asks nothing": (
        [REPO],
        [replace(OLD, terms="")],
        {},
        note("the branch protection of `c7` is not ours: left alone", ""),
    ),
    "that it could be replaced": (
        [REPO, RULE],
        [OLD],
        {},
        note(
            "the branch protection of `c7` (one review) is not ours: left alone; the rules of the files cover it, "
            "`classic_protection: replace` takes it away once they hold",
            "",
        ),
    ),
    "why it is not replaced": (
        [REPO, replace(RULE, pattern="d*")],
        [OLD],
        {"classic": "replace"},
        note(
            "the branch protection of `c7` (one review) is not ours: left alone, since no rule of the files covers all of it",
            "",
        ),
    ),
    "nothing of one that is replaced": ([REPO, RULE], [OLD], {"classic": "replace"}, []),
    "that it is not, where nobody manages": (
        [REPO],
        [OLD],
        {"classic": "replace", "managed": frozenset()},
        note("the branch protection of `c7` (one review) is not ours: left alone", ""),
    ),
}


@pytest.mark.parametrize("case", PARTS)
def test_of_parts_that_nobody_declared_it_says(case):
    wanted, seen, fields, notes = PARTS[case]
    assert said(wanted, seen, **fields) == notes


GOES = {
    "a key where the files say all": (KEY, whole("deploy_key"), True),
    "a key where the policy says so": (KEY, {"undeclared": {"deploy_keys": "remove"}}, True),
    "no key of a repository that nobody manages": (
        KEY,
        {"undeclared": {"deploy_keys": "remove"}, "managed": frozenset()},
        False,
    ),
    "a key of one where the files say all and the policy too": (
        KEY,
        {**whole("deploy_key"), "undeclared": {"deploy_keys": "remove"}, "managed": frozenset()},
        True,
    ),
    "no key where only the files say all, of a repository that nobody manages": (
        KEY,
        {**whole("deploy_key"), "managed": frozenset()},
        False,
    ),
    "no key that is only told of": (KEY, {}, False),
    "a label where both say so": (LABEL, {**whole("label"), "undeclared": {"labels": "remove"}}, True),
    "no label where only the policy does": (LABEL, {"undeclared": {"labels": "remove"}}, False),
    "no label where only the files do": (LABEL, whole("label"), False),
    "no label for another kind's sake": (LABEL, {**whole("webhook"), "undeclared": {"labels": "remove"}}, False),
    "nothing that stands by itself": (Repo("O/s"), {}, False),
    "an older protection that ours cover": (OLD, {"classic": "replace"}, True),
    "no such where it is only reported": (OLD, {}, False),
    "no such of tags": (OLD, {"classic": "replace", "wanted": replace(RULE, on="tag")}, False),
    "no such of another repository": (OLD, {"classic": "replace", "wanted": replace(RULE, repo="O/s")}, False),
    "no such that ours cover in part": (OLD, {"classic": "replace", "wanted": replace(RULE, pattern="c7?")}, False),
}  # fmt: skip


@pytest.mark.parametrize("case", GOES)
def test_it_goes(case):
    one, fields, goes = GOES[case]
    fields = dict(fields)
    wanted = state([REPO, fields.pop("wanted", RULE)])
    assert surplus(one, wanted, desired_of(wanted, **fields)) is goes
