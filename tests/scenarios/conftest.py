"""The worlds that the scenarios begin in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import upstreams
from scenario_world import ROOT, World, as_of, begun, opened, settle


@pytest.fixture(scope="session")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let the world of a test begin as the first apply of the real config left it; made once, copied for each.

    What that apply asked of the forges is not among the exchanges of the world.
    """
    return begun(tmp_path_factory, "settled", mirror=False)


@pytest.fixture(scope="session")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let it begin so, with the histories brought to the forges, the cache that this left, and the upstream repositories."""
    return begun(tmp_path_factory, "mirrored", mirror=True)


@pytest.fixture
def world(
    request: pytest.FixtureRequest, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    """A sandbox whose forges are empty (or `settled` or `mirrored`, in tests that ask for that), and the real config."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    templates = [name for name in ("settled", "mirrored") if name in request.fixturenames]
    for name in templates:
        settle(tmp_path, request.getfixturevalue(name))
    with opened(tmp_path, monkeypatch, capsys) as found:
        if templates:
            as_of(found)
        yield found


@pytest.fixture
def sources(world: World) -> Path:
    """The upstream repositories, as the config names them."""
    if not (world.folder / "upstream").exists():
        upstreams.make(world.folder / "upstream")
    return world.folder / "upstream"
