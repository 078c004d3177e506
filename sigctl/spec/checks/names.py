"""Names that are used must be declared."""

from __future__ import annotations

from collections.abc import Iterator

from sigctl.forges import TYPES
from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding
from sigctl.spec.layout import team_ref
from sigctl.spec.yamlfault import Path


def accounts(context: Context) -> Iterator[tuple[str, Path]]:
    """Yield every account that is used, with its place."""
    for name, forge in context.spec.forges.items():
        for org, config in forge.orgs.items():
            for n, account in enumerate(config.owners or ()):
                yield account, ("forges", name, "orgs", org, "owners", n)
    guards = context.spec.policy.guards
    yield from ((a, ("policy", "guards", "required_owners", n)) for n, a in enumerate(guards.required_owners))
    yield from (
        (a, ("policy", "approval", "admins", n)) for n, a in enumerate(context.spec.policy.approval.admins)
    )
    for name, sig in context.spec.sigs.items():
        top: Path = ("sigs", name)
        yield from ((chair.person, (*top, "chairs", n, "person")) for n, chair in enumerate(sig.chairs))
        yield from ((account, (*top, "sponsors", n)) for n, account in enumerate(sig.sponsors))
        for path, group in ((top, sig), *(((*top, "projects", p), g) for p, g in sig.projects.items())):
            for team, config_ in group.teams.items():
                at = (*path, "teams", team)
                yield from ((m.person, (*at, "members", n, "person")) for n, m in enumerate(config_.members))
                yield from ((account, (*at, "leads", n)) for n, account in enumerate(config_.leads))


def _unknown_person(context: Context) -> Iterator[Finding]:
    people = context.spec.people
    used = [*accounts(context)]
    used += [(s.removeprefix("person:"), path) for s, _, path in context.subjects if s.startswith("person:")]
    for account, path in used:
        if account not in people and account not in context.dropped:
            hint = context.hint(
                account, people, "add the person under `people`, with the logins they have told you"
            )
            yield Finding(path, f"unknown person `{account}`", hint)


def _unknown_team(context: Context) -> Iterator[Finding]:
    used = [(s, sig, path) for s, sig, path in context.subjects if not s.startswith("person:")]
    for name, path, group in context.groups:
        for team, config in group.teams.items():
            used += [
                (sub.team, name, (*path, "teams", team, "teams", n, "team"))
                for n, sub in enumerate(config.teams)
            ]
    if context.spec.kernel:
        used.append((context.spec.kernel.release_team, "", ("kernel", "release_team")))
    for ref, sig_name, path in used:
        found = team_ref(ref, sig_name)
        if "/".join(found) in context.teams or context.dropped & set(found):
            continue
        if not found[0]:
            yield Finding(
                path, f"the team `{ref}` has no SIG", "write SIG/TEAM, since this is no SIG's own file"
            )
            continue
        if found[0] not in context.spec.sigs:
            hint = context.hint(
                found[0], context.spec.sigs, "SIG/TEAM names a team of another SIG that has a file"
            )
            yield Finding(path, f"there is no SIG `{found[0]}` for the team `{ref}`", hint)
            continue
        own = {t.removeprefix(f"{sig_name}/") for t in context.teams}
        hint = context.hint(
            ref.removeprefix("team:"), own, "declare it under `teams`, or write person:ACCOUNT for a person"
        )
        if ref in context.spec.people:
            hint = f"`{ref}` is a person: write person:{ref}"
        yield Finding(path, f"unknown team `{ref}`", hint)


def _unknown_forge(context: Context) -> Iterator[Finding]:
    known = context.spec.forges
    used: list[tuple[str, Path]] = [
        (forge, ("people", account, "logins", forge))
        for account, p in context.spec.people.items()
        for forge in p.logins
    ]
    used += [(forge, ("policy", "left_alone", forge)) for forge in context.spec.policy.left_alone]
    for entry in context.entries:
        for field in ("forges", "left_alone"):
            used += [(f, (*entry.path, field, n)) for n, f in enumerate(getattr(entry.config, field) or ())]
    for forge, path in used:
        if forge not in known and forge not in context.dropped:
            yield Finding(
                path, f"unknown forge `{forge}`", context.hint(forge, known, f"known: {', '.join(known)}")
            )


def _unknown_sig(context: Context) -> Iterator[Finding]:
    known = context.spec.sigs
    used: list[tuple[str, Path]] = []
    for name, forge in context.spec.forges.items():
        used += [(sig, ("forges", name, "layouts", sig)) for sig in forge.layouts]
    if context.spec.kernel:
        used += [(sig, ("kernel", "sigs", sig)) for sig in context.spec.kernel.sigs]
    used += [(sig, ("policy", "levels", sig)) for sig in context.spec.policy.levels]
    for name, sig_ in known.items():
        for team, config in sig_.all_teams().items():
            where = ("sigs", name, "teams", team, "usable_by")
            used += [(s, (*where, n)) for n, s in enumerate(config.usable_by) if s != "*"]
    for entry in context.entries:
        used += [(s, (*entry.path, "interested", n)) for n, s in enumerate(entry.config.interested)]
    for sig, path in used:
        if sig not in known and sig not in context.dropped:
            yield Finding(
                path, f"unknown SIG `{sig}`", context.hint(sig, known, "add its file, or take it out")
            )


def _forge_type(context: Context) -> Iterator[Finding]:
    for name, forge in context.spec.forges.items():
        if forge.type not in TYPES:
            hint = context.hint(forge.type, TYPES, f"one of {', '.join(sorted(TYPES))}")
            yield Finding(("forges", name, "type"), f"unknown type `{forge.type}`", hint)


CHECKS = (
    Check("unknown-person", "Every account that is used is declared under `people`.", _unknown_person),
    Check("unknown-team", "Every team that is used is declared by its SIG.", _unknown_team),
    Check("unknown-forge", "Every forge that is named is declared under `forges`.", _unknown_forge),
    Check("unknown-sig", "Every SIG that is named has a file.", _unknown_sig),
    Check("forge-type", "The type of every forge is one that sigctl knows.", _forge_type),
)
