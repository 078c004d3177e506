"""Which guards there are: a name that no guard has must not look as if it let something pass."""

from __future__ import annotations

import pytest

from sigctl.core.guard_names import GUARDS, is_guard

PATTERNS = {"max_removals.KIND": "max_removals.members", "per_sig.SIG.KIND": "per_sig.virt.members"}


@pytest.mark.parametrize(
    "name",
    [
        *(PATTERNS.get(name, name) for name in GUARDS),
        "max_removals.refs",
        "max_removals.total",
        "per_sig.a.b.grants",
    ],
)
def test_a_guard_is_known_by_its_name(name):
    assert is_guard(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "deleted",
        "max_removals",
        "max_removals.",
        "max_removals.KIND",
        "max_removals.member",
        "per_sig",
        "per_sig.members",
        "per_sig..members",
        "per_sig.virt.total",
        "per_sig.virt.nothing",
        "delete.repos",
    ],
)
def test_what_no_guard_is_called_is_none(name):
    assert not is_guard(name)
