"""Paths and levels between Pagure's words and ours, and what its admin has to do where its API can't."""

from __future__ import annotations

from urllib.parse import quote

from sigctl.core import levels
from sigctl.core.kinds import Grant
from sigctl.core.kinds.grant import TEAM
from sigctl.forges.pagure.traits import TRAITS

COLLABORATOR = "collaborator"
OWNER = "owner"
WORDS = {levels.TRIAGE: "ticket", levels.WRITE: "commit", levels.ADMIN: "admin"}
LEVELS = {word: level for level, word in WORDS.items()}


def path(*parts: str) -> str:
    """Return a path below /api/0; each part may hold slashes that stay, all else is quoted."""
    return "".join(f"/{quote(part, safe='/')}" for part in parts)


def split(repo: str) -> tuple[str, str]:
    """Return namespace and name; "" for a project at the top."""
    namespace, _, name = repo.rpartition("/")
    return namespace, name


def level_of(word: str) -> str:
    """Return our level for Pagure's word; one that we have none for survives as it is."""
    return LEVELS.get(word) or levels.native(word)


def user_type(grant: Grant) -> str:
    """Return what Pagure calls the kind of subject."""
    return "group" if grant.subject_kind == TEAM else "user"


def new_group(group: str, owner: str) -> str:
    """Return what the server's admin does to make a group that this account can then manage."""
    return TRAITS.by_hand["create team"].format(name=group, me=owner)


def set_branches(grant: Grant, url: str) -> str:
    """Return what the server's admin does to give a right on some branches."""
    kind = user_type(grant)
    page = f"{url}/{grant.target}/add{kind}"
    values = (
        f"{kind} `{grant.subject_name}`, access `{COLLABORATOR}`, branches `{','.join(grant.branches or ())}`"
    )
    return f"the server's admin gives it on {page}: {values}"
