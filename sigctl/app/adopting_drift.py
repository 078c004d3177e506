"""Writing what is there into the files that there are, in place: what somebody did by hand, and what nobody declared."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sigctl.adopt.accounts import Accounts, known_of
from sigctl.adopt.editing import Edit, Known
from sigctl.adopt.edits import edits_of, settled, unborn
from sigctl.adopt.model import Said, Unsaid
from sigctl.app.adopting_files import Copy, Merged
from sigctl.app.adopting_undeclared import undeclared as undeclared_things
from sigctl.app.context import Context, resolve_for
from sigctl.app.evidence import Witness
from sigctl.app.keys import read_keys
from sigctl.app.planning import scope_of
from sigctl.core.compare import compare
from sigctl.core.kinds import Key
from sigctl.core.kinds.webhook import place_of
from sigctl.core.plan import Action
from sigctl.core.state import Observation
from sigctl.core.unread import told
from sigctl.errors import ConfigError, ForgeError, SigctlError
from sigctl.forges.base import TellsHooks
from sigctl.report.words import describe
from sigctl.spec import Config, read
from sigctl.spec.entries import entries, on_forge, settings
from sigctl.spec.layout import layouts
from sigctl.spec.yamlfault import Path as Place
from sigctl.watch.causes import cause_of
from sigctl.watch.finding import grouped

Name = tuple[str, str, str]
_NOT_BY_HAND = ("files", "ended", "invitation")


class Merger:
    """Tries each change on a copy of the files, and keeps it where the files are right and the difference is gone."""

    def __init__(self, context: Context, folder: Path, env: Mapping[str, str]) -> None:
        self.context = context
        self.copy = Copy(context.config, folder)
        self._env = env
        self.config = context.config
        self.seen: dict[str, Observation] = {}
        for name, forge in sorted(context.forges.items()):
            scope = scope_of(context.resolved.desired[name])
            self.seen[name] = forge.observe(scope, lambda what, name=name: context.watch.reading(name, what))  # type: ignore[misc]  # bound now
        self.actions = self.compared(self.config)
        unread = [one for observation in self.seen.values() for one in told(observation)]
        self.unsaid = [Unsaid(one.forge, f"repo {one.subject}", one.reason) for one in unread]
        self.adopted: list[str] = []

    def compared(self, config: Config) -> dict[Name, list[Action]]:
        """Return the differences of the files from what is there."""
        resolved = read_keys(resolve_for(config, self.context.options, self.context.today), self._env)
        found: list[Action] = []
        for name, observation in self.seen.items():
            desired = resolved.desired[name]
            traits = self.context.forges[name].traits
            found += compare(desired, observation, traits, resolved.policy).plan.actions
        return grouped(found)

    def by_hand(self, audit: Path) -> None:
        """Write down what somebody did on the forges."""
        witness = Witness(self.context, audit)
        for forge in self.seen:
            witness.ask(forge, {Key(kind, key) for name, kind, key in self.actions if name == forge})
        for name, found in list(self.actions.items()):
            cause = cause_of(found, witness.of(name[0], found[0].sig))
            if cause.why in _NOT_BY_HAND:
                self.leave(name, f"{cause.text}: it was not done by hand")
                continue
            if name not in self.actions:
                continue  # an earlier change said it, too
            if unborn(found):
                self.leave(name, "it has no branch yet: its history is still to come")
                continue
            accounts = self._accounts()
            edits = edits_of(found, self._known(accounts))
            if edits is None:
                self.leave(
                    name, f"the files have no place for it in one step (they would: {describe(found[0])})"
                )
                continue
            self.attempt(
                name, [*self._people(accounts), *edits], f"{name[1].replace('_', ' ')} {name[2]} on {name[0]}"
            )

    def attempt(self, name: Name, edits: Iterable[Edit], words: str, *, whole: bool = False) -> None:
        """Keep the edits where the files are right after them and the difference is gone; else leave the files as they were."""
        before = self.copy.texts()
        made: list[Path] = []
        try:
            for edit in edits:
                made += self.copy.edit(edit, self.config)
            config = read(
                self.copy.of(self.copy.main), self.context.options.overrides, today=self.context.today
            )
            after = self.compared(config)
            gone = settled(after.get(name, []))
            if whole:  # what is new about it may only be rules of its SIG, which take nothing from anybody
                new = [one for n, found in after.items() if n not in self.actions for one in found]
                gone = gone and all(
                    one.kind == "branch_rule" and one.verb == "create" for one in new if one.forge == name[0]
                )
            _check(gone=gone)
        except (SigctlError, ConfigError) as error:
            self.copy.restore(before, made)
            text = str(error.problems[0]).splitlines()[0] if isinstance(error, ConfigError) else error.text
            self.leave(name, f"the files can't say it: {text}")
            return
        self.config, self.actions = config, after
        self.adopted.append(words)

    def _known(self, accounts: Accounts) -> Known:
        spec = self.config.spec
        repos: dict[tuple[str, str], tuple[str | int, ...]] = {}
        teams: dict[tuple[str, str], tuple[str | int, ...]] = {}
        groups: dict[tuple[str, str], tuple[str | int, ...]] = {}
        for name, layout in layouts(spec, {n: f.traits for n, f in self.context.forges.items()}).items():
            for entry in entries(spec):
                if on_forge(entry, name) and not entry.kernel:
                    repos[name, layout.repo(entry.sig.name, entry.name, entry.project)] = tuple(entry.path)
            for sig in spec.sigs.values():
                for team in sig.teams:
                    path = layout.team(sig.name, team, layout.home(sig.name))
                    teams[name, path] = ("sigs", sig.name, "teams", team)
                if group := layout.own_group(sig.name):
                    groups[name, group] = ("sigs", sig.name)
        at = {tuple(entry.path): entry for entry in entries(spec)}

        def inherited(place: Place, name: str) -> Any:
            entry = at.get(tuple(place))
            return settings(spec, entry).get(name, (None, ()))[0] if entry else None

        return Known(
            spec,
            repos,
            teams,
            groups,
            lambda forge, login: self._account(accounts, forge, login),
            inherited,
            self._addresses,
        )

    def _addresses(self, forge: str, on: str, target: str) -> dict[str, str]:
        """Return place -> where each webhook there goes; nothing where the forge does not tell."""
        asked: object = self.context.forges[forge]
        try:
            return (
                {place_of(url): url for url in asked.hook_addresses(on, target)}
                if isinstance(asked, TellsHooks)
                else {}
            )
        except ForgeError:
            return {}

    def _accounts(self) -> Accounts:
        people = self.config.spec.people
        known = known_of((account, one.logins) for account, one in people.items())
        return Accounts(known, link_equal=False, taken=set(people))

    def _account(self, accounts: Accounts, forge: str, login: str) -> str:
        return accounts.of(forge, login, self.seen[forge].accounts.get(login))

    def _people(self, accounts: Accounts) -> list[Edit]:
        return [
            Edit("set", ("people", account), {"logins": dict(logins)})
            for account, logins in accounts.made.items()
        ]

    def leave(self, name: Name, text: str) -> None:
        """Tell of a difference that stays."""
        self.unsaid.append(Unsaid(name[0], f"{name[1].replace('_', ' ')} {name[2]}", text))

    def merged(self, before: int) -> Merged:
        """Return what was changed."""
        texts, diff = self.copy.changed()
        new = max(0, len(self.actions) - before + len(self.adopted))
        return Merged(texts, diff, tuple(self.adopted), tuple(self.unsaid), new)


def _check(*, gone: bool) -> None:
    if not gone:
        raise SigctlError("the difference would stay")


def merge(
    context: Context, audit: Path, said: Said, env: Mapping[str, str], *, undeclared: bool, by_hand: bool
) -> Merged:
    """Return the files with what is there written into them; nothing is written yet. ForgeError where a forge can't be read."""
    for one in context.set_aside:
        raise SigctlError(f"{one.subject}: {one.reason}", one.hint)
    with tempfile.TemporaryDirectory(prefix="sigctl-") as folder:
        merger = Merger(context, Path(folder), env)
        before = len(merger.actions)
        if by_hand:
            merger.by_hand(audit)
        if undeclared:
            undeclared_things(merger, said)
        return merger.merged(before)
