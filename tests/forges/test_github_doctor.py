"""doctor names what is missing, for which kind, and the way out; and every refusal that is about the token says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from github_apps import installed
from github_world import ME, ORG, World, world

from sigctl.errors import DeniedError, PartialError
from sigctl.forges.github.forge import GitHub
from sigctl.forges.github.needs import NEEDS
from sigctl.forges.github.traits import TRAITS
from sigctl.sandbox.github.tokens import add as add_token

OTHER = "CentOS-virt"


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, orgs=(ORG, OTHER)) as one:
        yield one


def token(w: World, value: str, **fields: Any) -> GitHub:
    """Store a token of the owner's, and open a forge with it."""
    forge = w.sandbox.forges["github"]
    with forge.store.transaction():
        add_token(forge.state, forge.state.account(ME)["id"], value, **fields)
    return w.open(value, orgs=frozenset({ORG}))


def test_every_kind_has_a_scope_and_a_permission_that_doctor_knows() -> None:
    assert TRAITS.kinds - {need.kind for need in NEEDS} == set()


@pytest.mark.parametrize("lost", ["admin:org", "repo", "delete_repo"])
def test_a_scope_that_is_missing_is_named_with_its_kinds(w: World, lost: str) -> None:
    scopes = tuple(
        one for one in ("admin:org", "repo", "delete_repo", "workflow", "admin:org_hook") if one != lost
    )
    problems = token(w, "narrow", scopes=scopes).health().problems
    (line,) = [one for one in problems if "lacks the scope" in one]
    kinds = ", ".join(need.words for need in NEEDS if need.scope == lost)
    assert line == f"the token lacks the scope {lost}: {kinds} can't be changed"


def test_what_only_some_files_need_is_a_note(w: World) -> None:
    health = token(w, "plain", scopes=("admin:org", "repo", "delete_repo")).health()
    assert health.problems == ()
    assert [one.partition(": ")[0] for one in health.notes] == [
        "the token lacks the scope admin:org_hook",
        "the token lacks the scope workflow",
    ]


def test_a_fine_grained_token_is_asked_what_it_may_read(w: World) -> None:
    weak = {"metadata": "read", "administration": "write", "organization_administration": "read"}
    health = token(w, "github_pat_weak", scopes=None, permissions=weak).health()
    assert any("members: read" in one for one in health.problems)
    assert health.notes
    good = {**weak, "members": "write"}
    assert token(w, "github_pat_good", scopes=None, permissions=good).health().problems == ()


@pytest.mark.parametrize("may", ["read", "write"])
def test_what_a_fine_grained_token_may_write_is_unknown_and_never_told_as_fine(w: World, may: str) -> None:
    """GitHub tells nobody what such a token may change: one that may only read looks the same, and is no problem of it."""
    given = dict.fromkeys(("administration", "members", "organization_administration", "contents"), may)
    health = token(w, f"github_pat_{may}", scopes=None, permissions={"metadata": "read", **given}).health()
    assert (health.problems, health.scopes) == ((), ())
    assert health.notes == (
        "such a token does not tell what it may change: the first refusal names the permission",
    )


def test_a_fine_grained_token_s_refusal_names_the_permission(w: World) -> None:
    weak = {
        "metadata": "read",
        "administration": "read",
        "members": "read",
        "organization_administration": "read",
    }
    forge = token(w, "github_pat_weak", scopes=None, permissions=weak)
    with pytest.raises(DeniedError) as caught:
        forge._session.write("PATCH", f"/orgs/{ORG}", {"name": "x"})
    assert caught.value.hint == "the app or the token needs the permission organization_administration: write"


def test_an_app_s_permissions_are_compared_for_each_org(w: World) -> None:
    found = {
        "members": "write",
        "organization_administration": "read",
        "administration": "write",
        "contents": "write",
    }
    app = installed(w, ORG, permissions=found)
    health = app.open(orgs=frozenset({ORG, OTHER})).health()
    assert health.me == "sigctl[bot]"
    assert health.problems[0].startswith(
        f"in {ORG} the app lacks organization_administration: write (it has read)"
    )
    assert "settings of orgs" in health.problems[0]
    assert f"not installed in `{OTHER}`" in health.problems[1]
    assert len(health.problems) == 2
    assert any("issues: write" in note and "labels" in note for note in health.notes)


def test_an_app_that_lacks_nothing_has_no_problem(w: World) -> None:
    health = installed(w, ORG, OTHER).open(orgs=frozenset({ORG, OTHER})).health()
    assert (health.reachable, health.problems) == (True, ())


def test_a_suspended_installation_is_a_problem_of_its_org_alone(w: World) -> None:
    app = installed(w, ORG, OTHER)
    w.sandbox.forges["github"].suspend_installation(app.places[OTHER])
    health = app.open(orgs=frozenset({ORG, OTHER})).health()
    assert len(health.problems) == 1
    assert "suspended" in health.problems[0]
    assert OTHER.casefold() in health.problems[0].casefold()


REFUSALS = {
    "single sign-on": (
        {"status": 403, "headers": {"X-GitHub-SSO": "required; url=https://github.com/orgs/CentOS/sso?x=1"}, "body": {"message": "Resource protected by organization SAML enforcement."}},
        "https://github.com/orgs/CentOS/sso?x=1",
    ),
    "an IP allow list": (
        {"status": 403, "body": {"message": "Although you appear to have the correct authorization credentials, the `CentOS` organization has an IP allow list enabled, and 192.0.2.7 is not permitted to access this resource."}},
        "add this machine's address to the org's allow list",
    ),
    "a suspended installation": ({"status": 403, "body": {"message": "This installation has been suspended"}}, "unsuspend"),
    "a suspended account": ({"status": 403, "body": {"message": "Sorry. Your account was suspended."}}, "unsuspend"),
    "a token that ended": ({"status": 401, "body": {"message": "Bad credentials"}}, "make a new one"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refusal_about_the_token_says_what_to_do(w: World, case: str) -> None:
    what, words = REFUSALS[case]
    w.sandbox.faults.replace([{"when": {"operation": "orgs/get"}, "what": what}])
    with pytest.raises(DeniedError) as caught:
        w.observe()
    assert words in caught.value.hint
    health = w.open(w.users[ME]["token"], orgs=frozenset({ORG})).health()
    assert any(words in line for line in health.problems)


GRAPHQL = {
    "single sign-on": ({"type": "FORBIDDEN", "message": "Resource protected by organization SAML enforcement.", "extensions": {"saml_failure": True}}, "single sign-on"),
    "an IP allow list": ({"type": "FORBIDDEN", "message": "the `CentOS` organization has an IP allow list enabled"}, "allow list"),
    "a scope": ({"type": "INSUFFICIENT_SCOPES", "message": "requires one of the following scopes: ['read:org']"}, "admin:org"),
}  # fmt: skip


@pytest.mark.parametrize("case", GRAPHQL)
def test_a_refusal_inside_a_200_says_what_to_do_too(w: World, case: str) -> None:
    error, words = GRAPHQL[case]
    w.sandbox.faults.replace(
        [{"when": {"operation": "Teams"}, "what": {"graphql_errors": [error], "body": None}}]
    )
    with pytest.raises(DeniedError) as caught:
        w.observe()
    assert words in caught.value.hint


def test_a_list_that_leaves_out_orgs_with_single_sign_on_is_not_taken_for_whole(w: World) -> None:
    header = {"X-GitHub-SSO": "partial-results; organizations=21955855,20582480"}
    w.sandbox.faults.replace(
        [{"when": {"operation": "orgs/list-pending-invitations"}, "what": {"headers": header}}]
    )
    with pytest.raises(PartialError, match="single sign-on"):
        w.observe()
