from dataclasses import replace

import pytest

from sigctl.core.kinds import Grant, Repo, TeamMember
from sigctl.core.plan import Action
from sigctl.watch.causes import Evidence
from sigctl.watch.finding import covered, differences, grouped, histories
from sigctl.watch.modes import Decision, Mode, Modes, decide, to_revert
from sigctl.watch.record import Cause, Entry

DAY = "2026-11-{:02}T00:00:00.000+00:00".format
BY_HAND = Cause("forge", "somebody")
ENTRY = Entry(
    "github",
    "grant",
    "repo:o/r:person:p",
    "virt",
    "p has admin",
    BY_HAND,
    DAY(1),
    DAY(3),
    DAY(9),
    effect="narrows",
)
MODES = Modes(
    Mode("report"),
    {
        "github": {"grants": Mode("grace", 7)},
        "default": {"members": Mode("revert"), "default": Mode("grace", 2)},
    },
)
GRANT = Action("github", "delete", Grant("repo", "o/r", "person:p", "admin"), None)
WIDER = Action("github", "create", None, TeamMember("o/t", "p"))
REVERT = {name: Decision("revert") for name in grouped([GRANT, WIDER])}
EVERYTHING = Modes(Mode("revert"))


@pytest.mark.parametrize(
    ("forge", "kind", "word", "days"),
    [
        ("github", "grant", "grace", 7),
        ("github", "team_member", "revert", 0),
        ("gitlab", "grant", "grace", 2),
        ("gitlab", "history", "report", 0),
        ("github", "person", "report", 0),
    ],
)
def test_the_forges_own_word_goes_before_the_default(forge, kind, word, days):
    assert MODES.of(forge, kind) == Mode(word, days)
    assert Modes().of(forge, kind) == Mode("report")


def test_grace_runs_from_when_the_difference_got_its_form():
    assert decide(ENTRY, MODES, DAY(9)) == Decision("waits", "2026-11-10T00:00:00+00:00")
    assert decide(ENTRY, MODES, DAY(10)).word == "revert"
    assert decide(replace(ENTRY, since=DAY(5)), MODES, DAY(10)).word == "waits"


@pytest.mark.parametrize("why", ["files", "ended", "invitation"])
def test_what_the_files_ask_for_is_not_taken_back_as_somebodys_deed(why):
    assert decide(replace(ENTRY, cause=Cause(why, "")), EVERYTHING, DAY(9)).word == "report"


@pytest.mark.parametrize("effect", ["widens", "neutral"])
def test_at_once_goes_only_what_narrows(effect):
    assert decide(ENTRY, EVERYTHING, DAY(9)).word == "revert"
    assert decide(replace(ENTRY, effect=effect), EVERYTHING, DAY(9)).word == "report"


def test_what_nobody_declared_is_never_taken_back():
    assert decide(replace(ENTRY, weight="told"), EVERYTHING, DAY(9)).word == "report"


def test_only_what_narrows_is_in_the_part_that_is_done_at_once():
    assert to_revert([GRANT, WIDER], REVERT, EVERYTHING)[0] == [GRANT]
    assert to_revert([GRANT, WIDER], REVERT, Modes(Mode("grace", 1)))[0] == [GRANT, WIDER]
    assert to_revert([GRANT, WIDER], {}, EVERYTHING) == ([], {})


def test_what_needs_something_that_is_not_done_is_left_with_its_reason():
    first = Action("github", "create", None, Repo("o/new"))
    second = replace(GRANT, depends=(first.id,))
    chosen, why = to_revert([first, second], REVERT, EVERYTHING)
    assert chosen == []
    assert "needs another change" in why["github", "grant", "repo:o/r:person:p"]


def test_nothing_is_taken_back_inside_an_archive():
    archived, there = Repo("o/r", archived=True), Repo("o/r", archived=False)
    steps = [Action("github", "update", archived, there), GRANT, Action("github", "update", there, archived)]
    chosen, why = to_revert(steps, REVERT, EVERYTHING)
    assert chosen == []
    assert "archived" in why["github", "grant", "repo:o/r:person:p"]


def run(**other):
    usual = {
        "forges": ["github"],
        "sigs": frozenset(),
        "aside": {},
        "histories_read": frozenset({("github", "o/r")}),
        "histories_known": frozenset({("github", "o/r"), ("github", "o/s")}),
    }
    return lambda entry: covered(entry, **(usual | other))


HISTORY = replace(ENTRY, kind="history", key="o/r")


@pytest.mark.parametrize(
    ("entry", "how", "says"),
    [
        (ENTRY, {}, True),
        (ENTRY, {"forges": ["gitlab"]}, False),
        (ENTRY, {"sigs": frozenset({"virt"})}, True),
        (ENTRY, {"sigs": frozenset({"cloud"})}, False),
        (ENTRY, {"aside": {"github": frozenset({"P"})}}, False),
        (ENTRY, {"aside": {"github": frozenset({"q"})}}, True),
        (ENTRY, {"repos": frozenset({("github", "o/r")})}, True),
        (ENTRY, {"repos": frozenset({("github", "o/s")})}, False),
        (ENTRY, {"repos": frozenset({("gitlab", "o/r")})}, False),
        (HISTORY, {}, True),
        (HISTORY, {"histories_read": None}, False),
        (HISTORY, {"histories_read": frozenset()}, False),
        (replace(HISTORY, key="o/gone"), {}, True),
        (replace(ENTRY, kind="person", key="p"), {"repos": frozenset()}, False),
    ],
)
def test_a_run_says_that_something_ended_only_where_it_looked(entry, how, says):
    assert run(**how)(entry) is says


def test_steps_of_one_thing_are_one_difference_and_refs_one_for_each_repository():
    before, middle, after = (
        Repo("o/r", description="a"),
        Repo("o/r", description="b"),
        Repo("o/r", description="b", archived=True),
    )
    steps = [Action("github", "update", before, middle), Action("github", "update", middle, after)]
    found = differences(
        steps, lambda *_: Evidence(), lambda action: str(sorted(action.changed())), lambda *_: before
    )
    assert [(one.kind, one.problem, one.effect) for one in found] == [
        ("repo", "['description']; ['archived']", "narrows")
    ]


def test_a_history_that_goes_on_changing_is_the_same_news():
    from sigctl.core.kinds import Ref  # noqa: PLC0415

    def behind(sha):
        return [
            Action(
                "github",
                "update",
                Ref("o/r", "refs/heads/main", "a" * 40),
                Ref("o/r", "refs/heads/main", sha),
            )
        ]

    one, other = histories(behind("b" * 40), []), histories(behind("c" * 40), [])
    assert one == other
    assert one[0].cause.why == "mirror"
