"""Reviewing a proposal: both versions of the files, what lies between them, who must approve."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from sigctl.app.before import config_before
from sigctl.app.context import Options, load
from sigctl.errors import UsageError
from sigctl.forges import traits_of
from sigctl.report.review import Review
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


def review(
    base: str,
    options: Options,
    today: date,
    *,
    author: str = "",
    approved_by: Collection[str] = (),
    opened: Opened | None = None,
) -> Review:
    """Return what the proposal comes to, measured against the files of `base` and judged by their policy.

    Raises ConfigError where the proposed files have problems, UsageError where those of `base` can't be read or a name is unknown.
    """
    before = version(config_before(base, options.config, today), today)
    after = version(load(options, today, before.config), today)
    return of(before, after, today, base=base, author=author, approved_by=approved_by, opened=opened)


def of(
    before: Version,
    after: Version,
    today: date,
    *,
    base: str = "",
    author: str = "",
    approved_by: Collection[str] = (),
    opened: Opened | None = None,
) -> Review:
    """Return the review of two versions."""
    known = before.config.spec.people
    unknown = sorted({*approved_by} - set(known))
    if unknown:
        raise UsageError(
            f"no person `{unknown[0]}` in the files of before",
            "--approved-by takes account names as under `people`",
        )
    found = effect(before, after)
    verdict = judge(
        needs(found, before, after, today, author),
        before.config.spec,
        today,
        author=author,
        approved_by=approved_by,
        opened=opened,
    )
    return Review(base, author, found, verdict, warnings(found, before, after, today, author))
