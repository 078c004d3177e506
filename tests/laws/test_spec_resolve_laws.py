"""Laws of reading and resolving: what is accepted resolves, to the same whatever the order, and never to more than is written."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given
from spec_gen import specs, write

from sigctl.core import levels
from sigctl.core.kinds import BranchRule, Grant, Repo, Team, TeamMember
from sigctl.errors import ConfigError
from sigctl.forges import traits_of
from sigctl.spec import Config, Resolved, read, resolve

TODAY = date(2026, 11, 22)


def accepted(data: dict[str, Any], **how: bool) -> Config | None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return read(write(Path(folder), data, **how), today=TODAY)
        except ConfigError:
            return None


def resolved(config: Config, **scope: Any) -> Resolved:
    traits = {name: traits_of(forge.type) for name, forge in config.spec.forges.items()}
    return resolve(config, today=TODAY, traits=traits, **scope)


@given(specs())
def test_what_the_checks_accept_resolves_and_holds_together(data: dict[str, Any]) -> None:
    config = accepted(data)
    if config is None:
        return
    for name, desired in resolved(config).desired.items():
        for key, resource in desired.state.items():
            assert resource.key == key
            for needed in resource.needs():
                outsider = needed.kind == "membership" and isinstance(resource, Grant)
                without = needed.kind not in traits_of(config.spec.forges[name].type).kinds
                assert needed in desired.state or outsider or without, (key, needed)
        assert desired.managed <= set(desired.state)


@given(specs())
def test_neither_order_nor_split_into_files_changes_the_meaning(data: dict[str, Any]) -> None:
    one, other = accepted(data), accepted(data, split=False, backwards=True)
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.digest == other.digest
        assert resolved(one) == resolved(other)


@given(specs())
def test_nobody_gets_more_than_somebody_wrote(data: dict[str, Any]) -> None:
    config = accepted(data)
    if config is None:
        return
    written = set(_levels(data)) | ({"maintain", "write"} if config.spec.kernel else set())
    top = max((levels.rank(level) or 0 for level in written), default=0)
    for desired in resolved(config).desired.values():
        for resource in desired.state.values():
            if isinstance(resource, Grant):
                assert 0 < (levels.rank(resource.level) or 0) <= top


def _levels(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [level for key, value in node.items() for level in _levels(value)]
    if isinstance(node, list):
        return [level for value in node for level in _levels(value)]
    return [node] if isinstance(node, str) and levels.is_known(node) else []


@given(specs())
def test_a_retired_sig_can_be_read_and_not_written(data: dict[str, Any]) -> None:
    config = accepted(data)
    if config is None:
        return
    retired = {name for name, sig in config.spec.sigs.items() if sig.status == "retired"}
    result = resolved(config)
    assert not [hop for hop in result.hops if hop.sig in retired]
    for desired in result.desired.values():
        for key, resource in desired.state.items():
            if desired.sigs.get(key) in retired:
                assert not isinstance(resource, Grant) or resource.level == "read"
                assert not isinstance(resource, Repo) or resource.archived
                assert not isinstance(resource, BranchRule) or not resource.push


@given(specs())
def test_a_narrower_scope_says_the_same_of_less(data: dict[str, Any]) -> None:
    config = accepted(data)
    if config is None or not config.spec.sigs:
        return
    sig = min(config.spec.sigs)
    whole, part = resolved(config), resolved(config, sigs=[sig], forges=["lab"])
    assert set(part.desired) == {"lab"}
    narrow, wide = part.desired["lab"], whole.desired["lab"]
    assert narrow.state.items() <= wide.state.items()
    assert {key for key, owner in wide.sigs.items() if owner == sig} <= set(narrow.state)
    assert all(wide.sigs.get(key) == sig for key in narrow.managed)


@given(specs())
def test_members_are_linked_people_and_each_team_is_in_the_files(data: dict[str, Any]) -> None:
    config = accepted(data)
    if config is None:
        return
    for name, desired in resolved(config).desired.items():
        linked = {p.logins[name].login for p in config.spec.people.values() if name in p.logins}
        assert {r.login for r in desired.state.values() if isinstance(r, TeamMember)} <= linked
        declared = {(s, t) for s, sig in config.spec.sigs.items() for t in sig.all_teams()}
        assert len([r for r in desired.state.values() if isinstance(r, Team)]) >= len(declared) - len(
            declared
        ) * (not config.spec.forges)
