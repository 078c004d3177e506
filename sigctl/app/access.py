"""Who may do what, as declared or as the forges have it: what is looked at, under the names that the files use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

from sigctl.app.access_people import Look, chains, last_active, lookers, roles_of
from sigctl.app.context import Context, Options, Watch, load, open_context, resolve_for
from sigctl.app.planning import scope_of
from sigctl.app.side_by_side import of_each_forge
from sigctl.app.snapshot import load_snapshot
from sigctl.core.access_leaving import Leaving, leaving
from sigctl.core.access_rules import Judge
from sigctl.core.access_table import Names, Row, Side, Wanted, repos_of, rows, sig_of, wants_repo
from sigctl.core.kinds import Grant, Team
from sigctl.core.normalise import normalise
from sigctl.core.people import Identities, identify
from sigctl.core.snapshot import Snapshot
from sigctl.core.state import Account, Desired, Note, Observation, SetAside, State, Traits
from sigctl.core.unread import told
from sigctl.errors import UsageError
from sigctl.forges import traits_of
from sigctl.forges.base import Forge
from sigctl.review.rights import Version
from sigctl.spec import Config, Resolved

DECLARED, LIVE, SNAPSHOT = "files", "live", "snapshot"
_ABOUT = ("unsupported", "computed", "rounded", "pending", "undeclared")
"""Topics of notes that bear on who may do what."""


@dataclass(frozen=True)
class Seen:
    """Every forge as it is looked at."""

    source: str
    """One of files, live, snapshot."""
    moment: str
    """When the forges were read, ISO 8601; the day for files."""
    config: Config
    resolved: Resolved
    sides: tuple[Side, ...]
    observed: Mapping[str, Observation]
    """What was read, by forge; empty for files."""
    notes: tuple[Note, ...] = ()
    set_aside: tuple[SetAside, ...] = ()
    identities: tuple[tuple[str, Identities], ...] = ()
    active: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """(forge, login) -> day on which somebody did something there last, "" for never; only where that was asked for and told."""


@dataclass(frozen=True)
class Answer:
    """What was asked, answered."""

    seen: Seen
    rows: tuple[Row, ...]
    people: tuple[Look, ...]
    branches: tuple[str, ...] = ()
    leaving: Leaving | None = None


def declared(options: Options, today: date) -> Seen:
    """Return what the files declare, as far as each forge can hold it; nothing is asked of anybody."""
    config = load(options, today)
    _known_forges(options, config)
    resolved = resolve_for(config, replace(options, sigs=frozenset()), today)
    version = _version(config, resolved)
    sides, notes = [], list(resolved.notes)
    for name, desired in resolved.desired.items():
        traits = traits_of(config.spec.forges[name].type)
        state, said = _held(desired, traits, config.spec.forges[name].tier)
        notes += said
        sides.append(_side(version, name, state, traits))
    return Seen(DECLARED, today.isoformat(), config, resolved, tuple(sides), {}, _about(notes))


def live(options: Options, env: Mapping[str, str], watch: Watch | None = None) -> Seen:
    """Return what the forges have now; a forge that can't be read is set aside, and the rest goes on."""
    context = open_context(replace(options, sigs=frozenset(), mirror=False), env, watch)
    try:
        return read(context)
    finally:
        context.close()


def read(context: Context) -> Seen:
    """Return what the opened forges have now."""
    observed, aside = of_each_forge(
        context, lambda forge: _observe(context, forge), "nothing is said about it"
    )
    traits = {name: forge.traits for name, forge in context.forges.items()}
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    seen = observed_as(
        context.config, context.resolved, observed, traits, source=LIVE, moment=moment, aside=aside
    )
    return replace(seen, active=last_active(context, seen.sides))


def _observe(context: Context, forge: Forge) -> Observation:
    scope = scope_of(context.resolved.desired[forge.name])
    return forge.observe(scope, lambda what: context.watch.reading(forge.name, what))


def from_snapshot(options: Options, today: date, file: Path) -> Seen:
    """Return what the forges had when the snapshot was taken; UsageError where it can't be used."""
    return of_snapshot(options, today, load_snapshot(file))


def of_snapshot(options: Options, today: date, taken: Snapshot) -> Seen:
    """Return what the forges had when this snapshot was taken."""
    config = load(options, today)
    chosen = _known_forges(options, config)
    resolved = resolve_for(config, replace(options, sigs=frozenset()), today)
    aside = [one for one in taken.unread if one.forge in chosen]
    known = {one.forge for one in aside}
    aside += [
        SetAside(name, "the snapshot has nothing of it", name)
        for name in sorted(chosen - known - set(taken.forges))
    ]
    found = {name: seen for name, seen in taken.forges.items() if name in chosen}
    traits = {name: traits_of(config.spec.forges[name].type) for name in found}
    observed = {name: seen.observation for name, seen in found.items()}
    seen = observed_as(config, resolved, observed, traits, source=SNAPSHOT, moment=taken.created, aside=aside)
    notes = list(seen.notes)
    for name, one in sorted(found.items()):
        if one.coverage.hidden:
            text = (
                f"{one.coverage.hidden} things that are neither public nor declared are not in the snapshot"
            )
            notes.append(Note("unknown", name, text, name))
        if one.coverage.narrow:
            notes.append(Note("unknown", name, "the snapshot has only a part of this forge", name))
    return replace(seen, notes=tuple(notes))


def observed_as(
    config: Config,
    resolved: Resolved,
    observed: Mapping[str, Observation],
    traits: Mapping[str, Traits],
    *,
    source: str,
    moment: str,
    aside: Iterable[SetAside] = (),
) -> Seen:
    """Return what was observed, under the names of the files."""
    version = _version(config, resolved)
    sides: list[Side] = []
    notes: list[Note] = list(resolved.notes)
    identities: list[tuple[str, Identities]] = []
    apart: list[SetAside] = []
    for name, observation in sorted(observed.items()):
        desired = resolved.desired[name]
        apart += told(observation, desired.sigs)
        who = identify(desired, observation, traits[name])
        identities.append((name, who))
        state = dict(observation.state)
        notes += [replace(note, forge=name) for note in observation.notes]
        if observation.computed_rules:
            tier = config.spec.forges[name].tier
            state = _with_computed(state, desired, traits[name], tier)
        sides.append(_side(version, name, state, traits[name], me=observation.me, people=who))
    return Seen(
        source, moment, config, resolved, tuple(sides), dict(observed), _about(notes), (*aside, *apart), tuple(identities)
    )  # fmt: skip


def answer(seen: Seen, wanted: Wanted, *, person: str = "", today: date) -> Answer:
    """Return the rows that are asked for, and what goes when `person` leaves; UsageError for names that nobody knows."""
    _check(seen, wanted, person)
    found = tuple(row for side in seen.sides for row in rows(side, wanted))
    ordered = tuple(
        sorted(found, key=lambda row: (row.sig, row.repo, row.forge, row.path, row.kind, row.who))
    )
    looks = [one for one in lookers(seen, today) if _concerns(one, wanted, person)]
    gone = None
    if person:
        gone = leaving(
            seen.sides,
            person,
            roles=roles_of(seen.config.spec, person),
            owners=seen.config.spec.policy.guards.minimum_owners,
            wanted=wanted,
        )
    return Answer(seen, ordered, tuple(looks), wanted.branches, gone)


def _concerns(one: Look, wanted: Wanted, person: str) -> bool:
    asked = wanted.people | ({person} if person else set())
    if asked and not asked & {one.who, one.who.partition("@")[0]}:
        return False
    return not wanted.sigs or not one.sig or one.sig in wanted.sigs


def _check(seen: Seen, wanted: Wanted, person: str) -> None:
    spec = seen.config.spec
    people = {*spec.people} | {login for side in seen.sides for login, _ in side.judge.roads.routes}
    for one in sorted(wanted.people | ({person} if person else set())):
        if one not in people and one not in {side.me for side in seen.sides}:
            raise UsageError(
                f"nobody called `{one}` has any right here", "an account name of the files, or a login"
            )
    for one in sorted(wanted.sigs - set(spec.sigs)):
        raise UsageError(f"no SIG `{one}` in the files", f"one of {', '.join(sorted(spec.sigs))}")
    teams = {name for side in seen.sides for name in side.names.teams.values()}
    teams |= {one.path for side in seen.sides for one in side.judge.held.values() if isinstance(one, Team)}
    for one in sorted(wanted.teams - teams):
        raise UsageError(f"no team `{one}`", "SIG/TEAM as in the files, or its path on the forge")
    for one in sorted(wanted.repos):
        asked = Wanted(repos=frozenset({one}))
        every = (
            wants_repo(asked, sig_of(side, repo.path), side.names.repo(repo.path), repo.path)
            for side in seen.sides
            for repo in repos_of(side)
        )
        if not any(every):
            raise UsageError(
                f"no repository `{one}`", "SIG/NAME or NAME as in the files, or its path on the forge"
            )


def _held(desired: Desired, traits: Traits, tier: str) -> tuple[State, tuple[Note, ...]]:
    """Return what the forge will hold once everything is as declared, and what it can't."""
    accounts = {login: Account(login, desired.pins.get(login)) for login in desired.logins()}
    able = frozenset({"premium", tier}) if tier not in ("", "free") else frozenset()
    normal = normalise(desired, Observation(desired.forge, {}, accounts, capabilities=able), traits)
    aside = [Note("unsupported", one.subject, one.reason, one.forge, one.sig) for one in normal.set_aside]
    return normal.desired, (*aside, *normal.notes)


def _with_computed(state: State, desired: Desired, traits: Traits, tier: str) -> State:
    """Return the state with the rights on branches that the server works out itself: it is asked whether they are as declared."""
    known, _ = _held(desired, traits, tier)
    computed = {
        key: one
        for key, one in known.items()
        if isinstance(one, Grant) and one.branches and one.inside in state and key not in state
    }
    return {**state, **computed}


def _version(config: Config, resolved: Resolved) -> Version:
    traits = {name: traits_of(forge.type) for name, forge in config.spec.forges.items()}
    return Version.of(config, resolved, traits)


def _side(
    version: Version,
    forge: str,
    state: State,
    traits: Traits,
    *,
    me: str = "",
    people: Identities | None = None,
) -> Side:
    teams = {
        path.removeprefix("team:"): name
        for (where, path), name in version.names.items()
        if where == forge and path.startswith("team:")
    }
    repos = {
        path: name
        for (where, path), name in version.names.items()
        if where == forge and not path.startswith("team:")
    }
    accounts = {login: one for (where, login), one in version.accounts.items() if where == forge}
    if people is not None:
        accounts = {login: one for login, one in accounts.items() if login not in people.aside}
        accounts |= {now: accounts.pop(old) for old, now in people.renamed.items() if old in accounts}
    names = Names(
        _spelled(repos, (key.name for key in state if key.kind == "repo"), fold=traits.fold_paths),
        _spelled(teams, (key.name for key in state if key.kind == "team"), fold=traits.fold_paths),
        _spelled(accounts, {one.who() for one in state.values()} - {""}, fold=traits.fold_logins),
        chains(version.config.spec),
    )
    hops = tuple(hop for hop in version.resolved.hops if hop.target.forge == forge and not hop.watched)
    return Side(forge, Judge(state, traits), names, hops, me)


def _spelled(names: Mapping[str, str], there: Iterable[str], *, fold: bool) -> dict[str, str]:
    """Return the names also under the spelling that the forge has."""
    if not fold:
        return dict(names)
    folded = {one.casefold(): name for one, name in names.items()}
    return {**names, **{one: folded[one.casefold()] for one in there if one.casefold() in folded}}


def _about(notes: Iterable[Note]) -> tuple[Note, ...]:
    return tuple(dict.fromkeys(note for note in notes if note.topic in _ABOUT))


def _known_forges(options: Options, config: Config) -> set[str]:
    unknown = sorted(options.forges - set(config.spec.forges))
    if unknown:
        raise UsageError(
            f"no forge `{unknown[0]}` in the files", f"one of {', '.join(sorted(config.spec.forges))}"
        )
    return set(options.forges or config.spec.forges)
