"""Public keys that the files point to: out of the environment or a file, which anybody may read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from sigctl.core.keys import with_keys
from sigctl.spec import Resolved

MAX_BYTES = 64 * 1024


def read_keys(resolved: Resolved, env: Mapping[str, str]) -> Resolved:
    """Return what the files mean with the public keys read that can be; the others stay references, and are set aside when compared."""

    def read(reference: str) -> str:
        source, _, name = reference.partition(":")
        if source == "env":
            return env.get(name, "")
        try:
            with Path(name).expanduser().open("rb") as file:
                return file.read(MAX_BYTES).decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(str(error)) from None

    return replace(resolved, desired={name: with_keys(one, read) for name, one in resolved.desired.items()})
