"""A plan in every form: grouped, worst first, folded, and harmless whatever the names contain."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from sigctl.core.kinds import BranchRule, Grant, Membership, Org, Ref, Repo, Team, TeamMember
from sigctl.core.plan import Action, Cost, Plan, Refusal
from sigctl.core.state import Note, SetAside
from sigctl.report.html import plan_html
from sigctl.report.markdown import LIMIT, code, plan_markdown
from sigctl.report.outcome import Outcome, Report
from sigctl.report.text import plan_text, report_text
from sigctl.report.words import blocks, describe, plain


def shown(renderable, width=120):
    console = Console(width=width, file=io.StringIO(), highlight=False, soft_wrap=True)
    console.print(renderable)
    return console.file.getvalue()


def action(before, after, verb=None, sig="virt", forge="github"):
    verb = verb or ("create" if before is None else "delete" if after is None else "update")
    return Action(forge, verb, before, after, sig)


def grant(level, subject="team:O/t", **fields):
    return Grant("repo", "O/r", subject, level, **fields)


REPO = Repo("O/r", visibility="private", archived=False)
SAID = {
    "team O/t gets write": action(None, grant("write")),
    "gwd gets admin until 2027-01-31": action(None, grant("admin", "person:gwd", until="2027-01-31")),
    "team O/t gets write on c7-sig-virt, c7-sig-virt-*": action(
        None, grant("write", branches=("c7-sig-virt", "c7-sig-virt-*"))
    ),
    "team O/t: write on a -> write": action(grant("write", branches=("a",)), grant("write", branches=())),
    "team O/t loses admin": action(grant("admin"), None),
    "team O/t: admin -> read": action(grant("admin"), grant("read")),
    "team O/t: native:auditor -> read": action(grant("native:auditor"), grant("read")),
    "gwd keeps write: until: 2027-01-31 -> 2027-03-31": action(
        grant("write", "person:gwd", until="2027-01-31"), grant("write", "person:gwd", until="2027-03-31")
    ),
    "gwd joins the team as lead": action(None, TeamMember("O/t", "gwd", "lead")),
    "gwd leaves the team": action(TeamMember("O/t", "gwd"), None),
    "gwd joins the org as owner": action(None, Membership("O", "gwd", "owner")),
    "gwd: owner -> member of the org": action(Membership("O", "gwd", "owner"), Membership("O", "gwd")),
    "create repo (private)": action(None, REPO),
    "archive": action(REPO, Repo("O/r", visibility="private", archived=True)),
    "unarchive": action(Repo("O/r", archived=True), Repo("O/r", archived=False)),
    "visibility: private -> public": action(REPO, Repo("O/r", visibility="public", archived=False)),
    'description: "" -> "Xen packages"': action(
        Repo("O/r", description=""), Repo("O/r", description="Xen packages")
    ),
    "move O/old here": action(Repo("O/old"), Repo("O/r"), "move"),
    "delete team": action(Team("O/t"), None),
    "create org (public)": action(None, Org("O", visibility="public")),
    "branch xen-412: aaaaaaaaa -> bbbbbbbbb": action(
        Ref("O/r", "refs/heads/xen-412", "a" * 40), Ref("O/r", "refs/heads/xen-412", "b" * 40)
    ),
    "tag v1: create at aaaaaaaaa": action(None, Ref("O/r", "refs/tags/v1", "a" * 40)),
    "rule for branch c7: push by team:O/release, no force push": action(
        None, BranchRule("O/r", "c7", push=("team:O/release",), force=False)
    ),
    "rule for branch c8: push by all with write, all with the role server-admin": action(
        None, BranchRule("O/r", "c8", push=("level:write", "level:native:server-admin"))
    ),
    "rule for branch c7: push by nobody, 2 reviews": action(
        None, BranchRule("O/r", "c7", push=(), reviews=2)
    ),
    "rule for branch c7: removed": action(BranchRule("O/r", "c7"), None),
    "rule for branch c7: force: true -> false": action(
        BranchRule("O/r", "c7", force=True), BranchRule("O/r", "c7", force=False)
    ),
}


@pytest.mark.parametrize("words", SAID)
def test_an_action_in_words(words):
    assert describe(SAID[words]) == words


def test_what_takes_away_comes_first_then_what_widens_and_sigs_are_kept_together():
    actions = [
        action(None, grant("write")),
        action(None, TeamMember("O/other", "gwd"), sig="cloud"),
        action(grant("admin", "person:outsider"), None),
        action(Repo("O/r", description="a"), Repo("O/r", description="b")),
        action(Grant("repo", "O/s", "team:O/t", "write"), Grant("repo", "O/s", "team:O/t", "read")),
    ]
    found = blocks(actions)
    assert [(b.sig, b.thing) for b in found] == [("cloud", "O/other"), ("virt", "O/r"), ("virt", "O/s")]
    assert [line.tone for line in found[1].lines] == ["removed", "widened", "neutral"]


def test_many_refs_and_equal_rules_are_folded_with_counts():
    refs = [action(None, Ref("O/r", f"refs/heads/b{n:02}", "a" * 40)) for n in range(12)]
    rules = [action(None, BranchRule("O/r", p, force=False)) for p in ("c7", "c8s")]
    texts = [line.text for block in blocks([*refs, *rules]) for line in block.lines]
    assert "create 12 branches: b00, b01, b02, b03, b04 and 7 more" in texts
    assert "rule for branch c7, c8s: no force push" in texts


def test_a_new_repository_is_one_line_however_many_steps_it_takes():
    steps = [
        action(None, Repo("O/r", visibility="private", archived=False)),
        action(Repo("O/r", visibility="private"), Repo("O/r", visibility="public", default_branch="xen-412")),
    ]
    (block,) = blocks([steps[0], Action("github", "update", steps[1].before, steps[1].after, "virt", 80)])
    assert [line.text for line in block.lines] == [
        "create repo (public, default branch xen-412, closed until the end)"
    ]


EVIL = "x\x1b[31m\u202eevil\u2066<script>alert(1)</script>`@everyone`\n# heading\n[a](javascript:1)"
EVIL_PLAN = Plan(
    actions=(
        action(Repo("O/r", description="a"), Repo("O/r", description=EVIL)),
        action(None, Grant("repo", f"O/{EVIL}", f"team:{EVIL}", "write"), sig=EVIL),
    ),
    forges=(EVIL,),
    notes=(Note("held", EVIL, EVIL, EVIL),),
    refusals=(Refusal("g", 1, 0, EVIL, EVIL),),
    quarantined=(SetAside(EVIL, EVIL, EVIL, "", EVIL),),
    cost=Cost(),
)


def test_nothing_in_a_name_reaches_the_terminal_as_a_command():
    text = shown(plan_text(EVIL_PLAN))
    assert re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text) is None
    report = Report(EVIL_PLAN, (Outcome(EVIL_PLAN.actions[0], "failed", EVIL, EVIL),), EVIL_PLAN)
    assert "\x1b" not in shown(report_text(report))


def test_nothing_in_a_name_is_markup_in_markdown():
    text = plan_markdown(EVIL_PLAN)
    outside = re.sub(r"(`+)(?:(?!\1).)*?\1|<code>[^<]*</code>", "", text)
    assert "<script" not in outside
    assert "@everyone" not in outside
    assert "javascript" not in outside
    assert not re.search(r"^# heading", text, re.MULTILINE)


def test_nothing_in_a_name_is_markup_in_html():
    page = plan_html(EVIL_PLAN)
    assert "<script" not in page
    assert "default-src 'none'" in page


@given(st.text(max_size=60))
def test_inline_code_can_not_be_left(text):
    fenced = code(text)
    ticks = re.match(r"`+", fenced)[0]
    assert fenced.endswith(ticks)
    inner = fenced[len(ticks) : -len(ticks)]
    assert ticks not in re.findall(r"`+", inner)
    assert "\n" not in fenced


@given(st.text(max_size=60))
def test_plain_text_is_plain_and_stays_so(text):
    assert plain(plain(text)) == plain(text)
    assert not any(ord(c) < 32 for c in plain(text))


def test_a_comment_stays_below_the_limit_of_forges():
    actions = tuple(
        action(None, Grant("repo", f"O/r{n}", f"team:O/t{m}", "write")) for n in range(300) for m in range(10)
    )
    text = plan_markdown(Plan(actions, ("github",)))
    assert len(text) < LIMIT + 200
    assert "more lines" in text


def test_a_report_says_what_failed_what_waits_and_whether_it_is_now_as_declared():
    done, lost = action(None, grant("write")), action(None, REPO)
    plan = Plan((done, lost), ("github",))
    report = Report(
        plan,
        (Outcome(lost, "failed", "name is taken", "choose another"), Outcome(done, "skipped", "x")),
        plan,
    )
    text = shown(report_text(report))
    assert "applied: 0 done, 1 failed, 1 skipped" in text
    assert "name is taken" in text
    assert "hint: choose another" in text
    assert "2 differences are left" in text
    assert report.exit_code == 1
    assert Report(plan, (), Plan()).exit_code == 0
    assert Report(plan, (), Plan(), interrupted=True).exit_code == 130
    assert Report(EVIL_PLAN).exit_code == 3


def test_what_is_to_be_done_by_hand_is_shown_first_and_to_the_last_line():
    todo = [
        Note("by hand", f"sig-{n}", f"the server's admin makes it: `pagure-admin new-group sig-{n} me`")
        for n in range(30)
    ]
    text = shown(plan_text(Plan(forges=("f",), notes=(*todo, Note("held", "x", "is held")))), width=200)
    assert all(f"new-group sig-{n} me" in text for n in range(30))
    assert text.index("by hand") < text.index("held (1)")
