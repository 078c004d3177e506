"""New repositories have their terms before anybody has a right there; terms that change shut first and open last."""

from __future__ import annotations

from sigctl.core.diff import diff
from sigctl.core.kinds import Approvals, Features, Grant, PushRules, Repo, Resource
from sigctl.core.order import Order, order
from sigctl.core.state import Desired

PATH = "project/sig-virt/xen"
NEW = (
    Repo(PATH, visibility="public"),
    Features.of(PATH, {"forks": "off", "pages": "public"}),
    Approvals(PATH, author=False, override=False),
    PushRules("repo", PATH, reject_unsigned_commits=True),
    Grant("repo", PATH, "person:member1", "write"),
)
ONE = (
    Repo(PATH),
    Approvals(PATH, author=True, override=False, keep=True),
    PushRules(
        "repo", PATH, prevent_secrets=True, commit_message_regex="a", file_name_regex="", max_file_size=5
    ),
)
OTHER = (
    Repo(PATH),
    Approvals(PATH, author=False, override=True, keep=True),
    PushRules(
        "repo", PATH, prevent_secrets=False, commit_message_regex="b", file_name_regex="c", max_file_size=9
    ),
    Grant("repo", PATH, "person:member1", "write"),
)


def planned(wanted: tuple[Resource, ...], seen: tuple[Resource, ...] = (), *, filled: bool = False) -> Order:
    ours, theirs = ({one.key: one for one in side} for side in (wanted, seen))
    keys = frozenset(key for key, one in ours.items() if isinstance(one, Repo) and filled)
    return order(
        diff(ours, theirs, Desired("hub", ours)).actions,
        theirs,
        hidden_rules=True,
        rules_open=True,
        filled=keys,
    )


def test_the_terms_of_a_new_repository_come_before_the_rights_there() -> None:
    phases = {action.kind: action.phase for action in planned(NEW).actions if action.verb == "create"}
    assert phases["repo"] < min(phases[kind] for kind in ("features", "approvals", "push_rules"))
    assert max(phases[kind] for kind in ("features", "approvals", "push_rules")) < phases["grant"]
    assert planned(NEW).notes == ()


def test_push_rules_wait_for_a_history_which_they_would_refuse_and_the_plan_names_that() -> None:
    found = planned(NEW, filled=True)
    phases = {action.kind: action.phase for action in found.actions if action.verb == "create"}
    assert phases["approvals"] < phases["grant"] < 70 < phases["push_rules"]
    assert [(note.topic, note.subject) for note in found.notes] == [("moment", PATH)]
    assert "push rules only after its history" in found.notes[0].text


def test_terms_that_change_shut_before_anybody_comes_in_and_open_last() -> None:
    found = [a for a in planned(OTHER, ONE).actions if a.kind in ("approvals", "push_rules", "grant")]
    assert [a.kind for a in found if a.effect == "narrows"] == ["approvals", "push_rules"]
    (grant,) = (a for a in found if a.kind == "grant")
    for action in found:
        if action.kind != "grant":
            assert (action.phase < grant.phase) is (action.effect == "narrows")


def test_between_two_terms_is_what_lets_through_only_what_both_do() -> None:
    _, approvals, rules = ONE
    _, later, stricter, _ = OTHER
    assert isinstance(approvals, Approvals)
    assert isinstance(later, Approvals)
    assert approvals.narrowed(later) == Approvals(PATH, author=False, override=False, keep=True)
    assert isinstance(rules, PushRules)
    assert isinstance(stricter, PushRules)
    assert rules.narrowed(stricter) == PushRules(
        "repo", PATH, prevent_secrets=True, commit_message_regex="a", file_name_regex="c", max_file_size=5
    )
    unlimited = PushRules("repo", PATH, max_file_size=0)
    assert unlimited.narrowed(rules).max_file_size == 5
    assert rules.narrowed(unlimited).max_file_size == 5
    assert PushRules("repo", PATH).narrowed(stricter) == stricter, "nobody knows what was there"
