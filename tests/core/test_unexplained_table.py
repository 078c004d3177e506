"""What of a plan the change of the files explains, thing by thing, and how a refusal names the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.kinds import (
    BranchRule,
    ClassicRule,
    Grant,
    Key,
    Label,
    Membership,
    Org,
    Repo,
    Team,
    TeamMember,
    Webhook,
)
from sigctl.core.plan import Action, Refusal
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import Desired, Note, state
from sigctl.core.unexplained import Before, Folded, differs, judge, unexplained

DAY = "2026-11-20"
ORG, REPO, TEAM = Org("O"), Repo("O/r", description="x"), Team("O/t")
THERE = (ORG, REPO, TEAM)


def files(*more, orgs=("O",), **fields):
    return Desired("f", state([*THERE, *more]), orgs=frozenset(orgs), **fields)


def goes(one):
    return Action("f", "delete", one, None)


PLAIN = files()
BOT = Grant("repo", "O/r", "person:bot", "write", "")
OLD, LABEL = ClassicRule("O/r", "c7"), Label("O/r", "bug")
RULE, HOOK = BranchRule("O/r", "c7"), Webhook("org", "O", "host#12")
WHOLE = frozenset({Key("label", "O/r")})
EXPLAINED = {
    "a right of somebody whom the policy leaves alone no more": (files(left_alone={"bot"}), PLAIN, BOT),
    "a right of somebody whom the policy leaves alone only now": (PLAIN, files(left_alone={"BOT"}), BOT),
    "a right of somebody who is pinned to another account": (files(pins={"bot": 1}), files(pins={"bot": 2}), BOT),
    "a right of somebody who is pinned only now": (PLAIN, files(pins={"bot": 2}), BOT),
    "an older protection, when the files replace such": (PLAIN, files(classic="replace"), OLD),
    "a rule, when the files choose the closest": (PLAIN, files(closest_rules=True), RULE),
    "a repository, when what nobody declared goes": (PLAIN, files(undeclared={"repos": "remove"}), Repo("O/s")),
    "a team, when what nobody declared goes": (PLAIN, files(undeclared={"teams": "remove"}), Team("O/u")),
    "a member, when what nobody declared goes": (PLAIN, files(undeclared={"members": "remove"}), Membership("O", "m")),
    "a repository in an org that is new in the files": (PLAIN, files(orgs=("O", "P")), Repo("P/a/s")),
    "a member of an org that is new in the files": (PLAIN, files(orgs=("O", "P")), Membership("P", "m")),
    "a label, when labels that nobody declared go": (
        files(parts=WHOLE), files(parts=WHOLE, undeclared={"labels": "remove"}), LABEL,
    ),
    "a label, when the files say all labels only now": (PLAIN, files(parts=WHOLE), LABEL),
    "a webhook of an org, when the files say all of them": (PLAIN, files(parts={Key("webhook", "O")}), HOOK),
    "a right in a repository that is managed only now": (PLAIN, files(managed={REPO.key}), BOT),
}  # fmt: skip
NOT_EXPLAINED = {
    "a right of somebody who is left alone all the time": (files(left_alone={"bot"}), files(left_alone={"bot"}), BOT),
    "a right of somebody when another is left alone": (PLAIN, files(left_alone={"other"}), BOT),
    "a right of somebody whose pin stays": (files(pins={"bot": 1}), files(pins={"bot": 1}), BOT),
    "an older protection, while the files stay": (files(classic="replace"), files(classic="replace"), OLD),
    "a right, when older protections are replaced": (PLAIN, files(classic="replace"), BOT),
    "a right, when the files choose the closest rules": (PLAIN, files(closest_rules=True), BOT),
    "a repository, when teams that nobody declared go": (PLAIN, files(undeclared={"teams": "remove"}), Repo("O/s")),
    "a repository, while all that nobody declared goes": (
        files(undeclared={"repos": "remove"}), files(undeclared={"repos": "remove"}), Repo("O/s"),
    ),
    "a repository in an org that was in the files": (PLAIN, files(orgs=("O", "P")), Repo("O/s")),
    "a repository in an org that is in no file": (PLAIN, files(orgs=("O", "P")), Repo("Q/s")),
    "a repository in an org that left the files": (files(orgs=("O", "P")), PLAIN, Repo("P/s")),
    "a label of another repository": (PLAIN, files(parts=WHOLE), Label("O/s", "bug")),
    "a label, when webhooks go": (files(parts=WHOLE), files(parts=WHOLE, undeclared={"webhooks": "remove"}), LABEL),
    "a label, while labels that nobody declared go": (
        files(parts=WHOLE, undeclared={"labels": "remove"}), files(parts=WHOLE, undeclared={"labels": "remove"}), LABEL,
    ),
    "a label, when the files say labels no more": (files(parts=WHOLE), PLAIN, LABEL),
    "a right in a repository that is managed all the time": (files(managed={REPO.key}), files(managed={REPO.key}), BOT),
}  # fmt: skip


@pytest.mark.parametrize("case", EXPLAINED)
def test_the_files_explain_that_it_goes(case):
    before, now, one = EXPLAINED[case]
    assert unexplained([goes(one)], Before(before, DAY), now) == []


@pytest.mark.parametrize("case", NOT_EXPLAINED)
def test_nothing_in_the_files_explains_that_it_goes(case):
    before, now, one = NOT_EXPLAINED[case]
    assert unexplained([goes(one)], Before(before, DAY), now) == [goes(one)]


def test_what_is_there_by_the_files_is_not_explained_by_a_change_of_what_nobody_declared():
    step = Action("f", "update", replace(REPO, description="y"), REPO)
    assert unexplained([step], Before(PLAIN, DAY), files(undeclared={"repos": "remove"})) == [step]


R, S, T = REPO, replace(REPO, path="O/s"), replace(REPO, path="O/t")
DIFFERS = {
    "one that is new": ([R.key], [], [], [R], True),
    "one that is gone": ([R.key], ["description"], [R], [], True),
    "a field that is asked for otherwise": ([R.key], ["description"], [R], [replace(R, description="y")], True),
    "not a field that nobody asks about": ([R.key], ["archived"], [R], [replace(R, description="y")], False),
    "any field, where none is named": ([R.key], [], [R], [replace(R, description="y")], True),
    "not one that stayed": ([R.key], [], [R], [R], False),
    "not one that never was": ([R.key], ["description"], [S], [S], False),
    "the second, where the first never was": (
        [R.key, S.key], ["description"], [S], [replace(S, description="y")], True,
    ),
    "the second, where the first stayed": ([T.key, S.key], ["description"], [T, S], [T, replace(S, description="y")], True),
    "not a field that such a thing has not": ([R.key], ["level"], [R], [replace(R, description="y")], False),
    "not for the case of its name": ([Key("repo", "o/R")], [], [R], [R], False),
}  # fmt: skip


@pytest.mark.parametrize("case", DIFFERS)
def test_the_files_ask_for_something_else_of(case):
    keys, fields, then, now, differ = DIFFERS[case]
    assert differs(keys, fields, Folded(state(then)), Folded(state(now))) is differ


def people(count):
    return [TeamMember("O/t", f"p{n}") for n in range(count)]


def refused(count, limit):
    now = files(*people(count))
    comes = [Action("f", "create", None, one, "virt") for one in people(count)]
    return judge(comes, Before(now, DAY), now, Policy(unexplained=Limit(number=limit)))


@pytest.mark.parametrize(("count", "more"), [(5, ""), (6, " ...")])
def test_a_refusal_names_the_first_five_things_and_says_where_there_are_more(count, more):
    keys = [f"team_member O/t:p{n}" for n in range(count)]
    text = f"f: {count} of {3 + count} things would change though the files about them did not since the last apply ({DAY})"
    way = (
        f"`sigctl drift` tells who changed them; if it is meant, `--allow unexplained={count} --reason TEXT`"
    )
    says = f"differs from the files, and nothing in them that is about it has changed since the last apply ({DAY})"
    assert refused(count, 4) == (
        [Refusal("unexplained", count, 4, way, f"{text}: {', '.join(keys[:5])}{more}; at most 4 may")],
        [Note("unexplained", key, f"{key} {says}", "f", "virt") for key in keys],
    )


def test_a_share_says_how_large_a_plan_is_too_large_where_nothing_is_known_of_before():
    many = files(*people(20))
    comes = [Action("f", "create", None, one) for one in people(20)]
    text = (
        "nothing is known here of an apply before, so nothing says which of the 20 changes the files explain: "
        "the guard `unexplained` judges none of them"
    )
    for percent, notes in ((80, [Note("unknown", "f", text, "f")]), (90, [])):
        assert judge(comes, None, many, Policy(unexplained=Limit(percent=percent))) == ([], notes)


def test_a_team_that_is_a_group_is_newly_ours_with_the_rights_on_it():
    right = Grant("org", "O/t", "person:bot", "write", "")
    assert unexplained([goes(right)], Before(PLAIN, DAY), files(managed={TEAM.key})) == []
    before = files(managed={TEAM.key})
    assert unexplained([goes(right)], Before(before, DAY), before) == [goes(right)]
