"""Servers that work out who may push where: are their answers as the files say? Asked, reported, never written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import partial

from sigctl.core.globs import covers
from sigctl.core.kinds import BranchRule
from sigctl.core.kinds.branch import BRANCH
from sigctl.core.state import Note
from sigctl.errors import PartialError
from sigctl.forges.apart import Apart
from sigctl.forges.pagure.names import path
from sigctl.forges.pagure.session import Session

PROBE = "sigctl-probe"
"""Stands for whatever a `*` stands for."""
_SHOWN = 5
Question = tuple[str, str, str, bool]
"""Repository, login, branch, whether he may push there."""


def verify(
    session: Session,
    rules: Iterable[BranchRule],
    repos: Iterable[str],
    members: Mapping[str, list[str]],
    apart: Apart,
) -> list[Note]:
    """Return what the server's answers come to: one person of each team is asked about, since it looks at teams.

    A repository of which it gives none is set apart.
    """
    there = set(repos)

    def answer(repo: str, login: str, branch: str) -> bool | None:
        with apart.about(repo, BranchRule.KIND):
            return _may_push(session, repo, login, branch)
        return None

    questions = [q for q in _questions(rules, members) if q[0] in there]
    told = session.parallel([partial(answer, *question[:3]) for question in questions])
    asked = [question for question, one in zip(questions, told, strict=True) if one is not None]
    answers = [one for one in told if one is not None]
    if not asked:
        return []
    wrong: dict[str, list[str]] = defaultdict(list)
    for (repo, login, branch, should), may in zip(asked, answers, strict=True):
        if may != should:
            text = f"{login} {'may' if may else 'may not'} push {branch.replace(PROBE, '*')}"
            wrong[repo].append(text)
    said = f"the server works out who may push: {len(asked)} answers asked for, {len(asked) - sum(map(len, wrong.values()))} are as declared"
    return [
        Note("computed", session.name, said),
        *(_told(repo, found) for repo, found in sorted(wrong.items())),
    ]


def _told(repo: str, found: list[str]) -> Note:
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return Note(
        "computed", repo, f"not as declared: {', '.join(found[:_SHOWN])}{more}; ask the server's admin"
    )


def _questions(rules: Iterable[BranchRule], members: Mapping[str, list[str]]) -> Iterator[Question]:
    by_repo: dict[str, list[BranchRule]] = defaultdict(list)
    for rule in rules:
        if rule.on == BRANCH and rule.push is not None:
            by_repo[rule.repo].append(rule)
    for repo, found in sorted(by_repo.items()):
        everybody = {subject for rule in found for subject in rule.push or ()}
        for rule in found:
            branch = rule.pattern.replace("*", PROBE)
            if _decided_by_another(rule, branch, found):
                continue
            allowed = {login for subject in rule.push or () for login in _logins(subject, members)}
            for subject in sorted(everybody):
                for login in [
                    one
                    for one in _logins(subject, members)
                    if (one in allowed) == (subject in (rule.push or ()))
                ][:1]:
                    yield repo, login, branch, login in allowed


def _decided_by_another(rule: BranchRule, branch: str, rules: Iterable[BranchRule]) -> bool:
    return any(
        other.pattern != rule.pattern
        and covers(other.pattern, branch)
        and covers(rule.pattern, other.pattern)
        for other in rules
    )


def _logins(subject: str, members: Mapping[str, list[str]]) -> list[str]:
    kind, _, name = subject.partition(":")
    return members.get(name, []) if kind == "team" else [name]


def _may_push(session: Session, repo: str, login: str, branch: str) -> bool:
    found = session.get(path(repo, "hascommit"), user=login, branch=branch).get("hascommit")
    if not isinstance(found, bool):
        raise PartialError(f"{repo}: the server does not say who may push {branch}", forge=session.name)
    return found
