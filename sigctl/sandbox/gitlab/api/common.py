"""What the operations share: finding what the path names, with the refusals of one who may not."""

from __future__ import annotations

from sigctl.sandbox.gitlab import levels
from sigctl.sandbox.gitlab.http import READS, ApiError, Call, forbidden, invalid, not_found
from sigctl.sandbox.gitlab.world import GROUP, PROJECT
from sigctl.sandbox.store import Document


def group_of(call: Call, level: int = levels.NO_ACCESS, *, at: int = 0) -> Document:
    """Return the group in the path; 404 when the caller can't see it, 403 below the level."""
    group = call.world.group(call.args[at])
    if group is None or not call.access.sees_group(group):
        not_found("Group")
    if level and call.access.group(group) < level:
        forbidden()
    return group


def project_of(call: Call, level: int = levels.NO_ACCESS, *, at: int = 0) -> Document:
    """Return the project in the path; 404 when the caller can't see it, 403 below the level, 301 or 405 when it moved."""
    name = call.args[at]
    project = call.world.project(name)
    if project is None and "/" in name:
        moved = call.world.moved(name)
        if moved is not None and call.access.sees_project(moved):
            _redirect(call, moved, name)
    if project is None or not call.access.sees_project(project):
        if call.user is None:
            call.me  # noqa: B018  # asking who it is refuses nobody
        not_found("Project")
    if level and call.access.project(project) < level:
        forbidden()
    return project


def _redirect(call: Call, project: Document, name: str) -> None:
    if call.method not in READS:
        raise ApiError(405, {"message": "Non GET methods are not allowed for moved projects"})
    old = name.replace("/", "%2F")
    place = call.path.replace(f"/projects/{old}", f"/projects/{project['id']}", 1)
    raise ApiError(301, {"message": "301 Moved Permanently"}, {"location": f"{call.url}{place}"})


def source_of(call: Call, kind: str, *, manage: bool = False) -> Document:
    """Return the group or project in the path; `manage` wants the right to change its members."""
    if kind == GROUP:
        return group_of(call, levels.OWNER if manage else levels.NO_ACCESS)
    return project_of(call, levels.MAINTAINER if manage else levels.NO_ACCESS)


def level_in(call: Call, kind: str, source: Document) -> int:
    """Return the caller's level in a group or project."""
    return call.access.group(source) if kind == GROUP else call.access.project(source)


def writable(project: Document) -> None:
    """Refuse what an archived project does not take, which is all that has to do with its content."""
    if project["archived"]:
        forbidden()


def not_past(call: Call, expires_at: str | None) -> None:
    """Refuse an end that is over already."""
    if expires_at and expires_at <= call.world.today():
        invalid("expires_at", "cannot be a date in the past")


def inherited(call: Call, kind: str, source: Document, user_id: int) -> tuple[int, Document] | None:
    """Return the highest membership that the person has in a group above, with the group."""
    world = call.world
    above = world.lineage(source)[1:] if kind == GROUP else world.above(source)
    found = [
        (int(member["access_level"]), group)
        for group in above
        if (member := world.member(GROUP, group["id"], user_id)) is not None
    ]
    return max(found, key=lambda pair: pair[0], default=None)


def level_complaints(call: Call, kind: str, source: Document, user_id: int, level: int) -> list[str]:
    """Return why the person can't have this level there, in GitLab's words."""
    allowed = (*levels.MEMBER, levels.MINIMAL) if kind == GROUP and call.world.premium else levels.MEMBER
    if level not in allowed:
        return ["is not included in the list"]
    above = inherited(call, kind, source, user_id)
    if above is not None and above[0] > level:
        word, group = levels.NAMES[above[0]], above[1]["name"]
        return [f"should be greater than or equal to {word} inherited membership from group {group}"]
    return []


def sees_source(call: Call, kind: str, id_: int) -> bool:
    """Whether the caller sees the group or project with this id."""
    if kind == PROJECT:
        return call.access.sees_project(call.world.projects[id_])
    return call.access.sees_group(call.world.groups[id_])


def namespace_of(call: Call, wanted: str | int) -> int:
    """Return the id of a namespace that the caller sees; 404 else."""
    found = call.world.namespace(wanted)
    group = call.world.groups.get(found)
    if found is None or (group is not None and not call.access.sees_group(group)):
        not_found("Namespace")
    return found


def need(given: dict[str, object], names: list[str]) -> None:
    """Refuse a change that changes nothing."""
    if not given:
        raise ApiError(
            400, {"error": f"{', '.join(names)} are missing, at least one parameter must be provided"}
        )
