"""What a server itself looks at in a push, and who may approve a merge: always there on tiers that have it, and set as a whole."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self

from sigctl.core.kinds.base import Effect
from sigctl.core.kinds.setting import RepoSetting, TargetSetting

Term = bool | str | int | None


@dataclass(frozen=True, slots=True)
class PushRules(TargetSetting):
    """What must be so in everything that is pushed to a repository; on a group, what new repositories in it begin with.

    A text is a regular expression, "" is none; a size of 0 is no limit.
    """

    KIND: ClassVar[str] = "push_rules"

    commit_committer_check: bool | None = None
    commit_committer_name_check: bool | None = None
    reject_unsigned_commits: bool | None = None
    reject_non_dco_commits: bool | None = None
    prevent_secrets: bool | None = None
    member_check: bool | None = None
    deny_delete_tag: bool | None = None
    commit_message_regex: str | None = None
    commit_message_negative_regex: str | None = None
    branch_name_regex: str | None = None
    author_email_regex: str | None = None
    file_name_regex: str | None = None
    max_file_size: int | None = None
    """Megabytes."""

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Widen when something is let through that was not; another expression may let anything through."""
        if before is None or after is None:
            return "neutral"
        old, new = before.terms(), after.terms()
        changed = [name for name in new if new[name] is not None and old[name] != new[name]]
        if not changed:
            return "neutral"
        return "widens" if any(_looser(old[name], new[name]) for name in changed) else "narrows"

    def narrowed(self, after: Self) -> Self:
        """Return what lets through only what both this and the one after it do; of two expressions the one that is there."""
        old, new = self.terms(), after.terms()
        less = {name: _stricter(old[name], value) for name, value in new.items() if value is not None}
        return replace(after, **less)  # type: ignore[arg-type]  # each term is of its field's own type

    def terms(self) -> dict[str, Term]:
        """Return what it says, without of what it is."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("on", "target")}


PUSH_RULES = tuple(f.name for f in fields(PushRules) if f.name not in ("on", "target"))


def _looser(old: Term, new: Term) -> bool:
    """Whether one term lets more through than it did; a server that does not tell of one looks at nothing by it."""
    if isinstance(new, bool):
        return bool(old) and not new
    if isinstance(new, int):
        return bool(old) and (not new or new > int(old or 0))
    return bool(old)


def _stricter(old: Term, new: Term) -> Term:
    """Return the term that lets less through; of one that the server does not tell of, the new one."""
    if old is None or isinstance(new, bool):
        return bool(old) or new
    if isinstance(new, int):
        return min(int(old), new) if old and new else int(old) or new
    return old or new


@dataclass(frozen=True, slots=True)
class Approvals(RepoSetting):
    """Who may approve what is merged, and what becomes of approvals: each switch that is on makes them worth less."""

    KIND: ClassVar[str] = "approvals"

    author: bool | None = None
    """Whether who proposes a change may approve it himself."""
    committers: bool | None = None
    """Whether who wrote some of its commits may."""
    override: bool | None = None
    """Whether each proposal may ask for another number of approvals."""
    keep: bool | None = None
    """Whether approvals stay when more is pushed."""

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Widen when any of it is switched on."""
        if before is None or after is None:
            return "neutral"
        changed = [
            getattr(after, name)
            for name in APPROVALS
            if getattr(after, name) not in (None, getattr(before, name))
        ]
        return "widens" if any(changed) else "narrows" if changed else "neutral"

    def narrowed(self, after: Self) -> Self:
        """Return what approvals are worth where both this and the one after it agree: a safe step from one to the other."""
        less = {
            name: bool(getattr(after, name) and getattr(self, name) is not False)
            for name in APPROVALS
            if getattr(after, name) is not None
        }
        return replace(after, **less)  # type: ignore[arg-type]  # the names are those of the switches


APPROVALS = ("author", "committers", "override", "keep")
