"""Protected branches and tags: read in bulk, changed without a moment in which they are open, refused where the tier can't."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import permutations, product

import pytest
from gitlab_place import Place

from sigctl.app.planning import scope_of
from sigctl.core.access_rules import Judge
from sigctl.core.kinds import BranchRule, Grant, Key, Repo
from sigctl.core.state import Desired, state
from sigctl.errors import DeniedError, RefusedError
from sigctl.forges.base import Scope
from sigctl.forges.gitlab.forge import GitLab
from sigctl.forges.gitlab.graphql import GROUPS_BELOW, PROJECTS_BELOW, rules_below
from sigctl.forges.gitlab.protections import Names, Protection, of_rest, to_rule
from sigctl.forges.gitlab.traits import TRAITS
from sigctl.sandbox import control
from sigctl.sandbox.base import ZERO, Update
from sigctl.sandbox.gitlab.access import Access
from sigctl.sandbox.gitlab.rules import Pusher

LEVELS = ((), ("level:maintain",), ("level:write",))
WITHOUT_RULES = replace(TRAITS, kinds=TRAITS.kinds - {"branch_rule"})


def places(folder, premium: int, watch: list):
    def watched(*_args, **_kwargs) -> None:
        for look in watch:
            look()

    knobs = {"gitlab_premium": premium}
    return control.running(folder, forges=("gitlab",), logins=("member1",), knobs=knobs, observer=watched)


@pytest.fixture(scope="module")
def watch():
    return []


@pytest.fixture(scope="module")
def free_sandbox(tmp_path_factory, watch):
    with places(tmp_path_factory.mktemp("free"), 0, watch) as served:
        yield served


@pytest.fixture(scope="module")
def paid_sandbox(tmp_path_factory, watch):
    with places(tmp_path_factory.mktemp("paid"), 1, watch) as served:
        yield served


NUMBERS = iter(range(10_000))


@pytest.fixture
def free(free_sandbox, watch):
    watch.clear()
    free_sandbox.faults.replace([])
    yield Place(free_sandbox, next(NUMBERS))
    watch.clear()
    free_sandbox.faults.replace([])


@pytest.fixture
def paid(paid_sandbox, watch):
    watch.clear()
    paid_sandbox.faults.replace([])
    yield Place(paid_sandbox, next(NUMBERS))
    watch.clear()


@pytest.mark.parametrize(("push", "merge", "force"), list(product(LEVELS, LEVELS, (False, True))))
def test_a_rule_by_level_is_there_as_declared_once_and_twice(free, push, merge, force):
    wanted = free.rule(push=push, merge=merge, create=push, force=force)
    free.make(wanted)
    free.make(wanted)
    assert free.rules() == {"c7": wanted}


@pytest.mark.parametrize(("before", "after"), list(permutations(product(LEVELS, (False, True)), 2)))
@pytest.mark.parametrize("pattern", ["c7", "c7-sig-*"])
def test_a_rule_changes_from_any_to_any_and_is_never_away(free, watch, pattern, before, after):
    old, new = (free.rule(pattern, push=p, merge=p, create=p, force=f) for p, f in (before, after))
    free.make(old)
    branch = pattern.replace("*", "virt")
    seen: list[bool] = []
    watch.append(lambda: seen.append(free.covered(branch)))
    free.do("update", old, new)
    watch.clear()
    assert len(seen) >= 2
    assert all(seen)
    assert free.rules() == {pattern: new}


def test_a_rule_changes_in_place_on_a_paid_tier(paid, watch):
    subjects = (f"team:{paid.team}", "person:member1", "level:maintain", "level:write")
    before = paid.rule(push=(), merge=(), create=())
    paid.make(before)
    seen: list[bool] = []
    watch.append(lambda: seen.append(paid.covered("c7") and not paid.covered("c7-other")))
    for subject in subjects:
        who = {"push": (subject,), "merge": ("level:maintain",), "create": (subject,)}
        after = paid.rule(**who, force=True, code_owners=False)
        paid.do("update", before, after)
        assert paid.rules() == {"c7": after}
        before = after
    assert all(seen)


def test_the_approval_of_code_owners_is_asked_for_and_no_longer_on_a_paid_tier(paid):
    who = ("level:maintain",)
    first = paid.rule(push=who, merge=who, create=who, code_owners=True)
    paid.make(first)
    assert paid.rules() == {"c7": first}
    after = replace(first, code_owners=False)
    paid.do("update", first, after)
    assert paid.rules() == {"c7": after}
    assert paid.rules(narrow=True) == {"c7": after}
    paid.do("update", after, replace(after, code_owners=None, force=True))
    assert paid.rules() == {"c7": replace(after, force=True)}


def test_a_team_and_a_person_in_a_rule_are_read_by_name(paid):
    push = ("person:member1", f"team:{paid.team}")
    wanted = paid.rule("c7-sig-virt-*", push=push, merge=push, create=push, code_owners=False)
    paid.make(wanted)
    assert paid.rules() == {"c7-sig-virt-*": wanted}
    assert paid.rules(narrow=True) == {"c7-sig-virt-*": wanted}


def test_a_named_team_is_refused_on_free_with_the_ways_out_and_nothing_is_left_half(free):
    before = free.rule(push=(), merge=(), create=())
    free.make(before)
    for verb, held, pattern in (("create", None, "c8"), ("update", before, "c7")):
        with pytest.raises(RefusedError) as caught:
            free.do(verb, held, free.rule(pattern, push=(f"team:{free.team}",)))
        assert "need a paid tier" in caught.value.hint
    assert free.rules() == {"c7": before}


def test_a_rule_that_can_not_be_made_anew_is_back_as_it_was(free, free_sandbox):
    before = free.rule(push=("level:maintain",), merge=("level:maintain",), create=("level:maintain",))
    free.make(before)
    what = {"status": 403, "body": {"message": "403 Forbidden"}}
    free_sandbox.faults.replace(
        [{"when": {"method": "POST", "path": "/protected_branches", "nth": 2}, "what": what}]
    )
    with pytest.raises(DeniedError):
        free.do("update", before, free.rule(push=("level:write",), merge=None, create=None))
    free_sandbox.faults.replace([])
    assert free.rules() == {"c7": before}


def test_where_a_rule_can_be_made_neither_anew_nor_as_it_was_its_branches_stay_shut(free, free_sandbox):
    before = free.rule(push=("level:maintain",), merge=("level:maintain",), create=("level:maintain",))
    after = free.rule(push=("level:write",), merge=None, create=None)
    free.make(before)
    what = {"status": 403, "body": {"message": "403 Forbidden"}}
    free_sandbox.faults.replace(
        [{"when": {"method": "POST", "path": "/protected_branches", "nth": [2, 3]}, "what": what}]
    )
    with pytest.raises(DeniedError):
        free.do("update", before, after)
    free_sandbox.faults.replace([])
    (shut,) = free.rules().values()
    assert (shut.push, shut.merge) == ((), ())
    assert fnmatchcase("c7", shut.pattern)
    free.make(after)
    free.do("delete", shut, None)
    assert set(free.rules()) == {"c7"}


def test_a_rule_goes_and_going_twice_is_as_good(free):
    rule = free.rule(push=(), merge=(), create=())
    free.make(rule)
    free.do("delete", rule, None)
    free.do("delete", rule, None)
    assert free.rules() == {}


@pytest.mark.parametrize(("before", "after"), list(permutations(LEVELS, 2)))
def test_a_tags_rule_changes_from_any_to_any(free, before, after):
    old, new = (free.rule("v*", on="tag", push=s, create=s) for s in (before, after))
    free.make(old)
    free.do("update", old, new)
    assert free.rules() == {"v*": new}
    free.do("delete", new, None)
    assert free.rules() == {}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"push": (), "create": ("level:write",)}, "whoever may push"),
        ({"push": (), "delete": True}, "can't be deleted by git"),
        ({"push": (), "checks": ("ci",)}, "keep checks"),
        ({"push": (), "unprotect": ()}, "somebody must be able"),
        ({"push": ("level:read",)}, "everyone with `read`"),
        ({"push": ("robot:x",)}, "knows no `robot:x`"),
        ({"on": "tag", "push": (), "force": True}, "can't be forced"),
    ],
)
def test_what_gitlab_has_no_way_for_is_refused_before_anything_is_sent(free, more, words):
    before = free.gitlab.requests()[1]
    with pytest.raises(RefusedError, match=words):
        free.make(free.rule(**more))
    assert free.gitlab.requests()[1] == before


def test_what_a_rule_does_not_care_about_stays(free):
    free.make(free.rule(push=("level:write",), merge=(), create=("level:write",), force=True))
    free.do("update", free.rule(), free.rule(push=("level:maintain",), merge=None, create=None, force=None))
    assert free.rules()["c7"] == free.rule(
        push=("level:maintain",), merge=(), create=("level:maintain",), force=True
    )


def test_rules_hidden_from_the_token_are_unknown_and_not_none(free):
    free.make(Grant("org", free.top, "person:member1", "write"))
    stranger = free.opened("member1")
    found = stranger.observe(Scope(frozenset({free.top})))
    there = [key for key in found.state if key.kind == "repo"]
    assert list(found.unread) == there
    assert all(one.kinds == {"branch_rule"} for one in found.unread.values())


def test_reads_of_rules_grow_with_pages_and_not_with_repositories(free):
    counts = []
    for size in (5, 120):
        free.make(*(Repo(f"{free.top}/n{n}") for n in range(size)))
        counts.append(free.gitlab.observe(Scope(frozenset({free.top}))).reads)
    assert counts[1] - counts[0] == 3


def test_a_deploy_key_in_a_rule_survives_both_ways():
    row = {"name": "c7", "allow_force_push": False, "merge_access_levels": [{"id": 1, "access_level": 0}]}
    line = {"id": 2, "access_level": 40, "deploy_key_id": 9, "user_id": None, "group_id": None}
    rule = to_rule("a/b", "branch", of_rest({**row, "push_access_levels": [line]}), Names())
    assert (rule.push, rule.merge) == (("deploy_key:9",), ())


def test_everyone_above_a_level_that_we_have_no_word_for_survives():
    row = {"name": "v*", "create_access_levels": [{"id": 1, "access_level": 60}]}
    protection = of_rest(row)
    assert isinstance(protection, Protection)
    assert to_rule("a/b", "tag", protection, Names()).create == ("level:native:server-admin",)


def test_without_the_kind_no_rule_is_read(free):
    free.make(free.rule(push=()))
    plain = GitLab(free.gitlab._settings, traits=WITHOUT_RULES)
    state = plain.observe(Scope(frozenset({free.top}))).state
    assert Key("repo", free.repo) in state
    assert not [one for one in state.values() if isinstance(one, BranchRule)]


@pytest.mark.parametrize("tier", ["free", "paid"])
def test_every_bulk_query_fits_the_limit_with_full_pages(request, tier):
    place = request.getfixturevalue(tier)
    place.rules(teams=frozenset({place.team}))
    graph = place.gitlab._context.graph
    assert graph._page == {"first": 100, "members": 100}
    for document in (GROUPS_BELOW, PROJECTS_BELOW, rules_below(named=tier == "paid")):
        asked = document.rstrip().removesuffix("}") + "queryComplexity { score limit } }"
        deep = {"deep": True} if "$deep" in document else {}
        cost = graph.sized(asked, path=place.top, after=None, **deep)["queryComplexity"]
        assert cost["score"] <= cost["limit"] == 250
        assert len(document) < 10_000


def test_rules_for_tags_are_found_where_their_repository_was_before_and_not_looked_for_elsewhere(free):
    """A run that ended before a repository moved leaves some there: the next one has to see them."""
    rule = free.rule("v*", on="tag", push=(), create=())
    free.make(rule)
    new = f"{free.top}/elsewhere/xen"
    ours = state([Repo(new, previously=(free.repo,)), replace(rule, repo=new)])
    for declared, there in ((ours, True), (state([Repo(new, previously=(free.repo,))]), False)):
        scope = scope_of(Desired("gitlab", declared, orgs=frozenset({free.top})))
        assert (rule.key in free.gitlab.observe(scope).state) is there


def served(place: Place, login: str, branches: tuple[str, ...]) -> dict[tuple[str, str], bool]:
    """Return what the server lets somebody do to each branch, by git, and by a merge request."""
    world = place.sandbox.forges["gitlab"].world
    project = world.project(place.repo)
    pusher = Pusher(world, Access(world, world.user(login)), project)
    found = {}
    for branch in branches:
        found[branch, "merge"] = pusher.may_merge(branch)
        for old, new, verb in (
            (ZERO, "1" * 40, "create"),
            ("1" * 40, "2" * 40, "push"),
            ("1" * 40, ZERO, "delete"),
        ):
            update = Update(old, new, f"refs/heads/{branch}")
            said = pusher.judge(update, empty=False, initial="main", developers_may_start=True)
            found[branch, verb] = said is None or said.only_force
            if verb == "push":
                found[branch, "force"] = said is None
    return found


@pytest.mark.parametrize("level", ["write", "maintain"])
def test_who_may_do_what_is_told_as_the_server_judges_it(paid, level):
    team, maintainers = (f"team:{paid.team}",), ("level:maintain",)
    paid.make(
        paid.rule("c7", push=team, merge=maintainers, create=team),
        paid.rule("c7*", push=maintainers, merge=(), create=maintainers, force=True),
        paid.rule("c7-x", push=(), merge=team, create=()),
        paid.rule("person", push=("person:member1",), merge=(), create=("person:member1",)),
        paid.rule("shut-*", push=(), merge=(), create=()),
    )
    if level == "maintain":
        paid.make(Grant("repo", paid.repo, "person:member1", level))
    branches = ("c7", "c7-x", "c7-y", "person", "shut-x", "other")
    can = served(paid, "member1", branches)
    judge = Judge(paid.state(), TRAITS)
    assert {one: judge.may(one[1], "member1", paid.repo, one[0]).may for one in can} == can
    assert set(can.values()) == {True, False}
