"""Repositories with their settings, and the people who were added to them one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sigctl.core.kinds import DeployKey, Grant, Repo
from sigctl.core.kinds.org import INVITED
from sigctl.core.levels import native
from sigctl.core.state import Note
from sigctl.errors import ForgeError
from sigctl.forges.apart import Apart
from sigctl.forges.github import documents
from sigctl.forges.github.graphql import Node
from sigctl.forges.github.names import level_of, split
from sigctl.forges.github.session import Session, path

_VISIBILITIES = frozenset({"private", "internal", "public"})


def read_repos(session: Session, org: str, apart: Apart) -> list[Node]:
    """Return every repository of the org with its settings, but for what is set apart."""

    def lost(node: Node, error: ForgeError) -> None:
        apart.lose(_name_of(node, error), error, Repo.KIND, teams=True)

    return list(session.graphql.pages(documents.REPOS, org, "repositories", documents.REPO_PAGE, lost))


def read_collaborators(session: Session, org: str, apart: Apart) -> list[Node]:
    """Return every repository of the org with its direct collaborators, whole but for what is set apart."""

    def lost(node: Node, error: ForgeError) -> None:
        apart.lose(_name_of(node, error), error, Grant.KIND, DeployKey.KIND)

    nodes = list(
        session.graphql.pages(documents.COLLABORATORS, org, "repositories", documents.REPO_PAGE, lost)
    )
    apart.among(len(nodes))
    return _completed(session, nodes, apart)


def read_named_repos(session: Session, paths: Iterable[str], apart: Apart) -> list[Node]:
    """Return those of the named repositories that exist under that very name, with settings and collaborators, whole but for what is set apart."""
    wanted = [dict(zip(("owner", "name"), split(one), strict=True)) for one in sorted(paths)]
    apart.among(len(wanted))

    def lost(one: Mapping[str, str], error: ForgeError) -> None:
        apart.lose(f"{one['owner']}/{one['name']}", error, Repo.KIND, teams=True)

    found = session.graphql.named(documents.repos_by_name, wanted, "owner", lost)
    return _completed(session, [one for one in found if one], apart)


def _completed(session: Session, nodes: list[Node], apart: Apart) -> list[Node]:
    for inner, kind in ((documents.INNER_COLLABORATORS, Grant), (documents.INNER_KEYS, DeployKey)):
        session.graphql.complete(
            nodes,
            inner,
            lambda node: node["nameWithOwner"],
            lost=lambda node, error, kind=kind: apart.lose(node["nameWithOwner"], error, kind.KIND),  # type: ignore[misc]  # bound now
        )
    return nodes


def _name_of(node: Node, error: ForgeError) -> str:
    """Return the path of a repository; raise the error where not even that came."""
    if not node.get("nameWithOwner"):
        raise error
    return str(node["nameWithOwner"])


def repo_of(node: Node) -> Repo:
    """Return the repository that GraphQL describes."""
    word = node["visibility"].lower()
    default = node["defaultBranchRef"]
    parent = node["parent"]
    return Repo(
        path=node["nameWithOwner"],
        description=node["description"] or "",
        visibility=word if word in _VISIBILITIES else native(word),
        default_branch=default["name"] if default else None,
        archived=node["isArchived"],
        homepage=node["homepageUrl"] or "",
        topics=tuple(sorted(one["topic"]["name"] for one in node["repositoryTopics"]["nodes"])),
        issues=node["hasIssuesEnabled"],
        wiki=node["hasWikiEnabled"],
        merge_commit=node["mergeCommitAllowed"],
        squash_merge=node["squashMergeAllowed"],
        rebase_merge=node["rebaseMergeAllowed"],
        delete_branch_on_merge=node["deleteBranchOnMerge"],
        filled=node["branches"]["totalCount"] > 0,
        fork_of=parent["nameWithOwner"] if parent else None,
    )


def person_grants_of(nodes: Iterable[Node]) -> list[Grant]:
    """Return what people were given on the repositories themselves: nothing that comes from a team or from the org."""
    return [
        Grant("repo", node["nameWithOwner"], f"person:{edge['node']['login']}", level)
        for node in nodes
        for edge in node["collaborators"]["edges"]
        if (level := _direct_level(edge)) is not None
    ]


def _direct_level(edge: Node) -> str | None:
    sources = edge["permissionSources"] or []
    for source in sources:
        if source["source"]["__typename"] == "Repository":
            # `permission` of a source knows only read, write and admin; `roleName` is exact where it is told, and where
            # there is no other source the collaborator's own permission is what this one gives
            if source["roleName"]:
                return level_of(source["roleName"])
            return level_of(edge["permission"] if len(sources) == 1 else source["permission"])
    return None


def read_repo_invitations(session: Session, repo: str) -> tuple[list[Grant], list[Note]]:
    """Return who is invited to a repository; an invitation that has expired gives nothing, so it is only noted."""
    grants, notes = [], []
    for one in session.every(path("repos", *split(repo), "invitations")):
        invitee = one.get("invitee")
        if invitee is None:
            notes.append(
                Note("pending", repo, "someone is invited to the repository by e-mail", session.name)
            )
        elif one.get("expired"):
            text = f"the invitation of {invitee['login']} has expired"
            notes.append(Note("pending", repo, text, session.name))
        else:
            level = level_of(one["permissions"])
            grants.append(Grant("repo", repo, f"person:{invitee['login']}", level, state=INVITED))
    return grants, notes
