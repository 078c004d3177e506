"""What the GitHub adapter sends is held to GitHub's own descriptions of GraphQL and REST."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import fetch
import graphql
import pytest
from github_apps import installed
from github_openapi import complaints
from github_part_calls import KEY
from github_world import ME, ORG, World, world
from pydantic import SecretStr
from test_github_documents import EVERY, INNER
from test_github_execute import FULL, TEAM, VIRT, XEN
from test_github_round import apply, some_world

from sigctl.core.kinds import (
    Actions,
    BranchRule,
    ClassicRule,
    DeployKey,
    Grant,
    Key,
    Label,
    Membership,
    Org,
    Resource,
    Security,
    TeamMember,
    Webhook,
)
from sigctl.core.kinds.deploykey import fingerprint_of
from sigctl.core.kinds.switches import SECURITY
from sigctl.core.kinds.webhook import place_of
from sigctl.core.plan import Action
from sigctl.forges.github import documents
from sigctl.sandbox.front import Exchange
from sigctl.sandbox.github.protection import OPEN

pytestmark = pytest.mark.judge
VIRT_TEAM = f"team:{VIRT}"


@cache
def official() -> graphql.GraphQLSchema:
    text = fetch.described(*fetch.GRAPHQL).read_text(encoding="utf-8")
    return graphql.build_schema(text, assume_valid=True, no_location=True)


ONE_OF_EACH = {
    "one account": documents.accounts(1),
    "one repo": documents.repos_by_name(1),
    "one repo's rules": documents.rules_by_name(1),
    "one repo's labels": documents.labels_by_name(1),
    "an end of older protection": documents.DELETE_CLASSIC,
    "one team": documents.teams_by_slug(1),
    **{f"one more {one.field}": documents.follow(one, 1) for one in INNER},
}
DOCUMENTS = {name: document for name, (document, _) in EVERY.items()} | ONE_OF_EACH


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_fits_github_s_schema(name: str) -> None:
    assert graphql.validate(official(), graphql.parse(DOCUMENTS[name])) == []


def test_every_graphql_document_that_is_sent_is_one_of_those(tmp_path: Path) -> None:
    seen: list[Exchange] = []
    with world(tmp_path, observer=seen.append) as w:
        play(w)
    sent = [graphql.parse(body(one)) for one in seen if one.path.endswith("/graphql")]
    assert len(sent) > 10
    names = {name(graphql.parse(document)) for document in DOCUMENTS.values()}
    assert {name(one) for one in sent} <= names
    assert [error for one in sent for error in graphql.validate(official(), one)] == []


def body(exchange: Exchange) -> str:
    return str(json.loads(exchange.body)["query"])


def name(document: graphql.DocumentNode) -> str:
    found = [
        one.name.value
        for one in document.definitions
        if isinstance(one, graphql.OperationDefinitionNode) and one.name
    ]
    assert len(found) == 1
    return found[0]


def play(w: World) -> None:
    """Read and write every kind with every verb."""
    w.join("member1", "member2")
    w.observe(logins=["member1"], ids=[12345], person_repos=[XEN])
    seen = next(one for one in w.observe().state.values() if isinstance(one, Org))
    w.do("update", seen, replace(seen, title="CentOS", base_level="none", members_create_repos=False))
    w.create(FULL)
    w.do("update", FULL, replace(FULL, description="other", topics=("virt",), visibility="public"))
    w.do("move", FULL, replace(FULL, path=f"{ORG}/xen5"))
    w.do("move", replace(FULL, path=f"{ORG}/xen5"), FULL)
    w.create(TEAM)
    w.do("update", TEAM, replace(TEAM, description="other", secret=True))
    w.create(replace(TEAM, path=f"{ORG}/core", title="core"))
    w.do("update", replace(TEAM, secret=True), replace(TEAM, parent=f"{ORG}/core"))
    w.do("update", replace(TEAM, parent=f"{ORG}/core"), TEAM)
    things: list[Resource] = [
        Membership(ORG, "member3", "owner"),
        TeamMember(VIRT, "member1", "lead"),
        TeamMember(VIRT, "outsider", "member"),
        Grant("repo", XEN, f"team:{VIRT}", "maintain"),
        Grant("repo", XEN, "person:member2", "triage"),
        Grant("repo", XEN, "person:outsider", "admin"),
    ]
    things += [
        BranchRule(
            XEN,
            "c8-sig-virt-*",
            push=(VIRT_TEAM, "person:member1"),
            create=(VIRT_TEAM,),
            force=False,
            reviews=1,
        ),
        BranchRule(XEN, "*", push=("level:write",), merge=("level:write",), delete=False, checks=("ci",)),
    ]
    for one in things:
        w.create(one)
    waiting = replace(things[5], state="invited")  # type: ignore[call-arg]  # it is a Grant
    w.do("update", waiting, replace(waiting, level="read"))
    w.observe(person_repos=[XEN])
    w.observe(narrow=True, repos=[XEN], teams=[VIRT])
    for one in (waiting, *reversed(things)):
        w.do("delete", one, None)
    play_parts(w)
    w.do("update", FULL, replace(FULL, archived=True))
    w.do("update", replace(FULL, archived=True), FULL)
    w.do("delete", TEAM, None)
    w.do("delete", FULL, None)
    w.forge.health()


def play_parts(w: World) -> None:
    """Read and write what hangs on repositories and orgs."""
    w.do(
        "update",
        Org(ORG, deploy_keys=False),
        Org(ORG, deploy_keys=True, members_create=("private",), fork_private=True),
    )
    w.forge = w.open(w.users[ME]["token"], secret=lambda _: SecretStr("s3cret"))
    label, text = Label(XEN, "sig virt", "00ff00", "Virt"), KEY.rpartition(" ")[0]
    key = DeployKey(XEN, fingerprint_of(text), title="ci", key_text=text)
    w.create(label)
    w.do("update", label, replace(label, color="ff0000"))
    w.do("move", label, replace(label, name="virt"))
    w.do("delete", replace(label, name="virt"), None)
    w.create(key)
    w.do("update", key, replace(key, write=True))
    w.do("delete", key, None)
    for on, target in (("repo", XEN), ("org", ORG)):
        urls = ("https://ci.example.org/one", "https://ci.example.org/two")
        hook, other = (
            Webhook(on, target, place_of(url), ("push",), active=True, tls=True, url=url, secret="env:X")
            for url in urls
        )
        w.create(hook)
        w.do("update", hook, replace(hook, events=("push", "tag"), active=False))
        w.do("move", hook, other)
        some = Actions(
            on,
            target,
            enabled=True,
            allowed="selected",
            patterns=("github",),
            permissions="write",
            approve=True,
        )
        w.do("update", Actions(on, target), some)
        parts = frozenset(Key(kind, target) for kind in PARTS_READ)
        w.observe(repos=[XEN], parts=parts)
        w.do("delete", other, None)
    on_ = Security(XEN, **dict.fromkeys(SECURITY, True))
    w.do("update", Security(XEN), on_)
    w.do("update", on_, Security(XEN, **dict.fromkeys(SECURITY, False)))
    for pattern in ("main", "c8*"):
        classic(w, pattern)
        w.do("delete", ClassicRule(XEN, pattern), None)


PARTS_READ = ("label", "webhook", "actions", "security", "security.private_reports", "properties")


def classic(w: World, pattern: str) -> None:
    """Protect a pattern in the older way, by hand."""
    state = w.sandbox.forges["github"].state
    repo = state.find_repo(*XEN.split("/"))
    state.add(state.protections, repo=repo["id"], creator=None, pattern=pattern, **OPEN)


def test_every_request_of_the_adapter_fits_github_s_description(tmp_path: Path) -> None:
    seen: list[Exchange] = []
    with world(tmp_path, observer=seen.append) as w:
        play(w)
        ours = len(seen)
    judged = [one for one in seen if "/graphql" not in one.path]
    assert ours > 60
    assert [complaint for one in judged for complaint in complaints(one)] == []
    assert {one.method for one in judged} == {"GET", "POST", "PUT", "PATCH", "DELETE"}


def test_what_an_app_sends_and_gets_fits_too(tmp_path: Path) -> None:
    seen: list[Exchange] = []
    with world(tmp_path, observer=seen.append) as w:
        app = installed(w, ORG)
        forge = app.open(orgs=frozenset({ORG}))
        assert forge.health().problems == ()
        forge.execute(Action("github", "create", None, FULL))
        w.observe(forge=forge, logins=["member1"], thorough=True)
    judged = [one for one in seen if "/graphql" not in one.path]
    assert {"/api/v3/app", f"/api/v3/orgs/{ORG}/installation"} <= {one.path for one in judged}
    assert [one for one in judged if one.path.endswith("/access_tokens")]
    assert [complaint for one in judged for complaint in complaints(one)] == []


def test_whole_runs_fit_the_description_too(tmp_path: Path) -> None:
    seen: list[Exchange] = []
    with world(tmp_path, observer=seen.append) as w:
        for seed in (1, 2):
            apply(w, some_world(seed))
    assert [complaint for one in seen if "/graphql" not in one.path for complaint in complaints(one)] == []
