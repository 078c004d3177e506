"""`sigctl verdicts`: a job of the main branch judges every open merge request, comments once, and runs nothing of theirs."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

import pytest
from mail_server import listening
from merge_request_world import BOT, LOGINS, Hub, Lab, git

from sigctl import cli
from sigctl.report.review import MARKER
from sigctl.sandbox import control

GAIN = [["sigs/virt/teams/contributors/members", "+", "pasik"]]
STATUS = "sigctl verdict"


@pytest.fixture(scope="module", params=[Lab, Hub], ids=["gitlab", "github"])
def home(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    with control.running(folder / "forges", logins=LOGINS) as sandbox:
        yield request.param(sandbox, folder)


@pytest.fixture
def verdicts(home, capsys, monkeypatch):
    """Return a function that judges from a checkout of main, and returns the merge requests by number."""
    for name in ("LAB", "HUB"):
        monkeypatch.setenv(name, home.tokens[BOT])

    def call(*arguments, code=0, repository=""):
        git(home.checkout, "checkout", "-q", "-f", "main")
        url = repository or f"{home.url}/{home.path}"
        given = ["--config", str(home.config), "--repository", url, "--format", "json"]
        found = cli.run(["verdicts", *given, *arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        assert not any(token in captured.out + captured.err for token in home.tokens.values())
        assert found == code, captured.err
        return (
            {one["number"]: one for one in json.loads(captured.out)["proposals"]}
            if captured.out
            else captured.err
        )

    return call


def test_each_has_one_comment_that_is_edited_and_a_status_that_follows(home, verdicts):
    request = home.propose(GAIN)
    head = git(home.checkout, "rev-parse", "HEAD")
    only = ("--merge-request", str(request.number), "--comment", "--status", STATUS)
    found = verdicts(*only)[request.number]
    assert (found["verdict"], found["head"]) == ("missing", head)
    assert (found["commented"], found["marked"]) == (True, True)
    (comment,) = request.comments()
    assert comment["by"] == BOT
    assert comment["body"].startswith(MARKER)
    assert "waits for a chair of virt" in comment["body"]
    assert home.status(head) == [(STATUS, "pending")]

    again = verdicts(*only)[request.number]
    assert (again["commented"], again["marked"]) == (False, False), "nothing has changed"

    request.approve("pasik")
    found = verdicts(*only)[request.number]
    assert found["verdict"] == "allowed"
    (comment,) = request.comments()
    assert "everyone who must approve has" in comment["body"]
    assert home.status(head) == [(STATUS, "success")]


def test_without_being_told_to_it_tells_nobody(home, verdicts):
    request = home.propose(GAIN)
    assert verdicts()[request.number]["verdict"] == "missing"
    assert request.comments() == []


def test_a_comment_that_somebody_else_begins_in_the_same_way_is_left_alone(home, verdicts):
    request = home.propose(GAIN)
    home.say(request.number, f"{MARKER}\nmay be merged", "gwd")
    verdicts("--merge-request", str(request.number), "--comment")
    assert [one["by"] for one in request.comments()] == ["gwd", BOT]
    assert request.comments()[0]["body"].endswith("may be merged")


def test_files_with_problems_are_told_of_and_the_others_are_judged(home, verdicts):
    broken = home.propose([["sigs/virt/access/nobody", "write"]])
    head = git(home.checkout, "rev-parse", "HEAD")
    well = home.propose(GAIN)
    found = verdicts("--comment", "--status", STATUS)
    assert found[broken.number]["verdict"] == "broken"
    assert found[well.number]["verdict"] == "missing"
    assert "unknown team" in broken.comments()[0]["body"]
    assert "config/sigs.yaml" in broken.comments()[0]["body"]
    assert str(home.folder) not in broken.comments()[0]["body"]
    assert "/tmp" not in broken.comments()[0]["body"].replace(str(home.folder), "")
    assert home.status(head)[0][1] in ("failed", "failure")


def test_what_does_not_merge_is_said_to_be_so(home, verdicts):
    request = home.propose([["sigs/virt/title", "One"]])
    with home.meanwhile([["sigs/virt/title", "Another"]]):
        found = verdicts("--merge-request", str(request.number))
        assert found[request.number]["verdict"] == "unmergeable"


def test_it_is_measured_against_the_branch_as_it_is_now(home, verdicts):
    """A proposal that begins at an older commit, with other chairs, is judged by the present ones, and for its own changes only."""
    request = home.propose([["sigs/virt/list", "virt@centos.org"]])
    with home.meanwhile([["sigs/virt/chairs", ["lars_kurth"]]]):
        request.approve("pasik")  # was a chair when it began
        found = verdicts("--merge-request", str(request.number))[request.number]
    assert found["verdict"] == "missing"
    assert [one["why"] for one in found["approvals"]] == [["changes list of sig virt"]]


def test_what_it_changes_besides_the_files_needs_an_admin(home, verdicts):
    request = home.propose(GAIN)
    (home.checkout / ".gitlab-ci.yml").write_text("steal: {script: [env]}\n")
    request.change(GAIN)
    request.approve("pasik")
    found = verdicts("--merge-request", str(request.number))[request.number]
    assert found["verdict"] == "missing"
    assert any(".gitlab-ci.yml" in why for one in found["approvals"] for why in one["why"])
    request.approve("kbsingh")
    assert verdicts("--merge-request", str(request.number))[request.number]["verdict"] == "allowed"


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../../../../../etc/passwd", "sigs.yaml"])
def test_a_link_among_the_files_leads_nowhere(home, verdicts, target):
    request = home.propose(GAIN)
    (home.checkout / "config" / "more.yaml").symlink_to(target)
    git(home.checkout, "add", ".")
    git(home.checkout, "commit", "-q", "-m", "a link")
    home.push(request.branch, request.by)
    found = verdicts("--merge-request", str(request.number), "--comment")[request.number]
    assert found["verdict"] == "broken"
    assert "no plain file" in found["headline"]
    assert "root:" not in json.dumps(found)


def test_what_is_named_in_the_proposal_is_neither_asked_nor_read(home, verdicts, monkeypatch):
    """Its forge addresses, its tokens and its includes are data: nothing is opened for them."""
    monkeypatch.setenv("SECRET", "opens everything")
    steps = [*GAIN, ["forges/hub/url", "http://127.0.0.1:9"], ["forges/lab/url", "http://127.0.0.1:9"]]
    steps += [["forges/lab/token", "env:SECRET"], ["forges/hub/token", "env:SECRET"]]
    request = home.propose(steps)
    only = ("--merge-request", str(request.number), "--comment")
    assert verdicts(*only)[request.number]["verdict"] == "missing"
    text = "\n".join(one["body"] for one in request.comments())
    assert "an admin" in text
    assert "opens everything" not in text


def test_text_of_the_proposal_can_neither_act_nor_mention(home, verdicts, tmp_path):
    """On GitLab a line of a comment that begins with `/approve` is an order of whoever writes it: here the bot that may."""
    evil = "</details>\n/approve\n/label ~veto\n@kbsingh ![x](https://example.org/x.png) ```` <img src=x> \u202e\x1b[31m\n"
    request = home.propose(
        [*GAIN, ["sigs/virt/title", f"x {evil}"], ["sigs/virt/repos/xen/description", evil]]
    )
    head = git(home.checkout, "rev-parse", "HEAD")
    said = tmp_path / "said"
    said.write_text(evil * 2000)
    verdicts("--merge-request", str(request.number), "--comment", "--said", f"{head}={said}")
    (comment,) = request.comments()
    body = comment["body"]
    assert len(body) < 65_000
    assert "\x1b" not in body
    assert "\u202e" not in body
    assert body.count("/approve") > 10, "what was said is shown, as text"
    inside = body.partition("`````text\n")
    outside = inside[0] + inside[2].partition("\n`````")[2]
    assert "/approve" not in re.sub(r"(`+) ?.*? ?\1", "", outside)
    assert outside.count("<details>") == outside.count("\n</details>")
    approvals = verdicts("--merge-request", str(request.number))[request.number]
    assert approvals["verdict"] == "missing"
    assert not any("veto" in str(one) for one in approvals["notes"])
    assert not any(BOT in str(one) for one in approvals["notes"]), "the bot has approved nothing"


def test_what_was_said_of_a_commit_stays_while_that_is_the_head(home, verdicts, tmp_path):
    request = home.propose(GAIN)
    head = git(home.checkout, "rev-parse", "HEAD")
    said = tmp_path / "said"
    said.write_text("9 pushes went as the files say")
    only = ("--merge-request", str(request.number), "--comment")
    verdicts(*only, "--said", f"{head}={said}")
    request.approve("pasik")
    verdicts(*only)
    assert "9 pushes went" in request.comments()[0]["body"]
    assert "everyone who must approve has" in request.comments()[0]["body"]
    git(home.checkout, "checkout", "-q", "-f", request.branch)
    request.change([*GAIN, ["sigs/virt/title", "Virt"]])
    verdicts(*only)
    assert "9 pushes went" not in request.comments()[0]["body"], "it was of another commit"


def test_the_lists_are_told_once_and_silence_is_consent(home, verdicts, tmp_path):
    days = 9 * 86_400
    home.sandbox.clock.advance(-days)
    request = home.propose(GAIN, title="One more\r\nBcc: outsider@example.org")
    fresh = home.propose(GAIN)
    home.sandbox.clock.advance(days)
    record = tmp_path / "mailed.json"
    given = ["--merge-request", str(request.number), "--record", str(record)]
    with listening() as box:
        mail = ["--from", "sigctl@example.org", "--smtp", box.address]
        assert verdicts(*given, *mail)[request.number]["mailed"]
        assert not verdicts(*given, *mail)[request.number]["mailed"]
    assert box.receivers == [["centos-virt@centos.org"]]
    data = json.loads(record.read_text())
    assert verdicts(*given)[request.number]["verdict"] == "missing", "it was mailed today"
    (entry,) = data["changes"][request.url]
    entry["day"] = str(date.today() - timedelta(days=9))  # noqa: DTZ011  # the day on which the command runs
    record.write_text(json.dumps(data))
    assert verdicts(*given)[request.number]["verdict"] == "allowed"
    never = verdicts("--merge-request", str(fresh.number), "--record", str(record))
    assert never[fresh.number]["verdict"] == "missing", "it was never mailed"
    thread = request.thread("euanh")
    assert verdicts(*given)[request.number]["verdict"] == "missing", "somebody objects"
    request.resolve(thread, "gwd")
    assert verdicts(*given)[request.number]["verdict"] == "allowed"


def test_a_mail_that_is_not_taken_holds_up_only_its_own(home, verdicts, tmp_path):
    request = home.propose(GAIN)
    record = tmp_path / "mailed.json"
    mail = ["--from", "sigctl@example.org", "--smtp", "127.0.0.1:1", "--record", str(record)]
    found = verdicts("--merge-request", str(request.number), *mail, code=1)[request.number]
    assert "did not take the mail" in found["problem"]


def test_other_branches_and_closed_ones_are_not_looked_at(home, verdicts):
    request = home.propose(GAIN)
    home.close(request.number)
    assert request.number not in verdicts()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--smtp", "x:1", "--from", "a@b"),
        ("--smtp", "x:1", "--record", "r.json", "--from", "nobody"),
        ("--snapshot", "missing.json"),
        ("--said", "x"),
    ],
)
def test_what_can_not_be_meant_is_said(home, verdicts, arguments, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert verdicts(*arguments, code=1).startswith("error: ")
    assert not list(tmp_path.iterdir())


def test_a_repository_on_no_forge_of_the_files_is_refused(home, verdicts):
    assert "on none of the forges" in verdicts(repository="https://evil.example/a/b", code=1)
    assert home.name
