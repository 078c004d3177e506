"""What git doesn't copy with a branch or tag is said, at the push and ever after."""

from __future__ import annotations

import hashlib
import json

from githttp import Bare, git

from sigctl.core.history import End
from sigctl.mirror import inside
from sigctl.mirror.inside import Needs

ATTRIBUTES = "*.tar.gz filter=lfs diff=lfs merge=lfs -text\n"


def write(bare: Bare, branch: str, files: dict[str, str]) -> None:
    lines = [
        f"commit refs/heads/{branch}\ncommitter member <member@example.org> 1700000000 +0000\ndata 1\nx\n"
    ]
    if branch in {name.removeprefix("refs/heads/") for name in bare.refs()}:
        lines.append(f"from refs/heads/{branch}^0\n")
    lines += [f"M 100644 inline {path}\ndata {len(text)}\n{text}\n" for path, text in files.items()]
    git(bare.path, "fast-import", "--quiet", "--force", text="".join(lines))


def pointer(content: str, size: int) -> str:
    oid = hashlib.sha256(content.encode()).hexdigest()
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"


def said(plan) -> list[tuple[str, str, str]]:
    return [(note.topic, note.subject, note.text) for note in plan.notes]


def test_large_objects_are_counted_once_over_the_whole_history_and_told_ever_after(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    write(upstream, "master", {"plain.tar.gz": pointer("of a branch that does not use it", 7)})
    write(upstream, "big", {"deep/er/.gitattributes": ATTRIBUTES, "deep/er/a.tar.gz": pointer("a", 1 << 20)})
    write(upstream, "big", {"deep/er/a.tar.gz": pointer("a later", 1 << 21), "deep/er/text": "no pointer\n"})
    write(upstream, "too", {".gitattributes": ATTRIBUTES, "same.tar.gz": pointer("a", 1 << 20)})
    upstream.tag("v1", "too")
    world.mirror()
    assert primary.refs() == upstream.refs()

    plan = world.plan(git="there-is-no-such-program")  # a quiet time still needs no git
    ((topic, subject, text),) = said(plan)
    assert (topic, subject) == ("lfs", "xen")
    assert "`refs/heads/big`, `refs/heads/too`, `refs/tags/v1` use Git LFS" in text
    assert "the 2 objects of 3.0 MiB behind them stay at" in text
    assert plan.actions == ()

    write(upstream, "big", {"deep/er/b.tar.gz": pointer("b", 1 << 20)})
    world.mirror()
    assert "the 3 objects of 4.0 MiB" in said(world.plan())[0][2]


def test_submodules_are_told_once_for_each_address_and_never_with_a_login(world):
    upstream = world.bare("upstream/xen")
    world.bare("primary/xen")
    modules = '[submodule "a"]\n\tpath = a\n\turl = https://bot:pw@forge.example.org/a.git\n[submodule "b"]\n\tpath = b\n\turl=../b.git\n'
    write(upstream, "master", {".gitmodules": modules})
    for number in range(4):
        upstream.tag(f"v{number}", "master", annotated=bool(number % 2))
    world.mirror()
    notes = said(world.plan())
    assert [(topic, subject) for topic, subject, _ in notes] == [("submodules", "xen")] * 2
    assert "`refs/heads/master`, `refs/tags/v0`, `refs/tags/v1` and 2 more have a submodule" in notes[0][2]
    assert "cloned from `../b.git`, which means another place" in notes[0][2]
    assert "https://[secret]@forge.example.org/a.git" in notes[1][2]


def test_what_a_branch_no_longer_needs_is_no_longer_said(world):
    upstream = world.bare("upstream/xen")
    world.bare("primary/xen")
    write(upstream, "master", {".gitattributes": "*.gz filter=lfs\n", "a.gz": pointer("a", 5)})
    world.mirror()
    ((_, _, text),) = said(world.plan())
    assert "`refs/heads/master` uses Git LFS" in text
    assert "the 1 object of 5 bytes" in text
    write(upstream, "master", {".gitattributes": "*.gz -text\n"})
    world.mirror()
    assert said(world.plan()) == []


def test_a_repository_without_any_of_it_says_nothing(world):
    upstream = world.bare("upstream/xen")
    world.bare("primary/xen")
    write(upstream, "master", {"README": "filter=lfs is only mentioned\nurl = x\n", "p": pointer("p", 1)})
    upstream.point("refs/tags/a-file", git(upstream.path, "rev-parse", "master:README"))
    upstream.point("refs/tags/a-tree", git(upstream.path, "rev-parse", "master^{tree}"))
    world.mirror()
    assert said(world.plan()) == []


def test_what_is_not_among_the_chosen_refs_is_not_said(world):
    upstream = world.bare("upstream/xen")
    world.bare("primary/xen")
    write(upstream, "master", {"plain": "x"})
    write(upstream, "big", {".gitattributes": ATTRIBUTES})
    world.mirror()
    assert said(world.plan(world.hop(exclude=("refs/heads/big",)))) == []


def test_notes_of_a_broken_file_are_none_and_the_next_push_writes_them_anew(world):
    upstream = world.bare("upstream/xen")
    world.bare("primary/xen")
    write(upstream, "master", {".gitattributes": ATTRIBUTES})
    world.mirror()
    (file,) = world.cache.glob("*.git/sigctl-needs/*.json")
    source = End(url=world.url("upstream/xen"))
    for text in (
        "garbage",
        "[]",
        '{"refs": []}',
        json.dumps({"refs": {"x": {}}, "objects": {}, "counted": []}),
    ):
        file.write_text(text)
        assert inside.recall(file.parent.parent, source) == inside.Remembered()
        assert said(world.plan()) == []
    write(upstream, "master", {"more": "x"})
    world.mirror()
    assert inside.recall(file.parent.parent, source).refs == {"refs/heads/master": Needs(lfs=True)}
