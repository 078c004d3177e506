"""Merge requests: what is stored of them, their heads in git, and what the REST API shows."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sigctl.sandbox.gitlab import approvals, render
from sigctl.sandbox.store import Collection, Document

if TYPE_CHECKING:
    from sigctl.sandbox.gitlab.http import Call
    from sigctl.sandbox.gitlab.world import World

Shown = dict[str, Any]
COMMAND = re.compile(r"/(approve|unapprove|close|reopen|label|unlabel)\b[ ]*(.*)")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


def all_of(world: World) -> Collection:
    """Return the merge requests, by target and source project and by number."""
    return world.store.collection(
        "merge_requests",
        project=lambda m: m["project_id"],
        source=lambda m: m["source_project_id"],
        iid=lambda m: (m["project_id"], m["iid"]),
    )


def notes_of(world: World) -> Collection:
    """Return the notes of all merge requests."""
    return world.store.collection("merge_request_notes", request=lambda n: n["request_id"])


def statuses_of(world: World) -> Collection:
    """Return the statuses that others gave to commits."""
    return world.store.collection("commit_statuses", commit=lambda s: (s["project_id"], s["sha"]))


def head(world: World, request: Document) -> str:
    """Return the commit at which the source branch is, the last one known where the branch is gone."""
    source = world.projects.get(request["source_project_id"])
    found = world.repo(source).ref(f"refs/heads/{request['source_branch']}") if source else ""
    return found or (request["versions"][-1]["sha"] if request["versions"] else "")


def refresh(world: World, request: Document) -> None:
    """Take note of where the source branch is now: a version more, and the head that git can fetch from the target."""
    sha = head(world, request)
    if (
        request["state"] != "opened"
        or not sha
        or (request["versions"] and request["versions"][-1]["sha"] == sha)
    ):
        return
    target = world.repo(world.projects[request["project_id"]])
    name = f"refs/merge-requests/{request['iid']}/head"
    if request["source_project_id"] == request["project_id"]:
        target.git("update-ref", name, sha)
    else:
        source = world.repo(world.projects[request["source_project_id"]])
        target.git("fetch", "-q", str(source.path), f"+refs/heads/{request['source_branch']}:{name}")
    version = {"id": world.store.next_id("merge_request_versions"), "sha": sha, "created_at": moment(world)}
    all_of(world).save(request, versions=[*request["versions"], version], updated_at=moment(world))


def pushed(world: World, project: Document) -> None:
    """Take note of a push to the project for all merge requests that come from it."""
    for request in all_of(world).find("source", project["id"]):
        refresh(world, request)


def moment(world: World) -> str:
    """Return the time as GitLab writes it, to the millisecond."""
    found = datetime.fromtimestamp(world.clock.time(), UTC)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def add_note(world: World, request: Document, author: Document, body: str, **more: Any) -> Document:
    """Store a note; by default a comment of its own that nobody has to resolve."""
    number = world.store.next_id("merge_request_notes")
    fields = {
        "id": number,
        "request_id": request["id"],
        "discussion": hashlib.sha1(f"note {number}".encode()).hexdigest(),  # noqa: S324  # looks like GitLab's own ids
        "author_id": author["id"],
        "body": body,
        "system": False,
        "resolvable": False,
        "resolved": False,
        "created_at": moment(world),
        "updated_at": moment(world),
    }
    return notes_of(world).add({**fields, **more})


def commands(body: str) -> tuple[str, list[tuple[str, str]]]:
    """Return the text without its quick actions, and these: lines that begin with one, outside of code."""
    kept, found, fence = [], [], ""
    for line in body.split("\n"):
        mark = _FENCE.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
            fence = ""
        action = None if fence or mark else COMMAND.fullmatch(line.rstrip())
        if action:
            found.append((action[1], action[2].strip()))
        else:
            kept.append(line)
    return "\n".join(kept).strip("\n"), found


# -- shapes ----------------------------------------------------------------------------------------------------


def shown(call: Call, request: Document) -> Shown:
    """Return a merge request."""
    project = call.world.projects[request["project_id"]]
    path = call.world.project_path(project)
    author = call.world.users[request["author_id"]]
    sha = request["versions"][-1]["sha"] if request["versions"] else None
    draft = bool(re.match(r"\[?draft\]?[: ]", request["title"], re.IGNORECASE))
    return {
        "id": request["id"],
        "iid": request["iid"],
        "project_id": request["project_id"],
        "title": request["title"],
        "description": request["description"],
        "state": request["state"],
        "created_at": request["created_at"],
        "updated_at": request["updated_at"],
        "merged_by": None,
        "merge_user": None,
        "merged_at": None,
        "closed_by": None,
        "closed_at": None,
        "target_branch": request["target_branch"],
        "source_branch": request["source_branch"],
        "user_notes_count": 0,
        "upvotes": 0,
        "downvotes": 0,
        "author": render.user_basic(call, author),
        "assignees": [],
        "assignee": None,
        "reviewers": [],
        "source_project_id": request["source_project_id"],
        "target_project_id": request["project_id"],
        "labels": request["labels"],
        "draft": draft,
        "imported": False,
        "imported_from": "none",
        "work_in_progress": draft,
        "milestone": None,
        "merge_when_pipeline_succeeds": False,
        "merge_status": "can_be_merged",
        "detailed_merge_status": "draft_status" if draft else "mergeable",
        "sha": sha,
        "merge_commit_sha": None,
        "squash_commit_sha": None,
        "discussion_locked": None,
        "should_remove_source_branch": None,
        "force_remove_source_branch": False,
        "prepared_at": request["created_at"],
        "reference": f"!{request['iid']}",
        "references": {
            "short": f"!{request['iid']}",
            "relative": f"!{request['iid']}",
            "full": f"{path}!{request['iid']}",
        },
        "web_url": f"{call.url}/{path}/-/merge_requests/{request['iid']}",
        "time_stats": {
            "time_estimate": 0,
            "total_time_spent": 0,
            "human_time_estimate": None,
            "human_total_time_spent": None,
        },
        "squash": False,
        "squash_on_merge": False,
        "task_completion_status": {"count": 0, "completed_count": 0},
        "has_conflicts": False,
        "blocking_discussions_resolved": True,
    }


def version_shown(request: Document, version: Document) -> Shown:
    """Return one version of what a merge request would merge."""
    return {
        "id": version["id"],
        "head_commit_sha": version["sha"],
        "base_commit_sha": version["sha"],
        "start_commit_sha": version["sha"],
        "created_at": version["created_at"],
        "merge_request_id": request["id"],
        "state": "collected",
        "real_size": "1",
        "patch_id_sha": None,
    }


def approvals_shown(call: Call, request: Document) -> Shown:
    """Return who approves, as servers of the free tier tell it; `approved_at` is told by newer ones only."""
    told = not call.world.setting("no_approved_at")
    approved = [
        {
            "user": render.user_basic(call, call.world.users[one["user_id"]]),
            **({"approved_at": one["at"]} if told else {}),
        }
        for one in request["approvals"]
    ]
    me = call.user["id"] if call.user else None
    needed = approvals.required(
        call.world, call.world.projects[request["project_id"]], request["target_branch"]
    )
    paid = {"approvals_required": needed, "approvals_left": max(0, needed - len(approved))}
    return {
        **(paid if call.world.premium else {}),
        "user_has_approved": any(one["user_id"] == me for one in request["approvals"]),
        "user_can_approve": me is not None and all(one["user_id"] != me for one in request["approvals"]),
        "approved": len(approved) >= needed if call.world.premium else bool(approved),
        "approved_by": approved,
    }


def note_shown(call: Call, note: Document) -> Shown:
    """Return one note."""
    request = all_of(call.world)[note["request_id"]]
    return {
        "id": note["id"],
        "type": "DiscussionNote" if note["resolvable"] else None,
        "body": note["body"],
        "author": render.user_basic(call, call.world.users[note["author_id"]]),
        "created_at": note["created_at"],
        "updated_at": note["updated_at"],
        "system": note["system"],
        "noteable_id": request["id"],
        "noteable_type": "MergeRequest",
        "project_id": request["project_id"],
        "resolvable": note["resolvable"],
        **(
            {"resolved": note["resolved"], "resolved_by": None, "resolved_at": None}
            if note["resolvable"]
            else {}
        ),
        "confidential": False,
        "internal": False,
        "imported": False,
        "imported_from": "none",
        "noteable_iid": request["iid"],
        "commands_changes": {},
    }


def discussion_shown(call: Call, notes: list[Document]) -> Shown:
    """Return a thread, which may be one note."""
    return {
        "id": notes[0]["discussion"],
        "individual_note": not notes[0]["resolvable"],
        "notes": [note_shown(call, note) for note in notes],
    }


def status_shown(call: Call, status: Document) -> Shown:
    """Return what somebody said of a commit."""
    return {
        "id": status["id"],
        "sha": status["sha"],
        "ref": status["ref"],
        "status": status["status"],
        "name": status["name"],
        "target_url": status["target_url"],
        "description": status["description"],
        "created_at": status["created_at"],
        "started_at": None,
        "finished_at": None,
        "allow_failure": False,
        "coverage": None,
        "pipeline_id": status["id"],
        "author": render.user_basic(call, call.world.users[status["author_id"]]),
    }
