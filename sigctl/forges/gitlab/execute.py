"""One action made so: a table of what is done for each verb and kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sigctl.core.plan import Action
from sigctl.errors import RefusedError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.writers import (
    branch_rules,
    checked,
    features,
    grants,
    groups,
    parts,
    projects,
    team_members,
)

Writer = Callable[[Context, Action], None]
WRITERS: Mapping[tuple[str, str], Writer] = {
    ("create", "org"): groups.create,
    ("update", "org"): groups.update,
    ("move", "org"): groups.move,
    ("delete", "org"): groups.delete,
    ("create", "team"): groups.create_team,
    ("update", "team"): groups.update,
    ("move", "team"): groups.move,
    ("delete", "team"): groups.delete,
    ("create", "team_member"): team_members.put,
    ("update", "team_member"): team_members.put,
    ("delete", "team_member"): team_members.delete,
    ("create", "repo"): projects.create,
    ("update", "repo"): projects.update,
    ("move", "repo"): projects.move,
    ("delete", "repo"): projects.delete,
    ("create", "grant"): grants.put,
    ("update", "grant"): grants.put,
    ("delete", "grant"): grants.delete,
    ("create", "branch_rule"): branch_rules.put,
    ("update", "branch_rule"): branch_rules.put,
    ("delete", "branch_rule"): branch_rules.delete,
    ("create", "push_rules"): checked.put_push_rules,
    ("update", "push_rules"): checked.put_push_rules,
    ("create", "approvals"): checked.put_approvals,
    ("update", "approvals"): checked.put_approvals,
    ("create", "features"): features.put,
    ("update", "features"): features.put,
    ("create", "label"): parts.put_label,
    ("update", "label"): parts.put_label,
    ("move", "label"): parts.rename_label,
    ("delete", "label"): parts.delete_label,
    ("create", "deploy_key"): parts.put_key,
    ("update", "deploy_key"): parts.put_key,
    ("delete", "deploy_key"): parts.delete_key,
    ("create", "webhook"): parts.put_hook,
    ("update", "webhook"): parts.put_hook,
    ("move", "webhook"): parts.move_hook,
    ("delete", "webhook"): parts.delete_hook,
}


def execute(ctx: Context, action: Action) -> str:
    """Make the change, or find that it already is so; return the server's request id; raise ForgeError."""
    writer = WRITERS.get((action.verb, action.kind))
    if writer is None:
        raise RefusedError(f"gitlab can't {action.verb} a {action.kind}")
    writer(ctx, action)
    return ctx.client.request_id()
