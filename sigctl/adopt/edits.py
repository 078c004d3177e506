"""What was done by hand, as changes of the files: for each difference the edits that would let the files say what is there; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sigctl.adopt.editing import Edit, Known, at
from sigctl.adopt.edits_hanging import hanging_edits
from sigctl.core.kinds import BranchRule, Grant, Membership, Org, Repo, TeamMember
from sigctl.core.kinds.branch import BRANCH
from sigctl.core.kinds.org import OWNER
from sigctl.core.kinds.team import LEAD
from sigctl.core.levels import NATIVE
from sigctl.core.plan import Action
from sigctl.spec.model import Spec
from sigctl.spec.yamlfault import Path

_MERGE = {
    "merge_commit": "commit",
    "squash_merge": "squash",
    "rebase_merge": "rebase",
    "delete_branch_on_merge": "delete_branch",
}
_PLAIN = ("description", "visibility", "default_branch", "archived", "homepage", "topics", "issues", "wiki")
_RULE = ("push", "merge", "create", "force", "delete", "reviews", "checks")


def edits_of(actions: Sequence[Action], known: Known) -> list[Edit] | None:
    """Return what to change so that the files ask for what is there in place of this difference; None where they can't."""
    subject = actions[0].subject
    if isinstance(subject, TeamMember):
        return _member(actions[0], subject, known)
    if isinstance(subject, Grant):
        return _grant(actions[0], subject, known)
    if isinstance(subject, Repo):
        return _repo(actions, subject, known)
    if isinstance(subject, BranchRule):
        return _rule(actions, subject, known)
    if isinstance(subject, Org):
        return _org(actions, subject)
    return (
        _owner(actions[0], subject, known)
        if isinstance(subject, Membership)
        else hanging_edits(actions, known)
    )


def _member(action: Action, one: TeamMember, known: Known) -> list[Edit] | None:
    team = known.teams.get((action.forge, one.team))
    if team is None or "@" in one.login:  # an invitation by an address: nobody knows whose
        return None
    account = known.account(action.forge, one.login)
    role = action.before.role if isinstance(action.before, TeamMember) else None
    taken = list(_taken(known.spec, team, account))
    if action.verb == "create":
        return taken or None
    where = "leads" if role == LEAD else "members"
    return [*taken, Edit("add", (*team, where), account)]


def _taken(spec: Spec, team: Path, account: str) -> Iterator[Edit]:
    """Yield what takes the account out of the team's own lists; the last first, so that numbers stay right."""
    config: Any = at(spec, team)
    for n in reversed(range(len(config.members))):
        if config.members[n].person == account:
            yield Edit("drop", (*team, "members", n))
    for n in reversed(range(len(config.leads))):
        if config.leads[n] == account:
            yield Edit("drop", (*team, "leads", n))


def _grant(action: Action, one: Grant, known: Known) -> list[Edit] | None:
    places = known.repos if one.on == Repo.KIND else known.groups
    place = places.get((action.forge, one.target))
    subject = _subject(action.forge, one.subject, place, known) if place else None
    if place is None or subject is None:
        return None
    path = (*place, "access", subject)
    own = at(known.spec, place).access if at(known.spec, place) else {}
    before = action.before
    if isinstance(before, Grant):
        value: Any = {"level": before.level, "until": before.until} if before.until else before.level
        return [Edit("set", path, value)]
    above = known.spec.sigs[str(place[1])].access if one.on == Repo.KIND else {}
    if subject in above:
        return [Edit("set", path, "none")]
    return [Edit("drop", path)] if subject in own else None


def _subject(forge: str, subject: str, place: Path, known: Known) -> str | None:
    kind, _, name = subject.partition(":")
    if kind == "person":
        return None if "@" in name else f"person:{known.account(forge, name)}"
    team = known.teams.get((forge, name))
    if team is None:
        return None
    return str(team[-1]) if team[1] == place[1] else f"{team[1]}/{team[-1]}"


def _repo(actions: Sequence[Action], one: Repo, known: Known) -> list[Edit] | None:
    place = known.repos.get((actions[0].forge, one.path))
    first, last = actions[0].before, actions[-1].after
    if place is None or not isinstance(first, Repo) or not isinstance(last, Repo):
        return None
    out = []
    for name in last.changes(first):
        value = getattr(first, name)
        if name == "default_branch" and not value:
            continue
        path = (*place, "merge", _MERGE[name]) if name in _MERGE else (*place, name)
        if name not in _MERGE and name not in _PLAIN:
            return None
        out.append(Edit("set", path, list(value) if isinstance(value, tuple) else value))
    return out or None


def unborn(actions: Sequence[Action]) -> bool:
    """Whether the difference is only that a repository has no default branch yet: nobody did that, the branch is still to come."""
    first, last = actions[0].before, actions[-1].after
    if not isinstance(first, Repo) or not isinstance(last, Repo) or first.default_branch:
        return False
    return set(last.changes(first)) == {"default_branch"}


def settled(actions: Sequence[Action]) -> bool:
    """Whether what is left of a difference is nothing that the files could say: a branch to come, or a role with no word here."""
    if not actions or unborn(actions):
        return True
    before = actions[0].before
    role = before.role if isinstance(before, TeamMember) and actions[0].verb == "update" else None
    return (role or "").startswith(NATIVE)


def _rule(actions: Sequence[Action], one: BranchRule, known: Known) -> list[Edit] | None:
    forge = actions[0].forge
    place = known.repos.get((forge, one.repo))
    before = actions[0].before
    if place is None:
        return None
    kind = "branches" if one.on == BRANCH else "tags"
    config = at(known.spec, place)
    own = list(getattr(config, kind)) if config else []
    number = next((n for n, rule in enumerate(own) if one.pattern in (rule.pattern, rule.name)), None)
    if not isinstance(before, BranchRule):
        return [Edit("drop", (*place, kind, number))] if number is not None and not own[number].own else None
    rule: dict[str, Any] = {"pattern": one.pattern}
    for name in _RULE:
        value = getattr(before, name)
        if name in ("push", "merge", "create") and value is not None:
            named = [
                _subject(forge, subject, place, known) if not subject.startswith("level:") else None
                for subject in value
            ]
            if None in named:
                return None
            value = [str(subject) for subject in named]
        if value is not None:
            rule[name] = list(value) if isinstance(value, tuple) else value
    if rule.get("create") == rule.get("push"):
        rule.pop("create", None)
    keepers = [_subject(forge, subject, place, known) for subject in before.unprotect or ()]
    if keepers and None not in keepers:
        rule["unprotect"] = keepers
    if number is not None:
        return (
            None
            if own[number].own or own[number].name
            else [Edit("drop", (*place, kind, number)), Edit("add", (*place, kind), rule)]
        )
    return [Edit("add", (*place, kind), rule)]


def _org(actions: Sequence[Action], one: Org) -> list[Edit] | None:
    first, last = actions[0].before, actions[-1].after
    if not isinstance(first, Org) or not isinstance(last, Org):
        return None
    out = []
    for name in last.changes(first):
        value = getattr(first, name)
        if name == "two_factor":
            value = "required" if value else "optional"
        path = ("forges", actions[0].forge, "orgs", one.path, name)
        out.append(Edit("set", path, list(value) if isinstance(value, tuple) else value))
    return out or None


def _owner(action: Action, one: Membership, known: Known) -> list[Edit] | None:
    org = known.spec.forges[action.forge].orgs.get(one.org)
    if org is None or org.owners is None:
        return None
    path = ("forges", action.forge, "orgs", one.org, "owners")
    account = known.account(action.forge, one.login)
    was = action.before.role if isinstance(action.before, Membership) else ""
    if was == OWNER and account not in org.owners:
        return [Edit("add", path, account)]
    if was != OWNER and account in org.owners:
        return [Edit("drop", (*path, org.owners.index(account)))]
    return None
