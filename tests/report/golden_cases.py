"""What the terminal shows, at two widths; `python tests/report/golden_cases.py` writes the files anew, to be looked at before a commit."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from sigctl.app.access import Seen, answer, declared
from sigctl.app.access_told import told
from sigctl.app.context import Options
from sigctl.core.access_table import Wanted
from sigctl.report.access import access_text

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
TODAY = date(2026, 11, 22)
WIDTHS = (80, 160)


@cache
def estate() -> Seen:
    data = yaml.safe_load((HERE / "estate.yaml").read_text(encoding="utf-8"))
    policy = {"version": 1, **data.pop("policy")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "policy.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")
        main = folder / "sigs.yaml"
        main.write_text(yaml.safe_dump({**data, "policy": "policy.yaml"}, sort_keys=False), encoding="utf-8")
        return declared(Options(config=main), TODAY)


def shown(renderable: Any, width: int) -> str:
    """Return what a terminal of this width shows, without colours and without the spaces at the ends of lines."""
    console = Console(width=width, file=io.StringIO(), highlight=False, soft_wrap=True, no_color=True)
    console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def access(person: str = "", **fields: Any) -> Callable[[int], str]:
    wanted = Wanted(**{k: v if k == "branches" else frozenset(v) for k, v in fields.items()})

    def render(width: int) -> str:
        found = answer(estate(), wanted, person=person, today=TODAY)
        return shown(access_text(told(found, wanted), width), width)

    return render


CASES: dict[str, Callable[[int], str]] = {
    "access-everything": access(),
    "access-repo": access(repos={"virt/xen"}),
    "access-branch": access(repos={"core/kernel"}, branches=("c7", "c7-sig-virt-xen-4.14")),
    "access-person": access(people={"pasik"}),
    "access-leaving": access("hughesjr"),
}


def write() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for name, render in CASES.items():
        for width in WIDTHS:
            (GOLDEN / f"{name}-{width}.txt").write_text(render(width), encoding="utf-8")


if __name__ == "__main__":
    write()
