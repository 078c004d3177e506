"""Reviewing a proposal: both versions of the files, what lies between them, who must approve."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from sigctl.app.before import config_before
from sigctl.app.context import Options, load
from sigctl.app.mail import Record
from sigctl.errors import UsageError
from sigctl.forges import traits_of
from sigctl.report.review import Review
from sigctl.review.announcing import digest, lists
from sigctl.review.effect import effect
from sigctl.review.needs import needs
from sigctl.review.rights import Version
from sigctl.review.verdict import Opened, judge
from sigctl.review.warnings import warnings
from sigctl.spec import Config, resolve


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
    """The name of the change in the record."""


def review(base: str, options: Options, today: date, request: Request) -> Review:
    """Return what the proposal comes to, measured against the files of `base` and judged by their policy.

    Raises ConfigError where the proposed files have problems, UsageError where those of `base` can't be read or a name is unknown.
    """
    before, after = versions(base, options, today)
    return of(before, after, today, base=base, request=request)


def versions(base: str, options: Options, today: date) -> tuple[Version, Version]:
    """Return the files of before and those of the proposal; raises as `review` does."""
    before = version(config_before(base, options.config, today), today)
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
        needs(found, before, after, today, asked.author),
        before.config.spec,
        today,
        author=asked.author,
        approved_by=asked.approved_by,
        opened=Opened(asked.opened, asked.objections, announced),
    )
    return Review(base, asked.author, found, verdict, warnings(found, before, after, today, asked.author))


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
