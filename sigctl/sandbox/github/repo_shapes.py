"""Repositories, and people in them, as REST shows them."""

from __future__ import annotations

from sigctl.sandbox.github import rights, shapes
from sigctl.sandbox.github.call import Call
from sigctl.sandbox.github.shapes import Json
from sigctl.sandbox.github.state import ORG, node_id
from sigctl.sandbox.github.switches import analysis
from sigctl.sandbox.store import Document

_REPO_PARTS = {
    "archive_url": "/{archive_format}{/ref}",
    "assignees_url": "/assignees{/user}",
    "blobs_url": "/git/blobs{/sha}",
    "branches_url": "/branches{/branch}",
    "collaborators_url": "/collaborators{/collaborator}",
    "comments_url": "/comments{/number}",
    "commits_url": "/commits{/sha}",
    "compare_url": "/compare/{base}...{head}",
    "contents_url": "/contents/{+path}",
    "contributors_url": "/contributors",
    "deployments_url": "/deployments",
    "downloads_url": "/downloads",
    "events_url": "/events",
    "forks_url": "/forks",
    "git_commits_url": "/git/commits{/sha}",
    "git_refs_url": "/git/refs{/sha}",
    "git_tags_url": "/git/tags{/sha}",
    "hooks_url": "/hooks",
    "issue_comment_url": "/issues/comments{/number}",
    "issue_events_url": "/issues/events{/number}",
    "issues_url": "/issues{/number}",
    "keys_url": "/keys{/key_id}",
    "labels_url": "/labels{/name}",
    "languages_url": "/languages",
    "merges_url": "/merges",
    "milestones_url": "/milestones{/number}",
    "notifications_url": "/notifications{?since,all,participating}",
    "pulls_url": "/pulls{/number}",
    "releases_url": "/releases{/id}",
    "stargazers_url": "/stargazers",
    "statuses_url": "/statuses/{sha}",
    "subscribers_url": "/subscribers",
    "subscription_url": "/subscription",
    "tags_url": "/tags",
    "teams_url": "/teams",
    "trees_url": "/git/trees{/sha}",
}
SWITCHES = {
    "has_issues": True,
    "has_projects": True,
    "has_wiki": True,
    "has_discussions": False,
    "has_downloads": True,
    "is_template": False,
    "web_commit_signoff_required": False,
}
MERGE = {
    "allow_squash_merge": True,
    "allow_merge_commit": True,
    "allow_rebase_merge": True,
    "allow_auto_merge": False,
    "delete_branch_on_merge": False,
    "allow_update_branch": False,
    "use_squash_pr_title_as_default": False,
    "squash_merge_commit_title": "COMMIT_OR_PR_TITLE",
    "squash_merge_commit_message": "COMMIT_MESSAGES",
    "merge_commit_title": "MERGE_MESSAGE",
    "merge_commit_message": "PR_TITLE",
}
"""Told only to those who may push."""


def repo(call: Call, found: Document, role: str | None = None) -> Json:
    """Return a repository in a list, with the permissions of the caller (or the given role)."""
    name = call.state.full_name(found)
    url = f"{call.base}/repos/{name}"
    host = shapes.site(call).partition("//")[2]
    shown = {
        "id": found["id"],
        "node_id": node_id("Repository", found["id"]),
        "name": found["name"],
        "full_name": name,
        "private": found["visibility"] != "public",
        "owner": shapes.simple_user(call, call.state.accounts[found["owner"]]),
        "html_url": f"{shapes.site(call)}/{name}",
        "description": found["description"],
        "fork": found["fork"],
        "url": url,
        **{field: url + part for field, part in _REPO_PARTS.items()},
        "git_url": f"git://{host}/{name}.git",
        "ssh_url": f"git@{host.partition(':')[0]}:{name}.git",
        "clone_url": f"{shapes.site(call)}/{name}.git",
        "svn_url": f"{shapes.site(call)}/{name}",
        "mirror_url": None,
        "homepage": found["homepage"],
        **dict.fromkeys(
            ("size", "stargazers_count", "watchers_count", "forks_count", "open_issues_count"), 0
        ),
        **dict.fromkeys(("forks", "open_issues", "watchers"), 0),
        "language": None,
        "license": None,
        "has_pages": False,
        "archived": found["archived"],
        "disabled": False,
        "allow_forking": found["allow_forking"],
        **{field: found[field] for field in SWITCHES},
        "topics": found["topics"],
        "visibility": found["visibility"],
        "default_branch": found["default_branch"],
        "pushed_at": found["pushed_at"],
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
    }
    if rights.may(call.state, found, call.caller, "admin"):
        shown["security_and_analysis"] = analysis(found)
    if call.me is not None:
        shown["permissions"] = rights.flags(role or rights.role_of(call.state, found, call.caller))
    return shown


def full_repo(call: Call, found: Document) -> Json:
    """Return a repository by itself."""
    owner = call.state.accounts[found["owner"]]
    shown = {**repo(call, found), "temp_clone_token": None, "network_count": 0, "subscribers_count": 0}
    if rights.may(call.state, found, call.caller, "push"):
        shown |= {field: found[field] for field in MERGE}
    if owner["type"] == ORG:
        shown["organization"] = shapes.simple_user(call, owner)
    return shown


def collaborator(call: Call, user: Document, role: str) -> Json:
    """Return a user with what it may do in a repository."""
    return {
        **shapes.simple_user(call, user),
        "permissions": rights.flags(role),
        "role_name": rights.WORDS[role],
    }


def repo_invitation(call: Call, invitation: Document) -> Json:
    """Return an invitation to a repository."""
    found = call.state.repos[invitation["repo"]]
    name = call.state.full_name(found)
    shown = repo(call, found)
    shown.pop("permissions", None)
    return {
        "id": invitation["id"],
        "node_id": node_id("RI", invitation["id"]),
        "repository": shown,
        "invitee": shapes.simple_user(call, call.state.accounts[invitation["user"]]),
        "inviter": shapes.simple_user(call, call.state.accounts[invitation["inviter"]]),
        "permissions": rights.WORDS[invitation["permission"]],
        "created_at": invitation["created_at"],
        "expired": call.state.expired(invitation),
        "url": f"{call.base}/user/repository_invitations/{invitation['id']}",
        "html_url": f"{shapes.site(call)}/{name}/invitations",
    }
