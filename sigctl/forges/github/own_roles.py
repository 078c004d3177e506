"""Repository roles of an org's own making that stand for levels, as the files say: our words outside, the role's name at GitHub.

https://docs.github.com/en/enterprise-cloud@latest/rest/orgs/custom-roles
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sigctl.core.kinds import Grant
from sigctl.core.levels import native, rank
from sigctl.core.plan import Action
from sigctl.core.state import Note, State
from sigctl.errors import DeniedError, RefusedError
from sigctl.forges.github.names import level_of, split
from sigctl.forges.github.session import Session, path


class OwnRoles:
    """The roles by level; safe to use from several threads."""

    def __init__(self, session: Session, roles: Mapping[str, str]) -> None:
        self._session = session
        self._roles = dict(roles)
        self._levels = {native(role): level for level, role in roles.items()}
        self._bases: dict[str, dict[str, str]] = {}
        self._lock = threading.Lock()

    def seen(self, state: State) -> State:
        """Return the state with our level where the role that stands for it was read; the level's usual word is no longer it."""
        if not self._roles:
            return state
        return {key: self._seen(one) if isinstance(one, Grant) else one for key, one in state.items()}

    def _seen(self, grant: Grant) -> Grant:
        level = self._levels.get(grant.level) or (
            native(grant.level) if grant.level in self._roles else grant.level
        )
        return replace(grant, level=level)

    def notes(self, orgs: Iterable[str]) -> Iterator[Note]:
        """Yield what keeps roles from standing for levels, for each org; one request an org, where roles are declared."""
        for org in sorted(orgs) if self._roles else ():
            for level in self._roles:
                if why := self._why_not(org, level):
                    yield Note("roles", org, f"{why}: nobody is given {level} there", self._session.name)

    def meant(self, action: Action) -> Action:
        """Return the action as GitHub takes it; RefusedError where the role is not there, or is based on more than its level."""
        grant = action.after
        if not isinstance(grant, Grant) or grant.level not in self._roles:
            return action
        org = split(grant.target)[0]
        if why := self._why_not(org, grant.level):
            hint = "make the role in the org's settings, or take it out of `roles` of the forge"
            raise RefusedError(f"{action.key.name}: {why}", hint, forge=self._session.name)
        return replace(action, after=replace(grant, level=native(self._roles[grant.level])))

    def _why_not(self, org: str, level: str) -> str:
        role = self._roles[level]
        base = self._of(org).get(role)
        if base is None:
            return f"org `{org}` has no repository role `{role}`, which stands for {level}"
        if (rank(level_of(base)) or 0) > (rank(level) or 0):
            return (
                f"the repository role `{role}` of org `{org}` is based on {base}, which is more than {level}"
            )
        return ""

    def _of(self, org: str) -> dict[str, str]:
        """Return role -> what it is based on; none where the plan of the org knows no such roles, or they can't be read."""
        with self._lock:
            if org not in self._bases:
                try:
                    found = self._session.find(path("orgs", org, "custom-repository-roles"))
                except DeniedError:
                    found = None
                rows = (found or {}).get("custom_roles") or ()
                self._bases[org] = {row["name"]: row["base_role"] for row in rows}
            return self._bases[org]
