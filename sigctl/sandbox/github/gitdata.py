"""What the API tells of branches, tags and commits, and the refs it makes."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sigctl.sandbox.base import ZERO, Update
from sigctl.sandbox.github import pushing, rules, shapes
from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import ApiError, forbidden, not_found, unprocessable
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.github.state import node_id
from sigctl.sandbox.store import Document

_SCOPES = ("repo", "public_repo")
_MAY_PUSH = "Resource not accessible: you need write access to the repository."
_PERSON = re.compile(r"(?P<name>.*) <(?P<email>.*)> (?P<time>\d+) [+-]\d{4}")


@route("GET", "/repos/{owner}/{repo}/branches", "repos/list-branches")
def list_branches(call: Call) -> Reply:
    """List the branches; `protected=true` leaves out the open ones."""
    repo = call.part_of_repo()
    heads = call.state.bare(repo).branches()
    guarded = {name: rules.is_protected(call.state, repo, name) for name in heads}
    wanted = call.query.get("protected")
    found = [
        {"id": 0, "name": n, "sha": s} for n, s in heads.items() if wanted in (None, str(guarded[n]).lower())
    ]
    return call.page(
        found, lambda branch: _short(call, repo, branch["name"], branch["sha"], guarded[branch["name"]])
    )


@route("GET", "/repos/{owner}/{repo}/branches/{branch*}", "repos/get-branch")
def get_branch(call: Call) -> Reply:
    """Tell of one branch."""
    repo, name = call.part_of_repo(), call.params["branch"]
    sha = call.state.bare(repo).ref(f"refs/heads/{name}")
    if not sha:
        raise ApiError(404, "Branch not found")
    protected = rules.is_protected(call.state, repo, name)
    short = _short(call, repo, name, sha, protected)
    url = f"{_url(call, repo)}/branches/{name}"
    html = f"{shapes.site(call)}/{call.state.full_name(repo)}/tree/{name}"
    more = {"commit": _commit(call, repo, sha), "_links": {"self": url, "html": html}}
    return Reply(200, {**short, **more})


@route("GET", "/repos/{owner}/{repo}/commits/{ref*}", "repos/get-commit")
def get_commit(call: Call) -> Reply:
    """Tell of the commit a name stands for."""
    repo, name = call.part_of_repo(), call.params["ref"]
    bare = call.state.bare(repo)
    if bare.is_empty():
        raise ApiError(409, "Git Repository is empty.")
    candidates = (f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}")
    sha = next((found for ref in candidates if (found := bare.ref(ref))), name)
    if not re.fullmatch(r"[0-9a-f]{40}", sha) or bare.git("cat-file", "-e", f"{sha}^{{commit}}").returncode:
        raise ApiError(422, f"No commit found for SHA: {name}")
    return Reply(200, _commit(call, repo, sha))


@route("GET", "/repos/{owner}/{repo}/tags", "repos/list-tags")
def list_tags(call: Call) -> Reply:
    """List the tags."""
    repo = call.part_of_repo()
    tags = call.state.bare(repo).refs("refs/tags/")
    url = _url(call, repo)
    found = [
        {"id": 0, "name": ref.removeprefix("refs/tags/"), "sha": sha} for ref, sha in reversed(tags.items())
    ]
    return call.page(
        found,
        lambda tag: {
            "name": tag["name"],
            "zipball_url": f"{url}/zipball/refs/tags/{tag['name']}",
            "tarball_url": f"{url}/tarball/refs/tags/{tag['name']}",
            "commit": {"sha": tag["sha"], "url": f"{url}/commits/{tag['sha']}"},
            "node_id": node_id("REF", f"{repo['id']}:refs/tags/{tag['name']}"),
        },
    )


@route("GET", "/repos/{owner}/{repo}/git/ref/{ref*}", "git/get-ref")
def get_ref(call: Call) -> Reply:
    """Tell where one ref points."""
    repo = call.part_of_repo()
    bare, ref = call.state.bare(repo), f"refs/{call.params['ref']}"
    sha = bare.ref(ref)
    if not sha:
        raise ApiError(409, "Git Repository is empty.") if bare.is_empty() else ApiError(404, "Not Found")
    return Reply(200, _ref(call, repo, ref, sha))


@route("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref*}", "git/list-matching-refs")
def list_matching_refs(call: Call) -> Reply:
    """List all refs that start so."""
    repo = call.part_of_repo()
    found = call.state.bare(repo).refs(f"refs/{call.params['ref']}")
    if not found and call.state.bare(repo).is_empty():
        raise ApiError(409, "Git Repository is empty.")
    shown = [{"id": 0, "ref": ref, "sha": sha} for ref, sha in found.items()]
    return call.page(shown, lambda each: _ref(call, repo, each["ref"], each["sha"]))


@route("POST", "/repos/{owner}/{repo}/git/refs", "git/create-ref", *_SCOPES)
def create_ref(call: Call) -> Reply:
    """Make a ref, under the rules that hold for a push."""
    repo = call.changeable_repo("push", _MAY_PUSH)
    ref, sha = (
        call.field("ref", str, "Reference", required=True),
        call.field("sha", str, "Reference", required=True),
    )
    bare = call.state.bare(repo)
    if bare.is_empty():
        raise ApiError(409, "Git Repository is empty.")
    if ref.count("/") < 2 or not ref.startswith("refs/"):  # noqa: PLR2004  # refs/heads/name
        raise unprocessable("Reference name must start with 'refs/' and have at least two slashes")
    if bare.ref(ref):
        raise unprocessable("Reference already exists")
    _update(call, repo, Update(ZERO, sha, ref))
    shown = _ref(call, repo, ref, sha)
    return Reply(201, shown, {"Location": shown["url"]})


@route("PATCH", "/repos/{owner}/{repo}/git/refs/{ref*}", "git/update-ref", *_SCOPES)
def update_ref(call: Call) -> Reply:
    """Move a ref; without `force` only forward."""
    repo = call.changeable_repo("push", _MAY_PUSH)
    ref, sha = f"refs/{call.params['ref']}", call.field("sha", str, "Reference", required=True)
    bare = call.state.bare(repo)
    old = bare.ref(ref)
    if not old:
        raise unprocessable("Reference does not exist")
    if not call.field("force", bool, "Reference") and not bare.contains(old, sha):
        raise unprocessable("Update is not a fast forward")
    _update(call, repo, Update(old, sha, ref))
    return Reply(200, _ref(call, repo, ref, sha))


@route("DELETE", "/repos/{owner}/{repo}/git/refs/{ref*}", "git/delete-ref", *_SCOPES)
def delete_ref(call: Call) -> Reply:
    """Delete a ref; not the default branch."""
    repo = call.changeable_repo("push", _MAY_PUSH)
    ref = f"refs/{call.params['ref']}"
    old = call.state.bare(repo).ref(ref)
    if not old:
        raise unprocessable("Reference does not exist")
    if ref == f"refs/heads/{repo['default_branch']}":
        raise unprocessable("Cannot delete the default branch")
    _update(call, repo, Update(old, ZERO, ref))
    return Reply(NO_CONTENT)


def _update(call: Call, repo: Document, update: Update) -> None:
    if update.ref.startswith("refs/pull/"):
        raise forbidden("Resource not accessible: pull request refs are read-only.")
    bare, user = call.state.bare(repo), call.user()
    refusal = pushing.refusals(call.state, repo, user["id"], [update]).get(update.ref)
    forced = refusal is not None and refusal.only_force and bare.contains(update.old, update.new)
    if refusal is not None and not forced:
        raise unprocessable(refusal.text)
    arguments = ("-d", update.ref, update.old) if update.new == ZERO else (update.ref, update.new, update.old)
    if bare.git("update-ref", *arguments).returncode:
        raise unprocessable("Object does not exist")
    pushing.note(call.state, repo, [update])


def _url(call: Call, repo: Document) -> str:
    return f"{call.base}/repos/{call.state.full_name(repo)}"


def _short(call: Call, repo: Document, name: str, sha: str, protected: bool) -> dict[str, Any]:  # noqa: FBT001  # a fact, not a switch
    url = _url(call, repo)
    checks = {"enforcement_level": "off", "contexts": [], "checks": []}
    return {
        "name": name,
        "commit": {"sha": sha, "url": f"{url}/commits/{sha}"},
        "protected": protected,
        "protection": {"enabled": protected, "required_status_checks": checks},
        "protection_url": f"{url}/branches/{name}/protection",
    }


def _ref(call: Call, repo: Document, ref: str, sha: str) -> dict[str, Any]:
    kind = "commit"  # a branch can't point to anything else
    if not ref.startswith(rules.HEADS):
        kind = call.state.bare(repo).git("cat-file", "-t", sha).stdout.strip() or kind
    url = _url(call, repo)
    return {
        "ref": ref,
        "node_id": node_id("REF", f"{repo['id']}:{ref}"),
        "url": f"{url}/git/{ref}",
        "object": {"sha": sha, "type": kind, "url": f"{url}/git/{kind}s/{sha}"},
    }


def _commit(call: Call, repo: Document, sha: str) -> dict[str, Any]:
    url, html = _url(call, repo), f"{shapes.site(call)}/{call.state.full_name(repo)}"
    head, _, message = call.state.bare(repo).git("cat-file", "commit", sha).stdout.partition("\n\n")
    lines = [line.partition(" ")[::2] for line in head.splitlines()]
    fields = dict(lines)
    if "tree" not in fields:
        raise not_found()
    return {
        "sha": sha,
        "node_id": node_id("C", f"{repo['id']}:{sha}"),
        "commit": {
            "author": _person(fields["author"]),
            "committer": _person(fields["committer"]),
            "message": message.rstrip("\n"),
            "tree": {"sha": fields["tree"], "url": f"{url}/git/trees/{fields['tree']}"},
            "url": f"{url}/git/commits/{sha}",
            "comment_count": 0,
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        },
        "url": f"{url}/commits/{sha}",
        "html_url": f"{html}/commit/{sha}",
        "comments_url": f"{url}/commits/{sha}/comments",
        "author": {},
        "committer": {},
        "parents": [
            {"sha": parent, "url": f"{url}/commits/{parent}", "html_url": f"{html}/commit/{parent}"}
            for key, parent in lines
            if key == "parent"
        ],
        "stats": {"total": 0, "additions": 0, "deletions": 0},
        "files": [],
    }


def _person(line: str) -> dict[str, str]:
    found = _PERSON.fullmatch(line)
    if found is None:
        raise AssertionError(line)
    when = datetime.fromtimestamp(int(found["time"]), UTC)
    return {"name": found["name"], "email": found["email"], "date": when.strftime("%Y-%m-%dT%H:%M:%SZ")}
