"""Names and paths: legal on each forge, and different from each other there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigctl.core.state import Traits
from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding
from sigctl.spec.layout import Layout, above, legal, parent, project_of
from sigctl.spec.scripts import lookalike
from sigctl.spec.yamlfault import Path

_FLAT_PARTS = 2
"""ORG/NAME, on a forge without nested groups."""


def _templates(layout: Layout) -> Iterator[tuple[str, str, Path]]:
    top: Path = ("forges", layout.forge.name)
    for kind in ("repo", "team"):
        yield kind, getattr(layout.forge, kind), (*top, kind)
        for sig, own in layout.forge.layouts.items():
            if getattr(own, kind):
                yield kind, getattr(own, kind), (*top, "layouts", sig, kind)


def _layout(context: Context) -> Iterator[Finding]:
    for layout in context.layouts.values():
        for kind, template, path in _templates(layout):
            traits = layout.traits
            if f"{{{kind}}}" not in template.rpartition("/")[2]:
                hint = f"the last part needs {{{kind}}}, or all would have one path"
                yield Finding(path, f"`{template}` has no {{{kind}}} in its last part", hint)
            parts = template.count("/") + 1
            if kind == "repo" and (parts < _FLAT_PARTS or (parts > _FLAT_PARTS and not traits.nested_orgs)):
                yield Finding(
                    path,
                    f"`{template}` is not ORG/NAME",
                    "this forge has orgs, and repositories directly in them",
                )
            if kind == "team" and not traits.team_is_group and parts > 1:
                yield Finding(
                    path, f"`{template}` holds a slash", "on this forge a team is a name within an org"
                )
            if kind == "team" and traits.team_is_group and parts == 1:
                yield Finding(
                    path, f"`{template}` is not GROUP/NAME", "on this forge a team is a group within another"
                )


def _older(context: Context) -> Iterator[Finding]:
    for name, forge in context.spec.forges.items():
        for field, current in (("moved_from", forge.repo), ("team_moved_from", forge.team)):
            for n, template in enumerate(getattr(forge, field)):
                if template == current:
                    path: Path = ("forges", name, field, n)
                    yield Finding(
                        path,
                        f"`{template}` is the layout of today",
                        "write the layout it was before, or take it out",
                    )


def _bad(part: str, traits: Traits, *, last: bool) -> str:
    if part.lower() in traits.reserved:
        return f"`{part}` is a word that the forge keeps for itself"
    if last and not re.fullmatch(traits.repo_name, part):
        return f"`{part}` is no name for a repository there"
    return ""


def _repo_names(context: Context) -> Iterator[Finding]:
    for layout, entry, path in context.paths:
        problem = _bad(path.rpartition("/")[2], layout.traits, last=True)
        if problem:
            place = ("kernel", "repo") if entry.kernel else entry.path
            yield Finding(place, f"{layout.forge.name}: {problem}", "give it another name")


def _group_names(context: Context) -> Iterator[Finding]:
    for layout in context.layouts.values():
        for name in context.spec.sigs:
            for part in parent(layout.repo(name, "x")).split("/"):
                problem = _bad(part, layout.traits, last=False)
                if problem:
                    yield Finding(
                        ("sigs", name),
                        f"{layout.forge.name}: {problem}",
                        "change the forge's template, or the name",
                    )


def _paths(context: Context, forge: str) -> Iterator[tuple[str, str, Path]]:
    """Yield (path, what it is, place) of everything on a forge that needs a path to itself."""
    for layout, entry, path in context.paths:
        if layout.forge.name == forge:
            yield (
                path,
                f"repository {entry.sig.name}/{entry.name}",
                ("kernel", "repo") if entry.kernel else entry.path,
            )
    layout = context.layouts[forge]
    for name, sig in context.spec.sigs.items():
        # where teams are not groups they share no paths with repositories
        org = "" if layout.traits.team_is_group else f"{layout.home(name)} team"
        for team, place in context.team_places(name).items():
            yield layout.team(name, team, org, project_of(sig, team)), f"team {name}/{team}", place


def _collision(context: Context) -> Iterator[Finding]:
    for forge, layout in context.layouts.items():
        fold = str.lower if layout.traits.fold_paths else str
        found = [(fold(path), path, what, place) for path, what, place in _paths(context, forge)]
        taken: dict[str, str] = {}
        groups: dict[str, str] = {}
        for path, shown, what, place in found:
            other = taken.setdefault(path, what)
            if other != what:
                text = f"{what} and {other} would both be {shown.replace(' team', '')} on {forge}"
                yield Finding(place, text, "rename one of them, or change the layout")
            if layout.traits.nested_orgs and parent(path) not in groups:
                groups.update((group, what) for group in above(path))
        for path, shown, what, place in found:
            if path in groups:
                text = f"{what} would be {shown} on {forge}, where {groups[path]} needs a group"
                yield Finding(place, text, "rename one of them, or change the layout")


def _previously(context: Context) -> Iterator[Finding]:
    if not any(entry.config.previously for entry in context.entries):
        return
    now = {(layout.forge.name, path): entry for layout, entry, path in context.paths}
    for layout, entry, _ in context.paths:
        for n, old in enumerate(entry.config.previously):
            path = layout.repo(entry.sig.name, legal(old, layout.traits), entry.project)
            other = now.get((layout.forge.name, path))
            if other is not None:
                text = f"`{old}` is the name of another repository now: {other.sig.name}/{other.name}"
                yield Finding(
                    (*entry.path, "previously", n), text, "take it out; history would move to the wrong one"
                )


def _login_names(context: Context) -> Iterator[Finding]:
    for account, person in context.spec.people.items():
        for forge, login in person.logins.items():
            traits = context.traits.get(forge)
            if traits is None or re.fullmatch(traits.login, login.login):
                continue
            alike = lookalike(login.login)
            text = f"`{login.login}` can't be a login on {forge}"
            if alike:
                text = f"`{login.login}` only looks like `{alike}`: it has letters of another script"
            yield Finding(
                ("people", account, "logins", forge),
                text,
                "copy the login from the person's page on the forge",
            )


def _scripts(context: Context) -> Iterator[Finding]:
    for account, person in context.spec.people.items():
        for word in person.name.split():
            if alike := lookalike(word, mixed_only=True):
                text = f"`{word}` mixes scripts, and looks like `{alike}`"
                yield Finding(("people", account, "name"), text, "type the name anew")


def _moved(context: Context) -> Iterator[Finding]:
    """Compare with the config before: a path that changed must be among the older ones, or the history stays behind."""
    before = context.before()
    for layout, entry, path in context.paths if before else ():
        old = before.get((entry.sig.name, entry.name, layout.forge.name))
        older = layout.older_repos(entry.sig.name, entry.name, entry.config.previously, entry.project)
        if old is not None and old != path and old not in older:
            text = f"{entry.sig.name}/{entry.name} would be made anew at {path}; it is at {old}"
            hint = f"add the layout of before to `moved_from` of {layout.forge.name}"
            yield Finding(("forges", layout.forge.name, "repo"), text, hint)


CHECKS = (
    Check(
        "layout",
        "Every template gives each repository and team a path of the kind that the forge has.",
        _layout,
    ),
    Check(
        "layout-older", "`moved_from` names layouts of before, not the one of today.", _older, warning=True
    ),
    Check(
        "repo-name",
        "Every repository's name is legal, and not reserved, on every forge it is on.",
        _repo_names,
    ),
    Check("group-name", "No group on the way to a SIG's repositories has a reserved name.", _group_names),
    Check(
        "collision",
        "No two things have one path on a forge, upper and lower case and `+` aside where it folds them.",
        _collision,
    ),
    Check("previously-taken", "An older name of a repository is not the name of another now.", _previously),
    Check("login-name", "Every login is one that its forge allows.", _login_names),
    Check("lookalike", "No name mixes letters of several scripts that look alike.", _scripts),
    Check(
        "moved",
        "A layout or name that changed is among `moved_from` or `previously` (needs the config of before).",
        _moved,
    ),
)
