"""Documents as REST shows them."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github import rights
from sigctl.sandbox.github.call import Call
from sigctl.sandbox.github.state import ORG, node_id
from sigctl.sandbox.store import Document

Json = dict[str, Any]

_USER_PARTS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}


_TEXTS = ("name", "company", "blog", "location", "email", "twitter_username")


def site(call: Call) -> str:
    """Return the URL people open."""
    return call.state.env.url


def simple_user(call: Call, account: Document) -> Json:
    """Return a user (or an org as the owner of something)."""
    url = f"{call.base}/users/{account['login']}"
    return {
        "login": account["login"],
        "id": account["id"],
        "node_id": node_id(account["type"], account["id"]),
        "avatar_url": f"{site(call)}/avatars/u/{account['id']}?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{site(call)}/{account['login']}",
        **{name: url + part for name, part in _USER_PARTS.items()},
        "type": account["type"],
        "site_admin": account["site_admin"],
        "user_view_type": "public",
    }


def full_user(call: Call, account: Document) -> Json:
    """Return what everyone may know of a user or org account."""
    return {
        **simple_user(call, account),
        "name": account["name"],
        "company": None,
        "blog": "",
        "location": None,
        "email": account["email"],
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": _count(call, account, private=False),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": account["created_at"],
        "updated_at": account["updated_at"],
    }


def private_user(call: Call, account: Document) -> Json:
    """Return what users are told of themselves."""
    private = _count(call, account, private=True)
    return {
        **full_user(call, account),
        "user_view_type": "private",
        "private_gists": 0,
        "total_private_repos": private,
        "owned_private_repos": private,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": account["two_factor"],
        "plan": {"name": "free", "space": 976562499, "collaborators": 0, "private_repos": 10000},
    }


def simple_org(call: Call, org: Document) -> Json:
    """Return an org as a part of something else."""
    url = f"{call.base}/orgs/{org['login']}"
    return {
        "login": org["login"],
        "id": org["id"],
        "node_id": node_id(ORG, org["id"]),
        "url": url,
        "repos_url": f"{url}/repos",
        "events_url": f"{url}/events",
        "hooks_url": f"{url}/hooks",
        "issues_url": f"{url}/issues",
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{site(call)}/avatars/u/{org['id']}?v=4",
        "description": org["description"],
    }


def full_org(call: Call, org: Document) -> Json:
    """Return an org, with its settings for owners only."""
    shown = {
        **simple_org(call, org),
        **{field: org[field] for field in _TEXTS if org[field] is not None},
        "is_verified": False,
        "has_organization_projects": org["has_organization_projects"],
        "has_repository_projects": org["has_repository_projects"],
        "public_repos": _count(call, org, private=False),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": f"{site(call)}/{org['login']}",
        "created_at": org["created_at"],
        "updated_at": org["updated_at"],
        "archived_at": None,
        "type": ORG,
    }
    if call.state.is_owner(org["id"], call.caller) and call.has_scope(
        "admin:org", "write:org", "read:org", "repo"
    ):
        private = _count(call, org, private=True)
        shown |= {
            "total_private_repos": private,
            "owned_private_repos": private,
            "private_gists": 0,
            "disk_usage": 0,
            "collaborators": 0,
            "plan": {
                "name": org["plan"],
                "space": 976562499,
                "private_repos": 999999,
                "filled_seats": 1,
                "seats": 0,
            },
            **{field: org[field] for field in ORG_SETTINGS},
        }
    return shown


ORG_SETTINGS = {
    "billing_email": None,
    "default_repository_permission": "read",
    "members_can_create_repositories": True,
    "two_factor_requirement_enabled": False,
    "members_allowed_repository_creation_type": "all",
    "members_can_create_public_repositories": True,
    "members_can_create_private_repositories": True,
    "members_can_create_internal_repositories": False,
    "members_can_create_pages": True,
    "members_can_create_public_pages": True,
    "members_can_create_private_pages": True,
    "members_can_fork_private_repositories": False,
    "web_commit_signoff_required": False,
    "deploy_keys_enabled_for_repositories": False,
    "members_can_delete_repositories": True,
    "members_can_change_repo_visibility": True,
    "members_can_invite_outside_collaborators": True,
    "members_can_create_teams": True,
}
"""What only owners are told, with the value a new org has."""


def membership(call: Call, org: Document, user: Document, role: str, state: str) -> Json:
    """Return a membership in an org."""
    return {
        "url": f"{call.base}/orgs/{org['login']}/memberships/{user['login']}",
        "state": state,
        "role": role,
        "organization_url": f"{call.base}/orgs/{org['login']}",
        "user": simple_user(call, user),
        "organization": simple_org(call, org),
        "direct_membership": True,
        "enterprise_teams_providing_indirect_membership": [],
    }


def org_invitation(call: Call, invitation: Document) -> Json:
    """Return an invitation to an org."""
    user = call.state.accounts.get(invitation["user"])
    org = call.state.accounts[invitation["org"]]
    return {
        "id": invitation["id"],
        "node_id": node_id("OI", invitation["id"]),
        "login": user["login"] if user else None,
        "email": invitation["email"],
        "role": invitation["role"],
        "created_at": invitation["created_at"],
        "failed_at": invitation["failed_at"],
        "failed_reason": invitation["failed_reason"],
        "inviter": simple_user(call, call.state.accounts[invitation["inviter"]]),
        "team_count": len(invitation["teams"]),
        "invitation_teams_url": f"{call.base}/orgs/{org['login']}/invitations/{invitation['id']}/teams",
        "invitation_source": "member",
    }


def simple_team(call: Call, team: Document) -> Json:
    """Return a team as a part of something else."""
    url = f"{call.base}/organizations/{team['org']}/team/{team['id']}"
    org = call.state.accounts[team["org"]]
    return {
        "name": team["name"],
        "id": team["id"],
        "node_id": node_id("Team", team["id"]),
        "slug": team["slug"],
        "description": team["description"],
        "privacy": team["privacy"],
        "notification_setting": team["notification_setting"],
        "url": url,
        "html_url": f"{site(call)}/orgs/{org['login']}/teams/{team['slug']}",
        "members_url": f"{url}/members{{/member}}",
        "repositories_url": f"{url}/repos",
        "type": "organization",
        "organization_id": org["id"],
        "permission": "pull",
    }


def team(call: Call, team: Document, role: str = "") -> Json:
    """Return a team in a list; with a role where it is listed for a repository."""
    parent = call.state.teams.get(team["parent"])
    shown = {**simple_team(call, team), "parent": simple_team(call, parent) if parent else None}
    if role:
        shown |= {"permission": role, "permissions": rights.flags(role)}
    return shown


def full_team(call: Call, found: Document) -> Json:
    """Return a team by itself."""
    org = call.state.accounts[found["org"]]
    return {
        **team(call, found),
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
        "members_count": len(call.state.team_members.find("team", found["id"])),
        "repos_count": len(call.state.team_repos.find("team", found["id"])),
        "organization": full_org(call, org),
    }


def _count(call: Call, account: Document, *, private: bool) -> int:
    repos = call.state.repos.find("owner", account["id"])
    return sum((found["visibility"] != "public") == private for found in repos)
