"""Features of a repository: what a change of them does, when it runs, and what they ask of each other."""

from __future__ import annotations

from typing import Any

import pytest

from sigctl.core.compare import compare
from sigctl.core.kinds import Features, Grant, Key, Repo, from_json, to_json
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import Account, Desired, Observation, Traits, state

TRAITS = Traits(
    kinds=frozenset({"repo", "grant", "features"}),
    fields={"repo": frozenset({"visibility"})},
    team_levels=("read", "write"),
    person_levels=("read", "write"),
    visibilities=("public",),
    nested_orgs=True,
    features=dict.fromkeys(("repository", "merge_requests", "ci", "forks", "pages", "wiki"), "everyone"),
)
PEOPLE = {name: Account(name, 1) for name in "xy"}
OPEN = Policy(max_removals={"default": Limit(percent=100)})


def has(**given: str) -> Features:
    return Features.of("O/a", given)


def plan(
    ours: Features, theirs: Features | None, *, traits: Traits = TRAITS, policy: Policy = OPEN, **more: Any
) -> Any:
    repo = Repo("O/a", visibility="public", filled=True)
    wanted = [Repo("O/a"), ours, *more.get("wanted", ())]
    seen = [repo, *([theirs] if theirs else []), *more.get("seen", ())]
    desired = Desired("f", state(wanted), managed=frozenset({Key("repo", "O/a")}), orgs=frozenset({"O"}))
    return compare(desired, Observation("f", state(seen), PEOPLE), traits, policy).plan


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        ({"ci": "members"}, {"ci": "everyone"}, "widens"),
        ({"ci": "everyone"}, {"ci": "members"}, "narrows"),
        ({"ci": "members"}, {"ci": "off"}, "narrows"),
        ({"pages": "everyone"}, {"pages": "public"}, "widens"),
        ({"ci": "native:odd"}, {"ci": "off"}, "widens"),
        ({"ci": "off", "wiki": "off"}, {"ci": "off", "wiki": "members"}, "widens"),
        ({"ci": "off"}, {"ci": "off"}, "neutral"),
    ],
)
def test_opening_a_feature_widens_and_shutting_it_narrows(
    before: dict[str, str], after: dict[str, str], effect: str
) -> None:
    assert Features.effect(has(**before), has(**after)) == effect


def test_a_new_repository_has_what_everyone_has_so_that_only_less_narrows() -> None:
    assert Features.effect(None, has(ci="everyone")) == "neutral"
    assert Features.effect(None, has(ci="off")) == "narrows"
    assert Features.effect(None, has(pages="public")) == "widens"


def test_what_nobody_declares_is_no_difference_and_stays() -> None:
    found = plan(has(ci="members"), has(ci="members", wiki="off"))
    assert found.actions == ()
    (action,) = plan(has(ci="off"), has(ci="members", wiki="off")).actions
    assert action.after == has(ci="off", wiki="off")
    assert action.changed() == {"access": (["ci=members", "wiki=off"], ["ci=off", "wiki=off"])}


def test_what_shuts_comes_before_anyone_gets_more_and_what_opens_after_whoever_goes_is_out() -> None:
    gone, new = Grant("repo", "O/a", "person:x", "read"), Grant("repo", "O/a", "person:y", "read")
    ours, theirs = has(ci="off", wiki="everyone"), has(ci="everyone", wiki="off")
    actions = plan(ours, theirs, wanted=[new], seen=[gone]).actions
    told = [(a.kind, a.verb, a.effect) for a in actions]
    assert told == [
        ("features", "update", "narrows"),
        ("grant", "create", "widens"),
        ("grant", "delete", "narrows"),
        ("features", "update", "widens"),
    ]
    shut, _, out, opened = actions
    assert shut.after == has(ci="off", wiki="off")
    assert set(opened.depends) >= {shut.id, out.id}, "what fails to shut keeps the rest shut"


def test_merge_requests_and_pipelines_go_down_with_the_repository_and_the_plan_says_so() -> None:
    found = plan(has(repository="members"), has(repository="everyone", merge_requests="everyone", ci="off"))
    (action,) = found.actions
    assert action.after == has(repository="members", merge_requests="members", ci="off")
    assert [n.text for n in found.notes if n.topic == "rounded"] == [
        "merge requests of O/a goes down to `members`, since repository does: none may be more open than it"
    ]


def test_a_feature_that_the_repository_does_not_let_be_so_open_is_set_aside_and_the_rest_is_done() -> None:
    found = plan(has(ci="everyone", wiki="off"), has(repository="members", ci="members", wiki="everyone"))
    (action,) = found.actions
    assert action.after == has(repository="members", ci="members", wiki="off")
    (aside,) = found.quarantined
    assert aside.reason == "ci for `everyone` is more than repository, which is `members` there"
    assert "features: {repository: everyone}" in aside.hint


def test_a_feature_that_the_forge_has_not_is_told_of() -> None:
    found = plan(has(models="off", ci="off"), has(ci="off"))
    assert found.actions == ()
    assert [(n.topic, n.subject) for n in found.notes] == [("unsupported", "features.models")]


def test_a_feature_that_an_older_server_does_not_tell_is_told_of_and_no_difference_for_ever() -> None:
    found = plan(has(forks="off", ci="off"), has(ci="off"))
    assert found.actions == ()
    assert [n.text for n in found.notes if n.topic == "unsupported"] == ["forks is not kept by this server"]


def test_opening_a_history_that_only_members_could_read_is_publishing() -> None:
    policy = Policy(max_removals={"default": Limit(percent=100)}, most={"publish": 0})
    found = plan(has(repository="everyone"), has(repository="members"), policy=policy)
    assert [r.guard for r in found.refusals] == ["publish"]
    assert plan(has(ci="everyone"), has(ci="members"), policy=policy).refusals == ()


def test_it_survives_json() -> None:
    one = has(ci="off", pages="public")
    assert from_json("features", to_json(one)) == one
