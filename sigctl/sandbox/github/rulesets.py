"""Rulesets of repositories and orgs."""

from __future__ import annotations

from typing import Any

from sigctl.sandbox.github import rights, rules, shapes
from sigctl.sandbox.github.call import NO_CONTENT, Call, Reply
from sigctl.sandbox.github.errors import forbidden, invalid, not_found
from sigctl.sandbox.github.routes import route
from sigctl.sandbox.github.state import USER, node_id
from sigctl.sandbox.store import Document

_REPO_SCOPES = ("repo",)
_ORG_SCOPES = ("admin:org",)
_ENFORCEMENT = ("disabled", "active", "evaluate")
_TARGETS = ("branch", "tag", "push")
_ACTORS = ("Integration", "OrganizationAdmin", "RepositoryRole", "Team", "DeployKey", "User")
_MODES = ("always", "pull_request", "exempt")
_PLAIN = ("creation", "deletion", "non_fast_forward", "required_linear_history", "required_signatures")
_WITH_PARAMETERS = (
    "update",
    "pull_request",
    "required_status_checks",
    "branch_name_pattern",
    "tag_name_pattern",
)
_NEEDS_PARAMETERS = ("pull_request", "required_status_checks", "branch_name_pattern", "tag_name_pattern")


@route("GET", "/repos/{owner}/{repo}/rulesets", "repos/get-repo-rulesets")
def list_repo_rulesets(call: Call) -> Reply:
    """List rulesets, without rules, conditions and bypass actors; those of the org too."""
    repo, state = call.part_of_repo(), call.state
    found = state.rulesets.find("repo", repo["id"])
    if call.query.get("includes_parents", "true") != "false":
        found = found + state.rulesets.find("org", repo["owner"])
    return call.page(found, lambda each: _short(call, each))


@route("POST", "/repos/{owner}/{repo}/rulesets", "repos/create-repo-ruleset", *_REPO_SCOPES)
def create_repo_ruleset(call: Call) -> Reply:
    """Make a ruleset of a repository."""
    repo = call.changeable_repo()
    made = _create(call, repo=repo["id"], org=None)
    return Reply(201, _full(call, made, repo))


@route("GET", "/repos/{owner}/{repo}/rulesets/{ruleset_id}", "repos/get-repo-ruleset")
def get_repo_ruleset(call: Call) -> Reply:
    """Tell of a ruleset; the bypass actors only to those who may push."""
    repo = call.part_of_repo()
    found = _named(call)
    if found["repo"] != repo["id"] and found["org"] != repo["owner"]:
        raise not_found()
    return Reply(200, _full(call, found, repo))


@route("PUT", "/repos/{owner}/{repo}/rulesets/{ruleset_id}", "repos/update-repo-ruleset", *_REPO_SCOPES)
def update_repo_ruleset(call: Call) -> Reply:
    """Change what the body names."""
    repo = call.changeable_repo()
    found = _own(call, "repo", repo["id"])
    return Reply(200, _full(call, _change(call, found), repo))


@route("DELETE", "/repos/{owner}/{repo}/rulesets/{ruleset_id}", "repos/delete-repo-ruleset", *_REPO_SCOPES)
def delete_repo_ruleset(call: Call) -> Reply:
    """Delete a ruleset."""
    repo = call.changeable_repo()
    call.state.rulesets.delete(_own(call, "repo", repo["id"])["id"])
    return Reply(NO_CONTENT)


@route("GET", "/repos/{owner}/{repo}/rules/branches/{branch*}", "repos/get-branch-rules")
def get_branch_rules(call: Call) -> Reply:
    """List all rules that hold for a branch, whether it exists or not."""
    repo, state = call.part_of_repo(), call.state
    found = [
        {"id": 0, "rule": rule, "ruleset": ruleset}
        for ruleset in rules.rulesets(state, repo, rules.HEADS + call.params["branch"])
        for rule in ruleset["rules"]
    ]
    return call.page(found, lambda each: {**each["rule"], **_origin(call, each["ruleset"])})


@route("GET", "/orgs/{org}/rulesets", "repos/get-org-rulesets", *_ORG_SCOPES)
def list_org_rulesets(call: Call) -> Reply:
    """List rulesets, without rules, conditions and bypass actors."""
    org = call.owned_org()
    return call.page(call.state.rulesets.find("org", org["id"]), lambda each: _short(call, each))


@route("POST", "/orgs/{org}/rulesets", "repos/create-org-ruleset", *_ORG_SCOPES)
def create_org_ruleset(call: Call) -> Reply:
    """Make a ruleset of an org; that needs a paid plan."""
    org = call.owned_org()
    if org["plan"] == "free":
        raise forbidden("Upgrade to GitHub Team to enable this feature.")
    return Reply(201, _full(call, _create(call, repo=None, org=org["id"])))


@route("GET", "/orgs/{org}/rulesets/{ruleset_id}", "repos/get-org-ruleset", *_ORG_SCOPES)
def get_org_ruleset(call: Call) -> Reply:
    """Tell of a ruleset."""
    return Reply(200, _full(call, _own(call, "org", call.owned_org()["id"])))


@route("PUT", "/orgs/{org}/rulesets/{ruleset_id}", "repos/update-org-ruleset", *_ORG_SCOPES)
def update_org_ruleset(call: Call) -> Reply:
    """Change what the body names."""
    return Reply(200, _full(call, _change(call, _own(call, "org", call.owned_org()["id"]))))


@route("DELETE", "/orgs/{org}/rulesets/{ruleset_id}", "repos/delete-org-ruleset", *_ORG_SCOPES)
def delete_org_ruleset(call: Call) -> Reply:
    """Delete a ruleset."""
    call.state.rulesets.delete(_own(call, "org", call.owned_org()["id"])["id"])
    return Reply(NO_CONTENT)


def _named(call: Call) -> Document:
    id_ = call.params["ruleset_id"]
    found = call.state.rulesets.get(int(id_)) if id_.isdecimal() else None
    if found is None:
        raise not_found()
    return found


def _own(call: Call, owner: str, id_: int) -> Document:
    found = _named(call)
    if found[owner] != id_:
        raise not_found()
    return found


def _create(call: Call, *, repo: int | None, org: int | None) -> Document:
    name = call.field("name", str, "RepositoryRuleset", required=True)
    if call.choice("enforcement", _ENFORCEMENT, "RepositoryRuleset") is None:
        raise invalid("RepositoryRuleset", "enforcement", "missing_field")
    fields = {"target": "branch", "bypass_actors": [], "conditions": None, "rules": []} | _fields(call)
    _check_name(call, str(name), repo, org)
    if org is not None and not set(fields["conditions"] or {}) & {
        "repository_name",
        "repository_id",
        "repository_property",
    }:
        raise invalid("RepositoryRuleset", "conditions", message="Conditions must say for which repositories")
    return call.state.add(call.state.rulesets, repo=repo, org=org, **fields)


def _change(call: Call, found: Document) -> Document:
    fields = _fields(call)
    if "name" in fields:
        _check_name(call, fields["name"], found["repo"], found["org"], but=found["id"])
    return call.state.touch(call.state.rulesets, found, **fields)


def _check_name(call: Call, name: str, repo: int | None, org: int | None, but: int | None = None) -> None:
    others = (
        call.state.rulesets.find("repo", repo) if repo is not None else call.state.rulesets.find("org", org)
    )
    if any(each["name"] == name and each["id"] != but for each in others):
        raise invalid("RepositoryRuleset", "name", "custom", "Name must be unique")


def _fields(call: Call) -> dict[str, Any]:
    """Return the fields that the body has, checked."""
    found: dict[str, Any] = {}
    for name, choices in (("enforcement", _ENFORCEMENT), ("target", _TARGETS)):
        if (word := call.choice(name, choices, "RepositoryRuleset")) is not None:
            found[name] = word
    if (name := call.field("name", str, "RepositoryRuleset")) is not None:
        found["name"] = name
    if (actors := call.field("bypass_actors", list, "RepositoryRuleset")) is not None:
        found["bypass_actors"] = [_actor(call, actor) for actor in actors]
    if (given := call.field("rules", list, "RepositoryRuleset")) is not None:
        found["rules"] = [_rule(rule) for rule in given]
    if (conditions := call.field("conditions", dict, "RepositoryRuleset")) is not None:
        names = conditions.get("ref_name") or {}
        ref_name = {"include": names.get("include", []), "exclude": names.get("exclude", [])}
        found["conditions"] = {**conditions, "ref_name": ref_name}
    return found


def _actor(call: Call, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid("RepositoryRuleset", "bypass_actors")
    type_, mode, id_ = given.get("actor_type"), given.get("bypass_mode", "always"), given.get("actor_id")
    if type_ not in _ACTORS or mode not in _MODES:
        raise invalid("RepositoryRuleset", "bypass_actors", message="Actor type or bypass mode is not known")
    state = call.state
    user = state.accounts.get(id_) if type_ == "User" else None
    unknown = (
        (type_ == "Team" and id_ not in state.teams)
        or (type_ == "User" and (user is None or user["type"] != USER))
        or (type_ == "RepositoryRole" and id_ not in rules.REPOSITORY_ROLES)
    )
    if unknown:
        raise invalid("RepositoryRuleset", "bypass_actors", message=f"Actor {id_} ({type_}) does not exist")
    if type_ in ("OrganizationAdmin", "DeployKey"):
        id_ = None  # reads back so, whatever was sent
    return {"actor_id": id_, "actor_type": type_, "bypass_mode": mode}


def _rule(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise invalid("RepositoryRuleset", "rules")
    type_, parameters = given.get("type"), given.get("parameters")
    if type_ not in _PLAIN + _WITH_PARAMETERS:
        raise invalid("RepositoryRuleset", "rules", message=f"Invalid rule '{type_}'")
    if type_ in _NEEDS_PARAMETERS and not parameters:
        raise invalid("RepositoryRuleset", "rules", message=f"Invalid parameters for rule '{type_}'")
    return {"type": type_, "parameters": parameters} if parameters else {"type": type_}


def _short(call: Call, ruleset: Document) -> dict[str, Any]:
    state = call.state
    repo = state.repos.get(ruleset["repo"])
    name = state.full_name(repo) if repo else state.accounts[ruleset["org"]]["login"]
    place = f"repos/{name}" if repo else f"orgs/{name}"
    page = f"{name}/rules" if repo else f"organizations/{name}/settings/rules"
    return {
        "id": ruleset["id"],
        "name": ruleset["name"],
        "target": ruleset["target"],
        "source_type": "Repository" if repo else "Organization",
        "source": name,
        "enforcement": ruleset["enforcement"],
        "node_id": node_id("RRS", ruleset["id"]),
        "_links": {
            "self": {"href": f"{call.base}/{place}/rulesets/{ruleset['id']}"},
            "html": {"href": f"{shapes.site(call)}/{page}/{ruleset['id']}"},
        },
        "created_at": ruleset["created_at"],
        "updated_at": ruleset["updated_at"],
    }


def _full(call: Call, ruleset: Document, repo: Document | None = None) -> dict[str, Any]:
    shown = {**_short(call, ruleset), "conditions": ruleset["conditions"] or {}, "rules": ruleset["rules"]}
    org = ruleset["org"]
    writer = (
        call.state.is_owner(org, call.caller)
        if org
        else repo and rights.may(call.state, repo, call.caller, "push")
    )
    if writer:
        shown["bypass_actors"] = ruleset["bypass_actors"]
    if repo is not None and call.me is not None:
        free = rules.bypasses(call.state, repo, call.me["id"], ruleset)
        shown["current_user_can_bypass"] = "always" if free else "never"
    return shown


def _origin(call: Call, ruleset: Document) -> dict[str, Any]:
    short = _short(call, ruleset)
    return {
        "ruleset_source_type": short["source_type"],
        "ruleset_source": short["source"],
        "ruleset_id": ruleset["id"],
    }
