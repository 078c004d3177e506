"""What a server or its orgs lack that others of the sort have: told as capabilities, never as errors."""

from __future__ import annotations

from collections.abc import Iterator

from sigctl.core.state import LACKS
from sigctl.forges.github.session import Session

WITH_INTERNAL = frozenset({"business", "business_plus", "enterprise"})
"""Plans of orgs that belong to an enterprise."""
WITH_RULESETS = (3, 11)
"""First version of Enterprise Server with rulesets."""


def lacks(session: Session) -> Iterator[str]:
    """Yield the capabilities that say what is lacking, once the orgs have been read; nothing is sent."""
    version, plans = session.version(), set(session.plans.values()) - {""}
    if version and not has_rulesets(session):
        told = ".".join(map(str, version))
        need = "branch rules need GitHub Enterprise Server 3.11"
        yield f"{LACKS}branch_rule:{need}, this one is {told}: they are left out"
    if plans and not version and not plans & WITH_INTERNAL:  # every Enterprise Server is an enterprise
        yield f"{LACKS}internal:`internal` needs an enterprise, and the org is in none"


def has_rulesets(session: Session) -> bool:
    """Whether the server has rulesets."""
    version = session.version()
    return not version or version >= WITH_RULESETS
