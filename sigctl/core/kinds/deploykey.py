"""Deploy keys: SSH keys that reach one repository, whoever holds them."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

from sigctl.core.kinds.base import Effect, Key, Resource
from sigctl.core.kinds.repo import Repo


def bare_key(text: str) -> str:
    """Return type and blob of a public key, without its comment; ValueError for what is no public key."""
    words = text.split()
    if len(words) < 2 or not _named(words[0], words[1]):  # noqa: PLR2004  # type and blob
        raise ValueError("not an SSH public key")
    return f"{words[0]} {words[1]}"


def _named(kind: str, blob: str) -> bool:
    """Whether the blob is one that begins with its own type, as every public key does."""
    try:
        raw = base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        return False
    return raw[4 : 4 + int.from_bytes(raw[:4], "big")] == kind.encode() and len(raw) > 4 + len(kind)


def fingerprint_of(key: str) -> str:
    """Return the fingerprint of a public key as OpenSSH writes it; ValueError for what is no public key."""
    blob = base64.b64decode(bare_key(key).split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class DeployKey(Resource):
    """A public key on one repository; what it is called says nothing, so keys are told apart by what they are."""

    KIND: ClassVar[str] = "deploy_key"
    INFO: ClassVar[frozenset[str]] = frozenset({"title", "key_text"})
    PATHS: ClassVar[Mapping[str, str]] = {"repo": "repo"}
    PART: ClassVar[str] = "deploy_keys"

    repo: str
    fingerprint: str
    """Fingerprint, `SHA256:...`."""
    write: bool = False
    title: str = ""
    key_text: str = ""
    """The public key without its comment, for whoever has to add it."""

    @property
    def key(self) -> Key:
        """Repository and fingerprint."""
        return Key(self.KIND, f"{self.repo}:{self.fingerprint}")

    @property
    def inside(self) -> Key:
        """The repository."""
        return Key(Repo.KIND, self.repo)

    def over(self, observed: Resource) -> Self:  # noqa: ARG002  # its few fields are all declared
        """Return it as declared: what it is called there does not matter."""
        return self

    @classmethod
    def effect(cls, before: Self | None, after: Self | None) -> Effect:
        """Widen when a key comes, since it reads at least, and when it may push."""
        if before is None or after is None:
            return "widens" if before is None else "narrows"
        if before.write == after.write:
            return "neutral"
        return "widens" if after.write else "narrows"
