"""What all tests share: how hard hypothesis tries."""

from __future__ import annotations

import os
import sys
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest first: at the end of a run side by side, all workers end at nearly the same time."""
    long = [Path(__file__).parent / name for name in ("safety", "scenarios", "laws")]
    items.sort(
        key=lambda item: next((n for n, folder in enumerate(long) if folder in item.path.parents), len(long))
    )
