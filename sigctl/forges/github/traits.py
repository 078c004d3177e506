"""What GitHub can do, as data."""

from __future__ import annotations

from sigctl.core.levels import LADDER
from sigctl.core.state import Traits

TRAITS = Traits(
    kinds=frozenset(
        {
            "org",
            "membership",
            "team",
            "team_member",
            "repo",
            "grant",
            "branch_rule",
            "classic_rule",
            "label",
            "deploy_key",
            "webhook",
            "actions",
            "security",
            "properties",
        }
    ),
    fields={
        "org": frozenset(
            {
                "title",
                "base_level",
                "members_create_repos",
                "members_create",
                "fork_private",
                "two_factor",
                "deploy_keys",
            }
        ),
        "webhook": frozenset({"events", "active", "tls", "secured"}),
        "membership": frozenset({"role"}),
        "team": frozenset({"title", "description", "secret", "parent"}),
        "team_member": frozenset({"role"}),
        "repo": frozenset(
            {
                "description",
                "visibility",
                "default_branch",
                "archived",
                "homepage",
                "topics",
                "issues",
                "wiki",
                "merge_commit",
                "squash_merge",
                "rebase_merge",
                "delete_branch_on_merge",
            }
        ),
        "grant": frozenset({"level"}),
    },
    team_levels=LADDER,
    person_levels=LADDER,
    visibilities=("private", "internal", "public"),
    owners_lead_teams=True,
    archived_locked=True,
    needs={"properties": "custom properties of {org}"},
    told_only={
        "org.two_factor": "whether members need a second factor is not as the files say: an owner sets it by hand, under "
        "Authentication security"
    },
    key_gap=True,
    one_repo_keys=True,
    fold_labels=True,
    pushers_merge=True,
    owners_pass=True,
    repo_name=r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}(?<!\.git)(?<!\.wiki)",
    login=r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}(?:_[a-z0-9]+)?",
)
