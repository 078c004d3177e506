"""Teams with the members they have themselves, those still invited, and the repositories they reach."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sigctl.core.kinds import Grant, Team, TeamMember
from sigctl.core.kinds.grant import INHERITED
from sigctl.core.kinds.org import ACTIVE, INVITED
from sigctl.core.levels import is_known
from sigctl.forges.github import documents
from sigctl.forges.github.graphql import Node
from sigctl.forges.github.names import level_of, split, team_role_of
from sigctl.forges.github.session import Session, path


def read_teams(session: Session, org: str) -> list[Node]:
    """Return every team of the org, whole, as GraphQL describes it."""
    nodes = list(session.graphql.pages(documents.TEAMS, org, "teams", documents.TEAM_PAGE))
    return _completed(session, nodes)


def read_named_teams(session: Session, paths: Iterable[str]) -> list[Node]:
    """Return those of the named teams that exist, whole."""
    wanted = [dict(zip(("org", "slug"), split(one), strict=True)) for one in sorted(paths)]
    found = session.graphql.named(documents.teams_by_slug, wanted, "org")
    return _completed(session, [one["team"] for one in found if one and one["team"]])


def _completed(session: Session, nodes: list[Node]) -> list[Node]:
    for inner in (documents.INNER_MEMBERS, documents.INNER_INVITATIONS, documents.INNER_REPOS):
        session.graphql.complete(nodes, inner, lambda node: node["combinedSlug"])
    return nodes


def teams_of(nodes: Iterable[Node]) -> list[Team]:
    """Return the teams themselves."""
    return [
        Team(
            path=node["combinedSlug"],
            title=node["name"],
            description=node["description"] or "",
            secret=node["privacy"] == "SECRET",
            parent=_parent(node),
        )
        for node in nodes
    ]


def _parent(node: Node) -> str:
    above = node["parentTeam"]
    return f"{split(node['combinedSlug'])[0]}/{above['slug']}" if above else ""


def members_of(nodes: Iterable[Node]) -> list[TeamMember]:
    """Return who is in the teams themselves, not in those below."""
    return [
        TeamMember(node["combinedSlug"], edge["node"]["login"], team_role_of(edge["role"]))
        for node in nodes
        for edge in node["members"]["edges"]
    ]


def invited_of(nodes: Iterable[Node]) -> list[tuple[str, str]]:
    """Return (team, login) of everyone who is still invited; GraphQL does not tell the role he will have."""
    return [
        (node["combinedSlug"], one["invitee"]["login"])
        for node in nodes
        for one in node["invitations"]["nodes"]
        if one["invitee"]
    ]


def read_invited(session: Session, team: str, login: str) -> TeamMember | None:
    """Return the place in a team of someone who was invited, None when that is over since the teams were read."""
    org, slug = split(team)
    found = session.find(path("orgs", org, "teams", slug, "memberships", login))
    if found is None:
        return None
    role = team_role_of(found["role"])
    return (
        TeamMember(team, login, role, INVITED)
        if found["state"] == "pending"
        else TeamMember(team, login, role)
    )


def read_own_roles(session: Session, team: str) -> dict[tuple[str, str], str]:
    """Return (team, repository) -> level where that is a role of the org's own making: GraphQL only tells what it is based on."""
    org, slug = split(team)
    rows = session.every(path("orgs", org, "teams", slug, "repos"))
    told = {(team, row["full_name"]): level_of(row.get("role_name") or "read") for row in rows}
    return {place: level for place, level in told.items() if not is_known(level)}


def grants_of(nodes: Iterable[Node], own: Mapping[tuple[str, str], str] | None = None) -> list[Grant]:
    """Return what the teams have on repositories, what they only inherit marked so; `own` has the roles that are no usual ones."""
    teams = list(nodes)
    direct = {
        (node["combinedSlug"], edge["node"]["nameWithOwner"]): level_of(edge["permission"])
        for node in teams
        for edge in node["repositories"]["edges"]
    }
    direct |= {place: level for place, level in (own or {}).items() if place in direct}
    return marked(direct, {node["combinedSlug"]: _parent(node) for node in teams})


def read_repo_teams(session: Session, repo: str) -> list[Grant]:
    """Return what teams have on one repository, by REST: for reads that are narrowed to a few repositories."""
    org, name = split(repo)
    listed = session.every(path("repos", org, name, "teams"))
    ours = [one for one in listed if one.get("access_source") in (None, "direct")]
    return marked(
        {(f"{org}/{one['slug']}", repo): _rest_level(one) for one in ours},
        {
            f"{org}/{one['slug']}": f"{org}/{one['parent']['slug']}" if one.get("parent") else ""
            for one in ours
        },
    )


def _rest_level(team: dict[str, Any]) -> str:
    return level_of(team.get("role_name") or team["permission"])


def marked(levels: dict[tuple[str, str], str], parents: dict[str, str]) -> list[Grant]:
    """Return the grants by (team, repo); GitHub lists what a team inherits like its own, so what equals the parent's is marked."""
    return [
        Grant(
            "repo",
            repo,
            f"team:{team}",
            level,
            state=INHERITED if levels.get((parents.get(team, ""), repo)) == level else ACTIVE,
        )
        for (team, repo), level in levels.items()
    ]
