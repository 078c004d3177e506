"""What the policy says about refs reaches the hop that it is about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from spec_world import load, main, resolved, virt

from sigctl.core.history import Hop
from sigctl.errors import ConfigError
from sigctl.mirror.policy import word_for


def hops(tmp_path: Path, policy: dict[str, Any], **sig: Any) -> tuple[Hop, Hop]:
    (tmp_path / "policy.yaml").write_text(json.dumps({"version": 1, "mirror": policy}), "utf-8")
    found = resolved(load(tmp_path, main(policy="policy.yaml"), virt=virt(**sig))).hops
    upstream, replica = (hop for hop in found if hop.repo == "xen")
    return upstream, replica


def test_nothing_is_said_where_the_policy_holds(tmp_path: Path) -> None:
    upstream, replica = hops(tmp_path, {"on_divergence": "hold", "delete_refs": "hold"})
    assert upstream.on_divergence == upstream.delete_refs == ()
    assert replica.on_divergence == replica.delete_refs == ()
    assert replica.mode == "follow"


def test_a_word_for_all_is_for_branches_and_leaves_tags(tmp_path: Path) -> None:
    upstream, replica = hops(tmp_path, {"on_divergence": "overwrite"})
    for hop in (upstream, replica):
        assert word_for("refs/heads/a/b", hop.on_divergence) == "overwrite"
        assert word_for("refs/tags/v1", hop.on_divergence) == "hold"


def test_what_is_ignored_is_ignored_for_tags_too(tmp_path: Path) -> None:
    upstream, _ = hops(tmp_path, {"on_divergence": "ignore"})
    assert word_for("refs/tags/v1", upstream.on_divergence) == "ignore"


def test_the_first_pattern_that_fits_decides_and_tags_are_meant_by_their_full_name(tmp_path: Path) -> None:
    refs = [
        {"pattern": "wip/*", "on_divergence": "overwrite", "repos": ["virt/x*"]},
        {"pattern": "refs/tags/nightly-*", "on_divergence": "overwrite"},
        {"pattern": "*", "on_divergence": "ignore", "repos": ["cloud/*"]},
    ]
    upstream, _ = hops(tmp_path, {"refs": refs})
    words = {
        ref: word_for(ref, upstream.on_divergence)
        for ref in ("refs/heads/wip/a", "refs/heads/main", "refs/tags/nightly-1", "refs/tags/v1")
    }
    assert list(words.values()) == ["overwrite", "hold", "overwrite", "hold"]


def test_no_policy_lets_an_upstream_take_a_branch_of_a_sig(tmp_path: Path) -> None:
    policy = {"on_divergence": "overwrite", "delete_refs": "delete"}
    branches = [{"pattern": "c{release}-sig-{sig}", "own": True}]
    upstream, replica = hops(tmp_path, policy, branches=branches)
    for rules in (upstream.on_divergence, upstream.delete_refs):
        assert word_for("refs/heads/c7-sig-virt-xen", rules) == "hold"
        assert word_for("refs/heads/c7-sig-virtual", rules) != "hold"
    assert word_for("refs/heads/c7-sig-virt-xen", replica.on_divergence) == "overwrite"


def test_a_replica_is_an_exact_copy_where_refs_may_be_deleted(tmp_path: Path) -> None:
    _, replica = hops(tmp_path, {"delete_refs": "delete"})
    assert replica.mode == "mirror"
    assert word_for("refs/tags/v1", replica.delete_refs) == "hold"


def test_a_rule_that_says_nothing_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="says nothing"):
        hops(tmp_path, {"refs": [{"pattern": "wip/*"}]})
