"""Direct members of a group or a project, the one way in for people; and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from sigctl.errors import ForgeError, NotThereError, RefusedError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.failures import sentence
from sigctl.forges.gitlab.names import ancestors, quoted, to_level
from sigctl.forges.gitlab.readers.invitations import address


def put_member(
    ctx: Context, place: str, path: str, login: str, number: int, *, until: str | None = None
) -> None:
    """Make the person a direct member with this level and end (None = leave it) of `/groups/1` or `/projects/1`.

    RefusedError names the group whose inherited right is in the way, where that is the reason.
    """
    user = ctx.user_id(login)
    body: dict[str, Any] = {"access_level": number}
    if until is not None:
        body["expires_at"] = until or None
    member = f"{place}/members/{user}"
    try:
        answer = _add(ctx, place, member, {"user_id": user, **body})
        if answer is None or not _is_as(answer, number, until):
            there = {**body, "expires_at": until} if until is not None else body
            ctx.client.put(member, {**there, **_role_kept(ctx, member, number)})
    except RefusedError as error:
        if "inherited" not in error.text:
            raise
        raise _with_origin(ctx, path, login, user, error) from error


def remove_member(ctx: Context, place: str, login: str) -> None:
    """Take the person's direct membership away, here only: those below stay, each is an action of its own.

    An address is an invitation that waits, which is withdrawn.
    """
    if "@" in login:
        if (email := address(ctx, place, login)) is not None:
            ctx.client.delete(f"{place}/invitations/{quoted(email)}")
        return
    try:
        user = ctx.user_id(login)
    except NotThereError:
        return  # an account that was removed took its memberships along
    ctx.client.delete(f"{place}/members/{user}", skip_subresources="true")


def _add(ctx: Context, place: str, member: str, body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the new membership, None when there already is one."""
    wanted = {name: value for name, value in body.items() if value is not None}
    try:
        answer = ctx.client.post(f"{place}/members", wanted, happened=lambda: ctx.client.peek(member))
    except RefusedError as error:
        if error.status == HTTPStatus.CONFLICT:
            return None
        raise
    if not isinstance(answer, dict) or answer.get("status") == "error" or "access_level" not in answer:
        told = answer.get("message") if isinstance(answer, dict) else answer
        raise RefusedError(
            sentence(told) or "the member was not added, without a reason", status=HTTPStatus.CREATED
        )
    return answer


def _role_kept(ctx: Context, member: str, number: int) -> dict[str, int]:
    """Return the role of the server's own making that is based on this level already: a change that does not name it ends it."""
    found = ctx.client.look(member) if ctx.enterprise else None
    role = (found or {}).get("member_role")
    return {"member_role_id": role["id"]} if role and role.get("base_access_level") == number else {}


def _is_as(answer: Mapping[str, Any], number: int, until: str | None) -> bool:
    return answer["access_level"] == number and (until is None or (answer.get("expires_at") or "") == until)


def _with_origin(ctx: Context, path: str, login: str, user: int, error: RefusedError) -> RefusedError:
    """Return the refusal with a hint at where the stronger right comes from, as far as we may see it."""
    found = [(above, number) for above in ancestors(path) if (number := _direct(ctx, above, user))]
    if not found:
        hint = f"`{login}` has more than that from a group above"
    else:
        above, number = max(found, key=lambda one: one[1])
        hint = (
            f"`{login}` inherits `{to_level(number)}` from `{above}`: lower it there, or ask for no less here"
        )
    return RefusedError(f"`{login}` on `{path}`: {error.text}", hint, status=error.status)


def _direct(ctx: Context, group: str, user: int) -> int:
    try:
        member = ctx.client.look(f"/groups/{quoted(group)}/members/{user}")
    except ForgeError:  # a better hint is not worth a worse error
        return 0
    return int(member["access_level"]) if member else 0
