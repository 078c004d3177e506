"""What of an observation may be shown to anyone, what a snapshot covers, and how it is written and read."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sigctl.core.kinds import (
    Actions,
    BranchRule,
    DeployKey,
    Grant,
    Key,
    Label,
    Org,
    Repo,
    Team,
    TeamMember,
    Webhook,
)
from sigctl.core.publish import published
from sigctl.core.snapshot import Coverage, Fitted, Seen, Snapshot, fit, plain
from sigctl.core.state import WHOLE_KEYS, Account, Desired, Note, Observation, Unread, state

OPEN, SHUT = Repo("g/open", "ask me@example.org", "public"), Repo("g/shut", visibility="private")
CLOSED, NAMED = Org("g/in", visibility="private"), Repo("g/named", visibility="private")
QUIET = Team("g/quiet", secret=True)
HOOK = Webhook("repo", "g/open", "h#1")
LEFT = "(address left out)"
UNNAMED = "team:(not public)"


def key(*parts):
    return Key(*parts)


def test_what_may_be_shown_to_anyone_is_what_is_public_or_named_in_the_files():
    shown = [
        Org("g", visibility="public"),
        NAMED,
        Grant("repo", "g/named", "person:writer", "write"),
        Grant("repo", "g/open", "person:reader", "read"),
        Team("g/loud"),
        TeamMember("g/loud", "member"),
        replace(HOOK, place="h#2"),
    ]
    left_out = [
        SHUT,
        Grant("repo", "g/shut", "person:hidden", "write"),
        Label("g/shut", "bug"),
        CLOSED,
        Team("g/in/team"),
        TeamMember("g/in/team", "hidden"),
        Repo("g/in/r", visibility="public"),
        Org("g/in/deep", visibility="public"),
        QUIET,
        TeamMember("g/quiet", "hidden"),
        Grant("repo", "g/open", "team:g/quiet", "read"),
        TeamMember("g/loud", "mail@example.org"),
        HOOK,
    ]
    logins = "writer", "reader", "member", "hidden", "asked", "me", "mail@example.org", "nobody"
    accounts = {login: Account(login) for login in logins} | {
        "pinned": Account("pinned", 5),
        "gone": Account("gone", status="missing"),
        "gone@example.org": Account("gone@example.org", status="missing"),
    }
    found = Observation(
        "f",
        state([OPEN, *shown, *left_out]),
        accounts,
        "me",
        frozenset({"tier"}),
        (
            Note("bot", "mail@example.org", "mail@example.org is a bot", "f", "virt"),
            Note("empty", "g/shut", "g/shut is empty"),
            Note("empty", "g/open", "g/open is empty"),
        ),
        7,
        {
            key("repo", "g/open"): Unread("ask me@example.org", "or you@example.org", frozenset({"grant"}), teams=True),
            key("repo", "g/later"): Unread("no answer"),
            key("repo", "g/shut"): Unread("no answer"),
        },
    )  # fmt: skip
    wanted = Desired("f", state([NAMED, replace(HOOK, place="h#2"), Repo("g/later")]), pins={"old": 5})
    coverage = Coverage(orgs=frozenset({"g"}), logins=frozenset({"asked"}))
    told = published(found, wanted, coverage)
    assert told.coverage == replace(coverage, hidden=6)
    assert told.observation == replace(
        found,
        state=state([replace(OPEN, description=f"ask {LEFT}"), *shown]),
        accounts={
            login: accounts[login] for login in ("writer", "reader", "member", "asked", "me", "pinned", "gone")
        },
        notes=(
            Note("bot", LEFT, f"{LEFT} is a bot", "f", "virt"),
            Note("empty", "g/open", "g/open is empty"),
        ),
        unread={
            key("repo", "g/open"): Unread(f"ask {LEFT}", f"or {LEFT}", frozenset({"grant"}), teams=True),
            key("repo", "g/later"): Unread("no answer"),
        },
    )  # fmt: skip


RULE = BranchRule("g/open", "c7", push=("team:g/quiet",), merge=("team:g/quiet", "team:g/loud"), unprotect=())
THEIR_FORK = Repo("g/fork", visibility="public", fork_of="else/where")
NAMING = {
    "a rule that lets in a secret team": (
        RULE,
        replace(RULE, push=(UNNAMED,), merge=(UNNAMED, "team:g/loud")),
    ),
    "a rule that lets in no such team": (replace(RULE, push=(), merge=None), None),
    "a fork of what is hidden": (replace(NAMED, fork_of="g/shut"), NAMED),
    "a fork of what is shown": (replace(NAMED, fork_of="g/open"), None),
    "a hidden fork of what nobody read": (replace(NAMED, fork_of="else/where"), NAMED),
    "a public fork of what nobody read": (THEIR_FORK, None),
    "a public fork of what is hidden": (
        replace(THEIR_FORK, fork_of="g/shut"),
        replace(THEIR_FORK, fork_of=None),
    ),
}


@pytest.mark.parametrize("case", NAMING)
def test_what_is_hidden_is_not_named_elsewhere_either(case):
    one, told = NAMING[case]
    found = Observation("f", state([replace(OPEN, description=None), SHUT, QUIET, Team("g/loud"), one]))
    seen = published(found, Desired("f", state([NAMED])), Coverage())
    assert seen.observation.state[one.key] == (told or one)
    text = json.dumps(Snapshot("", "", {"f": seen}).as_json())
    assert not [hidden for hidden in ("g/shut", "g/quiet") if hidden in text]


TEAM = "team:g/group"
GROUPS = {
    "a private group": ([Org("g/group", visibility="private")], {}, False),
    "a public group": ([Org("g/group", visibility="public")], {}, True),
    "a secret team": ([Team("g/group", secret=True)], {}, False),
    "a team of which nothing is known": ([], {}, False),
    "a team where all are public": ([], {"open_teams": True}, True),
    "one that the files name": ([], {"wanted": [Team("g/group")]}, True),
    "a secret one that they name": ([Team("g/group", secret=True)], {"wanted": [Team("g/group")]}, True),
    "a secret one that they name by its older name": (
        [Team("g/group", secret=True)],
        {"wanted": [Team("g/new", previously=("g/group",))]},
        True,
    ),
    "a private group that they name": ([Org("g/group", visibility="private")], {"wanted": [Org("g/group")]}, True),
    "a group with rights on groups that nobody knows": ([], {"wanted": [Repo("g/group")]}, False),
}  # fmt: skip


@pytest.mark.parametrize("case", GROUPS)
def test_who_has_rights_on_what_is_public_is_told_unless_it_may_be_secret(case):
    seen, how, told = GROUPS[case]
    right, rule = Grant("repo", "g/open", TEAM, "write"), replace(RULE, push=(TEAM,), merge=None)
    public = replace(OPEN, description=None)
    found = Observation("f", state([public, right, rule, *seen]))
    wanted = Desired("f", state(how.get("wanted", [])))
    shown = published(found, wanted, Coverage(), open_teams=how.get("open_teams", False))
    if told:
        assert shown == Seen(found, Coverage())
    else:
        assert shown.observation.state == state([public, replace(rule, push=(UNNAMED,))])
        assert shown.coverage.hidden == 1


def test_what_moves_is_named_by_its_older_name():
    there = state([SHUT, Label("g/shut", "bug")])
    wanted = Desired("f", state([Repo("g/new", previously=("g/shut",))]))
    assert published(Observation("f", there), wanted, Coverage()).observation.state == there


@pytest.mark.parametrize(
    ("subject", "text", "told"),
    [
        ("g/shut", "somebody is invited", False),
        ("f", "g/shut is empty", False),
        ("f", "g/open is empty", True),
    ],
)
def test_no_note_names_what_is_hidden(subject, text, told):
    note = Note("pending", subject, text, "f")
    seen = published(Observation("f", state([OPEN, SHUT]), notes=(note,)), Desired("f", {}), Coverage())
    assert seen.observation.notes == ((note,) if told else ())


def test_what_the_files_name_is_shown_below_a_closed_group_that_they_do_not_name():
    inner = Repo("g/in/r", visibility="private")
    found = Observation(
        "f", state([CLOSED, inner, Label("g/in/r", "bug"), Repo("g/in/s", visibility="private")])
    )
    told = published(found, Desired("f", state([inner])), Coverage())
    assert told.observation.state == state([inner, Label("g/in/r", "bug")])
    assert told.coverage.hidden == 2


def test_of_a_place_with_one_closed_group_only_what_is_below_it_is_hidden():
    """A team member's name begins with the path of the team, and is no thing of its own."""
    found = Observation(
        "f", state([CLOSED, Team("g/in/team"), TeamMember("g/in/team", "a"), Repo("g/inner")])
    )
    told = published(found, Desired("f", {}), Coverage())
    assert (set(told.observation.state), told.coverage.hidden) == ({key("repo", "g/inner")}, 2)


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (OPEN, replace(OPEN, description=f"ask {LEFT}")),
        (Org("g", title="a@b.example of c@d.example"), Org("g", title=f"{LEFT} of {LEFT}")),
        (Repo("g/r", description="at @ most"), Repo("g/r", description="at @ most")),
        (Label("g/r", "a@b.example"), Label("g/r", "a@b.example")),
        (SHUT, SHUT),
    ],
)
def test_addresses_are_left_out_of_what_people_write_freely(one, told):
    assert plain(one) == told


def known(*resources, capabilities=(), **coverage):
    coverage = {
        name: frozenset(found) if isinstance(found, tuple) else found for name, found in coverage.items()
    }
    observation = Observation("f", state(resources), capabilities=frozenset(capabilities))
    return Seen(observation, Coverage(**coverage))


KEY, BUG = DeployKey("g/r", "SHA256:k"), Label("g/r", "bug")
RUNS = Actions("org", "g", enabled=True)
HERE = Repo("g/r")
COVERED = {
    "what is there": (known(HERE), HERE, True),
    "what was not asked for": (known(), HERE, False),
    "a repository that was asked for": (known(repos=("g/r",)), HERE, True),
    "not a team that has the name of such a one": (known(repos=("g/t",)), Team("g/t"), False),
    "a team that was asked for": (known(teams=("g/t",)), Team("g/t"), True),
    "an org that was asked for": (known(orgs=("g",)), Org("g"), True),
    "what is right below a group that was read": (known(orgs=("g",)), HERE, True),
    "what is deep below it": (known(orgs=("g",)), Repo("g/a/b/r"), True),
    "nothing below a group of which only some was read": (known(orgs=("g",), narrow=True), HERE, False),
    "nothing below another group": (known(orgs=("h",)), HERE, False),
    "no labels that were not read": (known(HERE), BUG, False),
    "labels that were read": (known(HERE, parts=("label g/r",)), BUG, True),
    "no labels where keys were read": (known(HERE, parts=("deploy_key g/r",)), BUG, False),
    "no keys that were not read": (known(HERE), KEY, False),
    "keys where all are read": (known(HERE, capabilities=(WHOLE_KEYS,)), KEY, True),
    "no labels where all keys are read": (known(HERE, capabilities=(WHOLE_KEYS,)), BUG, False),
    "no settings of an org that were not read": (known(Org("g")), RUNS, False),
    "parts of what is only to be made": (known(repos=("g/r",)), BUG, True),
    "rights on what is there": (known(HERE), Grant("repo", "g/r", "person:p1", "read"), True),
}


@pytest.mark.parametrize("case", COVERED)
def test_a_snapshot_covers(case):
    seen, one, covered = COVERED[case]
    around = [HERE] if one.inside == HERE.key else [Org("g")] if one.inside == Org("g").key else []
    seen = seen if covered or not around else replace(seen, observation=seen.observation)
    wanted = Desired("f", state([*around, one]), sigs={one.key: "virt"}, pins={"p1": 7})
    found = fit(wanted, seen)
    accounts = {"p1": Account("p1", 7)}
    text = f"{one.key} is not covered by the snapshot: what is there now is unknown"
    assert found == Fitted(
        wanted if covered else replace(wanted, state=state(around)),
        replace(seen.observation, accounts=accounts),
        [
            *([] if covered else [Note("unknown", one.key.name, text, "f", "virt")]),
            Note(
                "unknown",
                "p1",
                "p1 was not looked up for the snapshot: whether there is such an account is unknown",
                "f",
            ),
        ],
    )


def test_what_is_hidden_is_told_of_by_its_number():
    text = "3 things that are neither public nor declared are not told of: what looks new may be one of them"
    assert fit(Desired("f", {}), known(hidden=3)).notes == [Note("unknown", "f", text, "f")]
    assert fit(Desired("f", {}), known()).notes == []


@pytest.mark.parametrize(("fold", "strangers"), [(True, []), (False, ["Member"])])
def test_whether_a_login_was_looked_up_is_asked_in_the_case_that_counts(fold, strangers):
    found = fit(Desired("f", state([TeamMember("g/t", "Member")])), known(logins=("member",)), fold=fold)
    assert list(found.observation.accounts) == strangers
    assert [note.subject for note in found.notes] == strangers


SNAPSHOT = Snapshot(
    "2026-11-22T00:00:00+00:00",
    "c",
    {
        "f": Seen(
            Observation(
                "f",
                state([HERE, BUG]),
                {"p1": Account("p1", 5, "bot", "blocked", "why")},
                "me",
                frozenset({"tier", "a"}),
                (Note("bot", "p1", "text", "f", "virt"),),
                7,
                {
                    key("repo", "g/r"): Unread(
                        "no answer", "ask", frozenset({"grant", "branch_rule"}), teams=True
                    )
                },
            ),
            Coverage(
                orgs=frozenset({"g"}), parts=frozenset({"label g/r", "label g/a"}), narrow=True, hidden=2
            ),
        )
    },
)
WRITTEN = {
    "format": "sigctl/snapshot/1",
    "created": "2026-11-22T00:00:00+00:00",
    "config_digest": "c",
    "forges": {
        "f": {
            "resources": [
                {"kind": "label", "repo": "g/r", "name": "bug"},
                {"kind": "repo", "path": "g/r", "filled": False},
            ],
            "accounts": {
                "p1": {"login": "p1", "id": 5, "kind": "bot", "status": "blocked", "reason": "why"}
            },
            "me": "me",
            "capabilities": ["a", "tier"],
            "notes": [{"topic": "bot", "subject": "p1", "text": "text", "forge": "f", "sig": "virt"}],
            "reads": 7,
            "unread": {
                "g/r": {"reason": "no answer", "hint": "ask", "kinds": ["branch_rule", "grant"], "teams": True}
            },
            "coverage": {
                "orgs": ["g"],
                "teams": [],
                "repos": [],
                "logins": [],
                "parts": ["label g/a", "label g/r"],
                "narrow": True,
                "hidden": 2,
            },
        }
    },
    "unread": [],
}  # fmt: skip


def test_a_snapshot_is_written_as_documented_and_read_again_whole():
    data = json.loads(json.dumps(SNAPSHOT.as_json()))
    assert data == {"digest": SNAPSHOT.digest, **WRITTEN}
    assert Snapshot.parse(data) == SNAPSHOT


@pytest.mark.parametrize("lost", sorted(WRITTEN["forges"]["f"]))
def test_a_snapshot_that_lost_something_is_refused(lost):
    data = json.loads(json.dumps(SNAPSHOT.as_json()))
    del data["forges"]["f"][lost]
    with pytest.raises(ValueError, match=f"not a whole snapshot: '{lost}'"):
        Snapshot.parse(data)
