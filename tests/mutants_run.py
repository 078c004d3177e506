"""Try the mutants that mutmut has made, each in a child of one process in which all tests are collected already.

`mutmut run` collects the tests anew for each mutant, which takes most of its time. This plugin of pytest takes the place of its
loop: mutmut makes the mutants, and its files keep the verdicts (`*.meta`).
Run it in the folder that mutmut made, as `make mutants` does:

    python -m pytest -p mutants_run tests/core tests/test_executor.py

It tries what has no verdict yet. `MUTANTS` in the environment narrows that to some modules (patterns as of the shell, spaces
between them: `core.order core.kinds.*`); `MUTANTS_AGAIN=1` also tries anew what survived before, after new tests.
"""

from __future__ import annotations

import functools
import gc
import json
import math
import mmap
import os
import resource
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest
from _pytest.runner import runtestprotocol
from mutmut.mutation import trampoline

SURVIVED, SEEN, UNREACHED, TIMEOUT = 0, 1, 33, 36
"""Verdicts, as mutmut writes them."""
JOBS = int(os.environ.get("MUTANTS_JOBS", "2"))
SLOWER = 10
"""A mutant whose tests take so many times what they take without it, and a second, is stopped and counts as seen."""
AT_ONCE = 25
"""After so many verdicts a file is written."""


def pytest_runtestloop(session: pytest.Session) -> bool:
    """Try every chosen mutant with the tests that reach it, and write down what came of each."""
    import sigctl  # noqa: PLC0415  # only now the path is as the tests see it

    if Path.cwd() not in Path(sigctl.__file__).resolve().parents:
        raise pytest.UsageError(f"the code under test is {sigctl.__file__}, not what is in {Path.cwd()}")
    forget = _forgetting()
    took = {item.nodeid: _seconds(item) for item in session.items}
    tests = {
        function: sorted(found, key=lambda item: took[item.nodeid])
        for function, found in _reach(session.items, forget).items()
    }
    forget()
    gc.collect()
    gc.freeze()
    for path in sorted(Path().rglob("*.py.meta")):
        if _is_chosen(path):
            _try_file(path, tests, took)
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{(spent.ru_utime + spent.ru_stime) / 60:.1f} minutes of one processor")
    return True


def _choose(mutant: str) -> None:
    """Make this mutant the code that runs; "" for the code as it is. The environment is slow to ask, and asked at each call."""
    trampoline.get_mutant_under_test = lambda: mutant


def _forgetting() -> Callable[[], None]:
    """Return what empties the caches of our functions: what they answered before, no code runs for again."""
    keep = [
        one
        for one in gc.get_objects()
        if isinstance(one, functools._lru_cache_wrapper) and one.__module__.startswith("sigctl.")
    ]

    def forget() -> None:
        for one in keep:
            one.cache_clear()

    return forget


def _reach(items: list[pytest.Item], forget: Callable[[], None]) -> dict[str, list[pytest.Item]]:
    """Return function -> tests that run it now: what mutmut noted may be of tests as they were, and of code as it was."""
    found: dict[str, list[pytest.Item]] = defaultdict(list)
    _choose("stats")
    for item in items:
        hit: set[str] = set()
        trampoline.record_trampoline_hit = lambda name, hit=hit, **_: hit.add(name)
        forget()
        _passes(item)
        for function in hit:
            found[function].append(item)
    return found


def _seconds(item: pytest.Item) -> float:
    _choose("")
    began = time.process_time()
    if not _passes(item):
        raise pytest.UsageError(f"{item.nodeid} fails without any mutant")
    return time.process_time() - began


def _passes(item: pytest.Item) -> bool:
    """Run the test: as it is where it has no fixture, which is most of them and ten times as quick, else as pytest does."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    if set(item._fixtureinfo.names_closure) <= set(params):
        try:
            item.obj(**{name: params[name] for name in item._fixtureinfo.argnames})
        except Exception:  # noqa: BLE001  # whatever goes wrong, the test does not pass
            return False
        return True
    item._initrequest()  # a test that runs more than once begins with no fixtures each time
    return not any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def _is_chosen(path: Path) -> bool:
    module = ".".join(path.with_suffix("").with_suffix("").parts[1:])
    return any(fnmatchcase(module, one) for one in os.environ.get("MUTANTS", "*").split())


def _try_file(path: Path, tests: dict[str, list[pytest.Item]], took: dict[str, float]) -> None:
    """Try the mutants of one file of code, a few side by side."""
    data = json.loads(path.read_text())
    verdicts = data["exit_code_by_key"]
    again = {None, SURVIVED, UNREACHED} if os.environ.get("MUTANTS_AGAIN") else {None}
    names = [name for name, verdict in verdicts.items() if verdict in again]
    for number, (name, verdict) in enumerate(_verdicts(names, tests, took), start=1):
        verdicts[name] = verdict
        if number % AT_ONCE == 0 or number == len(names):
            path.write_text(json.dumps(data, indent=4))
    if names:
        count = Counter(verdicts.values())
        print(
            f"{time.strftime('%H:%M:%S')} {path}: {len(names)} tried, {count[SURVIVED]} survive", flush=True
        )


def _verdicts(
    names: list[str], tests: dict[str, list[pytest.Item]], took: dict[str, float]
) -> Iterator[tuple[str, int]]:
    running: dict[int, _Child] = {}
    saw: Counter[tuple[str, int]] = Counter()
    """How often a test of a function was the one that failed: it is tried first for the function's next mutants."""

    def ended() -> tuple[str, int]:
        number, status = os.wait()
        one = running.pop(number)
        code = os.waitstatus_to_exitcode(status)
        if code == SEEN:
            saw[one.function, int.from_bytes(one.at[:4])] += 1
        return one.mutant, code if code >= 0 else TIMEOUT

    for name in names:
        function = name.rpartition("__mutmut_")[0]
        found = tests.get(function)
        if not found:
            yield name, UNREACHED
            continue
        if len(running) >= JOBS:
            yield ended()
        order = sorted(range(len(found)), key=lambda number: -saw[function, number])
        child = _Child(name, function, mmap.mmap(-1, 4))
        usual = sum(took[item.nodeid] for item in found)
        running[_start(child, [(n, found[n]) for n in order], math.ceil(1 + usual * SLOWER))] = child
    while running:
        yield ended()


class _Child(NamedTuple):
    mutant: str
    function: str
    at: mmap.mmap
    """The place of the test that it runs, shared with the parent."""


def _start(child: _Child, tests: list[tuple[int, pytest.Item]], seconds: int) -> int:
    """Start a process that runs the tests until one fails, and return its number."""
    sys.stdout.flush()
    if number := os.fork():
        return number
    verdict = SEEN
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        _choose(child.mutant)
        for place, item in tests:
            child.at[:4] = place.to_bytes(4)
            if not _passes(item):
                break
        else:
            verdict = SURVIVED
    finally:
        os._exit(verdict)
