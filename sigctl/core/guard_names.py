"""The names of all guards, as refusals say them and `--allow` takes them."""

from __future__ import annotations

from sigctl.core import deeds, guard, unexplained

_GROUPS = frozenset({*guard.GROUPS.values(), guard.TOTAL})
GUARDS = (
    *deeds.WORDS,
    "first_run",
    "keep_self",
    "max_removals.KIND",
    "minimum_owners",
    "per_sig.SIG.KIND",
    "required_owners",
    unexplained.GUARD,
)
"""All of them; KIND is a word of `guards.max_removals` in policy.yaml."""


def is_guard(name: str) -> bool:
    """Whether a guard can refuse under this name."""
    head, _, rest = name.partition(".")
    if head == "max_removals":
        return rest in _GROUPS
    if head == "per_sig":
        sig, _, kind = rest.rpartition(".")
        return bool(sig) and kind in _GROUPS - {guard.TOTAL}
    return name in GUARDS
