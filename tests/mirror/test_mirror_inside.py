"""What git doesn't copy with a branch is said, at the push and ever after."""

from __future__ import annotations

from githttp import Bare, git


def write(bare: Bare, branch: str, files: dict[str, str]) -> None:
    lines = [
        f"commit refs/heads/{branch}\ncommitter member <member@example.org> 1700000000 +0000\ndata 1\nx\n"
    ]
    if branch in {name.removeprefix("refs/heads/") for name in bare.refs()}:
        lines.append(f"from refs/heads/{branch}^0\n")
    lines += [f"M 100644 inline {path}\ndata {len(text)}\n{text}\n" for path, text in files.items()]
    git(bare.path, "fast-import", "--quiet", "--force", text="".join(lines))


def said(plan) -> list[tuple[str, str]]:
    return [(note.subject, note.text) for note in plan.notes]


def test_lfs_and_submodules_are_noted_from_the_first_copy_on(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    write(upstream, "master", {"plain": "x"})
    write(upstream, "big", {"deep/er/.gitattributes": "*.tar.gz filter=lfs diff=lfs merge=lfs -text\n"})
    modules = '[submodule "a"]\n\tpath = a\n\turl = https://bot:pw@forge.example.org/a.git\n[submodule "b"]\n\tpath = b\n\turl=../b.git\n'
    write(upstream, "parts", {".gitmodules": modules})
    world.mirror()
    assert primary.refs() == upstream.refs()

    plan = world.plan(git="there-is-no-such-program")  # a quiet time still needs no git
    notes = said(plan)
    assert [subject for subject, _ in notes] == [
        "xen:refs/heads/big",
        "xen:refs/heads/parts",
        "xen:refs/heads/parts",
    ]
    assert "Git LFS" in notes[0][1]
    assert "another place" in notes[1][1]
    assert "https://[secret]@forge.example.org/a.git" in notes[2][1]
    assert plan.actions == ()


def test_what_a_branch_no_longer_needs_is_no_longer_said(world):
    upstream = world.bare("upstream/xen")
    world.bare("primary/xen")
    write(upstream, "master", {".gitattributes": "*.gz filter=lfs\n"})
    world.mirror()
    assert len(said(world.plan())) == 1
    write(upstream, "master", {".gitattributes": "*.gz -text\n"})
    world.mirror()
    assert said(world.plan()) == []


def test_a_repository_without_any_of_it_says_nothing(world):
    upstream = world.bare("upstream/xen")
    world.bare("primary/xen")
    write(upstream, "master", {"README": "filter=lfs is only mentioned\nurl = x\n"})
    world.mirror()
    assert said(world.plan()) == []
