"""Fields that some forges can't hold: what is declared there is dropped with a note where a forge's traits don't have it."""

from __future__ import annotations

OPTIONAL = {
    "org": frozenset(
        {
            "title", "visibility", "base_level", "members_create_repos", "members_create", "fork_private", "two_factor",
            "create_repos", "create_groups", "share_outside", "deploy_keys", "protect_default",
        }
    ),
    "webhook": frozenset({"events", "active", "tls"}),
    "team": frozenset({"title", "description", "secret", "parent"}),
    "repo": frozenset(
        {
            "description", "visibility", "default_branch", "archived", "homepage", "topics", "issues", "wiki",
            "merge_commit", "squash_merge", "rebase_merge", "delete_branch_on_merge",
        }
    ),
    "grant": frozenset({"until"}),
    "branch_rule": frozenset({"code_owners", "unprotect"}),
}  # fmt: skip
