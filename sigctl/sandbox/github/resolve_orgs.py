"""Resolvers of accounts, orgs and teams."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github import rights
from sigctl.sandbox.github.resolvers import Context, ResolveError, connection, plain, resolves
from sigctl.sandbox.github.state import ORG, REPO, TEAM, USER, from_node_id, node_id
from sigctl.sandbox.store import Document

_ROLES = {"admin": "ADMIN", "member": "MEMBER", "maintainer": "MAINTAINER"}
_PRIVACY = {"closed": "VISIBLE", "secret": "SECRET"}
_TIMES = {"createdAt": "created_at", "updatedAt": "updated_at"}


def register() -> None:
    """Register the fields that are an entry of the document."""
    plain("User", databaseId="id", isSiteAdmin="site_admin", email=lambda u: u["email"] or "", **_TIMES)
    plain("User", id=lambda u: node_id(USER, u["id"]))
    plain("Organization", databaseId="id", webCommitSignoffRequired="web_commit_signoff_required", **_TIMES)
    plain(
        "Organization",
        id=lambda o: node_id(ORG, o["id"]),
        isVerified=lambda _: False,
        archivedAt=lambda _: None,
    )
    plain(
        "Organization",
        membersCanForkPrivateRepositories="members_can_fork_private_repositories",
        websiteUrl="blog",
    )
    plain("Team", databaseId="id", privacy=lambda t: _PRIVACY[t["privacy"]], **_TIMES)
    plain(
        "Team",
        id=lambda t: node_id(TEAM, t["id"]),
        notificationSetting=lambda t: t["notification_setting"].upper(),
    )
    plain("OrganizationInvitation", id=lambda i: node_id("OI", i["id"]), createdAt="created_at")
    plain("OrganizationInvitation", role=lambda i: i["role"].upper())
    plain("OrganizationInvitation", invitationType=lambda i: "USER" if i["user"] else "EMAIL")


@resolves("Query.viewer")
def _viewer(_: object, context: Context) -> Document:
    return context.state.accounts[context.user]


@resolves("Query.user")
def _user(_: object, context: Context, login: str) -> Document:
    return _account(context, login, USER, "a User")


@resolves("Query.organization", "User.organization")
def _organization(_: object, context: Context, login: str) -> Document:
    return _account(context, login, ORG, "an Organization")


@resolves("Query.repositoryOwner")
def _owner(_: object, context: Context, login: str) -> Document | None:
    return context.state.accounts.one("login", login.lower())


def _account(context: Context, login: str, type_: str, what: str) -> Document:
    found = context.state.accounts.one("login", login.lower())
    if found is None or found["type"] != type_:
        raise ResolveError("NOT_FOUND", f"Could not resolve to {what} with the login of '{login}'.")
    return found


@resolves("Query.node")
def _node(_: object, context: Context, id: str) -> Document:  # noqa: A002  # GitHub's name for it
    type_, number = from_node_id(id)
    state = context.state
    collections = {USER: state.accounts, ORG: state.accounts, TEAM: state.teams, REPO: state.repos}
    collection = collections.get(type_)
    found = collection.get(int(number)) if collection is not None and number.isdecimal() else None
    hidden = found is not None and (
        (type_ == REPO and not context.sees(found))
        or (type_ == TEAM and not rights.sees_team(state, found, context.user))
    )
    if found is None or hidden:
        raise ResolveError("NOT_FOUND", f"Could not resolve to a node with the global id of '{id}'.")
    return found


@resolves("Query.nodes")
def _nodes(_: object, context: Context, ids: list[str]) -> list[Document | None]:
    return [_node(None, context, id) for id in ids]  # noqa: A001  # as above


@resolves("User.url", "Organization.url")
def _url(account: Document, context: Context) -> str:
    return f"{context.state.env.url}/{account['login']}"


@resolves("User.resourcePath", "Organization.resourcePath")
def _path(account: Document, _: Context) -> str:
    return f"/{account['login']}"


@resolves("User.avatarUrl", "Organization.avatarUrl", "Team.avatarUrl")
def _avatar(thing: Document, context: Context, **_: Any) -> str:
    return f"{context.state.env.url}/avatars/{'t' if 'slug' in thing else 'u'}/{thing['id']}?v=4"


@resolves("User.isViewer")
def _is_viewer(user: Document, context: Context) -> bool:
    return bool(user["id"] == context.user)


@resolves("User.organizations")
def _organizations(user: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    seats = context.state.members.find("user", user["id"])
    return connection([context.state.accounts[seat["org"]] for seat in seats], arguments)


@resolves("Organization.viewerCanAdminister")
def _can_administer(org: Document, context: Context) -> bool:
    return context.state.is_owner(org["id"], context.user)


@resolves("Organization.viewerIsAMember")
def _is_member(org: Document, context: Context) -> bool:
    return context.state.role(org["id"], context.user) is not None


@resolves("Organization.viewerCanCreateRepositories")
def _can_create_repos(org: Document, context: Context) -> bool:
    role = context.state.role(org["id"], context.user)
    return role == "admin" or bool(role and org["members_can_create_repositories"])


@resolves("Organization.viewerCanCreateTeams")
def _can_create_teams(org: Document, context: Context) -> bool:
    role = context.state.role(org["id"], context.user)
    return role == "admin" or bool(role and org["members_can_create_teams"])


@resolves("Organization.membersWithRole")
def _members(org: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    context.need_scope("membersWithRole", "read:org")
    seen = _is_member(org, context)
    seats = sorted(context.state.members.find("org", org["id"]), key=lambda s: s["user"]) if seen else []
    owner = context.state.is_owner(org["id"], context.user)
    people = context.state.accounts

    def edge(seat: Document) -> dict[str, Any]:
        two_factor = people[seat["user"]]["two_factor"] if owner else None
        return {"role": _ROLES[seat["role"]], "hasTwoFactorEnabled": two_factor}

    return connection(seats, arguments, node=lambda seat: people[seat["user"]], edge=edge)


@resolves("Organization.pendingMembers")
def _pending(org: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    context.need_scope("pendingMembers", "read:org")
    if not context.state.is_owner(org["id"], context.user):
        raise ResolveError("FORBIDDEN", "You must be an owner of the organization to see pending members.")
    users = [i["user"] for i in context.state.waiting(org["id"]) if i["user"] is not None]
    return connection([context.state.accounts[user] for user in users], arguments)


@resolves("Organization.teams")
def _teams(org: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    context.need_scope("teams", "read:org")
    state = context.state
    found = [t for t in state.teams.find("org", org["id"]) if rights.sees_team(state, t, context.user)]
    if arguments.get("privacy"):
        found = [t for t in found if _PRIVACY[t["privacy"]] == arguments["privacy"]]
    if arguments.get("rootTeamsOnly"):
        found = [t for t in found if t["parent"] is None]
    if arguments.get("query"):
        found = [t for t in found if arguments["query"].lower() in f"{t['name']} {t['slug']}".lower()]
    if arguments.get("userLogins"):
        users = {login.lower() for login in arguments["userLogins"]}
        found = [t for t in found if users & _logins(context, t)]
    if arguments.get("role"):
        wanted = "maintainer" if arguments["role"] == "ADMIN" else "member"
        found = [t for t in found if state.team_role(t, context.user) == wanted]
    order = arguments.get("orderBy") or {"direction": "ASC"}
    found.sort(key=lambda t: t["name"].lower(), reverse=order["direction"] == "DESC")
    return connection(found, arguments)


@resolves("Organization.team")
def _team(org: Document, context: Context, slug: str) -> Document | None:
    context.need_scope("team", "read:org")
    found = context.state.teams.one("slug", (org["id"], slug.lower()))
    return found if found and rights.sees_team(context.state, found, context.user) else None


@resolves("Team.organization", "OrganizationInvitation.organization")
def _org_of(thing: Document, context: Context) -> Document:
    return context.state.accounts[thing["org"]]


@resolves("Team.combinedSlug")
def _combined_slug(team: Document, context: Context) -> str:
    return f"{context.state.accounts[team['org']]['login']}/{team['slug']}"


@resolves("Team.resourcePath")
def _team_path(team: Document, context: Context) -> str:
    return f"/orgs/{context.state.accounts[team['org']]['login']}/teams/{team['slug']}"


@resolves("Team.url")
def _team_url(team: Document, context: Context) -> str:
    return f"{context.state.env.url}{_team_path(team, context)}"


@resolves("Team.parentTeam")
def _parent(team: Document, context: Context) -> Document | None:
    return context.state.teams.get(team["parent"])


@resolves("Team.ancestors")
def _ancestors(team: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    return connection(list(context.state.parents(team))[1:], arguments)


@resolves("Team.childTeams")
def _children(team: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    near = arguments.get("immediateOnly", True)
    found = context.state.teams.find("parent", team["id"]) if near else context.state.children(team)
    return connection(found, arguments)


@resolves("Team.viewerCanAdminister")
def _leads(team: Document, context: Context) -> bool:
    return rights.leads_team(context.state, team, context.user)


@resolves("Team.members")
def _team_members(team: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    state, membership = context.state, arguments.get("membership", "ALL")
    own = [team] if membership in ("ALL", "IMMEDIATE") else []
    below = list(state.children(team)) if membership in ("ALL", "CHILD_TEAM") else []
    roles: dict[int, str] = {}
    for each in (*own, *below):
        for seat in state.team_members.find("team", each["id"]):
            roles.setdefault(seat["user"], _ROLES[state.team_role(each, seat["user"]) or "member"])
    wanted, query = arguments.get("role"), (arguments.get("query") or "").lower()
    people = [state.accounts[user] for user in sorted(roles) if wanted in (None, roles[user])]
    people = [user for user in people if query in user["login"].lower()]
    base = f"{_team_path(team, context)}/members"

    def edge(user: Document) -> dict[str, Any]:
        access = {"memberAccessResourcePath": base, "memberAccessUrl": state.env.url + base}
        return {"role": roles[user["id"]], **access}

    return connection(people, arguments, edge=edge)


@resolves("Team.repositories")
def _team_repos(team: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    state, query = context.state, (arguments.get("query") or "").lower()
    ids = {link["repo"] for each in state.parents(team) for link in state.team_repos.find("team", each["id"])}
    repos = [
        repo
        for id_ in sorted(ids)
        if context.sees(repo := state.repos[id_]) and query in repo["name"].lower()
    ]
    return connection(
        repos,
        arguments,
        edge=lambda repo: {"permission": rights.WORDS[rights.team_role(state, team, repo)].upper()},
    )


@resolves("Team.invitations")
def _team_invitations(team: Document, context: Context, **arguments: Any) -> dict[str, Any] | None:
    if not rights.leads_team(context.state, team, context.user):
        return None
    found = [i for i in context.state.waiting(team["org"]) if str(team["id"]) in i["teams"]]
    return connection(found, arguments)


@resolves("OrganizationInvitation.invitee")
def _invitee(invitation: Document, context: Context) -> Document | None:
    return context.state.accounts.get(invitation["user"])


@resolves("OrganizationInvitation.inviter")
def _inviter(invitation: Document, context: Context) -> Document:
    return context.state.accounts[invitation["inviter"]]


def _logins(context: Context, team: Document) -> set[str]:
    seats = context.state.team_members.find("team", team["id"])
    return {context.state.accounts[seat["user"]]["login"].lower() for seat in seats}
