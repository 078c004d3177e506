"""The fields of a project and its repository."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sigctl.sandbox.gitlab import approvals, levels, rules
from sigctl.sandbox.gitlab.graphql.connection import connect
from sigctl.sandbox.gitlab.graphql.fields import Context, level, shows
from sigctl.sandbox.gitlab.graphql.members import project_members
from sigctl.sandbox.store import Document

_FEATURE_NUMBERS = {"disabled": 0, "private": 10, "enabled": 20, "public": 30}


@shows("Project", "fullPath")
def _project_path(context: Context, project: Document, _arguments: dict[str, Any]) -> str:
    return context.world.project_path(project)


@shows("Project", "nameWithNamespace")
def _project_name(context: Context, project: Document, _arguments: dict[str, Any]) -> str:
    group = context.world.groups.get(project["namespace_id"])
    above = context.world.full_name(group) if group else context.world.namespace_path(project["namespace_id"])
    return f"{above} / {project['name']}"


@shows("Project", "webUrl")
def _project_url(context: Context, project: Document, _arguments: dict[str, Any]) -> str:
    return f"{context.url}/{context.world.project_path(project)}"


@shows("Project", "httpUrlToRepo")
def _http_url(context: Context, project: Document, _arguments: dict[str, Any]) -> str:
    return f"{context.url}/{context.world.project_path(project)}.git"


@shows("Project", "sshUrlToRepo")
def _ssh_url(context: Context, project: Document, _arguments: dict[str, Any]) -> str:
    return f"git@{urlsplit(context.url).hostname}:{context.world.project_path(project)}.git"


@shows("Project", "group", "namespace")
def _project_group(context: Context, project: Document, _arguments: dict[str, Any]) -> Document | None:
    return context.world.groups.get(project["namespace_id"])


@shows("Project", "forkedFrom")
def _origin(context: Context, project: Document, _arguments: dict[str, Any]) -> Document | None:
    found = context.world.projects.get(project["forked_from"])
    return found if found is not None and context.access.sees_project(found) else None


@shows("Project", "isForked")
def _is_fork(_context: Context, project: Document, _arguments: dict[str, Any]) -> bool:
    return project["forked_from"] is not None


@shows("Project", "forksCount")
def _forks(_context: Context, project: Document, _arguments: dict[str, Any]) -> int:
    return int(project["forks"])


@shows("Project", "starCount")
def _stars(_context: Context, project: Document, _arguments: dict[str, Any]) -> int:
    return len(project["stars"])


@shows("Project", "openIssuesCount")
def _issues(_context: Context, _project: Document, _arguments: dict[str, Any]) -> int:
    return 0


@shows("Project", "lastActivityAt")
def _activity(_context: Context, project: Document, _arguments: dict[str, Any]) -> str:
    return str(project["updated_at"])


@shows("Project", "descriptionHtml")
def _html(_context: Context, project: Document, _arguments: dict[str, Any]) -> str:
    return str(project["description"] or "")


@shows("Project", "squashReadOnly")
def _squash(_context: Context, project: Document, _arguments: dict[str, Any]) -> bool:
    return project["settings"]["squash_option"] in ("always", "never")


@shows("Project", "mergeRequestsFfOnlyEnabled")
def _ff_only(_context: Context, project: Document, _arguments: dict[str, Any]) -> bool:
    return bool(project["settings"]["merge_method"] == "ff")


@shows("Project", "mergeRequestsDisableCommittersApproval", "preventMergeWithoutJiraIssueEnabled")
def _off(_context: Context, _project: Document, _arguments: dict[str, Any]) -> bool:
    return False


def _enabled(feature: str) -> Callable[[Context, Document, dict[str, Any]], bool]:
    return lambda _context, project, _arguments: project["settings"][f"{feature}_access_level"] != "disabled"


def _feature(feature: str) -> Callable[[Context, Document, dict[str, Any]], Document]:
    def show(_context: Context, project: Document, _arguments: dict[str, Any]) -> Document:
        word = project["settings"][f"{feature}_access_level"]
        return {"integerValue": _FEATURE_NUMBERS[word], "stringValue": word.upper()}

    return show


for _field, _of in {
    "issuesEnabled": "issues",
    "mergeRequestsEnabled": "merge_requests",
    "wikiEnabled": "wiki",
    "snippetsEnabled": "snippets",
    "jobsEnabled": "builds",
    "containerRegistryEnabled": "container_registry",
}.items():
    shows("Project", _field)(_enabled(_of))
for _field, _of in {
    "issuesAccessLevel": "issues",
    "mergeRequestsAccessLevel": "merge_requests",
    "forkingAccessLevel": "forking",
}.items():
    shows("Project", _field)(_feature(_of))


@shows("Project", "topics")
def _topics(_context: Context, project: Document, _arguments: dict[str, Any]) -> list[str]:
    return sorted(project["topics"])


@shows("Project", "maxAccessLevel")
def _project_level(context: Context, project: Document, _arguments: dict[str, Any]) -> Document:
    return level(context.access.project_member(project))


@shows("Project", "userPermissions")
def _project_rights(context: Context, project: Document, _arguments: dict[str, Any]) -> Document:
    mine = context.access.project(project)
    owns = mine >= levels.OWNER
    return {
        "adminProject": mine >= levels.MAINTAINER,
        "archiveProject": owns,
        "changeNamespace": owns,
        "removeProject": owns,
        "downloadCode": context.access.reads_code(project),
        "pushCode": mine >= levels.DEVELOPER and not project["archived"],
        "readProject": True,
    }


@shows("Project", "repository")
def _repository(context: Context, project: Document, _arguments: dict[str, Any]) -> Document | None:
    if not context.access.reads_code(project):
        return None
    return {
        "id": project["id"],
        "empty": project["empty"],
        "exists": True,
        "rootRef": project["default_branch"],
        "diskPath": None,
    }


@shows("Repository", "branchNames")
def _branch_names(context: Context, repository: Document, arguments: dict[str, Any]) -> list[str]:
    names = list(context.world.bare(repository["id"]).branches())
    found = [name for name in names if rules.matches(arguments["searchPattern"], name)]
    return found[arguments["offset"] : arguments["offset"] + arguments["limit"]]


@shows("Project", "projectMembers")
def _project_members(context: Context, project: Document, arguments: dict[str, Any]) -> Document:
    return connect(project_members(context.world, project, arguments), arguments)


@shows("Project", "branchRules")
def _branch_rules(context: Context, project: Document, arguments: dict[str, Any]) -> Document | None:
    if context.access.project(project) < levels.MAINTAINER:
        return None
    found = [
        *context.world.branch_rules.find("project", project["id"]),
        *rules.of_groups(context.world, project),
        *approvals.wide_rows(context.world, project),
    ]
    return connect(sorted(found, key=lambda rule: str(rule["name"])), arguments)
