"""Reading and writing against a GitLab-shaped server: what was asked for is what is there afterwards, once and twice."""

from __future__ import annotations

from itertools import count, pairwise, permutations, product

import pytest
from gitlab_wire import forge

from sigctl.core.kinds import Grant, Key, Org, Repo, Resource, Team, TeamMember
from sigctl.core.plan import Action, Verb
from sigctl.errors import BudgetError, DeniedError, ForgeError, PartialError, RefusedError, UnreachableError
from sigctl.forges.base import Scope
from sigctl.forges.gitlab.forge import GitLab
from sigctl.sandbox import control

NUMBERS = count(1)
LEVELS = ("read", "write", "maintain", "admin")


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gitlab")
    with control.running(folder, forges=("gitlab",), logins=("member1", "member2", "chair")) as served:
        yield served


@pytest.fixture
def gitlab(sandbox):
    sandbox.faults.replace([])
    yield opened(sandbox)
    sandbox.faults.replace([])


@pytest.fixture
def top(gitlab):
    """Return a top group of the test's own, made by the adapter."""
    name = f"top{next(NUMBERS)}"
    do(gitlab, "create", None, Org(name, title=name, visibility="public"))
    return name


def opened(sandbox, **settings) -> GitLab:
    document = sandbox.document()
    return forge(document["forges"]["gitlab"]["url"], document["forges"]["gitlab"]["token"], **settings)


def do(gitlab: GitLab, verb: Verb, before: Resource | None, after: Resource | None) -> str:
    return gitlab.execute(Action("gitlab", verb, before, after))


def make(gitlab: GitLab, *resources: Resource) -> None:
    for resource in resources:
        do(gitlab, "create", None, resource)


def look(gitlab: GitLab, top: str, **scope):
    return gitlab.observe(Scope(frozenset({top}), **scope))


def found(gitlab: GitLab, top: str, kind: str, name: str, **scope) -> Resource | None:
    return look(gitlab, top, **scope).state.get(Key(kind, name))


def standard(top: str) -> dict[str, frozenset[str]]:
    return {
        "groups": frozenset({top, f"{top}/sig", f"{top}/sig/groups"}),
        "teams": frozenset({f"{top}/sig/groups/team"}),
    }


@pytest.fixture
def sig(gitlab, top):
    """Return the path of a SIG's group with a team and a repository in it."""
    path = f"{top}/sig"
    make(
        gitlab,
        Org(path, visibility="public"),
        Org(f"{path}/groups", visibility="private"),
        Team(f"{path}/groups/team", title="The Team"),
        Repo(f"{path}/xen", visibility="public", description="Xen"),
    )
    return path


def test_what_was_made_is_there_and_nothing_else(gitlab, top, sig):
    observation = look(gitlab, top, **standard(top))
    me = f"person:{observation.me}"
    bare = (
        Org(one.path, one.title, one.visibility) if isinstance(one, Org) else one
        for one in observation.state.values()
    )
    assert set(bare) == {
        Org(top, title=top, visibility="public"),
        Org(sig, title="sig", visibility="public"),
        Org(f"{sig}/groups", title="groups", visibility="private"),
        Team(f"{sig}/groups/team", title="The Team", description="", secret=True),
        Repo(
            f"{sig}/xen",
            description="Xen",
            visibility="public",
            archived=False,
            topics=(),
            issues=True,
            wiki=True,
            merge_commit=True,
            squash_merge=True,
            rebase_merge=False,
            delete_branch_on_merge=True,
        ),
        *(Grant("org", path, me, "admin", until="") for path in (top, sig, f"{sig}/groups")),
    }


def test_every_make_is_the_same_when_done_twice(gitlab, top, sig):
    things = [
        Org(f"{top}/sig"),
        Team(f"{sig}/groups/team"),
        TeamMember(f"{sig}/groups/team", "member1"),
        Repo(f"{sig}/xen", topics=("a", "b")),
        Grant("repo", f"{sig}/xen", f"team:{sig}/groups/team", "write"),
        Grant("org", sig, f"team:{sig}/groups/team", "read"),
        Grant("repo", f"{sig}/xen", "person:member2", "maintain", until="2031-01-31"),
        Grant("org", sig, "person:chair", "maintain"),
    ]
    make(gitlab, *things)
    before = look(gitlab, top, **standard(top)).state
    make(gitlab, *things)
    assert look(gitlab, top, **standard(top)).state == before
    for thing in things:
        assert thing.key in before
    assert before[Key("grant", f"repo:{sig}/xen:person:member2")].until == "2031-01-31"


@pytest.mark.parametrize(("old", "new"), list(permutations(LEVELS, 2)))
def test_a_persons_level_changes_from_any_to_any(gitlab, top, sig, old, new):
    before, after = (Grant("repo", f"{sig}/xen", "person:member1", level, until="") for level in (old, new))
    do(gitlab, "create", None, before)
    do(gitlab, "update", before, after)
    assert found(gitlab, top, "grant", after.key.name) == after


@pytest.mark.parametrize(("on", "pair"), list(product(("repo", "org"), permutations(LEVELS[:3], 2))))
def test_a_teams_level_changes_from_any_to_any(gitlab, top, sig, on, pair):
    target = f"{sig}/xen" if on == "repo" else sig
    before, after = (Grant(on, target, f"team:{sig}/groups/team", level, until="") for level in pair)
    do(gitlab, "create", None, before)
    do(gitlab, "update", before, after)
    assert found(gitlab, top, "grant", after.key.name, **standard(top)) == after
    do(gitlab, "delete", after, None)
    do(gitlab, "delete", after, None)
    assert found(gitlab, top, "grant", after.key.name, **standard(top)) is None


def test_an_end_is_set_moved_and_taken_away(gitlab, top, sig):
    for subject in ("person:member1", f"team:{sig}/groups/team"):
        grants = [
            Grant("repo", f"{sig}/xen", subject, "write", until=day)
            for day in ("2031-01-31", "2032-01-31", "")
        ]
        do(gitlab, "create", None, grants[0])
        for before, after in pairwise(grants):
            assert found(gitlab, top, "grant", before.key.name) == before
            do(gitlab, "update", before, after)
        assert found(gitlab, top, "grant", grants[2].key.name) == grants[2]


def test_members_come_rise_sink_and_go_and_keep_what_they_have_below(gitlab, top, sig):
    team = f"{sig}/groups/team"
    member, lead = TeamMember(team, "member1", "member"), TeamMember(team, "member1", "lead")
    below = Grant("repo", f"{sig}/xen", "person:member2", "write", until="")
    above = Grant("org", sig, "person:member2", "read", until="")
    do(gitlab, "create", None, member)
    do(gitlab, "update", member, lead)
    assert found(gitlab, top, "team_member", lead.key.name, **standard(top)) == lead
    do(gitlab, "update", lead, member)
    assert found(gitlab, top, "team_member", lead.key.name, **standard(top)) == member
    make(gitlab, above, below)
    for gone in (member, above):
        do(gitlab, "delete", gone, None)
        do(gitlab, "delete", gone, None)
    state = look(gitlab, top, **standard(top)).state
    assert member.key not in state
    assert above.key not in state
    assert state[below.key] == below


def test_a_level_below_the_inherited_one_is_refused_with_its_origin(gitlab, top, sig):
    make(gitlab, Grant("org", sig, "person:chair", "maintain"))
    with pytest.raises(RefusedError, match="inherited membership from group") as caught:
        make(gitlab, Grant("repo", f"{sig}/xen", "person:chair", "write"))
    assert f"`chair` inherits `maintain` from `{sig}`" in caught.value.hint


SETTINGS = {
    "description": ("old", "new", ""),
    "visibility": ("private", "internal", "public"),
    "archived": (False, True, False),
    "topics": (("a",), ("b", "c"), ()),
    "issues": (True, False, True),
    "wiki": (True, False, True),
    "squash_merge": (True, False, True),
    "merge_commit": (True, False, True),
    "rebase_merge": (True, False, True),
    "delete_branch_on_merge": (True, False, True),
}


def test_a_repository_that_may_be_merged_in_no_way_is_refused_with_the_way_out(gitlab, top):
    with pytest.raises(RefusedError) as caught:
        make(gitlab, Repo(f"{top}/repo", merge_commit=False, rebase_merge=False))
    assert "merge: {rebase: true}" in caught.value.hint


@pytest.mark.parametrize(("commit", "rebase"), [(True, False), (True, True), (False, True)])
def test_both_ways_of_merging_are_kept_together(gitlab, top, commit, rebase):
    repo = Repo(f"{top}/repo", merge_commit=commit, rebase_merge=rebase)
    make(gitlab, repo)
    assert not repo.changes(found(gitlab, top, "repo", f"{top}/repo"))


def test_one_way_of_merging_that_goes_leaves_the_other(gitlab, top):
    before = Repo(f"{top}/repo", merge_commit=True, rebase_merge=False)
    make(gitlab, before)
    do(gitlab, "update", before, Repo(f"{top}/repo", merge_commit=False, rebase_merge=False))
    now = found(gitlab, top, "repo", f"{top}/repo")
    assert (now.merge_commit, now.rebase_merge) == (False, True)


@pytest.mark.parametrize("field", SETTINGS)
def test_each_setting_of_a_repository_changes_alone(gitlab, top, field):
    values = SETTINGS[field]
    repos = [Repo(f"{top}/repo", **{field: value}) for value in values]
    do(gitlab, "create", None, repos[0])
    for before, after in pairwise(repos):
        assert not before.changes(found(gitlab, top, "repo", f"{top}/repo"))
        do(gitlab, "update", before, after)
        do(gitlab, "update", before, after)
    assert not repos[-1].changes(found(gitlab, top, "repo", f"{top}/repo"))


def test_a_group_and_a_team_change_what_they_are_called(gitlab, top, sig):
    do(
        gitlab,
        "update",
        Org(sig, title="sig", visibility="public"),
        Org(sig, title="The SIG", visibility="public"),
    )
    team = f"{sig}/groups/team"
    do(
        gitlab,
        "update",
        Team(team, title="The Team"),
        Team(team, title="Maintainers", description="who maintain"),
    )
    state = look(gitlab, top, **standard(top)).state
    assert state[Key("org", sig)].title == "The SIG"
    assert state[Key("team", team)] == Team(
        team, title="Maintainers", description="who maintain", secret=True
    )


@pytest.mark.parametrize("target", ["sig/xen2", "other/xen", "other/xen2", "other/taken"])
def test_a_repository_moves_with_its_rights_and_only_once(gitlab, top, sig, target):
    make(gitlab, Org(f"{top}/other", visibility="public"), Repo(f"{top}/other/kernel", visibility="public"))
    if target == "other/taken":  # the old name is taken in the new place
        make(gitlab, Repo(f"{top}/other/xen"))
    grant = Grant("repo", f"{sig}/xen", f"team:{sig}/groups/team", "write", until="")
    make(gitlab, grant)
    before, after = Repo(f"{sig}/xen", description="Xen"), Repo(f"{top}/{target}", description="Xen, moved")
    do(gitlab, "move", before, after)
    do(gitlab, "move", before, after)
    state = look(gitlab, top, **standard(top)).state
    assert before.key not in state
    assert state[after.key].description == "Xen, moved"
    assert state[Key("grant", f"repo:{top}/{target}:team:{sig}/groups/team")].level == "write"


@pytest.mark.parametrize("target", ["sig/groups/crew", "other/team", "other/crew"])
def test_a_team_moves_with_its_people_and_its_rights(gitlab, top, sig, target):
    old = f"{sig}/groups/team"
    make(gitlab, Org(f"{top}/other", visibility="private"), TeamMember(old, "member1"))
    make(gitlab, Grant("repo", f"{sig}/xen", f"team:{old}", "write"))
    do(gitlab, "move", Team(old), Team(f"{top}/{target}"))
    do(gitlab, "move", Team(old), Team(f"{top}/{target}"))
    scope = {**standard(top), "teams": frozenset({f"{top}/{target}", old})}
    state = look(gitlab, top, **scope).state
    assert Key("team", old) not in state
    assert Key("team_member", f"{top}/{target}:member1") in state
    assert Key("grant", f"repo:{sig}/xen:team:{top}/{target}") in state
    make(gitlab, TeamMember(f"{top}/{target}", "member2"))  # what was known of the old path has followed


def test_what_is_deleted_waits_and_is_not_seen_and_comes_back_without_its_people_when_made_again(
    gitlab, top, sig
):
    make(gitlab, Grant("repo", f"{sig}/xen", "person:member1", "write"))
    for thing in (Repo(f"{sig}/xen"), Team(f"{sig}/groups/team")):
        do(gitlab, "delete", thing, None)
        do(gitlab, "delete", thing, None)
    observation = look(gitlab, top, **standard(top))
    assert not [key for key in observation.state if key.kind in ("repo", "team")]
    assert [note.subject for note in observation.notes if note.topic == "pending"] == [
        f"{sig}/groups/team",
        f"{sig}/xen",
    ]
    make(gitlab, Repo(f"{sig}/xen", visibility="internal"))
    state = look(gitlab, top, **standard(top)).state
    assert state[Key("repo", f"{sig}/xen")].visibility == "internal"
    assert not [one for one in state.values() if isinstance(one, Grant) and one.target == f"{sig}/xen"]


@pytest.mark.parametrize("narrow", [True, False])
def test_what_waits_is_found_when_made_again_by_another_run_that_reads_little(
    gitlab, sandbox, top, sig, narrow
):
    things = [Repo(f"{sig}/xen"), Team(f"{sig}/groups/team")]
    ids = (gitlab._context.project_id(f"{sig}/xen"), gitlab._context.group_id(f"{sig}/groups/team"))
    for thing in things:
        do(gitlab, "delete", thing, None)
    later = opened(sandbox)
    look(later, top, **standard(top), repos=frozenset({f"{sig}/xen"}), narrow=narrow)
    make(later, *things)
    fresh = opened(sandbox)._context
    assert (fresh.project_id(f"{sig}/xen"), fresh.group_id(f"{sig}/groups/team")) == ids


def test_accounts_are_found_by_login_by_id_and_in_any_case(gitlab, top):
    ids = {
        login: account.id
        for login, account in look(gitlab, top, logins=frozenset({"member1", "chair"})).accounts.items()
    }
    logins = frozenset({"MEMBER1", "nobody-has-this"})
    accounts = look(gitlab, top, logins=logins, ids=frozenset({ids["chair"], 999_999_999})).accounts
    assert accounts["member1"].id == ids["member1"]
    assert accounts["chair"].id == ids["chair"]
    assert accounts["nobody-has-this"].status == "missing"
    assert "MEMBER1" not in accounts


def test_a_narrow_read_tells_what_was_named_and_no_more(gitlab, top, sig):
    make(
        gitlab,
        *(Repo(f"{sig}/r{n}") for n in range(12)),
        Grant("repo", f"{sig}/r3", "person:member1", "write"),
    )
    whole = look(gitlab, top, **standard(top)).state
    for many in (3, 11):
        repos = frozenset({f"{sig}/r{n}" for n in range(many)} | {f"{sig}/never"})
        state = look(gitlab, top, **standard(top), repos=repos, narrow=True).state
        assert {k.name for k in state if k.kind == "repo"} == repos - {f"{sig}/never"}
        assert {k: v for k, v in whole.items() if k in state} == state
        assert Key("grant", f"repo:{sig}/r3:person:member1") in state or many == 3
        assert {k for k in whole if k.kind in ("org", "team", "team_member")} == {
            k for k in state if k.kind in ("org", "team", "team_member")
        }


def test_reads_grow_with_pages_and_not_with_repositories(gitlab, top, sig):
    made = 1
    counts = {}
    for size in (10, 200):
        make(gitlab, *(Repo(f"{sig}/n{n}") for n in range(made, size)))
        made = size
        counts[size] = look(gitlab, top, **standard(top)).reads
    assert counts[200] - counts[10] == 3
    assert counts[10] <= 16


def test_an_older_path_is_not_there_though_the_server_redirects_it(gitlab, top, sig):
    do(gitlab, "move", Repo(f"{sig}/xen"), Repo(f"{sig}/xen-hypervisor"))
    fresh = frozenset({f"{sig}/xen", f"{sig}/xen-hypervisor"})
    state = look(gitlab, top, repos=fresh, narrow=True).state
    assert {key.name for key in state if key.kind == "repo"} == {f"{sig}/xen-hypervisor"}


def test_a_create_that_took_effect_behind_a_502_is_found_and_not_made_twice(gitlab, sandbox, top, sig):
    things = [
        Org(f"{top}/late"),
        Repo(f"{sig}/late"),
        TeamMember(f"{sig}/groups/team", "member1"),
        Grant("repo", f"{sig}/xen", f"team:{sig}/groups/team", "write", until=""),
        Grant("org", sig, "person:member2", "write", until=""),
    ]
    for thing in things:
        sandbox.faults.replace(
            [{"when": {"method": "POST", "nth": 1}, "what": {"status": 502, "after": True}}]
        )
        make(gitlab, thing)
    sandbox.faults.replace([])
    state = look(gitlab, top, **standard(top)).state
    assert all(thing.key in state for thing in things)


BROKEN = {
    "graphql errors": {
        "when": {"path": "/api/graphql"},
        "what": {"graphql_errors": [{"message": "internal error"}]},
    },
    "cut": {"when": {"method": "GET", "path": "/groups/"}, "what": {"cut": 20}},
    "reset": {"when": {"method": "GET", "path": "/groups/"}, "what": {"reset": True}},
    "502": {"when": {"path": "/projects$"}, "what": {"status": 502, "body": "<html>bad gateway</html>"}},
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_read_that_stays_broken_fails_and_one_that_recovers_is_whole(gitlab, sandbox, top, sig, fault):
    whole = look(gitlab, top, **standard(top)).state
    broken = BROKEN[fault]
    sandbox.faults.replace([{**broken, "when": {**broken["when"], "nth": [1, 2]}}])
    assert look(gitlab, top, **standard(top)).state == whole
    sandbox.faults.replace([broken])
    with pytest.raises((PartialError, UnreachableError)):
        look(gitlab, top, **standard(top))


def test_a_limit_is_waited_for_as_the_server_says(sandbox, top):
    what = {
        "status": 429,
        "headers": {"Retry-After": "7", "Content-Type": "text/plain"},
        "body": "Retry later\n",
    }
    sandbox.faults.replace([{"when": {"path": "/projects$", "nth": 1}, "what": what}])
    sleeps: list[float] = []
    assert look(opened(sandbox, sleeps=sleeps), top).state
    assert max(sleeps) == pytest.approx(7, abs=0.5)


def test_the_limit_of_requests_ends_a_read(sandbox, top):
    with pytest.raises(BudgetError):
        look(opened(sandbox, max_requests=3), top)


def test_a_wrong_token_is_denied_and_told_by_health(sandbox):
    url = sandbox.document()["forges"]["gitlab"]["url"]
    stranger = forge(url, "glpat-of-nobody")
    with pytest.raises(DeniedError, match="does not accept the token"):
        stranger.observe(Scope(frozenset({"x"})))
    health = stranger.health()
    assert health.reachable
    assert "does not accept the token" in health.problems[0]


def test_a_token_that_may_only_read_plans_but_does_not_apply(sandbox, top):
    document = sandbox.document()
    reader = forge(document["forges"]["gitlab"]["url"], document["users"]["sigctl-bot"]["read_token"])
    assert look(reader, top).state
    assert "no scope `api`" in reader.health().problems[0]
    with pytest.raises(DeniedError, match="scope"):
        make(reader, Repo(f"{top}/repo"))


def test_someone_without_rights_is_refused(sandbox, top):
    document = sandbox.document()
    outsider = forge(document["forges"]["gitlab"]["url"], document["users"]["outsider"]["token"])
    with pytest.raises(ForgeError):
        make(outsider, Repo(f"{top}/repo"))


def test_health_tells_who_what_and_how_long(gitlab):
    health = gitlab.health()
    assert (health.reachable, health.me, health.tier) == (True, "sigctl-bot", "free")
    assert health.version.startswith("18.")
    assert "api" in health.scopes


def test_requests_are_counted_by_reads_and_writes(gitlab, top):
    reads, writes = gitlab.requests()
    make(gitlab, Repo(f"{top}/repo"))
    assert gitlab.requests()[1] == writes + 1
    observation = look(gitlab, top)
    assert gitlab.requests()[0] - reads >= observation.reads


def test_git_is_told_where_and_with_what(gitlab, top, sandbox):
    remote = gitlab.remote(f"{top}/repo")
    assert remote.url.endswith(f"/{top}/repo.git")
    assert remote.username == "oauth2"
    secret = sandbox.document()["forges"]["gitlab"]["token"]
    assert remote.password.get_secret_value() == secret
    assert secret not in remote.url
    assert secret not in repr(remote)


def test_an_owner_who_is_no_admin_makes_teams_he_is_not_in_and_still_rules_them(sandbox, gitlab, top):
    make(gitlab, Grant("org", top, "person:chair", "admin"))
    document = sandbox.document()
    chair = forge(document["forges"]["gitlab"]["url"], document["users"]["chair"]["token"])
    team = f"{top}/team"
    make(chair, Team(team), TeamMember(team, "member1"), Repo(f"{top}/xen"))
    make(chair, Grant("repo", f"{top}/xen", f"team:{team}", "maintain"))
    state = look(chair, top, groups=frozenset({top}), teams=frozenset({team})).state
    assert [one.login for one in state.values() if isinstance(one, TeamMember)] == ["member1"]
    assert look(chair, top).me == "chair"


def test_an_owner_of_nothing_above_stays_in_the_team_he_made(sandbox):
    document = sandbox.document()
    chair = forge(document["forges"]["gitlab"]["url"], document["users"]["chair"]["token"])
    team = f"top{next(NUMBERS)}"
    make(chair, Team(team))
    state = chair.observe(Scope(frozenset(), teams=frozenset({team}))).state
    assert state[Key("team_member", f"{team}:chair")].role == "lead"


def test_who_is_blocked_or_a_bot_is_told_apart(gitlab, sandbox, top):
    client = gitlab._context.client
    for login in (f"{top}-blocked", f"{top}-bot"):
        mail = f"{login}@example.org"
        client.post("/users", {"username": login, "name": login, "email": mail, "password": "a-long-One-1"})
        make(gitlab, Grant("org", top, f"person:{login}", "write"))
    client.post(f"/users/{gitlab._context.user_id(f'{top}-blocked')}/block", {})
    world = sandbox.forges["gitlab"].world
    with world.store.transaction():
        world.users.save(world.user(f"{top}-bot"), bot=True)
    accounts = look(gitlab, top).accounts.values()
    assert [one.login for one in accounts if one.status == "blocked"] == [f"{top}-blocked"]
    assert [one.login for one in accounts if one.kind == "bot"] == [f"{top}-bot"]
    assert (
        look(gitlab, top, logins=frozenset({f"{top}-blocked"})).accounts[f"{top}-blocked"].status == "blocked"
    )


def test_a_paid_tier_is_found_out_where_the_server_tells(tmp_path):
    with control.running(
        tmp_path, forges=("gitlab",), logins=("chair",), knobs={"gitlab_premium": 1}
    ) as premium:
        admin = opened(premium)
        make(admin, Org("top"), Grant("org", "top", "person:chair", "admin"))
        own = {"branch_rules:own:level:native:server-admin"}
        assert look(admin, "top").capabilities == {"enterprise", "free", "premium", *own}
        assert admin.health().tier == "premium"
        assert look(opened(premium, tier="free"), "top").capabilities == {"enterprise", "free", *own}
        document = premium.document()
        chair = forge(document["forges"]["gitlab"]["url"], document["users"]["chair"]["token"])
        assert look(chair, "top").capabilities >= {"enterprise", "free"}
