"""Options that every command has, and how a command gets its run."""

from __future__ import annotations

import functools
import logging
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def common(function: F) -> F:
    """Give a command the options that all commands share."""
    options = [
        click.option(
            "--config",
            type=click.Path(path_type=Path),
            default=Path("config/sigs.yaml"),
            show_default=True,
            help="File or folder of the config.",
        ),
        click.option(
            "--set",
            "overrides",
            multiple=True,
            metavar="KEY=VALUE",
            help="Override a value for this run, e.g. forges.github.url=URL. Repeatable.",
        ),
        click.option("-v", "verbose", count=True, help="Say more; twice for every request."),
        click.option("--no-color", is_flag=True, help="No colours (also: NO_COLOR=1)."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def scoped(function: F) -> F:
    """Give a command the options that narrow its scope."""
    options = [
        click.option("--forge", "forges", multiple=True, metavar="NAME", help="Only this forge. Repeatable."),
        click.option("--sig", "sigs", multiple=True, metavar="NAME", help="Only this SIG. Repeatable."),
        click.option(
            "--rewrite",
            "rewrites",
            multiple=True,
            metavar="PREFIX=OTHER",
            help="Fetch histories whose URL begins with PREFIX from OTHER instead. Repeatable.",
        ),
        click.option(
            "--jobs",
            type=click.IntRange(1, 64),
            default=4,
            show_default=True,
            help="Repositories whose history moves at once.",
        ),
        click.option(
            "--cache",
            type=click.Path(path_type=Path),
            default=None,
            help="Folder for git objects; may be deleted at any time.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def full_option(function: F) -> F:
    """Give a command --full."""
    return click.option(
        "--full",
        is_flag=True,
        help="Look also for invitations that wait on repositories where no file asks for a person: a request for each.",
    )(function)


def format_option(*formats: str) -> Callable[[F], F]:
    """Give a command --format with these choices; the first is the default."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Form of the output.",
    )


def pairs(values: tuple[str, ...], option: str) -> tuple[tuple[str, str], ...]:
    """Return PREFIX=OTHER values as pairs; a usage error where the `=` is missing."""
    out = []
    for value in values:
        left, equals, right = value.rpartition("=") if "://" in value else value.partition("=")
        if not equals or not left or not right:
            raise click.UsageError(f"{option} takes PREFIX=OTHER, not `{value}`")
        out.append((left, right))
    return tuple(out)


def logs(verbose: int) -> None:
    """Let our own log go to stderr: nothing by default, steps with -v, every request with -vv."""
    level = {0: logging.ERROR, 1: logging.INFO}.get(verbose, logging.DEBUG)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    logger = logging.getLogger("sigctl")
    logger.handlers[:] = [handler]
    logger.setLevel(level)


def colours(*, no_color: bool) -> bool:
    """Whether stdout shows colours: a terminal, and nobody said no (https://no-color.org)."""
    return sys.stdout.isatty() and not no_color and not os.environ.get("NO_COLOR")


@functools.cache
def width() -> int:
    """Return the columns of the terminal; 120 in a pipe, so that output does not depend on who reads it."""
    return shutil.get_terminal_size(fallback=(120, 24)).columns
