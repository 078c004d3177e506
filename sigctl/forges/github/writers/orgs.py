"""Settings of orgs; the orgs themselves are made by hand."""

from __future__ import annotations

from sigctl.core.kinds import Org
from sigctl.core.kinds.org import INTERNAL, PRIVATE, PUBLIC
from sigctl.core.plan import Action
from sigctl.errors import RefusedError
from sigctl.forges import sides
from sigctl.forges.github.session import Session, path

_FIELDS = {
    "title": "name",
    "base_level": "default_repository_permission",
    "members_create_repos": "members_can_create_repositories",
    "fork_private": "members_can_fork_private_repositories",
    "deploy_keys": "deploy_keys_enabled_for_repositories",
}


def create(session: Session, action: Action) -> str:
    """Find that the org is there; RefusedError where it is not, since the API can't make one."""
    org = sides.after(action, Org).path
    found = session.look(path("orgs", org))
    if found is None:
        raise RefusedError(f"org `{org}` is not there", "GitHub orgs are made by hand", forge=session.name)
    return found.request_id


def update(session: Session, action: Action) -> str:
    """Make the settings that changed as declared."""
    org = sides.after(action, Org)
    changed = action.changed()
    if "two_factor" in changed:
        hint = "an owner sets it by hand, under Authentication security"
        raise RefusedError(
            f"org `{org.path}`: two-factor can't be required by the API", hint, forge=session.name
        )
    body = {_FIELDS[name]: new for name, (_, new) in changed.items() if name in _FIELDS and new is not None}
    if "members_create" in changed and org.members_create is not None:
        before = set(changed["members_create"][0] or ())
        for seen in (PUBLIC, PRIVATE, *((INTERNAL,) if INTERNAL in {*before, *org.members_create} else ())):
            body[f"members_can_create_{seen}_repositories"] = seen in org.members_create
        body["members_can_create_repositories"] = bool(org.members_create)
    return session.write("PATCH", path("orgs", org.path), body).request_id if body else ""
