"""The fast reader and the one that edits agree on what a file means, and on equal keys."""

from __future__ import annotations

import math
import string
from typing import Any

import pytest
import roundtrip
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from sigctl.spec.places import places
from sigctl.spec.yaml12 import parse, plain

WORDS = (
    "no", "yes", "on", "off", "y", "n", "NO", "true", "True", "TRUE", "tRUE", "false", "null", "Null", "NULL", "~", "017", "0o17",
    "0x1F", "1_000", "1e3", "1.", ".5", "+1", "-0", "1:30", "12:30:45", "2027-03-31", "2027-03-31T10:00:00Z", ".inf", "-.INF", ".nan",
    "0b11", "=", "<", "249043822", "00123", "1.2.3", "v1", "a b", "é", "c8s", "1e", "0x", "e1", "+", "-a", ".", "..",
)  # fmt: skip
keys = st.text(string.ascii_lowercase + "0123456789_-", min_size=1, max_size=6)
scalars = st.one_of(
    st.sampled_from(WORDS),
    st.text(string.ascii_letters + "._-", min_size=1, max_size=8).filter(lambda text: text[0] != "-"),
)


def quoted(text: str) -> st.SearchStrategy[str]:
    return st.sampled_from((text, f'"{text}"', f"'{text}'"))


@st.composite
def documents(draw: Any, depth: int = 3, indent: int = 0, *, unique: bool = False) -> str:
    """Return the lines of a block mapping, with flow parts, comments and now and then an equal key."""
    pad = " " * indent
    names = draw(st.lists(keys, min_size=1, max_size=4, unique=unique))
    lines = []
    for name in names:
        shape = draw(
            st.sampled_from(("scalar", "scalar", "map", "list", "flow", "literal") if depth else ("scalar",))
        )
        comment = draw(st.sampled_from(("", "", " # c")))
        key = f"{pad}{name}x:"
        if draw(st.integers(0, 5)) == 0:
            lines.append(f"{pad}# above")
        if shape == "scalar":
            lines.append(f"{key} {draw(scalars.flatmap(quoted))}{comment}")
        elif shape == "map":
            lines += [
                f"{key}{comment}",
                draw(documents(depth - 1, indent + draw(st.sampled_from((1, 2, 4))), unique=unique)),
            ]
        elif shape == "list":
            lines += [
                f"{key}{comment}",
                *(f"{pad}  - {draw(scalars.flatmap(quoted))}" for _ in range(draw(st.integers(1, 3)))),
            ]
        elif shape == "flow":
            inner = ", ".join(
                f"{k}y: {v}"
                for k, v in draw(
                    st.dictionaries(keys, scalars.filter(lambda t: ":" not in t), max_size=3)
                ).items()
            )
            lines.append(f"{key} {{{inner}}}{comment}")
        else:
            lines += [f"{key} |{comment}", f"{pad}   text  # no comment", f"{pad}   more"]
        if draw(st.integers(0, 6)) == 0:
            lines.append("")
    return "\n".join(lines)


def equal(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one):
        return math.isnan(other)
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(equal(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return type(one) is type(other) and bool(one == other)


@given(documents())
def test_both_readers_agree_on_meaning_and_on_equal_keys(text: str) -> None:
    fast, faults = parse(text)
    try:
        slow = roundtrip.meaning(roundtrip.load(text))
    except ValueError:
        assert faults, text
        return
    assert not faults
    assert equal(fast, slow)


OURS_ALONE = {"=", "1_000", "0b11", "2027-03-31", "2027-03-31T10:00:00Z"}
"""ruamel's own 1.2 keeps underscores, binary numbers, dates and `=`, which the core schema does not have."""


@pytest.mark.parametrize("word", [word for word in WORDS if word not in OURS_ALONE])
def test_a_plain_word_means_what_ruamel_says_it_means_in_yaml_1_2(word: str) -> None:
    theirs = YAML(typ="safe", pure=True).load(f"k: {word}")["k"]
    assert equal(plain(word), theirs)


@pytest.mark.parametrize("word", sorted(OURS_ALONE))
def test_what_the_core_schema_does_not_have_is_text(word: str) -> None:
    assert plain(word) == word


@given(documents(unique=True), st.data())
def test_every_value_is_found_at_its_place(text: str, data: Any) -> None:
    document, faults = parse(text)
    assert not faults
    path = []
    here = document
    while isinstance(here, dict | list) and here and (not path or data.draw(st.booleans())):
        step = data.draw(st.sampled_from(list(here) if isinstance(here, dict) else list(range(len(here)))))
        path.append(step)
        here = here[step]
    line, column = places(text, [tuple(path)])[tuple(path)]
    at = text.split("\n")[line - 1][column - 1 :]
    if isinstance(here, dict | list) and isinstance(path[-1], str):
        assert at.startswith(f"{path[-1]}:")
    elif isinstance(here, str) and "\n" not in here:
        assert at.lstrip("\"'").startswith(here)
