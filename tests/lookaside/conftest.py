"""A store on loopback, and a checkout that declares what it has."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lookaside_box import Box
from lookaside_server import FileServer

from sigctl import cli

sys.path.insert(0, str(Path(__file__).parents[1] / "mirror"))  # git's smart HTTP on loopback


@pytest.fixture
def server() -> Iterator[FileServer]:
    with FileServer() as running:
        yield running


@pytest.fixture
def box(tmp_path: Path, server: FileServer) -> Box:
    return Box(tmp_path, server)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run a command in this process: exit code, stdout, stderr."""

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run(arguments)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return run
