"""One server as readers and writers see it: every request counted and repeated by the one Caller, lists whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from pydantic import SecretStr

from sigctl.errors import ForgeError, NotThereError, PartialError, RefusedError
from sigctl.forges.base import Settings
from sigctl.forges.http import Caller
from sigctl.forges.pagure.client import Answer, Client, Form
from sigctl.forges.pagure.failures import NotYetError, reader
from sigctl.forges.waiting import parallel

T = TypeVar("T")
Data = dict[str, Any]
PAGE = 100
_TRIES = 3
"""How often a list is read that changes while it is read."""


class Session:
    """Requests to one server."""

    def __init__(
        self,
        settings: Settings,
        *,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = settings.name
        self.jobs = settings.jobs
        self.client = Client(settings)
        self.url = self.client.url
        self.caller = Caller.of(settings, reader(settings.name, self.url), sleep=sleep, clock=clock)
        self._me = ""
        self._lock = threading.Lock()

    def get(self, path: str, **query: str | int) -> Data:
        """Return the object at a path; NotThereError where nothing is, PartialError where it is no object."""
        answer = self.caller.read(lambda: self.client.send("GET", path, query=query))
        return self._object(answer, path)

    def look(self, path: str, **query: str | int) -> Data | None:
        """Return the object at a path, None where nothing is."""
        try:
            return self.get(path, **query)
        except NotThereError:
            return None

    def bare(self, path: str) -> Data | None:
        """As `look`, in one attempt that is not counted: for asking whether a lost write happened."""
        try:
            return self._object(self.client.send("GET", path), path)
        except Exception as error:
            failure = reader(self.name, self.url)(error)
            if isinstance(failure.error, NotThereError):
                return None
            raise

    def wait_for(self, path: str, ready: Callable[[Data], bool], otherwise: ForgeError) -> Data:
        """Return the object at a path once it is ready; raise `otherwise` when it is not after about a quarter of a minute."""

        def request() -> Data:
            found = self.bare(path)
            if found is None or not ready(found):
                raise NotYetError(otherwise)
            return found

        return self.caller.read(request)

    def gone(self, path: str, otherwise: ForgeError) -> None:
        """Return once nothing is at a path; raise `otherwise` when something stays for about a quarter of a minute."""

        def request() -> None:
            if self.bare(path) is not None:
                raise NotYetError(otherwise)

        self.caller.read(request)

    def every(self, path: str, key: str, **query: str) -> list[Data]:
        """Return every entry of a list; PartialError when its pages do not add up to what it says it holds."""
        for _ in range(_TRIES):  # something made or deleted meanwhile moves entries from page to page
            first = self.get(path, **query, per_page=PAGE, page=1)
            total, pages = self._extent(first, path, key)
            others = [
                partial(self.get, path, **query, per_page=PAGE, page=number) for number in range(2, pages + 1)
            ]
            answers = [first, *self.parallel(others)]
            rows = {
                str(row.get("fullname") or row.get("name") or row["id"]): row
                for one in answers
                for row in one.get(key) or ()
            }
            if len(rows) == total and all(self._extent(one, path, key)[0] == total for one in answers):
                return list(rows.values())
        raise PartialError(f"GET {path}: {len(rows)} of {total} entries were had", forge=self.name)

    def write(
        self,
        verb: str,
        path: str,
        form: Form | None = None,
        *,
        token: SecretStr | None = None,
        repeatable: bool = True,
        happened: Callable[[], Data | None] | None = None,
    ) -> Data:
        """Return the answer to a write; NotThereError, RefusedError and the other ForgeErrors where it was not done.

        Everything but making things sets a fixed value, so that sending it twice is as good as once.
        """

        def send() -> Data:
            return self._object(self.client.send(verb, path, form, token=token), path)

        return self.caller.write(send, repeatable=repeatable, happened=happened)

    def me(self) -> str:
        """Return the account behind the token; asked once."""
        if not self._me:
            path = "/-/whoami"  # a POST that changes nothing
            answer = self.caller.read(lambda: self.client.send("POST", path))
            self._me = str(self._object(answer, path).get("username") or "")
            if not self._me:
                raise PartialError("the server does not say whose token it is", forge=self.name)
        return self._me

    def refused(self, text: str, hint: str = "") -> RefusedError:
        """Return the error for what the server can't do, or said it did and did not."""
        return RefusedError(text, hint, forge=self.name)

    def parallel(self, work: Sequence[Callable[[], T]]) -> list[T]:
        """Return the results in order; the first error ends what has not begun, Ctrl-C ends every wait too."""
        return parallel(work, self.jobs, self.name, self.caller.stop)

    def close(self) -> None:
        """End every wait and give connections back."""
        self.caller.stop()
        self.client.close()

    def _object(self, answer: Answer, path: str) -> Data:
        if not isinstance(answer.data, dict):
            raise PartialError(f"{path}: the answer is no object", forge=self.name, status=answer.status)
        return answer.data

    def _extent(self, answer: Data, path: str, key: str) -> tuple[int, int]:
        total, pagination = answer.get(f"total_{key}"), answer.get("pagination")
        if (
            not isinstance(total, int)
            or not isinstance(pagination, dict)
            or not isinstance(answer.get(key), list)
        ):
            raise PartialError(f"GET {path}: the answer is no page of {key}", forge=self.name)
        return total, int(pagination.get("pages") or 0)
