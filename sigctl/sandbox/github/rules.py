"""Which rules hold for a ref: rulesets of repository and org, and the older branch protection."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from sigctl.sandbox.base import ZERO, Refusal, Update
from sigctl.sandbox.github import rights
from sigctl.sandbox.github.state import ORG, State
from sigctl.sandbox.store import Document

HEADS, TAGS = "refs/heads/", "refs/tags/"
REPOSITORY_ROLES = {1: "pull", 2: "maintain", 3: "triage", 4: "push", 5: "admin"}
"""Actor ids of the roles that a ruleset can let bypass."""
_ALWAYS = ("always", "exempt")
_REVIEWED = ("pull_request", "required_status_checks", "merge_queue")


def rulesets(state: State, repo: Document, ref: str) -> Iterator[Document]:
    """Yield the active rulesets that hold for a ref."""
    for ruleset in (*state.rulesets.find("repo", repo["id"]), *state.rulesets.find("org", repo["owner"])):
        if (
            ruleset["enforcement"] == "active"
            and _covers(state, ruleset, repo)
            and _matches(ruleset, repo, ref)
        ):
            yield ruleset


def protection(state: State, repo: Document, branch: str) -> Document | None:
    """Return the branch protection that holds: an exact name first, then the oldest pattern that matches."""
    found = state.protections.find("repo", repo["id"])
    exact = next((each for each in found if each["pattern"] == branch), None)
    return exact or next((each for each in found if glob(each["pattern"]).fullmatch(branch)), None)


def is_protected(state: State, repo: Document, branch: str) -> bool:
    """Whether any rule holds for the branch."""
    return protection(state, repo, branch) is not None or any(
        True for _ in rulesets(state, repo, HEADS + branch)
    )


def refusal(state: State, repo: Document, user: int, update: Update) -> Refusal | None:
    """Return why the rules refuse an update by a user, None when they don't; what only forbids force comes last."""
    found = list(_violations(state, repo, user, update))
    always = [each for each in found if not each.only_force]
    return next(iter(always or found), None)


def bypasses(state: State, repo: Document, user: int, ruleset: Document) -> bool:
    """Whether a user may push past a ruleset."""
    return any(
        a["bypass_mode"] in _ALWAYS and _is_actor(state, repo, user, a) for a in ruleset["bypass_actors"]
    )


def in_teams(state: State, user: int, teams: Iterable[int]) -> bool:
    """Whether the user is in one of the teams or in a team below one."""
    wanted = set(teams)
    seats = state.team_members.find("user", user)
    return any(each["id"] in wanted for seat in seats for each in state.parents(state.teams[seat["team"]]))


@lru_cache(maxsize=4096)
def glob(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a pattern: `*` stays within a part of the name, `**/` goes over parts."""
    text, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            text, at = f"{text}(?:.+/)?", at + 3
        elif pattern.startswith("**", at):
            text, at = f"{text}.*", at + 2
        elif pattern[at] == "*":
            text, at = f"{text}[^/]*", at + 1
        elif pattern[at] == "?":
            text, at = f"{text}[^/]", at + 1
        elif pattern[at] == "[" and "]" in pattern[at + 2 :]:
            end = pattern.index("]", at + 2)
            text, at = f"{text}{_set(pattern[at + 1 : end])}", end + 1
        else:
            text, at = text + re.escape(pattern[at]), at + 1
    return re.compile(text)


def _set(inside: str) -> str:
    negated = inside[0] in "!^"
    chosen = re.escape(inside[1:] if negated else inside).replace(r"\-", "-")
    return f"[{'^' if negated else ''}{chosen}]"


def _violations(state: State, repo: Document, user: int, update: Update) -> Iterator[Refusal]:
    for ruleset in rulesets(state, repo, update.ref):
        if not bypasses(state, repo, user, ruleset):
            for rule in ruleset["rules"]:
                yield from _by_rule(rule["type"], update)
    if update.ref.startswith(HEADS):
        found = protection(state, repo, update.ref.removeprefix(HEADS))
        if found is not None:
            yield from _by_protection(state, repo, user, found, update)


def _by_rule(type_: str, update: Update) -> Iterator[Refusal]:
    creates, deletes = update.old == ZERO, update.new == ZERO
    moves = not creates and not deletes
    start = f"error: GH013: Repository rule violations found for {update.ref}.\n\n"
    if type_ == "creation" and creates:
        yield Refusal(f"{start}- Cannot create ref due to creations being restricted.")
    elif type_ == "deletion" and deletes:
        yield Refusal(f"{start}- Cannot delete this protected ref.")
    elif type_ == "update" and moves:
        yield Refusal(f"{start}- Cannot update this protected ref.")
    elif type_ == "non_fast_forward" and moves:
        yield Refusal(f"{start}- Cannot force-push to this branch", only_force=True)
    elif type_ in _REVIEWED and moves:
        yield Refusal(f"{start}- Changes must be made through a pull request.")


def _by_protection(
    state: State, repo: Document, user: int, found: Document, update: Update
) -> Iterator[Refusal]:
    creates, deletes = update.old == ZERO, update.new == ZERO
    start = f"error: GH006: Protected branch update failed for {update.ref}.\n"
    if deletes and not found["allows_deletions"]:
        yield Refusal(f"{start}- Cannot delete this branch")
    force = found["force_allowances"]
    may_force = found["allows_force_pushes"] or (force is not None and _listed(state, user, force))
    if not creates and not deletes and not may_force:
        yield Refusal(f"{start}- Cannot force-push to this branch", only_force=True)
    if rights.may(state, repo, user, "admin") and not found["enforce_admins"]:
        return
    if found["lock_branch"] and not creates:
        yield Refusal(f"{start}- Cannot change this locked branch")
    pushers = found["restrictions"]
    if (
        pushers is not None
        and not _listed(state, user, pushers)
        and (not creates or found["block_creations"])
    ):
        yield Refusal(f"{start}- You're not authorized to push to this branch.")
    reviews = found["reviews"]
    if reviews is not None and not creates and not deletes and not _listed(state, user, reviews["bypass"]):
        yield Refusal(f"{start}- Changes must be made through a pull request.")


def _listed(state: State, user: int, people: Document) -> bool:
    return user in people["users"] or in_teams(state, user, people["teams"])


def _is_actor(state: State, repo: Document, user: int, actor: Document) -> bool:
    type_, id_ = actor["actor_type"], actor["actor_id"]
    if type_ == "OrganizationAdmin":
        return state.is_owner(repo["owner"], user)
    if type_ == "RepositoryRole":
        return rights.may(state, repo, user, REPOSITORY_ROLES.get(id_, "admin"))
    if type_ == "Team":
        return in_teams(state, user, [id_])
    return bool(type_ == "User" and id_ == user)


def _covers(state: State, ruleset: Document, repo: Document) -> bool:
    """Whether a ruleset of the org is meant for the repository."""
    if ruleset["repo"] is not None or state.accounts[repo["owner"]]["type"] != ORG:
        return True
    conditions = ruleset["conditions"] or {}
    if "repository_id" in conditions:
        return repo["id"] in conditions["repository_id"]["repository_ids"]
    names = conditions.get("repository_name")
    if names is None:
        return "repository_property" not in conditions
    return _included(names, lambda p: p == "~ALL" or bool(glob(p).fullmatch(repo["name"])))


def _matches(ruleset: Document, repo: Document, ref: str) -> bool:
    start = {"branch": HEADS, "tag": TAGS}.get(ruleset["target"])
    names = (ruleset["conditions"] or {}).get("ref_name")
    if start is None or not ref.startswith(start) or names is None:
        return False
    default = HEADS + repo["default_branch"]
    return _included(
        names,
        lambda p: p == "~ALL" or (p == "~DEFAULT_BRANCH" and ref == default) or bool(glob(p).fullmatch(ref)),
    )


def _included(names: Document, fits: Callable[[str], bool]) -> bool:
    return any(map(fits, names["include"])) and not any(map(fits, names["exclude"]))
