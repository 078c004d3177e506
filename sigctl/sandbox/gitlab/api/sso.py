"""Links of a group to an account system, which then decides at each login who is in it: LDAP and SAML, of a paid tier."""

from __future__ import annotations

from functools import partial

from sigctl.sandbox.gitlab import levels, params
from sigctl.sandbox.gitlab.api.common import group_of
from sigctl.sandbox.gitlab.http import Call, Reply, Routes, not_found

FIELDS = {
    "ldap_group_links": ("cn", "group_access", "provider"),
    "saml_group_links": ("saml_group_name", "access_level"),
}


def register(routes: Routes) -> None:
    """Add the operations of this family."""
    for family in FIELDS:
        routes.add("GET", f"/groups/:id/{family}")(partial(_list, family))
        routes.add("POST", f"/groups/:id/{family}")(partial(_add, family))


def _list(family: str, call: Call) -> Reply:
    group = group_of(call, levels.OWNER)
    if not call.world.premium:
        not_found()
    return call.page(group.get(family) or [], dict)


def _add(family: str, call: Call) -> Reply:
    group = group_of(call, levels.OWNER)
    if not call.world.premium:
        not_found()
    kinds = {
        name: params.integer if name.endswith(("access", "level")) else params.text for name in FIELDS[family]
    }
    link = call.take(kinds, {})
    call.world.groups.save(group, **{family: [*(group.get(family) or []), link]})
    return Reply(201, link)
