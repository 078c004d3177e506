"""Labels, webhooks, deploy keys, switches and properties: from the files to facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from sigctl.core.kinds import (
    Actions,
    Approvals,
    DeployKey,
    Features,
    Key,
    Label,
    Org,
    Properties,
    PushRules,
    Repo,
    Resource,
    Security,
    Webhook,
)
from sigctl.core.kinds.branch import DEPLOY_KEY
from sigctl.core.kinds.deploykey import fingerprint_of
from sigctl.core.kinds.webhook import place_of
from sigctl.core.network import leads_inside
from sigctl.spec.entries import ACTIONS, APPROVALS, FEATURES, PUSH_RULES, SECURITY, Entry
from sigctl.spec.layout import Layout
from sigctl.spec.model import OrgConfig, Spec
from sigctl.spec.model.parts import Webhook as HookConfig


class Builder(Protocol):
    """What the parts are put into."""

    spec: Spec
    layout: Layout
    parts: set[Key]

    def add(self, resource: Resource, sig: str = "", *, managed: bool = False) -> None:
        """Put a resource in."""

    def note(self, topic: str, subject: str, text: str, sig: str = "") -> None:
        """Say something to the reader of the plan."""


def of_repo(builder: Builder, entry: Entry, path: str, found: Mapping[str, Any]) -> None:
    """Put in what the files say that hangs on a repository; what this forge has no such thing for is told of."""
    archived_for_good = entry.sig.status == "retired"
    asked: dict[str, list[Resource]] = {}
    if "labels" in found:
        asked[Label.KIND] = [
            Label(
                path,
                name,
                one.color.lower(),
                one.description,
                tuple(f"{path}:{old}" for old in one.previously) or None,
            )
            for name, one in sorted(found["labels"].items())
        ]
    if "webhooks" in found:
        asked[Webhook.KIND] = _hooks(builder, Repo.KIND, path, found["webhooks"], entry.sig.name)
    if entry.config.deploy_keys is not None:
        asked[DeployKey.KIND] = [
            key_of(path, title, one.key, write=one.write and not archived_for_good)
            for title, one in sorted(entry.config.deploy_keys.items())
        ]
    actions = _actions({name: found.get(f"actions.{name}") for name in ACTIONS})
    if actions:
        asked[Actions.KIND] = [Actions(Repo.KIND, path, **actions)]
    security = _given(found, "security", SECURITY)
    if security:
        asked[Security.KIND] = [Security(path, **security)]
    features = _given(found, "features", FEATURES)
    if features:
        asked[Features.KIND] = [Features.of(path, features)]
    asked |= _checked(path, found)
    if "custom_properties" in found:
        values = [f"{name}={one}" for name, some in found["custom_properties"].items() for one in some]
        asked[Properties.KIND] = [Properties(path, tuple(sorted(values)))]
    if security.get("private_reports") is not None and Security.KIND in builder.layout.traits.kinds:
        builder.parts.add(Key("security.private_reports", path))  # it costs a request of its own
    _put(builder, path, asked, entry.sig.name)


def _checked(path: str, found: Mapping[str, Any]) -> dict[str, list[Resource]]:
    """Return what the files say of pushes to a repository, and of approvals."""
    asked: dict[str, list[Resource]] = {}
    if push_rules := _given(found, "push_rules", PUSH_RULES):
        asked[PushRules.KIND] = [PushRules(Repo.KIND, path, **push_rules)]
    if approvals := _given(found, "approvals", APPROVALS):
        asked[Approvals.KIND] = [Approvals(path, **approvals)]
    return asked


def _given(found: Mapping[str, Any], block: str, names: Iterable[str]) -> dict[str, Any]:
    """Return what the files say under one word."""
    return {name: found[f"{block}.{name}"] for name in names if f"{block}.{name}" in found}


def of_org(builder: Builder, path: str, org: OrgConfig) -> None:
    """Put in what the files say that hangs on an org or a group."""
    asked: dict[str, list[Resource]] = {}
    if org.webhooks is not None:
        asked[Webhook.KIND] = _hooks(builder, Org.KIND, path, org.webhooks, "")
    actions = _actions(org.actions.model_dump())
    if actions:
        asked[Actions.KIND] = [Actions(Org.KIND, path, **actions)]
    push_rules = _actions(org.push_rules.model_dump())
    if push_rules:
        asked[PushRules.KIND] = [PushRules(Org.KIND, path, **push_rules)]
    _put(builder, path, asked, "")


def key_of(path: str, title: str, text: str, *, write: bool) -> DeployKey:
    """Return the deploy key; where the files only say where it is, its reference stands in place of its fingerprint."""
    if text.startswith(("env:", "file:")):
        return DeployKey(path, text, write, title)
    return DeployKey(path, fingerprint_of(text), write, title, text)


def key_in_rules(builder: Builder, entry: Entry, path: str, title: str) -> str | None:
    """Return the subject by which a rule lets in a deploy key; None, and a note, where the forge has no such thing."""
    if not builder.layout.traits.rule_keys:
        text = (
            f"the deploy key {title} can't be let in by a rule on this forge, where a rule tells no key from another: it may push only "
            "where no rule is in its way"
        )
        builder.note("unsupported", path, text, entry.sig.name)
        return None
    key = (entry.config.deploy_keys or {}).get(title)
    return None if key is None else DEPLOY_KEY + key_of(path, title, key.key, write=key.write).fingerprint


def _put(builder: Builder, path: str, asked: Mapping[str, list[Resource]], sig: str) -> None:
    kinds = builder.layout.traits.kinds
    for kind, resources in asked.items():
        if kind in kinds:
            builder.parts.add(Key(kind, path))
            for one in resources:
                builder.add(one, sig)
        elif resources:
            what = _PLURALS.get(kind, f"{kind.replace('_', ' ')}s")
            builder.note(
                "unsupported", path, f"its {what} are in the files, but are not managed on this forge", sig
            )


_PLURALS = {
    Actions.KIND: "workflow settings",
    Security.KIND: "security switches",
    Properties.KIND: "properties",
    Features.KIND: "features",
    PushRules.KIND: "push rules",
    Approvals.KIND: "settings of approvals",
}


def _hooks(builder: Builder, on: str, path: str, given: Mapping[str, HookConfig], sig: str) -> list[Resource]:
    for one in given.values():
        _where_to(builder, path, one.url, sig)
    held = builder.layout.traits.fields.get(Webhook.KIND, frozenset())
    return [
        Webhook(
            on,
            path,
            place_of(one.url),
            events=tuple(sorted(set(one.events))),
            active=one.active if "active" in held or not one.active else None,
            tls=one.verify_tls,
            secured=True if one.secret and "secured" in held else None,
            url=one.url,
            secret=one.secret or "",
            previously=tuple(f"{on}:{path}:{place_of(old)}" for old in one.previously) or None,
        )
        for _, one in sorted(given.items())
    ]


def _where_to(builder: Builder, path: str, url: str, sig: str) -> None:
    """Tell of a webhook into a network that is not the internet: the forge calls it from where it is, and mostly refuses to."""
    host = (urlsplit(url).hostname or "").lower()
    allowed = {one.lower() for one in builder.spec.policy.internal_hosts}
    if host not in allowed and leads_inside(host):
        text = (
            f"the webhook to {host} leads into a network that is not the internet: it is the forge that calls it, "
            "and GitLab and GitHub refuse to unless those who run them allow it"
        )
        builder.note("unsupported", path, text, sig)


def _actions(given: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in given.items() if value is not None}
    if "patterns" in found:
        found["patterns"] = tuple(sorted(found["patterns"]))
    return found
