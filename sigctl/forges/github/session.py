"""One server as readers and writers see it: every request counted and repeated by the one Caller, lists whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import quote

from sigctl.errors import NotThereError, PartialError
from sigctl.forges.base import Settings
from sigctl.forges.github import documents, pacing
from sigctl.forges.github.auth import Signed, identity_of, org_of
from sigctl.forges.github.client import PAGE, Answer, Client, StatusError, next_page
from sigctl.forges.github.failures import NotYetError, of_status, reader
from sigctl.forges.github.graphql import GraphQL
from sigctl.forges.http import Caller
from sigctl.forges.waiting import parallel

T = TypeVar("T")
_MAYBE_NOT_YET = (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)
YOUNG = 120.0
"""Seconds for which a thing that this run made may still be unknown to parts of GitHub."""


def path(*parts: str | int) -> str:
    """Return an API path of these parts, each quoted."""
    return "".join(f"/{quote(str(part), safe='')}" for part in parts)


class Session:
    """Requests to one server."""

    def __init__(
        self,
        settings: Settings,
        *,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.name = settings.name
        self.jobs = settings.jobs
        self.settings = settings
        self.pacing = pacing.of(settings)
        self.caller = Caller.of(
            settings,
            reader(settings.name),
            sleep=sleep,
            clock=clock,
            longest_wait=pacing.LONGEST_WAIT,
            pacing=self.pacing,
        )
        self.plans: dict[str, str] = {}
        """Org -> what it pays for, as far as GitHub tells."""
        self.invitations = pacing.invitations(settings, clock)
        self._client = Client(settings)
        identity = identity_of(settings, self._client, self.caller, clock=clock, wall=wall)
        self.client = Signed(self._client, identity)
        self.graphql = GraphQL(self.client, self.caller, settings.name)
        self.wall = wall
        self._clock = clock
        self._made: dict[str, float] = {}
        self._me: str | None = None
        self._lock = threading.Lock()

    def get(self, url: str, *, org: str = "") -> Answer:
        """Return the answer to a GET; NotThereError and the other ForgeErrors where there is none."""
        return self.caller.read(lambda: self.client.rest("GET", url, org=org), pacing.READ)

    def look(self, url: str) -> Answer | None:
        """Return the answer to a GET, None where nothing is (or nothing the token may see)."""
        try:
            return self.get(url)
        except NotThereError:
            return None

    def find(self, url: str) -> dict[str, Any] | None:
        """Return the object at a path, None where nothing is; PartialError where it is no object."""
        answer = self.look(url)
        if answer is not None and not isinstance(answer.data, dict):
            raise PartialError(f"GET {url}: the answer is no object", forge=self.name, status=answer.status)
        return answer.data if answer else None

    def wait_for(self, url: str, ready: Callable[[Answer], bool]) -> Answer | None:
        """Return the answer to a GET once it is ready, None when it is not after about a quarter of a minute."""

        def request() -> Answer:
            try:
                answer = self.client.rest("GET", url)
            except StatusError as error:
                if error.answer.status != HTTPStatus.NOT_FOUND:
                    raise
                raise NotYetError(of_status(error.answer, error.what).error) from error
            if ready(answer):
                return answer
            raise NotYetError(NotThereError(f"GET {url}: not ready yet", status=HTTPStatus.NOT_FOUND))

        try:
            return self.caller.read(request, pacing.READ)
        except NotThereError:
            return None

    def every(self, url: str, *, about: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Return every entry of a list, however many pages it has; PartialError where a page is no list.

        `about` is as for `write`: the lists of a thing that was just made may not be there yet.
        """
        first = partial(self.client.rest, "GET", url, query={"per_page": PAGE})
        answer = self.caller.read(lambda: self._soon(first, about), pacing.READ)
        entries: list[dict[str, Any]] = []
        while True:
            if not isinstance(answer.data, list):
                raise PartialError(f"GET {url}: the answer is no list", forge=self.name, status=answer.status)
            entries += answer.data
            following = next_page(answer)
            if following is None:
                return entries
            answer = self.get(following, org=org_of(url))  # where it leads has a number for the org

    def write(
        self,
        verb: str,
        url: str,
        body: Mapping[str, Any] | None = None,
        *,
        about: Sequence[str] = (),
        repeatable: bool = True,
        happened: Callable[[], Answer | None] | None = None,
    ) -> Answer:
        """Return the answer to a write; NotThereError, RefusedError and the other ForgeErrors where it was not done.

        `about` are the paths of the things it needs: while one of them is young, 404, 409 and 422 mean "not yet".
        """
        send = partial(self.client.rest, verb, url, body)
        return self.caller.write(
            lambda: self._soon(send, about),
            repeatable=repeatable,
            happened=happened,
            spend=pacing.spend(verb, url),
        )

    def _soon(self, send: Callable[[], Answer], about: Sequence[str]) -> Answer:
        """Return the answer; NotYetError where it fails as it does while something it is about is young."""
        try:
            return send()
        except StatusError as error:
            if error.answer.status in _MAYBE_NOT_YET and any(self._is_young(one) for one in about):
                raise NotYetError(of_status(error.answer, error.what).error) from error
            raise

    def remove(self, url: str) -> str:
        """Make that nothing is at a path; return GitHub's request id, "" where nothing was."""
        try:
            return self.write("DELETE", url).request_id
        except NotThereError:
            return ""

    def made(self, *paths: str) -> None:
        """Remember that these things were just made, so that parts of GitHub may not know them yet."""
        now = self._clock()
        with self._lock:
            self._made.update((one.casefold(), now) for one in paths)

    def _is_young(self, one: str) -> bool:
        made = self._made.get(one.casefold())
        return made is not None and self._clock() - made < YOUNG

    def me(self) -> str:
        """Return the login behind the token, "" for an app; asked once."""
        if self.settings.app is not None:
            return ""
        if self._me is None:
            login = str(self.graphql.ask(documents.VIEWER, {})["viewer"]["login"])
            self._me = "" if login.endswith("[bot]") else login
        return self._me

    def version(self) -> tuple[int, ...]:
        """Return the version of an Enterprise Server that has answered something, () for github.com."""
        return tuple(int(part) for part in self._client.version.split(".") if part.isdecimal())

    def parallel(self, work: Sequence[Callable[[], T]]) -> list[T]:
        """Return the results in order; the first error ends what has not begun, Ctrl-C ends every wait too."""
        return parallel(work, self.jobs, self.name, self.caller.stop)

    def at(self, wait: float) -> str:
        """Return the time in so many seconds, for people to read."""
        return datetime.fromtimestamp(self.wall() + wait, UTC).strftime("%Y-%m-%d %H:%M UTC")

    def age(self, stamp: object) -> float:
        """Return how many seconds ago GitHub's time stamp was; far back where it is none."""
        try:
            return self.wall() - datetime.fromisoformat(str(stamp)).timestamp()
        except ValueError:
            return float("inf")

    def close(self) -> None:
        """End every wait and give connections back."""
        self.caller.stop()
        self._client.close()
