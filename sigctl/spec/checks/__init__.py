"""The checks that compare parts of the config with each other: a table of named functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sigctl.core.state import Traits
from sigctl.spec.checks.addresses import CHECKS as ADDRESSES
from sigctl.spec.checks.base import Check, Context
from sigctl.spec.checks.branches import CHECKS as BRANCHES
from sigctl.spec.checks.dates import CHECKS as DATES
from sigctl.spec.checks.drift import CHECKS as DRIFT
from sigctl.spec.checks.duplicates import CHECKS as DUPLICATES
from sigctl.spec.checks.forges import CHECKS as FORGES
from sigctl.spec.checks.names import CHECKS as NAMES
from sigctl.spec.checks.parts import CHECKS as PARTS
from sigctl.spec.checks.places import CHECKS as PLACES
from sigctl.spec.checks.rights import CHECKS as RIGHTS
from sigctl.spec.checks.secrets import CHECKS as SECRETS
from sigctl.spec.checks.teams import CHECKS as TEAMS
from sigctl.spec.config import Files, Finding
from sigctl.spec.model import Spec

CHECKS: tuple[Check, ...] = (
    *NAMES,
    *DUPLICATES,
    *TEAMS,
    *RIGHTS,
    *DATES,
    *DRIFT,
    *PLACES,
    *BRANCHES,
    *FORGES,
    *PARTS,
    *SECRETS,
    *ADDRESSES,
)


def run_checks(
    spec: Spec,
    files: Files,
    *,
    today: date,
    dropped: frozenset[str] = frozenset(),
    base: Spec | None = None,
    traits: Mapping[str, Traits] | None = None,
) -> list[Finding]:
    """Return what every check finds.

    `dropped` are names that were left out with an earlier problem, whose absence says nothing; `base` is the config of before, if
    there is one; `traits` are by type of forge, in place of the adapters' own.
    """
    context = Context(spec, files, today, dropped, base, traits)
    return [finding for check in CHECKS for finding in check.findings(context)]
