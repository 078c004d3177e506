"""From files to one mapping: the main file, what it includes, the policy, and what the command line sets."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

from sigctl.errors import ConfigError, Problem
from sigctl.spec.config import Files, dotted
from sigctl.spec.places import places
from sigctl.spec.source import MAX_FILES, MAX_TOTAL, POLICY, Source, find_main, included, read_source
from sigctl.spec.yaml12 import parse
from sigctl.spec.yamlfault import Path

_PEOPLE_KEYS = {"people"}


@contextmanager
def paused_gc() -> Iterator[None]:
    """Keep the garbage collector out while many small objects are made, none of them garbage: a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass
class Loaded:
    """The data of all files in one mapping, and what was wrong with the text."""

    data: dict[str, Any]
    files: Files
    problems: list[Problem] = field(default_factory=list)
    whole: bool = True
    """False when some of the data could not be read, so that what seems missing may not be."""


class _Loading:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.whole = True
        self.total = 0

    def read(self, path: FilePath, shown: str) -> tuple[Source | None, Any]:
        try:
            source = read_source(path, shown)
        except ConfigError as error:
            self.problems += error.problems
            self.whole = False
            return None, None
        self.total += len(source.text)
        if self.total > MAX_TOTAL:
            self.whole = False
            text = f"brings all files together over {MAX_TOTAL // 1024 // 1024} MB"
            self.problems.append(
                Problem(shown, 0, 0, "the file", text, "is the right folder included?", "too-large")
            )
            return None, None
        data, faults = parse(source.text)
        for fault in faults:
            subject = dotted(fault.path) or "the file"
            self.problems.append(
                Problem(shown, fault.line, fault.column, subject, fault.problem, fault.hint, "yaml")
            )
        if faults:
            self.whole = False
        if isinstance(data, dict):
            return source, data
        if not faults:
            problem = "is empty" if data is None else "is not a mapping"
            self.whole = False
            self.problems.append(
                Problem(
                    shown,
                    1,
                    1,
                    "the file",
                    problem,
                    "a config file is made of `key: value` lines",
                    "not-a-mapping",
                )
            )
        return source, None

    def at(self, source: Source, path: Path, problem: str, hint: str, check: str) -> None:
        line, column = places(source.text, [path])[path]
        self.problems.append(
            Problem(source.shown, line, column, dotted(path) or "the file", problem, hint, check)
        )


def load(path: FilePath, overrides: Sequence[str] = ()) -> Loaded:
    """Return the data of the main file and all that belongs to it; ConfigError only where there is no main file to speak of."""
    main_path = find_main(path)
    loading = _Loading()
    with paused_gc():
        source, data = loading.read(main_path, str(main_path))
        if source is None or data is None:
            raise ConfigError(loading.problems)
        loaded = _Assembly(loading, main_path.parent, source, data).run()
    _override(loaded, overrides)
    return loaded


class _Assembly:
    """Puts the parts of all files into one mapping."""

    def __init__(self, loading: _Loading, folder: FilePath, main: Source, data: dict[str, Any]) -> None:
        self.loading = loading
        self.folder = folder
        self.main = main
        self.data = dict(data)
        self.sigs: dict[str, Source] = {}
        self.people: dict[str, Source] = {}

    def run(self) -> Loaded:
        policy = self._policy(self.data.pop("policy", None))
        for path in self._includes(self.data.pop("include", None)):
            self._part(path)
        files = Files(self.main, policy, self.sigs, self.people)
        return Loaded(self.data, files, self.loading.problems, self.loading.whole)

    def _shown(self, path: FilePath) -> str:
        return str(FilePath(self.main.shown).parent / path.relative_to(self.folder))

    def _policy(self, named: Any) -> Source | None:
        if named is not None and not isinstance(named, str):
            self.loading.at(
                self.main, ("policy",), "is not the name of a file", f"for example {POLICY}", "include"
            )
            return None
        path = self.folder / POLICY
        if named is None and not path.exists():
            return None
        if named is not None:
            found, problem, hint = included(self.folder, named)
            if problem or len(found) != 1:
                self.loading.whole = False
                self.loading.at(self.main, ("policy",), problem or "names several files", hint, "include")
                return None
            path = found[0]
        source, data = self.loading.read(path, self._shown(path))
        if data is not None:
            self.data["policy"] = data
        return source

    def _includes(self, patterns: Any) -> list[FilePath]:
        if patterns is None:
            return []
        if not isinstance(patterns, list):
            patterns = [patterns]
        out: dict[FilePath, None] = {}
        for number, pattern in enumerate(patterns):
            where = ("include", number)
            if not isinstance(pattern, str):
                self.loading.at(
                    self.main,
                    where,
                    "is not the name of a file or a pattern",
                    "for example sigs.d/*.yaml",
                    "include",
                )
                continue
            found, problem, hint = included(self.folder, pattern)
            if problem:
                self.loading.whole = False
                self.loading.at(self.main, where, problem, hint, "include")
            out.update(dict.fromkeys(found))
        if len(out) > MAX_FILES:
            self.loading.whole = False
            self.loading.at(
                self.main, ("include",), f"names {len(out)} files, more than {MAX_FILES}", "", "include"
            )
            return []
        mine = {self.main.path.resolve(), (self.folder / POLICY).resolve()}
        return [path for path in sorted(out) if path.resolve() not in mine]

    def _part(self, path: FilePath) -> None:
        source, data = self.loading.read(path, self._shown(path))
        if source is None or data is None:
            return
        if "sig" in data:
            self._sig(source, data)
        elif set(data) <= _PEOPLE_KEYS:
            self._people(source, data["people"])
        else:
            self.loading.whole = False
            self.loading.at(
                source,
                (),
                "says neither `sig: NAME` nor `people:`",
                "begin a SIG's file with `sig: NAME`",
                "include",
            )

    def _sig(self, source: Source, data: dict[str, Any]) -> None:
        name = data["sig"]
        if not isinstance(name, str):
            self.loading.whole = False
            self.loading.at(
                source, ("sig",), "is not the name of a SIG", "put it in quotes if it is a number", "include"
            )
            return
        inline = self.data.setdefault("sigs", {})
        if not isinstance(inline, dict):
            return
        if name in inline:
            other = self.sigs[name].shown if name in self.sigs else self.main.shown
            self.loading.at(
                source, ("sig",), f"the SIG `{name}` is in {other} too", "a SIG has one file", "duplicate"
            )
            return
        inline[name] = {key: value for key, value in data.items() if key != "sig"}
        self.sigs[name] = source
        if source.path.stem != name:
            self.loading.at(
                source,
                ("sig",),
                f"the SIG `{name}` is in a file of another name",
                f"name the file {name}{source.path.suffix}",
                "sig-file",
            )

    def _people(self, source: Source, people: Any) -> None:
        known = self.data.setdefault("people", {})
        if not isinstance(people, dict) or not isinstance(known, dict):
            self.loading.at(
                source, ("people",), "is not a mapping", "write `ACCOUNT: {name: ...}` lines", "include"
            )
            return
        for account, person in people.items():
            if account in known:
                self.loading.at(
                    source, ("people", account), "is in another file too", "keep one of the two", "duplicate"
                )
                continue
            known[account] = person
            self.people[account] = source


def _override(loaded: Loaded, overrides: Sequence[str]) -> None:
    done: set[Path] = set()
    for text in overrides:
        problem = _set(loaded.data, text, done)
        if problem:
            shown = text.partition("=")[0][:80]  # the value may be a secret
            loaded.problems.append(Problem("--set", 0, 0, shown, *problem, "override"))
    loaded.files = Files(
        loaded.files.main, loaded.files.policy, loaded.files.sigs, loaded.files.people, frozenset(done)
    )


def _set(data: dict[str, Any], text: str, done: set[Path]) -> tuple[str, str] | None:
    dotted_path, equals, value = text.partition("=")
    if not equals or not dotted_path:
        return "is not PATH=VALUE", "for example forges.github.url=https://localhost:8080"
    path: list[str] = []
    here: Any = data
    rest = dotted_path
    while rest:
        if not isinstance(here, dict):
            return f"`{'.'.join(path)}` has no parts", "set a single value"
        known = max((k for k in here if rest == k or rest.startswith(f"{k}.")), key=len, default=None)
        if known is None:
            if "." in rest:
                return (
                    f"there is no `{rest.partition('.')[0]}` in `{'.'.join(path) or 'the files'}`",
                    "names are those of the files",
                )
            known = rest
        path.append(known)
        rest = rest[len(known) + 1 :]
        if rest:
            here = here.get(known)
    if isinstance(here.get(path[-1]), dict | list) and value != "null":
        return "is not a single value", "set one value below it"
    parsed, faults = parse(value)
    here[path[-1]] = value if faults or isinstance(parsed, dict | list) else parsed
    done.add(tuple(path))
    return None
