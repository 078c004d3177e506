"""Canonical form and ids in place, on files as people write them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from spec_world import TODAY, written

from sigctl.errors import ConfigError, SigctlError
from sigctl.spec import read
from sigctl.spec.edit import fmt, format_text, pin, pin_text

BEFORE = """\
# about the file

# about repos
repos:
    # about xen
    xen:
        # who
        access:   {core: write}   # for now
        description:  x
        upstream:
            mode: follow
            url: https://example.org/a  # there

    abc: { archived: true }
title: "T # no comment"   # eol
chairs: [{until: 2027-01-01, person: lead},owner]
teams:
    core:
        members:
        -   until: 2027-01-01
            person: lead
        # the second
        - owner
sig: virt
# the end
"""
AFTER = """\
# about the file

sig: virt
title: "T # no comment"   # eol
chairs: [{person: lead, until: 2027-01-01}, owner]
teams:
  core:
    members:
      - person: lead
        until: 2027-01-01
      # the second
      - owner
# about repos
repos:
  # about xen
  xen:
    description: x
    upstream:
      url: https://example.org/a  # there
      mode: follow
    # who
    access: {core: write}   # for now

  abc: {archived: true}
# the end
"""


def test_a_file_gets_its_order_and_layout_and_keeps_every_comment() -> None:
    assert format_text(BEFORE) == AFTER
    assert format_text(AFTER) == AFTER


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("sig: virt", "sig: virt\n"),
        ("\ufeffsig: virt\r\ntitle: x\r\n", "sig: virt\ntitle: x\n"),
        ("title: x\n\n\n\nsig: virt   \n\n", "sig: virt\ntitle: x\n"),
        ("sig: virt\nlist: 'a'\ntitle: \"b\"\n", "sig: virt\ntitle: \"b\"\nlist: 'a'\n"),
        ("title: >-\n   a\n\n   b\nsig: virt\n", "sig: virt\ntitle: >-\n   a\n\n   b\n"),
        ("title: x\nsig: virt\nnew_key: 1\n", "sig: virt\ntitle: x\nnew_key: 1\n"),
        ("guards:\n    keep_self: no\nversion: 1\n", "version: 1\nguards:\n  keep_self: no\n"),
        ("sig: virt\nchairs:\n- lead\n-   owner\n", "sig: virt\nchairs:\n  - lead\n  - owner\n"),
        ("sig: virt\naccess: {zeta: read,\n  alpha: write}\n", "sig: virt\naccess: {zeta: read, alpha: write}\n"),
    ],
)  # fmt: skip
def test_small_things(before: str, after: str) -> None:
    assert format_text(before) == after


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "",
        "- a\n- b\n",
        "sig: virt\nsig: virt\n",
        "title: &t x\nsig: *t\n",
        "sig: virt\nchairs:\n  -\n    person: lead\n",
        "title: x\u2028sig: virt\n",
    ],
)
def test_what_can_not_be_put_in_order_safely_is_left_as_it_is(text: str) -> None:
    assert format_text(text) == text


def test_names_of_ones_own_keep_their_order() -> None:
    text = "sig: virt\nrepos:\n  zlib: {}\n  abc: {}\naccess: {zeta: read, alpha: write}\n"
    assert format_text(text).index("zlib") < format_text(text).index("abc")
    assert "{zeta: read, alpha: write}" in format_text(text)


def test_check_says_which_files_and_touches_none(tmp_path: Path) -> None:
    path = written(tmp_path)
    virt = tmp_path / "sigs.d" / "virt.yaml"
    virt.write_text(BEFORE)
    path.write_text("include: [sigs.d/*.yaml]\nversion: 1\n")
    assert fmt(path, check=True) == [path, virt]
    assert virt.read_text() == BEFORE
    assert fmt(tmp_path) == [path, virt]
    assert virt.read_text() == AFTER
    assert fmt(path, check=True) == []


def test_a_file_with_faults_stops_all_of_it(tmp_path: Path) -> None:
    path = written(tmp_path)
    before = path.read_text()
    (tmp_path / "sigs.d" / "virt.yaml").write_text("sig: virt\nsig: virt\n")
    with pytest.raises(ConfigError, match="is written twice"):
        fmt(path)
    assert path.read_text() == before


PEOPLE = """\
version: 1
people:
  # the owner
  owner: {name: O, logins: {hub: owner-hub, lab: {login: "owner-lab"}}} # first
  lead:
    logins:
      hub: lead-hub   # his
      lab:
        login: lead-lab # hers
  member1: {logins: {hub: {login: member1-hub, id: 3}}}
forges: {}
"""
PINNED = """\
version: 1
people:
  # the owner
  owner: {name: O, logins: {hub: {login: owner-hub, id: 1}, lab: {login: "owner-lab", id: 2}}} # first
  lead:
    logins:
      hub: {login: lead-hub, id: 5}   # his
      lab:
        login: lead-lab # hers
        id: 6
  member1: {logins: {hub: {login: member1-hub, id: 30}}}
forges: {}
"""
IDS = {
    "owner": {"hub": 1, "lab": 2},
    "lead": {"hub": 5, "lab": 6, "elsewhere": 9},
    "member1": {"hub": 30},
    "stranger": {"hub": 8},
}


def test_ids_are_written_beside_their_logins_and_nothing_else_is_touched() -> None:
    assert pin_text(PEOPLE, IDS) == PINNED
    assert pin_text(PINNED, IDS) == PINNED


def test_line_ends_stay_as_they_are() -> None:
    assert pin_text("\ufeff" + PEOPLE.replace("\n", "\r\n"), IDS) == "\ufeff" + PINNED.replace("\n", "\r\n")


def test_an_id_that_is_text_is_written_as_text() -> None:
    assert (
        pin_text("people: {owner: {logins: {lab: o}}}\n", {"owner": {"lab": "7f"}})
        == 'people: {owner: {logins: {lab: {login: o, id: "7f"}}}}\n'
    )


def test_where_it_can_not_be_done_in_place_nothing_is_written() -> None:
    with pytest.raises(SigctlError, match="can't be written in place"):
        pin_text(
            "people:\n  owner: {logins: &l {lab: o}}\n  lead: {logins: *l}\n",
            {"owner": {"lab": 1}, "lead": {"lab": 2}},
        )


def test_pinning_changes_the_files_that_hold_the_people_and_keeps_their_mode(tmp_path: Path) -> None:
    path = written(tmp_path)
    path.chmod(0o640)
    assert pin(tmp_path, {"lead": {"hub": 17}, "nobody": {"hub": 1}}) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert read(path, today=TODAY).spec.people["lead"].logins["hub"].id == 17
    assert pin(tmp_path, {"lead": {"hub": 17}}) == []
    assert sorted(one.name for one in tmp_path.iterdir()) == ["sigs.d", "sigs.yaml"]
