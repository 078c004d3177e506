"""What the log of applies is evidence of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sigctl.app.audit import Log
from sigctl.app.evidence import BY_DRIFT, audited


def runs(file: Path, *told: tuple[str, bool | None, dict[str, Any]]) -> None:
    """Write applies: (time, whether all was as declared at the end, None for one that never ended; what else it began with)."""
    log = Log(file)
    for number, (when, converged, more) in enumerate(told):
        run = {"run": str(number), "time": when}
        log.append(
            {
                "event": "begin",
                **run,
                "who": "admin@host",
                "config": "d",
                "forges": ["hub"],
                "sigs": [],
                **more,
            }
        )
        if converged is not None:
            log.append({"event": "end", **run, "counts": {}, "converged": converged, "exit": 0})


def test_the_last_apply_that_found_everything_right_is_known_by_forge_and_sig(tmp_path):
    file = tmp_path / "audit.jsonl"
    runs(
        file,
        ("2026-11-01T00:00:00+00:00", True, {}),
        ("2026-11-02T00:00:00+00:00", True, {"sigs": ["virt"]}),
        ("2026-11-03T00:00:00+00:00", False, {}),
        ("2026-11-04T00:00:00+00:00", True, {"reason": BY_DRIFT}),
        ("2026-11-05T00:00:00+00:00", None, {}),
    )
    found = audited(file)
    assert found.found_right("hub", "virt") == "2026-11-02T00:00:00+00:00"
    assert found.found_right("hub", "cloud") == "2026-11-01T00:00:00+00:00"
    assert found.found_right("lab", "virt") == ""
    last = found.applied("hub", "virt")
    assert last is not None
    assert last.when == "2026-11-05T00:00:00+00:00"
