"""What hangs on repositories and orgs beside rights, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sigctl.core.kinds import ClassicRule, DeployKey, Features, Label, Properties, Webhook, to_json
from sigctl.core.plan import Action


def changes(action: Action) -> str:
    """Return what an update changes: each field with what it was and what it is to be."""
    return ", ".join(f"{name}: {value(old)} -> {value(new)}" for name, (old, new) in action.changed().items())


def value(one: object) -> str:
    """Return a value as people read it."""
    if one is None:
        return "-"
    if isinstance(one, list):
        return "[" + ", ".join(map(str, one)) + "]"
    return (
        f'"{one}"'
        if isinstance(one, str) and (not one or " " in one)
        else str(one).lower()
        if isinstance(one, bool)
        else str(one)
    )


def _label(action: Action) -> str:
    name = action.subject.name if isinstance(action.subject, Label) else ""
    if action.verb == "move" and isinstance(action.before, Label):
        return f"label {action.before.name} is called {name}"
    if action.verb in ("create", "delete"):
        return f"{action.verb} label {name}"
    return f"label {name}: {changes(action)}"


def _key(action: Action) -> str:
    key = action.subject
    if not isinstance(key, DeployKey):
        raise TypeError(key)
    name = f"deploy key {key.title or key.fingerprint}"
    may = "push" if key.write else "read"
    if action.verb == "update":
        return f"{name} may {may}, and could {'read' if key.write else 'push'} before"
    return f"{name} may {may}" if action.verb == "create" else f"{name} goes: it could {may}"


def _hook(action: Action) -> str:
    hook = action.subject
    if not isinstance(hook, Webhook):
        raise TypeError(hook)
    host = hook.place.partition("#")[0]
    told = ", ".join(hook.events or ()) or "nothing"
    if action.verb == "create":
        return f"webhook: {host} is told of {told}"
    if action.verb == "delete":
        return f"webhook: {host} is no longer told of {told}"
    if action.verb == "move" and isinstance(action.before, Webhook):
        return f"webhook: {host} in place of {action.before.place.partition('#')[0]}"
    if set(action.changed()) == {"renewed"}:
        return f"webhook: the secret of {host} is written anew"
    return f"webhook to {host}: {changes(action)}"


def _switches(action: Action) -> str:
    what = action.kind
    if action.before is None and action.after is not None:
        held = {k: v for k, v in to_json(action.after).items() if k not in ("on", "target", "repo")}
        return f"{what}: {', '.join(f'{name} {value(one)}' for name, one in held.items())}"
    return f"{what}: {changes(action)}"


def _properties(action: Action) -> str:
    old = action.before.values if isinstance(action.before, Properties) else ()
    new = action.after.values if isinstance(action.after, Properties) else ()
    gone, come = sorted(set(old) - set(new)), sorted(set(new) - set(old))
    return f"properties: {', '.join([*come, *(f'no longer {one}' for one in gone)])}"


def _features(action: Action) -> str:
    old = action.before.given() if isinstance(action.before, Features) else {}
    new = action.after.given() if isinstance(action.after, Features) else {}
    told = (
        f"{name.replace('_', ' ')} {f'{old[name]} -> ' if name in old else ''}{who}"
        for name, who in sorted(new.items())
        if old.get(name) != who
    )
    return f"features: {', '.join(told)}"


def _classic(action: Action) -> str:
    rule = action.subject
    if not isinstance(rule, ClassicRule):
        raise TypeError(rule)
    asks = f" ({rule.terms})" if rule.terms else ""
    return f"older protection of {rule.pattern}{asks} goes: the rules of the files hold in its place"


WORDS: Mapping[str, Callable[[Action], str]] = {
    "label": _label,
    "deploy_key": _key,
    "webhook": _hook,
    "actions": _switches,
    "security": _switches,
    "push_rules": _switches,
    "approvals": _switches,
    "properties": _properties,
    "features": _features,
    "classic_rule": _classic,
}
"""Kind -> what is said of an action on it."""
