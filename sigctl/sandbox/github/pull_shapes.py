"""What is stored of pull requests, and how REST shows them."""

from __future__ import annotations

from sigctl.sandbox.github import repo_shapes, shapes
from sigctl.sandbox.github.call import Call
from sigctl.sandbox.github.shapes import Json
from sigctl.sandbox.github.state import State, node_id
from sigctl.sandbox.store import Collection, Document


def pulls_of(state: State) -> Collection:
    """Return the pull requests, by repository, by where they come from, and by number."""
    return state.store.collection(
        "pulls",
        repo=lambda p: p["repo"],
        source=lambda p: p["source"],
        number=lambda p: (p["repo"], p["number"]),
    )


def reviews_of(state: State) -> Collection:
    """Return the reviews of all pull requests."""
    return state.store.collection("reviews", pull=lambda r: r["pull"])


def threads_of(state: State) -> Collection:
    """Return the threads of all pull requests, each with the comment that began it."""
    return state.store.collection("review_threads", pull=lambda t: t["pull"])


def comments_of(state: State) -> Collection:
    """Return the comments below pull requests."""
    return state.store.collection("issue_comments", pull=lambda c: c["pull"])


def statuses_of(state: State) -> Collection:
    """Return what was said of commits."""
    return state.store.collection("statuses", commit=lambda s: (s["repo"], s["sha"]))


def head_of(state: State, repo: Document, branch: str) -> str:
    """Return the commit of a branch, "" for none."""
    return state.bare(repo).ref(f"refs/heads/{branch}")


def refresh(state: State, pull: Document) -> None:
    """Take note of where the branch is now, also in the ref that git can fetch."""
    source = state.repos.get(pull["source"])
    sha = head_of(state, source, pull["branch"]) if source else ""
    if pull["state"] != "open" or source is None or not sha or sha == pull["sha"]:
        return
    bare, name = state.bare(state.repos[pull["repo"]]), f"refs/pull/{pull['number']}/head"
    if pull["source"] == pull["repo"]:
        bare.git("update-ref", name, sha)
    else:
        bare.git("fetch", "-q", str(state.bare(source).path), f"+refs/heads/{pull['branch']}:{name}")
    state.touch(pulls_of(state), pull, sha=sha)


def pushed(state: State, repo: Document) -> None:
    """Take note of a push to the repository for all pull requests that come from it."""
    for pull in pulls_of(state).find("source", repo["id"]):
        refresh(state, pull)


def _url(call: Call, repo: Document) -> str:
    return f"{call.base}/repos/{call.state.full_name(repo)}"


def label(call: Call, repo: Document, name: str) -> Json:
    """Return a label as it is on a pull request."""
    return {
        "id": 208_045_946,
        "node_id": node_id("LA", name),
        "url": f"{_url(call, repo)}/labels/{name}",
        "name": name,
        "color": "ededed",
        "default": False,
        "description": None,
    }


def _end(call: Call, repo: Document, branch: str, sha: str) -> Json:
    owner = call.state.accounts[repo["owner"]]
    return {
        "label": f"{owner['login']}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": shapes.simple_user(call, owner),
        "repo": repo_shapes.repo(call, repo),
    }


def simple_pull(call: Call, repo: Document, pull: Document) -> Json:
    """Return a pull request as lists show it."""
    url, number = _url(call, repo), pull["number"]
    html = f"{shapes.site(call)}/{call.state.full_name(repo)}/pull/{number}"
    here, issue = f"{url}/pulls/{number}", f"{url}/issues/{number}"
    links = {
        "comments_url": f"{issue}/comments",
        "commits_url": f"{here}/commits",
        "review_comments_url": f"{here}/comments",
        "review_comment_url": f"{url}/pulls/comments{{/number}}",
        "statuses_url": f"{url}/statuses/{pull['sha']}",
    }
    source = call.state.repos.get(pull["source"]) or repo
    return {
        "url": here,
        "id": pull["id"],
        "node_id": node_id("PR", pull["id"]),
        "html_url": html,
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
        "issue_url": issue,
        **links,
        "number": number,
        "state": pull["state"],
        "locked": False,
        "active_lock_reason": None,
        "title": pull["title"],
        "user": shapes.simple_user(call, call.state.accounts[pull["user"]]),
        "body": pull["body"],
        "labels": [label(call, repo, name) for name in pull["labels"]],
        "milestone": None,
        "created_at": pull["created_at"],
        "updated_at": pull["updated_at"],
        "closed_at": pull["closed_at"],
        "merged_at": None,
        "merge_commit_sha": None,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [],
        "requested_teams": [],
        "draft": pull["draft"],
        "head": _end(call, source, pull["branch"], pull["sha"]),
        "base": _end(call, repo, pull["base"], head_of(call.state, repo, pull["base"])),
        "_links": {
            "self": {"href": here},
            "html": {"href": html},
            "issue": {"href": issue},
            **{name.removesuffix("_url"): {"href": href} for name, href in links.items()},
        },
        "author_association": "CONTRIBUTOR",
        "auto_merge": None,
    }


def full_pull(call: Call, repo: Document, pull: Document) -> Json:
    """Return a pull request by itself."""
    return {
        **simple_pull(call, repo, pull),
        "merged": False,
        "mergeable": True,
        "rebaseable": True,
        "mergeable_state": "clean",
        "merged_by": None,
        "comments": len(comments_of(call.state).find("pull", pull["id"])),
        "review_comments": len(threads_of(call.state).find("pull", pull["id"])),
        "maintainer_can_modify": False,
        "commits": 1,
        "additions": 1,
        "deletions": 1,
        "changed_files": 1,
    }


def review(call: Call, repo: Document, pull: Document, found: Document) -> Json:
    """Return a review."""
    here = f"{_url(call, repo)}/pulls/{pull['number']}"
    html = f"{shapes.site(call)}/{call.state.full_name(repo)}/pull/{pull['number']}#pullrequestreview-{found['id']}"
    return {
        "id": found["id"],
        "node_id": node_id("PRR", found["id"]),
        "user": shapes.simple_user(call, call.state.accounts[found["user"]]),
        "body": found["body"],
        "state": found["state"],
        "html_url": html,
        "pull_request_url": here,
        "author_association": "MEMBER",
        "_links": {"html": {"href": html}, "pull_request": {"href": here}},
        "submitted_at": found["submitted_at"],
        "commit_id": found["commit_id"],
    }


def review_comment(call: Call, repo: Document, pull: Document, found: Document) -> Json:
    """Return the comment that began a thread."""
    url = _url(call, repo)
    here, pull_url = f"{url}/pulls/comments/{found['id']}", f"{url}/pulls/{pull['number']}"
    html = f"{shapes.site(call)}/{call.state.full_name(repo)}/pull/{pull['number']}#discussion_r{found['id']}"
    return {
        "url": here,
        "pull_request_review_id": None,
        "id": found["id"],
        "node_id": node_id("PRRC", found["id"]),
        "diff_hunk": "@@ -1 +1 @@",
        "path": found["path"],
        "commit_id": found["commit_id"],
        "original_commit_id": found["commit_id"],
        "user": shapes.simple_user(call, call.state.accounts[found["user"]]),
        "body": found["body"],
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
        "html_url": html,
        "pull_request_url": pull_url,
        "author_association": "MEMBER",
        "_links": {"self": {"href": here}, "html": {"href": html}, "pull_request": {"href": pull_url}},
    }


def comment(call: Call, repo: Document, pull: Document, found: Document) -> Json:
    """Return a comment below a pull request."""
    url = _url(call, repo)
    number = pull["number"]
    html = f"{shapes.site(call)}/{call.state.full_name(repo)}/pull/{number}#issuecomment-{found['id']}"
    return {
        "id": found["id"],
        "node_id": node_id("IC", found["id"]),
        "url": f"{url}/issues/comments/{found['id']}",
        "html_url": html,
        "body": found["body"],
        "user": shapes.simple_user(call, call.state.accounts[found["user"]]),
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
        "issue_url": f"{url}/issues/{number}",
        "author_association": "MEMBER",
        "performed_via_github_app": None,
    }


def status(call: Call, repo: Document, found: Document) -> Json:
    """Return what somebody said of a commit."""
    who = call.state.accounts[found["user"]]
    return {
        "url": f"{_url(call, repo)}/statuses/{found['sha']}",
        "avatar_url": shapes.simple_user(call, who)["avatar_url"],
        "id": found["id"],
        "node_id": node_id("SC", found["id"]),
        "state": found["state"],
        "description": found["description"],
        "target_url": found["target_url"],
        "context": found["context"],
        "created_at": found["created_at"],
        "updated_at": found["updated_at"],
        "creator": shapes.simple_user(call, who),
    }
