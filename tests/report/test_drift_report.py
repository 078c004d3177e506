"""Drift in every form: nothing that a forge or a file says gets out of its place."""

from xml.etree import ElementTree as ET

import pytest
from rich.console import Console

from sigctl.core.plan import Plan
from sigctl.errors import UsageError
from sigctl.report.drift import (
    drift_junit,
    drift_mail,
    drift_markdown,
    drift_text,
    history_text,
    ticket_text,
    ticket_title,
)
from sigctl.report.metrics import write_metrics
from sigctl.watch.record import Cause, Entry
from sigctl.watch.view import Mirrored, View

AT = "2026-11-22T00:00:00.000+00:00"
BAD = 'x\x1b[31m`](http://a)\n@everyone <script>\u202e"]]>&'
ENTRY = Entry("github", "repo", BAD, "virt", BAD, Cause("forge", BAD, BAD, BAD), AT, AT, AT)
VIEW = View(
    Plan(forges=("github",)), AT, 1.5, (ENTRY,), every=(ENTRY,), requests={"github": 3}, unread=("gitlab",)
)


def lines(text):
    return [line for line in text.splitlines() if "everyone" in line]


def shown(text):
    console = Console(width=200, record=True, force_terminal=False)
    console.print(text)
    return console.export_text()


@pytest.mark.parametrize(
    "text",
    [shown(drift_text(VIEW)), shown(history_text([ENTRY])), ticket_text([ENTRY], VIEW), drift_markdown(VIEW)],
)
def test_no_control_character_and_no_line_end_gets_through(text):
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert lines(text)
    assert not any(line.startswith(("@everyone", "<script>")) for line in text.splitlines())


@pytest.mark.parametrize("text", [ticket_text([ENTRY], VIEW), drift_markdown(VIEW)])
def test_in_markdown_foreign_text_stands_in_code_that_it_can_not_leave(text):
    for line in lines(text):
        mark = "``"
        start = line.index(mark)
        assert line.rstrip().endswith(mark)
        assert mark not in line[start + 2 : line.rindex(mark)].replace(f"{mark}: {mark}", "")


def test_a_ticket_is_the_same_as_long_as_nothing_changes():
    later = View(VIEW.plan, "2026-12-01T00:00:00.000+00:00", 9.0, (ENTRY,), every=(ENTRY,))
    assert ticket_text([ENTRY], VIEW) == ticket_text([ENTRY], later)
    assert ticket_title("virt", [ENTRY]) == "drift: SIG virt: 1 difference between the files and the forges"


def test_junit_is_xml_with_a_failure_for_each_difference_and_an_error_for_what_was_not_read():
    root = ET.fromstring(drift_junit(VIEW))
    suites = {one.get("name"): one for one in root}
    assert suites["github"].get("failures") == "1"
    assert suites["github"].find("testcase/failure").get("type") == "forge"
    assert suites["gitlab"].get("errors") == "1"


def test_a_mail_has_no_header_that_a_name_put_there():
    mail = drift_mail("*", ["a@example.org"], "bot@example.org", [ENTRY], VIEW, digest="d")
    assert mail["Subject"] == "[sigctl] drift: 1 difference"
    assert set(mail.keys()) >= {"From", "To", "Date", "Message-ID", "Auto-Submitted"}
    assert "\x1b" not in mail.get_content()


def test_metrics_are_written_whole_and_escaped(tmp_path):
    file = tmp_path / "sigctl.prom"
    write_metrics(
        file,
        View(
            VIEW.plan,
            AT,
            1.5,
            (ENTRY,),
            mirrors=(Mirrored("github", BAD, "virt", "behind", 1_700_000_000),),
            token_days={"github": 12},
        ),
    )
    text = file.read_text()
    assert 'sigctl_token_days_left{forge="github"} 12.0' in text
    assert 'sigctl_mirrors{status="behind"} 1.0' in text
    assert sum(line.startswith("sigctl_mirror_lag_seconds") for line in text.splitlines()) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["sigctl.prom"]
    with pytest.raises(UsageError, match="can't be written"):
        write_metrics(tmp_path / "none" / "sigctl.prom", VIEW)
