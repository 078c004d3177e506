"""`sigctl review` as people and pipelines meet it: words, JSON, Markdown, exit codes, and what is refused."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from review_world import changed, estate, write

from sigctl import cli
from sigctl.report.review import LIMIT, MARKER

GAIN = [["sigs/virt/teams/contributors/members", "+", "pasik"]]


@pytest.fixture
def run(tmp_path, capsys):
    def call(steps, *arguments):
        write(tmp_path / "before", estate())
        config = write(tmp_path / "after", changed(estate(), steps))
        code = cli.run(["review", "--config", str(config), "--base", str(tmp_path / "before"), *arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return call


def test_the_text_says_who_gains_what_where_and_who_must_approve(run):
    code, out, _ = run(GAIN, "--author", "gwd")
    assert code == 3
    assert out.startswith("waits for a chair of virt\n")
    assert (
        "pasik gains write on secret, xen, xen-kernel of virt (hub, lab): may now push c7-sig-virt[-*]" in out
    )
    assert "nobody loses anything" in out
    assert "[ ] a chair of virt: hughesjr, kbsingh, lars_kurth, pasik" in out


def test_an_approval_that_counts_ends_the_wait(run):
    assert run(GAIN, "--author", "gwd", "--approved-by", "lars_kurth")[0] == 0
    code, out, _ = run(GAIN, "--author", "gwd", "--approved-by", "jonludlam")
    assert code == 3
    assert "not asked for: the approval of jonludlam" in out


def test_json_has_its_keys(run):
    code, out, _ = run(GAIN, "--author", "gwd", "--format", "json")
    data = json.loads(out)
    assert code == 3
    assert set(data) == {
        "format", "base", "author", "verdict", "effect", "approvals", "lazy", "ignored", "notes", "warnings",
    }  # fmt: skip
    assert (data["format"], data["verdict"]) == ("sigctl/review/1", "missing")
    assert data["approvals"][0]["role"] == "chair"
    assert {"account", "repo", "before", "after", "forges", "pushes", "stops"} == set(
        data["effect"]["rights"][0]
    )


def test_a_reformatting_has_no_effect(run, tmp_path):
    code, out, _ = run([])
    assert code == 0
    assert "no effect: nobody's rights, no repository, no branch and no history changes" in out
    assert "it needs nobody's approval" in out


def test_a_value_without_effect_is_named(run):
    code, out, _ = run([["people/gwd/name", "Dr. George Dunlap"]], "--author", "gwd")
    assert code == 0
    assert "1 values of the files change all the same: people/gwd/name" in out


def test_markdown_is_short_on_top_folded_below_and_within_the_limit(run):
    many = [
        [f"sigs/virt/repos/package-{n}", {"description": "x" * 90, "access": {"person:pasik": "write"}}]
        for n in range(400)
    ]
    code, out, _ = run(many, "--author", "gwd", "--format", "markdown")
    assert code == 3
    assert out.startswith(MARKER)
    assert len(out) <= LIMIT + 1
    top = out.partition("<details>")[0]
    assert len(top.splitlines()) < 40
    assert out.count("<details>") == out.count("</details>") > 1


def test_a_default_that_touches_hundreds_of_repositories_is_warned_of(tmp_path, capsys):
    before = changed(estate(), [[f"sigs/virt/repos/package-{n}", {}] for n in range(200)])
    write(tmp_path / "many", before)
    config = write(tmp_path / "proposed", changed(before, [["defaults/repo/issues", False]]))
    arguments = ["review", "--config", str(config), "--base", str(tmp_path / "many"), "--format", "json"]
    assert cli.run(arguments) == 3
    (warned,) = json.loads(capsys.readouterr().out)["warnings"]
    assert warned["topic"] == "many"
    assert warned["text"] == "defaults/repo: 207 repositories of 3 SIGs are touched"
    few = write(tmp_path / "few", changed(estate(), [["defaults/repo/issues", False]]))
    write(tmp_path / "estate", estate())
    arguments = ["review", "--config", str(few), "--base", str(tmp_path / "estate"), "--format", "json"]
    assert cli.run(arguments) == 3
    assert json.loads(capsys.readouterr().out)["warnings"] == []


def test_names_and_texts_can_do_nothing_in_a_comment_or_a_terminal(run):
    evil = "</details> @kbsingh ![x](https://example.org/x.png) `code` <img src=x> \u202e \x1b[31m [x](javascript:1)"
    steps = [["sigs/virt/repos/xen/description", evil], ["sigs/virt/title", evil]]
    _, out, _ = run(steps, "--author", "gwd", "--format", "markdown")
    outside = re.sub(r"(`+) ?.*? ?\1", "", out)
    for text in ("@kbsingh", "![", "<img", "javascript", "\u202e", "\x1b"):
        assert text not in outside
    assert "\x1b" not in out
    assert "\u202e" not in out
    text = run(steps, "--author", "gwd")[1]
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_files_with_problems_are_refused_with_all_of_them(run):
    code, _, err = run([["sigs/virt/access/nobody", "write"], ["sigs/cloud/chairs", ["somebody"]]])
    assert code == 1
    assert "unknown team `nobody`" in err
    assert "2 problems" in err


@pytest.mark.parametrize(
    "arguments",
    [("--approved-by", "stranger"), ("--base", "no-such-revision"), ("--base", "--upload-pack=x")],
)
def test_what_can_not_be_meant_is_said(run, arguments):
    code, _, err = run(GAIN, *arguments)
    assert code == 1
    assert err.startswith("error: ")


def test_the_proposer_may_approve_himself_where_the_policy_says_so(run, tmp_path, capsys):
    before = changed(estate(), [["policy/approval/own", True]])
    write(tmp_path / "own", before)
    config = write(tmp_path / "proposed", changed(before, GAIN))
    arguments = ["review", "--config", str(config), "--base", str(tmp_path / "own")]
    assert cli.run([*arguments, "--author", "lars_kurth"]) == 0
    assert cli.run([*arguments, "--author", "gwd"]) == 3
    capsys.readouterr()


def test_the_files_of_before_may_be_a_revision_and_the_policy_of_before_counts(tmp_path, capsys):
    def git(*arguments):
        who = ["-c", "user.name=Admin", "-c", "user.email=admin@example.org"]
        subprocess.run(["git", "-C", tmp_path, *who, *arguments], check=True, capture_output=True)

    config = write(tmp_path / "config", estate())
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("commit", "-q", "-m", "as it is")
    write(tmp_path / "config", changed(estate(), [["policy/approval/own", True], *GAIN]))
    arguments = ["review", "--config", str(config), "--base", "main", "--author", "lars_kurth"]
    assert cli.run([*arguments, "--approved-by", "lars_kurth"]) == 3
    assert "an admin: hughesjr, kbsingh" in capsys.readouterr().out


def test_people_may_be_named_by_their_logins_and_strangers_count_for_nothing(run):
    assert run(GAIN, "--author", "hub:GWD", "--approved-by", "lab:lars_kurth")[0] == 0
    assert run(GAIN, "--author", "lab:lars_kurth", "--approved-by", "lab:lars_kurth")[0] == 3
    code, out, _ = run(
        GAIN, "--author", "hub:stranger", "--approved-by", "hub:stranger", "--approved-by", "hub:lars_kurth"
    )
    assert code == 3
    assert "in which hub:stranger has no part" in out
