"""The one owner of retry: what is sent again, when, and what never is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigctl.errors import (
    BudgetError,
    DeniedError,
    ForgeError,
    InterruptedRunError,
    PartialError,
    RefusedError,
    UnreachableError,
)
from sigctl.forges.http import ATTEMPTS, LONGEST_WAIT, Caller, Failure, Nature


class BrokenError(Exception):
    """A vendor's exception, as an adapter would meet it."""

    def __init__(
        self, nature: Nature, retry_after: float | None = None, error: ForgeError | None = None
    ) -> None:
        self.failure = Failure(nature, error or RefusedError(nature.value, status=500), retry_after)


def read_failure(error: Exception) -> Failure:
    if isinstance(error, BrokenError):
        return error.failure
    raise error


@dataclass
class Time:
    """A clock that only sleeping moves."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def caller_of(time: Time, max_requests: int = 1000, max_seconds: float = 3600.0) -> Caller:
    return Caller(
        read_failure, max_requests=max_requests, max_seconds=max_seconds, sleep=time.sleep, clock=time.clock
    )


def script(*steps: str | Exception) -> tuple[Callable[[], str], list[str | Exception]]:
    """Return a request that answers or fails step by step, and the list of what it did."""
    left: Iterator[str | Exception] = iter(steps)
    done: list[str | Exception] = []

    def request() -> str:
        step = next(left)
        done.append(step)
        if isinstance(step, Exception):
            raise step
        return step

    return request, done


def test_a_read_is_tried_again_after_what_may_pass(time: Time) -> None:
    request, _ = script(BrokenError(Nature.TRANSIENT), BrokenError(Nature.NOT_YET), "answer")
    caller = caller_of(time)
    assert caller.read(request) == "answer"
    assert (caller.reads, caller.writes) == (3, 0)
    assert time.slept == [0.2, 0.2]


def test_a_final_failure_is_raised_at_once_and_as_it_is(time: Time) -> None:
    request, done = script(BrokenError(Nature.FINAL, error=DeniedError("no")))
    with pytest.raises(DeniedError, match="no"):
        caller_of(time).read(request)
    assert len(done) == 1


def test_an_error_of_ours_passes_through(time: Time) -> None:
    request, done = script(PartialError("half"))
    with pytest.raises(PartialError, match="half"):
        caller_of(time).read(request)
    assert len(done) == 1


def test_what_the_adapter_does_not_know_is_a_bug_and_is_not_hidden(time: Time) -> None:
    request, _ = script(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        caller_of(time).read(request)


def test_transient_failures_end_as_unreachable_within_seconds(time: Time) -> None:
    request, done = script(*[BrokenError(Nature.TRANSIENT)] * 50)
    with pytest.raises(UnreachableError) as caught:
        caller_of(time).read(request)
    assert len(done) == ATTEMPTS[Nature.TRANSIENT]
    assert caught.value.status == 500
    assert sum(time.slept) < 10


def test_partial_answers_stay_partial_when_they_do_not_pass(time: Time) -> None:
    request, _ = script(*[BrokenError(Nature.TRANSIENT, error=PartialError("half"))] * 50)
    with pytest.raises(PartialError, match="half"):
        caller_of(time).read(request)


def test_not_yet_there_is_waited_for_with_a_bound(time: Time) -> None:
    request, done = script(*[BrokenError(Nature.NOT_YET)] * 50)
    with pytest.raises(RefusedError, match="not yet"):
        caller_of(time).write(request)
    assert len(done) == ATTEMPTS[Nature.NOT_YET]
    assert 10 < sum(time.slept) < 30


@pytest.mark.parametrize("seconds", [1.0, 7.0, 60.0, LONGEST_WAIT])
def test_retry_after_is_honoured_to_the_second(time: Time, seconds: float) -> None:
    request, _ = script(BrokenError(Nature.LIMITED, seconds), "answer")
    assert caller_of(time).read(request) == "answer"
    assert time.slept == [seconds]


def test_a_server_that_is_busy_is_given_the_time_it_named(time: Time) -> None:
    request, _ = script(BrokenError(Nature.TRANSIENT, 3.0), "answer")
    assert caller_of(time).read(request) == "answer"
    assert time.slept == [3.0]


def test_a_limit_without_a_time_waits_a_minute_then_two_then_gives_up(time: Time) -> None:
    request, _ = script(*[BrokenError(Nature.LIMITED)] * 9)
    with pytest.raises(RefusedError) as caught:
        caller_of(time).read(request)
    assert time.slept == [60.0, 120.0]
    assert "try again" in caught.value.hint


def test_a_wait_that_is_too_long_is_reported_with_its_time(time: Time) -> None:
    request, done = script(BrokenError(Nature.LIMITED, 1800.0))
    with pytest.raises(RefusedError) as caught:
        caller_of(time).read(request)
    assert caught.value.hint == "the forge asks to come back in 1800 seconds"
    assert (time.slept, len(done)) == ([], 1)


def test_a_limit_met_by_one_request_holds_back_all_others(time: Time) -> None:
    caller = caller_of(time)
    sent: list[float] = []

    def limited() -> str:
        if not sent:
            sent.append(time.now)
            inner = threading.Thread(target=lambda: caller.read(lambda: sent.append(time.now) or "other"))
            raise_after(inner)
        return "answer"

    def raise_after(thread: threading.Thread) -> None:
        started.append(thread)
        raise BrokenError(Nature.LIMITED, 30.0)

    started: list[threading.Thread] = []
    assert caller.read(limited) == "answer"
    caller._resume_at = time.now + 12.0
    started[0].start()
    started[0].join(60)
    assert sent == [1000.0, 1042.0]


def test_a_pause_that_grew_while_waiting_is_waited_out(time: Time) -> None:
    grown = []

    def sleep(seconds: float) -> None:
        if not grown:
            grown.append(seconds)
            caller._resume_at += 4.0
        time.sleep(seconds)

    caller = Caller(read_failure, max_requests=10, max_seconds=3600.0, sleep=sleep, clock=time.clock)
    caller._resume_at = time.now + 5.0
    caller.read(lambda: "answer")
    assert time.now == 1009.0


def test_a_write_whose_answer_was_lost_is_not_sent_twice(time: Time) -> None:
    request, done = script(BrokenError(Nature.TRANSIENT), "twice")
    with pytest.raises(UnreachableError) as caught:
        caller_of(time).write(request)
    assert len(done) == 1
    assert "may have been made" in caught.value.hint


def test_a_write_that_was_not_carried_out_is_sent_again(time: Time) -> None:
    request, done = script(BrokenError(Nature.LIMITED, 1.0), BrokenError(Nature.NOT_YET), "once")
    assert caller_of(time).write(request) == "once"
    assert len(done) == 3


def test_a_repeatable_write_is_sent_again(time: Time) -> None:
    request, _ = script(BrokenError(Nature.TRANSIENT), "again")
    caller = caller_of(time)
    assert caller.write(request, repeatable=True) == "again"
    assert (caller.reads, caller.writes) == (0, 2)


def test_a_lost_create_that_happened_is_found_not_repeated(time: Time) -> None:
    request, done = script(BrokenError(Nature.TRANSIENT), "twice")
    assert caller_of(time).write(request, happened=lambda: "found") == "found"
    assert len(done) == 1


def test_a_lost_create_that_shows_up_late_is_found_when_its_repeat_is_refused(time: Time) -> None:
    answers: Iterator[str | None] = iter([None, "found"])
    request, done = script(BrokenError(Nature.TRANSIENT), BrokenError(Nature.FINAL))
    assert caller_of(time).write(request, happened=lambda: next(answers)) == "found"
    assert len(done) == 2


def test_a_create_lost_on_the_last_try_is_looked_for_once_more(time: Time) -> None:
    looks = []

    def happened() -> str | None:
        looks.append(1)
        return "found" if len(looks) == ATTEMPTS[Nature.TRANSIENT] else None

    request, _ = script(*[BrokenError(Nature.TRANSIENT)] * 50)
    assert caller_of(time).write(request, happened=happened) == "found"


def test_a_loss_that_cannot_be_read_back_says_so(time: Time) -> None:
    def happened() -> str | None:
        raise BrokenError(Nature.TRANSIENT)

    request, done = script(BrokenError(Nature.TRANSIENT), "twice")
    with pytest.raises(UnreachableError, match="may have happened"):
        caller_of(time).write(request, happened=happened)
    assert len(done) == 1


def test_the_budget_of_requests_counts_every_try(time: Time) -> None:
    caller = caller_of(time, max_requests=3)
    request, _ = script(BrokenError(Nature.TRANSIENT), "answer")
    caller.read(request)
    caller.write(lambda: "write")
    with pytest.raises(BudgetError, match="limit of 3 requests"):
        caller.read(lambda: "one too many")
    assert (caller.reads, caller.writes) == (2, 1)


def test_the_budget_of_time_ends_the_run_and_no_pause_outlasts_it(time: Time) -> None:
    caller = caller_of(time, max_seconds=10.0)
    request, _ = script(BrokenError(Nature.LIMITED, 30.0))
    with pytest.raises(RefusedError, match="limited"):
        caller.read(request)
    assert time.slept == []
    time.now += 11
    with pytest.raises(BudgetError, match="time limit"):
        caller.read(lambda: "late")


def test_stop_wakes_whoever_waits_and_refuses_the_rest() -> None:
    caller = Caller(read_failure, max_requests=10, max_seconds=3600.0)
    request, done = script(BrokenError(Nature.LIMITED, 100.0), "answer")
    outcome: list[Exception] = []

    def work() -> None:
        try:
            caller.read(request)
        except InterruptedRunError as error:
            outcome.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    caller.stop()
    thread.join(60)
    assert not thread.is_alive()
    assert len(outcome) == 1
    assert len(done) <= 1
    with pytest.raises(InterruptedRunError):
        caller.read(lambda: "late")


def test_asked_to_stop_nothing_more_is_sent_where_all_only_reads() -> None:
    stop = threading.Event()
    caller = Caller(read_failure, max_requests=10, max_seconds=3600.0, stop=stop)
    with caller.only_reading():
        assert caller.read(lambda: "answer") == "answer"
        stop.set()
        with pytest.raises(InterruptedRunError):
            caller.read(lambda: "late")
    assert caller.read(lambda: "for a change that is under way") == "for a change that is under way"
    assert (caller.reads, caller.writes) == (2, 0)


def test_counts_are_whole_under_many_threads() -> None:
    caller = Caller(read_failure, max_requests=10_000, max_seconds=3600.0)

    def work() -> None:
        for _ in range(100):
            caller.read(lambda: None)
            caller.write(lambda: None)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (caller.reads, caller.writes) == (800, 800)


class Server:
    """Makes a thing at most once per request that gets through; the script says what becomes of each request."""

    def __init__(self, fates: list[str]) -> None:
        self.fates = iter(fates)
        self.made = 0
        self.asked_while_made = False

    def create(self) -> str:
        fate = next(self.fates, "ok")
        if fate == "limited":
            raise BrokenError(Nature.LIMITED, 1.0)
        if fate == "not yet":
            raise BrokenError(Nature.NOT_YET)
        if fate == "refused":
            raise BrokenError(Nature.FINAL)
        if fate == "lost before":
            raise BrokenError(Nature.TRANSIENT)
        self.made += 1
        if fate == "lost after":
            raise BrokenError(Nature.TRANSIENT)
        return "made"

    def find(self) -> str | None:
        return "made" if self.made else None


FATES = st.lists(
    st.sampled_from(["limited", "not yet", "refused", "lost before", "lost after", "ok"]), max_size=12
)


@given(FATES)
def test_a_create_is_never_done_twice_and_never_reported_wrongly(fates: list[str]) -> None:
    server, time = Server(fates), Time()
    try:
        answer = caller_of(time).write(server.create, happened=server.find)
    except ForgeError:
        assert server.made == 0
    else:
        assert (answer, server.made) == ("made", 1)


@given(FATES)
def test_without_a_way_to_read_back_a_write_still_happens_at_most_once(fates: list[str]) -> None:
    server, time = Server(fates), Time()
    try:
        caller_of(time).write(server.create)
    except ForgeError:
        assert server.made <= 1
    else:
        assert server.made == 1


@given(FATES)
def test_all_waiting_is_bounded(fates: list[str]) -> None:
    server, time = Server(fates), Time()
    with suppress(ForgeError):
        caller_of(time).write(server.create, repeatable=True)
    assert time.now - 1000.0 < 60
