"""Roles of an org's own making stand for levels where the files say so, and never for more than those."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from github_world import ORG, World, world

from sigctl.core.kinds import Grant
from sigctl.core.plan import Action
from sigctl.errors import RefusedError
from sigctl.forges.github.forge import GitHub
from sigctl.sandbox.github import roles

XEN = f"{ORG}/xen"
TEAM, PERSON = f"team:{ORG}/virt", "person:member1"


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as one:
        state = one.sandbox.forges["github"].state
        roles.make(state, state.account(ORG), "builder", "write")
        one.join("member1")
        one.repo("xen")
        one.team("virt")
        yield one


def opened(w: World, **stands_for: str) -> GitHub:
    document = w.sandbox.document()
    return w.open(document["forges"]["github"]["token"], roles=stands_for)


def levels(w: World, forge: GitHub) -> dict[str, str]:
    state = w.observe(forge=forge).state
    return {one.subject: one.level for one in state.values() if isinstance(one, Grant)}


@pytest.mark.parametrize("subject", [TEAM, PERSON])
def test_the_level_is_given_as_the_role_and_read_back_as_the_level(w, subject):
    forge = opened(w, write="builder")
    wanted = Grant("repo", XEN, subject, "write")
    forge.execute(Action("github", "create", None, wanted))
    assert levels(w, forge) == {subject: "write"}
    assert levels(w, w.forge) == {subject: "native:builder"}, "it is the role, not what that is based on"
    assert not w.observe(forge=forge).notes


@pytest.mark.parametrize("subject", [TEAM, PERSON])
def test_the_forge_s_own_level_of_that_name_is_another_one_and_gives_way(w, subject):
    plain = Grant("repo", XEN, subject, "write")
    w.create(plain)
    forge = opened(w, write="builder")
    assert levels(w, forge) == {subject: "native:write"}
    forge.execute(Action("github", "update", Grant("repo", XEN, subject, "native:write"), plain))
    assert levels(w, forge) == {subject: "write"}
    assert levels(w, w.forge) == {subject: "native:builder"}


def test_other_levels_are_what_they_always_were(w):
    forge = opened(w, write="builder")
    forge.execute(Action("github", "create", None, Grant("repo", XEN, TEAM, "triage")))
    assert levels(w, forge) == levels(w, w.forge) == {TEAM: "triage"}


@pytest.mark.parametrize(
    ("level", "role", "said"),
    [
        ("write", "nobody-made-it", "has no repository role `nobody-made-it`, which stands for write"),
        ("triage", "builder", "is based on write, which is more than triage"),
    ],
)
def test_a_role_that_is_not_there_or_too_strong_is_told_in_the_plan_and_never_given(w, level, role, said):
    forge = opened(w, **{level: role})
    assert [said in note.text for note in w.observe(forge=forge).notes] == [True]
    with pytest.raises(RefusedError, match=role):
        forge.execute(Action("github", "create", None, Grant("repo", XEN, TEAM, level)))
    assert levels(w, w.forge) == {}


def test_an_org_whose_plan_knows_no_such_roles_is_told_of_and_is_no_error(tmp_path: Path):
    with world(tmp_path) as w:
        w.repo("xen")
        w.team("virt")
        forge = opened(w, write="builder")
        assert [note.topic for note in w.observe(forge=forge).notes] == ["roles"]
        with pytest.raises(RefusedError):
            forge.execute(Action("github", "create", None, Grant("repo", XEN, TEAM, "write")))


def test_the_roles_are_asked_for_once_and_not_at_all_where_none_is_declared(w):
    start = len(w.log())
    forge = opened(w, write="builder")
    w.observe(forge=forge)
    once = w.sent(start)["orgs/list-custom-repo-roles"]
    w.observe(forge=forge)
    assert w.sent(start)["orgs/list-custom-repo-roles"] == 2 * once - 1, "the list for levels is kept"
