"""What is adopted asks for nothing: on generated states of two forges, which other files made."""

from __future__ import annotations

import base64
import json
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "laws"))
import spec_gen

from sigctl.adopt.model import Said, Source
from sigctl.adopt.settle import adopt, planned
from sigctl.core.kinds import (
    BranchRule,
    DeployKey,
    Grant,
    Label,
    Membership,
    Org,
    Repo,
    Resource,
    Team,
    Webhook,
)
from sigctl.core.kinds.deploykey import fingerprint_of
from sigctl.core.kinds.webhook import place_of
from sigctl.core.state import Account, Observation
from sigctl.errors import ConfigError
from sigctl.forges import traits_of
from sigctl.spec import read, resolve

TODAY = date(2026, 11, 22)
TRAITS = {"lab": traits_of("gitlab"), "hub": traits_of("github")}


ADDRESSES = (
    "https://ci.example.org/hooks",
    "https://bot.example.org:8443/told",
    "https://chat.example.org/services/T0123456789ABCDEFGH",
    "https://ci.example.org/hooks?token=abc",
)
KEYS = tuple(
    f"ssh-ed25519 {base64.b64encode(bytes([0, 0, 0, 11]) + b'ssh-ed25519' + bytes([0, 0, 0, 32, *range(n, n + 32)])).decode()}"
    for n in range(3)
)
labels = st.builds(
    lambda name, color, text: lambda path: Label(path, name, color, text),
    st.sampled_from(("bug", "Bug", "kind: new", "")),
    st.sampled_from(("ff0000", "00ff00", "red")),
    st.sampled_from(("", "to be mended")),
)
keys = st.builds(
    lambda text, write, title: lambda path: DeployKey(path, fingerprint_of(text), write, title, text),
    st.sampled_from(KEYS),
    st.booleans(),
    st.sampled_from(("ci", "", "build host")),
)
hooks = st.builds(
    lambda url, events, active, tls, secured: (
        lambda path: Webhook("repo", path, place_of(url), tuple(sorted(events)), active, tls, secured)
    ),
    st.sampled_from(ADDRESSES),
    st.lists(st.sampled_from(("push", "tag", "native:star")), unique=True, max_size=2),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
hangings = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from((("lab",), ("hub",), ("lab", "hub"))),
        st.one_of(labels, keys, hooks),
    ),
    max_size=6,
)


def hung(source: Source, hanging: list[Any]) -> Source:
    """Return the forge with labels, keys and webhooks on its repositories, as it holds them."""
    state = dict(source.observation.state)
    repos = sorted(key.name for key in state if key.kind == "repo")
    for number, forges, make in hanging:
        if source.name in forges and repos:
            one = make(repos[number % len(repos)])
            if isinstance(one, Webhook):
                kept = source.traits.fields["webhook"]
                one = replace(
                    one, **{name: None for name in ("active", "tls", "secured") if name not in kept}
                )
            if one.KIND in source.traits.kinds:
                state[one.key] = one
    known = {place_of(url): url for url in ADDRESSES}
    return replace(source, observation=replace(source.observation, state=state), addresses=known)


def as_held(one: Resource, forge: str) -> Resource | None:  # noqa: PLR0911  # one return for each kind
    """Return a resource as a forge holds it that was given it: what nobody cared about is something."""
    traits = TRAITS[forge]
    if one.KIND not in traits.kinds or (
        isinstance(one, Grant) and one.on == "org" and not traits.group_grants
    ):
        return None
    if isinstance(one, Repo):
        return replace(
            one, description=one.description or "", visibility=one.visibility or "public", archived=bool(one.archived), filled=True,
            default_branch=one.default_branch or "main", topics=one.topics or (), issues=one.issues is not False, previously=None,
        )  # fmt: skip
    if isinstance(one, Team):
        return replace(
            one,
            title=one.title or "" if traits.team_is_group else None,
            description=one.description or "",
            secret=True if traits.team_is_group else one.secret,
            previously=None,
        )
    if isinstance(one, Membership):
        return replace(one, role=one.role or "member")
    if isinstance(one, Grant):
        supported = traits.team_levels if one.subject_kind == "team" else traits.person_levels
        return replace(one, level=one.level if one.level in supported else supported[0])
    if isinstance(one, Org):
        return replace(one, visibility=one.visibility or ("public" if traits.nested_orgs else None))
    if isinstance(one, BranchRule):
        return replace(one, force=bool(one.force), delete=bool(one.delete))
    return one


def sources(data: dict[str, Any], folder: Path) -> list[Source] | None:
    try:
        config = read(spec_gen.write(folder, data), today=TODAY)
    except ConfigError:
        return None
    resolved = resolve(config, today=TODAY, traits=TRAITS)
    out = []
    for name, desired in resolved.desired.items():
        held = [found for one in desired.state.values() if (found := as_held(one, name))]
        keys = {one.key for one in held}
        held = [
            one for one in held if all(need in keys for need in one.needs() if need.kind in ("repo", "team"))
        ]
        accounts = {login: Account(login, number) for number, login in enumerate(spec_gen.PEOPLE, start=1)}
        observation = Observation(name, {one.key: one for one in held}, accounts, "bot")
        settings_ = {
            k: v
            for k, v in data["forges"][name].items()
            if k in ("type", "url", "token", "repo", "team", "role")
        }
        out.append(Source(name, settings_, TRAITS[name], observation, desired.orgs))
    return out


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(spec_gen.specs(), st.booleans(), hangings)
def test_the_plan_of_what_was_adopted_is_empty(tmp_path_factory, data, link, hanging):
    found = sources(data, tmp_path_factory.mktemp("adopt"))
    if not found:
        return
    found = [hung(one, hanging) for one in found]
    said = Said(link_equal_logins=link)
    adopted = adopt(found, said, TODAY)
    assert planned(adopted.data, found, TODAY)[1] == []
    again = adopt(found, said, TODAY)
    assert again.data == adopted.data
    assert again.unsaid == adopted.unsaid
    for source in found:
        declared = {key for key in adopted.desired[source.name].state if key.kind in ("repo", "team")}
        told = {one.subject for one in adopted.unsaid}
        for key in source.observation.state:
            if key.kind in ("repo", "team"):
                assert key in declared or key.name in told, f"{key} is neither declared nor told of"
            elif key.kind in ("label", "deploy_key", "webhook"):
                where = source.observation.state[key].inside
                mine = adopted.places.get((source.name, where))
                named = {other.name for (_, other), name in adopted.places.items() if name == mine}
                there = key in adopted.desired[source.name].state
                assert there or told & named or where not in declared, (
                    f"{key} is neither declared nor told of"
                )
    text = json.dumps(adopted.data)
    assert '"secret"' not in text
    assert not any(url in text for url in ADDRESSES[2:]), "an address that may be a secret is written nowhere"
