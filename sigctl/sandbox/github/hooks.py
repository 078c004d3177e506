"""Webhooks of repositories and orgs; their secret is taken and never shown."""

from __future__ import annotations

import re
from typing import Any

from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import ApiError, invalid, not_found
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.store import Document

_REPO, _ORG = "/repos/{owner}/{repo}/hooks", "/orgs/{org}/hooks"
_REPO_SCOPES, _ORG_SCOPES = ("repo", "admin:repo_hook"), ("admin:org_hook",)
HIDDEN = "********"
_EVENTS = frozenset(
    """
    * branch_protection_configuration branch_protection_rule check_run check_suite code_scanning_alert commit_comment create delete
    dependabot_alert deploy_key deployment deployment_status discussion discussion_comment fork gollum issue_comment issues label
    member membership meta milestone org_block organization package page_build project public pull_request pull_request_review
    pull_request_review_comment push registry_package release repository repository_ruleset repository_vulnerability_alert
    secret_scanning_alert security_and_analysis star status team team_add watch workflow_dispatch workflow_job workflow_run
    """.split()  # noqa: SIM905  # words read best as words
)


def _place(call: Call, *, change: bool = False) -> dict[str, int | None]:
    """Return whose hooks the path speaks of; owners and admins only."""
    if "org" in call.params or "org_id" in call.params:
        return {"org": call.owned_org()["id"], "repo": None}
    repo = call.changeable_repo("admin", "Not Found") if change else call.part_of_repo("admin", "Not Found")
    return {"org": None, "repo": repo["id"]}


def _base(call: Call, place: dict[str, int | None]) -> str:
    if place["repo"] is not None:
        return f"{call.base}/repos/{call.state.full_name(call.state.repos[place['repo']])}/hooks"
    return f"{call.base}/orgs/{call.state.accounts[place['org'] or 0]['login']}/hooks"


def _held(call: Call, place: dict[str, int | None]) -> list[Document]:
    name = "repo" if place["repo"] is not None else "org"
    return call.state.hooks.find(name, place[name])


@route("GET", _REPO, "repos/list-webhooks", *_REPO_SCOPES)
@route("GET", _ORG, "orgs/list-webhooks", *_ORG_SCOPES)
def list_hooks(call: Call) -> Reply:
    """List the webhooks."""
    place = _place(call)
    return call.page(_held(call, place), lambda hook: _shown(call, place, hook))


@route("POST", _REPO, "repos/create-webhook", *_REPO_SCOPES)
@route("POST", _ORG, "orgs/create-webhook", *_ORG_SCOPES)
def create_hook(call: Call) -> Reply:
    """Make a webhook; the same address for the same events is refused."""
    place = _place(call, change=True)
    if call.field("name", str, "Hook") not in (None, "web"):
        raise invalid("Hook", "name", "custom", 'The "name" is not a valid service')
    config = {"content_type": "form", "insecure_ssl": "0"} | _config(
        call.field("config", dict, "Hook", required=True)
    )
    if not config.get("url"):
        raise invalid("Hook", "config", "custom", "Config must contain URL for webhooks")
    events = _events(call) or ["push"]
    if any(
        one["config"]["url"] == config["url"] and sorted(one["events"]) == sorted(events)
        for one in _held(call, place)
    ):
        where = "repository" if place["repo"] is not None else "organization"
        raise invalid("Hook", "", "custom", f"Hook already exists on this {where}")
    active = call.field("active", bool, "Hook")
    state = call.state
    made = state.add(state.hooks, **place, active=active is not False, events=events, config=config)
    return Reply(201, _shown(call, place, made))


@route("GET", f"{_REPO}/{{hook_id}}", "repos/get-webhook", *_REPO_SCOPES)
@route("GET", f"{_ORG}/{{hook_id}}", "orgs/get-webhook", *_ORG_SCOPES)
def get_hook(call: Call) -> Reply:
    """Tell of a webhook."""
    place = _place(call)
    return Reply(200, _shown(call, place, _named(call, place)))


@route("PATCH", f"{_REPO}/{{hook_id}}", "repos/update-webhook", *_REPO_SCOPES)
@route("PATCH", f"{_ORG}/{{hook_id}}", "orgs/update-webhook", *_ORG_SCOPES)
def update_hook(call: Call) -> Reply:
    """Change what the body names; a config is replaced whole, and so loses a secret that it does not repeat."""
    place = _place(call, change=True)
    found, changes = _named(call, place), dict[str, Any]()
    if (config := call.field("config", dict, "Hook")) is not None:
        changes["config"] = {"content_type": "form", "insecure_ssl": "0"} | _config(config)
    if (events := _events(call)) is not None:
        changes["events"] = events
    if (active := call.field("active", bool, "Hook")) is not None:
        changes["active"] = active
    return Reply(200, _shown(call, place, call.state.touch(call.state.hooks, found, **changes)))


@route("DELETE", f"{_REPO}/{{hook_id}}", "repos/delete-webhook", *_REPO_SCOPES)
@route("DELETE", f"{_ORG}/{{hook_id}}", "orgs/delete-webhook", *_ORG_SCOPES)
def delete_hook(call: Call) -> Reply:
    """Delete a webhook."""
    call.state.hooks.delete(_named(call, _place(call, change=True))["id"])
    return Reply(NO_CONTENT)


@route("GET", f"{_REPO}/{{hook_id}}/config", "repos/get-webhook-config-for-repo", *_REPO_SCOPES)
@route("GET", f"{_ORG}/{{hook_id}}/config", "orgs/get-webhook-config-for-org", *_ORG_SCOPES)
def get_config(call: Call) -> Reply:
    """Tell the config."""
    return Reply(200, _masked(_named(call, _place(call))))


@route("PATCH", f"{_REPO}/{{hook_id}}/config", "repos/update-webhook-config-for-repo", *_REPO_SCOPES)
@route("PATCH", f"{_ORG}/{{hook_id}}/config", "orgs/update-webhook-config-for-org", *_ORG_SCOPES)
def update_config(call: Call) -> Reply:
    """Change what the body names of the config; the rest stays, the secret too."""
    found = _named(call, _place(call, change=True))
    config = found["config"] | _config(call.json())
    return Reply(200, _masked(call.state.touch(call.state.hooks, found, config=config)))


def _named(call: Call, place: dict[str, int | None]) -> Document:
    number = call.params["hook_id"]
    found = call.state.hooks.get(int(number)) if number.isdecimal() else None
    if found is None or (found["repo"], found["org"]) != (place["repo"], place["org"]):
        raise not_found()
    return found


def _config(given: dict[str, Any]) -> dict[str, Any]:
    found = {
        name: str(given[name])
        for name in ("url", "content_type", "insecure_ssl", "secret")
        if given.get(name) is not None
    }
    if "url" in found and not re.match(r"https?://[^\s/]+", found["url"]):
        raise ApiError(
            422,
            "Validation Failed",
            errors=[{"resource": "Hook", "code": "custom", "message": "url is invalid"}],
        )
    return found


def _events(call: Call) -> list[str] | None:
    events = call.field("events", list, "Hook")
    if events is None:
        return None
    unknown = [event for event in events if event not in _EVENTS]
    if unknown:
        raise invalid("Hook", "events", "custom", f"The event {unknown[0]} is not supported")
    return sorted(set(events))


def _masked(hook: Document) -> dict[str, Any]:
    config = hook["config"]
    return {**config, "secret": HIDDEN} if config.get("secret") else dict(config)


def _shown(call: Call, place: dict[str, int | None], hook: Document) -> dict[str, Any]:
    url = f"{_base(call, place)}/{hook['id']}"
    shown = {
        "type": "Repository" if place["repo"] is not None else "Organization",
        "id": hook["id"],
        "name": "web",
        "active": hook["active"],
        "events": hook["events"],
        "config": _masked(hook),
        "updated_at": hook["updated_at"],
        "created_at": hook["created_at"],
        "url": url,
        "ping_url": f"{url}/pings",
        "deliveries_url": f"{url}/deliveries",
    }
    if place["repo"] is not None:
        shown |= {
            "test_url": f"{url}/tests",
            "last_response": {"code": None, "status": "unused", "message": None},
        }
    return shown
