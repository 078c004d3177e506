"""Formatting changes no meaning, loses no comment, and has nothing left to do the second time; ids are written beside logins only."""

from __future__ import annotations

import random
import string
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from test_spec_yaml_laws import documents, equal

from sigctl.spec.edit import format_text, pin_text
from sigctl.spec.spans import comments
from sigctl.spec.yaml12 import parse

KEYS = {
    "sig": "virt",
    "title": "T # no comment",
    "status": "active",
    "chairs": ["lead", {"until": "2027-01-01", "person": "owner"}],
    "teams": {"core": {"members": ["a", "b"], "title": "x"}, "docs": {}},
    "access": {"core": "write"},
    "branches": [{"own": True, "pattern": "c7-x"}, {"force": False, "name": "main"}],
    "repos": {
        "zlib": {"access": {"core": {"until": "2027-01-01", "level": "read"}}, "description": "d", "upstream": {"mode": "follow", "url": "https://x.org/a"}},
        "abc": {"archived": True, "merge": {"squash": False, "commit": True}},
    },
    "projects": {"docker": {"repos": {"d": {}}, "title": "D"}},
}  # fmt: skip


class Writer:
    """Writes data as YAML the way many people would: keys in any order, any indent, comments and blank lines anywhere."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.count = 0

    def noise(self, pad: str) -> None:
        if self.random.random() < 0.25:
            self.lines.append("")
        if self.random.random() < 0.3:
            self.count += 1
            self.lines.append(f"{pad}# comment {self.count}")

    def end(self) -> str:
        self.count += 1
        return f"{' ' * self.random.randint(1, 3)}# end {self.count}" if self.random.random() < 0.2 else ""

    def mapping(self, data: dict[str, Any], indent: int, first: str = "") -> None:
        items = list(data.items())
        self.random.shuffle(items)
        for n, (key, value) in enumerate(items):
            pad = first if n == 0 and first else " " * indent
            if not (n == 0 and first):
                self.noise(" " * indent)
            self.value(f"{pad}{key}:", value, indent)

    def value(self, head: str, value: Any, indent: int) -> None:
        if isinstance(value, dict | list) and value and self.random.random() < 0.7:
            self.lines.append(f"{head}{self.end()}")
            step = indent + self.random.choice((2, 2, 4))
            if isinstance(value, dict):
                self.mapping(value, step)
            else:
                self.items(value, indent if self.random.random() < 0.5 else step)
        else:
            self.lines.append(f"{head} {self.flow(value)}{self.end()}")

    def items(self, values: list[Any], indent: int) -> None:
        for value in values:
            self.noise(" " * indent)
            if isinstance(value, dict) and self.random.random() < 0.5:
                self.mapping(value, indent + 2, f"{' ' * indent}- ")
            else:
                self.lines.append(f"{' ' * indent}- {self.flow(value)}{self.end()}")

    def flow(self, value: Any) -> str:
        if isinstance(value, dict):
            items = list(value.items())
            self.random.shuffle(items)
            return "{" + ", ".join(f"{k}: {self.flow(v)}" for k, v in items) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(self.flow, value)) + "]"
        if isinstance(value, bool):
            return str(value).lower()
        return f'"{value}"' if "#" in value or self.random.random() < 0.2 else value

    def text(self, data: dict[str, Any]) -> str:
        self.noise("")
        self.mapping(data, 0)
        self.noise("")
        return "\n".join(self.lines) + "\n"


def sorted_equal(one: Any, other: Any) -> bool:
    return equal(in_order(one), in_order(other))


def in_order(node: Any) -> Any:
    if isinstance(node, dict):
        return {key: in_order(node[key]) for key in sorted(node)}
    return [in_order(value) for value in node] if isinstance(node, list) else node


def holds(text: str) -> str:
    after = format_text(text)
    assert not parse(after)[1]
    assert sorted_equal(parse(after)[0], parse(text)[0])
    assert Counter(comments(after)) == Counter(comments(text))
    assert format_text(after) == after
    return after


@given(st.integers(0, 10**9), st.sets(st.sampled_from(sorted(set(KEYS) - {"sig"}))))
def test_a_file_that_people_wrote_keeps_meaning_and_comments_and_gets_its_order(
    seed: int, without: set[str]
) -> None:
    data = {key: value for key, value in KEYS.items() if key not in without}
    after = holds(Writer(seed).text(data))
    canonical = ("sig", "title", "status", "chairs", "teams", "access", "branches", "projects", "repos")
    assert list(parse(after)[0]) == [key for key in canonical if key in data]


@given(documents(unique=True))
def test_any_file_keeps_meaning_and_comments(text: str) -> None:
    holds(text)


@given(st.text(string.printable + "éß\u2028\ufeff", max_size=80))
def test_any_text_at_all_is_put_in_order_or_left_alone(text: str) -> None:
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n")
    assert sorted_equal(parse(format_text(text))[0], parse(plain)[0])


@given(
    st.integers(0, 10**9),
    st.dictionaries(
        st.sampled_from("abcd"),
        st.dictionaries(st.sampled_from(("lab", "hub.org")), st.integers(1, 999), min_size=1),
    ),
)
def test_ids_are_written_in_place_and_nothing_else_changes(seed: int, ids: dict[str, dict[str, int]]) -> None:
    data: dict[str, Any] = {
        "people": {
            name: {"name": name * 3, "logins": {"lab": name, "hub.org": {"login": f"{name}-x"}}}
            for name in "abc"
        }
    }
    text = Writer(seed).text(data)
    after = pin_text(text, ids)
    for name, found in ids.items():
        for forge, number in found.items() if name in data["people"] else ():
            login = data["people"][name]["logins"][forge]
            data["people"][name]["logins"][forge] = {
                **(login if isinstance(login, dict) else {"login": login}),
                "id": number,
            }
    assert parse(after) == (data, [])
    assert comments(after) == comments(text)
    assert pin_text(after, ids) == after
