"""The sandbox's answers beside those of real GitLab servers, as gitlabracadabra's tests recorded them.

For every kind of exchange: the recorded status, no key that no real server sent, the same type for every key that both have.
`recorded_shapes.json` lists, each with a reason, the keys that came into GitLab after the recordings, and the recorded ones that
the sandbox leaves out.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from gitlab_sdists import unpacked

from sigctl.sandbox import control

LISTED = json.loads((Path(__file__).parent / "recorded_shapes.json").read_text(encoding="utf-8"))
KINDS = {
    "group": ("GET", r"/groups/[^/]+", 200),
    "group created": ("POST", r"/groups", 201),
    "group deleted": ("DELETE", r"/groups/\d+", 202),
    "group missing": ("GET", r"/groups/[^/]+", 404),
    "group shared": ("POST", r"/groups/\d+/share", 201),
    "group unshared": ("DELETE", r"/groups/\d+/share/\d+", 204),
    "group members": ("GET", r"/groups/\d+/members", 200),
    "group member added": ("POST", r"/groups/\d+/members", 201),
    "group member changed": ("PUT", r"/groups/\d+/members/\d+", 200),
    "group member removed": ("DELETE", r"/groups/\d+/members/\d+", 204),
    "namespace": ("GET", r"/namespaces/[^/]+", 200),
    "namespace missing": ("GET", r"/namespaces/[^/]+", 404),
    "project": ("GET", r"/projects/[^/]+", 200),
    "project created": ("POST", r"/projects", 201),
    "project changed": ("PUT", r"/projects/\d+", 200),
    "project missing": ("GET", r"/projects/[^/]+", 404),
    "project deleted": ("DELETE", r"/projects/\d+", 202),
    "project archived": ("POST", r"/projects/\d+/archive", 201),
    "project unarchived": ("POST", r"/projects/\d+/unarchive", 201),
    "project refused": ("PUT", r"/projects/\d+", 400),
    "project shared": ("POST", r"/projects/\d+/share", 201),
    "project unshared": ("DELETE", r"/projects/\d+/share/\d+", 204),
    "project members": ("GET", r"/projects/\d+/members", 200),
    "project member added": ("POST", r"/projects/\d+/members", 201),
    "branches": ("GET", r"/projects/\d+/repository/branches", 200),
    "branch created": ("POST", r"/projects/\d+/repository/branches", 201),
    "branch rules": ("GET", r"/projects/\d+/protected_branches", 200),
    "branch rule made": ("POST", r"/projects/\d+/protected_branches", 201),
    "branch rule removed": ("DELETE", r"/projects/\d+/protected_branches/[^/]+", 204),
    "tag rules": ("GET", r"/projects/\d+/protected_tags", 200),
    "tag rule made": ("POST", r"/projects/\d+/protected_tags", 201),
    "tag rule removed": ("DELETE", r"/projects/\d+/protected_tags/[^/]+", 204),
    "deploy keys": ("GET", r"/projects/\d+/deploy_keys", 200),
    "users by name": ("GET", r"/users", 200),
    "user created": ("POST", r"/users", 201),
    "user blocked": ("POST", r"/users/\d+/block", 201),
    "labels": ("GET", r"/projects/\d+/labels", 200),
    "label made": ("POST", r"/projects/\d+/labels", 201),
    "variable made": ("POST", r"/projects/\d+/variables", 201),
    "variables": ("GET", r"/projects/\d+/variables", 200),
    "webhooks": ("GET", r"/projects/\d+/hooks", 200),
    "webhook made": ("POST", r"/projects/\d+/hooks", 201),
}
ENTITIES = {
    "group": ("group", "group created", "group shared"),
    "member": (
        "group members",
        "group member added",
        "group member changed",
        "project members",
        "project member added",
    ),
    "project": ("project", "project created", "project changed", "project archived", "project unarchived"),
    "branch": ("branches", "branch created"),
    "branch rule": ("branch rules", "branch rule made"),
    "tag rule": ("tag rules", "tag rule made"),
    "user": ("users by name", "user created"),
    "label": ("labels", "label made"),
    "variable": ("variables", "variable made"),
    "webhook": ("webhooks", "webhook made"),
}
"""Kinds of exchanges that show the same thing; each server was recorded in some of them."""
SETUP = ("/projects/3/deploy_keys",)
"""Done without a recording to hold it to."""
Shapes = dict[str, dict[str, set[str]]]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBk8SbGpeM2TCnMR7TFZ4nYiSpCcrS+f0fQIh+zPnTDo test"


class _Loader(yaml.CSafeLoader):
    """Takes words of Python 2 for what they are, and makes no object of any other kind."""


_Loader.add_multi_constructor(
    "tag:yaml.org,2002:python/",
    lambda loader, _, node: loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None,
)


def shape(value: Any, into: dict[str, set[str]], place: str = "") -> None:
    """Note the type of everything in a body under its place, whatever the position in a list."""
    if isinstance(value, dict):
        for key, inner in value.items():
            shape(inner, into, f"{place}.{key}" if place else key)
    elif isinstance(value, list):
        into[place].add("list")
        for inner in value:
            shape(inner, into, place)
    else:
        into[place].add({"NoneType": "null", "float": "int"}.get(type(value).__name__, type(value).__name__))


def kind_of(method: str, path: str, status: int) -> str:
    for kind, (wanted, pattern, expected) in KINDS.items():
        if (method, status) == (wanted, expected) and re.fullmatch(pattern, path):
            return kind
    return ""


@pytest.fixture(scope="module")
def recorded() -> Shapes:
    folder = unpacked("gitlabracadabra", "2.8.1", build_with=("hatchling>=1.29",))
    found: Shapes = {}
    for file in sorted(folder.rglob("fixtures/*.yaml")):
        for one in (yaml.load(file.read_text("utf-8"), _Loader) or {}).get("interactions", ()):
            _, api, path = one["request"]["uri"].partition("/api/v4")
            path = path.partition("?")[0]
            kind = kind_of(one["request"]["method"], path, one["response"]["status"]["code"]) if api else ""
            if kind:
                body = one["response"]["body"].get("string") or ""
                text = body.decode() if isinstance(body, bytes) else body
                shape(json.loads(text) if text else None, found.setdefault(kind, defaultdict(set)))
    return found


@pytest.fixture(scope="module")
def sent(tmp_path_factory) -> Shapes:
    """What the sandbox answers when everything on the list is done to it."""
    found: Shapes = {}
    with control.running(
        tmp_path_factory.mktemp("shapes"), logins=("member1",), forges=("gitlab",)
    ) as sandbox:
        reach = sandbox.document()["forges"]["gitlab"]

        def call(method: str, path: str, /, **data: Any) -> Any:
            headers = {"PRIVATE-TOKEN": reach["token"]}
            url = f"{reach['url']}/api/v4{path}"
            answer = requests.request(method, url, json=data or None, headers=headers, timeout=20)
            kind = kind_of(method, path.partition("?")[0], answer.status_code)
            assert kind or path in SETUP, (method, path, answer.status_code, answer.text)
            body = answer.json() if answer.content else None
            shape(body, found.setdefault(kind or "setup", defaultdict(set)))
            return body

        _do_everything(call)
    return found


def _do_everything(call: Any) -> None:
    group = call("POST", "/groups", name="test", path="test")["id"]
    team = call("POST", "/groups", name="team", path="team")["id"]
    call("GET", "/groups/missing")
    call("GET", "/namespaces/test")
    call("GET", "/namespaces/missing")
    call("GET", "/projects/missing")
    user = call("GET", "/users?username=member1")[0]["id"]
    call("POST", f"/groups/{group}/members", user_id=user, access_level=30)
    call("GET", f"/groups/{group}/members")
    call("PUT", f"/groups/{group}/members/{user}", access_level=40)
    call("DELETE", f"/groups/{group}/members/{user}?skip_subresources=true")
    call("POST", f"/groups/{group}/share", group_id=team, group_access=30, expires_at=None)
    call("GET", f"/groups/{group}")
    call("DELETE", f"/groups/{group}/share/{team}")
    call("POST", "/projects", name="empty", namespace_id=group)
    own = call("POST", "/projects", name="own")["id"]
    call("GET", f"/projects/{own}")
    made = call("POST", "/projects", name="test", namespace_id=group, initialize_with_readme=True)["id"]
    _do_to_project(call, made, user, team)
    call("DELETE", f"/projects/{made}")
    call("DELETE", f"/groups/{group}")
    other = call(
        "POST", "/users", username="create_user", name="x", email="x@example.org", password="P@ssw0rd"
    )["id"]
    call("POST", f"/users/{other}/block")


def _do_to_project(call: Any, project: int, user: int, team: int) -> None:
    base = f"/projects/{project}"
    call("POST", f"{base}/members", user_id=user, access_level=30)
    call("GET", f"{base}/members")
    call("POST", f"{base}/share", group_id=team, group_access=30, expires_at=None)
    call("GET", base)
    call("DELETE", f"{base}/share/{team}")
    call("PUT", base, description="My Description")
    call("PUT", base, visibility="public")
    call("PUT", base, default_branch="not_exists")
    call("GET", f"{base}/repository/branches")
    call("POST", f"{base}/repository/branches", branch="a", ref="main")
    call("GET", f"{base}/protected_branches")
    call("POST", f"{base}/protected_branches", name="develop", push_access_level=0, merge_access_level=30)
    call("DELETE", f"{base}/protected_branches/develop")
    call("POST", f"{base}/protected_tags", name="v1.0", create_access_level=40)
    call("GET", f"{base}/protected_tags")
    call("DELETE", f"{base}/protected_tags/v1.0")
    call("POST", f"{base}/deploy_keys", title="My Key", key=KEY, can_push=True)
    call("GET", f"{base}/deploy_keys")
    call("POST", f"{base}/variables", key="name", value="x")
    call("POST", f"{base}/labels", name="bug", color="#ff0000")
    call("GET", f"{base}/labels")
    call("GET", f"{base}/variables")
    call("POST", f"{base}/hooks", url="http://example.org/hook")
    call("GET", f"{base}/hooks")
    call("POST", f"{base}/archive")
    call("POST", f"{base}/unarchive")


@pytest.mark.judge
def test_every_kind_was_recorded_and_is_answered_with_the_recorded_status(recorded, sent):
    assert set(KINDS) == set(recorded)
    assert set(KINDS) == set(sent) - {"setup"}


def united(shapes: Shapes) -> Shapes:
    """Return the shapes by what they show: the kinds of one entity in one."""
    entity_of = {kind: entity for entity, kinds in ENTITIES.items() for kind in kinds}
    found: Shapes = {}
    for kind in KINDS:
        for place, types in shapes[kind].items():
            found.setdefault(entity_of.get(kind, kind), defaultdict(set))[place] |= types
    return found


@pytest.mark.judge
def test_the_sandbox_sends_no_key_that_no_real_server_sent(recorded, sent):
    real = united(recorded)
    invented = [
        f"{entity}: {place}"
        for entity, places in united(sent).items()
        for place in places
        if place not in real[entity] and not _listed("newer", entity, place)
    ]
    assert not invented, "\n".join(invented)


@pytest.mark.judge
def test_what_both_send_has_the_same_type(recorded, sent):
    real, wrong = united(recorded), {}
    for entity, places in united(sent).items():
        for place, types in places.items():
            known = real[entity].get(place, set()) - {"null"}
            if known and not (types - {"null", "list"}) <= known:
                wrong[f"{entity}: {place}"] = (sorted(types), sorted(known))
    assert not wrong


@pytest.mark.judge
def test_what_real_servers_send_and_the_sandbox_does_not_is_listed(recorded, sent, capsys):
    real, ours = united(recorded), united(sent)
    places = [(entity, place) for entity, found in real.items() for place in found if place]
    missing = [
        f"{entity}: {place}"
        for entity, place in places
        if place not in ours[entity] and not _listed("left out", entity, place)
    ]
    same = sum(place in ours[entity] for entity, place in places)
    with capsys.disabled():
        print(
            f"\nrecorded shapes: {same} of {len(places)} recorded places are answered, in {len(KINDS)} kinds of exchanges"
        )
    assert not missing, "\n".join(missing)


@pytest.mark.judge
def test_no_entry_of_the_list_is_useless(recorded, sent):
    real, ours = united(recorded), united(sent)
    for why, here, there in (("newer", ours, real), ("left out", real, ours)):
        for entry in LISTED[why]:
            for name in entry["places"]:
                used = [
                    place
                    for entity, places in here.items()
                    for place in places
                    if place not in there[entity] and _fits(entry["what"], [name], entity, place)
                ]
                assert used, (why, name)


def _listed(why: str, entity: str, place: str) -> bool:
    return any(_fits(entry["what"], entry["places"], entity, place) for entry in LISTED[why])


def _fits(what: str, places: list[str], entity: str, place: str) -> bool:
    return bool(re.fullmatch(what, entity) and re.fullmatch(rf"(.*\.)?({'|'.join(places)})(\..*)?", place))
