"""Every GraphQL document that is sent: named, paged, within the limits, each checked against the official schema by a judge."""

from __future__ import annotations

from dataclasses import dataclass

REPO_PAGE = 100
PEOPLE_PAGE = 100
TEAM_PAGE = 50
"""Teams carry three connections of a hundred each: 50 of them are 15,000 nodes."""
INNER_PAGE = 100
KEY_PAGE = 20
RULE_PAGE = 50
"""Repositories with their rulesets: each of 20 with rules and actors, 50 of them are about 70,000 nodes."""
LOOKUPS = 50
"""Things looked up by name in one document, each under an alias of its own."""
FOLLOWED = 25
"""Inner pages fetched by one document."""

_PAGE = "pageInfo { hasNextPage endCursor }"

REPO_FIELDS = """
fragment RepoFields on Repository {
  id databaseId nameWithOwner description homepageUrl visibility isArchived
  defaultBranchRef { name }
  branches: refs(refPrefix: "refs/heads/", first: 1) { totalCount }
  parent { nameWithOwner }
  repositoryTopics(first: 20) { nodes { topic { name } } }
  hasIssuesEnabled hasWikiEnabled hasVulnerabilityAlertsEnabled
  mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed deleteBranchOnMerge
}
"""
"""A repository has at most 20 topics, so that page is never full."""

_COLLABORATORS = (
    "{ " + _PAGE + " edges { permission node { login } "
    "permissionSources { permission roleName source { __typename ... on Repository { nameWithOwner } } } } }"
)
_TEAM_MEMBERS = "{ " + _PAGE + " edges { role node { login } } }"
_TEAM_INVITATIONS = "{ " + _PAGE + " nodes { email invitee { login } } }"
_TEAM_REPOS = "{ " + _PAGE + " edges { permission node { nameWithOwner } } }"

_RULES = (
    "{ "
    + _PAGE
    + " nodes { type parameters { ... on PullRequestParameters { requiredApprovingReviewCount } } } }"
)
_BYPASS = (
    "{ " + _PAGE + " nodes { bypassMode organizationAdmin deployKey repositoryRoleDatabaseId "
    "actor { __typename ... on Team { databaseId combinedSlug } } } }"
)
_RULESETS = (
    "{ "
    + _PAGE
    + " nodes { id databaseId name target enforcement conditions { refName { include exclude } } "
    f"rules(first: 20) {_RULES} bypassActors(first: 50) {_BYPASS} }} }}"
)

_CLASSIC = (
    "{ "
    + _PAGE
    + " nodes { id pattern allowsDeletions allowsForcePushes restrictsPushes requiresStatusChecks "
    "requiresApprovingReviews requiredApprovingReviewCount } }"
)

REPO_RULES = f"""
fragment RepoRules on Repository {{
  id nameWithOwner
  rulesets(includeParents: false, first: 20) {_RULESETS}
  branchProtectionRules(first: 20) {_CLASSIC}
}}
"""

_KEYS = "{ " + _PAGE + " nodes { title key readOnly } }"
_LABELS = "{ " + _PAGE + " nodes { name color description } }"

REPO_PEOPLE = f"""
fragment RepoPeople on Repository {{
  id nameWithOwner
  collaborators(affiliation: DIRECT, first: {INNER_PAGE}) {_COLLABORATORS}
  deployKeys(first: {KEY_PAGE}) {_KEYS}
}}
"""
"""Keys are read with the people, since they are rights, too."""

DELETE_CLASSIC = """
mutation DeleteProtection($id: ID!) {
  deleteBranchProtectionRule(input: { branchProtectionRuleId: $id }) { clientMutationId }
}
"""

TEAM_FIELDS = f"""
fragment TeamFields on Team {{
  id databaseId slug combinedSlug name description privacy
  parentTeam {{ slug }}
  members(membership: IMMEDIATE, first: {INNER_PAGE}) {_TEAM_MEMBERS}
  invitations(first: {INNER_PAGE}) {_TEAM_INVITATIONS}
  repositories(first: {INNER_PAGE}) {_TEAM_REPOS}
}}
"""

VIEWER = "query Viewer { viewer { login } }"

REVIEW_THREADS = f"""
query ReviewThreads($owner: String!, $name: String!, $number: Int!, $after: String) {{
  repository(owner: $owner, name: $name) {{
    pullRequest(number: $number) {{
      reviewThreads(first: {INNER_PAGE}, after: $after) {{ {_PAGE} nodes {{ isResolved }} }}
    }}
  }}
}}
"""

REPOS = f"""
query Repositories($org: String!, $first: Int!, $after: String) {{
  organization(login: $org) {{
    repositories(first: $first, after: $after) {{ {_PAGE} nodes {{ ...RepoFields }} }}
  }}
}}
{REPO_FIELDS}"""

COLLABORATORS = f"""
query Collaborators($org: String!, $first: Int!, $after: String) {{
  organization(login: $org) {{
    repositories(first: $first, after: $after) {{ {_PAGE} nodes {{ ...RepoPeople }} }}
  }}
}}
{REPO_PEOPLE}"""

RULES = f"""
query Rules($org: String!, $first: Int!, $after: String) {{
  organization(login: $org) {{
    repositories(first: $first, after: $after) {{ {_PAGE} nodes {{ ...RepoRules }} }}
  }}
}}
{REPO_RULES}"""

TEAMS = f"""
query Teams($org: String!, $first: Int!, $after: String) {{
  organization(login: $org) {{
    teams(first: $first, after: $after) {{ {_PAGE} nodes {{ ...TeamFields }} }}
  }}
}}
{TEAM_FIELDS}"""

MEMBERS = f"""
query Members($org: String!, $first: Int!, $after: String) {{
  organization(login: $org) {{
    membersWithRole(first: $first, after: $after) {{ {_PAGE} edges {{ role node {{ login databaseId }} }} }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Inner:
    """A connection inside a node, whose further pages are fetched for many nodes at once."""

    field: str
    owner: str
    """Type of the node it is in."""
    arguments: str
    selection: str
    page: int = INNER_PAGE


INNER_COLLABORATORS = Inner("collaborators", "Repository", "affiliation: DIRECT", _COLLABORATORS)
INNER_MEMBERS = Inner("members", "Team", "membership: IMMEDIATE", _TEAM_MEMBERS)
INNER_INVITATIONS = Inner("invitations", "Team", "", _TEAM_INVITATIONS)
INNER_RULESETS = Inner("rulesets", "Repository", "includeParents: false", _RULESETS, page=20)
INNER_RULES = Inner("rules", "RepositoryRuleset", "", _RULES)
INNER_BYPASS = Inner("bypassActors", "RepositoryRuleset", "", _BYPASS)
INNER_REPOS = Inner("repositories", "Team", "", _TEAM_REPOS)
INNER_KEYS = Inner("deployKeys", "Repository", "", _KEYS)
INNER_LABELS = Inner("labels", "Repository", "", _LABELS)
INNER_CLASSIC = Inner("branchProtectionRules", "Repository", "", _CLASSIC)


def follow(inner: Inner, count: int) -> str:
    """Return the document for the next inner page of `count` nodes; variables id0, after0, id1 ...; answers n0, n1 ..."""
    variables = ", ".join(f"$id{n}: ID!, $after{n}: String!" for n in range(count))
    arguments = f"{inner.arguments}, " if inner.arguments else ""
    asked = "\n".join(
        f"  n{n}: node(id: $id{n}) {{ ... on {inner.owner} {{ "
        f"{inner.field}({arguments}first: {inner.page}, after: $after{n}) {inner.selection} }} }}"
        for n in range(count)
    )
    return f"query More{inner.owner}{inner.field.capitalize()}({variables}) {{\n{asked}\n}}\n"


def accounts(count: int) -> str:
    """Return the document that looks up `count` people; variables login0 ...; answers n0 ..., null where nobody is."""
    variables = ", ".join(f"$login{n}: String!" for n in range(count))
    asked = "\n".join(f"  n{n}: user(login: $login{n}) {{ login databaseId }}" for n in range(count))
    return f"query Accounts({variables}) {{\n{asked}\n}}\n"


def repos_by_name(count: int) -> str:
    """Return the document that reads `count` named repositories with their collaborators; variables owner0, name0 ..."""
    variables = ", ".join(f"$owner{n}: String!, $name{n}: String!" for n in range(count))
    asked = "\n".join(
        f"  n{n}: repository(owner: $owner{n}, name: $name{n}, followRenames: false) {{ ...RepoFields ...RepoPeople }}"
        for n in range(count)
    )
    return f"query NamedRepositories({variables}) {{\n{asked}\n}}\n{REPO_FIELDS}{REPO_PEOPLE}"


def labels_by_name(count: int) -> str:
    """Return the document that reads the labels of `count` named repositories; variables as in `repos_by_name`."""
    variables = ", ".join(f"$owner{n}: String!, $name{n}: String!" for n in range(count))
    asked = "\n".join(
        f"  n{n}: repository(owner: $owner{n}, name: $name{n}, followRenames: false) "
        f"{{ id nameWithOwner labels(first: {INNER_PAGE}) {_LABELS} }}"
        for n in range(count)
    )
    return f"query NamedLabels({variables}) {{\n{asked}\n}}\n"


def rules_by_name(count: int) -> str:
    """Return the document that reads the rulesets of `count` named repositories; variables as in `repos_by_name`."""
    variables = ", ".join(f"$owner{n}: String!, $name{n}: String!" for n in range(count))
    asked = "\n".join(
        f"  n{n}: repository(owner: $owner{n}, name: $name{n}, followRenames: false) {{ ...RepoRules }}"
        for n in range(count)
    )
    return f"query NamedRules({variables}) {{\n{asked}\n}}\n{REPO_RULES}"


def teams_by_slug(count: int) -> str:
    """Return the document that reads `count` named teams; variables org0, slug0 ...; answers n0.team ..."""
    variables = ", ".join(f"$org{n}: String!, $slug{n}: String!" for n in range(count))
    asked = "\n".join(
        f"  n{n}: organization(login: $org{n}) {{ team(slug: $slug{n}) {{ ...TeamFields }} }}"
        for n in range(count)
    )
    return f"query NamedTeams({variables}) {{\n{asked}\n}}\n{TEAM_FIELDS}"
