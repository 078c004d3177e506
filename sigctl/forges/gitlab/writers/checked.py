"""Push rules and the settings of approvals: set as declared, and looked at afterwards, since a group above may decide."""

from __future__ import annotations

from typing import Any

from sigctl.core.kinds import Approvals, PushRules, Repo
from sigctl.core.plan import Action
from sigctl.errors import NotThereError, RefusedError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.names import place_of
from sigctl.forges.gitlab.readers.checked import SWITCHES, approvals_of, push_rules_of

_ABOVE = "does the group above, or the server's admin, decide this? or is the server older than the setting?"
_TIER = "push rules and approvals need a paid tier: take them out of the files, or raise the tier"


def put_push_rules(ctx: Context, action: Action) -> None:
    """Have what is pushed looked at as declared; RefusedError where the server has no push rules, or not all of these."""
    one = action.after
    if not isinstance(one, PushRules):
        raise TypeError(action.kind)
    number = ctx.project_id(one.target) if one.on == Repo.KIND else ctx.group_id(one.target)
    place = f"{place_of(one.on, number)}/push_rule"
    body = {name: value for name, value in one.terms().items() if value is not None}
    there = ctx.client.look(place)
    try:
        if there is None:
            row = ctx.client.post(place, body, happened=lambda: ctx.client.peek(place))
        else:
            row = ctx.client.put(place, body)
    except NotThereError as error:
        raise RefusedError("this server has no push rules", _TIER, status=error.status) from error
    _taken(one.target, one.changes(push_rules_of(one.on, one.target, row)))


def put_approvals(ctx: Context, action: Action) -> None:
    """Have approvals count as declared; RefusedError where the server has no such settings, or something above decides."""
    one = action.after
    if not isinstance(one, Approvals):
        raise TypeError(action.kind)
    body = {
        theirs: value is on
        for ours, (theirs, on) in SWITCHES.items()
        if (value := getattr(one, ours)) is not None
    }
    place = f"/projects/{ctx.project_id(one.repo)}/approvals"
    try:
        row = ctx.client.post(place, body, repeatable=True)
    except NotThereError as error:
        raise RefusedError("this server has no settings of approvals", _TIER, status=error.status) from error
    _taken(one.repo, one.changes(approvals_of(one.repo, row)))


def _taken(target: str, left: dict[str, Any]) -> None:
    if left:
        raise RefusedError(f"{target}: the server keeps {', '.join(sorted(left))} as it was", _ABOVE)
