"""The table of REST operations: handlers put themselves in, under the names of GitHub's own description."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from sigctl.sandbox.github.call import Call, Reply

Handler = Callable[[Call], Reply]
_ALIASES = (
    ("/repos/{owner}/{repo}", "/repositories/{repo_id}"),
    ("/orgs/{org}/teams/{team_slug}", "/organizations/{org_id}/team/{team_id}"),
    ("/orgs/{org}", "/organizations/{org_id}"),
)
"""Other addresses of the same things, which GitHub hands out in bodies and redirects."""


@dataclass(frozen=True, slots=True)
class Route:
    """One operation at one address."""

    method: str
    pattern: re.Pattern[str]
    name: str
    scopes: tuple[str, ...]
    handler: Handler
    greedy: bool
    """Ends in a part that takes slashes, so that longer paths fit too: tried after the others."""


ROUTES: list[Route] = []
AFTER: list[Callable[[str, Call], None]] = []
"""Told of every request that changed something, by the operation's name."""


def route(method: str, path: str, name: str, *scopes: str) -> Callable[[Handler], Handler]:
    """Register the handler of an operation; a classic token needs one of the scopes, if any are named."""

    def register(handler: Handler) -> Handler:
        paths = [path]
        for start, alias in _ALIASES:
            if path == start or path.startswith(f"{start}/"):
                paths.append(alias + path[len(start) :])
                break
        greedy = path.endswith("*}")
        told = handler if method == "GET" else _telling(handler, name)
        ROUTES.extend(Route(method, _pattern(each), name, scopes, told, greedy) for each in paths)
        ROUTES.sort(key=lambda each: each.greedy)
        return handler

    return register


def _telling(handler: Handler, name: str) -> Handler:
    def handle(call: Call) -> Reply:
        reply = handler(call)
        for tell in AFTER:
            tell(name, call)
        return reply

    return handle


def match(method: str, path: str) -> tuple[Route | None, dict[str, str]]:
    """Return the route of a request with the parts of its path, None when there is none."""
    wanted = "GET" if method == "HEAD" else method
    fitting = [
        (each, found.groupdict())
        for each in ROUTES
        if each.method == wanted and (found := each.pattern.fullmatch(path))
    ]
    return min(
        fitting, key=lambda one: len(one[1]), default=(None, {})
    )  # a word in the path goes before a placeholder


def _pattern(path: str) -> re.Pattern[str]:
    """Return the pattern of a path; a part named `...*` takes slashes too."""
    text = re.sub(r"\{(\w+)\*\}", r"(?P<\1>.+)", path)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", text))
