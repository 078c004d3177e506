"""What happens to branches and tags, in words and tones."""

from __future__ import annotations

from sigctl.core.kinds.ref import FORCED, GONE, MOVED, RETIRED, Ref
from sigctl.core.plan import Action
from sigctl.report.words import blocks, counted, describe, tone

OLD, NEW = "a" * 40, "b" * 40


def gone(name: str, why: str) -> Action:
    return Action("hub", "delete", Ref("Org/xen", f"refs/heads/{name}", OLD, why), None, "virt", 70)


def moved_on(name: str, why: str = "") -> Action:
    ref = f"refs/heads/{name}"
    return Action("hub", "update", Ref("Org/xen", ref, OLD), Ref("Org/xen", ref, NEW, why), "virt", 70)


def test_a_lost_ref_is_told_as_removed_and_says_why() -> None:
    assert describe(gone("old", GONE)).endswith("was aaaaaaaaa, gone from where it came from")
    assert describe(gone("old", RETIRED)).endswith("stays as a tag")
    assert describe(gone("old", MOVED)).endswith("is in another repository now")
    assert describe(moved_on("main", FORCED)) == "branch main: aaaaaaaaa -> bbbbbbbbb, overwritten"
    assert describe(moved_on("main")) == "branch main: aaaaaaaaa -> bbbbbbbbb"


def test_tones_tell_loss_from_growth() -> None:
    actions = [gone("a", GONE), gone("b", RETIRED), gone("c", MOVED), moved_on("d", FORCED), moved_on("e")]
    assert [tone(action) for action in actions] == ["removed", "removed", "narrowed", "removed", "neutral"]
    assert counted(actions) == {"removed": 3, "narrowed": 1, "widened": 0, "neutral": 1}


def test_many_refs_are_folded_and_those_that_lose_something_come_first() -> None:
    actions = (
        [moved_on(f"a{n}") for n in range(6)]
        + [gone(f"b{n}", GONE) for n in range(7)]
        + [moved_on("c", FORCED)]
    )
    (block,) = blocks(actions)
    assert block.tone == "removed"
    texts = [line.text for line in block.lines]
    assert texts[:2] == ["delete 7 branches: b0, b1, b2, b3, b4 and 2 more", "overwrite 1 branches: c"]
    assert texts[2].startswith("update 6 branches")
    assert [line.tone for line in block.lines] == ["removed", "removed", "neutral"]
