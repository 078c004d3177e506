"""What hangs on repositories and orgs beside rights: what nobody declared, what an older protection gives way to, and when it runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from sigctl.core.archives import moves
from sigctl.core.born import TERMS
from sigctl.core.globs import covers
from sigctl.core.kinds import (
    PARTS,
    BranchRule,
    ClassicRule,
    DeployKey,
    Key,
    Label,
    Org,
    Repo,
    Resource,
    Security,
    Webhook,
)
from sigctl.core.kinds.branch import BRANCH
from sigctl.core.kinds.org import INTERNAL, PRIVATE
from sigctl.core.plan import Action
from sigctl.core.state import LACKS, Desired, Note, Observation, State, Traits

REPLACE, REMOVE, IGNORE = "replace", "remove", "ignore"
_SHOWN = 5


def surplus(one: Resource, wanted: State, desired: Desired) -> bool:
    """Whether a part that nobody declared goes: keys where the files say the repository's keys whole, all else by policy."""
    where = one.inside
    if where is None:
        return False
    if isinstance(one, ClassicRule):
        return replaceable(one, wanted, desired)
    whole = Key(one.KIND, where.name) in desired.parts
    if isinstance(one, DeployKey) and where in desired.managed:
        return whole or desired.undeclared.get(one.PART) == REMOVE
    return whole and desired.undeclared.get(one.PART) == REMOVE


def undeclared(wanted: State, seen: State, desired: Desired) -> list[Note]:
    """Return a note for each repository or org with parts that nobody declared and that stay, and for each older protection."""
    groups: dict[tuple[Key, str], list[Resource]] = defaultdict(list)
    notes = []
    for key, one in seen.items():
        if isinstance(one, ClassicRule):
            if not replaceable(one, wanted, desired):
                text = f"the branch protection of `{one.pattern}`{_asks(one)} is not ours: left alone{_way(one, wanted, desired)}"
                notes.append(Note("undeclared", one.repo, text, desired.forge))
        elif one.PART and key not in wanted and one.inside is not None and _told(one, wanted, desired):
            groups[one.inside, one.PART].append(one)
    for (where, _), found in groups.items():
        text = _SAYS[type(found[0])](found)
        notes.append(Note("undeclared", where.name, text, desired.forge, desired.sigs.get(where, "")))
    return notes


def _told(one: Resource, wanted: State, desired: Desired) -> bool:
    if surplus(one, wanted, desired) or desired.undeclared.get(one.PART) == IGNORE or one.inside is None:
        return False
    whole = Key(one.KIND, one.inside.name) in desired.parts
    return whole or (isinstance(one, DeployKey) and one.inside in wanted)


def _listed(names: Iterable[str]) -> str:
    found = sorted(names)
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more


def _labels(found: Sequence[Any]) -> str:
    return f"labels that no file declares: {_listed(one.name for one in found)}"


def _keys(found: Sequence[Any]) -> str:
    told = (f"{one.title or one.fingerprint} ({'may push' if one.write else 'reads'})" for one in found)
    return f"deploy keys that no file declares: {_listed(told)}"


def _hooks(found: Sequence[Any]) -> str:
    told = (f"{one.place.partition('#')[0]} ({', '.join(one.events or ()) or 'nothing'})" for one in found)
    return f"webhooks that no file declares: {_listed(told)}"


_SAYS = {Label: _labels, DeployKey: _keys, Webhook: _hooks}


def _asks(one: ClassicRule) -> str:
    return f" ({one.terms})" if one.terms else ""


def _way(one: ClassicRule, wanted: State, desired: Desired) -> str:
    if desired.classic == REPLACE and one.inside in desired.managed:
        return ", since no rule of the files covers all of it"
    if _covered(one, wanted):
        return "; the rules of the files cover it, `classic_protection: replace` takes it away once they hold"
    return ""


def replaceable(one: ClassicRule, wanted: State, desired: Desired) -> bool:
    """Whether it is to go: it is asked for, and a declared rule holds for every branch that it is for."""
    return desired.classic == REPLACE and one.inside in desired.managed and _covered(one, wanted)


def _covered(one: ClassicRule, wanted: State) -> bool:
    return any(
        rule.repo == one.repo and rule.on == BRANCH and covers(rule.pattern, one.pattern)
        for rule in wanted.values()
        if isinstance(rule, BranchRule)
    )


def settle(actions: Sequence[Action], *, renames: int, classic: int, opening: int) -> list[Action]:
    """Give parts their phases: after what they hang on is there, renames before other changes, older protection after all rules.

    Security switches wait until their repository is shown: a private one may not have all of them.
    """
    shown = {a.key for a in actions if isinstance(a.subject, Repo) and a.phase == opening}
    made = {
        a.key: a.phase for a in actions if isinstance(a.subject, Repo | Org) and a.verb in ("create", "move")
    }
    ruled: dict[Key, int] = {}
    for a in actions:
        if isinstance(a.subject, BranchRule):
            ruled[a.subject.inside] = max(ruled.get(a.subject.inside, 0), a.phase)
    out = []
    for a in actions:
        one = a.subject
        if isinstance(one, ClassicRule):
            out.append(replace(a, phase=max(classic, ruled.get(one.inside, 0) + 1)))
        elif isinstance(one, PARTS):
            least = made[one.inside] + 1 if one.inside in made else 0
            if isinstance(one, TERMS) and a.verb == "update":
                least = 0  # where their repository is then
            if isinstance(one, Security) and one.inside in shown:
                least = opening + 1
            phase = renames if a.verb == "move" else a.phase
            if a.verb == "move":
                made[a.key] = max(phase, least)
            out.append(replace(a, phase=max(phase, least)))
        else:
            out.append(a)
    return [
        replace(a, phase=max(a.phase, made[a.key] + 1))
        if isinstance(a.subject, PARTS) and a.verb != "move" and a.key in made
        else a
        for a in out
    ]


def secrets(wanted: State, forge: str) -> Iterator[Note]:
    """Yield a note that says how many secrets can't be compared, where there are some."""
    count = sum(isinstance(one, Webhook) and bool(one.secret) and not one.renewed for one in wanted.values())
    if count:
        text = f"the secrets of {count} webhooks can't be read back, so they are not compared: `--renew-secrets` writes them anew"
        yield Note("secret", "webhooks", text, forge)


def renewed(desired: Desired) -> Desired:
    """Return the desired state in which every secret of a webhook is to be written anew."""
    state = {
        key: replace(one, renewed=True) if isinstance(one, Webhook) and one.secret else one
        for key, one in desired.state.items()
    }
    return replace(desired, state=state)


def shown_by_hand(
    wanted: list[Resource], seen: Iterable[Resource], traits: Traits, notes: list[Note]
) -> list[Resource]:
    """Return what is wanted without what the API can't set; where that differs from what was seen, a note says who does it."""
    if not traits.told_only:
        return wanted
    theirs = {one.key: one for one in seen}
    out = []
    for one in wanted:
        kept = one
        for place, text in traits.told_only.items():
            kind, _, name = place.partition(".")
            if kind != one.KIND or (ours := getattr(one, name)) is None:
                continue
            now = getattr(theirs.get(one.key), name, None)
            if one.key in theirs and now is not None and now != ours:
                notes.append(Note("by hand", one.key.name, text))
            kept = replace(kept, **{name: None})
        out.append(kept)
    return out


def without_labels_of_archives(
    wanted: list[Resource], seen: list[Resource], notes: list[Note]
) -> tuple[list[Resource], list[Resource]]:
    """Return both sides without labels that can't be changed, since their repository is, or shall be, in the archive."""
    old = moves(wanted, seen)
    there = {one.renamed(old).key: one for one in seen if isinstance(one, Repo)}
    shut = {
        one.key
        for one in wanted
        if isinstance(one, Repo)
        and (one.archived or (one.archived is None and getattr(there.get(one.key), "archived", False)))
    }
    labelled = sorted({one.inside for one in wanted if isinstance(one, Label) and one.inside in shut})
    notes += [
        Note("archived", key.name, f"{key.name} is archived: its labels are left as they are")
        for key in labelled
    ]

    def kept(every: list[Resource]) -> list[Resource]:
        return [one for one in every if not (isinstance(one, Label) and one.renamed(old).inside in shut)]

    return kept(wanted), kept(seen)


def within_reach(
    wanted: Iterable[Resource], traits: Traits, observation: Observation, notes: list[Note]
) -> list[Resource]:
    """Return what this very server can have: other kinds left out, private in place of internal, each with a note."""
    reached = [one for one in wanted if possible(one, traits, observation, notes)]
    return _closed_where_internal_lacks(reached, observation, notes)


def _closed_where_internal_lacks(
    wanted: list[Resource], observation: Observation, notes: list[Note]
) -> list[Resource]:
    lacks = f"{LACKS}{INTERNAL}:"
    whys = sorted(word.removeprefix(lacks) for word in observation.capabilities if word.startswith(lacks))
    if not whys:
        return wanted
    out: list[Resource] = []
    for one in wanted:
        if isinstance(one, Repo) and one.visibility == INTERNAL:
            notes.append(Note("rounded", one.path, f"internal -> private: {whys[0]}"))
            out.append(replace(one, visibility=PRIVATE))
        else:
            out.append(one)
    return out


def possible(one: Resource, traits: Traits, observation: Observation, notes: list[Note]) -> bool:
    """Whether this server has what a kind needs beyond what its kind of forge has; a note says where it does not."""
    lacks = f"{LACKS}{one.KIND}:"
    for why in sorted(
        word.removeprefix(lacks) for word in observation.capabilities if word.startswith(lacks)
    ):
        notes.append(Note("unsupported", (one.inside or one.key).name, why))
        return False
    for name in (one.KIND, f"{one.KIND}:{getattr(one, 'on', '')}"):
        where = (one.inside or one.key).name
        need = traits.needs.get(name, "").replace("{org}", where.partition("/")[0])
        if need and need not in observation.capabilities:
            what = one.KIND.replace("_", " ") + (" of groups" if ":" in name else "")
            text = f"{what} can't be had here: that needs {need}, which the server does not have"
            notes.append(Note("unsupported", where, text))
            return False
    return True


def labels_as_declared(seen: Iterable[Resource], wanted: Iterable[Resource]) -> list[Resource]:
    """Return what was seen with labels spelled as they are declared, whatever their case."""
    names = {one.key.name.casefold(): one.name for one in wanted if isinstance(one, Label)}
    return [
        replace(one, name=names.get(one.key.name.casefold(), one.name)) if isinstance(one, Label) else one
        for one in seen
    ]
