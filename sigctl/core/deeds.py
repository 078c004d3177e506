"""Guards on single deeds, however few: publishing, deleting, archiving, emptying a team, and the first run on a forge in use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from sigctl.core.kinds import Features, Key, Repo, Team, TeamMember
from sigctl.core.kinds.features import EVERYONE
from sigctl.core.kinds.org import PUBLIC
from sigctl.core.plan import Action, Refusal
from sigctl.core.policy import Policy
from sigctl.core.state import State

REPOSITORY = "repository"
WORDS = {
    "publish": "private repositories would become public",
    "delete": "repositories, teams or groups would be deleted",
    "archive": "repositories would be archived",
    "empty_teams": "teams would lose their last member",
}
"""Deed -> what a refusal says; the words of policy.yaml."""


def judge_deeds(
    actions: Sequence[Action], wanted: State, seen: State, policy: Policy, forge: str
) -> list[Refusal]:
    """Return a refusal for every deed that is planned more often than the policy lets pass.

    Publishing and archiving count for repositories with a history of their own: what is empty, or gets its history from elsewhere,
    may be what an interrupted run has left behind on its way to being shown or archived.
    """
    done = _counted(actions, wanted, seen)
    out = []
    for deed, limit in sorted(policy.most.items()):
        names = done.get(deed, [])
        if len(names) > limit:
            shown = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")  # noqa: PLR2004  # enough to know which
            text = f"{forge}: {len(names)} {WORDS[deed]} ({shown}), at most {limit} may"
            hint = f"if it is meant, `--allow {deed}={len(names)} --reason TEXT`"
            out.append(Refusal(deed, len(names), limit, hint, text))
    return out


def judge_first_run(
    actions: Sequence[Action],
    wanted: State,
    seen: State,
    policy: Policy,
    forge: str,
    *,
    orgs: Collection[str],
) -> list[Refusal]:
    """Refuse to begin where nothing that is declared exists, and things that nobody declared do."""
    things = [key for key in seen if key.kind in (Repo.KIND, Team.KIND)]
    moved = {a.before.key for a in actions if a.verb == "move" and a.before}
    unknown = [key.name for key in things if key not in wanted and key.name.split("/")[0] in orgs]
    if not policy.first_run or not actions or moved or len(unknown) < len(things) or not unknown:
        return []
    text = f"{forge}: nothing declared exists there yet, but {len(unknown)} repositories and teams that no file knows"
    hint = f"declare them first, or go on with `--allow first_run={len(unknown)} --reason TEXT`"
    return [Refusal("first_run", len(unknown), 0, hint, text)]


def _counted(actions: Sequence[Action], wanted: State, seen: State) -> Mapping[str, list[str]]:
    olds = {a.key: a.before.key for a in actions if a.verb == "move" and a.before}
    out: dict[str, list[str]] = {deed: [] for deed in WORDS}
    for action in actions:
        name = action.key.name
        if _uncovers(action, wanted, seen, olds):
            out["publish"].append(name)
        if action.verb == "delete" and action.kind in ("repo", "team", "org"):
            out["delete"].append(name)
        old, ours = seen.get(olds.get(action.key, action.key)), wanted.get(action.key)
        if isinstance(old, Repo) and old.filled and not (isinstance(ours, Repo) and ours.filled):
            changed = action.changed()
            if changed.get("visibility", ("", ""))[1] == PUBLIC:
                out["publish"].append(name)
            if changed.get("archived", (None, None))[1] is True and not old.archived:
                out["archive"].append(name)
    out["empty_teams"] = _emptied(actions, seen)
    return out


def _uncovers(action: Action, wanted: State, seen: State, olds: Mapping[Key, Key]) -> bool:
    """Whether the history of a public repository, which only its members could read, is opened to everyone."""
    before, after = action.before, action.after
    if not isinstance(before, Features) or not isinstance(after, Features):
        return False
    repo = seen.get(olds.get(before.inside, before.inside))
    ours = wanted.get(before.inside)
    shown = isinstance(repo, Repo) and PUBLIC in (repo.visibility, getattr(ours, "visibility", None))
    opened = before.given().get(REPOSITORY) != EVERYONE and after.given().get(REPOSITORY) == EVERYONE
    return opened and shown and isinstance(repo, Repo) and repo.filled and not getattr(ours, "filled", False)


def _emptied(actions: Sequence[Action], seen: State) -> list[str]:
    names = {
        a.before.key.name: a.key.name
        for a in actions
        if a.verb == "move" and a.kind == Team.KIND and a.before
    }
    before = Counter(names.get(one.team, one.team) for one in seen.values() if isinstance(one, TeamMember))
    after = before.copy()
    gone = {a.key for a in actions if a.verb == "delete" and a.kind == Team.KIND}
    for action in actions:
        if isinstance(action.subject, TeamMember):
            after[action.subject.team] += (action.verb == "create") - (action.verb == "delete")
    return sorted(team for team in before if after[team] <= 0 and Key(Team.KIND, team) not in gone)
