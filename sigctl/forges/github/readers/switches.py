"""Workflow and security settings and custom properties: each costs requests of its own, so they are read where they are declared."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sigctl.core.kinds import Actions, Org, Properties, Security
from sigctl.core.kinds.switches import ALL, LOCAL, SELECTED
from sigctl.core.levels import native
from sigctl.errors import DeniedError, NotThereError, PartialError, RefusedError
from sigctl.forges.github.names import split
from sigctl.forges.github.session import Session, path

ALLOWED = {ALL: "all", LOCAL: "local_only", SELECTED: "selected"}
"""Our word for which actions may be used -> GitHub's."""
_WORDS = {theirs: ours for ours, theirs in ALLOWED.items()}
_ENABLED: dict[str, bool] = {"all": True, "none": False}
FEW = 10
"""Up to so many repositories of an org are asked one by one; for more of them its whole list is read."""


def actions_url(on: str, target: str) -> str:
    """Return where the workflow settings of a repository or an org are."""
    start = path("orgs", target) if on == Org.KIND else path("repos", *split(target))
    return f"{start}/actions/permissions"


def read_actions(session: Session, on: str, target: str) -> Actions:
    """Return the workflow settings of a repository or an org; NotThereError where it is gone."""
    url = actions_url(on, target)
    main, token = _object(session, url), _object(session, f"{url}/workflow")
    allowed = main.get("allowed_actions")
    patterns: tuple[str, ...] = ()
    if allowed == ALLOWED[SELECTED]:
        chosen = _object(session, f"{url}/selected-actions")
        flags = (("github", "github_owned_allowed"), ("verified", "verified_allowed"))
        words = [word for word, name in flags if chosen.get(name)]
        patterns = tuple(sorted({*words, *(chosen.get("patterns_allowed") or ())}))
    enabled = main["enabled"] if on != Org.KIND else _all_or_none(main["enabled_repositories"])
    return Actions(
        on,
        target,
        enabled=enabled,
        allowed=None if allowed is None else _WORDS.get(allowed) or native(allowed),
        patterns=patterns,
        permissions=token["default_workflow_permissions"],
        approve=token["can_approve_pull_request_reviews"],
    )


def _all_or_none(word: str) -> bool | str:
    return _ENABLED[word] if word in _ENABLED else native(word)


def _object(session: Session, url: str) -> dict[str, Any]:
    data = session.get(url).data
    if not isinstance(data, dict):
        raise PartialError(f"GET {url}: the answer is no object", forge=session.name)
    return data


def read_analysis(session: Session, org: str, repos: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return repository -> its security settings as REST tells them, for those of the named ones that exist."""
    if len(repos) <= FEW:
        rows = [found for repo in sorted(repos) if (found := session.find(path("repos", *split(repo))))]
    else:
        wanted = {repo.casefold() for repo in repos}
        rows = [
            one
            for one in session.every(path("orgs", org, "repos"))
            if str(one["full_name"]).casefold() in wanted
        ]
    return {row["full_name"]: row.get("security_and_analysis") or {} for row in rows}


def security_of(repo: str, analysis: dict[str, Any], *, alerts: bool) -> Security:
    """Return the security switches of a repository, private reports aside; one that GitHub does not tell is off."""

    def on(name: str) -> bool:
        return (analysis.get(name) or {}).get("status") == "enabled"

    return Security(
        repo,
        secret_scanning=on("secret_scanning"),
        push_protection=on("secret_scanning_push_protection"),
        dependency_alerts=alerts,
        dependency_fixes=on("dependabot_security_updates"),
    )


def read_private_reports(session: Session, repo: str) -> bool:
    """Return whether holes can be reported in private; a private repository has no such thing, which counts as off."""
    try:
        found = session.find(path("repos", *split(repo), "private-vulnerability-reporting"))
    except RefusedError:
        return False
    return bool((found or {}).get("enabled"))


def read_properties(session: Session, org: str, repos: Iterable[str]) -> list[Properties] | None:
    """Return the custom properties of the named repositories; None where the org has none, since its plan has no such thing."""
    wanted = {repo.casefold() for repo in repos}
    try:
        rows = session.every(path("orgs", org, "properties", "values"))
    except (NotThereError, DeniedError):
        return None
    return [
        Properties(row["repository_full_name"], values_of(row["properties"]))
        for row in rows
        if row["repository_full_name"].casefold() in wanted
    ]


def values_of(rows: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """Return the values as `NAME=VALUE`, sorted."""
    found = [
        f"{row['property_name']}={one}"
        for row in rows
        for one in (row["value"] if isinstance(row["value"], list) else [row["value"]])
        if one is not None
    ]
    return tuple(sorted(found))
