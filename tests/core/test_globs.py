"""Patterns by example; the laws beside them draw many more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sigctl.core.globs import covers, overlap


@pytest.fixture(autouse=True)
def nothing_is_known() -> Iterator[None]:
    """Let every answer be worked out here: what was asked before is kept otherwise."""
    overlap.cache_clear()
    covers.cache_clear()
    yield
    overlap.cache_clear()
    covers.cache_clear()


TOGETHER = [
    ("", ""),
    ("*", ""),
    ("**", ""),
    ("c7", "c7"),
    ("c7*", "c7"),
    ("c7*", "c7-sig-virt"),
    ("*-xen", "c7-*"),
    ("a*b*c", "ab*bc"),
    ("a*", "*b"),
    ("*a*", "b*"),
    ("a**b", "a*b"),
    ("*ab", "a*b"),
]
APART = [
    ("", "a"),
    ("c7", "c8"),
    ("c7", "c7-"),
    ("c7-*", "c7"),
    ("a*", "b*"),
    ("*a", "*b"),
    ("a*b", "a*c"),
    ("ab*", "a"),
    ("a*b*", "ac"),
    ("*aa", "a"),
]


@pytest.mark.parametrize(("one", "other"), TOGETHER)
def test_there_is_a_name_that_both_match(one: str, other: str) -> None:
    assert overlap(one, other)
    assert overlap(other, one)


@pytest.mark.parametrize(("one", "other"), APART)
def test_there_is_no_name_that_both_match(one: str, other: str) -> None:
    assert not overlap(one, other)
    assert not overlap(other, one)


@pytest.mark.parametrize(
    ("outer", "inner", "whole"),
    [
        ("c7", "c7", True),
        ("c7", "c*", False),
        ("*", "", True),
        ("c7-*", "c7-sig-*", True),
        ("c7-*", "c7", False),
        ("*-xen", "c7-*-xen", True),
        ("*-xen", "c7-*", False),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("a*b*c", "a-b-c", True),
        ("a*b*c", "a-c", False),
        ("a*bb*c", "abbc", True),
        ("a*b*b*c", "a-b-c", False),
        ("*x*y*", "y-x", False),
    ],
)
def test_one_has_all_names_of_the_other(outer: str, inner: str, whole: bool) -> None:  # noqa: FBT001  # a table
    assert covers(outer, inner) is whole
