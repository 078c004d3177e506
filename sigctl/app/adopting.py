"""Files from forges that have none yet: read whole, made into files whose plan is empty, written into an empty folder."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pydantic

from sigctl.adopt.model import Said, Source
from sigctl.adopt.names import Mapped, Names, Templates
from sigctl.adopt.settle import Adopted, adopt
from sigctl.app.adopting_mirrors import mirrored
from sigctl.app.context import Watch, settings_of, watched
from sigctl.app.planning import scope_of
from sigctl.app.snapshot import load_snapshot
from sigctl.core.kinds import (
    Approvals,
    DeployKey,
    Features,
    Grant,
    Key,
    Label,
    Org,
    PushRules,
    Repo,
    Team,
    Webhook,
)
from sigctl.core.kinds.webhook import place_of
from sigctl.core.state import Observation, Traits
from sigctl.core.unread import told
from sigctl.errors import ConfigError, SigctlError, UsageError
from sigctl.forges import TYPES, open_forge, traits_of
from sigctl.forges.base import Forge, Scope, TellsHooks
from sigctl.report.words import describe
from sigctl.spec import ForgeConfig, read
from sigctl.spec.model import Spec
from sigctl.spec.patch import dumped
from sigctl.spec.yaml12 import parse

_LISTS = (Label.KIND, DeployKey.KIND, Webhook.KIND)
_CHECKED = (PushRules.KIND, Approvals.KIND)
MAIN, SIGS, POLICY = "sigs.yaml", "sigs.d", "policy.yaml"
_HEAD = """\
# Written by `sigctl adopt` from what the forges held; a plan of these files is empty. Each SIG has a file of its own in sigs.d/.
# From now on it is the files that say what shall be: change them by merge request.
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is adopted."""

    forges: Mapping[str, Mapping[str, Any]]
    """Name -> the forge's entry in the files."""
    orgs: frozenset[str] = frozenset()
    """Top namespaces; empty = those with which the templates begin."""
    snapshot: Path | None = None
    """Read this in place of the forges."""
    said: Said = field(default_factory=Said)


def mapping_of(file: Path, *, link_equal: bool) -> Said:
    """Return what a mapping file says; UsageError with what is wrong with it."""
    try:
        data, faults = parse(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} can't be read: {error}") from None
    if faults or not isinstance(data, dict) or set(data) - {"sigs", "people"}:
        raise UsageError(
            f"{file} is no mapping",
            "it has `sigs: {SIG: {repos: [PATTERN], teams: [PATTERN]}}` and `people: {ACCOUNT: {FORGE: LOGIN}}`",
        )
    try:
        sigs = {
            str(sig): Mapped(tuple(map(str, one.get("repos") or ())), tuple(map(str, one.get("teams") or ())))
            for sig, one in (data.get("sigs") or {}).items()
        }
        people = {
            str(account): {str(forge): str(login) for forge, login in logins.items()}
            for account, logins in (data.get("people") or {}).items()
        }
    except AttributeError:
        raise UsageError(
            f"{file} is no mapping", "a SIG is {repos: [...], teams: [...]}, a person {FORGE: LOGIN}"
        ) from None
    return Said(sigs, people, link_equal)


def forges_of(config: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of the forges in a main file, whatever else is in it; UsageError where it has none."""
    main = config / MAIN if config.is_dir() else config
    try:
        data = parse(main.read_text(encoding="utf-8"))[0]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{main} can't be read: {error}", "name the forge with --forge, --type, --url and --token"
        ) from None
    found = data.get("forges") if isinstance(data, dict) else None
    if not isinstance(found, dict) or not found:
        raise UsageError(f"{main} names no forges")
    return {str(name): dict(one) for name, one in found.items() if isinstance(one, dict)}


def take_over(wanted: Wanted, env: Mapping[str, str], watch: Watch, today: date) -> Adopted:
    """Return files for all that is there; ForgeError where a forge can't be read whole."""
    configs = _configs(wanted)
    if wanted.snapshot is not None:
        sources = _from_snapshot(wanted, configs)
        _check_whole(sources)
        return adopt(sources, wanted.said, today, describe)
    forges = {name: open_forge(watched(settings_of(one, env), watch)) for name, one in configs.items()}
    try:
        with ThreadPoolExecutor(max(1, len(forges)), "observe") as pool:
            sources = list(
                pool.map(lambda name: _observed(name, forges[name], wanted, configs[name], watch), forges)
            )
        _check_whole(sources)
        made = adopt(sources, wanted.said, today, describe)
        # once more, as a plan of these files will look at it
        sources = [
            replace(one, observation=forges[one.name].observe(_again(scope_of(made.desired[one.name]), one)))
            for one in sources
        ]
        _check_whole(sources)
        sources, more = mirrored(sources, forges, made)
        made = adopt(sources, wanted.said, today, describe)
        return replace(made, unsaid=(*made.unsaid, *more))
    finally:
        for forge in forges.values():
            forge.close()


def _check_whole(sources: Iterable[Source]) -> None:
    """SigctlError where a repository could not be read whole: files that lack some of it would take that away with the next apply."""
    found = [one for source in sources for one in told(source.observation)]
    if not found:
        return
    lines = "\n".join(f"  {one.forge}: {one.subject}: {one.reason}" for one in found)
    text = f"{len(found)} repositories could not be read whole, and nothing was written:\n{lines}"
    hint = "run it again when they can be read; files that lack a part of them would take it away"
    raise SigctlError(text, hint)


def _again(scope: Scope, source: Source) -> Scope:
    """Return what a plan of the files looks at, with the lists that can't be said: they are to be told of once more."""
    held = source.observation.state.values()
    kinds = (*_LISTS, *_CHECKED)
    found = {Key(one.KIND, one.inside.name) for one in held if one.KIND in kinds and one.inside is not None}
    return replace(scope, parts=scope.parts | found)


def _configs(wanted: Wanted) -> dict[str, ForgeConfig]:
    try:
        spec = Spec.model_validate({"version": 1, "forges": wanted.forges})
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UsageError(f"{where}: {first['msg']}") from None
    unknown = [one.type for one in spec.forges.values() if one.type not in TYPES]
    if unknown:
        raise UsageError(f"unknown forge type `{unknown[0]}`", f"one of {', '.join(sorted(TYPES))}")
    return dict(spec.forges)


def _orgs(wanted: Wanted, forge: ForgeConfig) -> frozenset[str]:
    templates = [str(forge.repo), *(str(one.repo) for one in forge.layouts.values() if one.repo)]
    found = {template.partition("/")[0] for template in templates}
    if wanted.orgs:
        return wanted.orgs
    if any("{" in one for one in found):
        raise UsageError(f"the templates of {forge.name} don't say in which org to look", "--org NAME")
    return frozenset(found)


def _source(name: str, wanted: Wanted, forge: ForgeConfig, observation: Observation) -> Source:
    return Source(name, wanted.forges[name], traits_of(forge.type), observation, _orgs(wanted, forge))


def _from_snapshot(wanted: Wanted, configs: Mapping[str, ForgeConfig]) -> list[Source]:
    snapshot = load_snapshot(wanted.snapshot or Path())
    missing = sorted(set(configs) - set(snapshot.forges))
    if missing:
        raise UsageError(f"{wanted.snapshot} has nothing of {missing[0]}", "choose others with --forge")
    return [_source(name, wanted, one, snapshot.forges[name].observation) for name, one in configs.items()]


def _observed(name: str, forge: Forge, wanted: Wanted, config: ForgeConfig, watch: Watch) -> Source:
    """Return what the forge holds; where teams are groups, it is read again once it is known which are teams."""
    orgs = _orgs(wanted, config)

    def progress(what: str) -> None:
        watch.reading(name, what)

    first = forge.observe(Scope(orgs=orgs), progress)
    traits = forge.traits
    names = Names(name, Templates(str(config.repo), str(config.team)), traits, wanted.said.sigs)
    state = first.state.values()
    teams = {one.path for one in state if isinstance(one, Team)}
    if traits.team_is_group:
        teams |= {one.path for one in state if isinstance(one, Org) and names.is_team(one.path)}
    repos = frozenset(one.path for one in state if isinstance(one, Repo))
    personal = {
        one.target
        for one in state
        if isinstance(one, Grant) and one.on == "repo" and one.subject_kind == "person"
    }
    scope = Scope(
        orgs=orgs,
        groups=frozenset(one.path for one in state if isinstance(one, Org)) - frozenset(teams),
        teams=frozenset(teams),
        repos=repos,
        person_repos=frozenset(personal),
        logins=frozenset(filter(None, (one.who() for one in state))),
        parts=frozenset(
            _parts(traits, repos, {one.path for one in state if isinstance(one, Org)}, first.capabilities)
        ),
    )
    progress("labels, keys and webhooks")
    source = _source(name, wanted, config, forge.observe(scope, progress))
    return replace(source, addresses=_addresses(forge, source.observation))


def _parts(traits: Traits, repos: Iterable[str], orgs: Iterable[str], able: Collection[str]) -> Iterator[Key]:
    """Yield the lists that hang on repositories and orgs, each of which is read only where it is asked for, and can be had."""
    for kind in (Features.KIND, *_LISTS, *_CHECKED):
        if kind in traits.kinds and traits.needs.get(kind) in (None, *able):
            yield from (Key(kind, path) for path in repos)
    for kind in (Webhook.KIND, PushRules.KIND):
        if kind in traits.kinds and traits.needs.get(kind) in (None, *able):
            yield from (Key(kind, path) for path in orgs)


def _addresses(forge: Forge, observation: Observation) -> dict[str, str]:
    """Return place -> where it goes for the webhooks that there are; a request for each repository or org that has some."""
    asked: object = forge
    if not isinstance(asked, TellsHooks):
        return {}
    places = sorted({(one.on, one.target) for one in observation.state.values() if isinstance(one, Webhook)})
    return {place_of(url): url for on, target in places for url in asked.hook_addresses(on, target)}


def files_of(adopted: Adopted, policy: str = "") -> dict[str, str]:
    """Return the files by their path below the config's folder."""
    data = dict(adopted.data)
    sigs = data.pop("sigs")
    main = {
        "version": 1,
        "include": [f"{SIGS}/*.yaml"],
        "policy": POLICY,
        **{k: v for k, v in data.items() if k != "version"},
    }
    out = {
        MAIN: _HEAD + dumped(main),
        POLICY: policy or dumped({"version": 1, "guards": {"max_removals": {"default": "10%"}}}),
    }
    for sig, one in sorted(sigs.items()):
        out[f"{SIGS}/{sig}.yaml"] = dumped({"sig": sig, **one})
    return out


def write(folder: Path, files: Mapping[str, str], today: date) -> list[str]:
    """Have the files in an empty or new folder, read back and found right, and return their warnings; UsageError where it has files."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder} is not empty", "another folder, or --into to add to the files that are there"
        )
    try:
        for name, text in files.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{folder} can't be written: {error.strerror}") from None
    try:
        return [str(one) for one in read(folder, today=today).warnings]
    except ConfigError as error:
        lines = "\n".join(f"  {one}" for one in error.problems[:20])
        raise SigctlError(
            f"the files are written, and {len(error.problems)} things in them need a decision:\n{lines}"
        ) from None
