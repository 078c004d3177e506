"""The branches of each repository and who may do what there, the same on several forges told once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sigctl.app.access import Seen
from sigctl.core.access_rules import Judge
from sigctl.core.access_table import Names, Side, repos_of
from sigctl.core.kinds import BranchRule, Repo
from sigctl.core.levels import MAINTAIN
from sigctl.report.html.model import BranchFacts
from sigctl.spec import Spec
from sigctl.spec.entries import expand
from sigctl.spec.layout import team_ref
from sigctl.spec.resolve.hops import DeclaredBranch

ANYBODY, NOBODY = "whoever may write", "nobody"


def branches_of(seen: Seen) -> dict[str, list[BranchFacts]]:
    """Return repository -> its branches and patterns, by name."""
    places = {(one.at.forge, one.at.path, one.name): one for one in seen.resolved.branches}
    declared: dict[str, dict[str, DeclaredBranch]] = defaultdict(dict)
    for side in seen.sides:
        for (forge, path, name), one in places.items():
            if forge == side.forge:
                declared[side.names.repo(path)][name] = one
    spaces = _spaces(seen.config.spec)
    kernel = _kernel(seen.config.spec)
    found: dict[str, dict[BranchFacts, list[str]]] = defaultdict(lambda: defaultdict(list))
    forges: dict[str, set[str]] = defaultdict(set)
    for side in seen.sides:
        for repo in repos_of(side):
            name = side.names.repo(repo.path)
            forges[name].add(side.forge)
            owners = spaces if name == kernel else {}
            for fact in _on(side, repo, declared.get(name, {})):
                owner = owners.get(fact.name, fact.sig)
                found[name][fact if owner == fact.sig else fact._replace(sig=owner)].append(side.forge)
    return {
        name: sorted(
            (
                one if set(on) == forges[name] else one._replace(forges=tuple(sorted(on)))
                for one, on in facts.items()
            ),
            key=lambda one: (one.name in ("", "*"), one.sig, one.name, one.forges),
        )
        for name, facts in found.items()
    }


def _on(side: Side, repo: Repo, declared: Mapping[str, DeclaredBranch]) -> Iterable[BranchFacts]:
    """Yield the branches of one repository on one forge."""
    judge = side.judge
    rules = judge.rules.get(repo.path, [])
    seen = set()
    for rule in rules:
        seen.add(rule.pattern)
        yield _fact(rule, judge, side.names, declared.get(rule.pattern))
    granted = _granted(side, repo.path)
    for pattern, subjects in sorted(granted.items()):
        seen.add(pattern)
        yield BranchFacts(pattern, ", ".join(sorted(subjects)))
    if not rules and not granted:
        return
    if "*" not in seen:
        yield BranchFacts("", "those who may push every branch" if granted else ANYBODY)


def _granted(side: Side, path: str) -> dict[str, set[str]]:
    """Return pattern -> who may push it, where grants name their branches."""
    found: dict[str, set[str]] = defaultdict(set)
    if not side.judge.traits.push_by_pattern:
        return found
    for one in side.judge.grants_on(path):
        for pattern in one.branches or ():
            found[pattern].add(_subject(one.subject, side.names))
    return found


def _fact(rule: BranchRule, judge: Judge, names: Names, declared: DeclaredBranch | None) -> BranchFacts:
    push = rule.push
    if push is None and judge.traits.rules_open:
        push = (f"level:{MAINTAIN}",)
    merge = rule.merge if rule.merge is not None and set(rule.merge) != set(push or ()) else None
    return BranchFacts(
        rule.pattern,
        _who(push, names),
        "" if merge is None else _who(merge, names),
        rule.force,
        rule.delete,
        declared.start if declared else "",
        declared.lifecycle if declared else "active",
        declared.sig if declared else "",
        declared is not None,
    )


def _who(subjects: tuple[str, ...] | None, names: Names) -> str:
    if subjects is None:
        return ANYBODY
    return ", ".join(_subject(one, names) for one in subjects) or NOBODY


def _subject(one: str, names: Names) -> str:
    kind, _, name = one.partition(":")
    if kind == "team":
        return f"team {names.teams.get(name, name)}"
    if kind == "level":
        return f"{name} and up"
    if kind == "deploy_key":
        return f"deploy key {name}"
    return names.accounts.get(name, name)


def _kernel(spec: Spec) -> str:
    kernel = spec.kernel
    return f"{team_ref(kernel.release_team, '')[0]}/{kernel.repo}" if kernel is not None else ""


def _spaces(spec: Spec) -> dict[str, str]:
    """Return pattern -> the SIG whose namespace of the kernel it is."""
    out: dict[str, str] = {}
    for sig, part in spec.kernel.sigs.items() if spec.kernel else ():
        for pattern in expand(part.namespace.replace("{sig}", sig), spec.defaults.releases, own=True):
            out[pattern] = sig
        for branch in part.branches:
            for name in expand(branch.name or branch.pattern or "", spec.defaults.releases, own=branch.own):
                out[name] = sig
    return out
