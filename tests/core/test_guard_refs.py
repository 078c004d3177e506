"""Refs that are overwritten or deleted count as removals; what merely goes elsewhere doesn't."""

from __future__ import annotations

import pytest

from sigctl.core.guard import is_removal, judge_refs
from sigctl.core.kinds.ref import FORCED, GONE, MOVED, RETIRED, Ref
from sigctl.core.plan import Action
from sigctl.core.policy import Limit, Policy


def deleted(number: int, why: str = GONE, forge: str = "hub") -> Action:
    return Action(forge, "delete", Ref("Org/xen", f"refs/heads/b{number}", "a" * 40, why), None)


def updated(why: str = "") -> Action:
    before = Ref("Org/xen", "refs/heads/main", "a" * 40)
    return Action("hub", "update", before, Ref("Org/xen", "refs/heads/main", "b" * 40, why))


@pytest.mark.parametrize(
    ("action", "counts"),
    [
        (deleted(1, GONE), True),
        (deleted(1, RETIRED), True),
        (deleted(1, MOVED), False),
        (updated(FORCED), True),
        (updated(), False),
    ],
)
def test_what_takes_history_from_a_ref_is_a_removal(action: Action, *, counts: bool) -> None:
    assert is_removal(action) is counts


def test_a_plan_that_overwrites_more_than_the_limit_is_refused_with_the_number_and_the_way_out() -> None:
    policy = Policy(max_removals={"default": Limit(percent=10)})
    many = [*(deleted(n) for n in range(5)), updated(FORCED)]
    (refusal,) = judge_refs(many, {"hub": 50}, policy)
    assert (refusal.guard, refusal.number, refusal.limit) == ("max_removals.refs", 6, 5)
    assert "6 of 50 refs" in refusal.text
    assert "--allow max_removals.refs=6" in refusal.hint
    assert judge_refs(many, {"hub": 60}, policy) == []


def test_each_forge_is_judged_by_what_it_holds() -> None:
    policy = Policy(max_removals={"refs": Limit(number=1)})
    found = judge_refs([deleted(1), deleted(2), deleted(1, forge="lab")], {"hub": 9, "lab": 9}, policy)
    assert [refusal.text.partition(":")[0] for refusal in found] == ["hub"]


def test_forced_is_part_of_what_a_plan_is_so_a_reviewed_update_never_becomes_one() -> None:
    assert updated().id != updated(FORCED).id
    assert updated(FORCED).changed() == {"sha": ("a" * 40, "b" * 40)}
    assert Action.parse(updated(FORCED).as_json()) == updated(FORCED)
