"""Settings of repositories, teams and orgs: said where all forges agree, left out and told of where they don't."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sigctl.adopt.checked import group_rules
from sigctl.adopt.hanging import key_names, org_hooks
from sigctl.core import levels
from sigctl.core.kinds import BranchRule, Features, Grant, Key, Membership, Org, Repo, Team
from sigctl.core.kinds.branch import BRANCH, DEPLOY_KEY, key_in
from sigctl.core.kinds.features import ACCESS, EVERYONE, OFF
from sigctl.core.kinds.org import OPENNESS, OWNER
from sigctl.spec.layout import above

if TYPE_CHECKING:
    from sigctl.adopt.build import Builder
    from sigctl.adopt.model import Source

Data = dict[str, Any]
_REPO = ("description", "visibility", "default_branch", "archived", "homepage", "topics", "issues", "wiki")
_MERGE = {
    "merge_commit": "commit",
    "squash_merge": "squash",
    "rebase_merge": "rebase",
    "delete_branch_on_merge": "delete_branch",
}
_GLOB = re.compile(r"[^\s~^?\[:\\\x00-\x1f\x7f{}]+")
_ORG = ("title", "base_level", "members_create_repos", "members_create", "fork_private", "create_repos", "create_groups", "share_outside", "protect_default", "deploy_keys")  # fmt: skip


def repo_settings(builder: Builder, found: Mapping[str, Repo]) -> Data:
    """Return what the files say of a repository beside rights and rules."""
    out: Data = {}
    for name in (*_REPO, *_MERGE):
        values = {forge: getattr(one, name) for forge, one in found.items() if getattr(one, name) is not None}
        if name == "default_branch":
            values = {forge: value for forge, value in values.items() if found[forge].filled and value}
        said = list(dict.fromkeys(values.values()))
        if len(said) > 1:
            where = ", ".join(f"{value!r} on {forge}" for forge, value in sorted(values.items()))
            builder.say(
                "",
                next(iter(found.values())).path,
                f"{name.replace('_', ' ')} is {where}: it is not declared",
            )
        if len(said) != 1 or not _sayable(name, said[0]):
            continue
        value = list(said[0]) if isinstance(said[0], tuple) else said[0]
        if name in _MERGE:
            out.setdefault("merge", {})[_MERGE[name]] = value
        else:
            out[name] = value
    if features := _features(builder, found):
        out["features"] = features
    forks = {one.fork_of for one in found.values() if one.fork_of}
    if len(forks) == 1:
        out["fork_of"] = forks.pop()
    return out


def _features(builder: Builder, found: Mapping[str, Repo]) -> Data:
    """Return who has what, where that is not so in every new repository; of the first forge that tells."""
    for source in builder.sources:
        told = (
            source.observation.state.get(Key(Features.KIND, found[source.name].path))
            if source.name in found
            else None
        )
        if isinstance(told, Features):
            return {name: who for name, who in told.given().items() if _unusual(source, name, who)}
    return {}


def _unusual(source: Source, name: str, who: str) -> bool:
    """Whether it is not so in every new repository, nor said by `issues` and `wiki`, which are on or off."""
    said = name in ("issues", "wiki") and who in (OFF, EVERYONE)
    return who in ACCESS and not said and source.traits.features.get(name) != who


def _sayable(name: str, value: Any) -> bool:
    if name == "visibility":
        return value in OPENNESS
    if name == "default_branch":
        return bool(_GLOB.fullmatch(value)) and "*" not in value
    return name != "description" or "\n" not in value


def team_texts(builder: Builder, found: Mapping[str, Team]) -> Data:
    """Return title, description and secrecy of a team, so that each forge keeps what it has."""
    titled = {one.name for one in builder.sources if one.traits.team_is_group}
    titles = {team.title for forge, team in found.items() if forge in titled and team.title}
    descriptions = {team.description or "" for team in found.values()}
    plain = {team.description or "" for forge, team in found.items() if forge not in titled}
    out: Data = {}
    shown = {team.description or "" for forge, team in found.items() if forge in titled}
    described = (
        titles if plain == titles and shown == {""} else descriptions
    )  # a title stands for a description that is missing
    description = descriptions.pop() if len(descriptions) == 1 else None
    if description is None and described is descriptions:
        builder.say(
            "",
            next(iter(found.values())).path,
            "its description differs between the forges: it is not declared",
        )
    title = titles.pop() if len(titles) == 1 else None
    if description:
        out["description"] = description
    if title and (description or not plain or plain == {title}):
        out["title"] = title
    keeping = {one.name for one in builder.sources if "secret" in one.traits.fields.get(Team.KIND, ())}
    if any(team.secret for forge, team in found.items() if forge in keeping):
        out["secret"] = True
    for forge, team in found.items():
        if team.parent:
            builder.say(
                forge,
                team.path,
                f"it is within the team {team.parent}, which the files don't say: it stays there",
            )
    return out


def rules_of(builder: Builder, found: Mapping[str, Repo]) -> Data:
    """Return the rules for branches and tags of a repository, of the first forge that has some."""
    out: Data = {}
    for source in builder.sources:
        repo = found.get(source.name)
        if repo is None:
            continue
        mine: dict[str, list[Data]] = {"branches": [], "tags": []}
        for one in builder.inner(source, repo.key):
            if isinstance(one, BranchRule):
                rule = _rule(builder, source, one)
                if rule is None:
                    builder.say(source.name, repo.path, f"the rule for {one.on} {one.pattern} can't be said")
                else:
                    mine["branches" if one.on == BRANCH else "tags"].append(rule)
        for kind, rules in mine.items():
            if rules and kind not in out:
                out[kind] = _as_namespaces(
                    sorted(rules, key=lambda rule: (rule["pattern"] == "*", rule["pattern"]))
                )
    return out


def _rule(builder: Builder, source: Source, one: BranchRule) -> Data | None:
    if not _GLOB.fullmatch(one.pattern) or one.pattern.startswith("/") or ".." in one.pattern:
        return None
    sig = next(
        (
            key[0]
            for key, found in builder.repos.items()
            if found.get(source.name) and found[source.name].path == one.repo
        ),
        "",
    )
    out: Data = {"pattern": one.pattern}
    for name in ("push", "merge", "create"):
        subjects = getattr(one, name)
        if subjects is None:
            continue
        if subjects == (f"level:{levels.WRITE}",):
            continue  # whoever may write: what holds where the files name nobody
        named = _named(builder, source, sig, one.inside, subjects)
        if named is None:
            return None
        out[name] = named
    if out.get("create") == out.get("push"):
        out.pop("create", None)
    out |= _terms(source, one)
    if one.unprotect not in (None, (f"level:{levels.MAINTAIN}",)):
        keepers = _named(builder, source, sig, one.inside, one.unprotect or ())
        if keepers:
            out["unprotect"] = keepers
        else:
            text = f"who may take away the rule for {one.pattern} can't be said: it stays as it is"
            builder.say(source.name, one.repo, text)
    return out


def _terms(source: Source, one: BranchRule) -> Data:
    """Return what a rule asks beside who may do something; where one number of reviews is for all, none needs no word."""
    out: Data = {}
    for name in ("force", "delete", "reviews"):
        silent = name == "reviews" and source.traits.one_review_count and not one.reviews
        if getattr(one, name) is not None and not silent:
            out[name] = getattr(one, name)
    if one.code_owners:
        out["code_owners"] = True
    if one.checks is not None:
        out["checks"] = list(one.checks)
    return out


def _named(
    builder: Builder, source: Source, sig: str, repo: Key, subjects: Iterable[str]
) -> list[str] | None:
    """Return the subjects as the files name them, a level as those who have it; None where one can't be named."""
    out: set[str] = set()
    for subject in subjects:
        if subject == source.observation.own_way:
            continue  # it lets in the account that sigctl runs as, and is added to what the files say
        kind, _, level = subject.partition(":")
        if kind != "level":
            title = (
                key_names(builder, source, repo).get(key_in(subject))
                if subject.startswith(DEPLOY_KEY)
                else None
            )
            name = f"{DEPLOY_KEY}{title}" if title else builder.subject(source, sig, subject)
            if name is None:
                return None
            out.add(name)
            continue
        if not levels.is_known(level):
            return None
        for key in (repo, *(Key(Org.KIND, path) for path in above(repo.name))):
            for grant in builder.inner(source, key):
                if (
                    isinstance(grant, Grant)
                    and levels.is_known(grant.level)
                    and levels.at_least(grant.level, level)
                ):
                    name = builder.subject(source, sig, grant.subject)
                    out |= {name} if name else set()
    return sorted(out)


def _as_namespaces(rules: list[Data]) -> list[Data]:
    """Return the rules in which NAME and NAME-* of one kind are written once, as NAME with `own`."""
    by_pattern = {rule["pattern"]: rule for rule in rules}
    out = []
    for rule in rules:
        pattern = rule["pattern"]
        base = by_pattern.get(pattern.removesuffix("-*")) if pattern.endswith("-*") else None
        if base is not None and _rest(base) == _rest(rule) and "*" not in base["pattern"]:
            continue
        wide = by_pattern.get(f"{pattern}-*")
        own = wide is not None and "*" not in pattern and _rest(wide) == _rest(rule)
        out.append({"pattern": pattern, "own": True, **_rest(rule)} if own else rule)
    return out


def _rest(rule: Data) -> Data:
    return {name: value for name, value in rule.items() if name != "pattern"}


def org_settings(builder: Builder, source: Source) -> tuple[Data, str]:
    """Return settings and owners of the orgs, and the visibility that most groups have ("" where groups have none)."""
    state = source.observation.state
    orgs = [
        one for one in state.values() if isinstance(one, Org) and one.path.partition("/")[0] in source.orgs
    ]
    seen = Counter(one.visibility for one in orgs if one.visibility in OPENNESS)
    usual = str(seen.most_common(1)[0][0]) if seen and source.traits.nested_orgs else ""
    out: Data = {}
    for one in orgs:
        if (source.name, one.path) in builder.leave.orgs:
            continue
        data: Data = {}
        top = "/" not in one.path
        if one.visibility in OPENNESS and one.visibility != usual and source.traits.nested_orgs:
            data["visibility"] = one.visibility
        if top:
            data |= {
                name: _listed(getattr(one, name)) for name in _ORG if getattr(one, name) not in (None, "")
            }
            if "members_create" in data:
                data.pop("members_create_repos", None)  # the finer of the two says both
            if one.two_factor is not None:
                data["two_factor"] = "required" if one.two_factor else "optional"
            owners = [
                builder.account(source, m.login)
                for m in state.values()
                if isinstance(m, Membership)
                and m.org == one.path
                and m.role == OWNER
                and builder.has(source, m.login)
            ]
            if owners:
                data["owners"] = sorted(owners)
        below = {
            "webhooks": org_hooks(builder, source, one),
            "push_rules": group_rules(builder, source, one),
        }
        data |= {name: said for name, said in below.items() if said}
        if data:
            out[one.path] = data
    return out, usual


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
