"""What exists on the server: accounts, groups, projects and all that hangs on them, and how they are found."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from sigctl.sandbox.clock import Clock
from sigctl.sandbox.gitlab import levels
from sigctl.sandbox.gitrepo import BareRepo
from sigctl.sandbox.store import Document, Store

GROUP, PROJECT = "group", "project"
INITIAL = "main"

COMMUNITY, FREE, PREMIUM, ULTIMATE = range(4)
"""The Community Edition, and the tiers of the Enterprise Edition."""
PLANS = {FREE: "free", PREMIUM: "premium", ULTIMATE: "ultimate"}


class World:
    """The collections of one server; changes go through `collection.save`, inside a transaction of the store."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        bare: Callable[[int], BareRepo],
        *,
        tier: int = COMMUNITY,
        plans: bool = False,
        lag: int = 0,
    ) -> None:
        self.store = store
        self.clock = clock
        self.bare = bare
        self.protection_lag = lag
        """For how many requests the protection of a new default branch is not there yet."""
        self.late: dict[int, int] = {}
        """Projects whose default branch waits for that, with the requests left."""
        self.tier = tier
        self.plans = plans
        """Whether each namespace has a plan in place of a licence for all, as on gitlab.com."""
        col = store.collection
        self.users = col(
            "users",
            username=lambda u: u["username"].lower(),
            email=lambda u: u["email"].lower(),
            namespace=lambda u: u["namespace_id"],
        )
        self.tokens = col("tokens", secret=lambda t: t["token"], user=lambda t: t["user_id"])
        self.groups = col("groups", parent=lambda g: g["parent_id"] or 0, path=_path)
        self.projects = col("projects", namespace=lambda p: p["namespace_id"], path=_project_path)
        self.members = col(
            "members",
            source=lambda m: (m["source"], m["source_id"]),
            user=lambda m: m["user_id"],
            key=lambda m: (m["source"], m["source_id"], m["user_id"]),
        )
        self.invitations = col("invitations", source=lambda i: (i["source"], i["source_id"]))
        self.shares = col(
            "shares",
            target=lambda s: (s["target"], s["target_id"]),
            group=lambda s: s["group_id"],
            key=lambda s: (s["target"], s["target_id"], s["group_id"]),
        )
        self.redirects = col("redirects", path=lambda r: r["path"].lower(), project=lambda r: r["project_id"])
        self.branch_rules = col("branch_rules", project=lambda r: r["project_id"])
        self.group_rules = col("group_rules", group=lambda r: r["group_id"])
        self.member_roles = col("member_roles")
        self.approval_rules = col("approval_rules", project=lambda r: r["project_id"])
        self.tag_rules = col("tag_rules", project=lambda r: r["project_id"])
        self.keys = col("deploy_keys", fingerprint=lambda k: k["fingerprint_sha256"])
        self.key_uses = col("deploy_key_uses", project=lambda u: u["project_id"], key=lambda u: u["key_id"])
        self.mirrors = col("remote_mirrors", project=lambda m: m["project_id"])
        self.items = col("items", place=lambda i: (i["type"], i["owner"], i["owner_id"]))
        self.topics = col("topics", name=lambda t: t["name"].lower())
        self.late |= {project["id"]: 0 for project in self.projects if project.get("unprotected")}
        self.swept = ""
        """The day up to which everything due was carried out."""
        self.doomed_repos: list[int] = []
        """Projects that are gone and whose repositories are still to be taken off the disk."""

    def setting(self, name: str, default: Any = None) -> Any:
        """Return a setting of the whole instance."""
        return self.settings().get(name, default)

    def settings(self) -> Document:
        """Return the settings of the whole instance."""
        found = self.store.collection("settings")
        return found.get(1) or found.add({"id": 1})

    @property
    def enterprise(self) -> bool:
        """Whether it is the Enterprise Edition, which knows the words of paid tiers also where none is paid for."""
        return self.tier > COMMUNITY

    @property
    def premium(self) -> bool:
        """Whether a tier is paid for."""
        return self.tier >= PREMIUM

    # -- finding -----------------------------------------------------------------------------------------------

    def user(self, name: str | int) -> Document | None:
        """Return the account with this id or username."""
        if isinstance(name, int) or name.isdecimal():
            return self.users.get(int(name))
        return self.users.one("username", name.lower())

    def personal(self, namespace_id: int) -> Document | None:
        """Return the account whose own namespace this is."""
        return self.users.one("namespace", namespace_id)

    def group(self, id_or_path: str | int) -> Document | None:
        """Return the group with this id or full path."""
        if isinstance(id_or_path, int) or id_or_path.isdecimal():
            return self.groups.get(int(id_or_path))
        above, found = 0, None
        for part in id_or_path.split("/"):
            found = self.groups.one("path", (above, part.lower()))
            if found is None:
                return None
            above = found["id"]
        return found

    def namespace(self, id_or_path: str | int) -> int | None:
        """Return the id of the namespace, a group's or an account's own."""
        found = self.group(id_or_path)
        if found is not None:
            return int(found["id"])
        if isinstance(id_or_path, int) or id_or_path.isdecimal():
            return int(id_or_path) if self.personal(int(id_or_path)) else None
        user = self.users.one("username", id_or_path.lower())
        return None if user is None else int(user["namespace_id"])

    def project(self, id_or_path: str | int) -> Document | None:
        """Return the project with this id or full path; older paths don't count."""
        if isinstance(id_or_path, int) or id_or_path.isdecimal():
            return self.projects.get(int(id_or_path))
        above, _, path = id_or_path.rpartition("/")
        namespace = self.namespace(above) if above else None
        return None if namespace is None else self.projects.one("path", (namespace, path.lower()))

    def moved(self, path: str) -> Document | None:
        """Return the project that once had this full path."""
        found = self.redirects.one("path", path.lower())
        return None if found is None else self.projects.get(found["project_id"])

    def member(self, source: str, source_id: int, user_id: int) -> Document | None:
        """Return the direct membership."""
        return self.members.one("key", (source, source_id, user_id))

    def initial_branch(self, project: Document) -> str:
        """Return the name of the default branch that a project without branches is going to have."""
        group = self.groups.get(project["namespace_id"])
        own = project.get("initial") or (group["settings"]["default_branch"] if group else None)
        return str(own or self.setting("default_branch_name") or INITIAL)

    def repo(self, project: Document) -> BareRepo:
        """Return the repository of a project; it is made on disk when someone first wants it."""
        bare = self.bare(project["id"])
        if not (bare.path / "HEAD").exists():
            bare.create(self.initial_branch(project))
        return bare

    # -- the tree ----------------------------------------------------------------------------------------------

    def lineage(self, group: Document) -> list[Document]:
        """Return the group and those above it, nearest first."""
        found = [group]
        while found[-1]["parent_id"]:
            found.append(self.groups[found[-1]["parent_id"]])
        return found

    def above(self, project: Document) -> list[Document]:
        """Return the groups a project is in, nearest first; none for an account's own project."""
        group = self.groups.get(project["namespace_id"])
        return [] if group is None else self.lineage(group)

    def children(self, group: Document) -> list[Document]:
        """Return the groups directly below."""
        return self.groups.find("parent", group["id"])

    def below(self, group: Document) -> Iterator[Document]:
        """Yield all groups below, at any depth."""
        for child in self.children(group):
            yield child
            yield from self.below(child)

    def projects_in(self, group: Document, *, deep: bool = False) -> list[Document]:
        """Return the projects in the group, and (deep) in those below it."""
        found = self.projects.find("namespace", group["id"])
        if deep:
            for child in self.below(group):
                found += self.projects.find("namespace", child["id"])
        return found

    def full_path(self, group: Document) -> str:
        """Return a group's path from the top."""
        return "/".join(part["path"] for part in reversed(self.lineage(group)))

    def full_name(self, group: Document) -> str:
        """Return a group's name from the top."""
        return " / ".join(part["name"] for part in reversed(self.lineage(group)))

    def namespace_path(self, namespace_id: int) -> str:
        """Return the full path of a namespace."""
        if (group := self.groups.get(namespace_id)) is not None:
            return self.full_path(group)
        return str((self.personal(namespace_id) or {"username": ""})["username"])

    def project_path(self, project: Document) -> str:
        """Return a project's full path."""
        return f"{self.namespace_path(project['namespace_id'])}/{project['path']}"

    def taken(self, namespace_id: int, path: str, but: int = 0) -> bool:
        """Whether a group or project other than `but` has the path in the namespace (0 = the top)."""
        if namespace_id == 0 and self.users.one("username", path.lower()):
            return True
        group = self.groups.one("path", (namespace_id, path.lower()))
        project = self.projects.one("path", (namespace_id, path.lower()))
        return any(thing is not None and thing["id"] != but for thing in (group, project))

    def doomed(self, group: Document) -> bool:
        """Whether the deletion of the group, or of one above it, is scheduled."""
        return any(one["marked"] for one in self.lineage(group))

    def remember_paths(self, group: Document) -> None:
        """Keep the present paths of all projects below a group that is about to get another path."""
        for project in self.projects_in(group, deep=True):
            self.remember_path(project)

    def remember_path(self, project: Document) -> None:
        """Keep the present path of a project that is about to get another one; reads by it are redirected."""
        path = self.project_path(project)
        for old in self.redirects.find("path", path.lower()):
            self.redirects.delete(old["id"])
        self.redirects.add({"path": path, "project_id": project["id"]})

    # -- making ------------------------------------------------------------------------------------------------

    def add_user(self, username: str, **more: Any) -> Document:
        """Return a new account, with a namespace of its own."""
        return self.users.add(
            {
                "username": username,
                "name": username,
                "email": f"{username}@example.com",
                "state": "active",
                "admin": False,
                "bot": False,
                "namespace_id": self.store.next_id("namespace"),
                "created_at": self.clock.stamp(),
                "attributes": {},
                **more,
            }
        )

    def add_token(self, user: Document, secret: str, scopes: list[str], **more: Any) -> Document:
        """Return a new personal access token; it ends after the 365 days that GitLab allows at most."""
        ends = (self.clock.now().date() + timedelta(days=365)).isoformat()
        return self.tokens.add(
            {
                "token": secret or f"glpat-{secrets.token_urlsafe(15)}",
                "user_id": user["id"],
                "name": "sandbox",
                "scopes": scopes,
                "expires_at": ends,
                "revoked": False,
                "created_at": self.clock.stamp(),
                **more,
            }
        )

    def add_member(self, source: str, source_id: int, user_id: int, level: int, **more: Any) -> Document:
        """Return a new direct membership."""
        document = {
            "source": source,
            "source_id": source_id,
            "user_id": user_id,
            "access_level": level,
            "expires_at": None,
            "created_at": self.clock.stamp(),
            "created_by": None,
            **more,
        }
        return self.members.add(document)

    # -- time --------------------------------------------------------------------------------------------------

    def today(self) -> str:
        """Return the date."""
        return self.clock.now().date().isoformat()

    def sharing_stays_inside(self, group: Document) -> bool:
        """Whether the top group lets groups be shared only with those below it."""
        return bool(self.lineage(group)[-1]["settings"].get("prevent_sharing_groups_outside_hierarchy"))

    def owners(self, group: Document, *, but: int = 0) -> set[int]:
        """Return the ids of the people who own the group directly or from above, bots and one membership aside."""
        return {
            member["user_id"]
            for one in self.lineage(group)
            for member in self.members.find("source", (GROUP, one["id"]))
            if member["access_level"] == levels.OWNER and member["id"] != but
            if not self.users[member["user_id"]]["bot"]
        }


def _path(group: Document) -> tuple[int, str]:
    return group["parent_id"] or 0, group["path"].lower()


def _project_path(project: Document) -> tuple[int, str]:
    return project["namespace_id"], project["path"].lower()
