"""Laws of reviews: an effect is seen exactly where the meaning differs, and whoever gains by a proposal never gains unseen."""

from __future__ import annotations

import copy
import tempfile
from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from spec_gen import SIGS, sigs, specs, write

from sigctl.app.review import Request, of, version
from sigctl.core.access import strongest
from sigctl.core.kinds import Resource
from sigctl.errors import ConfigError
from sigctl.report.effects import sentences
from sigctl.report.review import LIMIT, review_markdown
from sigctl.review.rights import Version
from sigctl.spec import read

TODAY = date(2026, 11, 22)
half = settings(max_examples=settings().max_examples // 2)
"""Each example reads, checks and resolves two configs."""


def accepted(data: dict[str, Any], **how: bool) -> Version | None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return version(read(write(Path(folder), data, **how), today=TODAY), TODAY)
        except ConfigError:
            return None


parts = st.sampled_from(
    (
        {"labels": {"bug": {"color": "ff0000"}}},
        {"labels": {"bug": {"color": "00ff00", "description": "something is wrong"}}},
        {"webhooks": {"ci": {"url": "https://ci.example.org/hook", "events": ["push"]}}},
        {"webhooks": {"ci": {"url": "https://ci.example.org/hook", "secret": "env:HOOK"}}},
        {"deploy_keys": {"ci": {"key": "env:KEY", "write": True}}},
        {"labels": {}, "webhooks": {}, "deploy_keys": {}},
    )
)
"""What hangs on a repository."""


@st.composite
def pairs(draw: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return two configs that are near each other: the second is the first with a part drawn anew, or much of it."""
    one = draw(specs())
    other = copy.deepcopy(one)
    how = draw(st.sampled_from(("same", "sig", "people", "defaults", "parts", "other")))
    if how == "sig":
        other["sigs"][draw(st.sampled_from(SIGS))] = draw(sigs)
    elif how == "people":
        person = draw(st.sampled_from(sorted(other["people"])))
        other["people"][person]["logins"] = {"lab": f"{person}2"}
    elif how == "defaults":
        other["defaults"]["releases"] = draw(st.sampled_from((["7"], ["8s", "7"], ["7", "8s", "9s"])))
    elif how == "parts":
        repos = [
            (sig, name) for sig, found in sorted(other["sigs"].items()) for name in found.get("repos") or {}
        ]
        if repos:
            sig, name = draw(st.sampled_from(repos))
            repo = dict(other["sigs"][sig]["repos"][name] or {})
            other["sigs"][sig]["repos"][name] = {**repo, **draw(parts)}
    elif how == "other":
        other = draw(specs())
    return one, other


def meaning(found: Version) -> Any:
    """Return what the files come to, found without the code under test: facts, histories, declared branches."""
    facts = {
        (name, key): tuple(getattr(one, f.name) for f in fields(one) if f.name not in one.INFO)
        for name, desired in found.resolved.desired.items()
        for key, one in desired.state.items()
        if isinstance(one, Resource)
    }
    return facts, sorted(map(repr, found.resolved.hops)), sorted(map(repr, found.resolved.branches))


@half
@given(pairs())
def test_there_is_an_effect_exactly_where_what_the_files_come_to_differs(pair: Any) -> None:
    before, after = map(accepted, pair)
    if before is None or after is None:
        return
    found = of(before, after, TODAY).effect
    assert found.empty == (meaning(before) == meaning(after))
    assert found.empty == (not sentences(found))
    assert found.empty or found.items, "what differs stands somewhere in the files"


@half
@given(specs())
def test_another_order_and_other_files_are_no_change(data: dict[str, Any]) -> None:
    before, after = accepted(data), accepted(data, split=False, backwards=True)
    if before is None or after is None:
        return
    found = of(before, after, TODAY)
    assert found.effect.empty
    assert not found.verdict.approvals


@half
@given(pairs())
def test_nobody_gains_a_level_unseen_or_unapproved(pair: Any) -> None:
    before, after = map(accepted, pair)
    if before is None or after is None:
        return
    found = of(before, after, TODAY)
    gained = {right.account for right in found.effect.rights if right.gains}
    handed = {one.account for one in found.effect.handovers}
    moved = any(action.verb == "move" for action in found.effect.actions)
    for name, desired in after.resolved.desired.items():
        had = strongest(before.state(name))
        for (login, repo), rank in strongest(desired.state).items():
            account = after.accounts[name, login]
            if rank > had.get((login, repo), 0) and not moved:
                assert account in gained | handed
    if gained:
        assert found.verdict.missing, "somebody must say yes"


@half
@given(pairs(), st.sampled_from(("owner", "lead", "member1", "")))
def test_no_author_approves_what_widens_and_an_admin_covers_all(pair: Any, author: str) -> None:
    pair[0]["policy"] = pair[1]["policy"] = {"approval": {"admins": ["owner", "lead"]}}
    before, after = map(accepted, pair)
    if before is None or after is None:
        return
    found = of(before, after, TODAY, request=Request(author, (author,) if author else ()))
    if found.effect.widens:
        assert found.verdict.missing
    other = "lead" if author == "owner" else "owner"
    assert of(before, after, TODAY, request=Request(author, (other,))).verdict.allowed


@half
@given(pairs())
def test_a_comment_fits_and_folds_are_closed(pair: Any) -> None:
    before, after = map(accepted, pair)
    if before is None or after is None:
        return
    text = review_markdown(of(before, after, TODAY))
    assert len(text) <= LIMIT + 1
    assert text.count("<details>") == text.count("</details>")
