"""A GitLab-shaped server with people in it, for the tests of this folder."""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests

from sigctl.sandbox import control
from sigctl.sandbox.server import Sandbox

PEOPLE = ("owner", "maintainer", "developer", "reporter", "guest", "member1", "member2")
ADMIN = "sigctl-bot"
OUTSIDER = "outsider"


class Bench:
    """Talks to one sandbox as whoever is named."""

    def __init__(self, sandbox: Sandbox, work: Path) -> None:
        self.sandbox = sandbox
        self.work = work
        document = sandbox.document()
        self.url = document["forges"]["gitlab"]["url"]
        self.tokens = {name: found["token"] for name, found in document["users"].items()}
        self.read_tokens = {name: found["read_token"] for name, found in document["users"].items()}
        self.ids = {user["username"]: user["id"] for user in self.ok("GET", "/users?per_page=100")}

    def send(
        self, method: str, path: str, data: Any = None, *, by: str = ADMIN, **more: Any
    ) -> requests.Response:
        headers = {"PRIVATE-TOKEN": self.tokens[by]} if by else {}
        return requests.request(
            method,
            f"{self.url}/api/v4{path}",
            json=data,
            headers=headers,
            timeout=20,
            allow_redirects=False,
            **more,
        )

    def ok(self, method: str, path: str, data: Any = None, *, by: str = ADMIN) -> Any:
        answer = self.send(method, path, data, by=by)
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def query(self, text: str, *, by: str = ADMIN, **variables: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.tokens[by]}"} if by else {}
        body = {"query": text, "variables": variables}
        return requests.post(f"{self.url}/api/graphql", json=body, headers=headers, timeout=60).json()

    def group(self, path: str, *, by: str = ADMIN, **more: Any) -> dict[str, Any]:
        above, _, name = path.rpartition("/")
        parent = {"parent_id": self.ok("GET", f"/groups/{quoted(above)}")["id"]} if above else {}
        data = {"name": name, "path": name, "visibility": "public", **parent, **more}
        return self.ok("POST", "/groups", data, by=by)

    def project(self, path: str, *, by: str = ADMIN, **more: Any) -> dict[str, Any]:
        above, _, name = path.rpartition("/")
        place = {"namespace_id": self.ok("GET", f"/groups/{quoted(above)}")["id"]} if above else {}
        data = {"name": name, "path": name, "visibility": "public", **place, **more}
        return self.ok("POST", "/projects", data, by=by)

    def member(self, kind: str, id_: int, who: str, level: int, **more: Any) -> Any:
        return self.ok(
            "POST", f"/{kind}s/{id_}/members", {"user_id": self.ids[who], "access_level": level, **more}
        )

    def settle(self) -> None:
        """Let enough requests pass for what comes late to be there."""
        for _ in range(4):
            self.ok("GET", "/version")

    # -- git ---------------------------------------------------------------------------------------------------

    def checkout(self, name: str = "work") -> Path:
        folder = self.work / name
        folder.mkdir(parents=True)
        git(folder, "init", "-q", "-b", "main")
        self.commit(folder, "first")
        return folder

    def commit(self, folder: Path, text: str) -> str:
        git(folder, "commit", "-q", "--allow-empty", "-m", text)
        return git(folder, "rev-parse", "HEAD").stdout.strip()

    def push(self, folder: Path, path: str, *refs: str, by: str) -> subprocess.CompletedProcess[str]:
        return git(folder, "push", f"{self.url}/{path}.git", *refs, token=self.tokens[by], check=False)

    def remote(self, path: str, *, by: str) -> subprocess.CompletedProcess[str]:
        token = self.tokens[by] if by else ""
        return git(self.work, "ls-remote", f"{self.url}/{path}.git", token=token, check=False)


def quoted(path: str) -> str:
    return path.replace("/", "%2F")


def git(
    folder: Path, *arguments: str, token: str = "", check: bool = True
) -> subprocess.CompletedProcess[str]:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        **{
            f"GIT_{role}_{part}": "tester@example.com"
            for role in ("AUTHOR", "COMMITTER")
            for part in ("NAME", "EMAIL")
        },
    }
    if token:
        basic = base64.b64encode(f"any:{token}".encode()).decode()
        env |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader"}
        env["GIT_CONFIG_VALUE_0"] = f"Authorization: Basic {basic}"
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=env, capture_output=True, text=True, check=check
    )


@contextlib.contextmanager
def opened(tmp_path: Path, **knobs: int) -> Iterator[Bench]:
    """Serve a fresh GitLab-shaped sandbox while the context lasts."""
    with control.running(tmp_path / "sandbox", logins=PEOPLE, forges=("gitlab",), knobs=knobs) as sandbox:
        yield Bench(sandbox, tmp_path / "git")
