"""The one connection to a server: python-gitlab's client, with our own count, retry and reading of failures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, CancelledError, ThreadPoolExecutor, wait
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from gitlab import Gitlab
from gitlab.exceptions import GitlabError

from sigctl.errors import NotThereError, PartialError, RefusedError
from sigctl.forges.base import Settings
from sigctl.forges.bounded import Bounded
from sigctl.forges.gitlab.failures import BadAnswerError, read_failure
from sigctl.forges.http import Caller, Failure

T = TypeVar("T")
PAGE = 100
_READS = ("GET", "HEAD")


class _Session(requests.Session):
    """Follows redirects on reads only and to the same server only, and remembers the last headers."""

    def __init__(self, connections: int) -> None:
        super().__init__()
        self._told = threading.local()
        self.cookies.set_policy(
            DefaultCookiePolicy(allowed_domains=[])
        )  # the token says who asks, nothing else
        adapter = Bounded(pool_connections=2, pool_maxsize=connections)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        verb = method.decode() if isinstance(method, bytes) else method
        self._told.headers = {}
        response = super().request(verb, url, *args, **{**kwargs, "allow_redirects": verb.upper() in _READS})
        self._told.headers = response.headers
        return response

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Refuse to follow to where the token must not go: what anybody may see there is not the whole of what was asked for."""
        here, there = str(response.request.url), str(prepared_request.url)
        if self.should_strip_auth(here, there):  # type: ignore[no-untyped-call]  # requests has no types here
            place = urlsplit(there)
            raise RefusedError(
                f"{response.request.method} {urlsplit(here).path}: the server leads to another place: "
                f"{place.scheme}://{place.hostname}{f':{place.port}' if place.port else ''}",
                "the url of the forge in the files must be the one that the server itself uses, https and all",
            )
        super().rebuild_auth(prepared_request, response)  # type: ignore[no-untyped-call]  # nor here

    @property
    def headers_told(self) -> Mapping[str, str]:
        """Headers of the last answer this thread got; empty when there was none."""
        return getattr(self._told, "headers", {})


class Client:
    """Requests of one server; every one is counted and, where that is safe, repeated. Safe to share by threads."""

    def __init__(
        self,
        settings: Settings,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.url = settings.url.rstrip("/")
        self.jobs = max(1, settings.jobs)
        self._places = threading.BoundedSemaphore(self.jobs)
        self._session = _Session(self.jobs)
        self._gitlab = Gitlab(
            self.url,
            private_token=settings.token.get_secret_value(),
            session=self._session,
            timeout=settings.timeout,
            keep_base_url=True,
        )
        self.caller = Caller.of(settings, self._failure, sleep=sleep, clock=clock)

    def get(self, path: str, **query: Any) -> Any:
        """Return what is at the path (below /api/v4); NotThereError where there is nothing."""
        return self.caller.read(lambda: self.send("get", path, query))

    def look(self, path: str, **query: Any) -> Any | None:
        """Return what is at the path, None where there is nothing."""
        try:
            return self.get(path, **query)
        except NotThereError:
            return None

    def peek(self, path: str) -> Any | None:
        """As `look`, but one bare attempt: for asking whether a lost write happened, which is counted already."""
        try:
            return self.send("get", path)
        except GitlabError as error:
            if error.response_code == HTTPStatus.NOT_FOUND:
                return None
            raise

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        happened: Callable[[], Any | None] | None = None,
        *,
        repeatable: bool = False,
    ) -> Any:
        """Send once; after an answer that was lost, `happened` says whether it must be sent again."""
        return self.caller.write(
            lambda: self.send("post", path, body=body), repeatable=repeatable, happened=happened
        )

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Set fixed values; sent again when an answer was lost."""
        return self.caller.write(lambda: self.send("put", path, body=body), repeatable=True)

    def patch(self, path: str, body: Mapping[str, Any], happened: Callable[[], Any | None]) -> Any:
        """Change in place; as for `post`, since what adds and destroys lines by number can't be sent twice."""
        return self.caller.write(lambda: self.send("patch", path, body=body), happened=happened)

    def delete(self, path: str, **query: Any) -> bool:
        """Remove what is at the path; False when it was not there, which is as good."""
        try:
            self.caller.write(lambda: self.send("delete", path, query), repeatable=True)
        except NotThereError:
            return False
        return True

    def graphql(self, body: Mapping[str, Any]) -> Any:
        """Send one document; a read, counted and repeated like any other. The answer is not yet judged."""
        return self.send("post", f"{self.url}/api/graphql", body=body)

    def pages(self, path: str, **query: Any) -> list[Any]:
        """Return a whole list, page by page, in the order of ids; PartialError when it can't be had whole."""
        items: list[Any] = []
        seen: set[str] = set()
        page = "1"
        while page:
            if page in seen:
                raise PartialError(f"{path}: page {page} came twice")
            seen.add(page)
            asked = {**query, "per_page": PAGE, "page": page}
            rows, page = self.caller.read(lambda asked=asked: self._page(path, asked))  # type: ignore[misc]  # bound now
            items += rows
        return items

    def send(
        self,
        verb: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        """Send one request, bare; return its JSON, None for an answer without a body. Raises what the vendor raises."""
        with self._places:  # readers that run side by side share the same number of requests at once
            response = self._gitlab.http_request(
                verb,
                path,
                query_data=dict(query or {}),
                post_data=None if body is None else dict(body),
                obey_rate_limit=False,
                retry_transient_errors=False,
            )
        if response.status_code == HTTPStatus.NO_CONTENT or not response.content:
            return None
        try:
            return response.json()
        except (ValueError, RecursionError) as error:
            raise BadAnswerError(path) from error

    def request_id(self) -> str:
        """Return the server's name for the last request of this thread, "" where it gave none."""
        return self._session.headers_told.get("X-Request-Id", "")

    def together(self, calls: Iterable[Callable[[], T]]) -> list[T]:
        """Return all results in order, made side by side; the first failure is raised and what has not begun is dropped."""
        todo = list(calls)
        if len(todo) < 2:  # noqa: PLR2004  # one call needs no thread
            return [call() for call in todo]
        failed = threading.Event()

        def run(call: Callable[[], T]) -> T:
            if failed.is_set():
                raise CancelledError
            try:
                return call()
            except BaseException:
                failed.set()
                raise

        pool = ThreadPoolExecutor(min(self.jobs, len(todo)))
        try:
            futures = [pool.submit(run, call) for call in todo]
            done, _ = wait(futures, return_when=FIRST_EXCEPTION)
            errors = [error for future in futures if future in done and (error := future.exception())]
            for error in errors:
                if not isinstance(error, CancelledError):
                    raise error
            return [future.result() for future in futures]
        except KeyboardInterrupt:
            self.caller.stop()  # wakes those that wait for a second try
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def close(self) -> None:
        """Give connections back; whoever still waits to try again is woken."""
        self.caller.stop()
        self._session.close()

    def _page(self, path: str, query: Mapping[str, Any]) -> tuple[list[Any], str]:
        rows = self.send("get", path, query)
        if not isinstance(rows, list):
            raise BadAnswerError(path)
        return rows, self._next_page(query)

    def _next_page(self, query: Mapping[str, Any]) -> str:
        headers = self._session.headers_told
        if (following := headers.get("X-Next-Page")) is not None:
            return following
        return str(int(query["page"]) + 1) if _has_next(headers) else ""

    def _failure(self, error: Exception) -> Failure:
        return read_failure(error, self._session.headers_told, self.url)


def _has_next(headers: Mapping[str, str]) -> bool:
    links = requests.utils.parse_header_links(headers.get("Link", ""))
    return any(link.get("rel") == "next" for link in links)
