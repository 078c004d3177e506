"""What is peculiar about GitHub, one entry each, and the tests that hold us to it; those that belong nowhere else are here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from github_world import ORG, World, world

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Org, Repo, Team, TeamMember
from sigctl.core.policy import Policy
from sigctl.core.state import Desired, state
from sigctl.errors import DeniedError, NotThereError, RefusedError
from sigctl.forges.github.rulesets import rulesets_of
from sigctl.forges.github.traits import TRAITS

TESTS = Path(__file__).parents[1]
XEN, VIRT = f"{ORG}/xen", f"{ORG}/virt"
HERE = "forges/test_github_traps.py"
EXECUTE, OBSERVE = "forges/test_github_execute.py", "forges/test_github_observe.py"
INVITE, BAD, FAULTS = (
    "forges/test_github_invitations.py",
    "forges/test_github_bad_days.py",
    "forges/test_github_faults.py",
)
RULES, ROUND, SHAPE = (
    "forges/test_github_rulesets.py",
    "forges/test_github_round.py",
    "sandbox/test_github_shape.py",
)

TRAPS: dict[str, list[str]] = {
    "adding a collaborator invites those from outside and adds members at once": [
        f"{HERE}::test_a_member_gets_a_right_at_once_and_a_stranger_an_invitation",
    ],
    "an invitation ends after a week, to a repository visibly, to an org as a failed one": [
        f"{SHAPE}::test_an_org_invitation_expires_and_is_listed_as_failed",
        f"{SHAPE}::test_a_repository_invitation_expires_and_stays_listed",
        f"{OBSERVE}::test_a_repository_invitation_that_expired_is_absent_with_a_note",
        f"{EXECUTE}::test_an_invitation_that_expired_is_made_anew",
        f"{INVITE}::test_an_invitation_that_expired_after_its_week_is_made_anew_at_once",
    ],
    "who is invited counts as present": [
        f"{OBSERVE}::test_someone_who_is_invited_to_a_team_is_in_it_with_the_role_he_will_have",
        f"{ROUND}::test_invitations_that_are_accepted_leave_nothing_to_do",
    ],
    "an invitation is changed and withdrawn as an invitation, not as a right": [
        f"{EXECUTE}::test_an_invitation_that_waited_with_another_level_gets_the_declared_one",
        f"{EXECUTE}::test_an_invitation_that_was_accepted_meanwhile_is_changed_as_a_right",
        f"{HERE}::test_withdrawing_goes_to_the_invitation_and_never_to_the_collaborator",
    ],
    "the base level reaches every member and every repository": [
        f"{SHAPE}::test_the_base_permission_reaches_every_member",
        f"{OBSERVE}::test_what_owners_and_members_have_from_the_org_or_a_team_is_no_grant",
        f"{EXECUTE}::test_the_settings_of_an_org_change",
    ],
    "owners are admins everywhere and read back as maintainers of their teams": [
        f"{SHAPE}::test_whoever_makes_a_team_leads_it_and_owners_read_back_as_maintainers",
        f"{ROUND}::test_owners_who_read_back_as_leads_are_no_difference",
    ],
    "whoever makes a team is in it": [f"{EXECUTE}::test_a_team_is_made_without_its_maker_in_it"],
    "nobody from outside is in a team: adding him invites to the org": [
        f"{EXECUTE}::test_someone_from_outside_is_invited_into_the_team_and_taken_out_again",
        f"{SHAPE}::test_a_stranger_added_to_a_team_is_invited_to_the_org_and_the_team",
    ],
    "deleting a team deletes those below it": [
        f"{SHAPE}::test_a_child_inherits_and_dies_with_its_parent",
        f"{EXECUTE}::test_a_team_is_not_deleted_while_others_are_below_it",
        f"{HERE}::test_a_team_moves_below_another_with_those_below_itself",
    ],
    "a child has what its parent has": [
        f"{ROUND}::test_what_a_child_team_inherits_is_neither_taken_away_nor_granted_again",
        f"{OBSERVE}::test_what_a_team_inherits_is_marked_and_what_it_has_beyond_that_is_its_own",
    ],
    "a nested team can't be secret": [f"{HERE}::test_a_secret_team_is_not_put_below_another"],
    "lists of rulesets don't tell what is in them": [f"{HERE}::test_rulesets_are_never_read_from_their_list"],
    "readers are not told who passes by a ruleset, which is not nobody": [
        f"{SHAPE}::test_bypass_actors_are_kept_from_readers",
        f"{RULES}::test_actors_that_are_hidden_are_not_taken_for_none",
    ],
    "owners among the actors read back without a number, and actors in any order": [
        f"{HERE}::test_owners_without_a_number_and_another_order_are_no_difference",
    ],
    "who passes by a ruleset passes by all of it, so force and deletion stand in one of their own": [
        f"{HERE}::test_nobody_passes_by_the_ruleset_that_forbids_force_and_deletion",
    ],
    "older branch protection has another shape and replaces itself whole": [
        f"{RULES}::test_rules_of_others_are_noted_and_left_alone",
        "sandbox/test_sandbox_git.py::test_branch_protection_keeps_others_out",
    ],
    "a former name leads on, writes too, until it is used again": [
        f"{SHAPE}::test_a_renamed_repository_redirects_until_the_name_is_used_again",
        f"{EXECUTE}::test_a_write_to_a_name_that_was_given_up_is_refused_not_led_on",
        f"{OBSERVE}::test_a_name_that_was_given_up_does_not_lead_a_narrow_read_to_the_new_one",
        f"{BAD}::test_a_repository_that_somebody_moved_away_meanwhile_is_not_changed_where_it_is_now",
    ],
    "a transfer takes a while, and its answer shows the old owner": [
        f"{SHAPE}::test_a_transfer_takes_effect_later",
        f"{EXECUTE}::test_a_repository_is_transferred_and_awaited",
        f"{EXECUTE}::test_a_transfer_that_does_not_end_is_reported",
    ],
    "an archive refuses changes: out of it first, into it last": [
        f"{SHAPE}::test_an_archived_repository_refuses_changes",
        f"{EXECUTE}::test_a_repository_is_unarchived_before_anything_else_and_archived_after",
        f"{EXECUTE}::test_a_change_of_an_archived_repository_says_to_unarchive_it",
        f"{FAULTS}::test_an_archive_whose_answer_was_lost_is_no_failure",
    ],
    "what was just made is not everywhere yet": [
        f"{SHAPE}::test_parts_of_a_new_repository_are_not_there_at_once",
        f"{EXECUTE}::test_what_was_just_made_may_take_a_moment_to_be_known",
        f"{HERE}::test_not_yet_has_several_statuses_and_a_bound",
    ],
    "what is hidden answers as what is not there": [
        f"{SHAPE}::test_hidden_is_404_and_not_allowed_is_403",
        f"{HERE}::test_what_a_token_may_not_see_is_said_to_be_perhaps_hidden",
    ],
    "an app on some repositories lists only those": [
        "forges/test_github_app.py::test_an_app_on_selected_repositories_is_not_taken_to_see_all",
    ],
    "properties, internal repositories and custom roles need an enterprise": [
        f"{HERE}::test_internal_without_an_enterprise_is_private_with_a_note",
        f"{HERE}::test_internal_in_an_enterprise_is_asked_for",
        f"{HERE}::test_properties_without_an_enterprise_are_told_of",
        "forges/test_github_names.py::test_a_custom_role_survives_and_is_written_as_it_is_called",
    ],
}


def names_in(file: str) -> set[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("trap", TRAPS)
def test_every_trap_has_its_tests(trap: str) -> None:
    for one in TRAPS[trap]:
        file, _, name = one.partition("::")
        assert name in names_in(file), one


@pytest.fixture
def w(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as one:
        yield one


def test_a_member_gets_a_right_at_once_and_a_stranger_an_invitation(w: World) -> None:
    w.join("member1")
    w.repo("xen")
    for login in ("member1", "member2"):
        w.create(Grant("repo", XEN, f"person:{login}", "write"))
    assert {(g.subject_name, g.state) for g in w.seen(Grant, person_repos=[XEN])} == {
        ("member1", "active"),
        ("member2", "invited"),
    }


def test_withdrawing_goes_to_the_invitation_and_never_to_the_collaborator(w: World) -> None:
    w.repo("xen")
    grant = Grant("repo", XEN, "person:member2", "write")
    w.create(grant)
    start = len(w.log())
    w.do("delete", replace(grant, state="invited"), None)
    assert w.sent(start)["repos/delete-invitation"] == 1
    assert w.sent(start)["repos/remove-collaborator"] == 0
    assert w.seen(Grant, person_repos=[XEN]) == []


def test_a_team_moves_below_another_with_those_below_itself(w: World) -> None:
    for name in ("core", "virt"):
        w.create(Team(f"{ORG}/{name}", title=name))
    w.create(Team(f"{ORG}/xen", title="xen", parent=VIRT))
    w.join("member1")
    w.create(TeamMember(f"{ORG}/xen", "member1"))
    before = Team(VIRT, "virt", "", secret=False, parent="")
    w.do("update", before, replace(before, parent=f"{ORG}/core"))
    assert {one.path: one.parent for one in w.seen(Team)} == {
        f"{ORG}/core": "",
        VIRT: f"{ORG}/core",
        f"{ORG}/xen": VIRT,
    }
    assert w.seen(TeamMember) == [TeamMember(f"{ORG}/xen", "member1", "member")]


def test_a_secret_team_is_not_put_below_another(w: World) -> None:
    w.create(Team(VIRT, title="virt"))
    with pytest.raises(RefusedError):
        w.create(Team(f"{ORG}/quiet", title="quiet", secret=True, parent=VIRT))
    assert [one.path for one in w.seen(Team)] == [VIRT]


def ruled(w: World) -> BranchRule:
    w.repo("xen")
    w.team("virt")
    rule = BranchRule(
        XEN, "c7-*", push=(f"team:{VIRT}",), create=(f"team:{VIRT}",), force=False, delete=False
    )
    w.create(rule)
    return rule


def test_rulesets_are_never_read_from_their_list(w: World) -> None:
    rule = ruled(w)
    listed = w.api("GET", f"/repos/{XEN}/rulesets")
    assert listed
    assert not any({"rules", "conditions", "bypass_actors"} & set(one) for one in listed)
    start = len(w.log())
    (seen,) = w.seen(BranchRule)
    assert rule.changes(seen) == {}
    assert w.sent(start)["repos/get-repo-rulesets"] == 0


def test_owners_without_a_number_and_another_order_are_no_difference(w: World) -> None:
    rule = ruled(w)
    numbers = set()
    for one in w.api("GET", f"/repos/{XEN}/rulesets"):
        whole = w.api("GET", f"/repos/{XEN}/rulesets/{one['id']}")
        numbers |= {
            actor["actor_id"]
            for actor in whole["bypass_actors"]
            if actor["actor_type"] == "OrganizationAdmin"
        }
        w.api(
            "PUT",
            f"/repos/{XEN}/rulesets/{one['id']}",
            {"bypass_actors": whole["bypass_actors"][::-1], "rules": whole["rules"][::-1]},
        )
    assert numbers == {None}
    assert [rule.changes(seen) for seen in w.seen(BranchRule)] == [{}]


@pytest.mark.parametrize("push", [None, (), (f"team:{VIRT}",), ("person:member1", "level:admin")])
def test_nobody_passes_by_the_ruleset_that_forbids_force_and_deletion(push: Any) -> None:
    rule = BranchRule(XEN, "c7-*", push=push, force=False, delete=False)
    closed = [one for one in rulesets_of(rule, ["c7-*"]) if not one.bypass]
    assert any(one.rules >= {"non_fast_forward", "deletion"} for one in closed)
    assert all(one.rules <= {"non_fast_forward", "deletion"} for one in closed), (
        "nothing else may keep everybody out"
    )


@pytest.mark.parametrize("status", [404, 409, 422])
def test_not_yet_has_several_statuses_and_a_bound(w: World, status: int) -> None:
    w.join("member1")
    grant = Grant("repo", XEN, "person:member1", "write")
    w.create(Repo(XEN, visibility="private"))
    fault = {"operation": "repos/add-collaborator", "nth": [1, 2, 3]}
    w.sandbox.faults.replace([{"when": fault, "what": {"status": status, "body": {"message": "not yet"}}}])
    w.create(grant)
    assert w.seen(Grant) == [grant]
    w.sandbox.faults.replace([{"when": {"operation": "repos/add-collaborator"}, "what": {"status": status, "body": {"message": "never"}}}])  # fmt: skip
    begun = w.time.now
    with pytest.raises(NotThereError if status == 404 else RefusedError):
        w.create(replace(grant, level="admin"))
    assert w.time.now - begun < 60


def test_what_a_token_may_not_see_is_said_to_be_perhaps_hidden(w: World) -> None:
    w.repo("xen", visibility="private")
    answer = requests.get(
        f"{w.url}/api/v3/repos/{XEN}",
        headers={"Authorization": f"Bearer {w.users['member3']['token']}"},
        timeout=30,
    )
    assert answer.status_code == 404
    with pytest.raises(NotThereError) as caught:
        w.open(w.users["member3"]["token"])._session.get(f"/repos/{XEN}")
    assert "or the token may not see it" in caught.value.hint
    with pytest.raises(DeniedError):
        w.observe(forge=w.open(w.users["member3"]["token"]))


def planned(w: World, repo: Repo) -> Any:
    desired = Desired("github", state([Org(ORG), repo]), managed=frozenset({repo.key}), orgs=frozenset({ORG}))
    return compare(desired, w.observe(), TRAITS, Policy(max_removals={})).plan


def test_internal_without_an_enterprise_is_private_with_a_note(tmp_path: Path) -> None:
    with world(tmp_path, knobs={"public": 1}) as w:
        plan = planned(w, Repo(XEN, visibility="internal"))
        (action, *_) = plan.actions
        assert isinstance(action.after, Repo)
        assert action.after.visibility == "private"
        (note,) = [one for one in plan.notes if one.topic == "rounded"]
        assert "needs an enterprise" in note.text
        w.do("create", None, action.after)
        assert planned(w, Repo(XEN, visibility="internal")).actions == ()


@pytest.mark.parametrize("knobs", [{}, {"public": 1}])
def test_internal_in_an_enterprise_is_asked_for(tmp_path: Path, knobs: dict[str, int]) -> None:
    with world(tmp_path, knobs=knobs) as w:
        forge = w.sandbox.forges["github"]
        with forge.store.transaction():
            forge.state.accounts.save(forge.state.account(ORG), plan="enterprise")
        plan = planned(w, Repo(XEN, visibility="internal"))
        assert [one.after.visibility for one in plan.actions if isinstance(one.after, Repo)][-1] == "internal"
        assert not [one for one in plan.notes if one.topic == "rounded"]


def test_properties_without_an_enterprise_are_told_of() -> None:
    assert TRAITS.needs["properties"] == "custom properties of {org}"
