from __future__ import annotations

import pytest
from worlds import TRAITS, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.kinds import Grant, Membership, Org, Repo, Team, TeamMember
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import state


def refusals(wanted, seen, policy, me="", **fields):
    desired = desired_of(state(wanted), **fields)
    return compare(desired, observation_of(state(seen), me=me, accounts={}), TRAITS, policy).plan.refusals


TEAM = [Org("O"), Team("O/t")]
TWENTY = [*TEAM, *(TeamMember("O/t", f"m{n:02}") for n in range(20))]


@pytest.mark.parametrize(
    ("limit", "removed", "refused"),
    [
        (Limit(percent=10), 3, False),
        (Limit(percent=10), 4, True),
        (Limit(percent=30), 6, False),
        (Limit(percent=30), 7, True),
        (Limit(number=5), 5, False),
        (Limit(number=5), 6, True),
        (Limit(number=0), 1, True),
        (Limit(percent=10, of_at_least=100), 20, False),
    ],
)
def test_removals_are_counted_against_a_number_or_a_share(limit, removed, refused):
    policy = Policy(max_removals={"default": Limit(number=0), "members": limit})
    found = refusals(TEAM, TWENTY[: 2 + 20], policy) if removed == 20 else _some_removed(removed, policy)
    assert bool(found) is refused
    if refused:
        assert (found[0].guard, found[0].number) == ("max_removals.members", removed)
        assert found[0].limit == limit.ceiling(20)
        assert f"--allow max_removals.members={removed}" in found[0].hint


def _some_removed(count, policy):
    wanted = state(TWENTY[: len(TWENTY) - count])
    from sigctl.core.state import Account  # noqa: PLC0415  # everybody has an account here

    accounts = {f"m{n:02}": Account(f"m{n:02}", n) for n in range(20)}
    return compare(
        desired_of(wanted), observation_of(state(TWENTY), accounts=accounts), TRAITS, policy
    ).plan.refusals


def test_a_partial_file_that_would_empty_everything_is_refused():
    seen = [Org("O"), *(Repo(f"O/r{n}") for n in range(20)), *(Membership("O", f"m{n}") for n in range(20))]
    found = refusals([Org("O")], seen, Policy(), undeclared={"repos": "remove", "members": "remove"})
    assert {r.guard for r in found} == {"max_removals.repos", "max_removals.members"}


def test_narrowed_rights_count_as_removals():
    seen = [Repo("O/r"), *(Grant("repo", "O/r", f"team:O/t{n}", "admin") for n in range(20))]
    wanted = [Repo("O/r"), *(Grant("repo", "O/r", f"team:O/t{n}", "read") for n in range(20))]
    found = refusals(wanted, seen, Policy(max_removals={"grants": Limit(number=3)}))
    assert [(r.guard, r.number, r.limit) for r in found] == [("max_removals.grants", 20, 3)]


OWNERS = [Org("O"), *(Membership("O", p, "owner") for p in ("p1", "p2", "p3"))]


def test_the_last_owner_stays():
    found = refusals([Org("O")], OWNERS, Policy(max_removals={"default": Limit(number=99)}))
    assert [(r.guard, r.number, r.limit) for r in found] == [("minimum_owners", 0, 1)]


def test_an_invited_owner_is_no_owner_yet():
    wanted = [Org("O"), Membership("O", "p9", "owner")]
    seen = [*OWNERS, Membership("O", "p9", "owner", "invited")]
    found = compare(
        desired_of(state(wanted)),
        observation_of(state(seen)),
        TRAITS,
        Policy(max_removals={"default": Limit(number=99)}),
    ).plan.refusals
    assert [r.guard for r in found] == ["minimum_owners"]


def test_required_owners_stay():
    policy = Policy(
        max_removals={"default": Limit(number=99)}, minimum_owners=1, required_owners={"f": frozenset({"p1"})}
    )
    desired = desired_of(state([Org("O"), Membership("O", "p2", "owner")]))
    found = compare(desired, observation_of(state(OWNERS)), TRAITS, policy).plan.refusals
    assert [r.guard for r in found] == ["required_owners"]
    assert "p1" in found[0].text


def test_we_never_take_our_own_rights_away():
    wanted = [Repo("O/r"), Grant("repo", "O/r", "person:p1", "read")]
    seen = [Repo("O/r"), Grant("repo", "O/r", "person:p1", "admin")]
    policy = Policy(max_removals={"default": Limit(number=99)})
    found = compare(
        desired_of(state(wanted)), observation_of(state(seen), me="P1"), TRAITS, policy
    ).plan.refusals
    assert [r.guard for r in found] == ["keep_self"]


def test_a_plan_that_only_adds_is_never_refused():
    strict = Policy(max_removals={"default": Limit(number=0)}, minimum_owners=9)
    assert refusals([*OWNERS, Repo("O/r")], [Org("O")], strict) == ()
