"""The checks that compare parts of the config with each other: a table of named functions."""

from __future__ import annotations

from datetime import date

from sigctl.spec.checks.base import Check, Context
from sigctl.spec.checks.names import CHECKS as NAMES
from sigctl.spec.config import Files, Finding
from sigctl.spec.model import Spec

CHECKS: tuple[Check, ...] = (*NAMES,)


def run_checks(
    spec: Spec, files: Files, *, today: date, dropped: frozenset[str] = frozenset()
) -> list[Finding]:
    """Return what every check finds; `dropped` are names that were left out with an earlier problem, whose absence says nothing."""
    context = Context(spec, files, today, dropped)
    return [finding for check in CHECKS for finding in check.findings(context)]
