"""Every kind of resource, one small file per family; adding a kind is adding it here and there."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any

from sigctl.core.kinds.base import Effect, Key, Resource
from sigctl.core.kinds.branch import BranchRule
from sigctl.core.kinds.checked import Approvals, PushRules
from sigctl.core.kinds.classic import ClassicRule
from sigctl.core.kinds.deploykey import DeployKey
from sigctl.core.kinds.features import Features
from sigctl.core.kinds.grant import Grant
from sigctl.core.kinds.grouprule import GroupRule
from sigctl.core.kinds.label import Label
from sigctl.core.kinds.org import Membership, Org
from sigctl.core.kinds.ref import Ref
from sigctl.core.kinds.repo import Repo
from sigctl.core.kinds.switches import Actions, Properties, Security
from sigctl.core.kinds.team import Team, TeamMember
from sigctl.core.kinds.webhook import Webhook

PARTS = (DeployKey, Webhook, Label, Actions, Security, Properties, Features, PushRules, Approvals)
"""What hangs on a repository or an org beside rights and rules."""

KINDS: dict[str, type[Resource]] = {
    kind.KIND: kind
    for kind in (
        Org,
        Membership,
        Team,
        TeamMember,
        Repo,
        Grant,
        BranchRule,
        ClassicRule,
        GroupRule,
        *PARTS,
        Ref,
    )
}

__all__ = [
    "KINDS",
    "PARTS",
    "Actions",
    "Approvals",
    "BranchRule",
    "ClassicRule",
    "DeployKey",
    "Effect",
    "Features",
    "Grant",
    "GroupRule",
    "Key",
    "Label",
    "Membership",
    "Org",
    "Properties",
    "PushRules",
    "Ref",
    "Repo",
    "Resource",
    "Security",
    "Team",
    "TeamMember",
    "Webhook",
    "from_json",
    "to_json",
]


def to_json(resource: Resource) -> dict[str, Any]:
    """Return the fields that say something, as JSON values; what is None or empty by default is left out."""
    out: dict[str, Any] = {}
    for name in _NAMES[type(resource)]:
        value = getattr(resource, name)
        if value is not None:
            out[name] = list(value) if isinstance(value, tuple) else value
    return out


_NAMES = {cls: tuple(f.name for f in fields(cls)) for cls in KINDS.values()}
_EMPTY = {cls: {f.name: None for f in fields(cls) if f.default is not MISSING} for cls in KINDS.values()}


def from_json(kind: str, data: dict[str, Any]) -> Resource:
    """Return the resource that `to_json` wrote; ValueError for a kind or a field that this version doesn't know."""
    cls = KINDS.get(kind)
    if cls is None:
        raise ValueError(f"unknown kind `{kind}`")
    unknown = set(data).difference(_NAMES[cls])
    if unknown:
        raise ValueError(f"unknown field `{min(unknown)}` of kind `{kind}`")
    # what `to_json` left out was None, also where that is not what the field is by default
    given = {**_EMPTY[cls], **data}
    return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in given.items()})
