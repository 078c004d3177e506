"""CODEOWNERS from the files: the forge itself then asks a SIG's chairs for each change of the SIG's file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from sigctl.app.before import checkout_of
from sigctl.errors import UsageError
from sigctl.review.verdict import chairs
from sigctl.spec import Config

HEAD = "# made by `sigctl codeowners` from the chairs and the admins in the files; run it again in place of editing this"


def codeowners(config: Config, forge: str, today: date, root: Path | None = None) -> str:
    """Return the file for the forge on which the config itself lives; paths are from the root of its checkout.

    The last line that fits decides, so the SIGs' own files come after what is the admins'. Raises UsageError where no admin has a
    login on the forge, since then the forge would ask nobody.
    """
    spec = config.spec
    if forge not in spec.forges:
        raise UsageError(f"no forge `{forge}` in the files", f"one of {', '.join(sorted(spec.forges))}")
    admins = _logins(config, forge, spec.policy.approval.admins)
    if not admins:
        hint = "name some under approval.admins in policy.yaml, and their logins under people"
        raise UsageError(f"no admin has a login on {forge}", hint)
    top = root or checkout_of(config.sources.main.path) or config.root
    folder = _path(config.root, top)
    lines = [HEAD, f"{folder.rstrip('/')}/ {' '.join(admins)}"]
    for name in sorted(config.sources.sigs):
        owners = _logins(config, forge, sorted(chairs(spec, name, today))) or admins
        lines.append(f"{_path(config.sources.sigs[name].path, top)} {' '.join(owners)}")
    return "\n".join(lines) + "\n"


def _logins(config: Config, forge: str, accounts: Iterable[str]) -> list[str]:
    people = config.spec.people
    found = [
        people[one].logins[forge].login for one in accounts if one in people and forge in people[one].logins
    ]
    return [f"@{login}" for login in found]


def _path(path: Path, top: Path) -> str:
    """Return the path as CODEOWNERS writes it: from the root, spaces and other signs escaped."""
    try:
        inside = path.resolve().relative_to(top.resolve()).as_posix()
    except ValueError:
        raise UsageError(f"{path} is not below {top}") from None
    text = "".join(f"\\{c}" if c in r" #*?[]!\\" else c for c in inside)
    return f"/{text}" if text != "." else "/"
