"""`sigctl access` on the command line: formats, filters, names that nobody knows, and what people wrote stays harmless."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
import review_world
import yaml

from sigctl import cli

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def access(tmp_path, capsys):
    main = review_world.write(tmp_path, review_world.estate())

    def run(*arguments, code=0):
        capsys.readouterr()
        ended = cli.run(["access", "--config", str(main), *arguments])
        said = capsys.readouterr()
        assert ended == code, said.err
        assert "Traceback" not in said.err
        return said.out if code == 0 else said.err

    run.main = main
    return run


def rows(text):
    return json.loads(text)["rows"]


def test_json_says_who_what_where_and_why(access):
    found = rows(
        access("--format", "json", "--repo", "virt/xen", "--person", "gwd", "--branch", "c7-sig-virt-x")
    )
    by_forge = {row["forge"]: row for row in found}
    assert by_forge["hub"]["path"] == "CentOS/sig-virt-xen"
    assert by_forge["hub"]["level"] == "maintain"
    assert [way["text"] for way in by_forge["hub"]["ways"]] == ["team virt/maintainers"]
    (push,) = [one for one in by_forge["hub"]["answers"] if one["verb"] == "push"]
    assert push == {
        "branch": "c7-sig-virt-x", "verb": "push", "may": True, "past": False,
        "why": "rule c7-sig-virt-*: whoever may write",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "repos", "people"),
    [
        (("--repo", "xen"), {"virt/xen"}, {"euanh", "gwd", "hughesjr", "jonludlam", "kbsingh"}),
        (("--sig", "cloud", "--forge", "lab"), {"cloud/docs"}, {"cloud_chair", "cloud_member"}),
        (("--team", "virt/contributors", "--repo", "virt/*"), None, {"euanh", "jonludlam"}),
        (("--person", "cloud_member", "--forge", "lab", "--sig", "cloud"), {"cloud/docs"}, {"cloud_member"}),
    ],
)
def test_rows_are_narrowed(access, arguments, repos, people):
    found = [row for row in rows(access("--format", "json", *arguments)) if row["kind"] == "person"]
    assert {row["who"] for row in found} == people
    assert repos is None or {row["repo"] for row in found} == repos


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--person", "nobody-here"), "nobody called `nobody-here` has any right here"),
        (("--leaving", "nobody-here"), "nobody called `nobody-here` has any right here"),
        (("--repo", "virt/xem"), "no repository `virt/xem`"),
        (("--team", "virt/none"), "no team `virt/none`"),
        (("--sig", "virtual"), "no SIG `virtual` in the files"),
        (("--forge", "lob"), "no forge `lob` in the files"),
        (("--live", "--snapshot", "x"), "can't both be meant"),
        (("--snapshot", "does-not-exist.json"), "can't be read"),
    ],
)
def test_what_nobody_knows_is_an_error_with_a_way_out(access, arguments, said):
    text = access(*arguments, code=1)
    assert said in text
    assert text.startswith("error: ")


def test_csv_has_a_line_for_each_row_and_no_formula(access):
    text = access("--format", "csv", "--sig", "virt")
    found = list(csv.DictReader(io.StringIO(text)))
    assert len(found) == len(rows(access("--format", "json", "--sig", "virt")))
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in found for cell in row.values())
    (one,) = [r for r in found if (r["who"], r["repo"], r["forge"]) == ("euanh", "virt/xen", "hub")]
    assert one["by"] == "team virt/contributors"


def test_markdown_and_text_can_not_be_left_by_a_name(access):
    data = review_world.estate()
    evil = "https://example.org/x|<script>`@everyone`.git"
    data["sigs"]["virt"]["repos"]["xen"]["upstream"] = {"url": evil}
    main = review_world.write(access.main.parent, data)
    assert main == access.main
    text = access("--format", "markdown", "--repo", "virt/xen")
    outside = re.sub(r"(`+)(?:(?!\1).)*?\1", "", text)
    assert "<script" not in outside
    assert "@everyone" not in outside
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {6}


def test_leaving_says_what_goes_and_what_is_missing_then(access):
    found = json.loads(access("--leaving", "gwd", "--format", "json"))["leaving"]
    assert {row["who"] for row in found["loses"]} == {"gwd"}
    assert {one["team"] for one in found["teams"]} == {"virt/maintainers"}
    chair = json.loads(access("--leaving", "cloud_chair", "--format", "json"))["leaving"]
    assert chair["roles"] == ["chair of cloud, the only one"]


def test_people_to_look_at_are_told_of(access):
    data = review_world.estate()
    data["people"]["idle"] = {"logins": {"lab": "idle"}}
    data["people"]["nowhere"] = {}
    data["sigs"]["virt"]["teams"]["maintainers"]["members"] = ["gwd", "hughesjr", "lars_kurth"]
    review_world.write(access.main.parent, data)
    found = {
        (one["kind"], one["who"]): one["text"] for one in json.loads(access("--format", "json"))["people"]
    }
    assert found["unlinked", "lars_kurth"].startswith("has no login on hub: member of virt/maintainers")
    assert found["unlinked", "nowhere"] == "has no login on any forge"
    assert found["inactive", "idle"] == "has no right on any repository, and no role"
    assert (
        "ends on 2027-03-31" in found["expiring", "euanh"]
        or "ended on 2027-03-31" in found["expiring", "euanh"]
    )


def test_broken_files_are_told_of_with_their_place(access):
    data = yaml.safe_load(access.main.read_text(encoding="utf-8"))
    data["sigs"]["virt"]["access"]["nobody"] = "write"
    access.main.write_text(yaml.safe_dump(data), encoding="utf-8")
    assert re.search(r"sigs\.yaml:\d+:\d+: ", access(code=1))


def test_the_real_files_are_answered_for(capsys):
    assert cli.run(["access", "--config", str(ROOT / "config" / "sigs.yaml")]) == 0
    assert "virt" in capsys.readouterr().out
