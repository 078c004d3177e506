"""Over a real ssh server: keys of hosts and people, and connections that break."""

from __future__ import annotations

import asyncssh
import pytest


@pytest.fixture
def world(any_world):
    return any_world


pytestmark = pytest.mark.parametrize("any_world", ["ssh"], indirect=True)


@pytest.fixture
def pair(world):
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.bulk("master", 100)
    return upstream, primary


def said(plan):
    """Return the reason and the hint of what was set aside."""
    aside = plan.set_aside[0]
    return aside.reason, aside.hint


def test_a_host_whose_key_is_unknown_is_named_with_the_file_and_what_to_do(world, pair):
    world.ssh.trust(None)
    reason, hint = said(world.plan())
    assert f"the host key of `[127.0.0.1]:{world.ssh.port}` is not in `{world.ssh.known_hosts}`" in reason
    assert f"ssh-keyscan -p {world.ssh.port} 127.0.0.1 >> {world.ssh.known_hosts}" in hint
    assert world.ssh.served == []


def test_a_host_with_another_key_than_before_is_not_talked_to(world, pair):
    world.ssh.trust(asyncssh.generate_private_key("ssh-ed25519"))
    reason, hint = said(world.plan())
    assert (
        f"`[127.0.0.1]:{world.ssh.port}` has another host key than `{world.ssh.known_hosts}` says" in reason
    )
    assert "it shows SHA256:" in reason
    assert f"ssh-keygen -R '[127.0.0.1]:{world.ssh.port}' -f {world.ssh.known_hosts}" in hint
    assert world.ssh.served == []


def test_a_key_that_the_server_does_not_take_is_denied_and_not_tried_again(world, pair):
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(str(world.ssh.key_file))
    reason, hint = said(world.plan())
    assert "Permission denied (publickey)" in reason
    assert "the server knows the key" in hint


def test_a_list_of_refs_that_is_cut_is_read_again(world, pair):
    world.ssh.cut_after = 20
    plan = world.plan()
    assert plan.set_aside == ()
    assert (len(plan.actions), plan.reads) == (1, 3)


@pytest.mark.parametrize("bytes_", [0, 3000])
def test_a_connection_that_breaks_is_made_again(world, pair, bytes_):
    upstream, primary = pair
    plan = world.plan()
    world.ssh.served.clear()
    world.ssh.cut_after = bytes_
    assert [(o.status, o.reason) for o in world.push(plan)] == [("done", "")]
    assert primary.refs() == upstream.refs()
    assert world.ssh.served.count("git-upload-pack") >= 2


def test_a_push_whose_report_is_lost_is_looked_at_before_it_is_sent_again(world, pair):
    upstream, primary = pair
    plan = world.plan()
    world.ssh.served.clear()
    world.ssh.lose_report = True
    assert [(o.status, o.reason) for o in world.push(plan)] == [("done", "")]
    assert not world.ssh.lose_report
    assert primary.refs() == upstream.refs()
    assert world.ssh.served.count("git-receive-pack") == 1
