"""Waits that are planned: what a server takes at a time is never exceeded, and no wait is longer than it must be."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sigctl.errors import InterruptedRunError
from sigctl.forges.http import Caller, Failure
from sigctl.forges.pacing import DAY, HOUR, Daily, Pacing, Quota

MINUTELY = Quota("creations", 80, 60.0, "80 creations a minute")
HOURLY = Quota("creations", 500, 3600.0, "500 creations an hour")
POINTS = Quota("points", 900, 60.0, "900 points a minute")


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def never(error: Exception) -> Failure:
    raise error


def caller_of(time: Time, *quotas: Quota, told: Callable[[str], None] | None = None, **more: float) -> Caller:
    limits = {"max_requests": 100_000, "max_seconds": 3600.0} | more
    return Caller(
        never,
        max_requests=int(limits["max_requests"]),
        max_seconds=limits["max_seconds"],
        sleep=time.sleep,
        clock=time.clock,
        pacing=Pacing(quotas),
        told=told,
    )


def send(caller: Caller, count: int, **spend: int) -> None:
    for _ in range(count):
        caller.write(lambda: "made", repeatable=True, spend=spend)


def test_what_fits_is_sent_without_any_wait() -> None:
    time = Time()
    send(caller_of(time, MINUTELY, HOURLY, POINTS), 80, creations=1, points=5)
    assert time.slept == []


def test_the_eighty_first_creation_waits_for_the_first_to_be_a_minute_old() -> None:
    time = Time()
    caller = caller_of(time, MINUTELY)
    send(caller, 1, creations=1)
    time.now += 12.0
    send(caller, 79, creations=1)
    send(caller, 1, creations=1)
    assert time.slept == [48.0]


def test_reads_cost_a_point_and_writes_five_of_nine_hundred_a_minute() -> None:
    time = Time()
    caller = caller_of(time, POINTS)
    for _ in range(400):
        caller.read(lambda: "answer", {"points": 1})
    send(caller, 100, points=5)
    assert time.slept == []
    caller.read(lambda: "answer", {"points": 1})
    assert time.slept == [60.0]


def test_planned_waits_do_not_count_against_the_time_of_the_run() -> None:
    time = Time()
    caller = caller_of(time, MINUTELY, HOURLY, max_seconds=100.0)
    send(caller, 1100, creations=1)
    assert time.now - 1000.0 >= 7200.0, "500 an hour: the third hour has begun"
    assert caller.writes == 1100


def test_a_long_wait_is_told_once_with_its_end_and_its_reason() -> None:
    time = Time()
    told: list[str] = []
    send(caller_of(time, MINUTELY, told=told.append), 161, creations=1)
    assert len(told) == 2
    assert all(one.startswith("paused until ") and one.endswith(": 80 creations a minute") for one in told)


def test_ctrl_c_ends_a_planned_wait() -> None:
    stop = threading.Event()
    told: list[str] = []

    def tell(text: str) -> None:
        told.append(text)
        stop.set()

    caller = Caller(
        never, max_requests=10, max_seconds=3600.0, pacing=Pacing([Quota("creations", 1, 600.0, "one")]), stop=stop, told=tell
    )  # fmt: skip
    send(caller, 1, creations=1)
    with pytest.raises(InterruptedRunError):
        send(caller, 1, creations=1)
    assert len(told) == 1
    assert (
        caller.read(lambda: "short requests of what runs still go") == "short requests of what runs still go"
    )


def test_a_wait_that_began_before_ctrl_c_ends_with_it() -> None:
    stop, waiting = threading.Event(), threading.Event()
    caller = Caller(
        never, max_requests=10, max_seconds=3600.0, pacing=Pacing([Quota("creations", 1, 600.0, "one")]), stop=stop,
        told=lambda _: waiting.set(),
    )  # fmt: skip
    send(caller, 1, creations=1)
    ended: list[Exception] = []

    def work() -> None:
        try:
            send(caller, 1, creations=1)
        except InterruptedRunError as error:
            ended.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert waiting.wait(60)
    stop.set()
    thread.join(60)
    assert len(ended) == 1


@given(
    st.lists(st.tuples(st.floats(0, 40), st.integers(1, 30)), max_size=60),
    st.integers(1, 60),
    st.sampled_from([10.0, 60.0]),
)
def test_no_window_ever_holds_more_than_its_number(
    steps: list[tuple[float, int]], most: int, seconds: float
) -> None:
    time = Time()
    pacing = Pacing([Quota("points", most, seconds, "so many")])
    sent: list[tuple[float, int]] = []
    for gap, amount in steps:
        time.now += gap
        while (pause := pacing.book({"points": amount}, time.now)) is not None:
            assert 0 < pause.seconds <= seconds + 1e-6
            time.now += pause.seconds
        sent.append((time.now, min(amount, most)))
    for end, _ in sent:
        inside = [amount for at, amount in sent if end - seconds + 1e-6 < at <= end]
        assert sum(inside) <= most


def test_a_quota_of_nought_is_no_limit() -> None:
    time = Time()
    send(caller_of(time, Quota("creations", 0, 60.0, "none")), 1000, creations=1)
    assert time.slept == []


def test_the_invitations_of_a_day_are_counted_by_place_and_come_back_one_by_one() -> None:
    time = Time()
    daily = Daily(3, time.clock)
    for number in range(3):
        assert daily.wait("CentOS") == 0
        for _ in range(2):
            assert daily.book("centos", f"member{number}") == 0
        time.now += HOUR
    assert daily.book("CentOS", "member9") > 0
    assert daily.book("CentOS", "Member1") == 0, "whoever was invited needs no other invitation"
    assert daily.left("CentOS") == 0
    assert daily.wait("CentOS") == DAY - 3 * HOUR
    assert daily.wait("CentOS-virt") == 0
    time.now += DAY - 3 * HOUR
    assert daily.left("CentOS") == 1


def test_invitations_of_earlier_runs_count_and_a_place_may_have_more() -> None:
    time = Time()
    daily = Daily(50, time.clock)
    daily.seen("CentOS", {f"member{n}": HOUR if n < 30 else DAY + 1 for n in range(60)})
    assert daily.left("CentOS") == 20
    daily.limit("CentOS", 500)
    daily.seen("CentOS", {f"member{n}": HOUR for n in range(30)})
    assert daily.left("CentOS") == 470
    daily.book("CentOS", "Member1")
    assert daily.left("CentOS") == 470, "whoever is invited already is not invited again"


def test_a_refusal_of_the_server_holds_whatever_we_counted() -> None:
    time = Time()
    daily = Daily(50, time.clock)
    daily.refused("CentOS")
    assert (daily.left("CentOS"), daily.wait("CentOS")) == (0, HOUR)
    unlimited = Daily(0, time.clock)
    assert (unlimited.left("CentOS"), unlimited.wait("CentOS")) == (None, 0)
    unlimited.limit("CentOS", 500)
    assert unlimited.left("CentOS") is None


def test_what_is_booked_at_once_by_many_is_never_more_than_the_number() -> None:
    daily = Daily(50, Time().clock)
    with ThreadPoolExecutor(16) as pool:
        waits = list(pool.map(lambda n: daily.book("CentOS", f"member{n}"), range(200)))
    assert sum(wait == 0 for wait in waits) == 50
    daily.release("CentOS", f"member{waits.index(0)}")
    assert daily.book("CentOS", "somebody-else") == 0
