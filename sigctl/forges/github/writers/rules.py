"""Branch rules: their rulesets are made and changed in place; what a narrower rule takes over is left out of wider ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from sigctl.core.kinds import BranchRule
from sigctl.core.levels import NATIVE, at_least
from sigctl.core.plan import Action
from sigctl.errors import NotThereError, PartialError
from sigctl.forges import sides
from sigctl.forges.github import rulesets
from sigctl.forges.github.client import Answer
from sigctl.forges.github.names import split
from sigctl.forges.github.readers.rules import ROLES
from sigctl.forges.github.rulesets import OWNERS, Ruleset, holds, left_out, parse, rulesets_of
from sigctl.forges.github.session import Session, path

_REVIEW = {
    "dismiss_stale_reviews_on_push": False,
    "require_code_owner_review": False,
    "require_last_push_approval": False,
    "required_review_thread_resolution": False,
}


def put(session: Session, action: Action) -> str:
    """Have exactly the rulesets that the rule is made of; at no moment is more allowed than before or after.

    Wider rules leave it out only once it is whole; and what they do not leave out yet, this one does not either: a run that ended
    between two requests may have left that half made.
    """
    rule = sides.after(action, BranchRule)
    there = _ours(session, rule.repo)
    others = _patterns(there, rule.on) | {rule.pattern}
    wanted = rulesets_of(rule, others)
    request_id = ""
    for one in wanted:
        number = there.get(one.name)
        kept = _as_left_out(session, rule, one, number, others) if number and one.exclude else one
        request_id = _save(session, rule.repo, kept, number)
    _tell_wider(session, rule, there, apart=True)
    for name in sorted(set(_parts(there, rule)) - {one.name for one in wanted}):
        request_id = session.remove(_url(rule.repo, there[name]))
    return request_id


def delete(session: Session, action: Action) -> str:
    """Remove the rulesets of the rule, once the wider rules hold for its refs again."""
    rule = sides.before(action, BranchRule)
    there = _ours(session, rule.repo)
    _tell_wider(session, rule, there, apart=False)
    request_id = ""
    for name in sorted(_parts(there, rule)):
        request_id = session.remove(_url(rule.repo, there[name]))
    return request_id


def _ours(session: Session, repo: str) -> dict[str, int]:
    """Return name -> number of the rulesets of the repository that are ours."""
    url = path("repos", *split(repo), "rulesets") + "?includes_parents=false"
    return {one["name"]: int(one["id"]) for one in session.every(url, about=[repo]) if parse(one["name"])}


def _patterns(names: Iterable[str], on: str) -> set[str]:
    return {named[2] for name in names if (named := parse(name)) and named[1] == on}


def _parts(names: Iterable[str], rule: BranchRule) -> list[str]:
    return [name for name in names if (named := parse(name)) and named[1:] == (rule.on, rule.pattern)]


def _tell_wider(session: Session, rule: BranchRule, there: Mapping[str, int], *, apart: bool) -> None:
    """Let the rules with wider patterns leave out what now has, or no longer has, a rule of its own."""
    for name, number in sorted(there.items()):
        _, on, pattern = parse(name) or ("", "", "")
        own = left_out(on, pattern, [rule.pattern]) if on == rule.on else frozenset()
        now = _found(session, rule.repo, number, name) if own else None
        if now is None or not holds(now, on, pattern):  # what does not hold is set right with its own rule
            continue
        others = rulesets.apart(now, on, pattern, _patterns(there, on) - {rule.pattern})
        exclude = now.exclude | own if apart else now.exclude - (own - left_out(on, pattern, others))
        if exclude != now.exclude:
            names = {"include": sorted(now.include), "exclude": sorted(exclude)}
            session.write("PUT", _url(rule.repo, number), {"conditions": {"ref_name": names}})


def _as_left_out(
    session: Session, rule: BranchRule, wanted: Ruleset, number: int, others: set[str]
) -> Ruleset:
    """Return the ruleset that leaves out only what it does now, of what has a rule of its own."""
    now = _found(session, rule.repo, number, wanted.name)
    if not holds(now, rule.on, rule.pattern):
        return wanted
    kept = rulesets.apart(now, rule.on, rule.pattern, others)
    return replace(wanted, exclude=left_out(rule.on, rule.pattern, kept))


def _found(session: Session, repo: str, number: int, name: str) -> Ruleset:
    """Return which refs a ruleset is for now, and whether it is in force."""
    answer = session.wait_for(_url(repo, number), lambda one: isinstance(one.data, dict))
    if answer is None:
        hint = "the next run reads it again; the token must be one that may read rulesets"
        raise PartialError(
            f"ruleset {number} of {repo} was listed and can't be read", hint, forge=session.name
        )
    names = (answer.data.get("conditions") or {}).get("ref_name") or {}
    include, exclude = (frozenset(names.get(side, ())) for side in ("include", "exclude"))
    active = answer.data["enforcement"] == "active"
    return Ruleset(name, answer.data["target"], include, exclude, frozenset(), frozenset(), active=active)


def _save(session: Session, repo: str, ruleset: Ruleset, number: int | None) -> str:
    body = _body(session, ruleset)
    if number is not None:
        return session.write("PUT", _url(repo, number), body, about=[repo]).request_id

    def happened() -> Answer | None:
        made = _ours(session, repo).get(ruleset.name)
        return session.look(_url(repo, made)) if made is not None else None

    url = path("repos", *split(repo), "rulesets")
    return session.write("POST", url, body, about=[repo], repeatable=False, happened=happened).request_id


def _url(repo: str, number: int) -> str:
    return path("repos", *split(repo), "rulesets", number)


def _body(session: Session, ruleset: Ruleset) -> dict[str, Any]:
    actors = [actor for subject, mode in sorted(ruleset.bypass) for actor in _actors(session, subject, mode)]
    return {
        "name": ruleset.name,
        "target": ruleset.target,
        "enforcement": "active",
        "bypass_actors": actors,
        "conditions": {"ref_name": {"include": sorted(ruleset.include), "exclude": sorted(ruleset.exclude)}},
        "rules": [_rule(one, ruleset) for one in sorted(ruleset.rules)],
    }


def _rule(type_: str, ruleset: Ruleset) -> dict[str, Any]:
    parameters: dict[str, dict[str, Any]] = {
        "update": {"update_allows_fetch_and_merge": False},
        "pull_request": {**_REVIEW, "required_approving_review_count": ruleset.reviews},
        "required_status_checks": {
            "required_status_checks": [{"context": check} for check in ruleset.checks],
            "strict_required_status_checks_policy": False,
        },
    }
    return {"type": type_, "parameters": parameters[type_]} if type_ in parameters else {"type": type_}


def _actors(session: Session, subject: str, mode: str) -> list[dict[str, Any]]:
    kind, _, name = subject.partition(":")
    if subject == OWNERS:
        return [{"actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": mode}]
    if kind == "level":
        enough = [number for number, level in ROLES.items() if at_least(level, name)]
        return [
            {"actor_id": number, "actor_type": "RepositoryRole", "bypass_mode": mode} for number in enough
        ]
    if kind == NATIVE.rstrip(":"):  # what we have no word for is written back as it was
        type_, _, number = name.partition(":")
        return [{"actor_id": int(number) or None, "actor_type": type_, "bypass_mode": mode}]
    if kind == "team":
        org, slug = split(name)
        return [
            {
                "actor_id": _number(session, path("orgs", org, "teams", slug)),
                "actor_type": "Team",
                "bypass_mode": mode,
            }
        ]
    return [{"actor_id": _number(session, path("users", name)), "actor_type": "User", "bypass_mode": mode}]


def _number(session: Session, url: str) -> int:
    found = session.wait_for(url, lambda _: True)
    if found is None:
        raise NotThereError(
            f"GET {url}: no such team or person", "a branch rule names it", forge=session.name
        )
    return int(found.data["id"])
