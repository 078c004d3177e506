"""A plain client of the embedded GitHub, and git as a user runs it, for the tests of the sandbox."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from sigctl.sandbox import control
from sigctl.sandbox.gitrepo import environment
from sigctl.sandbox.server import Sandbox

BOT = "sigctl-bot"
LOGINS = ("member", "second", "third")
ORG = "/orgs/CentOS"


class Client:
    """Calls as any of the accounts; a status other than the asked one fails the test."""

    def __init__(self, document: dict[str, Any], sandbox: Sandbox | None = None) -> None:
        self.url = document["forges"]["github"]["url"]
        self.tokens = {login: user["token"] for login, user in document["users"].items()}
        self.tokens["read"] = document["forges"]["github"]["read_token"]
        self.session = requests.Session()
        self.sandbox = sandbox

    def send(
        self, method: str, path: str, body: Any = None, who: str = BOT, **headers: str
    ) -> requests.Response:
        if who:
            headers["Authorization"] = f"Bearer {self.tokens.get(who, who)}"
        return self.session.request(
            method, f"{self.url}/api/v3{path}", json=body, headers=headers, allow_redirects=False, timeout=60
        )

    def call(self, status: int, method: str, path: str, body: Any = None, who: str = BOT) -> Any:
        answer = self.send(method, path, body, who)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def query(self, text: str, who: str = BOT, **variables: Any) -> dict[str, Any]:
        headers = {"Authorization": f"bearer {self.tokens.get(who, who)}"}
        body = {"query": text, "variables": variables}
        answer = self.session.post(f"{self.url}/api/graphql", json=body, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def join(self, *logins: str, role: str = "member") -> None:
        for login in logins:
            self.call(200, "PUT", f"{ORG}/memberships/{login}", {"role": role})
            self.call(200, "PATCH", "/user/memberships/orgs/CentOS", {"state": "active"}, who=login)

    def team(self, name: str, *members: str, **fields: Any) -> dict[str, Any]:
        made = self.call(201, "POST", f"{ORG}/teams", {"name": name, "privacy": "closed", **fields})
        for login in members:
            self.call(200, "PUT", f"{ORG}/teams/{made['slug']}/memberships/{login}", {"role": "member"})
        return made

    def repo(self, name: str, **fields: Any) -> dict[str, Any]:
        return self.call(201, "POST", f"{ORG}/repos", {"name": name, **fields})

    def remote(self, path: str, who: str = BOT) -> str:
        """Return a URL with the token in it, as a test may have it."""
        return self.url.replace("//", f"//x:{self.tokens.get(who, who)}@") + f"/{path}.git"


@contextmanager
def github(directory: Path, **options: Any) -> Iterator[Client]:
    with control.running(directory, forges=["github"], logins=LOGINS, **options) as sandbox:
        yield Client(sandbox.document(), sandbox)


class Clone:
    """A work tree with commits in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.commit("first")

    def git(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        who = {
            "GIT_AUTHOR_NAME": "t",
            "GIT_AUTHOR_EMAIL": "t@t",
            "GIT_COMMITTER_NAME": "t",
            "GIT_COMMITTER_EMAIL": "t@t",
        }
        return subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            env=environment() | who | more,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def commit(self, text: str) -> str:
        done = self.git("commit", "-q", "--allow-empty", "-m", text)
        assert done.returncode == 0, done.stderr
        return self.git("rev-parse", "HEAD").stdout.strip()

    def push(self, url: str, *refs: str) -> subprocess.CompletedProcess[str]:
        return self.git("push", "--porcelain", url, *refs)

    def pushes(self, url: str, *refs: str) -> bool:
        return self.push(url, *refs).returncode == 0
