"""Who may do what to which branch: how each kind of forge adds up rules, and what the answer rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.access_leaving import leaving
from sigctl.core.access_rules import Judge
from sigctl.core.access_table import KEY, MIRRORER, STRANGER, Names, Side, Wanted, rows
from sigctl.core.history import End, Hop
from sigctl.core.kinds import BranchRule, DeployKey, Grant, Membership, Org, Repo, Team, TeamMember
from sigctl.core.state import state
from sigctl.forges import traits_of

GITHUB, PAGURE = traits_of("github"), traits_of("pagure")
GITLAB = replace(traits_of("gitlab"), kinds=GITHUB.kinds)
BLIND = replace(GITLAB, kinds=GITHUB.kinds - {"branch_rule"})
HELD = [
    Org("O"), Repo("O/r", default_branch="main", visibility="public", filled=True), Repo("O/old", archived=True),
    Team("O/t"), Team("O/u"), TeamMember("O/t", "member"), TeamMember("O/u", "other"),
    Membership("O", "owner", "owner"), Membership("O", "member"), Membership("O", "other"),
    Grant("repo", "O/r", "team:O/t", "write"), Grant("repo", "O/r", "team:O/u", "maintain"),
    Grant("repo", "O/r", "person:reader", "read"), Grant("repo", "O/r", "person:odd", "native:auditor"),
    Grant("repo", "O/old", "team:O/t", "write"),
]  # fmt: skip
MINE, NOBODY = ("team:O/t",), ()


def rule(pattern, push=None, **fields):
    return BranchRule("O/r", pattern, push=push, **{"create": push, **fields})


def judge(traits, *rules):
    return Judge(state([*HELD, *rules]), traits)


CASES = {
    # forge, rules, who, verb, branch: may
    "no rule: whoever may write": (GITHUB, [], "member", "push", "x", True),
    "reading is not enough": (GITHUB, [], "reader", "push", "x", False),
    "a word of the forge may be anything": (GITHUB, [], "odd", "push", "x", None),
    "no right at all": (GITHUB, [], "outsider", "push", "x", False),
    "named team": (GITHUB, [rule("c7", MINE)], "member", "push", "c7", True),
    "another team": (GITHUB, [rule("c7", MINE)], "other", "push", "c7", False),
    "nobody": (GITHUB, [rule("c7", NOBODY)], "member", "push", "c7", False),
    "an owner passes by": (GITHUB, [rule("c7", NOBODY)], "owner", "push", "c7", True),
    "no owner passes by on gitlab": (GITLAB, [rule("c7", NOBODY)], "owner", "push", "c7", False),
    "github: the narrower rule decides": (
        GITHUB, [rule("*", NOBODY), rule("c7-*", MINE)], "member", "push", "c7-x", True,
    ),
    "github: a wider rule does not let in": (
        GITHUB, [rule("*", MINE), rule("c7-*", NOBODY)], "member", "push", "c7-x", False,
    ),
    "gitlab: the more open rule decides": (
        GITLAB, [rule("*", MINE), rule("c7-*", NOBODY)], "member", "push", "c7-x", True,
    ),
    "github: rules that only cross hold both": (
        GITHUB, [rule("c7-*", MINE), rule("*-x", ("team:O/u",))], "member", "push", "c7-x", False,
    ),
    "a prefix is not a namespace": (GITHUB, [rule("c7-sig-cloud-*", MINE)], "other", "push", "c7-sig-cloudy", True),
    "a level and up": (GITLAB, [rule("c7", ("level:maintain",))], "other", "push", "c7", True),
    "below the level": (GITLAB, [rule("c7", ("level:maintain",))], "member", "push", "c7", False),
    "gitlab: a rule without pushers is for maintainers": (GITLAB, [rule("c7", force=False)], "member", "push", "c7", False),
    "github: a rule without pushers is for writers": (GITHUB, [rule("c7", force=False)], "member", "push", "c7", True),
    "github: reviews keep out who is not named": (GITHUB, [rule("c7", reviews=1)], "member", "push", "c7", False),
    "github: who is named needs no review": (GITHUB, [rule("c7", MINE, reviews=1)], "member", "push", "c7", True),
    "github: a reviewed branch is merged into": (GITHUB, [rule("c7", reviews=1)], "member", "merge", "c7", True),
    "github: merging is for those who push": (GITHUB, [rule("c7", MINE)], "other", "merge", "c7", False),
    "merging for others besides": (GITHUB, [rule("c7", NOBODY, merge=MINE)], "member", "merge", "c7", True),
    "gitlab: merging apart from pushing": (GITLAB, [rule("c7", NOBODY, merge=MINE)], "member", "merge", "c7", True),
    "creating apart from pushing": (GITHUB, [rule("c7", NOBODY, create=MINE)], "member", "create", "c7", True),
    "no force push": (GITHUB, [rule("c7", MINE, force=False)], "member", "force", "c7", False),
    "no force push for owners either": (GITHUB, [rule("c7", MINE, force=False)], "owner", "force", "c7", False),
    "force push": (GITLAB, [rule("c7", MINE, force=True)], "member", "force", "c7", True),
    "gitlab: no force push": (GITLAB, [rule("c7", MINE, force=False)], "member", "force", "c7", False),
    "gitlab: what a rule covers is not deleted": (GITLAB, [rule("c7", MINE)], "member", "delete", "c7", False),
    "github: deletion forbidden": (GITHUB, [rule("c7", MINE, delete=False)], "member", "delete", "c7", False),
    "the default branch stays": (GITHUB, [], "member", "delete", "main", False),
    "any other goes": (GITHUB, [], "member", "delete", "x", True),
    "rules not read: the default branch is unknown": (BLIND, [], "member", "push", "main", None),
    "rules not read: maintainers may": (BLIND, [], "other", "push", "main", True),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_may(case):
    traits, rules, who, verb, branch, may = CASES[case]
    says = judge(traits, *rules).may(verb, who, "O/r", branch)
    assert says.may is may, says.why


def test_nothing_is_pushed_to_an_archive():
    says = judge(GITHUB).may("push", "member", "O/old", "main")
    assert (says.may, says.why) == (False, "the repository is archived")


def test_the_answer_says_what_it_rests_on():
    found = judge(GITHUB, rule("c7", MINE), rule("c8", NOBODY))
    assert found.may("push", "member", "O/r", "c7").why == "rule c7: team:O/t"
    assert found.may("push", "other", "O/r", "c7").why == "rule c7: only team:O/t"
    assert found.may("push", "member", "O/r", "c8").why == "rule c8: nobody"
    passed = found.may("push", "owner", "O/r", "c8")
    assert passed.past
    assert passed.why == "rule c8: passed by as owner of O"


@pytest.mark.parametrize(
    ("branches", "branch", "may"),
    [
        ((), "c7", True),
        (("c7-sig-virt", "c7-sig-virt-*"), "c7-sig-virt-xen", True),
        (("c7-sig-virt", "c7-sig-virt-*"), "c7-sig-virtual", False),
        (("c7-sig-virt", "c7-sig-virt-*"), "c7", False),
    ],
)
def test_where_grants_name_their_branches(branches, branch, may):
    grants = [Grant("repo", "rpms/xen", "team:sig-virt", "write", branches=branches)]
    held = state([Org("rpms"), Repo("rpms/xen"), Team("sig-virt"), TeamMember("sig-virt", "member"), *grants])
    assert Judge(held, PAGURE).may("push", "member", "rpms/xen", branch).may is may


def side(*more, traits=GITHUB, hops=(), me=""):
    names = Names(
        {"O/r": "virt/xen", "O/old": "virt/old"}, {"O/t": "virt/packagers"}, {"member": "m", "owner": "o"}
    )
    return Side("forge", Judge(state([*HELD, *more]), traits), names, hops, me)


def test_rows_are_named_as_in_the_files_and_strangers_are_told_apart():
    found = {(row.repo, row.who): row for row in rows(side(), Wanted())}
    assert found["virt/xen", "m"].routes[0].via == ("team:virt/packagers",)
    assert found["virt/xen", "other"].kind == STRANGER
    assert ("virt/old", "o") in found


def test_rows_are_asked_for_by_name_person_team_and_sig():
    def asked(**fields):
        return {(row.repo, row.who) for row in rows(side(), Wanted(**fields))}

    assert asked(people=frozenset({"m"})) == {("virt/xen", "m"), ("virt/old", "m")}
    assert asked(teams=frozenset({"virt/packagers"})) == {("virt/xen", "m"), ("virt/old", "m")}
    assert {repo for repo, _ in asked(repos=frozenset({"xen"}))} == {"virt/xen"}
    assert {repo for repo, _ in asked(repos=frozenset({"O/*"}))} == {"virt/xen", "virt/old"}
    assert asked(sigs=frozenset({"cloud"})) == set()


def test_the_account_that_brings_histories_and_deploy_keys_are_rows_too():
    hop = Hop(
        "virt",
        "xen",
        End(url="https://example.org/xen.git"),
        End("forge", "O/r"),
        include=("refs/heads/c7", "refs/tags/*"),
    )
    key = DeployKey("O/r", "SHA256:abc", write=True, title="builder")
    found = {row.kind: row for row in rows(side(key, hops=(hop,), me="bot"), Wanted())}
    assert found[MIRRORER].who == "bot"
    assert found[MIRRORER].can.push == ("c7",)
    assert found[KEY].who == "builder"
    assert found[KEY].can.push == ("",)


def test_what_nobody_could_do_if_somebody_left():
    gone = leaving([side(rule("c7", MINE))], "m", roles=["chair of virt"], owners=2)
    assert {row.repo for row in gone.rows} == {"virt/xen", "virt/old"}
    assert gone.teams == (("forge", "virt/packagers"),)
    assert gone.roles == ("chair of virt",)
    texts = {(gap.thing, gap.text) for gap in gone.gaps}
    assert ("virt/packagers", "nobody is left in the team") in texts
    assert not any("push" in text for _, text in texts), "an owner still may"
    last = leaving([side(rule("c7", MINE))], "o", owners=2)
    assert ("O", "0 owners are left, 2 asked for") in {(gap.thing, gap.text) for gap in last.gaps}
    assert ("virt/xen", "nobody else has admin or more") in {(gap.thing, gap.text) for gap in last.gaps}


def test_a_branch_that_only_one_person_may_push_is_told_of():
    held = [one for one in HELD if not isinstance(one, Membership)]
    names = Names({"O/r": "virt/xen"}, {}, {"member": "m"})
    only = Side("forge", Judge(state([*held, rule("c7", ("person:member",))]), GITHUB), names)
    assert "nobody else may push c7" in {gap.text for gap in leaving([only], "m").gaps}
