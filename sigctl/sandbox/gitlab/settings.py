"""The settings of groups and projects, as data: what they take, and what they are when nobody says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sigctl.sandbox.gitlab import params
from sigctl.sandbox.gitlab.params import Kind

Settings = dict[str, tuple[Kind, Any]]

_FEATURE = params.one_of("disabled", "private", "enabled")
_OPEN_FEATURE = params.one_of("disabled", "private", "enabled", "public")
_BOOL, _INT, _TEXT = params.boolean, params.integer, params.text

FEATURES: Mapping[str, str] = {
    "issues": "enabled",
    "repository": "enabled",
    "merge_requests": "enabled",
    "forking": "enabled",
    "wiki": "enabled",
    "builds": "enabled",
    "snippets": "enabled",
    "pages": "private",
    "analytics": "enabled",
    "container_registry": "enabled",
    "package_registry": "enabled",
    "security_and_compliance": "private",
    "releases": "enabled",
    "environments": "enabled",
    "feature_flags": "enabled",
    "infrastructure": "enabled",
    "monitor": "enabled",
    "model_experiments": "enabled",
    "model_registry": "enabled",
}
WORLDWIDE = ("pages", "package_registry")
"""Features that can be public in a project that is not."""
BELOW_REPOSITORY = ("merge_requests", "builds")
"""Features that can't be more open than the repository."""
SWITCHES: Mapping[str, str] = {
    "issues_enabled": "issues",
    "merge_requests_enabled": "merge_requests",
    "wiki_enabled": "wiki",
    "jobs_enabled": "builds",
    "snippets_enabled": "snippets",
    "container_registry_enabled": "container_registry",
    "packages_enabled": "package_registry",
}
"""Older on-or-off names of features; both names show the same thing."""


def _protection(value: Any) -> Any:
    """Take how a new default branch is to be protected."""
    if not isinstance(value, dict):
        raise ValueError("is invalid")  # noqa: TRY004  # one complaint for whatever is wrong
    for right in ("allowed_to_push", "allowed_to_merge"):
        entries = value.get(right, [])
        if not all(
            isinstance(entry, dict) and entry.get("access_level") in (0, 30, 40, 60) for entry in entries
        ):
            raise ValueError("is invalid")
    return value


PROJECT: Settings = {
    **{
        f"{feature}_access_level": (_OPEN_FEATURE if feature in WORLDWIDE else _FEATURE, default)
        for feature, default in FEATURES.items()
    },
    "resolve_outdated_diff_discussions": (_BOOL, False),
    "service_desk_enabled": (_BOOL, False),
    "emails_enabled": (_BOOL, True),
    "shared_runners_enabled": (_BOOL, True),
    "group_runners_enabled": (_BOOL, True),
    "lfs_enabled": (_BOOL, True),
    "ci_default_git_depth": (_INT, 20),
    "ci_forward_deployment_enabled": (_BOOL, True),
    "ci_forward_deployment_rollback_allowed": (_BOOL, True),
    "ci_job_token_scope_enabled": (_BOOL, False),
    "ci_separated_caches": (_BOOL, True),
    "ci_allow_fork_pipelines_to_run_in_parent_project": (_BOOL, True),
    "ci_push_repository_for_job_token_allowed": (_BOOL, False),
    "ci_config_path": (_TEXT, None),
    "build_git_strategy": (params.one_of("fetch", "clone"), "fetch"),
    "build_timeout": (_INT, 3600),
    "keep_latest_artifact": (_BOOL, True),
    "restrict_user_defined_variables": (_BOOL, False),
    "auto_cancel_pending_pipelines": (params.one_of("disabled", "enabled"), "enabled"),
    "auto_devops_enabled": (_BOOL, False),
    "auto_devops_deploy_strategy": (params.one_of("continuous", "manual", "timed_incremental"), "continuous"),
    "public_jobs": (_BOOL, True),
    "only_allow_merge_if_pipeline_succeeds": (_BOOL, False),
    "allow_merge_on_skipped_pipeline": (_BOOL, None),
    "request_access_enabled": (_BOOL, True),
    "only_allow_merge_if_all_discussions_are_resolved": (_BOOL, False),
    "remove_source_branch_after_merge": (_BOOL, True),
    "printing_merge_request_link_enabled": (_BOOL, True),
    "merge_method": (params.one_of("ff", "rebase_merge", "merge"), "merge"),
    "squash_option": (params.one_of("never", "always", "default_on", "default_off"), "default_off"),
    "enforce_auth_checks_on_uploads": (_BOOL, True),
    "suggestion_commit_message": (_TEXT, None),
    "merge_commit_template": (_TEXT, None),
    "squash_commit_template": (_TEXT, None),
    "issue_branch_template": (_TEXT, None),
    "warn_about_potentially_unwanted_characters": (_BOOL, True),
    "autoclose_referenced_issues": (_BOOL, True),
}
PREMIUM_PROJECT: Settings = {
    "approvals_before_merge": (_INT, 0),
    "merge_pipelines_enabled": (_BOOL, False),
    "merge_trains_enabled": (_BOOL, False),
    "only_allow_merge_if_all_status_checks_passed": (_BOOL, False),
    "prevent_merge_without_jira_issue": (_BOOL, False),
}

GROUP: Settings = {
    "share_with_group_lock": (_BOOL, False),
    "require_two_factor_authentication": (_BOOL, False),
    "two_factor_grace_period": (_INT, 48),
    "project_creation_level": (
        params.one_of("noone", "administrator", "owner", "maintainer", "developer"),
        "developer",
    ),
    "auto_devops_enabled": (_BOOL, None),
    "subgroup_creation_level": (params.one_of("owner", "maintainer"), "maintainer"),
    "emails_enabled": (_BOOL, True),
    "show_diff_preview_in_email": (_BOOL, True),
    "mentions_disabled": (_BOOL, None),
    "lfs_enabled": (_BOOL, True),
    "math_rendering_limits_enabled": (_BOOL, True),
    "lock_math_rendering_limits_enabled": (_BOOL, False),
    "default_branch": (_TEXT, None),
    "request_access_enabled": (_BOOL, True),
    "shared_runners_setting": (
        params.one_of("enabled", "disabled_and_overridable", "disabled_and_unoverridable"),
        "enabled",
    ),
    "max_artifacts_size": (_INT, None),
    "default_branch_protection": (params.one_of(0, 1, 2, 3, 4), 2),
    "default_branch_protection_defaults": (_protection, None),
    "prevent_sharing_groups_outside_hierarchy": (_BOOL, False),
}
PREMIUM_GROUP: Settings = {
    "membership_lock": (_BOOL, False),
    "prevent_forking_outside_group": (_BOOL, False),
}
FULLY_PROTECTED = {
    "allowed_to_push": [{"access_level": 40}],
    "allow_force_push": False,
    "allowed_to_merge": [{"access_level": 40}],
    "developer_can_initial_push": False,
    "code_owner_approval_required": False,
}
_LEGACY: Mapping[int, Mapping[str, Any]] = {
    0: {
        "allowed_to_push": [{"access_level": 30}],
        "allow_force_push": True,
        "allowed_to_merge": [{"access_level": 30}],
    },
    1: {"allowed_to_push": [{"access_level": 30}], "allowed_to_merge": [{"access_level": 40}]},
    2: {},
    3: {"allowed_to_push": [{"access_level": 40}], "allowed_to_merge": [{"access_level": 30}]},
    4: {"developer_can_initial_push": True},
}
"""What the older number for the protection of a new default branch stands for."""


def defaults(settings: Settings) -> dict[str, Any]:
    """Return every setting as it is when nobody says."""
    return {name: default for name, (_, default) in settings.items()}


def kinds(settings: Settings) -> dict[str, Kind]:
    """Return what each setting takes."""
    return {name: kind for name, (kind, _) in settings.items()}


def switched(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings in which the older on-or-off names are replaced by levels; a level given wins."""
    found = dict(given)
    for old, feature in SWITCHES.items():
        if old in found:
            word = "enabled" if found.pop(old) else "disabled"
            found.setdefault(f"{feature}_access_level", word)
    return found


def feature_complaints(given: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what is wrong with the features of a project, by field, in GitLab's words."""
    order = ("disabled", "private", "enabled", "public")
    repository = order.index(given["repository_access_level"])
    return {
        f"project_feature.{name}_access_level": [
            "cannot have higher visibility level than repository access level"
        ]
        for name in BELOW_REPOSITORY
        if order.index(given[f"{name}_access_level"]) > repository
    }


def branch_defaults(group_settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a new default branch is protected in a group with these settings."""
    given = group_settings.get("default_branch_protection_defaults")
    if given is None:
        given = _LEGACY.get(group_settings.get("default_branch_protection", 2), {})
    return {**FULLY_PROTECTED, **given}
