"""Teams: made, changed, nested, filled, and given repositories."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github import repo_shapes, rights, roles, shapes
from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import ApiError, forbidden, invalid, not_found, unprocessable
from sigctl.sandbox.github.orgs import invite
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.github.state import USER
from sigctl.sandbox.store import Document

_SCOPES = ("admin:org", "write:org")
_READ = ("admin:org", "write:org", "read:org")
_PRIVACY = ("secret", "closed")
_NOTIFY = ("notifications_enabled", "notifications_disabled")


@route("GET", "/orgs/{org}/teams", "teams/list", *_READ)
def list_teams(call: Call) -> Reply:
    """List the teams the caller sees."""
    org = call.org()
    if call.state.role(org["id"], call.caller) is None:
        raise forbidden("You must be a member of the organization to see its teams.")
    found = [
        t for t in call.state.teams.find("org", org["id"]) if rights.sees_team(call.state, t, call.caller)
    ]
    return call.page(sorted(found, key=lambda t: t["slug"]), lambda team: shapes.team(call, team))


@route("POST", "/orgs/{org}/teams", "teams/create", *_SCOPES)
def create_team(call: Call) -> Reply:
    """Make a team; whoever makes it becomes its maintainer."""
    org, state, me = call.org(), call.state, call.user()
    role = state.role(org["id"], me["id"])
    if role is None:
        raise not_found()
    if role != "admin" and not org["members_can_create_teams"]:
        raise forbidden("You must be an admin to create a team.")
    name = call.field("name", str, "Team", required=True)
    parent = _parent(call, org)
    privacy = call.choice("privacy", _PRIVACY, "Team") or ("closed" if parent else "secret")
    _check_nesting(privacy, nested=bool(parent))
    people = [_member(call, org, login) for login in call.field("maintainers", list, "Team") or []]
    repos = [_owned_repo(call, org, path) for path in call.field("repo_names", list, "Team") or []]
    team = state.add(
        state.teams,
        org=org["id"],
        name=name,
        slug=_free_slug(call, org, name),
        description=call.field("description", str, "Team"),
        privacy=privacy,
        notification_setting=call.choice("notification_setting", _NOTIFY, "Team") or _NOTIFY[0],
        parent=parent["id"] if parent else None,
    )
    makers = [me["id"]] if me["type"] == USER else []  # an app is in no team
    for user in dict.fromkeys([*makers, *people]):
        state.add(state.team_members, team=team["id"], user=user, role="maintainer")
    for repo in repos:
        permission = call.choice("permission", ("pull", "push"), "Team") or "pull"
        state.add(state.team_repos, team=team["id"], repo=repo["id"], permission=permission)
    return Reply(201, shapes.full_team(call, team))


@route("GET", "/orgs/{org}/teams/{team_slug}", "teams/get-by-name", *_READ)
def get_team(call: Call) -> Reply:
    """Tell of a team."""
    return Reply(200, shapes.full_team(call, call.team()))


@route("PATCH", "/orgs/{org}/teams/{team_slug}", "teams/update-in-org", *_SCOPES)
def update_team(call: Call) -> Reply:
    """Change a team; a new name gives it a new slug, a parent of null takes it out."""
    team, org, state = call.led_team(), call.org(), call.state
    body = call.json()
    changes: dict[str, Any] = {}
    name = call.field("name", str, "Team")
    if name is not None and name != team["name"]:
        changes |= {"name": name, "slug": _free_slug(call, org, name, but=team["id"])}
    for field, choices in (("privacy", _PRIVACY), ("notification_setting", _NOTIFY)):
        if (value := call.choice(field, choices, "Team")) is not None:
            changes[field] = value
    if "description" in body:
        changes["description"] = call.field("description", str, "Team")
    if "parent_team_id" in body or "parent_team_slug" in body:
        parent = _parent(call, org)
        if parent and (parent["id"] == team["id"] or team["id"] in {t["id"] for t in state.parents(parent)}):
            raise invalid(
                "Team",
                "parent_team_id",
                message="Parent team can't be the team itself or one of its children",
            )
        changes["parent"] = parent["id"] if parent else None
    nested = bool(changes.get("parent", team["parent"])) or bool(state.teams.find("parent", team["id"]))
    _check_nesting(str(changes.get("privacy", team["privacy"])), nested=nested)
    return Reply(200, shapes.full_team(call, state.touch(state.teams, team, **changes)))


@route("DELETE", "/orgs/{org}/teams/{team_slug}", "teams/delete-in-org", *_SCOPES)
def delete_team(call: Call) -> Reply:
    """Delete a team and all teams below it."""
    call.state.delete_team(call.led_team())
    return Reply(NO_CONTENT)


@route("GET", "/orgs/{org}/teams/{team_slug}/teams", "teams/list-child-in-org", *_READ)
def list_child_teams(call: Call) -> Reply:
    """List the teams right below."""
    return call.page(call.state.teams.find("parent", call.team()["id"]), lambda team: shapes.team(call, team))


@route("GET", "/orgs/{org}/teams/{team_slug}/members", "teams/list-members-in-org", *_READ)
def list_team_members(call: Call) -> Reply:
    """List the members, those of the teams below too."""
    team, state = call.team(), call.state
    role = call.query.get("role", "all")
    found: dict[int, str] = {}
    for each in (team, *state.children(team)):
        for seat in state.team_members.find("team", each["id"]):
            found.setdefault(seat["user"], state.team_role(each, seat["user"]) or "member")
    people = [state.accounts[user] for user in sorted(found) if role in ("all", found[user])]
    return call.page(people, lambda user: shapes.simple_user(call, user))


@route("GET", "/orgs/{org}/teams/{team_slug}/invitations", "teams/list-pending-invitations-in-org", *_READ)
def list_team_invitations(call: Call) -> Reply:
    """List the invitations to the org that lead to this team."""
    team = call.led_team()
    found = [i for i in call.state.waiting(team["org"]) if str(team["id"]) in i["teams"]]
    return call.page(found, lambda invitation: shapes.org_invitation(call, invitation))


@route(
    "GET",
    "/orgs/{org}/teams/{team_slug}/memberships/{username}",
    "teams/get-membership-for-user-in-org",
    *_READ,
)
def get_team_membership(call: Call) -> Reply:
    """Tell of a membership, one that waits for the org too; members of teams below count."""
    team, user, state = call.team(), call.person(), call.state
    for each in (team, *state.children(team)):
        role = state.team_role(each, user["id"])
        if role:
            return Reply(200, _membership(call, team, user, role, "active"))
    invitation = state.waiting_for(team["org"], user["id"])
    if invitation is None or str(team["id"]) not in invitation["teams"]:
        raise not_found()
    return Reply(200, _membership(call, team, user, invitation["teams"][str(team["id"])], "pending"))


@route(
    "PUT",
    "/orgs/{org}/teams/{team_slug}/memberships/{username}",
    "teams/add-or-update-membership-for-user-in-org",
    *_SCOPES,
)
def set_team_membership(call: Call) -> Reply:
    """Add a member of the org, or change the role; anyone else is invited to the org first."""
    team, user, state = call.led_team(), call.person(), call.state
    role = call.choice("role", ("member", "maintainer"), "TeamMember") or "member"
    org = state.accounts[team["org"]]
    if state.role(org["id"], user["id"]) is None:
        if not state.is_owner(org["id"], call.caller):
            raise forbidden(
                "You must be an organization owner to add someone who is not a member of the organization."
            )
        invite(call, org, user, "", {str(team["id"]): role})
        return Reply(200, _membership(call, team, user, role, "pending"))
    seat = state.team_members.one("pair", (team["id"], user["id"]))
    if seat is None:
        state.add(state.team_members, team=team["id"], user=user["id"], role=role)
    else:
        state.touch(state.team_members, seat, role=role)
    return Reply(200, _membership(call, team, user, state.team_role(team, user["id"]) or role, "active"))


@route(
    "DELETE",
    "/orgs/{org}/teams/{team_slug}/memberships/{username}",
    "teams/remove-membership-for-user-in-org",
    *_SCOPES,
)
def remove_team_membership(call: Call) -> Reply:
    """Take a member out, or the team out of an invitation; members may leave by themselves."""
    team, user, state = call.team(), call.person(), call.state
    if user["id"] != call.caller:
        team = call.led_team()
    seat = state.team_members.one("pair", (team["id"], user["id"]))
    invitation = state.waiting_for(team["org"], user["id"])
    if seat is not None:
        state.team_members.delete(seat["id"])
    elif invitation is not None and str(team["id"]) in invitation["teams"]:
        kept = {id_: role for id_, role in invitation["teams"].items() if id_ != str(team["id"])}
        state.invitations.save(invitation, teams=kept)
    else:
        raise not_found()
    return Reply(NO_CONTENT)


@route("GET", "/orgs/{org}/teams/{team_slug}/repos", "teams/list-repos-in-org", *_READ)
def list_team_repos(call: Call) -> Reply:
    """List the repositories, those given to the teams above too."""
    team, state = call.team(), call.state
    ids = {link["repo"] for each in state.parents(team) for link in state.team_repos.find("team", each["id"])}
    repos = [state.repos[id_] for id_ in sorted(ids)]
    seen = [repo for repo in repos if rights.may(state, repo, call.caller, "pull")]
    return call.page(seen, lambda repo: _team_repo(call, team, repo))


@route(
    "GET",
    "/orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}",
    "teams/check-permissions-for-repo-in-org",
    *_READ,
)
def check_team_repo(call: Call) -> Reply:
    """Answer 204 when the team has the repository, or its permissions when that media type is asked for; 404 else."""
    team, repo = call.team(), call.repo()
    if rights.team_role(call.state, team, repo) == "none":
        raise not_found()
    if call.accept.startswith("application/vnd.github.v3.repository"):
        return Reply(200, _team_repo(call, team, repo))
    return Reply(NO_CONTENT)


@route(
    "PUT",
    "/orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}",
    "teams/add-or-update-repo-permissions-in-org",
    *_SCOPES,
)
def set_team_repo(call: Call) -> Reply:
    """Give the team a role in a repository of the org."""
    team, repo, state = call.team(), call.changeable_repo(), call.state
    if repo["owner"] != team["org"]:
        raise unprocessable("The repository must be owned by the organization of the team.")
    role, own = roles.chosen(call, team["org"], "TeamRepository", "pull")
    link = state.team_repos.one("pair", (team["id"], repo["id"]))
    if link is None:
        state.add(state.team_repos, team=team["id"], repo=repo["id"], permission=role, own=own)
    else:
        state.touch(state.team_repos, link, permission=role, own=own)
    return Reply(NO_CONTENT)


@route("DELETE", "/orgs/{org}/teams/{team_slug}/repos/{owner}/{repo}", "teams/remove-repo-in-org", *_SCOPES)
def remove_team_repo(call: Call) -> Reply:
    """Take a repository from the team."""
    team, repo, state = call.team(), call.changeable_repo(), call.state
    for link in state.team_repos.find("pair", (team["id"], repo["id"])):
        state.team_repos.delete(link["id"])
    return Reply(NO_CONTENT)


@route("GET", "/repos/{owner}/{repo}/teams", "repos/list-teams")
def list_repo_teams(call: Call) -> Reply:
    """List the teams that have the repository, with their roles."""
    repo, state = call.part_of_repo("admin"), call.state
    teams = [state.teams[link["team"]] for link in state.team_repos.find("repo", repo["id"])]
    below = [child for team in teams for child in state.children(team)]
    found = {team["id"]: team for team in (*teams, *below)}
    return call.page(
        found.values(), lambda team: shapes.team(call, team, rights.team_role(state, team, repo))
    )


def _membership(call: Call, team: Document, user: Document, role: str, state: str) -> dict[str, Any]:
    url = f"{call.base}/organizations/{team['org']}/team/{team['id']}/memberships/{user['login']}"
    return {"url": url, "role": role, "state": state}


def _team_repo(call: Call, team: Document, repo: Document) -> dict[str, Any]:
    role = rights.team_role(call.state, team, repo)
    return {**repo_shapes.repo(call, repo, role), "role_name": roles.team_word(call.state, team, repo)}


def _parent(call: Call, org: Document) -> Document | None:
    id_, slug = call.field("parent_team_id", int, "Team"), call.field("parent_team_slug", str, "Team")
    if id_ is None and slug is None:
        return None
    found = call.state.teams.get(id_) if id_ is not None else call.state.teams.one("slug", (org["id"], slug))
    if found is None or found["org"] != org["id"]:
        raise not_found()
    if not rights.leads_team(call.state, found, call.caller):
        raise forbidden("You must be an organization owner or a maintainer of the parent team.")
    return found


def _check_nesting(privacy: str, *, nested: bool) -> None:
    if nested and privacy == "secret":
        raise invalid("Team", "privacy", "custom", "Secret teams cannot be nested")


def _free_slug(call: Call, org: Document, name: str, but: int | None = None) -> str:
    slug = call.state.slug(org["id"], name)
    taken = call.state.teams.one("slug", (org["id"], slug))
    if taken is not None and taken["id"] != but:
        raise invalid("Team", "name", "already_exists", "Name must be unique for this org")
    return slug


def _member(call: Call, org: Document, login: object) -> int:
    found = call.state.accounts.one("login", str(login).lower())
    if found is None or call.state.role(org["id"], found["id"]) is None:
        raise invalid("Team", "maintainers", message=f"{login} is not a member of the organization")
    return int(found["id"])


def _owned_repo(call: Call, org: Document, path: object) -> Document:
    owner, _, name = str(path).partition("/")
    found = call.state.find_repo(owner, name)
    if found is None or found["owner"] != org["id"]:
        raise invalid("Team", "repo_names")
    if not rights.may(call.state, found, call.caller, "admin"):
        raise ApiError(403, "Must have admin rights to Repository.")
    return found
