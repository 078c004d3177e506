"""Writes: each is read back, and what the server can't do, or says it did and did not, is refused with the way out."""

from __future__ import annotations

import pytest
from pagure_wire import Says, do, error, forge, options, project, wire

from sigctl.core.kinds import Grant, Repo, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.errors import DeniedError, RefusedError, UnreachableError

REPO = Repo("rpms/xen", description="d")
GRANT = Grant("repo", "rpms/xen", "team:sig-virt", "write", branches=())
MEMBER = TeamMember("sig-virt", "alice")


@pytest.fixture
def served():
    with wire() as found:
        yield found


def group(*members, creator="keeper"):
    return Says({"name": "sig-virt", "members": list(members), "creator": {"name": creator}})


def test_a_repository_is_made_with_all_that_can_be_given_only_then(served):
    served.on("POST", "/new", Says({"message": "created"}))
    served.on("GET", "/rpms/xen", Says(project("rpms/xen")))
    served.on("GET", "/rpms/xen/options", options(), options(issue_tracker=False))
    served.on("POST", "/rpms/xen/options/update", Says({"status": "ok"}))
    do(
        forge(served),
        None,
        Repo("rpms/xen", description="Xen", default_branch="c7", issues=False, archived=False),
    )
    form = served.sent("POST", "/new")[0].form
    assert form == {
        "name": "xen",
        "namespace": "rpms",
        "description": "Xen",
        "default_branch": "c7",
        "wait": "true",
    }
    assert served.sent("POST", "/options/update")[0].form == {"issue_tracker": "false"}, (
        "only what differs is sent"
    )


def test_a_repository_that_is_there_as_it_would_be_made_is_made(served):
    served.on("POST", "/new", error("ENOCODE", 'It is not possible to create the repo "rpms/xen"'))
    served.on("GET", "/rpms/xen", Says(project("rpms/xen")))
    do(forge(served), None, REPO)


def test_a_repository_of_somebody_else_is_not_taken_for_ours(served):
    served.on("POST", "/new", error("ENOCODE", 'It is not possible to create the repo "rpms/xen"'))
    served.on("GET", "/rpms/xen", Says(project("rpms/xen", owner="stranger")))
    with pytest.raises(RefusedError, match="another owner"):
        do(forge(served), None, REPO)


def test_a_create_whose_answer_was_lost_is_not_sent_twice(served):
    served.on("POST", "/new", Says(cut=True))
    served.on("GET", "/rpms/xen", Says(project("rpms/xen")))
    do(forge(served), None, REPO)
    assert len(served.sent("POST", "/new")) == 1


def test_a_create_that_is_only_queued_is_waited_for(served):
    served.on("POST", "/new", Says({"message": "Project creation queued", "taskid": "1"}))
    gone = error("ENOPROJECT", "Project not found", 404)
    served.on("GET", "/rpms/xen", gone, gone, Says(project("rpms/xen")))
    do(forge(served), None, REPO)
    assert len(served.sent("GET", "/rpms/xen")) == 3


def test_a_namespace_that_the_server_lacks_is_named(served):
    served.on(
        "POST",
        "/new",
        error("EINVALIDREQ", "Invalid or incomplete input", 400, {"namespace": ["Not a valid choice."]}),
    )
    with pytest.raises(RefusedError) as caught:
        do(forge(served), None, REPO)
    assert "ALLOWED_PREFIX" in caught.value.hint


def test_an_option_that_is_answered_with_ok_and_not_set_is_an_error(served):
    served.on("GET", "/rpms/xen/options", options())
    served.on("POST", "/rpms/xen/options/update", Says({"message": "No settings to change", "status": "ok"}))
    with pytest.raises(RefusedError, match="says that it set issue_tracker, and it did not"):
        do(forge(served), Repo("rpms/xen", issues=True), Repo("rpms/xen", issues=False))


def test_an_archive_takes_neither_pushes_nor_requests(served):
    served.on(
        "GET", "/rpms/xen/options", options(), options(pull_requests=False, pull_request_access_only=True)
    )
    served.on("POST", "/rpms/xen/options/update", Says({"status": "ok"}))
    do(forge(served), Repo("rpms/xen", archived=False), Repo("rpms/xen", archived=True))
    assert served.sent("POST", "/update")[0].form == {
        "pull_requests": "false",
        "pull_request_access_only": "true",
    }


def test_a_default_branch_is_waited_for_and_one_that_is_not_pushed_is_said(served):
    old, new = Repo("rpms/xen", default_branch="c7"), Repo("rpms/xen", default_branch="c8")
    served.on("POST", "/rpms/xen/git/branches", Says({}))
    late = [Says({"branches": ["c7", "c8"], "default": name}) for name in ("c7", "c8")]
    served.on("GET", "/rpms/xen/git/branches", *late)
    do(forge(served), old, new)
    served.on("POST", "/rpms/xen/git/branches", error("EGITERROR", "An error occurred"))
    with pytest.raises(RefusedError) as caught:
        do(forge(served), old, new)
    assert "is `c8` pushed?" in caught.value.hint


def test_what_only_the_web_pages_change_is_refused_after_the_rest_is_done(served):
    served.on("GET", "/rpms/xen/options", options(), options(issue_tracker=False))
    served.on("POST", "/rpms/xen/options/update", Says({"status": "ok"}))
    with pytest.raises(RefusedError) as caught:
        do(forge(served), Repo("rpms/xen", "a", issues=True), Repo("rpms/xen", "b", issues=False))
    assert f"{served.url}/rpms/xen/settings" in caught.value.hint
    assert served.sent("POST", "/options/update")


def test_a_repository_is_deleted_with_a_token_of_its_own_once_the_server_is_ready(served):
    gone = error("ENOPROJECT", "Project not found", 404)
    served.on("GET", "/rpms/xen", Says(project("rpms/xen")), Says(project("rpms/xen")), gone)
    served.on("POST", "/rpms/xen/token/new", Says({"token": {"id": "tok_of_the_project"}}))
    busy = error("ENOCODE", "The ACLs of this project are being refreshed in the backend")
    served.on("POST", "/rpms/xen/delete", busy, busy, Says({"message": "Project deleted"}))
    do(forge(served), REPO, None)
    assert [one.token for one in served.sent("POST", "/delete")] == ["token tok_of_the_project"] * 3
    assert served.sent("POST", "/token/new")[0].form["acls"] == "modify_project"


def test_where_deleting_is_switched_off_the_admin_is_told_how(served):
    served.on("GET", "/rpms/xen", Says(project("rpms/xen")))
    served.on("POST", "/rpms/xen/token/new", Says({"token": {"id": "tok_of_the_project"}}))
    served.on("POST", "/rpms/xen/delete", error("ENOPROJECT", "Project not found", 404))
    with pytest.raises(RefusedError) as caught:
        do(forge(served), REPO, None)
    assert "`pagure-admin delete-project rpms/xen keeper`" in caught.value.hint


def test_nothing_is_moved_since_there_is_no_way(served):
    with pytest.raises(RefusedError) as caught:
        forge(served).execute(Action("pagure", "move", Repo("rpms/xen4"), REPO))
    assert "`previously`" in caught.value.hint
    assert served.sent("POST") == []


def test_a_level_is_set_and_read_back(served):
    served.on("POST", "/rpms/xen/git/modifyacls", Says(project("rpms/xen")))
    served.on("GET", "/rpms/xen", Says(project("rpms/xen", groups={"commit": ["sig-virt"]})))
    do(forge(served), None, GRANT)
    assert served.sent("POST", "/modifyacls")[0].form == {
        "user_type": "group",
        "name": "sig-virt",
        "acl": "commit",
    }
    assert served.sent("GET", "/rpms/xen")


def test_a_level_that_is_answered_with_ok_and_not_set_is_an_error(served):
    served.on("POST", "/rpms/xen/git/modifyacls", Says(project("rpms/xen")))
    served.on("GET", "/rpms/xen", Says(project("rpms/xen")))
    with pytest.raises(RefusedError, match="and it has nothing"):
        do(forge(served), None, GRANT)


def test_a_right_on_some_branches_is_the_admins_to_give_and_nothing_is_sent(served):
    served.on("GET", "/rpms/xen", Says(project("rpms/xen", groups={"commit": ["sig-virt"]})))
    wanted = Grant("repo", "rpms/xen", "team:sig-virt", "write", branches=("c7-sig-virt", "c7-sig-virt-*"))
    with pytest.raises(RefusedError) as caught:
        do(forge(served), GRANT, wanted)
    assert f"{served.url}/rpms/xen/addgroup" in caught.value.hint
    assert "branches `c7-sig-virt,c7-sig-virt-*`" in caught.value.hint
    assert served.sent("POST", "/modifyacls") == [], "taking the wider right away first would leave none"


def test_a_right_on_some_branches_that_the_admin_gave_meanwhile_is_found(served):
    served.on("GET", "/rpms/xen", Says(project("rpms/xen", groups={"collaborator": ["sig-virt"]})))
    held = {
        "admin": [],
        "commit": [],
        "ticket": [],
        "collaborators": [{"user": "sig-virt", "branches": "b, a"}],
    }
    served.on("GET", "/rpms/xen/contributors", Says({"groups": held, "users": {**held, "collaborators": []}}))
    do(forge(served), None, Grant("repo", "rpms/xen", "team:sig-virt", "write", branches=("a", "b")))


def test_who_has_no_right_is_removed_already_and_a_real_refusal_is_one(served):
    served.on(
        "POST", "/rpms/xen/git/modifyacls", error("EINVALIDREQ", "User does not have any access on the repo")
    )
    served.on("GET", "/rpms/xen", Says(project("rpms/xen")))
    do(forge(served), GRANT, None)
    served.on("GET", "/rpms/xen", Says(project("rpms/xen", groups={"commit": ["sig-virt"]})))
    with pytest.raises(RefusedError):
        do(forge(served), GRANT, None)


def test_a_removal_that_is_answered_with_ok_and_not_done_is_an_error(served):
    served.on("POST", "/rpms/xen/git/modifyacls", Says(project("rpms/xen")))
    served.on("GET", "/rpms/xen", Says(project("rpms/xen", groups={"commit": ["sig-virt"]})))
    with pytest.raises(RefusedError, match="has no right any more, and it has `write`"):
        do(forge(served), GRANT, None)


def test_an_owner_is_replaced_before_he_is_less(served):
    theirs = Grant("repo", "rpms/xen", "person:stranger", "admin", branches=())
    served.on("GET", "/rpms/xen", Says(project("rpms/xen", owner="stranger")), Says(project("rpms/xen")))
    served.on("PATCH", "/rpms/xen", Says(project("rpms/xen")))
    do(forge(served), theirs, None)
    assert served.sent("PATCH")[0].form == {"main_admin": "keeper"}


def test_who_may_not_change_grants_is_told_what_it_takes(served):
    served.on("GET", "/rpms/xen", Says(project("rpms/xen")))
    served.on(
        "POST", "/rpms/xen/git/modifyacls", error("EMODIFYPROJECTNOTALLOWED", "You are not allowed", 401)
    )
    with pytest.raises(DeniedError) as caught:
        do(forge(served), None, GRANT)
    assert "itself and not by a group" in caught.value.hint


def test_a_group_is_the_admins_to_make_with_an_owner_who_can_manage_it(served):
    with pytest.raises(RefusedError) as caught:
        do(forge(served), None, Team("sig-virt"))
    assert (
        "`pagure-admin new-group sig-virt keeper --display sig-virt --description sig-virt`"
        in caught.value.hint
    )
    served.on("GET", "/group/sig-virt", group("keeper"))
    do(forge(served), None, Team("sig-virt"))


def test_a_member_is_added_and_read_back(served):
    served.on("POST", "/group/sig-virt/add", Says({}))
    served.on("GET", "/group/sig-virt", group("keeper", "alice"))
    do(forge(served), None, MEMBER)
    served.on("GET", "/group/sig-virt", group("keeper"))
    with pytest.raises(RefusedError, match="and he is not in it"):
        do(forge(served), None, MEMBER)


def test_the_catch_all_code_of_groups_is_read_by_what_is_there(served):
    text = "An error occurred at the database level"
    served.on(
        "POST", "/group/sig-virt/remove", error("EDBERROR", text, 400, ["User `alice` could not be found"])
    )
    served.on("GET", "/group/sig-virt", group("keeper"))
    do(forge(served), MEMBER, None)
    served.on(
        "POST",
        "/group/sig-virt/remove",
        error("EDBERROR", text, 400, ["The creator of a group cannot be removed"]),
    )
    served.on("GET", "/group/sig-virt", group("alice", creator="alice"))
    with pytest.raises(RefusedError, match="The creator of a group") as caught:
        do(forge(served), MEMBER, None)
    assert "stays in it" in caught.value.hint
    assert text not in caught.value.text


def test_the_catch_all_code_without_a_reason_is_trouble_that_may_pass(served):
    trouble = error("EDBERROR", "An error occurred at the database level")
    served.on("POST", "/group/sig-virt/add", trouble, trouble, Says({}))
    served.on("GET", "/group/sig-virt", group("alice"))
    do(forge(served), None, MEMBER)
    served.on("POST", "/group/sig-virt/add", trouble)
    with pytest.raises(UnreachableError):
        do(forge(served), None, MEMBER)


def test_a_redirected_write_is_no_success(served):
    served.on("GET", "/rpms/xen", Says(project("rpms/xen")))
    served.on("POST", "/rpms/xen/git/modifyacls", Says("", 302, {"Location": "/login/"}))
    with pytest.raises(RefusedError) as caught:
        do(forge(served), None, GRANT)
    assert "/login/" in caught.value.hint
    assert not served.sent("GET", "/login/")
