"""Comments and labels of pull requests, and the statuses of commits."""

from __future__ import annotations

import re

from sigctl.sandbox.github import pull_shapes as shapes
from sigctl.sandbox.github import rights
from sigctl.sandbox.github.call import Call, Reply
from sigctl.sandbox.github.errors import forbidden, invalid, not_found, unprocessable
from sigctl.sandbox.github.pull_shapes import comments_of, pulls_of, statuses_of
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.store import Document

_SCOPES = ("repo", "public_repo")
LONGEST, LONGEST_TEXT = 65_536, 140
"""Characters of a comment, and of what a status says."""
_STATES = ("error", "failure", "pending", "success")


def _pull(call: Call) -> tuple[Document, Document]:
    """Return the repository and the pull request whose number the path has as that of an issue."""
    repo = call.part_of_repo()
    number = call.params["issue_number"]
    found = pulls_of(call.state).one("number", (repo["id"], int(number) if number.isdecimal() else 0))
    if found is None:
        raise not_found()
    return repo, found


def _body(call: Call) -> str:
    body = str(call.field("body", str, "IssueComment", required=True))
    if len(body) > LONGEST:
        raise invalid(
            "IssueComment", "body", "unprocessable", "body is too long (maximum is 65536 characters)"
        )
    return body


@route("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", "issues/list-comments")
def list_comments(call: Call) -> Reply:
    """List the comments, the oldest first."""
    repo, pull = _pull(call)
    found = comments_of(call.state).find("pull", pull["id"])
    return call.page(found, lambda one: shapes.comment(call, repo, pull, one))


@route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments", "issues/create-comment", *_SCOPES)
def create_comment(call: Call) -> Reply:
    """Comment, as anyone may who sees it."""
    repo, pull = _pull(call)
    made = call.state.add(comments_of(call.state), pull=pull["id"], user=call.user()["id"], body=_body(call))
    return Reply(201, shapes.comment(call, repo, pull, made))


@route("PATCH", "/repos/{owner}/{repo}/issues/comments/{comment_id}", "issues/update-comment", *_SCOPES)
def update_comment(call: Call) -> Reply:
    """Change a comment: its author may, and whoever may write in the repository."""
    repo = call.part_of_repo()
    number = call.params["comment_id"]
    found = comments_of(call.state).get(int(number) if number.isdecimal() else None)
    if found is None or pulls_of(call.state)[found["pull"]]["repo"] != repo["id"]:
        raise not_found()
    if found["user"] != call.caller and not rights.may(call.state, repo, call.caller, "push"):
        raise forbidden("Must have write access or be the author.")
    call.state.touch(comments_of(call.state), found, body=_body(call))
    return Reply(200, shapes.comment(call, repo, pulls_of(call.state)[found["pull"]], found))


@route("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels", "issues/add-labels", *_SCOPES)
def add_labels(call: Call) -> Reply:
    """Put labels on; for those who may triage."""
    repo, pull = _pull(call)
    if not rights.may(call.state, repo, call.caller, "triage"):
        raise forbidden("Must have triage access to the repository.")
    new = call.field("labels", list, "Label", required=True)
    labels = [*pull["labels"], *(one for one in new if one not in pull["labels"])]
    call.state.touch(pulls_of(call.state), pull, labels=labels)
    return Reply(200, [shapes.label(call, repo, name) for name in labels])


@route("DELETE", "/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}", "issues/remove-label", *_SCOPES)
def remove_label(call: Call) -> Reply:
    """Take a label off."""
    repo, pull = _pull(call)
    if not rights.may(call.state, repo, call.caller, "triage"):
        raise forbidden("Must have triage access to the repository.")
    if call.params["name"] not in pull["labels"]:
        raise not_found()
    labels = [one for one in pull["labels"] if one != call.params["name"]]
    call.state.touch(pulls_of(call.state), pull, labels=labels)
    return Reply(200, [shapes.label(call, repo, name) for name in labels])


@route("POST", "/repos/{owner}/{repo}/statuses/{sha}", "repos/create-commit-status", "repo", "repo:status")
def create_status(call: Call) -> Reply:
    """Say something of a commit; for those who may write."""
    repo = call.part_of_repo()
    if not rights.may(call.state, repo, call.caller, "push"):
        raise not_found()
    sha = call.params["sha"]
    bare = call.state.bare(repo)
    if not re.fullmatch(r"[0-9a-f]{40}", sha) or bare.git("cat-file", "-e", f"{sha}^{{commit}}").returncode:
        raise unprocessable(f"No commit found for SHA: {sha}")
    call.field("state", str, "Status", required=True)
    text = call.field("description", str, "Status")
    if text and len(text) > LONGEST_TEXT:
        raise invalid(
            "Status", "description", "custom", "description is too long (maximum is 140 characters)"
        )
    made = call.state.add(
        statuses_of(call.state),
        repo=repo["id"],
        sha=sha,
        state=call.choice("state", _STATES, "Status"),
        description=text,
        target_url=call.field("target_url", str, "Status"),
        context=call.field("context", str, "Status") or "default",
        user=call.user()["id"],
    )
    return Reply(201, shapes.status(call, repo, made))


@route("GET", "/repos/{owner}/{repo}/commits/{ref}/statuses", "repos/list-commit-statuses-for-ref")
def list_statuses(call: Call) -> Reply:
    """List what was said of a commit, the newest first."""
    repo = call.part_of_repo()
    found = statuses_of(call.state).find("commit", (repo["id"], call.params["ref"]))
    return call.page(found[::-1], lambda one: shapes.status(call, repo, one))
