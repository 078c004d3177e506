"""What an account may do: the highest of direct, inherited and shared; what it may see."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sigctl.sandbox.gitlab import levels
from sigctl.sandbox.gitlab.world import GROUP, PROJECT
from sigctl.sandbox.store import Document

if TYPE_CHECKING:
    from sigctl.sandbox.gitlab.world import World

CREATION = {
    "noone": levels.ADMIN,
    "administrator": levels.ADMIN,
    "owner": levels.OWNER,
    "maintainer": levels.MAINTAINER,
    "developer": levels.DEVELOPER,
}
"""Words of the settings that say from which level on something may be created in a group."""


class Access:
    """The rights of one account (None: nobody) in a world that does not change while this is in use."""

    def __init__(self, world: World, user: Document | None) -> None:
        self._world = world
        self.user = user
        self._groups: dict[int, int] = {}
        self._seen: set[int] | None = None

    @property
    def is_admin(self) -> bool:
        """Whether everything is allowed."""
        return bool(self.user and self.user["admin"])

    # -- levels ------------------------------------------------------------------------------------------------

    def direct(self, source: str, source_id: int) -> int:
        """Return the level of the membership in exactly this group or project."""
        if self.user is None:
            return levels.NO_ACCESS
        member = self._world.member(source, source_id, self.user["id"])
        return int(member["access_level"]) if member else levels.NO_ACCESS

    def group_member(self, group: Document) -> int:
        """Return the level in a group by membership: its own, of groups above, of groups these are shared with.

        Of a group that another is shared with only direct members get in: the ways of two shares don't add up.
        """
        if self.user is None:
            return levels.NO_ACCESS
        if group["id"] not in self._groups:
            found = self.direct(GROUP, group["id"])
            for share in self._world.shares.find("target", (GROUP, group["id"])):
                found = max(found, min(share["group_access"], self.direct(GROUP, share["group_id"])))
            parent = self._world.groups.get(group["parent_id"])
            self._groups[group["id"]] = max(found, self.group_member(parent) if parent else 0)
        return self._groups[group["id"]]

    def project_member(self, project: Document) -> int:
        """Return the level in a project by membership, inheritance and shares.

        All members of a group that the project is shared with get in, inherited ones too, unless the project's group
        forbids sharing.
        """
        if self.user is None:
            return levels.NO_ACCESS
        found = self.direct(PROJECT, project["id"])
        group = self._world.groups.get(project["namespace_id"])
        if group is None:
            own = self.user["namespace_id"] == project["namespace_id"]
            found = levels.OWNER if own else found
        else:
            found = max(found, self.group_member(group))
        if group is None or not group["settings"]["share_with_group_lock"]:
            for share in self._world.shares.find("target", (PROJECT, project["id"])):
                invited = self._world.groups[share["group_id"]]
                found = max(found, min(share["group_access"], self.group_member(invited)))
        return found

    def group(self, group: Document) -> int:
        """Return the level in a group, where an administrator may do what an owner may."""
        return levels.OWNER if self.is_admin else self.group_member(group)

    def project(self, project: Document) -> int:
        """Return the level in a project, where an administrator may do what an owner may."""
        return levels.OWNER if self.is_admin else self.project_member(project)

    # -- seeing ------------------------------------------------------------------------------------------------

    def sees_group(self, group: Document) -> bool:
        """Whether the group exists for the account: open to it, a member of it, or of something below."""
        if self._open(group["visibility"]) or self.group(group) >= levels.GUEST:
            return True
        return group["id"] in self._through()

    def sees_project(self, project: Document) -> bool:
        """Whether the project exists for the account."""
        return self._open(project["visibility"]) or self.project(project) >= levels.GUEST

    def reads_code(self, project: Document) -> bool:
        """Whether the account may fetch: guests of a private project may not."""
        level = self.project(project)
        wanted = project["settings"]["repository_access_level"]
        if wanted == "disabled":
            return False
        if self._open(project["visibility"]):
            return wanted == "enabled" or level >= levels.GUEST
        return level >= levels.REPORTER

    def _open(self, visibility: str) -> bool:
        return visibility == "public" or (visibility == "internal" and self.user is not None)

    def _through(self) -> set[int]:
        """Return the ids of groups that are seen because of a membership further down."""
        if self._seen is None:
            self._seen = set()
            for member in self._world.members.find("user", self.user["id"]) if self.user else ():
                if member["access_level"] < levels.GUEST:
                    continue
                below = self._world.groups.get(member["source_id"]) if member["source"] == GROUP else None
                project = (
                    self._world.projects.get(member["source_id"]) if member["source"] == PROJECT else None
                )
                found = self._world.lineage(below) if below else self._world.above(project) if project else []
                self._seen |= {group["id"] for group in found}
        return self._seen

    # -- creating ----------------------------------------------------------------------------------------------

    def may_create_project(self, namespace_id: int) -> bool:
        """Whether a project may be created in a namespace."""
        group = self._world.groups.get(namespace_id)
        if group is None:
            return bool(self.user and (self.user["namespace_id"] == namespace_id or self.is_admin))
        return self._enough(group, "project_creation_level")

    def may_create_subgroup(self, group: Document) -> bool:
        """Whether a group may be created in a group."""
        return self._enough(group, "subgroup_creation_level")

    def _enough(self, group: Document, setting: str) -> bool:
        if self.is_admin:
            return True
        return self.group(group) >= CREATION.get(group["settings"][setting], levels.OWNER)


def permissions(access: Access, world: World, project: Document) -> dict[str, Any]:
    """Return the caller's memberships as a project shows them."""

    def shown(level: int) -> dict[str, int] | None:
        return {"access_level": level, "notification_level": 3} if level else None

    group = world.groups.get(project["namespace_id"])
    return {
        "project_access": shown(access.direct(PROJECT, project["id"])),
        "group_access": shown(access.group_member(group)) if group else None,
    }
