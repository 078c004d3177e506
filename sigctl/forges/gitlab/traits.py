"""What GitLab can do, as data; what depends on edition and tier is found out by asking the server."""

from __future__ import annotations

from sigctl.core.levels import ADMIN, MAINTAIN, NONE, READ, WRITE
from sigctl.core.state import Traits
from sigctl.forges.gitlab.features import NEW

_RESERVED = frozenset(
    """
    badges blame blob builds commits create create_dir edit environments/folders files find_file
    gitlab-lfs/objects info/lfs/objects new preview raw refs tree update wikis
    - admin api groups help projects search users explore dashboard profile public uploads robots.txt
    """.split()  # noqa: SIM905  # words read best as words
)

TRAITS = Traits(
    kinds=frozenset(
        {
            "org",
            "team",
            "team_member",
            "repo",
            "grant",
            "label",
            "deploy_key",
            "webhook",
            "branch_rule",
            "features",
            "push_rules",
            "approvals",
        }
    ),
    fields={
        "org": frozenset(
            {
                "title",
                "visibility",
                "two_factor",
                "create_repos",
                "create_groups",
                "share_outside",
                "protect_default",
            }
        ),
        "webhook": frozenset({"events", "tls"}),
        "team": frozenset({"title", "description"}),
        "team_member": frozenset({"role"}),
        "repo": frozenset(
            {
                "description",
                "visibility",
                "default_branch",
                "archived",
                "topics",
                "issues",
                "wiki",
                "merge_commit",
                "squash_merge",
                "rebase_merge",
                "delete_branch_on_merge",
            }
        ),
        "grant": frozenset({"level", "until"}),
        "branch_rule": frozenset({"code_owners", "reviews", "unprotect"}),
    },
    # a share gives at most what the person has in the team's own group, where team members are maintainers:
    # as owners they could change who is in it
    team_levels=(READ, WRITE, MAINTAIN),
    person_levels=(READ, WRITE, MAINTAIN, ADMIN),
    visibilities=("private", "internal", "public"),
    group_grants=True,
    nested_orgs=True,
    team_is_group=True,
    tier_lacks={"free": frozenset({"subjects", "reviews", "checks", "unprotect"})},
    share_gap=True,
    rules_open=True,
    one_review_count=True,
    rule_keys=True,
    needs={
        "branch_rule.subjects": "premium",
        "branch_rule.code_owners": "premium",
        "branch_rule.reviews": "premium",
        "branch_rule.unprotect": "premium",
        "webhook:org": "premium",
        "push_rules": "premium",
        "approvals": "premium",
    },
    features=NEW,
    team_roles={"native:10": NONE, "native:15": NONE, "native:20": READ, "native:30": WRITE},
    repo_name=r"[A-Za-z0-9_][A-Za-z0-9_.-]*(?<!\.git)(?<!\.atom)(?<!\.)(?<!-)",
    login=r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}",
    reserved=_RESERVED,
)
