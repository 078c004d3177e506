"""Passwords that git's own credential helpers keep on this machine: a keyring, a cache, a file of theirs."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping

from sigctl.errors import UsageError

_WHERE = re.compile(r"(?:(?P<user>[A-Za-z0-9_.-]+)@)?(?P<host>[A-Za-z0-9.-]+(?::[0-9]{1,5})?)")
_KEPT = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS",
    "GNUPGHOME", "GPG_TTY", "PASSWORD_STORE_DIR", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM",
)  # fmt: skip
"""What helpers need; no token of another forge is among it."""
_SECONDS = 60
"""A keyring may have to be unlocked by hand."""


def password(where: str, env: Mapping[str, str]) -> str:
    """Return what the helpers keep as password for `HOST` or `USER@HOST`; which helpers is said by git's settings, never by the files.

    Nobody is asked at the terminal. Raises UsageError where they know nothing, or git or a helper does not end.
    Source: https://git-scm.com/docs/git-credential
    """
    found = _WHERE.fullmatch(where)
    if not found:
        raise UsageError("`credential:` takes a host, as `credential:HOST` or `credential:USER@HOST`")
    asked = {"protocol": "https", "host": found["host"], "username": found["user"]}
    text = "".join(f"{key}={value}\n" for key, value in asked.items() if value)
    try:
        done = subprocess.run(
            ["git", "credential", "fill"],  # noqa: S607  # whichever git the machine has
            input=f"{text}\n",
            env={name: env[name] for name in _KEPT if name in env}
            | {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "", "GCM_INTERACTIVE": "never"},
            cwd=os.sep,  # no repository's own settings
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            encoding="utf-8",
            errors="replace",
        )
    except FileNotFoundError:
        raise UsageError("there is no git to ask for a credential") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"git's credential helpers did not answer in {_SECONDS} s") from None
    lines = dict(line.partition("=")[::2] for line in done.stdout.splitlines())
    if done.returncode or not lines.get("password"):
        raise UsageError(
            f"git's credential helpers know no password for {where}",
            "`git credential approve` keeps one, once `git config --global credential.helper` names a helper",
        )
    return lines["password"]
