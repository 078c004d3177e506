"""Ctrl-C is heard whatever the main thread waits for, also where the system gives the signal to another thread."""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from sigctl.cli.interrupt import interruptible

PATIENCE = 60.0


def _until_main_sleeps() -> None:
    """Return once the main thread is inside `join` and stays asleep there, some looks long."""
    main, looks = threading.main_thread(), 0
    state = Path(f"/proc/self/task/{main.native_id}/stat")
    deadline = time.monotonic() + PATIENCE
    while looks < 20:
        assert time.monotonic() < deadline
        inside = sys._current_frames()[main.ident].f_code.co_filename == threading.__file__
        asleep = state.read_text().rpartition(")")[2].split()[0] == "S"
        looks = looks + 1 if inside and asleep else 0
        time.sleep(0.005)  # waiting for a condition, with a bound


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_heard_while_the_main_thread_sleeps_through_it(number, capsys):
    stop, heard = threading.Event(), []

    def work() -> None:
        _until_main_sleeps()
        signal.pthread_kill(threading.get_ident(), number)
        heard.append(stop.wait(PATIENCE))

    with interruptible(stop):
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()  # Python runs its handlers in this thread, which nothing wakes
    assert heard == [True]
    assert capsys.readouterr().err == "stopping after what runs now; once more to stop at once\n"


def test_the_second_time_ends_at_once(capsys):
    stop = threading.Event()

    def run() -> None:
        with interruptible(stop):
            signal.raise_signal(signal.SIGINT)
            assert stop.wait(PATIENCE)
            signal.raise_signal(signal.SIGINT)
            threading.Event().wait(PATIENCE)
            raise AssertionError

    with pytest.raises(KeyboardInterrupt):
        run()
    assert capsys.readouterr().err.count("once more to stop at once") == 1


def test_the_second_time_is_heard_too_while_the_main_thread_sleeps_through_it():
    stop, lasts = threading.Event(), threading.Event()

    def press() -> None:
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        assert stop.wait(PATIENCE)
        _until_main_sleeps()
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        lasts.wait(PATIENCE)

    def run() -> None:
        with interruptible(stop):
            worker.start()
            worker.join()

    worker = threading.Thread(target=press)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run()
    assert time.monotonic() - began < PATIENCE
    lasts.set()
    worker.join(PATIENCE)


def test_afterwards_signals_mean_what_they_meant_before():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    reads = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(reads)
    with interruptible(threading.Event()), interruptible(threading.Event()):
        assert signal.getsignal(signal.SIGINT) != before[0]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert signal.set_wakeup_fd(reads) == reads
    assert "ctrl-c" not in [thread.name for thread in threading.enumerate()]
