"""Webhooks: found by their address, which only the files and GitHub know; the secret is read at the moment it is sent."""

from __future__ import annotations

from typing import Any

from sigctl.core.kinds import Repo, Webhook
from sigctl.core.kinds.webhook import place_of
from sigctl.core.plan import Action
from sigctl.errors import NotThereError
from sigctl.forges import sides
from sigctl.forges.base import secret_of
from sigctl.forges.github.client import Answer
from sigctl.forges.github.readers.parts import event_of, hooks_url
from sigctl.forges.github.session import Session


def create(session: Session, action: Action) -> str:
    """Make the webhook, with its secret; one that is there is made as declared."""
    hook = sides.after(action, Webhook)
    if (there := _find(session, hook)) is not None:
        return _change(session, hook, there)
    body: dict[str, Any] = {
        "name": "web",
        "active": hook.active is not False,
        "events": _events(hook),
        "config": _config(session, hook),
    }

    def happened() -> Answer | None:
        found = _find(session, hook)
        return session.look(_url(hook, found)) if found is not None else None

    url = hooks_url(hook.on, hook.target)
    return session.write(
        "POST", url, body, about=_about(hook), repeatable=False, happened=happened
    ).request_id


def update(session: Session, action: Action) -> str:
    """Make the webhook as declared, its secret written anew; NotThereError where it has gone since."""
    hook = sides.after(action, Webhook)
    there = _find(session, hook)
    if there is None:
        raise NotThereError(
            f"the webhook of {hook.target} to {hook.place.partition('#')[0]} has gone",
            "plan again",
            forge=session.name,
        )
    return _change(session, hook, there)


def move(session: Session, action: Action) -> str:
    """Give the webhook its new address."""
    old, new = sides.before(action, Webhook), sides.after(action, Webhook)
    there = _find(session, old)
    if there is None:
        if (done := _find(session, new)) is None:
            raise NotThereError(f"the webhook of {new.target} has gone", "plan again", forge=session.name)
        return _change(session, new, done, config_only=True)
    return _change(session, new, there, config_only=True)


def remove(session: Session, action: Action) -> str:
    """Remove the webhook."""
    hook = sides.before(action, Webhook)
    there = _find(session, hook)
    return session.remove(_url(hook, there)) if there is not None else ""


def _change(session: Session, hook: Webhook, number: int, *, config_only: bool = False) -> str:
    """Set address and secret apart from the rest: what the one request leaves out stays, in the other it would be lost."""
    url = _url(hook, number)
    answer = session.write("PATCH", f"{url}/config", _config(session, hook))
    if config_only:
        return answer.request_id
    body: dict[str, Any] = {"events": _events(hook)}
    if hook.active is not None:
        body["active"] = hook.active
    return session.write("PATCH", url, body).request_id


def _config(session: Session, hook: Webhook) -> dict[str, str]:
    config = {"url": hook.url, "content_type": "json"}
    if hook.tls is not None:
        config["insecure_ssl"] = "0" if hook.tls else "1"
    if hook.secret:
        config["secret"] = secret_of(session.settings, hook.secret).get_secret_value()
    return config


def _events(hook: Webhook) -> list[str]:
    return sorted(event_of(word) for word in hook.events or ("push",))


def _find(session: Session, hook: Webhook) -> int | None:
    """Return the number of the webhook that has the address, None where none has."""
    try:
        listed = session.every(hooks_url(hook.on, hook.target), about=_about(hook))
    except NotThereError:
        return None
    return next(
        (int(one["id"]) for one in listed if place_of(str(one["config"].get("url") or "")) == hook.place),
        None,
    )


def _about(hook: Webhook) -> list[str]:
    return [hook.target] if hook.on == Repo.KIND else []


def _url(hook: Webhook, number: int) -> str:
    return f"{hooks_url(hook.on, hook.target)}/{number}"
