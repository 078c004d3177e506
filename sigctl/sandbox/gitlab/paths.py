"""Which names GitLab takes for groups and projects, and what becomes of a name when its thing is deleted."""

from __future__ import annotations

import re

TOP_RESERVED = frozenset(
    [
        "-",
        ".well-known",
        "404.html",
        "422.html",
        "500.html",
        "502.html",
        "503.html",
        "admin",
        "api",
        "apple-touch-icon.png",
        "assets",
        "dashboard",
        "deploy.html",
        "explore",
        "favicon.ico",
        "favicon.png",
        "files",
        "groups",
        "health_check",
        "help",
        "import",
        "jwt",
        "login",
        "oauth",
        "profile",
        "projects",
        "public",
        "robots.txt",
        "s",
        "search",
        "sitemap",
        "sitemap.xml",
        "sitemap.xml.gz",
        "slash-command-logo.png",
        "snippets",
        "unsubscribe",
        "uploads",
        "users",
        "v2",
    ]
)
PROJECT_RESERVED = frozenset(
    [
        "-",
        "badges",
        "blame",
        "blob",
        "builds",
        "commits",
        "create",
        "create_dir",
        "edit",
        "environments/folders",
        "files",
        "find_file",
        "gitlab-lfs/objects",
        "info/lfs/objects",
        "new",
        "preview",
        "raw",
        "refs",
        "tree",
        "update",
        "wikis",
    ]
)
GROUP_RESERVED = frozenset({"-"})
_GROUP = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")
_PROJECT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_SPECIAL = re.compile(r"[-._]{2,}|[-._]$")
CHARACTERS = (
    "can only include non-accented letters, digits, '_', '-' and '.'. "
    "It must not start with '-', end in '.', or end in '.git' or '.atom'."
)
LONGEST = 255


def group_path_errors(path: str, *, top: bool) -> list[str]:
    """Return what is wrong with the last part of a group's path, in GitLab's words."""
    errors = []
    if path.lower() in (TOP_RESERVED if top else GROUP_RESERVED | PROJECT_RESERVED):
        errors.append("is a reserved name")
    if not _GROUP.fullmatch(path) or path.endswith((".", ".git", ".atom")):
        errors.append(CHARACTERS)
    return errors + _length(path)


def project_path_errors(path: str) -> list[str]:
    """Return what is wrong with the last part of a project's path, in GitLab's words."""
    errors = []
    if path.lower() in PROJECT_RESERVED:
        errors.append("is a reserved name")
    if not _PROJECT.fullmatch(path) or path.endswith((".git", ".atom")):
        errors.append(
            "can contain only letters, digits, '_', '-' and '.'. "
            "Cannot start with '-', end in '.git' or end in '.atom'."
        )
    if _SPECIAL.search(path):
        errors.append(
            "must not start or end with a special character and must not contain consecutive special characters."
        )
    return errors + _length(path)


def name_errors(name: str) -> list[str]:
    """Return what is wrong with a display name."""
    if not name:
        return ["can't be blank"]
    return _length(name)


def slug(name: str) -> str:
    """Return the path GitLab makes of a name when none is given."""
    return re.sub(r"[-._]{2,}", "-", re.sub(r"[^A-Za-z0-9_.-]+", "-", name)).strip("-.").lower()


def doomed(name: str, id_: int) -> str:
    """Return the name (or path) of something whose deletion is scheduled."""
    return f"{name}-deletion_scheduled-{id_}"


def saved(name: str, id_: int) -> str:
    """Return the name that something had before its deletion was scheduled."""
    return name.removesuffix(f"-deletion_scheduled-{id_}")


def _length(text: str) -> list[str]:
    return [f"is too long (maximum is {LONGEST} characters)"] if len(text) > LONGEST else []
