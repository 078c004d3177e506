"""Protections of branches and tags: changed in place where the server can, else with a stand-in so that none is open."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from sigctl.core.kinds import BranchRule
from sigctl.core.kinds.branch import BRANCH
from sigctl.core.plan import Action
from sigctl.errors import ForgeError, NotThereError, RefusedError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.names import quoted
from sigctl.forges.gitlab.protections import (
    KINDS,
    NOBODY,
    Allowed,
    Numbers,
    Protection,
    bare,
    enforceable,
    lines_of,
    of_rest,
)
from sigctl.forges.gitlab.writers import approvals
from sigctl.forges.gitlab.writers.keys import key_id

_KEYS = "without a paid tier, a deploy key stands in a rule only from GitLab 18.10 on: update the server, or take it out of the rule"
_TIER = "named teams and people need a paid tier: give rights by `level:`, or a repository of their own"


def put(ctx: Context, action: Action) -> None:
    """Make the rule as it is declared; RefusedError where this server can't hold it, and nothing is left half."""
    rule = _rule(action)
    base = f"/projects/{ctx.project_id(rule.repo)}/{KINDS[rule.on]}"
    current = _current(ctx, base, rule.pattern)
    wanted = _wanted(ctx, rule, current)
    try:
        if current is None:
            _made_as(wanted, _post(ctx, base, rule.on, wanted))
        elif not _same(current, wanted):
            _change(ctx, base, rule.on, current, wanted)
    except RefusedError as error:
        if "tier" in error.text and not error.hint:
            error.hint = _TIER
        raise
    if rule.reviews is not None and rule.on == BRANCH:
        kept = action.verb == "update" and "reviews" not in action.changed()
        approvals.ask(ctx, ctx.project_id(rule.repo), rule.pattern, rule.reviews, kept=kept)


def delete(ctx: Context, action: Action) -> None:
    """Take the rule away."""
    rule = _rule(action)
    try:
        project = ctx.project_id(rule.repo)
    except NotThereError:
        return
    if (
        rule.reviews and rule.on == BRANCH
    ):  # an approval rule that has lost its last branch is for all there are
        approvals.ask(ctx, project, rule.pattern, 0)
    ctx.client.delete(f"/projects/{project}/{KINDS[rule.on]}/{quoted(rule.pattern)}")


def _wanted(ctx: Context, rule: BranchRule, current: Protection | None) -> Protection:
    """Return what should be there: what the rule does not care about stays, or is as closed as who may push."""
    rule = enforceable(rule)
    numbers = Numbers(ctx.user_id, ctx.group_id, lambda fingerprint: key_id(ctx, rule.repo, fingerprint))
    kept = (Allowed(40),) if current is None else current.push
    push = kept if rule.push is None else lines_of(rule.push, numbers)
    if rule.on != BRANCH:
        return Protection(rule.pattern, push)
    people = tuple(one for one in push if one.key is None) or (Allowed(NOBODY),)  # no key merges
    kept = people if current is None or current.merge is None else current.merge
    merge = kept if rule.merge is None else lines_of(rule.merge, numbers)
    force = (current.force if current else False) if rule.force is None else rule.force
    owners = current.owners if current and rule.code_owners is None else rule.code_owners
    unprotect = current.unprotect if current and rule.unprotect is None else None
    unprotect = unprotect if rule.unprotect is None else lines_of(rule.unprotect, numbers)
    return Protection(rule.pattern, push, merge, force, owners, unprotect)


def _change(ctx: Context, base: str, on: str, current: Protection, wanted: Protection) -> None:
    if on == BRANCH and _same(_patch(ctx, base, current, wanted), wanted):
        return
    _replace(ctx, base, on, _current(ctx, base, wanted.name) or current, wanted)


def _patch(ctx: Context, base: str, current: Protection, wanted: Protection) -> Protection:
    """Change a protected branch in place, and return what it is then: the Community Edition changes less than asked for."""
    body: dict[str, Any] = {"allow_force_push": wanted.force} | _owners(wanted)
    for side, old, new in (
        ("allowed_to_push", current.push, wanted.push),
        ("allowed_to_merge", current.merge or (), wanted.merge or ()),
        ("allowed_to_unprotect", current.unprotect or (), wanted.unprotect or ()),
    ):
        if bare(old) != bare(new) and not (side == "allowed_to_unprotect" and wanted.unprotect is None):
            known = {tuple(line.as_json().items()) for line in old}
            added = [line.as_json() for line in new if tuple(line.as_json().items()) not in known]
            kept = {tuple(line.as_json().items()) for line in new}
            gone = [line.id for line in old if tuple(line.as_json().items()) not in kept]
            body[side] = [*added, *({"id": number, "_destroy": True} for number in gone)]
    one = f"{base}/{quoted(wanted.name)}"

    def happened() -> Mapping[str, Any] | None:
        row = ctx.client.peek(one)
        return row if row and _same(of_rest(row), wanted) else None

    return of_rest(ctx.client.patch(one, body, happened))


def _replace(ctx: Context, base: str, on: str, current: Protection, wanted: Protection) -> None:
    """Delete and make anew, while another pattern that lets nobody in stands in; when that fails, the old one is back.

    Where neither can be made, the stand-in stays: the next run finds it, and takes it away once the rule is there.
    """
    name = wanted.name  # the stand-in matches the same, and for one exact name hardly any other
    guard = name.replace("*", "**", 1) if "*" in name else f"{name[:-1]}*{name[-1]}"
    ours = _current(ctx, base, guard) is None
    if ours:
        _post(ctx, base, on, Protection(guard, (Allowed(NOBODY),), (Allowed(NOBODY),)))
    failed: ForgeError | None = None
    ctx.client.delete(f"{base}/{quoted(name)}")
    try:
        _made_as(wanted, _post(ctx, base, on, wanted))
    except ForgeError as error:
        failed = error
        ctx.client.delete(f"{base}/{quoted(name)}")
        _post(ctx, base, on, current)
    if ours:
        ctx.client.delete(f"{base}/{quoted(guard)}")
    if failed is not None:
        raise failed


def _post(ctx: Context, base: str, on: str, wanted: Protection) -> Protection:
    one = f"{base}/{quoted(wanted.name)}"
    body: dict[str, Any] = {"name": wanted.name}
    if on == BRANCH:
        body |= _side("push", wanted.push) | _side("merge", wanted.merge or ())
        body |= {"allow_force_push": wanted.force} | _owners(wanted)
        body |= _side("unprotect", wanted.unprotect or ())
    else:
        body |= _side("create", wanted.push)
    try:
        return of_rest(ctx.client.post(base, body, happened=lambda: ctx.client.peek(one)))
    except RefusedError as error:
        if error.status == HTTPStatus.CONFLICT and (there := _current(ctx, base, wanted.name)) is not None:
            _change(
                ctx, base, on, there, wanted
            )  # the protection of a default branch appears some moments late
            return wanted
        raise


def _side(right: str, lines: tuple[Allowed, ...]) -> dict[str, Any]:
    """Return who is allowed: a level under the name that every edition knows, since the Community Edition reads only keys in the list."""
    told = [line.as_json() for line in lines]
    of_level = [one["access_level"] for one in told if "access_level" in one]
    named = [one for one in told if "access_level" not in one]
    if of_level and not named:
        return {f"{right}_access_level": of_level[0]}
    if named and all("deploy_key_id" in one for one in named):
        return {f"{right}_access_level": of_level[0] if of_level else NOBODY, f"allowed_to_{right}": named}
    return {f"allowed_to_{right}": told} if told else {}


def _owners(wanted: Protection) -> dict[str, bool]:
    return {} if wanted.owners is None else {"code_owner_approval_required": wanted.owners}


def _made_as(wanted: Protection, made: Protection) -> None:
    if not _same(made, wanted):
        hint = _KEYS if any(line.key is not None for line in wanted.push) else _TIER
        raise RefusedError(f"`{wanted.name}`: the server took the rule only in part", hint)


def _same(one: Protection, other: Protection) -> bool:
    sides = (one.push, other.push), (one.merge or (), other.merge or ())
    owned = None in (one.owners, other.owners) or one.owners == other.owners
    unprotect = one.unprotectors, other.unprotectors
    owned = owned and (None in unprotect or bare(unprotect[0] or ()) == bare(unprotect[1] or ()))
    return owned and one.force == other.force and all(bare(a) == bare(b) for a, b in sides)


def _current(ctx: Context, base: str, name: str) -> Protection | None:
    found: Mapping[str, Any] | None = ctx.client.look(f"{base}/{quoted(name)}")
    return of_rest(found) if found else None


def _rule(action: Action) -> BranchRule:
    if not isinstance(action.subject, BranchRule):
        raise TypeError(action.kind)
    return action.subject
