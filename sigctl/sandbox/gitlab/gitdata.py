"""What the API says and does about git data; runs git where its files are not enough."""

from __future__ import annotations

import base64
from datetime import datetime
from typing import Any

from sigctl.sandbox.gitrepo import BareRepo

_FORMAT = "%H%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%s%x00%B"


class GitSaysNo(Exception):  # noqa: N818  # an answer, not a fault of ours
    """Git could not do it."""


def default_branch(bare: BareRepo) -> str | None:
    """Return the branch that counts as default: HEAD's where it exists, the only one, main, master, the first."""
    found = bare.branches()
    if not found:
        return None
    head = bare.head()
    order = [head, *(list(found) if len(found) == 1 else []), "main", "master", *found]
    return next(name for name in order if name in found)


def has_readme(bare: BareRepo, branch: str | None) -> bool:
    """Whether there is a README.md at the top of a branch."""
    return bool(branch) and bare.git("cat-file", "-e", f"refs/heads/{branch}:README.md").returncode == 0


def resolve(bare: BareRepo, ref: str) -> str:
    """Return the commit that a branch, a tag or an id names, "" for none."""
    for name in (f"refs/heads/{ref}", f"refs/tags/{ref}"):
        if bare.ref(name):
            return _out(bare, "rev-parse", "--verify", "-q", f"{name}^{{commit}}")
    if ref.startswith("-"):
        return ""
    done = bare.git("rev-parse", "--verify", "-q", f"{ref}^{{commit}}")
    return done.stdout.strip() if done.returncode == 0 else ""


def commit(bare: BareRepo, sha: str) -> dict[str, Any]:
    """Return a commit as branches show it."""
    id_, parents, author, email, authored, committer, c_email, committed, title, message = _out(
        bare, "show", "-s", f"--format={_FORMAT}", sha, strip=False
    ).split("\0")
    return {
        "id": id_,
        "short_id": id_[:8],
        "created_at": committed,
        "parent_ids": parents.split(),
        "title": title,
        "message": message.rstrip("\n"),
        "author_name": author,
        "author_email": email,
        "authored_date": authored,
        "committer_name": committer,
        "committer_email": c_email,
        "committed_date": committed,
        "trailers": {},
        "extended_trailers": {},
    }


def write(
    bare: BareRepo,
    branch: str,
    files: dict[str, bytes | None],
    *,
    message: str,
    who: tuple[str, str],
    when: datetime,
) -> str:
    """Commit changed files (None deletes) on top of a branch, which is created when it is not there; return the commit."""
    parent = bare.ref(f"refs/heads/{branch}")
    tree = _tree(bare, parent)
    for path, content in files.items():
        if content is None:
            tree.pop(path, None)
        else:
            tree[path] = ("100644", _blob(bare, content))
    root = _write_tree(bare, tree)
    stamp = f"{int(when.timestamp())} +0000"
    lines = [f"tree {root}", *([f"parent {parent}"] if parent else [])]
    lines += [f"{role} {who[0]} <{who[1]}> {stamp}" for role in ("author", "committer")]
    text = "\n".join([*lines, "", message, ""])
    made = _out(bare, "hash-object", "-w", "-t", "commit", "--stdin", text=text)
    update(bare, f"refs/heads/{branch}", made)
    return made


def update(bare: BareRepo, ref: str, sha: str) -> None:
    """Point a ref to an object; GitSaysNo when the name can't be one."""
    _out(bare, "update-ref", ref, sha)


def delete(bare: BareRepo, ref: str) -> None:
    """Remove a ref."""
    _out(bare, "update-ref", "-d", ref)


def good_name(bare: BareRepo, branch: str) -> bool:
    """Whether git takes this as the name of a branch."""
    return bare.git("check-ref-format", f"refs/heads/{branch}").returncode == 0 and not branch.startswith("-")


def read(bare: BareRepo, sha: str, path: str) -> tuple[str, bytes] | None:
    """Return blob id and content of a file at a commit, None when there is none."""
    done = bare.git("rev-parse", "--verify", "-q", f"{sha}:{path}")
    blob = done.stdout.strip()
    if done.returncode or _out(bare, "cat-file", "-t", blob) != "blob":
        return None
    return blob, _out(bare, "cat-file", "blob", blob, strip=False).encode("utf-8", "surrogateescape")


def decoded(content: str, encoding: str) -> bytes:
    """Return the content of a file as the API took it."""
    return base64.b64decode(content) if encoding == "base64" else content.encode()


def _tree(bare: BareRepo, commit_: str) -> dict[str, tuple[str, str]]:
    if not commit_:
        return {}
    found = {}
    for line in _out(bare, "ls-tree", "-r", "-z", commit_, strip=False).split("\0"):
        if line:
            head, _, path = line.partition("\t")
            mode, _, blob = head.split(" ")
            found[path] = (mode, blob)
    return found


def _write_tree(bare: BareRepo, tree: dict[str, tuple[str, str]]) -> str:
    """Write the tree objects for a flat list of files, folders from the inside out."""
    entries: list[str] = []
    folders: dict[str, dict[str, tuple[str, str]]] = {}
    for path, (mode, blob) in tree.items():
        folder, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(folder, {})[rest] = (mode, blob)
        else:
            entries.append(f"{mode} {'commit' if mode == '160000' else 'blob'} {blob}\t{path}")
    entries += [f"040000 tree {_write_tree(bare, inner)}\t{folder}" for folder, inner in folders.items()]
    return _out(bare, "mktree", "-z", "--missing", text="".join(f"{entry}\0" for entry in entries))


def _blob(bare: BareRepo, content: bytes) -> str:
    return _out(bare, "hash-object", "-w", "--stdin", text=content.decode("utf-8", "replace"))


def _out(bare: BareRepo, *arguments: str, text: str = "", strip: bool = True) -> str:
    done = bare.git(*arguments, text=text)
    if done.returncode:
        raise GitSaysNo(done.stderr.strip())
    return done.stdout.strip() if strip else done.stdout
