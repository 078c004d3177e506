"""Edition and tier are asked for: of the licence, of the plan of a namespace, of what only paid tiers show; never guessed from less."""

from __future__ import annotations

import pytest
from gitlab_wire import forge

from sigctl.core.kinds import Grant, Org, Repo
from sigctl.core.plan import Action
from sigctl.forges.base import Scope
from sigctl.sandbox import control

TIERS = {
    "community": ({"gitlab_tier": 0}, {"free"}),
    "enterprise free": ({"gitlab_tier": 1}, {"enterprise", "free"}),
    "premium": ({"gitlab_tier": 2}, {"enterprise", "free", "premium"}),
    "ultimate": ({"gitlab_tier": 3}, {"enterprise", "free", "premium", "ultimate"}),
}
WHOLE = ("free", "premium", "ultimate")


@pytest.fixture(params=[(tier, plans) for tier in TIERS for plans in (0, 1)], ids=str)
def place(request, tmp_path):
    tier, plans = request.param
    if tier == "community" and plans:
        tier = "premium"
    knobs, words = TIERS[tier]
    knobs = {**knobs, "gitlab_plans": plans}
    with control.running(tmp_path, forges=("gitlab",), logins=("owner",), knobs=knobs) as sandbox:
        document = sandbox.document()
        url = document["forges"]["gitlab"]["url"]
        yield (
            forge(url, document["forges"]["gitlab"]["token"]),
            forge(url, document["users"]["owner"]["token"]),
            words,
            plans,
        )


def make(server, *resources):
    for one in resources:
        server.execute(Action("gitlab", "create", None, one))


def tier_of(server):
    capabilities = server.observe(Scope(frozenset({"top"}))).capabilities
    return {word for word in capabilities if not word.startswith("branch_rules:")}


def test_administrators_and_owners_learn_what_the_server_can_do(place):
    admin, owner, words, plans = place
    make(admin, Org("top"), Grant("org", "top", "person:owner", "admin"))
    least = words - {"ultimate"}
    assert tier_of(admin) == words
    for step in ("no repository to ask", "a repository"):
        found = tier_of(owner)
        assert found == words if plans else found == least, step
        make(admin, Repo("top/one"))


def test_where_nothing_tells_the_tier_the_plan_and_doctor_say_so_with_the_way_out(place):
    admin, owner, words, plans = place
    make(admin, Org("top"), Grant("org", "top", "person:owner", "admin"), Repo("top/one"))
    scope = Scope(frozenset({"top"}))
    untold = words == {"enterprise", "free"} and not plans
    for one in (admin, owner):
        notes = [note.text for note in one.observe(scope).notes if note.subject == "tier"]
        assert [("`tier: premium`" in note, "free" in note) for note in notes] == [(True, True)] * untold
    if not plans:
        health = admin.health()
        assert health.tier in words
        assert bool(health.notes) is untold


def test_what_is_told_in_the_files_is_not_asked_for(place):
    admin, *_ = place
    settings = admin._settings
    told = type(settings)(**{f: getattr(settings, f) for f in settings.__slots__} | {"tier": "free"})
    make(admin, Org("top"))
    assert tier_of(type(admin)(told)) <= {"enterprise", "free"}
