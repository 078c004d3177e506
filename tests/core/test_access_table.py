"""Who may do what, row by row: people, accounts that the files don't know, the account that brings histories, deploy keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sigctl.core.access_routes import BY_TEAM, DIRECT, MIRROR, Route
from sigctl.core.access_rules import Judge
from sigctl.core.access_says import Can, Says
from sigctl.core.access_table import (
    KEY,
    MIRRORER,
    PERSON,
    STRANGER,
    Names,
    Row,
    Side,
    Wanted,
    repos_of,
    rows,
    wants_repo,
)
from sigctl.core.history import End, Hop, Start
from sigctl.core.kinds import BranchRule, DeployKey, Grant, Membership, Org, Repo, Team, TeamMember
from sigctl.core.state import state
from sigctl.forges import traits_of

GITHUB, GITLAB, PAGURE = traits_of("github"), traits_of("gitlab"), traits_of("pagure")
XEN, OLD, LOOSE = Repo("O/r", visibility="public"), Repo("O/old", archived=True), Repo("O/loose")
TEAM, PLACE = Team("O/t"), TeamMember("O/t", "p1")
NAMES = Names(
    {"O/r": "virt/xen", "O/old": "virt/old"},
    {"O/t": "virt/packagers"},
    {"p1": "ann", "p2": "bob"},
    {("virt/packagers", "ann"): ("virt/core", "virt/all")},
)


def given(who, level="write", repo="O/r", **fields):
    return Grant("repo", repo, who, level, **fields)


def table(*held, wanted=None, traits=GITHUB, names=NAMES, hops=(), me=""):
    side = Side("f", Judge(state([Org("O"), XEN, OLD, LOOSE, TEAM, *held]), traits), names, hops, me)
    return list(rows(side, wanted or Wanted()))


ALL = Can(("",), push=("",), merge=("",), create=("",), force=("",), delete=("",))
NOTHING = Can(("",))
DAY = "2027-01-31"


def test_a_row_says_who_may_do_what_and_by_which_steps_in_the_words_of_the_files():
    held = [PLACE, given("team:O/t", until=DAY), given("person:p1", "read", until=DAY)]
    assert table(*held) == [
        Row(
            "f", "virt", "virt/xen", "O/r", PERSON, "ann", "p1", "write", "",
            (
                Route("p1", "O/r", "write", BY_TEAM, ("team:virt/core", "team:virt/all", "team:virt/packagers"), "", DAY),
                Route("p1", "O/r", "read", DIRECT, (), "", DAY),
            ),
            ALL, visibility="public",
        ),
    ]  # fmt: skip


def test_a_row_of_a_team_keeps_all_that_its_ways_say():
    held = [
        Membership("O", "p1", state="invited"),
        TeamMember("O/t", "p1"),
        Grant("org", "O", "team:O/t", "write"),
        given("team:O/u", branches=("c7", "c8")),
        Team("O/u"),
        TeamMember("O/u", "p1"),
    ]
    (row,) = table(*held, wanted=Wanted(repos=frozenset({"xen"})), traits=PAGURE)
    assert row.routes == (
        Route(
            "p1", "O/r", "write", BY_TEAM,
            ("team:virt/core", "team:virt/all", "team:virt/packagers"), "O", waiting=True,
        ),
        Route("p1", "O/r", "write", BY_TEAM, ("team:O/u",), branches=("c7", "c8"), waiting=True),
    )  # fmt: skip


def test_what_the_files_do_not_know_has_the_names_of_the_forge():
    held = [Team("O/u"), TeamMember("O/u", "stranger"), given("team:O/u", repo="O/loose")]
    assert table(*held) == [
        Row(
            "f", "", "O/loose", "O/loose", STRANGER, "stranger", "stranger", "write", "",
            (Route("stranger", "O/loose", "write", BY_TEAM, ("team:O/u",)),), ALL,
        ),
    ]  # fmt: skip


def test_a_right_on_what_is_not_there_is_told_of_though_nothing_is_known_of_it():
    (row,) = table(given("person:p1", repo="O/gone"))
    assert (row.path, row.who, row.level, row.archived, row.visibility) == (
        "O/gone",
        "ann",
        "write",
        False,
        "",
    )


def test_steps_that_are_no_teams_stay_as_they_are():
    held = [Membership("O", "p1", "owner")]
    found = {(row.path, row.archived, row.visibility): row.routes[0].via for row in table(*held)}
    assert found == {
        ("O/r", False, "public"): ("org:O",),
        ("O/old", True, ""): ("org:O",),
        ("O/loose", False, ""): ("org:O",),
    }
    odd = Names(teams={"x:y": "virt/odd"})
    assert odd.subject("team:x:y", "ann") == ("team:virt/odd",)
    assert odd.steps(("url:https://example.org", "team:x:y"), "ann") == (
        "url:https://example.org",
        "team:virt/odd",
    )


def test_rows_come_by_sig_repository_and_name():
    names = replace(NAMES, repos={"O/r": "virt/xen", "O/old": "cloud/a", "O/loose": "cloud/b"})
    held = [
        given(who, repo=repo) for who in ("person:p2", "person:p1") for repo in ("O/r", "O/loose", "O/old")
    ]
    key = DeployKey("O/r", "SHA256:a")
    assert [(row.repo, row.kind, row.who) for row in table(*held, key, names=names)] == [
        ("cloud/a", PERSON, "ann"),
        ("cloud/a", PERSON, "bob"),
        ("cloud/b", PERSON, "ann"),
        ("cloud/b", PERSON, "bob"),
        ("virt/xen", KEY, "SHA256:a"),
        ("virt/xen", PERSON, "ann"),
        ("virt/xen", PERSON, "bob"),
    ]


INVITED = {"state": "invited"}
PENDING = {
    "nothing waits": ([given("person:p1")], ("write", "")),
    "all waits": ([given("person:p1", **INVITED)], ("none", "write")),
    "more waits than there is": (
        [given("person:p1", "admin", **INVITED), PLACE, given("team:O/t")],
        ("write", "admin"),
    ),
    "less waits than there is": (
        [given("person:p1", "read", **INVITED), PLACE, given("team:O/t")],
        ("write", ""),
    ),
    "as much waits as there is": ([given("person:p1", **INVITED), PLACE, given("team:O/t")], ("write", "")),
    "the most that waits": (
        [Membership("O", "p1", **INVITED), PLACE, given("team:O/t", "triage"), given("person:p1", **INVITED)],
        ("none", "write"),
    ),
    "a word of the forge waits, which may be anything": (
        [given("person:p1", "native:security", **INVITED), PLACE, given("team:O/t")],
        ("write", "native:security"),
    ),
    "a word of the forge waits beside what he has already": (
        [
            Membership("O", "p1", **INVITED),
            PLACE,
            given("team:O/t", "native:security"),
            Grant("org", "O", "person:p1", "read"),
            given("person:p1", "read", **INVITED),
        ],
        ("read", "native:security"),
    ),
}


@pytest.mark.parametrize("case", PENDING)
def test_a_stronger_level_that_waits_is_told_of(case):
    held, told = PENDING[case]
    (row,) = table(*held, wanted=Wanted(repos=frozenset({"xen"})))
    assert (row.level, row.pending) == told


def test_what_is_asked_of_a_branch_is_answered_for_each_deed_in_the_words_of_the_files():
    rule = BranchRule("O/r", "c7", push=("team:O/t", "team:O/u"), create=(), force=False, delete=False)
    wanted = Wanted(branches=("c7", "c8"), people=frozenset({"ann", "bob"}))
    held = [PLACE, given("team:O/t"), given("person:p2"), rule]
    free = Says.yes("no rule covers it: whoever may write")
    rest = [("c8", verb, free) for verb in ("push", "merge", "create", "force", "delete")]
    forced = ("c7", "force", Says.no("rule c7: no force push"))
    assert [row.says for row in table(*held, wanted=wanted)] == [
        (
            ("c7", "push", Says.yes("rule c7: team virt/packagers")),
            ("c7", "merge", Says.yes("rule c7: team virt/packagers")),
            ("c7", "create", Says.no("rule c7: nobody")),
            forced,
            ("c7", "delete", Says.no("rule c7: no deletion")),
            *rest,
        ),
        (
            ("c7", "push", Says.no("rule c7: only team virt/packagers, team O/u")),
            ("c7", "merge", Says.no("rule c7: only team virt/packagers, team O/u")),
            ("c7", "create", Says.no("rule c7: nobody")),
            forced,
            ("c7", "delete", Says.no("rule c7: no deletion")),
            *rest,
        ),
    ]


def test_that_somebody_passes_by_the_rules_is_kept_in_the_answer():
    wanted = Wanted(branches=("c7",), repos=frozenset({"xen"}))
    rule = BranchRule("O/r", "c7", push=())
    (row,) = table(Membership("O", "p1", "owner"), rule, wanted=wanted)
    assert row.says[0] == ("c7", "push", Says.yes("rule c7: passed by as owner of O", past=True))


def test_of_a_word_of_the_forge_it_is_said_that_it_may_be_anything():
    (row,) = table(given("person:p1", "native:security"), wanted=Wanted(branches=("c7",)))
    unknown = Says.unknown("`native:security` may be anything")
    assert row.says == tuple(("c7", verb, unknown) for verb in ("push", "merge", "create", "force", "delete"))


SOME = [
    PLACE, given("team:O/t"), given("team:O/t", repo="O/old"),
    Team("O/u"), TeamMember("O/u", "p2"), given("team:O/u"), given("person:stranger", repo="O/loose"),
    DeployKey("O/r", "SHA256:a"), DeployKey("O/loose", "SHA256:b"),
]  # fmt: skip
HOPS = tuple(
    Hop("virt", path, End(url="https://example.org/up.git"), End("f", path), include=("refs/heads/c7",))
    for path in ("O/gone", "O/loose", "O/old", "O/r")
)
ANN_XEN, ANN_OLD, BOB_XEN = ("ann", "virt/xen"), ("ann", "virt/old"), ("bob", "virt/xen")
STRANGE, KEY_XEN, KEY_LOOSE = ("stranger", "O/loose"), ("SHA256:a", "virt/xen"), ("SHA256:b", "O/loose")
BOT_XEN, BOT_OLD, BOT_LOOSE = ("carrier", "virt/xen"), ("carrier", "virt/old"), ("carrier", "O/loose")
EVERYTHING = {ANN_XEN, ANN_OLD, BOB_XEN, STRANGE, KEY_XEN, KEY_LOOSE, BOT_XEN, BOT_OLD, BOT_LOOSE}
ASKED = {
    "nothing in particular": ({}, EVERYTHING),
    "a person": ({"people": {"ann"}}, {ANN_XEN, ANN_OLD}),
    "a login": ({"people": {"p2"}}, {BOB_XEN}),
    "people, of whom one is in no file": ({"people": {"ann", "stranger"}}, {ANN_XEN, ANN_OLD, STRANGE}),
    "the account that brings histories": ({"people": {"carrier"}}, {BOT_XEN, BOT_OLD, BOT_LOOSE}),
    "its login": ({"people": {"bot"}}, {BOT_XEN, BOT_OLD, BOT_LOOSE}),
    "a team": ({"teams": {"virt/packagers"}}, {ANN_XEN, ANN_OLD}),
    "a team within the team": ({"teams": {"virt/core"}}, {ANN_XEN, ANN_OLD}),
    "a team that the files don't know": ({"teams": {"O/u"}}, {BOB_XEN}),
    "one of two teams": ({"teams": {"O/u", "virt/x"}}, {BOB_XEN}),
    "a person in a team": ({"teams": {"O/u"}, "people": {"bob", "bot"}}, {BOB_XEN}),
    "no person of the team": ({"teams": {"O/u"}, "people": {"ann"}}, set()),
    "a repository": ({"repos": {"virt/old"}}, {ANN_OLD, BOT_OLD}),
    "a repository by its bare name": ({"repos": {"xen"}}, {ANN_XEN, BOB_XEN, KEY_XEN, BOT_XEN}),
    "a repository by its path": ({"repos": {"O/r"}}, {ANN_XEN, BOB_XEN, KEY_XEN, BOT_XEN}),
    "repositories by a pattern": (
        {"repos": {"O/*o*"}},
        {ANN_OLD, BOT_OLD, STRANGE, KEY_LOOSE, BOT_LOOSE},
    ),
    "what no file knows, by its path": ({"repos": {"O/loose"}}, {STRANGE, KEY_LOOSE, BOT_LOOSE}),
    "a SIG": ({"sigs": {"virt"}}, EVERYTHING - {STRANGE, KEY_LOOSE, BOT_LOOSE}),
    "another SIG": ({"sigs": {"cloud"}}, set()),
}


@pytest.mark.parametrize("case", ASKED)
def test_asked_for_is(case):
    fields, found = ASKED[case]
    wanted = Wanted(**{name: frozenset(some) for name, some in fields.items()})
    names = replace(NAMES, accounts={**NAMES.accounts, "bot": "carrier"})
    assert {
        (row.who, row.repo) for row in table(*SOME, wanted=wanted, names=names, hops=HOPS, me="bot")
    } == found


CALLED = {
    # what is asked for, of which SIG, name, path: asked for
    "its name": ("virt/xen", "virt", "virt/xen", "O/r", True),
    "its bare name": ("xen", "virt", "virt/xen", "O/r", True),
    "its bare name, of a project within the SIG": ("xen", "virt", "virt/kernel/xen", "O/r", True),
    "half of its name": ("kernel/xen", "virt", "virt/kernel/xen", "O/r", False),
    "the bare name of what no file knows": ("r", "", "O/r", "O/r", False),
    "its path": ("O/r", "virt", "virt/xen", "O/r", True),
    "another": ("O/x", "virt", "virt/xen", "O/r", False),
}


@pytest.mark.parametrize("case", CALLED)
def test_a_repository_is_asked_for_by(case):
    glob, sig, name, path, asked = CALLED[case]
    assert wants_repo(Wanted(repos=frozenset({glob})), sig, name, path) is asked
    assert not wants_repo(Wanted(repos=frozenset({glob}), sigs=frozenset({"cloud"})), sig, name, path)


UP = End(url="https://example.org/up.git")
FROM = ("from:https://example.org/up.git",)


def brought(*hops, me="bot", **how):
    return [row for row in table(hops=hops, me=me, **how) if row.kind == MIRRORER]


def hop(path="O/r", **fields):
    return Hop("virt", "xen", UP, End("f", path), **fields)


def test_the_account_that_brings_histories_pushes_what_it_brings():
    one = hop(include=("refs/heads/c8", "refs/heads/c7", "refs/tags/*"))
    two = replace(hop(include=("refs/heads/c9",)), source=End("g", "P/r"))
    ways = (
        Route("bot", "O/r", "write", MIRROR, ("from:g:P/r",), branches=("c9",)),
        Route("bot", "O/r", "write", MIRROR, FROM, branches=("c8", "c7")),
    )
    can = Can(("c7", "c8", "c9", ""), push=("c7", "c8", "c9"))
    assert brought(one, two) == [
        Row(
            "f",
            "virt",
            "virt/xen",
            "O/r",
            MIRRORER,
            "bot",
            "bot",
            "write",
            "",
            ways,
            can,
            visibility="public",
        )
    ]


BRINGS = {
    "all branches": ({}, ("*",)),
    "tags only": ({"include": ("refs/tags/*",)}, ()),
    "branches that it starts": (
        {"mode": "start", "starts": (Start("refs/heads/c7-sig", "c7"), Start("refs/heads/c8-sig"))},
        ("c7-sig", "c8-sig"),
    ),
    "a branch under another name": (
        {"include": ("refs/heads/c7",), "rename": (("refs/heads/c7", "refs/heads/up/7"),)},
        ("up/7",),
    ),
    "branches under other names": (
        {"include": ("refs/heads/c*",), "rename": (("refs/heads/c*", "refs/heads/up/*"),)},
        ("up/*",),
    ),
    "branches of which one has another name": (
        {"include": ("refs/heads/c*",), "rename": (("refs/heads/c7", "refs/heads/seven"),)},
        ("c*", "seven"),
    ),
    "branches none of which has another name": (
        {"include": ("refs/heads/c*",), "rename": (("refs/heads/main", "refs/heads/up"),)},
        ("c*",),
    ),
    "a branch that becomes a tag": (
        {"include": ("refs/heads/c7", "refs/heads/c8"), "rename": (("refs/heads/c7", "refs/tags/c7"),)},
        ("c8",),
    ),
}


@pytest.mark.parametrize("case", BRINGS)
def test_what_is_brought_has_its_names_at_the_target(case):
    fields, names = BRINGS[case]
    (row,) = brought(hop(**fields))
    assert row.routes == (Route("bot", "O/r", "write", MIRROR, FROM, branches=names),)
    rest = () if names == ("*",) else ("",)
    assert row.can == Can((*sorted(names), *rest), push=tuple(sorted(names)))


def test_nothing_is_brought_to_an_archive_or_to_what_is_not_there():
    found = brought(hop("O/gone"), hop("O/old"), hop("O/r"))
    assert [(row.path, row.archived, row.can) for row in found] == [
        ("O/old", True, Can(("*",))),
        ("O/r", False, Can(("*",), push=("*",))),
    ]


def test_an_account_that_brings_histories_is_called_what_it_can_be():
    names = replace(NAMES, accounts={"bot": "carrier"})
    assert [(row.who, row.login) for row in brought(hop(), names=names)] == [("carrier", "bot")]
    assert [(row.who, row.login) for row in brought(hop())] == [("bot", "bot")]
    assert [(row.who, row.login) for row in brought(hop(), me="")] == [("(mirror account)", "")]
    assert brought(hop(), me="", wanted=Wanted(people=frozenset({"ann"}))) == []


RULES = [BranchRule("O/r", "c7", push=()), BranchRule("O/loose", "c8")]
KEYS = {
    "it reads only": ({}, [], "read", NOTHING),
    "it may push": ({"write": True}, [], "write", Can(("",), push=("",))),
    "what a rule speaks of is not known": (
        {"write": True},
        RULES,
        "write",
        Can(("c7", ""), push=("",), unknown=("c7",)),
    ),
    "it reads only, whatever the rules": ({}, RULES, "read", Can(("c7", ""))),
    "nothing is known where a rule speaks of all": (
        {"write": True},
        [BranchRule("O/r", "*", push=())],
        "write",
        Can(("*",), unknown=("*",)),
    ),
}


@pytest.mark.parametrize("case", KEYS)
def test_whoever_holds_a_deploy_key_may(case):
    fields, rules, level, can = KEYS[case]
    route = Route("", "O/r", level, "deploy key", ("key:SHA256:a",))
    key = DeployKey("O/r", "SHA256:a", title="builder", **fields)
    row = Row(
        "f", "virt", "virt/xen", "O/r", KEY, "builder", "", level, "", (route,), can, visibility="public"
    )
    assert table(key, *rules) == [row]
    assert table(replace(key, title=""), *rules) == [row._replace(who="SHA256:a")]


def test_keys_of_one_name_come_as_the_forge_lists_them():
    keys = [
        DeployKey("O/r", name, write=name == "SHA256:b", title="builder") for name in ("SHA256:b", "SHA256:a")
    ]
    assert [(row.who, row.level) for row in table(*keys)] == [("builder", "write"), ("builder", "read")]


def test_no_deploy_key_pushes_to_an_archive():
    (row,) = table(DeployKey("O/old", "SHA256:a", write=True))
    assert (row.level, row.archived, row.can) == ("write", True, NOTHING)


def test_repositories_come_by_path():
    side = Side("f", Judge(state([LOOSE, Org("O"), XEN, OLD]), GITHUB), NAMES)
    assert list(repos_of(side)) == [LOOSE, OLD, XEN]
