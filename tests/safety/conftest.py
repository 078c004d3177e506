"""The safety suite counts what it tries: a line for each invariant at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

Tally = Callable[..., None]


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """Return what counts the cases of an invariant; it fails the test when some of them failed."""

    def count(invariant: str, cases: int, failures: Any = ()) -> None:
        request.node.user_properties.append(("safety", [invariant, cases, len(failures)]))
        assert not failures, f"{invariant}: " + "\n".join(map(str, list(failures)[:20]))

    return count


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the lines."""
    tried: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                for name, value in report.user_properties:
                    if name == "safety":
                        tried[value[0]] += value[1]
                        failed[value[0]] += value[2]
    if tried:
        terminalreporter.section("safety")
        for invariant in sorted(tried):
            terminalreporter.write_line(
                f"{invariant}: {tried[invariant]} cases tried, failures {failed[invariant]}"
            )
