"""Projects as the REST API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sigctl.sandbox.gitlab import levels, render, settings
from sigctl.sandbox.gitlab.access import permissions
from sigctl.sandbox.gitlab.world import PROJECT

if TYPE_CHECKING:
    from sigctl.sandbox.gitlab.http import Call
    from sigctl.sandbox.store import Document

_ADMIN_ONLY = frozenset(
    [
        "build_git_strategy",
        "group_runners_enabled",
        "ci_push_repository_for_job_token_allowed",
        "repository_storage",
    ]
)


def identity(call: Call, project: Document) -> dict[str, Any]:
    """Return the few facts that name a project."""
    path = call.world.project_path(project)
    group = call.world.groups.get(project["namespace_id"])
    above = call.world.full_name(group) if group else render.namespace(call, project["namespace_id"])["name"]
    return {
        "id": project["id"],
        "description": project["description"],
        "name": project["name"],
        "name_with_namespace": f"{above} / {project['name']}",
        "path": project["path"],
        "path_with_namespace": path,
        "created_at": project["created_at"],
    }


def simple(call: Call, project: Document) -> dict[str, Any]:
    """Return a project as `simple=true` shows it: without any setting."""
    shown = identity(call, project)
    path = shown["path_with_namespace"]
    host = urlsplit(call.url).hostname
    web = f"{call.url}/{path}"
    code = _code(call, project, web) if call.access.reads_code(project) else {}
    return {
        **shown,
        **code,
        "tag_list": sorted(project["topics"]),
        "topics": sorted(project["topics"]),
        "ssh_url_to_repo": f"git@{host}:{path}.git",
        "http_url_to_repo": f"{web}.git",
        "web_url": web,
        "avatar_url": render.avatar(call, project),
        "star_count": len(project["stars"]),
        "last_activity_at": project["updated_at"],
        "namespace": render.namespace(call, project["namespace_id"]),
    }


def _code(call: Call, project: Document, web: str) -> dict[str, Any]:
    """Return what is only shown to those who may fetch; a project without branches names the one it is going to have."""
    branch = project["default_branch"] or call.world.initial_branch(project)
    return {
        "default_branch": branch,
        "readme_url": f"{web}/-/blob/{branch}/README.md" if project["readme"] else None,
        "forks_count": project["forks"],
    }


def project(call: Call, project: Document) -> dict[str, Any]:
    """Return a project with its settings, as the caller's rights let them be seen."""
    world, values = call.world, project["settings"]
    admin = call.access.project(project) >= levels.MAINTAINER
    shown = {
        **simple(call, project),
        **({"repository_storage": "default"} if call.access.is_admin else {}),
        "_links": _links(call, project),
        "empty_repo": project["empty"],
        "archived": project["archived"],
        "visibility": project["visibility"],
        "marked_for_deletion_at": project["marked"],
        "marked_for_deletion_on": project["marked"],
        "repository_object_format": "sha1",
        **{
            old: values.get(f"{feature}_access_level") != "disabled"
            for old, feature in settings.SWITCHES.items()
        },
        "service_desk_address": None,
        "can_create_merge_request_in": call.user is not None,
        "emails_disabled": not values["emails_enabled"],
        **{name: value for name, value in values.items() if admin or name not in _ADMIN_ONLY},
        "creator_id": project["creator_id"],
        "import_url": None,
        "import_type": None,
        "import_status": "none",
        "open_issues_count": 0,
        "description_html": project["description"] or "",
        "updated_at": project["updated_at"],
        "shared_with_groups": _shares(call, project),
    }
    if world.groups.get(project["namespace_id"]) is None:
        shown["owner"] = render.user_basic(call, world.personal(project["namespace_id"]) or {})
    if admin:
        shown |= {"import_error": None, "runners_token": f"GR1348941sandboxproject{project['id']:04d}"}
    origin = world.projects.get(project["forked_from"])
    if origin is not None and call.access.sees_project(origin):
        shown["forked_from_project"] = simple(call, origin)
    return shown


def project_full(call: Call, project_: Document) -> dict[str, Any]:
    """Return a project by itself, with the caller's own memberships."""
    shown = project(call, project_)
    if call.user is not None:
        shown["permissions"] = permissions(call.access, call.world, project_)
    return shown


def _shares(call: Call, project: Document) -> list[dict[str, Any]]:
    return [
        render.share(call.world, one) for one in call.world.shares.find("target", (PROJECT, project["id"]))
    ]


def _links(call: Call, project: Document) -> dict[str, str]:
    base = f"{call.url}/api/v4/projects/{project['id']}"
    return {
        "self": base,
        "issues": f"{base}/issues",
        "merge_requests": f"{base}/merge_requests",
        "repo_branches": f"{base}/repository/branches",
        "labels": f"{base}/labels",
        "events": f"{base}/events",
        "members": f"{base}/members",
        "cluster_agents": f"{base}/cluster_agents",
    }
