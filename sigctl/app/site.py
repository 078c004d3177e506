"""What the site tells, gathered: the files, the forges as they were read, what differs, what was before, what was applied."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import quote

from sigctl.app.access import DECLARED, Seen, declared, observed_as, of_snapshot
from sigctl.app.access_people import lookers
from sigctl.app.context import Context, Options
from sigctl.app.planning import make_plan
from sigctl.app.remembering import remembering
from sigctl.app.site_audit import runs_of
from sigctl.app.site_branches import branches_of
from sigctl.app.snapshot import load_snapshot, plan_offline
from sigctl.core.access_table import Wanted, repos_of, rows, sig_of
from sigctl.core.history import End, Hop
from sigctl.core.kinds import Ref
from sigctl.core.plan import Action, Plan
from sigctl.mirror.model import HopState
from sigctl.report.html.model import (
    Difference,
    ForgeFacts,
    LookFacts,
    MirrorFacts,
    PlaceFacts,
    RepoFacts,
    SigFacts,
    Site,
    TeamFacts,
)
from sigctl.report.words import describe
from sigctl.spec import Spec
from sigctl.spec.entries import entries
from sigctl.spec.load import paused_gc
from sigctl.spec.model import SigConfig
from sigctl.watch.record import HISTORY, Entry
from sigctl.watch.store import read_history

_TROUBLE = ("held", "aside", "behind", "declared", "equal")
_SEVERAL = 3


def from_files(options: Options, today: date, history: Path | None = None, audit: Path | None = None) -> Site:
    """Return what the files alone tell; nothing is asked of any forge."""
    return _site(declared(options, today), today, None, (), history, audit)


def from_snapshot(
    options: Options, today: date, file: Path, history: Path | None = None, audit: Path | None = None
) -> Site:
    """Return what the files and a snapshot tell; histories are in no snapshot, so they are not compared."""
    with paused_gc():
        taken = load_snapshot(file)
        seen = of_snapshot(options, today, taken)
        plan = plan_offline(taken, seen.config, options, today, resolved=seen.resolved).plan
        return _site(seen, today, plan, (), history, audit)


def live(context: Context, history: Path | None = None, audit: Path | None = None) -> Site:
    """Return what the files and the opened forges tell; each forge is read once."""
    remembered = remembering(context)
    planned = make_plan(context)
    observed = {name: forge.last for name, forge in remembered.items() if forge.last is not None}
    traits = {name: forge.traits for name, forge in context.forges.items()}
    unread = [one for one in planned.plan.quarantined if one.subject == one.forge]
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    seen = observed_as(
        context.config, context.resolved, observed, traits, source="live", moment=moment, aside=unread
    )
    states = planned.mirror.states if planned.mirror else ()
    return _site(seen, context.today, planned.plan, states, history, audit)


def _site(  # noqa: PLR0917  # the ways above, nobody else
    seen: Seen,
    today: date,
    plan: Plan | None,
    states: Sequence[HopState],
    history: Path | None,
    audit: Path | None,
) -> Site:
    spec = seen.config.spec
    kept = read_history(history) if history is not None else []
    found = tuple(row for side in seen.sides for row in rows(side, Wanted()))
    runs, problems = runs_of(audit) if audit is not None else (None, ())
    looked = seen.resolved.desired
    return Site(
        source=seen.source,
        moment=seen.moment,
        digest=seen.config.digest,
        compared=seen.source != DECLARED,
        forges=tuple(_forges(seen)),
        sigs=tuple(_sig(name, sig) for name, sig in sorted(spec.sigs.items())),
        repos=tuple(_repos(seen)),
        people={name: person.name for name, person in sorted(spec.people.items())},
        rows=found,
        looks=tuple(LookFacts(one.kind, one.who, one.text) for one in lookers(seen, today)),
        mirrors=tuple(_mirrors([hop for hop in seen.resolved.hops if hop.target.forge in looked], states)),
        differences=tuple(_differences(plan, kept)),
        history=history is not None,
        kernel=_kernel(spec),
        runs=runs,
        audit_problems=problems,
        notes=_notes(seen),
    )


def _notes(seen: Seen) -> tuple[tuple[str, str], ...]:
    """Return (forge, text) of the notes, what is the same for several things said once."""
    about: dict[tuple[str, str], list[str]] = defaultdict(list)
    for note in seen.notes:
        about[note.forge, note.text].append("" if note.subject in note.text else note.subject)
    out = []
    for (forge, text), subjects in about.items():
        names = [one for one in dict.fromkeys(subjects) if one]
        more = f" and {len(names) - _SEVERAL} more" if len(names) > _SEVERAL else ""
        out.append((forge, f"{', '.join(names[:_SEVERAL])}{more}: {text}" if names else text))
    unread = (one for one in seen.set_aside if one.subject != one.forge)
    out += [(one.forge, f"{one.subject}: {one.reason}") for one in unread]
    return tuple(out)


def _forges(seen: Seen) -> Iterator[ForgeFacts]:
    problems = {one.forge: one.reason for one in seen.set_aside if one.subject == one.forge}
    for name, forge in seen.config.spec.forges.items():
        if name in seen.resolved.desired:
            yield ForgeFacts(name, forge.type, str(forge.url), forge.role, problems.get(name, ""))


def _sig(name: str, sig: SigConfig) -> SigFacts:
    chairs = tuple(
        f"{one.person} (acting)"
        if one.acting
        else f"{one.person} (until {one.until})"
        if one.until
        else one.person
        for one in sig.chairs
    )
    links = (
        ("Mailing list", sig.list),
        ("Documentation", sig.docs),
        ("Bugs", sig.bugs),
        ("Meetings", sig.meetings),
    )
    teams = tuple(
        TeamFacts(
            team,
            config.title or "",
            tuple(dict.fromkeys((*config.leads, *(one.person for one in config.members)))),
            tuple(one.team for one in config.teams),
        )
        for team, config in sorted(sig.all_teams().items())
    )
    given = tuple((what, text) for what, text in links if text)
    return SigFacts(name, sig.title or "", sig.status, chairs, tuple(sig.sponsors), given, teams)


def _repos(seen: Seen) -> list[RepoFacts]:
    spec = seen.config.spec
    described = {f"{one.sig.name}/{one.name}": one.config for one in entries(spec)}
    places: dict[tuple[str, str], list[PlaceFacts]] = defaultdict(list)
    for side in seen.sides:
        base = str(spec.forges[side.forge].url).rstrip("/")
        for repo in repos_of(side):
            url = f"{base}/{quote(repo.path)}"
            places[sig_of(side, repo.path), side.names.repo(repo.path)].append(
                PlaceFacts(
                    side.forge,
                    repo.path,
                    url,
                    repo.visibility or "",
                    bool(repo.archived),
                    repo.default_branch or "",
                )
            )
    branches = branches_of(seen)
    out = []
    for (sig, name), found in sorted(places.items(), key=lambda one: (not one[0][0], one[0])):
        config = described.get(name)
        upstream = config.upstream.url if config and config.upstream else ""
        text = (config.description or "") if config else ""
        out.append(RepoFacts(sig, name, text, tuple(found), tuple(branches.get(name, ())), upstream))
    return out


def _kernel(spec: Spec) -> str:
    kernel = spec.kernel
    return f"{kernel.release_team.partition('/')[0]}/{kernel.repo}" if kernel is not None else ""


def _mirrors(hops: Iterable[Hop], states: Iterable[HopState]) -> list[MirrorFacts]:
    known = {state.hop: state for state in states}
    out = []
    for hop in hops:
        state = known.get(hop)
        facts = MirrorFacts(
            hop.sig, hop.repo, _end(hop.source), hop.target.forge, hop.target.path,
            "watched" if hop.watched else hop.mode,
        )  # fmt: skip
        if state is not None:
            since = datetime.fromtimestamp(state.since, UTC).isoformat() if state.since is not None else ""
            facts = MirrorFacts(
                hop.sig, hop.repo, facts.source, facts.forge, facts.path, facts.mode, state.status, state.behind,
                state.held, state.extra, state.commits, since,
            )  # fmt: skip
        out.append(facts)
    return sorted(out, key=lambda one: (_TROUBLE.index(one.status), one.sig, one.repo, one.forge, one.source))


def _end(end: End) -> str:
    return f"{end.forge}: {end.path}" if end.forge else end.url


def _differences(plan: Plan | None, kept: Sequence[Entry]) -> list[Difference]:
    """Return what differs now, with since when and why where that was kept, and what differed before."""
    gone = [_of_entry(one) for one in kept if one.resolved]
    there = {one.name: one for one in kept if not one.resolved}
    if plan is None:
        return [*(_of_entry(one) for one in there.values()), *gone]
    now = []
    for (forge, kind, key), actions in _grouped(plan.actions).items():
        known = there.get((forge, kind, key))
        sig = next((one.sig for one in actions if one.sig), "")
        now.append(
            Difference(
                forge,
                kind,
                key,
                sig,
                _problem(actions),
                known.cause.text if known else "",
                known.first_seen if known else "",
                known.last_seen if known else "",
            )
        )
    told = [
        Difference(one.forge, "undeclared", one.subject, one.sig, one.text, drift=False)
        for one in plan.notes
        if one.topic == "undeclared"
    ]
    return [*sorted(now, key=lambda one: (one.sig, one.forge, one.kind, one.key)), *told, *gone]


def _grouped(actions: Iterable[Action]) -> Mapping[tuple[str, str, str], list[Action]]:
    out: dict[tuple[str, str, str], list[Action]] = defaultdict(list)
    for action in actions:
        if isinstance(action.subject, Ref):
            out[action.forge, HISTORY, action.subject.repo].append(action)
        else:
            out[action.forge, action.kind, action.key.name].append(action)
    return out


def _problem(actions: Sequence[Action]) -> str:
    told = list(dict.fromkeys(describe(one) for one in actions))
    more = f" and {len(told) - _SEVERAL} more" if len(told) > _SEVERAL else ""
    return "; ".join(told[:_SEVERAL]) + more


def _of_entry(one: Entry) -> Difference:
    return Difference(
        one.forge, one.kind, one.key, one.sig, one.problem, one.cause.text, one.first_seen, one.last_seen,
        one.resolved, one.by, one.weight == "drift",
    )  # fmt: skip
