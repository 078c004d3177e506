"""What was applied last: the files as they were then, so that a plan that they don't explain is noticed.

It is nothing that a plan is made from: what is to be done comes from the files of today and from what the forges hold. Without it the
guard `unexplained` has nothing to say. One file for each folder of config, beside the log of what was done, with the texts of the
files (which hold no secrets) and, for each forge at its address, the day, the SIGs that the apply was narrowed to, and what it left
undone.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import platformdirs

from sigctl.app.context import Context, resolve_for
from sigctl.app.keys import read_keys
from sigctl.app.planning import Planned
from sigctl.core.kinds import Key
from sigctl.core.state import Desired
from sigctl.core.unexplained import Before
from sigctl.errors import SigctlError
from sigctl.spec import read

FORMAT = "sigctl/applied/1"
_SAME = ("type", "url", "tier", "roles", "branch_rules")
"""What a forge's block must still say for the comparison to mean something: with others, everything may be read differently."""
_MOST_BYTES = 256 << 20
_MOST_RECORDS = 64
"""Forges that are no more, and sandboxes that were, are forgotten in the end."""


@dataclass(frozen=True, slots=True)
class _Record:
    """One apply, as it reached one forge."""

    forge: str
    url: str
    day: str
    files: str
    """Digest of the files."""
    sigs: tuple[str, ...]
    """Only these; empty = all."""
    left: tuple[tuple[str, str], ...]
    """Kind and name of what was not so at its end, done or not there to be done."""


def default_file(context: Context) -> Path:
    """Return where it is kept: in the user's state folder, under a name that stands for the folder of the config."""
    name = hashlib.sha256(str(context.config.root.resolve()).encode()).hexdigest()[:16]
    return platformdirs.user_state_path("sigctl") / f"applied-{name}.json"


def remember(context: Context, found: Planned) -> None:
    """Have it on the disk what these files asked for, given what was found at the end of an apply of them.

    SigctlError where it can't be written; the forges are as they are then, all the same.
    """
    file = default_file(context)
    texts = {_name(source.path, context): source.text for source in context.config.sources.all()}
    digest = hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()
    sigs = tuple(sorted(context.options.sigs))
    fresh = [
        _Record(
            name,
            str(context.config.spec.forges[name].url),
            context.today.isoformat(),
            digest,
            sigs,
            tuple(sorted(_left(context.resolved.desired[name], found, name))),
        )
        for name in sorted(found.compared)
    ]
    records, files = _held(file)
    records = [*(one for one in records if not _outlived(one, fresh)), *fresh][-_MOST_RECORDS:]
    files[digest] = {"main": _name(context.config.files[0], context), "texts": texts}
    used = {one.files for one in records}
    data = {
        "format": FORMAT,
        "files": {key: value for key, value in files.items() if key in used},
        "records": [asdict(one) for one in records],
    }
    _write(file, json.dumps(data, ensure_ascii=False))


def last_applied(context: Context, env: Mapping[str, str]) -> dict[str, Before]:
    """Return forge -> what the files asked for when they were last applied there; nothing for a forge of which nothing is known.

    Nothing either where those files can't be read any more, or where the forge's block says that it is another server by now.
    """
    records, files = _held(default_file(context))
    out: dict[str, Before] = {}
    for record in records:
        known = files.get(record.files)
        if record.forge not in context.forges or known is None:
            continue
        try:
            desired = _desired(context, record, known, env)
        except (SigctlError, OSError, ValueError, KeyError, TypeError):
            desired = None
        if desired is None:
            out.pop(record.forge, None)
            continue
        older, left = out.get(record.forge), frozenset(Key(kind, name) for kind, name in record.left)
        if record.sigs:
            desired = _only(desired, frozenset(record.sigs), older.desired if older else None)
            left |= older.left if older else frozenset()
        out[record.forge] = Before(desired, record.day, left)
    return out


def _desired(
    context: Context, record: _Record, known: Mapping[str, Any], env: Mapping[str, str]
) -> Desired | None:
    """Return what those files asked for on that day of this forge, None where that can't be compared with today's."""
    options, day = context.options, date.fromisoformat(record.day)
    now = context.config.spec.forges[record.forge]
    if record.url != str(now.url):
        return None
    config = context.config
    texts: Mapping[str, str] = known["texts"]
    if texts != {_name(source.path, context): source.text for source in config.sources.all()}:
        with tempfile.TemporaryDirectory(prefix="sigctl-") as folder:
            for name, text in texts.items():
                place = Path(folder, name)
                if ".." in place.parts or not place.is_relative_to(folder):
                    return None
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8")
            config = read(Path(folder, known["main"]), options.overrides, today=day)
    elif day == context.today:
        return context.resolved.desired[record.forge]
    then = config.spec.forges.get(record.forge)
    if then is None or any(getattr(then, name) != getattr(now, name) for name in _SAME):
        return None
    return read_keys(resolve_for(config, options, day), env).desired.get(record.forge)


def _only(newer: Desired, sigs: frozenset[str], older: Desired | None) -> Desired:
    """Return what was applied before, with what these SIGs were given since."""
    base = older or replace(newer, state={}, sigs={}, managed=frozenset(), parts=frozenset())

    def merged(old: Iterable[Key], new: Iterable[Key]) -> list[Key]:
        kept = [key for key in old if _sig(key, base) not in sigs]
        return [*kept, *(key for key in new if _sig(key, newer) in sigs)]

    state = {
        key: newer.state[key] if _sig(key, newer) in sigs and key in newer.state else base.state[key]
        for key in merged(base.state, newer.state)
    }
    return replace(
        newer,
        state=state,
        sigs={**base.sigs, **newer.sigs},
        managed=frozenset(merged(base.managed, newer.managed)),
        parts=frozenset(merged(base.parts, newer.parts)),
    )


def _outlived(old: _Record, fresh: Iterable[_Record]) -> bool:
    """Whether one of the new records says all that an old one does."""
    return any(
        (new.forge, new.url) == (old.forge, old.url)
        and (not new.sigs or (bool(old.sigs) and set(old.sigs) <= set(new.sigs)))
        for new in fresh
    )


def _sig(key: Key, desired: Desired) -> str:
    places = (key, Key("repo", key.name), Key("org", key.name))
    return next((desired.sigs[place] for place in places if place in desired.sigs), "")


def _left(desired: Desired, found: Planned, forge: str) -> set[tuple[str, str]]:
    there = {(key.kind, key.name.casefold()) for key in found.compared[forge].seen}
    absent = {tuple(key) for key in desired.state if (key.kind, key.name.casefold()) not in there}
    todo = {tuple(action.key) for action in found.plan.actions if action.forge == forge}
    todo |= {tuple(action.key) for action in found.compared[forge].left}
    return {(str(kind), str(name)) for kind, name in absent | todo}


def _held(file: Path) -> tuple[list[_Record], dict[str, Any]]:
    """Return what is kept; nothing where nothing is, or where it is none of ours."""
    try:
        if file.stat().st_size > _MOST_BYTES:
            return [], {}
        data = json.loads(file.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            return [], {}
        records = [
            _Record(
                str(one["forge"]),
                str(one["url"]),
                str(one["day"]),
                str(one["files"]),
                tuple(map(str, one["sigs"])),
                tuple((str(kind), str(name)) for kind, name in one["left"]),
            )
            for one in data["records"]
        ]
        return records, dict(data["files"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return [], {}


def _write(file: Path, text: str) -> None:
    fresh = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        fresh.replace(file)
    except OSError as error:
        raise SigctlError(
            f"{file} can't be written: {error.strerror}",
            "what was applied is done; the next plan knows nothing of it",
        ) from None


def _name(path: Path, context: Context) -> str:
    return Path(os.path.relpath(path, context.config.root)).as_posix()
