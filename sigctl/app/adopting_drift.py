"""Writing what is there into the files that there are, in place: what somebody did by hand, and what nobody declared."""

from __future__ import annotations

import difflib
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sigctl.adopt.accounts import Accounts, known_of
from sigctl.adopt.build import Builder
from sigctl.adopt.edits import Edit, Known, edits_of, settled, unborn
from sigctl.adopt.model import Leave, Said, Source, Unsaid
from sigctl.app.context import Context, resolve_for
from sigctl.app.evidence import Witness
from sigctl.app.planning import scope_of
from sigctl.core.compare import compare
from sigctl.core.kinds import Key, Repo, Team
from sigctl.core.plan import Action
from sigctl.core.state import Observation
from sigctl.core.unread import told
from sigctl.errors import ConfigError, SigctlError
from sigctl.report.words import describe
from sigctl.spec import Config, read
from sigctl.spec.config import Files
from sigctl.spec.entries import entries, on_forge
from sigctl.spec.layout import layouts
from sigctl.spec.patch import add_item, drop, dumped, set_value
from sigctl.watch.causes import cause_of
from sigctl.watch.finding import grouped

Name = tuple[str, str, str]
_NOT_BY_HAND = ("files", "ended", "invitation")


@dataclass(frozen=True, slots=True)
class Merged:
    """The files as they would be, and what they would not say."""

    texts: Mapping[Path, str]
    """The files that change, or are new."""
    diff: str
    adopted: tuple[str, ...]
    unsaid: tuple[Unsaid, ...]
    more: int
    """Differences that are new with these files: the same elsewhere, on another forge."""


class Merger:
    """Tries each change on a copy of the files, and keeps it where the files are right and the difference is gone."""

    def __init__(self, context: Context, folder: Path) -> None:
        self.context = context
        self.folder = folder
        self.main = context.config.sources.main.path
        self.root = self.main.parent
        shutil.copytree(self.root, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
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
        resolved = resolve_for(config, self.context.options, self.context.today)
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
                self._leave(name, f"{cause.text}: it was not done by hand")
                continue
            if name not in self.actions:
                continue  # an earlier change said it, too
            if unborn(found):
                self._leave(name, "it has no branch yet: its history is still to come")
                continue
            accounts = self._accounts()
            edits = edits_of(found, self._known(accounts))
            if edits is None:
                self._leave(
                    name, f"the files have no place for it in one step (they would: {describe(found[0])})"
                )
                continue
            self._try(
                name, [*self._people(accounts), *edits], f"{name[1].replace('_', ' ')} {name[2]} on {name[0]}"
            )

    def undeclared(self, said: Said) -> None:
        """Write down the repositories and teams that nobody declared, one by one."""
        spec = self.config.spec
        people = {
            account: {forge: login.login for forge, login in one.logins.items()}
            for account, one in spec.people.items()
        }
        known = replace(said, people={**people, **said.people})
        for kind in (Team.KIND, Repo.KIND):
            for forge, observation in self.seen.items():
                declared = (
                    resolve_for(self.config, self.context.options, self.context.today).desired[forge].state
                )
                for key in sorted(
                    key for key in observation.state if key.kind == kind and key not in declared
                ):
                    ours = key.name.partition("/")[0] in self.context.resolved.desired[forge].orgs
                    if ours and key not in observation.unread:
                        self._one(forge, key, known)

    def _one(self, forge: str, key: Key, said: Said) -> None:
        """Declare one thing that nobody declared."""
        name = (forge, key.kind, key.name)
        sources = self._sources()
        builder = Builder(sources, said, Leave())
        draft = builder.draft()
        place = draft.places.get((forge, key))
        layout = draft.data["forges"][forge].get("layouts") or {}
        known = self.config.spec.forges[forge].layouts
        if place is None or (place[0] in layout and place[0] not in known):
            self._leave(
                name, "no template of the files fits it: give it a SIG with --map, and that SIG a layout"
            )
            return
        sig, called = place
        list_ = "repos" if key.kind == Repo.KIND else "teams"
        value: Any = draft.data["sigs"][sig].get(list_, {}).get(called)
        if list_ == "repos":
            here = [
                name
                for (name, other), mine in draft.places.items()
                if mine == place and other.kind == Repo.KIND
            ]
            shared = draft.data["sigs"][sig].get("access") or {}
            value = self._in_sig(sig, dict(value or {}), shared)
            if len(here) < len(self.config.spec.forges):
                value["forges"] = sorted(here)
        edits = [
            Edit("set", ("people", account), {"logins": dict(logins)})
            for account, logins in builder.accounts.made.items()
            if account in repr(value) and account not in self.config.spec.people
        ]
        edits.append(Edit("set", ("sigs", sig, list_, called), value or {}))
        self._try(name, edits, f"{key.kind} {key.name} on {forge}", whole=True)

    def _in_sig(self, sig: str, value: dict[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
        """Return a repository's entry with the rights that it has beside those that the SIG's file gives on all."""
        has = {**shared, **(value.get("access") or {})}
        has = {subject: right for subject, right in has.items() if right != "none"}
        known = self.config.spec.sigs.get(sig)
        given = {subject: right.level for subject, right in known.access.items()} if known else {}
        own = {subject: right for subject, right in has.items() if given.get(subject) != right}
        own |= {subject: "none" for subject in given if subject not in has}
        rest = {name: one for name, one in value.items() if name != "access"}
        return {**rest, "access": dict(sorted(own.items()))} if own else rest

    def _sources(self) -> list[Source]:
        spec = self.config.spec
        out = []
        for name, observation in self.seen.items():
            settings = spec.forges[name].model_dump(mode="json", exclude_defaults=True)
            settings |= {"repo": str(spec.forges[name].repo), "team": str(spec.forges[name].team)}
            orgs = self.context.resolved.desired[name].orgs
            out.append(Source(name, settings, self.context.forges[name].traits, observation, orgs))
        return out

    def _try(self, name: Name, edits: Iterable[Edit], words: str, *, whole: bool = False) -> None:
        """Keep the edits where the files are right after them and the difference is gone; else leave the files as they were."""
        before = {file: file.read_text(encoding="utf-8") for file in self._files()}
        made: list[Path] = []
        try:
            for edit in edits:
                made += self._edit(edit)
            config = read(self._copy(self.main), self.context.options.overrides, today=self.context.today)
            after = self.compared(config)
            gone = settled(after.get(name, []))
            if whole:  # what is new about it may only be rules of its SIG, which take nothing from anybody
                new = [one for n, found in after.items() if n not in self.actions for one in found]
                gone = gone and all(
                    one.kind == "branch_rule" and one.verb == "create" for one in new if one.forge == name[0]
                )
            _check(gone=gone)
        except (SigctlError, ConfigError) as error:
            for file, text in before.items():
                file.write_text(text, encoding="utf-8")
            for file in made:
                file.unlink()
            text = str(error.problems[0]).splitlines()[0] if isinstance(error, ConfigError) else error.text
            self._leave(name, f"the files can't say it: {text}")
            return
        self.config, self.actions = config, after
        self.adopted.append(words)

    def _edit(self, edit: Edit) -> list[Path]:
        """Change the copy of the file that a path of the config is in, a new file for a new SIG; return new files."""
        path, made = edit.path, []
        files: Files = self.config.sources
        if path[0] == "sigs" and str(path[1]) not in self.config.spec.sigs:
            file = self.folder / "sigs.d" / f"{path[1]}.yaml"
            if not file.exists():
                file.parent.mkdir(exist_ok=True)
                file.write_text(dumped({"sig": str(path[1])}), encoding="utf-8")
                made.append(file)
            inner = path[2:]
        else:
            source, inner = files.of(path)
            file = self._copy(source.path)
        text = file.read_text(encoding="utf-8")
        change = {"set": set_value, "add": add_item}.get(edit.what)
        file.write_text(change(text, inner, edit.value) if change else drop(text, inner), encoding="utf-8")
        return made

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
        return Known(spec, repos, teams, groups, lambda forge, login: self._account(accounts, forge, login))

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

    def _leave(self, name: Name, text: str) -> None:
        self.unsaid.append(Unsaid(name[0], f"{name[1].replace('_', ' ')} {name[2]}", text))

    def _files(self) -> list[Path]:
        return sorted(self.folder.rglob("*.yaml"))

    def _copy(self, file: Path) -> Path:
        if file.is_relative_to(self.folder):
            return file
        return self.folder / file.resolve().relative_to(self.root.resolve())

    def merged(self, before: int) -> Merged:
        """Return what was changed."""
        texts: dict[Path, str] = {}
        diff: list[str] = []
        for file in self._files():
            name = file.relative_to(self.folder)
            old = self.root / name
            was = old.read_text(encoding="utf-8") if old.is_file() else ""
            now = file.read_text(encoding="utf-8")
            if was != now:
                texts[old] = now
                lines = difflib.unified_diff(
                    was.splitlines(keepends=True), now.splitlines(keepends=True), f"a/{name}", f"b/{name}"
                )
                diff += lines
        new = max(0, len(self.actions) - before + len(self.adopted))
        return Merged(texts, "".join(diff), tuple(self.adopted), tuple(self.unsaid), new)


def _check(*, gone: bool) -> None:
    if not gone:
        raise SigctlError("the difference would stay")


def merge(context: Context, audit: Path, said: Said, *, undeclared: bool, by_hand: bool) -> Merged:
    """Return the files with what is there written into them; nothing is written yet. ForgeError where a forge can't be read."""
    for one in context.set_aside:
        raise SigctlError(f"{one.subject}: {one.reason}", one.hint)
    with tempfile.TemporaryDirectory(prefix="sigctl-") as folder:
        merger = Merger(context, Path(folder))
        before = len(merger.actions)
        if by_hand:
            merger.by_hand(audit)
        if undeclared:
            merger.undeclared(said)
        return merger.merged(before)


def write_merged(found: Merged) -> None:
    """Have the changed files written, each whole or not at all; SigctlError where one can't be."""
    for path, text in found.texts.items():
        fresh = path.with_name(f".{path.name}.new")
        try:
            path.parent.mkdir(exist_ok=True)
            fresh.write_text(text, encoding="utf-8")
            if path.exists():
                fresh.chmod(path.stat().st_mode & 0o777)
            fresh.replace(path)
        except OSError as error:
            raise SigctlError(f"{path} can't be written: {error.strerror}") from None
