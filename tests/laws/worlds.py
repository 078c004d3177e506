"""Generated small worlds for the laws: a handful of people, teams and repositories on one forge."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Org, Repo, Team, TeamMember
from sigctl.core.levels import LADDER
from sigctl.core.state import Account, Desired, Observation, Traits, state

PEOPLE = ("p1", "p2", "p3", "p4")
TEAMS = ("O/t1", "O/t2", "O/t3")
REPOS = ("O/r1", "O/r2", "O/r3")

PATTERNS = ("*", "c7*", "c7-x")

TRAITS = Traits(
    kinds=frozenset({"org", "membership", "team", "team_member", "repo", "grant"}),
    fields={
        "org": frozenset({"title", "base_level"}),
        "team": frozenset({"title", "description"}),
        "repo": frozenset({"description", "visibility", "default_branch", "archived", "topics"}),
        "grant": frozenset({"until"}),
    },
    team_levels=LADDER,
    person_levels=LADDER,
    visibilities=("private", "public"),
    owners_lead_teams=True,
    archived_locked=True,
)


RULED = replace(TRAITS, kinds=TRAITS.kinds | {"branch_rule"})
SUBJECTS = (*(f"team:{team}" for team in TEAMS), "person:p1")


@st.composite
def worlds(draw, *, whole=False, ruled=False):
    """Return the resources of a world; with `whole`, every person who has a right is a member of the org too.

    With `ruled`, its repositories have rules of branches, and none is archived or shown in passing.
    """
    teams = draw(st.sets(st.sampled_from(TEAMS)))
    repos = draw(st.sets(st.sampled_from(REPOS)))
    out = [Org("O", base_level=draw(st.sampled_from(["none", "read"])))]
    members = set(PEOPLE) if whole else draw(st.sets(st.sampled_from(PEOPLE)))
    out += [
        Membership("O", p, draw(st.sampled_from(["owner", "member"])) if not whole else "member")
        for p in members
    ]
    out += [Team(t, title=t.upper()) for t in teams]
    for team in teams:
        people = draw(st.sets(st.sampled_from(sorted(members)))) if members else set()
        out += [TeamMember(team, p, draw(st.sampled_from(["member", "lead"]))) for p in people]
    for repo in repos:
        out.append(
            Repo(
                repo,
                description=draw(st.sampled_from(["", "x", "y"])),
                visibility="private" if ruled else draw(st.sampled_from(["private", "public"])),
                archived=False if ruled else draw(st.booleans()),
                default_branch=draw(st.sampled_from(["a", "b"])),
                filled=True,
            )
        )
        out += [
            Grant("repo", repo, f"team:{t}", draw(st.sampled_from(LADDER)), "")
            for t in teams & draw(st.sets(st.sampled_from(TEAMS)))
        ]
        out += [
            Grant("repo", repo, f"person:{p}", draw(st.sampled_from(LADDER)), "")
            for p in draw(_some(members))
        ]
        out += draw(_rules(repo, teams)) if ruled else []
    return state(out)


@st.composite
def _rules(draw, repo, teams):
    there = [one for one in SUBJECTS if one.startswith("person") or one.removeprefix("team:") in teams]
    out = []
    for pattern in draw(st.sets(st.sampled_from(PATTERNS), max_size=2)):
        push = tuple(sorted(draw(st.sets(st.sampled_from(there), max_size=2))))
        force, delete = draw(st.booleans()), draw(st.booleans())
        out.append(BranchRule(repo, pattern, push=push, create=push, force=force, delete=delete))
    return out


def _some(people):
    return st.sets(st.sampled_from(sorted(people)), max_size=2) if people else st.just(set())


def desired_of(wanted, **fields):
    """Return the Desired that manages everything in the state."""
    managed = frozenset(k for k in wanted if k.kind in ("team", "repo")) | {Key("org", "O")}
    base = {"forge": "f", "state": wanted, "managed": managed, "orgs": frozenset({"O"})}
    return Desired(**{**base, **fields})


def observation_of(seen, **fields):
    """Return an observation of the state in which everybody has an account."""
    accounts = {p: Account(p, n) for n, p in enumerate(PEOPLE, start=1)}
    return Observation(**{"forge": "f", "state": seen, "accounts": accounts, **fields})


def applied(seen, actions):
    """Return the state after the actions, done one by one."""
    now = dict(seen)
    for action in actions:
        step(now, action)
    return now


def step(now, action):
    """Do one action, as a forge would: what is inside a deleted thing goes with it, what is in a moved one moves along."""
    if action.verb == "move":
        moves = {action.before.key: action.after.key.name}
        moved = {one.key: one for r in now.values() for one in [r.renamed(moves)]}
        now.clear()
        now.update(moved)
        return
    if action.before is not None:
        assert action.before.key in now
        now.pop(action.before.key)
    if action.after is not None:
        assert action.verb != "create" or action.after.key not in now
        now[action.after.key] = action.after
    else:
        for key in [k for k, r in now.items() if r.inside == action.before.key]:
            now.pop(key)
