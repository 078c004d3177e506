"""Names that lead inside: looked up once, judged, and gone to by the address that was judged; refused before anything is asked there."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from githttp import Fault

from sigctl.app.doctor import look_at_git
from sigctl.core import network
from sigctl.errors import DeniedError, GitError, RefusedError, UnreachableError
from sigctl.forges.base import Remote
from sigctl.mirror.advertise import Reader
from sigctl.mirror.gate import Gate, opened, place_of
from sigctl.mirror.git import Git

NAME = "upstream.example.org"
HERE = "127.0.0.1"
ALLOW = "`internal_hosts`"


@dataclass
class Names:
    """A resolver that answers from a table: each lookup takes the next answer, the last one stays."""

    table: dict[str, list[tuple[str, ...]]]
    asked: list[str] = field(default_factory=list)

    def __call__(self, host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        self.asked.append(host)
        if host not in self.table:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        answers = self.table[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in found
        ]


def here_is_outside(address: str) -> str:
    """Judge as always, but take the one address on which the tests' servers listen for one of the internet."""
    return "" if address == HERE else network.inside(address)


def gate(
    *answers: tuple[str, ...], ours: tuple[str, ...] = (), **more: tuple[str, ...]
) -> tuple[Gate, Names]:
    names = Names({NAME: list(answers), HERE: [(HERE,)]} if answers else {})
    return Gate(origins=opened((), ours).origins, resolve=names, judge=here_is_outside, **more), names


@pytest.fixture
def far(world):
    """The upstream is reached by name, the primary is our own forge."""
    upstream, primary = world.bare("upstream/xen"), world.bare("primary/xen")
    upstream.bulk("master", 30)
    world.far = f"http://{NAME}:{world.server.server_address[1]}/upstream/xen.git"
    near = world.remote_of
    world.remote_of = lambda end: Remote(world.far) if not end.forge else near(end)
    return upstream, primary


def aside(plan):
    return [(one.reason, one.hint) for one in plan.set_aside]


@pytest.mark.parametrize("stream", [False, True])
def test_a_name_is_looked_up_by_us_alone_and_git_goes_where_it_was_found(world, far, stream):
    door, names = gate((HERE,), ours=(world.server.url,))
    plan = world.plan(gate=door)
    assert aside(plan) == []
    assert [(o.status, o.reason) for o in world.push(plan, gate=door, stream=stream)] == [("done", "")]
    assert far[0].refs() == far[1].refs()
    assert NAME in names.asked  # which no resolver of this machine knows


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("10.0.0.7", "private"),
        ("127.0.0.2", "loopback"),
        ("169.254.169.254", "metadata"),
        ("fd00::7", "private"),
        ("::ffff:10.0.0.7", "private"),
    ],
)
def test_a_name_that_leads_inside_is_refused_and_nothing_is_asked_there(world, far, answer, kind):
    door, _ = gate((HERE, answer), ours=(world.server.url,))  # one such address among others is enough
    ((reason, hint),) = aside(world.plan(gate=door))
    assert reason.endswith(f": `{NAME}` leads to an address that is not on the internet ({kind})")
    assert ALLOW in hint
    assert [seen.path for seen in world.server.seen if "upstream" in seen.path] == []


def test_a_host_that_an_admin_allows_may_be_anywhere(world, far):
    door, _ = gate((HERE,), ours=(world.server.url,), hosts=frozenset({NAME}))
    strict = Gate(door.hosts, door.origins, resolve=door.resolve)
    assert aside(world.plan(gate=strict)) == []
    assert len(aside(world.plan(gate=Gate(frozenset(), door.origins, resolve=door.resolve)))) == 1


def test_a_name_that_leads_elsewhere_at_the_second_look_is_refused_then(world, far):
    door, names = gate((HERE,), ("10.0.0.7",), ours=(world.server.url,))
    plan = world.plan(gate=door)
    world.server.seen.clear()
    (outcome,) = world.push(plan, gate=door)
    assert (outcome.status, NAME in outcome.reason) == ("failed", True)
    assert "not on the internet (private)" in outcome.reason
    assert names.asked.count(NAME) == 2
    assert far[1].refs() == {}
    assert [seen.path for seen in world.server.seen if "upstream" in seen.path] == []


def test_the_connection_goes_to_the_address_that_was_judged(world, far):
    """Were the name looked up again to connect, the second answer would be gone to."""
    door, names = gate((HERE,), ("127.0.0.2",))
    reader = Reader(Git(protocols=frozenset({"http"}), gate=door))
    assert reader.read(Remote(world.far)).tips == far[0].refs()
    assert names.asked == [NAME]
    reader.close()


@pytest.mark.parametrize("answer", [("::1", HERE), (HERE, "::1"), ("127.0.0.3", HERE)])
def test_of_several_addresses_one_that_answers_is_used_and_git_reads_both_kinds(world, far, answer):
    door = Gate(resolve=Names({NAME: [answer]}), judge=lambda _: "")
    run = Git(protocols=frozenset({"http"}), gate=door)
    reader = Reader(run)
    assert reader.read(Remote(world.far)).tips == far[0].refs()
    listed = run.run(["ls-remote", world.far, "refs/heads/*"], remote=Remote(world.far)).out
    assert listed.split() == [far[0].refs()["refs/heads/master"], "refs/heads/master"]
    reader.close()


def test_a_redirect_that_leads_inside_is_not_followed(world, far):
    inner = f"http://inner.example.org:{world.server.server_address[1]}"
    where = f"{inner}/primary/xen.git/info/refs?service=git-upload-pack"
    world.server.faults.append(Fault("upstream/xen", 301, {"Location": where}))
    door, names = gate((HERE,), ours=(world.server.url,))
    names.table["inner.example.org"] = [("192.168.1.1",)]
    ((reason, _),) = aside(world.plan(gate=door))
    assert reason.endswith("`inner.example.org` leads to an address that is not on the internet (private)")


def test_a_name_that_nobody_knows_is_out_of_reach(world, far):
    door, _ = gate()
    reader = Reader(Git(protocols=frozenset({"http"}), gate=door))
    with pytest.raises(requests.ConnectionError, match="Failed to resolve"):
        reader.session(world.far).get(world.far, timeout=30)
    reader.close()
    with pytest.raises(UnreachableError, match=f"could not resolve host {NAME}"):
        Git(protocols=frozenset({"http"}), gate=door).run(["ls-remote", world.far], remote=Remote(world.far))


@pytest.mark.parametrize(
    "host",
    [
        "127.2",
        "localhost",
        "vault.internal",
        "gitserver",
        "bad_.",
        "-x.example.org",
        "bücher.example.org",
        "a%2eb.example.org",
        "a\\b.example.org",
    ],
)
def test_git_is_given_no_host_that_it_could_read_otherwise_than_we_do(host):
    door, names = gate((HERE,))
    names.table |= {host: [(HERE,)]}
    with pytest.raises(RefusedError):
        door.pin(f"https://{host}/x.git", {})
    assert names.asked == []


def test_an_old_git_that_looks_names_up_by_itself_is_refused_and_the_way_out_is_named(
    world, far, tmp_path: Path
):
    old = tmp_path / "git"
    old.write_text('#!/bin/sh\n[ "$1" = version ] && echo git version 2.34.1 && exit\nexec git "$@"\n')
    old.chmod(0o755)
    door, _ = gate((HERE,), ours=(world.server.url,))
    remote = Remote(world.far)
    with pytest.raises(GitError) as caught:
        Git(str(old), frozenset({"http"}), gate=door).run(["ls-remote", remote.url], remote=remote)
    assert "git 2.34.1 looks `upstream.example.org` up by itself" in caught.value.text
    assert caught.value.hint.startswith("install git 2.37 or newer")
    assert ALLOW in caught.value.hint
    ours = world.remote_of(world.hop().target)
    assert Git(str(old), frozenset({"http"}), gate=door).run(["ls-remote", ours.url], remote=ours).code == 0


def test_doctor_tells_what_such_a_git_can_not_do(tmp_path: Path):
    for version, told in (("2.34.1", True), ("2.37.0", False), ("2.39.5", False)):
        program = tmp_path / version
        program.write_text(f"#!/bin/sh\necho git version {version}\n")
        program.chmod(0o755)
        found = look_at_git(Git(str(program)))
        assert (found.facts, found.problems) == ({"version": version}, ())
        assert [("2.37" in note and ALLOW in note) for note in found.notes] == [True] * told


def test_through_a_proxy_the_proxy_looks_names_up_and_nothing_goes_around_it(
    world, far, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("http_proxy", world.server.url)
    door, names = gate((HERE,))
    remote = Remote(world.far)
    run = Git(protocols=frozenset({"http"}), gate=door)
    reader = Reader(run)
    assert reader.read(remote).tips == far[0].refs()
    assert "refs/heads/master" in run.run(["ls-remote", remote.url], remote=remote).out
    assert names.asked == []
    inner = Remote("http://vault.internal/x.git")
    for asked in (lambda: reader.read(inner), lambda: run.run(["ls-remote", inner.url], remote=inner)):
        with pytest.raises(RefusedError, match=r"`vault\.internal` leads into a network"):
            asked()
    reader.close()


@pytest.mark.parametrize(
    ("around", "direct"),
    [("", False), (NAME, True), ("example.org", True), (".example.org", True), ("*", True), ("stream.example.org", False), (f"{NAME}:443", True), (f"{NAME}:8443", False), ("other.org, example.org", True)],
)  # fmt: skip
def test_what_is_reached_around_the_proxy_is_judged(around, direct):
    door, names = gate(("10.0.0.7",))
    environment = {"https_proxy": "http://proxy.example.org:3128", "no_proxy": around}
    if direct:
        with pytest.raises(RefusedError):
            door.pin(f"https://{NAME}/x.git", environment)
    else:
        pin = door.pin(f"https://{NAME}/x.git", environment)
        assert pin is not None
        assert pin.proxied
        assert names.asked == []


def test_ssh_goes_to_the_address_that_was_judged_under_the_keys_of_the_name(world, far, ssh):
    ssh.known_hosts.write_text(ssh.known_hosts.read_text().replace(HERE, NAME))
    url = f"ssh://git@{NAME}:{ssh.port}{world.root}/srv/upstream/xen.git"
    remote = Remote(url, key_file=str(ssh.key_file), known_hosts=str(ssh.known_hosts))
    door, _ = gate((HERE,))
    assert Reader(Git(gate=door)).read(remote).tips == far[0].refs()
    ssh.known_hosts.write_text("")
    with pytest.raises(DeniedError, match=rf"the host key of `\[{NAME}\]:{ssh.port}` is not in"):
        Git(gate=door).run(["ls-remote", url], remote=remote)
    door, _ = gate(("10.0.0.7",))
    with pytest.raises(RefusedError, match=r"not on the internet \(private\)"):
        Git(gate=door).run(["ls-remote", url], remote=remote)


def test_of_several_addresses_ssh_gets_one_that_answers(ssh):
    with socket.socket() as closed:
        closed.bind(("127.0.0.2", 0))  # bound and not listening: refuses
        door = Gate(resolve=Names({NAME: [("127.0.0.2", HERE)]}), judge=lambda _: "")
        pin = door.pin(f"ssh://git@{NAME}:{ssh.port}/x", {})
        assert pin is not None
        assert pin.answering() == HERE


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://Git.Example.org/x", ("git.example.org", 443)),
        ("ssh://git@h.example.org:2222/x", ("h.example.org", 2222)),
        ("git@h.example.org:x/y.git", ("h.example.org", 22)),
        ("https://[2606::1]:8443/x", ("2606::1", 8443)),
        ("https://h.example.org:99999/x", None),
        ("https:///x", None),
        ("file:///srv/x", None),
    ],
)  # fmt: skip
def test_host_and_port_of_an_address(url, place):
    assert place_of(url) == place


def test_a_forge_of_ours_may_be_inside_at_its_own_port_only():
    door = opened(["vault.internal"], ["https://git.corp.example.org", "ssh://git@git.corp.example.org:2222"])
    assert all(
        door.is_open(*place)
        for place in (("git.corp.example.org", 443), ("GIT.corp.example.org", 2222), ("vault.internal", 9))
    )
    assert not door.is_open("git.corp.example.org", 9200)
