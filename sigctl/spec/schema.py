"""JSON Schema of the files, for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sigctl.spec.model import PolicyFile, SigConfig, Spec

DRAFT = "https://json-schema.org/draft/2020-12/schema"
FILES = {"main": "sigs.schema.json", "sig": "sig.schema.json", "policy": "policy.schema.json"}
"""Kind of file -> the name its schema has beside the files."""

_TITLES: dict[str, tuple[type[BaseModel], str]] = {
    "main": (Spec, "sigctl: the main file"),
    "sig": (SigConfig, "sigctl: a SIG's file"),
    "policy": (PolicyFile, "sigctl: policy.yaml"),
}


def schema(kind: str = "main") -> dict[str, Any]:
    """Return the schema of a kind of file (main, sig, policy), with a description for every key; KeyError for another kind."""
    model, title = _TITLES[kind]
    found = _schema(model)
    properties = found["properties"]
    if kind == "main":
        del properties["policy"]
        properties = {
            "version": properties.pop("version"),
            "include": {
                "description": "Files that belong to it, as patterns: sigs.d/*.yaml. A file with `sig: NAME` is a SIG's own.",
                "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            },
            "policy": {
                "description": "The policy's file; left out: policy.yaml beside this file.",
                "type": "string",
            },
            **properties,
        }
    if kind == "sig":
        properties = {
            "sig": {"description": "Name of the SIG; the file has the same name.", "type": "string"},
            **properties,
        }
        found["required"] = ["sig"]
    return {"$schema": DRAFT, **found, "title": title, "properties": properties}


def write_schemas(folder: Path, *, check: bool = False) -> list[Path]:
    """Return the schema files in a folder that are not those of this version, after writing them unless `check`."""
    changed = []
    for kind, name in FILES.items():
        path = folder / name
        text = json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"
        if not path.is_file() or path.read_text("utf-8") != text:
            changed.append(path)
            if not check:
                path.write_text(text, "utf-8")
    return changed


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    found = model.model_json_schema(by_alias=True)
    return {
        key: _clean(value) if key != "properties" else {n: _clean(v) for n, v in value.items()}
        for key, value in found.items()
    }


def _clean(node: Any) -> Any:
    """Take out what pydantic adds for machines and an editor would show: titles made of names, `null` for what can be left out."""
    if isinstance(node, list):
        return [_clean(one) for one in node]
    if not isinstance(node, dict):
        return node
    out = {
        key: _clean(value) for key, value in node.items() if not (key == "title" and isinstance(value, str))
    }
    if "properties" in node:
        out["properties"] = {name: _clean(value) for name, value in node["properties"].items()}
    if isinstance(out.get("default"), dict | list):
        del out["default"]  # its parts have their own
    if out.get("default", 0) is None:
        del out["default"]
        choices = [one for one in out.get("anyOf", ()) if one != {"type": "null"}]
        if len(choices) == 1:
            del out["anyOf"]
            out = {**choices[0], **out}
    return out
