"""Where a value of the config comes from: the file and line that decide it, and those that it overrides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from sigctl.errors import UsageError
from sigctl.spec.config import Config, dotted
from sigctl.spec.entries import SETTINGS, Entry, entries, setting_chain, settings
from sigctl.spec.model import Spec
from sigctl.spec.validate import nearest
from sigctl.spec.yamlfault import Path


@dataclass(frozen=True, slots=True)
class Origin:
    """A value, with the place that gives it; line 0 where no file does."""

    path: str
    value: Any
    file: str = ""
    line: int = 0
    column: int = 0
    why: str = ""
    """In words: written here, inherited from the SIG, set by --set, not written."""
    overrides: tuple[Origin, ...] = ()
    """What the value would be without this, the next nearest first."""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.line else ""
        return f"{place}{self.path} = {_shown(self.value)} ({self.why})"


def explain(config: Config, path: str) -> list[Origin]:
    """Return where a value comes from; several origins for a mapping, one per value in it.

    `path` is written with dots as in messages (`forges.github.url`, `sigs.virt.repos.xen.visibility`); `virt/xen` stands for all
    settings of a repository, `virt/xen.visibility` for one. UsageError for a path that there is not.
    """
    entry, rest = _repository(config.spec, path)
    if entry is not None:
        return list(_settings(config, entry, rest, path))
    found, value = _walk(config.spec, path)
    entry, setting = _setting_of(config.spec, found)
    if entry is not None:
        return list(_settings(config, entry, setting, path))
    return [_origin(config, one, value) for one, value in _leaves(found, value)]


def _repository(spec: Spec, path: str) -> tuple[Entry | None, str]:
    sig, slash, rest = path.partition("/")
    if not slash or sig not in spec.sigs:
        return None, ""
    names = {entry.name: entry for entry in entries(spec) if entry.sig.name == sig}
    for name in sorted(names, key=len, reverse=True):
        if rest == name or rest.startswith(f"{name}."):
            return names[name], rest[len(name) + 1 :]
    raise UsageError(
        f"sig {sig} has no repository `{rest}`",
        nearest(rest, names) or f"it has {', '.join(names) or 'none'}",
    )


def _setting_of(spec: Spec, path: Path) -> tuple[Entry | None, str]:
    """Return the repository and the setting that a path speaks of, where it does."""
    for entry in entries(spec):
        if not entry.kernel and path[: len(entry.path)] == entry.path:
            setting = ".".join(str(step) for step in path[len(entry.path) :])
            if setting in SETTINGS:
                return entry, setting
    return None, ""


def _settings(config: Config, entry: Entry, setting: str, asked: str) -> Iterator[Origin]:
    names = [name for name in SETTINGS if not setting or name == setting or name.startswith(f"{setting}.")]
    if not names:
        raise UsageError(
            f"`{asked}`: there is no setting `{setting}`",
            nearest(setting, SETTINGS) or f"known: {', '.join(SETTINGS)}",
        )
    top = f"{entry.sig.name}/{entry.name}"
    given = settings(config.spec, entry)
    for name in names:
        chain = [(value, path) for value, path in setting_chain(config.spec, entry, name)]
        if name not in given:
            if setting:
                yield Origin(f"{top}.{name}", None, why="written nowhere: what the forge has stays")
            continue
        value, path = given[name]
        others = tuple(_at(config, f"{top}.{name}", v, p, entry) for v, p in chain if p != path)
        found = _at(config, f"{top}.{name}", value, path, entry)
        yield Origin(found.path, found.value, found.file, found.line, found.column, found.why, others)


def _at(config: Config, name: str, value: Any, path: Path, entry: Entry) -> Origin:
    whys = {
        ("defaults",): "from the defaults of all",
        ("sigs", entry.sig.name, "defaults"): f"from the defaults of sig {entry.sig.name}",
        ("sigs", entry.sig.name, "status"): "since the SIG is retired",
    }
    why = next((text for prefix, text in whys.items() if path[: len(prefix)] == prefix), "written here")
    if entry.project and path[: len(entry.group_path) + 1] == (*entry.group_path, "defaults"):
        why = f"from the defaults of project {entry.project}"
    return Origin(name, value, *config.position(path), why)


def _walk(spec: Spec, path: str) -> tuple[Path, Any]:
    here: Any = spec
    done: list[str | int] = []
    rest = path.replace("[", ".").replace("]", "")
    while rest:
        keys = _keys(here)
        known = max((k for k in keys if rest == k or rest.startswith(f"{k}.")), key=len, default=None)
        if known is None:
            wrong = rest.partition(".")[0]
            at = dotted(tuple(done)) or "the files"
            hint = nearest(wrong, keys) or (
                f"known there: {', '.join(sorted(keys))}" if keys else "it has no parts"
            )
            raise UsageError(f"there is no `{wrong}` in {at}", hint)
        here, step = keys[known]
        done.append(step)
        rest = rest[len(known) + 1 :]
    return tuple(done), here


def _keys(here: Any) -> dict[str, tuple[Any, str | int]]:
    """Return the parts of a value: (what it is, the step of the path)."""
    if isinstance(here, BaseModel):
        fields = type(here).model_fields
        return {f.alias or n: (getattr(here, n), f.alias or n) for n, f in fields.items()}
    if isinstance(here, dict):
        return {str(key): (value, key) for key, value in here.items()}
    if isinstance(here, tuple):
        return {str(n): (value, n) for n, value in enumerate(here)}
    return {}


def _leaves(path: Path, value: Any) -> Iterator[tuple[Path, Any]]:
    """Yield every single value in a value, those that say nothing left out; the value itself where it is single."""
    parts = _keys(value)
    if not parts:
        yield path, value
        return
    for part, step in parts.values():
        if part is not None and part not in ((), {}, ""):
            yield from _leaves((*path, step), part)


def _origin(config: Config, path: Path, value: Any) -> Origin:
    if path in config.sources.overridden:
        return Origin(dotted(path), value, why="set by --set")
    file, line, column, written = config.written(path)
    why = "written here" if written else "not written: what holds unless it is"
    return Origin(dotted(path), value, file, line if written else 0, column, why)


def _shown(value: Any) -> str:
    if isinstance(value, BaseModel | dict | tuple) and not value:
        return "empty"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
