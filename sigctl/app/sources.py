"""Binary sources: of a checkout, or of everything that is mirrored."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from sigctl.app.context import Context
from sigctl.app.mirroring import hops_chosen
from sigctl.app.moving import mirror_options
from sigctl.core.history import Hop
from sigctl.errors import InterruptedRunError, SigctlError
from sigctl.lookaside import reading
from sigctl.lookaside.bringing import Bringer, Place
from sigctl.lookaside.commits import Packer
from sigctl.lookaside.fetch import MAX_BYTES, Budget, Downloader
from sigctl.lookaside.model import Item, Survey
from sigctl.lookaside.script import script
from sigctl.lookaside.store import FileStore
from sigctl.lookaside.urls import Store
from sigctl.lookaside.wire import Wire
from sigctl.mirror import address, refs
from sigctl.mirror.advertise import Reader
from sigctl.mirror.cache import Cache
from sigctl.mirror.gate import Gate, place_of
from sigctl.mirror.git import Git
from sigctl.mirror.parallel import each
from sigctl.mirror.planning import families_of
from sigctl.spec.model import Lookaside

Verb = Literal["status", "verify", "fetch"]


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What the command line says about a run."""

    lookaside: Lookaside = field(default_factory=Lookaside)
    stores: tuple[str, ...] = ()
    """URLs in place of the stores of the files."""
    package: str = ""
    branch: str = ""
    jobs: int = 4
    max_bytes: int = MAX_BYTES
    replace: bool = False
    cache: Path | None = None
    """Folder of the local cache; None = the user's cache folder."""
    protocols: frozenset[str] = address.SAFE
    gate: Gate = field(default_factory=Gate)
    """Where stores, and the addresses that lines name, may lead."""
    told: Callable[[Item], None] = field(default=lambda _item: None)
    progress: Callable[[str, int, int], None] = field(default=lambda _path, _done, _all: None)
    stop: threading.Event = field(default_factory=threading.Event)


def _gate(options: SourceOptions) -> Gate:
    """Return where files may come from: a store that the command line names may be anywhere."""
    named = (place_of(url) for url in options.stores)
    return replace(
        options.gate, origins=options.gate.origins | {place for place in named if place is not None}
    )


def stores_of(options: SourceOptions) -> tuple[Store, ...]:
    """Return the stores to ask, in order."""
    if options.stores:
        return tuple(Store(url) for url in options.stores)
    return tuple(Store(one.url, one.layouts, one.branches) for one in options.lookaside.stores.values())


def checkout(verb: Verb, root: Path, options: SourceOptions) -> Survey:
    """Return what became of the sources of a checkout; SigctlError where it declares none."""
    git = Git(protocols=options.protocols, stop=options.stop, gate=_gate(options))
    package = reading.checkout(root, git, package=options.package, branch=options.branch)
    if not package.listed:
        raise SigctlError(f"{root}: no .PACKAGE.metadata and no sources file here", "run it in a checkout")
    return _run(verb, [Place(package, root)], options, git)


def mirrored(
    verb: Verb,
    context: Context,
    options: SourceOptions,
    repos: Sequence[str] = (),
    *,
    cached: bool = False,
) -> Survey:
    """Return what became of the sources of every branch of all mirrored repositories, with the local cache as their place.

    The tips come from the repositories themselves, into the mirror's cache; with `cached` from that cache alone, without a network.
    What can't be read is set aside, and the others go on.
    """
    moving = mirror_options(context)
    git = Git(protocols=moving["protocols"], stop=options.stop, gate=moving["gate"])
    reader, cache = Reader(git), Cache(git, context.options.cache)
    first: dict[tuple[str, str], tuple[str, Hop]] = {}
    for name, family in families_of(hops_chosen(context, repos, "")):
        for hop in sorted(family, key=lambda hop: hop.stage):
            first.setdefault((hop.sig, hop.repo), (name, hop))

    def one(found: tuple[str, Hop]) -> tuple[list[Place], tuple[str, str, str] | None]:
        name, hop = found
        context.watch.reading(f"{hop.sig}/{hop.repo}", "reading")
        try:
            return _tips(context, options, reader, cache, (name, hop), cached=cached), None
        except InterruptedRunError:
            raise
        except SigctlError as error:
            return [], (f"{hop.sig}/{hop.repo}", error.text, error.hint)

    places: list[Place] = []
    aside: list[tuple[str, str, str]] = []
    try:
        for some, lost in each(one, list(first.values()), options.jobs, options.stop):
            places += some
            aside += [lost] if lost else []
    finally:
        reader.close()
    places.sort(key=lambda place: place.package.where)
    return replace(_run(verb, places, options, git), set_aside=tuple(sorted(aside)))


def _tips(
    context: Context,
    options: SourceOptions,
    reader: Reader,
    cache: Cache,
    found: tuple[str, Hop],
    *,
    cached: bool,
) -> list[Place]:
    name, hop = found
    if cached and not cache.exists(name):
        raise SigctlError("is not in the mirror's cache", "leave --cached out, or mirror it first")
    with cache.entry(name) as entry:
        if cached:
            tips = entry.tips(hop.source)
        else:
            remote = context.remote_of(hop.source)
            tips = dict(reader.read(remote).tips)
            heads = [ref for ref in tips if ref.startswith(refs.HEADS)]
            entry.fetch(hop.source, remote, tips, heads)
        wanted = refs.select(refs.Refs(tips), hop).wanted
        commits = {
            ref.removeprefix(refs.HEADS): one.sha for ref, one in wanted.items() if ref.startswith(refs.HEADS)
        }
        if options.branch:
            commits = {branch: sha for branch, sha in commits.items() if branch == options.branch}
        where = f"{hop.sig}/{hop.repo}"
        packages = reading.tips(entry.path, entry.git, commits, where, hop.repo, package=options.package)
        return [Place(package) for package in packages]


@contextmanager
def _bringer(options: SourceOptions, git: Git) -> Iterator[Bringer]:
    store = FileStore(options.cache, stop=options.stop)
    wire = Wire(jobs=options.jobs, stop=options.stop, gate=_gate(options))
    try:
        yield Bringer(
            store,
            Downloader(store, wire, budget=Budget(options.max_bytes), progress=options.progress),
            Packer(store, git),
            stores_of(options),
            options.jobs,
            options.replace,
            options.told,
            options.stop,
        )
    finally:
        wire.close()


def _run(verb: Verb, places: Sequence[Place], options: SourceOptions, git: Git) -> Survey:
    with _bringer(options, git) as bringer:
        if verb != "fetch":
            return bringer.status(places) if verb == "status" else bringer.verify(places)
        try:
            return bringer.fetch(places)
        finally:
            bringer.store.prune(options.lookaside.cache_megabytes << 20)


def get_sources_script(options: SourceOptions) -> str:
    """Return the standalone script, with the stores of the files in it."""
    return script(stores_of(options))
