"""A GitHub-shaped server with state, and the adapter that talks to it, for the tests of the adapter."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from pydantic import SecretStr

from sigctl.core.kinds import Resource
from sigctl.core.plan import Action, Verb
from sigctl.core.state import Observation
from sigctl.forges.base import Scope, Settings
from sigctl.forges.github.forge import GitHub
from sigctl.sandbox import control

ME = "sigctl-bot"
LOGINS = ("owner", "member1", "member2", "member3")
ORG = "CentOS"


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class World:
    """The server, a forge that talks to it as its owner, and plain requests behind the forge's back."""

    def __init__(self, sandbox: Any) -> None:
        self.sandbox = sandbox
        document = sandbox.document()
        self.url = document["forges"]["github"]["url"]
        self.users = document["users"]
        self.time = Time()
        self.forge = self.open(document["forges"]["github"]["token"])
        self._opened: list[GitHub] = []

    def open(self, token: str, *, wall: Callable[[], float] = time.time, **settings: Any) -> GitHub:
        forge = GitHub(
            Settings("github", "github", self.url, SecretStr(token), **settings),
            sleep=self.time.sleep,
            clock=self.time.clock,
            wall=wall,
        )
        self.__dict__.setdefault("_opened", []).append(forge)
        return forge

    def close(self) -> None:
        for forge in (self.forge, *self._opened):
            forge.close()

    def api(self, verb: str, path: str, body: Any = None, *, as_: str = ME) -> Any:
        """Do something behind the forge's back; AssertionError when it is refused."""
        headers = {"Authorization": f"Bearer {self.users[as_]['token']}"}
        answer = requests.request(verb, f"{self.url}/api/v3{path}", json=body, headers=headers, timeout=60)
        assert answer.status_code < 400, (verb, path, answer.status_code, answer.text)
        return answer.json() if answer.text else None

    def join(self, *logins: str, org: str = ORG, role: str = "member") -> None:
        """Make people members, through an invitation that they accept."""
        for login in logins:
            self.api("PUT", f"/orgs/{org}/memberships/{login}", {"role": role})
            self.api("PATCH", f"/user/memberships/orgs/{org}", {"state": "active"}, as_=login)

    def repo(self, name: str, *, org: str = ORG, **settings: Any) -> None:
        self.api("POST", f"/orgs/{org}/repos", {"name": name, **settings})

    def team(self, name: str, *, org: str = ORG, empty: bool = True, **settings: Any) -> None:
        made = self.api("POST", f"/orgs/{org}/teams", {"name": name, "privacy": "closed", **settings})
        if empty:
            self.api("DELETE", f"/orgs/{org}/teams/{made['slug']}/memberships/{ME}")

    def observe(
        self, *, forge: GitHub | None = None, orgs: Sequence[str] = (ORG,), **scope: Any
    ) -> Observation:
        found = {n: value if isinstance(value, bool) else frozenset(value) for n, value in scope.items()}
        return (forge or self.forge).observe(Scope(orgs=frozenset(orgs), **found))

    def seen(self, kind: type[Resource], **scope: Any) -> list[Any]:
        return [one for one in self.observe(**scope).state.values() if isinstance(one, kind)]

    def do(self, verb: Verb, before: Resource | None, after: Resource | None) -> str:
        return self.forge.execute(Action("github", verb, before, after))

    def create(self, after: Resource) -> str:
        return self.do("create", None, after)

    def log(self) -> list[dict[str, Any]]:
        file = self.sandbox.layout.requests
        return [json.loads(line) for line in file.read_text().splitlines()]

    def sent(self, start: int = 0) -> Counter[str]:
        """Return how often each operation was asked for, since the request with that number."""
        return Counter(one["operation"] or one["path"] for one in self.log()[start:])


@contextmanager
def world(
    folder: Path, *, logins: Sequence[str] = LOGINS, orgs: Sequence[str] = (ORG,), **options: Any
) -> Iterator[World]:
    with control.running(
        folder / "sandbox", logins=logins, orgs=orgs, forges=("github",), **options
    ) as sandbox:
        one = World(sandbox)
        try:
            yield one
        finally:
            one.close()
