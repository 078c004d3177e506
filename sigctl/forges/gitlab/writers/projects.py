"""Projects: created empty and closed, changed field by field, archived, moved, deleted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from sigctl.core.kinds import Repo
from sigctl.core.kinds.org import PRIVATE
from sigctl.core.plan import Action
from sigctl.errors import RefusedError
from sigctl.forges.gitlab.context import PROJECTS, Context
from sigctl.forges.gitlab.names import MERGE_METHODS, last_of, parent_of, quoted
from sigctl.forges.gitlab.writers.moving import move as move_thing
from sigctl.forges.gitlab.writers.restoring import restore

_PLAIN = ("description", "visibility", "default_branch")
_FEATURES = ("issues", "wiki")
_SETTABLE = (*_PLAIN, *_FEATURES, "topics", "squash_merge", "delete_branch_on_merge")


def create(ctx: Context, action: Action) -> None:
    """Make the project, empty, and closed unless the action says otherwise; one that waits for its deletion is restored."""
    repo = _repo(action)
    if (waiting := ctx.waiting(PROJECTS, repo.path)) is not None:
        restore(ctx, PROJECTS, waiting)
        ctx.known.learn(PROJECTS, repo.path, waiting)
        _set(ctx, waiting, {"visibility": PRIVATE} | _settings(repo), repo.archived)
        return
    name = last_of(repo.path)
    body = {
        "name": name,
        "path": name,
        "namespace_id": ctx.group_id(parent_of(repo.path)),
        "initialize_with_readme": False,
    }
    settings = {"visibility": PRIVATE} | _settings(repo)
    try:
        made = ctx.client.post("/projects", body | settings, happened=lambda: _exact(ctx, repo.path))
    except RefusedError as error:
        made = _found(ctx, repo.path, error)
        _set(ctx, made["id"], _settings(repo), None)
    ctx.known.learn(PROJECTS, repo.path, int(made["id"]))
    if repo.archived is not None and bool(made.get("archived")) != repo.archived:
        _archive(ctx, made["id"], archived=repo.archived)


def update(ctx: Context, action: Action) -> None:
    """Set the fields that the action changes."""
    _set_changed(ctx, ctx.project_id(_repo(action).path), action)


def move(ctx: Context, action: Action) -> None:
    """Give the project the new path, and set the fields that the action changes; an archived one stays so on the way."""
    before, after = action.before, _repo(action)
    if not isinstance(before, Repo):
        raise TypeError(action.kind)
    _set_changed(ctx, move_thing(ctx, PROJECTS, before.path, after.path), action)


def delete(ctx: Context, action: Action) -> None:
    """Delete the project; where the server delays that, it waits for its deletion."""
    path = _repo(action).path
    found = ctx.project(path)
    if found is not None and not found.get("marked_for_deletion_on"):
        ctx.client.delete(f"/projects/{found['id']}")
    ctx.known.forget(PROJECTS, path)


def _set_changed(ctx: Context, number: int, action: Action) -> None:
    changed = {name: after for name, (_, after) in action.changed().items() if after is not None}
    body = _native(changed) | _changed_method(
        _repo(action), changed.keys() & {"merge_commit", "rebase_merge"}
    )
    _set(ctx, number, body, changed.get("archived"))


def _set(ctx: Context, number: int, body: Mapping[str, Any], archived: bool | None) -> None:  # noqa: FBT001  # None = leave it
    """Change settings of a project: it is unarchived before, archived after."""
    if archived is False:
        _archive(ctx, number, archived=False)
    if body:
        _put(ctx, number, body)
    if archived:
        _archive(ctx, number, archived=True)


def _put(ctx: Context, number: int, body: Mapping[str, Any]) -> None:
    try:
        ctx.client.put(f"/projects/{number}", body)
    except RefusedError as error:
        if "default_branch" in body and "HEAD" in error.text:
            error.hint = (
                f"the branch `{body['default_branch']}` must be there first: mirror the history, or push it"
            )
        raise


def _archive(ctx: Context, number: int, *, archived: bool) -> None:
    ctx.client.post(f"/projects/{number}/{'archive' if archived else 'unarchive'}", {}, repeatable=True)


def _found(ctx: Context, path: str, error: RefusedError) -> Mapping[str, Any]:
    """Return the project that is in the way of its own creation; the refusal where none is."""
    found = ctx.project(path) if error.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, 422) else None
    if found is None:
        raise error
    if found.get("marked_for_deletion_on"):
        restore(ctx, PROJECTS, int(found["id"]))
    return found


def _exact(ctx: Context, path: str) -> Mapping[str, Any] | None:
    found = ctx.client.peek(f"/projects/{quoted(path)}")
    return found if found and str(found["path_with_namespace"]).casefold() == path.casefold() else None


def _settings(repo: Repo) -> dict[str, Any]:
    """Return what the resource says, under GitLab's names; a default branch must exist first, so it is not for now."""
    said = {name: value for name in _SETTABLE if (value := getattr(repo, name)) is not None}
    said.pop("default_branch", None)
    return _native(said) | _method(repo)


def _changed_method(repo: Repo, changed: Collection[str]) -> dict[str, str]:
    """Return the new way of merging; where one of two was changed, and neither is left, the other one takes its place."""
    if not changed:
        return {}
    if len(changed) == 1 and not (repo.merge_commit or repo.rebase_merge):
        (other,) = {"merge_commit", "rebase_merge"}.difference(changed)
        repo = replace(repo, **{other: True})  # type: ignore[arg-type]  # one of two that are yes or no
    return _method(repo)


def _method(repo: Repo) -> dict[str, str]:
    """Return how changes are merged, where the files care; what they leave open is as a new project has it."""
    if repo.merge_commit is None and repo.rebase_merge is None:
        return {}
    commit = repo.merge_commit if repo.merge_commit is not None else True
    wanted = (commit, bool(repo.rebase_merge) if repo.rebase_merge is not None else not commit)
    for name, means in MERGE_METHODS.items():
        if means == wanted:
            return {"merge_method": name}
    raise RefusedError(
        f"`{repo.path}`: gitlab merges with a commit or on top of what is there, one of them must be allowed",
        "write `merge: {commit: true}` or `merge: {rebase: true}`",
    )


def _native(fields: Mapping[str, Any]) -> dict[str, Any]:
    body = {name: fields[name] for name in _PLAIN if name in fields}
    body |= {
        f"{name}_access_level": "enabled" if fields[name] else "disabled"
        for name in _FEATURES
        if name in fields
    }
    if "squash_merge" in fields:
        body["squash_option"] = "default_off" if fields["squash_merge"] else "never"
    if "delete_branch_on_merge" in fields:
        body["remove_source_branch_after_merge"] = fields["delete_branch_on_merge"]
    if "topics" in fields:
        body["topics"] = list(fields["topics"])
    return body


def _repo(action: Action) -> Repo:
    if not isinstance(action.subject, Repo):
        raise TypeError(action.kind)
    return action.subject
