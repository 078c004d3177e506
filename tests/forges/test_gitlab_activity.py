"""When people did something last: asked for all at once, and not held against a server that can't tell."""

from __future__ import annotations

import pytest
from gitlab_wire import Says, forge, wire

from sigctl.errors import ForgeError
from sigctl.forges.telling import TellsActivity

NAME = "sigctlLastActive"


def test_the_day_is_told_for_whoever_has_one():
    with wire() as server:
        rows = [
            {"username": "member1", "lastActivityOn": "2026-01-02"},
            {"username": "member2", "lastActivityOn": None},
        ]
        server.on("QUERY", NAME, Says(body={"data": {"users": {"nodes": rows}}}))
        gitlab = forge(server.url)
        assert isinstance(gitlab, TellsActivity)
        assert gitlab.last_active({"member1", "member2"}) == {"member1": "2026-01-02", "member2": ""}
        assert len([one for one in server.asked if one.method == "QUERY"]) == 1
        gitlab.close()


def test_a_server_without_the_field_tells_nothing_and_one_that_fails_is_no_such_server():
    with wire() as server:
        old = {"errors": [{"message": "Field 'lastActivityOn' doesn't exist on type 'UserCore'"}]}
        server.on("QUERY", NAME, Says(body=old))
        gitlab = forge(server.url)
        assert gitlab.last_active({"member1"}) == {}
        server.on("QUERY", NAME, Says(401, {"message": "401 Unauthorized"}))
        with pytest.raises(ForgeError):
            gitlab.last_active({"member1"})
        gitlab.close()
