"""Push rules and what approvals are worth, on servers that have them: written where every such forge has the same, else told of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from sigctl.core.kinds import Approvals, Key, Org, PushRules, Repo
from sigctl.core.kinds.checked import APPROVALS
from sigctl.spec.model.parts import PushRules as PushRulesConfig

if TYPE_CHECKING:
    from sigctl.adopt.build import Builder
    from sigctl.adopt.model import Source

Data = dict[str, Any]
_RULES = TypeAdapter(PushRulesConfig)


def checked(builder: Builder, found: Mapping[str, Repo]) -> Data:
    """Return `push_rules` of a repository, those that ask for anything, and all that was told of `approvals`."""
    out = {
        "push_rules": _agreed(builder, found, PushRules.KIND),
        "approvals": _agreed(builder, found, Approvals.KIND),
    }
    return {name: value for name, value in out.items() if value}


def group_rules(builder: Builder, source: Source, org: Org) -> Data:
    """Return the push rules that new repositories of a group begin with."""
    return _told(builder, source, PushRules.KIND, org.path) or {}


def _agreed(builder: Builder, found: Mapping[str, Repo], kind: str) -> Data:
    lists = {
        source.name: told
        for source in builder.sources
        if source.name in found
        and (told := _told(builder, source, kind, found[source.name].path)) is not None
    }
    several = list(lists.values())
    if any(one != several[0] for one in several[1:]):
        words = kind.replace("_", " ")
        builder.say(
            "", found[next(iter(lists))].path, f"its {words} differ between the forges: they are not declared"
        )
        return {}
    return several[0] if several else {}


def _told(builder: Builder, source: Source, kind: str, path: str) -> Data | None:
    """Return what a forge holds, as the files say it; None where it tells nothing, or the files can't say it."""
    if (source.name, kind, path) in builder.leave.parts:
        return None
    held = source.observation.state
    if kind == Approvals.KIND:
        one = held.get(Key(kind, path))
        return (
            {name: value for name in APPROVALS if (value := getattr(one, name, None)) is not None}
            if one
            else None
        )
    rules = next(
        (
            r
            for on in (Repo.KIND, Org.KIND)
            if isinstance(r := held.get(Key(kind, f"{on}:{path}")), PushRules)
        ),
        None,
    )
    if rules is None:
        return None
    out = {
        name: value for name, value in rules.terms().items() if value
    }  # what is off, empty or unknown asks for nothing
    try:
        _RULES.validate_python(out)
    except ValidationError as error:
        first = error.errors()[0]
        builder.say(
            source.name,
            path,
            f"its push rules stay undeclared: `{'.'.join(map(str, first['loc']))}`: {first['msg']}",
        )
        return None
    return out
