"""Reviewing a proposal: both versions of the files, what lies between them, who must approve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from sigctl.app.before import config_before
from sigctl.app.context import Options, load
from sigctl.app.mail import Record
from sigctl.app.merge_request import Facts, facts, held_against, place_of, read_proposal
from sigctl.errors import UsageError
from sigctl.forges import traits_of
from sigctl.report.review import Review
from sigctl.review.announcing import digest, lists
from sigctl.review.effect import effect
from sigctl.review.needs import needs, with_outside
from sigctl.review.rights import Version
from sigctl.review.verdict import Opened, judge
from sigctl.review.warnings import warnings
from sigctl.spec import Config, Spec, resolve


def version(config: Config, today: date) -> Version:
    """Return what the files mean on a day, for every forge and every SIG."""
    traits = {name: traits_of(forge.type) for name, forge in config.spec.forges.items()}
    return Version.of(config, resolve(config, today=today, traits=traits), traits)


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of the merge request."""

    author: str = ""
    approved_by: tuple[str, ...] = ()
    opened: date | None = None
    objections: tuple[str, ...] = ()
    record: Record | None = None
    """What was mailed when."""
    change: str = ""
    """The name of the change in the record; the merge request's address where there is one."""
    merge_request: str = ""
    """Address of the merge request of which the rest is read; author and day that are given here win, the others add to it."""
    notes: tuple[str, ...] = ()
    """What was read and not counted, and why: in words."""
    outside: tuple[str, ...] = ()
    """What it changes besides the files: an admin looks at that."""


def review(
    base: str, options: Options, today: date, request: Request, env: Mapping[str, str] | None = None
) -> Review:
    """Return what the proposal comes to, measured against the files of `base` and judged by their policy.

    With a merge request in the request, its forge is asked, as the files of `base` name it; tokens are read from `env`.
    Raises ConfigError where the proposed files have problems, UsageError where those of `base` can't be read or a name is unknown,
    ForgeError where the merge request can't be read.
    """
    before, after = versions(base, options, today)
    if request.merge_request:
        request = _with_forge(request, before.config.spec, options.config, env or {})
    return of(before, after, today, base=base, request=request)


def _with_forge(request: Request, spec: Spec, config: Path, env: Mapping[str, str]) -> Request:
    place = place_of(request.merge_request, spec)
    if not place.number:
        raise UsageError(f"`{request.merge_request}` has no number of a merge request")
    found = read_proposal(place, env)
    notes = tuple(held_against(found, config))
    return with_facts(request, facts(found, place, spec), notes)


def with_facts(request: Request, told: Facts, notes: tuple[str, ...] = ()) -> Request:
    """Return the request with what a forge says of it: what was given wins for author and day, and is added to else."""
    return replace(
        request,
        author=request.author or told.author,
        approved_by=tuple(dict.fromkeys((*request.approved_by, *told.approved_by))),
        opened=request.opened or told.opened,
        objections=(*request.objections, *told.objections),
        change=request.change or request.merge_request,
        notes=(*request.notes, *told.notes, *notes),
    )


def versions(base: str, options: Options, today: date) -> tuple[Version, Version]:
    """Return the files of before and those of the proposal; raises as `review` does."""
    before = version(config_before(base, options.config, today, options.overrides), today)
    return before, version(load(options, today, before.config), today)


def of(
    before: Version, after: Version, today: date, *, base: str = "", request: Request | None = None
) -> Review:
    """Return the review of two versions."""
    asked = _named(request or Request(), before)
    unknown = sorted({*asked.approved_by} - set(before.config.spec.people))
    if unknown:
        raise UsageError(
            f"no person `{unknown[0]}` in the files of before",
            "--approved-by takes account names as under `people`",
        )
    found = effect(before, after)
    announced = asked.record.day(asked.change, digest(found)) if asked.record else None
    if not lists(found, before, after):
        announced = announced or asked.opened  # nobody has a list that could be told
    verdict = judge(
        with_outside(needs(found, before, after, today, asked.author), asked.outside),
        before.config.spec,
        today,
        author=asked.author,
        approved_by=asked.approved_by,
        opened=Opened(asked.opened, asked.objections, announced),
    )
    warned = warnings(found, before, after, today, asked.author)
    return Review(base, asked.author, found, verdict, warned, asked.notes)


def _named(request: Request, before: Version) -> Request:
    """Return the request with FORGE:LOGIN as the account it is by the files of before.

    Whoever has no account there is a stranger: as author nobody's chair, and his approval counts for nothing.
    """

    def account(name: str) -> str:
        forge, colon, login = name.partition(":")
        if not colon:
            return name
        logins = {one.casefold(): who for (where, one), who in before.accounts.items() if where == forge}
        return logins.get(login.casefold(), name)

    approved = tuple(found for one in request.approved_by if ":" not in (found := account(one)))
    return replace(request, author=account(request.author), approved_by=approved)
