"""Which SIG a repository or a team belongs to, and what the files call it: by mapping, by templates, else by its namespace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

from sigctl.core.state import Traits

SIG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
REPO = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}")
TEAM = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Mapped:
    """What the mapping file says of one SIG."""

    repos: tuple[str, ...] = ()
    """Patterns of paths; `FORGE:PATTERN` for one forge only."""
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Templates:
    """Where a SIG's repositories and teams are on one forge."""

    repo: str
    team: str


@dataclass(frozen=True)
class Names:
    """The names of one forge."""

    forge: str
    templates: Templates
    traits: Traits
    mapping: Mapping[str, Mapped] = field(default_factory=dict)
    sigs: frozenset[str] = frozenset()
    """SIGs that are known already; of two readings of a path, theirs is right."""
    layouts: Mapping[str, Templates] = field(default_factory=dict)
    """SIGs with templates of their own."""

    @cached_property
    def _known(self) -> list[str]:
        return sorted({*self.sigs, *self.mapping}, key=lambda sig: (-len(sig), sig))

    def repo(self, path: str) -> tuple[str, str, Templates] | None:
        """Return SIG, name and templates for a repository; None where no name in the files could mean it."""
        return self._place(path, [one.repos for one in self.mapping.values()], "repo")

    def team(self, path: str) -> tuple[str, str, Templates] | None:
        """Return SIG, name and templates for a team."""
        return self._place(path, [one.teams for one in self.mapping.values()], "team")

    def is_team(self, path: str) -> bool:
        """Whether a group is a team by the mapping or the template, where teams are groups."""
        if any(self._fits(pattern, path) for one in self.mapping.values() for pattern in one.teams):
            return True
        return bool(_pattern(self.templates.team).fullmatch(path))

    def _place(
        self, path: str, patterns: Sequence[Sequence[str]], what: str
    ) -> tuple[str, str, Templates] | None:
        local = path if what == "repo" or self.traits.team_is_group else path.rpartition("/")[2]
        for sig, found in zip(self.mapping, patterns, strict=True):
            if any(self._fits(pattern, path) for pattern in found):
                return self._own(sig, path, local, what)
        for sig, own in self.layouts.items():
            name = _read(getattr(own, what), sig, local)
            if name is not None:
                return self._checked(sig, name, own, what)
        template = getattr(self.templates, what)
        for sig in self._known:
            name = _read(template, sig, local)
            if name is not None:
                return self._checked(sig, name, self.templates, what)
        match = _pattern(template).fullmatch(local)
        if match and match["sig"]:
            return self._checked(match["sig"].lower(), match["name"], self.templates, what)
        return self._by_namespace(path, local, what)

    def _own(self, sig: str, path: str, local: str, what: str) -> tuple[str, str, Templates] | None:
        name = _read(getattr(self.templates, what), sig, local)
        if name is not None:
            return self._checked(sig, name, self.templates, what)
        return self._by_namespace(path, local, what, sig)

    def _by_namespace(
        self, path: str, local: str, what: str, sig: str = ""
    ) -> tuple[str, str, Templates] | None:
        """Return a SIG for all that is in a namespace and fits no template."""
        namespace = path.rpartition("/")[0]
        if what == "team" and self.traits.team_is_group:
            namespace = namespace.removesuffix("/groups")
        name = sig or re.sub(r"[^a-z0-9]+", "-", namespace.lower()).strip("-")
        team = f"{path.rpartition('/')[0]}/{{team}}" if self.traits.team_is_group else "{team}"
        own = Templates(f"{namespace}/{{repo}}", team)
        return self._checked(name, local.rpartition("/")[2], own, what)

    def _checked(self, sig: str, name: str, own: Templates, what: str) -> tuple[str, str, Templates] | None:
        good = REPO if what == "repo" else TEAM
        return (sig, name, own) if SIG.fullmatch(sig) and good.fullmatch(name) else None

    def _fits(self, pattern: str, path: str) -> bool:
        start = f"{self.forge}:"
        if pattern.startswith(start):
            return fnmatchcase(path, pattern.removeprefix(start))
        return fnmatchcase(path, pattern)


def _read(template: str, sig: str, path: str) -> str | None:
    """Return the name that the template with this SIG makes the path of, None where it does not."""
    found = _pattern(template, sig).fullmatch(path)
    return found["name"] if found else None


def _pattern(template: str, sig: str = "") -> re.Pattern[str]:
    out = ""
    named = False
    for part in re.split(r"(\{\w+\})", template):
        if part == "{sig}":
            out += re.escape(sig) if sig else ("(?P=sig)" if named else r"(?P<sig>[A-Za-z0-9]+?)")
            named = True
        elif part in ("{repo}", "{team}"):
            out += r"(?P<name>[^/]+)"
        elif part == "{project}":
            out += r"[^/]*"
        else:
            out += re.escape(part)
    return re.compile(out if named and not sig else f"{out}(?P<sig>)", re.IGNORECASE)


def majority(found: Iterable[Templates], usual: Templates) -> Templates:
    """Return the templates of most; the usual ones where they are among the most."""
    counts: dict[Templates, int] = {}
    for one in found:
        counts[one] = counts.get(one, 0) + 1
    return max(counts, key=lambda one: (counts[one], one == usual, one.repo), default=usual)
