"""Rules on branches and tags: who may push, merge, create, force and delete what a pattern matches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from sigctl.core import levels
from sigctl.core.kinds.base import Effect, Key, Resource
from sigctl.core.kinds.deploykey import DeployKey
from sigctl.core.kinds.repo import Repo

BRANCH, TAG = "branch", "tag"
DEPLOY_KEY = "deploy_key:"
SIDES = ("push", "merge", "create", "unprotect")
"""Fields that say who may do something."""


def key_in(subject: str) -> str:
    """Return the fingerprint in the subject that is a deploy key."""
    return subject.removeprefix(DEPLOY_KEY)


@dataclass(frozen=True, slots=True)
class BranchRule(Resource):
    """One pattern of one repository; subjects are `team:<path>`, `person:<login>` or `level:<level>`, sorted.

    Who may push may also be a `deploy_key:<fingerprint>` of the repository.

    A field that is None is not cared about; an empty tuple is nobody.
    """

    KIND: ClassVar[str] = "branch_rule"
    PATHS: ClassVar[Mapping[str, str]] = {"repo": "repo"}

    repo: str
    pattern: str
    """Shell-like: `*` matches any run of characters, `/` among them."""
    on: str = BRANCH
    push: tuple[str, ...] | None = None
    merge: tuple[str, ...] | None = None
    create: tuple[str, ...] | None = None
    force: bool | None = None
    delete: bool | None = None
    reviews: int | None = None
    checks: tuple[str, ...] | None = None
    code_owners: bool | None = None
    """Whether those whom the repository's own file names as owners must approve what is merged."""
    unprotect: tuple[str, ...] | None = None
    """Who of those who may change rules at all may change this one, or take it away."""

    @property
    def key(self) -> Key:
        """Repository, branch or tag, pattern."""
        return Key(self.KIND, f"{self.repo}:{self.on}:{self.pattern}")

    @property
    def inside(self) -> Key:
        """The repository."""
        return Key(Repo.KIND, self.repo)

    @property
    def keys(self) -> frozenset[str]:
        """The deploy keys that may push, as subjects."""
        return frozenset(
            one for one in (*(self.push or ()), *(self.create or ())) if one.startswith(DEPLOY_KEY)
        )

    def needs(self) -> tuple[Key, ...]:
        """Return the repository, and the deploy keys that may push."""
        named = sorted(map(key_in, self.keys))
        return (self.inside, *(Key(DeployKey.KIND, f"{self.repo}:{one}") for one in named))

    def renamed(self, moves: Mapping[Key, str]) -> Self:
        """As for every kind, and the teams that may push follow too."""
        moved = super(BranchRule, self).renamed(
            moves
        )  # slots=True makes a new class that plain super() can't find
        return (
            moved
            if not moves
            else moved.with_subjects(
                {f"team:{old.name}": f"team:{new}" for old, new in moves.items() if old.kind == "team"}
            )
        )

    def with_logins(self, logins: Mapping[str, str]) -> Self:
        """Return this with the persons who may push renamed."""
        return self.with_subjects({f"person:{old}": f"person:{new}" for old, new in logins.items()})

    def with_subjects(self, names: Mapping[str, str | None]) -> Self:
        """Return this with subjects replaced, and those that map to None left out."""
        changed: dict[str, Any] = {}
        for field in SIDES:
            if value := getattr(self, field):
                changed[field] = tuple(sorted(new for s in value if (new := names.get(s, s)) is not None))
        return replace(self, **changed) if changed else self

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Narrow when a rule appears or admits fewer; widen when it goes or admits someone more."""
        if before is None or after is None:
            return "narrows" if before is None else "widens"
        wider = [_admits_more(getattr(before, f), getattr(after, f)) for f in ("push", "merge", "create")]
        freer = [getattr(after, f) and not getattr(before, f) for f in ("force", "delete")]
        fewer_reviews = (after.reviews or 0) < (before.reviews or 0)
        fewer_checks = set(before.checks or ()) - set(after.checks or ())
        unowned = bool(before.code_owners and not after.code_owners)
        loose = _unprotects_more(before.unprotect, after.unprotect)
        return "widens" if any((*wider, *freer, fewer_reviews, fewer_checks, unowned, loose)) else "narrows"

    def narrowed(self, after: Self) -> Self:
        """Return the rule that allows only what both this and the one after it allow: a safe step from one to the other."""
        return replace(
            after,
            push=_both(self.push, after.push),
            merge=_both(self.merge, after.merge),
            create=_both(self.create, after.create),
            force=_unless_kept(self.force, after.force),
            delete=_unless_kept(self.delete, after.delete),
            reviews=max(self.reviews or 0, after.reviews or 0) if after.reviews is not None else None,
            code_owners=None if after.code_owners is None else bool(self.code_owners) or after.code_owners,
            checks=None if after.checks is None else tuple(sorted({*(self.checks or ()), *after.checks})),
            # whoever makes the change must stay among them: there is no third list between the two
            unprotect=self.unprotect
            if _unprotects_more(self.unprotect, after.unprotect)
            else after.unprotect,
        )


Subjects = tuple[str, ...] | None


def _admits_more(before: Subjects, after: Subjects) -> bool:
    """Whether someone comes in; None keeps nobody out who may write."""
    if before is None:
        return False
    return after is None or any(not _is_in(one, before) for one in after)


def _unprotects_more(before: Subjects, after: Subjects) -> bool:
    """Whether someone may take the rule away who could not before: whom it names must have `maintain` in any case."""
    every = {f"level:{level}" for level in (levels.WRITE, levels.MAINTAIN)}
    return before is not None and not every & set(before) and _admits_more(before, after)


def _unless_kept(*sides: bool | None) -> bool | None:
    """Whether both allow it; what one of them forbids is not allowed, whatever is unknown of the other."""
    return False if False in sides else None if None in sides else True


def _both(one: Subjects, other: Subjects) -> Subjects:
    if one is None or other is None:
        return other if one is None else one
    return tuple(sorted({s for s in one if _is_in(s, other)} | {s for s in other if _is_in(s, one)}))


def _is_in(subject: str, subjects: tuple[str, ...]) -> bool:
    """Whether whoever is meant is among the others; who has a level has those below it, too."""
    if subject in subjects:
        return True
    rank = _rank(subject)
    return rank is not None and any(other is not None and other <= rank for other in map(_rank, subjects))


def _rank(subject: str) -> int | None:
    kind, _, level = subject.partition(":")
    return levels.rank(level) if kind == "level" else None
