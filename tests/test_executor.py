from __future__ import annotations

import threading

import pytest

from sigctl.core.kinds import Grant, Membership, Repo, TeamMember
from sigctl.core.plan import Action
from sigctl.errors import BudgetError, InterruptedRunError, LaterError, RefusedError
from sigctl.executor import Executor, _lanes


def create(repo, phase=20, forge="f", depends=()):
    return Action(forge, "create", None, Repo(repo), "s", phase, depends)


def grant(repo, maker, phase=40):
    return Action("f", "create", None, Grant("repo", repo, "team:O/t", "read"), "s", phase, (maker.id,))


def run(actions, perform, **options):
    return Executor({"f": perform, "g": perform}, jobs={"f": 4, "g": 4}, **options).run(actions)


def test_one_failure_skips_only_what_depends_on_it():
    bad, good = create("O/bad"), create("O/good")
    actions = [bad, good, grant("O/bad", bad), grant("O/good", good)]

    def perform(action):
        if action.key.name == "O/bad":
            raise RefusedError("name is taken", "choose another")
        return "req-1"

    outcomes = run(actions, perform)
    assert [o.status for o in outcomes] == ["failed", "done", "skipped", "done"]
    assert outcomes[0].reason == "name is taken"
    assert outcomes[0].hint == "choose another"
    assert outcomes[2].reason == "left out: waits for repo O/bad (create), which did not happen"
    assert outcomes[3].request == "req-1"


def test_skipping_goes_on_down_the_chain():
    first = create("O/a")
    second = create("O/b", 30, depends=(first.id,))
    third = create("O/c", 40, depends=(second.id,))

    def perform(_action):
        raise RefusedError("no")

    assert [o.status for o in run([first, second, third], perform)] == ["failed", "skipped", "skipped"]


def test_a_phase_is_over_before_the_next_begins():
    log = []
    lock = threading.Lock()

    def perform(action):
        with lock:
            log.append(action.phase)
        return ""

    run([create(f"O/r{n}", phase) for phase in (30, 10, 20) for n in range(5)], perform)
    assert log == sorted(log)


def test_actions_on_one_thing_never_run_at_once_and_others_do():
    busy, overlaps, meet = set(), [], threading.Barrier(2, timeout=60)

    def perform(action):
        target = action.subject.inside
        if target in busy:
            overlaps.append(target)
        busy.add(target)
        meet.wait()  # breaks unless two lanes are here together
        busy.discard(target)
        return ""

    grants = [
        Action("f", "create", None, Grant("repo", repo, f"team:O/t{n}", "read"), "s", 40)
        for repo in ("O/a", "O/b")
        for n in range(3)
    ]
    assert all(o.status == "done" for o in run(grants, perform))
    assert overlaps == []


def test_what_is_in_one_thing_shares_a_lane_and_what_is_only_in_one_org_does_not():
    made = [
        Repo("O/a"),
        Grant("repo", "O/a", "team:O/t", "read"),
        Membership("O", "p1"),
        Grant("repo", "O/b", "team:O/t", "read"),
        Grant("org", "O", "team:O/t", "read"),
        Membership("O", "p2"),
        TeamMember("O/t", "p1"),
        Repo("O/b"),
        TeamMember("O/t", "p2"),
        Grant("repo", "O/b", "team:O/u", "read"),
    ]
    actions = {one: Action("f", "create", None, one, "s", 40) for one in made}
    repo_a, of_a, p1, *of_b, on_org, p2, in_t, repo_b, in_t_too, of_b_too = made
    lanes = [[repo_a, of_a], [p1], [*of_b, repo_b, of_b_too], [on_org], [p2], [in_t, in_t_too]]
    assert _lanes(actions.values()) == [[actions[one] for one in lane] for lane in lanes]


@pytest.mark.parametrize("jobs", [{"f": 1}, {"f": 0}, {}])
def test_a_forge_that_may_do_one_at_a_time_or_says_nothing_does_one_at_a_time(jobs):
    other = threading.Event()
    alone = threading.Lock()
    met = []

    def perform(_action):
        if alone.acquire(blocking=False):
            other.wait(0.05)  # nobody comes; whoever may come does so at once
            alone.release()
        else:
            met.append(True)
            other.set()
        return ""

    Executor({"f": perform}, jobs=jobs).run([create(f"O/r{n}") for n in range(3)])
    assert met == []


def test_a_stop_ends_between_two_actions_and_says_what_was_left():
    stop = threading.Event()

    def perform(_action):
        stop.set()
        return ""

    outcomes = run([create("O/a", 10), create("O/b", 20), create("O/c", 30)], perform, stop=stop)
    assert [o.status for o in outcomes] == ["done", "stopped", "stopped"]


def test_a_spent_budget_stops_its_forge_and_no_other():
    def perform(action):
        if action.forge == "f":
            raise BudgetError("the run's limit of 1 requests is used up")
        return ""

    actions = [create("O/a", 10), create("O/b", 20), create("O/a", 10, "g"), create("O/b", 20, "g")]
    assert [o.status for o in run(actions, perform)] == ["failed", "stopped", "done", "done"]


def test_what_failed_before_is_remembered_by_the_next_call():
    first = create("O/a")
    executor = Executor({"f": lambda _: ""}, jobs={"f": 1})
    executor.lose(first)
    assert executor.run([grant("O/a", first)])[0].status == "skipped"


def test_every_outcome_is_told_once():
    told = []
    actions = [create(f"O/r{n}") for n in range(10)]
    outcomes = run(actions, lambda _: "", on_outcome=told.append)
    assert sorted(o.action.id for o in told) == sorted(o.action.id for o in outcomes)


def test_every_way_to_end_says_what_happened():
    stop = threading.Event()
    ends = {
        "O/a": InterruptedRunError("stop"),
        "O/b": LaterError("the server is still at it", "run again in a minute"),
        "O/c": RefusedError("name is taken", "choose another"),
        "O/d": BudgetError("the run's limit of 1 requests is used up", "raise --max-requests"),
    }

    def perform(action):
        if action.key.name == "O/f":
            stop.set()
            return "req-9"
        raise ends[action.key.name]

    actions = [create(f"O/{name}", phase) for phase, name in enumerate("abcd")]
    elsewhere = [create("O/f", 9, "g"), create("O/g", 10, "g")]
    outcomes = run([*actions, create("O/e", 8)], perform)
    assert [(o.status, o.reason, o.hint) for o in outcomes] == [
        ("stopped", "the run was interrupted", ""),
        ("later", "the server is still at it", "run again in a minute"),
        ("failed", "name is taken", "choose another"),
        ("failed", "the run's limit of 1 requests is used up", "raise --max-requests"),
        ("stopped", "the run's limit of requests or time is used up", ""),
    ]
    outcomes = run(elsewhere, perform, stop=stop)
    assert [(o.status, o.reason, o.request) for o in outcomes] == [
        ("done", "", "req-9"),
        ("stopped", "the run was interrupted", ""),
    ]
    maker = create("O/c")
    skipped = run([maker, grant("O/c", maker)], perform)[1]
    text = f"left out: waits for {maker.kind} {maker.key.name} (create), which did not happen"
    assert (skipped.status, skipped.reason) == ("skipped", text)
