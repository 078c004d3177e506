"""The reference in docs/, made from the commands and the models: `python -m sigctl.cli.reference docs/reference`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from sigctl.cli.root import cli
from sigctl.spec import docs


def pages() -> dict[str, str]:
    """Return the pages of the generated reference by file name."""
    return {"cli.md": "\n".join(_commands()) + "\n", "files.md": docs.fields(), "checks.md": docs.checks()}


def _commands() -> Iterator[str]:
    yield "# The command line"
    yield ""
    yield "Made from the commands themselves: `sigctl COMMAND --help` says the same."
    with _context(cli, None, "sigctl") as top:
        yield from _page(cli, top)


def _page(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f"\n## {context.command_path}\n\n```text\n{command.get_help(context)}\n```"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                with _context(inner, context, name) as below:
                    yield from _page(inner, below)


def _context(command: click.Command, parent: click.Context | None, name: str) -> click.Context:
    """Return a context with the command's own settings, which only `make_context` would read.

    A command keeps the help option of the first context that asks: with other settings here, the pages would hang on what ran before.
    """
    settings = {**command.context_settings, "terminal_width": 100}
    return click.Context(command, parent=parent, info_name=name, **settings)


def write(folder: Path) -> None:
    """Write the pages into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
