"""The house stands: who may import whom, who prints, who exits, who runs programs, and no circle."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import sigctl

ROOT = Path(sigctl.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))
STANDARD_VALUES = {
    "__future__", "abc", "base64", "binascii", "collections", "dataclasses", "datetime", "enum", "fnmatch", "functools", "hashlib", "ipaddress", "itertools", "json", "re",
    "types", "typing",
}  # fmt: skip
HOMES = {
    "github": "forges/github",
    "gitlab": "forges/gitlab",
    "jwt": ("forges/github", "sandbox"),
    "tenacity": "forges/http.py",
    "ruamel": (),  # the judge of our own reading and editing, in tests only
    "yaml": ("spec", "sandbox/faults.py"),
    "starlette": ("sandbox", "app/listening.py"),
    "uvicorn": ("sandbox", "app/listening.py"),
    "graphql": "sandbox",
    "click": "cli",
    "filelock": ("app", "mirror", "lookaside"),
    "rich": ("cli", "report"),
    "jinja2": "report/html",
    "markupsafe": "report/html",
    "prometheus_client": "report/metrics.py",
    "sqlite3": ("watch/store.py", "sandbox/store.py"),
}
"""Library -> the only rooms that import it."""


def module(path: Path) -> str:
    parts = ("sigctl", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


class Facts(NamedTuple):
    """What matters of a file; its tree is not kept."""

    imports: tuple[str, ...]
    at_import: tuple[str, ...]
    """Those that happen when the file is imported."""
    calls: tuple[tuple[int, str], ...]
    names: tuple[tuple[int, str], ...]
    """Names that are taken of a name: line, and how it is written."""
    lines: int


@cache
def facts(path: Path) -> Facts:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    nodes = list(ast.walk(tree))
    calls = ((node.lineno, called(node.func)) for node in nodes if isinstance(node, ast.Call))
    names = ((node.lineno, called(node)) for node in nodes if isinstance(node, ast.Attribute))
    return Facts(
        tuple(_imports(nodes)),
        tuple(_imports(_at_import(tree))),
        tuple(one for one in calls if one[1]),
        tuple(one for one in names if one[1]),
        len(text.splitlines()),
    )


def imports(path: Path) -> tuple[str, ...]:
    return facts(path).imports


def _imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs when the module is imported: not the bodies of functions, nor what is for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        yield from _at_import(node)


def room(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def in_room(path: Path, home: str | tuple[str, ...]) -> bool:
    homes = (home,) if isinstance(home, str) else home
    return any(room(path) == h or room(path).startswith(f"{h}/") for h in homes)


def called(node: ast.AST) -> str:
    """Return a name, or a name and what is taken of it, as it is written."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def faults(of: Callable[[Path], Iterator[object]], files: list[Path] = FILES) -> list[str]:
    """Return all that is wrong in all files."""
    return [f"{room(path)}: {fault}" for path in files for fault in of(path)]


def test_core_imports_only_itself_value_modules_and_pydantic():
    def foreign(path: Path) -> Iterator[str]:
        for name in imports(path):
            first = name.partition(".")[0]
            if not name.startswith("sigctl.core") and first not in STANDARD_VALUES | {"pydantic"}:
                yield name

    assert faults(foreign, [path for path in FILES if in_room(path, "core")]) == []


def test_a_library_is_imported_in_its_own_room_only():
    def elsewhere(path: Path) -> Iterator[str]:
        for name in imports(path):
            first = name.partition(".")[0]
            if first in HOMES and not in_room(path, HOMES[first]):
                yield name

    assert faults(elsewhere) == []


def test_only_the_command_line_prints_and_exits():
    def said(path: Path) -> Iterator[str]:
        for line, name in facts(path).calls:
            if name in ("print", "sys.exit", "exit", "quit"):
                yield f"line {line}"

    assert faults(said, [path for path in FILES if not in_room(path, ("cli", "sandbox/__main__.py"))]) == []


def test_only_the_mirrors_git_runs_programs():
    """git.py starts and process.py ends what it started; the sandbox runs git's own server side, and starts itself; mail goes out by the local sendmail, and git's credential helpers are asked."""
    homes = ("mirror/git.py", "mirror/process.py", "app/mail.py", "app/credential.py", "sandbox")
    assert [room(path) for path in FILES if "subprocess" in imports(path) and not in_room(path, homes)] == []


def test_the_environment_is_read_where_tokens_are():
    """cli hands the environment to app; the mirror cleans it for git, the sandbox for its children."""

    def read(path: Path) -> Iterator[str]:
        for line, name in facts(path).names:
            if name in ("os.environ", "os.getenv"):
                yield f"line {line}"

    homes = ("cli", "app", "mirror/git.py", "sandbox")
    assert faults(read, [path for path in FILES if not in_room(path, homes)]) == []


def test_no_import_circle():
    """Also through packages: importing a.b runs a/__init__ first."""
    known = {module(path): path for path in FILES}
    edges: dict[str, set[str]] = defaultdict(set)
    for name, path in known.items():
        targets = set(facts(path).at_import)
        for target in targets:
            within = {t.rpartition(".")[0] for t in targets if t in known}
            found = target if target in known else target.rpartition(".")[0]
            if found in known and found != name and not (found in within and name.startswith(f"{found}.")):
                edges[name].add(
                    found
                )  # a package's file that imports its sibling meets the package half made, on purpose
    done: set[str] = set()

    def walk(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail[trail.index(name) :], name))
        if name not in done:
            for target in sorted(edges[name]):
                walk(target, (*trail, name))
            done.add(name)

    for name in sorted(known):
        walk(name, ())


def test_rooms_are_entered_from_above_only():
    """core <- spec, forges, mirror <- lookaside, report <- app <- cli: nothing below imports what is above it."""
    above = {
        "core": ("spec", "forges", "mirror", "report", "app", "cli", "sandbox", "executor"),
        "spec": (
            "forges.github",
            "forges.gitlab",
            "forges.pagure",
            "mirror",
            "report",
            "app",
            "cli",
            "sandbox",
            "executor",
        ),
        "forges": ("spec", "mirror", "report", "app", "cli", "sandbox", "executor"),
        "mirror": ("spec", "lookaside", "report", "app", "cli", "sandbox", "executor"),
        "lookaside": (
            "spec",
            "forges.github",
            "forges.gitlab",
            "report",
            "app",
            "cli",
            "sandbox",
            "executor",
        ),
        "adopt": ("forges", "mirror", "review", "watch", "report", "app", "cli", "sandbox", "executor"),
        "watch": ("spec", "forges", "mirror", "review", "report", "app", "cli", "sandbox", "executor"),
        "review": ("mirror", "forges", "report", "app", "cli", "sandbox", "executor"),
        "report": ("spec", "forges", "app", "cli", "sandbox", "executor"),
        "app": ("cli", "sandbox", "rehearsal"),
        "rehearsal": ("cli",),  # wires the app to the sandbox: the one room besides cli that knows both
        "sandbox": ("spec", "report", "app", "cli", "executor", "core.diff"),
    }
    for path in FILES:
        for home, forbidden in above.items():
            if in_room(path, home):
                for name in imports(path):
                    assert not any(f"{name}.".startswith(f"sigctl.{bad}.") for bad in forbidden), (
                        room(path),
                        name,
                    )


def test_files_stay_readable():
    def long(path: Path) -> Iterator[str]:
        if facts(path).lines > 320:
            yield f"{facts(path).lines} lines"

    assert faults(long) == []
