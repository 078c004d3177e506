"""What a change does to people: wider, narrower, or neither; every plan, guard and order rests on it."""

from __future__ import annotations

import pytest

from sigctl.core.kinds import (
    Actions,
    Approvals,
    BranchRule,
    ClassicRule,
    DeployKey,
    Features,
    Grant,
    Membership,
    Org,
    PushRules,
    Repo,
    Security,
    Team,
    TeamMember,
    Webhook,
)
from sigctl.core.kinds.org import opens

W, N, O = "widens", "narrows", "neutral"  # noqa: E741  # a table
BACK = {W: N, N: W, O: O}


def org(**fields):
    return Org("O", **fields)


def actions(**fields):
    return Actions("repo", "O/r", **fields)


def grant(level="write", **fields):
    return Grant("repo", "O/r", "person:p1", level, **fields)


def rule(**fields):
    return BranchRule("O/r", "b", **fields)


def security(**fields):
    return Security("O/r", **fields)


def hook(*events, **fields):
    return Webhook("repo", "O/r", fields.pop("place", "ci.example.org#0"), events, **fields)


def features(*access):
    return Features("O/r", access)


def checked(**fields):
    return PushRules("repo", "O/r", **fields)


WIDER = [
    (org(base_level="none"), org(base_level="read")),
    (org(base_level="read"), org(base_level="write")),
    (org(visibility="private"), org(visibility="internal")),
    (org(visibility="internal"), org(visibility="public")),
    (org(members_create_repos=False), org(members_create_repos=True)),
    (org(two_factor=True), org(two_factor=False)),
    (org(create_repos="none"), org(create_repos="admin")),
    (org(create_repos="admin"), org(create_repos="maintain")),
    (org(create_repos="maintain"), org(create_repos="write")),
    (org(create_groups="admin"), org(create_groups="maintain")),
    (org(protect_default="fully"), org(protect_default="started")),
    (org(protect_default="started"), org(protect_default="partly")),
    (org(protect_default="partly"), org(protect_default="none")),
    (org(fork_private=False), org(fork_private=True)),
    (org(share_outside=False), org(share_outside=True)),
    (org(deploy_keys=False), org(deploy_keys=True)),
    (org(members_create=("private",)), org(members_create=("private", "public"))),
    (actions(enabled=False), actions(enabled=True)),
    (actions(allowed="local"), actions(allowed="selected")),
    (actions(allowed="selected"), actions(allowed="all")),
    (actions(allowed="all", patterns=("a",)), actions(allowed="all", patterns=("a", "b"))),
    (actions(allowed="all", permissions="read"), actions(allowed="all", permissions="write")),
    (actions(allowed="all", approve=False), actions(allowed="all", approve=True)),
    (grant("read"), grant("triage")),
    (grant("triage"), grant("write")),
    (grant("maintain"), grant("admin")),
    (grant(branches=("a",)), grant(branches=("a", "b"))),
    (grant(branches=("a",)), grant(branches=())),
    (grant(until="2027-01-01"), grant(until="2027-01-02")),
    (grant(until="2027-01-01"), grant(until="")),
    (Membership("O", "p1", "member"), Membership("O", "p1", "owner")),
    (Repo("O/r", visibility="private"), Repo("O/r", visibility="public")),
    (Repo("O/r", archived=True), Repo("O/r", archived=False)),
    (DeployKey("O/r", "SHA256:a"), DeployKey("O/r", "SHA256:a", write=True)),
    (BranchRule("O/r", "b", push=()), BranchRule("O/r", "b", push=("team:O/t",))),
    (BranchRule("O/r", "b", merge=()), BranchRule("O/r", "b", merge=("team:O/t",))),
    (BranchRule("O/r", "b", create=()), BranchRule("O/r", "b", create=("team:O/t",))),
    (BranchRule("O/r", "b", push=("level:maintain",)), BranchRule("O/r", "b", push=("level:write",))),
    (BranchRule("O/r", "b", push=("team:O/t",)), BranchRule("O/r", "b", push=None)),
    (BranchRule("O/r", "b", force=False), BranchRule("O/r", "b", force=True)),
    (BranchRule("O/r", "b", delete=False), BranchRule("O/r", "b", delete=True)),
    (BranchRule("O/r", "b", reviews=2), BranchRule("O/r", "b", reviews=1)),
    (BranchRule("O/r", "b", checks=("x", "y")), BranchRule("O/r", "b", checks=("x",))),
    (BranchRule("O/r", "b", code_owners=True), BranchRule("O/r", "b", code_owners=False)),
    (rule(reviews=1), rule(reviews=0)),
    (rule(unprotect=("person:p1",)), rule(unprotect=("person:p1", "person:p2"))),
    (rule(push=("level:write",)), rule(push=("level:write", "person:admin"))),
    (Team("O/t"), Team("O/t", parent="O/u")),
    (TeamMember("O/t", "p1"), TeamMember("O/t", "p1", "lead")),
    (hook("push"), hook("push", "tag")),
    (hook("push", active=False), hook("push", active=True)),
    (features("ci=members"), features("ci=everyone")),
    (checked(max_file_size=5), checked(max_file_size=6)),
    (Approvals("O/r", keep=False), Approvals("O/r", keep=True)),
]


@pytest.mark.parametrize(("less", "more"), WIDER)
def test_more_is_wider_and_back_is_narrower(less, more):
    assert type(less).effect(less, more) == W
    assert type(less).effect(more, less) == N
    assert type(less).effect(less, less) == type(less).effect(more, more) != W


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        (None, org(), O),
        (org(), None, N),
        (org(), org(title="other"), O),
        (org(visibility="public", base_level="none"), org(visibility="private", base_level="read"), W),
        (org(create_repos="none", two_factor=False), org(create_repos="admin", two_factor=True), W),
        (org(create_repos="admin"), org(create_repos=None), O),
        (org(create_repos="admin"), org(create_repos="native:7"), W),
        (org(create_repos="native:7"), org(create_repos="none"), W),
        (org(fork_private=True), org(fork_private=None), O),
        (org(members_create=("private",)), org(members_create=None), O),
        (org(members_create=("private",)), org(members_create=()), N),
        (org(members_create=("private", "public")), org(members_create=("internal",)), W),
        (actions(), None, O),
        (None, actions(enabled=True, allowed="all"), O),
        (None, actions(permissions="write"), W),
        (None, actions(permissions="read", approve=True), W),
        (actions(allowed="selected", patterns=("a",)), actions(allowed="selected", patterns=("b",)), W),
        (actions(enabled=False, allowed="all"), actions(enabled=True, allowed="local"), W),
        (actions(allowed="selected"), actions(allowed="native:9"), W),
        (actions(enabled=True, allowed="all"), actions(enabled=True, allowed="all"), O),
        (None, grant("read"), W),
        (grant("read"), None, N),
        (grant("write", until="2027-01-01"), grant("read"), N),
        (grant(branches=("a",)), grant(branches=("b",)), W),
        (grant(branches=("a", "b")), grant(branches=("b",)), N),
        (grant(branches=()), grant(branches=("b",)), N),
        (grant(branches=None), grant(branches=()), O),
        (grant(until=""), grant(until="2027-01-01"), N),
        (None, Membership("O", "p1"), W),
        (Membership("O", "p1"), None, N),
        (Membership("O", "p1", "native:odd"), Membership("O", "p1", "member"), W),
        (None, TeamMember("O/t", "p1"), W),
        (TeamMember("O/t", "p1"), None, N),
        (None, BranchRule("O/r", "b"), N),
        (BranchRule("O/r", "b"), None, W),
        (BranchRule("O/r", "b", push=None), BranchRule("O/r", "b", push=("team:O/t",)), N),
        (BranchRule("O/r", "b", push=("team:O/t",)), BranchRule("O/r", "b", push=("team:O/u",)), W),
        (rule(unprotect=("level:maintain",)), rule(unprotect=("level:maintain", "person:p1")), N),
        (rule(unprotect=("level:write",)), rule(unprotect=None), N),
        (actions(), actions(allowed="selected"), W),
        (actions(enabled="native:selected"), actions(enabled=True), W),
        (actions(enabled="native:selected"), actions(enabled=False), N),
        (
            actions(enabled="native:selected", approve=True),
            actions(enabled="native:selected", approve=False),
            N,
        ),
        (actions(enabled=True), actions(enabled="native:selected"), N),
        (actions(enabled=False), actions(enabled="native:selected"), W),
        (actions(enabled=None), actions(enabled=False), O),
        (actions(enabled=None), actions(enabled=True), W),
        (actions(), actions(allowed="local"), O),
        (actions(allowed="all"), actions(allowed="native:9"), O),
        (None, grant("none"), O),
        (grant("none"), None, O),
        (grant(until=None), grant(until="2027-01-01"), N),
        (Membership("O", "p1"), Membership("O", "p1"), O),
        (Membership("O", "p1"), Membership("O", "p1", "native:odd"), W),
        (TeamMember("O/t", "p1", "lead"), TeamMember("O/t", "p1"), N),
        (TeamMember("O/t", "p1", state="invited"), TeamMember("O/t", "p1"), O),
        (TeamMember("O/t", "p1", "native:10"), TeamMember("O/t", "p1"), W),
        (TeamMember("O/t", "p1", "native:30"), TeamMember("O/t", "p1", "lead"), W),
        (None, Team("O/t", parent="O/u"), O),
        (Team("O/t"), None, N),
        (Team("O/t", parent="O/u"), Team("O/t", parent="O/v"), W),
        (Team("O/t", parent=None), Team("O/t", parent=""), O),
        (Repo("O/r"), None, N),
        (None, Repo("O/r", visibility="public"), W),
        (None, Repo("O/r", visibility="private"), O),
        (Repo("O/r", wiki=True), Repo("O/r", wiki=False), O),
        (Repo("O/r", archived=None), Repo("O/r", archived=False), O),
        (
            Repo("O/r", visibility="public", archived=True),
            Repo("O/r", visibility="private", archived=False),
            N,
        ),
        (ClassicRule("O/r", "b"), None, W),
        (None, ClassicRule("O/r", "b"), N),
        (None, DeployKey("O/r", "SHA256:a"), W),
        (DeployKey("O/r", "SHA256:a"), None, N),
        (DeployKey("O/r", "SHA256:a", title="x"), DeployKey("O/r", "SHA256:a", title="y"), O),
        (None, hook("push"), W),
        (hook("push"), None, N),
        (hook("push", tls=True), hook("push", tls=False), W),
        (hook("push", tls=False), hook("push", tls=True), O),
        (hook("push"), hook("push", place="ci.example.org#1"), W),
        (hook("push", "tag"), hook("tag"), N),
        (hook("push"), hook("tag"), W),
        (hook("push", secured=False), hook("push", secured=True), O),
        (features("ci=off"), None, O),
        (features("ci=everyone"), features("ci=native:odd"), W),
        (features("ci=native:odd"), features("ci=native:even"), W),
        (features("ci=off", "wiki=members"), features("ci=off", "wiki=off"), N),
        (features("pages=a=b"), features("pages=a=b"), O),
        (security(push_protection=True), security(push_protection=False), W),
        (security(push_protection=False), security(push_protection=True), O),
        (
            security(push_protection=True, secret_scanning=False),
            security(push_protection=True, secret_scanning=False),
            O,
        ),
        (security(push_protection=True), security(push_protection=None), O),
        (None, security(push_protection=False), O),
        (security(push_protection=True), None, O),
        (checked(), checked(prevent_secrets=False, max_file_size=0, file_name_regex=""), N),
        (checked(max_file_size=5, member_check=True), checked(max_file_size=None, member_check=None), O),
        (checked(), None, O),
        (Approvals("O/r"), Approvals("O/r", author=True), W),
        (Approvals("O/r"), Approvals("O/r", author=False), N),
        (Approvals("O/r", author=True, keep=False), Approvals("O/r", author=False, keep=True), W),
        (Approvals("O/r", author=True), None, O),
        (None, Approvals("O/r", author=True), O),
    ],
)
def test_what_else_a_change_does(before, after, effect):
    assert type(after or before).effect(before, after) == effect


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        ("private", "private", O),
        ("private", None, O),
        ("private", "internal", W),
        ("public", "internal", N),
        (None, "private", W),
        ("secret", "private", W),
        ("private", "secret", W),
    ],
)
def test_a_visibility_that_is_not_known_may_show_anything(before, after, effect):
    assert opens(before, after) == effect


def test_the_step_between_two_rules_allows_what_both_allow():
    one = BranchRule(
        "O/r", "b", push=("level:write", "team:O/t"), merge=None, create=("team:O/t",), force=True, delete=True,
        reviews=2, checks=("x",), code_owners=True,
    )  # fmt: skip
    other = BranchRule(
        "O/r", "b", push=("level:maintain", "team:O/t", "team:O/u"), merge=("team:O/u",), create=("team:O/u",),
        force=True, delete=False, reviews=1, checks=("y",), code_owners=False,
    )  # fmt: skip
    assert one.narrowed(other) == BranchRule(
        "O/r", "b", push=("level:maintain", "team:O/t"), merge=("team:O/u",), create=(), force=True, delete=False,
        reviews=2, checks=("x", "y"), code_owners=True,
    )  # fmt: skip
    silent = BranchRule("O/r", "b", push=None)
    assert one.narrowed(silent) == BranchRule(
        "O/r", "b", push=one.push, create=("team:O/t",), force=None, delete=None
    )
    kept = BranchRule("O/r", "b", push=(), force=False, delete=False)
    assert silent.narrowed(kept) == kept, "nobody knows what was there"
    asks = BranchRule("O/r", "b", reviews=1, unprotect=("person:p1", "person:p2"))
    more = BranchRule("O/r", "b", reviews=2, unprotect=("person:p1",))
    assert asks.narrowed(more) == more
    assert more.narrowed(asks) == more, "nobody who may not yet take the rule away may do so"
