"""sources: the binary files of packages that are not in git."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from sigctl.app import sources as use
from sigctl.app.context import Options, Watch, load
from sigctl.app.moving import gate_of
from sigctl.app.sources import SourceOptions
from sigctl.app.uploading import upload as put
from sigctl.cli import show
from sigctl.cli.interrupt import interruptible
from sigctl.cli.options import common, format_option, logs
from sigctl.lookaside.fetch import MAX_BYTES
from sigctl.lookaside.model import Item, Looked, Survey, stale_first
from sigctl.report.words import plain
from sigctl.spec import Spec

F = TypeVar("F", bound=Callable[..., Any])
_QUIET = frozenset({"present", "good", "kept"})


@click.group()
def sources() -> None:
    """Work on binary sources: what `.PACKAGE.metadata` and `sources` declare, and the stores that have it."""


def _which(function: F) -> F:
    """Give a command the options that say which package, branch and stores."""
    options = [
        click.option("--package", default="", metavar="NAME", help="Name of the package in the store."),
        click.option(
            "--branch",
            default="",
            metavar="NAME",
            help="Branch in whose name the files are stored; left out: every remote branch that contains HEAD.",
        ),
        click.option(
            "--sources-cache",
            type=click.Path(path_type=Path),
            default=None,
            help="Folder for downloaded files, shared by all checkouts; may be deleted at any time.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def _over(function: F) -> F:
    """Give a command the choice between a checkout and all mirrored repositories."""
    options = [
        click.argument("checkout", type=click.Path(path_type=Path), default=Path()),
        click.option("--mirrored", is_flag=True, help="Every branch of all mirrored repositories."),
        click.option("--cached", is_flag=True, help="With --mirrored: as the mirror's cache has them, offline."),
        click.option("--repo", "repos", multiple=True, metavar="NAME", help="With --mirrored: only this one. Repeatable."),
        click.option("--forge", "forges", multiple=True, metavar="NAME", help="With --mirrored: only this forge. Repeatable."),
        click.option("--sig", "sigs", multiple=True, metavar="NAME", help="With --mirrored: only this SIG. Repeatable."),
        click.option("--rewrite", "rewrites", multiple=True, metavar="PREFIX=OTHER", help="With --mirrored: as for `mirror`."),
        click.option("--cache", type=click.Path(path_type=Path), default=None, help="With --mirrored: folder for git objects."),
        click.option("--jobs", type=click.IntRange(1, 64), default=4, show_default=True, help="Files at once."),
    ]  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


_store = click.option(
    "--store",
    "stores",
    multiple=True,
    metavar="URL",
    help="Ask this store in place of those of the files. Repeatable.",
)


@sources.command(
    epilog="""\b
examples:
  sigctl sources status                  exit 2 when files are missing or lines are stale
  sigctl sources status --mirrored --sig virt"""
)
@_over
@common
@_which
@format_option("text", "json")
def status(format_: str, **given: Any) -> int:
    """Say which files are there, which are missing, and which lines no spec needs any more; nothing is downloaded."""
    return _look("status", format_, given)


@sources.command(
    epilog="""\b
examples:
  sigctl sources verify
  sigctl sources verify ~/rpms/xen --format json"""
)
@_over
@common
@_which
@format_option("text", "json")
def verify(format_: str, **given: Any) -> int:
    """Read every file and compare it with its hash; exit 1 when one differs, 2 when one is missing."""
    return _look("verify", format_, given)


@sources.command(
    epilog="""\b
examples:
  sigctl sources fetch
  sigctl sources fetch --branch c10s-sig-virt --jobs 8
  sigctl sources fetch --mirrored --repo xen     into the local cache"""
)
@_over
@common
@_which
@_store
@click.option("--replace", is_flag=True, help="Replace files that are there with other content.")
@click.option(
    "--max-bytes",
    type=click.IntRange(1),
    default=MAX_BYTES,
    show_default=True,
    help="Bytes that the run may download.",
)
@format_option("text", "json")
def fetch(format_: str, **given: Any) -> int:
    """Bring every file that is declared: resumed, verified, whole or not at all."""
    return _look("fetch", format_, given)


@sources.command(
    epilog="""\b
examples:
  sigctl sources upload                          all that is declared and that the store lacks
  sigctl sources upload SOURCES/xen-4.17.tar.gz  and declare it
  sigctl sources upload --settle                 and take the addresses off the lines"""
)
@click.argument("files", nargs=-1)
@click.option("--checkout", type=click.Path(path_type=Path), default=Path(), help="Folder of the checkout.")
@common
@_which
@click.option(
    "--to",
    "store",
    default="",
    metavar="NAME",
    help="Store by its name in the files; left out: the first with a form.",
)
@click.option("--settle", is_flag=True, help="Take the address off each line whose file the store has now.")
@format_option("text", "json")
def upload(
    format_: str, files: tuple[str, ...], checkout: Path, store: str, *, settle: bool, **given: Any
) -> int:
    """Put files into a store, with the client certificate that the config names for it."""
    with _running(given) as (options, _):
        done = put(checkout, files, options, store, settle=settle)
    if format_ == "json":
        show.data(
            {
                "format": "sigctl/uploads/1",
                "files": [asdict(one) for one in done.files],
                "changed": list(done.changed),
            }
        )
    else:
        for one in done.files:
            click.echo(plain(f"{one.state}: {one.path}{f': {one.reason}' if one.reason else ''}"))
            if one.hint:
                click.echo(f"  hint: {plain(one.hint)}")
        for name in done.changed:
            click.echo(plain(f"changed: {name}"))
    return 1 if any(one.state == "failed" for one in done.files) else 0


@sources.command(
    epilog="""\b
examples:
  sigctl sources script > get_sources.sh && chmod +x get_sources.sh"""
)
@common
@_store
def script(**given: Any) -> int:
    """Print a get_sources.sh that needs a POSIX shell, awk, curl and sha*sum only, for a repository to carry itself."""
    with _running(given) as (options, _):
        click.echo(use.get_sources_script(options), nl=False)
    return 0


def _look(verb: use.Verb, format_: str, given: dict[str, Any]) -> int:
    if given["mirrored"]:
        found = _mirrored(verb, given)
    else:
        for name in ("cached", "repos", "forges", "sigs", "rewrites"):
            if given[name]:
                raise click.UsageError(
                    f"--{name.removesuffix('s') if name != 'cached' else name} needs --mirrored"
                )
        with _running(given) as (options, _):
            found = use.checkout(verb, given["checkout"], options)
    if format_ == "json":
        show.data(found.as_json())
    else:
        _print(found, verbose=given["verbose"])
    return found.exit_code


def _mirrored(verb: use.Verb, given: dict[str, Any]) -> Survey:
    from sigctl.cli.plan import running  # noqa: PLC0415  # opens forges, which a checkout does not need

    with running(given) as (context, shown):
        options = replace(
            _options(given, context.config.spec),
            stop=context.watch.stop,
            told=lambda item: shown.reading("sources", f"{item.state} {item.source.path}"),
            progress=_bytes(shown),
        )
        return use.mirrored(verb, context, options, given["repos"], cached=given["cached"])


@contextmanager
def _running(given: dict[str, Any]) -> Iterator[tuple[SourceOptions, show.Shown]]:
    """Give the options of a run that needs no forge, and show its progress."""
    logs(given["verbose"])
    options = _options(given, _spec(given["config"], given["overrides"]))
    watch = Watch(stop=options.stop)
    with (
        interruptible(options.stop),
        show.showing(watch, verbose=given["verbose"], no_color=given["no_color"]) as shown,
    ):
        yield (
            replace(
                options,
                told=lambda item: shown.reading("sources", f"{item.state} {item.source.path}"),
                progress=_bytes(shown) if os.isatty(2) else options.progress,
            ),
            shown,
        )


def _bytes(shown: show.Shown) -> Callable[[str, int, int], None]:
    """Tell how far a download is, now and then."""

    def told(path: str, done: int, total: int) -> None:
        of = f" of {total >> 20}" if total else ""
        shown.reading("sources", f"{path} {done >> 20}{of} MiB")

    return told if os.isatty(2) else lambda _path, _done, _all: None


def _options(given: dict[str, Any], spec: Spec | None) -> SourceOptions:
    base = SourceOptions(stores=tuple(given.get("stores", ())))
    if spec is not None:
        base = replace(base, lookaside=spec.lookaside, gate=gate_of(spec))
    return replace(
        base,
        package=given.get("package", ""),
        branch=given.get("branch", ""),
        jobs=given.get("jobs", base.jobs),
        max_bytes=given.get("max_bytes", base.max_bytes),
        replace=given.get("replace", False),
        cache=given.get("sources_cache"),
    )


def _spec(config: Path, overrides: tuple[str, ...]) -> Spec | None:
    """Return what the files say, of stores above all; None without files (in a package's checkout, say)."""
    context = click.get_current_context()
    default = context.get_parameter_source("config") is click.core.ParameterSource.DEFAULT
    if default and not overrides and not config.exists():
        return None
    return load(Options(config=config, overrides=overrides), date.today()).spec  # noqa: DTZ011  # the day of whoever runs this


def _print(found: Survey, *, verbose: int) -> None:
    for one in found.looked:
        _package(one, verbose=verbose)
    for subject, reason, hint in found.set_aside:
        click.echo(plain(f"set aside: {subject}: {reason}"))
        if hint:
            click.echo(f"  hint: {plain(hint)}")
    told = ", ".join(f"{count} {name}" for name, count in found.counts().items())
    packages = f"{len(found.looked)} branches: " if len(found.looked) > 1 else ""
    click.echo(f"{packages}{told or 'nothing is declared'}")


def _package(one: Looked, *, verbose: int) -> None:
    manifest = one.package.manifest
    items = [item for item in stale_first(one.items) if verbose or item.state not in _QUIET]
    if not (items or manifest.problems or manifest.duplicates or (verbose and manifest.overridden)):
        return
    click.echo(plain(f"{one.package.where} ({one.package.name})"))
    for problem in manifest.problems:
        click.echo("\n".join(f"  {plain(line)}" for line in str(problem).splitlines()))
    for item in items:
        _item(item)
    for source in manifest.duplicates:
        click.echo(plain(f"  duplicate: {source.file}:{source.line}: {source.path}"))
    for source in manifest.overridden if verbose else ():
        click.echo(plain(f"  overridden by sources: {source.file}:{source.line}: {source.path}"))


def _item(item: Item) -> None:
    reason = f": {item.reason}" if item.reason else ""
    come = f" from {item.url}" if item.url else ""
    click.echo(plain(f"  {item.state}: {item.source.path}{reason}{come}"))
    if item.hint and item.state in ("failed", "differs", "stale"):
        click.echo(f"    hint: {plain(item.hint)}")
