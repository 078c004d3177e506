"""A loaded config: the model, the files it came from, and the place of anything in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

from sigctl.errors import Problem
from sigctl.spec.model import PolicyFile, Spec
from sigctl.spec.model.base import printable
from sigctl.spec.places import places
from sigctl.spec.source import Source
from sigctl.spec.yaml12 import parse
from sigctl.spec.yamlfault import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem at a path of the config, not yet at a line; `warning` ones don't stop anything."""

    path: Path
    problem: str
    hint: str = ""
    check: str = ""
    warning: bool = False
    subject: str = ""


@dataclass(frozen=True)
class Files:
    """Which file holds which part of the config."""

    main: Source
    policy: Source | None = None
    sigs: Mapping[str, Source] = field(default_factory=dict)
    """SIGs that have a file of their own."""
    people: Mapping[str, Source] = field(default_factory=dict)
    """Accounts that stand in an included file."""
    overridden: frozenset[Path] = frozenset()
    """Paths set on the command line."""

    def all(self) -> tuple[Source, ...]:
        """Return every file once, the main one first."""
        unique = {
            id(s): s
            for s in (self.main, self.policy, *self.people.values(), *self.sigs.values())
            if s is not None
        }
        return tuple(unique.values())

    def of(self, path: Path) -> tuple[Source, Path]:
        """Return the file that holds a path of the config, and the path within that file."""
        if len(path) > 1 and path[0] == "sigs" and path[1] in self.sigs:
            return self.sigs[str(path[1])], path[2:] or ("sig",)
        if path and path[0] == "policy" and self.policy is not None:
            return self.policy, path[1:]
        if len(path) > 1 and path[0] == "people" and path[1] in self.people:
            return self.people[str(path[1])], path
        return self.main, path

    def problems(self, findings: Iterable[Finding]) -> list[Problem]:
        """Return the findings at their lines, sorted; each file is passed over once."""
        by_source: dict[int, tuple[Source, list[tuple[Path, Finding]]]] = {}
        out = []
        for finding in findings:
            if finding.path in self.overridden:
                subject = finding.subject or dotted(finding.path)
                out.append(Problem("--set", 0, 0, subject, finding.problem, finding.hint, finding.check))
                continue
            source, path = self.of(finding.path)
            by_source.setdefault(id(source), (source, []))[1].append((path, finding))
        for source, found in by_source.values():
            where = places(source.text, [path for path, _ in found])
            for path, finding in found:
                subject = finding.subject or dotted(path) or "the file"
                out.append(
                    Problem(source.shown, *where[path], subject, finding.problem, finding.hint, finding.check)
                )
        return sorted(set(out))


def tidied(problems: Iterable[Problem]) -> list[Problem]:
    """Return the problems without repeats, and without characters in them that could play with a terminal."""
    found = (
        replace(
            one,
            file=printable(one.file),
            subject=printable(one.subject),
            problem=printable(one.problem),
            hint=printable(one.hint),
        )
        for one in problems
    )
    return list(dict.fromkeys(found))


def dotted(path: Path) -> str:
    """Return the path as people write it: teams.core.members[0]."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


@dataclass(frozen=True)
class Config:
    """The files, checked."""

    spec: Spec
    root: FilePath
    """The folder of the main file."""
    sources: Files
    warnings: tuple[Problem, ...] = ()

    @property
    def policy(self) -> PolicyFile:
        """policy.yaml, or what holds without one."""
        return self.spec.policy

    @property
    def files(self) -> tuple[FilePath, ...]:
        """Every file that was read, the main one first."""
        return tuple(source.path for source in self.sources.all())

    @cached_property
    def digest(self) -> str:
        """SHA-256 over what the files mean, in hex: comments, layout, order of keys and split into files don't change it."""
        data = self.spec.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return hashlib.sha256(json.dumps(data, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def position(self, path: Path) -> tuple[str, int, int]:
        """Return file, line and column of a path of the config; those of what is around it where it is not written."""
        source, inner = self.sources.of(path)
        return (source.shown, *places(source.text, [inner])[inner])

    def written(self, path: Path) -> tuple[str, int, int, bool]:
        """Return file, line and column as `position` does, and whether the path itself is written there."""
        source, inner = self.sources.of(path)
        found = places(source.text, [inner])
        data: Any = parse(source.text)[0]
        for n, step in enumerate(inner):
            try:
                data = data[step]
            except (KeyError, IndexError, TypeError):
                # a mapping may be written as one word, the value of its main key
                short = n == len(inner) - 1 and isinstance(data, str | int)
                return (source.shown, *found[inner], short)
        return (source.shown, *found[inner], True)
