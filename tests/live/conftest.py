"""One real Pagure for all tests of this folder, gone afterwards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pagure.accounts import KEEPER, PEOPLE
from pagure.server import Reached, Server, running


@pytest.fixture(scope="session")
def pagure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Reached]]:
    if os.geteuid() != 0:
        pytest.fail("a real Pagure is run in a chroot: this needs root on Debian")
    with running(tmp_path_factory.mktemp("pagure")) as (server, reached):
        server.ctl(*(f"user {name}" for name in (KEEPER, *PEOPLE)))
        yield server, reached


@pytest.fixture(scope="session")
def token(pagure: tuple[Server, Reached]) -> str:
    """The keeper's token."""
    return pagure[0].ctl(f"token {KEEPER} user")[0].split()[2]


@pytest.fixture(scope="session")
def ssh(pagure: tuple[Server, Reached], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A private key of the keeper's, and the host keys of the server."""
    import subprocess  # noqa: PLC0415  # only here

    server, reached = pagure
    folder = tmp_path_factory.mktemp("ssh")
    key, hosts = folder / "key", folder / "known_hosts"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    kind, base64 = (folder / "key.pub").read_text().split()[:2]
    server.ctl(f"key {KEEPER} {kind} {base64}")
    port = reached.ssh_url.rpartition(":")[2]
    hosts.write_text(f"[127.0.0.1]:{port} {reached.host_key}\n")
    return key, hosts
