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
    DeployKey,
    Key,
    Org,
    Repo,
    Resource,
    Team,
    from_json,
    to_json,
)
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


def plain(one: Resource) -> Resource:
    """Return the resource with the e-mail addresses in its free texts left out."""
    changed = {
        name: scrubbed(text)
        for name in _TEXTS_OF[type(one)]
        if isinstance(text := getattr(one, name), str) and "@" in text
    }
    return replace(one, **changed) if changed else one


def scrubbed(text: str) -> str:
    """Return the text with the e-mail addresses in it left out."""
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
