"""What the forges held at one moment, as data that may be published: with a digest, its time, and what it covers."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any

from sigctl.core.kinds import (
    KINDS,
    PARTS,
    BranchRule,
    DeployKey,
    Key,
    Org,
    Repo,
    Resource,
    Team,
    Webhook,
    from_json,
    to_json,
)
from sigctl.core.kinds.org import PUBLIC
from sigctl.core.state import (
    WHOLE_KEYS,
    Account,
    Desired,
    Note,
    Observation,
    SetAside,
    State,
    Unread,
    state,
)

FORMAT = "sigctl/snapshot/1"
LEFT_OUT = "(address left out)"
NAMELESS = "team:(not public)"
"""Stands in a rule for each team that is not told of."""
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_TEXTS = ("title", "description", "homepage")
"""Fields that people write freely."""
_TEXTS_OF = {cls: tuple(f.name for f in fields(cls) if f.name in _TEXTS) for cls in KINDS.values()}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What was read; about all else nothing is known."""

    orgs: frozenset[str] = frozenset()
    """Namespaces, read whole unless `narrow`."""
    teams: frozenset[str] = frozenset()
    """Teams that were declared, by path."""
    repos: frozenset[str] = frozenset()
    """Repositories that were declared, by path."""
    logins: frozenset[str] = frozenset()
    """Logins that were looked up."""
    parts: frozenset[str] = frozenset()
    """`KIND PATH` of each list of parts that was read: labels, webhooks and the like are read only where they are declared."""
    narrow: bool = False
    """Only the teams and repositories named here were read."""
    hidden: int = 0
    """Repositories, groups and teams that are neither public nor declared, and so are not told of."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One forge as it was observed, and what that covers."""

    observation: Observation
    coverage: Coverage


@dataclass(frozen=True)
class Snapshot:
    """All forges that could be read, at one moment."""

    created: str
    """ISO 8601, in UTC."""
    config_digest: str
    forges: Mapping[str, Seen]
    unread: tuple[SetAside, ...] = ()
    """Forges that could not be read, with the reason."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 over everything else in the file, in hex: it shows a change, not who made it."""
        text = json.dumps(self._body(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def _body(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "created": self.created,
            "config_digest": self.config_digest,
            "forges": {name: _seen_json(seen) for name, seen in sorted(self.forges.items())},
            "unread": [asdict(one) for one in self.unread],
        }

    def as_json(self) -> dict[str, Any]:
        """Return the snapshot as the documented JSON object."""
        return {"digest": self.digest, **self._body()}

    @classmethod
    def parse(cls, data: Any) -> Snapshot:
        """Return the snapshot that `as_json` wrote; ValueError where it is none, is of another format or was changed."""
        if not isinstance(data, Mapping) or data.get("format") != FORMAT:
            raise ValueError(f"not a snapshot of format {FORMAT}")
        try:
            found = cls(
                created=str(data["created"]),
                config_digest=str(data["config_digest"]),
                forges={str(name): _seen(str(name), seen) for name, seen in data["forges"].items()},
                unread=tuple(SetAside(**one) for one in data["unread"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a whole snapshot: {error}") from None
        if found.digest != data.get("digest"):
            raise ValueError("the digest does not match the content: it was changed, or cut off")
        return found


def published(observation: Observation, desired: Desired, coverage: Coverage) -> Seen:
    """Return what may be shown to anyone: no addresses, and of what is not public only what the files name anyway."""
    hidden = _hidden(observation.state, desired.state)
    names: dict[str, str | None] = {f"team:{key.name}": NAMELESS for key in hidden if key.kind == Team.KIND}
    kept = {
        key: _shown(one, observation.state, hidden, names)
        for key, one in observation.state.items()
        if key not in hidden
        and one.inside not in hidden
        and getattr(one, "subject", "") not in names
        and "@" not in one.who()
        and (key in desired.state or not isinstance(one, Webhook))
    }
    speaks = {one.who() for one in kept.values()} | coverage.logins | {observation.me}
    pinned = {str(one) for one in desired.pins.values()}
    said = tuple(
        note
        for note in observation.notes
        if not any(key.name in note.subject or key.name in note.text for key in hidden)
    )
    told = replace(
        observation,
        state=kept,
        accounts={
            login: one
            for login, one in observation.accounts.items()
            if "@" not in login and (one.login in speaks or str(one.id) in pinned or one.status != "active")
        },
        notes=tuple(
            replace(note, text=_scrubbed(note.text), subject=_scrubbed(note.subject)) for note in said
        ),
        unread={
            key: replace(one, reason=_scrubbed(one.reason), hint=_scrubbed(one.hint))
            for key, one in observation.unread.items()
            if key in kept or key in desired.state
        },
    )
    return Seen(told, replace(coverage, hidden=len(hidden)))


def _hidden(seen: State, wanted: State) -> set[Key]:
    """Return the repositories, teams and orgs that are not public, or below such an org, and that no file names."""
    closed = {key for key, one in seen.items() if key not in wanted and _is_closed(one)}
    groups = tuple(f"{key.name}/" for key in closed if key.kind == Org.KIND)
    whole = (Repo.KIND, Team.KIND, Org.KIND)
    return closed | {
        key for key in seen if key.kind in whole and key not in wanted and key.name.startswith(groups)
    }


def _shown(one: Resource, seen: State, hidden: set[Key], names: Mapping[str, str | None]) -> Resource:
    """Return the resource without addresses, and without the names of what is hidden."""
    if isinstance(one, BranchRule):
        return one.with_subjects(names)
    if isinstance(one, Repo) and one.fork_of:
        origin = Key(Repo.KIND, one.fork_of)
        if origin in hidden or (origin not in seen and _is_closed(one)):
            one = replace(one, fork_of=None)
    return plain(one)


def _is_closed(one: Resource) -> bool:
    if isinstance(one, Repo | Org):
        return one.visibility not in (None, PUBLIC)
    return isinstance(one, Team) and bool(one.secret)


def plain(one: Resource) -> Resource:
    """Return the resource with the e-mail addresses in its free texts left out."""
    changed = {
        name: _scrubbed(text)
        for name in _TEXTS_OF[type(one)]
        if isinstance(text := getattr(one, name), str) and "@" in text
    }
    return replace(one, **changed) if changed else one


def _scrubbed(text: str) -> str:
    return _ADDRESS.sub(LEFT_OUT, text)


@dataclass(slots=True)
class Fitted:
    """What the files ask of a forge and what is known of it, as far as the two can be compared."""

    desired: Desired
    observation: Observation
    notes: list[Note] = field(default_factory=list)


def fit(desired: Desired, seen: Seen, *, fold: bool = True) -> Fitted:
    """Return both sides without what the snapshot does not cover: that is unknown, and told of, never taken for absent."""
    wanted = {key: plain(one) for key, one in desired.state.items()}
    unknown = {key for key, one in wanted.items() if not _covers(seen, one)}
    out = Fitted(replace(desired, state=_without(wanted, unknown)), seen.observation)
    for key in sorted(unknown):
        text = f"{key} is not covered by the snapshot: what is there now is unknown"
        out.notes.append(Note("unknown", key.name, text, desired.forge, desired.sigs.get(key, "")))
    if seen.coverage.hidden:
        text = f"{seen.coverage.hidden} things that are neither public nor declared are not told of: what looks new may be one of them"
        out.notes.append(Note("unknown", desired.forge, text, desired.forge))
    accounts = _with_strangers(out, seen, str.casefold if fold else str)
    out.observation = replace(seen.observation, accounts=accounts)
    return out


def _covers(seen: Seen, one: Resource) -> bool:
    """Whether it is known of a whole thing if it is there; its parts are known where it is."""
    coverage = seen.coverage
    if isinstance(one, PARTS) and one.inside in seen.observation.state:
        everywhere = isinstance(one, DeployKey) and WHOLE_KEYS in seen.observation.capabilities
        return everywhere or f"{one.KIND} {one.inside.name}" in coverage.parts
    if one.KIND not in (Org.KIND, Team.KIND, Repo.KIND) or one.key in seen.observation.state:
        return True
    named = {
        Org.KIND: coverage.orgs,
        Team.KIND: coverage.teams,
        Repo.KIND: coverage.repos,
    }[one.KIND]
    if one.key.name in named:
        return True
    return not coverage.narrow and one.key.name.partition("/")[0] in coverage.orgs


def _without(wanted: State, unknown: set[Key]) -> State:
    """Return the state without the things, and without all that needs them."""
    gone = set(unknown)
    if not gone:
        return wanted
    while more := {
        key for key, one in wanted.items() if key not in gone and any(need in gone for need in one.needs())
    }:
        gone |= more
    return {key: one for key, one in wanted.items() if key not in gone}


def _with_strangers(out: Fitted, seen: Seen, spell: Any) -> dict[str, Account]:
    """Return the accounts, with those that nobody looked up counted as there, and told of."""
    accounts = dict(seen.observation.accounts)
    known = {spell(login) for login in (*accounts, *seen.coverage.logins)}
    for login in sorted(out.desired.logins()):
        if spell(login) not in known:
            accounts[login] = Account(login, out.desired.pins.get(login))
            text = f"{login} was not looked up for the snapshot: whether there is such an account is unknown"
            out.notes.append(Note("unknown", login, text, out.desired.forge))
    return accounts


def _seen_json(seen: Seen) -> dict[str, Any]:
    o, c = seen.observation, seen.coverage
    return {
        "resources": [{"kind": key.kind, **to_json(one)} for key, one in sorted(o.state.items())],
        "accounts": {login: asdict(one) for login, one in sorted(o.accounts.items())},
        "me": o.me,
        "capabilities": sorted(o.capabilities),
        "notes": [asdict(note) for note in o.notes],
        "reads": o.reads,
        "unread": {
            key.name: {**asdict(one), "kinds": sorted(one.kinds)} for key, one in sorted(o.unread.items())
        },
        "coverage": {
            f.name: sorted(value) if isinstance(value := getattr(c, f.name), frozenset) else value
            for f in fields(c)
        },
    }


def _seen(name: str, data: Mapping[str, Any]) -> Seen:
    resources = [
        from_json(one["kind"], {field_: value for field_, value in one.items() if field_ != "kind"})
        for one in data["resources"]
    ]
    observation = Observation(
        forge=name,
        state=state(resources),
        accounts={login: Account(**one) for login, one in data["accounts"].items()},
        me=str(data["me"]),
        capabilities=frozenset(data["capabilities"]),
        notes=tuple(Note(**note) for note in data["notes"]),
        reads=int(data["reads"]),
        unread={
            Key(Repo.KIND, str(path)): Unread(**{**one, "kinds": frozenset(one["kinds"])})
            for path, one in data["unread"].items()
        },
    )
    covered: dict[str, Any] = {
        key: frozenset(value) if isinstance(value, list) else value for key, value in data["coverage"].items()
    }
    return Seen(observation, Coverage(**covered))
