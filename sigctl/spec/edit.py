"""Changes to files that keep what people wrote: canonical order and layout, ids written in place. No comment is ever lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

from yaml import YAMLError

from sigctl.errors import ConfigError, SigctlError
from sigctl.spec.blocks import rearranged
from sigctl.spec.config import tidied
from sigctl.spec.load import Loaded, load
from sigctl.spec.order import keys_at, kind_of, rank
from sigctl.spec.reflow import reflowed
from sigctl.spec.source import Source
from sigctl.spec.spans import comments, inner_lines, splices
from sigctl.spec.yaml12 import parse
from sigctl.spec.yamlfault import Path

_ROUNDS = 4
_OTHER_BREAKS = "\r\x85\u2028\u2029"
"""YAML ends a line there too; a text that has them is left as it is."""


def format_text(text: str) -> str:
    """Return the text in canonical order and layout, with the same meaning and every comment; a text with faults as it is."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    data, faults = parse(text)
    if faults or not isinstance(data, dict) or any(one in text for one in _OTHER_BREAKS):
        return text
    kind = kind_of(data)
    result = text
    for _ in range(_ROUNDS):
        after = _once(result, kind)
        if after == result:
            return result
        if not _same(text, data, after):
            return result
        result = after
    return result


def _once(text: str, kind: str) -> str:
    """Return the text after one round; what has nothing left to do comes back as it is."""

    def order(path: Path, key: str) -> tuple[int, int]:
        return rank(keys_at(kind, path), key)

    try:
        return _tidy(reflowed(rearranged(text, order), order))
    except YAMLError:  # moved into something that is no YAML: an alias before its anchor, say
        return text


def _tidy(text: str) -> str:
    """Return the text without blanks at the ends of lines, without blank lines in a row, with one newline at the end."""
    inner = inner_lines(text)
    out: list[str] = []
    for number, line in enumerate(text.split("\n")):
        if number in inner:
            out.append(line)
        elif line.strip() or (out and out[-1].strip()):
            out.append(line.rstrip())
    return "\n".join(out).rstrip("\n") + "\n"


def _same(text: str, data: Any, after: str) -> bool:
    again, faults = parse(after)
    same = not faults and json.dumps(again, sort_keys=True) == json.dumps(data, sort_keys=True)
    return same and Counter(comments(after)) == Counter(comments(text))


def fmt(path: FilePath, *, check: bool = False) -> list[FilePath]:
    """Return the files that are not in canonical form, after putting them into it unless `check`; ConfigError where one has faults.

    `path` is the main file or its folder; the files it includes and the policy are formatted too.
    """
    loaded = _readable(path)
    changed = []
    for source in loaded.files.all():
        # as it is on disk: the byte order mark and the line ends are part of what is put right
        raw = source.path.read_bytes().decode()
        after = format_text(raw)
        if after != raw:
            changed.append(source.path)
            if not check:
                _write(source.path, after)
    return changed


def pin(path: FilePath, ids: Mapping[str, Mapping[str, int | str]]) -> list[FilePath]:
    """Return the files in which ids were written: account -> forge -> id, each beside its login, the rest of the text untouched.

    Who is not in the files, or not linked to the forge there, is left out. ConfigError where a file has faults; SigctlError where an
    id can't be written without changing something else.
    """
    loaded = _readable(path)
    changed = []
    for source in loaded.files.all():
        mine = {a: found for a, found in ids.items() if _holder(loaded, a) is source}
        if not mine:
            continue
        raw = source.path.read_bytes().decode()
        after = pin_text(raw, mine)
        if after != raw:
            _write(source.path, after)
            changed.append(source.path)
    return changed


def _holder(loaded: Loaded, account: str) -> Source:
    return loaded.files.people.get(account, loaded.files.main)


def pin_text(text: str, ids: Mapping[str, Mapping[str, int | str]]) -> str:
    """Return the text with the ids beside the logins under `people`; SigctlError where that can't be done in place."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body = text.removeprefix(mark) if mark else text
    data, faults = parse(body)
    people = data.get("people") if isinstance(data, dict) and not faults else None
    wanted: dict[Path, int | str] = {}
    for account, found in ids.items():
        logins = ((people or {}).get(account) or {}).get("logins") or {}
        for forge, number in found.items():
            if forge in logins:
                wanted[("people", account, "logins", forge)] = number
                old = logins[forge]
                logins[forge] = (
                    {**old, "id": number} if isinstance(old, dict) else {"login": old, "id": number}
                )
    after = splices(body, wanted)
    again, faults = parse(after)
    if wanted and (faults or again != data):
        account = str(next(iter(wanted))[1])
        raise SigctlError(
            f"the ids can't be written in place (`{account}` and those after)",
            "write `logins` as `forge: login` lines",
        )
    return mark + after


def _readable(path: FilePath) -> Loaded:
    loaded = load(path)
    if loaded.problems:
        raise ConfigError(tidied(loaded.problems))
    return loaded


def _write(path: FilePath, text: str) -> None:
    """Replace the file in one step, so that a crash leaves the old one or the new one."""
    aside = path.with_name(f".{path.name}.new")
    aside.write_bytes(text.encode())
    aside.chmod(path.stat().st_mode & 0o777)
    aside.replace(path)
