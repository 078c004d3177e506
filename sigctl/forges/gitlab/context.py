"""What readers and writers share in one run: the client, and the numbers behind the paths."""

from __future__ import annotations

import threading
from typing import Any

from sigctl.errors import NotThereError, PartialError
from sigctl.forges.base import Settings
from sigctl.forges.gitlab.client import Client
from sigctl.forges.gitlab.graphql import Graph
from sigctl.forges.gitlab.names import is_below, last_of, parent_of, quoted, unscheduled

GROUPS, PROJECTS, USERS = "groups", "projects", "users"


class Known:
    """Numbers by path or login, learned by reading; a path follows when the thing is moved. Case does not count."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ids: dict[str, dict[str, int]] = {GROUPS: {}, PROJECTS: {}, USERS: {}}
        self._names: dict[str, dict[int, str]] = {GROUPS: {}, PROJECTS: {}, USERS: {}}
        self._scheduled: dict[str, dict[str, int]] = {GROUPS: {}, PROJECTS: {}}

    def learn(self, kind: str, name: str, number: int) -> None:
        """Remember a number; what waited for its deletion under that name is nobody's concern any more."""
        with self._lock:
            self._scheduled.get(kind, {}).pop(name.casefold(), None)
            self._ids[kind][name.casefold()] = number
            self._names[kind][number] = name

    def get(self, kind: str, name: str) -> int | None:
        """Return the number, None where it was not learned."""
        with self._lock:
            return self._ids[kind].get(name.casefold())

    def name(self, kind: str, number: int) -> str | None:
        """Return the path or login that a number was learned under, as it was spelled."""
        with self._lock:
            return self._names[kind].get(number)

    def forget(self, kind: str, name: str) -> None:
        """Drop what was deleted, and what was below it."""
        with self._lock:
            for known in (
                self._ids[kind],
                *((self._ids[GROUPS], self._ids[PROJECTS]) if kind == GROUPS else ()),
            ):
                for path in [
                    p for p in known if p == name.casefold() or (kind == GROUPS and is_below(p, name))
                ]:
                    del known[path]

    def move(self, old: str, new: str) -> None:
        """Let the path, and those below it, follow."""
        with self._lock:
            for kind in (GROUPS, PROJECTS):
                known = self._ids[kind]
                for path in [p for p in known if p == old.casefold() or is_below(p, old)]:
                    known[new.casefold() + path[len(old) :]] = number = known.pop(path)
                    self._names[kind][number] = new + self._names[kind][number][len(old) :]

    def schedule(self, kind: str, path: str, number: int) -> None:
        """Remember that what had this path waits for its deletion."""
        with self._lock:
            self._scheduled[kind][path.casefold()] = number

    def scheduled(self, kind: str, path: str) -> int | None:
        """Return the number of what had this path and waits for its deletion, None where nothing does."""
        with self._lock:
            return self._scheduled[kind].get(path.casefold())

    def forget_scheduled(self) -> None:
        """Drop all that waited for its deletion: it is about to be seen anew."""
        with self._lock:
            for known in self._scheduled.values():
                known.clear()


class Context:
    """One server, for the length of a run."""

    def __init__(self, client: Client, settings: Settings | None = None) -> None:
        self.client = client
        self.settings = settings
        self.graph = Graph(client)
        self.known = Known()
        self.enterprise = False
        """Whether the server is the Enterprise Edition; found out by the first read."""
        self.saw_whole = False
        """Whether whole trees were read, with all in them that waits for its deletion."""
        self.keys: dict[int, str] = {}
        """Deploy key's number -> its fingerprint, as far as keys were read."""
        self._me: dict[str, Any] | None = None
        self._projects: dict[int, threading.Lock] = {}
        self._lock = threading.Lock()

    def alone(self, project: int) -> threading.Lock:
        """Return what to hold while something is changed that is one for all rules of a project."""
        with self._lock:
            return self._projects.setdefault(project, threading.Lock())

    def me(self) -> dict[str, Any]:
        """Return the user behind the token, as GET /user shows it; read once."""
        if self._me is None:
            me = self.client.get("/user")
            if not isinstance(me, dict) or not {"id", "username"} <= me.keys():
                raise PartialError("whose the token is can't be read", "run it again")
            self._me = me
        return self._me

    def group(self, path: str) -> dict[str, Any] | None:
        """Return the group that has this path now, None where there is none (an older path leads elsewhere)."""
        return self._exact(GROUPS, path, "full_path", with_projects="false")

    def project(self, path: str) -> dict[str, Any] | None:
        """Return the project that has this path now, None where there is none (an older path leads elsewhere)."""
        return self._exact(PROJECTS, path, "path_with_namespace")

    def waiting(self, kind: str, path: str) -> int | None:
        """Return the number of what had this path and waits for its deletion; asked for where no whole tree was read."""
        known, parent = self.known.scheduled(kind, path), parent_of(path)
        if known is not None or self.saw_whole or not parent:
            return known
        inside, field = ("subgroups", "full_path") if kind == GROUPS else ("projects", "path_with_namespace")
        flags = {} if kind == GROUPS else {"with_shared": "false"}
        try:
            word = f"{last_of(path)}-deletion_scheduled"
            rows = self.client.pages(f"/groups/{quoted(parent)}/{inside}", search=word, **flags)
        except NotThereError:
            return None
        old = [
            row
            for row in rows
            if row[field] != path and unscheduled(row[field]).casefold() == path.casefold()
        ]
        return max((int(row["id"]) for row in old), default=None)

    def group_id(self, path: str) -> int:
        """Return the group's number; NotThereError where it does not exist."""
        return self._number(GROUPS, path)

    def project_id(self, path: str) -> int:
        """Return the project's number; NotThereError where it does not exist."""
        return self._number(PROJECTS, path)

    def user_id(self, login: str) -> int:
        """Return the person's number; NotThereError where nobody has the login."""
        if (number := self.known.get(USERS, login)) is not None:
            return number
        for user in self.client.get("/users", username=login):
            if user["username"].casefold() == login.casefold():
                self.known.learn(USERS, login, user["id"])
                return int(user["id"])
        raise NotThereError(
            f"nobody has the login `{login}`", "renamed, removed, or a slip of the pen in `people`?"
        )

    def _number(self, kind: str, path: str) -> int:
        if (number := self.known.get(kind, path)) is not None:
            return number
        found = self.group(path) if kind == GROUPS else self.project(path)
        if found is None:
            raise NotThereError(f"{kind[:-1]} `{path}` does not exist, or is hidden from the token")
        return int(found["id"])

    def _exact(self, kind: str, path: str, field: str, **query: str) -> dict[str, Any] | None:
        found = self.client.look(f"/{kind}/{quoted(path)}", **query)
        if found is None or str(found[field]).casefold() != path.casefold():
            return None
        self.known.learn(kind, path, found["id"])
        return dict(found)
