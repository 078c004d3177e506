"""The estate of the tests, and versions of it that proposals make."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from sigctl.app.review import version
from sigctl.review.rights import Version
from sigctl.spec import read

HERE = Path(__file__).parent
TODAY = date(2026, 11, 22)


def estate() -> dict[str, Any]:
    return yaml.safe_load((HERE / "estate.yaml").read_text(encoding="utf-8"))


def changed(data: dict[str, Any], steps: list[list[Any]]) -> dict[str, Any]:
    """Return the data after the steps: [path, value], [path], [path, +, value], [path, -, value]."""
    data = copy.deepcopy(data)
    for path, *how in steps:
        *above, last = path.split("/")
        node = data
        for step in above:
            if not isinstance(node.get(step), dict):
                node[step] = {} if node.get(step) is None else {"login": node[step]}
            node = node[step]
        if not how:
            del node[last]
        elif how[0] == "+":
            node[last] = [*node.get(last, []), how[1]]
        elif how[0] == "-":
            assert how[1] in node[last]
            node[last] = [one for one in node[last] if one != how[1]]
        else:
            node[last] = how[0]
    return data


def write(folder: Path, data: dict[str, Any]) -> Path:
    """Write the data as a main file and a policy."""
    folder.mkdir(parents=True, exist_ok=True)
    main = {key: value for key, value in data.items() if key != "policy"} | {"policy": "policy.yaml"}
    (folder / "sigs.yaml").write_text(yaml.safe_dump(main, sort_keys=False), encoding="utf-8")
    policy = {"version": 1, **data.get("policy", {})}
    (folder / "policy.yaml").write_text(yaml.safe_dump(policy, sort_keys=False), encoding="utf-8")
    return folder / "sigs.yaml"


def of(folder: Path, data: dict[str, Any]) -> Version:
    return version(read(write(folder, data), today=TODAY), TODAY)
