"""Groups, as orgs and as teams: created along the path, changed, moved, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from sigctl.core.kinds import Org, Team
from sigctl.core.kinds.org import PRIVATE
from sigctl.core.plan import Action
from sigctl.errors import DeniedError, RefusedError
from sigctl.forges.gitlab.context import GROUPS, Context
from sigctl.forges.gitlab.groupsettings import body_of, settings_in
from sigctl.forges.gitlab.names import OWNER, last_of, parent_of, quoted
from sigctl.forges.gitlab.writers.moving import move as move_thing
from sigctl.forges.gitlab.writers.restoring import restore

_LATE = "prevent_sharing_groups_outside_hierarchy"
"""What is not taken when a group is made."""
_NAMES = {"title": "name", "visibility": "visibility", "description": "description"}


def create(ctx: Context, action: Action) -> None:
    """Make the group, closed unless the action says otherwise; one that waits for its deletion is restored."""
    group = _group(action)
    if (waiting := ctx.waiting(GROUPS, group.path)) is not None:
        restore(ctx, GROUPS, waiting)
        ctx.known.learn(GROUPS, group.path, waiting)
        _set(ctx, waiting, _settings(group))
        return
    body: dict[str, Any] = {"name": last_of(group.path), "visibility": PRIVATE} | _settings(group)
    body["path"] = last_of(group.path)
    if parent := parent_of(group.path):
        body["parent_id"] = ctx.group_id(parent)
    try:
        made = ctx.client.post(
            "/groups", body, happened=lambda: _exact(ctx.client.peek(_page(group.path)), group.path)
        )
    except RefusedError as error:
        made = _found(ctx, group.path, error)
        _set(ctx, made["id"], _settings(group))
    ctx.known.learn(GROUPS, group.path, int(made["id"]))
    if (late := body.get(_LATE)) is not None:
        _set(ctx, int(made["id"]), {_LATE: late})


def create_team(ctx: Context, action: Action) -> None:
    """As for a group; and we, whom GitLab makes its owner, are not in it where we can get in without."""
    create(ctx, action)
    _leave(ctx, _group(action).path)


def update(ctx: Context, action: Action) -> None:
    """Set the fields that the action changes."""
    group = _group(action)
    _set(ctx, ctx.group_id(group.path), _changed(action))


def move(ctx: Context, action: Action) -> None:
    """Give the group, and with it all below, the new path; set the fields that the action changes."""
    before, after = action.before, _group(action)
    if not isinstance(before, Org | Team):
        raise TypeError(action.kind)
    number = move_thing(ctx, GROUPS, before.path, after.path)
    _set(ctx, number, _changed(action))


def delete(ctx: Context, action: Action) -> None:
    """Delete the group; where the server delays that, it waits for its deletion."""
    path = _group(action).path
    found = ctx.group(path)
    if found is not None and not found.get("marked_for_deletion_on"):
        ctx.client.delete(f"/groups/{found['id']}")
    ctx.known.forget(GROUPS, path)


def _leave(ctx: Context, path: str) -> None:
    """End our own membership of a team we made, unless it is our last way in; then it stays and is seen in the next plan."""
    me, group = ctx.me(), ctx.group_id(path)
    mine = f"/groups/{group}/members/{me['id']}"
    if ctx.client.look(mine) is None:
        return
    if not me.get("is_admin"):
        above = (
            ctx.client.look(f"/groups/{quoted(parent_of(path))}/members/all/{me['id']}")
            if parent_of(path)
            else None
        )
        if above is None or above["access_level"] < OWNER:
            return
    try:
        ctx.client.delete(mine, skip_subresources="true")
    except (DeniedError, RefusedError):
        return  # the last owner can't leave


def _found(ctx: Context, path: str, error: RefusedError) -> Mapping[str, Any]:
    """Return the group that is in the way of its own creation; the refusal where none is, or it waits for its deletion."""
    found = ctx.group(path) if error.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, 422) else None
    if found is None:
        raise error
    if found.get("marked_for_deletion_on"):
        restore(ctx, GROUPS, int(found["id"]))
    return found


def _exact(found: Mapping[str, Any] | None, path: str) -> Mapping[str, Any] | None:
    return found if found and str(found["full_path"]).casefold() == path.casefold() else None


def _page(path: str) -> str:
    return f"/groups/{quoted(path)}?with_projects=false"


def _settings(group: Org | Team) -> dict[str, Any]:
    """Return what the resource says, under GitLab's names."""
    plain = {
        theirs: value for ours, theirs in _NAMES.items() if (value := getattr(group, ours, None)) is not None
    }
    return plain | (body_of(settings_in(group)) if isinstance(group, Org) else {})


def _changed(action: Action) -> dict[str, Any]:
    changed = {ours: after for ours, (_, after) in action.changed().items() if after is not None}
    plain = {theirs: changed[ours] for ours, theirs in _NAMES.items() if ours in changed}
    return plain | body_of(changed)


def _set(ctx: Context, number: int, body: Mapping[str, Any]) -> None:
    if body:
        ctx.client.put(f"/groups/{number}", body)


def _group(action: Action) -> Org | Team:
    if not isinstance(action.subject, Org | Team):
        raise TypeError(action.kind)
    return action.subject
