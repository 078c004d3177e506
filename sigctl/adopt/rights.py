"""Rights: those of each repository, and those that many share, at the SIG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sigctl.adopt.groups import right_of
from sigctl.core import levels
from sigctl.core.kinds import Grant, Repo
from sigctl.core.kinds.grant import INHERITED

if TYPE_CHECKING:
    from sigctl.adopt.build import Builder

Data = dict[str, Any]
SHARE = 0.6
"""Share of a SIG's repositories on which somebody must have a right for it to be the SIG's."""


def access_of(builder: Builder, sig: str, found: Mapping[str, Repo], on_group: Data) -> Data:
    """Return the rights on a repository, the first forge's word for each; what another forge says otherwise shows in the plan."""
    out: Data = {}
    for source in builder.sources:
        repo = found.get(source.name)
        if repo is None:
            continue
        for one in builder.inner(source, repo.key):
            if (
                not isinstance(one, Grant)
                or one.state == INHERITED
                or not levels.is_known(one.level)
                or one.branches
            ):
                continue
            named = builder.subject(source, sig, one.subject)
            if named is not None:
                out.setdefault(named, right_of(one))
    return {subject: right for subject, right in out.items() if right != on_group.get(subject)}


def lifted(rights: Mapping[str, Data]) -> Data:
    """Return the rights that so many repositories share that they are the SIG's; where one lacks it, `none` says so."""
    out: Data = {}
    if len(rights) < 2:  # noqa: PLR2004  # nothing is shared by one
        return out
    for subject in sorted({subject for access in rights.values() for subject in access}):
        have = [access[subject] for access in rights.values() if subject in access]
        if any(not isinstance(right, str) for right in have) or len(have) < SHARE * len(rights):
            continue
        lowest = min(have, key=lambda level: levels.rank(level) or 0)
        if Counter(have)[lowest] > 1:
            out[subject] = lowest
    return out
