"""Labels, deploy keys and webhooks: made, changed, renamed, removed."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from sigctl.core.kinds import DeployKey, Label, Repo, Webhook
from sigctl.core.kinds.webhook import place_of
from sigctl.core.plan import Action
from sigctl.errors import DeniedError, NotThereError, RefusedError
from sigctl.forges.base import secret_of
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.names import quoted
from sigctl.forges.gitlab.readers.parts import key_of, place, switches_of


def put_label(ctx: Context, action: Action) -> None:
    """Make the label, or make one that is there as it is declared."""
    label = _label(action)
    base = f"{place(Repo.KIND, ctx.project_id(label.repo))}/labels"
    body: dict[str, Any] = {}
    if label.color is not None:
        body["color"] = f"#{label.color}"
    if label.description is not None:
        body["description"] = label.description
    one = f"{base}/{quoted(label.name)}"
    if action.before is None:
        try:
            ctx.client.post(
                base, {"color": "#ededed", **body, "name": label.name}, happened=lambda: ctx.client.peek(one)
            )
        except RefusedError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
        else:
            return
    ctx.client.put(one, body)


def rename_label(ctx: Context, action: Action) -> None:
    """Give the label its new name; it stays on all that it is on."""
    new = _label(action)
    if not isinstance(action.before, Label):
        raise TypeError(action.kind)
    base = f"{place(Repo.KIND, ctx.project_id(new.repo))}/labels"
    try:
        ctx.client.put(f"{base}/{quoted(action.before.name)}", {"new_name": new.name})
    except NotThereError:
        if ctx.client.look(f"{base}/{quoted(new.name)}") is None:
            raise


def delete_label(ctx: Context, action: Action) -> None:
    """Remove the label, from all that it is on too."""
    label = _label(action)
    ctx.client.delete(f"{place(Repo.KIND, ctx.project_id(label.repo))}/labels/{quoted(label.name)}")


def put_key(ctx: Context, action: Action) -> None:
    """Let the key in, with the right it has; one that other projects have already is let in here too."""
    key = _key(action)
    base = f"{place(Repo.KIND, ctx.project_id(key.repo))}/deploy_keys"
    there = _find_key(ctx, base, key)
    if there is None:
        there = _added(ctx, base, key)
    if bool(there.get("can_push")) is not key.write:
        ctx.client.put(f"{base}/{there['id']}", {"can_push": key.write})


def _added(ctx: Context, base: str, key: DeployKey) -> Mapping[str, Any]:
    body = {"title": key.title or key.fingerprint, "key": key.key_text, "can_push": key.write}
    try:
        made: Mapping[str, Any] = ctx.client.post(base, body, happened=lambda: _find_key(ctx, base, key))
    except RefusedError as error:
        known = _known(ctx, key) if "taken" in error.text else None
        if known is None:
            if "taken" in error.text:
                error.hint = "it is a key of a project that the token's user may not see: make another key"
            raise
        made = ctx.client.post(f"{base}/{known['id']}/enable", {}, repeatable=True)
    return made


def _known(ctx: Context, key: DeployKey) -> Mapping[str, Any] | None:
    """Return the key among all of the server, None where it is not there or the server shows them to others only."""
    try:
        rows = ctx.client.pages("/deploy_keys")
    except (DeniedError, NotThereError):
        return None
    return next((row for row in rows if key_of(key.repo, row).fingerprint == key.fingerprint), None)


def delete_key(ctx: Context, action: Action) -> None:
    """Take the key out of this project; others that have it keep it."""
    key = _key(action)
    base = f"{place(Repo.KIND, ctx.project_id(key.repo))}/deploy_keys"
    if (there := _find_key(ctx, base, key)) is not None:
        ctx.client.delete(f"{base}/{there['id']}")


def _find_key(ctx: Context, base: str, key: DeployKey) -> Mapping[str, Any] | None:
    rows = ctx.client.pages(base)
    return next((row for row in rows if key_of(key.repo, row).fingerprint == key.fingerprint), None)


def put_hook(ctx: Context, action: Action) -> None:
    """Make the webhook as declared, with its secret, which is written anew each time."""
    hook = _hook(action)
    base = _hooks(ctx, hook)
    there = _find_hook(ctx, base, hook)
    if there is None and action.before is not None:
        raise NotThereError(f"the webhook of {hook.target} has gone", "plan again")
    body = _body(ctx, hook, there or {})
    if there is not None:
        ctx.client.put(f"{base}/{there['id']}", body)
        return
    ctx.client.post(base, body, happened=lambda: _find_hook(ctx, base, hook))


def move_hook(ctx: Context, action: Action) -> None:
    """Give the webhook its new address; what it is told of stays."""
    hook = _hook(action)
    base = _hooks(ctx, hook)
    if not isinstance(action.before, Webhook):
        raise TypeError(action.kind)
    there = _find_hook(ctx, base, action.before) or _find_hook(ctx, base, hook)
    if there is None:
        raise NotThereError(f"the webhook of {hook.target} has gone", "plan again")
    ctx.client.put(f"{base}/{there['id']}", _body(ctx, hook, there))


def delete_hook(ctx: Context, action: Action) -> None:
    """Remove the webhook."""
    hook = _hook(action)
    base = _hooks(ctx, hook)
    if (there := _find_hook(ctx, base, hook)) is not None:
        ctx.client.delete(f"{base}/{there['id']}")


def _hooks(ctx: Context, hook: Webhook) -> str:
    number = ctx.project_id(hook.target) if hook.on == Repo.KIND else ctx.group_id(hook.target)
    return f"{place(hook.on, number)}/hooks"


def _find_hook(ctx: Context, base: str, hook: Webhook) -> Mapping[str, Any] | None:
    return next((row for row in ctx.client.pages(base) if place_of(row["url"]) == hook.place), None)


def _body(ctx: Context, hook: Webhook, there: Mapping[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = {"url": hook.url, **switches_of(hook.events or (), there)}
    if hook.tls is not None:
        body["enable_ssl_verification"] = hook.tls
    if hook.secret and ctx.settings is not None:
        body["token"] = secret_of(ctx.settings, hook.secret).get_secret_value()
    return body


def _label(action: Action) -> Label:
    if not isinstance(action.subject, Label):
        raise TypeError(action.kind)
    return action.subject


def _key(action: Action) -> DeployKey:
    if not isinstance(action.subject, DeployKey):
        raise TypeError(action.kind)
    return action.subject


def _hook(action: Action) -> Webhook:
    if not isinstance(action.subject, Webhook):
        raise TypeError(action.kind)
    return action.subject
