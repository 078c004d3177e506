"""Acting as a GitHub App: signed in with its key, a token for each org, renewed in time; every refusal says what to do."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from github_apps import Installed, installed, key_pair
from github_world import ME, ORG, World, world

from sigctl.core.kinds import BranchRule, Grant, Membership, Repo, Resource, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.errors import DeniedError, SigctlError

OTHER = "CentOS-virt"
TOKENS = "apps/create-installation-access-token"


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, orgs=(ORG, OTHER)) as one:
        yield one


@pytest.fixture
def app(w: World) -> Installed:
    return installed(w, ORG, OTHER)


def test_an_app_sees_what_an_owner_s_token_sees(w: World, app: Installed) -> None:
    w.join("member1")
    w.repo("xen", visibility="private")
    w.team("virt")
    w.api("PUT", f"/repos/{ORG}/xen/collaborators/member2", {"permission": "triage"})
    seen = w.observe(forge=app.open(), orgs=(ORG, OTHER), person_repos=[f"{ORG}/xen"], logins=["member1"])
    usual = w.observe(orgs=(ORG, OTHER), person_repos=[f"{ORG}/xen"], logins=["member1"])
    assert seen.state == usual.state
    assert seen.accounts == usual.accounts
    assert seen.me == ""


def test_an_app_makes_and_changes_every_kind(w: World, app: Installed) -> None:
    forge = app.open()
    w.join("member1")
    xen, virt = f"{ORG}/xen", f"{ORG}/virt"
    things: list[Resource] = [
        Team(virt, title="virt", description="Virt", secret=False, parent=""),
        Repo(xen, description="Xen", visibility="private", topics=("xen",)),
        Membership(ORG, "member2"),
        TeamMember(virt, "member1"),
        Grant("repo", xen, f"team:{virt}", "write"),
        BranchRule(xen, "c7-*", push=(f"team:{virt}",), force=False, delete=False),
    ]
    for one in things:
        forge.execute(Action("github", "create", None, one))
    seen = w.observe(forge=forge).state
    for one in things:
        assert one.changes(seen[one.key]) == {}, one
    members = [one for one in seen.values() if isinstance(one, TeamMember)]
    assert [one.login for one in members] == ["member1"], "an app is not in the teams that it makes"


def test_each_org_has_a_token_of_its_own_made_once(w: World, app: Installed) -> None:
    w.repo("xen")
    w.repo("kernel", org=OTHER)
    forge = app.open()
    start = len(w.log())
    w.observe(forge=forge, orgs=(ORG, OTHER))
    w.observe(forge=forge, orgs=(ORG, OTHER), narrow=True, repos=[f"{ORG}/xen", f"{OTHER}/kernel"])
    assert w.sent(start)[TOKENS] == 2
    assert w.sent(start)["apps/get-org-installation"] == 2


def test_documents_are_split_by_org_so_that_each_goes_with_its_token(w: World, app: Installed) -> None:
    for org in (ORG, OTHER):
        w.repo("hidden", org=org, visibility="private")
        w.team("core", org=org)
    scope = {
        "narrow": True,
        "repos": [f"{ORG}/hidden", f"{OTHER}/hidden"],
        "teams": [f"{ORG}/core", f"{OTHER}/core"],
    }
    seen = w.observe(forge=app.open(), orgs=(ORG, OTHER), **scope).state
    assert seen == w.observe(orgs=(ORG, OTHER), **scope).state
    start = len(w.log())
    w.observe(orgs=(ORG, OTHER), **scope)
    alone = w.sent(start)["NamedRepositories"]
    start = len(w.log())
    w.observe(forge=app.open(), orgs=(ORG, OTHER), **scope)
    assert (alone, w.sent(start)["NamedRepositories"]) == (1, 2)


def test_the_token_of_one_org_opens_nothing_in_another(w: World) -> None:
    one = installed(w, ORG)
    w.repo("hidden", org=OTHER, visibility="private")
    with pytest.raises(DeniedError, match=f"not installed in `{OTHER.casefold()}`") as caught:
        w.observe(forge=one.open(), orgs=(ORG, OTHER))
    assert "installs it" in caught.value.hint


def test_pages_of_an_org_s_lists_are_followed_with_its_token(w: World, app: Installed) -> None:
    for n in range(3):
        w.api("POST", f"/orgs/{OTHER}/invitations", {"email": f"someone{n}@example.org"})
    w.repo("xen")
    for org in (ORG, OTHER):
        forge = app.open()
        entries = forge._session.every(f"/orgs/{org}/invitations?per_page=1")
        assert len(entries) == (3 if org == OTHER else 0)


def test_a_token_is_renewed_before_it_ends(w: World, app: Installed) -> None:
    forge = app.open()
    w.observe(forge=forge)
    start = len(w.log())
    app.pass_time(3400)
    w.observe(forge=forge)
    assert w.sent(start)[TOKENS] == 0
    app.pass_time(100)
    w.observe(forge=forge)
    assert w.sent(start)[TOKENS] == 1
    assert {one["status"] for one in w.log()[start:]} <= {200, 201}


def test_a_run_of_many_hours_never_shows_an_old_token(w: World, app: Installed) -> None:
    forge = app.open(max_seconds=10 * 3600.0)
    start = len(w.log())
    for number in range(12):
        forge.execute(Action("github", "create", None, Repo(f"{ORG}/repo{number}", visibility="private")))
        app.pass_time(1500)
    assert 401 not in {one["status"] for one in w.log()[start:]}
    assert (
        len(
            [
                one
                for one in w.seen(Repo, forge=w.open(w.users[ME]["token"]))
                if one.path.startswith(f"{ORG}/repo")
            ]
        )
        == 12
    )


def test_a_token_that_ends_in_the_middle_is_replaced_once_and_the_write_is_done_once(
    w: World, app: Installed
) -> None:
    forge = app.open()
    w.observe(forge=forge)
    w.sandbox.clock.advance(4000)  # the server's clock alone: ours does not know that the token has ended
    w.time.now += 100
    start = len(w.log())
    forge.execute(Action("github", "create", None, Repo(f"{ORG}/xen", visibility="private")))
    statuses = [one["status"] for one in w.log()[start:] if one["operation"] == "repos/create-in-org"]
    assert statuses == [401, 201]
    assert w.sent(start)[TOKENS] == 1


def test_a_new_token_that_is_refused_is_not_renewed_for_ever(w: World, app: Installed) -> None:
    forge = app.open()
    w.sandbox.faults.replace([{"when": {"operation": "orgs/get"}, "what": {"status": 401, "body": {"message": "Bad credentials"}}}])  # fmt: skip
    with pytest.raises(DeniedError):
        w.observe(forge=forge)
    assert w.sent()["orgs/get"] <= 2
    assert w.sent()[TOKENS] <= 2


def test_many_threads_ask_for_a_token_once(w: World, app: Installed) -> None:
    forge = app.open()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: forge._session.get(f"/orgs/{ORG}"), range(40)))
    assert w.sent()[TOKENS] == 1


def test_a_suspended_installation_says_who_can_lift_it(w: World, app: Installed) -> None:
    w.sandbox.forges["github"].suspend_installation(app.places[ORG])
    with pytest.raises(DeniedError, match="suspended") as caught:
        w.observe(forge=app.open())
    assert "an owner of" in caught.value.hint


def test_an_installation_that_is_suspended_in_the_middle_says_so(w: World, app: Installed) -> None:
    forge = app.open()
    w.observe(forge=forge)
    w.sandbox.forges["github"].suspend_installation(app.places[ORG])
    w.time.now += 100
    with pytest.raises(DeniedError, match="suspended"):
        w.observe(forge=forge)


def test_an_app_on_selected_repositories_is_not_taken_to_see_all(w: World) -> None:
    w.repo("xen")
    w.repo("kernel", visibility="private")
    app = installed(w, OTHER)
    app.install(ORG, ["xen"])
    with pytest.raises(DeniedError, match="selected repositories") as caught:
        w.observe(forge=app.open())
    assert "all repositories" in caught.value.hint


def test_a_missing_permission_is_named(w: World) -> None:
    app = installed(
        w, ORG, permissions={"members": "read", "organization_administration": "read", "metadata": "read"}
    )
    forge = app.open()
    with pytest.raises(DeniedError) as caught:
        forge.execute(Action("github", "create", None, Repo(f"{ORG}/xen", visibility="private")))
    assert "administration: write" in caught.value.hint
    with pytest.raises(DeniedError) as caught:
        forge.execute(Action("github", "create", None, Membership(ORG, "member1")))
    assert "members: write" in caught.value.hint


def test_an_app_that_may_not_see_members_is_refused_and_reads_nothing_half(w: World) -> None:
    app = installed(w, ORG, permissions={"administration": "write", "organization_administration": "read"})
    with pytest.raises(DeniedError) as caught:
        w.observe(forge=app.open())
    assert "members" in caught.value.hint


@pytest.mark.parametrize(("skew"), [-7200.0, -300.0, 0.0, 300.0, 7200.0])
def test_a_clock_that_is_wrong_is_taken_from_the_server(w: World, app: Installed, skew: float) -> None:
    app.skew = skew
    forge = app.open()
    assert w.observe(forge=forge).state == w.observe().state
    start = len(w.log())
    app.pass_time(1000)
    w.observe(forge=forge)
    assert w.sent(start)[TOKENS] == 0, "the token is not taken for older than it is"


def test_a_key_that_is_not_the_app_s_says_so(w: World, app: Installed) -> None:
    with pytest.raises(DeniedError, match="can't sign in") as caught:
        w.observe(forge=app.open(key=key_pair(1)[0]))
    assert "private key" in caught.value.hint


def test_an_app_that_does_not_exist_says_so(w: World, app: Installed) -> None:
    with pytest.raises(DeniedError) as caught:
        w.observe(forge=app.open(number="99999"))
    assert "id" in caught.value.hint


@pytest.mark.parametrize(
    "key", ["not a key", "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----"]
)
def test_a_text_that_is_no_key_is_refused_without_repeating_it(w: World, app: Installed, key: str) -> None:
    with pytest.raises(DeniedError, match="no RSA key") as caught:
        w.observe(forge=app.open(key=key))
    assert "MIIabc" not in f"{caught.value}{caught.value.__cause__!r}{caught.value.__context__!r}"
    assert w.sent() == {}


def test_git_gets_the_org_s_token_beside_the_url_and_with_time_left(w: World, app: Installed) -> None:
    forge = app.open()
    remote = forge.remote(f"{ORG}/xen")
    assert remote.username == "x-access-token"
    assert remote.password is not None
    assert remote.password.get_secret_value().startswith("ghs_")
    app.pass_time(3600 - 600)
    assert forge.remote(f"{ORG}/xen").password != remote.password, "ten minutes are too few to begin with"
    assert forge.remote(f"{OTHER}/xen").password not in (remote.password, forge.remote(f"{ORG}/xen").password)


def test_git_pushes_as_the_app(w: World, app: Installed, tmp_path: Path) -> None:
    w.repo("xen", visibility="private")
    forge = app.open()

    def push(org: str, to: str) -> bool:
        remote = forge.remote(f"{org}/xen")
        assert remote.password is not None
        url = f"{w.url}/{to}/xen.git".replace(
            "://", f"://x-access-token:{remote.password.get_secret_value()}@"
        )
        done = subprocess.run(
            ["git", "-C", clone, "push", "-q", url, "HEAD:refs/heads/main"], check=False, capture_output=True
        )
        return done.returncode == 0

    clone = tmp_path / "clone"
    who = ["-c", "user.name=owner", "-c", "user.email=owner@example.org"]
    subprocess.run(["git", "init", "-q", clone], check=True)
    subprocess.run(["git", "-C", clone, *who, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    assert push(ORG, ORG)
    assert not push(OTHER, ORG), "the token of another org"
    app.pass_time(1)
    assert next(one for one in w.seen(Repo) if one.path == f"{ORG}/xen").filled


def test_nothing_that_is_said_holds_the_key_or_a_token(
    w: World, app: Installed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    forge = app.open()
    secret = key_pair()[0].splitlines()[1]
    texts = [repr(forge._settings), repr(forge._session.client.identity)]
    w.observe(forge=forge)
    token = forge.remote(f"{ORG}/x").password
    assert token is not None
    for what in ({"status": 403, "body": {"message": "no"}}, {"status": 401}, {"status": 502}):
        w.sandbox.faults.replace([{"when": {"operation": "orgs/get"}, "what": what}])
        with pytest.raises(SigctlError) as caught:
            w.observe(forge=app.open())
        texts.append(f"{caught.value}{caught.value.__cause__!r}")
    said = "\n".join([*texts, caplog.text])
    assert secret not in said
    assert token.get_secret_value() not in said


def test_settings_of_two_apps_differ_and_show_no_key(app: Installed) -> None:
    one = app.open()._settings
    assert "PRIVATE" not in repr(one)
    assert replace(one, app=None) != one
