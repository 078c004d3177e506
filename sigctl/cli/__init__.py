"""The command line: the one room that prints and exits."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from sigctl.cli.root import cli
from sigctl.errors import ConfigError, SigctlError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and end the process with its exit code; nothing a user can cause shows a traceback."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:  # noqa: PLR0911  # one return for each way to end
    """Run the command and return its exit code."""
    try:
        found = cli.main(
            args=list(arguments) if arguments is not None else None, prog_name="sigctl", standalone_mode=False
        )
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.Abort:
        click.echo("\ninterrupted", err=True)
        return 130
    except click.ClickException as error:
        click.echo(
            f"error: {error.format_message()[:1].lower()}{error.format_message()[1:].rstrip('.')}", err=True
        )
        if isinstance(error, click.UsageError) and error.ctx is not None:
            click.echo(f"  hint: {error.ctx.command_path} --help", err=True)
        return 1
    except ConfigError as error:
        click.echo(str(error), err=True)
        count = len(error.problems)
        click.echo(f"{count} problem{'s' if count != 1 else ''}", err=True)
        return error.exit_code
    except SigctlError as error:
        click.echo(f"error: {error}", err=True)
        return error.exit_code
    except BrokenPipeError:
        sys.stderr.close()  # whoever read our output went away; Python would complain at exit
        return 1
    except KeyboardInterrupt:
        click.echo("\ninterrupted", err=True)
        return 130
    return found if isinstance(found, int) else 0
