"""What every adapter must do, whichever forge it is for: derived from its traits, run on a server.

A forge brings a Ground: the adapter, names that are free, and what its API can't do and an admin does by hand.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count, permutations

import pytest

from sigctl.core.compare import Compared, compare
from sigctl.core.kinds import (
    PARTS,
    Actions,
    Approvals,
    BranchRule,
    DeployKey,
    Grant,
    Key,
    Label,
    Org,
    PushRules,
    Repo,
    Resource,
    Security,
    Team,
    TeamMember,
    Webhook,
)
from sigctl.core.kinds.deploykey import fingerprint_of
from sigctl.core.kinds.webhook import place_of
from sigctl.core.plan import Action
from sigctl.core.policy import Policy
from sigctl.core.state import Desired, Observation, state
from sigctl.errors import ForgeError, InterruptedRunError, RefusedError
from sigctl.executor import Executor
from sigctl.forges.base import Forge, Scope

NUMBERS = count(1)
ONE = {"description": "one", "issues": True, "archived": False, "wiki": True, "topics": ("a", "b")}
OTHER = {"description": "two", "issues": False, "archived": True, "wiki": False, "topics": ("c",)}


@dataclass
class Ground:
    """One forge that a test may do anything on."""

    forge: Forge
    open: Callable[..., Forge]
    """Another adapter for (url, token, stop); "" = as usual."""
    org: str
    people: tuple[str, ...]
    """Accounts that exist, have no rights, and are not the one behind the token."""
    team_prefix: str
    """What stands before a team's name in its path."""
    by_hand: Callable[[Resource | None, Resource | None], None] | None = None
    """Does as an admin what the API can't, for (before, after)."""
    refused: frozenset[str] = frozenset()
    """`VERB KIND` or `update repo.FIELD` that the API can't do."""
    base: tuple[Resource, ...] = field(default_factory=tuple)
    """What must be there first: the org, the memberships."""
    _repeated: set[tuple[str, ...]] = field(default_factory=set)
    """Verb, fields and kind of what was done twice already: once is enough."""

    def repo(self) -> str:
        return f"{self.org}/repo{next(NUMBERS)}"

    def team(self) -> str:
        return f"{self.team_prefix}team{next(NUMBERS)}"

    def observe(self, *resources: Resource, narrow: bool = False) -> Observation:
        """Return what there is, within what the resources speak of."""
        return self.forge.observe(replace(self.scope(resources), narrow=narrow, logins=frozenset()))

    def scope(self, resources: tuple[Resource, ...]) -> Scope:
        every = (*self.base, *resources)
        return Scope(
            orgs=frozenset({self.org.partition("/")[0]}),
            groups=frozenset(r.path for r in every if isinstance(r, Org)),
            teams=frozenset(r.path for r in every if isinstance(r, Team)),
            repos=frozenset(r.path for r in every if isinstance(r, Repo)),
            rules=tuple(r for r in every if isinstance(r, BranchRule)),
            person_repos=frozenset(r.path for r in every if isinstance(r, Repo)),
            logins=frozenset(self.people),
            parts=frozenset(
                Key(r.KIND, r.inside.name) for r in every if isinstance(r, PARTS) and r.inside is not None
            ),
        )

    def do(self, before: Resource | None, after: Resource | None) -> None:
        """Make the change by the API; where it can't, see that it says what an admin does, and let the admin do it."""
        verb = "create" if before is None else "delete" if after is None else "update"
        action = Action(self.forge.name, verb, before, after)
        if self._refuses(action):
            with pytest.raises(RefusedError) as caught:
                self.forge.execute(action)
            assert caught.value.hint, "a refusal says the way out"
            assert self.by_hand is not None
            self.by_hand(before, after)
            if verb != "update":
                self.forge.execute(action)  # now there is nothing left to do
            return
        self.forge.execute(action)
        what = (verb, *sorted(action.changed()), action.kind)
        archived = isinstance(after, Repo) and after.archived and self.forge.traits.archived_locked
        if (
            not archived and what not in self._repeated
        ):  # such a forge takes no change of an archive, not even to what it is
            self._repeated.add(what)
            self.forge.execute(action)  # as good as once

    def _refuses(self, action: Action) -> bool:
        what = f"{action.verb} {action.kind}"
        limited = isinstance(action.after, Grant) and action.after.branches
        fields = {*action.changed(), *(["branches"] if limited else [])} - (
            {"branches"} if not limited else set()
        )
        return what in self.refused or any(f"{what}.{name}" in self.refused for name in fields)


def lives(ground: Ground) -> Iterator[tuple[str, list[Resource], list[Resource | None]]]:
    """Yield (name, what it needs, the states it goes through) for everything that the forge has, by its traits."""
    traits = ground.forge.traits
    yield "a repository", [], _repo_life(ground)
    team = Team(ground.team())
    yield "a team", [], [team, None]
    if "description" in traits.fields.get("team", ()):
        named = Team(ground.team(), description="one")
        yield "what a team is for", [], [named, replace(named, description="two"), None]
    member = TeamMember(team.path, ground.people[0])
    yield "a team member", [team], [member, None]
    repo = _repo(ground)
    for subject, levels in (
        (f"team:{team.path}", traits.team_levels),
        (f"person:{ground.people[1]}", traits.person_levels),
    ):
        branches = () if traits.push_by_pattern else None
        steps = [*levels, *reversed(levels[:-1])]
        kind = subject.partition(":")[0]
        yield (
            f"a {kind}'s grant",
            [team, repo],
            [*(Grant("repo", repo.path, subject, one, branches=branches) for one in steps), None],
        )
    if "branch_rule" in traits.kinds and not traits.push_by_pattern:
        yield from _rule_lives(ground, repo)
    yield from _parts(ground, repo)
    if traits.push_by_pattern:
        given = Grant(
            "repo", repo.path, f"team:{team.path}", "write", branches=("c7-sig-virt", "c7-sig-virt-*")
        )
        other = replace(given, branches=("c8-sig-virt",))
        yield (
            "a grant on branches",
            [team, repo],
            [given, other, replace(other, level="triage", branches=()), None],
        )


def _parts(ground: Ground, repo: Repo) -> Iterator[tuple[str, list[Resource], list[Resource | None]]]:
    """Yield the lives of what hangs on a repository beside rights and rules."""
    traits = ground.forge.traits
    if "label" in traits.kinds:
        label = Label(repo.path, "sig virt", "00ff00", "one")
        yield "a label", [repo], [label, replace(label, color="ff0000", description="two"), None]
    if "deploy_key" in traits.kinds:
        text = public_key(next(NUMBERS))
        key = DeployKey(repo.path, fingerprint_of(text), title="ci", key_text=text)
        yield "a deploy key", [repo], [key, replace(key, write=True), key, None]
    if "webhook" in traits.kinds:
        url = "https://ci.example.org/hook?job=1"
        hook = Webhook("repo", repo.path, place_of(url), events=("issue", "push"), tls=True, url=url)
        yield "a webhook", [repo], [hook, replace(hook, events=("merge_request", "tag"), tls=False), None]
    if "actions" in traits.kinds:
        some = Actions(
            "repo", repo.path, allowed="selected", patterns=("github", "octo/*"), permissions="write"
        )
        yield (
            "workflow settings",
            [repo],
            [some, replace(some, allowed="local", patterns=(), approve=True), replace(some, enabled=False)],
        )
    if "security" in traits.kinds:
        on = Security(repo.path, True, True, True, True)  # noqa: FBT003  # switches, all on
        yield "security switches", [repo], [on, replace(on, push_protection=False, dependency_fixes=False)]


def public_key(number: int) -> str:
    """Return a public key that nobody else has."""
    parts = (b"ssh-ed25519", number.to_bytes(32, "big"))
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def _rule_lives(ground: Ground, repo: Repo) -> Iterator[tuple[str, list[Resource], list[Resource | None]]]:
    rule = BranchRule(repo.path, "c7-sig-virt*", force=False, delete=False)
    if not ground.forge.traits.rules_open:
        yield "a rule of branches", [repo], [rule, replace(rule, delete=True), None]
        return
    # such a forge keeps by level who may push, and so create; nobody deletes there by git
    steps = [
        replace(rule, push=who, create=who, merge=who, force=force)
        for who in (("level:maintain",), ("level:write",), (), ("level:maintain",))
        for force in (False, True)
    ]
    yield "a rule of branches", [repo], [*steps, None]
    tag = BranchRule(repo.path, "v*", "tag", push=("level:maintain",), create=("level:maintain",))
    yield (
        "a rule of tags",
        [repo],
        [tag, *(replace(tag, push=who, create=who) for who in (("level:write",), ())), None],
    )


def _repo(ground: Ground) -> Repo:
    visible = {"visibility": "private"} if "visibility" in ground.forge.traits.fields["repo"] else {}
    return Repo(ground.repo(), description="one", **visible)


def _repo_life(ground: Ground) -> list[Resource | None]:
    held = ground.forge.traits.fields["repo"]
    first = replace(_repo(ground), **{name: value for name, value in ONE.items() if name in held})
    chain: list[Resource | None] = [first]
    now = first
    for name, value in sorted(OTHER.items(), key=lambda item: item[0] == "archived"):
        if name in held:
            now = replace(now, **{name: value})
            chain.append(now)
    return [*chain, replace(now, archived=False), None] if "archived" in held else [*chain, None]


def settle(ground: Ground, resources: list[Resource]) -> None:
    """Have these resources."""
    for one in resources:
        ground.do(None, one)


def paid_lives(ground: Ground) -> Iterator[tuple[str, list[Resource], list[Resource | None]]]:
    """Yield what only some tiers of a forge have, where its traits say that there is such a thing; settings, which never end."""
    kinds, repo = ground.forge.traits.kinds, _repo(ground)
    if "push_rules" in kinds:
        strict = PushRules(
            "repo",
            repo.path,
            reject_unsigned_commits=True,
            deny_delete_tag=True,
            branch_name_regex="^c[0-9]+",
            max_file_size=50,
        )
        loose = PushRules(
            "repo", repo.path, reject_unsigned_commits=False, branch_name_regex="", max_file_size=0
        )
        yield "push rules", [repo], [strict, replace(strict, commit_message_regex="[a-z]"), loose, strict]
    if "approvals" in kinds:
        worth = Approvals(repo.path, author=False, committers=False, override=False, keep=False)
        less = [replace(worth, **{name: True}) for name in ("author", "committers", "override", "keep")]
        yield "approvals", [repo], [worth, *less, Approvals(repo.path, override=False), worth]


def live(ground: Ground, every: Iterator[tuple[str, list[Resource], list[Resource | None]]]) -> None:
    """Have each thing go through its states; after each step it is observed as it was asked for."""
    for name, needs, states in every:
        there = ground.observe(*needs).state
        settle(ground, [one for one in needs if one.key not in there])
        subject = next(one for one in states if one is not None)
        seen: Resource | None = None
        for after in states:
            ground.do(seen, after.over(seen) if after is not None and seen is not None else after)
            # the whole is looked at when it comes, and when it is gone
            narrow = after not in (states[0], None)
            seen = ground.observe(*needs, subject, narrow=narrow).state.get(subject.key)
            if after is None:
                assert seen is None, name
            else:
                assert seen is not None, f"{name}: {after}"
                assert after.changes(seen) == {}, name


class PaidContract:
    """What holds besides where a forge has tiers: on one that has everything (`paid`), and on one that has not (`ground`)."""

    def test_what_a_paid_tier_has_is_observed_as_executed(self, paid: Ground) -> None:
        lives_ = list(paid_lives(paid))
        assert lives_
        live(paid, iter(lives_))

    def test_what_the_tier_lacks_is_refused_with_the_way_out_and_is_not_there(self, ground: Ground) -> None:
        for name, needs, states in paid_lives(ground):
            settle(ground, needs)
            first = states[0]
            assert first is not None
            assert first.key not in ground.observe(*needs, first).state, name
            with pytest.raises(RefusedError) as caught:
                ground.forge.execute(Action(ground.forge.name, "update", None, first))
            assert "paid tier" in caught.value.hint, name


class Contract:
    """The tests; a module makes them its own by a subclass and a fixture named `ground`."""

    def test_what_was_executed_is_what_is_observed(self, ground: Ground) -> None:
        live(ground, lives(ground))

    def test_every_level_becomes_every_other_and_ends(self, ground: Ground) -> None:
        traits = ground.forge.traits
        team, repo = Team(ground.team()), _repo(ground)
        settle(ground, [team, repo])
        branches = () if traits.push_by_pattern else None
        for subject, levels in (
            (f"team:{team.path}", traits.team_levels),
            (f"person:{ground.people[1]}", traits.person_levels),
        ):
            key = Grant("repo", repo.path, subject, levels[0]).key
            seen: Resource | None = None
            for one, other in permutations([*levels, None], 2):
                for level in (one, other):
                    wanted = Grant("repo", repo.path, subject, level, branches=branches) if level else None
                    if (wanted is None) is not (seen is None) or (wanted and seen and wanted.changes(seen)):
                        ground.do(seen, wanted)
                    seen = ground.observe(team, repo, narrow=True).state.get(key)
                    assert (seen is None) == (wanted is None), (one, other)
                    assert wanted is None or seen is None or wanted.changes(seen) == {}, (one, other)

    def test_a_narrow_look_shows_the_same(self, ground: Ground) -> None:
        team, repo = Team(ground.team()), _repo(ground)
        branches = () if ground.forge.traits.push_by_pattern else None
        given = Grant("repo", repo.path, f"team:{team.path}", "write", branches=branches)
        settle(ground, [team, repo, TeamMember(team.path, ground.people[0]), given])
        whole, part = ground.observe(team, repo), ground.observe(team, repo, narrow=True)
        for key, one in part.state.items():
            if key.name.startswith((team.path, repo.path)):
                assert whole.state[key] == one
        assert {given.key, repo.key, team.key, Key("team_member", f"{team.path}:{ground.people[0]}")} <= set(
            part.state
        )

    def test_who_has_no_account_is_missing_and_who_has_one_is_active(self, ground: Ground) -> None:
        nobody = "no-such-person"
        scope = replace(ground.scope(()), logins=frozenset({nobody, *ground.people}))
        accounts = ground.forge.observe(scope).accounts
        assert accounts[nobody].status == "missing"
        assert {accounts[login].status for login in ground.people} == {"active"}

    def test_what_is_not_there_is_no_error_and_leaves_nothing_out(self, ground: Ground) -> None:
        ghost = Repo(ground.repo())
        assert ghost.key not in ground.observe(ghost).state
        assert ghost.key not in ground.observe(ghost, narrow=True).state

    def test_an_unreadable_server_raises_and_is_never_an_empty_one(self, ground: Ground) -> None:
        for url, token in (("http://127.0.0.1:1", ""), ("", "not-a-token")):
            forge = ground.open(url, token)
            try:
                with pytest.raises(ForgeError):
                    forge.observe(ground.scope(()))
                health = forge.health()
                assert health.problems
                assert health.reachable is not bool(url)
            finally:
                forge.close()

    def test_where_only_reads_are_left_it_ends_when_asked_to_stop(self, ground: Ground) -> None:
        stop = threading.Event()
        forge = ground.open("", "", stop)
        try:
            whole = forge.observe(ground.scope(())).reads
            stop.set()
            with pytest.raises(InterruptedRunError):
                forge.observe(ground.scope(()))
            assert forge.requests() == (whole, 0)
            repo = _repo(ground)
            forge.execute(Action(forge.name, "create", None, repo))  # what is begun is brought to its end
            assert repo.key in ground.observe(repo).state
        finally:
            forge.close()

    def test_requests_are_counted(self, ground: Ground) -> None:
        reads, writes = ground.forge.requests()
        seen = ground.observe()
        assert seen.reads > 0
        assert ground.forge.requests() == (reads + seen.reads, writes)

    def test_git_is_told_no_secret_in_an_address(self, ground: Ground) -> None:
        remote = ground.forge.remote(f"{ground.org}/x")
        assert remote.password is not None
        assert remote.password.get_secret_value() not in remote.url
        assert remote.url.endswith(f"{ground.org}/x.git")

    def test_a_plan_leads_to_an_empty_plan_and_heals_drift(self, ground: Ground) -> None:
        team, repo = Team(ground.team()), _repo(ground)
        if ground.by_hand is not None:
            ground.by_hand(None, team)
        given = Grant("repo", repo.path, f"team:{team.path}", "write")
        wanted = [
            *ground.base,
            team,
            repo,
            given,
            *(TeamMember(team.path, login) for login in ground.people[:2]),
        ]
        run(ground, planned(ground, wanted))
        assert planned(ground, wanted).plan.actions == ()
        branches = () if ground.forge.traits.push_by_pattern else None
        stranger = Grant("repo", repo.path, f"person:{ground.people[2]}", "admin", branches=branches)
        ground.do(None, stranger)
        ground.do(TeamMember(team.path, ground.people[0]), None)
        drift = planned(ground, wanted)
        assert {
            (a.verb, a.key.name.rpartition(":")[2]) for a in drift.plan.actions if a.kind != "membership"
        } == {
            ("delete", ground.people[2]),
            ("create", ground.people[0]),
        }
        run(ground, drift)
        assert planned(ground, wanted).plan.actions == ()


def planned(ground: Ground, wanted: list[Resource]) -> Compared:
    """Return the plan for exactly these resources."""
    desired = Desired(
        ground.forge.name,
        state(wanted),
        managed=frozenset(one.key for one in wanted if isinstance(one, Team | Repo)),
        orgs=frozenset({ground.org.partition("/")[0]}),
        undeclared=dict.fromkeys(("repos", "teams", "members"), "ignore"),
    )
    seen = ground.forge.observe(ground.scope(tuple(wanted)))
    return compare(desired, seen, ground.forge.traits, Policy(max_removals={}))


def run(ground: Ground, made: Compared) -> None:
    """Carry the plan out; nothing in it fails."""
    name = ground.forge.name
    outcomes = Executor({name: ground.forge.execute}, jobs={name: 4}).run(made.plan.actions)
    assert {one.status for one in outcomes} == {"done"}, [o for o in outcomes if o.status != "done"]
