"""The only place that starts a process: git, with nothing of the machine's settings, no prompts, no hooks.

Secrets reach git through a file that has no name and is in memory only, as settings that it reads: not argv (any user can read that), not
the environment (it gets into dumps and logs, and on to every child), not a URL, not the disk.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sigctl.errors import (
    GitError,
    InterruptedRunError,
)
from sigctl.forges.base import Remote
from sigctl.mirror import address
from sigctl.mirror.gate import ANYWHERE, PORTS, Gate, Pin
from sigctl.mirror.process import OnObjects, Pipe, end, feed
from sigctl.mirror.said import failure

OLDEST = (2, 31)
"""Settings through the environment came with this version."""
PINS = (2, 37)
"""Since then git can be told where a host is."""
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY")
_KEPT_ENV = (
    "PATH", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO", *_PROXIES, "no_proxy", "NO_PROXY",
)  # fmt: skip
_LOOPBACK = "127.0.0.1,localhost,::1"
WARNED = ("zeroPaddedFilemode", "missingSpaceBeforeDate", "badTimezone", "missingSpaceBeforeEmail")
"""Faults that real, old histories have; GitHub and GitLab take them too."""
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.askPass": "",
    "credential.helper": "",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "transfer.fsckObjects": "true",
    **{f"fetch.fsck.{name}": "warn" for name in WARNED},
    "fetch.unpackLimit": "1",  # packs stay packs: what was compressed once is not compressed again to be pushed
    "fetch.recurseSubmodules": "false",
    "push.followTags": "false",
    "push.recurseSubmodules": "no",
    "push.gpgSign": "false",
    "http.followRedirects": "false",  # addresses that moved are resolved by us; a secret never follows
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "120",
    "protocol.version": "2",
    "advice.pushUpdateRejected": "false",
    "pack.threads": "2",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What a git command left behind."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Git:
    """Runs git; safe to use from several threads."""

    program: str = "git"
    protocols: frozenset[str] = address.SAFE
    timeout: float = 7200.0
    """Seconds that one command may take."""
    max_bytes: int = 64 << 30
    """Bytes that one fetch or push may move; a source that sends more is broken or not what it says."""
    stop: threading.Event = field(default_factory=threading.Event)
    """When set, running commands are ended and InterruptedRunError is raised."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    gate: Gate = ANYWHERE
    """Where the names of servers may lead."""
    held: tuple[int, ...] = ()
    """Descriptors of locks under which commands run: they stay held until each command has ended, whatever becomes of us."""

    def run(
        self,
        args: Sequence[str],
        *,
        at: Path | None = None,
        remote: Remote | None = None,
        text: str = "",
        settings: Mapping[str, str] | None = None,
        codes: Iterable[int] = (0,),
        objects: OnObjects | None = None,
    ) -> Result:
        """Return what git printed, once it ended with one of `codes`; `at` is a bare repository, `text` its input.

        Raises GitError (DeniedError, NotThereError, UnreachableError where a remote said so) with git's last line that says
        something, InterruptedRunError when `stop` was set; in both cases nothing of the command is left running.
        """
        given = text.encode()
        process = self.start(args, at, remote, dict(settings or {}))
        out, err = Pipe(process.stdout, None), Pipe(process.stderr, objects)
        feeder = threading.Thread(target=feed, args=(process.stdin, given), daemon=True)
        feeder.start()
        try:
            self.wait((out, err))
        except BaseException:
            end(process)
            raise
        finally:
            out.thread.join(5)
            err.thread.join(5)
            feeder.join(5)
        result = Result(process.wait(), out.text(), address.scrub(err.text(), remote))
        if result.code not in codes:
            raise failure(args[0], result.code, result.err, remote.known_hosts if remote else "")
        return result

    def version(self) -> tuple[int, ...]:
        """Return git's version; GitError when there is no git or it is too old."""
        found = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", self.run(["version"]).out)
        version = tuple(int(part) for part in found.groups(default="0")) if found else (0,)
        if version < OLDEST:
            wanted = ".".join(map(str, OLDEST))
            raise GitError(f"git {'.'.join(map(str, version))} is too old", f"install git {wanted} or newer")
        return version

    def start(
        self, args: Sequence[str], at: Path | None, remote: Remote | None, settings: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        """Return the running command; it leads its own group, so that `end` ends all of it."""
        if args[0].startswith("-"):
            raise GitError(f"`{args[0]}` is no git command")
        command = [self.program, *([f"--git-dir={at}"] if at else []), *args]
        env = self._env(remote, settings)
        told = _secret_settings(remote) if remote is not None else None
        if told is not None:
            _add(env, "include.path", f"/proc/self/fd/{told}")
        try:
            return subprocess.Popen(  # noqa: S603  # no shell; remotes and refs are checked before they come here
                [os.fsencode(part) if part.isascii() else part.encode() for part in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=env,
                start_new_session=True,
                pass_fds=(*self.held, *(() if told is None else (told,))),
                cwd=at or "/",  # not inside whatever repository the caller stands in
            )
        except FileNotFoundError:
            if at is not None and not at.is_dir():
                raise GitError(f"the cache `{at}` is gone", "run again: it is made anew") from None
            raise GitError(f"`{self.program}` is not installed", "install git") from None
        finally:
            if told is not None:
                os.close(told)

    def _env(self, remote: Remote | None, settings: dict[str, str]) -> dict[str, str]:
        env = {name: self.environment[name] for name in _KEPT_ENV if name in self.environment}
        for name in ("no_proxy", "NO_PROXY"):
            env[name] = ",".join(filter(None, [env.get(name, ""), _LOOPBACK]))
        env |= {
            "LC_ALL": "C.UTF-8",
            "HOME": os.devnull,  # curl looks for a netrc there
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "SSH_ASKPASS": "",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_ALLOW_PROTOCOL": ":".join(sorted(self.protocols)),
        }
        if remote is not None:
            found = address.check(remote, self.protocols)
            pin = self.gate.pin(remote.url, self.environment)
            env["GIT_ALLOW_PROTOCOL"] = found
            if found == "ssh":
                env |= {"GIT_SSH_COMMAND": _ssh(remote, pin), "GIT_SSH_VARIANT": "ssh"}
            elif pin is not None:
                settings = settings | self._pinned(pin, env)
        for key, value in {**_SETTINGS, **settings}.items():
            _add(env, key, value)
        return env

    def _pinned(self, pin: Pin, env: dict[str, str]) -> dict[str, str]:
        """Return the settings that have git go where a host was found, and nowhere else; `env` loses what would lead elsewhere."""
        if pin.proxied:  # the proxy looks the name up, so nothing may go around it
            env |= dict.fromkeys(("no_proxy", "NO_PROXY"), _LOOPBACK)
            return {}
        for name in _PROXIES:
            env.pop(name, None)
        if not pin.addresses:
            return {}
        version = _version(self.program, self.environment.get("PATH", ""), self.version)
        if version < PINS:
            raise GitError(
                f"git {'.'.join(map(str, version))} looks `{pin.host}` up by itself, so it could be led elsewhere than was checked",
                f"install git {'.'.join(map(str, PINS))} or newer, or have an admin allow the host by `internal_hosts` in policy.yaml",
            )
        found = ",".join(f"[{one}]" if ":" in one else one for one in pin.addresses)
        return {"http.curloptResolve": f"{pin.host}:{pin.port}:{found}"}

    def wait(self, pipes: tuple[Pipe, ...]) -> None:
        """Return once a command's outputs have ended; InterruptedRunError after `stop`, GitError when it takes or moves too much."""
        deadline = time.monotonic() + self.timeout
        for pipe in pipes:
            while not pipe.ended.wait(0.1):
                if self.stop.is_set():
                    raise InterruptedRunError("git was stopped")
                if any(each.moved > self.max_bytes for each in pipes):
                    size = f"{self.max_bytes / (1 << 20):.0f} MiB"
                    raise GitError(
                        f"git would move more than {size}",
                        "raise mirror.limits.gib in policy.yaml if the repository really is so large",
                    )
                if time.monotonic() > deadline:
                    raise GitError(
                        f"git took longer than {self.timeout:.0f} seconds",
                        "raise mirror.limits.minutes in policy.yaml",
                    )
        if self.stop.is_set():
            raise InterruptedRunError("git was stopped")


def _add(env: dict[str, str], key: str, value: str) -> None:
    """Add a setting to an environment for git."""
    number = int(env.get("GIT_CONFIG_COUNT", "0"))
    env[f"GIT_CONFIG_KEY_{number}"], env[f"GIT_CONFIG_VALUE_{number}"] = key, value
    env["GIT_CONFIG_COUNT"] = str(number + 1)


def _secret_settings(remote: Remote) -> int | None:
    """Return a descriptor of settings that say who asks, for git and what it starts to open anew; None where nobody in particular does."""
    header = address.authorization(remote)
    if not header:
        return None
    place = address.origin(remote.url).replace("\\", "\\\\").replace('"', '\\"')
    descriptor = os.memfd_create("settings")
    os.write(descriptor, f'[http "{place}/"]\n\textraHeader = "Authorization: {header}"\n'.encode())
    return descriptor


_VERSIONS: dict[tuple[str, str], tuple[int, ...]] = {}


def _version(program: str, path: str, ask: Callable[[], tuple[int, ...]]) -> tuple[int, ...]:
    """Return the program's version, asked for once."""
    if (program, path) not in _VERSIONS:
        _VERSIONS[program, path] = ask()
    return _VERSIONS[program, path]


def _ssh(remote: Remote, pin: Pin | None) -> str:
    options = ["BatchMode=yes", "StrictHostKeyChecking=yes", "ConnectTimeout=30", "ServerAliveInterval=30"]
    if remote.known_hosts:
        options += [f"UserKnownHostsFile={remote.known_hosts}", "GlobalKnownHostsFile=/dev/null"]
    if pin is not None and pin.addresses:  # keys are those of the name, wherever it leads
        name = pin.host if pin.port == PORTS["ssh"] else f"[{pin.host}]:{pin.port}"
        options += [f"HostName={pin.answering()}", f"HostKeyAlias={name}", "CheckHostIP=no"]
    command = ["ssh", *(part for option in options for part in ("-o", option))]
    if remote.key_file:
        command += ["-o", "IdentitiesOnly=yes", "-i", remote.key_file]
    return shlex.join(command)
