"""A small config in memory, written to a folder and changed a little by each test."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from sigctl.core.kinds import Grant, Resource
from sigctl.core.state import Traits
from sigctl.forges import traits_of
from sigctl.spec import Config, Resolved, read, resolve

TODAY = date(2026, 11, 22)
MAIN: dict[str, Any] = {
    "version": 1,
    "include": ["sigs.d/*.yaml"],
    "forges": {
        "lab": {
            "type": "gitlab",
            "url": "https://lab.example.org",
            "token": "env:LAB",
            "repo": "project/sig-{sig}/{repo}",
            "team": "project/sig-{sig}/groups/{team}",
        },
        "hub": {
            "type": "github",
            "url": "https://github.com",
            "token": "env:HUB",
            "role": "replica",
            "repo": "Org/sig-{sig}-{repo}",
            "team": "sig-{sig}-{team}",
        },
    },
    "people": {
        n: {"logins": {"lab": f"{n}-lab", "hub": f"{n}-hub"}} for n in ("owner", "lead", "member1", "member2")
    },
    "defaults": {"releases": ["7", "8s"], "repo": {"visibility": "public"}},
}
VIRT: dict[str, Any] = {
    "title": "Virt",
    "chairs": ["lead"],
    "teams": {"core": {"members": ["member1"], "leads": ["lead"]}, "docs": {"members": ["member2"]}},
    "access": {"core": "maintain", "docs": "read"},
    "repos": {"xen": {"upstream": "https://example.org/xen.git"}, "tools": {}},
}


def main(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(MAIN), **changes}


def virt(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(VIRT), **changes}


def written(folder: Path, main_data: dict[str, Any] | None = None, **sigs: dict[str, Any]) -> Path:
    (folder / "sigs.d").mkdir(parents=True, exist_ok=True)
    path = folder / "sigs.yaml"
    path.write_text(json.dumps(main_data or main()), "utf-8")
    for name, data in (sigs or {"virt": virt()}).items():
        (folder / "sigs.d" / f"{name}.yaml").write_text(json.dumps({"sig": name, **data}), "utf-8")
    return path


def load(folder: Path, main_data: dict[str, Any] | None = None, **sigs: dict[str, Any]) -> Config:
    return read(written(folder, main_data, **sigs), today=TODAY)


def resolved(config: Config, traits: dict[str, Traits] | None = None, **scope: Any) -> Resolved:
    found = traits or {name: traits_of(forge.type) for name, forge in config.spec.forges.items()}
    return resolve(config, today=scope.pop("today", TODAY), traits=found, **scope)


def of_kind(result: Resolved, forge: str, kind: type[Resource]) -> Iterator[Any]:
    return (one for one in result.desired[forge].state.values() if isinstance(one, kind))


def grants(result: Resolved, forge: str) -> dict[tuple[str, str], str]:
    return {(one.target, one.subject): one.level for one in of_kind(result, forge, Grant)}
