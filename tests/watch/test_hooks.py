"""Only what a forge signed is an event."""

import base64
import hashlib
import hmac
import json

import pytest

from sigctl.watch.hooks import LATE, RefusedDeliveryError, read
from sigctl.watch.store import Store

SECRET, OTHER = "s" * 32, "o" * 32
NOW = 1_800_000_000.0
GITHUB = json.dumps({"action": "edited", "repository": {"full_name": "CentOS/sig-virt-xen"}}).encode()
GITLAB = json.dumps(
    {"object_kind": "push", "project": {"path_with_namespace": "project/sig-virt/xen"}}
).encode()
PAGURE = json.dumps(
    {"topic": "project.edit", "timestamp": int(NOW), "msg": {"project_fullname": "rpms/xen"}}
).encode()


def github(body=GITHUB, secret=SECRET, event="repository"):
    return {
        "x-hub-signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}",
        "x-github-event": event,
    }


def gitlab(body=GITLAB, key=b"s" * 32, at=NOW, id_="msg-1"):
    signed = f"{id_}.{int(at)}.".encode() + body
    value = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return {"webhook-id": id_, "webhook-timestamp": str(int(at)), "webhook-signature": f"v1a,xx v1,{value}"}


def pagure(body=PAGURE, secret=SECRET):
    return {"x-pagure-signature-256": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


RIGHT = [
    ("github", github(), GITHUB, "CentOS/sig-virt-xen"),
    ("gitlab", gitlab(), GITLAB, "project/sig-virt/xen"),
    ("gitlab", {"x-gitlab-token": SECRET}, GITLAB, "project/sig-virt/xen"),
    ("pagure", pagure(), PAGURE, "rpms/xen"),
]


@pytest.mark.parametrize(("kind", "headers", "body", "repo"), RIGHT)
def test_what_is_signed_is_read_whichever_of_the_secrets_it_was(kind, headers, body, repo):
    assert read(kind, headers, body, [OTHER, SECRET], NOW).repo == repo


@pytest.mark.parametrize(("kind", "headers", "body", "repo"), RIGHT)
def test_another_secret_another_body_and_no_signature_are_refused(kind, headers, body, repo):
    for forged in (
        (headers, body, [OTHER]),
        ({}, body, [SECRET]),
        ({**dict.fromkeys(headers, "")}, body, [SECRET]),
        (headers, body, []),
    ):
        with pytest.raises(RefusedDeliveryError):
            read(kind, *forged, NOW)
    if "x-gitlab-token" not in headers:
        with pytest.raises(RefusedDeliveryError, match="signature"):
            read(kind, headers, body.replace(b"xen", b"xem"), [SECRET], NOW)


def test_a_signature_in_another_form_or_with_strange_letters_is_refused():
    for told in ("sha1=abc", "sha256=", "sha256=\xff\u2603", github()["x-hub-signature-256"].upper()):
        with pytest.raises(RefusedDeliveryError):
            read("github", {"x-hub-signature-256": told}, GITHUB, [SECRET], NOW)


@pytest.mark.parametrize("off", [-LATE - 1, LATE + 1])
def test_what_is_too_old_or_from_the_future_is_refused_where_its_time_is_signed(off):
    for kind, headers, body in (("gitlab", gitlab(), GITLAB), ("pagure", pagure(), PAGURE)):
        with pytest.raises(RefusedDeliveryError, match="too old"):
            read(kind, headers, body, [SECRET], NOW + off)
    with pytest.raises(RefusedDeliveryError):
        read("gitlab", {**gitlab(), "webhook-timestamp": str(int(NOW + 1))}, GITLAB, [SECRET], NOW)
    with pytest.raises(RefusedDeliveryError):
        read("gitlab", {**gitlab(), "webhook-id": "other"}, GITLAB, [SECRET], NOW)


def test_a_signing_token_as_gitlab_shows_it_is_understood():
    key = b"0123456789abcdef0123456789abcdef"
    token = "whsec_" + base64.b64encode(key).decode()
    assert read("gitlab", gitlab(key=key), GITLAB, [token], NOW).event == "push"


def test_a_bad_signature_is_not_rescued_by_a_token():
    with pytest.raises(RefusedDeliveryError):
        read("gitlab", {**gitlab(key=b"x"), "x-gitlab-token": SECRET}, GITLAB, [SECRET], NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b"nothing", b"[" * 100_000])
def test_a_body_that_is_no_object_is_refused_even_if_it_is_signed(body):
    with pytest.raises(RefusedDeliveryError):
        read("github", github(body), body, [SECRET], NOW)


def test_an_event_of_an_org_a_team_or_a_new_repository_is_about_no_single_one():
    for event, data in (
        ("organization", {}),
        ("membership", {"repository": {"full_name": "a/b"}}),
        ("repository", {"action": "created", "repository": {"full_name": "a/b"}}),
        ("push", {"repository": {"full_name": 7}}),
    ):
        body = json.dumps(data).encode()
        assert read("github", github(body, event=event), body, [SECRET], NOW).repo == ""


def test_the_same_delivery_is_known_whatever_its_headers_say(tmp_path):
    one = read("github", {**github(), "x-github-delivery": "1"}, GITHUB, [SECRET], NOW)
    other = read("github", {**github(), "x-github-delivery": "2"}, GITHUB, [SECRET], NOW)
    assert one.id == other.id
    assert [Store(tmp_path).first(each.id, NOW) for each in (one, other)] == [True, False]
    assert Store(tmp_path).first(one.id, NOW + 40 * 86_400), "a month is remembered, no more"
