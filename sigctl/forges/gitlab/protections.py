"""Protected branches and tags, between GitLab's lists of who is allowed and our rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sigctl.core import levels
from sigctl.core.kinds import BranchRule
from sigctl.core.kinds.branch import BRANCH, DEPLOY_KEY, TAG
from sigctl.errors import RefusedError
from sigctl.forges.gitlab.graphql import must
from sigctl.forges.gitlab.names import number_of

NOBODY, ADMINISTRATOR = 0, 60
SERVER_ADMIN = levels.native("server-admin")
"""Who administers the whole server; a protection can let nobody else in."""
_NUMBERS = {levels.WRITE: 30, levels.MAINTAIN: 40}
_WORDS = {**{number: level for level, number in _NUMBERS.items()}, ADMINISTRATOR: SERVER_ADMIN}


@dataclass(frozen=True, slots=True)
class Allowed:
    """One line of who is allowed: everyone from a level on, or one person, group or deploy key."""

    level: int = NOBODY
    user: int | None = None
    group: int | None = None
    key: int | None = None
    id: int | None = None
    """The line's own number, where REST told it."""

    def as_json(self) -> dict[str, int]:
        """Return the line as a request names it."""
        named = {"user_id": self.user, "group_id": self.group, "deploy_key_id": self.key}
        return {name: number for name, number in named.items() if number is not None} or {
            "access_level": self.level
        }


@dataclass(frozen=True, slots=True)
class Protection:
    """One protected pattern; for tags `push` is who may create, `merge` is None and nothing can be forced."""

    name: str
    push: tuple[Allowed, ...]
    merge: tuple[Allowed, ...] | None = None
    force: bool = False
    owners: bool | None = None
    """Whether code owners must approve; None where the edition has no such thing."""
    unprotect: tuple[Allowed, ...] | None = None
    """Who may take it away; None where the edition has no such thing."""
    number: int | None = None
    """Its own number, where REST told it."""
    reviews: int | None = None
    """Approvals by anybody who may approve; None where nobody told."""
    others: tuple[str, ...] = ()
    """Approval rules for it that somebody made by hand."""

    @property
    def unprotectors(self) -> tuple[Allowed, ...] | None:
        """Who may take it away in fact: without a word, whoever may change rules at all."""
        return (Allowed(_NUMBERS[levels.MAINTAIN]),) if self.unprotect == () else self.unprotect


def of_rest(row: Mapping[str, Any]) -> Protection:
    """Return a protected branch or tag as REST shows it."""
    if "create_access_levels" in row:
        return Protection(row["name"], _lines(row["create_access_levels"]))
    return Protection(
        row["name"],
        _lines(must(row, "push_access_levels", row["name"])),
        _lines(must(row, "merge_access_levels", row["name"])),
        bool(row.get("allow_force_push")),
        row.get("code_owner_approval_required"),
        _lines(row["unprotect_access_levels"]) if row.get("unprotect_access_levels") is not None else None,
        row.get("id"),
    )


def _lines(rows: Iterable[Mapping[str, Any]]) -> tuple[Allowed, ...]:
    return tuple(
        Allowed(
            int(row.get("access_level") or NOBODY),
            row.get("user_id"),
            row.get("group_id"),
            row.get("deploy_key_id"),
            row.get("id"),
        )
        for row in rows
    )


def of_graphql(node: Mapping[str, Any]) -> Protection | None:
    """Return a branch rule as GraphQL shows it, None for one that protects no branch (approvals and checks only)."""
    protection = node.get("branchProtection")
    if protection is None:
        return None
    name = must(node, "name", "a branch rule")

    def lines(field: str) -> tuple[Allowed, ...]:
        return tuple(_line(row) for row in must(must(protection, field, name), "nodes", name))

    return Protection(
        name,
        lines("pushAccessLevels"),
        lines("mergeAccessLevels"),
        bool(protection["allowForcePush"]),
        protection.get("codeOwnerApprovalRequired"),
        lines("unprotectAccessLevels") if "unprotectAccessLevels" in protection else None,
    )


def _line(node: Mapping[str, Any]) -> Allowed:
    named = {
        field: number_of(node[name]["id"])
        for field, name in (("user", "user"), ("group", "group"), ("key", "deployKey"))
        if node.get(name)
    }
    return Allowed(int(node["accessLevel"]), **named)


@dataclass(frozen=True, slots=True)
class Names:
    """What people, groups and deploy keys are called, by their numbers."""

    login: Callable[[int], str] = str
    path: Callable[[int], str] = str
    key: Callable[[int], str] = str


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of people, groups and deploy keys, by what they are called."""

    user: Callable[[str], int]
    group: Callable[[str], int]
    key: Callable[[str], int] = int


def to_rule(repo: str, on: str, protection: Protection, names: Names) -> BranchRule:
    """Return the rule in our words. Whoever may push may create; nobody deletes a protected branch or tag by git."""

    def subjects(lines: Iterable[Allowed]) -> tuple[str, ...]:
        return tuple(sorted({word for line in lines if (word := _subject(line, names))}))

    push = subjects(protection.push)
    merge = None if protection.merge is None else subjects(protection.merge)
    return BranchRule(
        repo,
        protection.name,
        on,
        push=push,
        merge=merge,
        create=push,
        force=protection.force,
        delete=False,
        reviews=protection.reviews,
        code_owners=protection.owners,
        unprotect=None if protection.unprotectors is None else subjects(protection.unprotectors),
    )


def _subject(line: Allowed, names: Names) -> str:
    if line.user is not None:
        return f"person:{names.login(line.user)}"
    if line.group is not None:
        return f"team:{names.path(line.group)}"
    if line.key is not None:
        return f"{DEPLOY_KEY}{names.key(line.key)}"
    return f"level:{_WORDS.get(line.level) or levels.native(line.level)}" if line.level else ""


def lines_of(subjects: Iterable[str], numbers: Numbers) -> tuple[Allowed, ...]:
    """Return the lines for subjects; nobody is a line, too. RefusedError for a level that can't stand in a rule."""
    named: list[Allowed] = []
    roles: list[int] = []
    for subject in subjects:
        kind, _, name = subject.partition(":")
        if kind == "level":
            roles.append(_role(name))
        elif kind == "person":
            named.append(Allowed(user=numbers.user(name)))
        elif kind == "team":
            named.append(Allowed(group=numbers.group(name)))
        elif subject.startswith(DEPLOY_KEY):
            named.append(Allowed(key=int(name) if name.isdecimal() else numbers.key(name)))
        else:
            raise RefusedError(f"gitlab knows no `{subject}` in a branch rule")
    lowest = [Allowed(min(roles))] if roles else []  # a level includes those above it
    return tuple(lowest + named) or (Allowed(NOBODY),)


def _role(level: str) -> int:
    native = level.removeprefix(levels.NATIVE)
    if level in _NUMBERS:
        return _NUMBERS[level]
    if level == SERVER_ADMIN:
        return ADMINISTRATOR
    if native != level and native.isdecimal():
        return int(native)
    raise RefusedError(
        f"a branch rule on gitlab can't be for everyone with `{level}`", f"one of {', '.join(_NUMBERS)}"
    )


def enforceable(rule: BranchRule) -> BranchRule:
    """Return the rule with one answer to who may push; RefusedError where it wants what GitLab has no way for."""
    pushers = {field for field in (rule.push, rule.create) if field is not None}
    if len(pushers) > 1:
        raise RefusedError(
            f"`{rule.pattern}`: on gitlab whoever may push a protected {rule.on} may create it, and the other way round",
            "give both to the same",
        )
    if rule.delete:
        raise RefusedError(f"`{rule.pattern}`: a protected {rule.on} can't be deleted by git on gitlab")
    if rule.on == TAG and (rule.force or rule.merge or rule.reviews):
        raise RefusedError(f"`{rule.pattern}`: a protected tag can't be forced or merged into on gitlab")
    if rule.checks:
        raise RefusedError(f"`{rule.pattern}`: gitlab does not keep checks in a branch rule")
    if rule.unprotect == ():
        raise RefusedError(
            f"`{rule.pattern}`: somebody must be able to take a rule away on gitlab",
            "name those who may in `unprotect`",
        )
    push = next(iter(pushers), None)
    return replace(rule, push=push, create=push, checks=None)


def bare(lines: Iterable[Allowed]) -> set[tuple[tuple[str, int], ...]]:
    """Return lines in a form that compares without their own numbers; nobody is no line."""
    return {tuple(line.as_json().items()) for line in lines} - {(("access_level", NOBODY),)}


KINDS = {BRANCH: "protected_branches", TAG: "protected_tags"}
