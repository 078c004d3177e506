"""Webhooks: addresses that a forge tells what happens in a repository, or in all of an org."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from sigctl.core.kinds.base import Effect, Key, Resource

EVENTS = ("push", "tag", "merge_request", "issue", "comment", "release", "pipeline", "wiki")
"""What can be told, in our words; a forge's other words are `native:WORD`."""


def place_of(url: str) -> str:
    """Return a name for an address that repeats nothing of it but the host: the rest of a webhook's address is often its secret."""
    found = re.match(r"[a-z]+://(?:[^/?#]*@)?(\[[^\]]*\]|[^/?#:]+)", url, re.IGNORECASE)
    host = found[1].lower() if found else "nowhere"
    return f"{host}#{hashlib.sha256(url.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Webhook(Resource):
    """One address; the URL itself is only known where the files say it."""

    KIND: ClassVar[str] = "webhook"
    INFO: ClassVar[frozenset[str]] = frozenset({"url", "secret", "previously"})
    PATHS: ClassVar[Mapping[str, str]] = {"target": "on"}
    PART: ClassVar[str] = "webhooks"

    on: str
    target: str
    place: str
    """Host and a digest of the whole URL."""
    events: tuple[str, ...] | None = None
    """Sorted."""
    active: bool | None = None
    tls: bool | None = None
    """Whether the certificate of the address is checked."""
    secured: bool | None = None
    """Whether there is a secret, on forges that tell."""
    renewed: bool | None = None
    """True in what is desired where the secret is to be written anew; nothing observed is ever so."""
    url: str = ""
    secret: str = ""
    """Where the secret is, `env:NAME` or `file:PATH`; the secret itself is never held here."""
    previously: tuple[str, ...] | None = None
    """Keys of older addresses of the same hook."""

    @property
    def key(self) -> Key:
        """Where it hangs, and its address without what may be secret in it."""
        return Key(self.KIND, f"{self.on}:{self.target}:{self.place}")

    @property
    def inside(self) -> Key:
        """The repository or the org."""
        return Key(self.on, self.target)

    def over(self, observed: Resource) -> Self:
        """As for every kind, but address and secret are as declared: nothing observed knows them."""
        done = super(Webhook, self).over(
            observed
        )  # slots=True makes a new class that plain super() can't find
        return replace(done, url=self.url, secret=self.secret, renewed=self.renewed, previously=None)

    def renamed(self, moves: Mapping[Key, str]) -> Self:
        """As for every kind; and a hook that gets another address is named by that."""
        if self.key in moves:
            return replace(self, place=moves[self.key].rpartition(":")[2])
        return super(Webhook, self).renamed(moves)

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Widen when somebody is told more than before, or when nobody checks any more who listens."""
        if before is None or after is None:
            return "widens" if before is None else "narrows"
        old, new = set(before.events or ()), set(after.events or ())
        wider = (
            new - old,
            after.active and not before.active,
            before.tls and not after.tls,
            before.place != after.place,
        )
        if any(wider):
            return "widens"
        return "narrows" if old - new or before.active != after.active else "neutral"
