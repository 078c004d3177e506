"""An app on the embedded GitHub, with a key of its own, for the tests of apps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from github_world import ORG, World
from pydantic import SecretStr

from sigctl.forges.base import App
from sigctl.forges.github.forge import GitHub


@cache
def key_pair(number: int = 0) -> tuple[str, str]:
    """Return a private and a public key in PEM form; each number has its own."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


@dataclass
class Installed:
    """An app and where it is installed."""

    w: World
    app: dict[str, Any]
    places: dict[str, dict[str, Any]] = field(default_factory=dict)
    skew: float = 0.0
    """Seconds by which the client's clock is ahead."""

    def install(self, org: str, repos: Sequence[str] | None = None) -> None:
        self.places[org] = self.w.sandbox.forges["github"].install_app(self.app, org, repos)

    def open(self, key: str = "", number: str = "", **settings: Any) -> GitHub:
        """Open a forge that acts as the app."""
        given = App(number or str(self.app["id"]), SecretStr(key or key_pair()[0]))
        return self.w.open("", app=given, wall=self.wall, **settings)

    def wall(self) -> float:
        return self.w.sandbox.clock.time() + self.skew

    def pass_time(self, seconds: float) -> None:
        """Let both clocks go on."""
        self.w.sandbox.clock.advance(seconds)
        self.w.time.now += seconds


def installed(w: World, *orgs: str, permissions: dict[str, str] | None = None) -> Installed:
    app = w.sandbox.forges["github"].add_app("sigctl", key_pair()[1], permissions)
    found = Installed(w, app)
    for org in orgs or (ORG,):
        found.install(org)
    return found
