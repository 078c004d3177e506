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


@pytest.mark.parametrize(
    ("case", "width"), [(c, w) for c in CASES for w in (60, *WIDTHS) if c.startswith("access") or w in WIDTHS]
)
def test_nothing_is_wider_than_the_terminal(case, width):
    lines = [
        line for line in CASES[case](width).splitlines() if "`" not in line
    ]  # a command to copy stays whole
    assert max(map(len, lines)) <= width


def test_every_golden_file_is_of_a_case():
    assert {file.name for file in GOLDEN.iterdir()} == {f"{c}-{w}.txt" for c in CASES for w in WIDTHS}
