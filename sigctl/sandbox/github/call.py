"""One REST request: who asks, for what, and what may be said; handlers take it and return a reply."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from sigctl.sandbox.github import rights, tokens
from sigctl.sandbox.github.errors import ApiError, forbidden, invalid, not_found
from sigctl.sandbox.github.state import ORG, USER, State
from sigctl.sandbox.store import Document

PER_PAGE, MAX_PER_PAGE = 30, 100


@dataclass(slots=True)
class Reply:
    """An answer with a JSON body, or none."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


NO_CONTENT = 204


@dataclass(slots=True)
class Call:
    """A request as handlers see it."""

    state: State
    method: str
    path: str
    """Below /api/v3."""
    params: Mapping[str, str]
    query: Mapping[str, str]
    raw_body: bytes
    me: Document | None
    token: Document | None
    base: str
    """URL of the REST API."""
    accept: str = ""

    @property
    def caller(self) -> int | None:
        """Id of the account that asks, None for nobody."""
        return self.me["id"] if self.me else None

    def user(self) -> Document:
        """Return the account that asks; 401 for nobody."""
        if self.me is None:
            raise ApiError(401, "Requires authentication")
        return self.me

    def json(self) -> dict[str, Any]:
        """Return the body as an object; an empty one is {}."""
        if not self.raw_body.strip():
            return {}
        try:
            body = json.loads(self.raw_body)
        except ValueError:
            raise ApiError(400, "Problems parsing JSON") from None
        if not isinstance(body, dict):
            raise ApiError(400, "Body should be a JSON object")
        return body

    def field(self, name: str, type_: type, resource: str, *, required: bool = False) -> Any:
        """Return a field of the body, None when it is not there; 422 when it is missing or of another type."""
        body = self.json()
        if body.get(name) is None:
            if required:
                raise invalid(resource, name, "missing_field")
            return None
        if not isinstance(body[name], type_) or (type_ is int and isinstance(body[name], bool)):
            text = f"Invalid request.\n\nFor 'properties/{name}', {body[name]!r} is not of the right type."
            raise ApiError(422, text)
        return body[name]

    def choice(self, name: str, choices: Sequence[str], resource: str) -> str | None:
        """Return a field that has one of these values, None when it is not there; 422 for any other value."""
        value = self.field(name, str, resource)
        if value is not None and value not in choices:
            raise invalid(resource, name, message=f"{name} must be one of {', '.join(choices)}")
        return value  # type: ignore[no-any-return]  # a str, by field()

    def org(self, name: str = "org") -> Document:
        """Return the org of the path."""
        if "org_id" in self.params:
            found = self.state.accounts.get(_number(self.params["org_id"]))
            if found is None or found["type"] != ORG:
                raise not_found()
            return found
        return self.state.account(self.params[name], ORG)

    def owned_org(self, message: str = "") -> Document:
        """Return the org of the path if the caller owns it; 404 for others, or 403 with a message for its members."""
        org = self.org()
        if not self.state.is_owner(org["id"], self.caller):
            member = self.state.role(org["id"], self.caller) is not None
            raise forbidden(message) if message and member else not_found()
        return org

    def person(self, name: str = "username") -> Document:
        """Return the user of the path."""
        return self.state.account(self.params[name], USER)

    def team(self) -> Document:
        """Return the team of the path, if the caller sees it."""
        org = self.org()
        if "team_id" in self.params:
            team = self.state.teams.get(_number(self.params["team_id"]))
        else:
            team = self.state.teams.one("slug", (org["id"], self.params["team_slug"].lower()))
        if team is None or team["org"] != org["id"] or not rights.sees_team(self.state, team, self.caller):
            raise not_found()
        return team

    def led_team(self) -> Document:
        """Return the team of the path, if the caller may change it."""
        team = self.team()
        if not rights.leads_team(self.state, team, self.caller):
            raise forbidden("You must be an organization owner or team maintainer to perform this action.")
        return team

    def repo(self, role: str = "pull", message: str = "Must have admin rights to Repository.") -> Document:
        """Return the repository of the path, if the caller has at least this role in it.

        404 for what the caller does not see, 403 with the message for what it sees; a former name is answered by a redirect.
        """
        repo = self._named_repo()
        if not rights.may(self.state, repo, self.caller, "pull") or not self._token_reads(repo):
            raise not_found()
        if role != "pull" and not rights.may(self.state, repo, self.caller, role):
            raise forbidden(message) if self.me else ApiError(401, "Requires authentication")
        return repo

    def part_of_repo(
        self, role: str = "pull", message: str = "Must have admin rights to Repository."
    ) -> Document:
        """Return the repository as `repo` does; 404 as long as a new one is not yet there everywhere."""
        repo = self.repo(role, message)
        left = self.state.not_yet.get(repo["id"], 0)
        if left > 0:
            self.state.not_yet[repo["id"]] = left - 1
            raise not_found()
        return repo

    def changeable_repo(
        self, role: str = "admin", message: str = "Must have admin rights to Repository."
    ) -> Document:
        """Return the repository as `part_of_repo` does; 403 when it is archived."""
        repo = self.part_of_repo(role, message)
        if repo["archived"]:
            raise forbidden("Repository was archived so is read-only.")
        return repo

    def has_scope(self, *scopes: str) -> bool:
        """Whether the token has one of these scopes; fine-grained tokens have none to check."""
        if self.token is None or self.token["scopes"] is None:
            return True
        return bool(set(scopes) & tokens.granted(self.token))

    def page(self, items: Iterable[Document], shape: Callable[[Document], Any], wrap: str = "") -> Reply:
        """Return the page of the list that was asked for, with Link headers."""
        found = list(items)
        size = max(1, min(self._natural("per_page", PER_PAGE), MAX_PER_PAGE))
        number = max(1, self._natural("page", 1))
        last = max(1, -(-len(found) // size))
        body: Any = [shape(item) for item in found[(number - 1) * size : number * size]]
        if wrap:
            body = {"total_count": len(found), wrap: body}
        return Reply(200, body, self._links(number, last) if last > 1 else {})

    def _links(self, number: int, last: int) -> dict[str, str]:
        wanted: dict[str, int] = {}
        if number > 1:
            wanted["prev"] = min(number - 1, last)
        if number < last:
            wanted |= {"next": number + 1, "last": last}
        if number > 1:
            wanted |= {"first": 1}
        links = []
        for rel, page in wanted.items():
            query = urlencode({**self.query, "page": page})
            links.append(f'<{self.base}{self.path}?{query}>; rel="{rel}"')
        return {"Link": ", ".join(links)}

    def _natural(self, name: str, default: int) -> int:
        value = self.query.get(name, "")
        return int(value) if re.fullmatch(r"\d{1,9}", value) else default

    def _token_reads(self, repo: Document) -> bool:
        return repo["visibility"] == "public" or self.has_scope("repo")

    def _named_repo(self) -> Document:
        if "repo_id" in self.params:
            found = self.state.repos.get(_number(self.params["repo_id"]))
            if found is None:
                raise not_found()
            return found
        owner, name = self.params["owner"], self.params["repo"]
        found = self.state.find_repo(owner, name)
        if found is not None:
            return found
        moved = self.state.moved_repo(owner, name)
        if moved is None or not rights.may(self.state, moved, self.caller, "pull"):
            raise not_found()
        raise self._redirect(moved, owner, name)

    def _redirect(self, repo: Document, owner: str, name: str) -> ApiError:
        rest = self.path[len(f"/repos/{owner}/{name}") :]
        query = f"?{urlencode(self.query)}" if self.query else ""
        url = f"{self.base}/repositories/{repo['id']}{rest}{query}"
        status, text = (
            (301, "Moved Permanently") if self.method in ("GET", "HEAD") else (307, "Temporary Redirect")
        )
        return ApiError(status, text, url=url, headers={"Location": url})


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None
