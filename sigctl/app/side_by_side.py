"""Reading all forges of a run at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sigctl.app.context import Context
from sigctl.core.state import SetAside
from sigctl.errors import ForgeError, InterruptedRunError
from sigctl.forges.base import Forge

T = TypeVar("T")


def of_each_forge(
    context: Context, read: Callable[[Forge], T], hint: str = ""
) -> tuple[dict[str, T], list[SetAside]]:
    """Return what was read of each forge, and those that are set aside, with this hint where the failure has none.

    InterruptedRunError where the run was asked to stop meanwhile, though all could be read.
    """
    found: dict[str, T] = {}
    aside = list(context.set_aside)
    with ThreadPoolExecutor(max(1, len(context.forges)), "observe") as pool:
        running = {name: pool.submit(read, forge) for name, forge in context.forges.items()}
        for name, future in sorted(running.items()):
            try:
                found[name] = future.result()
            except InterruptedRunError:
                raise _interrupted() from None
            except ForgeError as error:
                aside.append(SetAside(name, error.text, name, "", error.hint or hint))
    if context.watch.stop.is_set():
        raise _interrupted()
    return found, aside


def _interrupted() -> InterruptedRunError:
    return InterruptedRunError("interrupted while reading; nothing was changed")
