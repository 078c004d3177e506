"""What writers do with refusals, half answers and lost ones; what they do on a good day is tried on the sandbox."""

from __future__ import annotations

import pytest
from gitlab_wire import Says, Wire, forge, wire

from sigctl.core.kinds import Grant, Org, Repo, Resource, Team, TeamMember
from sigctl.core.plan import Action, Verb
from sigctl.errors import DeniedError, NotThereError, RefusedError, UnreachableError

GROUP = {"id": 10, "full_path": "top", "path": "top", "parent_id": None, "shared_with_groups": []}
REPO = {"id": 20, "path_with_namespace": "top/repo", "archived": False, "shared_with_groups": []}
TEAM = {"id": 11, "full_path": "top/team", "path": "team", "parent_id": 10, "shared_with_groups": []}
TEAM_ON_REPO = {"group_id": 11, "group_full_path": "top/team", "group_access_level": 20, "expires_at": None}


@pytest.fixture
def server():
    with wire() as served:
        served.on("GET", "/groups/top", Says(body=GROUP))
        served.on("GET", "/groups/top%2Fteam", Says(body=TEAM))
        served.on("GET", "/projects/top%2Frepo", Says(body=REPO))
        served.on("GET", "/projects/20", Says(body=REPO))
        served.on("GET", "/users", Says(body=[{"id": 5, "username": "member1"}]))
        served.on("GET", "/user", Says(body={"id": 1, "username": "owner", "is_admin": False}))
        yield served


def do(server: Wire, verb: Verb, before: Resource | None, after: Resource | None) -> None:
    forge(server.url).execute(Action("gitlab", verb, before, after))


def writes(server: Wire) -> list[tuple[str, str]]:
    return [
        (a.method, a.path.removeprefix("/api/v4"))
        for a in server.asked
        if a.method in ("POST", "PUT", "DELETE")
    ]


def person(level: str, until: str | None = None, on: str = "repo", target: str = "top/repo") -> Grant:
    return Grant(on, target, "person:member1", level, until)


def team(level: str, until: str | None = None) -> Grant:
    return Grant("repo", "top/repo", "team:top/team", level, until)


def test_a_member_who_is_there_already_is_changed_instead(server):
    server.on("POST", "/projects/20/members", Says(409, {"message": "Member already exists"}))
    server.on("PUT", "/projects/20/members/5", Says(body={"access_level": 30}))
    do(server, "create", None, person("write", until="2027-01-31"))
    assert server.asked[-1].body == {"access_level": 30, "expires_at": "2027-01-31"}


def test_a_member_whose_adding_was_lost_is_looked_for_and_not_added_twice(server):
    server.on("POST", "/projects/20/members", Says(502))
    server.on("GET", "/projects/20/members/5", Says(body={"access_level": 30, "expires_at": None}))
    do(server, "create", None, person("write"))
    assert writes(server) == [("POST", "/projects/20/members")]


def test_a_member_found_after_a_lost_answer_with_another_level_is_changed(server):
    server.on("POST", "/projects/20/members", Says(502))
    server.on("GET", "/projects/20/members/5", Says(body={"access_level": 20, "expires_at": None}))
    server.on("PUT", "/projects/20/members/5", Says(body={"access_level": 30}))
    do(server, "update", person("read"), person("write"))
    assert writes(server)[-1] == ("PUT", "/projects/20/members/5")


def test_201_with_an_error_inside_is_an_error(server):
    body = {"status": "error", "message": {"member1": "Access level is not included in the list"}}
    server.on("POST", "/projects/20/members", Says(201, body))
    with pytest.raises(RefusedError, match="member1 Access level is not included in the list"):
        do(server, "create", None, person("write"))


@pytest.mark.parametrize("verb", ["POST", "PUT"])
def test_a_right_that_is_inherited_is_told_with_the_group_it_comes_from(server, verb):
    text = "should be greater than or equal to Owner inherited membership from group Top"
    refusal = Says(400, {"message": {"access_level": [text]}})
    server.on(
        "POST",
        "/projects/20/members",
        refusal if verb == "POST" else Says(409, {"message": "Member already exists"}),
    )
    server.on("PUT", "/projects/20/members/5", refusal)
    server.on("GET", "/groups/top/members/5", Says(body={"access_level": 50}))
    with pytest.raises(RefusedError) as caught:
        do(server, "create", None, person("write"))
    assert "inherited membership" in caught.value.text
    assert "`member1` inherits `admin` from `top`" in caught.value.hint


def test_an_inherited_right_whose_origin_is_hidden_is_told_all_the_same(server):
    refusal = Says(
        400, {"message": {"access_level": ["should be greater than or equal to Owner inherited ..."]}}
    )
    server.on("POST", "/projects/20/members", refusal)
    server.on("GET", "/groups/top/members/5", Says(403, {"message": "403 Forbidden"}))
    with pytest.raises(RefusedError, match="inherited") as caught:
        do(server, "create", None, person("write"))
    assert "from a group above" in caught.value.hint


def test_every_removal_of_a_member_spares_what_he_has_below(server):
    server.on("DELETE", "/projects/20/members/5", Says(204))
    server.on("DELETE", "/groups/10/members/5", Says(204))
    server.on("DELETE", "/groups/11/members/5", Says(204))
    do(server, "delete", person("write"), None)
    do(server, "delete", person("write", on="org", target="top"), None)
    do(server, "delete", TeamMember("top/team", "member1"), None)
    removals = server.sent("DELETE")
    assert len(removals) == 3
    assert {one.query for one in removals} == {"skip_subresources=true"}


def test_a_bot_that_may_not_be_removed_is_told(server):
    server.on("DELETE", "/projects/20/members/5", Says(403, {"message": "403 Forbidden"}))
    with pytest.raises(DeniedError, match="not allowed"):
        do(server, "delete", person("write"), None)


@pytest.mark.parametrize(
    "gone",
    [
        person("read"),
        team("read"),
        TeamMember("top/team", "member1"),
        Repo("top/repo"),
        Team("top/team"),
        Org("top"),
    ],
)
def test_what_is_gone_with_all_around_it_needs_no_deleting(gone):
    with wire() as server:
        server.on("GET", "/users", Says(body=[]))
        do(server, "delete", gone, None)
        assert writes(server) == []


def test_a_login_that_nobody_has_is_told(server):
    server.on("GET", "/users", Says(body=[{"id": 6, "username": "member11"}]))
    with pytest.raises(NotThereError, match="nobody has the login `member1`"):
        do(server, "create", None, person("read"))
    assert writes(server) == []


def test_a_share_as_it_should_be_is_left_alone(server):
    server.on("GET", "/projects/20", Says(body={**REPO, "shared_with_groups": [TEAM_ON_REPO]}))
    do(server, "create", None, team("read"))
    assert writes(server) == []


def test_another_level_of_a_share_is_taken_away_and_given_again(server):
    server.on(
        "GET",
        "/projects/20",
        Says(body={**REPO, "shared_with_groups": [{**TEAM_ON_REPO, "expires_at": "2027-01-31"}]}),
    )
    server.on("DELETE", "/projects/20/share/11", Says(204))
    server.on("POST", "/projects/20/share", Says(201, {"id": 1}))
    do(server, "update", team("read"), team("write"))
    assert writes(server) == [("DELETE", "/projects/20/share/11"), ("POST", "/projects/20/share")]
    assert server.asked[-1].body == {"group_id": 11, "group_access": 30, "expires_at": "2027-01-31"}


def test_a_share_that_can_not_be_given_its_new_level_gets_its_old_one_back(server):
    shared = Says(body={**REPO, "shared_with_groups": [TEAM_ON_REPO]})
    server.on("GET", "/projects/20", shared, Says(body=REPO))
    server.on("DELETE", "/projects/20/share/11", Says(204))
    server.on("POST", "/projects/20/share", Says(403, {"message": "403 Forbidden"}), Says(201, {"id": 1}))
    with pytest.raises(DeniedError):
        do(server, "update", team("read"), team("maintain"))
    assert [one.body["group_access"] for one in server.sent("POST")] == [40, 20]


def test_a_share_that_is_lost_for_good_is_told_so(server):
    server.on(
        "GET", "/projects/20", Says(body={**REPO, "shared_with_groups": [TEAM_ON_REPO]}), Says(body=REPO)
    )
    server.on("DELETE", "/projects/20/share/11", Says(204))
    server.on("POST", "/projects/20/share", Says(403, {"message": "403 Forbidden"}))
    with pytest.raises(DeniedError) as caught:
        do(server, "update", team("read"), team("maintain"))
    assert "`top/team` has no access at the moment" in caught.value.hint


def test_a_share_whose_answer_was_lost_is_found_and_not_refused(server):
    after = {**REPO, "shared_with_groups": [TEAM_ON_REPO]}
    server.on("GET", "/projects/20", Says(body=REPO), Says(body=after))
    server.on("POST", "/projects/20/share", Says(502))
    do(server, "create", None, team("read"))
    assert len(server.sent("POST")) == 1


def test_a_share_that_somebody_else_made_first_is_as_good_only_when_it_is_the_same(server):
    after = {**REPO, "shared_with_groups": [TEAM_ON_REPO]}
    server.on("POST", "/projects/20/share", Says(409, {"message": "Group already shared with this group"}))
    server.on("GET", "/projects/20", Says(body=REPO), Says(body=after))
    do(server, "create", None, team("read"))
    server.on("GET", "/projects/20", Says(body=REPO), Says(body=after))
    with pytest.raises(RefusedError, match="already shared"):
        do(server, "create", None, team("write"))


def test_a_lost_create_is_read_back_by_its_path(server):
    server.on("POST", "/projects", Says(502))
    do(server, "create", None, Repo("top/repo", visibility="private"))
    assert writes(server) == [("POST", "/projects")]


def test_a_create_that_meets_itself_sets_what_was_asked_for(server):
    server.on("POST", "/projects", Says(400, {"message": {"path": ["has already been taken"]}}))
    server.on("PUT", "/projects/20", Says(body=REPO))
    do(server, "create", None, Repo("top/repo", description="x"))
    assert server.asked[-1].body == {"description": "x"}


def test_a_create_that_is_refused_for_another_reason_says_it(server):
    told = {"message": {"visibility_level": ["public is not allowed since the parent is private"]}}
    server.on("POST", "/projects", Says(400, told))
    server.on("GET", "/projects/top%2Frepo", Says(404, {"message": "404 Project Not Found"}))
    with pytest.raises(RefusedError, match="visibility_level public is not allowed"):
        do(server, "create", None, Repo("top/repo", visibility="public"))


def test_a_default_branch_that_is_not_there_yet_is_told_with_the_way_out(server):
    told = {"message": {"base": ["Could not change HEAD: branch 'c7' does not exist"]}}
    server.on("PUT", "/projects/20", Says(400, told))
    with pytest.raises(RefusedError, match="'c7' does not exist") as caught:
        do(server, "update", Repo("top/repo", default_branch="main"), Repo("top/repo", default_branch="c7"))
    assert "mirror the history" in caught.value.hint


def test_a_thing_is_made_closed_and_empty(server):
    server.on("POST", "/projects", Says(201, REPO))
    server.on("POST", "/groups", Says(201, GROUP))
    do(server, "create", None, Repo("top/repo", default_branch="main", issues=False))
    assert server.asked[-1].body == {
        "name": "repo",
        "path": "repo",
        "namespace_id": 10,
        "initialize_with_readme": False,
        "visibility": "private",
        "issues_access_level": "disabled",
    }
    do(server, "create", None, Org("top", title="The Top"))
    assert server.asked[-1].body == {"name": "The Top", "path": "top", "visibility": "private"}


def test_one_that_waits_to_be_deleted_is_restored_and_not_made_anew(server):
    doomed = {**REPO, "marked_for_deletion_on": "2026-11-01"}
    server.on("POST", "/projects", Says(400, {"message": {"path": ["has already been taken"]}}))
    server.on("GET", "/projects/top%2Frepo", Says(body=doomed))
    server.on("POST", "/projects/20/restore", Says(201, REPO))
    server.on("GET", "/projects/20/members", Says(body=[{"id": 1}, {"id": 5}, {"id": 6}]))
    server.on("DELETE", "/projects/20/members/5", Says(204))
    server.on("DELETE", "/projects/20/members/6", Says(403, {"message": "403 Forbidden"}))
    server.on("GET", "/projects/20", Says(body={**doomed, "shared_with_groups": [TEAM_ON_REPO]}))
    server.on("DELETE", "/projects/20/share/11", Says(204))
    do(server, "create", None, Repo("top/repo"))
    assert writes(server)[1:] == [
        ("DELETE", "/projects/20/members/5"),
        ("DELETE", "/projects/20/members/6"),
        ("DELETE", "/projects/20/share/11"),
        ("POST", "/projects/20/restore"),
    ]


def test_one_that_waits_to_be_deleted_is_not_deleted_again(server):
    server.on("GET", "/projects/top%2Frepo", Says(body={**REPO, "marked_for_deletion_on": "2026-11-01"}))
    do(server, "delete", Repo("top/repo"), None)
    assert writes(server) == []


@pytest.mark.parametrize(("inherited", "leaves"), [(50, True), (40, False), (None, False)])
def test_we_leave_a_team_that_we_made_only_where_we_can_get_in_again(server, inherited, leaves):
    server.on("POST", "/groups", Says(201, TEAM))
    server.on("GET", "/groups/11/members/1", Says(body={"access_level": 50}))
    if inherited is not None:
        server.on("GET", "/groups/top/members/all/1", Says(body={"access_level": inherited}))
    server.on("DELETE", "/groups/11/members/1", Says(204))
    do(server, "create", None, Team("top/team"))
    assert (("DELETE", "/groups/11/members/1") in writes(server)) is leaves


def test_an_admin_leaves_a_team_that_he_made(server):
    server.on("GET", "/user", Says(body={"id": 1, "username": "owner", "is_admin": True}))
    server.on("POST", "/groups", Says(201, TEAM))
    server.on("GET", "/groups/11/members/1", Says(body={"access_level": 50}))
    server.on("DELETE", "/groups/11/members/1", Says(204))
    do(server, "create", None, Team("top/team"))
    assert writes(server)[-1] == ("DELETE", "/groups/11/members/1")


def test_the_last_owner_stays_in_the_team_and_nothing_fails(server):
    server.on("GET", "/user", Says(body={"id": 1, "username": "owner", "is_admin": True}))
    server.on("POST", "/groups", Says(201, TEAM))
    server.on("GET", "/groups/11/members/1", Says(body={"access_level": 50}))
    server.on("DELETE", "/groups/11/members/1", Says(403, {"message": "403 Forbidden"}))
    do(server, "create", None, Team("top/team"))
    assert writes(server)[-1] == ("DELETE", "/groups/11/members/1")


def test_a_move_that_was_made_already_is_as_good(server):
    do(server, "move", Repo("top/older"), Repo("top/repo"))
    assert writes(server) == []


def test_a_move_onto_something_else_is_refused(server):
    server.on(
        "GET", "/projects/top%2Folder", Says(body={**REPO, "id": 21, "path_with_namespace": "top/older"})
    )
    with pytest.raises(RefusedError, match="`top/older` can't become `top/repo`: that exists already"):
        do(server, "move", Repo("top/older"), Repo("top/repo"))


def test_a_move_of_what_nobody_knows_is_told(server):
    with pytest.raises(NotThereError, match="neither `top/a` nor `top/b` exists"):
        do(server, "move", Repo("top/a"), Repo("top/b"))


def test_a_transfer_that_meets_its_old_name_there_renames_first(server):
    server.on("GET", "/projects/top%2Folder", Says(body={**REPO, "path_with_namespace": "top/older"}))
    server.on("GET", "/groups/else", Says(body={**GROUP, "id": 12, "full_path": "else"}))
    taken = Says(400, {"message": "Project with same name or path in target namespace already exists"})
    server.on("PUT", "/projects/20/transfer", taken, Says(body=REPO))
    server.on("PUT", "/projects/20", Says(body=REPO))
    do(server, "move", Repo("top/older"), Repo("else/repo"))
    assert [path for _, path in writes(server)] == [
        "/projects/20/transfer",
        "/projects/20",
        "/projects/20/transfer",
    ]


@pytest.mark.parametrize("way_back", [True, False])
def test_a_move_that_fails_halfway_goes_back(server, way_back):
    server.on(
        "GET",
        "/projects/top%2Folder",
        Says(body={**REPO, "name": "older", "path_with_namespace": "top/older"}),
    )
    server.on("GET", "/projects/else%2Fnew", Says(404, {"message": "404 Project Not Found"}))
    server.on("GET", "/groups/else", Says(body={**GROUP, "id": 12, "full_path": "else"}))
    forbidden = Says(403, {"message": "403 Forbidden"})
    server.on("PUT", "/projects/20/transfer", Says(body=REPO), Says(body=REPO) if way_back else forbidden)
    server.on("PUT", "/projects/20", forbidden)
    with pytest.raises(DeniedError, match="not allowed") as caught:
        do(server, "move", Repo("top/older"), Repo("else/new"))
    assert [one.body for one in server.sent("PUT", "/transfer")] == [{"namespace": 12}, {"namespace": 10}]
    assert ("halfway now" in caught.value.hint) is not way_back


def test_a_group_keeps_its_title_when_its_path_changes(server):
    server.on("GET", "/groups/top%2Fold", Says(body={**TEAM, "name": "The Team", "full_path": "top/old"}))
    server.on("GET", "/groups/top%2Fteam", Says(404, {"message": "404 Group Not Found"}))
    server.on("PUT", "/groups/11", Says(body=TEAM))
    do(server, "move", Team("top/old"), Team("top/team"))
    assert server.asked[-1].body == {"path": "team"}


def test_an_archived_repository_is_moved_without_being_opened(server):
    archived = {**REPO, "path_with_namespace": "top/older", "archived": True}
    server.on("GET", "/projects/top%2Folder", Says(body=archived))
    server.on("GET", "/projects/top%2Frepo", Says(404, {"message": "404 Project Not Found"}))
    server.on("PUT", "/projects/20", Says(body=REPO))
    do(server, "move", Repo("top/older", archived=True), Repo("top/repo", archived=True))
    assert writes(server) == [("PUT", "/projects/20")]


def test_an_action_that_gitlab_has_no_way_for_is_refused(server):
    with pytest.raises(RefusedError, match="can't move a grant"):
        do(server, "move", team("read"), team("write"))


def test_a_level_that_gitlab_does_not_have_is_refused_and_a_native_one_survives(server):
    with pytest.raises(RefusedError, match="no level `triage`"):
        do(server, "create", None, person("triage"))
    server.on("POST", "/projects/20/members", Says(201, {"access_level": 15, "expires_at": None}))
    do(server, "create", None, person("native:15"))
    assert server.asked[-1].body == {"user_id": 5, "access_level": 15}


def test_an_unanswered_create_that_can_not_be_read_back_is_told_and_not_repeated(server):
    server.on("POST", "/projects", Says(reset=True))
    server.on("GET", "/projects/top%2Frepo", Says(502))
    with pytest.raises(UnreachableError):
        do(server, "create", None, Repo("top/repo"))
    assert len(server.sent("POST")) == 1
