"""What a refusal says: the guard by name, the number, the limit, the way out."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import TRAITS, desired_of, observation_of

from sigctl.core.compare import compare
from sigctl.core.guard import judge, judge_refs
from sigctl.core.kinds import Grant, Membership, Org, Repo, Team, TeamMember
from sigctl.core.kinds.ref import GONE, Ref
from sigctl.core.plan import Action, Refusal
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import state
from sigctl.core.unexplained import Before
from sigctl.core.unexplained import judge as judge_unexplained
from sigctl.spec.model.policy import Guards

OPEN = {"default": Limit(number=99)}
MINE = Grant("repo", "O/r", "person:Bot", "admin")


def action(before, after, sig="virt"):
    return Action("f", "delete" if after is None else "update", before, after, sig, 50)


def test_rights_of_our_own_that_would_go():
    lower = Grant("repo", "O/s", "person:bot", "admin"), Grant("repo", "O/s", "person:bot", "read")
    others = action(Grant("repo", "O/r", "person:p1", "admin"), None)
    gains = Action("f", "create", None, Grant("repo", "O/t", "person:bot", "read"), "virt", 44)
    found = judge(
        [action(MINE, None), action(*lower), others, gains], state([]), Policy(max_removals=OPEN), "f", "bot"
    )
    assert found == [
        Refusal(
            "keep_self",
            2,
            0,
            "run as another account, or take them away by hand; if it is meant, `--allow keep_self=2 --reason TEXT`: "
            "what is left of the run may fail then",
            "f: 2 actions take rights from bot, the account sigctl runs as",
        )
    ]
    assert judge([others, gains], state([]), Policy(max_removals=OPEN), "f", "bot") == []
    assert judge([action(MINE, None)], state([]), Policy(max_removals=OPEN), "f") == []
    assert (
        judge([action(MINE, None)], state([]), Policy(max_removals=OPEN, keep_self=False), "f", "bot") == []
    )


def test_too_much_that_would_go():
    held = [Grant("repo", "O/r", f"person:p{n}", "read") for n in range(4)]
    found = judge(
        [action(one, None) for one in held[:3]],
        state(held),
        Policy(max_removals={"grants": Limit(number=1)}),
        "f",
    )
    assert found == [
        Refusal(
            "max_removals.grants",
            3,
            1,
            "check the files; if it is meant, `--allow max_removals.grants=3 --reason TEXT`",
            "f: 3 of 4 grants would be removed or narrowed, at most 1 may be",
        )
    ]


def test_too_much_of_one_sig_that_would_go():
    held = [Grant("repo", "O/r", f"person:p{n}", "read") for n in range(4)]
    policy = Policy(max_removals=OPEN, per_sig={"default": Limit(number=1)})
    sigs = {Repo("O/r").key: "virt"}
    gone = [action(one, None) for one in held[:2]] + [action(held[2], None, "cloud")]
    assert judge(gone, state(held), policy, "f", sigs=sigs) == [
        Refusal(
            "per_sig.virt.grants",
            2,
            1,
            "check the file of the SIG; if it is meant, `--allow per_sig.virt.grants=2 --reason TEXT`",
            "f: 2 of 4 grants of SIG virt would be removed or narrowed, at most 1 may be",
        )
    ]


def test_owners_that_would_go():
    held = [Org("O"), Membership("O", "p1", "owner"), Membership("O", "p2", "owner")]
    policy = Policy(max_removals=OPEN, minimum_owners=2, required_owners={"f": frozenset({"p2"})})
    assert judge([action(held[2], None)], state(held), policy, "f") == [
        Refusal(
            "minimum_owners",
            1,
            2,
            "declare more owners of O, or lower guards.minimum_owners; if it is meant, `--allow minimum_owners=1 --reason TEXT`",
            "f: O would keep 1 owners, it needs 2",
        ),
        Refusal(
            "required_owners",
            1,
            0,
            "add p2 to the owners of O, or take the account out of guards.required_owners; if it is meant, "
            "`--allow required_owners=1 --reason TEXT`",
            "f: p2 is a required owner and would no longer own O",
        ),
    ]


def test_refs_that_would_go():
    gone = [
        Action(forge, "delete", Ref(f"{forge}/r", f"refs/heads/b{n}", "1" * 40, why=GONE), None, "", 70)
        for forge, number in (("", 1), ("hub", 2))
        for n in range(number)
    ]
    hint = "check the files; if it is meant, `--allow max_removals.refs={} --reason TEXT`"
    assert judge_refs(gone, {"hub": 8}, Policy(max_removals={"default": Limit(number=0)})) == [
        Refusal(
            "max_removals.refs",
            1,
            0,
            hint.format(1),
            "elsewhere: 1 of 0 refs would be removed or overwritten, at most 0 may be",
        ),
        Refusal(
            "max_removals.refs",
            2,
            0,
            hint.format(2),
            "hub: 2 of 8 refs would be removed or overwritten, at most 0 may be",
        ),
    ]


ORG = Org("O")
PRIVATE = Repo("O/r", visibility="private", archived=False, filled=True)
OWNERS = [Membership("O", "p1", "owner"), Membership("O", "p2", "owner")]
PEOPLE = [TeamMember("O/t", f"m{n}") for n in range(8)]


def compared(wanted, seen, policy, me="", **fields):
    managed = frozenset(one.key for one in wanted if one.KIND in ("org", "team", "repo"))
    desired = desired_of(state(wanted), managed=managed, **fields)
    found = compare(desired, observation_of(state(seen), me=me), TRAITS, policy)
    return found.plan.refusals


def unexplained():
    desired = desired_of(state(PEOPLE))
    gone = [Action("forge", "create", None, one, "", 44) for one in PEOPLE]
    return judge_unexplained(
        gone, Before(desired, "2026-11-20"), desired, Policy(unexplained=Limit(number=2))
    )[0]


FREE = Policy(max_removals=OPEN, keep_self=False)
TEAM = Team("O/t")
SAYS = {
    "max_removals.members": lambda: compared([ORG, TEAM], [ORG, TEAM, *PEOPLE], replace(FREE, max_removals={"default": Limit(number=2)})),
    "max_removals.total": lambda: compared([ORG, TEAM], [ORG, TEAM, *PEOPLE], replace(FREE, max_removals={**OPEN, "total": Limit(number=2)})),
    "max_removals.refs": lambda: judge_refs(
        [Action("f", "delete", Ref("r", "refs/heads/b", "1" * 40, why=GONE), None, "", 70)], {"f": 8}, Policy(max_removals={"default": Limit(number=0)})
    ),
    "per_sig": lambda: judge(
        [action(MINE, None)], state([MINE]), replace(FREE, per_sig={"default": Limit(number=0)}), "f", sigs={Repo("O/r").key: "virt"}
    ),
    "minimum_owners": lambda: judge([action(OWNERS[1], None)], state([ORG, *OWNERS]), replace(FREE, minimum_owners=2), "f"),
    "required_owners": lambda: judge(
        [action(OWNERS[1], None)], state([ORG, *OWNERS]), replace(FREE, required_owners={"f": frozenset({"p2"})}), "f"
    ),
    "keep_self": lambda: judge([action(MINE, None)], state([]), Policy(max_removals=OPEN), "f", "bot"),
    "publish": lambda: compared([ORG, replace(PRIVATE, visibility="public", filled=False)], [ORG, PRIVATE], replace(FREE, most={"publish": 0})),
    "delete": lambda: compared([ORG], [ORG, PRIVATE], replace(FREE, most={"delete": 0}), undeclared={"repos": "remove"}),
    "archive": lambda: compared([ORG, replace(PRIVATE, archived=True, filled=False)], [ORG, PRIVATE], replace(FREE, most={"archive": 0})),
    "empty_teams": lambda: compared([ORG, TEAM], [ORG, TEAM, *PEOPLE], replace(FREE, most={"empty_teams": 0})),
    "first_run": lambda: compared([ORG, TEAM], [ORG, PRIVATE], replace(FREE, first_run=True)),
    "unexplained": unexplained,
}  # fmt: skip
NO_GUARDS = {"plan_hours"}
"""Fields of `guards` that are about a saved plan, not about what a plan does."""


def test_every_guard_of_the_policy_is_in_the_table():
    assert {name.partition(".")[0] for name in SAYS} == set(Guards.model_fields) - NO_GUARDS


@pytest.mark.parametrize("guard", SAYS)
def test_every_refusal_has_the_number_the_limit_and_a_way_out_that_works(guard):
    refusals = SAYS[guard]()
    assert [one.guard.partition(".")[0] for one in refusals] == [guard.partition(".")[0]]
    (refusal,) = refusals
    assert refusal.number != refusal.limit
    assert refusal.text.partition(": ")[2]
    way = f"`--allow {refusal.guard}={refusal.number} --reason TEXT`"
    assert way in refusal.hint
    assert refusal.hint.partition(way)[0].strip() or guard == "first_run", "and what to look at first"
    assert refusal.passes(refusal.number)
    one_less = refusal.number + (1 if refusal.number < refusal.limit else -1)
    assert not refusal.passes(one_less)


def test_nothing_lets_the_last_owner_of_an_org_go():
    gone = [action(one, None) for one in OWNERS]
    (refusal,) = judge(gone, state([ORG, *OWNERS]), FREE, "f")
    assert (refusal.guard, refusal.number, refusal.limit) == ("minimum_owners", 0, 1)
    assert "--allow" not in refusal.hint
    assert "declare more owners of O" in refusal.hint
    assert not any(map(refusal.passes, range(3)))


def test_each_required_owner_that_would_go_counts():
    gone = [action(one, None) for one in OWNERS]
    keeps = Membership("O", "p3", "owner")
    policy = replace(FREE, required_owners={"f": frozenset({"p1", "p2"})})
    refusals = judge(gone, state([ORG, keeps, *OWNERS]), policy, "f")
    assert [(one.guard, one.number) for one in refusals] == [("required_owners", 2)] * 2
    assert not refusals[0].passes(1)
