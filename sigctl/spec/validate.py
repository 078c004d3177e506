"""From one mapping to the model: pydantic's errors in our words, each at a path; and the model of what is left without them."""

from __future__ import annotations

import copy
import difflib
import types
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sigctl.spec.config import Finding
from sigctl.spec.model import Spec
from sigctl.spec.model.base import WRONG, not_text, shown
from sigctl.spec.yamlfault import Path

_ROUNDS = 8


def nearest(name: str, known: Collection[str]) -> str:
    """Return `did you mean ...` for a name that is nearly one of the known, else ""."""
    match = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6) or difflib.get_close_matches(
        name.lower(), [k for k in known if k.lower() == name.lower()] or [], n=1
    )
    return f"did you mean `{match[0]}`?" if match else ""


def validate(data: dict[str, Any]) -> tuple[Spec | None, list[Finding], set[str]]:
    """Return the model, the findings, and the names that were left out with what was wrong.

    Where something is wrong, the model is that of the rest, so that the checks can still speak about it; None when there is no rest.
    """
    findings: dict[Path, Finding] = {}
    dropped: set[str] = set()
    shrunk: set[Path] = set()
    gone: set[Path] = set()
    for round_ in range(_ROUNDS):
        try:
            return Spec.model_validate(data), list(findings.values()), dropped
        except ValidationError as error:
            details = error.errors(include_url=False)
        if round_ == 0:
            data = copy.deepcopy(data)
        for finding in (_finding(detail, data) for detail in details if tuple(detail["loc"]) not in gone):
            if not any(finding.path[:n] in shrunk for n in range(len(finding.path) + 1)):
                findings.setdefault(finding.path, finding)
        gone |= {_real(detail["loc"], data) for detail in details}
        shrunk |= _drop(data, details, dropped)
    return None, list(findings.values()), dropped


def _real(loc: Sequence[Any], data: Any) -> Path:
    """Return the part of a pydantic location that is written in the files."""
    path: list[str | int] = []
    for step in loc:
        if step == "[key]":
            break
        if (isinstance(data, Mapping) and step in data) or (
            isinstance(data, list) and isinstance(step, int) and step < len(data)
        ):
            data = data[step]
            path.append(step)
        else:
            break
    return tuple(path)


def _finding(detail: ErrorDetails, data: Any) -> Finding:
    kind, loc = detail["type"], detail["loc"]
    path = _real(loc, data)
    context = detail.get("ctx", {})
    if kind == WRONG:
        return Finding(path, context["problem"], context["hint"], "value")
    if kind == "extra_forbidden":
        known = fields_at(Spec, loc[:-1])
        hint = nearest(str(loc[-1]), known) or f"known here: {', '.join(sorted(known))}"
        return Finding(path, "is not a known key", hint, "unknown-key")
    if kind == "missing":
        return Finding(path, f"`{loc[-1]}` is missing", f"add `{loc[-1]}: {'...' if path else 1}`", "missing")
    value = detail["input"]
    if kind == "literal_error":
        return _choice(path, value, str(context["expected"]))
    says = not_text(value) if kind == "string_type" else _SAYS.get(kind, (_tidy(detail["msg"]), ""))
    return Finding(path, *says, "value")


def _choice(path: Path, value: Any, expected: str) -> Finding:
    words = expected.replace("'", "").replace(" or ", ", ").split(", ")
    said = f"`{shown(value)}`" if isinstance(value, str) else "the value"
    near = nearest(value, words) if isinstance(value, str) else ""
    if not near and isinstance(value, str) and _ELSEWHERE.get(value.lower()) in words:
        near = f"what is called `{value}` elsewhere is `{_ELSEWHERE[value.lower()]}` here"
    return Finding(path, f"{said} is not one of {', '.join(words)}", near, "value")


_ELSEWHERE = {
    "pull": "read", "guest": "read", "reporter": "read", "ticket": "triage", "push": "write", "commit": "write",
    "developer": "write", "maintainer": "maintain", "owner": "admin", "open": "public", "closed": "private",
}  # fmt: skip
"""Words that people know from forges, and ours for them."""

_SAYS = {
    "bool_type": (
        "is neither true nor false",
        "YAML 1.2 knows just these two; `yes`, `no`, `on` and `off` are text",
    ),
    "int_type": ("is not a whole number", ""),
    "dict_type": ("should be a mapping", "write `name: value` lines below it, or {} where there are none"),
    "model_type": ("should be a mapping", "write `key: value` lines below it"),
    "tuple_type": (
        "should be a list",
        "write [one, two], or lines that begin with a dash, or [] where there are none",
    ),
}


def _tidy(message: str) -> str:
    return message[:1].lower() + message[1:].removesuffix(".")


def _drop(data: Any, details: Sequence[ErrorDetails], dropped: set[str]) -> set[Path]:
    """Take out what is wrong; return the lists that became shorter, in which later positions mean something else."""
    shrunk: set[Path] = set()
    paths = {_real(detail["loc"], data): detail for detail in details}
    for path in sorted(paths, key=lambda path: [(str(type(step)), step) for step in path], reverse=True):
        if not path:
            # something the whole needs is missing: put in what says nothing, so that the rest can be checked
            data[paths[path]["loc"][-1]] = 1
            continue
        holder = data
        for step in path[:-1]:
            holder = holder[step]
        dropped.update(str(step) for step in path if isinstance(step, str))
        del holder[path[-1]]
        if isinstance(holder, list):
            shrunk.add(path[:-1])
    return shrunk


def model_at(model: type[BaseModel], loc: Sequence[str | int]) -> type[BaseModel] | None:
    """Return the model of the mapping at a location, None where names of one's own stand or nothing known."""
    kind: Any = model
    for step in loc:
        kind = _inner(kind, step)
    kind = _strip(kind)
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None


def fields_at(model: type[BaseModel], loc: Sequence[str | int]) -> set[str]:
    """Return the keys that are known at a location of the model."""
    found = model_at(model, loc)
    return {field.alias or name for name, field in found.model_fields.items()} if found else set()


def _strip(kind: Any) -> Any:
    """Return the type without Annotated and without None."""
    while True:
        if get_origin(kind) is Annotated:
            kind = get_args(kind)[0]
        elif get_origin(kind) in (Union, types.UnionType):
            rest = [arg for arg in get_args(kind) if arg is not type(None)]
            kind = rest[0]
        else:
            return kind


def _inner(kind: Any, step: str | int) -> Any:
    kind = _strip(kind)
    if get_origin(kind) is dict:
        return get_args(kind)[1]
    if get_origin(kind) is tuple:
        return get_args(kind)[0]
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            if step in (name, field.alias):
                return field.annotation
    return None
