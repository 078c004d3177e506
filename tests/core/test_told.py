"""What an older server does not tell of push rules and approvals: it is named, and no plan has it for ever."""

from __future__ import annotations

from dataclasses import fields

import pytest

from sigctl.core.kinds import Approvals, Org, PushRules, Repo
from sigctl.core.state import Note
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
