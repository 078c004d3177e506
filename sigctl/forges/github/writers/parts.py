"""Labels, deploy keys and older protection: made, renamed, changed, removed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from sigctl.core.kinds import ClassicRule, DeployKey, Label
from sigctl.core.kinds.deploykey import bare_key, fingerprint_of
from sigctl.core.plan import Action
from sigctl.errors import NotThereError, RefusedError
from sigctl.forges import sides
from sigctl.forges.github import documents, pacing
from sigctl.forges.github.client import Answer
from sigctl.forges.github.graphql import whole
from sigctl.forges.github.names import split
from sigctl.forges.github.session import Session, path


def put_label(session: Session, action: Action) -> str:
    """Make the label, or make one that is there as it is declared."""
    label = sides.after(action, Label)
    look: dict[str, Any] = {"color": label.color, "description": label.description}
    body = {name: value for name, value in look.items() if value is not None}

    def happened() -> Answer | None:
        return session.look(_label(label))

    # GitHub gives a new repository some labels; to try and be refused would look as if the repository were not there yet
    if action.before is not None or happened() is not None:
        return session.write("PATCH", _label(label), body, about=[label.repo]).request_id
    url = path("repos", *split(label.repo), "labels")
    try:
        made = session.write(
            "POST", url, body | {"name": label.name}, about=[label.repo], repeatable=False, happened=happened
        )
    except RefusedError as error:
        if error.status != HTTPStatus.UNPROCESSABLE_ENTITY or happened() is None:
            raise
        made = session.write("PATCH", _label(label), body)
    return made.request_id


def rename_label(session: Session, action: Action) -> str:
    """Give the label its new name; it stays on all that it is on."""
    old, new = sides.before(action, Label), sides.after(action, Label)
    try:
        return session.write("PATCH", _label(old, new.repo), {"new_name": new.name}).request_id
    except NotThereError:
        there = session.look(_label(new))
        if there is None:
            raise
        return there.request_id


def remove_label(session: Session, action: Action) -> str:
    """Remove the label, from all that it is on too."""
    return session.remove(_label(sides.before(action, Label)))


def _label(label: Label, repo: str = "") -> str:
    return path("repos", *split(repo or label.repo), "labels", label.name)


def put_key(session: Session, action: Action) -> str:
    """Add the key; one that is there with another right is taken out first, since GitHub changes none and takes none twice."""
    key = sides.after(action, DeployKey)
    there = _key(session, key)
    if there is not None and there["read_only"] is not key.write:
        return ""
    if there is not None:
        session.remove(_key_url(key, int(there["id"])))
    body = {"title": key.title or key.fingerprint, "key": key.key_text, "read_only": not key.write}

    def happened() -> Answer | None:
        found = _key(session, key)
        return session.look(_key_url(key, int(found["id"]))) if found else None

    url = path("repos", *split(key.repo), "keys")
    try:
        return session.write(
            "POST", url, body, about=[key.repo], repeatable=False, happened=happened
        ).request_id
    except RefusedError as error:
        if "are disabled" in error.text:
            error.hint = f"the org lets nobody use deploy keys: set `deploy_keys: true` for {split(key.repo)[0]} in `orgs`"
        if "already in use" in error.text:
            error.hint = (
                "on GitHub a key belongs to one repository or one account: make one for each repository"
            )
        raise


def remove_key(session: Session, action: Action) -> str:
    """Take the key out."""
    key = sides.before(action, DeployKey)
    there = _key(session, key)
    return session.remove(_key_url(key, int(there["id"]))) if there else ""


def _key(session: Session, key: DeployKey) -> dict[str, Any] | None:
    """Return the key as it is there, found by what it is."""
    try:
        listed = session.every(path("repos", *split(key.repo), "keys"), about=[key.repo])
    except NotThereError:
        return None
    return next((one for one in listed if fingerprint_of(bare_key(one["key"])) == key.fingerprint), None)


def _key_url(key: DeployKey, number: int) -> str:
    return path("repos", *split(key.repo), "keys", number)


def remove_classic(session: Session, action: Action) -> str:
    """Take the older protection away; for patterns only GraphQL can."""
    rule = sides.before(action, ClassicRule)
    owner, name = split(rule.repo)
    nodes = session.graphql.named(documents.rules_by_name, [{"owner": owner, "name": name}], "owner")
    found = [one for one in nodes if one]
    session.graphql.complete(found, documents.INNER_CLASSIC, lambda node: node["nameWithOwner"])
    numbers = [
        one["id"]
        for node in found
        for one in node["branchProtectionRules"]["nodes"]
        if one["pattern"] == rule.pattern
    ]
    request_id = ""
    for number in numbers:
        request_id = _delete(session, owner, number)
    return request_id


def _delete(session: Session, org: str, number: str) -> str:
    def request() -> Answer:
        answer = session.client.graphql(documents.DELETE_CLASSIC, {"id": number}, org=org)
        whole(answer, session.name, may_miss=True)
        return answer

    return session.caller.write(request, repeatable=True, spend=pacing.WRITE).request_id
