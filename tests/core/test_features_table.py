"""What a forge, a server and another feature leave of the features that are declared: the whole answer, with all that is told of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from worlds import TRAITS

from sigctl.core.features import clashes, within_reach
from sigctl.core.kinds import Features, Label, Repo
from sigctl.core.state import Note, SetAside

HAS = replace(
    TRAITS, features=dict.fromkeys(("repository", "merge_requests", "ci", "wiki", "pages", "forks"), "everyone")
)  # fmt: skip


def has(repo="O/r", **given):
    return Features.of(repo, given)


def reached(wanted, *seen):
    """Return what is left of the features of O/r, what is told, and what is set aside."""
    notes: list[Note] = []
    aside: list[SetAside] = []
    (found,) = within_reach([wanted], seen, HAS, notes, aside, forge="hub")
    return found, notes, aside


def lost(name, plain, where):
    return Note("unsupported", f"features.{name}", f"{plain} is not kept by {where}")


def lowered(name, most, above="repository"):
    text = f"{name} of O/r goes down to `{most}`, since {above} does: none may be more open than it"
    return Note("rounded", "O/r", text)


def too_open(name, plain, now, most):
    reason = f"{plain} for `{now}` is more than repository, which is `{most}` there"
    hint = f"declare `features: {{repository: {now}}}` too, or less of {name}"
    return SetAside("O/r", reason, "hub", "", hint)


LEFT = {
    "all, where nothing is known of the repository": (has(ci="off"), None, has(ci="off"), [], []),
    "all that the server tells of": (has(ci="off"), has(ci="members"), has(ci="off"), [], []),
    "not what this kind of forge lacks": (
        has(feature_flags="off", ci="off", models="off"), has(ci="off", models="off"), has(ci="off"),
        [lost("feature_flags", "feature flags", "this forge"), lost("models", "models", "this forge")], [],
    ),
    "not what this server does not tell of": (
        has(forks="off", ci="off"), has(ci="off"), has(ci="off"), [lost("forks", "forks", "this server")], [],
    ),
    "what this server may have, where it tells of nothing": (has(forks="off"), has(), has(forks="off"), [], []),
    "the lower ones come down with the one above": (
        has(repository="members"), has(repository="everyone", ci="everyone", merge_requests="public", wiki="everyone"),
        has(repository="members", ci="members", merge_requests="members"),
        [lowered("merge requests", "members"), lowered("ci", "members")], [],
    ),
    "those that are as low already stay": (
        has(repository="members"), has(repository="everyone", ci="members", merge_requests="off"), has(repository="members"), [], [],
    ),
    "they come down in a new repository, too": (
        has(repository="members", ci="off"), None, has(repository="members", ci="off", merge_requests="members"),
        [lowered("merge requests", "members")], [],
    ),
    "not where the server does not tell what they are": (
        has(repository="members"), has(repository="everyone"), has(repository="members"), [], [],
    ),
    "one that would be more open than the one above is set aside, the other is done": (
        has(merge_requests="everyone", ci="members", wiki="off"), has(repository="members", merge_requests="off", ci="off", wiki="off"),
        has(ci="members", wiki="off"), [], [too_open("merge_requests", "merge requests", "everyone", "members")],
    ),
    "both that would be are set aside": (
        has(merge_requests="everyone", ci="public"), has(repository="members", merge_requests="off", ci="off"),
        has(), [], [too_open("merge_requests", "merge requests", "everyone", "members"), too_open("ci", "ci", "public", "members")],
    ),
    "what is declared above counts, not what is there": (
        has(repository="everyone", ci="everyone"), has(repository="off", ci="off"), has(repository="everyone", ci="everyone"), [], [],
    ),
    "what is there stays where the one above opens": (
        has(repository="everyone"), has(repository="off", ci="off", merge_requests="off"), has(repository="everyone"), [], [],
    ),
    "one of which nothing is known above": (has(ci="public"), has(ci="off"), has(ci="public"), [], []),
    "nothing of one that is lower there already by accident": (
        has(wiki="off"), has(repository="members", ci="off", merge_requests="members", wiki="everyone"), has(wiki="off"), [], [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", LEFT)
def test_of_what_is_declared_is_left(case):
    wanted, there, *found = LEFT[case]
    assert reached(wanted, *([there] if there else [])) == tuple(found)


def test_each_repository_is_held_against_itself_and_all_else_stays():
    wanted = [Repo("O/r"), has(ci="everyone"), has("O/s", ci="everyone"), Label("O/r", "bug")]
    seen = [Repo("O/r"), has("O/s", repository="members", ci="off"), has(repository="everyone", ci="off")]
    notes: list[Note] = []
    aside: list[SetAside] = []
    found = within_reach(wanted, seen, HAS, notes, aside, forge="hub")
    assert found == [Repo("O/r"), has(ci="everyone"), has("O/s"), Label("O/r", "bug")]
    assert (notes, aside) == ([], [replace(too_open("ci", "ci", "everyone", "members"), subject="O/s")])


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, []),
        ({"repository": "members", "ci": "everyone"}, [("ci", "repository")]),
        (
            {"repository": "off", "ci": "members", "merge_requests": "public"},
            [("merge_requests", "repository"), ("ci", "repository")],
        ),
        ({"repository": "members", "ci": "members", "wiki": "everyone"}, []),
        ({"repository": "everyone", "ci": "off"}, []),
        ({"ci": "everyone"}, []),
        ({"repository": "off"}, []),
    ],
)
def test_features_clash_that_are_declared_more_open_than_what_is_declared_above_them(given, found):
    assert clashes(given) == found
