"""Parts of a repository that can be switched off, or kept to its members: issues, merge requests, pipelines and the like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from sigctl.core.kinds.base import Effect, Resource
from sigctl.core.kinds.setting import RepoSetting

OFF, MEMBERS, EVERYONE, PUBLIC = "off", "members", "everyone", "public"
ACCESS = (OFF, MEMBERS, EVERYONE, PUBLIC)
"""Who has a feature, from nobody on: the members, whoever sees the repository, or the whole world though the repository is hidden."""
FEATURES = (
    "repository", "merge_requests", "forks", "ci", "issues", "wiki", "snippets", "packages", "containers", "pages", "releases",
    "environments", "feature_flags", "infrastructure", "monitoring", "analytics", "security", "models", "experiments",
)  # fmt: skip
WORLDWIDE = ("packages", "pages")
"""Those that can be public while their repository is not."""
BELOW: Mapping[str, str] = {"merge_requests": "repository", "ci": "repository"}
"""Feature -> the one that it can't be more open than."""


@dataclass(frozen=True, slots=True)
class Features(RepoSetting):
    """Who has which feature of a repository; those that nobody declares are not cared about."""

    KIND: ClassVar[str] = "features"

    access: tuple[str, ...] = ()
    """`FEATURE=WHO`, sorted."""

    @classmethod
    def of(cls, repo: str, given: Mapping[str, str]) -> Self:
        """Return it for a mapping of features to who has them."""
        return cls(repo, tuple(sorted(f"{name}={who}" for name, who in given.items())))

    def given(self) -> dict[str, str]:
        """Return who has what, by feature."""
        return {name: who for name, _, who in (one.partition("=") for one in self.access)}

    def changes(self, observed: Resource) -> dict[str, tuple[Any, Any]]:
        """Return the difference in the features that this one speaks of."""
        ours, theirs = self.given(), observed.given() if isinstance(observed, Features) else {}
        told = {name: who for name, who in theirs.items() if name in ours}
        if told == ours:
            return {}
        return {"access": (type(self).of(self.repo, told).access, self.access)}

    def over(self, observed: Resource) -> Self:
        """Return who has what is declared, and the other features as they are."""
        theirs = observed.given() if isinstance(observed, Features) else {}
        return type(self).of(self.repo, {**theirs, **self.given()})

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Widen when anything opens; a word that is not known may be anything, so a change from or to it widens."""
        if after is None:
            return "neutral"
        old, new = before.given() if before else {}, after.given()
        steps = {_rises(old.get(name, EVERYONE), who) for name, who in new.items()}
        return "widens" if 1 in steps else "narrows" if -1 in steps else "neutral"

    def narrowed(self, after: Self) -> Self:
        """Return what allows only what both this and the one after it allow: a safe step from one to the other."""
        asked = after.given()
        had = {**asked, **self.given()}
        less = {name: who if _rises(had[name], who) < 0 else had[name] for name, who in asked.items()}
        return type(self).of(self.repo, less)


def rank(who: str) -> int:
    """Return how many have a feature, from 0 for nobody on; a word that is not known counts as all the world."""
    return ACCESS.index(who) if who in ACCESS else len(ACCESS)


def _rises(before: str, after: str) -> int:
    if before == after:
        return 0
    return 1 if before not in ACCESS or rank(after) > rank(before) else -1
