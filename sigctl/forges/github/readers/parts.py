"""Labels, deploy keys, webhooks and older protection: what hangs on repositories and orgs beside rights and rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sigctl.core.kinds import ClassicRule, DeployKey, Key, Label, Org, Webhook
from sigctl.core.kinds.deploykey import bare_key, fingerprint_of
from sigctl.core.kinds.webhook import place_of
from sigctl.core.levels import NATIVE, native
from sigctl.errors import PartialError
from sigctl.forges.apart import Apart
from sigctl.forges.github import documents
from sigctl.forges.github.graphql import Node
from sigctl.forges.github.names import split
from sigctl.forges.github.session import Session, path

EVENTS = {
    "push": "push",
    "tag": "create",
    "merge_request": "pull_request",
    "issue": "issues",
    "comment": "issue_comment",
    "release": "release",
    "pipeline": "workflow_run",
    "wiki": "gollum",
}
"""Our word for what is told -> GitHub's."""
_WORDS = {theirs: ours for ours, theirs in EVENTS.items()}


def read_labels(session: Session, paths: Iterable[str], apart: Apart) -> list[Label]:
    """Return the labels of those of the named repositories that exist, whole but for what is set apart."""
    wanted = [dict(zip(("owner", "name"), split(one), strict=True)) for one in sorted(paths)]
    found = session.graphql.named(
        documents.labels_by_name,
        wanted,
        "owner",
        lambda one, error: apart.lose(f"{one['owner']}/{one['name']}", error, Label.KIND),
    )
    nodes = [one for one in found if one]
    session.graphql.complete(
        nodes,
        documents.INNER_LABELS,
        lambda node: node["nameWithOwner"],
        lost=lambda node, error: apart.lose(node["nameWithOwner"], error, Label.KIND),
    )
    return [
        Label(node["nameWithOwner"], one["name"], one["color"].lower(), one["description"] or "")
        for node in nodes
        for one in node["labels"]["nodes"]
    ]


def keys_of(nodes: Iterable[Node], forge: str) -> Iterator[DeployKey]:
    """Yield the deploy keys of repositories; PartialError for one that is no public key, since it can't be told from others."""
    for node in nodes:
        repo = node["nameWithOwner"]
        for one in node["deployKeys"]["nodes"]:
            try:
                text = bare_key(one["key"])
            except ValueError:
                raise PartialError(
                    f"the deploy key `{one['title']}` of {repo} can't be read", forge=forge
                ) from None
            yield DeployKey(repo, fingerprint_of(text), not one["readOnly"], one["title"], text)


def classic_of(nodes: Iterable[Node]) -> Iterator[ClassicRule]:
    """Yield the branch protection of the older kind."""
    for node in nodes:
        for one in node["branchProtectionRules"]["nodes"]:
            yield ClassicRule(node["nameWithOwner"], one["pattern"], _terms(one))


def _terms(rule: Node) -> str:
    told = [
        f"{rule['requiredApprovingReviewCount'] or 0} reviews" if rule["requiresApprovingReviews"] else "",
        "checks" if rule["requiresStatusChecks"] else "",
        "named people push" if rule["restrictsPushes"] else "",
        "" if rule["allowsForcePushes"] else "no force push",
        "" if rule["allowsDeletions"] else "no deletion",
    ]
    return ", ".join(one for one in told if one)


def hooks_url(on: str, target: str) -> str:
    """Return where the webhooks of a repository or an org are."""
    return path("orgs", target, "hooks") if on == Org.KIND else path("repos", *split(target), "hooks")


def read_hooks(session: Session, on: str, target: str) -> list[Webhook]:
    """Return the webhooks of a repository or an org; where they go is not told, and a second one to the same address neither."""
    found: dict[Key, Webhook] = {}
    for one in session.every(hooks_url(on, target)):
        hook = hook_of(on, target, one)
        found.setdefault(hook.key, hook)
    return list(found.values())


def addresses(session: Session, on: str, target: str) -> tuple[str, ...]:
    """Return where the webhooks of a repository or an org go."""
    return tuple(str(one["config"].get("url") or "") for one in session.every(hooks_url(on, target)))


def hook_of(on: str, target: str, data: dict[str, Any]) -> Webhook:
    """Return the webhook that REST describes."""
    config = data["config"]
    return Webhook(
        on,
        target,
        place_of(str(config.get("url") or "")),
        events=tuple(sorted({_WORDS.get(word) or native(word) for word in data["events"]})),
        active=bool(data["active"]),
        tls=str(config.get("insecure_ssl", "0")) == "0",
        secured=bool(config.get("secret")),
    )


def event_of(word: str) -> str:
    """Return GitHub's word for one of ours; what we have no word for is written as it is."""
    return EVENTS.get(word) or word.removeprefix(NATIVE)
