"""No false absence: whichever read fails, in whichever way, nothing is taken away because of it."""

from __future__ import annotations

import json
import re

import estates
import pytest
from ground import ground

WAYS = {
    "denied": {"status": 403, "body": {"message": "403 Forbidden"}},
    "hidden": {"status": 404, "body": {"message": "Not Found"}},
    "broken": {"status": 500, "body": "oops"},
    "cut": {"cut": 30},
    "empty": {"status": 200, "body": ""},
    "null": {"status": 200, "body": None},
    "partial": {"graphql_errors": [{"type": "SOMETHING", "message": "half of it is missing"}]},
    "no data": {"graphql_errors": [{"message": "timeout"}], "body": None},
}
SAMPLE = 12


def reads(here):
    """Return what a plan asks, each kind of request once: method, path as a pattern, operation."""
    found = {}

    def note(boundary):
        path = re.sub(r"\d+", r"\\d+", re.escape(boundary.path))
        found[boundary.method, path, boundary.operation] = None

    here.each = note
    here.plan()
    here.each = None
    return list(found)


def try_all(folder, forge, tally, step):
    config = estates.write(folder / "config", "one")
    with ground(folder, config, logins=estates.LOGINS, only=forge, watch=False) as here:
        here.hasty = True
        assert here.apply().exit_code == 0
        cases = [(read, way) for read in reads(here) for way in WAYS if _can_be(read, way)]
        wrong = []
        for (method, path, operation), way in cases[::step]:
            when = {"method": method, "path": f"^{path}$", **({"operation": operation} if operation else {})}
            here.sandbox.faults.replace([{"when": when, "what": WAYS[way]}])
            wrong += [f"{way} {method} {path} {operation}: {one}" for one in taken(here)]
        here.sandbox.faults.replace([])
        assert here.plan().plan.actions == ()
    tally("no false absence", len(cases[::step]), wrong)


def taken(here):
    """Return what a plan takes away; that it ends with a traceback is as bad."""
    try:
        plan = here.plan().plan
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told with the read that led to it
        return [f"{type(error).__name__}: {error}"]
    bad = [a for a in plan.actions if a.verb == "delete" or a.effect == "narrows"]
    return [f"{a.verb} {a.key} {json.dumps(a.changed())}" for a in bad]


def _can_be(read, way):
    return way not in ("partial", "no data") or read[1].endswith("graphql")


@pytest.mark.safety
@pytest.mark.timeout(900)
@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_no_failed_read_takes_anything_away(tmp_path, forge, tally):
    try_all(tmp_path, forge, tally, 1)


@pytest.mark.parametrize("forge", ["github", "gitlab"])
def test_some_failed_reads_take_nothing_away(tmp_path, forge, tally):
    try_all(tmp_path, forge, tally, SAMPLE)
