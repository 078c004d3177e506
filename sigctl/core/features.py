"""Features that depend on each other: what is declared of one may ask for less of another, or be more than another lets it have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sigctl.core.kinds import Features, Resource
from sigctl.core.kinds.features import BELOW, rank
from sigctl.core.state import Note, SetAside, Traits


def within_reach(
    wanted: list[Resource],
    seen: Iterable[Resource],
    traits: Traits,
    notes: list[Note],
    aside: list[SetAside],
    *,
    forge: str,
) -> list[Resource]:
    """Return what is wanted with features that the forge has and that no other one forbids.

    One that nobody declares comes down with the one that it depends on, with a note; one that would be more open than what it
    depends on, and that is not declared, is set aside. A repository that is not there yet will have what each new one has.
    """
    if not any(isinstance(one, Features) for one in wanted):
        return wanted
    theirs = {one.key: one.given() for one in seen if isinstance(one, Features)}

    def fitted(one: Features) -> Features:
        there = theirs.get(one.key, {})
        return _fitted(_had(one, there, traits, notes), there or traits.features, forge, notes, aside)

    return [fitted(one) if isinstance(one, Features) else one for one in wanted]


def _had(ours: Features, there: dict[str, str], traits: Traits, notes: list[Note]) -> Features:
    """Return it with what this kind of forge has, and this very server, as far as it tells of the repository."""
    said = ours.given()
    lost = {name for name in said if name not in traits.features or (there and name not in there)}
    for name in sorted(lost):
        where = "this server" if name in traits.features else "this forge"
        notes.append(Note("unsupported", f"features.{name}", f"{_plain(name)} is not kept by {where}"))
    return Features.of(ours.repo, {name: who for name, who in said.items() if name not in lost})


def _fitted(
    ours: Features, there: Mapping[str, str], forge: str, notes: list[Note], aside: list[SetAside]
) -> Features:
    said = ours.given()
    fitted = dict(said)
    for name, above in BELOW.items():
        most = said.get(above) or there.get(above)
        now = said.get(name) or there.get(name)
        if most is None or now is None or rank(now) <= rank(most):
            continue
        if name not in said:
            fitted[name] = most
            text = f"{_plain(name)} of {ours.repo} goes down to `{most}`, since {above} does: none may be more open than it"
            notes.append(Note("rounded", ours.repo, text))
            continue
        del fitted[name]
        reason = f"{_plain(name)} for `{now}` is more than {above}, which is `{most}` there"
        hint = f"declare `features: {{{above}: {now}}}` too, or less of {name}"
        aside.append(SetAside(ours.repo, reason, forge, "", hint))
    return Features.of(ours.repo, fitted)


def clashes(given: dict[str, str]) -> list[tuple[str, str]]:
    """Return each declared feature that is more open than a declared one lets it be, with that one."""
    return [
        (name, above)
        for name, above in BELOW.items()
        if name in given and above in given and rank(given[name]) > rank(given[above])
    ]


def _plain(name: str) -> str:
    return name.replace("_", " ")
