"""HTTP connections that go only where the gate lets them: to the very address that was judged, under the name that was asked for."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import select_proxy
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from sigctl.errors import RefusedError
from sigctl.mirror import address
from sigctl.mirror.gate import Gate, place_of


class GatedAdapter(HTTPAdapter):
    """Makes connections as requests does, but looks names up through a gate; certificates are still those of the names."""

    def __init__(self, gate: Gate, *, pool_connections: int, pool_maxsize: int) -> None:
        self._gate = gate
        super().__init__(pool_connections=pool_connections, pool_maxsize=pool_maxsize)

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        """Have the connections that go through no proxy made by us."""
        super().init_poolmanager(*args, **more)
        self.poolmanager.pool_classes_by_scheme = _pools(self._gate)

    def send(  # noqa: PLR0917  # as requests has it
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002  # as requests has it
        timeout: Any = None,
        verify: Any = True,  # noqa: FBT002  # as requests has it
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send it; RefusedError where it would lead inside."""
        url = request.url or ""
        if proxies and select_proxy(url, dict(proxies)):
            place = place_of(url)
            if place is None:
                raise RefusedError(f"`{address.shown(url)}` names no server")
            self._gate.check_name(*place)
        return super().send(request, stream, timeout, verify, cert, dict(proxies) if proxies else None)


def _pools(gate: Gate) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(self, gate)

    class Encrypted(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _connected(self, gate)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class EncryptedPool(HTTPSConnectionPool):
        ConnectionCls = Encrypted

    return {"http": PlainPool, "https": EncryptedPool}


def _connected(connection: HTTPConnection, gate: Gate) -> socket.socket:
    """Return a socket to one of the addresses that the name leads to; errors as urllib3's own, and RefusedError."""
    host, port = connection.host.strip("[]"), connection.port or 0
    try:
        places = gate.find(host, port)
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    failed: OSError = OSError("no address")
    for place in places:
        try:
            return _to(place, connection)
        except OSError as error:
            failed = error
    if isinstance(failed, TimeoutError):
        raise ConnectTimeoutError(connection, f"{host} did not answer") from failed
    raise NewConnectionError(connection, f"{host}: {failed}") from failed


def _to(place: tuple[Any, Any, int, Any], connection: HTTPConnection) -> socket.socket:
    family, kind, protocol, where = place
    made = socket.socket(family, kind, protocol)
    try:
        for option in connection.socket_options or ():
            made.setsockopt(*option)
        if isinstance(connection.timeout, int | float):
            made.settimeout(connection.timeout)
        if connection.source_address:
            made.bind(connection.source_address)
        made.connect(where)
    except BaseException:
        made.close()
        raise
    return made
