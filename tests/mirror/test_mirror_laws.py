"""What holds for every source and every target."""

from __future__ import annotations

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st
from refworlds import COMMITS, HOPS, TIPS, ancestor

from sigctl.core.history import ALWAYS_EXCLUDED, End, Hop
from sigctl.mirror import refs as rules
from sigctl.mirror.refs import Refs


def planned(source: dict[str, str], target: dict[str, str], hop: Hop):
    chosen = rules.select(Refs(source), hop)
    comparison = rules.compare(chosen, target)
    return chosen, comparison, rules.decide(comparison, ancestor)


@given(TIPS, TIPS, HOPS)
def test_nothing_at_a_target_is_ever_deleted_or_rewound(source, target, hop):
    _, _, plan = planned(source, target, hop)
    then = rules.after(target, plan.changes)
    assert set(target) <= set(then)
    assert all(then[ref] == sha or ancestor(sha, then[ref]) for ref, sha in target.items())


@given(TIPS, TIPS, HOPS)
def test_excluded_refs_never_appear(source, target, hop):
    _, comparison, plan = planned(source, target, hop)
    for change in plan.changes:
        assert not any(fnmatchcase(change.ref, pattern) for pattern in (*ALWAYS_EXCLUDED, *hop.exclude))
        assert not any(fnmatchcase(change.source, pattern) for pattern in (*ALWAYS_EXCLUDED, *hop.exclude))
        assert any(fnmatchcase(change.source, pattern) for pattern in hop.include)
        assert rules.valid(change.ref)
    assert not any(rules.fixed_out(ref) for ref in comparison.extra)


@given(TIPS, HOPS)
def test_equal_sides_need_nothing(source, hop):
    chosen, _, first = planned(source, {}, hop)
    there = {ref: wanted.sha for ref, wanted in chosen.wanted.items()}
    _, comparison, plan = planned(source, there, hop)
    assert plan.changes == ()
    assert comparison.differ == ()
    assert {h.reason for h in plan.held} <= {"name", "twice"}
    assert {c.ref for c in first.changes} <= set(there)


@given(TIPS, TIPS, HOPS)
def test_a_second_plan_is_empty_and_holds_the_same(source, target, hop):
    _, _, plan = planned(source, target, hop)
    then = rules.after(target, plan.changes)
    _, _, again = planned(source, then, hop)
    assert again.changes == ()
    assert {(h.ref, h.source, h.reason) for h in again.held} == {
        (h.ref, h.source, h.reason) for h in plan.held
    }


@given(TIPS, TIPS, HOPS)
def test_every_wanted_ref_is_equal_changed_or_held(source, target, hop):
    chosen, comparison, plan = planned(source, target, hop)
    counted = [
        *comparison.equal,
        *(c.ref for c in plan.changes),
        *(h.ref for h in plan.held if h.reason not in ("name", "twice")),
    ]
    assert sorted(counted) == sorted(chosen.wanted)


@given(TIPS, TIPS, HOPS)
def test_a_tag_that_moved_is_held(source, target, hop):
    _, _, plan = planned(source, target, hop)
    assert all(not change.old for change in plan.changes if change.ref.startswith("refs/tags/"))


@given(
    TIPS,
    st.dictionaries(
        st.sampled_from(["refs/heads/a", "refs/tags/v1/rc", "refs/heads/main"]), st.sampled_from(COMMITS)
    ),
    HOPS,
)
def test_no_ref_becomes_a_folder_of_another(source, target, hop):
    _, _, plan = planned(source, target, hop)
    made = {change.ref for change in plan.changes if not change.old}
    then = {*target, *made}
    assert not any(name.startswith(f"{new}/") or new.startswith(f"{name}/") for new in made for name in then)


@given(TIPS, TIPS, HOPS)
def test_what_can_not_be_compared_is_held(source, target, hop):
    comparison = rules.compare(rules.select(Refs(source), hop), target)
    plan = rules.decide(comparison, lambda _older, _newer: None)
    assert all(not change.old for change in plan.changes)
    assert {h.ref for h in plan.held} >= {change.ref for change in comparison.differ}


def test_names_that_git_refuses_are_not_valid():
    good = [
        "refs/heads/a",
        "refs/heads/c10s-hs+asahi",
        "refs/tags/libsigc++20-1.0",
        "refs/heads/näme",
        "refs/heads/-x",
    ]
    bad = ["heads/a", "refs/a", "refs/heads/", "refs/heads/a:b", "refs/heads/a b", "refs/heads/a..b", "refs/heads/.a", "refs/heads/a.lock",
           "refs/heads/a.", "refs/heads//a", "refs/heads/a@{1}", "refs/heads/a\n", "refs/heads/*", "refs/heads/a^", "refs/heads/a\\b"]  # fmt: skip
    assert [name for name in good if not rules.valid(name)] == []
    assert [name for name in bad if rules.valid(name)] == []


def test_names_that_differ_only_by_case_are_told_apart_and_noted():
    source = Refs(
        {"refs/heads/Xen": COMMITS[0], "refs/heads/xen": COMMITS[1], "refs/heads/other": COMMITS[2]}
    )
    chosen = rules.select(source, Hop("virt", "xen", End(url="u"), End("f", "xen")))
    assert chosen.colliding == (("refs/heads/Xen", "refs/heads/xen"),)
    assert len(chosen.wanted) == 3


def test_two_refs_that_get_one_name_are_not_both_sent():
    source = Refs({"refs/heads/a": COMMITS[0], "refs/heads/b": COMMITS[1]})
    hop = Hop("virt", "xen", End(url="u"), End("f", "xen"), rename=(("refs/heads/a", "refs/heads/b"),))
    chosen = rules.select(source, hop)
    assert chosen.wanted["refs/heads/b"].source == "refs/heads/a"
    assert [(h.source, h.reason) for h in chosen.held] == [("refs/heads/b", "twice")]
