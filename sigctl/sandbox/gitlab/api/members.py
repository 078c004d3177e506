"""Members of groups and projects: direct ones, and with those who come from above and from shares."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sigctl.sandbox.gitlab import levels, params, render
from sigctl.sandbox.gitlab.api.common import (
    level_complaints,
    level_in,
    not_past,
    source_of,
)
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, forbidden, invalid, not_found, refuse
from sigctl.sandbox.gitlab.world import GROUP, PROJECT, ULTIMATE
from sigctl.sandbox.store import Document

_LEVEL = {"access_level": params.integer}
_MORE = {"expires_at": params.day, "member_role_id": params.integer}


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    for kind in (GROUP, PROJECT):
        base = f"/{kind}s/:id/members"
        routes.add("GET", base)(_for(kind, _list))
        routes.add("POST", base)(_for(kind, _add))
        routes.add("GET", f"{base}/all")(_for(kind, _list_all))
        routes.add("GET", f"{base}/all/:user_id")(_for(kind, _get_any))
        routes.add("GET", f"{base}/:user_id")(_for(kind, _get))
        routes.add("PUT", f"{base}/:user_id")(_for(kind, _update))
        routes.add("DELETE", f"{base}/:user_id")(_for(kind, _remove))


def _for(kind: str, handler: Callable[[Call, str], Reply]) -> Callable[[Call], Reply]:
    return lambda call: handler(call, kind)


def _list(call: Call, kind: str) -> Reply:
    source = source_of(call, kind)
    found = call.world.members.find("source", (kind, source["id"]))
    return call.page(_filtered(call, found), lambda member: render.member(call, member))


def _list_all(call: Call, kind: str) -> Reply:
    source = source_of(call, kind)
    found = everyone(call, kind, source)
    return call.page(_filtered(call, found), lambda member: render.member(call, member))


def _filtered(call: Call, members: Iterable[Document]) -> list[Document]:
    asked = call.take(None, {"query": params.text, "user_ids": params.integers})
    users = call.world.users
    word = (asked.get("query") or "").lower()
    return [
        member
        for member in members
        if ("user_ids" not in asked or member["user_id"] in asked["user_ids"])
        and (not word or any(word in users[member["user_id"]][f].lower() for f in ("name", "username")))
    ]


def everyone(call: Call, kind: str, source: Document) -> list[Document]:
    """Return one membership for each person who has a way in, the highest; what is direct can't be told from it."""
    world = call.world
    groups = world.lineage(source) if kind == GROUP else world.above(source)
    found = list(world.members.find("source", (kind, source["id"]))) if kind == PROJECT else []
    for group in groups:
        found += world.members.find("source", (GROUP, group["id"]))
    places = [(kind, source["id"]), *((GROUP, group["id"]) for group in groups)]
    for share in (share for place in dict.fromkeys(places) for share in world.shares.find("target", place)):
        invited = [world.groups[share["group_id"]]]
        if share["target"] == PROJECT:
            invited = world.lineage(invited[0])
        for group in invited:
            for member in world.members.find("source", (GROUP, group["id"])):
                found.append({**member, "access_level": min(member["access_level"], share["group_access"])})
    best: dict[int, Document] = {}
    for member in found:
        held = best.get(member["user_id"])
        if held is None or member["access_level"] > held["access_level"]:
            best[member["user_id"]] = member
    return [best[user_id] for user_id in sorted(best)]


def _get(call: Call, kind: str) -> Reply:
    source = source_of(call, kind)
    return Reply(200, render.member(call, _direct(call, kind, source)))


def _get_any(call: Call, kind: str) -> Reply:
    source = source_of(call, kind)
    user_id = call.number(1, "user_id")
    found = [member for member in everyone(call, kind, source) if member["user_id"] == user_id]
    return Reply(200, render.member(call, found[0])) if found else not_found()


def _direct(call: Call, kind: str, source: Document) -> Document:
    found = call.world.member(kind, source["id"], call.number(1, "user_id"))
    return found if found is not None else not_found()


def _add(call: Call, kind: str) -> Reply:
    source = source_of(call, kind, manage=True)
    asked = call.take(
        _LEVEL, {**_MORE, "user_id": params.text, "username": params.text, "invite_source": params.text}
    )
    wanted = asked.get("user_id") or asked.get("username")
    if not wanted:
        refuse_missing(call)
    names = [name.strip() for name in str(wanted).split(",")]
    if len(names) > 1:
        return Reply(201, add_several(call, kind, source, names, asked))
    user = call.world.user(names[0])
    if user is not None and call.world.member(kind, source["id"], user["id"]):
        refuse(409, "Member already exists")
    if user is None or user["state"] == "deleted":
        not_found("User")
    owners_only(call, kind, source, asked["access_level"])
    complaints = level_complaints(call, kind, source, user["id"], asked["access_level"])
    if complaints:
        invalid("access_level", *complaints)
    not_past(call, asked.get("expires_at"))
    member = call.world.add_member(
        kind,
        source["id"],
        user["id"],
        asked["access_level"],
        expires_at=asked.get("expires_at"),
        created_by=call.me["id"],
        member_role_id=_role(call, asked),
    )
    return Reply(201, render.member(call, member))


def _role(call: Call, asked: Document) -> int | None:
    """Return the role of the server's own making that a membership is to have; refuse one that does not fit."""
    wanted = asked.get("member_role_id")
    if wanted is None or call.world.tier < ULTIMATE:
        return None
    role = call.world.member_roles.get(wanted)
    if role is None:
        not_found("Member Role")
    if role["base_access_level"] != asked["access_level"]:
        invalid(
            "member_role_id", "the custom role's base access level does not match the current access level"
        )
    return int(role["id"])


def refuse_missing(call: Call) -> None:
    """Refuse a request that names nobody."""
    call.take({"user_id": params.text})


def add_several(
    call: Call, kind: str, source: Document, names: list[str], asked: Document
) -> dict[str, object]:
    """Add several people at once; what goes wrong with one stands inside an answer that says 201."""
    failed: dict[str, str] = {}
    owners_only(call, kind, source, asked["access_level"])
    for name in names:
        user = call.world.user(name)
        if user is None:
            failed[name] = "User not found"
            continue
        level = asked["access_level"]
        complaints = [
            f"Access level {text}" for text in level_complaints(call, kind, source, user["id"], level)
        ]
        if call.world.member(kind, source["id"], user["id"]):
            complaints.append("Already a member")
        if complaints:
            failed[user["username"]] = " and ".join(complaints)
        else:
            ends, creator = asked.get("expires_at"), call.me["id"]
            call.world.add_member(kind, source["id"], user["id"], level, expires_at=ends, created_by=creator)
    return {"status": "error", "message": failed} if failed else {"status": "success"}


def owners_only(call: Call, kind: str, source: Document, *touched: int) -> None:
    """Refuse a maintainer who would make or change an owner of a project."""
    if kind == PROJECT and levels.OWNER in touched and level_in(call, kind, source) < levels.OWNER:
        forbidden()


def _update(call: Call, kind: str) -> Reply:
    source = source_of(call, kind, manage=True)
    asked = call.take(_LEVEL, _MORE)
    member = _direct(call, kind, source)
    owners_only(call, kind, source, asked["access_level"], member["access_level"])
    if asked["access_level"] < levels.OWNER:
        _keep_an_owner(call, kind, source, member)
    complaints = level_complaints(call, kind, source, member["user_id"], asked["access_level"])
    if complaints:
        invalid("access_level", *complaints)
    not_past(call, asked.get("expires_at"))
    changes: Document = {name: asked[name] for name in ("access_level", "expires_at") if name in asked}
    changes["member_role_id"] = _role(call, asked)  # a change that does not name the role takes it away
    return Reply(200, render.member(call, call.world.members.save(member, **changes)))


def _remove(call: Call, kind: str) -> Reply:
    source = source_of(call, kind)
    member = _direct(call, kind, source)
    asked = call.take(None, {"skip_subresources": params.boolean, "unassign_issuables": params.boolean})
    wanted = levels.OWNER if kind == GROUP else levels.MAINTAINER
    leaving = member["user_id"] == call.me["id"]
    if not leaving and level_in(call, kind, source) < wanted:
        forbidden()
    if not leaving:
        owners_only(call, kind, source, member["access_level"])
    if call.world.users[member["user_id"]]["attributes"].get("project_bot"):
        forbidden()
    _keep_an_owner(call, kind, source, member)
    call.world.members.delete(member["id"])
    if kind == GROUP and not asked.get("skip_subresources"):
        _remove_below(call, source, member["user_id"])
    return Reply(204)


def _keep_an_owner(call: Call, kind: str, source: Document, member: Document) -> None:
    if member["access_level"] < levels.OWNER:
        return
    if kind == GROUP:
        if not call.world.owners(source, but=member["id"]):
            forbidden()
    elif call.world.groups.get(source["namespace_id"]) is None:
        owner = call.world.personal(source["namespace_id"])
        if owner is not None and owner["id"] == member["user_id"]:
            forbidden()


def _remove_below(call: Call, group: Document, user_id: int) -> None:
    world = call.world
    places = [(GROUP, inner["id"]) for inner in world.below(group)]
    places += [(PROJECT, project["id"]) for project in world.projects_in(group, deep=True)]
    for kind, id_ in places:
        member = world.member(kind, id_, user_id)
        if member is not None:
            world.members.delete(member["id"])
