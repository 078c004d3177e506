"""Failures as data: a list in a JSON or YAML file says which requests go wrong, and how.

    - when: {forge: github, method: POST, path: "/orgs/[^/]+/repos$", operation: repos/create-in-org, nth: 1}
      what: {status: 502, body: "bad gateway", after: true}

`when` (all that is given must hold; an empty one holds for every request):
    forge, method, operation   equal, whatever the case
    path                       a regular expression found anywhere in the path
    nth                        a number or a list: which of the requests that match, counted from 1
    every                      each so many'th of them

`what`:
    status, headers, body      answer this; a body that is not text is sent as JSON; no status keeps the real answer's
    graphql_errors             answer 200 with these `errors` beside the data of the real answer (`body: null` drops the data)
    cut                        send only so many bytes of the answer, then close the connection
    reset                      close the connection without an answer
    delay_ms                   wait before the request is looked at; with `after`, once it has taken effect
    after                      let the request take effect first; without it a request with status or reset never runs
    crash                      "before" or "after": the server process ends at once, as by kill -9

The first fault that fits a request is taken. The file is read again when it changes; counts start again then.
Requests of git take `status`, `body`, `reset`, `delay_ms` and `crash: before`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from sigctl.errors import UsageError


@dataclass(frozen=True, slots=True)
class What:
    """What goes wrong."""

    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = ...
    graphql_errors: list[dict[str, Any]] | None = None
    cut: int | None = None
    reset: bool = False
    delay_ms: int = 0
    after: bool = False
    crash: Literal["", "before", "after"] = ""

    @property
    def spares_the_request(self) -> bool:
        """Whether the request takes effect."""
        replaced = self.status is not None and self.graphql_errors is None and self.cut is None
        return self.after or not (replaced or self.reset)


NOTHING = What()


@dataclass(slots=True)
class _Fault:
    when: dict[str, Any]
    what: What
    count: int = 0

    def fits(self, forge: str, method: str, path: str, operation: str) -> bool:
        given = {"forge": forge, "method": method, "operation": operation}
        for name, value in given.items():
            if name in self.when and str(self.when[name]).lower() != value.lower():
                return False
        if "path" in self.when and not re.search(self.when["path"], path):
            return False
        self.count += 1
        if "nth" in self.when:
            nth = self.when["nth"]
            return self.count in (nth if isinstance(nth, list) else [nth])
        return bool(self.count % int(self.when.get("every", 1)) == 0)


class Faults:
    """The faults of a file, or given as a list; `pick` says what happens to a request."""

    def __init__(self, file: Path | None = None, entries: list[dict[str, Any]] | None = None) -> None:
        self._file = file
        self._seen: tuple[int, int] = (0, 0)
        self._faults = _read(entries or [])

    def replace(self, entries: list[dict[str, Any]]) -> None:
        """Use these faults from now on; counts start again."""
        self._faults = _read(entries)

    def pick(self, forge: str, method: str, path: str, operation: str) -> What:
        """Return what goes wrong with this request."""
        self._refresh()
        found = NOTHING
        for fault in self._faults:  # all of them count, the first that fits is taken
            if fault.fits(forge, method, path, operation) and found is NOTHING:
                found = fault.what
        return found

    def _refresh(self) -> None:
        if self._file is None:
            return
        try:
            stat = self._file.stat()
        except FileNotFoundError:
            self._faults, self._seen = [], (0, 0)
            return
        if (stat.st_mtime_ns, stat.st_ino) != self._seen:
            self._seen = (stat.st_mtime_ns, stat.st_ino)
            self._faults = _read(_entries(self._file))


def _entries(file: Path) -> list[dict[str, Any]]:
    text = file.read_text(encoding="utf-8")
    if file.suffix == ".json":
        found: Any = json.loads(text or "[]")
    else:
        import yaml  # noqa: PLC0415  # only where someone writes faults in YAML

        found = yaml.safe_load(text) or []
    if not isinstance(found, list):
        raise UsageError(f"{file}: a list of faults is wanted")
    return found


def _read(entries: list[dict[str, Any]]) -> list[_Fault]:
    try:
        return [_Fault(dict(entry.get("when") or {}), What(**entry["what"])) for entry in entries]
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"a fault is not of the form {{when: ..., what: ...}}: {error}") from error
