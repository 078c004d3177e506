"""The commands by name; each is imported when it is called, so that --help is quick."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version

import click

COMMANDS = {
    "validate": ("files", "read and check the files, offline"),
    "fmt": ("files", "put the files in canonical order, comments kept"),
    "schema": ("files", "print the JSON Schema of the files"),
    "explain": ("files", "say where a value of the config comes from"),
    "people": ("files", "pin the ids of people's accounts"),
    "review": ("review", "say what a proposal comes to and who must approve it"),
    "verdicts": ("verdicts", "judge every open merge request, comment on it and set its status"),
    "announce": ("announce", "mail a proposal to the lists of the SIGs it touches, once"),
    "codeowners": ("codeowners", "make a CODEOWNERS file from the chairs"),
    "plan": ("plan", "show what apply would do"),
    "apply": ("plan", "make the forges as declared, histories included"),
    "unlock": ("unlock", "take the lock across machines from a run that is gone"),
    "drift": ("drift", "say what differs, why and since when; exit 2 when something does"),
    "adopt": ("adopt", "make files from what forges hold, or from what was done by hand"),
    "webhook": ("webhook", "listen for events, and look for drift in what they are about"),
    "ci": ("ci", "write the pipelines"),
    "rehearse": ("rehearse", "try the files on embedded forges and prove the rights by pushes"),
    "access": ("access", "say who may do what, on which branch, on which forge, and by which way"),
    "report": ("report", "write a site that needs no server: access, drift, mirrors, audit"),
    "snapshot": ("snapshot", "write down what the forges hold, for plans without a token"),
    "mirror": ("mirror", "bring the histories where they belong, and nothing else"),
    "sources": ("sources", "check, fetch and upload the binary files that git does not hold"),
    "audit": ("audit", "read and check the log of what was changed"),
    "doctor": ("doctor", "check tokens, forges and tools"),
    "sandbox": ("sandbox", "run the embedded forges"),
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's signature
        if cmd_name not in COMMANDS:
            return None
        command = getattr(import_module(f"sigctl.cli.{COMMANDS[cmd_name][0]}"), cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


EPILOG = """\b
examples:
  sigctl validate
  sigctl plan --sig virt
  sigctl plan --out plan.json && sigctl apply --plan plan.json
  sigctl drift --format json
\b
exit codes:
  0 clean, 1 error, 2 changes pending, 3 refused by a guard, 130 interrupted
\b
shell completion:
  eval "$(_SIGCTL_COMPLETE=bash_source sigctl)"     (zsh_source, fish_source)"""


@click.group(cls=_Lazy, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("sigctl"), prog_name="sigctl")
def cli() -> None:
    """Declare and enforce who may do what on an open-source project's forges."""
