"""Laws of declared branches and of branches that leave, on any refs: nothing is moved, nothing is lost, and a second plan is empty."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st
from refworlds import COMMITS, ancestor

from sigctl.core.history import RETIRED_TAGS, End, Hop, Start
from sigctl.core.kinds.ref import MOVED, RETIRED
from sigctl.mirror import refs as rules
from sigctl.mirror.refs import Refs
from sigctl.mirror.starting import leave, start

HEADS = [f"refs/heads/{name}" for name in ("c7", "c7-sig-virt", "c7-sig-virt-xen", "c7-sig-virt/x", "c8s")]
NAMES = st.sampled_from(
    [*HEADS, *(RETIRED_TAGS + head.removeprefix("refs/heads/") for head in HEADS), "refs/tags/v1"]
)
TIPS = st.dictionaries(NAMES, st.sampled_from(COMMITS), max_size=8)
REPOS = st.builds(Refs, TIPS, st.sampled_from(["", *HEADS]))
STARTS = st.lists(
    st.builds(
        Start,
        st.sampled_from(HEADS),
        st.sampled_from(["", "c7", "c8s", "v1", "refs/tags/v1", "nowhere"]),
        st.sampled_from(["active", "readonly", "retired"]),
        st.booleans(),
    ),
    max_size=5,
    unique_by=lambda one: one.ref,
)
END, OTHER = End("lab", "kernel"), End("lab", "virt/kernel")


class Known:
    """Objects that are all here, with a history small enough to know."""

    def ensure(self, shas: object, first: End) -> None:
        assert first in (END, OTHER)
        assert all(shas), "every object that is asked for has an id"

    @property
    def entry(self) -> Known:
        return self

    def contains(self, older: str, newer: str) -> bool:
        return ancestor(older, newer)

    def commit(self, name: str) -> str:
        return name

    def reaches(self, _sha: str) -> bool:
        return True


def began(target: Refs, starts: list[Start]) -> tuple[rules.RefPlan, dict[str, str]]:
    plan = start(Hop("core", "kernel", END, END, "start", starts=tuple(starts)), target, target, Known())
    return plan, rules.after(target.tips, plan.changes)


@given(REPOS, STARTS)
def test_a_branch_that_is_there_is_never_moved_and_what_goes_is_in_its_tag(
    target: Refs, starts: list[Start]
) -> None:
    plan, then = began(target, starts)
    asked = {one.ref for one in starts if one.lifecycle == "retired" and one.delete}
    for ref, old in target.tips.items():
        if ref in then:
            assert then[ref] == old
        else:
            assert ref in asked
            assert ref != target.head
            assert ancestor(old, then[RETIRED_TAGS + ref.removeprefix("refs/heads/")])
    assert {c.why for c in plan.changes if not c.new} <= {RETIRED}
    assert all(c.forced == (not c.new) for c in plan.changes)


@given(REPOS, STARTS)
@example(
    Refs(dict.fromkeys(("refs/heads/c7", "refs/heads/c7-sig-virt/x"), COMMITS[0]), ""),
    [
        Start("refs/heads/c7-sig-virt", "c7"),
        Start("refs/heads/c7-sig-virt/x", "", "retired", delete=True),
    ],
)
def test_a_second_plan_has_nothing_to_do_and_holds_the_same(target: Refs, starts: list[Start]) -> None:
    plan, then = began(target, starts)
    again, _ = began(Refs(then, target.head), starts)
    gone = {change.ref for change in plan.changes if not change.new}
    if any(item.reason == "conflict" and item.other in gone for item in plan.held):
        # a name that was in the way has left by now: what it held back comes, and then there is nothing more
        _, then = began(Refs(then, target.head), starts)
        assert began(Refs(then, target.head), starts)[0].changes == ()
        return
    waiting = {item.ref for item in again.held} - {item.ref for item in plan.held}
    assert again.changes == ()
    assert not waiting


@given(REPOS, REPOS)
def test_what_leaves_is_in_the_new_place_with_every_commit(target: Refs, source: Refs) -> None:
    space = ("refs/heads/c7-sig-virt", "refs/heads/c7-sig-virt-*")
    plan = leave(Hop("virt", "kernel", OTHER, END, "leave", include=space), source, target, Known())
    for change in plan.changes:
        assert (change.new, change.why, change.old) == ("", MOVED, target.tips[change.ref])
        assert ancestor(change.old, source.tips[change.ref])
        assert change.ref != target.head
        assert rules.chosen(change.ref, space, ())
    touched = {item.ref for item in (*plan.changes, *plan.held)}
    assert touched == {ref for ref in target.tips if rules.chosen(ref, space, ())}
