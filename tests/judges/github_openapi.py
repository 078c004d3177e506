"""Holds one exchange with a GitHub-shaped server to GitHub's own description of its REST API."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl, quote

import fetch
import graphql
from openapi_core import Config, OpenAPI
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.exceptions import ValidationError

HOST = "https://api.github.com"
ROOT = "/api/v3"
_MANY_PARTS = (
    re.compile(r"(?P<start>/git/(?:ref|refs|matching-refs)/)(?P<name>.+)(?P<end>)"),
    re.compile(r"(?P<start>/(?:rules/branches|branches)/)(?P<name>.+?)(?P<end>/protection.*|/rename|)"),
    re.compile(r"(?P<start>/commits/)(?P<name>.+?)(?P<end>/statuses|)"),
)
"""A ref may have slashes; the description says so in words only."""
_ALIASES = (
    (re.compile(r"^/repositories/\d+"), "/repos/o/r"),
    (re.compile(r"^/organizations/\d+/team/\d+"), "/orgs/o/teams/t"),
    (re.compile(r"^/organizations/\d+"), "/orgs/o"),
)
"""Addresses that GitHub hands out and does not describe."""
_ENTERPRISE = re.compile(r"/orgs/[^/]+/audit-log")
"""What only orgs of an enterprise have, so that another description has it."""
_EVERYWHERE = frozenset({301, 307, 400, 401, 403, 404, 409, 422})
"""What GitHub answers for any operation, described there or not, with a message and a link."""
ALLOWED_REQUESTS = (
    ("repos/update-branch-protection", "required_linear_history"),
    ("repos/update-branch-protection", "contexts"),
)
"""What PyGithub sends in another way than described, and GitHub takes."""
ALLOWED_ANSWERS = (
    (
        "/app/installations",
        ("name", "slug", "created_at", "updated_at"),
        "account: '{}' is a required property",
    ),
)
"""Where the description can't be kept: of this list alone it says that an account is a user and an enterprise at once."""


@functools.cache
def description() -> OpenAPI:
    """Return GitHub's description; loading it without judging it first takes 0.2 seconds in place of 15."""
    given = json.loads(fetch.described(*fetch.OPENAPI).read_bytes())
    # It says that the reason may be null, and leaves null out of the words it may be: open issues have none.
    given["components"]["schemas"]["issue"]["properties"]["state_reason"]["enum"].append(None)
    return OpenAPI.from_dict(given, config=Config(spec_validator_cls=None))


@functools.cache
def enterprise() -> OpenAPI:
    """Return GitHub's description of what orgs of an enterprise have besides."""
    given = json.loads(fetch.described(*fetch.ENTERPRISE).read_bytes())
    return OpenAPI.from_dict(given, config=Config(spec_validator_cls=None))


def _description(path: str) -> OpenAPI:
    return enterprise() if _ENTERPRISE.fullmatch(path) else description()


def complaints(exchange: Any, *, request: bool = True) -> list[str]:
    """Return what is wrong with a request (unless it is meant to be) and with its answer.

    Of GraphQL the query is judged; its answer follows from the sandbox's schema, which is judged by itself.

    An exchange is what the sandbox's observer is told: method, path, query, headers, body, status, response_headers,
    response_body, and whether a fault was put into it.
    """
    if exchange.faulty:
        return []
    if exchange.path == "/api/graphql":
        return _graphql(json.loads(exchange.body)["query"]) if request else []
    if not exchange.path.startswith(ROOT):
        return []
    path = _path(exchange.path[len(ROOT) :] or "/")
    asked = MockRequest(
        HOST,
        exchange.method.lower(),
        path,
        args=dict(parse_qsl(exchange.query, keep_blank_values=True)),
        headers=dict(exchange.headers),
        data=exchange.body or None,
    )
    found: list[str] = []
    where = f"{exchange.method} {path} -> {exchange.status}"
    if request:
        found += [f"{where}: request: {each}" for each in _request(asked)]
    return found + [f"{where}: answer: {each}" for each in _response(asked, exchange)]


@functools.cache
def official() -> graphql.GraphQLSchema:
    """Return GitHub's GraphQL schema; it does not pass its own library's check, and serves to check queries all the same."""
    source = fetch.described(*fetch.GRAPHQL).read_text(encoding="utf-8")
    return graphql.build_schema(source, assume_valid=True, no_location=True)


@functools.lru_cache(maxsize=1024)
def _graphql(query: str) -> list[str]:
    return [f"graphql: {error.message}" for error in graphql.validate(official(), graphql.parse(query))]


def _request(asked: MockRequest) -> Iterable[str]:
    try:
        _description(asked.path).validate_request(asked)
    except Exception as error:  # noqa: BLE001  # the library raises many classes; each is a complaint
        text = _words(error)
        if not any(name in text for _, name in ALLOWED_REQUESTS if "/protection" in asked.path):
            yield text


def _response(asked: MockRequest, exchange: Any) -> Iterable[str]:
    headers = {name.lower(): value for name, value in exchange.response_headers}
    kind = headers.get("content-type", "application/json").partition(";")[0]
    answer = MockResponse(exchange.response_body, exchange.status, headers, kind)
    try:
        _description(asked.path).validate_response(asked, answer)
    except ValidationError as error:
        if not _is_allowed(asked.path, _words(error)):
            yield _words(error)
    except Exception as error:  # noqa: BLE001  # as above
        if not (exchange.status in _EVERYWHERE and _is_error(exchange.response_body)):
            yield _words(error)


def _is_allowed(path: str, words: str) -> bool:
    for where, fields, text in ALLOWED_ANSWERS:
        if path == where and all(
            any(one.endswith(text.format(f)) for f in fields) for one in words.split("; ")
        ):
            return True
    return False


def _is_error(body: bytes) -> bool:
    shown = json.loads(body)
    return isinstance(shown.get("message"), str) and isinstance(shown.get("documentation_url"), str)


def _path(path: str) -> str:
    for pattern, known in _ALIASES:
        path = pattern.sub(known, path)
    for pattern in _MANY_PARTS:
        path = re.sub(
            f"{pattern.pattern}$", lambda m: f"{m['start']}{quote(m['name'], safe='%')}{m['end']}", path
        )
    return path


def _words(error: BaseException) -> str:
    """Return the chain of reasons, without the whole of the answer."""
    if error.__cause__ is not None:
        return _words(error.__cause__)
    texts = []
    for each in getattr(error, "schema_errors", ()):
        texts.append(f"at {_place(each)}: {each.message[-200:]}")
        texts += [f"or at {_place(sub)}: {sub.message[-200:]}" for sub in each.context[:6]]
    return "; ".join(texts) or f"{type(error).__name__}: {str(error)[:200]}"


def _place(error: Any) -> str:
    return "/".join(map(str, error.absolute_path)) or "the top"
