"""Repositories: made, changed, renamed, transferred, deleted."""

from __future__ import annotations

import re
from typing import Any

from sigctl.sandbox.github import repo_shapes, rights, switches
from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import ApiError, forbidden, invalid, unprocessable
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.github.state import ORG, USER, State
from sigctl.sandbox.gitrepo import DEFAULT_BRANCH
from sigctl.sandbox.store import Document

_SCOPES = ("repo", "public_repo")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_TOPIC = re.compile(r"[a-z0-9][a-z0-9-]{0,49}")
_TITLES = {
    "squash_merge_commit_title": ("PR_TITLE", "COMMIT_OR_PR_TITLE"),
    "squash_merge_commit_message": ("PR_BODY", "COMMIT_MESSAGES", "BLANK"),
    "merge_commit_title": ("PR_TITLE", "MERGE_MESSAGE"),
    "merge_commit_message": ("PR_BODY", "PR_TITLE", "BLANK"),
}
_MOST_TOPICS = 20


@route("POST", "/orgs/{org}/repos", "repos/create-in-org", *_SCOPES)
def create_in_org(call: Call) -> Reply:
    """Make a repository in an org."""
    org, me, state = call.org(), call.user(), call.state
    role = state.role(org["id"], me["id"])
    private = _visibility(call) == "private"
    kind = "private" if private else "public"
    allowed = org["members_can_create_repositories"] and org[f"members_can_create_{kind}_repositories"]
    if role != "admin" and not (role and allowed):
        raise forbidden("You need admin access to the organization before adding a repository to it.")
    repo = _create(call, org)
    if role != "admin":
        state.add(state.collaborators, repo=repo["id"], user=me["id"], permission="admin")
    team = call.field("team_id", int, "Repository")
    if team is not None:
        if team not in state.teams or state.teams[team]["org"] != org["id"]:
            raise invalid("Repository", "team_id")
        state.add(state.team_repos, team=team, repo=repo["id"], permission="push")
    return _made(call, repo)


@route("POST", "/user/repos", "repos/create-for-authenticated-user", *_SCOPES)
def create_for_me(call: Call) -> Reply:
    """Make a repository of one's own."""
    return _made(call, _create(call, call.user()))


@route("GET", "/repos/{owner}/{repo}", "repos/get")
def get_repo(call: Call) -> Reply:
    """Tell of a repository."""
    return Reply(200, repo_shapes.full_repo(call, call.repo()))


@route("PATCH", "/repos/{owner}/{repo}", "repos/update", *_SCOPES)
def update_repo(call: Call) -> Reply:
    """Change settings; an archived repository takes nothing but being unarchived."""
    repo, body, state = call.repo("admin"), call.json(), call.state
    if repo["archived"] and not (body.get("archived") is False and set(body) <= {"archived", "name"}):
        raise forbidden("Repository was archived so is read-only.")
    changes = _settings(call)
    if "security_and_analysis" in body:
        changes["security"] = switches.analysed(repo, body["security_and_analysis"])
    if (archived := call.field("archived", bool, "Repository")) is not None:
        changes["archived"] = archived
    if "default_branch" in body:
        changes["default_branch"] = _branch(call, repo)
    if "visibility" in body or "private" in body:
        changes["visibility"] = _new_visibility(call, repo)
    name = call.field("name", str, "Repository")
    if name is not None and name != repo["name"]:
        _check_name(call, repo["owner"], name, but=repo["id"])
        state.move_repo(repo, repo["owner"], name)
    state.touch(state.repos, repo, **changes)
    if "default_branch" in changes:
        state.bare(repo).set_head(changes["default_branch"])
    return Reply(200, repo_shapes.full_repo(call, repo))


@route("DELETE", "/repos/{owner}/{repo}", "repos/delete", "delete_repo")
def delete_repo(call: Call) -> Reply:
    """Delete a repository."""
    repo = call.repo("admin")
    org = call.state.accounts[repo["owner"]]
    if org["type"] == ORG and not (
        call.state.is_owner(org["id"], call.caller) or org["members_can_delete_repositories"]
    ):
        raise forbidden("Organization members cannot delete repositories.")
    call.state.delete_repo(repo)
    return Reply(NO_CONTENT)


@route("GET", "/orgs/{org}/repos", "repos/list-for-org")
def list_for_org(call: Call) -> Reply:
    """List the repositories of an org that the caller sees."""
    return _list(call, call.org())


@route("GET", "/users/{username}/repos", "repos/list-for-user")
def list_for_user(call: Call) -> Reply:
    """List the public repositories of an account."""
    return _list(call, call.state.account(call.params["username"]), public_only=True)


@route("GET", "/user/repos", "repos/list-for-authenticated-user", "repo", "public_repo")
def list_mine(call: Call) -> Reply:
    """List the repositories the caller has explicit access to."""
    me, state = call.user(), call.state
    found = [repo for repo in state.repos if any(True for _ in rights.sources(state, repo, me["id"]))]
    return call.page(found, lambda repo: repo_shapes.repo(call, repo))


@route("GET", "/repos/{owner}/{repo}/topics", "repos/get-all-topics")
def get_topics(call: Call) -> Reply:
    """Tell the topics."""
    return Reply(200, {"names": call.part_of_repo()["topics"]})


@route("PUT", "/repos/{owner}/{repo}/topics", "repos/replace-all-topics", *_SCOPES)
def set_topics(call: Call) -> Reply:
    """Replace all topics."""
    repo = call.changeable_repo()
    names = call.field("names", list, "Repository", required=True)
    topics = sorted({str(name).lower() for name in names})
    if len(topics) > _MOST_TOPICS:
        raise unprocessable("A repository cannot have more than 20 topics.")
    if any(not _TOPIC.fullmatch(topic) for topic in topics):
        raise unprocessable(
            "Topics must start with a lowercase letter or number, consist of 50 characters or less, and can include hyphens."
        )
    call.state.touch(call.state.repos, repo, topics=topics)
    return Reply(200, {"names": topics})


@route("POST", "/repos/{owner}/{repo}/transfer", "repos/transfer", *_SCOPES)
def transfer(call: Call) -> Reply:
    """Start a transfer: the answer shows the old owner, the new one has it a little later."""
    repo, state = call.repo("admin"), call.state
    login = call.field("new_owner", str, "Repository", required=True)
    owner = state.accounts.one("login", login.lower())
    if owner is None:
        raise invalid("Repository", "new_owner")
    if owner["type"] == ORG and not _may_create_in(state, owner, call.caller):
        raise forbidden("You don't have the permission to create repositories on that organization.")
    if owner["type"] == USER and owner["id"] != call.caller:
        raise unprocessable("The sandbox transfers to orgs and to oneself only.")
    name = call.field("new_name", str, "Repository") or repo["name"]
    _check_name(call, owner["id"], name, but=repo["id"])
    teams = [team for team in call.field("team_ids", list, "Repository") or [] if team in state.teams]
    shown = repo_shapes.repo(call, repo)
    for old in state.transfers.find("repo", repo["id"]):
        state.transfers.delete(old["id"])
    after = state.env.options.get("transfer_after", 1)
    state.add(state.transfers, repo=repo["id"], owner=owner["id"], name=name, teams=teams, after=after)
    return Reply(202, shown)


def _create(call: Call, owner: Document) -> Document:
    state = call.state
    name = call.field("name", str, "Repository", required=True)
    _check_name(call, owner["id"], name)
    state.free_name(owner["login"], name)
    settings = _settings(call)
    settings.setdefault("description", None)
    settings.setdefault("homepage", None)
    repo = state.add(
        state.repos,
        owner=owner["id"],
        name=name,
        visibility=_visibility(call),
        default_branch=DEFAULT_BRANCH,
        archived=False,
        fork=False,
        topics=[],
        pushed_at=state.clock.stamp(),
        **repo_shapes.SWITCHES | repo_shapes.MERGE | {"allow_forking": True} | settings,
    )
    state.bare(repo).create()
    if call.field("auto_init", bool, "Repository"):
        _first_commit(state, repo)
    state.not_yet[repo["id"]] = state.env.options.get("not_yet", 0)
    return repo


def _made(call: Call, repo: Document) -> Reply:
    shown = repo_shapes.full_repo(call, repo)
    return Reply(201, shown, {"Location": shown["url"]})


def _settings(call: Call) -> dict[str, Any]:
    """Return the plain settings that the body has."""
    body = call.json()
    changes: dict[str, Any] = {}
    for name in ("description", "homepage"):
        if name in body:
            changes[name] = call.field(name, str, "Repository") or None
    for name, default in {**repo_shapes.SWITCHES, **repo_shapes.MERGE, "allow_forking": True}.items():
        if isinstance(default, bool) and (switch := call.field(name, bool, "Repository")) is not None:
            changes[name] = switch
    for name, choices in _TITLES.items():
        if (choice := call.choice(name, choices, "Repository")) is not None:
            changes[name] = choice
    merges = [changes.get(f"allow_{way}_merge", True) for way in ("squash", "rebase")] + [
        changes.get("allow_merge_commit", True)
    ]
    if not any(merges):
        raise invalid(
            "Repository",
            "merge_commit_allowed",
            "custom",
            "Sorry, you need to allow at least one merge strategy. (no_merge_method)",
        )
    return changes


def _visibility(call: Call) -> str:
    word = call.choice("visibility", ("public", "private", "internal"), "Repository")
    if word == "internal":
        raise invalid(
            "Repository",
            "visibility",
            "custom",
            "Only organizations associated with an enterprise can set visibility to internal",
        )
    if word is not None:
        return word
    return "private" if call.field("private", bool, "Repository") else "public"


def _new_visibility(call: Call, repo: Document) -> str:
    wanted = _visibility(call)
    owner = call.state.accounts[repo["owner"]]
    free = owner["type"] != ORG or owner["members_can_change_repo_visibility"]
    if wanted != repo["visibility"] and not free and not call.state.is_owner(owner["id"], call.caller):
        raise unprocessable("Visibility can't be changed by this user")
    return wanted


def _branch(call: Call, repo: Document) -> str:
    name = call.field("default_branch", str, "Repository", required=True)
    if call.state.not_yet.get(repo["id"], 0) > 0:
        call.state.not_yet[repo["id"]] -= 1
    elif name == repo["default_branch"] or name in call.state.bare(repo).branches():
        return str(name)
    raise invalid(
        "Repository",
        "default_branch",
        "invalid",
        f"The branch {name} was not found. Please push that ref first or create it via the Git Data API.",
    )


def _check_name(call: Call, owner: int, name: str, but: int | None = None) -> None:
    if not _NAME.fullmatch(name) or name in (".", "..") or name.endswith((".git", ".wiki")):
        raise ApiError(
            422,
            "Repository creation failed.",
            errors=[
                {"resource": "Repository", "code": "custom", "field": "name", "message": "name is invalid"}
            ],
        )
    taken = call.state.repos.one("name", (owner, name.lower()))
    if taken is not None and taken["id"] != but:
        text = "name already exists on this account"
        raise ApiError(
            422,
            "Repository creation failed." if but is None else "Validation Failed",
            errors=[{"resource": "Repository", "code": "custom", "field": "name", "message": text}],
        )


def _may_create_in(state: State, org: Document, user: int | None) -> bool:
    role = state.role(org["id"], user)
    return role == "admin" or bool(role and org["members_can_create_repositories"])


def _list(call: Call, owner: Document, *, public_only: bool = False) -> Reply:
    kind = call.query.get("type", "all")
    found = [
        repo
        for repo in call.state.repos.find("owner", owner["id"])
        if (not public_only or repo["visibility"] == "public")
        and rights.may(call.state, repo, call.caller, "pull")
        and (repo["visibility"] == "public" or call.has_scope("repo"))
        and (kind not in ("public", "private") or repo["visibility"] == kind)
        and (kind != "forks" or repo["fork"])
        and (kind != "sources" or not repo["fork"])
    ]
    sort = call.query.get("sort", "created")
    keys = {"full_name": "name", "updated": "updated_at", "pushed": "pushed_at"}
    if sort in keys:
        found.sort(key=lambda repo: str(repo[keys[sort]]).lower())
    if call.query.get("direction", "asc" if sort == "full_name" else "desc") == "desc":
        found.reverse()
    return call.page(found, lambda repo: repo_shapes.repo(call, repo))


def _first_commit(state: State, repo: Document) -> None:
    """Make the commit with a README that `auto_init` asks for."""
    bare = state.bare(repo)
    stamp = f"GitHub <noreply@github.com> {int(state.clock.time())} +0000"
    blob = bare.git("hash-object", "-w", "--stdin", text=f"# {repo['name']}\n").stdout.strip()
    tree = bare.git("mktree", text=f"100644 blob {blob}\tREADME.md\n").stdout.strip()
    commit = f"tree {tree}\nauthor {stamp}\ncommitter {stamp}\n\nInitial commit\n"
    id_ = bare.git("hash-object", "-w", "-t", "commit", "--stdin", text=commit).stdout.strip()
    bare.git("update-ref", f"refs/heads/{repo['default_branch']}", id_)
