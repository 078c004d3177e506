"""Push mirrors as GitLab tells of them."""

from __future__ import annotations

import pytest
from gitlab_wire import Says, forge, wire

from sigctl.errors import DeniedError, PartialError
from sigctl.forges.base import PushesItself, PushMirror

PATH = "/projects/virt%2Fxen/remote_mirrors"
ROW = {
    "id": 7,
    "enabled": True,
    "url": "https://*****:*****@github.com/CentOS/sig-virt-xen.git",
    "update_status": "failed",
    "last_update_at": "2026-11-22T10:00:00.000Z",
    "last_update_started_at": "2026-11-22T09:59:00.000Z",
    "last_successful_update_at": None,
    "last_error": "13:get remote: 401",
}


def test_a_mirror_is_told_without_the_stars_of_its_login():
    with wire() as served:
        served.on(
            "GET",
            PATH,
            Says(body=[ROW, {**ROW, "enabled": False, "update_status": "none", "last_error": None}]),
        )
        gitlab = forge(served.url)
        assert isinstance(gitlab, PushesItself)
        found = gitlab.push_mirrors("virt/xen")
        gitlab.close()
    first = PushMirror(
        "https://github.com/CentOS/sig-virt-xen.git",
        enabled=True,
        failed=True,
        error="13:get remote: 401",
        last_try="2026-11-22T10:00:00.000Z",
    )
    assert found[0] == first
    assert (found[1].enabled, found[1].failed, found[1].error) == (False, False, "")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Says(403, {"message": "403 Forbidden"}), DeniedError),
        (Says(body=[{"id": 7, "enabled": True}]), PartialError),
        (Says(body=[{"id": 7, "url": "https://github.com/x.git"}]), PartialError),
    ],
)
def test_what_can_not_be_read_whole_is_an_error_and_not_no_mirror(answer, error):
    with wire() as served:
        served.on("GET", PATH, answer)
        gitlab = forge(served.url)
        with pytest.raises(error):
            gitlab.push_mirrors("virt/xen")
        gitlab.close()
