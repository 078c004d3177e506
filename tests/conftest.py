"""What all tests share: how hard hypothesis tries."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent / "laws"))

settings.register_profile(
    "default", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile(
    "long", parent=settings.get_profile("default"), max_examples=5000, derandomize=False
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


TURNS = ("test_crash_tables.py", "test_storm.py")
"""The longest of all, in turns: the one works all the time, the other waits for most of it."""
LONG = ("safety/test_histories.py", "safety/test_real_kills.py", "safety", "scenarios", "laws")
"""Other tests that take long, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first: at the end of a run side by side, all workers end at nearly the same time."""
    long = [Path(__file__).parent / name for name in LONG]
    turns: Counter[str] = Counter()

    def place(item: pytest.Item) -> tuple[int, int]:
        if item.path.name in TURNS:
            turns[item.path.name] += 1
            return -1, turns[item.path.name]
        return next((n for n, one in enumerate(long) if one in (item.path, *item.path.parents)), len(long)), 0

    items.sort(key=place)
