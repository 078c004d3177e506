"""Every change that can be made, as a table: a new kind is a new file and its lines here."""

from __future__ import annotations

from collections.abc import Callable

from sigctl.core.plan import Action
from sigctl.errors import RefusedError
from sigctl.forges.github.session import Session
from sigctl.forges.github.writers import grants, hooks, members, orgs, parts, repos, rules, switches, teams

Writer = Callable[[Session, Action], str]

WRITERS: dict[tuple[str, str], Writer] = {
    ("create", "org"): orgs.create,
    ("update", "org"): orgs.update,
    ("create", "membership"): members.put_member,
    ("update", "membership"): members.put_member,
    ("delete", "membership"): members.remove_member,
    ("create", "team"): teams.create,
    ("update", "team"): teams.update,
    ("move", "team"): teams.move,
    ("delete", "team"): teams.delete,
    ("create", "team_member"): members.put_team_member,
    ("update", "team_member"): members.put_team_member,
    ("delete", "team_member"): members.remove_team_member,
    ("create", "repo"): repos.create,
    ("update", "repo"): repos.update,
    ("move", "repo"): repos.move,
    ("delete", "repo"): repos.delete,
    ("create", "grant"): grants.put,
    ("update", "grant"): grants.put,
    ("delete", "grant"): grants.remove,
    ("create", "branch_rule"): rules.put,
    ("update", "branch_rule"): rules.put,
    ("delete", "branch_rule"): rules.delete,
    ("delete", "classic_rule"): parts.remove_classic,
    ("create", "label"): parts.put_label,
    ("update", "label"): parts.put_label,
    ("move", "label"): parts.rename_label,
    ("delete", "label"): parts.remove_label,
    ("create", "deploy_key"): parts.put_key,
    ("update", "deploy_key"): parts.put_key,
    ("delete", "deploy_key"): parts.remove_key,
    ("create", "webhook"): hooks.create,
    ("update", "webhook"): hooks.update,
    ("move", "webhook"): hooks.move,
    ("delete", "webhook"): hooks.remove,
    ("create", "actions"): switches.put_actions,
    ("update", "actions"): switches.put_actions,
    ("create", "security"): switches.put_security,
    ("update", "security"): switches.put_security,
    ("create", "properties"): switches.put_properties,
    ("update", "properties"): switches.put_properties,
}


def execute(session: Session, action: Action) -> str:
    """Make the change, or find that it already is so; return GitHub's request id; ForgeError where it can't be."""
    writer = WRITERS.get((action.verb, action.kind))
    if writer is None:
        hint = "do it by hand on the forge"
        raise RefusedError(
            f"{action.kind} {action.key.name}: {action.verb} can't be done", hint, forge=session.name
        )
    return writer(session, action)
