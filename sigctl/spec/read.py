"""Reading a config whole: load, validate, check; all problems at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from sigctl.errors import ConfigError, Problem
from sigctl.spec.checks import run_checks
from sigctl.spec.checks.secrets import secret_problems
from sigctl.spec.config import Config, tidied
from sigctl.spec.load import load, paused_gc
from sigctl.spec.validate import validate


def read(
    path: Path, overrides: Sequence[str] = (), *, today: date | None = None, base: Config | None = None
) -> Config:
    """Return the config, with its warnings; ConfigError with every problem there is when it can't be used.

    `path` is the main file or its folder. `overrides` are PATH=VALUE, each sets one value for this run. `today` decides what
    has expired; left out, it is the day in UTC. `base` is the config of before, to find what would be left behind.
    """
    day = today or datetime.now(tz=UTC).date()
    try:
        loaded = load(path, overrides)
    except ConfigError as error:
        raise ConfigError(tidied(error.problems)) from None
    with paused_gc():
        spec, findings, dropped = validate(loaded.data)
        if spec is not None and loaded.whole:
            findings += run_checks(
                spec, loaded.files, today=day, dropped=frozenset(dropped), base=base.spec if base else None
            )
    errors = [finding for finding in findings if not finding.warning]
    problems = [*loaded.problems, *loaded.files.problems(errors)]
    said = {(problem.file, problem.line) for problem in problems}
    problems += [one for one in secret_problems(loaded.files.all()) if (one.file, one.line) not in said]
    if spec is None or problems:
        raise ConfigError(tidied(problems))
    warnings: list[Problem] = loaded.files.problems(finding for finding in findings if finding.warning)
    return Config(spec, loaded.files.main.path.parent, loaded.files, tuple(tidied(warnings)))
