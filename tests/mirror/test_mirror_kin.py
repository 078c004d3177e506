"""Two kernels share their objects in the cache, and each stays whole whatever becomes of the other."""

from __future__ import annotations

import os
import shutil

import pytest
from githttp import git
from hypothesis import given
from hypothesis import strategies as st

from sigctl.core.history import End
from sigctl.mirror.kin import ALIKE, in_turn, kin_of

BIG = 3_000_000
NAMES = ("core/kernel", "virt/kernel")


@pytest.fixture
def kernels(world):
    """Two upstreams with the same tags and a big file, and a branch of its own each; and where each is copied to."""
    first = world.bare("upstream/core/kernel")
    blob = git(first.path, "hash-object", "-w", "--stdin", text=os.urandom(BIG // 2).hex())
    tree = git(first.path, "mktree", text=f"100644 blob {blob}\tbig\n")
    tip = git(first.path, "commit-tree", tree, "-m", "the beginning")
    first.point("refs/heads/master", tip)
    for number in range(ALIKE + 2):
        first.tag(f"v{number}", first.commit("master", f"release {number}"))
    shutil.copytree(first.path, world.root / "srv/upstream/virt/kernel.git")
    second = type(first).__new__(type(first))
    second.path = world.root / "srv/upstream/virt/kernel.git"
    first.commit("core", "of core")
    second.commit("virt", "of virt")
    for name in NAMES:
        world.bare(f"primary/{name}")
    return first, second


def hops(world):
    return [world.hop(name, target=End("primary", name)) for name in NAMES]


def primary(world, name):
    return git(world.root / f"srv/primary/{name}.git", "for-each-ref", "--format=%(objectname) %(refname)")


def arrived(world):
    return all(
        primary(world, name)
        == git(world.root / f"srv/upstream/{name}.git", "for-each-ref", "--format=%(objectname) %(refname)")
        for name in NAMES
    )


def disk(folder):
    """Return the bytes that files take, each file once whatever names it has."""
    found = {}
    for file in folder.rglob("*"):
        if file.is_file():
            stat = file.stat()
            found[stat.st_ino] = stat.st_blocks * 512
    return sum(found.values())


def entries(world):
    return sorted(entry for entry in world.cache.glob("*.git") if entry.is_dir())


def test_the_second_kernel_costs_neither_disk_nor_a_second_download(world, kernels):
    world.mirror(*hops(world))
    assert arrived(world)
    one, other = entries(world)
    assert disk(world.cache) < 1.3 * disk(one)
    assert disk(world.cache) < 1.3 * disk(other)
    packs = sorted(world.server.sent[f"/upstream/{name}.git/git-upload-pack"] for name in NAMES)
    assert packs[1] > BIG // 2
    assert packs[0] < BIG // 100
    for entry in (one, other):
        git(entry, "fsck", "--full")
        assert "lent" not in git(entry, "for-each-ref")


def test_one_that_comes_later_begins_with_what_is_there(world, kernels):
    world.mirror(hops(world)[0])
    size = disk(world.cache)
    world.mirror(*hops(world))
    assert arrived(world)
    assert disk(world.cache) < 1.3 * size


@pytest.mark.parametrize("gone", [0, 1])
def test_either_entry_may_be_deleted_or_cleaned_up_and_the_other_stays_whole(world, kernels, gone):
    world.mirror(*hops(world))
    lost, other = entries(world)[gone], entries(world)[1 - gone]
    git(lost, "for-each-ref", "--format=delete %(refname)")
    git(lost, "update-ref", "--stdin", text=git(lost, "for-each-ref", "--format=delete %(refname)") + "\n")
    git(lost, "gc", "--prune=now", "--quiet")
    git(other, "fsck", "--full")
    shutil.rmtree(lost)
    git(other, "fsck", "--full")
    for upstream in kernels:
        upstream.commit("master", "goes on")
    world.mirror(*hops(world))
    assert arrived(world)


def test_what_was_kept_stays_when_the_other_entry_goes(world, kernels):
    world.mirror(*hops(world))
    _, second = kernels
    old = second.refs()["refs/heads/virt"]
    second.commit("virt", "rewritten", onto=second.refs()["refs/heads/master"])
    overwrite = [
        world.hop(name, target=End("primary", name), on_divergence=(("*", "overwrite"),)) for name in NAMES
    ]
    world.mirror(*overwrite)
    kept = [entry for entry in entries(world) if old in git(entry, "for-each-ref")]
    assert len(kept) == 1
    for entry in entries(world):
        if entry not in kept:
            shutil.rmtree(entry)
    assert git(kept[0], "log", "--format=%s", old).splitlines()[0] == "of virt"
    git(kept[0], "fsck", "--full")


def test_what_was_kept_outlives_an_entry_that_is_made_anew(world, kernels):
    world.mirror(*hops(world))
    _, second = kernels
    old = second.refs()["refs/heads/virt"]
    second.commit("virt", "rewritten", onto=second.refs()["refs/heads/master"])
    overwrite = world.hop(NAMES[1], target=End("primary", NAMES[1]), on_divergence=(("*", "overwrite"),))
    world.mirror(overwrite)
    (entry,) = [entry for entry in entries(world) if old in git(entry, "for-each-ref")]
    (entry / "HEAD").write_text("garbage")
    second.commit("master", "goes on")
    world.mirror(overwrite)
    assert len(list(world.cache.glob("*.broken-1"))) == 1
    assert old in git(entry, "for-each-ref", "refs/sigctl/kept/")


def test_where_names_can_not_be_shared_it_is_fetched_like_anything_else(world, kernels, monkeypatch):
    world.mirror(hops(world)[0])
    (first,) = entries(world)
    for pack in first.glob("objects/pack/*.idx"):
        pack.unlink()  # an entry that is broken has nothing to lend
    world.mirror(hops(world)[1])
    assert primary(world, NAMES[1])


def test_kernels_of_sigs_that_follow_one_upstream_are_one_entry_and_one_fetch(world):
    upstream = world.bare("upstream/kernel")
    upstream.bulk("master", 50)
    world.bare("primary/virt/kernel")
    world.bare("primary/cloud/kernel")
    source = End(url=world.url("upstream/kernel"))
    both = [
        world.hop("kernel", sig=sig, source=source, target=End("primary", f"{sig}/kernel"))
        for sig in ("virt", "cloud")
    ]
    world.mirror(*both)
    assert len(entries(world)) == 1
    fetched = [seen for seen in world.server.seen if seen.method == "POST" and "upstream/kernel" in seen.path]
    assert len(fetched) == 2, "names, then the pack"
    assert primary(world, "virt/kernel") == primary(world, "cloud/kernel")


TIPS = st.dictionaries(st.sampled_from("abcdef"), st.sets(st.integers(0, 30), max_size=30), max_size=6)


@given(TIPS)
def test_kin_is_mutual_and_has_enough_in_common(tips):
    kin = kin_of({name: {f"{sha:040x}" for sha in shas} for name, shas in tips.items()})
    for name, others in kin.items():
        assert name not in others
        for other in others:
            assert name in kin[other]
            assert len(tips[name] & tips[other]) >= ALIKE
    for one in tips:
        for other in tips:
            if one != other and len(tips[one] & tips[other]) >= ALIKE:
                assert other in kin[one]


def test_what_thousands_began_with_makes_nobody_wait():
    stub = {f"{number:040x}" for number in range(ALIKE)}
    assert kin_of({f"package-{number}": stub for number in range(3000)}) == {}


@given(TIPS, st.sets(st.sampled_from("abcdef")))
def test_every_family_has_its_turn_once_and_only_fresh_kin_wait(tips, fresh):
    kin = kin_of({name: {f"{sha:040x}" for sha in shas} for name, shas in tips.items()})
    turns = in_turn(tips, kin, fresh.__contains__)
    assert sorted(name for group in turns for name in group) == sorted(tips)
    for group in turns:
        if len(group) > 1:
            assert set(group) <= fresh
    place = {name: number for number, group in enumerate(turns) for name in group}
    for name, others in kin.items():
        if name in fresh and place[name] != min(place.values()):
            assert not (set(others) & fresh) or any(
                place[other] == place[name] or other in fresh for other in others
            )
