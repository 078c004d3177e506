"""What became of each action, and of the run as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sigctl.core.plan import Action, Plan
from sigctl.core.state import Note, SetAside

Status = Literal["done", "failed", "later", "skipped", "stopped"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One action and what became of it; `later` = the forge takes no more of it for hours, `stopped` = the run ended before its turn."""

    action: Action
    status: Status
    reason: str = ""
    hint: str = ""
    request: str = ""
    """The forge's id of the request, to find it in the forge's own log."""


def left_out(waited_for: Action) -> str:
    """Return in words why an action is left out that must not happen without another one."""
    what = f"{waited_for.kind.replace('_', ' ')} {waited_for.key.name}"
    return f"left out: waits for {what} ({waited_for.verb}), which did not happen"


@dataclass(frozen=True, slots=True)
class Report:
    """The whole run: outcomes in the order of the plan, and what a read at the end found still different."""

    plan: Plan
    outcomes: tuple[Outcome, ...] = ()
    remaining: Plan | None = None
    """The plan made after the run; None where nothing was read back."""
    mirrored: Mapping[str, int] = field(default_factory=dict)
    """Hops compared, equal, held."""
    set_aside: tuple[SetAside, ...] = ()
    notes: tuple[Note, ...] = ()
    interrupted: bool = False

    def counts(self) -> dict[str, int]:
        """Return the number of outcomes by status."""
        found = Counter(outcome.status for outcome in self.outcomes)
        return {status: found[status] for status in ("done", "failed", "later", "skipped", "stopped")}

    @property
    def converged(self) -> bool:
        """Whether a read at the end found the state as declared."""
        return self.remaining is not None and not self.remaining.actions

    @property
    def exit_code(self) -> int:
        """0 all done and as declared, 1 something failed, was set aside or is still different, 3 refused, 130 interrupted."""
        if self.interrupted:
            return 130
        if self.plan.refusals:
            return 3
        counts = self.counts()
        trouble = counts["failed"] + counts["later"] + counts["skipped"]
        trouble += len(self.set_aside) + len(self.plan.quarantined)
        different = self.remaining is not None and (self.remaining.actions or self.remaining.quarantined)
        return 1 if trouble or different else 0

    def as_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "format": "sigctl/report/1",
            "plan": self.plan.digest,
            "counts": self.counts(),
            "converged": self.converged,
            "interrupted": self.interrupted,
            "outcomes": [
                {
                    "id": o.action.id,
                    "status": o.status,
                    "reason": o.reason,
                    "hint": o.hint,
                    "request": o.request,
                }
                for o in self.outcomes
            ],
            "remaining": [a.as_json() for a in self.remaining.actions] if self.remaining else None,
            "mirror": dict(self.mirrored),
            "quarantined": [asdict(one) for one in (*self.plan.quarantined, *self.set_aside)],
            "notes": [asdict(note) for note in self.notes],
        }
