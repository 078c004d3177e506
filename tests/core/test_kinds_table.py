"""What a fact of each kind says of itself: what must be there before it, how it follows a rename, what becomes of it over another."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from sigctl.core.kinds import (
    KINDS,
    Actions,
    Approvals,
    BranchRule,
    ClassicRule,
    DeployKey,
    Features,
    Grant,
    GroupRule,
    Key,
    Label,
    Membership,
    Org,
    Properties,
    PushRules,
    Ref,
    Repo,
    Security,
    Team,
    TeamMember,
    Webhook,
    from_json,
    to_json,
)
from sigctl.core.kinds.checked import PUSH_RULES
from sigctl.core.kinds.deploykey import bare_key, fingerprint_of
from sigctl.core.kinds.webhook import place_of

REPO, ORG = Key("repo", "G/a/r"), Key("org", "G/a")
HOOK = Webhook("repo", "G/a/r", "ci.example.org#0", ("push",), active=True)
ONE_OF_EACH = {
    Org("G"): ("org G", ()),
    Org("G/a/b"): ("org G/a/b", (ORG,)),
    Membership("G", "p1"): ("membership G:p1", (Key("org", "G"),)),
    Team("G/t"): ("team G/t", (Key("org", "G"),)),
    Team("G/a/t"): ("team G/a/t", (ORG,)),
    Team("G/a/t", parent="G/a/up"): ("team G/a/t", (ORG, Key("team", "G/a/up"))),
    TeamMember("G/a/t", "p1"): (
        "team_member G/a/t:p1",
        (Key("team", "G/a/t"), Key("membership", "G/a:p1")),
    ),
    Repo("G/a/r"): ("repo G/a/r", (ORG,)),
    Grant("repo", "G/a/r", "team:T/t", "read"): ("grant repo:G/a/r:team:T/t", (REPO, Key("team", "T/t"))),
    Grant("repo", "G/a/r", "person:p1", "read"): (
        "grant repo:G/a/r:person:p1",
        (REPO, Key("membership", "G/a:p1")),
    ),
    Grant("org", "G/a", "person:p1", "read"): (
        "grant org:G/a:person:p1",
        (ORG, Key("membership", "G/a:p1")),
    ),
    BranchRule("G/a/r", "c7"): ("branch_rule G/a/r:branch:c7", (REPO,)),
    BranchRule("G/a/r", "v*", "tag", push=("deploy_key:SHA256:b",), create=("deploy_key:SHA256:a", "team:T/t")): (
        "branch_rule G/a/r:tag:v*",
        (REPO, Key("deploy_key", "G/a/r:SHA256:a"), Key("deploy_key", "G/a/r:SHA256:b")),
    ),
    ClassicRule("G/a/r", "c7"): ("classic_rule G/a/r:c7", (REPO,)),
    GroupRule("G/a", "c7"): ("group_rule G/a:c7", (ORG,)),
    DeployKey("G/a/r", "SHA256:a"): ("deploy_key G/a/r:SHA256:a", (REPO,)),
    HOOK: ("webhook repo:G/a/r:ci.example.org#0", (REPO,)),
    Webhook("org", "G/a", "ci.example.org#0"): ("webhook org:G/a:ci.example.org#0", (ORG,)),
    Label("G/a/r", "bug"): ("label G/a/r:bug", (REPO,)),
    Actions("org", "G/a"): ("actions org:G/a", (ORG,)),
    PushRules("repo", "G/a/r"): ("push_rules repo:G/a/r", (REPO,)),
    Security("G/a/r"): ("security G/a/r", (REPO,)),
    Properties("G/a/r"): ("properties G/a/r", (REPO,)),
    Features("G/a/r"): ("features G/a/r", (REPO,)),
    Approvals("G/a/r"): ("approvals G/a/r", (REPO,)),
    Ref("G/a/r", "refs/heads/c7", "0"): ("ref G/a/r:refs/heads/c7", (REPO,)),
}  # fmt: skip


@pytest.mark.parametrize("one", ONE_OF_EACH, ids=str)
def test_each_is_named_by_what_it_is_of_and_comes_after_that(one):
    name, before = ONE_OF_EACH[one]
    assert (str(one.key), one.needs()) == (name, before)
    assert from_json(one.KIND, to_json(one)) == one


def test_every_kind_is_looked_at():
    assert {type(one) for one in ONE_OF_EACH} == set(KINDS.values())


@pytest.mark.parametrize(
    ("kind", "data", "problem"),
    [
        ("wish", {}, "unknown kind `wish`"),
        ("repo", {"path": "G/r", "stars": 5, "forks": 2}, "unknown field `forks` of kind `repo`"),
    ],
)
def test_what_another_version_wrote_is_refused_by_name(kind, data, problem):
    with pytest.raises(ValueError, match=f"^{problem}$"):
        from_json(kind, data)


MOVES = {
    Key("org", "G"): "H",
    Key("org", "G/a"): "H/b",
    Key("repo", "G/a/r"): "H/b/s",
    Key("team", "G/t"): "H/u",
    Key("label", "H/b/s:bug"): "H/b/s:kind::bug",
    Key("webhook", "repo:H/b/s:ci.example.org#0"): "repo:H/b/s:ci.example.org#1",
}
MOVED = {
    Org("G"): Org("H"),
    Org("G/c"): Org("H/c"),
    Org("GG/c"): Org("GG/c"),
    Repo("G/a/r"): Repo("H/b/s"),
    Repo("G/a/q"): Repo("H/b/q"),
    Repo("G/q"): Repo("H/q"),
    Repo("GG/r"): Repo("GG/r"),
    Repo("G/t/x"): Repo("H/t/x"),
    Team("G/a/t", parent="G/t"): Team("H/b/t", parent="H/u"),
    Team("G/t", parent=""): Team("H/u", parent=""),
    TeamMember("G/t", "p1"): TeamMember("H/u", "p1"),
    Grant("repo", "G/a/r", "team:G/t", "read"): Grant("repo", "H/b/s", "team:H/u", "read"),
    Grant("org", "G/a", "person:G/t", "read"): Grant("org", "H/b", "person:G/t", "read"),
    Grant("repo", "G/q", "team:X/t", "read"): Grant("repo", "H/q", "team:X/t", "read"),
    BranchRule("G/a/r", "c7", push=("person:G/t", "team:G/t"), unprotect=("team:G/t",)): BranchRule(
        "H/b/s", "c7", push=("person:G/t", "team:H/u"), unprotect=("team:H/u",)
    ),
    BranchRule("G/a/r", "c7", push=("team:G", "team:G/a/r")): BranchRule(
        "H/b/s", "c7", push=("team:G", "team:G/a/r")
    ),
    Label("G/a/r", "bug"): Label("H/b/s", "bug"),
    Label("H/b/s", "bug", "00ff00"): Label("H/b/s", "kind::bug", "00ff00"),
    HOOK: Webhook("repo", "H/b/s", "ci.example.org#0", ("push",), active=True),
    Webhook("repo", "H/b/s", "ci.example.org#0", tls=True): Webhook(
        "repo", "H/b/s", "ci.example.org#1", tls=True
    ),
    Actions("org", "G/a", enabled=True): Actions("org", "H/b", enabled=True),
    Features("G/a/r", ("ci=off",)): Features("H/b/s", ("ci=off",)),
    GroupRule("G/a", "c7"): GroupRule("H/b", "c7"),
}


@pytest.mark.parametrize("one", MOVED, ids=str)
def test_it_follows_what_it_hangs_on_and_what_it_names(one):
    assert one.renamed(MOVES) == MOVED[one]
    assert one.renamed({}) == one


def test_a_label_that_moves_and_gets_another_name_has_both():
    assert Label("G/a/r", "bug").renamed({Key("label", "G/a/r:bug"): "G/a/s:flaw"}) == Label("G/a/s", "flaw")


RENAMED = {
    Membership("G", "p1"): Membership("G", "q1"),
    TeamMember("G/t", "p1"): TeamMember("G/t", "q1"),
    TeamMember("G/t", "p2"): TeamMember("G/t", "p2"),
    Grant("repo", "G/r", "person:p1", "read"): Grant("repo", "G/r", "person:q1", "read"),
    Grant("repo", "G/r", "team:p1", "read"): Grant("repo", "G/r", "team:p1", "read"),
    BranchRule("G/r", "c7", push=("person:p1", "team:p1"), merge=("person:p2",)): BranchRule(
        "G/r", "c7", push=("person:q1", "team:p1"), merge=("person:p2",)
    ),
    BranchRule("G/r", "c7"): BranchRule("G/r", "c7"),
    Repo("p1/r"): Repo("p1/r"),
}


@pytest.mark.parametrize("one", RENAMED, ids=str)
def test_it_follows_a_person_who_is_renamed(one):
    assert one.with_logins({"p1": "q1"}) == RENAMED[one]


@pytest.mark.parametrize(
    ("one", "who"),
    [
        (Membership("G", "p1"), "p1"),
        (TeamMember("G/t", "p1"), "p1"),
        (Grant("repo", "G/r", "person:p1", "read"), "p1"),
        (Grant("repo", "G/r", "team:G/t", "read"), ""),
        (Repo("G/r"), ""),
    ],
)
def test_whom_it_is_about(one, who):
    assert one.who() == who


DECLARED_HOOK = Webhook(
    "repo", "G/a/r", "ci.example.org#0", ("tag",), url="https://ci.example.org/x", secret="env:HOOK", renewed=True
)  # fmt: skip
OVER = {
    "a hook has the address and the secret of the files": (
        DECLARED_HOOK,
        Webhook("repo", "G/a/r", "ci.example.org#0", ("push",), active=True, tls=False, secured=True, previously=("x",)),
        Webhook(
            "repo", "G/a/r", "ci.example.org#0", ("tag",), active=True, tls=False, secured=True, renewed=True,
            url="https://ci.example.org/x", secret="env:HOOK",
        ),
    ),
    "a hook whose address changed before is not named by older ones": (
        Webhook("repo", "G/a/r", "ci.example.org#0", previously=("repo:G/a/r:ci.example.org#9",)),
        HOOK,
        HOOK,
    ),
    "features that nobody declares stay": (
        Features("G/r", ("ci=off", "wiki=members")),
        Features("G/r", ("ci=everyone", "issues=everyone")),
        Features("G/r", ("ci=off", "issues=everyone", "wiki=members")),
    ),
    "properties of other names stay": (
        Properties("G/r", ("os=c7", "os=c8")),
        Properties("G/r", ("kind=a=b", "os=c6", "zone=x")),
        Properties("G/r", ("kind=a=b", "os=c7", "os=c8", "zone=x")),
    ),
    "a key is as declared, whatever it is called there": (
        DeployKey("G/r", "SHA256:a", title="mirror"),
        DeployKey("G/r", "SHA256:a", write=True, title="old"),
        DeployKey("G/r", "SHA256:a", title="mirror"),
    ),
    "a secret is written anew only where the files ask for that now": (
        HOOK,
        replace(HOOK, renewed=True),
        HOOK,
    ),
    "what is only told is as it is there": (
        Repo("G/r", description="new"),
        Repo("G/r", description="old", visibility="public", filled=True, fork_of="X/r"),
        Repo("G/r", description="new", visibility="public", filled=True, fork_of="X/r"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OVER)
def test_applied_over_what_is_there(case):
    ours, theirs, done = OVER[case]
    assert ours.over(theirs) == done


CHANGES = {
    "a repository that will have a branch": (
        Repo("G/r", default_branch="c7", filled=True),
        Repo("G/r", default_branch="main"),
        {"default_branch": ("main", "c7")},
    ),
    "a repository that has a branch": (
        Repo("G/r", default_branch="c7"),
        Repo("G/r", default_branch="main", filled=True),
        {"default_branch": ("main", "c7")},
    ),
    "a repository that stays empty": (
        Repo("G/r", default_branch="c7", wiki=False),
        Repo("G/r", default_branch="main", wiki=True),
        {"wiki": (True, False)},
    ),
    "features, as far as they are declared": (
        Features("G/r", ("ci=off", "wiki=off")),
        Features("G/r", ("ci=members", "issues=off", "wiki=off")),
        {"access": (("ci=members", "wiki=off"), ("ci=off", "wiki=off"))},
    ),
    "features that are so": (Features("G/r", ("ci=off",)), Features("G/r", ("ci=off", "wiki=off")), {}),
    "a feature with a word of the forge": (
        Features("G/r", ("ci=off",)),
        Features("G/r", ("ci=native:a=b",)),
        {"access": (("ci=native:a=b",), ("ci=off",))},
    ),
    "properties, as far as they are declared": (
        Properties("G/r", ("os=a=b",)),
        Properties("G/r", ("kind=x", "os=c7", "os=c8")),
        {"values": (("os=c7", "os=c8"), ("os=a=b",))},
    ),
    "properties that are so": (Properties("G/r", ("os=a=b",)), Properties("G/r", ("kind=x", "os=a=b")), {}),
    "what may run": (
        Actions("repo", "G/r", enabled=True, allowed="all", patterns=("x",)),
        Actions("repo", "G/r", enabled=False, allowed="local"),
        {"enabled": (False, True), "allowed": ("local", "all"), "patterns": (None, ("x",))},
    ),
    "not what may run where nothing does": (
        Actions("repo", "G/r", enabled=False, allowed="all", patterns=("x",), approve=False),
        Actions("repo", "G/r", enabled=True, allowed="local", approve=True),
        {"enabled": (True, False), "approve": (True, False)},
    ),
    "nothing where nothing runs": (
        Actions("repo", "G/r", enabled=False, approve=True),
        Actions("repo", "G/r", enabled=False, allowed="local", approve=True),
        {},
    ),
    "not what is only told": (
        Grant("repo", "G/r", "person:p1", "read"),
        Grant("repo", "G/r", "person:p1", "write", until="2027-01-01", state="invited", by_role="x"),
        {"level": ("write", "read")},
    ),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_differs(case):
    ours, theirs, found = CHANGES[case]
    assert ours.changes(theirs) == found


def test_a_step_between_shuts_what_will_be_shut_and_opens_nothing():
    names = ("author", "committers", "override", "keep")
    for had, gets, between in (
        (True, True, True),
        (True, False, False),
        (False, True, False),
        (False, False, False),
        (None, True, True),
        (None, False, False),
        (True, None, None),
        (False, None, None),
    ):
        for name in names:
            one, other = Approvals("G/r", **{name: had}), Approvals("G/r", **{name: gets})
            assert one.narrowed(other) == Approvals("G/r", **{name: between})
    large, small = PushRules("repo", "G/r", max_file_size=9), PushRules("repo", "G/r", max_file_size=5)
    assert large.narrowed(small) == small.narrowed(large) == small
    one = Features("G/r", ("ci=off", "issues=everyone", "pages=native:odd", "wiki=members"))
    other = Features("G/r", ("ci=members", "forks=off", "issues=members", "pages=off", "wiki=members"))
    assert one.narrowed(other) == Features(
        "G/r", ("ci=off", "forks=off", "issues=members", "pages=native:odd", "wiki=members")
    )


def test_what_is_looked_at_in_pushes_is_told_without_where():
    terms = PushRules("repo", "G/r", prevent_secrets=True, max_file_size=5).terms()
    assert terms == {**dict.fromkeys(PUSH_RULES), "prevent_secrets": True, "max_file_size": 5}


def test_a_rule_of_a_group_holds_in_each_repository_as_one_of_its_own_that_forbids_deleting():
    above = GroupRule(
        "G", "c7*", push=("level:maintain",), merge=("level:write",), force=True, code_owners=True
    )
    assert above.within("G/a/r") == BranchRule(
        "G/a/r", "c7*", push=("level:maintain",), merge=("level:write",), create=("level:maintain",), force=True,
        delete=False, code_owners=True,
    )  # fmt: skip


PLACES = {
    "https://ci.example.org/hook?token=1": "ci.example.org#66ab7ba0f79c",
    "HTTPS://CI.Example.org:8443/hook": "ci.example.org#0c86192c8429",
    "https://me:pass@ci.example.org": "ci.example.org#92bce151659e",
    "https://[2001:DB8::1]:8443/hook": "[2001:db8::1]#2f067af72379",
    "ci.example.org/hook": "nowhere#64a4c07b0828",
}


@pytest.mark.parametrize("url", PLACES)
def test_an_address_is_named_by_its_host_and_a_digest(url):
    assert place_of(url) == PLACES[url]


def blob(kind: str, rest: bytes) -> str:
    return base64.b64encode(len(kind).to_bytes(4) + kind.encode() + rest).decode()


ED = "ssh-ed25519"
GOOD = blob(ED, bytes(36))


@pytest.mark.parametrize("text", [f"{ED} {GOOD}", f"  {ED}  {GOOD} member1@example.org, at home"])
def test_a_public_key_is_its_type_and_what_follows(text):
    assert bare_key(text) == f"{ED} {GOOD}"
    assert bare_key(text.replace(GOOD, blob(ED, b"1"))) == f"{ED} {blob(ED, b'1')}"
    assert fingerprint_of(text) == "SHA256:AEfxA8XZX/s7pirfoFJU/7taw7/sxycsBZGOSxspq+s"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ED,
        GOOD,
        f"ssh-rsa {GOOD}",
        f"{ED} {blob(ED, b'')}",
        f"{ED} {GOOD[:20]}!{GOOD[20:]}",
        f"{ED} {GOOD[:-3]}",
        f"{ED} {blob('ssh-rsa', bytes(36))}",
        f"{GOOD} {ED}",
    ],
)
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(ValueError, match=r"^not an SSH public key$"):
        bare_key(text)
