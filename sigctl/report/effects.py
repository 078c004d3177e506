"""The effect of a proposal in plain words: who gains and loses what, what is new, what goes, what changes hands."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from sigctl.core import levels
from sigctl.core.history import Hop
from sigctl.core.kinds import PARTS, BranchRule, Grant, Membership, Org, Repo, Team
from sigctl.core.plan import Action
from sigctl.report.words import describe, plain
from sigctl.review.effect import Branch, Effect, Mirror, Right

Kind = Literal["gains", "loses", "hands", "things", "rules", "histories"]
KINDS: tuple[Kind, ...] = ("hands", "gains", "loses", "things", "rules", "histories")
_SHOWN = 6
NO_RULE = "branches without a rule"


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence, and what it is about."""

    kind: Kind
    text: str


def sentences(effect: Effect) -> list[Said]:
    """Return the effect as sentences, those about people first; [] where there is none."""
    out = [
        *(
            Said(
                "hands",
                f"{one.account} is {one.after} on {one.forge} from now on, was {one.before}: "
                f"rights on {one.rights} repositories there change hands",
            )
            for one in effect.handovers
        ),
        *_people(effect.rights),
        *_things(effect),
        *_rules(effect),
        *_parts(effect),
        *(Said("histories", text) for text in dict.fromkeys(map(_mirror, effect.mirrors))),
        *(Said("histories", _branch(one)) for one in effect.branches),
    ]
    if effect.actions and not out:
        out.append(
            Said("things", "nobody's level changes; teams and grants that reach nobody do, see the details")
        )
    return [Said(one.kind, plain(one.text)) for one in sorted(out, key=lambda one: KINDS.index(one.kind))]


def _people(rights: Iterable[Right]) -> Iterator[Said]:
    by_person: dict[tuple[str, tuple[object, ...]], list[Right]] = defaultdict(list)
    for one in rights:
        by_person[one.account, (one.before, one.after, one.pushes, one.stops, one.forges)].append(one)
    by_text: dict[tuple[bool, str, str], list[str]] = defaultdict(list)
    for (account, _), found in by_person.items():
        by_text[found[0].gains, *_right(found)].append(account)
    for (gains, singular, plural), accounts in by_text.items():
        one_ = len(accounts) == 1
        text = f"{some(accounts)} {singular if one_ else plural}"
        yield Said("gains" if gains else "loses", text)


def _right(found: list[Right]) -> tuple[str, str]:
    """Return the rest of the sentence, for one person and for several."""
    one = found[0]
    where = f"on {_repos([right.repo for right in found])} ({', '.join(one.forges)})"
    more = []
    if one.pushes:
        more.append(f"may now push {_patterns(one.pushes)}")
    if one.stops and levels.at_least(one.after, levels.WRITE):
        more.append(f"may no longer push {_patterns(one.stops)}")
    rest = f": {'; '.join(more)}" if more else ""
    if one.before == one.after:
        return f"{where}{rest}", f"{where}{rest}"
    if one.before == levels.NONE:
        return f"gains {one.after} {where}{rest}", f"gain {one.after} {where}{rest}"
    if one.after == levels.NONE:
        return f"loses {one.before} {where}{rest}", f"lose {one.before} {where}{rest}"
    return (
        f"goes from {one.before} to {one.after} {where}{rest}",
        f"go from {one.before} to {one.after} {where}{rest}",
    )


def _repos(names: list[str]) -> str:
    by_sig: dict[str, list[str]] = defaultdict(list)
    for name in names:
        sig, _, repo = name.partition("/")
        by_sig[sig].append(repo)
    return "; ".join(f"{some(repos)} of {sig}" for sig, repos in by_sig.items())


def _patterns(found: tuple[str, ...]) -> str:
    """Name a namespace once: NAME and NAME-* are written NAME[-*]."""
    names = [
        f"{one}[-*]" if f"{one}-*" in found else one
        for one in found
        if one and not (one.endswith("-*") and one.removesuffix("-*") in found)
    ]
    return some([*names, *([NO_RULE] if "" in found else [])])


def some(names: Iterable[str], shown: int = _SHOWN) -> str:
    """Return the first names, and how many more there are."""
    found = list(names)
    more = f" and {len(found) - shown} more" if len(found) > shown else ""
    return f"{', '.join(found[:shown])}{more}"


def _things(effect: Effect) -> Iterator[Said]:
    groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for action in effect.actions:
        if isinstance(action.subject, Repo | Team | Org) or _is_owner(action):
            groups[_thing(action)][_named(action, effect)].append(action.forge)
    for text, found in groups.items():
        by_forges: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for name, forges in found.items():
            by_forges[tuple(sorted(set(forges)))].append(name)
        for forges_, names in by_forges.items():
            yield Said("things", f"{text.format(some(names))} ({', '.join(forges_)})")


def _parts(effect: Effect) -> Iterator[Said]:
    """Name what hangs on repositories and orgs: keys, webhooks, labels, switches."""
    groups: dict[str, dict[str, None]] = defaultdict(dict)
    for action in effect.actions:
        if isinstance(action.subject, PARTS):
            where = action.subject.inside.name
            groups[describe(action)][f"{effect.name(action.forge, where)} ({action.forge})"] = None
    for text, names in groups.items():
        yield Said("things", f"{some(names)}: {text}")


def _is_owner(action: Action) -> bool:
    one = action.subject
    if isinstance(one, Membership):
        return "owner" in (one.role, getattr(action.before, "role", ""))
    return isinstance(one, Grant) and one.on == "org" and not action.sig


def _named(action: Action, effect: Effect) -> str:
    one = action.subject
    if isinstance(one, Repo):
        return effect.name(action.forge, one.path)
    if isinstance(one, Team):
        return (effect.names or {}).get((action.forge, f"team:{one.path}"), one.path)
    return (one.inside or one.key).name


def _thing(action: Action) -> str:
    """Return the sentence with {} in place of the things' names."""
    one = action.subject
    what = {"repo": "repository", "org": "group"}.get(action.kind, action.kind)
    if isinstance(one, Membership | Grant):
        return f"{{}}: {_escaped(describe(action))}"
    if action.verb == "create":
        seen = getattr(one, "visibility", None)
        return f"new {what} {{}}{f', {seen}' if seen else ''}"
    if action.verb == "delete":
        return f"{what} {{}} is no longer in the files: it stays where it is, and nothing keeps it so"
    if action.verb == "move" and action.before is not None:
        return f"{what} {{}} moves here from {_escaped(action.before.key.name)}"
    return f"{what} {{}}: {_escaped(describe(action))}"


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _rules(effect: Effect) -> Iterator[Said]:
    new = _new(effect)
    groups: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for action in effect.actions:
        one = action.subject
        if isinstance(one, BranchRule):
            text = _spoken(describe(action).partition(f" {one.pattern}: ")[2], action.forge, effect)
            name = effect.name(action.forge, one.repo)
            if action.verb != "create" or (action.forge, one.repo) not in new:
                groups[text, f"{one.on} {one.pattern}"][name] = None
    by_repos: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (text, pattern), repos in groups.items():
        by_repos[text, tuple(repos)].append(pattern)
    for (text, repos_), patterns in by_repos.items():
        yield Said("rules", f"rule for {some(patterns)} on {_repos(list(repos_))}: {text}")


def _spoken(text: str, forge: str, effect: Effect) -> str:
    """Return the text with teams as the files call them."""
    known = effect.names or {}
    return re.sub(r"team:([\w./+-]+)", lambda m: known.get((forge, m[0]), m[0]), text)


def _new(effect: Effect) -> set[tuple[str, str]]:
    """Return (forge, path) of the repositories that are new."""
    return {
        (action.forge, action.subject.path)
        for action in effect.actions
        if action.verb == "create" and isinstance(action.subject, Repo)
    }


def _mirror(one: Mirror) -> str:
    name = f"{one.sig}/{one.repo}"
    if one.after is None and one.before is not None:
        return f"history of {name} no longer goes from {one.before.source} to {one.before.target}"
    if one.before is None and one.after is not None:
        return f"history of {name} goes from {one.after.source} to {one.after.target} ({one.after.mode})"
    if one.before is None or one.after is None:
        raise ValueError("a mirror with neither before nor after")
    changed = ", ".join(_hop(one.before, one.after))
    return f"history of {name} to {one.after.target}: {changed}"


_DERIVED = ("on_divergence", "delete_refs", "still", "closed")


def _hop(before: Hop, after: Hop) -> Iterator[str]:
    changed = [field for field in before.__slots__ if getattr(before, field) != getattr(after, field)]
    for field in changed:
        if field not in _DERIVED:
            name = field.replace("_", " ")
            yield f"{name} {_value(getattr(before, field))} -> {_value(getattr(after, field))}"
    if set(changed) & set(_DERIVED):
        yield "which branches it leaves as they are"


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{some([' -> '.join(one) if isinstance(one, tuple) else str(one) for one in value])}]"
    return str(value)


def _branch(one: Branch) -> str:
    name = f"branch {one.one.name} of {one.one.repo} (sig {one.one.sig})"
    if one.before is None:
        start = f", made from {one.one.start}" if one.one.start else ""
        return f"{name} is declared{start}"
    if one.after is None:
        return f"{name} is no longer declared; it stays where it is"
    old, new = one.before, one.after
    told = [
        f"{field} {getattr(old, field) or '-'} -> {getattr(new, field) or '-'}"
        for field in ("sig", "at", "start", "lifecycle", "delete")
        if getattr(old, field) != getattr(new, field)
    ]
    return f"{name}: {', '.join(told)}"
