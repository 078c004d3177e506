"""Runs actions: phase by phase, lanes side by side, each with an outcome; one failure skips only what depends on it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from sigctl.core.plan import Action
from sigctl.errors import BudgetError, InterruptedRunError, LaterError, SigctlError
from sigctl.report.outcome import Outcome, left_out

Perform = Callable[[Action], str]
OnOutcome = Callable[[Outcome], None]


class Executor:
    """Carries out actions of several forges; remembers what failed, so that a later call skips what depends on it."""

    def __init__(
        self,
        perform: Mapping[str, Perform],
        *,
        jobs: Mapping[str, int],
        stop: threading.Event | None = None,
        on_outcome: OnOutcome | None = None,
    ) -> None:
        self._perform = perform
        self._jobs = jobs
        self._stop = stop or threading.Event()
        self._tell = on_outcome or (lambda _: None)
        self._lock = threading.Lock()
        self._lost: dict[str, Action] = {}
        self._spent: set[str] = set()

    def run(self, actions: Sequence[Action]) -> list[Outcome]:
        """Return an outcome for every action, in the order given; forges go side by side, and none waits for another."""
        found: dict[str, Outcome] = {}
        by_forge: dict[str, list[Action]] = defaultdict(list)
        for action in actions:
            by_forge[action.forge].append(action)
        if by_forge:
            with ThreadPoolExecutor(len(by_forge), "forge") as pool:
                for outcomes in pool.map(self._forge, by_forge.values()):
                    found.update((outcome.action.id, outcome) for outcome in outcomes)
        return [found[action.id] for action in actions]

    def lose(self, action: Action) -> None:
        """Note that an action done elsewhere came to nothing, so that what depends on it is skipped."""
        with self._lock:
            self._lost[action.id] = action

    def _forge(self, actions: list[Action]) -> list[Outcome]:
        out: list[Outcome] = []
        ordered = sorted(actions, key=lambda action: action.phase)
        with ThreadPoolExecutor(max(1, self._jobs.get(actions[0].forge, 1)), "lane") as pool:
            for _, phase in groupby(ordered, key=lambda action: action.phase):
                for lane in pool.map(self._lane, _lanes(phase)):
                    out += lane
        return out

    def _lane(self, actions: list[Action]) -> list[Outcome]:
        return [self._one(action) for action in actions]

    def _one(self, action: Action) -> Outcome:
        outcome = self._outcome(action)
        if outcome.status != "done":
            self.lose(action)
        self._tell(outcome)
        return outcome

    def _outcome(self, action: Action) -> Outcome:  # noqa: PLR0911  # one return for each way to end
        if self._stop.is_set():
            return Outcome(action, "stopped", "the run was interrupted")
        if action.forge in self._spent:
            return Outcome(action, "stopped", "the run's limit of requests or time is used up")
        with self._lock:
            lost = next((self._lost[other] for other in action.depends if other in self._lost), None)
        if lost is not None:
            return Outcome(action, "skipped", left_out(lost))
        try:
            request = self._perform[action.forge](action)
        except InterruptedRunError:
            return Outcome(action, "stopped", "the run was interrupted")
        except BudgetError as error:
            self._spent.add(action.forge)
            return Outcome(action, "failed", error.text, error.hint)
        except LaterError as error:
            return Outcome(action, "later", error.text, error.hint)
        except SigctlError as error:
            return Outcome(action, "failed", error.text, error.hint)
        return Outcome(action, "done", request=request)


def _lanes(actions: Iterable[Action]) -> list[list[Action]]:
    """Group the actions of a phase so that two of one lane never run at once: a lane is the thing that is changed."""
    lanes: dict[str, list[Action]] = defaultdict(list)
    for action in actions:
        inside = action.subject.inside
        lanes[str(inside if inside is not None and inside.kind != "org" else action.key)].append(action)
    return list(lanes.values())
