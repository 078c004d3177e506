"""Actions in plain words, for every output; and text from forges and files made harmless."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from sigctl.core.kinds import BranchRule, Grant, Membership, Org, Ref, Repo, Resource, Team
from sigctl.core.kinds.ref import FORCED, GONE, MOVED, RETIRED
from sigctl.core.levels import NATIVE
from sigctl.core.plan import Action
from sigctl.report import parts

Tone = Literal["removed", "narrowed", "widened", "neutral"]
TONES: tuple[Tone, ...] = ("removed", "narrowed", "widened", "neutral")
_SHOWN = 5
"""Names in a folded line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a plan: its tone, and the words."""

    tone: Tone
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """All that happens to one repository, team or org of one forge, worst first."""

    sig: str
    forge: str
    thing: str
    lines: tuple[Line, ...]

    @property
    def tone(self) -> Tone:
        """The worst tone of its lines."""
        return min((line.tone for line in self.lines), key=TONES.index)


def plain(text: str) -> str:
    """Return the text without control characters, escapes and marks that turn the direction of reading."""
    if text.isprintable():  # quick, and never true of what is taken out
        return text
    return "".join(
        "�" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") else c for c in text
    )


def blocks(actions: Iterable[Action]) -> list[Block]:
    """Return the actions grouped by SIG and thing, those that take away or widen first."""
    groups: dict[tuple[str, str, str], list[Action]] = defaultdict(list)
    for action in actions:
        groups[action.sig, action.forge, _thing(action.subject)].append(action)
    out = [Block(sig, forge, plain(thing), _lines(found)) for (sig, forge, thing), found in groups.items()]
    return sorted(out, key=lambda block: (block.sig, TONES.index(block.tone), block.thing, block.forge))


def tone(action: Action) -> Tone:
    """Return what the action means to those who have rights: removed, narrowed, widened or neutral."""
    if isinstance(action.subject, Ref):
        return {"": "neutral", MOVED: "narrowed"}.get(action.subject.why, "removed")  # type: ignore[return-value]  # the words are tones
    if action.verb == "delete" and action.effect != "widens":
        return "removed"
    if action.effect == "neutral" or (
        action.verb == "create" and isinstance(action.subject, Repo | Org | Team)
    ):
        return "neutral"
    return "widened" if action.effect == "widens" else "narrowed"


def counted(actions: Sequence[Action]) -> dict[Tone, int]:
    """Return how many actions have each tone; a rule on a repository that is made in the same plan takes nothing away."""
    new = {(a.forge, a.key) for a in actions if _is_new_repo(a)}
    found = Counter(
        "neutral"
        if a.kind == BranchRule.KIND and a.verb == "create" and (a.forge, a.subject.inside) in new
        else "neutral"
        if a.kind == Repo.KIND and (a.forge, a.key) in new
        else tone(a)
        for a in actions
    )
    return {name: found[name] for name in TONES}


def describe(action: Action) -> str:
    """Return the action in a few words, without naming the thing it happens to."""
    return plain(_WORDS[action.kind](action))


def _thing(resource: Resource) -> str:
    return (resource.inside or resource.key).name


def _lines(actions: Sequence[Action]) -> tuple[Line, ...]:
    refs = [a for a in actions if a.kind == Ref.KIND]
    rules = [a for a in actions if a.kind == BranchRule.KIND]
    new = any(_is_new_repo(a) for a in actions)
    made = [a for a in actions if a.kind == Repo.KIND] if new else []
    apart = {a.id for a in (*refs, *rules, *made)}
    lines = [Line(tone(a), describe(a)) for a in actions if a.id not in apart]
    lines += [*_made(made), *_ruled(rules, new=new), *_folded(refs)]
    return tuple(sorted(lines, key=lambda line: TONES.index(line.tone)))


def _is_new_repo(action: Action) -> bool:
    return action.kind == Repo.KIND and action.verb == "create"


def _made(steps: Sequence[Action]) -> list[Line]:
    """Say in one line what a new repository is once all its steps are done."""
    if not steps:
        return []
    last = max(steps, key=lambda action: action.phase).after
    if not isinstance(last, Repo):
        return []
    facts = [
        last.visibility,
        last.default_branch and f"default branch {last.default_branch}",
        last.archived and "archived",
    ]
    told = ", ".join(str(fact) for fact in facts if fact)
    until = ", closed until the end" if len(steps) > 1 else ""
    return [Line("neutral", plain(f"create repo ({told}{until})" if told else "create repo"))]


def _ruled(rules: Sequence[Action], *, new: bool) -> list[Line]:
    """Say in one line what is the same for several patterns; on a new repository a rule takes nothing from anyone."""
    groups: dict[tuple[Tone, str], list[str]] = defaultdict(list)
    for action in rules:
        if isinstance(action.subject, BranchRule):
            shade: Tone = "neutral" if new and action.verb == "create" else tone(action)
            groups[shade, f"{action.subject.on}: {_rule_change(action)}"].append(action.subject.pattern)
    out = []
    for (shade, what), patterns in groups.items():
        kind, _, terms = what.partition(": ")
        more = f" and {len(patterns) - _SHOWN} more" if len(patterns) > _SHOWN else ""
        out.append(
            Line(shade, plain(f"rule for {kind} {', '.join(sorted(patterns)[:_SHOWN])}{more}: {terms}"))
        )
    return out


def _folded(refs: Sequence[Action]) -> list[Line]:
    if len(refs) <= _SHOWN:
        return [Line(tone(a), describe(a)) for a in refs]
    counts = Counter((_ref_verb(a), _ref_type(a)) for a in refs)
    out = []
    for (verb, what), count in sorted(counts.items()):
        found = [a for a in refs if (_ref_verb(a), _ref_type(a)) == (verb, what)]
        names = ", ".join(_ref_name(a) for a in found[:_SHOWN])
        more = f" and {count - _SHOWN} more" if count > _SHOWN else ""
        out.append(Line(tone(found[0]), plain(f"{verb} {count} {what}: {names}{more}")))
    return out


def _ref_verb(action: Action) -> str:
    why = action.subject.why if isinstance(action.subject, Ref) else ""
    return {FORCED: "overwrite", RETIRED: "delete (retired)", MOVED: "delete (moved)"}.get(why, action.verb)


def _ref_type(action: Action) -> str:
    return "tags" if action.key.name.partition(":")[2].startswith("refs/tags/") else "branches"


def _ref_name(action: Action) -> str:
    name = action.key.name.partition(":")[2]
    return name.removeprefix("refs/heads/").removeprefix("refs/tags/")


def _who(action: Action) -> str:
    subject = action.subject
    if isinstance(subject, Grant):
        return (
            f"{subject.subject_kind} {subject.subject_name}"
            if subject.subject_kind == "team"
            else subject.who()
        )
    return subject.who()


def _is_address(action: Action) -> bool:
    return "@" in action.subject.who()


def _grant(action: Action) -> str:
    before = _right(action.before) if isinstance(action.before, Grant) else ""
    after = _right(action.after) if isinstance(action.after, Grant) else ""
    if not before:
        until = (
            f" until {action.after.until}" if isinstance(action.after, Grant) and action.after.until else ""
        )
        return f"{_who(action)} gets {after}{until}"
    if not after and _is_address(action):
        return f"the invitation of {_who(action)} to {before} is withdrawn"
    if not after:
        return f"{_who(action)} loses {before}"
    if before == after:
        return f"{_who(action)} keeps {after}: {parts.changes(action)}"
    return f"{_who(action)}: {before} -> {after}"


def _right(grant: Grant) -> str:
    """Return the level, and the branches it is for where it is not for all."""
    return f"{grant.level} on {', '.join(grant.branches)}" if grant.branches else grant.level


def _member(action: Action) -> str:
    before = getattr(action.before, "role", None)
    after = getattr(action.after, "role", None) or "member"
    where = "the org" if isinstance(action.subject, Membership) else "the team"
    if action.before is None:
        return f"{_who(action)} joins {where} as {after}"
    if action.after is None and _is_address(action):
        return f"the invitation of {_who(action)} to {where} is withdrawn"
    if action.after is None:
        return f"{_who(action)} leaves {where}"
    return f"{_who(action)}: {before} -> {after} of {where}"


def _ref(action: Action) -> str:
    before = action.before.sha[:9] if isinstance(action.before, Ref) else ""
    after = action.after.sha[:9] if isinstance(action.after, Ref) else ""
    what = "tag" if _ref_type(action) == "tags" else "branch"
    name = f"{what} {_ref_name(action)}"
    if not before:
        return f"{name}: create at {after}"
    why = action.subject.why if isinstance(action.subject, Ref) else ""
    if not after:
        return f"{name}: delete, was {before}{_GOES.get(why, '')}"
    return f"{name}: {before} -> {after}{', overwritten' if why == FORCED else ''}"


_GOES = {
    RETIRED: ", stays as a tag",
    MOVED: ", is in another repository now",
    GONE: ", gone from where it came from",
}


def _rule(action: Action) -> str:
    rule = action.subject
    if not isinstance(rule, BranchRule):
        raise TypeError(rule)
    return f"rule for {rule.on} {rule.pattern}: {_rule_change(action)}"


def _rule_change(action: Action) -> str:
    if action.after is None:
        return "removed"
    if action.before is None and isinstance(action.after, BranchRule):
        return _terms(action.after)
    return parts.changes(action)


def _terms(rule: BranchRule) -> str:
    told = [
        f"{verb} by {', '.join(map(_subject, who)) or 'nobody'}"
        for verb, who in (("push", rule.push), ("merge", rule.merge))
        if who is not None
    ]
    told += [
        f"no {word}" for word, may in (("force push", rule.force), ("deletion", rule.delete)) if may is False
    ]
    told += [f"{rule.reviews} reviews"] if rule.reviews else []
    told += [f"checks {', '.join(rule.checks)}"] if rule.checks else []
    told += ["approval by code owners"] if rule.code_owners else []
    told += [f"taken away by {', '.join(map(_subject, rule.unprotect))}"] if rule.unprotect else []
    return ", ".join(told) or "nothing asked"


def _subject(one: str) -> str:
    """Return who is meant, everybody with a level in words of its own."""
    kind, _, level = one.partition(":")
    if kind == "deploy_key":
        return f"deploy key {level}"
    if kind != "level":
        return one
    word = level.removeprefix(NATIVE)
    return f"all with {word}" if word == level else f"all with the role {word}"


def _plain_thing(action: Action) -> str:
    if action.before is None:
        seen = getattr(action.after, "visibility", None)
        return f"create {action.kind}{f' ({seen})' if seen else ''}"
    if action.after is None:
        return f"delete {action.kind}"
    if action.verb == "move":
        return f"move {action.before.key.name} here"
    changed = action.changed()
    if set(changed) == {"archived"}:
        return "archive" if changed["archived"][1] else "unarchive"
    return parts.changes(action)


_WORDS = {
    "grant": _grant,
    "team_member": _member,
    "membership": _member,
    "ref": _ref,
    "branch_rule": _rule,
    "org": _plain_thing,
    "team": _plain_thing,
    "repo": _plain_thing,
    **parts.WORDS,
}
