"""Push rules and the settings of approvals on GitLab: read where declared, set, looked at afterwards; and where the tier has none."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from gitlab_place import Place

from sigctl.core.kinds import Approvals, Key, PushRules, Repo
from sigctl.core.kinds.checked import APPROVALS, PUSH_RULES
from sigctl.errors import DeniedError, RefusedError, UnreachableError
from sigctl.forges.base import Scope
from sigctl.forges.gitlab.readers.checked import push_rules_of
from sigctl.sandbox import control
from sigctl.sandbox.gitlab import approvals
from sigctl.sandbox.gitlab.pushes import refused

NUMBERS = iter(range(10_000))
ON = PushRules("repo", "", True, True, True, True, True, True, True, "a", "b", "c", "d", "e", 5)  # noqa: FBT003  # switches, all on
OFF = PushRules("repo", "", *[False] * 7, *[""] * 5, 0)


@pytest.fixture(scope="module")
def sandboxes(tmp_path_factory):
    knobs = {"free": 1, "paid": 2}
    with (
        control.running(
            tmp_path_factory.mktemp("free"), forges=("gitlab",), logins=("member1",), knobs={"gitlab_tier": 1}
        ) as free,
        control.running(
            tmp_path_factory.mktemp("paid"), forges=("gitlab",), logins=("member1",), knobs={"gitlab_tier": 2}
        ) as paid,
    ):
        yield dict(zip(knobs, (free, paid), strict=True))


@pytest.fixture
def paid(sandboxes):
    sandboxes["paid"].faults.replace([])
    yield Place(sandboxes["paid"], next(NUMBERS))
    sandboxes["paid"].faults.replace([])


def seen(place, kind, *wanted, narrow=False):
    parts = frozenset(Key(kind.KIND, one.inside.name) for one in wanted)
    scope = Scope(frozenset({place.top}), repos=frozenset({place.repo}), parts=parts, narrow=narrow)
    scope = replace(scope, groups=frozenset({place.top}))
    state = place.gitlab.observe(scope).state
    return [one for one in state.values() if isinstance(one, kind)]


def test_push_rules_are_none_until_declared_then_all_on_then_each_off_again(paid):
    on, off = replace(ON, target=paid.repo), replace(OFF, target=paid.repo)
    assert seen(paid, PushRules, on) == [off]
    paid.do("update", off, on)
    assert seen(paid, PushRules, on) == [on]
    assert seen(paid, PushRules, on, narrow=True) == [on]
    now = on
    for name in PUSH_RULES:
        after = replace(now, **{name: getattr(off, name)})
        only = replace(
            PushRules("repo", paid.repo), **{name: getattr(off, name)}
        )  # what the files don't say is left as it is
        paid.do("update", now, only)
        assert seen(paid, PushRules, on) == [after]
        now = after
    assert now == off


def test_push_rules_of_a_group_are_what_new_repositories_begin_with(paid):
    rules = replace(ON, on="org", target=paid.top)
    assert seen(paid, PushRules, rules) == []
    paid.do("create", None, rules)
    assert seen(paid, PushRules, rules) == [rules]
    paid.do("update", rules, replace(rules, max_file_size=9))
    assert seen(paid, PushRules, rules) == [replace(rules, max_file_size=9)]
    path = f"{paid.top}/born"
    paid.make(Repo(path))
    born = PushRules("repo", path)
    scope = Scope(frozenset({paid.top}), parts=frozenset({Key("push_rules", path)}))
    assert paid.gitlab.observe(scope).state[born.key].max_file_size == 9


def test_nothing_of_it_is_read_where_it_is_not_declared(paid):
    before = paid.gitlab.observe(Scope(frozenset({paid.top}))).reads
    parts = frozenset({Key("push_rules", paid.repo), Key("approvals", paid.repo)})
    assert paid.gitlab.observe(Scope(frozenset({paid.top}), parts=parts)).reads == before + 2
    assert not [
        one
        for one in paid.gitlab.observe(Scope(frozenset({paid.top}))).state.values()
        if isinstance(one, PushRules | Approvals)
    ]


def test_the_settings_of_approvals_change_one_by_one_and_the_others_stay(paid):
    first = Approvals(paid.repo, author=False, committers=True, override=True, keep=False)
    assert seen(paid, Approvals, first) == [first]
    now = first
    for name in APPROVALS:
        after = replace(now, **{name: not getattr(now, name)})
        paid.do("update", now, Approvals(paid.repo, **{name: getattr(after, name)}))
        assert seen(paid, Approvals, first) == [after]
        now = after


def test_who_proposes_approves_himself_only_where_that_is_allowed(paid):
    """What is set is what the server does: an own approval counts or not."""
    world = paid.sandbox.forges["gitlab"].world
    paid.make(paid.rule("main", push=(), merge=(), create=(), reviews=1))
    project = world.project(paid.repo)
    assert approvals.required(world, project, "main") == 1
    assert approvals.required(world, project, "other") == 0
    paid.do("update", Approvals(paid.repo, author=False), Approvals(paid.repo, author=True))
    assert approvals.settings_of(world.project(paid.repo))["merge_requests_author_approval"] is True


def test_where_the_tier_has_none_nothing_is_read_and_setting_it_says_the_way_out(sandboxes):
    free = Place(sandboxes["free"], next(NUMBERS))
    rules, settings = replace(ON, target=free.repo), Approvals(free.repo, author=False)
    assert seen(free, PushRules, rules) + seen(free, Approvals, settings) == []
    for one in (rules, settings):
        with pytest.raises(RefusedError, match="this server has no") as caught:
            free.do("create", None, one)
        assert caught.value.status == 404
        assert "paid tier" in caught.value.hint


def test_an_expression_that_the_server_does_not_take_is_its_own_word_and_changes_nothing(paid):
    bad = PushRules("repo", paid.repo, branch_name_regex="(")
    with pytest.raises(RefusedError, match="branch_name_regex must be a valid regex"):
        paid.do("create", None, bad)
    assert seen(paid, PushRules, bad) == [replace(OFF, target=paid.repo)]


@pytest.mark.parametrize(
    ("status", "error"), [(403, DeniedError), (400, RefusedError), (502, UnreachableError)]
)
@pytest.mark.parametrize("path", ["/push_rule", "/approvals"])
def test_a_bad_day_of_the_server_is_a_failed_action_and_no_other_state(paid, path, status, error):
    paid.sandbox.faults.replace(
        [
            {
                "when": {"method": verb, "path": path},
                "what": {"status": status, "body": {"message": "no"}},
                "times": 20,
            }
            for verb in ("POST", "PUT")
        ]
    )
    one = replace(ON, target=paid.repo) if path == "/push_rule" else Approvals(paid.repo, author=True)
    with pytest.raises(error):
        paid.do("create", None, one)
    paid.sandbox.faults.replace([])
    paid.do("create", None, one)
    assert not one.changes(seen(paid, type(one), one)[0])


def test_an_answer_that_was_lost_is_looked_at_before_it_is_sent_again(paid):
    rules = replace(ON, target=paid.repo)
    paid.sandbox.faults.replace(
        [
            {
                "when": {"method": "POST", "path": "/push_rule"},
                "what": {"status": 502, "after": True},
                "times": 1,
            }
        ]
    )
    paid.do("create", None, rules)
    assert seen(paid, PushRules, rules) == [rules]


def test_a_server_that_keeps_a_setting_as_it_was_is_told_of_with_the_reasons_there_may_be(paid):
    """As where the group above locks it, or where the server is older than the setting."""
    answer = {"merge_requests_author_approval": True}
    paid.sandbox.faults.replace(
        [
            {
                "when": {"method": "POST", "path": "/approvals"},
                "what": {"status": 201, "body": answer},
                "times": 1,
            }
        ]
    )
    with pytest.raises(RefusedError, match="keeps author as it was") as caught:
        paid.do("create", None, Approvals(paid.repo, author=False))
    assert "group above" in caught.value.hint


def test_a_term_that_an_older_server_does_not_tell_is_unknown():
    row = {"member_check": True, "branch_name_regex": None, "max_file_size": None}
    found = push_rules_of("repo", "a/b", row)
    told = {f.name for f in fields(found) if getattr(found, f.name) is not None}
    assert told == {"on", "target", "member_check", "branch_name_regex", "max_file_size"}
    assert (found.branch_name_regex, found.max_file_size) == ("", 0)


def test_what_is_declared_to_be_refused_is_refused_to_people(paid):
    """The sandbox holds pushes to them, as far as names tell; so a rule that is set is more than a word."""
    paid.do(
        "create", None, PushRules("repo", paid.repo, branch_name_regex="^(main|c7-)", deny_delete_tag=True)
    )
    project = paid.sandbox.forges["gitlab"].world.project(paid.repo)
    assert "does not follow the pattern" in refused(project, "refs/heads/other", made=True, gone=False)
    assert refused(project, "refs/heads/c7-x", made=True, gone=False) == ""
    assert refused(project, "refs/tags/v1", made=False, gone=True)
