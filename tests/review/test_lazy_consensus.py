"""Lazy consensus: mailed to the lists, open long enough, and nobody objects; and the mail itself."""

from __future__ import annotations

import json
from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest
from mail_server import listening
from review_world import changed, estate, write

from sigctl import cli

GAIN = [["sigs/virt/teams/contributors/members", "+", "cloud_member"]]
LAZY = [["policy/approval/lazy", {"days": 3}]]
URL = "https://git.centos.org/project/config/-/merge_requests/7"
TODAY = date.today()  # noqa: DTZ011  # the day on which the command runs


@pytest.fixture
def mailbox():
    with listening() as box:
        yield box


@pytest.fixture
def estate_of(tmp_path, capsys):
    """Return a function that runs a command on a proposal against the estate with lazy consensus."""

    def call(command, steps, *arguments, before=()):
        data = changed(estate(), [*LAZY, *before])
        write(tmp_path / "before", data)
        config = write(tmp_path / "after", changed(data, steps))
        given = [
            "--config",
            str(config),
            "--base",
            str(tmp_path / "before"),
            "--record",
            str(tmp_path / "mailed.json"),
        ]
        if command == "announce":
            given += ["--from", "sigctl@example.org"]
        code = cli.run([command, *given, "--change", URL, "--author", "gwd", *arguments])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return call


def test_the_mail_is_readable_goes_to_the_list_and_is_sent_once(estate_of, mailbox):
    for _ in range(2):
        assert estate_of("announce", GAIN, "--smtp", mailbox.address, "--title", "One more")[0] == 0
    (mail,) = mailbox.mails
    assert mailbox.receivers == [["centos-virt@centos.org"]]
    assert mail["Subject"] == "[sigctl] virt: One more"
    assert mail["From"] == "sigctl@example.org"
    text = mail.get_content()
    assert URL in text
    assert "cloud_member gains write on" in text
    assert "Lazy consensus" in text
    assert max(len(line) for line in text.splitlines() if "://" not in line) <= 72


def test_a_change_of_the_proposal_is_mailed_in_the_same_thread(estate_of, mailbox):
    smtp = ("--smtp", mailbox.address)
    estate_of("announce", GAIN, *smtp)
    more = [*GAIN, ["sigs/virt/repos/xen-tools", {}]]
    estate_of("announce", more, *smtp)
    estate_of("announce", GAIN, *smtp)
    first, second, third = mailbox.mails
    assert second["In-Reply-To"] == first["Message-ID"]
    assert second["Subject"].startswith("Re: ")
    assert third["References"].split() == [first["Message-ID"], second["Message-ID"]]
    assert len({one["Message-ID"] for one in mailbox.mails}) == 3


def test_who_is_interested_in_a_repository_is_told_too(estate_of, mailbox):
    before = [["sigs/virt/repos/xen/interested", ["cloud"]], ["sigs/cloud/list", "cloud@example.org"]]
    touching = [["sigs/virt/repos/xen/description", "Xen, still"]]
    estate_of("announce", touching, "--smtp", mailbox.address, before=before)
    assert mailbox.receivers == [["cloud@example.org", "centos-virt@centos.org"]]


def test_a_list_that_the_proposal_names_is_not_where_it_goes(estate_of, mailbox):
    steps = [*GAIN, ["sigs/virt/list", "nobody@example.org"]]
    estate_of("announce", steps, "--smtp", mailbox.address)
    assert mailbox.receivers == [["centos-virt@centos.org"]]


def test_a_mail_that_was_not_taken_is_sent_by_the_next_run(estate_of, mailbox):
    mailbox.refusing = True
    code, _, err = estate_of("announce", GAIN, "--smtp", mailbox.address)
    assert code == 1
    assert "did not take the mail" in err
    mailbox.refusing = False
    assert estate_of("announce", GAIN, "--smtp", mailbox.address)[0] == 0
    assert len(mailbox.mails) == 1


def test_a_title_can_not_add_headers(estate_of, mailbox):
    estate_of(
        "announce", GAIN, "--smtp", mailbox.address, "--title", "x\r\nBcc: outsider@example.org\r\n\r\nhello"
    )
    assert mailbox.receivers == [["centos-virt@centos.org"]]
    assert mailbox.mails[0]["Bcc"] is None


def test_a_password_is_not_sent_in_the_clear(estate_of, mailbox, monkeypatch):
    monkeypatch.setenv("MAIL_PASSWORD", "opens nothing")
    code, _, err = estate_of(
        "announce",
        GAIN,
        "--smtp",
        mailbox.address,
        "--smtp-user",
        "bot",
        "--smtp-password",
        "env:MAIL_PASSWORD",
    )
    assert code == 1
    assert "no encryption" in err
    assert not mailbox.mails


def test_sendmail_does_it_too(estate_of, tmp_path):
    program = tmp_path / "sendmail"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/arguments\ncat > {tmp_path}/mail\n')
    program.chmod(0o755)
    assert estate_of("announce", GAIN, "--sendmail", str(program))[0] == 0
    assert (tmp_path / "arguments").read_text().split() == ["-i", "-t"]
    mail = message_from_bytes((tmp_path / "mail").read_bytes(), policy=policy.default)
    assert mail["To"] == "centos-virt@centos.org"
    program.write_text("#!/bin/sh\necho no such list >&2\nexit 67\n")
    code, _, err = estate_of("announce", [*GAIN, ["sigs/virt/title", "Virt"]], "--sendmail", str(program))
    assert code == 1
    assert "no such list" in err


def test_show_prints_it_and_sends_nothing(estate_of, tmp_path):
    code, out, _ = estate_of("announce", GAIN, "--show")
    assert code == 0
    assert message_from_bytes(out.encode(), policy=policy.default)["Subject"].startswith("[sigctl] virt: ")
    assert not (tmp_path / "mailed.json").exists()


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([], "nothing changes"),
        ([["sigs/cloud/repos/docs/description", "Documents"]], "no SIG that it touches has a list"),
    ],
)
def test_what_nobody_needs_to_know_is_not_mailed(estate_of, mailbox, steps, says):
    code, _, err = estate_of("announce", steps, "--smtp", mailbox.address)
    assert code == 0
    assert says in err
    assert not mailbox.mails


def mailed(tmp_path, days):
    """Put the mail of the record back by some days."""
    record = tmp_path / "mailed.json"
    data = json.loads(record.read_text())
    data["changes"][URL][-1]["day"] = str(TODAY - timedelta(days=days))
    record.write_text(json.dumps(data))


def opened(days):
    return ("--opened", str(TODAY - timedelta(days=days)))


def test_silence_is_consent_after_the_days(estate_of, mailbox, tmp_path):
    estate_of("announce", GAIN, "--smtp", mailbox.address)
    assert estate_of("review", GAIN, *opened(9))[0] == 3
    mailed(tmp_path, 2)
    code, out, _ = estate_of("review", GAIN, *opened(9))
    assert code == 3
    assert "no lazy consensus: it was mailed on" in out
    mailed(tmp_path, 3)
    code, out, _ = estate_of("review", GAIN, *opened(3))
    assert code == 0
    assert "nobody objected for 3 days" in out
    assert estate_of("review", GAIN, *opened(2))[0] == 3
    assert estate_of("review", GAIN)[0] == 3


def test_an_objection_ends_it(estate_of, mailbox, tmp_path):
    estate_of("announce", GAIN, "--smtp", mailbox.address)
    mailed(tmp_path, 9)
    code, out, _ = estate_of("review", GAIN, *opened(9), "--objection", "label veto")
    assert code == 3
    assert "somebody objects: label veto" in out


def test_a_proposal_that_changed_after_it_was_mailed_waits_anew(estate_of, mailbox, tmp_path):
    estate_of("announce", GAIN, "--smtp", mailbox.address)
    mailed(tmp_path, 9)
    more = [*GAIN, ["sigs/virt/access/contributors", "maintain"]]
    assert estate_of("review", more, *opened(9))[0] == 3


@pytest.mark.parametrize(
    "steps",
    [
        [*GAIN, ["sigs/virt/chairs", "+", "gwd"]],
        [*GAIN, ["sigs/cloud/repos/docs/description", "Documents"]],
        [["policy/approval/lazy/days", 1]],
    ],
)
def test_it_never_covers_what_needs_an_admin_or_two_sigs(estate_of, mailbox, tmp_path, steps):
    estate_of("announce", steps, "--smtp", mailbox.address)
    if (tmp_path / "mailed.json").exists():
        mailed(tmp_path, 9)
    assert estate_of("review", steps, *opened(9))[0] == 3


def test_without_a_policy_of_it_there_is_none(estate_of, mailbox, tmp_path):
    before = [["policy/approval", {"admins": ["kbsingh"]}]]
    estate_of("announce", GAIN, "--smtp", mailbox.address, before=before)
    mailed(tmp_path, 9)
    assert estate_of("review", GAIN, *opened(9), before=before)[0] == 3


@pytest.mark.parametrize(
    "content", ["[]", "{", '{"format": "other"}', '{"format": "sigctl/announced/1", "changes": {"x": [{}]}}']
)
def test_a_record_that_is_none_is_refused(estate_of, tmp_path, content):
    (tmp_path / "mailed.json").write_text(content)
    code, _, err = estate_of("review", GAIN)
    assert code == 1
    assert "record" in err


@pytest.mark.parametrize("arguments", [(), ("--smtp", "x", "--show"), ("--smtp", "x:y")])
def test_how_it_is_sent_must_be_said(estate_of, arguments):
    code, _, err = estate_of("announce", GAIN, *arguments)
    assert code == 1
    assert err.startswith("error: ")
