"""What a plan may not do, judged on the whole of it: each refusal says the number, the limit and the way out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sigctl.core.holders import owners_of
from sigctl.core.kinds import Key, Ref
from sigctl.core.kinds.ref import MOVED
from sigctl.core.plan import Action, Refusal
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import State

GROUPS = {
    "membership": "members",
    "team_member": "members",
    "grant": "grants",
    "team": "teams",
    "repo": "repos",
    "org": "orgs",
    "branch_rule": "branch_rules",
    "ref": "refs",
    "label": "labels",
    "webhook": "webhooks",
    "deploy_key": "deploy_keys",
    "classic_rule": "branch_rules",
    "actions": "settings",
    "security": "settings",
    "push_rules": "settings",
    "approvals": "settings",
    "properties": "settings",
    "features": "settings",
    "group_rule": "branch_rules",
}
"""Kind -> the word that policy.yaml has for it."""


TOTAL = "total"
"""Everything together, where policy.yaml says so."""


def judge(
    actions: Sequence[Action],
    seen: State,
    policy: Policy,
    forge: str,
    me: str = "",
    *,
    sigs: Mapping[Key, str] | None = None,
) -> list[Refusal]:
    """Return every refusal of one forge's actions, given what the forge holds now; empty when all may go on."""
    return [
        *_removals(actions, seen, policy, forge),
        *_per_sig(actions, seen, policy, forge, sigs or {}),
        *_owners(actions, seen, policy, forge, me),
        *(_ourselves(actions, forge, me) if policy.keep_self and me else []),
    ]


def is_removal(action: Action) -> bool:
    """Whether the action takes a thing, a right or history away; closing or archiving a repository keeps all there is."""
    if isinstance(action.subject, Ref):
        return action.subject.why not in ("", MOVED)
    if action.verb == "delete":
        return action.kind not in ("branch_rule", "classic_rule")
    return action.effect == "narrows" and action.kind in ("grant", "membership", "deploy_key")


def _removals(actions: Sequence[Action], seen: State, policy: Policy, forge: str) -> list[Refusal]:
    population = Counter(GROUPS[key.kind] for key in seen)
    removed = Counter(GROUPS[action.kind] for action in _taken(actions))
    found = [
        _too_many(group, count, population[group], policy, forge) for group, count in sorted(removed.items())
    ]
    if TOTAL in policy.max_removals:
        found.append(_too_many(TOTAL, removed.total(), population.total(), policy, forge))
    return [refusal for refusal in found if refusal is not None]


def _taken(actions: Sequence[Action]) -> list[Action]:
    shut = {a.key for a in actions if a.changed().get("archived", (None, False))[1] is True}
    return [a for a in actions if is_removal(a) and not (a.verb == "update" and a.subject.inside in shut)]


def _per_sig(
    actions: Sequence[Action], seen: State, policy: Policy, forge: str, sigs: Mapping[Key, str]
) -> list[Refusal]:
    if not policy.per_sig:
        return []
    population = Counter(
        (sigs.get(key) or (sigs.get(one.inside, "") if one.inside else ""), GROUPS[key.kind])
        for key, one in seen.items()
    )
    removed = Counter((action.sig, GROUPS[action.kind]) for action in _taken(actions) if action.sig)
    out = []
    for (sig, group), count in sorted(removed.items()):
        limit = policy.per_sig.get(group) or policy.per_sig.get("default")
        there = population[sig, group]
        if limit is not None and not limit.allows(count, there):
            ceiling, guard = limit.ceiling(there), f"per_sig.{sig}.{group}"
            text = f"{forge}: {count} of {there} {group} of SIG {sig} would be removed or narrowed, at most {ceiling} may be"
            hint = f"check the file of the SIG; if it is meant, `--allow {guard}={count} --reason TEXT`"
            out.append(Refusal(guard, count, ceiling, hint, text))
    return out


def judge_refs(actions: Iterable[Action], present: Mapping[str, int], policy: Policy) -> list[Refusal]:
    """Return every refusal of the changes of refs; `present` is the number of refs at the targets of each forge."""
    removed = Counter(action.forge for action in actions if is_removal(action))
    found = (
        _too_many("refs", count, present.get(forge, 0), policy, forge or "elsewhere")
        for forge, count in sorted(removed.items())
    )
    return [refusal for refusal in found if refusal is not None]


def _too_many(group: str, count: int, population: int, policy: Policy, forge: str) -> Refusal | None:
    limit = policy.max_removals.get(group) or policy.max_removals.get("default") or Limit()
    if limit.allows(count, population):
        return None
    ceiling = limit.ceiling(population)
    what = "removed or overwritten" if group == "refs" else "removed or narrowed"
    text = f"{forge}: {count} of {population} {group} would be {what}, at most {ceiling} may be"
    hint = f"check the files; if it is meant, `--allow max_removals.{group}={count} --reason TEXT`"
    return Refusal(f"max_removals.{group}", count, ceiling, hint, text)


def _owners(actions: Sequence[Action], seen: State, policy: Policy, forge: str, me: str) -> list[Refusal]:
    now = dict(seen)
    for action in actions:
        if action.before is not None:
            now.pop(action.before.key, None)
        if action.after is not None:
            now[action.after.key] = action.after
    before, after = owners_of(seen.values()), owners_of(now.values())
    least = max(1, policy.minimum_owners)
    out = []
    lost: list[tuple[str, str]] = []
    for org, owners in sorted(before.items()):
        left = after.get(org, set()) | ({me} if me in owners else set())
        if left >= owners:
            continue
        if len(left) < least:
            text = f"{forge}: {org} would keep {len(left)} owners, it needs {least}"
            hint = f"declare more owners of {org}"
            if left:
                hint += f", or lower guards.minimum_owners; if it is meant, `--allow minimum_owners={len(left)} --reason TEXT`"
            else:
                hint += "; nothing lets the last one go"
            out.append(Refusal("minimum_owners", len(left), least, hint, text))
        required = policy.required_owners.get(forge, frozenset()) & owners
        lost += [(login, org) for login in sorted(required - left)]
    for login, org in lost:
        text = f"{forge}: {login} is a required owner and would no longer own {org}"
        hint = (
            f"add {login} to the owners of {org}, or take the account out of guards.required_owners; if it is meant, "
            f"`--allow required_owners={len(lost)} --reason TEXT`"
        )
        out.append(Refusal("required_owners", len(lost), 0, hint, text))
    return out


def _ourselves(actions: Iterable[Action], forge: str, me: str) -> list[Refusal]:
    hit = [a for a in actions if a.effect == "narrows" and a.subject.who().casefold() == me.casefold()]
    if not hit:
        return []
    text = f"{forge}: {len(hit)} actions take rights from {me}, the account sigctl runs as"
    hint = (
        f"run as another account, or take them away by hand; if it is meant, `--allow keep_self={len(hit)} --reason TEXT`: "
        "what is left of the run may fail then"
    )
    return [Refusal("keep_self", len(hit), 0, hint, text)]
