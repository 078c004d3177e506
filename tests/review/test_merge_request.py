"""`sigctl review --merge-request`: what the forges say of a merge request, and what of it counts."""

from __future__ import annotations

import json

import pytest
from merge_request_world import LOGINS, Hub, Lab, git

from sigctl import cli
from sigctl.sandbox import control

GAIN = [["sigs/virt/teams/contributors/members", "+", "pasik"]]
MORE = [*GAIN, ["sigs/virt/repos/xen-tools", {}]]


@pytest.fixture(scope="module", params=[Lab, Hub], ids=["gitlab", "github"])
def home(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    with control.running(folder / "forges", logins=LOGINS) as sandbox:
        yield request.param(sandbox, folder)


@pytest.fixture
def review(home, capsys, monkeypatch):
    """Return a function that reviews with a token that may only read, unless `token` is False."""
    for name in ("LAB", "HUB"):
        monkeypatch.setenv(name, home.read_tokens["outsider"])

    def call(url, *arguments, token=True, code=None):
        if not token:
            monkeypatch.delenv(home.name.upper())
        given = ["--config", str(home.config), "--base", "main", "--merge-request", url, "--format", "json"]
        found = cli.run(["review", *given, *arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        assert not any(token in captured.out + captured.err for token in home.read_tokens.values())
        assert code in (None, found), captured.err
        return json.loads(captured.out) if found != 1 else captured.err

    return call


def test_the_author_and_the_approvals_come_from_there_and_decide(home, review):
    request = home.propose(GAIN)
    waits = review(request.url, code=3)
    assert waits["author"] == "gwd"
    assert [one["sig"] for one in waits["approvals"]] == ["virt"]
    request.approve("euanh")
    assert review(request.url, code=3)["ignored"] == ["euanh"]
    login = "lars_kurth" if home.name == "lab" else "pasik"  # who chairs virt and has a login there
    request.approve(login)
    assert review(request.url, code=0)["approvals"][0]["approved_by"] == [login]


def test_without_a_token_what_is_public_is_read_and_threads_are_not_taken_for_none(home, review):
    request = home.propose(GAIN)
    request.approve("pasik")
    found = review(request.url, token=False, code=0)
    assert found["author"] == "gwd"
    assert any("asked without a token" in one for one in found["notes"])
    assert any("perhaps, its threads need a token" in one for one in found["lazy"]["waits"])


def test_an_approval_of_what_was_there_before_a_push_counts_no_more(home, review):
    request = home.propose(GAIN)
    request.approve("pasik")
    review(request.url, code=0)
    request.change(MORE)
    found = review(request.url, code=3)
    assert "the approval of pasik is of what was there before the last push" in found["notes"]
    if home.name == "lab":
        home.unapprove(request.number, "pasik")  # GitLab keeps it, and takes no second one
    request.approve("pasik")
    review(request.url, code=0)


def test_an_approval_that_was_taken_back_counts_no_more(home, review):
    request = home.propose(GAIN)
    request.approve("pasik")
    review(request.url, code=0)
    home.unapprove(request.number, "pasik")
    review(request.url, code=3)


def test_nobody_approves_himself_by_any_way(home, review):
    request = home.propose(GAIN, by="pasik")
    if home.name == "lab":  # the other one refuses it
        request.approve("pasik")
    assert review(request.url, code=3)["author"] == "pasik"


@pytest.mark.parametrize("home", [Hub], ids=["github"], indirect=True)
def test_whoever_has_no_account_in_the_files_is_a_stranger(home, review):
    """On GitHub everyone may review who sees it."""
    request = home.propose(GAIN)
    request.approve("outsider")
    assert any(
        "approval of outsider counts for nothing" in one for one in review(request.url, code=3)["notes"]
    )


def test_threads_labels_and_drafts_object_until_they_are_gone(home, review):
    request = home.propose(GAIN)
    thread = request.thread("euanh")
    waits = review(request.url, code=3)["lazy"]["waits"]
    assert any("somebody objects" in one and "unresolved thread" in one for one in waits)
    request.resolve(thread, "gwd")
    assert not any("objects" in one for one in review(request.url)["lazy"]["waits"])
    request.label("Veto")
    assert any("the label `veto`" in one for one in review(request.url)["lazy"]["waits"])


def test_a_draft_is_not_consented_to(home, review):
    request = home.propose(GAIN)
    home.draft(request.number)
    assert any("it is a draft" in one for one in review(request.url)["lazy"]["waits"])


def test_what_is_given_wins_for_author_and_day_and_is_added_to_approvals(home, review):
    request = home.propose(GAIN)
    found = review(
        request.url, "--author", "kbsingh", "--opened", "2020-01-01", "--approved-by", "pasik", code=0
    )
    assert found["author"] == "kbsingh"
    assert not any("open since" in one for one in found["lazy"]["waits"])
    assert found["approvals"][0]["approved_by"] == ["pasik"]
    found = review(request.url, "--objection", "on the list")
    assert any("on the list" in one for one in found["lazy"]["waits"])


def test_the_files_must_be_those_that_were_approved(home, review):
    request = home.propose(GAIN)
    request.approve("pasik")
    git(home.checkout, "commit", "-q", "--allow-empty", "-m", "not pushed")
    assert "the merge request at" in review(request.url, code=1)
    git(home.checkout, "reset", "-q", "--hard", "HEAD^")
    git(home.checkout, "checkout", "-q", "--detach", "main")
    git(home.checkout, "merge", "-q", "--no-ff", "-m", "as it would be merged", request.branch)
    review(request.url, code=0)


def test_a_title_and_a_login_can_do_nothing(home, review):
    request = home.propose(GAIN, title="\x1b[31m</details> @kbsingh `x`\n/approve")
    found = review(request.url, code=3)
    assert "\x1b" not in json.dumps(found, ensure_ascii=False)


def test_the_forge_is_the_one_in_the_files_of_before(home, review):
    request = home.propose(
        [*GAIN, ["forges/lab/url", "https://evil.example"], ["forges/hub/url", "https://evil.example"]]
    )
    assert review(request.url, code=3)["author"] == "gwd"
    elsewhere = request.url.replace(home.url, "https://evil.example")
    assert "on none of the forges in the files of before" in review(elsewhere, code=1)


def test_a_merge_request_that_is_not_there_is_said_to_be_so(home, review):
    home.propose(GAIN)
    assert review(home.address(999_999), code=1).startswith("error: ")
    closed = home.propose(GAIN)
    home.close(closed.number)
    assert "it is closed" in review(closed.url)["notes"]


@pytest.mark.parametrize("status", [500, 502, 429])
def test_trouble_on_the_way_is_tried_again(home, review, status):
    request = home.propose(GAIN)
    request.approve("pasik")
    fault = {
        "when": {"forge": home.kind, "nth": [1, 2]},
        "what": {"status": status, "headers": {"Retry-After": "0"}},
    }
    home.sandbox.faults.replace([fault])
    try:
        review(request.url, code=0)
    finally:
        home.sandbox.faults.replace([])


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/y/z/-/merge_requests/1",
        "https://token@git.centos.org/a/b/-/merge_requests/1",
        "{home}/a",
        "{home}/a/../b/-/merge_requests/1/pull/1",
        "{home}/project/config/-/merge_requests/x/pull/x",
        "{home}/project/config",
        "{home}.evil.example/project/config/-/merge_requests/1",
    ],
)
def test_an_address_that_is_none_is_refused(home, review, url):
    home.propose(GAIN)
    assert review(url.format(home=home.url), code=1).startswith("error: ")


def test_a_pinned_number_is_who_somebody_is_and_a_login_is_not(home, review):
    """jonludlam has a number in the estate that is not that of whoever has his login on the embedded GitHub."""
    request = home.propose(GAIN, by="jonludlam")
    assert review(request.url)["author"] == ("jonludlam" if home.name == "lab" else "jonludlam on hub")


@pytest.mark.parametrize("home", [Lab], ids=["gitlab"], indirect=True)
def test_an_older_server_that_does_not_say_when_is_read_by_its_own_notes(home, review):
    with home.sandbox.forges["gitlab"].store.transaction():
        settings = home.sandbox.forges["gitlab"].world.settings()
        settings["no_approved_at"] = True
    try:
        request = home.propose(GAIN)
        request.approve("pasik")
        home.say(
            request.number, "approved this merge request", "lars_kurth"
        )  # a person's words are not the server's
        assert review(request.url, code=0)["approvals"][0]["approved_by"] == ["pasik"]
        assert any("counts for nothing" in one for one in review(request.url, token=False, code=3)["notes"])
    finally:
        settings["no_approved_at"] = False


@pytest.mark.parametrize("home", [Hub], ids=["github"], indirect=True)
def test_the_last_word_of_each_reviewer_counts_and_a_request_for_changes_objects(home, review):
    request = home.propose(GAIN)
    request.approve("pasik")
    home.review(request.number, "COMMENT", "pasik")
    review(request.url, code=0)
    home.review(request.number, "REQUEST_CHANGES", "pasik")
    waits = review(request.url, code=3)["lazy"]["waits"]
    assert any("pasik asks for changes" in one for one in waits)
