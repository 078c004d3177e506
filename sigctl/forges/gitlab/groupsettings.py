"""Settings of groups that concern access, between GitLab's words and ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigctl.core.kinds import Org
from sigctl.core.levels import ADMIN, MAINTAIN, NATIVE, NONE, WRITE, native

_CREATORS = {"noone": NONE, "owner": ADMIN, "maintainer": MAINTAIN, "developer": WRITE}
_NUMBERS = {"none": 0, "partly": 1, "fully": 2, "started": 4}
"""How a new default branch is protected -> the number that older servers know it by."""
_OPEN, _SHUT = [{"access_level": 30}], [{"access_level": 40}]
_PROTECTIONS: Mapping[str, Mapping[str, Any]] = {
    "none": {"allowed_to_push": _OPEN, "allowed_to_merge": _OPEN, "allow_force_push": True},
    "partly": {"allowed_to_push": _OPEN, "allowed_to_merge": _SHUT, "allow_force_push": False},
    "fully": {"allowed_to_push": _SHUT, "allowed_to_merge": _SHUT, "allow_force_push": False},
    "started": {
        "allowed_to_push": _SHUT,
        "allowed_to_merge": _SHUT,
        "allow_force_push": False,
        "developer_can_initial_push": True,
    },
}
NAMES = ("create_repos", "create_groups", "two_factor", "share_outside", "protect_default")
"""Fields of an Org that this module is about."""


def settings_of(detail: Mapping[str, Any], *, top: bool) -> dict[str, Any]:
    """Return the settings that a group's own page tells, under our names; what it does not tell is left out."""
    found: dict[str, Any] = {}
    for ours, theirs in (
        ("create_repos", "project_creation_level"),
        ("create_groups", "subgroup_creation_level"),
    ):
        if (word := detail.get(theirs)) is not None:
            found[ours] = _CREATORS.get(word) or native(word)
    if (needed := detail.get("require_two_factor_authentication")) is not None:
        found["two_factor"] = bool(needed)
    if top and (kept := detail.get("prevent_sharing_groups_outside_hierarchy")) is not None:
        found["share_outside"] = not kept
    if (word := _protection(detail)) is not None:
        found["protect_default"] = word
    return found


def _protection(detail: Mapping[str, Any]) -> str | None:
    told = detail.get("default_branch_protection_defaults")
    if isinstance(told, Mapping) and told:
        for word, wanted in _PROTECTIONS.items():
            if _plain(told) == _plain(wanted):
                return word
        return native("own")
    number = detail.get("default_branch_protection")
    known = next((word for word, one in _NUMBERS.items() if one == number), None)
    return None if number is None else known or native(number)


def _plain(told: Mapping[str, Any]) -> tuple[Any, ...]:
    def levels(name: str) -> tuple[int, ...]:
        return tuple(sorted(int(row["access_level"]) for row in told.get(name) or ()))

    flags = (bool(told.get(name)) for name in ("allow_force_push", "developer_can_initial_push"))
    return (levels("allowed_to_push"), levels("allowed_to_merge"), *flags)


def body_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings under GitLab's names."""
    body: dict[str, Any] = {}
    words = {ours: theirs for theirs, ours in _CREATORS.items()}
    for ours, theirs in (
        ("create_repos", "project_creation_level"),
        ("create_groups", "subgroup_creation_level"),
    ):
        if (level := fields.get(ours)) is not None:
            body[theirs] = words.get(level) or level.removeprefix(NATIVE)
    if (needed := fields.get("two_factor")) is not None:
        body["require_two_factor_authentication"] = needed
    if (outside := fields.get("share_outside")) is not None:
        body["prevent_sharing_groups_outside_hierarchy"] = not outside
    word = str(fields.get("protect_default"))
    if word in _PROTECTIONS:
        body["default_branch_protection"] = _NUMBERS[word]
        body["default_branch_protection_defaults"] = dict(_PROTECTIONS[word])
    return body


def settings_in(group: Org) -> dict[str, Any]:
    """Return the settings that the resource says."""
    return {name: value for name in NAMES if (value := getattr(group, name)) is not None}
