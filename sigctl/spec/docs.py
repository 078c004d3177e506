"""The reference of the files, made from the models and the table of checks."""

from __future__ import annotations

import types
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from sigctl.spec.checks import CHECKS
from sigctl.spec.model import PolicyFile, Short, SigConfig, Spec
from sigctl.spec.order import ordered

_WORDS = {date: "date", str: "text", bool: "true or false", int: "number", float: "number"}


def fields() -> str:
    """Return the reference of every key of every file, as Markdown."""
    out = [
        "# The files, key by key",
        "",
        "Made from the models; `sigctl schema` says the same to editors. A key that is left out is not cared about, unless its line",
        "says what holds then.",
        "",
        "The main file also knows `include` (files that belong to it, as patterns) and `policy` (the policy's file, `policy.yaml`",
        "unless it says otherwise). A SIG's file begins with `sig` (the name of the SIG, which is also that of the file), or holds `people` alone.",
    ]
    seen: set[type[BaseModel]] = set()
    for title, model in (("The main file", Spec), ("A SIG's file", SigConfig), ("policy.yaml", PolicyFile)):
        out += ["", f"## {title}", *_table(model)]
        seen.add(model)
        for inner in _models(model, seen):
            out += ["", f"### {_heading(inner)}", "", *_about(inner), *_table(inner)]
    return "\n".join(out) + "\n"


def checks() -> str:
    """Return the reference of every check, as Markdown."""
    out = [
        "# What is checked",
        "",
        "`sigctl validate` runs all of these, offline, and reports everything at once. An error stops every command; a warning stops",
        "nothing. Beside them the text itself is held to YAML 1.2 without tags, merge keys and equal keys, and every key and value to",
        "the reference of the files.",
        "",
        "| check | holds when | otherwise |",
        "|---|---|---|",
        *(
            f"| `{check.name}` | {check.says} | {'warning' if check.warning else 'error'} |"
            for check in CHECKS
        ),
    ]
    return "\n".join(out) + "\n"


def _heading(model: type[BaseModel]) -> str:
    return model.__name__.removesuffix("Config").removesuffix("File")


def _about(model: type[BaseModel]) -> list[str]:
    text = (model.__doc__ or "").strip()
    short = f" May be written as one word, its `{model.SHORT}`." if issubclass(model, Short) else ""
    return [f"{text}{short}"]


def _table(model: type[BaseModel]) -> list[str]:
    fields_ = {info.alias or name: info for name, info in model.model_fields.items()}
    rows = [
        f"| `{key}`{' (needed)' if fields_[key].is_required() else ''} | {_type(fields_[key])} | {_text(fields_[key])} |"
        for key in ordered(model)
        if (model, key) != (Spec, "policy")  # in the main file it is the name of the policy's file
    ]
    return ["", "| key | is | means |", "|---|---|---|", *rows]


def _text(info: FieldInfo) -> str:
    text = (info.description or "").replace("|", "\\|")
    default = info.default
    if not info.is_required() and isinstance(default, str | int | bool) and default not in ("", False):
        text += f" Left out: {str(default).lower() if isinstance(default, bool) else default}."
    return text


def _type(info: FieldInfo) -> str:
    return _named(info.annotation)


def _named(kind: Any) -> str:
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(_named(arg) for arg in args if arg is not type(None)))
    if origin is Literal:
        return ", ".join(f"`{arg}`" for arg in args)
    for outer, words, inner in ((Annotated, "", 0), (tuple, "list of ", 0), (dict, "name -> ", 1)):
        if origin is outer:
            return words + _named(args[inner])
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return f"[{_heading(kind)}](#{_heading(kind).lower()})"
    return _WORDS.get(kind, "value")


def _models(model: type[BaseModel], seen: set[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Yield the models within a model that were not seen yet, each once, in the order of the keys."""
    for info in model.model_fields.values():
        for inner in _within(info.annotation):
            if inner not in seen and inner not in (SigConfig, PolicyFile):
                seen.add(inner)
                yield inner
                yield from _models(inner, seen)


def _within(kind: Any) -> Iterator[type[BaseModel]]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for arg in get_args(kind):
        yield from _within(arg)
