"""What git's messages mean: git tells failures apart in words only."""

from __future__ import annotations

import re

from sigctl.errors import DeniedError, GitError, NotThereError, SigctlError, UnreachableError

_SAYS = re.compile(r"^(?:fatal|error|remote: (?:error|fatal)): *(.+)$", re.IGNORECASE)
_EMPTY_WORDS = (
    "could not read from remote repository",
    "failed to push some refs",
    "early eof",
    "index-pack failed",
    "unpack-objects failed",
    "invalid index-pack output",
    "fsck error in packed object",
    "the remote end hung up",
)
_STATUS = re.compile(r"returned error: (\d{3})")
_MOVED = (301, 302, 303, 307, 308)
_DENIED = (
    "authentication failed",
    "permission denied",
    "could not read username",
    "host key verification failed",
)
_MISSING = ("does not appear to be a git repository", "repository not found", "does not exist")
_UNREACHABLE = (
    "could not resolve host",
    "failed to connect",
    "connection refused",
    "couldn't connect",
    "timed out",
)


def failure(command: str, code: int, err: str) -> SigctlError:
    """Return the error that git's output speaks of."""
    says = last_word(err)
    text = f"git {command}: {says or f'ended with code {code}'}"
    low = err.lower()
    status = _STATUS.search(err)
    said = int(status[1]) if status else None
    if said in (401, 403) or any(word in low for word in _DENIED):
        return DeniedError(text, "check that the token is valid and may do this", status=said)
    if said in (404, 410) or any(word in low for word in _MISSING):
        return NotThereError(text, status=said)
    if (said or 0) >= 500 or any(word in low for word in _UNREACHABLE):  # noqa: PLR2004  # HTTP's server errors
        return UnreachableError(text, status=said)
    if said in _MOVED:
        return GitError(
            text, "the repository moved; git writes only to its new address, so name that in the files"
        )
    return GitError(text)


def printable(text: str) -> str:
    """Return the text without what would steer a terminal: commits and servers may say anything."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def remote_word(err: str) -> str:
    """Return the last line that the server itself said, or ""."""
    lines = [line.removeprefix("remote:").strip() for line in err.splitlines() if line.startswith("remote:")]
    return next((printable(line) for line in reversed(lines) if line), "")


def last_word(err: str) -> str:
    """Return the last line of git's messages that says something, without its prefix."""
    lines = [found[1].strip() for line in err.splitlines() if (found := _SAYS.match(line.strip()))]
    telling = [line for line in lines if not any(word in line.lower() for word in _EMPTY_WORDS)]
    plain = [line.strip() for line in err.splitlines() if line.strip()]
    return printable((telling or lines or plain or [""])[-1])
