"""The house stands: who may import whom, who prints, who exits, who runs programs, and no circle."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

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


def imports(path: Path, *, lazy: bool = True) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = ast.walk(tree) if lazy else _at_import(tree)
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


@pytest.mark.parametrize("path", [p for p in FILES if in_room(p, "core")], ids=room)
def test_core_imports_only_itself_value_modules_and_pydantic(path):
    for name in imports(path):
        first = name.partition(".")[0]
        assert name.startswith("sigctl.core") or first in STANDARD_VALUES | {"pydantic"}, name


@pytest.mark.parametrize("path", FILES, ids=room)
def test_a_library_is_imported_in_its_own_room_only(path):
    for name in imports(path):
        first = name.partition(".")[0]
        if first in HOMES:
            assert in_room(path, HOMES[first]), name


@pytest.mark.parametrize(
    "path", [p for p in FILES if not in_room(p, ("cli", "sandbox/__main__.py"))], ids=room
)
def test_only_the_command_line_prints_and_exits(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in ("print", "sys.exit", "exit", "quit"), f"line {node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=room)
def test_only_the_mirrors_git_runs_programs(path):
    """git.py starts and process.py ends what it started; the sandbox runs git's own server side, and starts itself; mail goes out by the local sendmail, and git's credential helpers are asked."""
    if "subprocess" in set(imports(path)):
        assert in_room(
            path, ("mirror/git.py", "mirror/process.py", "app/mail.py", "app/credential.py", "sandbox")
        )


@pytest.mark.parametrize("path", FILES, ids=room)
def test_the_environment_is_read_where_tokens_are(path):
    """cli hands the environment to app; the mirror cleans it for git, the sandbox for its children."""
    reads = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv")
    ]
    assert not reads or in_room(path, ("cli", "app", "mirror/git.py", "sandbox")), reads


def test_no_import_circle():
    """Also through packages: importing a.b runs a/__init__ first."""
    known = {module(path): path for path in FILES}
    edges: dict[str, set[str]] = defaultdict(set)
    for name, path in known.items():
        targets = set(imports(path, lazy=False))
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


@pytest.mark.parametrize("path", FILES, ids=room)
def test_files_stay_readable(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 320
