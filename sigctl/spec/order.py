"""The canonical order of keys: that of the models, which is that of the reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from sigctl.spec.model import Spec
from sigctl.spec.validate import model_at
from sigctl.spec.yamlfault import Path

MAIN, SIG, POLICY, PEOPLE = "main", "sig", "policy", "people"
_PREFIX: dict[str, Path] = {MAIN: (), SIG: ("sigs", "x"), POLICY: ("policy",), PEOPLE: ()}
_FIRST = {MAIN: ("version", "include", "policy"), SIG: ("sig",)}


def kind_of(data: Any) -> str:
    """Return which kind of file the data is that of."""
    if not isinstance(data, dict):
        return MAIN
    if "sig" in data:
        return SIG
    if set(data) == {"people"}:
        return PEOPLE
    return POLICY if {"guards", "approval"} & set(data) else MAIN


def ordered(model: type[BaseModel]) -> list[str]:
    """Return the keys of a model in canonical order."""
    keys = [field.alias or name for name, field in model.model_fields.items()]
    first: Sequence[str] = getattr(model, "FIRST", ())
    return [*first, *(key for key in keys if key not in first)]


def keys_at(kind: str, path: Path) -> list[str]:
    """Return the canonical order of the keys at a place of a file; empty where the author's own order stays."""
    model = model_at(Spec, (*_PREFIX[kind], *path))
    keys = ordered(model) if model else []
    first = () if path else _FIRST.get(kind, ())
    return [*first, *(key for key in keys if key not in first)]


def rank(keys: list[str], key: str) -> tuple[int, int]:
    """Return where a key comes; one that is not known stays behind the known ones, in its own order."""
    return (0, keys.index(key)) if key in keys else (1, 0)
