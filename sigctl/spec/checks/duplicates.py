"""Two things that should be one, or one that is written twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding
from sigctl.spec.resolve.rights import shown, who
from sigctl.spec.yamlfault import Path


def _twice(items: Iterable[tuple[str, Path]], say: Callable[[str], str], hint: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for item, path in items:
        if item in seen:
            yield Finding(path, say(item), hint)
        seen.add(item)


def _accounts(context: Context) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for account in context.spec.people:
        other = seen.setdefault(account.lower(), account)
        if other != account:
            text = f"differs from `{other}` only in upper and lower case"
            yield Finding(
                ("people", account), text, "keep one of the two; account names are the same in either case"
            )


def _logins(context: Context) -> Iterator[Finding]:
    names: dict[tuple[str, str], str] = {}
    ids: dict[tuple[str, str], str] = {}
    for account, person in context.spec.people.items():
        for forge, login in person.logins.items():
            traits = context.traits.get(forge)
            folded = login.login.lower() if traits is None or traits.fold_logins else login.login
            path: Path = ("people", account, "logins", forge)
            other = names.setdefault((forge, folded), account)
            if other != account:
                yield Finding(
                    path, f"`{login.login}` on {forge} is {other} too", "a login belongs to one person"
                )
            if login.id is not None and (same := ids.setdefault((forge, str(login.id)), account)) != account:
                yield Finding(
                    (*path, "id"),
                    f"the id {login.id} on {forge} is {same} too",
                    "an id belongs to one person",
                )


def _members(context: Context) -> Iterator[Finding]:
    for _, path, group in context.groups:
        for team, config in group.teams.items():
            at = (*path, "teams", team)
            lists = (
                [(m.person, (*at, "members", n)) for n, m in enumerate(config.members)],
                [(t.team, (*at, "teams", n)) for n, t in enumerate(config.teams)],
                [(account, (*at, "leads", n)) for n, account in enumerate(config.leads)],
            )
            for found in lists:
                yield from _twice(found, lambda item: f"`{item}` is in the list twice", "keep one of the two")


def _subjects(context: Context) -> Iterator[Finding]:
    found = [(sig, group.access, path) for sig, path, group in context.groups]
    found += [(e.sig.name, e.config.access, e.path) for e in context.entries if not e.kernel]
    for sig, access, path in found:
        items = [(shown(who(s, sig)), (*path, "access", s)) for s in access]
        yield from _twice(items, lambda item: f"`{item}` has two entries in the list", "keep one of the two")


def _teams(context: Context) -> Iterator[Finding]:
    for name, sig in context.spec.sigs.items():
        seen = dict.fromkeys(sig.teams, "the SIG")
        for project, group in sig.projects.items():
            for team in group.teams:
                other = seen.setdefault(team, f"project {project}")
                if other != f"project {project}":
                    path: Path = ("sigs", name, "projects", project, "teams", team)
                    yield Finding(
                        path, f"{other} has a team `{team}` too", "team names are unique within a SIG"
                    )


def _patterns(context: Context) -> Iterator[Finding]:
    lists = [(getattr(context.spec.defaults, kind), ("defaults", kind)) for kind in ("branches", "tags")]
    for _, path, group in context.groups:
        lists += [(getattr(group, kind), (*path, kind)) for kind in ("branches", "tags")]  # type: ignore[misc]  # paths of other lengths
    for entry in context.entries:
        lists += [(getattr(entry.config, kind), (*entry.path, kind)) for kind in ("branches", "tags")]  # type: ignore[misc]  # as above
    for rules, path in lists:
        items = [(rule.pattern or rule.name or "", (*path, n)) for n, rule in enumerate(rules)]
        yield from _twice(
            items, lambda item: f"`{item}` has two rules in the list", "the first decides; keep one"
        )


CHECKS = (
    Check("duplicate-account", "No two accounts differ only in case.", _accounts),
    Check("duplicate-login", "A login, and an id, on a forge belongs to one person.", _logins),
    Check("duplicate-member", "Nobody is in a team's list twice.", _members),
    Check(
        "duplicate-subject", "A subject has one right in a list (TEAM and team:TEAM are the same).", _subjects
    ),
    Check("duplicate-team", "Team names are unique within a SIG and its projects.", _teams),
    Check("duplicate-pattern", "A pattern has one rule in a list.", _patterns),
)
