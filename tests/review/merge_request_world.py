"""A repository with the estate on an embedded forge of each kind, and merge requests in it by people of the estate."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from review_world import changed, estate, write

LOGINS = ("cloud_chair", "euanh", "gwd", "hughesjr", "jonludlam", "kbsingh", "lars_kurth", "pasik")
BOT = "sigctl-bot"


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    done = subprocess.run(
        ["git", "-C", str(folder), *who, *arguments], check=check, capture_output=True, text=True
    )
    return done.stdout.strip()


class Home:
    """The repository on one forge, used by whoever is named; a subclass for each kind."""

    name = ""
    """Of the forge, in the estate."""
    kind = ""
    api = ""

    def __init__(self, sandbox: Any, folder: Path) -> None:
        document = sandbox.document()
        self.sandbox = sandbox
        self.folder = folder
        self.url = document["forges"][self.kind]["url"]
        self.tokens = {login: user["token"] for login, user in document["users"].items()}
        self.read_tokens = {login: user["read_token"] for login, user in document["users"].items()}
        self.names = 0
        self.data = estate()
        for name, kind in (("lab", "gitlab"), ("hub", "github")):
            self.data["forges"][name]["url"] = document["forges"][kind]["url"]
        self.data["policy"]["approval"]["lazy"] = {"days": 3}
        self.checkout = folder / "checkout"
        write(self.checkout / "config", self.data)
        git(self.checkout, "init", "-q", "-b", "main", ".")
        git(self.checkout, "add", ".")
        git(self.checkout, "commit", "-q", "-m", "as it is")
        self.make()
        self.push("main", BOT)

    @property
    def config(self) -> Path:
        return self.checkout / "config" / "sigs.yaml"

    def make(self) -> None:
        raise AssertionError("a subclass does")

    def headers(self, by: str) -> dict[str, str]:
        raise AssertionError(f"a subclass does, for {by}")

    def ask(self, method: str, path: str, body: Any = None, *, by: str = BOT) -> Any:
        answer = requests.request(
            method, f"{self.url}{self.api}{path}", json=body, headers=self.headers(by), timeout=60
        )
        assert answer.status_code < 300, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def push(self, branch: str, by: str) -> None:
        url = f"{self.url}/{self.path}.git".replace("://", f"://x:{self.tokens[by]}@")
        git(self.checkout, "push", "-q", url, f"HEAD:refs/heads/{branch}")

    @contextmanager
    def meanwhile(self, steps: list[list[Any]]) -> Iterator[None]:
        """Let main go on by the steps, and back again by one more commit."""
        git(self.checkout, "checkout", "-q", "-f", "main")
        before = git(self.checkout, "rev-parse", "main")
        write(self.checkout / "config", changed(self.data, steps))
        git(self.checkout, "commit", "-q", "-a", "-m", "meanwhile")
        self.push("main", BOT)
        try:
            yield
        finally:
            git(self.checkout, "checkout", "-q", "-f", "main")
            git(self.checkout, "checkout", "-q", before, "--", ".")
            git(self.checkout, "commit", "-q", "-a", "-m", "and back")
            self.push("main", BOT)

    def propose(self, steps: list[list[Any]], by: str = "gwd", title: str = "A proposal") -> Request:
        """Open a merge request with the steps; the checkout is at its head afterwards."""
        self.names += 1
        branch = f"proposal-{self.names}"
        git(self.checkout, "checkout", "-q", "-B", branch, "main")
        request = Request(self, branch, by)
        request.change(steps)
        request.open(title)
        return request


class Request:
    """One merge request."""

    def __init__(self, home: Home, branch: str, by: str) -> None:
        self.home = home
        self.branch = branch
        self.by = by
        self.number = 0

    def change(self, steps: list[list[Any]]) -> str:
        """Push one more commit with the estate so changed; return it."""
        write(self.home.checkout / "config", changed(self.home.data, steps))
        git(self.home.checkout, "add", ".")
        git(self.home.checkout, "commit", "-q", "--allow-empty", "-m", "a change")
        self.home.push(self.branch, self.by)
        return git(self.home.checkout, "rev-parse", "HEAD")

    def open(self, title: str) -> None:
        self.number = self.home.open(self.branch, title, self.by)

    @property
    def url(self) -> str:
        return self.home.address(self.number)

    def approve(self, by: str) -> None:
        self.home.approve(self.number, by)

    def thread(self, by: str) -> str:
        return self.home.thread(self.number, by)

    def resolve(self, thread: str, by: str) -> None:
        self.home.resolve(self.number, thread, by)

    def label(self, name: str) -> None:
        self.home.label(self.number, name)

    def comments(self) -> list[dict[str, Any]]:
        """Return author and body of each comment, the oldest first."""
        return self.home.comments(self.number)


class Lab(Home):
    name, kind, api, path = "lab", "gitlab", "/api/v4", "project/config"
    at = "/projects/project%2Fconfig"

    def headers(self, by: str) -> dict[str, str]:
        return {"PRIVATE-TOKEN": self.tokens[by]} if by else {}

    def make(self) -> None:
        group = self.ask("POST", "/groups", {"name": "project", "path": "project", "visibility": "public"})
        project = {"name": "config", "path": "config", "namespace_id": group["id"], "visibility": "public"}
        self.ask("POST", "/projects", project)
        ids = {user["username"]: user["id"] for user in self.ask("GET", "/users?per_page=100")}
        for login in LOGINS:
            member = {"user_id": ids[login], "access_level": 30}
            self.ask("POST", f"{self.at}/members", member)

    def address(self, number: int) -> str:
        return f"{self.url}/{self.path}/-/merge_requests/{number}"

    def open(self, branch: str, title: str, by: str) -> int:
        body = {"source_branch": branch, "target_branch": "main", "title": title}
        return self.ask("POST", f"{self.at}/merge_requests", body, by=by)["iid"]

    def approve(self, number: int, by: str) -> None:
        self.ask("POST", f"{self.at}/merge_requests/{number}/approve", {}, by=by)

    def unapprove(self, number: int, by: str) -> None:
        self.ask("POST", f"{self.at}/merge_requests/{number}/unapprove", {}, by=by)

    def thread(self, number: int, by: str) -> str:
        path = f"{self.at}/merge_requests/{number}/discussions"
        return self.ask("POST", path, {"body": "why?"}, by=by)["id"]

    def resolve(self, number: int, thread: str, by: str) -> None:
        path = f"{self.at}/merge_requests/{number}/discussions/{thread}"
        self.ask("PUT", path, {"resolved": True}, by=by)

    def label(self, number: int, name: str) -> None:
        self.ask("PUT", f"{self.at}/merge_requests/{number}", {"add_labels": name})

    def draft(self, number: int) -> None:
        self.ask("PUT", f"{self.at}/merge_requests/{number}", {"title": "Draft: later"})

    def close(self, number: int) -> None:
        self.ask("PUT", f"{self.at}/merge_requests/{number}", {"state_event": "close"})

    def say(self, number: int, body: str, by: str) -> None:
        self.ask("POST", f"{self.at}/merge_requests/{number}/notes", {"body": body}, by=by)

    def comments(self, number: int) -> list[dict[str, Any]]:
        notes = self.ask("GET", f"{self.at}/merge_requests/{number}/notes?sort=asc&per_page=100")
        return [{"by": n["author"]["username"], "body": n["body"]} for n in notes if not n["system"]]

    def status(self, commit: str) -> list[tuple[str, str]]:
        found = self.ask("GET", f"{self.at}/repository/commits/{commit}/statuses")
        return [(one["name"], one["status"]) for one in found]


class Hub(Home):
    name, kind, api, path = "hub", "github", "/api/v3", "CentOS/config"
    at = "/repos/CentOS/config"

    def headers(self, by: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[by]}"} if by else {}

    def make(self) -> None:
        self.ask("POST", "/orgs/CentOS/repos", {"name": "config"})
        for login in LOGINS:
            invitation = self.ask("PUT", f"{self.at}/collaborators/{login}", {"permission": "push"})
            if invitation:
                self.ask("PATCH", f"/user/repository_invitations/{invitation['id']}", by=login)

    def address(self, number: int) -> str:
        return f"{self.url}/{self.path}/pull/{number}"

    def open(self, branch: str, title: str, by: str) -> int:
        body = {"head": branch, "base": "main", "title": title}
        return self.ask("POST", f"{self.at}/pulls", body, by=by)["number"]

    def review(self, number: int, event: str, by: str) -> int:
        return self.ask("POST", f"{self.at}/pulls/{number}/reviews", {"event": event, "body": "."}, by=by)[
            "id"
        ]

    def approve(self, number: int, by: str) -> None:
        self.review(number, "APPROVE", by)

    def unapprove(self, number: int, by: str) -> None:
        for one in self.ask("GET", f"{self.at}/pulls/{number}/reviews"):
            if one["user"]["login"] == by and one["state"] == "APPROVED":
                path = f"{self.at}/pulls/{number}/reviews/{one['id']}/dismissals"
                self.ask("PUT", path, {"message": "no"})

    def thread(self, number: int, by: str) -> str:
        path = f"{self.at}/pulls/{number}/comments"
        body = {"body": "why?", "commit_id": "0" * 40, "path": "config/sigs.yaml", "line": 1}
        return self.ask("POST", path, body, by=by)["node_id"].replace("PRRC_", "PRRT_")

    def resolve(self, number: int, thread: str, by: str) -> None:  # noqa: ARG002  # as for the other forge
        text = f'mutation {{ resolveReviewThread(input: {{threadId: "{thread}"}}) {{ thread {{ isResolved }} }} }}'
        answer = requests.post(
            f"{self.url}/api/graphql", json={"query": text}, headers=self.headers(by), timeout=60
        )
        assert "errors" not in answer.json(), answer.text

    def label(self, number: int, name: str) -> None:
        self.ask("POST", f"{self.at}/issues/{number}/labels", {"labels": [name]})

    def draft(self, number: int) -> None:
        with self.sandbox.forges["github"].store.transaction():
            pulls = self.sandbox.forges["github"].store.collection("pulls")
            pulls.save(next(one for one in pulls if one["number"] == number), draft=True)

    def close(self, number: int) -> None:
        self.ask("PATCH", f"{self.at}/pulls/{number}", {"state": "closed"})

    def say(self, number: int, body: str, by: str) -> None:
        self.ask("POST", f"{self.at}/issues/{number}/comments", {"body": body}, by=by)

    def comments(self, number: int) -> list[dict[str, Any]]:
        found = self.ask("GET", f"{self.at}/issues/{number}/comments?per_page=100")
        return [{"by": one["user"]["login"], "body": one["body"]} for one in found]

    def status(self, commit: str) -> list[tuple[str, str]]:
        found = self.ask("GET", f"{self.at}/commits/{commit}/statuses")
        return [(found[0]["context"], found[0]["state"])] if found else []
