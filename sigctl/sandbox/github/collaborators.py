"""People with access to one repository, and the invitations to it."""

from __future__ import annotations

from sigctl.sandbox.github import repo_shapes, rights, roles
from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import forbidden, invalid, not_found
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.github.state import ORG, State
from sigctl.sandbox.store import Document

_SCOPES = ("repo", "public_repo")
_LISTED = "Must have push access to view repository collaborators."
_OLD_WORDS = {"maintain": "write", "triage": "read"}
"""What GET permission makes of the roles it does not know."""


@route(
    "GET",
    "/repos/{owner}/{repo}/collaborators",
    "repos/list-collaborators",
    "repo",
    "public_repo",
    "read:org",
)
def list_collaborators(call: Call) -> Reply:
    """List those with access beyond everyone's: all, the direct ones, or those from outside the org."""
    repo, state = call.part_of_repo("push", _LISTED), call.state
    affiliation, wanted = call.query.get("affiliation", "all"), call.query.get("permission")
    if affiliation not in ("all", "direct", "outside"):
        raise invalid("Repository", "affiliation")
    people = [state.accounts[user] for user in sorted(affiliated(state, repo, affiliation))]
    held = {user["id"]: rights.role_of(state, repo, user["id"]) for user in people}
    shown = [u for u in people if wanted is None or rights.RANK[held[u["id"]]] >= rights.RANK.get(wanted, 0)]
    return call.page(shown, lambda user: repo_shapes.collaborator(call, user, held[user["id"]]))


@route(
    "GET",
    "/repos/{owner}/{repo}/collaborators/{username}",
    "repos/check-collaborator",
    "repo",
    "public_repo",
    "read:org",
)
def check_collaborator(call: Call) -> Reply:
    """Answer 204 for one with access, 404 else."""
    repo, user = call.part_of_repo("push", _LISTED), call.person()
    if user["id"] not in affiliated(call.state, repo, "all"):
        raise not_found()
    return Reply(NO_CONTENT)


@route(
    "GET",
    "/repos/{owner}/{repo}/collaborators/{username}/permission",
    "repos/get-collaborator-permission-level",
)
def get_permission(call: Call) -> Reply:
    """Tell a user's role, and an older word for it that knows fewer roles."""
    repo, user = (
        call.part_of_repo("push", "Must have push access to view collaborator permission."),
        call.person(),
    )
    role = rights.role_of(call.state, repo, user["id"])
    word = rights.WORDS[role]
    shown = {
        "permission": _OLD_WORDS.get(word, word),
        "role_name": word,
        "user": repo_shapes.collaborator(call, user, role),
    }
    return Reply(200, shown)


@route("PUT", "/repos/{owner}/{repo}/collaborators/{username}", "repos/add-collaborator", *_SCOPES)
def add_collaborator(call: Call) -> Reply:
    """Invite someone (201), or change what one who has access already may do (204)."""
    repo, user, state = call.changeable_repo(), call.person(), call.state
    role, own = roles.chosen(call, repo["owner"], "Repository", "push")
    owner = state.accounts[repo["owner"]]
    if owner["id"] == user["id"]:
        raise invalid("Repository", "user", "unprocessable", "Repository owner cannot be a collaborator")
    if user["suspended"]:
        raise invalid("Repository", "user", "unprocessable", "User is suspended")
    direct = state.collaborators.one("pair", (repo["id"], user["id"]))
    if direct is not None:
        state.touch(state.collaborators, direct, permission=role, own=own)
        return Reply(NO_CONTENT)
    if owner["type"] == ORG and state.role(owner["id"], user["id"]) is not None:
        state.add(state.collaborators, repo=repo["id"], user=user["id"], permission=role, own=own)
        return Reply(NO_CONTENT)
    invitation = next((i for i in _invitations(state, repo, user) if not state.expired(i)), None)
    if invitation is None:
        if not state.count_invitation(state.full_name(repo)):
            text = "You have exceeded the limit of repository invitations for today: too many invitations were sent"
            raise forbidden(text)
        for old in _invitations(state, repo, user):
            state.repo_invitations.delete(old["id"])
        invitation = state.add(
            state.repo_invitations,
            repo=repo["id"],
            user=user["id"],
            inviter=call.user()["id"],
            permission=role,
        )
    return Reply(201, repo_shapes.repo_invitation(call, invitation))


@route("DELETE", "/repos/{owner}/{repo}/collaborators/{username}", "repos/remove-collaborator", *_SCOPES)
def remove_collaborator(call: Call) -> Reply:
    """Take direct access away; invitations that wait are not touched. Anyone may leave."""
    user, state = call.person(), call.state
    repo = call.changeable_repo("pull" if user["id"] == call.caller else "admin")
    for direct in state.collaborators.find("pair", (repo["id"], user["id"])):
        state.collaborators.delete(direct["id"])
    return Reply(NO_CONTENT)


@route("GET", "/repos/{owner}/{repo}/invitations", "repos/list-invitations", "repo", "repo:invite")
def list_invitations(call: Call) -> Reply:
    """List the invitations, those that nobody accepted in time marked as expired."""
    repo = call.part_of_repo("admin")
    found = call.state.repo_invitations.find("repo", repo["id"])
    return call.page(found, lambda invitation: repo_shapes.repo_invitation(call, invitation))


@route(
    "PATCH",
    "/repos/{owner}/{repo}/invitations/{invitation_id}",
    "repos/update-invitation",
    "repo",
    "repo:invite",
)
def update_invitation(call: Call) -> Reply:
    """Change what the invited will be able to do."""
    invitation = _invitation(call)
    word = call.choice("permissions", tuple(rights.UNWORDS)[1:], "RepositoryInvitation")
    if word is not None:
        call.state.touch(call.state.repo_invitations, invitation, permission=rights.UNWORDS[word])
    return Reply(200, repo_shapes.repo_invitation(call, invitation))


@route(
    "DELETE",
    "/repos/{owner}/{repo}/invitations/{invitation_id}",
    "repos/delete-invitation",
    "repo",
    "repo:invite",
)
def delete_invitation(call: Call) -> Reply:
    """Withdraw an invitation."""
    call.state.repo_invitations.delete(_invitation(call)["id"])
    return Reply(NO_CONTENT)


def affiliated(state: State, repo: Document, affiliation: str) -> set[int]:
    """Return the ids of those with access: `all`, `direct` (not by the base permission or ownership alone), `outside`."""
    direct = {each["user"] for each in state.collaborators.find("repo", repo["id"])}
    owner = state.accounts[repo["owner"]]
    if owner["type"] != ORG:
        return direct | ({owner["id"]} if affiliation != "outside" else set())
    if affiliation == "outside":
        return {user for user in direct if state.role(owner["id"], user) is None}
    if affiliation == "direct":
        return direct
    granted = [state.teams[link["team"]] for link in state.team_repos.find("repo", repo["id"])]
    teams = {each["id"] for team in granted for each in (team, *state.children(team))}
    by_team = {seat["user"] for team in teams for seat in state.team_members.find("team", team)}
    everyone = owner["default_repository_permission"] != "none"
    members = {s["user"] for s in state.members.find("org", owner["id"]) if everyone or s["role"] == "admin"}
    return direct | by_team | members


def _invitations(state: State, repo: Document, user: Document) -> list[Document]:
    return state.repo_invitations.find("pair", (repo["id"], user["id"]))


def _invitation(call: Call) -> Document:
    repo = call.repo("admin")
    if repo["archived"]:
        raise forbidden("Repository was archived so is read-only.")
    id_ = call.params["invitation_id"]
    found = call.state.repo_invitations.get(int(id_)) if id_.isdecimal() else None
    if found is None or found["repo"] != repo["id"]:
        raise not_found()
    return found
