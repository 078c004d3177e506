"""What Pagure can do, as data."""

from __future__ import annotations

from sigctl.core.levels import ADMIN, READ, TRIAGE, WRITE
from sigctl.core.state import Traits

_LEVELS = (TRIAGE, WRITE, ADMIN)
_RESERVED = frozenset(
    """
    admin api c commits dashboard fork forks groups issues login logout new projects pull-requests pv releases search
    settings ssh_info static tree user users wait docs tickets requests
    """.split()  # noqa: SIM905  # words read best as words
)

TRAITS = Traits(
    kinds=frozenset({"org", "team", "team_member", "repo", "grant", "branch_rule"}),
    fields={"repo": frozenset({"description", "default_branch", "archived", "issues"})},
    team_levels=_LEVELS,
    person_levels=_LEVELS,
    visibilities=("public",),
    fold_logins=False,
    fold_paths=False,
    server_teams=True,
    push_by_pattern=True,
    everyone=READ,
    only={
        "repo": {"visibility": "public", "wiki": False, "squash_merge": False},
        "team_member": {"role": "member"},
    },
    branch_at_birth=True,
    by_hand={
        "create team": "the server's admin makes it: `pagure-admin new-group {name} {me} --display {name} --description {name}`",
        "branches": "the server's admin gives it on the settings page of {target}: {subject} as collaborator, branches `{branches}`",
    },
    repo_name=r"[A-Za-z0-9_][A-Za-z0-9_.+-]*(?<!\.git)",
    plus_in_names=True,
    login=r"[A-Za-z0-9_][A-Za-z0-9_.-]*",
    reserved=_RESERVED,
)
"""Private projects are in their owner's own namespace only, so what a SIG has is public."""
