"""Accounts, groups, members and rules as the REST API shows them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from sigctl.sandbox.gitlab import levels, settings
from sigctl.sandbox.gitlab.world import GROUP
from sigctl.sandbox.store import Document

if TYPE_CHECKING:
    from sigctl.sandbox.gitlab.http import Call
    from sigctl.sandbox.gitlab.world import World

Shown = dict[str, Any]
_APART = ("default_branch_protection_defaults", "prevent_sharing_groups_outside_hierarchy")
"""Settings of groups that are not shown as they are kept, or not in lists."""
_ABOUT = [
    "bio",
    "location",
    "public_email",
    "linkedin",
    "twitter",
    "discord",
    "website_url",
    "github",
    "job_title",
    "pronouns",
    "organization",
]


def avatar(call: Call, thing: Document) -> str | None:
    """Return where the picture of an account, group or project is, None without one."""
    kind = "user" if "username" in thing else "group" if "parent_id" in thing else "project"
    name = thing.get("avatar")
    return f"{call.url}/uploads/-/system/{kind}/avatar/{thing['id']}/{name}" if name else None


def user_basic(call: Call, user: Document) -> Shown:
    """Return an account as others see it."""
    digest = hashlib.sha256(user["email"].encode()).hexdigest()
    return {
        "id": user["id"],
        "username": user["username"],
        "public_email": user["attributes"].get("public_email"),
        "name": user["name"],
        "state": user["state"],
        "locked": False,
        "avatar_url": avatar(call, user) or f"https://www.gravatar.com/avatar/{digest}?s=80&d=identicon",
        "web_url": f"{call.url}/{user['username']}",
    }


def user(call: Call, user: Document) -> Shown:
    """Return an account's public page."""
    about = {name: user["attributes"].get(name) for name in _ABOUT}
    about |= {
        name: about[name] or ""
        for name in ("bio", "linkedin", "twitter", "discord", "website_url", "job_title")
    }
    return {
        **user_basic(call, user),
        "created_at": user["created_at"],
        **about,
        "bot": user["bot"],
        "work_information": None,
        "local_time": None,
        "followers": 0,
        "following": 0,
        "is_followed": False,
    }


def user_full(call: Call, user_: Document) -> Shown:
    """Return an account as it sees itself and an administrator sees it."""
    return {
        **user(call, user_),
        "last_sign_in_at": None,
        "confirmed_at": user_["created_at"],
        "last_activity_on": None,
        "email": user_["email"],
        "theme_id": 3,
        "color_scheme_id": 1,
        "projects_limit": user_["attributes"].get("projects_limit", 100_000),
        "current_sign_in_at": None,
        "identities": user_["attributes"].get("identities", []),
        "can_create_group": user_["attributes"].get("can_create_group", True),
        "can_create_project": True,
        "two_factor_enabled": False,
        "external": user_["attributes"].get("external", False),
        "private_profile": user_["attributes"].get("private_profile", False),
        "commit_email": user_["email"],
        "is_admin": user_["admin"],
        "note": user_["attributes"].get("note"),
        "namespace_id": user_["namespace_id"],
        "created_by": None,
        "email_reset_offered_at": None,
        "highest_role": 0,
        "current_sign_in_ip": None,
        "last_sign_in_ip": None,
        "sign_in_count": 0,
    }


def member(call: Call, member: Document) -> Shown:
    """Return a membership."""
    world = call.world
    creator = world.users.get(member["created_by"])
    return {
        **user_basic(call, world.users[member["user_id"]]),
        "access_level": member["access_level"],
        "created_at": member["created_at"],
        **({"created_by": user_basic(call, creator)} if creator else {}),
        "expires_at": member["expires_at"],
        "membership_state": "active",
        **_role_of(call, member),
    }


def _role_of(call: Call, member: Document) -> Shown:
    from sigctl.sandbox.gitlab.api.member_roles import shown as role_shown  # noqa: PLC0415  # it shows in turn

    role = call.world.member_roles.get(member.get("member_role_id"))
    return {"member_role": role_shown(role)} if role is not None else {}


def invitation(call: Call, invitation: Document) -> Shown:
    """Return an invitation that waits."""
    creator = call.world.users.get(invitation["created_by"])
    return {
        "access_level": invitation["access_level"],
        "created_at": invitation["created_at"],
        "expires_at": f"{invitation['expires_at']}T00:00:00.000Z" if invitation["expires_at"] else None,
        "invite_email": invitation["email"],
        "invite_token": invitation["token"],
        "user_name": None,
        "created_by_name": creator["name"] if creator else None,
    }


def share(world: World, share: Document) -> Shown:
    """Return a share as the group or project that was shared shows it."""
    group = world.groups[share["group_id"]]
    return {
        "group_id": group["id"],
        "group_name": group["name"],
        "group_full_path": world.full_path(group),
        "group_access_level": share["group_access"],
        "expires_at": share["expires_at"],
    }


def group(call: Call, group: Document) -> Shown:
    """Return a group as lists show it."""
    world, values = call.world, group["settings"]
    path = world.full_path(group)
    return {
        "id": group["id"],
        "web_url": f"{call.url}/groups/{path}",
        "name": group["name"],
        "path": group["path"],
        "description": group["description"],
        "visibility": group["visibility"],
        **{name: values[name] for name in settings.GROUP if name not in _APART},
        "emails_disabled": not values["emails_enabled"],
        "default_branch_protection_defaults": settings.branch_defaults(values),
        "avatar_url": avatar(call, group),
        "full_name": world.full_name(group),
        "full_path": path,
        "created_at": group["created_at"],
        "parent_id": group["parent_id"],
        "organization_id": 1,
        "archived": False,
        "marked_for_deletion_on": group["marked"],
    }


def group_full(call: Call, group_: Document, *, projects: bool = True) -> Shown:
    """Return a group by itself, with whom it is shared with and (unless told not to) its first projects."""
    from sigctl.sandbox.gitlab.render_project import project as show_project  # noqa: PLC0415  # shows groups in turn

    world = call.world
    shares = world.shares.find("target", (GROUP, group_["id"]))
    shown = {**group(call, group_), "shared_with_groups": [share(world, one) for one in shares]}
    if call.access.group(group_) >= levels.OWNER:
        shown["runners_token"] = f"GR1348941sandbox{group_['id']:04d}"
        shown["enabled_git_access_protocol"] = "all"
    shown["prevent_sharing_groups_outside_hierarchy"] = group_["settings"].get(
        "prevent_sharing_groups_outside_hierarchy", False
    )
    shown |= {name: found for name in ("ldap_group_links", "saml_group_links") if (found := group_.get(name))}
    if projects:
        own = [p for p in world.projects_in(group_) if call.access.sees_project(p)][:100]
        shared = [
            world.projects[s["target_id"]]
            for s in world.shares.find("group", group_["id"])
            if s["target"] != GROUP
        ]
        shown["projects"] = [show_project(call, p) for p in own]
        shown["shared_projects"] = [show_project(call, p) for p in shared if call.access.sees_project(p)]
    return shown


def namespace(call: Call, id_: int) -> Shown:
    """Return a namespace, a group's or an account's own, as projects show it."""
    world = call.world
    group = world.groups.get(id_)
    if group is None:
        owner = world.personal(id_) or {}
        name = owner["username"]
        web = f"{call.url}/{name}"
        return {
            "id": id_,
            "name": owner["name"],
            "path": name,
            "kind": "user",
            "full_path": name,
            "parent_id": None,
            "avatar_url": user_basic(call, owner)["avatar_url"],
            "web_url": web,
        }
    path = world.full_path(group)
    return {
        "id": id_,
        "name": group["name"],
        "path": group["path"],
        "kind": "group",
        "full_path": path,
        "parent_id": group["parent_id"],
        "avatar_url": avatar(call, group),
        "web_url": f"{call.url}/groups/{path}",
    }
