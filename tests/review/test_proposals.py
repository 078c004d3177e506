"""A table of proposals, and who must approve each of them."""

from __future__ import annotations

import pytest
import yaml
from review_world import HERE, TODAY, changed, estate, of

from sigctl.app.review import Request
from sigctl.app.review import of as review
from sigctl.report.effects import sentences
from sigctl.report.review import as_json

PROPOSALS = yaml.safe_load((HERE / "proposals.yaml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    return of(tmp_path_factory.mktemp("before"), estate())


def reviewed(tmp_path, before, proposal):
    after = of(tmp_path, changed(estate(), proposal["do"]))
    return review(
        before,
        after,
        TODAY,
        request=Request(proposal.get("by", ""), tuple(proposal.get("approved", ()))),
    )


def test_the_table_is_long_and_its_names_are_unique():
    assert len(PROPOSALS) >= 40
    assert len({one["name"] for one in PROPOSALS}) == len(PROPOSALS)


@pytest.mark.parametrize("proposal", PROPOSALS, ids=lambda one: one["name"])
def test_the_approvals_are_those_of_the_table(tmp_path, before, proposal):
    found = reviewed(tmp_path, before, proposal)
    said = "\n".join(one.text for one in sentences(found.effect)) or "no effect"
    assert [str(one.need) for one in found.verdict.approvals] == proposal["needs"], said
    assert proposal.get("says", "") in said
    assert proposal.get("silent", "\0") not in said
    if "warns" in proposal:
        assert sorted({one.topic for one in found.warnings}) == proposal["warns"]
    if "allowed" in proposal:
        assert found.verdict.allowed is proposal["allowed"]
        assert found.exit_code == (0 if proposal["allowed"] else 3)


@pytest.mark.parametrize("proposal", PROPOSALS, ids=lambda one: one["name"])
def test_an_admin_who_did_not_propose_it_may_approve_everything(tmp_path, before, proposal):
    admin = "hughesjr" if proposal.get("by") == "kbsingh" else "kbsingh"
    found = reviewed(tmp_path, before, {**proposal, "approved": [admin]})
    assert found.verdict.allowed
    data = as_json(found)["effect"]
    assert data["empty"] == (not data["sentences"])
    assert not data["widens"] or not data["empty"]


def test_a_webhook_that_keeps_its_secret_and_goes_elsewhere_needs_an_admin(tmp_path):
    hook = {"ci": {"url": "https://ci.example.org/hook", "secret": "env:HOOK"}}
    first = changed(estate(), [["sigs/virt/repos/xen/webhooks", hook]])
    after = changed(first, [["sigs/virt/repos/xen/webhooks/ci/url", "https://evil.example/hook"]])
    found = review(of(tmp_path / "a", first), of(tmp_path / "b", after), TODAY, request=Request("gwd"))
    assert [str(one.need) for one in found.verdict.approvals] == ["chair:virt", "admin"]
