"""Starting, stopping and asking the embedded forges: what the command line and the tests call."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sigctl.errors import SigctlError, UsageError
from sigctl.sandbox import seed as seeds
from sigctl.sandbox.clock import Clock

if TYPE_CHECKING:  # these need the extra
    from sigctl.sandbox.front import Observer, Watcher
    from sigctl.sandbox.server import Layout, Sandbox

ORGS = ("CentOS",)
NAMES = ("github", "gitlab")
_PATIENCE = 20.0


def up(
    directory: Path,
    *,
    logins: Sequence[str] = (),
    orgs: Sequence[str] = ORGS,
    latency_ms: int = 0,
    faults: Path | None = None,
    ports: Mapping[str, int] | None = None,
    idle_seconds: int | None = None,
    forges: Sequence[str] = NAMES,
) -> dict[str, Any]:
    """Have the forges running in the background with these accounts and orgs, and return how to reach them.

    One that already runs so is left alone; with other options, new accounts or new orgs it is started anew, with its state
    and at its ports. Raises UsageError when the extra is missing or a port is taken, SigctlError when the server does not come up.
    """
    layout = _layout(directory)
    with _alone(layout):
        seed = seeds.load(layout.seed)
        grown = seed.extend(logins, orgs)
        seeds.save(seed, layout.seed)
        running = _running(layout)
        arguments = _arguments(
            directory,
            forges,
            latency_ms=latency_ms,
            faults=faults,
            ports=ports or {},
            idle_seconds=idle_seconds,
        )
        if running and (grown or _options(running["arguments"]) != _options(arguments)):
            _stop(layout, running)
            running = None
        if not running:
            running = _start(layout, arguments)
        return _document(layout, running)


def down(directory: Path) -> bool:
    """Have no server running on the directory; its state stays. Tell whether one was running."""
    layout = _layout(directory)
    if not layout.root.exists():
        return False
    with _alone(layout):
        running = _running(layout)
        if running:
            _stop(layout, running)
        return bool(running)


def status(directory: Path) -> dict[str, Any]:
    """Return {"running", "pid", "forges": {name: {"url"}}, "users": [logins], "requests"}."""
    layout = _layout(directory)
    running = _running(layout) if layout.root.exists() else None
    seed = seeds.load(layout.seed)
    requests = layout.requests.read_bytes().count(b"\n") if layout.requests.exists() else 0
    urls = {
        name: {"url": f"http://127.0.0.1:{port}"} for name, port in (running or {}).get("ports", {}).items()
    }
    return {
        "running": bool(running),
        "pid": running["pid"] if running else None,
        "forges": urls,
        "users": [account.login for account in seed.accounts],
        "requests": requests,
    }


def reset(directory: Path) -> dict[str, Any] | None:
    """Empty the state, keeping accounts, tokens and ports; a running server runs again, its document is returned."""
    layout = _layout(directory)
    with _alone(layout):
        running = _running(layout)
        arguments = running["arguments"] if running else []
        if running:
            _stop(layout, running)
        wipe(directory)
        return _document(layout, _start(layout, arguments)) if running else None


def wipe(directory: Path) -> None:
    """Remove state, repositories, request log and clock of a directory that no server uses."""
    layout = _layout(directory)
    for folder in (layout.root / "repos", layout.root / "git"):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (*layout.root.glob("*.sqlite*"), layout.requests, layout.clock):
        file.unlink(missing_ok=True)


def advance(directory: Path, seconds: float) -> None:
    """Move the clock of the sandbox forward, running or not."""
    Clock(_layout(directory).clock).advance(seconds)


@contextlib.contextmanager
def running(
    directory: Path,
    *,
    logins: Sequence[str] = (),
    orgs: Sequence[str] = ORGS,
    forges: Sequence[str] = NAMES,
    latency_ms: int = 0,
    faults: Path | None = None,
    observer: Observer | None = None,
    watcher: Watcher | None = None,
    knobs: Mapping[str, int] | None = None,
) -> Iterator[Sandbox]:
    """Serve from a thread of this process while the context lasts (for tests).

    The yielded sandbox has `document()`, `forges` (the objects with their `store`), `clock`, `seed`, and `faults` whose
    `replace` takes a list. `observer` is told every API exchange, `watcher` both sides of every request; `knobs` are a forge's own options.
    """
    layout = _layout(directory)
    from sigctl.sandbox import server  # noqa: PLC0415  # needs the extra, which _layout has looked for

    directory.mkdir(parents=True, exist_ok=True)
    seed = seeds.load(layout.seed)
    seed.extend(logins, orgs)
    seeds.save(seed, layout.seed)
    options = server.Options(
        forges=forges,
        latency_ms=latency_ms,
        faults=faults,
        observer=observer,
        watcher=watcher,
        knobs=knobs or {},
    )
    with server.serving(directory, options) as sandbox:
        yield sandbox


def _layout(directory: Path) -> Layout:
    missing = [name for name in ("starlette", "uvicorn", "graphql") if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(f"the sandbox needs {', '.join(missing)}", "pip install 'sigctl[sandbox]'")
    from sigctl.sandbox.server import Layout  # noqa: PLC0415  # needs the extra

    return Layout(directory)


@contextlib.contextmanager
def _alone(layout: Layout) -> Iterator[None]:
    """Keep other commands on the same directory waiting."""
    from sigctl.sandbox.server import hold  # noqa: PLC0415  # needs the extra

    layout.root.mkdir(parents=True, exist_ok=True)
    descriptor = hold(layout.root / "control.lock", seconds=_PATIENCE)
    try:
        yield
    finally:
        os.close(descriptor)


def _running(layout: Layout) -> dict[str, Any] | None:
    """Return what the server wrote of itself if it lives: the process with its pid is a sandbox on this directory."""
    try:
        found: dict[str, Any] = json.loads(layout.server.read_text(encoding="utf-8"))
        arguments = Path(f"/proc/{found['pid']}/cmdline").read_bytes().decode().split("\0")
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    if "sigctl.sandbox" not in arguments or str(layout.root.absolute()) not in arguments:
        return None
    return found | {"arguments": [argument for argument in arguments if argument][1:]}


def _arguments(
    directory: Path,
    forges: Sequence[str],
    *,
    latency_ms: int,
    faults: Path | None,
    ports: Mapping[str, int],
    idle_seconds: int | None,
) -> list[str]:
    found = [
        "-m",
        "sigctl.sandbox",
        "serve",
        "--dir",
        str(directory.absolute()),
        "--latency",
        str(latency_ms),
    ]
    for name in forges:
        found += ["--forge", f"{name}:{ports.get(name, 0)}"]
    if faults is not None:
        found += ["--faults", str(faults.absolute())]
    if idle_seconds is not None:
        found += ["--idle-seconds", str(idle_seconds)]
    return found


def _options(arguments: Sequence[str]) -> list[str]:
    """Return arguments without the ports that nobody asked for."""
    return [argument.removesuffix(":0") for argument in arguments]


def _start(layout: Layout, arguments: list[str]) -> dict[str, Any]:
    with layout.log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd="/",
            env=_environment(),
        )
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        found = _running(layout)
        if found and found["pid"] == process.pid and all(map(_answers, found["ports"].values())):
            return found
        if process.poll() is not None:
            break
        time.sleep(0.02)
    said = layout.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    if process.poll() is None:
        process.kill()
        process.wait()
    raise SigctlError(
        f"the sandbox does not start: {said[-1] if said else 'no word from it'}", f"see {layout.log}"
    )


def _environment() -> dict[str, str]:
    """Return what the server needs to know: none of the secrets that the caller may have in its environment."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
    found = {name: os.environ[name] for name in kept if name in os.environ}
    return found | {"PYTHONPATH": str(Path(__file__).parents[2])}


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/-/sandbox/health")
        return connection.getresponse().status == 200  # noqa: PLR2004  # OK
    except OSError:
        return False
    finally:
        connection.close()


def _stop(layout: Layout, found: Mapping[str, Any]) -> None:
    """End the server: gently, then not; wait until it is gone."""
    for number, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(found["pid"], number)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(ChildProcessError):  # a zombie if it was started by this very process
                os.waitpid(found["pid"], os.WNOHANG)
            if _running(layout) is None:
                layout.server.unlink(missing_ok=True)
                return
            time.sleep(0.01)
    raise SigctlError(f"the sandbox (process {found['pid']}) does not end")


def _document(layout: Layout, found: Mapping[str, Any]) -> dict[str, Any]:
    from sigctl.sandbox.server import document  # noqa: PLC0415  # needs the extra

    return document(seeds.load(layout.seed), found["ports"])
