"""Lines fit a terminal, lose no word and no style, and what may be copied stays whole."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Group
from rich.text import Text

from sigctl.report.wrapping import fitted

WORDS = st.lists(st.text("abcxyz-.:/", min_size=1, max_size=12), max_size=30)


def lines(text, width):
    return fitted(text, width).plain.split("\n")


@given(WORDS, st.integers(30, 120), st.sampled_from(["", "  ", "    - ", "  hint: "]))
def test_no_line_is_wider_and_no_word_is_lost(words, width, begin):
    found = lines(Text(begin + " ".join(words)), width)
    assert all(len(line) <= width for line in found)
    assert " ".join(found).split() == (begin + " ".join(words)).split()


def test_what_goes_on_stands_below_its_own_beginning():
    assert lines(Text("    - one two three four five six seven eight"), 30) == [
        "    - one two three four five",
        "      six seven eight",
    ]
    assert lines(Text("  hint: one two three four five six"), 30)[1].startswith("        ")


def test_what_stands_in_backticks_is_never_broken():
    command = "`pagure-admin new-group sig-virt me --display sig-virt`"
    found = lines(Text(f"  the admin makes it: {command} then goes on"), 40)
    assert any(command in line for line in found)


def test_styles_stay_with_their_words():
    text = Text.assemble("    ", ("-", "red"), " ", ("one two three four five six seven eight", "bold"))
    made = fitted(text, 30)
    styled = {made.plain[span.start : span.end].strip() for span in made.spans if span.style == "bold"}
    assert " ".join(sorted(styled, key=made.plain.index)).replace("\n", " ").split() == text.plain[6:].split()


def test_groups_are_gone_through_and_very_narrow_terminals_are_left_to_themselves():
    group = Group(Text("a " * 40), Text("b\n" + "c " * 40))
    assert all(len(line) <= 30 for one in fitted(group, 30).renderables for line in one.plain.split("\n"))
    assert fitted(Text("a " * 40), 20).plain == "a " * 40
