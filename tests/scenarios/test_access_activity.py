"""`access --live` tells of people with rights who did nothing for long, on a forge that knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_whoever_did_nothing_for_long_or_never_is_told_of(settled: Path, world: Any) -> None:
    users = world.sandbox.forges["gitlab"].world.users
    for login, day in {"gwd": "2020-02-03", "jonludlam": "2999-01-01", "hughesjr": "2019-01-01"}.items():
        one = users.one("username", login)
        users.save(one, attributes={**one["attributes"], "last_activity_on": day})
    asked = len(world.exchanges)
    document = world.sandbox.document()["forges"]
    urls = {"github": document["github"]["url"], "git.centos.org": document["gitlab"]["url"]}
    live = [part for name, url in urls.items() for part in ("--set", f"forges.{name}.url={url}")]
    found = world.ok("access", "--live", "--format", "json", *live).json
    looks = {
        (one["who"], one["text"].partition(", ")[0]) for one in found["people"] if one["kind"] == "inactive"
    }
    assert ("gwd", "on git.centos.org: last did something on 2020-02-03") in looks
    assert ("pasik", "on git.centos.org: has done nothing that the server knows of") in looks
    assert not [one for one in looks if one[0] == "jonludlam" and "did something" in one[1]]
    questions = [one for one in world.exchanges[asked:] if "sigctlLastActive" in one.body.decode()]
    assert len(questions) == 1, "one request for all of them"
    assert "last did something" not in world.ok("access").out, "the files alone know nothing of it"
