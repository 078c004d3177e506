"""The two sides of an action, as the kind a writer is for."""

from __future__ import annotations

from typing import TypeVar

from sigctl.core.kinds import Resource
from sigctl.core.plan import Action

R = TypeVar("R", bound=Resource)


def after(action: Action, kind: type[R]) -> R:
    """Return what should be; ValueError for an action that has no such side."""
    return _side(action.after, kind)


def before(action: Action, kind: type[R]) -> R:
    """Return what was observed; ValueError for an action that has no such side."""
    return _side(action.before, kind)


def _side(resource: Resource | None, kind: type[R]) -> R:
    if not isinstance(resource, kind):
        raise ValueError(f"no {kind.KIND} on this side of the action")  # noqa: TRY004  # the plan is at fault, not a type
    return resource
