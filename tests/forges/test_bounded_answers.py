"""No answer of a forge is read without an end: too long, too deep or packed to burst, it is a failed read and never an absence."""

from __future__ import annotations

import gzip
import json

import pytest
from hostile import hostile, opened, said

from sigctl.core.kinds import Repo
from sigctl.core.plan import Action
from sigctl.errors import ForgeError, PartialError
from sigctl.forges.base import Scope
from sigctl.forges.bounded import MOST_BYTES, MOST_DEEP, too_deep

KINDS = ("github", "gitlab", "pagure")
SCOPE = Scope(orgs=frozenset({"rpms"}))
MEGABYTE = b" " * (1 << 20)
PACKED = gzip.compress(MEGABYTE) * 200
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


def spaces(_first):
    yield HEAD + b"\r\n"
    for _ in range(100):  # far more than is ever taken
        yield MEGABYTE


def bomb(_first):
    yield HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED) + PACKED


def brackets(_first):
    yield said(200, b"[" * 200_000)


def closed_brackets(_first):
    yield said(200, b'{"data":' * 200_000 + b"{}" + b"}" * 200_000)


def refused_in_brackets(_first):
    yield said(404, b"[" * 200_000 + b"]" * 200_000)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (spaces, "longer than"),
        (bomb, "longer than"),
        (brackets, "inside each other"),
        (closed_brackets, "inside each other"),
        (refused_in_brackets, "inside each other"),
    ],
)
def test_an_answer_without_measure_is_a_read_that_failed(kind, answer, words):
    with hostile(answer) as server, opened(kind, server.url) as forge:
        with pytest.raises(ForgeError) as caught:
            forge.observe(SCOPE)
        assert isinstance(caught.value, PartialError), "no absence, and nothing to try again"
        assert words in caught.value.text
        assert "\n" not in caught.value.text
        assert caught.value.hint
        assert len(server.asked) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_write_that_is_answered_without_measure_fails_with_a_reason(kind):
    action = Action(kind, "create", None, Repo("rpms/xen", visibility="private"))
    with hostile(brackets) as server, opened(kind, server.url) as forge:
        with pytest.raises(PartialError, match="inside each other"):
            forge.execute(action)
        assert "inside each other" in " ".join(forge.health().problems)


def test_a_server_that_only_ever_leads_on_is_left():
    def on(first):
        yield said(301, b"", Location=f"http://127.0.0.1:1{first.split()[1]}x")

    with hostile(on) as server, opened("github", server.url) as forge:
        with pytest.raises(ForgeError, match="led on"):
            forge.observe(SCOPE)
        assert len(server.asked) < 20


def nested(depth, make):
    value = 1
    for _ in range(depth):
        value = make(value)
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    "make",
    [
        lambda value: [value],
        lambda value: {"a": value},
        lambda value: ["]", value],
        lambda value: [{}, "\\", value, '"[', [[]]],
    ],
)
def test_depth_is_counted_outside_of_strings_only(make):
    deepest = max(depth for depth in range(MOST_DEEP + 1) if not too_deep(nested(depth, make)))
    assert MOST_DEEP - 2 <= deepest <= MOST_DEEP
    assert too_deep(nested(deepest + 1, make))
    assert too_deep(nested(900, make))
    assert not too_deep(json.dumps(["[" * 500, "\\", nested(500, make).decode()] * 200).encode())


def test_the_largest_page_that_is_asked_for_is_far_below_the_bound():
    entry = {f"field{n}": "x" * 80 for n in range(120)}
    assert len(json.dumps([entry] * 100)) * 20 < MOST_BYTES
