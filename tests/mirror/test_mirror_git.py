"""How git is run: nothing of the machine, no secret where others can read it, nothing left running."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from githttp import Bare, Fault
from pydantic import SecretStr

from sigctl.errors import DeniedError, GitError, InterruptedRunError, NotThereError, UnreachableError
from sigctl.forges.base import Remote
from sigctl.mirror import address, said
from sigctl.mirror.git import Git

TOKEN = "glpat-very-secret-0123456789"  # opens nothing


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def until(condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)


def command_lines() -> dict[int, str]:
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                found[int(folder.name)] = (
                    (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                )
            except OSError:
                continue
    return found


def environments() -> list[bytes]:
    """Return the environments of all that runs below us."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                found.append((folder / "environ").read_bytes())
            except OSError:
                continue
    return found


def test_a_token_is_in_no_command_line_no_environment_no_url_and_no_file(world):
    world.bare("upstream/xen").bulk("master", 200)
    world.bare("primary/xen")
    world.server.password = world.password = TOKEN
    lines: list[str] = []
    held: list[bytes] = []

    def look() -> None:
        lines.extend(command_lines().values())
        held.extend(environments())

    world.server.faults.append(Fault("git-", before=look))
    plan = world.plan()
    outcomes = world.push(plan)
    assert [o.status for o in outcomes] == ["done"]
    assert any("git-remote-http" in line or "remote-http" in line for line in lines)
    assert any("push" in line and "--force-with-lease" in line for line in lines)
    basic = address.authorization(Remote("https://x", "bot", SecretStr(TOKEN))).removeprefix("Basic ")
    assert [line for line in lines if TOKEN in line or basic in line] == []
    assert any(b"GIT_CONFIG_COUNT" in one for one in held)
    assert [one for one in held if TOKEN.encode() in one or basic.encode() in one] == []
    assert [s for s in world.server.seen if TOKEN in s.path + s.query] == []
    assert all(s.authorization == f"Basic {basic}" for s in world.server.seen)
    for file in (path for path in world.cache.rglob("*") if path.is_file()):
        assert TOKEN.encode() not in file.read_bytes()
        assert basic.encode() not in file.read_bytes()


def test_the_machine_has_no_say(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        '[user]\n\tname = machine\n[url "https://elsewhere/"]\n\tinsteadOf = https://\n'
    )
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GIT_DIR": "/nowhere",
        "GIT_TRACE": "1",
        "GIT_PROXY_COMMAND": "x",
    }
    git = Git(environment=env)
    result = git.run(["config", "--list", "--show-scope"])
    assert "machine" not in result.out
    assert "insteadof" not in result.out.lower()
    assert result.err == ""
    assert {line.split("\t")[0] for line in result.out.splitlines()} == {"command"}


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% /tmp/x", "-oProxyCommand=touch", "--upload-pack=touch", "http://forge.example.org/xen.git", "file:///srv/xen.git",
        "/srv/xen.git", "git://forge.example.org/xen.git", "https://bot:secret@forge.example.org/xen.git", "ssh://-oProxyCommand=x/y",
        "https://forge.example.org/xen.git\n--mirror", "fd::7", "http://127.0.0.1.example.org/x", "-x@host:path", "host:-path",
    ],
)  # fmt: skip
def test_addresses_that_mean_something_else_are_refused(url, tmp_path):
    with pytest.raises(GitError) as caught:
        Git().run(["ls-remote", "--", url], remote=Remote(url))
    assert "secret" not in str(caught.value).replace("[secret]", "")


@pytest.mark.parametrize(
    "url",
    ["https://forge.example.org/a/xen.git", "ssh://git@forge.example.org:2222/xen.git", "git@forge.example.org:a/xen.git",
     "http://127.0.0.1:8080/xen.git", "http://localhost/xen.git", "http://[::1]:80/xen.git"],
)  # fmt: skip
def test_ordinary_addresses_are_allowed(url):
    assert address.check(Remote(url)) in ("https", "ssh", "http")


def test_git_itself_refuses_what_is_not_allowed(tmp_path):
    Bare(tmp_path / "srv.git")
    with pytest.raises(GitError, match="not allowed"):
        Git().run(["ls-remote", "--", f"file://{tmp_path}/srv.git"])


def test_no_hook_runs(tmp_path):
    bare = Bare(tmp_path / "x.git")
    tip = bare.commit("master", "one")
    bare.hook("reference-transaction", f"touch {tmp_path}/ran")
    Git().run(["update-ref", "refs/heads/other", tip], at=bare.path)
    assert not (tmp_path / "ran").exists()


def test_stopping_ends_git_and_all_it_started(tmp_path):
    program = script(
        tmp_path / "git", f"sleep 600 & echo $! > {tmp_path}/child; echo $$ > {tmp_path}/self; wait"
    )
    stop = threading.Event()
    errors: list[BaseException] = []

    def go() -> None:
        try:
            Git(program, stop=stop).run(["fetch"])
        except InterruptedRunError as error:
            errors.append(error)

    thread = threading.Thread(target=go)
    thread.start()
    until(lambda: (tmp_path / "self").exists() and (tmp_path / "self").read_text().strip())
    child, own = (int((tmp_path / name).read_text()) for name in ("child", "self"))
    stop.set()
    thread.join(60)
    assert len(errors) == 1
    until(lambda: not {child, own} & {pid for pid, line in command_lines().items() if line})


def test_a_command_that_takes_too_long_is_ended(tmp_path):
    program = script(tmp_path / "git", "exec sleep 600")
    with pytest.raises(GitError, match="longer than"):
        Git(program, timeout=0.3).run(["fetch"])


def test_a_command_that_moves_too_much_is_ended(tmp_path):
    line = "Receiving objects:  45% (450/1000), 1.50 MiB | 9.00 MiB/s"
    program = script(tmp_path / "git", f"printf '%s\\r' '{line}' >&2; exec sleep 600")
    with pytest.raises(GitError, match="more than 1 MiB"):
        Git(program, max_bytes=1 << 20, timeout=60).run(["fetch"], objects=lambda *_: None)


def test_an_old_git_is_refused_and_none_is_said_plainly(tmp_path):
    with pytest.raises(GitError, match=r"git 2\.20\.1 is too old"):
        Git(script(tmp_path / "git", "echo git version 2.20.1")).version()
    with pytest.raises(GitError, match="not installed"):
        Git(str(tmp_path / "none")).version()
    assert Git().version() >= (2, 31)


@pytest.mark.parametrize(
    ("err", "kind", "text"),
    [
        ("fatal: unable to access 'https://x/': The requested URL returned error: 403", DeniedError, "403"),
        ("remote: not yours\nfatal: Authentication failed for 'https://x/'", DeniedError, "Authentication failed"),
        ("git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.", DeniedError, "git"),
        ("fatal: repository 'https://x/' not found\nfatal: unable to access: returned error: 404", NotThereError, "404"),
        ("fatal: unable to access 'https://x/': Could not resolve host: x", UnreachableError, "resolve"),
        ("fatal: unable to access 'https://x/': The requested URL returned error: 502", UnreachableError, "502"),
        ("error: object abc: badTree\nfatal: fsck error in packed object\nfatal: early EOF", GitError, "badTree"),
        ("", GitError, "ended with code 128"),
    ],
)  # fmt: skip
def test_gits_words_become_our_errors(err, kind, text):
    error = said.failure("fetch", 128, err)
    assert type(error) is kind
    assert text in str(error)


def test_a_secret_in_gits_output_is_scrubbed(tmp_path):
    remote = Remote("https://forge.example.org/x.git", "bot", SecretStr(TOKEN))
    program = script(
        tmp_path / "git", f'echo "fatal: https://bot:{TOKEN}@forge.example.org and {TOKEN}" >&2; exit 128'
    )
    with pytest.raises(GitError) as caught:
        Git(program).run(["fetch"], remote=remote)
    assert TOKEN not in str(caught.value)
    assert "[secret]" in str(caught.value)


def test_ssh_gets_its_key_and_its_known_hosts_and_asks_nothing(tmp_path):
    seen = tmp_path / "seen"
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    script(ssh, f'printf "%s\\n" "$@" > {seen}; exit 255')
    env = {"PATH": f"{ssh.parent}:{os.environ['PATH']}"}
    remote = Remote(
        "ssh://git@forge.example.org/xen.git", key_file="/keys/my key", known_hosts="/keys/known hosts"
    )
    with pytest.raises(GitError):
        Git(environment=env).run(["ls-remote", "--", remote.url], remote=remote)
    said_to = seen.read_text().splitlines()
    assert {"BatchMode=yes", "StrictHostKeyChecking=yes", "IdentitiesOnly=yes", "/keys/my key"} <= set(
        said_to
    )
    assert (
        "UserKnownHostsFile=/keys/known hosts" in said_to
        or 'UserKnownHostsFile="/keys/known hosts"' in said_to
    )
    assert "git@forge.example.org" in said_to
