"""Terms of repositories in whole plans: shut before anybody comes in, open last; what lies between two; rules that name newcomers."""

from __future__ import annotations

from dataclasses import replace

from sigctl.core.born import open_last
from sigctl.core.diff import diff
from sigctl.core.kinds import Approvals, BranchRule, Features, Grant, PushRules, Repo, Resource
from sigctl.core.order import Order, order
from sigctl.core.plan import Action
from sigctl.core.protected import named_late
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


def test_terms_open_after_the_last_right_that_ends_there() -> None:
    def phase(kind: str, at: int) -> int:
        lost = Action("hub", "delete", Grant("repo", PATH, "person:member1", "write"), None, phase=at)
        opened = Action(
            "hub", "update", Approvals(PATH, author=False), Approvals(PATH, author=True), phase=68
        )
        other = Action(
            "hub",
            "update",
            Approvals("other/xen", author=False),
            Approvals("other/xen", author=True),
            phase=68,
        )
        found = {a.key.name: a.phase for a in open_last([lost, opened, other]) if a.kind == "approvals"}
        return found[PATH if kind == "here" else "other/xen"]

    assert (phase("here", 81), phase("elsewhere", 81)) == (82, 68)
    assert (phase("here", 50), phase("elsewhere", 50)) == (68, 68)


def test_whom_a_rule_names_with_a_right_of_this_plan_is_named_last() -> None:
    own = "level:native:server-admin"
    rule = BranchRule(PATH, "c7", push=("person:old",), unprotect=("level:maintain",))
    wanted = replace(rule, push=(), unprotect=(own, "person:new", "person:reader"))
    seen = {one.key: one for one in (Repo(PATH), rule, Grant("repo", PATH, "person:reader", "read"))}
    assert named_late([(rule, wanted)], seen, own) == [
        (rule, replace(wanted, unprotect=(own,))),
        (replace(wanted, unprotect=(own,)), wanted),
    ]
    there = {**seen, **{one.key: one for one in (Grant("org", "project", "person:new", "maintain"),)}}
    there[Grant("repo", PATH, "person:reader", "read").key] = Grant("repo", PATH, "person:reader", "write")
    assert named_late([(rule, wanted)], there, own) == [(rule, wanted)]
    kept = replace(rule, push=("person:old",), unprotect=(own,))
    assert named_late([(rule, kept)], seen, own) == [(rule, kept)], (
        "whom it names already the server has taken"
    )
    wider = replace(rule, push=("person:new", "person:old"))
    assert named_late([(rule, wider)], seen, own) == [(rule, wider)], "what lets in comes after all rights"


def test_terms_shut_before_rights_on_groups_that_come_early_and_where_the_repository_is_then() -> None:
    new = "sigs/virt/xen"
    seen: tuple[Resource, ...] = (
        Repo(PATH),
        Approvals(PATH, author=True),
        Repo("sigs/virt/there"),
        PushRules("repo", "sigs/virt/there", deny_delete_tag=False),
        Grant("org", "project", "person:member2", "write"),
    )
    wanted: tuple[Resource, ...] = (
        Repo(new, previously=(PATH,)),
        Approvals(new, author=False),
        Repo("sigs/virt/there"),
        PushRules("repo", "sigs/virt/there", deny_delete_tag=True),
        Grant("org", "sigs", "person:member1", "write"),
    )
    found = {(a.verb, a.kind): a for a in planned(wanted, seen).actions}
    move, given = found["move", "repo"], found["create", "grant"]
    for kind, where in (("approvals", PATH), ("push_rules", "repo:sigs/virt/there")):
        action = found["update", kind]
        assert action.key.name == where
        assert action.phase < min(move.phase, given.phase)
