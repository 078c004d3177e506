"""What git's messages mean: git tells failures apart in words only."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

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
    "expected flush after ref listing",
    "unable to write request to remote",
)
_STATUS = re.compile(r"returned error: (\d{3})")
_MOVED = (301, 302, 303, 307, 308)
TOO_MANY = 429
_TIMED_OUT = 408
_DENIED = ("authentication failed", "permission denied", "could not read username")
_MISSING = ("does not appear to be a git repository", "repository not found", "does not exist")
_FULL = re.compile(
    r"^(?!remote:).*(?:no space left on device|file too large|disk quota exceeded)",
    re.IGNORECASE | re.MULTILINE,
)
_UNREACHABLE = (
    "could not resolve host",
    "failed to connect",
    "connection refused",
    "couldn't connect",
    "timed out",
)
_CUT = (
    "transfer closed with",
    "rpc failed; curl",
    "empty reply from server",
    "connection reset",
    "connection closed by",
    "closed by remote host",
    "connection was reset",
    "recv failure",
    "send failure",
    "broken pipe",
    "early eof",
    "the remote end hung up",
    "unexpected disconnect",
    "was not closed cleanly",
    "operation too slow",
    "remote failed to report status",
    "ssl_error_syscall",
    "unexpected eof",
)
_HOST_KEY = re.compile(
    r"host key (?:verification failed|is known for)|remote host identification has changed", re.IGNORECASE
)
_HOST = re.compile(
    r"(?:host key is known for|host key for) (\[[^\]]+\]:\d+|[^\s]+?) (?:and|has)", re.IGNORECASE
)
_FINGERPRINT = re.compile(r"\b(SHA256:[A-Za-z0-9+/]+)")


@dataclass(frozen=True, slots=True)
class _Message:
    """What git printed when it failed."""

    command: str
    text: str
    err: str
    status: int | None
    """HTTP's, where git names it."""
    known_hosts: str

    def has(self, words: Iterable[str]) -> bool:
        return _has(self.err, words)


def failure(command: str, code: int, err: str, known_hosts: str = "") -> SigctlError:
    """Return the error that git's output speaks of: UnreachableError where another try may do; `known_hosts` names ssh's file."""
    text = f"git {command}: {last_word(err) or f'ended with code {code}'}"
    status = _STATUS.search(err)
    message = _Message(command, text, err, int(status[1]) if status else None, known_hosts)
    found = (judge(message) for judge in (_host_key, _refused, _moved, _full, _passing))
    return next(filter(None, found), GitError(text))


def _refused(message: _Message) -> SigctlError | None:
    if message.status in (401, 403) or message.has(_DENIED):
        ssh = message.has(["permission denied ("])
        what = "the server knows the key, and that it" if ssh else "the token is valid and"
        return DeniedError(message.text, f"check that {what} may do this", status=message.status)
    if message.status in (404, 410) or message.has(_MISSING):
        return NotThereError(message.text, status=message.status)
    return None


def _moved(message: _Message) -> SigctlError | None:
    if message.status not in _MOVED:
        return None
    hint = "the repository moved; git writes only to its new address, so name that in the files"
    return GitError(message.text, hint)


def _full(message: _Message) -> SigctlError | None:
    found = _FULL.search(message.err)
    if not found:
        return None
    hint = "make room where the cache is, or name another place with --cache"
    return GitError(f"git {message.command}: {printable(found[0].strip())}", hint)


def _passing(message: _Message) -> SigctlError | None:
    code = message.status
    ours = message.has(["fsck error"])  # we hung up, not they
    cut = code is None and not ours and message.has((*_UNREACHABLE, *_CUT))
    if cut or code in (TOO_MANY, _TIMED_OUT) or (code or 0) >= 500:  # noqa: PLR2004  # HTTP's server errors
        return UnreachableError(message.text, status=code)
    return None


def _host_key(message: _Message) -> SigctlError | None:
    """Return the error for a server whose key ssh does not trust: which server, which file, and what to do."""
    err = message.err
    if not _HOST_KEY.search(err):
        return None
    found = _HOST.search(err)
    host = printable(found[1]) if found else "the host"
    bare, _, port = host.removeprefix("[").partition("]:")
    scan = f"ssh-keyscan {f'-p {port} ' if port else ''}{bare if found else 'HOST'}"
    file = message.known_hosts or "~/.ssh/known_hosts"
    shown = _FINGERPRINT.search(err)
    if "has changed" in err.lower():
        now = f", it shows {shown[1]} now" if shown else ""
        return DeniedError(
            f"`{host}` has another host key than `{file}` says{now}: it was replaced, or somebody else answers",
            f"ask those who run it; if it is right: ssh-keygen -R '{host}' -f {file}, then {scan} >> {file}",
        )
    return DeniedError(
        f"the host key of `{host}` is not in `{file}`",
        f"compare what `{scan} | ssh-keygen -lf -` prints with what those who run it publish, then: {scan} >> {file}",
    )


def printable(text: str) -> str:
    """Return the text without what would steer a terminal: commits and servers may say anything."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def remote_word(err: str) -> str:
    """Return the last line that the server itself said, or ""."""
    lines = [line.removeprefix("remote:").strip() for line in err.splitlines() if line.startswith("remote:")]
    return next((printable(line) for line in reversed(lines) if line), "")


def last_word(err: str) -> str:
    """Return the last line of git's messages that says something, without its prefix."""
    plain = [line.strip() for line in err.splitlines() if line.strip()]
    lines = [found[1].strip() for line in plain if (found := _SAYS.match(line))]
    telling = [line for line in lines if not _has(line, _EMPTY_WORDS)]
    by_ssh = [
        line for line in plain if _has(line, (*_DENIED, *_UNREACHABLE, *_CUT)) and not _SAYS.match(line)
    ]
    return printable((telling or by_ssh or lines or plain or [""])[-1])


def _has(text: str, words: Iterable[str]) -> bool:
    low = text.lower()
    return any(word in low for word in words)
