"""Where tokens come from: the environment, a file that only its owner can read, or git's credential helpers."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from pydantic import SecretStr

from sigctl.app.credential import password
from sigctl.errors import UsageError

MAX_BYTES = 64 * 1024


def read_secret(reference: str, env: Mapping[str, str]) -> SecretStr:
    """Return the secret that `env:NAME`, `file:PATH` or `credential:HOST` points to, without the line end of a file.

    Raises UsageError when it is not set, empty, unreadable, in a file that others may read, or known to no helper; the text never holds
    the value.
    """
    source, _, name = reference.partition(":")
    if source == "env":
        value = env.get(name, "").strip()
        if not value:
            raise UsageError(f"the environment variable {name} is not set", f"export {name}=...")
        return SecretStr(value)
    if source == "file":
        return SecretStr(_from_file(Path(name).expanduser()))
    if source == "credential":
        return SecretStr(password(name, env))
    raise UsageError("a secret is given as `env:NAME`, `file:PATH` or `credential:HOST`")


def key_file(reference: str) -> str:
    """Return the path of a private key that `file:PATH` points to, for ssh to read.

    Raises UsageError when it is not there, empty, or others may read it, as `read_secret` does.
    """
    path = there(reference)
    read_secret(reference, {})
    return path


def there(reference: str) -> str:
    """Return the whole path of the file that `file:PATH` points to; UsageError when it is not there."""
    source, _, name = reference.partition(":")
    path = Path(name).expanduser().absolute()
    if source != "file" or not path.is_file():
        raise UsageError(f"{path} is no file", "ssh reads its keys from files: `file:PATH`")
    return str(path)


def _from_file(path: Path) -> str:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_IMODE(mode) & 0o077:
                raise UsageError(f"{path} can be read by others than its owner", f"chmod 600 {path}")
            value = file.read(MAX_BYTES).decode("utf-8").strip()
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not text") from None
    if not value:
        raise UsageError(f"{path} is empty")
    return value
