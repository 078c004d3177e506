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

    def left(self, now: float) -> int:
        """Return how much still fits."""
        self._forget(now)
        return max(0, self.quota.most - self._sum)

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
        self._windows: dict[str, Window] = {}
        self._full: dict[str, float] = defaultdict(float)
        self._known: defaultdict[str, set[str]] = defaultdict(set)
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
            self._windows.pop(place.casefold(), None)
            window = self._window(place)
            self._known[place.casefold()] = {who.casefold() for who in ages}
            for age in sorted(ages.values(), reverse=True):
                if 0 <= age < DAY:
                    window.take(1, now - age)

    def take(self, place: str, who: str) -> None:
        """Count one more, unless it is known to have been done for the same one before."""
        with self._lock:
            known = self._known[place.casefold()]
            if who.casefold() not in known:
                known.add(who.casefold())
                self._window(place).take(1, self._clock())

    def refused(self, place: str) -> None:
        """Take note that the server takes no more here, whatever we counted: asked again after an hour at the earliest."""
        with self._lock:
            self._full[place.casefold()] = self._clock() + HOUR

    def wait(self, place: str) -> float:
        """Return the seconds until one more fits, 0 where it does."""
        now = self._clock()
        with self._lock:
            full = self._full[place.casefold()] - now
            return max(full, self._window(place).wait(1, now) if self._most else 0.0, 0.0)

    def left(self, place: str) -> int | None:
        """Return how many still fit today, None where there is no limit."""
        if not self._most:
            return None
        now = self._clock()
        with self._lock:
            return 0 if self._full[place.casefold()] > now else self._window(place).left(now)

    def _window(self, place: str) -> Window:
        name = place.casefold()
        if name not in self._windows:
            most = self._limits.get(name, self._most)
            self._windows[name] = Window(Quota(name, most, DAY, f"{most} invitations a day"))
        return self._windows[name]
