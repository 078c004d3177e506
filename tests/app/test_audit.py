"""The audit log: chained, whole, readable after a crash."""

from __future__ import annotations

import json
import subprocess
import threading

import pytest

from sigctl.app.audit import Journal, Log, lines
from sigctl.app.commit import commit_of
from sigctl.core.kinds import Repo
from sigctl.core.plan import Action, Plan
from sigctl.errors import SigctlError
from sigctl.report.outcome import Outcome, Report


def problems(file):
    return [(line.number, line.cut) for line in lines(file) if line.problem]


@pytest.fixture
def log(tmp_path):
    file = tmp_path / "audit.jsonl"
    for number in range(4):
        Log(file).append({"event": "action", "what": number})
    return file


def test_entries_follow_each_other_over_processes_and_threads(tmp_path):
    file = tmp_path / "audit.jsonl"
    logs = [Log(file) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda log=log: [log.append({"event": "action"}) for _ in range(10)])
        for log in logs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems(file) == []
    assert [line.entry["number"] for line in lines(file)] == list(range(1, 31))
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("number", range(4))
def test_a_changed_entry_is_found(log, number):
    whole = log.read_text().splitlines()
    whole[number] = whole[number].replace(f'"what":{number}', '"what":9')
    log.write_text("\n".join(whole) + "\n")
    assert (number + 1, False) in problems(log)


@pytest.mark.parametrize("number", range(3))
def test_an_entry_that_was_taken_out_or_repeated_or_moved_is_found(log, number):
    whole = log.read_text().splitlines(keepends=True)
    for changed in (
        whole[:number] + whole[number + 1 :],
        [*whole[: number + 1], *whole[number:]],
        [*whole[:number], whole[number + 1], whole[number], *whole[number + 2 :]],
    ):
        log.write_text("".join(changed))
        assert problems(log), number


def test_every_way_to_be_cut_off_leaves_a_log_that_can_be_read_and_goes_on(log):
    whole = log.read_bytes()
    start = len(b"".join(whole.splitlines(keepends=True)[:3]))
    for end in range(start, len(whole)):
        log.write_bytes(whole[:end])
        Log(log).append({"event": "action", "what": "next"})
        found = list(lines(log))
        assert all(line.cut for line in found if line.problem), end
        assert found[-1].entry["what"] == "next"
        whole_before = end == len(whole) - 1
        assert found[-1].entry["number"] == (5 if whole_before else 4), end


def test_an_apply_that_can_not_be_recorded_does_not_begin(tmp_path):
    (tmp_path / "file").write_text("")
    journal = Journal(tmp_path / "file" / "audit.jsonl", tmp_path, threading.Event())
    with pytest.raises(SigctlError, match="can't be written"):
        journal.begin(Plan())


def test_a_record_that_fails_on_the_way_stops_the_run_and_is_told_at_its_end(tmp_path):
    file, stop = tmp_path / "audit.jsonl", threading.Event()
    journal = Journal(file, tmp_path, stop)
    journal.begin(Plan())
    file.unlink()
    file.mkdir()
    journal.outcome(Outcome(Action("f", "create", None, Repo("O/r")), "done"))
    assert stop.is_set()
    file.rmdir()
    with pytest.raises(SigctlError):
        journal.end(Report(Plan()))


def test_an_entry_says_who_when_what_and_from_which_commit(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "-C", tmp_path, *who, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    sha = subprocess.run(
        ["git", "-C", tmp_path, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    file = tmp_path / "state" / "audit.jsonl"
    action = Action("f", "create", None, Repo("O/r", description="x"), "virt", 20)
    journal = Journal(
        file,
        tmp_path / "config" / "sigs.yaml",
        threading.Event(),
        allowed={"max_removals.members": 12},
        reason="handed over",
    )
    journal.begin(Plan(actions=(action,), config_digest="c"))
    journal.outcome(Outcome(action, "done", request="req-1"))
    journal.end(Report(Plan()))
    begin, done, end = (line.entry for line in lines(file))
    assert (begin["commit"], begin["actions"]) == (sha, [action.id])
    assert (begin["allowed"], begin["reason"]) == ({"max_removals.members": 12}, "handed over")
    assert "@" in begin["who"]
    assert (done["action"]["before"], done["action"]["after"]["description"]) == (None, "x")
    assert (done["status"], done["request"]) == ("done", "req-1")
    assert end["event"] == "end"
    assert len({entry["run"] for entry in (begin, done, end)}) == 1


@pytest.mark.parametrize("packed", [False, True])
def test_the_commit_is_read_from_worktrees_and_packed_refs_too(tmp_path, packed):
    main, other = tmp_path / "main", tmp_path / "other"
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "init", "-q", main], check=True)
    subprocess.run(["git", "-C", main, *who, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run(
        ["git", "-C", main, "worktree", "add", "-q", "-b", "w", other], check=True, capture_output=True
    )
    if packed:
        subprocess.run(["git", "-C", main, "pack-refs", "--all"], check=True)
    assert len(commit_of(main)) == 40
    assert commit_of(other) == commit_of(main)
    assert commit_of(tmp_path) == ""


def test_each_line_is_json_by_itself(log):
    assert all(json.loads(line)["format"] == "sigctl/audit/1" for line in log.read_text().splitlines())
