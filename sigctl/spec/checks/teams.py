"""Teams within teams, teams without people, SIGs without chairs."""

from __future__ import annotations

from collections.abc import Iterator

from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding
from sigctl.spec.layout import team_ref
from sigctl.spec.resolve.roster import Roster, TeamKey
from sigctl.spec.yamlfault import Path


def _contained(context: Context) -> Iterator[tuple[TeamKey, TeamKey, Path]]:
    """Yield (outer, inner, place) for every team that is within another."""
    for sig, path, group in context.groups:
        for team, config in group.teams.items():
            for n, sub in enumerate(config.teams):
                yield (sig, team), team_ref(sub.team, sig), (*path, "teams", team, "teams", n)


def _cycle(context: Context) -> Iterator[Finding]:
    inner: dict[TeamKey, list[tuple[TeamKey, Path]]] = {}
    for outer, found, path in _contained(context):
        inner.setdefault(outer, []).append((found, path))
    done: set[TeamKey] = set()

    def walk(team: TeamKey, way: list[TeamKey]) -> Iterator[Finding]:
        for found, path in inner.get(team, ()):
            if found in way:
                circle = [*way[way.index(found) :], found]
                text = " -> ".join("/".join(one) for one in circle)
                yield Finding(path, f"teams contain each other: {text}", "take one of them out of the other")
            elif found not in done:
                yield from walk(found, [*way, found])
        done.add(team)

    for team in sorted(inner):
        if team not in done:
            yield from walk(team, [team])


def _not_allowed(context: Context) -> Iterator[Finding]:
    used = [(inner, outer[0], path) for outer, inner, path in _contained(context)]
    used += [
        (team_ref(s, sig), sig, path)
        for s, sig, path in context.subjects
        if sig and not s.startswith("person:")
    ]
    for (sig, team), by, path in used:
        owner = context.spec.sigs.get(sig)
        config = owner.all_teams().get(team) if owner else None
        if config is None or by == sig or "*" in config.usable_by or by in config.usable_by:
            continue
        hint = f"sig {sig} has to write `usable_by: [{by}]` at its team `{team}`"
        yield Finding(path, f"sig {sig} does not let sig {by} use its team `{team}`", hint)


def _empty(context: Context) -> Iterator[Finding]:
    roster = Roster(context.spec, context.today)
    told: set[TeamKey] = set()
    for subject, sig, path in context.subjects:
        team = team_ref(subject, sig)
        owner = context.spec.sigs.get(team[0])
        if subject.startswith("person:") or owner is None or team[1] not in owner.all_teams() or team in told:
            continue
        emptied = owner.status == "retired" and owner.empty_teams
        if not emptied and not roster.members(team):
            told.add(team)
            yield Finding(
                path,
                f"the team `{subject}` has rights, but nobody in it",
                "add members, or take the right out",
            )


def _no_chair(context: Context) -> Iterator[Finding]:
    for name, sig in context.spec.sigs.items():
        if sig.status == "active" and not any(
            c.until is None or c.until >= context.today for c in sig.chairs
        ):
            hint = "add `chairs: [ACCOUNT]`, or {person: ACCOUNT, acting: true}; without one only admins can approve changes"
            yield Finding(("sigs", name), "has no chair", hint, subject=f"sig {name}")


CHECKS = (
    Check("team-cycle", "No team contains itself, directly or through others.", _cycle),
    Check(
        "team-not-allowed",
        "A team of another SIG is used only where that SIG's `usable_by` allows it.",
        _not_allowed,
    ),
    Check("empty-team", "A team with rights has somebody in it today.", _empty, warning=True),
    Check("no-chair", "An active SIG has a chair.", _no_chair, warning=True),
)
