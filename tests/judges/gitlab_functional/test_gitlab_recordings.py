"""What our readers make of real GitLab servers, CE and EE of several years, as gitlabracadabra's tests recorded them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from gitlab.exceptions import GitlabHttpError
from gitlab_sdists import unpacked

from sigctl.errors import NotThereError, PartialError, RefusedError
from sigctl.forges.gitlab.failures import read_failure, sentence
from sigctl.forges.gitlab.names import from_level, to_level
from sigctl.forges.gitlab.protections import Names, Numbers, bare, lines_of, of_rest, to_rule
from sigctl.forges.gitlab.readers.members import of_rows
from sigctl.forges.gitlab.readers.projects import repo_of
from sigctl.forges.gitlab.readers.shares import shares_of
from sigctl.forges.http import Nature


@dataclass(frozen=True)
class Exchange:
    """One request below /api/v4 and its answer."""

    method: str
    path: str
    sent: Any
    status: int
    text: str

    @property
    def body(self) -> Any:
        try:
            return json.loads(self.text)
        except ValueError:
            return None

    def fits(self, pattern: str) -> bool:
        return re.fullmatch(pattern, self.path) is not None


class _Loader(yaml.CSafeLoader):
    """Takes words of Python 2 for what they are, and makes no object of any other kind."""


_Loader.add_multi_constructor(
    "tag:yaml.org,2002:python/",
    lambda loader, _, node: loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None,
)


@pytest.fixture(scope="module")
def exchanges() -> list[Exchange]:
    folder = unpacked("gitlabracadabra", "2.8.1", build_with=("hatchling>=1.29",))
    return [one for file in sorted(folder.rglob("fixtures/*.yaml")) for one in _read(file.read_text("utf-8"))]


def _read(text: str) -> Iterator[Exchange]:
    whole = yaml.load(text, _Loader)
    for one in (whole or {}).get("interactions", ()):
        request, response = one["request"], one["response"]
        _, found, path = request["uri"].partition("/api/v4")
        if found:
            body = response["body"].get("string") or ""
            text = body.decode() if isinstance(body, bytes) else body
            sent = json.loads(request["body"]) if str(request.get("body") or "").startswith("{") else None
            yield Exchange(request["method"], path.partition("?")[0], sent, response["status"]["code"], text)


@pytest.mark.judge
def test_every_recorded_project_is_read(exchanges):
    rows = [
        e.body
        for e in exchanges
        if e.fits("/projects/[^/]+") and e.status < 300 and "visibility" in (e.body or "")
    ]
    repos = [repo_of(row) for row in rows]
    assert len(repos) >= 150
    assert {repo.visibility for repo in repos} == {"private", "internal", "public"}
    assert {repo.filled for repo in repos} == {repo.archived for repo in repos} == {True, False}
    assert {repo.issues for repo in repos} == {repo.wiki for repo in repos} == {True, False}
    assert ("topic1", "topic2") in {repo.topics for repo in repos}


@pytest.mark.judge
def test_every_recorded_share_is_read_and_a_server_too_old_to_tell_is_not_taken_for_none(exchanges):
    seen: Counter[str] = Counter()
    for exchange in exchanges:
        if exchange.fits("/(projects|groups)/[^/]+") and exchange.method == "GET" and exchange.status == 200:
            if "shared_with_groups" in exchange.body:
                seen["shares"] += len(shares_of(exchange.body, exchange.path))
            else:
                with pytest.raises(PartialError):
                    shares_of(exchange.body, exchange.path)
                seen["too old"] += 1
    assert seen["shares"] >= 2
    assert seen["too old"] >= 1


@pytest.mark.judge
def test_every_recorded_member_is_read_and_its_level_survives(exchanges):
    lists = [e.body for e in exchanges if e.fits(".*/members") and e.method == "GET" and e.status == 200]
    members = [member for rows in lists for member in of_rows(rows)]
    assert len(members) >= 3
    assert all(from_level(to_level(member.number)) == member.number for member in members)


@pytest.mark.judge
def test_every_recorded_protection_survives_both_ways(exchanges):
    rows = [
        row
        for e in exchanges
        if "/protected_" in e.path and e.status in (200, 201) and e.body
        for row in (e.body if isinstance(e.body, list) else [e.body])
    ]
    assert len(rows) >= 10
    for row in rows:
        protection = of_rest(row)
        rule = to_rule("a/b", "branch", protection, Names())
        assert bare(lines_of(rule.push, Numbers(int, int))) == bare(protection.push)
        assert bare(lines_of(rule.merge or (), Numbers(int, int))) == bare(protection.merge or ())
    named = {
        kind
        for row in rows
        for kind in ("user_id", "deploy_key_id")
        for line in row.get("push_access_levels", ())
        if line.get(kind)
    }
    assert named == {"user_id", "deploy_key_id"}


@pytest.mark.judge
def test_every_recorded_refusal_is_told_in_words_and_is_final(exchanges):
    refused = [e for e in exchanges if e.status >= 400 and e.body and e.fits("/(projects|groups|users).*")]
    assert len(refused) >= 5
    for exchange in refused:
        error = GitlabHttpError(exchange.body.get("message") or exchange.body.get("error"), exchange.status)
        failure = read_failure(error, {}, "https://git.example.org")
        assert failure.nature is Nature.FINAL
        assert type(failure.error) is (NotThereError if exchange.status == 404 else RefusedError)
        assert sentence(exchange.text.encode()) == failure.error.text


@pytest.mark.judge
def test_what_we_send_is_what_those_servers_took(exchanges):
    taken = {
        (e.method, re.sub(r"\d+|(?<=/projects/)[^/]+|(?<=/groups/)[^/]+", "*", e.path)): e.sent
        for e in exchanges
        if e.status < 300
    }
    assert {"group_id", "group_access"} <= set(taken["POST", "/groups/*/share"])
    assert {"user_id", "access_level"} <= set(taken["POST", "/groups/*/members"])
    assert {"name", "push_access_level", "merge_access_level"} <= {
        field
        for e in exchanges
        if e.method == "POST" and e.path.endswith("/protected_branches")
        for field in e.sent
    }
    assert ("POST", "/projects/*/archive") in taken
    assert ("POST", "/projects/*/unarchive") in taken
