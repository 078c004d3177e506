"""Generated small worlds for the laws: a handful of people, teams and repositories on one forge."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from sigctl.core.kinds import (
    Approvals,
    BranchRule,
    Features,
    Grant,
    Key,
    Membership,
    Org,
    PushRules,
    Repo,
    Team,
    TeamMember,
)
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


GROUPED = replace(
    RULED,
    kinds=RULED.kinds - {"membership"},
    fields={**RULED.fields, "org": frozenset({"title"}), "repo": RULED.fields["repo"] - {"archived"}},
    group_grants=True,
    nested_orgs=True,
    rules_open=True,
    archived_locked=False,
    owners_lead_teams=False,
)
"""A forge with groups in which rights reach all that is below, and rules of which the most permissive decides."""
GROUPS = ("O", "O/a", "O/b")
NAMES = ("r1", "r2")


@st.composite
def grouped(draw, *, moved_from=()):
    """Return the resources of a world with groups; repositories of `moved_from` may have come from there."""
    teams = sorted(draw(st.sets(st.sampled_from(TEAMS))))
    subjects = [*(f"team:{team}" for team in teams), *(f"person:{p}" for p in PEOPLE[:3])]
    out = [*(Org(group) for group in GROUPS), *(Team(team) for team in teams)]
    for team in teams:
        out += [TeamMember(team, p) for p in draw(st.sets(st.sampled_from(PEOPLE)))]
    for group in GROUPS:
        out += draw(_granted("org", group, subjects))
    for name in sorted(draw(st.sets(st.sampled_from(NAMES)))):
        path = f"{draw(st.sampled_from(GROUPS))}/{name}"
        old = tuple(one for one in moved_from if one.endswith(f"/{name}") and one != path)
        out.append(Repo(path, visibility="private", filled=True, previously=old or None))
        out += draw(_granted("repo", path, subjects))
        out += draw(_open_rules(path, subjects))
    return state(out)


@st.composite
def _granted(draw, on, target, subjects):
    chosen = sorted(draw(st.sets(st.sampled_from(subjects), max_size=2)))
    return [
        Grant(on, target, one, draw(st.sampled_from(("read", "write", "maintain"))), "") for one in chosen
    ]


@st.composite
def _open_rules(draw, repo, subjects):
    out = []
    by_level = draw(st.booleans())
    for pattern in sorted(draw(st.sets(st.sampled_from(PATTERNS), max_size=2))):
        some = st.sets(st.sampled_from(subjects), max_size=2)
        push = (
            (draw(st.sampled_from(("level:write", "level:maintain"))),)
            if by_level
            else tuple(sorted(draw(some)))
        )
        out.append(
            BranchRule(
                repo, pattern, push=push, create=push, merge=push, force=draw(st.booleans()), delete=False
            )
        )
    return out


@st.composite
def grouped_pairs(draw):
    """Return a wanted world with groups and one that is there; some repositories of the one are the other's, moved."""
    seen = draw(grouped())
    there = [key.name for key in seen if key.kind == "repo"]
    return draw(grouped(moved_from=there)), seen


@st.composite
def coming_and_going(draw, traits):
    """Return a wanted world of one repository and one that is there: rules, rights and places in teams that only one of them has.

    Where a rule is new, or names fewer, while somebody comes to a right that was there, all hangs on what waits for what.
    """
    repo, targets = (
        ("O/a/r1", [("org", "O/a"), ("repo", "O/a/r1")])
        if traits.group_grants
        else ("O/r1", [("repo", "O/r1")])
    )
    teams, people = TEAMS[:2], PEOPLE[:2]
    still = [Org(group) for group in GROUPS] if traits.nested_orgs else [Org("O", base_level="none")]
    if "membership" in traits.kinds:
        still += [Membership("O", p, "member") for p in PEOPLE]
    still += [*(Team(team) for team in teams), Repo(repo, visibility="private", filled=True)]
    both = st.sampled_from((("wanted",), ("seen",), ("wanted", "seen")))
    sides = {"wanted": [*still], "seen": [*still]}
    rights = [TeamMember(team, p) for team in teams for p in people]
    rights += [
        Grant(
            *draw(st.sampled_from(targets)), f"team:{team}", draw(st.sampled_from(("write", "maintain"))), ""
        )
        for team in teams
    ]
    for one in rights:
        for side in draw(both):
            sides[side].append(one)
    most = 1 if traits.rules_open else 2  # of two rules the more permissive one decides there: another matter
    patterns = draw(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=most, unique=True))
    for pattern in patterns:
        for side in ("wanted",) if pattern == patterns[0] else draw(both):
            push = tuple(sorted(f"team:{t}" for t in draw(st.sets(st.sampled_from(teams), max_size=1))))
            merge = push if traits.rules_open else None
            force = draw(st.booleans())
            sides[side].append(
                BranchRule(repo, pattern, push=push, create=push, merge=merge, force=force, delete=False)
            )
    return state(sides["wanted"]), state(sides["seen"])


TERMED = replace(
    GROUPED,
    kinds=GROUPED.kinds | {"features", "push_rules", "approvals"},
    features={"ci": "everyone", "pages": "members"},
)
"""The same with settings that say what whoever has a right in a repository can do with it."""


def without_rules(pair):
    """Return the pair of worlds without rules of branches: about those there are laws of their own."""
    return tuple({key: one for key, one in world.items() if key.kind != "branch_rule"} for world in pair)


@st.composite
def with_terms(draw, pairs):
    """Return a pair of worlds in which the repositories that both have got such settings, too."""
    wanted, seen = draw(pairs)
    repos = [key.name for key in sorted(wanted) if key.kind == "repo" and key in seen]
    terms = [[one for repo in repos for one in draw(_terms(repo))] for _ in (wanted, seen)]
    return tuple(state([*world.values(), *more]) for world, more in zip((wanted, seen), terms, strict=True))


@st.composite
def _terms(draw, repo):
    who = {"ci": st.sampled_from(("off", "members")), "pages": st.sampled_from(("off", "members", "public"))}
    switches = st.booleans()
    return [
        Features.of(repo, {name: draw(one) for name, one in who.items()}),
        PushRules(
            "repo", repo, reject_unsigned_commits=draw(switches), max_file_size=draw(st.integers(0, 2))
        ),
        Approvals(repo, author=draw(switches), override=draw(switches)),
    ]


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
