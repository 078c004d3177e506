"""What YAML does to people, and what it may not do here."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest
from spec_world import TODAY, main, virt, written

from sigctl.errors import ConfigError
from sigctl.spec import read
from sigctl.spec.places import places
from sigctl.spec.yaml12 import MAX_ALIASED, MAX_DEPTH, parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"), ("on", "on"), ("yes", "yes"), ("NO", "NO"), ("true", True), ("null", None), ("~", None), ("", None), ("017", 17),
        ("0o17", 15), ("0x1F", 31), ("1:30", "1:30"), ("12:30:45", "12:30:45"), ("1_000", "1_000"), ("2027-03-31", "2027-03-31"), ("1e3", 1000.0),
        (".5", 0.5), ("+1", 1), ("'7'", "7"), ('"no"', "no"), ("0b11", "0b11"), ("c8s", "c8s"), ("1.2.3", "1.2.3"), ("=", "="),
    ],
)  # fmt: skip
def test_words_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    data, faults = parse(f"k: {text}")
    assert not faults
    assert data["k"] == value
    assert type(data["k"]) is type(value)


def test_a_number_of_thousands_of_digits_is_text_and_takes_no_time() -> None:
    data, faults = parse(f"k: {'9' * 100_000}")
    assert not faults
    assert isinstance(data["k"], str)


def test_aliases_stand_for_values_within_bounds() -> None:
    data, faults = parse("a: &x [1, 2]\nb: *x\nc: {d: *x}")
    assert (data, faults) == ({"a": [1, 2], "b": [1, 2], "c": {"d": [1, 2]}}, [])


def test_a_bomb_of_anchors_is_refused_before_it_goes_off() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    started = time.process_time()
    data, faults = parse("\n".join(lines))
    assert data is None
    assert [fault.problem for fault in faults] == [f"aliases stand for more than {MAX_ALIASED} values"]
    assert time.process_time() - started < 1


def test_depth_is_bounded() -> None:
    assert not parse("[" * MAX_DEPTH + "]" * MAX_DEPTH)[1]
    _, faults = parse("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))
    assert [fault.problem for fault in faults] == [f"is nested deeper than {MAX_DEPTH} levels"]


def test_of_two_equal_keys_the_first_is_read_and_the_second_reported() -> None:
    data, faults = parse("a: 1\nb: {c: 1, c: [2]}\na: {x: 1}")
    assert data == {"a": 1, "b": {"c": 1}}
    assert [(fault.line, fault.column, fault.path) for fault in faults] == [
        (2, 11, ("b", "c")),
        (3, 1, ("a",)),
    ]


def test_a_place_that_is_not_written_is_that_of_what_is_around_it() -> None:
    text = "a:\n  b: 1\n  c: [x, {y: 2}]\n"
    found = places(text, [("a",), ("a", "b"), ("a", "c", 1, "y"), ("a", "z"), ("q", "r")])
    assert found == {
        ("a",): (1, 1),
        ("a", "b"): (2, 6),
        ("a", "c", 1, "y"): (3, 14),
        ("a", "z"): (1, 1),
        ("q", "r"): (1, 1),
    }


@pytest.mark.parametrize("login", ["249043822", "017", "0x1f", "1e3"])
def test_a_login_of_digits_needs_quotes_and_then_is_fine(login: str, tmp_path: Path) -> None:
    path = written(tmp_path, main(), virt=virt())
    text = "people:\n  digits: {logins: {lab: %s}}\n"
    (tmp_path / "people.yaml").write_text(text % f'"{login}"')
    data = main(include=["sigs.d/*.yaml", "people.yaml"])
    written(tmp_path, data, virt=virt())
    config = read(path, today=TODAY)
    assert config.spec.people["digits"].logins["lab"].login == login
    (tmp_path / "people.yaml").write_text(text % login)
    with pytest.raises(ConfigError, match="is read as a number, not as text\n  hint: put it in quotes"):
        read(path, today=TODAY)


def test_dates_are_dates_with_or_without_quotes(tmp_path: Path) -> None:
    teams = 'sig: virt\nchairs: [lead]\nteams: {core: {members: [{person: lead, until: 2027-03-31}, {person: owner, until: "2027-03-31"}]}}\n'
    path = written(tmp_path)
    (tmp_path / "sigs.d" / "virt.yaml").write_text(teams)
    members = read(path, today=TODAY).spec.sigs["virt"].teams["core"].members
    assert {member.until for member in members} == {date(2027, 3, 31)}


def test_a_control_character_reaches_no_terminal(tmp_path: Path) -> None:
    path = written(tmp_path)
    (tmp_path / "sigs.d" / "virt.yaml").write_text('sig: virt\n"\\e[31mred\\u202e": 1\ntitle: 7\n')
    with pytest.raises(ConfigError) as caught:
        read(path, today=TODAY)
    assert "\x1b" not in str(caught.value)
    assert "\u202e" not in str(caught.value)
