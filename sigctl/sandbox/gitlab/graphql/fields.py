"""How a field of the schema is bound to what it shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graphql import GraphQLResolveInfo

from sigctl.sandbox.gitlab import levels
from sigctl.sandbox.gitlab.world import GROUP
from sigctl.sandbox.store import Document

if TYPE_CHECKING:
    from sigctl.sandbox.gitlab.access import Access
    from sigctl.sandbox.gitlab.world import World

_CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")


@dataclass(slots=True)
class Context:
    """What the fields of one query look at."""

    world: World
    access: Access
    url: str
    score: int = field(default=0)
    limit: int = field(default=0)


Resolver = Callable[..., Any]
RESOLVERS: dict[tuple[str, str], Resolver] = {}


def shows(
    kinds: str, *names: str
) -> Callable[[Callable[[Context, Document, dict[str, Any]], Any]], Resolver]:
    """Register what follows for a field (or several) of one type or of several."""

    def register(function: Callable[[Context, Document, dict[str, Any]], Any]) -> Resolver:
        def resolve(root: Document | None, info: GraphQLResolveInfo[Context], **arguments: Any) -> Any:
            return function(info.context, root or {}, arguments)

        for kind in kinds.split():
            for name in names:
                RESOLVERS[kind, name] = resolve
        return resolve

    return register


def plain(root: Document, info: GraphQLResolveInfo[Context], **_arguments: Any) -> Any:
    """Return the document's own field of this name, or its setting of this name."""
    name = info.field_name
    if name in root:
        return root[name]
    name = _CAPITAL.sub("_", name).lower()
    return root[name] if name in root else root.get("settings", {}).get(name)


def member_type(member: Document, _info: GraphQLResolveInfo[Context], _kind: object) -> str:
    """Return the type of a member."""
    return "GroupMember" if member["source"] == GROUP else "ProjectMember"


def numbers(ids: Iterable[str], kind: str) -> set[int]:
    """Return the ids in global ids such as gid://gitlab/User/7; an error for those of another kind."""
    found = set()
    for gid in ids:
        match = re.fullmatch(rf"(?:gid://gitlab/{kind}/)?(\d+)", str(gid))
        if match is None:
            raise ValueError(f'"{gid}" does not represent an instance of {kind}')
        found.add(int(match[1]))
    return found


def level(number: int) -> Document:
    """Return a level as the schema shows it."""
    return {
        "integerValue": number,
        "stringValue": levels.ENUM.get(number),
        "humanAccess": levels.NAMES.get(number) if number else None,
    }
