"""A sandbox, a copy of the real config, and the command line, run in this process: what the tests of a folder share."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import upstreams
from filelock import FileLock

from sigctl import cli
from sigctl.sandbox import control

ROOT = Path(__file__).resolve().parents[2]
LOGINS = ("euanh", "gwd", "hughesjr", "jonludlam", "kbsingh", "lars_kurth", "pasik")
ORGS = ("CentOS", *(f"CentOS-{sig}" for sig in ("virt", "cloud", "cloudinstance", "core")))
"""The org of the config, and those of the other layout: nobody creates orgs by API."""


@dataclass
class Result:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class World:
    """One sandbox with the config that a test may change."""

    folder: Path
    sandbox: Any
    capsys: Any
    exchanges: list[Any] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "config" / "sigs.yaml"

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text in one of the files; it must be there."""
        file = self.config.parent / name
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    def url(self, forge: str) -> str:
        """Return where a forge of the sandbox is served."""
        return str(self.sandbox.document()["forges"][forge]["url"])

    def hurry(self) -> None:
        """Let both forges be tried again without a pause, as the files can say."""
        self.edit("sigs.yaml", "type: github\n", "type: github\n    patience: 0\n")
        self.edit("sigs.yaml", "type: gitlab\n", "type: gitlab\n    patience: 0\n")

    def run(self, *arguments: str, mirror: bool = False) -> Result:
        """Run a command against the sandbox; without histories unless they are asked for."""
        self.capsys.readouterr()
        code = cli.run(self.whole(arguments, mirror=mirror))
        captured = self.capsys.readouterr()
        return Result(code, captured.out, captured.err)

    def whole(self, arguments: Sequence[str], *, mirror: bool) -> list[str]:
        """Return the arguments with those that every command needs here."""
        document = self.sandbox.document()["forges"]
        shared = ["--config", str(self.config)]
        if arguments[0] in ("plan", "apply", "drift", "mirror", "doctor", "snapshot"):
            for name, forge in (("github", "github"), ("git.centos.org", "gitlab")):
                if forge in document:
                    shared += ["--set", f"forges.{name}.url={document[forge]['url']}"]
            shared += [
                "--cache",
                str(self.folder / "cache"),
                "--rewrite",
                f"https://=file://{self.folder}/upstream/",
            ]
        if arguments[0] in ("plan", "apply", "drift") and not mirror:
            shared.append("--no-mirror")
        return [arguments[0], *shared, *arguments[1:]]

    def ok(self, *arguments: str, mirror: bool = False, code: int = 0) -> Result:
        """Run a command that must end with this code and without a traceback."""
        result = self.run(*arguments, mirror=mirror)
        assert result.code == code, result.out + result.err
        assert "Traceback" not in result.err
        return result

    def requests(self, **wanted: str) -> list[Any]:
        """Return the API requests so far that look like this."""
        return [e for e in self.exchanges if all(getattr(e, name) == value for name, value in wanted.items())]

    def writes(self) -> list[Any]:
        """Return the requests that change something."""
        reads = ("GET", "HEAD")
        return [e for e in self.exchanges if e.method not in reads and not e.path.endswith("/graphql")]


@contextmanager
def opened(folder: Path, environment: pytest.MonkeyPatch, capsys: Any = None) -> Iterator[World]:
    """Serve the forges of a folder, with the config that is in it and the environment that the config asks for."""
    exchanges: list[Any] = []
    with control.running(folder / "forges", logins=LOGINS, orgs=ORGS, observer=exchanges.append) as sandbox:
        document = sandbox.document()["forges"]
        environment.setenv("SIGCTL_GITHUB_TOKEN", document["github"]["token"])
        environment.setenv("SIGCTL_GIT_CENTOS_ORG_TOKEN", document["gitlab"]["token"])
        environment.setenv("XDG_STATE_HOME", str(folder / "state"))
        yield World(folder, sandbox, capsys, exchanges)


def begun(factory: pytest.TempPathFactory, name: str, *, mirror: bool) -> Path:
    """Return the folder of forges to which the real config was applied; the first that asks makes it, for all workers of a run."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    with FileLock(f"{folder}.lock"):
        if not (folder / "made").exists():
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(ROOT / "config", folder / "config")
            if mirror:
                upstreams.make(folder / "upstream")
            with pytest.MonkeyPatch.context() as environment, opened(folder, environment) as world:
                said = io.StringIO()
                with redirect_stdout(said):
                    code = cli.run(world.whole(["apply", "--yes"], mirror=mirror))
                assert code == 0, said.getvalue()
            (folder / "made").touch()
    return folder


def settle(world: Path, template: Path) -> None:
    """Copy a folder whose forges nobody serves: git never writes its objects anew, so these are linked."""

    def link(source: str, target: str) -> None:
        (os.link if "/objects/" in source else shutil.copy2)(source, target)

    for name in ("forges", "state", "cache", "upstream"):
        if (template / name).exists():
            shutil.copytree(template / name, world / name, copy_function=link)


def as_of(world: World) -> None:
    """Let the record of the last apply be of this world's folder and of the ports that its forges have now."""
    folder = world.folder / "state" / "sigctl"
    (record,) = folder.glob("applied-*.json")
    data = json.loads(record.read_text(encoding="utf-8"))
    for one in data["records"]:
        one["url"] = world.url("github" if one["forge"] == "github" else "gitlab")
    name = hashlib.sha256(str(world.config.parent.resolve()).encode()).hexdigest()[:16]
    record.write_text(json.dumps(data), encoding="utf-8")
    record.rename(folder / f"applied-{name}.json")
