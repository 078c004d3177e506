"""Branch rules as rulesets: what is written reads back, and what someone changed by hand shows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from github_world import ME, ORG, World, world
from hypothesis import given
from hypothesis import strategies as st

from sigctl.core.kinds import BranchRule, Key, Repo
from sigctl.errors import NotThereError
from sigctl.forges.github.rulesets import left_out, parse, refs, rule_of, rulesets_of
from sigctl.sandbox.github.rules import glob

XEN = f"{ORG}/xen"
VIRT = f"team:{ORG}/virt"
SUBJECTS = (VIRT, f"team:{ORG}/core", "person:member1", "level:write", "level:maintain", "level:admin")
PATTERNS = ("*", "c8-sig-virt", "c8-sig-virt-*", "main")

subjects = st.none() | st.sets(st.sampled_from(SUBJECTS), max_size=3).map(lambda found: tuple(sorted(found)))
rules = st.builds(
    BranchRule,
    st.just(XEN),
    st.sampled_from(PATTERNS),
    push=subjects,
    merge=st.none(),
    create=subjects,
    force=st.booleans(),
    delete=st.booleans(),
    reviews=st.integers(0, 3),
    checks=st.sets(st.sampled_from(["ci/build", "ci/test"])).map(lambda found: tuple(sorted(found))),
)


@given(rules, st.sets(st.sampled_from(PATTERNS)))
def test_a_rule_reads_back_as_it_was_written(rule: BranchRule, others: set[str]) -> None:
    sets = {(parse(one.name) or ("",))[0]: one for one in rulesets_of(rule, others)}
    found = rule_of(XEN, "branch", rule.pattern, sets, others)
    assert replace(found, merge=None) == rule


def test_a_rule_that_allows_everything_still_keeps_wider_ones_away() -> None:
    (one,) = rulesets_of(BranchRule(XEN, "main"), PATTERNS)
    assert (one.rules, one.bypass) == (frozenset(), frozenset())
    assert parse(one.name) == ("history", "branch", "main")


def test_who_may_merge_goes_past_the_rule_in_merging_only() -> None:
    rule = BranchRule(
        XEN, "main", push=(), merge=(VIRT,), create=(), force=False, delete=False, reviews=2, checks=()
    )
    push, review, history = rulesets_of(rule, ["main"])
    assert push.bypass == {("owners", "always"), (VIRT, "pull_request")}
    assert review.bypass == {("owners", "always")}
    assert history.bypass == frozenset()
    parts = {"push": push, "review": review, "history": history}
    assert rule_of(XEN, "branch", "main", parts, ["main"]) == rule


@pytest.mark.parametrize(
    ("pattern", "branch", "matches"),
    [
        ("c8-sig-virt-*", "c8-sig-virt-xen", True),
        ("c8-sig-virt-*", "c8-sig-virt-xen/4.9", True),
        ("c8-sig-virt-*", "c8-sig-virt-xen/a/b", True),
        ("c8-sig-virt-*", "c8-sig-virtual", False),
        ("c8-sig-virt", "c8-sig-virt", True),
        ("c8-sig-virt", "c8-sig-virt-xen", False),
        ("*-old", "a/b-old", True),
    ],
)
def test_a_star_goes_over_slashes_as_ours_does(pattern: str, branch: str, matches: bool) -> None:  # noqa: FBT001  # a table
    found = any(glob(ref).fullmatch(f"refs/heads/{branch}") for ref in refs("branch", pattern))
    assert found is matches


def test_a_wider_rule_leaves_out_what_has_its_own() -> None:
    assert left_out("branch", "*", PATTERNS) == refs("branch", "main") | refs("branch", "c8-sig-virt") | refs(
        "branch", "c8-sig-virt-*"
    )
    assert left_out("branch", "main", PATTERNS) == frozenset()
    assert left_out("branch", "c8*", ["c8*", "c8**"]) == left_out("branch", "c8**", ["c8*"]) == frozenset()
    assert refs("branch", "*") == {"~ALL"}


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as one:
        one.join("member1", "member2")
        one.repo("xen", auto_init=True)
        one.team("virt")
        one.team("core")
        yield one


RULE = BranchRule(
    XEN,
    "c8-sig-virt-*",
    push=(VIRT,),
    merge=(VIRT,),
    create=(VIRT,),
    force=False,
    delete=False,
    reviews=0,
    checks=(),
)
NOBODY = replace(RULE, pattern="*", push=(), merge=(), create=())


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"push": (f"team:{ORG}/core", VIRT), "merge": (f"team:{ORG}/core", VIRT)},
        {"push": ("person:member1", VIRT), "merge": ("person:member1", VIRT)},
        {"push": ("level:maintain",), "merge": ("level:maintain",), "create": None},
        {"push": (), "merge": (VIRT,), "create": ()},
        {"create": ("person:member2",)},
        {"force": True},
        {"delete": True},
        {"reviews": 2},
        {"checks": ("ci/build", "ci/test"), "reviews": 1},
        {"push": None, "merge": None, "create": None},
        {"push": None, "merge": None, "create": None, "force": True, "delete": True},
    ],
)
def test_a_rule_changes_to_every_other_and_back(w: World, change: dict[str, Any]) -> None:
    changed = replace(RULE, **change)
    w.create(RULE)
    assert w.seen(BranchRule) == [RULE]
    w.do("update", RULE, changed)
    assert w.seen(BranchRule) == [changed]
    assert w.seen(BranchRule, narrow=True, repos=[XEN]) == [changed]
    w.do("update", changed, RULE)
    assert w.seen(BranchRule) == [RULE]
    w.do("delete", RULE, None)
    assert w.seen(BranchRule) == []
    assert w.api("GET", f"/repos/{XEN}/rulesets") == []
    w.do("delete", RULE, None)


def test_making_a_rule_twice_leaves_one(w: World) -> None:
    w.create(RULE)
    w.create(RULE)
    assert w.seen(BranchRule) == [RULE]
    assert len(w.api("GET", f"/repos/{XEN}/rulesets")) == 2


@pytest.mark.parametrize("order", [(RULE, NOBODY), (NOBODY, RULE)], ids=["narrow first", "wide first"])
def test_the_narrower_rule_decides_whatever_was_written_first(
    w: World, order: tuple[BranchRule, ...]
) -> None:
    for one in order:
        w.create(one)
    assert w.seen(BranchRule) == [NOBODY, RULE]
    assert pushed(w, "member1", "c8-sig-virt-xen") is False
    w.api("PUT", f"/repos/{XEN}/collaborators/member1", {"permission": "push"})
    w.api("PUT", f"/orgs/{ORG}/teams/virt/memberships/member1", {"role": "member"})
    assert pushed(w, "member1", "c8-sig-virt-xen") is True
    assert pushed(w, "member1", "c8-sig-virtual") is False
    w.do("delete", RULE, None)
    assert w.seen(BranchRule) == [NOBODY]
    assert pushed(w, "member1", "c8-sig-virt-other") is False


def pushed(w: World, login: str, branch: str) -> bool:
    """Make a branch by the API as this person, which the rules judge like a push."""
    sha = w.api("GET", f"/repos/{XEN}/git/ref/heads/main")["object"]["sha"]
    try:
        w.api("POST", f"/repos/{XEN}/git/refs", {"ref": f"refs/heads/{branch}", "sha": sha}, as_=login)
    except AssertionError:
        return False
    return True


TAMPERED: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("push", {"enforcement": "disabled"}, {"push": None, "merge": None, "create": None}),
    (
        "push",
        {"conditions": {"ref_name": {"include": ["refs/heads/other"]}}},
        {"push": None, "merge": None, "create": None},
    ),
    (
        "push",
        {
            "conditions": {
                "ref_name": {
                    "include": sorted(refs("branch", RULE.pattern)),
                    "exclude": ["refs/heads/c8-sig-virt-x"],
                }
            }
        },
        {"push": None, "merge": None, "create": None},
    ),
    ("history", {"enforcement": "evaluate"}, {"force": True, "delete": True}),
    ("history", {"rules": [{"type": "deletion"}]}, {"force": True}),
    (
        "history",
        {"bypass_actors": [{"actor_id": 4, "actor_type": "RepositoryRole", "bypass_mode": "always"}]},
        {"force": True, "delete": True},
    ),
]


@pytest.mark.parametrize(("part", "body", "shows"), TAMPERED)
def test_what_someone_changed_by_hand_shows_and_heals(
    w: World, part: str, body: dict[str, Any], shows: dict[str, Any]
) -> None:
    w.create(RULE)
    (number,) = [one["id"] for one in w.api("GET", f"/repos/{XEN}/rulesets") if f" {part} " in one["name"]]
    w.api("PUT", f"/repos/{XEN}/rulesets/{number}", body)
    (seen,) = w.seen(BranchRule)
    assert seen == replace(RULE, **shows)
    w.do("update", seen, RULE)
    assert w.seen(BranchRule) == [RULE]


def test_a_person_who_was_let_in_by_hand_shows_even_in_a_mode_that_graphql_does_not_know(w: World) -> None:
    w.create(RULE)
    (number,) = [one["id"] for one in w.api("GET", f"/repos/{XEN}/rulesets") if " push " in one["name"]]
    actors = w.api("GET", f"/repos/{XEN}/rulesets/{number}")["bypass_actors"]
    person = {
        "actor_id": w.api("GET", "/users/outsider")["id"],
        "actor_type": "User",
        "bypass_mode": "exempt",
    }
    w.api("PUT", f"/repos/{XEN}/rulesets/{number}", {"bypass_actors": [*actors, person]})
    (seen,) = w.seen(BranchRule)
    assert seen.push == ("person:outsider", VIRT)


def test_actors_we_have_no_word_for_show_and_survive_a_change_of_something_else(w: World) -> None:
    w.create(RULE)
    (number,) = [one["id"] for one in w.api("GET", f"/repos/{XEN}/rulesets") if " push " in one["name"]]
    actors = w.api("GET", f"/repos/{XEN}/rulesets/{number}")["bypass_actors"]
    odd = [
        {"actor_id": 77, "actor_type": "Integration", "bypass_mode": "always"},
        {"actor_id": 4, "actor_type": "RepositoryRole", "bypass_mode": "always"},
        {"actor_id": None, "actor_type": "DeployKey", "bypass_mode": "always"},
    ]
    w.api("PUT", f"/repos/{XEN}/rulesets/{number}", {"bypass_actors": [*actors, *odd]})
    (seen,) = w.seen(BranchRule)
    assert seen.push == ("native:DeployKey:0", "native:Integration:77", "native:RepositoryRole:4", VIRT)
    w.do("update", seen, replace(seen, reviews=1))
    assert w.seen(BranchRule) == [replace(seen, reviews=1)]
    w.do("update", replace(seen, reviews=1), RULE)
    assert w.seen(BranchRule) == [RULE]


def test_a_team_that_was_deleted_lets_nobody_in(w: World) -> None:
    w.create(RULE)
    w.api("DELETE", f"/orgs/{ORG}/teams/virt")
    (seen,) = w.seen(BranchRule)
    assert (seen.push, seen.create) == ((), ())


def test_rules_of_others_are_noted_and_left_alone(w: World) -> None:
    w.api(
        "POST",
        f"/repos/{XEN}/rulesets",
        {"name": "by hand", "enforcement": "active", "rules": [{"type": "deletion"}]},
    )
    w.create(RULE)
    w.do("delete", RULE, None)
    assert [note.text for note in w.observe().notes] == ["the ruleset `by hand` is not ours: left alone"]
    assert [one["name"] for one in w.api("GET", f"/repos/{XEN}/rulesets")] == ["by hand"]


def test_a_rule_whose_making_was_lost_is_made_once(w: World) -> None:
    w.sandbox.faults.replace(
        [
            {
                "when": {"operation": "repos/create-repo-ruleset", "nth": 1},
                "what": {"status": 502, "after": True},
            }
        ]
    )
    w.create(RULE)
    assert w.seen(BranchRule) == [RULE]
    assert w.sent()["repos/create-repo-ruleset"] == 2


def test_actors_that_are_hidden_are_not_taken_for_none(w: World) -> None:
    w.create(RULE)
    page = {"pageInfo": {"hasNextPage": False, "endCursor": None}}
    sets = {
        "id": "R",
        "databaseId": 1,
        "name": "sigctl push branch x",
        "rules": {**page, "nodes": []},
        "bypassActors": None,
    }
    node = {
        "id": "R",
        "nameWithOwner": XEN,
        "rulesets": {**page, "nodes": [sets]},
        "branchProtectionRules": {"nodes": []},
    }
    data = {"organization": {"repositories": {**page, "nodes": [node]}}}
    w.sandbox.faults.replace(
        [{"when": {"operation": "Rules"}, "what": {"status": 200, "body": {"data": data}}}]
    )
    found = w.observe()
    assert list(found.unread) == [Key("repo", XEN)], "nothing is said of the rules of this one"
    assert "branch_rule" in found.unread[Key("repo", XEN)].kinds
    assert "bypassActors" in found.unread[Key("repo", XEN)].reason
    assert not [one for one in found.state.values() if isinstance(one, BranchRule) and one.repo == XEN]


def test_a_rule_that_names_an_unknown_team_is_not_written(w: World) -> None:
    with pytest.raises(NotThereError, match="no such team"):
        w.create(replace(RULE, push=(f"team:{ORG}/nowhere",), create=(f"team:{ORG}/nowhere",)))
    assert w.seen(BranchRule) == []


def test_a_repository_that_was_just_made_may_not_have_its_parts_yet(tmp_path: Path) -> None:
    with world(tmp_path, knobs={"not_yet": 3}) as w:
        w.create(Repo(XEN, visibility="private"))
        w.create(replace(RULE, push=None, merge=None, create=None))
        assert [one.force for one in w.seen(BranchRule)] == [False]


def test_a_rule_moves_with_its_repository(w: World) -> None:
    w.create(RULE)
    w.do("move", Repo(XEN), Repo(f"{ORG}/xen5"))
    assert w.seen(BranchRule) == [replace(RULE, repo=f"{ORG}/xen5")]
    assert w.observe().me == ME
