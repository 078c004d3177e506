"""What an older server does not tell of push rules and approvals: it is named, and no plan has it for ever."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from worlds import TRAITS, desired_of, observation_of

from sigctl.core.kinds import Approvals, BranchRule, Org, PushRules, Repo
from sigctl.core.kinds.checked import PUSH_RULES
from sigctl.core.normalise import normalise
from sigctl.core.state import Note, state
from sigctl.core.told import as_told

TOLD = PushRules("repo", "G/r", member_check=False, commit_message_regex="")
CASES = {
    "what the server tells of stays": ([PushRules("repo", "G/r", member_check=True)], [TOLD], {}, []),
    "what it does not tell of goes, with a note": (
        [PushRules("repo", "G/r", member_check=True, prevent_secrets=True, max_file_size=0)],
        [TOLD],
        {"prevent_secrets": None, "max_file_size": None},
        ["push_rules.prevent_secrets", "push_rules.max_file_size"],
    ),
    "approvals too": (
        [Approvals("G/r", author=False, keep=True)],
        [Approvals("G/r", author=True)],
        {"keep": None},
        ["approvals.keep"],
    ),
    "nothing is said of what was not read": ([PushRules("repo", "G/r", max_file_size=5)], [], {}, []),
    "nor of another one": (
        [PushRules("repo", "G/s", max_file_size=5), Repo("G/r"), Org("G")],
        [TOLD, Repo("G/s")],
        {},
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_terms_that_a_server_keeps(case):
    wanted, seen, lost, subjects = CASES[case]
    notes: list[Note] = []
    first, *others = as_told(wanted, seen, notes)
    asked = {one.name: getattr(wanted[0], one.name) for one in fields(wanted[0])}
    assert first == type(wanted[0])(**(asked | lost))
    assert others == wanted[1:]
    assert [(note.topic, note.subject) for note in notes] == [("unsupported", one) for one in subjects]


def test_the_note_says_what_is_not_kept():
    notes: list[Note] = []
    as_told([PushRules("repo", "G/r", max_file_size=5)], [TOLD], notes)
    assert notes == [
        Note("unsupported", "push_rules.max_file_size", "max file size is not kept by this server")
    ]


def test_a_plan_names_what_the_server_does_not_keep_and_never_has_it():
    wanted = [Repo("O/r"), PushRules("repo", "O/r", member_check=True, max_file_size=5)]
    seen = [Repo("O/r"), PushRules("repo", "O/r", member_check=True)]
    traits = replace(
        TRAITS,
        kinds=TRAITS.kinds | {"push_rules"},
        fields={**TRAITS.fields, "push_rules": frozenset(PUSH_RULES)},
    )
    found = normalise(desired_of(state(wanted)), observation_of(state(seen)), traits)
    assert found.desired[wanted[1].key] == seen[1]
    assert [note.subject for note in found.notes if note.topic == "unsupported"] == [
        "push_rules.max_file_size"
    ]


def test_a_rule_that_the_server_itself_has_made_is_not_compared_and_stands():
    rule = BranchRule("O/r", "c7", push=("level:maintain",), merge=("level:maintain",), force=False)
    traits = replace(TRAITS, kinds=TRAITS.kinds | {"branch_rule"}, rules_open=True)
    found = normalise(desired_of(state([Repo("O/r")])), observation_of(state([Repo("O/r"), rule])), traits)
    assert found.standing == {rule.key: rule}
    assert rule.key not in found.observed
