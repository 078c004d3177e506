"""The mirror as others use it: plan, push, check."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypedDict, TypeVar, Unpack

from sigctl.core.history import Hop
from sigctl.core.plan import Action
from sigctl.mirror import address, planning, pushing, restoring
from sigctl.mirror.advertise import READERS, Reader
from sigctl.mirror.cache import Cache
from sigctl.mirror.gate import ANYWHERE, Gate
from sigctl.mirror.git import Git
from sigctl.mirror.model import Kept, MirrorPlan, OnOutcome, OnStep, RefOutcome, RemoteOf
from sigctl.mirror.patience import Patience
from sigctl.mirror.tools import MAX_REFS, Tools

T = TypeVar("T")
JOBS = 4
"""Repositories whose objects move at once: packing keeps a core busy each."""
NOTHING: frozenset[tuple[str, str]] = frozenset()


class Options(TypedDict, total=False):
    """How to run; each may be left out."""

    jobs: int
    """Families of repositories whose objects move at once."""
    readers: int
    """Requests for refs at once."""
    cache: Path
    """Folder of the object cache; the user's cache folder unless given."""
    progress: OnStep
    """Told where the run is, from other threads, one call at a time."""
    stop: threading.Event
    """When set, the run ends soon; set by the run itself when it is broken off."""
    protocols: frozenset[str]
    """`address.SAFE` unless given; `address.TRUSTING` for sandboxes."""
    git: str
    """The program."""
    gate: Gate
    """Where names may lead; anywhere unless given."""
    max_bytes: int
    """Bytes that one fetch or push may move; 64 GiB unless given."""
    max_refs: int
    """Refs of one repository that may be brought; 50,000 unless given."""
    seconds: float
    """How long one fetch or push may take; two hours unless given."""
    stream: bool
    """Whether a first copy goes straight from the source to an empty target while it is checked; so unless told otherwise."""
    bundles: Path
    """Folder for bundles of what a policy overwrites or deletes; in the cache alone unless given."""


def plan(
    hops: Iterable[Hop],
    remote_of: RemoteOf,
    *,
    missing: frozenset[tuple[str, str]] = NOTHING,
    **options: Unpack[Options],
) -> MirrorPlan:
    """Return what is to be done so that every target has its source's refs; nothing outside of the cache is changed.

    `missing` names the repositories, (forge, path), that are created before the push: they count as empty. Where nothing differs
    it costs one request a repository and no git process. Raises InterruptedRunError after `stop`; what concerns one repository
    is in `set_aside`, never raised.
    """
    with _tools(remote_of, options) as tools:
        return planning.make(hops, tools, missing, options.get("jobs", JOBS))


def check(
    hops: Iterable[Hop],
    remote_of: RemoteOf,
    *,
    missing: frozenset[tuple[str, str]] = NOTHING,
    **options: Unpack[Options],
) -> MirrorPlan:
    """Return the plan with, in its `states`, by how many commits each target is behind and since when; raises as `plan`."""
    with _tools(remote_of, options, count=True) as tools:
        return planning.make(hops, tools, missing, options.get("jobs", JOBS))


def push(
    done: MirrorPlan,
    remote_of: RemoteOf,
    *,
    actions: Collection[Action] | None = None,
    on_outcome: OnOutcome | None = None,
    **options: Unpack[Options],
) -> tuple[RefOutcome, ...]:
    """Return the outcome of every action of the plan (or of those chosen), each read back from its target.

    Nothing is forced or deleted unless a hop says so, and then the old tip is kept first (see `restore`). A ref that moved since
    the plan is left as it is and reported. After `stop` the rest is skipped and said to be. Outcomes come in the order of the
    plan; `on_outcome` gets them as they happen, one at a time, also those before a KeyboardInterrupt.
    """
    chosen = None if actions is None else frozenset(action.id for action in actions)
    with _tools(remote_of, options) as tools:
        outcomes = pushing.carry_out(
            done.families, chosen, tools, options.get("jobs", JOBS), _one_at_a_time(on_outcome)
        )
    place = {action.id: number for number, action in enumerate(done.actions)}
    return tuple(sorted(outcomes, key=lambda outcome: place[outcome.action.id]))


def kept(hops: Iterable[Hop], remote_of: RemoteOf, **options: Unpack[Options]) -> tuple[Kept, ...]:
    """Return the old tips that are kept of what was overwritten or deleted at the hops' targets, oldest first."""
    with _tools(remote_of, options) as tools:
        return tuple(restoring.find(hops, tools))


def restore(
    one: Kept, hops: Iterable[Hop], remote_of: RemoteOf, *, name: str = "", **options: Unpack[Options]
) -> RefOutcome:
    """Return the outcome of bringing an old tip back to its target, as `name` (a full ref) or under its own name.

    What stands there now is kept in turn. While the files still say overwrite or delete, the next run takes it away again. Raises
    UsageError for a name or a target that can't be, ForgeError or GitError when the target can't be read.
    """
    with _tools(remote_of, options) as tools:
        return restoring.bring_back(one, hops, tools, name)


def _one_at_a_time(told: Callable[[T], None] | None) -> Callable[[T], None] | None:
    if told is None:
        return None
    lock = threading.Lock()

    def locked(news: T) -> None:
        with lock:
            told(news)

    return locked


@contextmanager
def _tools(remote_of: RemoteOf, options: Options, *, count: bool = False) -> Iterator[Tools]:
    stop = options.get("stop") or threading.Event()
    git = Git(
        options.get("git", "git"),
        options.get("protocols", address.SAFE),
        stop=stop,
        gate=options.get("gate", ANYWHERE),
    )
    if "max_bytes" in options:
        git = replace(git, max_bytes=options["max_bytes"])
    if "seconds" in options:
        git = replace(git, timeout=options["seconds"])
    reader = Reader(git, readers=options.get("readers", READERS))
    try:
        told = _one_at_a_time(options.get("progress"))
        cache = Cache(git, options.get("cache"))
        yield Tools(
            reader,
            cache,
            Patience(stop),
            remote_of,
            told,
            count=count,
            max_refs=options.get("max_refs", MAX_REFS),
            stream=options.get("stream", True),
            bundles=options.get("bundles"),
        )
    finally:
        reader.close()
