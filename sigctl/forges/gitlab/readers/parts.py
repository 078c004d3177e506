"""Labels, deploy keys and webhooks: one request for each project and kind, so only where they are declared."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

from sigctl.core.kinds import DeployKey, Key, Label, Org, Repo, Resource, Webhook
from sigctl.core.kinds.deploykey import bare_key, fingerprint_of
from sigctl.core.kinds.webhook import place_of
from sigctl.core.levels import NATIVE, native
from sigctl.errors import DeniedError, NotThereError, PartialError
from sigctl.forges.apart import Apart
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.graphql import must
from sigctl.forges.gitlab.names import quoted
from sigctl.forges.gitlab.readers import checked

EVENTS = {
    "push": "push",
    "tag": "tag_push",
    "merge_request": "merge_requests",
    "issue": "issues",
    "comment": "note",
    "release": "releases",
    "pipeline": "pipeline",
    "wiki": "wiki_page",
}
"""Our word for what is told -> GitLab's, which ends in `_events`."""
_WORDS = {theirs: ours for ours, theirs in EVENTS.items()}
_END = "_events"


def place(on: str, number: int) -> str:
    """Return where what hangs on a project or a group is."""
    return f"/{'projects' if on == Repo.KIND else 'groups'}/{number}"


def parts(
    ctx: Context,
    asked: Collection[Key],
    projects: Mapping[int, str],
    groups: Mapping[int, str],
    apart: Apart,
) -> list[Resource]:
    """Return what hangs on these projects and groups (number -> path), as far as it is asked for, but for what is set apart."""
    folded = {(one.kind, one.name.casefold()) for one in asked}
    calls: list[tuple[str, Key, Callable[[], list[Resource]]]] = []
    for number, path in projects.items():
        calls += [
            (kind, Key(Repo.KIND, path), partial(read, ctx, number, path))
            for kind, read in ((Label.KIND, _labels), (DeployKey.KIND, _keys))
            if (kind, path.casefold()) in folded
        ]
    for on, things in ((Repo.KIND, projects), (Org.KIND, groups)):
        calls += [
            (Webhook.KIND, Key(on, path), partial(_hooks, ctx, on, number, path))
            for number, path in things.items()
            if (Webhook.KIND, path.casefold()) in folded
        ]
    calls += checked.calls(ctx, asked, projects, groups)
    return [one for found in ctx.client.together([_apart(apart, *one) for one in calls]) for one in found]


def _apart(
    apart: Apart, kind: str, where: Key, read: Callable[[], list[Resource]]
) -> Callable[[], list[Resource]]:
    def run() -> list[Resource]:
        with apart.about(where.name, kind):
            return read()
        return []

    return run if where.kind == Repo.KIND else read


def _labels(ctx: Context, number: int, path: str) -> list[Resource]:
    rows = ctx.client.pages(f"{place(Repo.KIND, number)}/labels")
    return [
        Label(path, row["name"], row["color"].lstrip("#").lower(), row.get("description") or "")
        for row in rows
        if row.get("is_project_label", True)  # those of the groups above are not the project's to change
    ]


def _keys(ctx: Context, number: int, path: str) -> list[Resource]:
    found = []
    for row in ctx.client.pages(f"{place(Repo.KIND, number)}/deploy_keys"):
        key = key_of(path, row)
        ctx.keys[int(must(row, "id", path))] = key.fingerprint
        found.append(key)
    return [*found]


def key_of(path: str, row: Mapping[str, Any]) -> DeployKey:
    """Return the deploy key that REST shows; PartialError for one that is no public key, since it can't be told from others."""
    try:
        text = bare_key(must(row, "key", path))
    except ValueError:
        raise PartialError(f"a deploy key of {path} can't be read") from None
    return DeployKey(path, fingerprint_of(text), bool(row.get("can_push")), row.get("title") or "", text)


def addresses(ctx: Context, on: str, path: str) -> tuple[str, ...]:
    """Return where the webhooks of a project or a group go."""
    rows = ctx.client.pages(f"/{'projects' if on == Repo.KIND else 'groups'}/{quoted(path)}/hooks")
    return tuple(str(row["url"]) for row in rows)


def _hooks(ctx: Context, on: str, number: int, path: str) -> list[Resource]:
    try:
        rows = ctx.client.pages(f"{place(on, number)}/hooks")
    except (NotThereError, DeniedError):
        if on == Repo.KIND:
            raise
        return []  # webhooks of groups belong to paid tiers
    found: dict[Key, Resource] = {}
    for row in rows:
        hook = hook_of(on, path, row)
        found.setdefault(hook.key, hook)
    return list(found.values())


def hook_of(on: str, path: str, row: Mapping[str, Any]) -> Webhook:
    """Return the webhook that REST shows."""
    return Webhook(
        on,
        path,
        place_of(row["url"]),
        events=tuple(sorted(_word(name) for name, told in row.items() if name.endswith(_END) and told)),
        tls=bool(row.get("enable_ssl_verification", True)),
    )


def _word(name: str) -> str:
    theirs = name.removesuffix(_END)
    return _WORDS.get(theirs) or native(theirs)


def switches_of(events: Iterable[str], known: Iterable[str]) -> dict[str, bool]:
    """Return every switch that says what is told: those that are known already, and those that we have words for."""
    told = {f"{EVENTS.get(one) or one.removeprefix(NATIVE)}{_END}" for one in events}
    every = {*(name for name in known if name.endswith(_END)), *(f"{one}{_END}" for one in EVENTS.values())}
    return {name: name in told for name in sorted(every | told)}
