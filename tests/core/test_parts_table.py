"""When parts of repositories and orgs run, what is told of those that nobody declared, and what one server can't have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.kinds import (
    BranchRule,
    ClassicRule,
    DeployKey,
    Features,
    Key,
    Label,
    Org,
    Properties,
    Repo,
    Security,
    Webhook,
)
from sigctl.core.parts import (
    renewed,
    secrets,
    settle,
    shown_by_hand,
    undeclared,
    within_reach,
    without_labels_of_archives,
)
from sigctl.core.plan import Action
from sigctl.core.state import Desired, Note, Observation, Traits, state

TRAITS = Traits(frozenset(), {}, (), (), ())
REPO, SHOWN = Repo("O/r", visibility="private"), Repo("O/r", visibility="public")
BUG, BLUE = Label("O/r", "bug", "ff0000"), Label("O/r", "bug", "0000ff")
SCAN, SCANS = Security("O/r", secret_scanning=False), Security("O/r", secret_scanning=True)
HOOK = Webhook("repo", "O/r", "h#1", ("push",))
ISSUES = Features("O/r", ("issues=everyone",)), Features("O/r", ("issues=members",))
RULE, OLDER = BranchRule("O/r", "c7", push=()), ClassicRule("O/r", "c7")


def act(before, after, phase, verb="update"):
    verb = "create" if before is None else "delete" if after is None else verb
    return Action("f", verb, before, after, phase=phase)


def defect(phase):
    return act(BUG, replace(BUG, name="defect"), phase, "move")


def of(thing, **fields):
    return replace(thing, **fields)


MADE, MOVED = act(None, REPO, 20), act(Repo("O/old"), REPO, 20, "move")
PHASES = {
    "what hangs on nothing new stays": ([act(BUG, BLUE, 0), act(None, HOOK, 7)], [0, 7]),
    "what is no part stays": ([MADE, act(None, RULE, 3), act(None, Repo("O/s"), 2)], [20, 3, 2]),
    "a part comes after its repository": ([MADE, act(None, BUG, 20), act(None, HOOK, 10)], [20, 21, 21]),
    "a later part stays": ([MADE, act(None, BUG, 25)], [20, 25]),
    "a part of an org comes after it": (
        [act(None, Org("O"), 20), act(None, of(HOOK, on="org", target="O"), 10), act(None, HOOK, 10)],
        [20, 21, 10],
    ),
    "a part comes to where its repository moves": ([MOVED, act(BUG, BLUE, 10)], [20, 21]),
    "terms change where the repository is": (
        [MOVED, act(*ISSUES, 10), act(*ISSUES, 0), act(None, ISSUES[0], 10)],
        [20, 10, 0, 21],
    ),
    "a repository that changes is no new one": ([act(REPO, SHOWN, 20), act(None, BUG, 10)], [20, 10]),
    "security waits until its repository is shown": (
        [act(REPO, SHOWN, 70), act(SCAN, SCANS, 10), act(of(SCAN, repo="O/s"), of(SCANS, repo="O/s"), 10)],
        [70, 71, 10],
    ),
    "and no other part does": ([act(REPO, SHOWN, 70), act(BUG, BLUE, 10)], [70, 10]),
    "security does not wait for other changes": ([act(REPO, SHOWN, 30), act(SCAN, SCANS, 10)], [30, 10]),
    "a rename comes before other changes of it": (
        [defect(55), act(of(BUG, name="defect"), of(BLUE, name="defect"), 12), act(None, of(BUG, name="x"), 12)],
        [30, 31, 12],
    ),
    "a rename comes after the move of its repository": (
        [of(MOVED, phase=40), defect(10), act(of(BUG, name="defect"), of(BLUE, name="defect"), 12)],
        [40, 41, 42],
    ),
    "older protection goes after all rules": ([act(OLDER, None, 10), act(None, RULE, 50)], [60, 50]),
    "and after the last of them": (
        [act(OLDER, None, 10), act(None, RULE, 66), act(None, of(RULE, pattern="c8"), 62)],
        [67, 66, 62],
    ),
    "and looks at no rules of other repositories": (
        [act(OLDER, None, 10), act(None, of(RULE, repo="O/s"), 66)],
        [60, 66],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", PHASES)
def test_it_runs_when(case):
    actions, phases = PHASES[case]
    done = settle(actions, renames=30, classic=60, opening=70)
    assert [a.phase for a in done] == phases
    assert [replace(a, phase=0) for a in done] == [replace(a, phase=0) for a in actions]


@pytest.mark.parametrize("rules", [[], [act(None, RULE, 0)]])
def test_older_protection_never_runs_with_the_first_rules(rules):
    done = settle([act(OLDER, None, 0), *rules], renames=30, classic=0, opening=70)
    assert [a.phase for a in done] == [1, *(0 for _ in rules)]


KEY = DeployKey("O/r", "SHA256:k", title="ci")


def test_all_that_nobody_declared_is_told_of_once_for_each_repository_and_sort():
    seen = state(
        [
            Repo("O/r"),
            BUG,
            of(BUG, name="a"),
            of(HOOK, events=()),
            of(HOOK, place="g#2", events=("push", "tag")),
            KEY,
            of(KEY, fingerprint="SHA256:l", title="", write=True),
            of(BUG, repo="O/s"),
            of(OLDER, terms="1 review"),
        ]
    )
    wanted = state([Repo("O/r"), Repo("O/s")])
    lists = frozenset(Key(kind, path) for kind in ("label", "webhook") for path in ("O/r", "O/s"))
    desired = Desired("f", wanted, sigs={Key("repo", "O/r"): "virt"}, parts=lists)
    assert undeclared(wanted, seen, desired) == [
        Note("undeclared", "O/r", "the branch protection of `c7` (1 review) is not ours: left alone", "f"),
        Note("undeclared", "O/r", "labels that no file declares: a, bug", "f", "virt"),
        Note("undeclared", "O/r", "webhooks that no file declares: g (push, tag), h (nothing)", "f", "virt"),
        Note(
            "undeclared",
            "O/r",
            "deploy keys that no file declares: SHA256:l (may push), ci (reads)",
            "f",
            "virt",
        ),
        Note("undeclared", "O/s", "labels that no file declares: bug", "f"),
    ]


SECRET = of(HOOK, place="h#2", secret="env:HOOK")


def test_secrets_that_can_not_be_compared_are_counted():
    hooks = [HOOK, SECRET, of(SECRET, place="h#3"), of(SECRET, place="h#4", renewed=True), BUG]
    assert list(secrets(state(hooks), "f")) == [
        Note(
            "secret",
            "webhooks",
            "the secrets of 2 webhooks can't be read back, so they are not compared: `--renew-secrets` writes them anew",
            "f",
        )
    ]
    assert list(secrets(state([HOOK, BUG, of(SECRET, renewed=True)]), "f")) == []


def test_on_demand_every_secret_is_written_anew_and_nothing_else():
    desired = Desired("f", state([HOOK, SECRET, BUG]), orgs=frozenset({"O"}))
    assert renewed(desired) == of(desired, state=state([HOOK, of(SECRET, renewed=True), BUG]))


HAND = of(TRAITS, told_only={"org.two_factor": "an owner", "org.title": "an admin", "repo.issues": "a clerk"})
BY_HAND = {
    "what differs": ([Org("O", two_factor=True)], [Org("O", two_factor=False)], ["an owner"]),
    "each field that differs": (
        [Org("O", two_factor=True, title="a")],
        [Org("O", two_factor=False, title="b")],
        ["an owner", "an admin"],
    ),
    "also where the first field is not cared about": (
        [Org("O", title="a")],
        [Org("O", two_factor=False, title="b")],
        ["an admin"],
    ),
    "not what is so": ([Org("O", two_factor=True)], [Org("O", two_factor=True)], []),
    "not what the forge does not tell": ([Org("O", two_factor=True)], [Org("O")], []),
    "not what is only to be made": ([Org("O/new", title="a")], [], []),
}


@pytest.mark.parametrize("case", BY_HAND)
def test_somebody_is_asked_to_set_by_hand(case):
    wanted, seen, asked = BY_HAND[case]
    notes = []
    left = shown_by_hand(wanted, seen, HAND, notes)
    assert notes == [Note("by hand", wanted[0].path, who) for who in asked]
    assert left == [Org(wanted[0].path)]


def test_what_the_api_can_set_is_left_as_it_is():
    wanted, notes = [Org("O", base_level="read"), Repo("O/r", description="x")], []
    assert shown_by_hand(wanted, [Org("O"), Repo("O/r")], HAND, notes) == wanted
    assert shown_by_hand([Org("O", title="a")], [Org("O")], TRAITS, notes) == [Org("O", title="a")]
    assert notes == []


@pytest.mark.parametrize(
    ("ours", "theirs", "shut"),
    [
        (True, False, True),
        (True, None, True),
        (None, True, True),
        (None, False, False),
        (None, None, False),
        (False, True, False),
    ],
)
def test_labels_of_what_is_in_the_archive_are_left_as_they_are(ours, theirs, shut):
    other = [Repo("O/s"), of(BUG, repo="O/s"), HOOK]
    wanted = [Repo("O/r", archived=ours), BUG, *other]
    seen = [*([] if theirs is None else [Repo("O/r", archived=theirs)]), BLUE, *other]
    notes = []
    kept = without_labels_of_archives(wanted, seen, notes)
    if shut:
        assert kept == ([wanted[0], *other], [one for one in seen if one != BLUE])
        assert notes == [Note("archived", "O/r", "O/r is archived: its labels are left as they are")]
    else:
        assert (kept, notes) == ((wanted, seen), [])


@pytest.mark.parametrize(("theirs", "shut"), [(True, True), (False, False)])
def test_labels_of_an_archive_that_moves_are_left_as_they_are(theirs, shut):
    wanted = [Repo("O/r", previously=("O/old",)), BUG]
    seen, notes = [Repo("O/old", archived=theirs), of(BLUE, repo="O/old")], []
    kept = without_labels_of_archives(wanted, seen, notes)
    assert kept == ((wanted[:1], seen[:1]) if shut else (wanted, seen))
    assert len(notes) == int(shut)


def test_nothing_is_told_of_an_archive_without_labels():
    notes = []
    both = [Repo("O/r", archived=True), HOOK, of(BUG, repo="O/s")]
    assert without_labels_of_archives(both, both, notes) == (both, both)
    assert notes == []


def reached(wanted, *capabilities, **needs):
    notes = []
    traits = of(TRAITS, needs=needs)
    return within_reach(
        wanted, traits, Observation("f", {}, capabilities=frozenset(capabilities)), notes
    ), notes


def test_where_a_server_has_nothing_internal_a_repository_is_private_with_the_reason():
    inner = Repo("O/r", visibility="internal")
    group, label = Org("O", visibility="internal"), Label("O/r", "internal")
    wanted = [inner, of(SHOWN, path="O/s"), Repo("O/t"), group, label]
    whys = ("lacks:internal:not in this edition", "lacks:internal:turned off")
    assert reached(wanted, *whys, "other") == (
        [of(inner, visibility="private"), *wanted[1:]],
        [Note("rounded", "O/r", "internal -> private: not in this edition")],
    )
    assert reached(wanted, "other") == (wanted, [])


def test_a_kind_that_this_very_server_lacks_is_left_out_with_the_reason():
    rules = [of(RULE, pattern="c8"), BUG, Org("O")]
    assert reached(rules, "lacks:branch_rule:turned off", "lacks:branch_rule:too old", "other:branch_rule:x") == (
        rules[1:],
        [Note("unsupported", "O/r", "too old")],
    )  # fmt: skip
    assert reached(rules, "lacks:org:not for us") == (rules[:2], [Note("unsupported", "O", "not for us")])


def test_what_a_server_has_to_have_for_a_kind_is_asked_of_it_for_the_org_in_question():
    values, group = Properties("O/sub/r", ("a=1",)), of(HOOK, on="org", target="O")
    needs = {"properties": "properties of {org}", "webhook:org": "premium"}
    wanted = [values, group, HOOK, BUG]
    assert reached(wanted, "properties of O", "premium", **needs) == (wanted, [])
    assert reached(wanted, "properties of O/sub", **needs) == (
        [HOOK, BUG],
        [
            Note(
                "unsupported",
                "O/sub/r",
                "properties can't be had here: that needs properties of O, which the server does not have",
            ),
            Note(
                "unsupported",
                "O",
                "webhook of groups can't be had here: that needs premium, which the server does not have",
            ),
        ],
    )
