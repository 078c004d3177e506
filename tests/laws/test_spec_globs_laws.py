"""Patterns: what overlaps has a name in common, what covers has all names of the other."""

from __future__ import annotations

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

from sigctl.spec.entries import expand
from sigctl.spec.globs import Prefixes, covers, overlap

patterns = st.text("ab-*", max_size=6)
names = st.text("ab-", max_size=7)


@given(patterns, patterns, st.lists(names, max_size=30))
def test_a_name_that_both_match_makes_them_overlap_and_covering_is_matching_all(
    one: str, other: str, some: list[str]
) -> None:
    for name in some:
        mine, theirs = fnmatchcase(name, one), fnmatchcase(name, other)
        assert overlap(one, other) or not (mine and theirs)
        assert mine or not theirs or not covers(one, other)


@given(patterns, patterns)
def test_what_overlaps_overlaps_both_ways_and_what_covers_overlaps(one: str, other: str) -> None:
    assert overlap(one, other) == overlap(other, one)
    assert overlap(one, other) or not covers(one, other)


@given(patterns, names)
def test_against_a_plain_name_both_are_just_matching(pattern: str, name: str) -> None:
    assert overlap(pattern, name) == covers(pattern, name) == fnmatchcase(name, pattern)


@given(patterns)
def test_a_pattern_covers_itself_and_a_star_covers_all(pattern: str) -> None:
    assert covers(pattern, pattern)
    assert covers("*", pattern)


@given(st.lists(patterns, max_size=12), patterns)
def test_the_index_misses_nothing_that_overlaps(many: list[str], pattern: str) -> None:
    index = Prefixes((one, str(n)) for n, one in enumerate(many))
    found = {owner for _, owner in index.near(pattern)}
    assert {str(n) for n, one in enumerate(many) if overlap(one, pattern)} <= found


sigs = st.from_regex(r"[a-z]{1,4}(-[a-z]{1,3})?", fullmatch=True)


@given(sigs, sigs, st.sampled_from(("7", "8s", "10s")))
def test_namespaces_of_two_sigs_meet_only_if_one_name_goes_on_with_a_dash(
    one: str, other: str, release: str
) -> None:
    mine, theirs = (expand(f"c{release}-sig-{name}", (), own=True) for name in (one, other))
    meet = any(overlap(a, b) for a in mine for b in theirs)
    assert meet == (one == other or one.startswith(f"{other}-") or other.startswith(f"{one}-"))
