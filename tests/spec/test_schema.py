"""The schema for editors, and the reference for readers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sigctl.spec import docs
from sigctl.spec.schema import FILES, schema, write_schemas
from sigctl.spec.yaml12 import parse

CONFIG = Path(__file__).parents[2] / "config"


def kind_of(path: Path) -> str:
    return {"sigs.yaml": "main", "policy.yaml": "policy"}.get(path.name, "sig")


def keys(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for name, value in node.get("properties", {}).items():
            yield name, value
        for value in node.values():
            yield from keys(value)
    elif isinstance(node, list):
        for value in node:
            yield from keys(value)


@pytest.mark.parametrize("path", sorted(CONFIG.rglob("*.yaml")), ids=lambda path: path.name)
def test_every_file_of_the_config_is_what_its_schema_says(path: Path) -> None:
    data, faults = parse(path.read_text("utf-8"))
    assert not faults
    assert list(Draft202012Validator(schema(kind_of(path))).iter_errors(data)) == []


@pytest.mark.parametrize("path", sorted(CONFIG.rglob("*.yaml")), ids=lambda path: path.name)
def test_its_first_line_leads_editors_to_the_schema(path: Path) -> None:
    first = path.read_text("utf-8").partition("\n")[0]
    target = first.removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / target).resolve() == CONFIG / FILES[kind_of(path)]


def test_the_schemas_beside_the_config_are_those_of_this_version() -> None:
    """If not: `python -c "from pathlib import Path; from sigctl.spec.schema import write_schemas; write_schemas(Path('config'))"`."""
    assert write_schemas(CONFIG, check=True) == []


def test_schemas_are_written_where_they_differ(tmp_path: Path) -> None:
    assert [path.name for path in write_schemas(tmp_path)] == list(FILES.values())
    (tmp_path / "sig.schema.json").write_text("{}")
    assert write_schemas(tmp_path) == [tmp_path / "sig.schema.json"]
    assert write_schemas(tmp_path) == []
    assert json.loads((tmp_path / "sig.schema.json").read_text()) == schema("sig")


@pytest.mark.parametrize("kind", FILES)
def test_it_is_a_schema_and_every_key_has_a_description(kind: str) -> None:
    found = schema(kind)
    Draft202012Validator.check_schema(found)
    assert [name for name, value in keys(found) if not {"description", "$ref"} & set(value)] == []


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("sig", {"title": "no name"}),
        ("sig", {"sig": "x", "colour": 1}),
        ("sig", {"sig": "x", "access": {"core": "push"}}),
        ("main", {"forges": {}}),
        ("policy", {"guards": {"max_removals": {"cats": 1}}}),
    ],
)
def test_it_refuses_what_the_reader_refuses(kind: str, data: dict[str, Any]) -> None:
    assert list(Draft202012Validator(schema(kind)).iter_errors(data))


@pytest.mark.parametrize(
    "data",
    [
        {"sig": "x", "access": {"core": "write", "person:a": {"level": "read", "until": "2027-01-01"}}},
        {
            "sig": "x",
            "repos": {
                "a": None,
                "b": {"upstream": "https://x.org/b"},
                "c": {"upstream": {"url": "https://x.org/c"}},
            },
        },
        {"sig": "x", "chairs": ["a", {"person": "b", "acting": True}]},
    ],
)
def test_it_knows_the_short_forms(data: dict[str, Any]) -> None:
    assert list(Draft202012Validator(schema("sig")).iter_errors(data)) == []


def test_the_reference_has_every_key_of_the_schemas() -> None:
    reference = docs.fields()
    for kind in FILES:
        for name, _ in keys(schema(kind)):
            assert f"`{name}`" in reference, name
    assert "| value |" not in reference
