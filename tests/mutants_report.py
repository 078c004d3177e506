"""Write docs/mutants-list.md: how many mutants of each file were seen, and each that was not, with the class it is in.

Run it where `make mutants` has run. The classes `words` and `default` are told by the code itself; the others stand in
`mutants_known.json`, by function and by a piece of the changed line, so that a run over other code keeps them.
"""

from __future__ import annotations

import ast
import difflib
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MADE = Path("mutants")
OUT = Path("docs/mutants-list.md")
KNOWN = Path(__file__).with_name("mutants_known.json")
STATES = {None: "not tried", 0: "survived", 5: "not reached", 33: "not reached"}
"""mutmut's exit codes; every other one means that a test failed, or that it took too long."""
SAYS = {"Note", "SetAside", "Refusal", "ValueError", "UsageError", "Problem"}
"""What is made of words for people."""
WORDS = {"text", "hint", "what", "why", "reason"}
"""Names of variables that hold such words."""
OPEN = "open"


@dataclass(frozen=True)
class Survivor:
    """One change that no test saw."""

    function: str
    line: str
    """The changed line, as the mutant has it."""
    kind: str


def states() -> dict[str, Counter[str]]:
    """Return file -> how many of its mutants are in each state."""
    found: dict[str, Counter[str]] = {}
    for path in sorted(MADE.rglob("*.py.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"].values()
        if codes:
            found[_module(path)] = Counter(STATES.get(code, "seen") for code in codes)
    return found


def survivors() -> Iterator[Survivor]:
    """Yield what no test saw, file by file."""
    known = json.loads(KNOWN.read_text())
    for path in sorted(MADE.rglob("*.py.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"]
        names = [name.rpartition(".")[2] for name, code in codes.items() if code == 0]
        if names:
            yield from _of_file(_module(path), path.with_suffix(""), names, known)


def _module(path: Path) -> str:
    return str(path.relative_to(MADE / "sigctl")).removesuffix(".py.meta")


def _of_file(
    module: str, path: Path, names: list[str], known: dict[str, list[list[str]]]
) -> Iterator[Survivor]:
    text = path.read_text()
    lines = text.splitlines()
    functions = {node.name: node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
    for name in names:
        mangled, _, _ = name.rpartition("__mutmut_")
        old, new = functions[f"{mangled}__mutmut_orig"], functions[name]
        function = f"{module}.{_plain(mangled)}"
        before, after = (lines[node.lineno : node.end_lineno] for node in (old, new))
        changed = [
            row
            for row in difflib.unified_diff(before, after, n=0, lineterm="")
            if row[:3] not in {"---", "+++"}
        ]
        line = " ".join(row[1:].strip() for row in changed if row.startswith("+")) or "(left out)"
        at = _places(changed, old.lineno)
        yield Survivor(function, line, _kind(function, line, at, old, known))


def _plain(mangled: str) -> str:
    """Return the name of a function, after its class where it is in one, as the code has it."""
    return ".".join(mangled.split("ǁ")[1:]) if "ǁ" in mangled else mangled.removeprefix("x_")


def _places(changed: list[str], first: int) -> set[int]:
    """Return the numbers of the changed lines of the function as it is."""
    found: set[int] = set()
    for row in changed:
        if row.startswith("@@"):
            start, _, count = row.split()[1][1:].partition(",")
            found |= {first + int(start) + n for n in range(int(count or 1))}
    return found


def _kind(
    function: str, line: str, at: set[int], old: ast.FunctionDef, known: dict[str, list[list[str]]]
) -> str:
    for piece, kind in known.get(function, []):
        if piece in line:
            return kind
    if at and max(at) < old.body[0].lineno:
        return "default"
    return "words" if at and all(_says(old, number) for number in at) else OPEN


def _says(function: ast.FunctionDef, number: int) -> bool:
    """Whether a line of the function is about what people are told."""
    for node in ast.walk(function):
        if not hasattr(node, "lineno") or not node.lineno <= number <= node.end_lineno:
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYS:
            return True
        if isinstance(node, ast.Assign) and {t.id for t in node.targets if isinstance(t, ast.Name)} & WORDS:
            return True
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name) and node.target.id in WORDS:
            return True
    return False


def report() -> str:
    """Return the whole page."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    numbers, found = states(), list(survivors())
    total = sum(numbers.values(), Counter())
    columns = ("seen", "survived", "not reached", "not tried")
    out = [
        "# Mutants, one by one",
        "",
        f"Written by `tests/mutants_report.py` on {commit}; what the classes mean stands in [mutants.md](mutants.md).",
        "",
        f"{total.total():,} mutants: " + ", ".join(f"{total[one]:,} {one}" for one in columns) + ".",
        "",
        "| file | " + " | ".join(columns) + " |",
        "|---|" + "---|" * len(columns),
        *(
            f"| `{name}` | " + " | ".join(str(count[one]) for one in columns) + " |"
            for name, count in numbers.items()
        ),
        "",
        "| class | survivors |",
        "|---|---|",
        *(f"| {kind} | {count} |" for kind, count in Counter(one.kind for one in found).most_common()),
        "",
        "## Survivors by function",
        "",
        "| function | survivors by class | an example |",
        "|---|---|---|",
    ]
    by_function: dict[str, list[Survivor]] = defaultdict(list)
    for one in found:
        by_function[one.function].append(one)
    for function, some in by_function.items():
        kinds = Counter(one.kind for one in some)
        first = next((one for one in some if one.kind == OPEN), some[0])
        told = ", ".join(f"{kind} {count}" for kind, count in kinds.most_common())
        out.append(f"| `{function}` | {told} | {_cell(first.line)} |")
    return "\n".join(out) + "\n"


def _cell(line: str, width: int = 120) -> str:
    short = " ".join(line.split())
    short = short if len(short) <= width else f"{short[: width - 3]}..."
    return "`` " + short.replace("|", "\\|") + " ``"


if __name__ == "__main__":
    OUT.write_text(report())
    sys.stdout.write(f"{OUT} is written\n")
