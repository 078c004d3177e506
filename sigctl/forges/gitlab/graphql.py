"""The GraphQL documents, and their sending: whole answers only, pages made smaller when the server says too much."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sigctl.errors import PartialError
from sigctl.forges.gitlab.client import PAGE, Client
from sigctl.forges.gitlab.failures import BadAnswerError, GraphError

_NAME = re.compile(r"query (\w+)")
_USER = "id username state bot"
_MEMBERS = f"""
    pageInfo {{ hasNextPage endCursor }}
    nodes {{ accessLevel {{ integerValue }} expiresAt user {{ {_USER} }} }}
"""
_GROUP = f"""
    id fullPath name description visibility
    groupMembers(relations: [DIRECT], first: $members) {{ {_MEMBERS} }}
"""

SERVER = """
query sigctlServer {
  metadata { version enterprise }
  currentUser { id username }
}
"""
GROUP = f"""
query sigctlGroup($path: ID!, $members: Int!) {{
  group(fullPath: $path) {{ {_GROUP} }}
}}
"""
GROUPS_BELOW = f"""
query sigctlGroupsBelow($path: ID!, $first: Int!, $after: String, $members: Int!) {{
  group(fullPath: $path) {{
    descendantGroups(first: $first, after: $after) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ {_GROUP} }}
    }}
  }}
}}
"""
GROUP_MEMBERS = f"""
query sigctlGroupMembers($path: ID!, $first: Int!, $after: String) {{
  group(fullPath: $path) {{
    groupMembers(relations: [DIRECT], first: $first, after: $after) {{ {_MEMBERS} }}
  }}
}}
"""
PROJECTS_BELOW = f"""
query sigctlProjectMembersBelow($path: ID!, $deep: Boolean!, $first: Int!, $after: String, $members: Int!) {{
  group(fullPath: $path) {{
    projects(includeSubgroups: $deep, first: $first, after: $after) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ id fullPath projectMembers(relations: [DIRECT], first: $members) {{ {_MEMBERS} }} }}
    }}
  }}
}}
"""
PROJECT_MEMBERS = f"""
query sigctlProjectMembers($path: ID!, $first: Int!, $after: String) {{
  project(fullPath: $path) {{
    id
    projectMembers(relations: [DIRECT], first: $first, after: $after) {{ {_MEMBERS} }}
  }}
}}
"""
_LINE = "accessLevel deployKey { id }"
_PEOPLE = "user { id } group { id }"
"""Who a line is for by name: the Community Edition does not know the words."""


def _rules(*, named: bool, grouped: bool) -> str:
    merge = f"accessLevel {_PEOPLE}" if named else "accessLevel"
    push = f"{_LINE} {_PEOPLE}" if named else _LINE
    owners = "codeOwnerApprovalRequired" if named else ""
    owners += " isGroupLevel" if grouped else ""
    unprotect = f"unprotectAccessLevels {{ pageInfo {{ hasNextPage }} nodes {{ {merge} }} }}" if named else ""
    approvals = (
        "approvalRules { pageInfo { hasNextPage } nodes { name type approvalsRequired } }" if named else ""
    )
    return f"""
    id fullPath
    branchRules(first: $members) {{
      pageInfo {{ hasNextPage }}
      nodes {{
        name {approvals}
        branchProtection {{
          allowForcePush {owners}
          pushAccessLevels {{ pageInfo {{ hasNextPage }} nodes {{ {push} }} }}
          mergeAccessLevels {{ pageInfo {{ hasNextPage }} nodes {{ {merge} }} }}
          {unprotect}
        }}
      }}
    }}
"""


def rules_below(*, named: bool, grouped: bool = False) -> str:
    """Return the document for the branch rules of a group's projects.

    `named` where the server knows people in rules (EE), `grouped` where it may have rules of whole groups and says which these are.
    """
    return f"""
query sigctlRulesBelow($path: ID!, $deep: Boolean!, $first: Int!, $after: String, $members: Int!) {{
  group(fullPath: $path) {{
    projects(includeSubgroups: $deep, first: $first, after: $after) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ {_rules(named=named, grouped=grouped)} }}
    }}
  }}
}}
"""


USERS_BY_NAME = f"""
query sigctlUsersByName($names: [String!], $first: Int!) {{
  users(usernames: $names, first: $first) {{ nodes {{ {_USER} }} }}
}}
"""
LAST_ACTIVE = """
query sigctlLastActive($names: [String!], $first: Int!) {
  users(usernames: $names, first: $first) { nodes { username lastActivityOn } }
}
"""
USERS_BY_ID = f"""
query sigctlUsersById($ids: [ID!], $first: Int!) {{
  users(ids: $ids, first: $first) {{ nodes {{ {_USER} }} }}
}}
"""


class Graph:
    """Sends documents and hands out whole answers; remembers how much at once the server bears."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._page = {"first": PAGE, "members": PAGE}

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Return the data; PartialError for any error in the answer, after what may pass was tried again."""
        name = _NAME.findall(document)[0]
        return self._client.caller.read(lambda: self._once(document, name, variables))

    def sized(self, document: str, **variables: Any) -> dict[str, Any]:
        """As `ask`, with `$first` and `$members` filled in; less is asked for at once where the server finds it too much."""
        while True:
            sizes = {key: size for key, size in self._page.items() if f"${key}" in document}
            try:
                return self.ask(document, **variables, **sizes)
            except PartialError as error:
                too_big = isinstance(error.__cause__, GraphError) and error.__cause__.too_big
                if not too_big or not self._smaller(sizes):
                    raise

    def walk(self, document: str, path: str, connection: str, **variables: Any) -> Iterator[dict[str, Any]]:
        """Yield each page of a group's connection; nothing when there is no such group.

        PartialError when the group goes or turns unreadable between two pages.
        """
        after = None
        while True:
            group = self.sized(document, path=path, after=after, **variables)["group"]
            if group is None and after is None:
                return
            page = must(must({"group": group}, "group", path), connection, path)
            yield page
            info = must(page, "pageInfo", path)
            if not info["hasNextPage"]:
                return
            after = must(info, "endCursor", path)

    def _smaller(self, used: Mapping[str, int]) -> bool:
        """Halve what was too much, the longer list first; False when there is nothing left to halve."""
        key = max(used, key=lambda key: (used[key], key == "members"), default="")
        if not key or used[key] <= 1:
            return False
        self._page[key] = min(self._page[key], used[key] // 2)
        return True

    def _once(self, document: str, name: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        answer = self._client.graphql(
            {"query": document, "variables": dict(variables), "operationName": name}
        )
        if not isinstance(answer, dict):
            raise BadAnswerError(name)
        if errors := answer.get("errors"):
            raise GraphError(
                [str(e.get("message", e)) if isinstance(e, dict) else str(e) for e in errors], name
            )
        if not isinstance(answer.get("data"), dict):
            raise GraphError(["no data"], name)
        return dict(answer["data"])


def must(data: Mapping[str, Any] | None, key: str, what: str) -> Any:
    """Return what the answer holds under the key; PartialError where it is missing or null."""
    if data is None or data.get(key) is None:
        raise PartialError(
            f"{what}: the answer lacks `{key}`", "may the token's user read it? owners of the group may"
        )
    return data[key]
