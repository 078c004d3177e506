"""From names in the files to paths on a forge, by the forge's templates."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from sigctl.core.state import Traits
from sigctl.spec.model import ForgeConfig, SigConfig, Spec
from sigctl.spec.model import Layout as LayoutConfig


@functools.lru_cache(maxsize=65_536)
def _group_part(template: str, sig: str, project: str) -> str:
    return template.replace("{sig}", sig).replace("{project}", project)


def legal(name: str, traits: Traits) -> str:
    """Return the name as the forge can hold it: `+` becomes `plus` where it can't stand."""
    return name if traits.plus_in_names else name.replace("+", "plus")


def parent(path: str) -> str:
    """Return the path of the namespace that a path is in, "" at the top."""
    return path.rpartition("/")[0]


def above(path: str) -> Iterator[str]:
    """Yield every namespace on the way to a path, the top one first."""
    parts = path.split("/")
    for n in range(1, len(parts)):
        yield "/".join(parts[:n])


@dataclass(frozen=True, eq=False)
class Layout:
    """Paths on one forge."""

    forge: ForgeConfig
    traits: Traits

    @cached_property
    def _templates(self) -> dict[str, LayoutConfig]:
        return {}

    def templates(self, sig: str) -> LayoutConfig:
        """Return the templates for a SIG: its own where it has some, else the forge's."""
        found = self._templates.get(sig)
        if found is None:
            found = self._templates[sig] = self.forge.layout(sig)
        return found

    def repo(self, sig: str, name: str, project: str = "") -> str:
        """Return the path of a repository."""
        return self._repo(self.templates(sig).repo or "", sig, name, project)

    def _repo(self, template: str, sig: str, name: str, project: str) -> str:
        return _group_part(template, sig, project).replace("{repo}", legal(name, self.traits))

    def older_repos(
        self, sig: str, name: str, previously: tuple[str, ...], project: str = ""
    ) -> tuple[str, ...]:
        """Return the paths at which the repository may be found when it was not moved or renamed yet, likeliest first."""
        layout = self.templates(sig)
        if not previously and not layout.moved_from:
            return ()
        templates = (layout.repo or "", *layout.moved_from)
        found = [
            self._repo(template, sig, old, project) for template in templates for old in (name, *previously)
        ]
        return tuple(dict.fromkeys(path for path in found if path != found[0]))

    def team(self, sig: str, name: str, org: str, project: str = "") -> str:
        """Return the path of a team, in an org where teams live in orgs."""
        return self._team(self.templates(sig).team or "", sig, name, org, project)

    def _team(self, template: str, sig: str, name: str, org: str, project: str) -> str:
        path = _group_part(template, sig, project).replace("{team}", name)
        return (
            path
            if self.traits.team_is_group or self.traits.server_teams
            else f"{org}/{path.replace('.', '-').lower()}"
        )

    def older_teams(
        self, sig: str, name: str, previously: tuple[str, ...], org: str, project: str = ""
    ) -> tuple[str, ...]:
        """Return the paths at which the team may be found when it was not renamed yet."""
        layout = self.templates(sig)
        templates = (layout.team or "", *layout.team_moved_from)
        found = [
            self._team(template, sig, old, org, project)
            for template in templates
            for old in (name, *previously)
        ]
        return tuple(dict.fromkeys(path for path in found if path != found[0]))

    def home(self, sig: str) -> str:
        """Return the namespace that the SIG's repositories are in."""
        return parent(self.repo(sig, "x"))

    def own_group(self, sig: str) -> str:
        """Return the SIG's group where it has one to itself and rights can be given on it, else ""."""
        template = parent(self.templates(sig).repo or "")
        if not self.traits.group_grants or ("{sig}" not in template and sig not in self.forge.layouts):
            return ""
        return "" if "{repo}" in template else _group_part(template, sig, "").rstrip("/")


def layouts(spec: Spec, traits: dict[str, Traits]) -> dict[str, Layout]:
    """Return the layout of every forge whose type is known."""
    return {name: Layout(forge, traits[name]) for name, forge in spec.forges.items() if name in traits}


@functools.cache
def _split(ref: str) -> tuple[str, str]:
    sig, _, team = ref.removeprefix("team:").rpartition("/")
    return sig, team


def team_ref(ref: str, sig: str) -> tuple[str, str]:
    """Return SIG and team of a reference written in a SIG's file."""
    found, team = _split(ref)
    return found or sig, team


def project_of(sig: SigConfig, team: str) -> str:
    """Return the project that a team belongs to, "" for one of the SIG itself."""
    return next((name for name, project in sig.projects.items() if team in project.teams), "")
