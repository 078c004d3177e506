"""Renames and transfers, of groups and of projects: the same two steps in an order that meets no other name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sigctl.errors import ForgeError, NotThereError, RefusedError
from sigctl.forges.gitlab.context import PROJECTS, Context
from sigctl.forges.gitlab.names import last_of, parent_of


def move(ctx: Context, kind: str, before: str, after: str) -> int:
    """Give the group or project its new path and return its number; a move that was made already is as good.

    NotThereError when neither path leads to one, RefusedError when both do.
    """
    find = ctx.project if kind == PROJECTS else ctx.group
    thing, there = find(before), find(after)
    if thing is None:
        if there is None:
            raise NotThereError(f"neither `{before}` nor `{after}` exists, or they are hidden from the token")
        return int(there["id"])
    if there is not None and there["id"] != thing["id"]:
        raise RefusedError(
            f"`{before}` can't become `{after}`: that exists already", "merge or rename one of them by hand"
        )
    number = int(thing["id"])
    steps = _steps(ctx, kind, number, thing.get("name", ""), before=before, after=after)
    try:
        _run(steps)
    except RefusedError:
        if len(steps) == 1:
            raise
        _run(steps[::-1])  # the old name is taken in the new place: rename first
    ctx.known.move(before, after)
    return number


@dataclass(frozen=True, slots=True)
class _Step:
    """One of the two halves of a move, and the way back."""

    go: Callable[[], None]
    back: Callable[[], None]


def _steps(ctx: Context, kind: str, number: int, name: str, *, before: str, after: str) -> list[_Step]:
    steps: list[_Step] = []
    if parent_of(before).casefold() != parent_of(after).casefold():
        steps.append(
            _Step(
                lambda: _transfer(ctx, kind, number, parent_of(after)),
                lambda: _transfer(ctx, kind, number, parent_of(before)),
            )
        )
    if last_of(before) != last_of(after):
        called = kind == PROJECTS or name == last_of(before)  # a group keeps the title that somebody gave it
        steps.append(
            _Step(
                lambda: _rename(ctx, kind, number, last_of(after), last_of(after) if called else ""),
                lambda: _rename(ctx, kind, number, last_of(before), name if called else ""),
            )
        )
    return steps


def _run(steps: list[_Step]) -> None:
    """Take the steps; when one fails, go back, since nobody finds again what is halfway."""
    done: list[_Step] = []
    try:
        for step in steps:
            step.go()
            done.append(step)
    except ForgeError as error:
        try:
            for step in reversed(done):
                step.back()
        except ForgeError as stuck:
            error.hint = f"it is halfway now, and the way back failed, too ({stuck.text}): move it by hand"
        raise


def _rename(ctx: Context, kind: str, number: int, path: str, name: str) -> None:
    ctx.client.put(f"/{kind}/{number}", {"path": path, "name": name} if name else {"path": path})


def _transfer(ctx: Context, kind: str, number: int, parent: str) -> None:
    target = ctx.group_id(parent) if parent else None
    if kind == PROJECTS:
        ctx.client.put(f"/projects/{number}/transfer", {"namespace": target})
        return

    def happened() -> Mapping[str, Any] | None:
        group = ctx.client.peek(f"/groups/{number}")
        return group if group and group["parent_id"] == target else None

    ctx.client.post(
        f"/groups/{number}/transfer", {} if target is None else {"group_id": target}, happened=happened
    )
