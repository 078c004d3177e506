import os
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from sigctl.errors import SigctlError
from sigctl.watch.record import Cause, Found
from sigctl.watch.store import FILE, Run, Store, read_history, read_runs

ONE = Found("github", "grant", "repo:o/r:person:outsider", "virt", "outsider has admin", form="a")
DAYS = [f"2026-11-{day:02}T00:00:00.000+00:00" for day in range(1, 10)]


def record(store, found, day, covers=lambda _: True, by=lambda _: "somebody"):
    return store.record(found, at=DAYS[day], covers=covers, by=by)


def test_a_difference_has_its_first_and_last_sight_and_how_it_ended(tmp_path):
    store = Store(tmp_path)
    assert [one.name for one in record(store, [ONE], 0).fresh] == [ONE.name]
    assert record(store, [ONE], 1).fresh == ()
    ended = record(store, [], 2).resolved[0]
    assert (ended.first_seen, ended.last_seen, ended.resolved, ended.by) == (
        DAYS[0],
        DAYS[1],
        DAYS[2],
        "somebody",
    )
    assert read_history(tmp_path) == [ended]


def test_another_form_is_news_but_no_second_difference(tmp_path):
    store = Store(tmp_path)
    record(store, [ONE], 0)
    found = record(store, [replace(ONE, form="b", problem="outsider has write")], 1)
    assert [(one.first_seen, one.since, one.problem) for one in found.fresh] == [
        (DAYS[0], DAYS[1], "outsider has write")
    ]
    assert len(read_history(tmp_path)) == 1


def test_one_that_comes_back_is_a_second_difference(tmp_path):
    store = Store(tmp_path)
    for day, found in enumerate([[ONE], [], [ONE]]):
        record(store, found, day)
    assert [(one.first_seen, one.resolved) for one in read_history(tmp_path)] == [
        (DAYS[0], DAYS[1]),
        (DAYS[2], ""),
    ]


def test_what_a_run_did_not_read_stays_open(tmp_path):
    store = Store(tmp_path)
    record(store, [ONE], 0)
    assert record(store, [], 1, covers=lambda entry: entry.forge != "github").resolved == ()
    assert [one.resolved for one in read_history(tmp_path)] == [""]


def test_a_slow_run_does_not_undo_what_a_later_one_recorded(tmp_path):
    store = Store(tmp_path)
    record(store, [ONE], 1)
    assert record(store, [], 0).resolved == ()  # it began before the other one saw it
    record(store, [], 3)
    record(store, [ONE], 2)  # it began before the other one saw that it was gone
    assert [one.resolved for one in read_history(tmp_path)] == [DAYS[3]]


def test_a_cause_that_was_known_is_kept_once_nothing_tells_it_any_more(tmp_path):
    store = Store(tmp_path)
    record(store, [replace(ONE, cause=Cause("forge", "outsider did it", "outsider"))], 0)
    assert record(store, [ONE], 1).open[0].cause.who == "outsider"
    assert record(store, [replace(ONE, form="b")], 2).open[0].cause.why == "unknown"


def test_runs_side_by_side_lose_nothing(tmp_path):
    def write(number):
        Store(tmp_path).record([replace(ONE, key=f"key {number}")], at=DAYS[0], covers=lambda _: False)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert len(read_history(tmp_path)) == 40


def test_a_run_that_is_killed_while_it_writes_leaves_the_history_as_it_was(tmp_path):
    Store(tmp_path).record([ONE], at=DAYS[0], covers=lambda _: True)
    script = f"""
from pathlib import Path
from sigctl.watch.store import Store
def stop(entry):
    print("half", flush=True)
    input()
Store(Path({str(tmp_path)!r})).record([], at={DAYS[1]!r}, covers=stop)
"""
    child = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stdin=subprocess.PIPE, env={**os.environ}
    )
    assert child.stdout.readline() == b"half\n"
    child.send_signal(signal.SIGKILL)
    child.wait(60)
    child.stdin.close()
    child.stdout.close()
    assert [one.resolved for one in read_history(tmp_path)] == [""]
    assert Store(tmp_path).record([], at=DAYS[2], covers=lambda _: True).resolved


def test_since_leaves_out_what_ended_before(tmp_path):
    store = Store(tmp_path)
    record(store, [ONE], 0)
    record(store, [replace(ONE, key="other")], 1)
    assert [one.key for one in read_history(tmp_path, DAYS[2])] == ["other"]


def test_runs_are_kept(tmp_path):
    run = Run(DAYS[0], DAYS[1], "digest", ("github", "pagure"), 1, 1, 0, 2.5)
    Store(tmp_path).add_run(run)
    assert read_runs(tmp_path) == [run]
    assert read_runs(tmp_path / "none") == read_history(tmp_path / "none") == []


def test_a_history_of_a_newer_version_is_left_alone(tmp_path):
    Store(tmp_path)
    with sqlite3.connect(tmp_path / FILE) as base:
        base.execute("PRAGMA user_version = 99")
    for use in (Store, read_history):
        with pytest.raises(SigctlError, match="newer sigctl"):
            use(tmp_path)


def test_a_file_that_is_no_history_is_said_to_be_none(tmp_path):
    (tmp_path / FILE).write_text("something else, long enough to be looked at" * 50)
    for use in (Store, read_history):
        with pytest.raises(SigctlError, match="can't be"):
            use(tmp_path)
