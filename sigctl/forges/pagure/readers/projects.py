"""Projects: found by namespace, with their grants; settings and branches only where the files speak of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sigctl.core.kinds import Grant, Repo
from sigctl.core.kinds.grant import PERSON, TEAM
from sigctl.core.levels import WRITE, native
from sigctl.errors import PartialError
from sigctl.forges.pagure.names import COLLABORATOR, LEVELS, OWNER, level_of, path
from sigctl.forges.pagure.session import Data, Session

REPO = Repo.KIND
TRACKER, PULLS, NO_PUSH = "issue_tracker", "pull_requests", "pull_request_access_only"
_HOLDERS = {"access_users": PERSON, "access_groups": TEAM}


@dataclass(frozen=True, slots=True)
class Settings:
    """What is read of a single project: its options, its branches."""

    issues: bool | None
    archived: bool | None
    default_branch: str | None
    filled: bool


def below(session: Session, namespace: str) -> list[Data]:
    """Return every project of a namespace; none where the server has no such namespace, it makes no difference."""
    return session.every("/projects", "projects", namespace=namespace, fork="0")


def one(session: Session, repo: str) -> list[Data]:
    """Return the project with this path, as a list of one; empty where there is none."""
    found = session.look(path(repo))
    return [] if found is None or found.get("fullname") != repo else [found]


def settings(session: Session, repo: str) -> Settings:
    """Return a project's options and what is to be known of its branches; raises where either can't be read."""
    found = options(session, repo)
    branches = session.get(path(repo, "git", "branches"))
    if not isinstance(branches.get("branches"), list):
        raise PartialError(f"{repo}: the answer holds no branches", forge=session.name)
    return Settings(
        issues=bool(found[TRACKER]) if TRACKER in found else None,
        archived=archived_of(found),
        default_branch=branches.get("default"),
        filled=bool(branches["branches"]),
    )


def options(session: Session, repo: str) -> dict[str, Any]:
    """Return a project's options."""
    found = session.get(path(repo, "options")).get("settings")
    if not isinstance(found, dict):
        raise PartialError(f"{repo}: the answer holds no options", forge=session.name)
    return found


def archived_of(found: dict[str, Any]) -> bool | None:
    """Return whether nothing can come in: neither by push nor by pull request; None for one without the other."""
    if bool(found.get(NO_PUSH)) and not found.get(PULLS):
        return True
    return False if not found.get(NO_PUSH) and found.get(PULLS) else None


def repo_of(data: Data, known: Settings | None) -> Repo:
    """Return the project in our words; what was not read is None."""
    if known is None:
        return Repo(data["fullname"], description=data.get("description") or "", filled=True)
    return Repo(
        data["fullname"],
        description=data.get("description") or "",
        default_branch=known.default_branch,
        archived=known.archived,
        issues=known.issues,
        filled=known.filled,
    )


def has_patterns(data: Data) -> bool:
    """Whether somebody has a right on some branches only, which another answer tells in full."""
    return any((data.get(field) or {}).get(COLLABORATOR) for field in _HOLDERS)


def patterns(session: Session, repo: str) -> dict[str, tuple[str, ...]]:
    """Return subject -> patterns of the branches it may push to; an empty tuple where none were ever set."""
    found = session.get(path(repo, "contributors"))
    out: dict[str, tuple[str, ...]] = {}
    for field, kind in (("users", PERSON), ("groups", TEAM)):
        rows = (found.get(field) or {}).get("collaborators")
        if not isinstance(rows, list):
            raise PartialError(f"{repo}: the answer holds no collaborators", forge=session.name)
        for row in rows:
            written = (row.get("branches") or "").split(",")
            out[f"{kind}:{row['user']}"] = tuple(sorted({p.strip() for p in written if p.strip()}))
    return out


def grants_of(data: Data, limited: dict[str, tuple[str, ...]]) -> Iterator[Grant]:
    """Yield what people and groups have on a project; its owner has admin, whatever else is listed."""
    for field, kind in _HOLDERS.items():
        held: dict[str, Grant] = {}
        for word, names in sorted((data.get(field) or {}).items(), key=_weakest_first):
            for name in names:
                held[name] = _grant(data["fullname"], f"{kind}:{name}", word, limited)
        yield from held.values()


def _weakest_first(item: tuple[str, Any]) -> int:
    order = ("ticket", COLLABORATOR, "commit", "admin", OWNER)
    return order.index(item[0]) if item[0] in order else len(order)


def _grant(repo: str, subject: str, word: str, limited: dict[str, tuple[str, ...]]) -> Grant:
    if word == OWNER:
        return Grant(REPO, repo, subject, LEVELS["admin"], branches=())
    if word == COLLABORATOR:
        branches = limited.get(subject)
        if branches:
            return Grant(REPO, repo, subject, WRITE, branches=branches)
        return Grant(
            REPO, repo, subject, native(COLLABORATOR), branches=()
        )  # without a pattern nothing can be pushed
    return Grant(REPO, repo, subject, level_of(word), branches=())
