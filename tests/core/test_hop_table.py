"""Ends of hops as they are told of, names of refs at the target, and which hops may take refs away there."""

from __future__ import annotations

import pytest

from sigctl.core.history import CARRY, LEAVE, MOVE, REPLICA, START, UPSTREAM, End, Hop, renamed

HERE, THERE = End("g", "O/r"), End(url="https://example.org/r.git")


def test_an_end_is_told_of_by_forge_and_path_or_by_its_address():
    assert (str(HERE), str(THERE)) == ("g:O/r", "https://example.org/r.git")


RULES = (
    ("refs/heads/c7", "refs/heads/seven"),
    ("refs/heads/*-x", "refs/heads/x/*"),
    ("refs/heads/c*", "refs/tags/*"),
)
NAMED = {
    "refs/heads/c7": "refs/heads/seven",
    "refs/heads/c7-x": "refs/heads/x/c7",
    "refs/heads/c8": "refs/tags/8",
    "refs/heads/c*": "refs/tags/*",
    "refs/heads/-x": "refs/heads/x/",
    "refs/heads/x": "refs/heads/x",
    "refs/tags/c7": "refs/tags/c7",
    "refs/tags/c-x": "refs/tags/c-x",
}


@pytest.mark.parametrize("name", NAMED)
def test_a_ref_has_the_name_of_the_first_rule_that_fits(name):
    assert renamed(name, RULES) == NAMED[name]


def test_what_a_pattern_has_before_and_after_its_star_does_not_overlap():
    assert renamed("refs/heads/aba", [("refs/heads/ab*ba", "refs/heads/*")]) == "refs/heads/aba"
    assert renamed("refs/heads/abba", [("refs/heads/ab*ba", "refs/heads/x*y*")]) == "refs/heads/xy*"


TAKES = {
    "nothing is said": ({}, False),
    "what diverged is held": ({"on_divergence": (("*", "hold"),), "delete_refs": (("*", "ignore"),)}, False),
    "what diverged is overwritten": ({"on_divergence": (("x", "hold"), ("*", "overwrite"))}, True),
    "what only the target has is deleted": ({"delete_refs": (("*", "delete"),)}, True),
    **{f"stage {stage}": ({"stage": stage}, False) for stage in (UPSTREAM, START, CARRY, REPLICA)},
    "branches move": ({"stage": MOVE}, True),
    "branches leave": ({"stage": LEAVE}, True),
}


@pytest.mark.parametrize("case", TAKES)
def test_a_hop_may_take_refs_away_at_its_target(case):
    fields, takes = TAKES[case]
    assert Hop("virt", "xen", THERE, HERE, **fields).rewrites is takes
