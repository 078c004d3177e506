"""Pull requests: opening and changing them, reviews and threads, and what GraphQL tells of these."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github import pull_shapes as shapes
from sigctl.sandbox.github import rights
from sigctl.sandbox.github.call import Call, Reply
from sigctl.sandbox.github.errors import ApiError, forbidden, invalid, not_found, unprocessable
from sigctl.sandbox.github.issues import next_number
from sigctl.sandbox.github.pull_shapes import head_of, pulls_of, refresh, reviews_of, threads_of
from sigctl.sandbox.github.resolvers import Context, ResolveError, connection, resolves
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.github.state import from_node_id, node_id
from sigctl.sandbox.store import Document

_SCOPES = ("repo", "public_repo")
_EVENTS = {"APPROVE": "APPROVED", "REQUEST_CHANGES": "CHANGES_REQUESTED", "COMMENT": "COMMENTED"}


def pull_of(call: Call) -> tuple[Document, Document]:
    """Return the repository and the pull request of the path, its head as it is now."""
    repo = call.part_of_repo()
    number = call.params["pull_number"]
    found = pulls_of(call.state).one("number", (repo["id"], int(number) if number.isdecimal() else 0))
    if found is None:
        raise not_found()
    refresh(call.state, found)
    return repo, found


@route("GET", "/repos/{owner}/{repo}/pulls", "pulls/list")
def list_pulls(call: Call) -> Reply:
    """List pull requests, the newest first; the open ones unless `state` says otherwise."""
    repo = call.part_of_repo()
    state, base = call.query.get("state", "open"), call.query.get("base")
    found = [
        one
        for one in reversed(pulls_of(call.state).find("repo", repo["id"]))
        if state in ("all", one["state"]) and base in (None, one["base"])
    ]
    for one in found:
        refresh(call.state, one)
    return call.page(found, lambda one: shapes.simple_pull(call, repo, one))


@route("POST", "/repos/{owner}/{repo}/pulls", "pulls/create", *_SCOPES)
def create_pull(call: Call) -> Reply:
    """Open one: from a branch here, or from OWNER:BRANCH of a repository with the same name."""
    repo = call.part_of_repo()
    head = call.field("head", str, "PullRequest", required=True)
    base = call.field("base", str, "PullRequest", required=True)
    owner, colon, branch = head.partition(":")
    source = call.state.find_repo(owner, repo["name"]) if colon else repo
    branch = branch if colon else head
    if source is None or not head_of(call.state, source, branch):
        raise invalid("PullRequest", "head")
    if not rights.may(call.state, source, call.caller, "push"):
        raise forbidden("Resource not accessible: you need write access to the repository of the head.")
    if not call.state.bare(repo).ref(f"refs/heads/{base}"):
        raise invalid("PullRequest", "base")
    everything = pulls_of(call.state)
    twins = [
        one
        for one in everything.find("repo", repo["id"])
        if (one["source"], one["branch"], one["base"], one["state"]) == (source["id"], branch, base, "open")
    ]
    if twins:
        raise invalid("PullRequest", "head", "custom", f"A pull request already exists for {head}.")
    made = call.state.add(
        everything,
        repo=repo["id"],
        source=source["id"],
        number=next_number(call.state, repo),
        branch=branch,
        base=base,
        title=call.field("title", str, "PullRequest", required=True),
        body=call.field("body", str, "PullRequest"),
        draft=bool(call.field("draft", bool, "PullRequest")),
        user=call.user()["id"],
        state="open",
        closed_at=None,
        labels=[],
        sha="",
    )
    refresh(call.state, made)
    return Reply(201, shapes.full_pull(call, repo, made))


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", "pulls/get")
def get_pull(call: Call) -> Reply:
    """Tell of one."""
    repo, found = pull_of(call)
    return Reply(200, shapes.full_pull(call, repo, found))


@route("PATCH", "/repos/{owner}/{repo}/pulls/{pull_number}", "pulls/update", *_SCOPES)
def update_pull(call: Call) -> Reply:
    """Change title or state; for its author and those who may write."""
    repo, found = pull_of(call)
    if found["user"] != call.caller and not rights.may(call.state, repo, call.caller, "push"):
        raise forbidden("Must have write access or be the author.")
    title = call.field("title", str, "PullRequest") or found["title"]
    state = call.choice("state", ("open", "closed"), "PullRequest") or found["state"]
    closed = call.state.clock.stamp() if state == "closed" else None
    call.state.touch(pulls_of(call.state), found, title=title, state=state, closed_at=closed)
    return Reply(200, shapes.full_pull(call, repo, found))


@route("GET", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "pulls/list-reviews")
def list_reviews(call: Call) -> Reply:
    """List the reviews, the oldest first."""
    repo, found = pull_of(call)
    listed = reviews_of(call.state).find("pull", found["id"])
    return call.page(listed, lambda one: shapes.review(call, repo, found, one))


@route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews", "pulls/create-review", *_SCOPES)
def create_review(call: Call) -> Reply:
    """Review the pull request, as anyone may who sees it; nobody approves his own."""
    repo, found = pull_of(call)
    event = call.choice("event", tuple(_EVENTS), "PullRequestReview") or "COMMENT"
    if found["user"] == call.caller and event != "COMMENT":
        verb = "approve" if event == "APPROVE" else "request changes on"
        raise ApiError(422, "Unprocessable Entity", errors=[f"Review Can not {verb} your own pull request"])
    made = call.state.add(
        reviews_of(call.state),
        pull=found["id"],
        user=call.user()["id"],
        state=_EVENTS[event],
        body=call.field("body", str, "PullRequestReview") or "",
        commit_id=call.field("commit_id", str, "PullRequestReview") or found["sha"],
        submitted_at=call.state.clock.stamp(),
    )
    return Reply(200, shapes.review(call, repo, found, made))


@route(
    "PUT",
    "/repos/{owner}/{repo}/pulls/{pull_number}/reviews/{review_id}/dismissals",
    "pulls/dismiss-review",
    *_SCOPES,
)
def dismiss_review(call: Call) -> Reply:
    """Make that a review counts no more."""
    repo, found = pull_of(call)
    if not rights.may(call.state, repo, call.caller, "push"):
        raise forbidden("Must have write access to the repository.")
    call.field("message", str, "PullRequestReview", required=True)
    number = call.params["review_id"]
    one = reviews_of(call.state).get(int(number) if number.isdecimal() else None)
    if one is None or one["pull"] != found["id"]:
        raise not_found()
    if one["state"] not in ("APPROVED", "CHANGES_REQUESTED"):
        raise unprocessable("Can not dismiss a commented pull request review")
    reviews_of(call.state).save(one, state="DISMISSED")
    return Reply(200, shapes.review(call, repo, found, one))


@route("POST", "/repos/{owner}/{repo}/pulls/{pull_number}/comments", "pulls/create-review-comment", *_SCOPES)
def create_review_comment(call: Call) -> Reply:
    """Begin a thread at a line."""
    repo, found = pull_of(call)
    made = call.state.add(
        threads_of(call.state),
        pull=found["id"],
        user=call.user()["id"],
        body=call.field("body", str, "PullRequestReviewComment", required=True),
        commit_id=call.field("commit_id", str, "PullRequestReviewComment", required=True),
        path=call.field("path", str, "PullRequestReviewComment", required=True),
        resolved=False,
    )
    return Reply(201, shapes.review_comment(call, repo, found, made))


# -- GraphQL ---------------------------------------------------------------------------------------------------


@resolves("Repository.pullRequest")
def _pull(repo: Document, context: Context, number: int, **_: Any) -> Document:
    found = pulls_of(context.state).one("number", (repo["id"], number))
    if found is None:
        text = f"Could not resolve to a PullRequest with the number of {number}."
        raise ResolveError("NOT_FOUND", text)
    refresh(context.state, found)
    return found


@resolves("PullRequest.id")
def _id(pull: Document, _: Context, **__: Any) -> str:
    return node_id("PR", pull["id"])


@resolves("PullRequest.headRefOid")
def _head(pull: Document, _: Context, **__: Any) -> str:
    return str(pull["sha"])


@resolves("PullRequest.reviewThreads")
def _threads(pull: Document, context: Context, **arguments: Any) -> dict[str, Any]:
    return connection(threads_of(context.state).find("pull", pull["id"]), arguments)


@resolves("PullRequestReviewThread.id")
def _thread_id(thread: Document, _: Context, **__: Any) -> str:
    return node_id("PRRT", thread["id"])


@resolves("PullRequestReviewThread.isResolved")
def _is_resolved(thread: Document, _: Context, **__: Any) -> bool:
    return bool(thread["resolved"])


@resolves("Mutation.resolveReviewThread")
def _resolve(_: object, context: Context, input: dict[str, Any], **__: Any) -> dict[str, Any]:  # noqa: A002  # GitHub's name
    kind, number = from_node_id(input["threadId"])
    found = threads_of(context.state).get(int(number)) if kind == "PRRT" and number.isdecimal() else None
    if found is None:
        raise ResolveError(
            "NOT_FOUND", f"Could not resolve to a node with the global id of '{input['threadId']}'"
        )
    pull = pulls_of(context.state)[found["pull"]]
    repo = context.state.repos[pull["repo"]]
    if pull["user"] != context.user and not rights.may(context.state, repo, context.user, "push"):
        raise ResolveError("FORBIDDEN", "You do not have permission to resolve this thread.")
    threads_of(context.state).save(found, resolved=True)
    return {"thread": found, "clientMutationId": input.get("clientMutationId")}
