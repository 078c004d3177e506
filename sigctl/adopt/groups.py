"""Groups of SIGs, on forges that give rights on a whole group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sigctl.core import levels
from sigctl.core.kinds import Grant, Key, Org

if TYPE_CHECKING:
    from sigctl.adopt.build import Builder
    from sigctl.adopt.model import Source


def group_of(builder: Builder, source: Source, sig: str) -> str:
    """Return the SIG's own group on a forge that gives rights on groups, "" for none."""
    own = builder.layouts[source.name].get(sig)
    template = (own or builder.names[source.name].templates).repo.rpartition("/")[0]
    if not source.traits.group_grants or "{repo}" in template or ("{sig}" not in template and own is None):
        return ""
    return template.replace("{sig}", sig).replace("{project}", "").rstrip("/")


def has_group(builder: Builder, sig: str) -> bool:
    """Whether the SIG has a group of its own somewhere."""
    return any(group_of(builder, source, sig) for source in builder.sources)


def on_group_of(builder: Builder, sig: str) -> dict[str, Any]:
    """Return the rights that are given on the SIG's group."""
    out: dict[str, Any] = {}
    for source in builder.sources:
        group = group_of(builder, source, sig)
        for one in builder.inner(source, Key(Org.KIND, group)) if group else ():
            if isinstance(one, Grant):
                named = builder.subject(source, sig, one.subject)
                if named is not None and levels.is_known(one.level):
                    out[named] = right_of(one)
    return out


def right_of(grant: Grant) -> Any:
    """Return the right as it is written in the files."""
    return {"level": grant.level, "until": grant.until} if grant.until else grant.level


def elsewhere(builder: Builder, source: Source) -> set[str]:
    """Return the SIGs that have nothing on a forge where a SIG has a group of its own: none is to be made for them."""
    if not source.traits.group_grants:
        return set()
    every = [(sig, set(found)) for (sig, _), found in builder.repos.items()]
    every += [(sig, set(found)) for (sig, _), found in builder.teams.items()]
    here = {sig for sig, forges in every if source.name in forges}
    return {sig for sig, forges in every if forges} - here
