"""What a forge's webhook says, once it is certain that the forge said it; pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LATE = 600.0
"""Seconds that a delivery may be old, or ahead of our clock, where what is signed says when it was sent."""
SHORTEST = 16
"""Characters of a secret; shorter ones can be guessed."""
Headers = Mapping[str, str]
"""By lower case name."""


class RefusedDeliveryError(Exception):
    """The delivery is not from the forge, or too old, or can't be read."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event."""

    id: str
    """Digest of what is signed: an equal one is the same delivery, whatever its headers say."""
    event: str
    repo: str = ""
    """Path of the repository that it is about; "" where it is about an org, a group, a team, or more than one."""


def read(kind: str, headers: Headers, body: bytes, secrets: Sequence[str], now: float) -> Delivery:
    """Return the event of a delivery from a forge of this kind; RefusedDeliveryError where nothing proves that it is one.

    Several secrets are tried, since Pagure has one for each project and since secrets are changed. Compared in constant time.
    """
    verify = {"github": _github, "gitlab": _gitlab, "pagure": _pagure}.get(kind)
    if verify is None:
        raise RefusedDeliveryError(f"a forge of type {kind} has no webhooks that are known here")
    sent: Any = verify(headers, body, secrets)
    data = _json(body)
    if kind == "pagure":
        sent = data.get("timestamp")
    if sent is not None and (not isinstance(sent, int | float) or abs(now - sent) > LATE):
        raise RefusedDeliveryError("it is too old, or from the future")
    event, repo = {"github": _of_github, "gitlab": _of_gitlab, "pagure": _of_pagure}[kind](headers, data)
    return Delivery(hashlib.sha256(kind.encode() + b"\0" + body).hexdigest(), event[:80], repo)


def _github(headers: Headers, body: bytes, secrets: Sequence[str]) -> float | None:
    told = headers.get("x-hub-signature-256", "")
    _one_of((f"sha256={_hex(secret.encode(), body)}" for secret in secrets), told)
    return None


def _gitlab(headers: Headers, body: bytes, secrets: Sequence[str]) -> float | None:
    """Check the signature where there is one, which newer servers send; else the token in the header."""
    told = headers.get("webhook-signature", "")
    if not told:
        _one_of(secrets, headers.get("x-gitlab-token", ""))
        return None
    moment = headers.get("webhook-timestamp", "")
    if not (moment.isascii() and moment.isdecimal() and len(moment) < 12):  # noqa: PLR2004  # seconds since 1970
        raise RefusedDeliveryError("it does not say when it was sent")
    signed = f"{headers.get('webhook-id', '')}.{moment}.".encode() + body
    right = [base64.b64encode(hmac.digest(_key(one), signed, "sha256")).decode() for one in secrets]
    found = False
    for part in told.split()[:8]:
        version, _, value = part.partition(",")
        found |= version == "v1" and _equal(right, value)
    if not found:
        raise RefusedDeliveryError("the signature is not right")
    return float(moment)


def _key(secret: str) -> bytes:
    """Return the key that a signing token stands for; one without the usual start is the key itself."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        return secret.encode()


def _pagure(headers: Headers, body: bytes, secrets: Sequence[str]) -> float | None:
    _one_of((_hex(secret.encode(), body) for secret in secrets), headers.get("x-pagure-signature-256", ""))
    return None


def _hex(secret: bytes, body: bytes) -> str:
    return hmac.new(secret, body, "sha256").hexdigest()


def _one_of(right: Any, told: str) -> None:
    if not _equal(list(right), told):
        raise RefusedDeliveryError("the signature is not right")


def _equal(right: Sequence[str], told: str) -> bool:
    """Compare with every one, in constant time, so that nothing is learned from how long it takes."""
    found = False
    for one in right:
        found |= hmac.compare_digest(one.encode(), told.encode("utf-8", "replace"))
    return found and bool(told)


def _json(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedDeliveryError("it is no JSON") from None
    if not isinstance(data, dict):
        raise RefusedDeliveryError("it is no JSON object")
    return data


def _of_github(headers: Headers, data: dict[str, Any]) -> tuple[str, str]:
    event = headers.get("x-github-event", "")
    whole = event in ("organization", "membership", "member_role", "org_block") or (
        event == "repository" and data.get("action") in ("created", "transferred", "renamed", "deleted")
    )
    repo = data.get("repository")
    name = repo.get("full_name") if isinstance(repo, dict) and not whole else ""
    return event, name if isinstance(name, str) else ""


def _of_gitlab(headers: Headers, data: dict[str, Any]) -> tuple[str, str]:
    event = str(data.get("event_name") or data.get("object_kind") or headers.get("x-gitlab-event") or "")
    project = data.get("project")
    name = project.get("path_with_namespace") if isinstance(project, dict) else None
    if name is None and event.startswith("user_") and "group" not in event:
        name = data.get("project_path_with_namespace")
    return event, name if isinstance(name, str) else ""


def _of_pagure(headers: Headers, data: dict[str, Any]) -> tuple[str, str]:
    msg = data.get("msg")
    name = msg.get("project_fullname") if isinstance(msg, dict) else ""
    event = str(data.get("topic") or headers.get("x-pagure-topic") or "")
    return event, name if isinstance(name, str) and not name.startswith("forks/") else ""
