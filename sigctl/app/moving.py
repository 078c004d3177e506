"""How histories are read and moved in a run: options from the files and the command line, and what is told on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

from sigctl.app.context import Context, Watch
from sigctl.mirror.model import Step
from sigctl.spec import Spec

if TYPE_CHECKING:
    from sigctl.mirror.gate import Gate
    from sigctl.mirror.run import Options as MirrorOptions

_ALL = "histories"
_TOTALS = {"read": "repositories read", "compared": "compared", "brought": "brought"}
_GIB = 1 << 30


def mirror_options(context: Context) -> MirrorOptions:
    """Return how histories are read and moved in this run; files only where the command line rewrites a URL to one."""
    from sigctl.mirror import address  # noqa: PLC0415  # only where histories are compared

    limits = context.config.spec.policy.mirror.limits
    options: MirrorOptions = {
        "jobs": context.options.jobs,
        "stop": context.watch.stop,
        "protocols": address.TRUSTING if _has_files(context) else address.SAFE,
        "progress": Progress(context.watch),
        "gate": gate_of(context.config.spec, (other for _, other in context.options.rewrites)),
        "max_refs": limits.refs,
        "max_bytes": limits.gib * _GIB,
        "seconds": limits.minutes * 60.0,
    }
    if context.options.cache is not None:
        options["cache"] = context.options.cache
    if context.options.bundles is not None:
        options["bundles"] = context.options.bundles
    return options


def gate_of(spec: Spec, named: Iterable[str] = ()) -> Gate:
    """Return where histories and binary sources may come from: the internet, what admins wrote down, and URLs that the command line names."""
    from sigctl.mirror.gate import opened  # noqa: PLC0415  # only where something is fetched

    forges = spec.forges.values()
    ours = [*(str(one.url) for one in forges), *(one.ssh.url for one in forges if one.ssh)]
    return opened(spec.policy.internal_hosts, (*ours, *named))


def _has_files(context: Context) -> bool:
    return any(replacement.startswith("file:") for _, replacement in context.options.rewrites)


class Progress:
    """Tells of each repository at work, and of all together, in tenths: a transfer has thousands of steps."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._said: dict[str, str] = {}
        self._lock = threading.Lock()

    def __call__(self, step: Step) -> None:
        """Pass a step on, unless it says what was said before."""
        if step.phase in _TOTALS:
            self._say(
                _ALL,
                f"{step.done} of {step.total} {_TOTALS[step.phase]}",
                quiet=step.done % max(1, step.total // 10),
            )
        elif step.phase == "done":
            with self._lock:
                known = self._said.pop(step.repo, "")
            if known:
                self._watch.ended(step.repo)
        else:
            part = f" {10 * (10 * step.done // step.total)} %" if step.total else ""
            self._say(step.repo, f"{step.phase} {step.what}".strip() + part)

    def _say(self, where: str, what: str, *, quiet: int = 0) -> None:
        with self._lock:
            if quiet or self._said.get(where) == what:
                return
            self._said[where] = what
        self._watch.reading(where, what)
