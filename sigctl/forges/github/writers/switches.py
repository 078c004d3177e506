"""Workflow and security settings and custom properties: set, one request for each that has one of its own."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import Any

from sigctl.core.kinds import Actions, Org, Properties, Resource, Security
from sigctl.core.kinds.switches import SELECTED, name_of
from sigctl.core.plan import Action
from sigctl.errors import RefusedError
from sigctl.forges import sides
from sigctl.forges.github.names import split
from sigctl.forges.github.readers.switches import ALLOWED, actions_url
from sigctl.forges.github.session import Session, path


def _changed(action: Action, before: Resource | None, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the declared fields that are not as they are."""
    after = action.after
    found = {name: getattr(after, name) for name in names if getattr(after, name) is not None}
    return {n: v for n, v in found.items() if before is None or getattr(before, n) != v}


def put_actions(session: Session, action: Action) -> str:
    """Set what changed; what a request has to repeat is sent as it is."""
    one = sides.after(action, Actions)
    changed = _changed(action, action.before, ("enabled", "allowed", "patterns", "permissions", "approve"))
    url, about = actions_url(one.on, one.target), [one.target]
    request_id = ""
    if "enabled" in changed or "allowed" in changed:
        body: dict[str, Any] = {"enabled": one.enabled is not False}
        if one.on == Org.KIND:
            body = {"enabled_repositories": _repositories(one.enabled)}
        if one.allowed is not None and one.enabled is not False:
            body["allowed_actions"] = ALLOWED.get(one.allowed, one.allowed.removeprefix("native:"))
        request_id = session.write("PUT", url, body, about=about).request_id
    if "patterns" in changed and one.allowed in (None, SELECTED) and one.enabled is not False:
        words = set(one.patterns or ())
        body = {
            "github_owned_allowed": "github" in words,
            "verified_allowed": "verified" in words,
            "patterns_allowed": sorted(words - {"github", "verified"}),
        }
        request_id = session.write("PUT", f"{url}/selected-actions", body, about=about).request_id
    body = {}
    if "permissions" in changed:
        body["default_workflow_permissions"] = one.permissions
    if "approve" in changed:
        body["can_approve_pull_request_reviews"] = one.approve
    if body:
        request_id = session.write("PUT", f"{url}/workflow", body, about=about).request_id
    return request_id


def _repositories(enabled: bool | str | None) -> str:  # noqa: FBT001  # a word, or yes or no
    if isinstance(enabled, str):
        return enabled.removeprefix("native:")
    return "none" if enabled is False else "all"


_ANALYSIS = {"secret_scanning": "secret_scanning", "push_protection": "secret_scanning_push_protection"}
_SWITCHES = {
    "dependency_alerts": "vulnerability-alerts",
    "dependency_fixes": "automated-security-fixes",
    "private_reports": "private-vulnerability-reporting",
}
"""Field -> the part of the path that is PUT to switch it on and DELETEd to switch it off."""


def put_security(session: Session, action: Action) -> str:
    """Set what changed: what others need comes on first, and goes off last."""
    one = sides.after(action, Security)
    changed = _changed(action, action.before, (*_ANALYSIS, *_SWITCHES))
    url, about = path("repos", *split(one.repo)), [one.repo]
    analysis = {
        theirs: {"status": "enabled" if changed[ours] else "disabled"}
        for ours, theirs in _ANALYSIS.items()
        if ours in changed
    }
    request_id = ""
    if analysis:
        body = {"security_and_analysis": analysis}
        request_id = session.write("PATCH", url, body, about=about).request_id
    on = [name for name in _SWITCHES if changed.get(name)]
    off = [name for name in reversed(_SWITCHES) if changed.get(name) is False]
    for name in on:
        request_id = session.write("PUT", f"{url}/{_SWITCHES[name]}", about=about).request_id
    for name in off:
        with suppress(RefusedError):  # a private repository has no private reports to switch off
            request_id = session.write("DELETE", f"{url}/{_SWITCHES[name]}", about=about).request_id
    return request_id


def put_properties(session: Session, action: Action) -> str:
    """Set the values that are declared; a name that lost its last value is cleared."""
    one = sides.after(action, Properties)
    before = action.before.values if isinstance(action.before, Properties) else ()
    values: dict[str, list[str]] = defaultdict(list)
    for each in one.values:
        name, _, value = each.partition("=")
        values[name].append(value)
    gone = {name_of(each) for each in before} - set(values)
    org, name = split(one.repo)
    body = {
        "repository_names": [name],
        "properties": [
            {"property_name": key, "value": found[0] if len(found) == 1 else found}
            for key, found in sorted(values.items())
        ]
        + [{"property_name": key, "value": None} for key in sorted(gone)],
    }
    return session.write(
        "PATCH", path("orgs", org, "properties", "values"), body, about=[one.repo]
    ).request_id
