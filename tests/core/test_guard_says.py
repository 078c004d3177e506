"""What a refusal says: the guard by name, the number, the limit, the way out."""

from __future__ import annotations

from sigctl.core.guard import judge, judge_refs
from sigctl.core.kinds import Grant, Membership, Org, Repo
from sigctl.core.kinds.ref import GONE, Ref
from sigctl.core.plan import Action, Refusal
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import state

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
            "take them away by hand, or run as another account",
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
        Refusal("minimum_owners", 1, 2, "declare more owners of O", "f: O would keep 1 owners, it needs 2"),
        Refusal(
            "required_owners",
            0,
            1,
            "add p2 to the owners of O",
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
