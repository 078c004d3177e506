"""The instance itself: version, settings, the token in use, namespaces, topics."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.gitlab import levels, params, render
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, invalid, not_found
from sigctl.sandbox.gitlab.world import PLANS
from sigctl.sandbox.store import Document

VERSION = "18.11.2"
REVISION = "5a6b7c8d9e0"
_ANY_SCOPE = ("api", "read_api", "read_user", "read_repository", "write_repository", "ai_features")
_USER_SCOPES = ("api", "read_api", "read_user", "ai_features")
_SETTINGS: dict[str, Any] = {
    "default_projects_limit": 100_000,
    "default_branch_name": None,
    "default_branch_protection": 2,
    "default_project_visibility": "private",
    "default_group_visibility": "private",
    "restricted_visibility_levels": [],
    "deletion_adjourned_period": 30,
    "throttle_authenticated_api_enabled": False,
    "throttle_authenticated_api_requests_per_period": 7200,
    "throttle_authenticated_api_period_in_seconds": 3600,
    "signup_enabled": True,
    "require_two_factor_authentication": False,
    "two_factor_grace_period": 48,
    "can_create_group": True,
}


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    routes.add("GET", "/version", scopes=_USER_SCOPES)(_version)
    routes.add("GET", "/metadata", scopes=_USER_SCOPES)(_metadata)
    routes.add("GET", "/personal_access_tokens/self", scopes=_ANY_SCOPE)(_token)
    routes.add("GET", "/application/settings")(_settings)
    routes.add("PUT", "/application/settings")(_change_settings)
    routes.add("GET", "/application/statistics")(_statistics)
    routes.add("GET", "/license")(_license)
    routes.add("GET", "/namespaces")(_namespaces)
    routes.add("GET", "/namespaces/:id")(_namespace)
    routes.add("GET", "/namespaces/:id/exists")(_namespace_exists)
    routes.add("GET", "/topics", anonymous=True)(_topics)
    routes.add("POST", "/topics")(_add_topic)
    routes.add("POST", "/topics/merge")(_merge_topics)
    routes.add("GET", "/topics/:id", anonymous=True)(_topic)
    routes.add("PUT", "/topics/:id")(_change_topic)
    routes.add("DELETE", "/topics/:id")(_delete_topic)


def _version(call: Call) -> Reply:
    call.me  # noqa: B018  # refuses nobody
    return Reply(
        200, {"version": VERSION if not call.world.enterprise else f"{VERSION}-ee", "revision": REVISION}
    )


def _metadata(call: Call) -> Reply:
    kas = {"enabled": False, "externalUrl": None, "externalK8sProxyUrl": None, "version": None}
    shown = {"version": VERSION, "revision": REVISION, "kas": kas, "enterprise": call.world.enterprise}
    return Reply(200, {**shown, "version": f"{VERSION}-ee" if call.world.enterprise else VERSION})


def _token(call: Call) -> Reply:
    token = call.token or not_found()
    return Reply(
        200,
        {
            "id": token["id"],
            "name": token["name"],
            "revoked": token["revoked"],
            "created_at": token["created_at"],
            "description": None,
            "scopes": token["scopes"],
            "user_id": token["user_id"],
            "last_used_at": call.world.clock.stamp(),
            "active": True,
            "expires_at": token["expires_at"],
        },
    )


def _settings(call: Call) -> Reply:
    call.admin()
    return Reply(200, {"id": 1, **_SETTINGS, **call.world.settings()})


def _change_settings(call: Call) -> Reply:
    call.admin()
    known = {name: value for name, value in call.given.items() if name in _SETTINGS}
    call.world.store.collection("settings").save(call.world.settings(), **known)
    return _settings(call)


def _statistics(call: Call) -> Reply:
    call.admin()
    world = call.world
    counts = {"users": world.users, "groups": world.groups, "projects": world.projects}
    zero = ["forks", "issues", "merge_requests", "notes", "snippets", "ssh_keys", "milestones"]
    shown = dict.fromkeys(zero, "0") | {name: str(len(found)) for name, found in counts.items()}
    return Reply(200, {**shown, "active_users": shown["users"]})


def _license(call: Call) -> Reply:
    call.admin()
    if not call.world.premium or call.world.plans:
        not_found()
    shown = {
        "id": 1,
        "plan": PLANS[call.world.tier],
        "user_limit": 0,
        "active_users": len(call.world.users),
        "expired": False,
    }
    return Reply(200, shown)


def _namespaces(call: Call) -> Reply:
    word = (call.take(None, {"search": params.text}).get("search") or "").lower()
    own = [call.me["namespace_id"]]
    if call.access.is_admin:
        own = [user["namespace_id"] for user in call.world.users]
    ids = own + [group["id"] for group in call.world.groups if call.access.group(group)]
    found = [{"id": id_} for id_ in ids if word in call.world.namespace_path(id_).lower()]
    return call.page(found, lambda one: _shown_namespace(call, one["id"]))


def _shown_namespace(call: Call, id_: int) -> dict[str, Any]:
    world = call.world
    shown = render.namespace(call, id_)
    group = world.groups.get(id_)
    if group is None:
        return shown
    people = {
        m["user_id"]
        for g in [group, *world.below(group)]
        for m in world.members.find("source", ("group", g["id"]))
    }
    count = len(world.projects_in(group, deep=True))
    if world.plans and call.access.group(group) >= levels.OWNER:
        shown = {**shown, "plan": PLANS[world.tier], "trial": False}
    return {
        **shown,
        "members_count_with_descendants": len(people),
        "root_repository_size": 0,
        "projects_count": count,
    }


def _namespace(call: Call) -> Reply:
    found = call.world.namespace(call.args[0])
    group = call.world.groups.get(found)
    if found is None or (group is not None and not call.access.sees_group(group)):
        not_found("Namespace")
    return Reply(200, _shown_namespace(call, found))


def _namespace_exists(call: Call) -> Reply:
    parent = call.take(None, {"parent_id": params.integer}).get("parent_id") or 0
    exists = call.world.taken(parent, call.args[0])
    return Reply(200, {"exists": exists, "suggests": [f"{call.args[0]}1"] if exists else []})


def _show_topic(call: Call, topic: Document) -> dict[str, Any]:
    uses = sum(topic["name"] in project["topics"] for project in call.world.projects)
    shown = {name: topic[name] for name in ("id", "name", "description")}
    return {
        **shown,
        "title": topic["title"] or topic["name"],
        "total_projects_count": uses,
        "organization_id": 1,
        "avatar_url": f"{call.url}/uploads/-/system/topic/{topic['id']}" if topic.get("avatar") else None,
    }


def _topics(call: Call) -> Reply:
    word = (call.take(None, {"search": params.text}).get("search") or "").lower()
    found = [topic for topic in call.world.topics if word in topic["name"].lower()]
    return call.page(found, lambda topic: _show_topic(call, topic))


def _topic(call: Call) -> Reply:
    return Reply(200, _show_topic(call, _found_topic(call)))


def _found_topic(call: Call) -> Document:
    return call.world.topics.get(call.number(0)) or not_found()


def _topic_fields(call: Call) -> dict[str, Any]:
    kinds = {"title": params.text, "description": params.text, "avatar": params.anything}
    asked = call.take(None, kinds)
    if "avatar" in call.files:
        asked["avatar"] = "avatar.png"
    elif "avatar" in asked:
        asked["avatar"] = None
    return asked


def _add_topic(call: Call) -> Reply:
    call.admin()
    name = call.take({"name": params.text})["name"]
    if call.world.topics.one("name", name.lower()):
        invalid("name", "has already been taken")
    fields = {"name": name, "title": None, "description": None, **_topic_fields(call)}
    return Reply(201, _show_topic(call, call.world.topics.add(fields)))


def _change_topic(call: Call) -> Reply:
    call.admin()
    topic = _found_topic(call)
    return Reply(200, _show_topic(call, call.world.topics.save(topic, **_topic_fields(call))))


def _delete_topic(call: Call) -> Reply:
    call.admin()
    call.world.topics.delete(_found_topic(call)["id"])
    return Reply(204)


def _merge_topics(call: Call) -> Reply:
    call.admin()
    asked = call.take({"source_topic_id": params.integer, "target_topic_id": params.integer})
    source, target = (
        call.world.topics.get(asked[f"{end}_topic_id"]) or not_found() for end in ("source", "target")
    )
    for project in call.world.projects:
        if source["name"] in project["topics"]:
            kept = [target["name"] if name == source["name"] else name for name in project["topics"]]
            call.world.projects.save(project, topics=list(dict.fromkeys(kept)))
    call.world.topics.delete(source["id"])
    return Reply(201, _show_topic(call, target))
