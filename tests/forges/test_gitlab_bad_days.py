"""GitLab's traps, the tiers' abilities and bad days: a line each, with the tests that hold it; those that no other file has are here."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from gitlab_wire import forge

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Key, Org, Repo, Team, TeamMember
from sigctl.core.plan import Action
from sigctl.core.policy import Policy
from sigctl.core.state import Desired, state
from sigctl.errors import ForgeError
from sigctl.executor import Executor
from sigctl.forges.base import Scope
from sigctl.sandbox import control

TESTS = Path(__file__).resolve().parents[1]
(
    HERE,
    WRITERS,
    READERS,
    CLIENT,
    WHOLE,
    RULES,
    CORE,
    TIERS,
    PUSHES,
    MEMBERS,
    THINGS,
    INSTANCE,
    PAID,
    INVITED,
) = (
    "forges/test_gitlab_bad_days.py",
    "forges/test_gitlab_writers.py",
    "forges/test_gitlab_readers.py",
    "forges/test_gitlab_client.py",
    "forges/test_gitlab_sandbox.py",
    "forges/test_gitlab_branch_rules.py",
    "core/test_protections.py",
    "scenarios/test_kernel_by_tier.py",
    "sandbox/test_gitlab_pushes.py",
    "sandbox/test_gitlab_members.py",
    "sandbox/test_gitlab_groups_and_projects.py",
    "sandbox/test_gitlab_instance.py",
    "forges/test_gitlab_paid.py",
    "forges/test_gitlab_invitations.py",
)
TRAPS: dict[str, list[str]] = {
    "removing a member of a group spares what he has below": [
        f"{WRITERS}::test_every_removal_of_a_member_spares_what_he_has_below",
        f"{MEMBERS}::test_removing_a_member_of_a_group_takes_the_memberships_below_unless_told_not_to",
    ],
    "the protection of a default branch comes late": [
        f"{HERE}::test_a_rule_and_the_protection_that_the_server_makes_late_end_as_declared",
        f"{CORE}::test_the_protection_that_the_server_gives_to_a_default_branch_is_left_alone",
        f"{PUSHES}::test_the_first_push_makes_the_default_branch_and_its_protection_comes_later",
    ],
    "a protection is changed in place, or without a gap": [
        f"{RULES}::test_a_rule_changes_in_place_on_a_paid_tier",
        f"{RULES}::test_a_rule_changes_from_any_to_any_and_is_never_away",
        f"{RULES}::test_a_rule_that_can_not_be_made_anew_is_back_as_it_was",
    ],
    "the level of a share is changed by taking it away": [
        f"{WRITERS}::test_another_level_of_a_share_is_taken_away_and_given_again",
        f"{WRITERS}::test_a_share_that_can_not_be_given_its_new_level_gets_its_old_one_back",
        f"{HERE}::test_the_plan_says_that_another_level_of_a_share_leaves_a_moment_without",
    ],
    "a level below the inherited one": [f"{WHOLE}::test_a_level_below_the_inherited_one_is_refused_with_its_origin"],
    "a member who is there already": [f"{WRITERS}::test_a_member_who_is_there_already_is_changed_instead"],
    "201 with an error inside": [
        f"{WRITERS}::test_201_with_an_error_inside_is_an_error",
        f"{MEMBERS}::test_several_people_at_once_answer_201_with_the_error_inside",
        f"{MEMBERS}::test_an_invitation_answers_201_whatever_happens",
    ],
    "invitations that wait": [
        f"{INVITED}::test_one_that_nobody_declared_is_withdrawn_like_a_member_and_its_address_is_in_no_plan",
        f"{INVITED}::test_once_accepted_a_declared_person_is_there_and_another_one_goes_like_any_member",
        f"{INVITED}::test_a_token_that_may_not_see_them_leads_to_a_note_and_not_to_none",
    ],
    "a change of a member needs the level": [f"{MEMBERS}::test_a_change_without_a_level_is_refused"],
    "a bot of a project is not removed": [
        f"{WRITERS}::test_a_bot_that_may_not_be_removed_is_told",
        f"{INSTANCE}::test_a_token_of_a_project_is_a_bot_among_its_members_that_nobody_removes",
    ],
    "an end in the past": [f"{MEMBERS}::test_an_end_in_the_past_is_refused_and_one_to_come_takes_the_right_away"],
    "deletion is delayed, and its names are nobody's": [
        f"{WHOLE}::test_what_is_deleted_waits_and_is_not_seen_and_comes_back_without_its_people_when_made_again",
        f"{READERS}::test_what_waits_to_be_deleted_is_noted_and_not_there_and_restored_when_made_again",
        f"{WRITERS}::test_one_that_waits_to_be_deleted_is_restored_and_not_made_anew",
    ],
    "a push mirror hides its secret and is off unless asked": [
        "forges/test_gitlab_push_mirrors.py::test_a_mirror_is_told_without_the_stars_of_its_login",
        f"{INSTANCE}::test_a_mirror_is_off_unless_asked_and_never_shows_its_password",
    ],
    "a moved project redirects; no write follows": [
        f"{CLIENT}::test_a_write_does_not_follow_a_redirect",
        f"{WHOLE}::test_an_older_path_is_not_there_though_the_server_redirects_it",
        f"{THINGS}::test_a_moved_project_redirects_reads_and_refuses_writes_by_the_old_path",
    ],
    "nothing is more open than what it is in": [f"{THINGS}::test_nothing_is_more_open_than_what_it_is_in"],
    "paths that are taken, reserved or badly spelled": [
        f"{WRITERS}::test_a_create_that_is_refused_for_another_reason_says_it",
        f"{THINGS}::test_names_that_a_group_can_not_have",
        f"{THINGS}::test_names_that_a_project_can_not_have",
        f"{THINGS}::test_a_path_is_taken_whatever_the_case",
    ],
    "429 in plain text": [
        f"{CLIENT}::test_429_in_plain_text_is_waited_for_as_long_as_the_server_says",
        f"{CLIENT}::test_429_on_a_write_is_repeated_since_nothing_happened",
        f"{INSTANCE}::test_too_many_requests_are_plain_text",
    ],
    "tokens end": [
        f"{READERS}::test_a_token_about_to_end_is_noted",
        f"{WHOLE}::test_health_tells_who_what_and_how_long",
        "sandbox/test_gitlab_access.py::test_a_token_ends",
    ],
    "bots and service accounts among the members": [
        f"{WHOLE}::test_who_is_blocked_or_a_bot_is_told_apart",
        f"{PAID}::test_service_accounts_and_bots_are_left_alone_and_told_of",
    ],
    "groups that an account system fills": [
        "forges/test_gitlab_sharing.py::test_a_team_that_an_account_system_fills_is_left_alone_and_told_of",
        f"{PAID}::test_who_is_in_a_group_that_an_account_system_fills_is_left_alone_and_told_of",
    ],
    "roles of the server's own making": [
        f"{READERS}::test_a_custom_role_behind_a_share_is_not_taken_for_its_base",
        f"{PAID}::test_a_role_based_on_the_declared_level_is_told_of_and_stays",
        f"{PAID}::test_another_end_keeps_the_role_and_another_level_takes_it_away_with_a_word",
    ],
    "the last owner": [
        f"{HERE}::test_the_last_owner_stays_and_the_rest_goes_on",
        f"{MEMBERS}::test_the_last_owner_stays",
    ],
}  # fmt: skip
ABILITIES: dict[str, list[str]] = {
    "by level, on every tier": [
        f"{RULES}::test_a_rule_by_level_is_there_as_declared_once_and_twice",
        f"{CORE}::test_who_may_push_is_said_by_the_level_that_only_those_have",
    ],
    "by name, on a paid tier": [
        f"{RULES}::test_a_team_and_a_person_in_a_rule_are_read_by_name",
        f"{RULES}::test_a_named_team_is_refused_on_free_with_the_ways_out_and_nothing_is_left_half",
        f"{CORE}::test_a_team_that_a_rule_names_gets_a_right_of_its_own_there",
        f"{TIERS}::test_on_premium_rules_name_the_teams_of_each_sig_in_the_one_kernel",
    ],
    "a deploy key in a rule": [f"{RULES}::test_a_deploy_key_in_a_rule_survives_both_ways"],
    "code owners": [f"{RULES}::test_the_approval_of_code_owners_is_asked_for_and_no_longer_on_a_paid_tier"],
    "push mirrors": [
        "forges/test_gitlab_push_mirrors.py::test_a_mirror_is_told_without_the_stars_of_its_login",
        f"{INSTANCE}::test_a_mirror_is_off_unless_asked_and_never_shows_its_password",
    ],
    "rules of whole groups": [
        f"{PAID}::test_a_rule_of_a_whole_group_is_no_rule_of_its_projects_and_is_told_of_and_counts_for_who_may"
    ],
    "features of a project": [
        f"{THINGS}::test_merge_requests_and_pipelines_are_no_more_open_than_the_repository",
        "core/test_features.py::test_merge_requests_and_pipelines_go_down_with_the_repository_and_the_plan_says_so",
    ],
    "tags by level; shares with an end": [
        f"{RULES}::test_a_tags_rule_changes_from_any_to_any",
        f"{WHOLE}::test_an_end_is_set_moved_and_taken_away",
    ],
    "the most permissive rule decides": [
        f"{PUSHES}::test_the_most_permissive_of_the_matching_rules_wins",
        f"{CORE}::test_a_rule_within_a_wider_one_that_lets_in_more_is_told_of",
    ],
    "what no rule covers is open to who may write": [
        f"{PUSHES}::test_developers_push_what_no_rule_covers_and_one_refused_ref_refuses_all"
    ],
    "the shared kernel on Free": [
        f"{TIERS}::test_on_free_each_sig_works_in_its_own_kernel_and_sigctl_alone_carries_its_branches",
        f"{TIERS}::test_what_free_can_not_hold_is_a_problem_of_the_plan_until_the_files_choose_a_way",
    ],
    "reviews": [
        f"{CORE}::test_reviews_that_the_server_can_not_ask_for_are_a_problem_and_the_rest_of_the_rule_is_kept"
    ],
    "edition and tier": [
        "forges/test_gitlab_tiers.py::test_administrators_and_owners_learn_what_the_server_can_do",
        "forges/test_gitlab_tiers.py::test_where_nothing_tells_the_tier_the_plan_and_doctor_say_so_with_the_way_out",
    ],
}  # fmt: skip
BAD_DAYS: dict[str, list[str]] = {
    "429 with a plain text body": TRAPS["429 in plain text"],
    "409 on a member that exists": TRAPS["a member who is there already"],
    "400, lower than inherited": [
        f"{WRITERS}::test_a_right_that_is_inherited_is_told_with_the_group_it_comes_from",
        f"{WRITERS}::test_an_inherited_right_whose_origin_is_hidden_is_told_all_the_same",
    ],
    "201 with an error inside": TRAPS["201 with an error inside"],
    "202 then 404": [
        f"{HERE}::test_what_is_gone_for_good_after_a_delayed_deletion_is_deleted_once_more_without_harm",
        f"{WRITERS}::test_what_is_gone_with_all_around_it_needs_no_deleting",
    ],
    "502 after the create took effect": [
        f"{WHOLE}::test_a_create_that_took_effect_behind_a_502_is_found_and_not_made_twice",
        f"{WRITERS}::test_a_lost_create_is_read_back_by_its_path",
    ],
    "a default protection after the read-back": TRAPS["the protection of a default branch comes late"],
    "a group renamed by hand, a project moved by hand": [
        f"{HERE}::test_what_somebody_renamed_or_moved_is_not_there_and_no_write_by_the_old_path_reaches_it"
    ],
    "the last owner": TRAPS["the last owner"],
    "a user blocked": [
        "safety/test_people_trouble.py::test_a_vanished_and_a_blocked_person_end_nobody_elses_run",
        f"{MEMBERS}::test_nobody_and_the_blocked_are_not_members_to_be",
    ],
    "a token without the right to read rules": [
        f"{RULES}::test_rules_hidden_from_the_token_are_unknown_and_not_none",
        f"{HERE}::test_hidden_rules_of_what_no_file_speaks_of_end_nobody_s_run",
    ],
}  # fmt: skip
LINES = [
    (line, one) for table in (TRAPS, ABILITIES, BAD_DAYS) for line, tests in table.items() for one in tests
]


def names_in(file: str) -> set[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_line_has_its_tests() -> None:
    missing = [
        (line, one) for line, one in LINES if one.partition("::")[2] not in names_in(one.partition("::")[0])
    ]
    assert missing == []


@pytest.fixture
def sandbox(tmp_path):
    with control.running(tmp_path, forges=("gitlab",), logins=("member1", "member2")) as served:
        yield served


@pytest.fixture
def gitlab(sandbox):
    document = sandbox.document()["forges"]["gitlab"]
    made = forge(document["url"], document["token"])
    for one in (Org("top", visibility="public"), Org("top/sig"), Repo("top/sig/xen", visibility="private")):
        made.execute(Action("gitlab", "create", None, one))
    return made


def seen(server, *repos, orgs=("top",)):
    return server.observe(Scope(frozenset(orgs), repos=frozenset(repos))).state


@pytest.mark.parametrize("late", [False, True])
def test_a_rule_and_the_protection_that_the_server_makes_late_end_as_declared(gitlab, late):
    gitlab._context.client.post(
        "/projects/top%2Fsig%2Fxen/repository/files/README.md",
        {"branch": "main", "content": "x", "commit_message": "first"},
    )
    for _ in range(5 if late else 0):
        seen(gitlab, "top/sig/xen")
    who = ("level:write",)
    rule = BranchRule("top/sig/xen", "main", push=who, create=who, merge=who, force=True, delete=False)
    gitlab.execute(Action("gitlab", "create", None, rule))
    for _ in range(5):
        assert seen(gitlab, "top/sig/xen")[rule.key] == rule


def test_the_plan_says_that_another_level_of_a_share_leaves_a_moment_without(gitlab):
    given = Grant("repo", "top/sig/xen", "team:top/sig/team", "read", until="")
    for one in (Team("top/sig/team"), given):
        gitlab.execute(Action("gitlab", "create", None, one))
    wanted = state(
        [Org("top"), Org("top/sig"), Repo("top/sig/xen"), Team("top/sig/team"), replace(given, level="write")]
    )
    scope = Scope(frozenset({"top"}), teams=frozenset({"top/sig/team"}), repos=frozenset({"top/sig/xen"}))
    plan = compare(
        Desired("gitlab", wanted), gitlab.observe(scope), gitlab.traits, Policy(max_removals={})
    ).plan
    assert [a.verb for a in plan.actions] == ["update"]
    assert "top/sig/team is out of top/sig/xen for a moment" in [
        n.text for n in plan.notes if n.topic == "moment"
    ]


def test_the_last_owner_stays_and_the_rest_goes_on(gitlab):
    owner = Grant("org", "top", "person:sigctl-bot", "admin")
    gitlab.execute(Action("gitlab", "create", None, Team("top/sig/team")))
    actions = [
        Action("gitlab", "delete", owner, None),
        Action("gitlab", "create", None, TeamMember("top/sig/team", "member1")),
    ]
    found = Executor({"gitlab": gitlab.execute}, jobs={"gitlab": 1}).run(actions)
    assert {one.action.kind: one.status for one in found} == {"grant": "failed", "team_member": "done"}
    assert owner.key in seen(gitlab)


def test_what_is_gone_for_good_after_a_delayed_deletion_is_deleted_once_more_without_harm(gitlab, sandbox):
    repo = Repo("top/sig/xen")
    gitlab.execute(Action("gitlab", "delete", repo, None))
    gitlab.execute(Action("gitlab", "delete", repo, None))
    sandbox.clock.advance(40 * 86_400)
    gitlab.execute(Action("gitlab", "delete", repo, None))
    assert repo.key not in seen(gitlab, repo.path)


@pytest.mark.parametrize("what", ["the group renamed", "the project moved"])
def test_what_somebody_renamed_or_moved_is_not_there_and_no_write_by_the_old_path_reaches_it(
    gitlab, sandbox, what
):
    if what == "the group renamed":
        gitlab._context.client.put("/groups/top%2Fsig", {"path": "renamed"})
        now = "top/renamed/xen"
    else:
        gitlab._context.client.put("/projects/top%2Fsig%2Fxen/transfer", {"namespace": "top"})
        now = "top/xen"
    document = sandbox.document()["forges"]["gitlab"]
    fresh = forge(document["url"], document["token"])
    before = seen(fresh, "top/sig/xen")
    assert Key("repo", now) in before
    assert Key("repo", "top/sig/xen") not in before
    for one in (
        Grant("repo", "top/sig/xen", "person:member1", "write"),
        BranchRule("top/sig/xen", "c7", push=(), create=()),
    ):
        with pytest.raises(ForgeError):
            fresh.execute(Action("gitlab", "create", None, one))
    fresh.execute(Action("gitlab", "delete", Repo("top/sig/xen"), None))
    assert seen(fresh, "top/sig/xen") == before


def test_hidden_rules_of_what_no_file_speaks_of_end_nobody_s_run(gitlab, sandbox):
    for one in (
        Org("top/other", visibility="public"),
        Repo("top/other/hidden", visibility="public"),
        Grant("org", "top/sig", "person:member1", "admin"),
    ):
        gitlab.execute(Action("gitlab", "create", None, one))
    document = sandbox.document()
    owner = forge(document["forges"]["gitlab"]["url"], document["users"]["member1"]["token"])
    scope = Scope(frozenset({"top"}), groups=frozenset({"top/sig"}), repos=frozenset({"top/sig/xen"}))
    declared = owner.observe(Scope(frozenset({"top"}), repos=frozenset({"top/other/hidden"})))
    assert {key.name: one.kinds for key, one in declared.unread.items()} == {
        "top/other/hidden": {"branch_rule"}
    }
    assert not owner.observe(scope).unread
    assert Key("repo", "top/sig/xen") in owner.observe(scope).state
