"""No false absence: whichever read fails, in whichever way, nothing is taken away because of it.

And a read about one repository keeps only that one from being planned for.
"""

from __future__ import annotations

import json
import re

import estates
import pytest
from ground import ground

from sigctl.core.kinds import Key

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
        tally("isolation of repositories that can't be read", *try_apart(here, config, step))


def try_apart(here, config, step):
    """Return how many reads of single repositories were let fail, and where that kept others from their changes."""
    text = config.read_text(encoding="utf-8")
    assert "squash: false" in text
    config.write_text(text.replace("squash: false", "squash: true"), encoding="utf-8")
    cases = [(path, way) for path in about_one(here) for way in WAYS if _can_be(("GET", path), way)]
    whole = here.plan().plan
    assert not whole.quarantined
    wrong, apart = [], 0
    for path, way in cases[::step]:
        when = {"method": "GET", "path": f"^{re.escape(path)}$"}
        here.sandbox.faults.replace([{"when": when, "what": WAYS[way]}])
        found = here.plan().plan
        wrong += [f"{way} GET {path}: {one}" for one in kept_from(whole, found)]
        apart += bool(found.quarantined)
    here.sandbox.faults.replace([])
    assert apart or step > 1, "some of these reads must matter"
    return len(cases[::step]), wrong


def about_one(here):
    """Return reads of single repositories by REST, one of each kind: paths."""
    found = {}

    def note(boundary):
        place = re.search(r"/repos/[^/]+/[^/]+|/projects/[^/]+", boundary.path)
        if boundary.method == "GET" and place:
            kind = re.sub(r"\d+", "N", boundary.path.replace(place[0], ""))
            found.setdefault(kind, boundary.path)

    here.each = note
    here.plan()
    here.each = None
    return sorted(found.values())


def kept_from(whole, found):
    """Return what a plan lacks that is not about the one repository that it sets aside, and what it has too much."""
    if not found.quarantined:  # some servers have no such thing: then that is no failure
        return [str(a.key) for a in whole.actions if a.id not in {b.id for b in found.actions}]
    names = {one.subject for one in found.quarantined}
    if len(names) > 1 or names & {one.forge for one in found.quarantined}:
        return [f"set aside: {sorted(names)}"]
    bad = {Key("repo", name) for name in names}
    there = {a.id for a in found.actions}
    lacks = [a for a in whole.actions if not {a.key, a.subject.inside} & bad and a.id not in there]
    extra = [a for a in found.actions if {a.key, a.subject.inside} & bad or a not in whole.actions]
    told = all(one.reason and one.hint for one in found.quarantined)
    return [f"{a.verb} {a.key}" for a in (*lacks, *extra)] + ([] if told else ["no reason"])


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
