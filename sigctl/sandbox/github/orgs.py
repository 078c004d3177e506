"""Orgs: settings, members, invitations."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github import shapes
from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import ApiError, forbidden, invalid, not_found, unprocessable
from sigctl.sandbox.github.rights import BASE
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.github.state import USER
from sigctl.sandbox.store import Document

_TEXTS = ("name", "company", "blog", "location", "email", "twitter_username", "description", "billing_email")
_SWITCHES = (
    "has_organization_projects",
    "has_repository_projects",
    "members_can_create_repositories",
    "members_can_create_public_repositories",
    "members_can_create_private_repositories",
    "members_can_create_pages",
    "members_can_create_public_pages",
    "members_can_create_private_pages",
    "members_can_fork_private_repositories",
    "web_commit_signoff_required",
    "deploy_keys_enabled_for_repositories",
)
_CREATION = ("all", "private", "none")


@route("GET", "/orgs/{org}", "orgs/get")
def get_org(call: Call) -> Reply:
    """Tell of an org."""
    return Reply(200, shapes.full_org(call, call.org()))


@route("PATCH", "/orgs/{org}", "orgs/update", "admin:org", "repo")
def update_org(call: Call) -> Reply:
    """Change settings; owners only."""
    org = call.owned_org("You must be an organization owner to perform this action.")
    changes: dict[str, Any] = {}
    for name in _TEXTS:
        if (text := call.field(name, str, "Organization")) is not None:
            changes[name] = text or None
    for name in _SWITCHES:
        if (switch := call.field(name, bool, "Organization")) is not None:
            changes[name] = switch
    base = call.choice("default_repository_permission", tuple(BASE), "Organization")
    if base is not None:
        changes["default_repository_permission"] = base
    kind = call.choice("members_allowed_repository_creation_type", _CREATION, "Organization")
    if kind is not None and "members_can_create_repositories" not in changes:
        changes["members_can_create_repositories"] = kind != "none"
        changes["members_allowed_repository_creation_type"] = kind
    elif "members_can_create_repositories" in changes:
        changes["members_allowed_repository_creation_type"] = (
            "all" if changes["members_can_create_repositories"] else "none"
        )
    return Reply(200, shapes.full_org(call, call.state.touch(call.state.accounts, org, **changes)))


@route("GET", "/orgs/{org}/members", "orgs/list-members")
def list_members(call: Call) -> Reply:
    """List the members; those who are not members see none, as no membership is public here."""
    org = call.org()
    role = call.query.get("role", "all")
    if role not in ("all", "admin", "member"):
        raise invalid("Organization", "role")
    if call.query.get("filter", "all") != "all":
        if not call.state.is_owner(org["id"], call.caller):
            raise unprocessable("Only owners can use this filter.")
        return call.page(
            [u for u in _people(call, org, role) if not u["two_factor"]],
            lambda u: shapes.simple_user(call, u),
        )
    seen = _is_member(call, org)
    return call.page(_people(call, org, role) if seen else [], lambda u: shapes.simple_user(call, u))


@route("GET", "/orgs/{org}/members/{username}", "orgs/check-membership-for-user")
def check_member(call: Call) -> Reply:
    """Answer 204 for a member, 404 for another; those who are not members are sent to the public list."""
    org, user = call.org(), call.person()
    if not _is_member(call, org):
        return Reply(
            302, None, {"Location": f"{call.base}/orgs/{org['login']}/public_members/{user['login']}"}
        )
    if call.state.role(org["id"], user["id"]) is None:
        raise not_found()
    return Reply(NO_CONTENT)


@route("DELETE", "/orgs/{org}/members/{username}", "orgs/remove-member", "admin:org")
def remove_member(call: Call) -> Reply:
    """Take a member out of the org and everything in it."""
    org, user = call.owned_org("You must be an organization owner to perform this action."), call.person()
    if call.state.role(org["id"], user["id"]) is None:
        raise not_found()
    _keep_an_owner(call, org, user)
    call.state.leave(org["id"], user["id"])
    return Reply(NO_CONTENT)


@route(
    "GET",
    "/orgs/{org}/memberships/{username}",
    "orgs/get-membership-for-user",
    "read:org",
    "write:org",
    "admin:org",
)
def get_membership(call: Call) -> Reply:
    """Tell of a membership or of an invitation that waits."""
    org = call.org()
    if not _is_member(call, org):
        raise forbidden("You must be a member of the organization to see membership information.")
    user = call.person()
    role = call.state.role(org["id"], user["id"])
    if role:
        return Reply(200, shapes.membership(call, org, user, role, "active"))
    invitation = call.state.waiting_for(org["id"], user["id"])
    if invitation is None or not call.state.is_owner(org["id"], call.caller):
        raise not_found()
    return Reply(200, shapes.membership(call, org, user, _member_role(invitation), "pending"))


@route("PUT", "/orgs/{org}/memberships/{username}", "orgs/set-membership-for-user", "admin:org")
def set_membership(call: Call) -> Reply:
    """Invite a user, change an invitation, or change a member's role."""
    org = call.owned_org("You must be an admin to add or update an organization membership.")
    role = call.choice("role", ("admin", "member"), "Membership") or "member"
    user = call.person()
    if call.state.role(org["id"], user["id"]) is None:
        invite(call, org, user, "admin" if role == "admin" else "direct_member")
        return Reply(200, shapes.membership(call, org, user, role, "pending"))
    if role == "member":
        _keep_an_owner(call, org, user)
    call.state.join(org["id"], user["id"], role)
    return Reply(200, shapes.membership(call, org, user, role, "active"))


@route("DELETE", "/orgs/{org}/memberships/{username}", "orgs/remove-membership-for-user", "admin:org")
def remove_membership(call: Call) -> Reply:
    """Take a member out, or withdraw an invitation."""
    org, user = call.owned_org("You must be an admin to remove an organization membership."), call.person()
    state = call.state
    invitation = state.waiting_for(org["id"], user["id"])
    if state.role(org["id"], user["id"]) is not None:
        _keep_an_owner(call, org, user)
        state.leave(org["id"], user["id"])
    elif invitation is not None:
        state.invitations.delete(invitation["id"])
    else:
        raise not_found()
    return Reply(NO_CONTENT)


@route("GET", "/orgs/{org}/invitations", "orgs/list-pending-invitations", "admin:org")
def list_invitations(call: Call) -> Reply:
    """List the invitations that wait."""
    org = call.owned_org()
    role = call.query.get("role", "all")
    found = [i for i in call.state.waiting(org["id"]) if role in ("all", i["role"])]
    return call.page(found, lambda i: shapes.org_invitation(call, i))


@route("GET", "/orgs/{org}/failed_invitations", "orgs/list-failed-invitations", "admin:org")
def list_failed_invitations(call: Call) -> Reply:
    """List the invitations that ended without being accepted."""
    org = call.owned_org()
    found = [i for i in call.state.invitations.find("org", org["id"]) if i["failed_at"] is not None]
    return call.page(found, lambda i: shapes.org_invitation(call, i))


@route("POST", "/orgs/{org}/invitations", "orgs/create-invitation", "admin:org")
def create_invitation(call: Call) -> Reply:
    """Invite a user by number, or anyone by e-mail, to the org and to teams."""
    org = call.owned_org("You must be an admin to create an invitation to an organization.")
    id_, email = (
        call.field("invitee_id", int, "OrganizationInvitation"),
        call.field("email", str, "OrganizationInvitation"),
    )
    role = call.choice(
        "role", ("admin", "direct_member", "billing_manager", "reinstate"), "OrganizationInvitation"
    )
    teams = call.field("team_ids", list, "OrganizationInvitation") or []
    if any(team not in call.state.teams or call.state.teams[team]["org"] != org["id"] for team in teams):
        raise invalid("OrganizationInvitation", "team_ids")
    seats = {str(team): "member" for team in teams}
    if id_ is None and email is None:
        raise invalid("OrganizationInvitation", "invitee_id", "missing_field")
    user = call.state.accounts.get(id_) if id_ is not None else None
    if id_ is not None and (user is None or user["type"] != USER):
        raise not_found()
    if user and call.state.role(org["id"], user["id"]) is not None:
        raise invalid(
            "OrganizationInvitation",
            "data",
            "unprocessable",
            "Invitee is already a part of this organization",
        )
    if user and call.state.waiting_for(org["id"], user["id"]):
        raise invalid("OrganizationInvitation", "data", "unprocessable", "User has already been invited")
    made = invite(call, org, user, role or "direct_member", seats, email=email)
    return Reply(201, shapes.org_invitation(call, made))


@route("DELETE", "/orgs/{org}/invitations/{invitation_id}", "orgs/cancel-invitation", "admin:org")
def cancel_invitation(call: Call) -> Reply:
    """Withdraw an invitation."""
    call.state.invitations.delete(_invitation(call)["id"])
    return Reply(NO_CONTENT)


@route("GET", "/orgs/{org}/invitations/{invitation_id}/teams", "orgs/list-invitation-teams", "admin:org")
def list_invitation_teams(call: Call) -> Reply:
    """List the teams an invitation leads to."""
    teams = [call.state.teams[int(team)] for team in _invitation(call)["teams"]]
    return call.page(teams, lambda team: shapes.team(call, team))


@route("GET", "/orgs/{org}/outside_collaborators", "orgs/list-outside-collaborators", "admin:org", "read:org")
def list_outside_collaborators(call: Call) -> Reply:
    """List those who work in some repository and are not members."""
    org, state = call.owned_org(), call.state
    found = {
        each["user"]
        for repo in state.repos.find("owner", org["id"])
        for each in state.collaborators.find("repo", repo["id"])
        if state.role(org["id"], each["user"]) is None
    }
    return call.page([state.accounts[user] for user in sorted(found)], lambda u: shapes.simple_user(call, u))


def invite(
    call: Call,
    org: Document,
    user: Document | None,
    role: str,
    teams: dict[str, str] | None = None,
    *,
    email: str | None = None,
) -> Document:
    """Have an invitation of this user waiting, with this role ("" keeps what it has) and these teams; return it."""
    state = call.state
    found = state.waiting_for(org["id"], user["id"]) if user else None
    if found is not None:
        return state.invitations.save(found, role=role or found["role"], teams=found["teams"] | (teams or {}))
    if user and user["suspended"]:
        raise invalid("OrganizationInvitation", "data", "unprocessable", "User is suspended")
    seats = org["seats"]
    if seats and len(state.members.find("org", org["id"])) + len(state.waiting(org["id"])) >= seats:
        raise invalid(
            "OrganizationInvitation",
            "data",
            "unprocessable",
            "You have reached the seat limit for this organization",
        )
    if not state.count_invitation(org["login"]):
        raise invalid("OrganizationInvitation", "data", "unprocessable", "Over invitation rate limit")
    return state.add(
        state.invitations,
        org=org["id"],
        user=user["id"] if user else None,
        email=email,
        role=role or "direct_member",
        inviter=call.user()["id"],
        teams=teams or {},
        failed_at=None,
        failed_reason=None,
    )


def _people(call: Call, org: Document, role: str) -> list[Document]:
    seats = [seat for seat in call.state.members.find("org", org["id"]) if role in ("all", seat["role"])]
    return sorted((call.state.accounts[seat["user"]] for seat in seats), key=lambda user: user["id"])


def _is_member(call: Call, org: Document) -> bool:
    return call.state.role(org["id"], call.caller) is not None


def _member_role(invitation: Document) -> str:
    return "admin" if invitation["role"] == "admin" else "member"


def _keep_an_owner(call: Call, org: Document, user: Document) -> None:
    owners = [seat["user"] for seat in call.state.members.find("org", org["id"]) if seat["role"] == "admin"]
    if owners == [user["id"]]:
        raise ApiError(403, "You can't remove the last owner of an organization.")


def _invitation(call: Call) -> Document:
    org = call.owned_org()
    id_ = call.params["invitation_id"]
    found = call.state.invitations.get(int(id_)) if id_.isdecimal() else None
    if found is None or found["org"] != org["id"]:
        raise not_found()
    return found
