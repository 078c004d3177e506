"""A broad table of calls to the GitHub-shaped server, good and bad, in the order in which they make sense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from github_part_calls import PARTS

BOT = "sigctl-bot"


@dataclass(frozen=True)
class Step:
    """One call and the status it must have."""

    status: int
    method: str
    path: str
    body: Any = None
    who: str = BOT
    valid: bool = True
    """Whether the request itself is as GitHub describes it."""


def bad(status: int, method: str, path: str, body: Any = None, who: str = BOT) -> Step:
    return Step(status, method, path, body, who, valid=False)


def ok(status: int, method: str, path: str, body: Any = None, who: str = BOT) -> Step:
    return Step(status, method, path, body, who)


ORGS, T, R = "/orgs/CentOS", "/orgs/CentOS/teams", "/repos/CentOS/xen"

ACCOUNTS = [
    ok(200, "GET", "/user"),
    ok(200, "GET", "/users/member"),
    ok(200, "GET", "/users/CentOS"),
    ok(404, "GET", "/users/nobody-at-all"),
    ok(404, "GET", "/user/1"),
    ok(200, "GET", "/user/{member}"),
    ok(401, "GET", "/user", who=""),
    ok(401, "GET", "/user", who="wrong"),
    ok(200, "GET", "/"),
    ok(200, "GET", "/meta"),
    ok(200, "GET", "/rate_limit"),
    ok(404, "GET", "/orgs/nowhere"),
]
ORG = [
    ok(200, "GET", ORGS),
    ok(200, "GET", ORGS, who="outsider"),
    ok(
        200,
        "PATCH",
        ORGS,
        {"default_repository_permission": "none", "members_can_create_repositories": False},
    ),
    ok(404, "PATCH", ORGS, {"name": "x"}, who="outsider"),
    bad(422, "PATCH", ORGS, {"default_repository_permission": "everything"}),
    ok(200, "PUT", f"{ORGS}/memberships/member", {"role": "member"}),
    ok(200, "GET", f"{ORGS}/memberships/member"),
    ok(200, "GET", "/user/memberships/orgs", who="member"),
    ok(200, "GET", "/user/memberships/orgs/CentOS", who="member"),
    ok(200, "PATCH", "/user/memberships/orgs/CentOS", {"state": "active"}, who="member"),
    ok(404, "PATCH", "/user/memberships/orgs/CentOS", {"state": "active"}, who="outsider"),
    ok(200, "GET", "/user/memberships/orgs/CentOS", who="member"),
    ok(200, "PUT", f"{ORGS}/memberships/waiting", {"role": "admin"}),
    ok(404, "PUT", f"{ORGS}/memberships/nobody-at-all", {"role": "member"}),
    ok(403, "PUT", f"{ORGS}/memberships/outsider", {"role": "member"}, who="member"),
    bad(422, "PUT", f"{ORGS}/memberships/outsider", {"role": "king"}),
    ok(403, "PUT", f"{ORGS}/memberships/{BOT}", {"role": "member"}),
    ok(200, "GET", f"{ORGS}/invitations"),
    ok(404, "GET", f"{ORGS}/invitations", who="member"),
    ok(200, "GET", f"{ORGS}/failed_invitations"),
    ok(201, "POST", f"{ORGS}/invitations", {"email": "someone@example.org", "role": "direct_member"}),
    ok(422, "POST", f"{ORGS}/invitations", {"role": "direct_member"}),
    ok(200, "GET", f"{ORGS}/invitations/{{invitation}}/teams"),
    ok(204, "DELETE", f"{ORGS}/invitations/{{invitation}}"),
    ok(404, "DELETE", f"{ORGS}/invitations/{{invitation}}"),
    ok(200, "GET", f"{ORGS}/members?role=admin&per_page=1"),
    ok(200, "GET", f"{ORGS}/members?filter=2fa_disabled"),
    ok(200, "GET", f"{ORGS}/members", who="outsider"),
    ok(204, "GET", f"{ORGS}/members/member"),
    ok(404, "GET", f"{ORGS}/members/outsider"),
    ok(302, "GET", f"{ORGS}/members/member", who="outsider"),
    ok(403, "GET", f"{ORGS}/memberships/member", who="outsider"),
    ok(200, "GET", f"{ORGS}/outside_collaborators"),
    ok(200, "GET", "/user/orgs", who="member"),
]
TEAMS = [
    ok(201, "POST", T, {"name": "Virt Maintainers", "description": "d", "privacy": "closed"}),
    ok(422, "POST", T, {"name": "virt maintainers"}),
    bad(422, "POST", T, {"description": "no name"}),
    ok(422, "POST", T, {"name": "child", "privacy": "secret", "parent_team_id": 3000001}),
    ok(201, "POST", T, {"name": "child", "parent_team_id": 3000001}),
    ok(404, "POST", T, {"name": "other", "parent_team_id": 1}),
    ok(404, "POST", T, {"name": "other"}, who="outsider"),
    ok(200, "GET", T),
    ok(403, "GET", T, who="outsider"),
    ok(200, "GET", f"{T}/virt-maintainers"),
    ok(404, "GET", f"{T}/virt-maintainers", who="outsider"),
    ok(200, "GET", f"{T}/virt-maintainers/teams"),
    ok(200, "PATCH", f"{T}/child", {"name": "Child Two", "description": "x"}),
    ok(200, "PATCH", f"{T}/child-two", {"parent_team_id": None}),
    ok(403, "PATCH", f"{T}/child-two", {"description": "y"}, who="member"),
    ok(200, "PUT", f"{T}/virt-maintainers/memberships/member", {"role": "maintainer"}),
    ok(200, "PUT", f"{T}/virt-maintainers/memberships/{BOT}", {"role": "member"}),
    ok(200, "PUT", f"{T}/virt-maintainers/memberships/outsider", {"role": "member"}),
    ok(403, "PUT", f"{T}/virt-maintainers/memberships/reader", {"role": "member"}, who="member"),
    bad(422, "PUT", f"{T}/virt-maintainers/memberships/member", {"role": "boss"}),
    ok(200, "GET", f"{T}/virt-maintainers/memberships/member"),
    ok(200, "GET", f"{T}/virt-maintainers/memberships/outsider"),
    ok(404, "GET", f"{T}/virt-maintainers/memberships/reader"),
    ok(200, "GET", f"{T}/virt-maintainers/members?role=maintainer"),
    ok(200, "GET", f"{T}/virt-maintainers/invitations"),
    ok(200, "GET", f"{ORGS}/invitations"),
    ok(204, "DELETE", f"{T}/virt-maintainers/memberships/outsider"),
]
REPOS = [
    ok(201, "POST", f"{ORGS}/repos", {"name": "xen", "description": "d", "private": True, "auto_init": True}),
    ok(422, "POST", f"{ORGS}/repos", {"name": "Xen"}),
    bad(422, "POST", f"{ORGS}/repos", {}),
    bad(422, "POST", f"{ORGS}/repos", {"name": "i", "visibility": "internal"}),
    ok(403, "POST", f"{ORGS}/repos", {"name": "mine"}, who="member"),
    bad(400, "POST", f"{ORGS}/repos", "not an object"),
    ok(201, "POST", "/user/repos", {"name": "own"}),
    ok(200, "GET", R),
    ok(404, "GET", R, who="outsider"),
    ok(404, "GET", R, who=""),
    ok(200, "GET", "/repositories/700000001"),
    ok(200, "GET", f"{ORGS}/repos?per_page=1&type=all"),
    ok(200, "GET", "/users/CentOS/repos"),
    ok(200, "GET", "/user/repos"),
    ok(
        200,
        "PATCH",
        R,
        {"description": "new", "homepage": "https://example.org", "has_wiki": False, "private": False},
    ),
    ok(403, "PATCH", R, {"description": "new"}, who="outsider"),
    ok(422, "PATCH", R, {"default_branch": "nowhere"}),
    ok(
        422,
        "PATCH",
        R,
        {"allow_squash_merge": False, "allow_merge_commit": False, "allow_rebase_merge": False},
    ),
    ok(200, "PUT", f"{R}/topics", {"names": ["virt", "xen"]}),
    ok(422, "PUT", f"{R}/topics", {"names": ["Not A Topic!"]}),
    ok(200, "GET", f"{R}/topics"),
    ok(204, "PUT", f"{T}/virt-maintainers/repos/CentOS/xen", {"permission": "maintain"}),
    ok(422, "PUT", f"{T}/virt-maintainers/repos/CentOS/xen", {"permission": "god"}),
    ok(403, "PUT", f"{T}/virt-maintainers/repos/CentOS/xen", {"permission": "push"}, who="member"),
    ok(204, "GET", f"{T}/virt-maintainers/repos/CentOS/xen"),
    ok(404, "GET", f"{T}/child-two/repos/CentOS/xen"),
    ok(200, "GET", f"{T}/virt-maintainers/repos"),
    ok(200, "GET", f"{R}/teams"),
    ok(403, "GET", f"{R}/teams", who="outsider"),
]
PEOPLE = [
    ok(201, "PUT", f"{R}/collaborators/outsider", {"permission": "triage"}),
    ok(201, "PUT", f"{R}/collaborators/outsider", {"permission": "admin"}),
    ok(204, "PUT", f"{R}/collaborators/member", {"permission": "push"}),
    ok(404, "PUT", f"{R}/collaborators/nobody-at-all", {"permission": "push"}),
    ok(422, "PUT", f"{R}/collaborators/outsider", {"permission": "boss"}),
    ok(403, "PUT", f"{R}/collaborators/reader", {"permission": "pull"}, who="outsider"),
    ok(200, "GET", f"{R}/invitations"),
    ok(200, "PATCH", f"{R}/invitations/{{repo_invitation}}", {"permissions": "write"}),
    bad(422, "PATCH", f"{R}/invitations/{{repo_invitation}}", {"permissions": "push"}),
    ok(200, "GET", "/user/repository_invitations", who="outsider"),
    ok(404, "PATCH", "/user/repository_invitations/{repo_invitation}", who="member"),
    ok(204, "PATCH", "/user/repository_invitations/{repo_invitation}", who="outsider"),
    ok(201, "PUT", f"{R}/collaborators/reader", {"permission": "pull"}),
    ok(204, "DELETE", "/user/repository_invitations/{repo_invitation}", who="reader"),
    ok(201, "PUT", f"{R}/collaborators/reader", {"permission": "pull"}),
    ok(204, "DELETE", f"{R}/invitations/{{repo_invitation}}"),
    ok(404, "DELETE", f"{R}/invitations/{{repo_invitation}}"),
    ok(200, "GET", f"{R}/collaborators?affiliation=direct"),
    ok(200, "GET", f"{R}/collaborators?affiliation=outside"),
    bad(422, "GET", f"{R}/collaborators?affiliation=friends"),
    ok(403, "GET", f"{R}/collaborators", who="reader"),
    ok(204, "GET", f"{R}/collaborators/outsider"),
    ok(404, "GET", f"{R}/collaborators/reader"),
    ok(200, "GET", f"{R}/collaborators/member/permission"),
    ok(200, "GET", f"{R}/collaborators/reader/permission"),
    ok(200, "GET", f"{ORGS}/outside_collaborators"),
    ok(204, "DELETE", f"{R}/collaborators/outsider"),
    ok(403, "DELETE", f"{R}/collaborators/member", who="outsider"),
]
GIT = [
    ok(200, "GET", f"{R}/branches"),
    ok(200, "GET", f"{R}/branches/main"),
    ok(404, "GET", f"{R}/branches/nowhere"),
    ok(200, "GET", f"{R}/git/ref/heads/main"),
    ok(404, "GET", f"{R}/git/ref/heads/nowhere"),
    ok(200, "GET", f"{R}/git/matching-refs/heads"),
    ok(409, "GET", "/repos/sigctl-bot/own/git/ref/heads/main"),
    ok(409, "GET", "/repos/sigctl-bot/own/git/matching-refs/heads"),
    ok(200, "GET", f"{R}/commits/main"),
    ok(422, "GET", f"{R}/commits/nowhere"),
    ok(409, "GET", "/repos/sigctl-bot/own/commits/main"),
    ok(201, "POST", f"{R}/git/refs", {"ref": "refs/heads/c7/virt", "sha": "{head}"}),
    ok(201, "POST", f"{R}/git/refs", {"ref": "refs/tags/v1", "sha": "{head}"}),
    ok(422, "POST", f"{R}/git/refs", {"ref": "refs/heads/c7/virt", "sha": "{head}"}),
    ok(403, "POST", f"{R}/git/refs", {"ref": "refs/heads/x", "sha": "{head}"}, who="outsider"),
    ok(200, "PATCH", f"{R}/git/refs/heads/c7/virt", {"sha": "{head}", "force": True}),
    ok(422, "PATCH", f"{R}/git/refs/heads/nowhere", {"sha": "{head}"}),
    ok(200, "GET", f"{R}/branches/c7/virt"),
    ok(200, "GET", f"{R}/tags"),
    ok(422, "DELETE", f"{R}/git/refs/heads/main"),
    ok(204, "DELETE", f"{R}/git/refs/tags/v1"),
]
PULL, ISSUE = f"{R}/pulls/1", f"{R}/issues/1"
PULLS = [
    ok(422, "POST", f"{R}/pulls", {"title": "t", "head": "nowhere", "base": "main"}),
    ok(403, "POST", f"{R}/pulls", {"title": "t", "head": "c7/virt", "base": "main"}, who="outsider"),
    ok(201, "POST", f"{R}/pulls", {"title": "A proposal", "head": "c7/virt", "base": "main", "body": "why"}),
    ok(422, "POST", f"{R}/pulls", {"title": "again", "head": "c7/virt", "base": "main"}),
    ok(200, "GET", f"{R}/pulls"),
    ok(200, "GET", PULL, who=""),
    ok(404, "GET", f"{R}/pulls/99"),
    ok(200, "PATCH", PULL, {"title": "A better title"}),
    ok(403, "PATCH", PULL, {"title": "mine"}, who="outsider"),
    ok(422, "POST", f"{PULL}/reviews", {"event": "APPROVE"}),
    ok(200, "POST", f"{PULL}/reviews", {"event": "APPROVE", "body": "fine"}, who="outsider"),
    ok(200, "GET", f"{PULL}/reviews", who=""),
    ok(200, "PUT", f"{PULL}/reviews/{{review}}/dismissals", {"message": "no"}),
    ok(404, "PUT", f"{PULL}/reviews/1/dismissals", {"message": "no"}),
    ok(
        201,
        "POST",
        f"{PULL}/comments",
        {"body": "why?", "commit_id": "{head}", "path": "x", "line": 1},
        who="outsider",
    ),
    ok(201, "POST", f"{ISSUE}/comments", {"body": "said"}),
    ok(200, "GET", f"{ISSUE}/comments"),
    ok(200, "PATCH", f"{R}/issues/comments/{{comment}}", {"body": "said better"}),
    ok(403, "PATCH", f"{R}/issues/comments/{{comment}}", {"body": "mine"}, who="outsider"),
    ok(200, "POST", f"{ISSUE}/labels", {"labels": ["veto"]}),
    ok(200, "DELETE", f"{ISSUE}/labels/veto"),
    ok(404, "DELETE", f"{ISSUE}/labels/veto"),
    ok(
        201,
        "POST",
        f"{R}/statuses/{{head}}",
        {"state": "pending", "context": "verdict", "description": "waits"},
    ),
    ok(404, "POST", f"{R}/statuses/{{head}}", {"state": "success"}, who="outsider"),
    ok(200, "GET", f"{R}/commits/{{head}}/statuses"),
    ok(200, "PATCH", PULL, {"state": "closed"}),
]
_RULES = [{"type": "deletion"}, {"type": "non_fast_forward"}, {"type": "update"}]
_RULESET = {
    "name": "who may push",
    "target": "branch",
    "enforcement": "active",
    "bypass_actors": [
        {"actor_id": 3000001, "actor_type": "Team", "bypass_mode": "always"},
        {"actor_id": 1, "actor_type": "OrganizationAdmin", "bypass_mode": "always"},
    ],
    "conditions": {"ref_name": {"include": ["refs/heads/c7/*"], "exclude": []}},
    "rules": _RULES,
}
_PROTECTION = {
    "required_status_checks": {"strict": True, "contexts": ["ci"]},
    "enforce_admins": True,
    "required_pull_request_reviews": {
        "required_approving_review_count": 2,
        "bypass_pull_request_allowances": {"users": ["member"], "teams": [], "apps": []},
    },
    "restrictions": {"users": ["member"], "teams": ["virt-maintainers"], "apps": []},
    "allow_force_pushes": False,
}
_OPEN = dict.fromkeys(("required_status_checks", "required_pull_request_reviews", "restrictions"))
MAIN = f"{R}/branches/main/protection"
RULES = [
    ok(201, "POST", f"{R}/rulesets", _RULESET),
    ok(422, "POST", f"{R}/rulesets", _RULESET),
    ok(
        422,
        "POST",
        f"{R}/rulesets",
        _RULESET | {"name": "x", "bypass_actors": [{"actor_id": 1, "actor_type": "Team"}]},
    ),
    bad(422, "POST", f"{R}/rulesets", _RULESET | {"name": "x", "rules": [{"type": "be nice"}]}),
    bad(422, "POST", f"{R}/rulesets", {"name": "no enforcement"}),
    ok(403, "POST", f"{R}/rulesets", _RULESET, who="outsider"),
    ok(200, "GET", f"{R}/rulesets"),
    ok(200, "GET", f"{R}/rulesets/{{ruleset}}"),
    ok(200, "GET", f"{R}/rulesets/{{ruleset}}", who="outsider"),
    ok(404, "GET", f"{R}/rulesets/1"),
    ok(200, "GET", f"{R}/rules/branches/c7/virt"),
    ok(200, "PUT", f"{R}/rulesets/{{ruleset}}", {"enforcement": "disabled"}),
    ok(204, "DELETE", f"{R}/rulesets/{{ruleset}}"),
    bad(403, "POST", f"{ORGS}/rulesets", _RULESET),
    ok(200, "GET", f"{ORGS}/rulesets"),
    ok(404, "GET", f"{ORGS}/rulesets", who="member"),
    ok(404, "GET", MAIN),
    ok(404, "GET", f"{R}/branches/nowhere/protection"),
    ok(200, "PUT", MAIN, _PROTECTION),
    ok(200, "GET", MAIN),
    bad(422, "PUT", MAIN, {"restrictions": None}),
    ok(403, "PUT", MAIN, _PROTECTION, who="outsider"),
    ok(200, "GET", f"{R}/branches?protected=true"),
    ok(200, "GET", f"{R}/branches/main"),
    bad(200, "PUT", MAIN, _OPEN | {"enforce_admins": None}),
    ok(200, "GET", MAIN),
    ok(204, "DELETE", MAIN),
]
PAID = [
    ok(
        201,
        "POST",
        "/orgs/paid/rulesets",
        _RULESET
        | {
            "bypass_actors": [],
            "conditions": {
                "ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []},
                "repository_name": {"include": ["~ALL"], "exclude": []},
            },
        },
    ),
    bad(422, "POST", "/orgs/paid/rulesets", _RULESET | {"name": "for which", "bypass_actors": []}),
    ok(200, "GET", "/orgs/paid/rulesets"),
    ok(200, "GET", "/orgs/paid/rulesets/{ruleset}"),
    ok(200, "PUT", "/orgs/paid/rulesets/{ruleset}", {"name": "renamed"}),
    ok(204, "DELETE", "/orgs/paid/rulesets/{ruleset}"),
]
ENDS = [
    ok(200, "PATCH", R, {"archived": True}),
    ok(403, "PATCH", R, {"description": "late"}),
    ok(403, "PUT", f"{R}/topics", {"names": []}),
    ok(403, "PUT", f"{R}/collaborators/member", {"permission": "pull"}),
    ok(403, "DELETE", f"{T}/virt-maintainers/repos/CentOS/xen"),
    ok(200, "PATCH", R, {"archived": False}),
    ok(204, "DELETE", f"{T}/virt-maintainers/repos/CentOS/xen"),
    ok(204, "PUT", f"{T}/child-two/repos/CentOS/xen", {"permission": "pull"}),
    ok(200, "PATCH", R, {"name": "xen-new"}),
    ok(301, "GET", R),
    ok(307, "PATCH", R, {"description": "redirected"}),
    ok(307, "PUT", f"{R}/topics", {"names": []}),
    ok(202, "POST", "/repos/CentOS/xen-new/transfer", {"new_owner": BOT}),
    ok(422, "POST", "/repos/sigctl-bot/own/transfer", {"new_owner": "nobody-at-all"}),
    ok(404, "DELETE", "/repos/CentOS/nothing"),
    ok(204, "DELETE", "/repos/sigctl-bot/own"),
    ok(403, "POST", f"{ORGS}/repos", {"name": "n"}, who="read"),
    ok(200, "GET", ORGS, who="read"),
    ok(204, "DELETE", f"{T}/virt-maintainers"),
    ok(404, "GET", f"{T}/virt-maintainers"),
    ok(204, "DELETE", f"{ORGS}/memberships/member"),
    ok(404, "DELETE", f"{ORGS}/memberships/member"),
    ok(204, "DELETE", f"{ORGS}/memberships/waiting"),
    ok(404, "DELETE", f"{ORGS}/members/reader"),
    ok(200, "PUT", f"{ORGS}/memberships/reader"),
    ok(200, "PATCH", "/user/memberships/orgs/CentOS", {"state": "active"}, who="reader"),
    ok(403, "DELETE", f"{ORGS}/members/{BOT}", who="reader"),
    ok(204, "DELETE", f"{ORGS}/members/reader"),
    ok(403, "DELETE", f"{ORGS}/members/{BOT}"),
]
APPS = [
    ok(200, "GET", "/app", who="app"),
    ok(401, "GET", "/app"),
    ok(200, "GET", "/app/installations", who="app"),
    ok(200, "GET", f"{ORGS}/installation", who="app"),
    ok(404, "GET", "/orgs/paid/installation", who="app"),
    ok(200, "GET", "/app/installations/{installation}", who="app"),
    ok(201, "POST", "/app/installations/{installation}/access_tokens", who="app"),
    ok(
        201,
        "POST",
        "/app/installations/{installation}/access_tokens",
        {"permissions": {"members": "read"}},
        who="app",
    ),
    ok(
        422,
        "POST",
        "/app/installations/{installation}/access_tokens",
        {"permissions": {"packages": "write"}},
        who="app",
    ),
    ok(404, "POST", "/app/installations/1/access_tokens", who="app"),
    ok(200, "GET", ORGS, who="installed"),
    ok(403, "GET", "/user", who="installed"),
    ok(200, "GET", f"{ORGS}/invitations", who="installed"),
    ok(204, "PUT", "/app/installations/{installation}/suspended", who="app"),
    ok(403, "POST", "/app/installations/{installation}/access_tokens", who="app"),
    ok(401, "GET", ORGS, who="installed"),
    ok(204, "DELETE", "/app/installations/{installation}/suspended", who="app"),
]
HANGING = [Step(*one) for one in PARTS]
STEPS = [*ACCOUNTS, *APPS, *ORG, *TEAMS, *REPOS, *PEOPLE, *GIT, *PULLS, *RULES, *HANGING, *PAID, *ENDS]
