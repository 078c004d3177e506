"""Every repository the files speak of, with what it inherits: defaults < SIG < project < repository."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sigctl.spec.layout import team_ref
from sigctl.spec.model import (
    Access,
    BranchEntry,
    Group,
    Kernel,
    RepoConfig,
    RepoSettings,
    Right,
    SigConfig,
    Spec,
)
from sigctl.spec.model.parts import Actions, Approvals, Features, PushRules, Security
from sigctl.spec.yamlfault import Path

SHARED, OWN = "shared", "own"
_MERGE = ("commit", "squash", "rebase", "delete_branch")
ACTIONS = tuple(Actions.model_fields)
SECURITY = tuple(Security.model_fields)
FEATURES = tuple(Features.model_fields)
PUSH_RULES = tuple(PushRules.model_fields)
APPROVALS = tuple(Approvals.model_fields)
SETTINGS = (
    "visibility", "default_branch", "homepage", "topics", "issues", "wiki",
    *(f"merge.{name}" for name in _MERGE), "archived", "labels", "webhooks",
    *(f"actions.{name}" for name in ACTIONS), *(f"security.{name}" for name in SECURITY), "custom_properties",
    *(f"features.{name}" for name in FEATURES),
    *(f"push_rules.{name}" for name in PUSH_RULES), *(f"approvals.{name}" for name in APPROVALS),
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One repository of one SIG."""

    sig: SigConfig
    name: str
    config: RepoConfig
    path: Path
    """Where in the config it is written."""
    project: str = ""
    kernel: str = ""
    """SHARED for the one kernel of all, OWN for a SIG's own, "" for every other repository."""

    @property
    def group(self) -> Group:
        """The project it belongs to, or the SIG."""
        return self.sig.projects[self.project] if self.project else self.sig

    @property
    def group_path(self) -> Path:
        """Where the project or the SIG is written."""
        sig: Path = ("sigs", self.sig.name)
        return (*sig, "projects", self.project) if self.project else sig


def entries(spec: Spec) -> Iterator[Entry]:
    """Yield every declared repository, the kernel's included, by SIG and name."""
    kernels: dict[str, list[Entry]] = {}
    for entry in kernel_entries(spec):
        kernels.setdefault(entry.sig.name, []).append(entry)
    for name, sig in sorted(spec.sigs.items()):
        yield from sig_entries(sig)
        yield from kernels.get(name, ())


def sig_entries(sig: SigConfig) -> Iterator[Entry]:
    """Yield the repositories in a SIG's own file."""
    top: Path = ("sigs", sig.name)
    for name, config in sorted(sig.repos.items()):
        yield Entry(sig, name, config or _EMPTY, (*top, "repos", name))
    for project, group in sorted(sig.projects.items()):
        for name, config in sorted(group.repos.items()):
            yield Entry(sig, name, config or _EMPTY, (*top, "projects", project, "repos", name), project)


_EMPTY = RepoConfig()


def kernel_entries(spec: Spec) -> Iterator[Entry]:
    """Yield the shared kernel, which is the release team's SIG's, and in the other layouts one for each SIG in the list."""
    kernel = spec.kernel
    if kernel is None:
        return
    home, team = team_ref(kernel.release_team, "")
    primaries = tuple(name for name, forge in spec.forges.items() if forge.role == "primary")
    names = [home] if kernel.layout == "shared" else [home, *(name for name in kernel.sigs if name != home)]
    for name in names:
        sig = spec.sigs.get(name)
        if sig is not None:
            kind = SHARED if name == home else OWN
            carried = kernel.layout == "carried" and kind == OWN
            yield Entry(
                sig,
                kernel.repo,
                _kernel_config(kernel, team if name == home else "", primaries if carried else None),
                ("kernel",),
                kernel=kind,
            )


def _kernel_config(kernel: Kernel, release_team: str, forges: tuple[str, ...] | None) -> RepoConfig:
    settings = {name: getattr(kernel.settings, name) for name in RepoSettings.model_fields}
    access: Access = {release_team: Right(level="maintain")} if release_team else {}
    return RepoConfig(
        **settings, description=kernel.description, access=access, upstream=kernel.upstream, forges=forges
    )


def _levels(spec: Spec, entry: Entry) -> list[tuple[Path, RepoSettings]]:
    """Return who gives settings to the repository, the nearest last."""
    chain: list[tuple[Path, RepoSettings]] = [
        (("defaults", "repo"), spec.defaults.repo),
        (("sigs", entry.sig.name, "defaults"), entry.sig.defaults),
        (entry.path if not entry.kernel else (*entry.path, "settings"), entry.config),
    ]
    if entry.project:
        chain.insert(2, ((*entry.group_path, "defaults"), entry.group.defaults))
    return chain


_SPLIT: dict[str, list[tuple[str, str, Path]]] = {}
"""Field of a level -> (setting, field within it or "", steps to where it is written) for each setting in it."""
for _name in SETTINGS:
    _SPLIT.setdefault(_name.partition(".")[0], []).append(
        (_name, _name.partition(".")[2], tuple(_name.split(".")))
    )


def _value(level: RepoSettings, outer: str, inner: str) -> Any:
    value = getattr(level, outer)
    return getattr(value, inner) if inner else value


def settings(spec: Spec, entry: Entry) -> dict[str, tuple[Any, Path]]:
    """Return {setting: (value, where it is written)} for every setting that somebody gives to the repository."""
    out: dict[str, tuple[Any, Path]] = {}
    for path, level in _levels(spec, entry):
        written = level.model_fields_set  # few of all that there are
        for outer in filter(written.__contains__, _SPLIT):
            for name, inner, steps in _SPLIT[outer]:
                value = _value(level, outer, inner)
                if value is not None:
                    out[name] = (value, path + steps)
    if entry.sig.status == "retired":
        out["archived"] = (True, ("sigs", entry.sig.name, "status"))
    return out


def setting_chain(spec: Spec, entry: Entry, name: str) -> list[tuple[Any, Path]]:
    """Return everyone's value for a setting, with where it is written, the nearest first."""
    outer, _, inner = name.partition(".")
    levels = reversed(_levels(spec, entry))
    found = [(_value(level, outer, inner), (*path, *name.split("."))) for path, level in levels]
    return [(value, path) for value, path in found if value is not None]


def on_forge(entry: Entry, forge: str) -> bool:
    """Whether the repository is ours to manage on a forge."""
    only = entry.config.forges
    return (only is None or forge in only) and forge not in entry.config.left_alone


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a list of branches or tags, with where it is written and what its patterns are."""

    entry: BranchEntry
    path: Path
    patterns: tuple[str, ...]
    sig: str


def rules(spec: Spec, entry: Entry, kind: str) -> Iterator[Rule]:
    """Yield the rules for branches or tags of a repository, in the order in which they decide: the first that matches."""
    chain: list[tuple[Path, tuple[BranchEntry, ...]]] = [
        (entry.path, getattr(entry.config, kind)),
        (("sigs", entry.sig.name), getattr(entry.sig, kind)),
        (("defaults",), getattr(spec.defaults, kind)),
    ]
    if entry.project:
        chain.insert(1, (entry.group_path, getattr(entry.group, kind)))
    for path, found in chain:
        for number, one in enumerate(found):
            yield Rule(one, (*path, kind, number), patterns(spec, one, entry), entry.sig.name)


def patterns(spec: Spec, rule: BranchEntry, entry: Entry) -> tuple[str, ...]:
    """Return the rule's patterns with every placeholder filled in; none where {release} has no values."""
    text = rule.pattern or rule.name or ""
    text = (
        text.replace("{sig}", entry.sig.name)
        .replace("{repo}", entry.name)
        .replace("{project}", entry.project)
    )
    return expand(text, rule.releases if rule.releases is not None else spec.defaults.releases, own=rule.own)


def expand(text: str, releases: tuple[str, ...], *, own: bool) -> tuple[str, ...]:
    """Return the pattern for each release; an own namespace is the exact name, and the name with a dash and anything."""
    names = [text.replace("{release}", release) for release in releases] if "{release}" in text else [text]
    return tuple(pattern for name in names for pattern in ((name, f"{name}-*") if own else (name,)))
