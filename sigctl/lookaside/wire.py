"""Requests to stores: who is trusted, where a redirect may lead, and what a failure means."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from urllib.parse import urljoin

import requests
import urllib3
from requests.auth import AuthBase

from sigctl.errors import (
    DeniedError,
    ForgeError,
    InterruptedRunError,
    PartialError,
    RefusedError,
    UnreachableError,
)
from sigctl.forges.http import Caller, Failure, Nature
from sigctl.mirror import address
from sigctl.mirror.gate import ANYWHERE, Gate
from sigctl.mirror.wire import GatedAdapter

_REDIRECTS = 5
_NO_LIMIT = 30 * 86_400.0
"""Seconds: a wire lives as long as its run, and each wait within has its own bound."""
_WHERE_CA = "name your own authority's file in REQUESTS_CA_BUNDLE, or in `authority` of the store"


class BrokenError(Exception):
    """An answer that is of no use, where the next one may be."""


class Wire:
    """Connections to any number of servers; safe for several threads."""

    def __init__(
        self,
        *,
        jobs: int = 4,
        timeout: float = 30.0,
        stop: threading.Event | None = None,
        sleep: Callable[[float], object] | None = None,
        certificate: Path | None = None,
        authority: Path | None = None,
        gate: Gate = ANYWHERE,
    ) -> None:
        self.stop = stop or threading.Event()
        self.timeout = timeout
        self.authority = str(authority) if authority else None
        """Said with every request that needs it: a session's own is overruled by REQUESTS_CA_BUNDLE."""
        self._sleep = sleep or self._pause
        self._near, self._far = (_session(jobs, certificate, gate, proxies=p) for p in (False, True))
        self._callers: dict[str, Caller] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        """Give connections back."""
        self._near.close()
        self._far.close()

    def caller(self, url: str) -> Caller:
        """Return who repeats requests to the server of this URL."""
        origin = address.origin(url)
        with self._lock:
            if origin not in self._callers:
                self._callers[origin] = Caller(
                    read_failure, max_requests=1_000_000, max_seconds=_NO_LIMIT, sleep=self._sleep
                )
            return self._callers[origin]

    def get(self, url: str, headers: Mapping[str, str]) -> requests.Response:
        """Return the answer, its body not yet read; redirects are followed, but not from https to something weaker."""
        here = url
        for _ in range(_REDIRECTS):
            answer = self.session(here).get(
                here,
                headers=headers,
                auth=AsGiven(),
                timeout=self.timeout,
                stream=True,
                allow_redirects=False,
            )
            if not answer.is_redirect:
                return answer
            with answer:
                there = urljoin(here, answer.headers["location"])
            scheme = address.scheme(there)
            if scheme != "https" and not (scheme == "http" and address.scheme(here) == "http"):
                raise RefusedError(f"{address.shown(here)}: redirects to something weaker than https")
            here = there
        raise RefusedError(f"{address.shown(url)}: more than {_REDIRECTS} redirects")

    def session(self, url: str) -> requests.Session:
        """Return the connections for a URL: those to this machine go through no proxy."""
        try:
            return self._near if address.loopback(url) else self._far
        except ValueError:
            raise RefusedError(f"`{address.shown(url)}` is not a URL") from None

    def _pause(self, seconds: float) -> None:
        if self.stop.wait(seconds):
            raise InterruptedRunError("stopped while waiting for a server")


class AsGiven(AuthBase):
    """Keeps requests from looking for a login of its own (netrc)."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Return the request as it is."""
        return request


def read_failure(error: Exception) -> Failure:
    """Say whether asking again helps; raises again what is no failure of a request."""
    if isinstance(error, BrokenError):
        return Failure(Nature.TRANSIENT, PartialError(str(error)))
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return _status(error.response)
    broken = requests.exceptions.ChunkedEncodingError | urllib3.exceptions.ProtocolError
    if isinstance(error, broken) or _broke_off(error):
        return Failure(Nature.TRANSIENT, PartialError("the connection broke"))
    if isinstance(error, requests.exceptions.SSLError) or _is_tls(error):
        return Failure(Nature.FINAL, _tls(error))
    if isinstance(
        error,
        requests.exceptions.InvalidURL
        | requests.exceptions.InvalidSchema
        | urllib3.exceptions.LocationParseError,
    ):
        return Failure(Nature.FINAL, RefusedError("the address is not a URL"))
    if isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError):
        slow = isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError)
        return Failure(
            Nature.TRANSIENT, UnreachableError("no answer in time" if slow else "can not be reached")
        )
    raise error


def _status(response: requests.Response) -> Failure:
    code = response.status_code
    if code == requests.codes.too_many_requests:
        after = response.headers.get("retry-after", "")
        wait = float(after) if after.isdigit() else None
        return Failure(Nature.LIMITED, UnreachableError("too many requests", status=code), wait)
    if code >= requests.codes.internal_server_error:
        return Failure(Nature.TRANSIENT, UnreachableError(f"the server failed ({code})", status=code))
    if code in (requests.codes.unauthorized, requests.codes.forbidden):
        return Failure(Nature.FINAL, DeniedError(f"may not be read or written ({code})", status=code))
    return Failure(Nature.FINAL, RefusedError(f"refused ({code})", status=code))


def _broke_off(error: Exception) -> bool:
    """Whether the other side went away in the middle; what it said of TLS before may be lost with it."""
    text = repr(error)
    return any(
        word in text
        for word in ("SSLEOFError", "ConnectionResetError", "BrokenPipeError", "RemoteDisconnected")
    )


def _is_tls(error: Exception) -> bool:
    """Whether it is TLS that broke: a server that wants a certificate says so only after the handshake."""
    text = repr(error)
    return "SSLError" in text or "SSLCertVerificationError" in text or "[SSL" in text or "TLSV1" in text


def _tls(error: Exception) -> ForgeError:
    text = repr(error).lower()
    if "certificate_verify_failed" in text or "certificate verify failed" in text:
        return UnreachableError("the server's certificate is not trusted", _WHERE_CA)
    if (
        "pem lib" in text
        or "pem routines" in text
        or "key_values_mismatch" in text
        or "key values mismatch" in text
    ):
        return DeniedError(
            "the client certificate's file has no certificate with its key", "both belong in it, in PEM form"
        )
    if any(
        word in text
        for word in ("certificate", "unknown ca", "unknown_ca", "access denied", "handshake failure")
    ):
        return DeniedError(
            "the server does not accept the client certificate",
            "it may be missing, expired or of another authority",
        )
    return UnreachableError("no encrypted connection could be made")


def _session(jobs: int, certificate: Path | None, gate: Gate, *, proxies: bool) -> requests.Session:
    session = requests.Session()
    session.trust_env = proxies
    session.headers["User-Agent"] = "sigctl"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    if certificate is not None:
        session.cert = str(certificate)
    adapter = GatedAdapter(gate, pool_connections=16, pool_maxsize=jobs)
    for prefix in ("http://", "https://"):
        session.mount(prefix, adapter)
    return session
