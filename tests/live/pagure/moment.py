"""What a real Pagure holds at a moment, read from its own database and repositories; copied, and put back."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pagure.server import Server

PATIENCE = 90.0
"""Seconds that its workers may take to finish what a request began."""
_GIVES = {"admin": ("ticket", "push", "admin"), "commit": ("ticket", "push"), "ticket": ("ticket",)}
"""What each level of a person or a group on a project comes to."""


class Right(NamedTuple):
    """One thing that one person can do."""

    who: str
    where: str
    what: str


@dataclass(frozen=True)
class Place:
    """Database and repositories of one server."""

    server: Server

    @property
    def database(self) -> Path:
        return self.server.outer / "var/pagure.sqlite"

    @property
    def repositories(self) -> Path:
        return self.server.outer / "var/repositories"

    def rows(self, query: str) -> list[tuple[object, ...]]:
        """Return what the database answers."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=PATIENCE)) as store:
            return store.execute(query).fetchall()

    def settle(self) -> None:
        """Wait until no project is being worked on."""
        end = time.monotonic() + PATIENCE
        while self.rows("SELECT 1 FROM projects WHERE read_only"):
            assert time.monotonic() < end, "a worker does not finish"
            time.sleep(0.02)

    def rights(self) -> frozenset[Right]:
        """Return what everybody can do: on projects by himself or by a group, and in which groups he is."""
        found = set(self._in_groups())
        told = self.rows(f"SELECT {_PATH}, p._settings FROM projects p")
        switches = {path: json.loads(str(options)) if options else {} for path, options in told}
        open_ = {path: not found.get("pull_request_access_only") for path, found in switches.items()}
        for who, path, level, branches in self.rows(_GIVEN):
            for what in _GIVES.get(str(level), (f"push {branches}",)):
                if not what.startswith("push") or open_[path]:
                    found.add(Right(str(who), str(path), what))
        return frozenset(found)

    def _in_groups(self) -> Iterator[Right]:
        for who, group in self.rows(_MEMBERS):
            yield Right(str(who), str(group), "member")

    def census(self) -> dict[str, int]:
        """Return how many there are of everything that could be made twice."""
        tables = ("projects", "user_projects", "projects_groups", "pagure_group", "pagure_user_group")
        return {name: int(str(self.rows(f"SELECT count(*) FROM {name}")[0][0])) for name in tables}

    def fingerprint(self) -> str:
        """Return a digest of all that sigctl can change, ids and times aside."""
        told = [sorted(map(str, self.rows(query))) for query in (_GIVEN, _MEMBERS, _PROJECTS)]
        heads = {
            str(head.relative_to(self.repositories)): head.read_text(encoding="utf-8")
            for head in sorted(self.repositories.glob("**/HEAD"))
        }
        return hashlib.sha256(json.dumps([told, heads]).encode()).hexdigest()

    def keep(self, folder: Path) -> Path:
        """Copy everything into a new folder."""
        folder.mkdir(parents=True)
        _backed_up(self.database, folder / "pagure.sqlite")
        _copied(self.repositories, folder / "repositories")
        return folder

    def put_back(self, folder: Path) -> None:
        """Have the server hold what the copy holds, while it runs: nobody asks it anything meanwhile."""
        self.settle()
        _backed_up(folder / "pagure.sqlite", self.database)
        subprocess.run(["rm", "-rf", "--", str(self.repositories)], check=True)
        _copied(folder / "repositories", self.repositories)


def _backed_up(source: Path, target: Path) -> None:
    """Copy a database into another, which others may have open."""
    with (
        closing(sqlite3.connect(source, timeout=PATIENCE)) as old,
        closing(sqlite3.connect(target, timeout=PATIENCE)) as new,
    ):
        old.backup(new)


def _copied(source: Path, target: Path) -> None:
    """Copy with owners, modes and links."""
    subprocess.run(["cp", "-a", "--", str(source), str(target)], check=True)


_PATH = "CASE WHEN p.namespace IS NULL THEN p.name ELSE p.namespace || '/' || p.name END"
_GIVEN = f"""
SELECT u.user, {_PATH}, 'admin', NULL FROM projects p JOIN users u ON u.id = p.user_id
UNION SELECT u.user, {_PATH}, g.access, g.branches
  FROM user_projects g JOIN projects p ON p.id = g.project_id JOIN users u ON u.id = g.user_id
UNION SELECT u.user, {_PATH}, g.access, g.branches
  FROM projects_groups g JOIN projects p ON p.id = g.project_id
  JOIN pagure_user_group m ON m.group_id = g.group_id JOIN users u ON u.id = m.user_id
"""
_MEMBERS = """
SELECT u.user, g.group_name FROM pagure_user_group m
JOIN users u ON u.id = m.user_id JOIN pagure_group g ON g.id = m.group_id
"""
_PROJECTS = f"SELECT {_PATH}, p.description, p._settings, p.private FROM projects p"
