"""Users, and what everyone may ask about oneself and the server."""

from __future__ import annotations

from sigctl.sandbox.github import age, repo_shapes, shapes
from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import ApiError, invalid, not_found
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.store import Document


@route("GET", "/user", "users/get-authenticated")
def get_me(call: Call) -> Reply:
    """Tell who asks."""
    return Reply(200, shapes.private_user(call, call.user()))


@route("GET", "/users/{username}", "users/get-by-username")
def get_user(call: Call) -> Reply:
    """Tell of any account by login; orgs are accounts too."""
    return Reply(200, shapes.full_user(call, call.state.account(call.params["username"])))


@route("GET", "/user/{account_id}", "users/get-by-id")
def get_user_by_id(call: Call) -> Reply:
    """Tell of any account by its number, which outlives a change of login."""
    id_ = call.params["account_id"]
    found = call.state.accounts.get(int(id_)) if id_.isdecimal() else None
    if found is None:
        raise not_found()
    return Reply(200, shapes.full_user(call, found))


@route("GET", "/user/orgs", "orgs/list-for-authenticated-user", "user", "read:org")
def list_my_orgs(call: Call) -> Reply:
    """List the orgs the caller is a member of."""
    seats = call.state.members.find("user", call.user()["id"])
    return call.page(
        [call.state.accounts[seat["org"]] for seat in seats], lambda org: shapes.simple_org(call, org)
    )


@route(
    "GET",
    "/user/memberships/orgs",
    "orgs/list-memberships-for-authenticated-user",
    "read:org",
    "write:org",
    "admin:org",
)
def list_my_memberships(call: Call) -> Reply:
    """List the caller's memberships, invitations that wait among them."""
    me = call.user()
    found: list[Document] = [
        *({**seat, "state": "active"} for seat in call.state.members.find("user", me["id"])),
        *(
            {**each, "role": _role(each), "state": "pending"}
            for each in call.state.invitations.find("user", me["id"])
            if each["failed_at"] is None
        ),
    ]
    wanted = call.query.get("state")
    shown = [each for each in found if wanted in (None, each["state"])]
    accounts = call.state.accounts
    return call.page(
        shown, lambda each: shapes.membership(call, accounts[each["org"]], me, each["role"], each["state"])
    )


@route(
    "GET",
    "/user/memberships/orgs/{org}",
    "orgs/get-membership-for-authenticated-user",
    "read:org",
    "write:org",
    "admin:org",
)
def get_my_membership(call: Call) -> Reply:
    """Tell of the caller's membership in one org."""
    me, org = call.user(), call.org()
    role = call.state.role(org["id"], me["id"])
    if role:
        return Reply(200, shapes.membership(call, org, me, role, "active"))
    invitation = call.state.waiting_for(org["id"], me["id"])
    if invitation is None:
        raise not_found()
    return Reply(200, shapes.membership(call, org, me, _role(invitation), "pending"))


@route(
    "PATCH",
    "/user/memberships/orgs/{org}",
    "orgs/update-membership-for-authenticated-user",
    "write:org",
    "admin:org",
)
def accept_membership(call: Call) -> Reply:
    """Accept an invitation to an org, and to the teams it names."""
    me, org = call.user(), call.org()
    if call.field("state", str, "Membership", required=True) != "active":
        raise invalid("Membership", "state")
    state = call.state
    role = state.role(org["id"], me["id"])
    if role is None:
        invitation = state.waiting_for(org["id"], me["id"])
        if invitation is None:
            raise not_found()
        role = _role(invitation)
        state.join(org["id"], me["id"], role)
        for team, seat in invitation["teams"].items():
            state.add(state.team_members, team=int(team), user=me["id"], role=seat)
        state.invitations.delete(invitation["id"])
    return Reply(200, shapes.membership(call, org, me, role, "active"))


@route(
    "GET",
    "/user/repository_invitations",
    "repos/list-invitations-for-authenticated-user",
    "repo",
    "repo:invite",
)
def list_my_repo_invitations(call: Call) -> Reply:
    """List the repositories the caller is invited to."""
    found = call.state.repo_invitations.find("user", call.user()["id"])
    return call.page(
        [i for i in found if not call.state.expired(i)], lambda i: repo_shapes.repo_invitation(call, i)
    )


@route(
    "PATCH",
    "/user/repository_invitations/{invitation_id}",
    "repos/accept-invitation-for-authenticated-user",
    "repo",
    "repo:invite",
)
def accept_repo_invitation(call: Call) -> Reply:
    """Become a collaborator."""
    invitation = _my_repo_invitation(call)
    state = call.state
    state.add(
        state.collaborators,
        repo=invitation["repo"],
        user=invitation["user"],
        permission=invitation["permission"],
    )
    state.repo_invitations.delete(invitation["id"])
    return Reply(NO_CONTENT)


@route(
    "DELETE",
    "/user/repository_invitations/{invitation_id}",
    "repos/decline-invitation-for-authenticated-user",
    "repo",
    "repo:invite",
)
def decline_repo_invitation(call: Call) -> Reply:
    """Turn an invitation down."""
    call.state.repo_invitations.delete(_my_repo_invitation(call)["id"])
    return Reply(NO_CONTENT)


@route("GET", "/meta", "meta/get")
def get_meta(call: Call) -> Reply:
    """Tell the version of the server, as an Enterprise Server does."""
    return Reply(
        200, {"verifiable_password_authentication": False, "installed_version": age.version(call.state)}
    )


@route("GET", "/", "meta/root")
def get_root(call: Call) -> Reply:
    """Tell where things are."""
    b = call.base
    return Reply(
        200,
        {
            "current_user_url": f"{b}/user",
            "current_user_authorizations_html_url": f"{shapes.site(call)}/settings/connections/applications{{/client_id}}",
            "authorizations_url": f"{b}/authorizations",
            "code_search_url": f"{b}/search/code?q={{query}}{{&page,per_page,sort,order}}",
            "commit_search_url": f"{b}/search/commits?q={{query}}{{&page,per_page,sort,order}}",
            "emails_url": f"{b}/user/emails",
            "emojis_url": f"{b}/emojis",
            "events_url": f"{b}/events",
            "feeds_url": f"{b}/feeds",
            "followers_url": f"{b}/user/followers",
            "following_url": f"{b}/user/following{{/target}}",
            "gists_url": f"{b}/gists{{/gist_id}}",
            "hub_url": f"{b}/hub",
            "issue_search_url": f"{b}/search/issues?q={{query}}{{&page,per_page,sort,order}}",
            "issues_url": f"{b}/issues",
            "keys_url": f"{b}/user/keys",
            "label_search_url": f"{b}/search/labels?q={{query}}&repository_id={{repository_id}}{{&page,per_page}}",
            "notifications_url": f"{b}/notifications",
            "organization_url": f"{b}/orgs/{{org}}",
            "organization_repositories_url": f"{b}/orgs/{{org}}/repos{{?type,page,per_page,sort}}",
            "organization_teams_url": f"{b}/orgs/{{org}}/teams",
            "public_gists_url": f"{b}/gists/public",
            "rate_limit_url": f"{b}/rate_limit",
            "repository_url": f"{b}/repos/{{owner}}/{{repo}}",
            "repository_search_url": f"{b}/search/repositories?q={{query}}{{&page,per_page,sort,order}}",
            "current_user_repositories_url": f"{b}/user/repos{{?type,page,per_page,sort}}",
            "starred_url": f"{b}/user/starred{{/owner}}{{/repo}}",
            "starred_gists_url": f"{b}/gists/starred",
            "user_url": f"{b}/users/{{user}}",
            "user_organizations_url": f"{b}/user/orgs",
            "user_repositories_url": f"{b}/users/{{user}}/repos{{?type,page,per_page,sort}}",
            "user_search_url": f"{b}/search/users?q={{query}}{{&page,per_page,sort,order}}",
        },
    )


def _my_repo_invitation(call: Call) -> Document:
    id_ = call.params["invitation_id"]
    found = call.state.repo_invitations.get(int(id_)) if id_.isdecimal() else None
    if found is None or found["user"] != call.user()["id"]:
        raise not_found()
    if call.state.expired(found):
        raise ApiError(404, "Not Found")
    return found


def _role(invitation: Document) -> str:
    return "admin" if invitation["role"] == "admin" else "member"
