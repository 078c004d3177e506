"""The ways that are named make up the right that somebody has: no more, no less, and without a way there is none."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from worlds import PEOPLE, TRAITS, worlds

from sigctl.core import levels
from sigctl.core.access import strongest
from sigctl.core.access_leaving import without
from sigctl.core.access_routes import Roads
from sigctl.core.access_rules import VERBS, Judge
from sigctl.core.kinds import BranchRule, Grant, Membership, Org, Repo, Team, TeamMember
from sigctl.core.kinds.grant import INHERITED
from sigctl.core.state import state
from sigctl.forges import traits_of

GITLAB, GITHUB = traits_of("gitlab"), traits_of("github")


def best(roads):
    return {key: max(route.rank for route in routes) for key, routes in roads.routes.items()}


def rights(found):
    return {key: rank for key, rank in found.items() if rank}


@given(worlds())
def test_the_strongest_way_is_the_right(world):
    assert best(Roads(world, TRAITS)) == rights(strongest(world))


@st.composite
def nested(draw):
    """Return a GitHub-like world of teams within teams, inherited grants listed as the forge lists them."""
    found = draw(worlds(whole=True))
    teams = sorted(one.path for one in found.values() if isinstance(one, Team))
    parents = {team: draw(st.sampled_from(["", *teams[:number]])) for number, team in enumerate(teams)}
    out = [replace(one, parent=parents[one.path]) if isinstance(one, Team) else one for one in found.values()]
    grants = {(g.target, g.subject_name): g for g in out if isinstance(g, Grant) and g.subject_kind == "team"}
    for team in teams:
        above = parents[team]
        for (target, name), grant in list(grants.items()):
            mine = grants.get((target, team))
            if name == above and (mine is None or levels.rank(mine.level) <= levels.rank(grant.level)):
                grants[target, team] = replace(grant, subject=f"team:{team}", state=INHERITED)
    kept = [one for one in out if not (isinstance(one, Grant) and one.subject_kind == "team")]
    return state([*kept, *grants.values()])


@given(nested())
def test_teams_within_teams_have_what_the_forge_lists_for_them(world):
    roads = Roads(world, GITHUB)
    assert best(roads) == rights(strongest(world))
    for routes in roads.routes.values():
        for route in routes:
            for below, above in zip(route.via, route.via[1:], strict=False):
                assert world["team", below.partition(":")[2]].parent == above.partition(":")[2]


@st.composite
def groups(draw):
    """Return a GitLab-like world: groups in groups, teams that are groups, shares and memberships on every level."""
    orgs = ("g", "g/a", "g/b")
    teams, repos = ("g/a/t", "g/b/t"), ("g/a/r", "g/b/r", "g/r")
    level = st.sampled_from(GITLAB.team_levels)
    out = [*map(Org, orgs), *map(Team, teams), *(Repo(path, filled=True) for path in repos)]
    for team in teams:
        out += [
            TeamMember(team, who, draw(st.sampled_from(["member", "lead", "native:30", "native:10"])))
            for who in draw(st.sets(st.sampled_from(PEOPLE)))
        ]
    for kind, targets in (("org", (*orgs, *teams)), ("repo", repos)):
        for target in targets:
            some = () if target in teams else PEOPLE
            subjects = [f"person:{who}" for who in some] + [f"team:{team}" for team in (*teams, "g/b")]
            out += [
                Grant(kind, target, subject, draw(level), "")
                for subject in draw(st.sets(st.sampled_from(subjects), max_size=3))
            ]
    return state(out)


@given(groups())
def test_where_teams_are_groups_a_role_caps_and_a_group_above_lets_in(world):
    found = best(Roads(world, GITLAB))
    for key, rank in found.items():
        assert rank == max(_gitlab(world, *key), 0)
    for login in PEOPLE:
        for repo in ("g/a/r", "g/b/r", "g/r"):
            assert found.get((login, repo), 0) == _gitlab(world, login, repo)


def _gitlab(world, login, repo):
    """Work out the level as GitLab's documentation says it: direct, inherited, shared; two shares of groups don't add up."""
    cap = {"member": 5, "lead": 5, "native:30": 3, "native:10": 0}

    def member(team):
        one = world.get(("team_member", f"{team}:{login}"))
        right = world.get(("grant", f"org:{team}:person:{login}"))
        return max(cap[one.role] if one else 0, levels.rank(right.level) if right else 0)

    def granted(kind, target, seats):
        best_ = 0
        for one in world.values():
            if isinstance(one, Grant) and (one.on, one.target) == (kind, target):
                rank = levels.rank(one.level)
                seat = 5 if one.subject == f"person:{login}" else 0
                seat = seats(one.subject_name) if one.subject_kind == "team" else seat
                best_ = max(best_, min(rank, seat))
        return best_

    def group(path):
        above = path.rpartition("/")[0]
        return max(granted("org", path, member), group(above) if above else 0)

    def invited(team):
        return max(member(team), group(team))

    return max(granted("repo", repo, invited), group(repo.rpartition("/")[0]))


@st.composite
def ruled(draw):
    world = dict(draw(worlds(whole=True)))
    subjects = [f"person:{who}" for who in PEOPLE] + ["team:O/t1", "level:maintain"]
    who = st.none() | st.lists(st.sampled_from(subjects), max_size=2, unique=True).map(tuple)
    for one in [r for r in world.values() if isinstance(r, Repo)]:
        for pattern in draw(st.sets(st.sampled_from(["*", "c7", "c7-*", "c7-x-*"]))):
            rule = BranchRule(
                one.path,
                pattern,
                push=draw(who),
                merge=draw(who),
                create=draw(who),
                force=draw(st.booleans()),
            )
            world[rule.key] = rule
    return world


@given(ruled(), st.sampled_from(["c7", "c7-x", "c7-x-1", "other"]), st.booleans())
def test_nobody_may_without_a_way_or_below_write_and_who_may_is_told_why(world, branch, gitlab):
    traits = replace(GITLAB if gitlab else GITHUB, kinds=GITHUB.kinds)
    judge = Judge(world, traits)
    for repo in [one.path for one in world.values() if isinstance(one, Repo)]:
        for login in (*PEOPLE, "outsider"):
            for verb in VERBS:
                says = judge.may(verb, login, repo, branch)
                assert says.why
                if says.may:
                    assert levels.at_least(judge.level(login, repo), levels.WRITE)
                    assert not world["repo", repo].archived
            push, force = (judge.may(verb, login, repo, branch).may for verb in ("push", "force"))
            assert push or not force


@given(ruled(), st.sampled_from(PEOPLE))
def test_who_left_has_nothing_and_nobody_else_loses_a_thing(world, gone):
    before, after = Roads(world, GITHUB).routes, Roads(without(world, [gone]), GITHUB).routes
    assert {key: found for key, found in before.items() if key[0] != gone} == after


@given(ruled())
def test_answers_for_all_branches_are_those_for_each(world):
    judge = Judge(world, GITHUB)
    for login, repo in judge.roads.routes:
        can = judge.can(login, repo)
        for verb in VERBS:
            assert getattr(can, verb) == tuple(n for n in can.names if judge.may(verb, login, repo, n).may)


def test_an_invitation_gives_nothing_before_it_is_accepted():
    world = state([Org("O"), Repo("O/r"), Team("O/t"), TeamMember("O/t", "p1"), Membership("O", "p1", state="invited"),
                   Grant("repo", "O/r", "team:O/t", "write")])  # fmt: skip
    judge = Judge(world, GITHUB)
    assert [route.waiting for route in judge.roads.routes["p1", "O/r"]] == [True]
    assert judge.level("p1", "O/r") == levels.NONE
    assert not judge.may("push", "p1", "O/r", "c7").may
