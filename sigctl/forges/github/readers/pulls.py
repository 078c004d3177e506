"""Pull requests: who approves the present head, who objects; our one comment, and the status of a commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from sigctl.errors import PartialError
from sigctl.forges.github import documents
from sigctl.forges.github.client import Answer
from sigctl.forges.github.graphql import items
from sigctl.forges.github.session import Session, path
from sigctl.forges.proposals import VETO, Edit, Mark, Proposal, Who

Json = Mapping[str, Any]
_WORDS = ("APPROVED", "CHANGES_REQUESTED", "DISMISSED")
"""Reviews that are a word for or against; a comment leaves the word before it as it is."""
_LONGEST = 140
"""Characters of a status' description."""


def _repo(repo: str) -> str:
    return path("repos", *repo.split("/", 1))


def proposal(session: Session, repo: str, number: int, *, anonymous: bool) -> Proposal:
    """Return a pull request; raises ForgeError, PartialError where an answer lacks what must be in it."""
    url = _repo(repo) + path("pulls", int(number))
    told = session.get(url).data
    if not isinstance(told, Mapping):
        raise PartialError(f"GET {url}: the answer is no object", forge=session.name)
    head = str(_inner(told, "head", "sha", url))
    last = _last_words(session.every(f"{url}/reviews"), url)
    labels = [str(one.get("name")) for one in told.get("labels") or () if isinstance(one, Mapping)]
    state: Literal["open", "closed", "merged"] = "open"
    if told.get("state") != "open":
        state = "merged" if told.get("merged_at") else "closed"
    unresolved = 0 if anonymous else _unresolved(session, repo, number)
    return Proposal(
        repo=repo,
        number=int(number),
        url=str(told.get("html_url") or ""),
        title=str(told.get("title") or ""),
        author=_who(told.get("user"), url),
        opened=str(_inner(told, "created_at", "", url)),
        state=state,
        head=head,
        target=str(_inner(told, "base", "ref", url)),
        ref=f"refs/pull/{int(number)}/head",
        approved=tuple(w for w, word, at in last if word == "APPROVED" and at == head),
        outdated=tuple(w for w, word, at in last if word == "APPROVED" and at != head),
        objections=tuple(
            _objections(
                unresolved,
                labels,
                [w for w, word, _ in last if word == "CHANGES_REQUESTED"],
                draft=bool(told.get("draft")),
            )
        ),
        unread=("its threads need a token",) if anonymous else (),
    )


def _last_words(reviews: Iterable[Json], url: str) -> list[tuple[Who, str, str]]:
    """Return each reviewer with his last word and the commit it is about; a dismissed one is no word any more."""
    found: dict[int | str | None, tuple[Who, str, str]] = {}
    for one in reviews:
        word = str(one.get("state") or "")
        if word not in _WORDS or not one.get("user"):  # an account that was deleted has none
            continue
        who = _who(one["user"], url)
        found[who.id or who.login] = (who, word, str(one.get("commit_id") or ""))
    return list(found.values())


def _unresolved(session: Session, repo: str, number: int) -> int:
    """Return how many threads are unresolved: only GraphQL tells."""
    owner, _, name = repo.partition("/")
    after: str | None = None
    count = 0
    while True:
        variables = {"owner": owner, "name": name, "number": int(number), "after": after}
        data = session.graphql.ask(documents.REVIEW_THREADS, variables, org=owner)
        pull = (data.get("repository") or {}).get("pullRequest")
        if pull is None:
            raise PartialError(f"{repo}#{number}: the threads are missing", forge=session.name)
        found = items(pull["reviewThreads"], f"threads of {repo}#{number}", session.name)
        count += sum(not one["isResolved"] for one in found)
        page = pull["reviewThreads"]["pageInfo"]
        if not page["hasNextPage"]:
            return count
        after = page["endCursor"]


def _objections(
    unresolved: int, labels: Iterable[str], against: Iterable[Who], *, draft: bool
) -> Iterable[str]:
    if unresolved:
        yield f"{unresolved} unresolved thread{'s' if unresolved > 1 else ''}"
    for who in against:
        yield f"{who.login} asks for changes"
    if any(label.casefold() == VETO for label in labels):
        yield f"the label `{VETO}`"
    if draft:
        yield "it is a draft"


def open_proposals(session: Session, repo: str) -> tuple[int, ...]:
    """Return the numbers of the open pull requests to the default branch, the oldest first."""
    url = _repo(repo)
    branch = _inner(session.get(url).data, "default_branch", "", url)
    rows = session.every(f"{url}/pulls")  # the open ones, by default
    return tuple(sorted(int(row["number"]) for row in rows if _inner(row, "base", "ref", url) == branch))


def comment(session: Session, repo: str, number: int, marker: str, edit: Edit) -> bool:
    """Have one comment of ours that begins with the marker; False where it was as it should be."""
    url = _repo(repo)
    listed = url + path("issues", int(number), "comments")
    me = str(session.graphql.ask(documents.VIEWER, {}, org=repo.partition("/")[0])["viewer"]["login"])

    def ours() -> Json | None:
        return next(
            (
                one
                for one in session.every(listed)
                if (one.get("user") or {}).get("login") == me
                and str(one.get("body") or "").startswith(marker)
            ),
            None,
        )

    def happened() -> Answer | None:
        found = ours()
        return Answer(200, {}, found) if found else None

    there = ours()
    body = edit(str(there["body"]) if there else "")
    if there is None:
        session.write("POST", listed, {"body": body}, repeatable=False, happened=happened)
        return True
    if str(there["body"]).strip() == body.strip():
        return False
    session.write("PATCH", url + path("issues", "comments", there["id"]), {"body": body})
    return True


def mark(session: Session, repo: str, commit: str, wanted: Mark) -> bool:
    """Have the commit's status be so; False where it was: GitHub keeps every one, and takes a thousand for a commit."""
    url = _repo(repo)
    body = {"state": wanted.state, "context": wanted.name, "description": wanted.text[:_LONGEST]}
    rows = session.every(url + path("commits", commit, "statuses"))  # the newest first
    there = next((row for row in rows if row.get("context") == wanted.name), None)
    if there is not None and all(there.get(key) == value for key, value in body.items()):
        return False
    session.write("POST", url + path("statuses", commit), body)  # a second one says the same
    return True


def _inner(told: Any, first: str, second: str, url: str) -> Any:
    found = told.get(first) if isinstance(told, Mapping) else None
    if second:
        found = found.get(second) if isinstance(found, Mapping) else None
    if found is None:
        raise PartialError(f"GET {url}: without `{first}{'.' if second else ''}{second}`")
    return found


def _who(told: Any, url: str) -> Who:
    if not isinstance(told, Mapping) or not isinstance(told.get("login"), str):
        if told is None:
            return Who("ghost")  # GitHub shows a deleted account so
        raise PartialError(f"GET {url}: an account without `login`")
    return Who(told["login"], told.get("id"))
