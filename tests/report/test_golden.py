"""The terminal shows what was looked at and agreed on, at 80 and 160 columns; nothing is wider than the terminal."""

from __future__ import annotations

import pytest
from golden_cases import CASES, GOLDEN, WIDTHS


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("case", CASES)
def test_the_terminal_shows_what_was_agreed_on(case, width):
    text = CASES[case](width)
    hint = "python tests/report/golden_cases.py writes them anew: look at the difference"
    assert text == (GOLDEN / f"{case}-{width}.txt").read_text(encoding="utf-8"), hint


@pytest.mark.parametrize("width", [60, *WIDTHS])
@pytest.mark.parametrize("case", CASES)
def test_nothing_is_wider_than_the_terminal(case, width):
    assert max(map(len, CASES[case](width).splitlines())) <= width


def test_every_golden_file_is_of_a_case():
    assert {file.name for file in GOLDEN.iterdir()} == {f"{c}-{w}.txt" for c in CASES for w in WIDTHS}
