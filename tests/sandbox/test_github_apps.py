"""Apps on the embedded GitHub are as strict as the real ones: signatures, clocks, permissions, orgs, repositories."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from github_client import ORG, Client, github


def pair() -> tuple[str, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()


KEY, PUBLIC = pair()
STRANGER, _ = pair()


@pytest.fixture
def hub(tmp_path):
    with github(tmp_path) as client:
        yield client


def registered(hub: Client, permissions: dict[str, str] | None = None) -> dict[str, Any]:
    return hub.sandbox.forges["github"].add_app("helper", PUBLIC, permissions)


def signed(hub: Client, app: dict[str, Any], key: str = KEY, **claims: Any) -> str:
    now = int(hub.sandbox.clock.time())
    return jwt.encode(
        {"iss": str(app["id"]), "iat": now - 60, "exp": now + 500} | claims, key, algorithm="RS256"
    )


def token(hub: Client, app: dict[str, Any], status: int = 201) -> str:
    number = hub.call(200, "GET", f"{ORG}/installation", who=signed(hub, app))["id"]
    answer = hub.call(status, "POST", f"/app/installations/{number}/access_tokens", who=signed(hub, app))
    return answer.get("token", "")


def test_only_the_app_s_own_key_signs(hub):
    app = registered(hub)
    assert hub.call(200, "GET", "/app", who=signed(hub, app))["slug"] == "helper"
    hub.call(401, "GET", "/app", who=signed(hub, app, STRANGER))
    hub.call(401, "GET", "/app")
    nothing = jwt.encode({"iss": str(app["id"]), "iat": 0, "exp": 9_999_999_999}, "", algorithm="none")
    hub.call(401, "GET", "/app", who=nothing)
    hub.call(404, "GET", "/app", who=signed(hub, {"id": 7}))


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"iat": 0, "exp": 500}, 200),
        ({"exp": 661}, 401),
        ({"exp": -1}, 401),
        ({"iat": 120}, 401),
        ({"iat": 59}, 200),
    ],
)
def test_a_signature_holds_ten_minutes_by_the_sandbox_s_clock(hub, claims, status):
    app = registered(hub)
    clock = hub.sandbox.clock
    clock.advance(3 * 86_400)
    for _ in range(100):  # the limit is to the second, so that only an answer within one says something
        now = int(clock.time())
        who = signed(hub, app, **{name: now + value for name, value in claims.items()})
        found = hub.send("GET", "/app", who=who).status_code
        if int(clock.time()) == now:
            break
    else:
        pytest.fail("no request came and was answered within one second")
    assert found == status


def test_a_token_lasts_an_hour_by_that_clock(hub):
    app = registered(hub)
    hub.sandbox.forges["github"].install_app(app, "CentOS")
    value = token(hub, app)
    hub.call(200, "GET", f"{ORG}/invitations", who=value)
    hub.sandbox.clock.advance(3590)
    hub.call(200, "GET", f"{ORG}/invitations", who=value)
    hub.sandbox.clock.advance(20)
    hub.call(401, "GET", f"{ORG}/invitations", who=value)


def test_a_signature_is_no_token_and_a_token_no_signature(hub):
    app = registered(hub)
    hub.sandbox.forges["github"].install_app(app, "CentOS")
    hub.call(401, "GET", f"{ORG}/invitations", who=signed(hub, app))
    hub.call(401, "GET", "/app", who=token(hub, app))
    hub.call(403, "GET", "/user", who=token(hub, app))


def test_an_app_that_is_not_installed_has_no_token(hub):
    app = registered(hub)
    hub.call(404, "GET", f"{ORG}/installation", who=signed(hub, app))
    assert hub.call(200, "GET", "/app/installations", who=signed(hub, app)) == []


def test_what_is_suspended_gets_no_token_and_the_old_ones_end(hub):
    app = registered(hub)
    forge = hub.sandbox.forges["github"]
    place = forge.install_app(app, "CentOS")
    value = token(hub, app)
    forge.suspend_installation(place)
    hub.call(401, "GET", f"{ORG}/invitations", who=value)
    token(hub, app, 403)
    forge.suspend_installation(place, suspended=False)
    hub.call(200, "GET", f"{ORG}/invitations", who=token(hub, app))


def test_a_permission_that_is_missing_is_403_with_a_header_that_names_it(hub):
    app = registered(hub, {"members": "read", "metadata": "read"})
    hub.sandbox.forges["github"].install_app(app, "CentOS")
    value = token(hub, app)
    answer = hub.send("PUT", f"{ORG}/memberships/member", {"role": "member"}, who=value)
    assert answer.status_code == 403
    assert answer.headers["X-Accepted-GitHub-Permissions"] == "members=write"
    assert answer.json()["message"] == "Resource not accessible by integration"
    hub.call(200, "GET", f"{ORG}/invitations", who=value)


def test_an_app_on_some_repositories_sees_no_other(hub):
    for name in ("seen", "hidden"):
        hub.call(201, "POST", f"{ORG}/repos", {"name": name, "private": True})
    app = registered(hub)
    hub.sandbox.forges["github"].install_app(app, "CentOS", ["seen"])
    value = token(hub, app)
    hub.call(200, "GET", "/repos/CentOS/seen", who=value)
    hub.call(404, "GET", "/repos/CentOS/hidden", who=value)
    assert [one["name"] for one in hub.call(200, "GET", f"{ORG}/repos", who=value)] == ["seen"]


def test_graphql_keeps_to_the_permissions_too(hub):
    hub.join("member")
    app = registered(hub, {"metadata": "read"})
    hub.sandbox.forges["github"].install_app(app, "CentOS")
    answer = hub.query(
        'query { organization(login: "CentOS") { membersWithRole(first: 5) { totalCount } } }',
        who=token(hub, app),
    )
    assert answer["errors"][0]["type"] == "FORBIDDEN"


def test_a_declined_invitation_is_a_failed_one(hub):
    hub.call(200, "PUT", f"{ORG}/memberships/member", {"role": "member"})
    hub.sandbox.forges["github"].decline("CentOS", "member")
    assert hub.call(200, "GET", f"{ORG}/invitations") == []
    (failed,) = hub.call(200, "GET", f"{ORG}/failed_invitations")
    assert failed["login"] == "member"
    assert "declined" in failed["failed_reason"]
    hub.call(404, "PATCH", "/user/memberships/orgs/CentOS", {"state": "active"}, who="member")


def test_the_day_s_invitations_are_counted_whatever_becomes_of_them(tmp_path):
    with github(tmp_path, knobs={"invitations_a_day": 2}) as hub:
        for login in ("member", "second"):
            hub.call(200, "PUT", f"{ORG}/memberships/{login}", {"role": "member"})
        hub.call(204, "DELETE", f"{ORG}/memberships/member")
        refused = hub.call(422, "PUT", f"{ORG}/memberships/third", {"role": "member"})
        assert "invitation rate limit" in refused["errors"][0]["message"]
        hub.call(200, "PUT", f"{ORG}/memberships/second", {"role": "admin"})
        hub.sandbox.clock.advance(86_500)
        hub.call(200, "PUT", f"{ORG}/memberships/third", {"role": "member"})
