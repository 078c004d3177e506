"""The command line is documented, completes, and starts quickly because it imports little."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from sigctl.cli import reference
from sigctl.cli.root import COMMANDS, cli

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
SIGCTL = Path(sys.executable).with_name("sigctl")


@pytest.mark.parametrize("name", ["cli.md", "files.md", "checks.md"])
def test_the_generated_reference_is_up_to_date(name):
    assert (DOCS / name).read_text(encoding="utf-8") == reference.pages()[name], "run `make docs`"


def _commands(command=cli, path="sigctl"):
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from _commands(command.get_command(context, name), f"{path} {name}")


@pytest.mark.parametrize(
    ("path", "command"), list(_commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_and_option_says_what_it_does(path, command):
    assert command.help, path
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{path} {parameter.name}"


@pytest.mark.parametrize("name", [n for n in COMMANDS if n not in ("sandbox", "people")])
def test_every_command_that_does_something_has_examples(name):
    context = click.Context(cli)
    command = cli.get_command(context, name)
    inner = [command] if not isinstance(command, click.Group) else list(command.commands.values())
    assert any("examples:" in (one.epilog or "") for one in inner)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_complete(shell):
    env = {**os.environ, "_SIGCTL_COMPLETE": f"{shell}_source"}
    done = subprocess.run([SIGCTL], env=env, capture_output=True, text=True, check=False)
    assert "_SIGCTL_COMPLETE" in done.stdout


def test_help_imports_no_vendor_library():
    code = (
        "import sys; from sigctl.cli import run; run(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for name in ("github", "gitlab", "pydantic", "rich", "requests", "yaml", "ruamel"):
        assert f"'{name}'" not in done.stderr, name


def test_nothing_is_coloured_where_nobody_can_see_it():
    done = subprocess.run([SIGCTL, "--help"], capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout
