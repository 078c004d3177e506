"""adopt: from what forges hold to files that say so."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click

from sigctl.app.adopting import Wanted, files_of, forges_of, mapping_of, take_over, write
from sigctl.app.context import Watch
from sigctl.cli import show
from sigctl.cli.drift import audit_option
from sigctl.cli.interrupt import interruptible
from sigctl.cli.options import common, format_option, logs
from sigctl.errors import UsageError
from sigctl.report.words import plain

_SHOWN = 40


@click.command(
    epilog="""\b
examples:
  sigctl adopt --forge github --type github --url https://github.com --token env:GITHUB_TOKEN \\
    --repo-template "CentOS/sig-{sig}-{repo}" --team-template "sig-{sig}-{team}" --dir config
  sigctl adopt --config config --dir adopted            the forges and templates of files that there are
  sigctl adopt --snapshot snapshot.json --map sigs-of-repos.yaml --dir adopted
  sigctl adopt --into                                   adds what nobody declared to the files
  sigctl adopt --drift                                  writes what somebody did by hand into the files; shows the difference"""
)
@common
@format_option("text", "json")
@click.option(
    "--forge",
    "forges",
    multiple=True,
    metavar="NAME",
    help="Only this forge of the files; or the name of a new one. Repeatable.",
)
@click.option(
    "--org",
    "orgs",
    multiple=True,
    metavar="NAME",
    help="Org or top group to adopt; left out: those of the templates. Repeatable.",
)
@click.option(
    "--type",
    "type_",
    default="",
    metavar="TYPE",
    help="Kind of a forge that no files name yet: github, gitlab, pagure.",
)
@click.option("--url", default="", metavar="URL", help="Its address.")
@click.option(
    "--token",
    default="",
    metavar="env:NAME|file:PATH",
    help="Where its token is; one that may read is enough.",
)
@click.option(
    "--repo-template",
    default="",
    metavar="TEMPLATE",
    help="Its layout: path of a repository, with {sig} and {repo}.",
)
@click.option(
    "--team-template", default="", metavar="TEMPLATE", help="Name or path of a team, with {sig} and {team}."
)
@click.option(
    "--map",
    "mapping",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File that says whose a repository or team is, and who is who.",
)
@click.option(
    "--link-equal-logins",
    is_flag=True,
    help="Take equal logins on several forges for one person: you vouch for that.",
)
@click.option(
    "--snapshot",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Read this file from `sigctl snapshot`, and no forge.",
)
@click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write new files into this folder, which must be empty.",
)
@click.option("--into", is_flag=True, help="Add what nobody declared to the files of --config, in place.")
@click.option(
    "--drift", is_flag=True, help="Write what somebody did by hand into the files of --config, in place."
)
@click.option(
    "--dry-run", is_flag=True, help="With --into and --drift: show the difference and write nothing."
)
@audit_option
def adopt(
    format_: str,
    folder: Path | None,
    audit_file: Path | None,
    *,
    into: bool,
    drift: bool,
    dry_run: bool,
    **given: Any,
) -> int:
    """Turn what forges hold into files whose plan is empty; or what was done by hand into a change of the files, to be proposed."""
    logs(given["verbose"])
    if sum((folder is not None, into or drift)) != 1:
        raise UsageError(
            "where to?", "--dir FOLDER for new files; --into or --drift for the files of --config"
        )
    if into or drift:
        from sigctl.cli.adopt_into import into_files  # noqa: PLC0415  # only where it is asked for

        return into_files(given, format_, audit_file, undeclared=into, by_hand=drift, dry_run=dry_run)
    if folder is None:
        raise AssertionError(given)
    if dry_run:
        raise UsageError("--dry-run is for --into and --drift")
    today = date.today()  # noqa: DTZ011  # the day of whoever runs this
    watch = Watch()
    with interruptible(watch.stop), show.showing(watch, verbose=given["verbose"], no_color=given["no_color"]):
        made = take_over(_wanted(given), os.environ, watch, today)
    files = files_of(made)
    warnings = write(folder, files, today)
    if format_ == "json":
        show.data(
            {"files": sorted(files), "unsaid": [asdict(one) for one in made.unsaid], "warnings": warnings}
        )
        return 0
    for name in sorted(files):
        click.echo(str(folder / name))
    told(made.unsaid)
    return 0


def told(unsaid: Any) -> None:
    """Print what is left out."""
    if unsaid:
        click.echo(f"{len(unsaid)} things are not said in the files, and stay as they are:", err=True)
    for one in unsaid[:_SHOWN]:
        where = f"{one.forge} " if one.forge else ""
        click.echo(f"  {plain(where + one.subject)}: {plain(one.text)}", err=True)
    if len(unsaid) > _SHOWN:
        click.echo(f"  and {len(unsaid) - _SHOWN} more (--format json has all)", err=True)


def _wanted(given: dict[str, Any]) -> Wanted:
    names = list(given["forges"])
    new = {
        name: given[name]
        for name in ("type_", "url", "token", "repo_template", "team_template")
        if given[name]
    }
    if new:
        if len(names) != 1 or len(new) < 5:  # noqa: PLR2004  # all of them
            raise UsageError(
                "a new forge needs --forge NAME, --type, --url, --token, --repo-template and --team-template",
                "or put it into a file and name that with --config",
            )
        entry = {
            "type": new["type_"],
            "url": new["url"],
            "token": new["token"],
            "repo": new["repo_template"],
            "team": new["team_template"],
        }
        forges = {names[0]: entry}
    else:
        every = forges_of(given["config"])
        unknown = sorted(set(names) - set(every))
        if unknown:
            raise UsageError(f"no forge `{unknown[0]}` in the files", f"one of {', '.join(sorted(every))}")
        forges = {name: one for name, one in every.items() if not names or name in names}
    for value in given["overrides"]:
        key, _, text = value.partition("=")
        head, _, name_field = key.partition(".")
        name, _, field_ = name_field.rpartition(".")
        if head == "forges" and name in forges:
            forges[name][field_] = text
    said = mapping_of(given["mapping"], link_equal=given["link_equal_logins"]) if given["mapping"] else None
    if said is None:
        from sigctl.adopt.model import Said  # noqa: PLC0415  # only without a file

        said = Said(link_equal_logins=given["link_equal_logins"])
    return Wanted(forges, frozenset(given["orgs"]), given["snapshot"], said)
