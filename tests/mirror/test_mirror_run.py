"""What a mirror does on ordinary days."""

from __future__ import annotations

import shutil

from githttp import git

from sigctl.core.history import End
from sigctl.mirror.cache import Cache
from sigctl.mirror.git import Git


def test_first_copy_then_nothing_then_one_commit(any_world):
    world = any_world
    upstream, primary = world.bare("upstream/xen", "xen-412"), world.bare("primary/xen")
    first = upstream.commit("xen-412", "one", "two")
    upstream.commit("xen-44", "old")
    upstream.tag("v1", first)
    upstream.tag("light", first, annotated=False)
    upstream.head("refs/heads/xen-412")

    plan = world.mirror()

    assert primary.refs() == upstream.refs()
    assert plan.default_branches == {("primary", "xen"): "xen-412"}
    assert [a.verb for a in plan.actions] == ["create"] * 4
    assert {(a.forge, a.kind, a.sig, a.phase) for a in plan.actions} == {("primary", "ref", "virt", 70)}

    again = world.plan()
    assert (again.actions, again.held, again.set_aside) == ((), (), ())
    assert (again.checked, again.equal) == (1, 1)

    before = upstream.refs()["refs/heads/xen-44"]
    upstream.commit("xen-44", "new")
    plan = world.mirror()
    assert [(a.verb, a.before.sha) for a in plan.actions] == [("update", before)]
    assert primary.refs() == upstream.refs()


def test_a_quiet_time_costs_one_request_a_side_and_no_git_process(world):
    for name in ("xen", "libvirt", "qemu"):
        upstream = world.bare(f"upstream/{name}")
        upstream.commit("master", name)
        world.bare(f"primary/{name}")
        world.bare(f"replica/{name}")
    hops = [hop for name in ("xen", "libvirt", "qemu") for hop in (world.hop(name), world.second(name))]
    world.mirror(*hops)
    world.server.seen.clear()

    plan = world.plan(*hops, git="there-is-no-such-program")

    assert plan.equal == 6
    assert plan.reads == 9
    assert sorted(seen.path for seen in world.server.seen) == sorted(
        f"/{side}/{name}.git/info/refs"
        for side in ("upstream", "primary", "replica")
        for name in ("xen", "libvirt", "qemu")
    )


def test_the_replica_gets_in_the_same_run_what_the_primary_gets(any_world):
    world = any_world
    upstream, primary, replica = (
        world.bare("upstream/xen"),
        world.bare("primary/xen"),
        world.bare("replica/xen"),
    )
    upstream.commit("master", "one")
    plan = world.mirror(world.hop(), world.second())
    assert [a.forge for a in plan.actions] == ["primary", "replica"]
    assert upstream.refs() == primary.refs() == replica.refs()

    primary.commit("c7-sig-virt", "by a member")
    upstream.commit("master", "two")
    plan = world.mirror(world.hop(), world.second())
    assert [(a.forge, a.verb, a.after.ref) for a in plan.actions] == [
        ("primary", "update", "refs/heads/master"),
        ("replica", "create", "refs/heads/c7-sig-virt"),
        ("replica", "update", "refs/heads/master"),
    ]
    assert primary.refs() == replica.refs()
    assert world.plan(world.hop(), world.second()).actions == ()


def test_a_repository_that_will_be_created_counts_as_empty(world):
    world.bare("upstream/xen").commit("master", "one")
    missing = frozenset({("primary", "xen"), ("replica", "xen")})
    plan = world.plan(world.hop(), world.second(), missing=missing)
    assert [(a.forge, a.verb) for a in plan.actions] == [("primary", "create"), ("replica", "create")]
    assert plan.set_aside == ()

    primary, replica = world.bare("primary/xen"), world.bare("replica/xen")
    assert {o.status for o in world.push(plan)} == {"done"}
    assert primary.refs() == replica.refs() != {}


def test_only_the_chosen_actions_are_carried_out(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.commit("master", "one")
    upstream.commit("other", "two")
    plan = world.plan()
    outcomes = world.push(plan, actions=[a for a in plan.actions if a.after.ref.endswith("other")])
    assert [(o.action.after.ref, o.status) for o in outcomes] == [("refs/heads/other", "done")]
    assert set(primary.refs()) == {"refs/heads/other"}


def test_refs_that_only_the_target_has_are_left_alone(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.commit("master", "one")
    own = primary.commit("c7-sig-virt", "own work")
    world.mirror()
    assert primary.refs()["refs/heads/c7-sig-virt"] == own
    again = world.plan()
    assert again.actions == again.held == ()
    assert [s.extra for s in again.states] == [1]


def test_patterns_choose_refs_and_hidden_ones_never_go(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    tip = upstream.commit("master", "one")
    for ref in (
        "refs/pull/1/head",
        "refs/pull/1/merge",
        "refs/merge-requests/2/head",
        "refs/keep-around/x",
        "refs/heads/HEAD",
    ):
        upstream.point(ref, tip)
    upstream.point("refs/notes/commits", tip)
    upstream.commit("private-x", "no")
    world.mirror(world.hop(include=("refs/*",), exclude=("refs/heads/private-*",)))
    assert set(primary.refs()) == {"refs/heads/master", "refs/notes/commits"}


def test_branches_are_renamed_on_their_way(world):
    upstream, primary = world.bare("upstream/xen", "xen-44"), world.bare("primary/xen")
    tip = upstream.commit("xen-44", "one")
    upstream.tag("v1", tip)
    hop = world.hop(rename=(("refs/heads/xen-*", "refs/heads/c6-sig-virt-xen-*"),))
    plan = world.mirror(hop)
    assert set(primary.refs()) == {"refs/heads/c6-sig-virt-xen-44", "refs/tags/v1"}
    assert plan.default_branches == {("primary", "xen"): "c6-sig-virt-xen-44"}
    assert world.plan(hop).actions == ()
    upstream.commit("xen-44", "two")
    world.mirror(hop)
    assert primary.refs()["refs/heads/c6-sig-virt-xen-44"] == upstream.refs()["refs/heads/xen-44"]


def test_an_import_happens_once(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.commit("master", "one")
    upstream.commit("other", "two")
    hop = world.hop(mode="import")
    world.mirror(hop)
    assert primary.refs() == upstream.refs()
    upstream.commit("master", "later")
    upstream.commit("third", "later")
    plan = world.plan(hop)
    assert (plan.actions, plan.held, plan.default_branches) == ((), (), {})


def test_an_import_that_was_cut_short_is_finished(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.commit("master", "one")
    upstream.commit("other", "two")
    upstream.commit("third", "three")
    primary.hook("update", '[ "$1" != refs/heads/third ]')
    hop = world.hop(mode="import")
    outcomes = {o.action.after.ref: o for o in world.push(world.plan(hop))}
    assert outcomes["refs/heads/third"].status == "failed"
    assert "hook declined" in outcomes["refs/heads/third"].reason
    assert outcomes["refs/heads/other"].status == "done"
    assert outcomes["refs/heads/master"].status == "skipped"
    (primary.path / "hooks" / "update").unlink()
    world.mirror(hop)
    assert primary.refs() == upstream.refs()


def test_the_cache_may_be_deleted_at_any_time(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.commit("master", "one")
    world.mirror()
    shutil.rmtree(world.cache)
    upstream.commit("master", "two")
    plan = world.plan()
    shutil.rmtree(world.cache)
    assert [o.status for o in world.push(plan)] == ["done"]
    assert primary.refs() == upstream.refs()


def test_progress_names_repositories_phases_and_objects(world):
    upstream = world.bare("upstream/xen")
    world.bare("primary/xen")
    upstream.bulk("master", 3000)
    steps = []
    plan = world.plan(progress=steps.append)
    world.push(plan, progress=steps.append)
    assert {step.phase for step in steps} == {"read", "fetch", "compared", "push", "check", "done", "brought"}
    assert [(s.done, s.total) for s in steps if s.phase == "read"] == [(1, 2), (2, 2)]
    assert any(s.phase == "push" and s.done == s.total > 1000 and s.repo == "primary:xen" for s in steps)


def test_many_refs_are_pushed_in_several_bounded_commands(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    tip = upstream.commit("master", "one")
    lines = "".join(f"create refs/tags/{'release-' * 24}{n} {tip}\n" for n in range(500))
    git(upstream.path, "update-ref", "--stdin", text=lines)
    world.mirror()
    assert primary.refs() == upstream.refs()
    pushes = [
        seen for seen in world.server.seen if seen.path.endswith("git-receive-pack") and seen.method == "POST"
    ]
    assert len(pushes) >= 2


def test_many_small_fetches_are_joined_in_the_cache_and_nothing_is_dropped(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    tips = []
    for number in range(6):
        tips.append(upstream.commit("master", f"change {number}"))
        world.mirror()
    tips.append(upstream.commit("master", "rewritten", onto=""))
    world.check(world.hop(on_divergence=(("*", "overwrite"),)))
    (folder,) = world.cache.glob("*.git")
    with Cache(Git(), world.cache).entry(folder.name) as entry:
        entry.tidy(packs=3)
        assert entry.missing(tips) == set()
    assert len(list(folder.glob("objects/pack/*.pack"))) <= 3
    assert primary.refs()


def test_a_source_that_this_run_creates_is_empty_and_holds_nothing_back(world):
    world.bare("replica/xen").commit("master", "already there")
    new = frozenset({("primary", "xen"), ("replica", "other")})
    plan = world.plan(world.second(), missing=new)
    assert (plan.actions, plan.set_aside) == ((), ())
    assert [s.status for s in plan.states] == ["held"]
    plan = world.plan(world.second(target=End("replica", "other")), missing=new)
    assert (plan.actions, plan.held, [note.topic for note in plan.notes]) == ((), (), ["empty"])
