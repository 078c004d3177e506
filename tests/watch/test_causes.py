from dataclasses import replace

import pytest

from sigctl.core.events import Event
from sigctl.core.kinds import Grant, Key, Membership, Repo, to_json
from sigctl.core.plan import Action
from sigctl.watch.causes import Applied, Commit, Deed, Evidence, cause_of, cause_of_undeclared

WANTED = Repo("o/r", description="the hypervisor", visibility="public")
SEEN = replace(WANTED, description="mine now")
CHANGE = Action("github", "update", SEEN, WANTED)
GRANT = Grant("repo", "o/r", "person:outsider", "admin")
APPLIED = Applied("2026-11-01T00:00:00+00:00", "admin@host", "digest", "c" * 40)
SAME = Evidence(
    applied=APPLIED,
    same_files=True,
    then={WANTED.key: WANTED},
    now={WANTED.key: WANTED},
    silent="it tells nothing",
)


def deed(action, **fields):
    after = to_json(action.after) if action.after else None
    told = {"status": "done", "converged": True} | fields
    return {action.key: (Deed("2026-11-01T00:00:00+00:00", "admin@host", id=action.id, after=after, **told),)}


def test_with_the_files_as_applied_somebody_changed_the_forge():
    cause = cause_of([CHANGE], SAME)
    assert (cause.why, cause.who) == ("forge", "")
    assert "since 2026-11-01" in cause.text
    assert "it tells nothing" in cause.text


def test_the_forges_log_names_who_and_when():
    event = Event(
        "2026-11-03T10:00:00Z", "outsider", "repo.add_member", "o/r", "outsider", frozenset({"grant"})
    )
    other = Event("2026-11-04T10:00:00Z", "member1", "repo.archived", "o/r", "", frozenset({"repo"}))
    cause = cause_of([Action("github", "delete", GRANT, None)], replace(SAME, events=(other, event)))
    assert (cause.why, cause.who, cause.when) == ("forge", "outsider", "2026-11-03T10:00:00Z")


def test_an_event_about_somebody_else_names_nobody():
    event = Event(
        "2026-11-03T10:00:00Z", "member1", "repo.add_member", "o/r", "member2", frozenset({"grant"})
    )
    assert cause_of([Action("github", "delete", GRANT, None)], replace(SAME, events=(event,))).who == ""


def test_what_the_files_said_otherwise_when_they_were_applied_is_not_applied_yet():
    then = {WANTED.key: replace(WANTED, description="older")}
    known = replace(SAME, same_files=False, then=then, commits=(Commit("a" * 40, "member1", "2026-11-05"),))
    cause = cause_of([CHANGE], known)
    assert (cause.why, cause.who, cause.when) == ("files", "member1", "2026-11-05")
    assert "aaaaaaaaaaaa" in cause.text


def test_a_change_of_the_files_elsewhere_is_no_cause():
    known = replace(SAME, same_files=False, then={WANTED.key: replace(WANTED, visibility="private")})
    assert cause_of([CHANGE], known).why == "forge"


@pytest.mark.parametrize("there", [True, False])
def test_what_came_into_the_files_or_went_out_is_not_applied_yet(there):
    action = Action("github", "create", None, GRANT) if there else Action("github", "delete", GRANT, None)
    states = ({}, {GRANT.key: GRANT})
    known = replace(SAME, same_files=False, then=states[not there], now=states[there])
    assert cause_of([action], known).why == "files"


def test_without_the_older_files_it_is_said_that_nobody_knows():
    assert cause_of([CHANGE], replace(SAME, same_files=False, then=None)).why == "unknown"
    assert cause_of([CHANGE], Evidence()).why == "unknown"


def test_an_until_that_passed_since_is_the_cause():
    known = replace(SAME, earlier={GRANT.key: GRANT})
    assert cause_of([Action("github", "delete", GRANT, None)], known).why == "ended"


def test_what_could_not_be_applied_is_told_with_its_reason():
    cause = cause_of([CHANGE], replace(SAME, deeds=deed(CHANGE, status="failed", why="no such team")))
    assert cause.why == "files"
    assert "no such team" in cause.text


def test_what_was_refused_and_then_done_by_hand_and_found_right_is_no_failure_any_more():
    refused = deed(CHANGE, status="failed", converged=False, why="only the server's admin can")
    later = replace(SAME, deeds=refused, found_right="2026-11-02T00:00:00+00:00")
    assert cause_of([CHANGE], later).why == "forge"
    before = replace(SAME, deeds=refused, found_right="2026-10-31T00:00:00+00:00")
    assert cause_of([CHANGE], before).why == "files"


@pytest.mark.parametrize("seen", ["The Hypervisor ", "the\u00a0hypervisor", "the  hypervisor"])
def test_another_spelling_of_what_was_applied_is_the_forges_own_form(seen):
    action = replace(CHANGE, before=replace(SEEN, description=seen))
    assert cause_of([action], replace(SAME, deeds=deed(CHANGE))).why == "normalised"


def test_what_was_applied_and_read_back_unchanged_is_the_forges_own_form():
    assert cause_of([CHANGE], replace(SAME, deeds=deed(CHANGE, converged=False))).why == "normalised"
    assert cause_of([CHANGE], replace(SAME, deeds=deed(CHANGE, converged=True))).why == "forge"


def test_an_invitation_that_ended_is_the_cause_of_a_missing_member():
    member = Membership("o", "member1")
    event = Event(
        "2026-11-08T00:00:00Z", "", "expired", "o", "member1", frozenset({"membership"}), expired=True
    )
    known = replace(SAME, events=(event,))
    assert cause_of([Action("github", "create", None, member)], known).why == "invitation"
    assert (
        cause_of([Action("github", "create", None, replace(member, login="member2"))], known).why == "forge"
    )


def test_what_nobody_declared_has_its_maker_where_the_forge_tells():
    key = Key("repo", "o/new")
    event = Event("2026-11-08T00:00:00Z", "member1", "repo.create", "o/new", "", frozenset({"repo"}))
    assert cause_of_undeclared(key, Evidence(events=(event,))).who == "member1"
    assert cause_of_undeclared(key, Evidence(silent="no log here")).text.endswith("no log here")
