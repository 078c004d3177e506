"""The store keeps what was written, and only that."""

from __future__ import annotations

import os

import pytest

from sigctl.sandbox.store import Store


def things(store: Store):
    return store.collection("things", name=lambda d: d["name"].lower(), group=lambda d: d.get("group"))


def test_what_was_written_is_there_after_opening_again(tmp_path):
    first = Store(tmp_path / "s.sqlite")
    made = things(first).add({"name": "One", "group": 1})
    things(first).add({"name": "Two", "group": 1})
    things(first).save(made, name="Uno")
    things(first).delete(2)
    second = Store(tmp_path / "s.sqlite")  # the first was never closed, as after kill -9
    assert [each["name"] for each in things(second)] == ["Uno"]
    assert things(second).one("name", "uno")["id"] == 1


def test_numbers_are_never_given_twice(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    for _ in range(3):
        things(store).delete(things(store).add({"name": "x"})["id"])
    store.close()
    assert things(Store(tmp_path / "s.sqlite")).add({"name": "y"})["id"] == 4


def test_indexes_follow_changes(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    one, two = (things(store).add({"name": name, "group": 7}) for name in ("a", "b"))
    assert [each["id"] for each in things(store).find("group", 7)] == [1, 2]
    things(store).save(one, group=8)
    things(store).delete(two["id"])
    assert things(store).find("group", 7) == []
    assert things(store).one("group", 8) is one
    assert things(store).one("name", "B") is None


def test_a_failed_transaction_leaves_nothing(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    kept = things(store).add({"name": "kept"})

    def fail() -> None:
        with store.transaction():
            things(store).save(kept, name="changed")
            things(store).add({"name": "new"})
            with store.transaction():
                things(store).delete(kept["id"])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [each["name"] for each in things(store)] == ["kept"]
    assert things(store).one("name", "changed") is None
    assert [each["name"] for each in things(Store(tmp_path / "s.sqlite"))] == ["kept"]
    assert things(store).add({"name": "next"})["id"] == 2


def test_clearing_starts_from_one(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    things(store).add({"name": "a"})
    store.clear()
    assert len(things(store)) == 0
    assert things(store).add({"name": "b"})["id"] == 1


def test_a_child_process_can_write_too(tmp_path):
    store = Store(tmp_path / "s.sqlite")
    things(store).add({"name": "parent"})
    child = os.fork()
    if child == 0:
        things(store).add({"name": "child"})
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert [each["name"] for each in things(Store(tmp_path / "s.sqlite"))] == ["parent", "child"]
