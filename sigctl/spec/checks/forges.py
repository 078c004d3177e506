"""Forges: one place to work, a way in, and owners that the policy wants."""

from __future__ import annotations

from collections.abc import Iterator

from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding
from sigctl.spec.entries import on_forge, settings
from sigctl.spec.model.forge import ForgeConfig
from sigctl.spec.yamlfault import Path


def _some(context: Context) -> Iterator[Finding]:
    if not context.spec.forges and "forges" not in context.dropped:
        yield Finding(
            (),
            "declares no forge",
            "add `forges:` with the servers that the files are about",
            subject="forges",
        )


def _primary(context: Context) -> Iterator[Finding]:
    primaries = [name for name, forge in context.spec.forges.items() if forge.role == "primary"]
    for name in primaries[1:]:
        text = f"`{primaries[0]}` is the primary already"
        yield Finding(("forges", name, "role"), text, "write `role: replica`; SIGs work in one place")
    if primaries or not context.spec.forges:
        return
    for entry in context.entries:
        if entry.config.upstream is not None:
            text = "has an upstream, but no forge is the primary that its history could come to"
            yield Finding(
                (*entry.path, "upstream"), text, "write `role: primary` at the forge where SIGs work"
            )


def _token(context: Context) -> Iterator[Finding]:
    for name, forge in context.spec.forges.items():
        if forge.token is None and forge.app is None:
            yield Finding(("forges", name), "has no `token`", "add `token: env:NAME` or `token: file:PATH`")


def _app(context: Context) -> Iterator[Finding]:
    for name, forge in context.spec.forges.items():
        if forge.type == "github":
            for role, levels in _by_role(forge).items():
                if len(levels) > 1:
                    text = f"role `{role}` stands for {' and '.join(levels)}"
                    yield Finding(
                        ("forges", name, "roles"), text, "a role is read back as one level: name another one"
                    )
            continue
        if forge.app is not None:
            yield Finding(
                ("forges", name, "app"), "only GitHub knows apps", "give a `token` in place of `app`"
            )
        if forge.roles:
            yield Finding(
                ("forges", name, "roles"),
                "only orgs on GitHub make such roles",
                "take them out: levels have one meaning there",
            )
        if forge.limits.model_fields_set:
            yield Finding(
                ("forges", name, "limits"),
                "only GitHub has such limits",
                "take them out: nothing is held back there",
            )


def _by_role(forge: ForgeConfig) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for level, role in forge.roles.items():
        found.setdefault(role, []).append(level)
    return found


def _org_path(context: Context) -> Iterator[Finding]:
    for name, forge in context.spec.forges.items():
        traits = context.traits.get(name)
        for org in forge.orgs:
            if "/" in org and traits is not None and not traits.nested_orgs:
                yield Finding(
                    ("forges", name, "orgs", org),
                    f"`{org}` is not the name of an org",
                    "on this forge orgs have no parts",
                )


def _owners(context: Context) -> Iterator[Finding]:
    guards = context.spec.policy.guards
    for name, forge in context.spec.forges.items():
        for org, config in forge.orgs.items():
            if config.owners is None:
                continue
            path: Path = ("forges", name, "orgs", org, "owners")
            missing = [account for account in guards.required_owners if account not in config.owners]
            if missing:
                text = f"lacks {', '.join(missing)}, whom the policy requires"
                yield Finding(path, text, "add them, or change `guards.required_owners` in policy.yaml")
            if len(config.owners) < guards.minimum_owners:
                text = f"has {len(config.owners)}, the policy wants at least {guards.minimum_owners}"
                yield Finding(path, text, "add owners, or change `guards.minimum_owners` in policy.yaml")
            for n, account in enumerate(config.owners):
                person = context.spec.people.get(account)
                if person is not None and name not in person.logins:
                    hint = f"add people.{account}.logins.{name}"
                    yield Finding(
                        (*path, n), f"{account} has no login on {name}, so can't be an owner there", hint
                    )


def _nowhere(context: Context) -> Iterator[Finding]:
    for entry in context.entries:
        if context.spec.forges and not any(on_forge(entry, name) for name in context.spec.forges):
            yield Finding(
                entry.path, "is on no forge", "take it out, or let `forges` and `left_alone` leave one"
            )


def _visibility(context: Context) -> Iterator[Finding]:
    told: set[Path] = set()
    for layout, entry, _ in context.paths:
        value, path = settings(context.spec, entry).get("visibility", ("", ()))
        if value and value not in layout.traits.visibilities and path not in told:
            told.add(path)
            able = " or ".join(layout.traits.visibilities)
            hint = f"keep the repository off {layout.forge.name} with `forges`; what is there is seen by everybody"
            yield Finding(path, f"`{value}` can't be had on {layout.forge.name}, only {able}", hint)


def _approvers(context: Context) -> Iterator[Finding]:
    if context.files.policy is not None and not context.spec.policy.approval.admins:
        text = "names no admins, so nobody may approve what the chairs may not"
        yield Finding(("policy", "approval"), text, "add `admins: [ACCOUNT]`", subject="approval")


CHECKS = (
    Check("no-forge", "There is a forge.", _some, warning=True),
    Check("primary", "Exactly one forge is the primary where there is history to bring in.", _primary),
    Check("no-token", "Every forge says where its token is.", _token, warning=True),
    Check("app", "Apps, limits and roles are said of GitHub only.", _app),
    Check("org-name", "Orgs have names of the kind that the forge has.", _org_path),
    Check(
        "owners",
        "The declared owners include those the policy requires, are enough, and can be named on the forge.",
        _owners,
    ),
    Check("nowhere", "Every repository is on some forge.", _nowhere, warning=True),
    Check(
        "visibility", "Every repository is on forges that can keep it as private as declared.", _visibility
    ),
    Check("no-admins", "A policy names the admins.", _approvers, warning=True),
)
