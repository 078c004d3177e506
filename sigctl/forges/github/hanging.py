"""The reads of what hangs on repositories and orgs beside rights and rules: only where it is declared, since each costs requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sigctl.core.kinds import Actions, Key, Repo, Resource, Security, Webhook
from sigctl.errors import NotThereError
from sigctl.forges.apart import Apart
from sigctl.forges.github.readers import parts, switches
from sigctl.forges.github.session import Session

Read = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Hanging:
    """What the reads need, and where they put what they find."""

    session: Session
    add: Callable[[Iterable[Resource]], object]
    can: Callable[[str], object]
    """Told each capability that is found out."""
    alerts: Mapping[str, bool]
    """Repository -> whether dependencies with holes are told of."""
    apart: Apart

    def reads(self, declared: Collection[Key], there: Mapping[str, str]) -> list[Read]:
        """Return the reads of what is declared, on repositories that are there (by path in small letters) and on orgs."""
        asked: dict[str, list[str]] = defaultdict(list)
        for kind, name in sorted(declared):
            if name.casefold() in there:
                asked[kind].append(there[name.casefold()])
            elif "/" not in name:
                asked[f"{kind} of org"].append(name)
        found: list[Read] = [partial(self._labels, asked["label"])] if asked["label"] else []
        for kind, read in (("webhook", self._hooks), ("actions", self._actions)):
            found += [partial(read, "repo", repo) for repo in asked[kind]]
            found += [partial(read, "org", org) for org in asked[f"{kind} of org"]]
        private = set(asked["security.private_reports"])
        found += [partial(self._security, org, some, private) for org, some in _by_org(asked["security"])]
        # of repositories that are still to be made, too: it says whether the org has any
        of_repos = [
            there.get(name.casefold(), name) for kind, name in sorted(declared) if kind == "properties"
        ]
        return found + [partial(self._properties, org, some) for org, some in _by_org(of_repos)]

    def _labels(self, paths: list[str]) -> None:
        self.add(parts.read_labels(self.session, paths, self.apart))

    def _hooks(self, on: str, target: str) -> None:
        with (
            self._about(on, target, Webhook.KIND),
            suppress(NotThereError),
        ):  # gone since the repositories were read
            self.add(parts.read_hooks(self.session, on, target))

    def _actions(self, on: str, target: str) -> None:
        with self._about(on, target, Actions.KIND), suppress(NotThereError):
            self.add([switches.read_actions(self.session, on, target)])

    def _about(self, on: str, target: str, kind: str) -> AbstractContextManager[None]:
        return self.apart.about(target, kind) if on == Repo.KIND else nullcontext()

    def _security(self, org: str, paths: list[str], private: set[str]) -> None:
        several = [paths] if len(paths) > switches.FEW else []
        for some in several or [[one] for one in paths]:
            with nullcontext() if several else self.apart.about(some[0], Security.KIND):
                for repo, analysis in switches.read_analysis(self.session, org, some).items():
                    with self.apart.about(repo, Security.KIND):
                        self.add([self._switches(repo, analysis, reports=repo in private)])

    def _switches(self, repo: str, analysis: dict[str, Any], *, reports: bool) -> Security:
        found = switches.security_of(repo, analysis, alerts=self.alerts.get(repo, False))
        if not reports:
            return found
        return replace(found, private_reports=switches.read_private_reports(self.session, repo))

    def _properties(self, org: str, paths: list[str]) -> None:
        found = switches.read_properties(self.session, org, paths)
        if found is not None:
            self.can(f"custom properties of {org}")
            self.add(found)


def _by_org(repos: Iterable[str]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = defaultdict(list)
    for repo in repos:
        found[repo.partition("/")[0]].append(repo)
    return list(found.items())
