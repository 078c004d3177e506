"""Every document stays inside GitHub's limits: pages of a hundred, half a million nodes, few points, one name each."""

from __future__ import annotations

import pytest
from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode, parse
from graphql.language import FragmentDefinitionNode, IntValueNode, OperationDefinitionNode, VariableNode

from sigctl.forges.github import documents

INNER = (
    documents.INNER_COLLABORATORS,
    documents.INNER_MEMBERS,
    documents.INNER_INVITATIONS,
    documents.INNER_REPOS,
    documents.INNER_RULESETS,
    documents.INNER_RULES,
    documents.INNER_BYPASS,
    documents.INNER_KEYS,
    documents.INNER_LABELS,
    documents.INNER_CLASSIC,
)
EVERY = {
    "viewer": (documents.VIEWER, 0),
    "repos": (documents.REPOS, documents.REPO_PAGE),
    "collaborators": (documents.COLLABORATORS, documents.REPO_PAGE),
    "teams": (documents.TEAMS, documents.TEAM_PAGE),
    "rules": (documents.RULES, documents.RULE_PAGE),
    "labels by name": (documents.labels_by_name(documents.LOOKUPS), 0),
    "rules by name": (documents.rules_by_name(documents.LOOKUPS), 0),
    "members": (documents.MEMBERS, documents.PEOPLE_PAGE),
    "accounts": (documents.accounts(documents.LOOKUPS), 0),
    "repos by name": (documents.repos_by_name(documents.LOOKUPS), 0),
    "teams by slug": (documents.teams_by_slug(documents.LOOKUPS), 0),
    **{f"more {one.field}": (documents.follow(one, documents.FOLLOWED), 0) for one in INNER},
}
"""Name -> the largest form in which it is sent, and the value of its variable `first`."""


class Cost:
    """Nodes and connection requests of a document, counted as GitHub's documentation says."""

    def __init__(self, document: str, first: int) -> None:
        parsed = parse(document)
        self.first = first
        self.nodes = 0
        self.requests = 0
        self.largest_page = 0
        self.fragments = {
            d.name.value: d for d in parsed.definitions if isinstance(d, FragmentDefinitionNode)
        }
        operations = [d for d in parsed.definitions if isinstance(d, OperationDefinitionNode)]
        self.names = [d.name.value if d.name else "" for d in operations]
        for operation in operations:
            self._walk(operation.selection_set, 1)

    @property
    def points(self) -> int:
        return max(1, round(self.requests / 100))

    def _walk(self, selections: SelectionSetNode | None, times: int) -> None:
        for one in selections.selections if selections else ():
            if isinstance(one, FragmentSpreadNode):
                self._walk(self.fragments[one.name.value].selection_set, times)
            elif isinstance(one, InlineFragmentNode):
                self._walk(one.selection_set, times)
            elif isinstance(one, FieldNode):
                self._walk(one.selection_set, times * self._page(one, times))

    def _page(self, field: FieldNode, times: int) -> int:
        for argument in field.arguments or ():
            if argument.name.value == "first":
                value = argument.value
                size = self.first if isinstance(value, VariableNode) else 0
                size = int(value.value) if isinstance(value, IntValueNode) else size
                self.largest_page = max(self.largest_page, size)
                self.requests += times
                self.nodes += times * size
                return size
        return 1


@pytest.mark.parametrize("name", EVERY)
def test_no_document_asks_for_more_than_github_gives(name: str) -> None:
    cost = Cost(*EVERY[name])
    assert cost.largest_page <= 100
    assert cost.nodes < 500_000
    assert cost.points <= (21 if "rules" in name else 2)


@pytest.mark.parametrize("name", EVERY)
def test_every_document_is_one_named_query(name: str) -> None:
    names = Cost(*EVERY[name]).names
    assert len(names) == 1
    assert names[0]


def test_the_count_of_nodes_is_github_s() -> None:
    """Each page counts once for every node that its owner's page may hold."""
    example = """query Q { viewer { repositories(first: 50) { edges { repository: node {
      issues(first: 20) { edges { node { labels(first: 10) { edges { node { name } } } } } } } } } } }"""
    cost = Cost(example, 0)
    assert cost.nodes == 50 + 50 * 20 + 50 * 20 * 10
    assert cost.requests == 1 + 50 + 50 * 20
