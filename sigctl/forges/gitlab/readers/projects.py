"""Projects: settings and shares from the REST list, direct members from GraphQL, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sigctl.core.kinds import Grant, Repo, Resource
from sigctl.errors import NotThereError, PartialError
from sigctl.forges.apart import Apart
from sigctl.forges.gitlab.client import PAGE
from sigctl.forges.gitlab.context import PROJECTS, Context
from sigctl.forges.gitlab.graphql import PROJECT_MEMBERS, PROJECTS_BELOW, must
from sigctl.forges.gitlab.names import MERGE_METHODS, number_of, quoted, to_level
from sigctl.forges.gitlab.readers.invitations import Invited, grants, waiting
from sigctl.forges.gitlab.readers.members import Member, of_connection, of_project
from sigctl.forges.gitlab.readers.shares import grants_of, shares_of

_TRIES = 3


@dataclass(frozen=True, slots=True)
class Project:
    """One project as the server has it."""

    data: Mapping[str, Any]
    """What REST shows of it."""
    members: tuple[Member, ...]
    invited: tuple[Invited, ...] | None = ()
    """None = the token may not see them."""

    @property
    def id(self) -> int:
        """The number."""
        return int(self.data["id"])

    @property
    def path(self) -> str:
        """The full path."""
        return str(self.data["path_with_namespace"])

    @property
    def doomed(self) -> str:
        """The day on which its deletion was scheduled, "" where it was not."""
        return str(self.data.get("marked_for_deletion_on") or self.data.get("marked_for_deletion_at") or "")


def below(ctx: Context, group: str, apart: Apart, *, deep: bool = True) -> list[Project]:
    """Return the projects of a group, and (`deep`) of those below it, whole but for what is set apart; nothing where there is no such group.

    PartialError where they change faster than they can be read. The two lists are held against each other: a project that moves between pages while they are read is missing in one.
    """
    for _ in range(_TRIES):
        rows, members = ctx.client.together(
            [lambda: _rows(ctx, group, deep=deep), lambda: _members(ctx, group, apart, deep=deep)]
        )
        if rows is None and members is None:
            return []
        if rows is not None and members is not None and members.keys() <= rows.keys():
            apart.among(len(rows))
            return _joined(ctx, rows, members, apart)
    raise PartialError(f"the projects of `{group}` change faster than they can be read", "run it again")


def one(ctx: Context, path: str, apart: Apart) -> list[Project]:
    """Return one project, whole but for what is set apart; nothing where it does not exist or was moved away from the path."""
    data: dict[str, Any] | None = None
    with apart.about(path, Repo.KIND, teams=True):
        data = ctx.project(path)
    if data is None:
        return []
    name, found = data["path_with_namespace"], tuple[Member, ...]()
    with apart.about(name, Grant.KIND):
        project = ctx.graph.ask(PROJECT_MEMBERS, path=name, first=PAGE, after=None)["project"]
        found = _all_members(ctx, name, must(project, "projectMembers", path))
    return [Project(data, found)]


def resources(project: Project) -> list[Resource]:
    """Return the repository and the grants on it, in our words."""
    path = project.path
    people = [
        Grant(
            Repo.KIND,
            path,
            f"person:{m.account.login}",
            to_level(m.number),
            until=m.until,
            by_role=m.role or None,
        )
        for m in project.members
    ]
    people += grants(Repo.KIND, path, project.invited or ())
    return [repo_of(project.data), *people, *grants_of(Repo.KIND, path, shares_of(project.data, path))]


def with_invited(ctx: Context, project: Project, apart: Apart) -> Project:
    """Return the project with who is invited to it, unless it is set apart."""
    with apart.about(project.path, Grant.KIND):
        return replace(project, invited=waiting(ctx, f"/projects/{project.id}"))
    return project


def repo_of(data: Mapping[str, Any]) -> Repo:
    """Return the repository in our words; PartialError where the server shows less than the settings."""
    path = data["path_with_namespace"]
    empty = bool(data["empty_repo"]) if "empty_repo" in data else data.get("default_branch") is None
    return Repo(
        path=path,
        description=data.get("description") or "",
        visibility=must(data, "visibility", path),
        default_branch=None if empty else data.get("default_branch"),
        archived=bool(must(data, "archived", path)),
        topics=tuple(sorted(data.get("topics") or data.get("tag_list") or ())),
        issues=_feature(data, "issues"),
        wiki=_feature(data, "wiki"),
        merge_commit=MERGE_METHODS.get(data.get("merge_method", ""), (None, None))[0],
        rebase_merge=MERGE_METHODS.get(data.get("merge_method", ""), (None, None))[1],
        squash_merge=None if data.get("squash_option") is None else data["squash_option"] != "never",
        delete_branch_on_merge=data.get("remove_source_branch_after_merge"),
        filled=not empty,
        fork_of=(data.get("forked_from_project") or {}).get("path_with_namespace"),
    )


def _feature(data: Mapping[str, Any], name: str) -> bool:
    """Whether a feature is on; its level says it whoever asks, `enabled` only for what the asker may see."""
    level = data.get(f"{name}_access_level")
    return level != "disabled" if level is not None else bool(data.get(f"{name}_enabled"))


def _rows(ctx: Context, group: str, *, deep: bool) -> dict[int, Any] | None:
    path = f"/groups/{quoted(group)}/projects"
    flags = {"include_subgroups": str(deep).lower(), "with_shared": "false"}
    try:
        rows = ctx.client.pages(path, **flags, order_by="id", sort="asc")
    except NotThereError:
        return None
    return {row["id"]: row for row in rows}


def _members(ctx: Context, group: str, apart: Apart, *, deep: bool) -> dict[int, Any] | None:
    found: dict[int, Any] | None = None
    for page in ctx.graph.walk(PROJECTS_BELOW, group, "projects", deep=deep):
        found = found or {}
        for node in must(page, "nodes", group):
            path = must(node, "fullPath", group)
            number = number_of(must(node, "id", path))
            found[number] = ()
            with apart.about(path, Grant.KIND):
                found[number] = _all_members(ctx, path, must(node, "projectMembers", path))
    return found


def _all_members(ctx: Context, path: str, connection: Mapping[str, Any]) -> tuple[Member, ...]:
    def following(after: str | None) -> Mapping[str, Any]:
        project = ctx.graph.ask(PROJECT_MEMBERS, path=path, first=PAGE, after=after)["project"]
        page: Mapping[str, Any] = must(project, "projectMembers", path)
        return page

    return tuple(of_connection(connection, f"members of {path}", following))


def _joined(
    ctx: Context, rows: Mapping[int, Any], members: Mapping[int, tuple[Member, ...]], apart: Apart
) -> list[Project]:
    """Put both together; the few that GraphQL left out (it hides some states of a project) are asked one by one."""

    def of_one(number: int) -> tuple[Member, ...]:
        with apart.about(rows[number]["path_with_namespace"], Grant.KIND):
            return tuple(of_project(ctx, number))
        return ()

    missing = [number for number in rows if number not in members]
    found = ctx.client.together([partial(of_one, number) for number in missing])
    every = {**members, **dict(zip(missing, found, strict=True))}
    for number, row in rows.items():
        ctx.known.learn(PROJECTS, row["path_with_namespace"], number)
    return [Project(row, every[number]) for number, row in rows.items()]
