"""Reads the refs of many repositories at once: one request each over connections that are kept.

Over ssh and from files git reads them itself, which costs a process each.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar
from urllib.parse import urljoin

import requests
from requests.auth import AuthBase

from sigctl.errors import (
    DeniedError,
    ForgeError,
    InterruptedRunError,
    NotThereError,
    PartialError,
    RefusedError,
    SigctlError,
    UnreachableError,
)
from sigctl.forges.base import Remote
from sigctl.forges.http import Caller, Failure, Nature
from sigctl.mirror import address, pkt
from sigctl.mirror.gate import Gate
from sigctl.mirror.git import Git
from sigctl.mirror.parallel import each
from sigctl.mirror.patience import Patience
from sigctl.mirror.refs import Refs
from sigctl.mirror.wire import GatedAdapter

K = TypeVar("K")
SERVICE = "git-upload-pack"
ASK = f"/info/refs?service={SERVICE}"
READERS = 40
MAX_BYTES = 64 * 1024 * 1024
MAX_SECONDS = 600.0
_REDIRECTS = 5
_NO_LIMIT = 30 * 86_400.0
"""Seconds: a reader lives as long as its run, and each wait within has its own bound."""
_CHUNK = 1 << 16


class Reader:
    """Reads refs; one for a run, safe to use from several threads."""

    def __init__(
        self,
        git: Git,
        *,
        readers: int = READERS,
        timeout: float = 30.0,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._git = git
        self._readers = readers
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._near, self._far = (_session(readers, git.gate, proxies=proxies) for proxies in (False, True))
        self._callers: dict[str, Caller] = {}
        self._patience = Patience(git.stop)
        self._lock = threading.Lock()
        self._by_git = 0

    @property
    def reads(self) -> int:
        """Requests and git processes that reading took so far."""
        with self._lock:
            return self._by_git + sum(caller.reads for caller in self._callers.values())

    def close(self) -> None:
        """Give connections back."""
        self._near.close()
        self._far.close()

    def session(self, url: str) -> requests.Session:
        """Return the connections to where a URL points: through the machine's proxies, or, on this machine, past them."""
        return self._near if address.loopback(url) else self._far

    def read(self, remote: Remote) -> Refs:
        """Return all refs of the repository.

        Raises DeniedError, NotThereError, UnreachableError, RefusedError, PartialError (a list that was cut short) or GitError.
        """
        if address.check(remote, self._git.protocols) in ("http", "https"):
            return self._caller(address.origin(remote.url)).read(lambda: self._fetch(remote))
        return self._patience.run(address.host(remote.url), lambda _: self._list(remote))

    def asks_to_wait(self, remote: Remote) -> float | None:
        """Return for how many seconds a server that refused git wants to be left alone; None where it doesn't say.

        Git tells of the refusal alone, so the server is asked once for the list of refs.
        """
        if address.scheme(remote.url) not in ("http", "https"):
            return None
        try:
            self._fetch(remote)
        except requests.HTTPError as error:
            return _failure(error).retry_after
        except (SigctlError, requests.RequestException, _CutShortError):
            return None
        return None

    def read_all(
        self, remotes: Mapping[K, Remote], told: Callable[[K, Refs | SigctlError], None] | None = None
    ) -> dict[K, Refs | SigctlError]:
        """Return the refs, or the error, of every repository; one that fails doesn't stop the others."""
        found: dict[K, Refs | SigctlError] = {}

        def one(key: K) -> tuple[K, Refs | SigctlError]:
            if self._git.stop.is_set():
                raise InterruptedRunError("stopped while reading refs")
            try:
                return key, self.read(remotes[key])
            except InterruptedRunError:
                raise
            except SigctlError as error:
                return key, error

        for key, answer in each(one, list(remotes), self._readers, self._git.stop):
            found[key] = answer
            if told:
                told(key, answer)
        return found

    def _caller(self, origin: str) -> Caller:
        with self._lock:
            if origin not in self._callers:
                self._callers[origin] = Caller(
                    _failure, max_requests=1_000_000, max_seconds=_NO_LIMIT, sleep=self._pause
                )
            return self._callers[origin]

    def _pause(self, seconds: float) -> None:
        if self._git.stop.wait(seconds):
            raise InterruptedRunError("stopped while waiting for a server")

    def _fetch(self, remote: Remote) -> Refs:
        base = remote.url.rstrip("/")
        header = address.authorization(remote)
        home = address.origin(base)
        for _ in range(_REDIRECTS):
            secret = (
                header if address.origin(base) == home else ""
            )  # a token is for one server, wherever that points
            with self.session(base).get(
                base + ASK,
                headers={"Authorization": secret} if secret else {},
                auth=AsGiven(),
                timeout=self._timeout,
                stream=True,
                allow_redirects=False,
            ) as answer:
                if not answer.is_redirect:
                    refs = _parsed(self._body(answer, bool(secret)))
                    moved = base if base != remote.url.rstrip("/") else ""
                    return Refs(refs.tips, refs.head, refs.shallow, moved)
                base = self._moved(answer, base)
        raise RefusedError(f"{address.shown(remote.url)}: more than {_REDIRECTS} redirects")

    def _moved(self, answer: requests.Response, base: str) -> str:
        there = urljoin(base + ASK, answer.headers["location"])
        target = there.removesuffix(ASK)
        if target == there:
            raise RefusedError(
                f"{address.shown(base)}: redirects to what is no repository",
                "the forge may want a login, or it moved",
            )
        if address.scheme(base) == "https" and address.scheme(target) != "https":
            raise RefusedError(f"{address.shown(base)}: redirects from https to something weaker")
        address.check(Remote(target), self._git.protocols)
        return target

    def _body(self, answer: requests.Response, had_secret: bool) -> bytes:  # noqa: FBT001  # private, told by name above
        url = address.shown(answer.url.removesuffix(ASK))
        code = answer.status_code
        if code in (requests.codes.unauthorized, requests.codes.forbidden):
            hint = (
                "check that the token is valid and may read this"
                if had_secret
                else "it may be private, or not exist"
            )
            raise DeniedError(f"{url}: may not be read ({code})", hint, status=code)
        if code in (requests.codes.not_found, requests.codes.gone):
            raise NotThereError(f"{url}: there is no such repository", status=code)
        answer.raise_for_status()
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if code != requests.codes.ok or kind != f"application/x-{SERVICE}-advertisement":
            raise RefusedError(
                f"{url}: the answer is not git's smart HTTP", "is this the address of a repository?"
            )
        body = bytearray()
        end = time.monotonic() + MAX_SECONDS
        for chunk in answer.iter_content(_CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                raise RefusedError(f"{url}: the list of refs is longer than {self._max_bytes} bytes")
            if time.monotonic() > end:
                raise UnreachableError(f"{url}: the list of refs came too slowly")
        return bytes(body)

    def _list(self, remote: Remote) -> Refs:
        """Ask git; it hides whether the source is shallow, but refuses to fetch from such a one."""
        with self._lock:
            self._by_git += 1
        out = self._git.run(["ls-remote", "--symref", "--", remote.url], remote=remote).out
        tips: dict[str, str] = {}
        head = ""
        for line in out.splitlines():
            value, _, name = line.partition("\t")
            if name == "HEAD" and value.startswith("ref: "):
                head = value.removeprefix("ref: ")
            elif name != "HEAD" and not name.endswith("^{}"):
                tips[name] = value
        return Refs(tips, head if head in tips else "")


class _CutShortError(Exception):
    """A list that ended too early, though the server said that it had ended; never seen outside."""


def _parsed(body: bytes) -> Refs:
    try:
        return pkt.parse(body, SERVICE)
    except PartialError as error:
        raise _CutShortError(error.text) from error


class AsGiven(AuthBase):
    """Keeps requests from looking for a login of its own (netrc)."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request as it is."""
        return request


def _session(size: int, gate: Gate, *, proxies: bool) -> requests.Session:
    session = requests.Session()
    session.trust_env = proxies
    session.headers["User-Agent"] = "git/2 sigctl"  # some servers answer only what looks like git
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = GatedAdapter(gate, pool_connections=16, pool_maxsize=size)
    for prefix in ("http://", "https://"):
        session.mount(prefix, adapter)
    return session


def _failure(error: Exception) -> Failure:
    """Say whether asking again helps; the texts name no URL that could hold more than the address."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return _answered(error.response)
    if isinstance(error, _CutShortError):
        return Failure(Nature.TRANSIENT, PartialError(str(error)))
    if isinstance(error, requests.exceptions.SSLError):
        return Failure(Nature.FINAL, UnreachableError("the server's certificate is not trusted", _WHERE_CA))
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return Failure(Nature.TRANSIENT, PartialError("the list of refs was cut short"))
    if isinstance(error, requests.RequestException):
        url = (error.request.url if error.request is not None else None) or ""
        return Failure(Nature.TRANSIENT, _no_answer(address.shown(url.removesuffix(ASK)), error))
    raise error


def _answered(answer: requests.Response) -> Failure:
    code = answer.status_code
    url = address.shown(answer.url.removesuffix(ASK))
    wait = _seconds(answer.headers.get("retry-after", ""))
    if code == requests.codes.too_many_requests:
        return Failure(Nature.LIMITED, UnreachableError(f"{url}: too many requests", status=code), wait)
    if code >= requests.codes.internal_server_error:
        broken = UnreachableError(f"{url}: the server failed ({code})", status=code)
        return Failure(Nature.TRANSIENT, broken, wait)
    return Failure(Nature.FINAL, RefusedError(f"{url}: refused ({code})", status=code))


def _seconds(after: str) -> float | None:
    """Return what a Retry-After header asks for, a number or a date; None where it says nothing of use."""
    if after.isdigit():
        return float(after)
    try:
        return max(0.0, (parsedate_to_datetime(after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


_WHERE_CA = "name your own authority's file in REQUESTS_CA_BUNDLE and GIT_SSL_CAINFO"


def _no_answer(url: str, error: requests.RequestException) -> ForgeError:
    slow = isinstance(error, requests.Timeout)
    return UnreachableError(f"{url}: {'no answer in time' if slow else 'can not be reached'}")
