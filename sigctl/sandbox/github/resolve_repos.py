"""Resolvers of repositories, their collaborators and refs."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github import rights, rules
from sigctl.sandbox.github.collaborators import affiliated
from sigctl.sandbox.github.resolvers import Context, ResolveError, connection, plain, resolves
from sigctl.sandbox.github.state import ORG, REPO, node_id
from sigctl.sandbox.store import Document

_DEFAULTS = {
    "none": "NONE",
    "pull": "READ",
    "triage": "READ",
    "push": "WRITE",
    "maintain": "WRITE",
    "admin": "ADMIN",
}
"""What PermissionSource.permission makes of a role; roleName has the real one."""
_ORDER = {"NAME": "name", "CREATED_AT": "created_at", "UPDATED_AT": "updated_at", "PUSHED_AT": "pushed_at"}
_OBJECTS = {"commit": "Commit", "tag": "Tag", "tree": "Tree", "blob": "Blob"}


def register() -> None:
    """Register the fields that are an entry of the document."""
    plain(
        "Repository",
        databaseId="id",
        id=lambda r: node_id(REPO, r["id"]),
        createdAt="created_at",
        updatedAt="updated_at",
        pushedAt="pushed_at",
        homepageUrl="homepage",
        isArchived="archived",
        archivedAt=lambda r: r["updated_at"] if r["archived"] else None,
        isFork="fork",
        isPrivate=lambda r: r["visibility"] != "public",
        visibility=lambda r: r["visibility"].upper(),
        isTemplate="is_template",
        hasIssuesEnabled="has_issues",
        hasWikiEnabled="has_wiki",
        hasProjectsEnabled="has_projects",
        hasDiscussionsEnabled="has_discussions",
        forkingAllowed="allow_forking",
        mergeCommitAllowed="allow_merge_commit",
        mergeCommitTitle="merge_commit_title",
        mergeCommitMessage="merge_commit_message",
        squashMergeAllowed="allow_squash_merge",
        squashMergeCommitTitle="squash_merge_commit_title",
        squashMergeCommitMessage="squash_merge_commit_message",
        rebaseMergeAllowed="allow_rebase_merge",
        autoMergeAllowed="allow_auto_merge",
        allowUpdateBranch="allow_update_branch",
        deleteBranchOnMerge="delete_branch_on_merge",
        webCommitSignoffRequired="web_commit_signoff_required",
        diskUsage=lambda _: 0,
        isDisabled=lambda _: False,
        isLocked=lambda _: False,
        isMirror=lambda _: False,
        parent=lambda _: None,
    )
    plain("RepositoryConnection", totalDiskUsage=lambda _: 0)
    plain("Ref", id=lambda r: node_id("REF", f"{r['repository']['id']}:{r['ref']}"))


@resolves("Query.repository")
def _repository(_: object, context: Context, owner: str, name: str, **arguments: Any) -> Document:
    return _named(context, owner, name, follow=arguments.get("followRenames") is not False)


@resolves("Organization.repository", "User.repository")
def _owned(account: Document, context: Context, **arguments: Any) -> Document:
    follow = arguments.get("followRenames") is not False
    return _named(context, account["login"], arguments["name"], follow=follow)


def _named(context: Context, owner: str, name: str, *, follow: bool) -> Document:
    found = context.state.find_repo(owner, name)
    if found is None and follow:
        found = context.state.moved_repo(owner, name)
    if found is None or not context.sees(found):
        raise ResolveError("NOT_FOUND", f"Could not resolve to a Repository with the name '{owner}/{name}'.")
    return found


@resolves("Organization.repositories", "User.repositories")
def _repositories(account: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    found = [repo for repo in context.state.repos.find("owner", account["id"]) if context.sees(repo)]
    privacy, visibility = arguments.get("privacy"), arguments.get("visibility")
    if privacy:
        found = [repo for repo in found if (repo["visibility"] == "public") == (privacy == "PUBLIC")]
    if visibility:
        found = [repo for repo in found if repo["visibility"].upper() == visibility]
    for argument, field in (
        ("isArchived", "archived"),
        ("isFork", "fork"),
        ("hasIssuesEnabled", "has_issues"),
    ):
        if arguments.get(argument) is not None:
            found = [repo for repo in found if repo[field] == arguments[argument]]
    order = arguments.get("orderBy")
    if order:
        field = _ORDER.get(order["field"], "name")
        found.sort(key=lambda repo: str(repo[field]).lower(), reverse=order["direction"] == "DESC")
    return connection(found, arguments)


@resolves("Repository.nameWithOwner")
def _full_name(repo: Document, context: Context) -> str:
    return context.state.full_name(repo)


@resolves("Repository.resourcePath")
def _path(repo: Document, context: Context) -> str:
    return f"/{context.state.full_name(repo)}"


@resolves("Repository.url")
def _url(repo: Document, context: Context) -> str:
    return f"{context.state.env.url}/{context.state.full_name(repo)}"


@resolves("Repository.sshUrl")
def _ssh(repo: Document, context: Context) -> str:
    return f"git@127.0.0.1:{context.state.full_name(repo)}.git"


@resolves("Repository.owner")
def _owner(repo: Document, context: Context) -> Document:
    return context.state.accounts[repo["owner"]]


@resolves("Repository.isInOrganization")
def _in_org(repo: Document, context: Context) -> bool:
    return bool(_owner(repo, context)["type"] == ORG)


@resolves("Repository.viewerPermission")
def _permission(repo: Document, context: Context) -> str:
    return rights.WORDS[rights.role_of(context.state, repo, context.user)].upper()


@resolves("Repository.viewerCanAdminister")
def _can_administer(repo: Document, context: Context) -> bool:
    return rights.may(context.state, repo, context.user, "admin")


@resolves("Repository.repositoryTopics")
def _topics(repo: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    def topic(name: str) -> dict[str, Any]:
        path = f"/topics/{name}"
        inner = {"kind": "Topic", "id": node_id("TO", name), "name": name}
        id_ = node_id("RTO", f"{repo['id']}:{name}")
        return {"id": id_, "resourcePath": path, "url": context.state.env.url + path, "topic": inner}

    return connection(repo["topics"], arguments, node=topic)


@resolves("Repository.isEmpty")
def _is_empty(repo: Document, context: Context) -> bool:
    return context.state.bare(repo).is_empty()


@resolves("Repository.defaultBranchRef")
def _default_ref(repo: Document, context: Context) -> dict[str, Any] | None:
    ref = f"refs/heads/{repo['default_branch']}"
    sha = context.state.bare(repo).ref(ref)
    return _shown(repo, ref, sha) if sha else None


@resolves("Repository.ref")
def _ref(repo: Document, context: Context, *, qualifiedName: str) -> dict[str, Any] | None:  # noqa: N803  # GitHub's name
    bare = context.state.bare(repo)
    names = (qualifiedName, f"refs/heads/{qualifiedName}", f"refs/tags/{qualifiedName}")
    ref = next((name for name in names if name.startswith("refs/") and bare.ref(name)), None)
    return _shown(repo, ref, bare.ref(ref)) if ref else None


@resolves("Repository.refs")
def _refs(repo: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    prefix, query = arguments["refPrefix"], arguments.get("query") or ""
    found = context.state.bare(repo).refs(prefix)
    shown = [
        _shown(repo, ref, sha, prefix) for ref, sha in found.items() if query in ref.removeprefix(prefix)
    ]
    return connection(shown, arguments)


def _shown(repo: Document, ref: str, sha: str, prefix: str = "") -> dict[str, Any]:
    prefix = prefix or ref[: ref.index("/", len("refs/")) + 1]
    name = ref.removeprefix(prefix)
    return {"kind": "Ref", "ref": ref, "sha": sha, "name": name, "prefix": prefix, "repository": repo}


@resolves("Ref.target")
def _target(ref: dict[str, Any], context: Context) -> dict[str, Any]:
    kind = "commit"  # a branch can't point to anything else
    if ref["prefix"] != rules.HEADS:
        kind = context.state.bare(ref["repository"]).git("cat-file", "-t", ref["sha"]).stdout.strip()
    id_ = node_id("C", f"{ref['repository']['id']}:{ref['sha']}")
    return {
        "kind": _OBJECTS.get(kind, "Commit"),
        "oid": ref["sha"],
        "abbreviatedOid": ref["sha"][:7],
        "id": id_,
    }


@resolves("Ref.branchProtectionRule")
def _rule_of(ref: dict[str, Any], context: Context) -> Document | None:
    if ref["prefix"] != rules.HEADS or not rights.may(context.state, ref["repository"], context.user, "push"):
        return None
    return rules.protection(context.state, ref["repository"], ref["name"])


@resolves("Repository.collaborators")
def _collaborators(repo: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    state = context.state
    if not rights.may(state, repo, context.user, "push"):
        raise ResolveError("FORBIDDEN", "Must have push access to view repository collaborators.")
    ids = affiliated(state, repo, (arguments.get("affiliation") or "ALL").lower())
    people = [state.accounts[id_] for id_ in sorted(ids)]
    login, query = arguments.get("login"), (arguments.get("query") or "").lower()
    if login is not None:
        people = [user for user in people if user["login"].lower() == login.lower()]
    people = [user for user in people if query in user["login"].lower()]
    owner = state.accounts[repo["owner"]]

    def edge(user: Document) -> dict[str, Any]:
        found = list(rights.sources(state, repo, user["id"]))
        shown = [
            {
                "organization": owner,
                "permission": _DEFAULTS[source.role],
                "roleName": source.word,
                "source": source.granter,
            }
            for source in found
        ]
        role = rights.role_of(state, repo, user["id"])
        return {
            "permission": rights.WORDS[role].upper(),
            "permissionSources": shown if owner["type"] == ORG else None,
        }

    return connection(people, arguments, edge=edge)
