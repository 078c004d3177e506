"""`--allow GUARD=N --reason TEXT`: this guard, up to this number, in this run, and only with a reason."""

from __future__ import annotations

import pytest

from sigctl.app.planning import Allowed
from sigctl.core.plan import Refusal
from sigctl.errors import UsageError

GUARDS = (
    "max_removals.members", "max_removals.refs", "max_removals.total", "per_sig.virt.grants", "minimum_owners", "required_owners",
    "keep_self", "publish", "delete", "archive", "empty_teams", "first_run", "unexplained",
)  # fmt: skip


@pytest.mark.parametrize("guard", GUARDS)
def test_a_guard_lets_pass_up_to_the_number_and_no_other_guard_does(guard):
    allowed = Allowed({guard: 7}, "the team was split")
    allowed.check()
    assert allowed.lets(Refusal(guard, 7, 3, ""))
    assert not allowed.lets(Refusal(guard, 8, 3, ""))
    assert not any(allowed.lets(Refusal(other, 1, 0, "")) for other in GUARDS if other != guard)
    assert not Allowed().lets(Refusal(guard, 1, 0, "")), "the next run asks again"


def test_where_there_are_too_few_no_fewer_pass_and_the_last_owner_never_goes():
    allowed = Allowed({"minimum_owners": 2}, "the board is small this year")
    assert allowed.lets(Refusal("minimum_owners", 2, 3, ""))
    assert not allowed.lets(Refusal("minimum_owners", 1, 3, ""))
    assert not Allowed({"minimum_owners": 0}, "all of them").lets(Refusal("minimum_owners", 0, 1, ""))


@pytest.mark.parametrize("reason", ["", "  ", "\n"])
def test_nothing_passes_without_a_reason(reason):
    with pytest.raises(UsageError, match="needs a reason"):
        Allowed({"delete": 1}, reason).check()
