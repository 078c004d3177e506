"""A lock that holds across machines: the tip of a branch in a repository of a forge says who applies, and until when.

Each change of hands is a commit on the one before, so the server's own rule settles who was first: a push that is not based on what
is there is refused. Nothing is forced and nothing deleted, so a default branch with protection serves as well as any; and the
branch's history says who held the lock when.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sigctl.app.context import Context
from sigctl.app.moving import mirror_options
from sigctl.core.history import End
from sigctl.errors import GitError, InterruptedRunError, SigctlError, UsageError
from sigctl.forges.base import Remote
from sigctl.mirror.git import Git
from sigctl.report.words import plain

BRANCH = "refs/heads/sigctl-lock"
FORMAT = "lock/1"
_ME = {"user.name": "sigctl", "user.email": "sigctl@localhost"}


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds the lock, as its branch says."""

    owner: str
    run: str
    until: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it is still his."""
        return bool(self.run) and now < self.until


class RemoteLock:
    """The lock of one repository; for one run."""

    def __init__(self, git: Git, remote: Remote, *, minutes: int, owner: str = "") -> None:
        self._git = git
        self._remote = remote
        self._minutes = minutes
        self._owner = owner or f"{_user()}@{socket.gethostname()}"
        self._run = uuid.uuid4().hex[:12]
        self._tip = ""

    def take(self) -> None:
        """Hold it; SigctlError where another run does, or was quicker, or where the repository can't be reached."""
        holder = self.holder()
        if holder is not None and holder.holds(datetime.now(UTC)):
            raise SigctlError(
                f"another apply is running: {plain(holder.owner)}, until {holder.until:%Y-%m-%d %H:%M} UTC at the latest",
                "wait for it to end; if it is gone, `sigctl unlock`",
            )
        self._write(run=self._run)

    def renew(self) -> None:
        """Hold it for longer; SigctlError where it is no longer ours."""
        self._write(run=self._run)

    def give_back(self) -> None:
        """Hold it no longer; SigctlError where it was not ours any more."""
        self._write(run="")

    def break_(self) -> Holder | None:
        """Take it from whoever holds it, and return who that was; None where nobody did."""
        for tries_left in range(4, -1, -1):  # a run that goes on may renew it in between
            holder = self.holder()
            if holder is None or not holder.run:
                return None
            try:
                self._write(run="")
            except SigctlError:
                if not tries_left:
                    raise
            else:
                return holder
        return None

    def holder(self) -> Holder | None:
        """Return who is written there, None where nobody ever held it; SigctlError where it can't be read."""
        with self._scratch() as at:
            listed = self._git.run(["ls-remote", self._remote.url, BRANCH], at=at, remote=self._remote).out
            self._tip = listed.split("\t")[0] if listed.strip() else ""
            if not self._tip:
                return None
            self._fetch(at)
            return _parsed(self._git.run(["log", "-1", "--format=%B", self._tip], at=at).out)

    def _fetch(self, at: Path) -> None:
        self._git.run(["fetch", "-q", "--depth=1", self._remote.url, BRANCH], at=at, remote=self._remote)

    def _write(self, run: str) -> None:
        until = datetime.now(UTC) + timedelta(minutes=self._minutes)
        said = {
            "sigctl": FORMAT,
            "owner": self._owner,
            "run": run,
            "until": until.isoformat(timespec="seconds"),
        }
        try:
            with self._scratch() as at:
                self._tip = self._push(at, json.dumps(said))
        except GitError as error:
            raise SigctlError(f"the lock can't be written: {error.text}", _HINT) from None

    def _push(self, at: Path, text: str) -> str:
        """Put a commit on the one that was seen last; GitError where another is there now."""
        tree = self._git.run(["mktree"], at=at).out.strip()
        if self._tip:
            self._fetch(at)
        above = ["-p", self._tip] if self._tip else []
        made = self._git.run(["commit-tree", tree, *above], at=at, text=text, settings=_ME).out.strip()
        self._git.run(["push", "-q", self._remote.url, f"{made}:{BRANCH}"], at=at, remote=self._remote)
        return made

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="sigctl-lock-") as folder:
            at = Path(folder)
            self._git.run(["init", "-q", "--bare", str(at)])
            yield at


_HINT = "another run may have been quicker: run again"


@contextmanager
def held(lock: RemoteLock, stop: threading.Event, *, every: float) -> Iterator[None]:
    """Hold the lock, and renew it every so many seconds; where that fails, since it was broken, the run is asked to stop."""
    lock.take()
    done = threading.Event()
    lost: list[SigctlError] = []

    def renewing() -> None:
        while not done.wait(every):
            try:
                lock.renew()
            except SigctlError as error:
                lost.append(error)
                stop.set()
                return

    thread = threading.Thread(target=renewing, name="lock", daemon=True)
    thread.start()
    try:
        yield
    except InterruptedRunError:
        if not lost:  # else this is what came of it
            raise
    finally:
        done.set()
        thread.join()
        if not lost:
            lock.give_back()
    if lost:
        raise InterruptedRunError(f"the lock was lost, so the run was stopped: {lost[0].text}")


def lock_of(context: Context) -> RemoteLock | None:
    """Return the lock that policy.yaml asks for, None where it asks for none; UsageError where its forge is not there."""
    wanted = context.config.spec.policy.lock
    if wanted is None:
        return None
    name, _, path = wanted.repo.partition(":")
    if name not in context.config.spec.forges or not path:
        raise UsageError(
            f"policy.yaml: lock.repo: `{wanted.repo}` is no repository of a declared forge",
            "write FORGE:PATH",
        )
    if name not in context.forges:
        raise UsageError(f"the lock is on {name}, which is not part of this run", f"add --forge {name}")
    options = mirror_options(context)
    git = Git(protocols=options["protocols"], timeout=120.0)
    return RemoteLock(git, context.remote_of(End(name, path)), minutes=wanted.minutes)


@contextmanager
def alone_everywhere(context: Context) -> Iterator[None]:
    """Hold the lock that policy.yaml asks for, if it asks for one."""
    lock = lock_of(context)
    if lock is None:
        yield
        return
    minutes = context.config.spec.policy.lock.minutes if context.config.spec.policy.lock else 1
    with held(lock, context.watch.stop, every=minutes * 20.0):
        yield


def _parsed(text: str) -> Holder:
    """Return who a commit names; SigctlError for one that is no entry of a lock."""
    found = _entry(text)
    if found is None:
        name = BRANCH.removeprefix("refs/heads/")
        raise SigctlError(
            f"the branch {name} holds something else than a lock", "give the lock a repository of its own"
        )
    return found


def _entry(text: str) -> Holder | None:
    try:
        said: Mapping[str, Any] = json.loads(text)
        until = datetime.fromisoformat(str(said["until"])).astimezone(UTC)
        return Holder(str(said["owner"]), str(said["run"]), until) if said["sigctl"] == FORMAT else None
    except (ValueError, KeyError, TypeError):
        return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
