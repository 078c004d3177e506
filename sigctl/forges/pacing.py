"""How much may be asked of a server at a time: windows that slide, so that waits are planned rather than met."""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
Spend = Mapping[str, int]
"""What a request takes, by name: points, creations ..."""


@dataclass(frozen=True, slots=True)
class Quota:
    """At most so many of something within so many seconds."""

    of: str
    most: int
    seconds: float
    words: str
    """As people say it: `80 creations a minute`."""


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait that is needed, and what for."""

    seconds: float
    words: str


class Window:
    """What was taken of one quota within its last seconds; times must not go backwards."""

    def __init__(self, quota: Quota) -> None:
        self.quota = quota
        self._taken: deque[tuple[float, int]] = deque()
        self._sum = 0

    def wait(self, amount: int, now: float) -> float:
        """Return the seconds until this much more fits, 0 where it does; more than ever fits waits until nothing is taken."""
        self._forget(now)
        over = self._sum + min(amount, self.quota.most) - self.quota.most
        for taken_at, taken in self._taken:
            if over <= 0:
                break
            over -= taken
            if over <= 0:
                return taken_at + self.quota.seconds - now
        return 0.0

    def take(self, amount: int, now: float) -> None:
        """Count this much as taken now."""
        self._taken.append((now, amount))
        self._sum += amount

    def _forget(self, now: float) -> None:
        while self._taken and self._taken[0][0] + self.quota.seconds <= now:
            self._sum -= self._taken.popleft()[1]


class Pacing:
    """The quotas of one server, for any number of threads."""

    def __init__(self, quotas: Iterable[Quota]) -> None:
        self.quotas = tuple(quota for quota in quotas if quota.most > 0)
        self._windows = [Window(quota) for quota in self.quotas]
        self._lock = threading.Lock()

    def book(self, spend: Spend, now: float) -> Pause | None:
        """Take this from every quota and return None; or take nothing and return the wait until it fits."""
        with self._lock:
            asked = [(window, spend.get(window.quota.of, 0)) for window in self._windows]
            waits = [
                Pause(seconds, window.quota.words)
                for window, amount in asked
                if amount and (seconds := window.wait(amount, now)) > 0
            ]
            if waits:
                return max(waits, key=lambda pause: pause.seconds)
            for window, amount in asked:
                if amount:
                    window.take(amount, now)
            return None

    def fresh(self) -> Pacing:
        """Return the same quotas with nothing taken, to reckon with."""
        return Pacing(self.quotas)


class Daily:
    """What may be done so often a day in each of many places, such as inviting; nobody waits for the next day."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most = most
        self._clock = clock
        self._limits: dict[str, int] = {}
        self._done: defaultdict[str, dict[str, float]] = defaultdict(dict)
        """Place -> for whom it was done, and when."""
        self._full: defaultdict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def limit(self, place: str, most: int) -> None:
        """Let a place have another number than the others; where there is no limit at all, there still is none."""
        if self._most:
            with self._lock:
                self._limits[place.casefold()] = most

    def seen(self, place: str, ages: Mapping[str, float]) -> None:
        """Count what was done for whom that many seconds ago, by an earlier run or by others; replaces what was counted."""
        now = self._clock()
        with self._lock:
            self._done[place.casefold()] = {who.casefold(): now - max(age, 0.0) for who, age in ages.items()}

    def book(self, place: str, who: str) -> float:
        """Count one more and return 0; or count nothing and return the seconds until one more fits.

        Whoever is known from before needs none: that returns 0, too.
        """
        now = self._clock()
        with self._lock:
            done = self._done[place.casefold()]
            if who.casefold() in done:
                return 0.0
            wait = self._wait(place, now)
            if wait <= 0:
                done[who.casefold()] = now
            return wait

    def knows(self, place: str, who: str) -> bool:
        """Whether it was done for this one before."""
        with self._lock:
            return who.casefold() in self._done[place.casefold()]

    def release(self, place: str, who: str) -> None:
        """Take back what was booked: it was not done after all."""
        with self._lock:
            self._done[place.casefold()].pop(who.casefold(), None)

    def refused(self, place: str) -> None:
        """Take note that the server takes no more here, whatever we counted: asked again after an hour at the earliest."""
        with self._lock:
            self._full[place.casefold()] = self._clock() + HOUR

    def wait(self, place: str) -> float:
        """Return the seconds until one more fits, 0 where it does."""
        with self._lock:
            return self._wait(place, self._clock())

    def left(self, place: str) -> int | None:
        """Return how many still fit today, None where there is no limit."""
        if not self._most:
            return None
        now = self._clock()
        with self._lock:
            if self._full[place.casefold()] > now:
                return 0
            return max(0, self._limits.get(place.casefold(), self._most) - len(self._today(place, now)))

    def _wait(self, place: str, now: float) -> float:
        full = max(0.0, self._full[place.casefold()] - now)
        today = sorted(self._today(place, now))
        over = len(today) - self._limits.get(place.casefold(), self._most)
        if not self._most or over < 0:
            return full
        return max(full, today[over] + DAY - now)

    def _today(self, place: str, now: float) -> list[float]:
        return [at for at in self._done[place.casefold()].values() if at + DAY > now]
