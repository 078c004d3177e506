"""One run: the files as resolved for it, the forges as opened for it, and what may stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from pydantic import SecretStr

from sigctl.app.keys import read_keys
from sigctl.app.secrets import key_file, read_secret, there
from sigctl.core.history import End, Hop
from sigctl.core.state import SetAside
from sigctl.errors import SigctlError, UsageError
from sigctl.forges import TYPES, open_forge, traits_of
from sigctl.forges.base import App, Forge, Limits, Remote, Settings
from sigctl.spec import Config, ForgeConfig, Resolved, read, resolve
from sigctl.spec.model.forge import App as AppConfig


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says about a run."""

    config: Path = Path("config/sigs.yaml")
    overrides: tuple[str, ...] = ()
    """`forges.NAME.url=URL` and the like, for this run only."""
    forges: frozenset[str] = frozenset()
    """Only these forges; empty = all."""
    sigs: frozenset[str] = frozenset()
    """Only these SIGs; empty = all."""
    rewrites: tuple[tuple[str, str], ...] = ()
    """(prefix, replacement) for the URLs history comes from."""
    mirror: bool = True
    jobs: int = 4
    """Repositories whose history moves at once."""
    cache: Path | None = None
    """Where git objects are kept between runs; None = the user's cache folder."""
    full: bool = False
    """Look also for what waits where no file asks for it, at a request for each repository."""
    bundles: Path | None = None
    """Folder for bundles of what is overwritten or deleted; None = it is kept in the cache only."""


@dataclass(slots=True)
class Watch:
    """What is told while a run goes on; every call may come from any thread."""

    reading: Callable[[str, str], None] = field(default=lambda _forge, _what: None)
    waiting: Callable[[str, str], None] = field(default=lambda _forge, _what: None)
    """Told which forge is waited for, until when and why."""
    ended: Callable[[str], None] = field(default=lambda _where: None)
    """Told that what was said to be going on there has ended."""
    stop: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True)
class Context:
    """The files and the opened forges of a run; `close` gives the connections back."""

    options: Options
    config: Config
    resolved: Resolved
    forges: dict[str, Forge]
    set_aside: tuple[SetAside, ...]
    """Forges that could not even be opened: no token, no such type."""
    watch: Watch
    today: date
    narrow: bool = False
    """Whether only some of what is declared is looked at, beside what `options.sigs` says."""

    def close(self) -> None:
        """Give the connections of all forges back."""
        for forge in self.forges.values():
            forge.close()

    def remote_of(self, end: End) -> Remote:
        """Return where git finds one end of a hop; SigctlError where its forge could not be opened."""
        if not end.forge:
            return Remote(end.url)
        if end.forge not in self.forges:
            raise SigctlError(f"{end.forge} is set aside in this run")
        return self.forges[end.forge].remote(end.path)


def load(options: Options, today: date, before: Config | None = None) -> Config:
    """Return the checked files; ConfigError with every problem in them, `before` being the files that they replace."""
    return read(options.config, options.overrides, today=today, base=before)


def open_context(options: Options, env: Mapping[str, str], watch: Watch | None = None) -> Context:
    """Return the run's context: files checked and resolved, forges opened but not yet contacted."""
    today = date.today()  # noqa: DTZ011  # an `until` ends with the day of whoever runs this
    config = load(options, today)
    chosen = _chosen(options.forges, config.spec.forges, "forge")
    _chosen(options.sigs, config.spec.sigs, "SIG")
    resolved = read_keys(resolve_for(config, options, today), env)
    forges: dict[str, Forge] = {}
    set_aside: list[SetAside] = []
    watch = watch or Watch()
    for name in chosen:
        try:
            settings = settings_of(config.spec.forges[name], env)
            orgs = resolved.desired[name].orgs if name in resolved.desired else frozenset()
            forges[name] = open_forge(watched(replace(settings, orgs=orgs), watch))
        except UsageError as error:
            set_aside.append(SetAside(name, error.text, name, "", error.hint))
    return Context(options, config, resolved, forges, tuple(set_aside), watch, today)


def watched(settings: Settings, watch: Watch) -> Settings:
    """Return the settings of a forge that waits no longer than the run does, and tells of it."""

    def told(text: str) -> None:
        watch.waiting(settings.name, text)

    return replace(settings, stop=watch.stop, told=told)


def resolve_for(config: Config, options: Options, today: date) -> Resolved:
    """Return what the files mean for this run: its forges, its SIGs, its rewritten URLs."""
    traits = {name: traits_of(forge.type) for name, forge in config.spec.forges.items()}
    resolved = resolve(config, today=today, traits=traits, forges=options.forges, sigs=options.sigs)
    return replace(resolved, hops=tuple(_rewritten(hop, options.rewrites) for hop in resolved.hops))


def settings_of(forge: ForgeConfig, env: Mapping[str, str]) -> Settings:
    """Return how to reach a forge, with its token read; UsageError where there is none or the type is unknown."""
    if forge.type not in TYPES:
        raise UsageError(f"unknown forge type `{forge.type}`", f"one of {', '.join(sorted(TYPES))}")
    if forge.token is None and forge.app is None:
        raise UsageError(
            "no token is declared", f"set forges.{forge.name}.token to `env:NAME` or `file:PATH`"
        )
    if forge.app and forge.type != "github":
        raise UsageError(f"a forge of type {forge.type} knows no apps", f"set forges.{forge.name}.token")
    return Settings(
        name=forge.name,
        type=forge.type,
        url=str(forge.url).rstrip("/"),
        token=read_secret(str(forge.token), env) if forge.token else SecretStr(""),
        app=_app(forge.app, env) if forge.app else None,
        tier=forge.tier,
        jobs=forge.jobs,
        max_requests=forge.max_requests,
        ssh_url=forge.ssh.url.rstrip("/") if forge.ssh else "",
        ssh_key=key_file(forge.ssh.key) if forge.ssh else "",
        ssh_known_hosts=there(forge.ssh.known_hosts) if forge.ssh else "",
        branch_rules=forge.branch_rules,
        patience=float(forge.patience),
        limits=Limits(**forge.limits.model_dump()),
        roles={str(level): role for level, role in forge.roles.items()},
        secret=lambda reference: read_secret(reference, env),
    )


def _app(app: AppConfig, env: Mapping[str, str]) -> App:
    return App(read_secret(app.id, env).get_secret_value(), read_secret(app.key, env))


def _chosen(wanted: Collection[str], known: Collection[str], what: str) -> list[str]:
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise UsageError(f"no {what} `{unknown[0]}` in the files", f"one of {', '.join(sorted(known))}")
    return sorted(wanted) if wanted else sorted(known)


def _rewritten(hop: Hop, rewrites: Sequence[tuple[str, str]]) -> Hop:
    for prefix, replacement in rewrites:
        if hop.source.url.startswith(prefix):
            return replace(hop, source=replace(hop.source, url=replacement + hop.source.url[len(prefix) :]))
    return hop
