"""The GitHub-shaped sandbox is held to GitHub's own descriptions of REST and GraphQL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import graphql
import jwt
import pytest
import requests
from github_apps import key_pair
from github_calls import BOT, STEPS, Step
from github_openapi import complaints, official

from sigctl.sandbox import control, seed
from sigctl.sandbox.front import Exchange
from sigctl.sandbox.github import rest
from sigctl.sandbox.github.graphql import schema
from sigctl.sandbox.github.routes import ROUTES

pytestmark = pytest.mark.judge
ORG = "CentOS"
LOGINS = ("member", "waiting", "reader")


class Player:
    """Sends the steps, and fills in the numbers that earlier answers gave."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.url = document["forges"]["github"]["url"] + "/api/v3"
        self.tokens = {login: user["token"] for login, user in document["users"].items()}
        self.tokens |= {"wrong": "wrong", "read": document["forges"]["github"]["read_token"]}
        self.known: dict[str, str] = {}

    def play(self, step: Step) -> int:
        headers = {"Authorization": f"Bearer {self.tokens[step.who]}"} if step.who else {}
        path = step.path.format(**self.known)
        body = json.loads(self._filled(json.dumps(step.body))) if step.body is not None else None
        answer = requests.request(
            step.method, self.url + path, json=body, headers=headers, allow_redirects=False, timeout=20
        )
        self._learn(step, answer)
        return answer.status_code

    def _filled(self, text: str) -> str:
        for name, value in self.known.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def _learn(self, step: Step, answer: requests.Response) -> None:
        if not answer.ok or answer.status_code == 204:
            return
        shown = answer.json() if answer.text else {}
        if step.path == "/users/member":
            self.known["member"] = str(shown["id"])
        elif step.path.endswith("/git/ref/heads/main"):
            self.known["head"] = shown["object"]["sha"]
        elif step.method == "POST" and step.path.endswith("/invitations"):
            self.known["invitation"] = str(shown["id"])
        elif step.path == f"/orgs/{ORG}/installation":
            self.known["installation"] = str(shown["id"])
        elif step.path.endswith("/access_tokens") and step.body is None:
            self.tokens["installed"] = shown["token"]
        elif "/collaborators/" in step.path and answer.status_code == 201:
            self.known["repo_invitation"] = str(shown["id"])
        elif step.method == "POST" and step.path.endswith(("/reviews", "/issues/1/comments")):
            self.known["review" if step.path.endswith("/reviews") else "comment"] = str(shown["id"])
        elif step.method == "POST" and step.path.endswith(("/rulesets", "/hooks", "/keys", "/issues")):
            name = step.path.rpartition("/")[2][:-1]
            self.known[name] = str(shown["number" if name == "issue" else "id"])


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Step, int, Exchange]]:
    seen: list[Exchange] = []
    directory: Path = tmp_path_factory.mktemp("sandbox")
    found = []
    with control.running(
        directory, forges=["github"], logins=LOGINS, orgs=["CentOS", "paid", "big"], observer=seen.append
    ) as sandbox:
        accounts = sandbox.forges["github"].state.accounts
        accounts.save(accounts.one("login", "paid"), plan="team")
        accounts.save(accounts.one("login", "big"), plan="enterprise")
        player = Player(sandbox.document())
        forge = sandbox.forges["github"]
        app = forge.add_app("sigctl", key_pair()[1])
        forge.install_app(app, ORG)
        now = int(sandbox.clock.time())
        claims = {"iss": str(app["id"]), "iat": now - 60, "exp": now + 540}
        player.tokens["app"] = jwt.encode(claims, key_pair()[0], algorithm="RS256")
        for step in STEPS:
            status = player.play(step)
            found.append((step, status, seen[-1]))
    assert len(seen) == len(STEPS)
    return found


def test_every_call_of_the_table_ends_as_it_says(played):
    wrong = [
        f"{s.method} {s.path} as {s.who}: {status}, not {s.status}"
        for s, status, _ in played
        if status != s.status
    ]
    assert not wrong, "\n".join(wrong)


def test_every_answer_is_as_github_describes_it(played):
    found = [each for step, _, exchange in played for each in complaints(exchange, request=step.valid)]
    assert not found, "\n".join(found)


def test_every_operation_is_called_with_success(played):
    called = {sandbox_operation(exchange) for _, _, exchange in played if exchange.status < 400}
    # Of enterprises, which have a description of their own.
    undescribed = {"orgs/list-custom-repo-roles", "orgs/get-audit-log"}
    assert {route.name for route in ROUTES} - called - undescribed == set()


def test_the_judge_finds_fault_with_a_wrong_answer(played):
    good = next(e for step, _, e in played if step.path == "/users/member")
    body = json.loads(good.response_body)
    del body["login"]
    assert complaints(_with(good, response_body=json.dumps(body).encode()))
    assert not complaints(good)


def test_the_judge_finds_fault_with_a_wrong_request(played):
    step, _, exchange = next(
        p for p in played if p[0].path.endswith("/memberships/member") and not p[0].valid
    )
    assert not step.valid
    assert any("request" in each for each in complaints(exchange))


@pytest.mark.parametrize(
    ("query", "found"), [("{ viewer { login } }", 0), ("{ viewer { shoeSize } }", 1), ("{ viewer }", 1)]
)
def test_the_judge_reads_queries_too(played, query, found):
    _, _, exchange = played[0]
    fields = {"path": "/api/graphql", "body": json.dumps({"query": query}).encode()}
    assert len(complaints(_with(exchange, **fields))) == found


def sandbox_operation(exchange: Exchange) -> str:
    return rest.operation(exchange.method, exchange.path)


def _with(exchange: Exchange, **changed: Any) -> Exchange:
    fields = {name: getattr(exchange, name) for name in Exchange.__slots__}
    return Exchange(**fields | changed)


@pytest.mark.parametrize("name", sorted(n for n in schema().type_map if not n.startswith("__")))
def test_every_type_is_part_of_the_official_one(name):
    ours, theirs = schema().type_map[name], official().type_map.get(name)
    assert type(ours) is type(theirs), name
    if isinstance(ours, graphql.GraphQLEnumType):
        assert set(ours.values) == set(theirs.values)
    elif isinstance(ours, graphql.GraphQLUnionType):
        assert {each.name for each in ours.types} <= {each.name for each in theirs.types}
    elif isinstance(ours, graphql.GraphQLInputObjectType):
        assert {n: str(f.type) for n, f in ours.fields.items()} == {
            n: str(f.type) for n, f in theirs.fields.items()
        }
    elif isinstance(ours, graphql.GraphQLObjectType | graphql.GraphQLInterfaceType):
        assert {each.name for each in ours.interfaces} <= {each.name for each in theirs.interfaces}
        for field_name, field in ours.fields.items():
            known = theirs.fields[field_name]
            assert str(field.type) == str(known.type), field_name
            assert _arguments(field) == _arguments(known), field_name


def _arguments(field: graphql.GraphQLField) -> dict[str, tuple[str, Any]]:
    return {name: (str(each.type), each.default_value) for name, each in field.args.items()}


def test_the_bot_of_the_table_is_the_one_that_is_seeded():
    assert seed.BOT == BOT
