"""A change of branch rules that ends between any two of its requests, and the next run: nobody can do more than before or after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from github_world import ORG, World, world

from sigctl.core.access_rules import Judge
from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Key, Resource, TeamMember
from sigctl.core.policy import Policy
from sigctl.core.state import Desired, state
from sigctl.executor import Executor
from sigctl.forges.github.traits import TRAITS
from sigctl.sandbox.base import ZERO, Update
from sigctl.sandbox.github import rules

XEN = f"{ORG}/xen"
CORE, VIRT = f"team:{ORG}/core", f"team:{ORG}/virt"
SEATS = (
    TeamMember(f"{ORG}/core", "member1"),
    TeamMember(f"{ORG}/virt", "member2"),
    TeamMember(f"{ORG}/virt", "member3"),
)
BRANCHES = ("c7", "c7-sig", "c7-sig-x", "c7-x", "main", "other")
ONE, OTHER = "1" * 40, "2" * 40
Able = frozenset[tuple[str, str, str]]


def rule(pattern: str, *push: str, **more: Any) -> BranchRule:
    """Return a rule that lets these push, and nobody force or delete."""
    sides = tuple(sorted(push))
    given: dict[str, Any] = {"force": False, "delete": False, "reviews": 0, "checks": (), **more}
    return BranchRule(XEN, pattern, push=sides, merge=sides, create=given.pop("create", sides), **given)


def free(pattern: str) -> BranchRule:
    """Return a rule that keeps nobody out: what it names is no matter of wider ones."""
    return BranchRule(XEN, pattern, force=True, delete=True, reviews=0, checks=())


WIDE = rule("*", CORE)
STORIES: dict[str, tuple[Sequence[Resource], Sequence[Resource]]] = {
    "a narrower one comes": ((WIDE,), (WIDE, rule("c7-*", VIRT))),
    "a narrower one comes for the same people": ((WIDE,), (WIDE, rule("c7-*", CORE))),
    "a narrower one goes": ((WIDE, rule("c7-*", VIRT)), (WIDE,)),
    "two narrower ones come": ((WIDE,), (WIDE, rule("c7-*", VIRT), rule("main", VIRT))),
    "one of all four parts comes": ((WIDE,), (WIDE, rule("c7-*", VIRT, create=(CORE,), reviews=1))),
    "one of all four parts goes": ((WIDE, rule("c7-*", VIRT, create=(CORE,), reviews=1)), (WIDE,)),
    "one that keeps nobody out comes": ((WIDE,), (WIDE, free("c7-*"))),
    "one that keeps nobody out goes": ((WIDE, free("c7-*")), (WIDE,)),
    "both come": ((), (WIDE, rule("c7-*", VIRT))),
    "both go": ((WIDE, rule("c7-*", VIRT)), ()),
    "the wider one comes": ((rule("c7-*", VIRT),), (WIDE, rule("c7-*", VIRT))),
    "the wider one goes for the narrower": ((WIDE,), (rule("c7-*", VIRT),)),
    "the wider one comes for the narrower": ((rule("c7-*", VIRT),), (WIDE,)),
    "the wider one changes, a narrower one comes": ((WIDE,), (rule("*", VIRT), rule("c7-*", CORE))),
    "the wider one opens, a narrower one comes": (
        (WIDE,),
        (rule("*", CORE, force=True, delete=True), rule("c7-*", CORE)),
    ),
    "one between comes": (
        (WIDE, rule("c7-sig*", VIRT)),
        (WIDE, rule("c7-*", CORE, VIRT), rule("c7-sig*", VIRT)),
    ),
    "one between goes": (
        (WIDE, rule("c7-*", CORE, VIRT), rule("c7-sig*", VIRT)),
        (WIDE, rule("c7-sig*", VIRT)),
    ),
    "one below two comes": ((WIDE, rule("c7-*", VIRT)), (WIDE, rule("c7-*", VIRT), rule("c7-sig*", VIRT))),
    "the wider one is of a team that somebody leaves": (
        (WIDE, *SEATS),
        (rule("*", VIRT), rule("c7-*", CORE), *SEATS[:2]),
    ),
}


ALWAYS = (
    "a narrower one comes",
    "one of all four parts goes",
    "one that keeps nobody out comes",
    "the wider one opens, a narrower one comes",
    "the wider one is of a team that somebody leaves",
)
"""Those that are tried at every run of the tests."""


@dataclass
class Watch:
    """What people could do after each request; from the request on that it is told, nothing is answered any more."""

    world: World | None = None
    ever: set[tuple[str, str, str]] = field(default_factory=set)
    writes: int = 0
    last: int = 0

    def __call__(self, boundary: Any) -> None:
        if self.world is None or boundary.side != "after" or boundary.method == "GET":
            return
        if "graphql" in boundary.path:
            return
        self.ever |= able(self.world)
        self.writes += 1
        if self.writes == self.last:
            self.world.sandbox.faults.replace([{"when": {}, "what": {"status": 422}}])

    @contextmanager
    def watching(self, world_: World, last: int = 0) -> Iterator[None]:
        """Look from now on; where `last` is a number, that many writes are the last that is answered."""
        self.world, self.ever, self.writes, self.last = world_, set(able(world_)), 0, last
        yield
        self.world = None
        world_.sandbox.faults.replace([])


def able(w: World) -> Able:
    """Return what each person who may write can do to each branch."""
    forge_state = w.sandbox.forges["github"].state
    repo = forge_state.find_repo(*XEN.split("/"))
    found = set()
    for login in ("member1", "member2", "member3"):
        user = forge_state.account(login)["id"]
        for branch in BRANCHES:
            for old, new, word in ((ZERO, ONE, "create"), (ONE, OTHER, "push"), (ONE, ZERO, "delete")):
                refused = rules.refusal(forge_state, repo, user, Update(old, new, f"refs/heads/{branch}"))
                if refused is None or refused.only_force:
                    found.add((login, branch, word))
                if refused is None and word == "push":
                    found.add((login, branch, "force"))
    return frozenset(found)


def settle(w: World, wanted: Sequence[Resource]) -> int:
    """Make it so in one run of a plan, and return how many actions did not come to be."""
    facts = [one for one in w.observe().state.values() if one.KIND in ("repo", "org", "team", "grant")]
    seats = {} if any(isinstance(one, TeamMember) for one in wanted) else {one.key: one for one in SEATS}
    whole = state([*facts, *wanted, *seats.values()])
    managed = frozenset({Key("repo", XEN), Key("team", f"{ORG}/core"), Key("team", f"{ORG}/virt")})
    desired = Desired("github", whole, managed=managed, orgs=frozenset({ORG}))
    plan = compare(desired, w.observe(), TRAITS, Policy(max_removals={})).plan
    run = Executor({"github": w.forge.execute}, jobs={"github": 1})
    return sum(one.status != "done" for one in run.run(plan.actions))


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, Watch]]:
    watch = Watch()
    folder: Path = tmp_path_factory.mktemp("torn")
    with world(folder, watcher=watch) as w:
        w.join("member1", "member2", "member3")
        w.repo("xen", auto_init=True)
        for name in ("core", "virt"):
            w.team(name)
        for login in ("member1", "member2", "member3"):
            w.api("PUT", f"/repos/{XEN}/collaborators/{login}", {"permission": "push"})
        yield w, watch


@pytest.mark.parametrize(
    "story", [one if one in ALWAYS else pytest.param(one, marks=pytest.mark.slow) for one in STORIES]
)
def test_rules_that_are_cut_off_anywhere_open_nothing(watched: tuple[World, Watch], story: str) -> None:
    w, watch = watched
    before, after = STORIES[story]
    assert not settle(w, before)
    could = able(w)
    with watch.watching(w):
        assert not settle(w, after)
    most = could | able(w)
    last, wrong = watch.writes, [(0, 0, sorted(watch.ever - most))]
    assert last, "something is written"
    end = able(w)
    for cut in range(1, last):
        assert not settle(w, before)
        with watch.watching(w, cut):
            settle(w, after)
        wrong.append((cut, 1, sorted(watch.ever - most)))
        with watch.watching(w):
            assert not settle(w, after), cut
        wrong.append((cut, 2, sorted(watch.ever - most)))
        assert able(w) == end, cut
        with watch.watching(w):
            assert not settle(w, after), cut
        assert watch.writes == 0, f"{cut}: one run makes it whole"
    assert [one for one in wrong if one[2]] == []


def test_a_rule_is_no_other_while_a_narrower_one_below_it_is_unfinished(
    watched: tuple[World, Watch],
) -> None:
    w, watch = watched
    assert not settle(w, (WIDE,))
    narrow = rule("c7-*", VIRT)
    with watch.watching(w, 1):
        assert settle(w, (WIDE, narrow))
    seen = {one.pattern: one for one in w.seen(BranchRule)}
    assert seen["*"] == WIDE
    assert narrow.changes(seen["c7-*"]), "what is unfinished is never taken for finished"
    w.do("update", WIDE, changed := replace(WIDE, reviews=2))
    assert {one.pattern: one for one in w.seen(BranchRule)} == {**seen, "*": changed}
    assert not any(word in ("force", "delete") for _, branch, word in able(w) if branch == "c7-x")


REVIEWED = BranchRule(XEN, "c7-sig*", force=True, delete=True, reviews=1, checks=())
JUDGED = {
    "named, created by others, and reviewed": (WIDE, rule("c7-*", VIRT, create=(CORE,), reviews=1), REVIEWED),
    "free, by force, and gone": (
        rule("c7*", VIRT, force=True, delete=True), rule("c7-x", CORE, force=True), rule("main"), free("c7-sig"),
    ),
    "two that mean the same": (rule("c7*", VIRT), rule("c7**", CORE)),
}  # fmt: skip


@pytest.mark.parametrize("case", JUDGED)
def test_who_may_do_what_is_told_as_the_server_judges_it(watched: tuple[World, Watch], case: str) -> None:
    w, _ = watched
    assert not settle(w, JUDGED[case])
    judge = Judge(w.observe().state, TRAITS)
    told = {
        (login, branch, verb): judge.may(verb, login, XEN, branch).may
        for login in ("member1", "member2", "member3")
        for branch in BRANCHES
        for verb in ("create", "push", "force", "delete")
        if (branch, verb) != ("main", "delete")  # git itself keeps the default branch
    }
    can = able(w)
    assert told == {one: one in can for one in told}
