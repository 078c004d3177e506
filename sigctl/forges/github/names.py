"""GitHub's words for levels, roles and privacy, and how a team's name becomes its slug."""

from __future__ import annotations

import re
import unicodedata

from sigctl.core.kinds.org import MEMBER, OWNER
from sigctl.core.kinds.team import LEAD
from sigctl.core.levels import ADMIN, MAINTAIN, NATIVE, READ, TRIAGE, WRITE, native

_READ = {
    "pull": READ, "read": READ, "triage": TRIAGE, "push": WRITE, "write": WRITE, "maintain": MAINTAIN, "admin": ADMIN,
}  # fmt: skip
_WRITE = {READ: "pull", TRIAGE: "triage", WRITE: "push", MAINTAIN: "maintain", ADMIN: "admin"}


def level_of(word: str) -> str:
    """Return the level for any of GitHub's spellings; a custom role survives as a native word."""
    return _READ.get(word.lower()) or native(word)


def permission_of(level: str) -> str:
    """Return the word that REST takes when a level is granted; a native word is a custom role's name."""
    return _WRITE.get(level) or level.removeprefix(NATIVE)


def invited_permission_of(level: str) -> str:
    """Return the word that a repository invitation takes: there the levels are called as ours are."""
    return level.removeprefix(NATIVE)


def org_role_of(word: str) -> str:
    """Return owner or member for GitHub's admin, member and direct_member; others survive as native words."""
    known = {"admin": OWNER, "member": MEMBER, "direct_member": MEMBER, "reinstate": MEMBER}
    return known.get(word.lower()) or native(word.lower())


def team_role_of(word: str) -> str:
    """Return lead for maintainer, member for member."""
    return {"maintainer": LEAD, "member": MEMBER}.get(word.lower()) or native(word.lower())


def slug_of(name: str) -> str:
    """Return the slug that GitHub makes of a team's name: plain letters, lower case, runs of anything else as one dash."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9_]+", "-", plain).strip("-")


def split(path: str) -> tuple[str, str]:
    """Return the org and the name within it."""
    org, _, name = path.partition("/")
    return org, name
