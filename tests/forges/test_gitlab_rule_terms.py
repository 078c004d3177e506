"""What a rule of branches says beside levels on GitLab: who may take it away, approvals, deploy keys; and where a tier lacks it."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
import requests
from gitlab_place import Place

from sigctl.core.kinds import BranchRule, DeployKey, Key
from sigctl.core.kinds.deploykey import fingerprint_of
from sigctl.errors import DeniedError, RefusedError, UnreachableError
from sigctl.forges.base import Scope
from sigctl.sandbox import control

NUMBERS = iter(range(10_000))
ADMIN = "level:native:server-admin"


def public_key(number: int) -> str:
    parts = (b"ssh-ed25519", number.to_bytes(32, "big"))
    blob = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"


def served(folder, tier: int):
    return control.running(
        folder, forges=("gitlab",), logins=("member1", "member2"), knobs={"gitlab_tier": tier}
    )


@pytest.fixture(scope="module")
def sandboxes(tmp_path_factory):
    with (
        served(tmp_path_factory.mktemp("ce"), 0) as community,
        served(tmp_path_factory.mktemp("free"), 1) as free,
        served(tmp_path_factory.mktemp("paid"), 2) as paid,
    ):
        yield {"ce": community, "free": free, "paid": paid}


def _place(sandboxes, tier: str):
    sandboxes[tier].faults.replace([])
    return Place(sandboxes[tier], next(NUMBERS))


@pytest.fixture
def paid(sandboxes):
    yield _place(sandboxes, "paid")
    sandboxes["paid"].faults.replace([])


def api(place, verb, path, body=None, login="sigctl-bot"):
    document = place.sandbox.document()
    project = place.repo.replace("/", "%2F")
    url = f"{document['forges']['gitlab']['url']}/api/v4/projects/{project}{path}"
    headers = {"PRIVATE-TOKEN": document["users"][login]["token"]}
    return requests.request(verb, url, json=body, headers=headers, timeout=30)


def approval_rules(place):
    return {
        row["name"]: (row["approvals_required"], {one["name"] for one in row["protected_branches"]})
        for row in api(place, "GET", "/approval_rules").json()
    }


# -- who may take a rule away ------------------------------------------------------------------------------------------------


def test_who_may_take_a_rule_away_is_kept_changed_in_place_and_enforced(paid):
    chosen = {"unprotect": (ADMIN, "person:member1")}
    first = paid.rule(push=(), merge=(), create=(), **chosen)
    paid.make(first)
    assert paid.rules() == {"c7": first}
    assert paid.rules(narrow=True) == {"c7": first}
    assert api(paid, "DELETE", "/protected_branches/c7", login="member2").status_code in (403, 404)
    after = replace(first, unprotect=("level:maintain", f"team:{paid.team}"))
    paid.do("update", first, after)
    assert paid.rules() == {"c7": after}
    paid.do("update", after, replace(after, unprotect=None, force=True))
    assert paid.rules()["c7"].unprotect == after.unprotect


def test_nobody_makes_or_keeps_a_rule_that_he_could_not_take_away(paid, sandboxes):
    """Maintainers who are not named can neither make such a rule, nor change or take it away."""
    group = paid.top
    document = paid.sandbox.document()
    headers = {"PRIVATE-TOKEN": document["users"]["sigctl-bot"]["token"]}
    url = f"{document['forges']['gitlab']['url']}/api/v4/groups/{group}/members"
    number = paid.sandbox.forges["gitlab"].world.user("member2")["id"]
    assert requests.post(url, json={"user_id": number, "access_level": 40}, headers=headers, timeout=30).ok
    body = {"name": "c9", "allowed_to_unprotect": [{"access_level": 60}]}
    assert api(paid, "POST", "/protected_branches", body, login="member2").status_code == 403
    paid.make(paid.rule("c9", push=(), unprotect=(ADMIN,)))
    for verb in ("PATCH", "DELETE"):
        body = {"allow_force_push": True}
        assert api(paid, verb, "/protected_branches/c9", body, login="member2").status_code == 403
    assert api(paid, "PATCH", "/protected_branches/c9", {"allow_force_push": True}).ok


@pytest.mark.parametrize(
    ("tier", "seen"),
    [("ce", (None, None)), ("free", (None, ("level:maintain",))), ("paid", (0, ("level:maintain",)))],
)
def test_each_edition_tells_what_it_has_and_no_query_asks_for_more(sandboxes, tier, seen):
    place = _place(sandboxes, tier)
    place.make(BranchRule(place.repo, "c7", push=(), merge=(), create=(), force=False, delete=False))
    for narrow in (False, True):
        (rule,) = place.rules(narrow=narrow).values()
        unpaid = {"free": (0, None)[narrow]}.get(tier, seen[0])
        assert (rule.reviews, rule.unprotect) == (unpaid, seen[1])


# -- approvals ---------------------------------------------------------------------------------------------------------------


def test_reviews_are_asked_for_on_the_branches_that_ask_and_on_no_other(paid):
    two = paid.rule("c7", push=(), merge=("level:write",), create=(), reviews=2)
    more = paid.rule("c8*", push=(), merge=("level:write",), create=(), reviews=2)
    none = paid.rule("c9", push=(), merge=("level:write",), create=())
    paid.make(two, more, none)
    expected = {"c7": two, "c8*": more, "c9": none}
    assert paid.rules() == expected
    assert paid.rules(narrow=True) == expected
    assert approval_rules(paid) == {"All Members": (2, {"c7", "c8*"})}
    paid.do("update", two, replace(two, reviews=0))
    assert approval_rules(paid) == {"All Members": (2, {"c8*"})}
    assert paid.rules() == {**expected, "c7": replace(two, reviews=0)}


def test_a_rule_that_goes_takes_its_reviews_with_it_and_leaves_none_behind_for_other_branches(paid):
    two = paid.rule("c7", push=(), merge=(), create=(), reviews=2)
    other = paid.rule("c8", push=(), merge=(), create=())
    paid.make(two, other)
    paid.do("delete", two, None)
    assert approval_rules(paid) == {"All Members": (0, set())}
    assert paid.rules() == {"c8": other}


def test_reviews_for_all_branches_by_hand_are_seen_and_end_where_a_rule_asks_for_none(paid):
    rules = [paid.rule(name, push=(), merge=(), create=()) for name in ("c7", "c8")]
    paid.make(*rules)
    made = api(
        paid, "POST", "/approval_rules", {"name": "x", "approvals_required": 3, "rule_type": "any_approver"}
    )
    assert made.ok
    for narrow in (False, True):
        assert {rule.reviews for rule in paid.rules(narrow=narrow).values()} == {3}
    paid.do("update", replace(rules[0], reviews=3), rules[0])
    assert {name: rule.reviews for name, rule in paid.rules().items()} == {"c7": 0, "c8": 3}
    assert approval_rules(paid) == {"x": (3, {"c8"})}


def test_reviews_for_all_protected_branches_are_seen_too(paid):
    paid.make(paid.rule("c7", push=(), merge=(), create=()))
    body = {
        "name": "x",
        "approvals_required": 1,
        "rule_type": "any_approver",
        "applies_to_all_protected_branches": True,
    }
    assert api(paid, "POST", "/approval_rules", body).ok
    for narrow in (False, True):
        assert paid.rules(narrow=narrow)["c7"].reviews == 1


def test_approval_rules_made_by_hand_stay_and_are_told_of_where_reviews_are_declared(paid):
    rule = paid.rule("c7", push=(), merge=(), create=(), reviews=1)
    paid.make(rule)
    number = paid.sandbox.forges["gitlab"].world.user("sigctl-bot")["id"]
    body = {"name": "release team", "approvals_required": 1, "user_ids": [number], "rule_type": "regular"}
    assert api(paid, "POST", "/approval_rules", body).ok
    for narrow in (False, True):
        scope = Scope(frozenset({paid.top}), repos=frozenset({paid.repo}), rules=(rule,), narrow=narrow)
        seen = paid.gitlab.observe(scope)
        texts = [note.text for note in seen.notes if note.subject == paid.repo]
        assert texts == ["approval rules that somebody made by hand stay: release team (1)"]
        assert seen.state[rule.key] == rule
    assert not [n for n in paid.gitlab.observe(Scope(frozenset({paid.top}))).notes if "by hand" in n.text]


@pytest.mark.parametrize(("tier", "status"), [("ce", 404), ("free", 404)])
def test_reviews_where_the_tier_has_none_are_refused_with_the_ways_out(sandboxes, tier, status):
    place = _place(sandboxes, tier)
    with pytest.raises(RefusedError, match="no approval rules") as caught:
        place.make(BranchRule(place.repo, "c7", push=(), merge=(), create=(), reviews=1))
    assert caught.value.status == status
    assert "merge" in caught.value.hint


@pytest.mark.parametrize(
    ("status", "error"), [(403, DeniedError), (400, RefusedError), (502, UnreachableError)]
)
def test_a_refused_approval_rule_is_a_failed_action_and_the_next_try_mends_it(paid, status, error):
    rule = paid.rule("c7", push=(), merge=(), create=(), reviews=1)
    body = {"message": {"name": ["has already been taken"]}}
    what = {"status": status, "body": body}
    paid.sandbox.faults.replace(
        [{"when": {"method": "POST", "path": "/approval_rules"}, "what": what, "times": 20}]
    )
    with pytest.raises(error):
        paid.make(rule)
    paid.sandbox.faults.replace([])
    assert paid.rules()["c7"].reviews == 0
    paid.make(rule)
    assert paid.rules() == {"c7": rule}


def test_approval_rules_hidden_from_the_token_are_unknown_and_not_none(paid):
    paid.make(paid.rule("c7", push=(), merge=(), create=(), reviews=1))
    what = {"status": 403, "body": {"message": "403 Forbidden"}}
    paid.sandbox.faults.replace(
        [{"when": {"method": "GET", "path": "/approval_rules"}, "what": what, "times": 20}]
    )
    paid.gitlab._context.enterprise = True
    assert paid.rules(narrow=True)["c7"].reviews is None


# -- deploy keys -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tier", ["ce", "free", "paid"])
def test_a_deploy_key_is_let_in_read_back_as_such_and_shut_out_on_every_tier(sandboxes, tier):
    place = _place(sandboxes, tier)
    text = public_key(next(NUMBERS))
    key = DeployKey(place.repo, fingerprint_of(text), write=True, title="carrier", key_text=text)
    place.make(key)
    named = f"deploy_key:{key.fingerprint}"
    push = (named, "level:maintain")
    wanted = place.rule("c7-*", push=push, merge=("level:maintain",), create=push)
    place.make(wanted)
    parts = frozenset({Key("deploy_key", place.repo)})
    for narrow in (False, True):
        seen = place.rules(narrow=narrow, parts=parts)["c7-*"]
        assert (seen.push, seen.create) == (push, push)
    without = replace(wanted, push=("level:maintain",), create=("level:maintain",))
    place.do("update", wanted, without)
    assert place.rules(parts=parts)["c7-*"].push == ("level:maintain",)
    place.do("update", without, wanted)
    assert place.rules(parts=parts)["c7-*"].push == push


@pytest.mark.parametrize("tier", ["ce", "free", "paid"])
def test_a_deploy_key_makes_tags_by_a_rule_on_every_tier_with_or_without_a_level(sandboxes, tier):
    place = _place(sandboxes, tier)
    text = public_key(next(NUMBERS))
    key = DeployKey(place.repo, fingerprint_of(text), write=True, title="carrier", key_text=text)
    place.make(key)
    named = f"deploy_key:{key.fingerprint}"
    parts = frozenset({Key("deploy_key", place.repo)})
    seen = None
    for who in ((named,), (named, "level:maintain"), ("level:maintain",), (named, "level:write"), ()):
        wanted = BranchRule(place.repo, "v*", "tag", push=who, create=who)
        place.do("update" if seen else "create", seen, wanted)
        for narrow in (False, True):
            seen = place.rules(narrow=narrow, parts=parts)["v*"]
            assert (set(seen.push), set(seen.create)) == (set(who), set(who))


def test_a_server_that_drops_the_key_of_a_tag_is_told_of_and_lets_nobody_in_instead(sandboxes):
    """GitLab Free before 18.10 says 201 and makes the rule without the key."""
    place = _place(sandboxes, "ce")
    text = public_key(next(NUMBERS))
    key = DeployKey(place.repo, fingerprint_of(text), write=True, title="carrier", key_text=text)
    place.make(key)
    who = (f"deploy_key:{key.fingerprint}",)
    body = {"name": "v*", "create_access_levels": [{"id": 1, "access_level": 0, "deploy_key_id": None}]}
    what = {"status": 201, "body": body}
    place.sandbox.faults.replace([{"when": {"method": "POST", "path": "/protected_tags"}, "what": what}])
    with pytest.raises(RefusedError, match="only in part") as caught:
        place.make(BranchRule(place.repo, "v*", "tag", push=who, create=who))
    place.sandbox.faults.replace([])
    assert "18.10" in caught.value.hint


def test_levels_are_sent_under_the_name_that_every_edition_reads(sandboxes):
    """The Community Edition reads only keys from the list: a level in there would be dropped without a word."""
    place = _place(sandboxes, "ce")
    listed = {"name": "c9", "allowed_to_push": [{"access_level": 30}], "merge_access_level": 40}
    made = api(place, "POST", "/protected_branches", listed)
    assert [one["access_level"] for one in made.json()["push_access_levels"]] == [40], "as GitLab does"
    tag = api(place, "POST", "/protected_tags", {"name": "w*", "allowed_to_create": [{"access_level": 30}]})
    assert [one["access_level"] for one in tag.json()["create_access_levels"]] == [40]
    missing = {"name": "x*", "allowed_to_create": [{"deploy_key_id": 4711}]}
    assert api(place, "POST", "/protected_tags", missing).status_code == 422


def test_a_key_that_only_reads_or_is_not_there_is_refused_before_a_rule_is_made(paid):
    text = public_key(next(NUMBERS))
    key = DeployKey(paid.repo, fingerprint_of(text), write=False, title="reader", key_text=text)
    rule = paid.rule(push=(f"deploy_key:{key.fingerprint}",), create=None)
    for made in ((), (key,)):
        paid.make(*made)
        with pytest.raises(RefusedError, match="has no deploy key"):
            paid.make(rule)
    assert paid.rules() == {}


def test_an_older_server_that_lets_in_no_key_is_told_of_with_the_version_that_does(sandboxes):
    place = _place(sandboxes, "ce")
    text = public_key(next(NUMBERS))
    key = DeployKey(place.repo, fingerprint_of(text), write=True, title="carrier", key_text=text)
    place.make(key)
    level = {"id": 1, "access_level": 40}
    body = {"id": 1, "name": "c7", "allow_force_push": False}
    body |= {"push_access_levels": [level], "merge_access_levels": [level]}
    what = {"status": 201, "body": body}
    place.sandbox.faults.replace([{"when": {"method": "POST", "path": "/protected_branches"}, "what": what}])
    with pytest.raises(RefusedError, match="only in part") as caught:
        place.make(place.rule(push=(f"deploy_key:{key.fingerprint}",), create=None))
    place.sandbox.faults.replace([])
    assert "18.10" in caught.value.hint


def test_a_key_of_which_nobody_read_what_it_is_keeps_its_number(paid):
    text = public_key(next(NUMBERS))
    key = DeployKey(paid.repo, fingerprint_of(text), write=True, title="carrier", key_text=text)
    named = f"deploy_key:{key.fingerprint}"
    paid.make(key, paid.rule(push=(named,), create=(named,)))
    (subject,) = paid.rules()["c7"].push
    assert subject.removeprefix("deploy_key:").isdecimal()
    paid.do("update", paid.rule(push=(subject,)), paid.rule(push=(subject,), create=None, force=True))
    assert paid.rules()["c7"].push == (subject,)
