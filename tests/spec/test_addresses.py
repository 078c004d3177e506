"""Which addresses are those of the internet, whatever form they are written in, and who may allow others."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec_world import TODAY, main, resolved, virt, written

from sigctl.app.moving import gate_of
from sigctl.errors import ConfigError
from sigctl.spec import read
from sigctl.spec.checks.addresses import is_internal

INSIDE = (
    "https://localhost/x.git", "https://LOCALHOST./x", "https://127.0.0.1/x", "https://127.1/x", "https://2130706433/x", "https://0x7f000001/x",
    "https://0177.0.0.1/x", "https://[::1]/x", "https://[::ffff:10.0.0.1]/x", "https://[fe80::1]/x", "https://[fd00::1]/x", "https://10.0.0.7:8443/x",
    "https://172.16.0.1/x", "https://192.168.1.1/x", "https://169.254.169.254/latest", "https://100.64.0.1/x", "https://0.0.0.0/x", "ssh://git@10.0.0.7/x",
    "https://gitserver/x", "https://git.local/x", "https://vault.internal/x", "https://git.home.arpa/x", "https://[::1/x",
)  # fmt: skip
OUTSIDE = (
    "https://github.com/CentOS-virt7/xen.git", "ssh://git@git.centos.org/x", "https://1.1.1.1/x", "https://[2606:4700::1111]/x", "https://0xyz.example.org/x",
    "https://localhost.example.org/x", "https://internal.example.org/x", "https://3.example.org/x",
)  # fmt: skip


@pytest.mark.parametrize("url", INSIDE)
def test_these_lead_inside(url):
    assert is_internal(url)


@pytest.mark.parametrize("url", OUTSIDE)
def test_these_do_not(url):
    assert not is_internal(url)


def test_a_sig_can_not_name_such_a_host_and_an_admin_can_allow_it(tmp_path: Path):
    files = virt(repos={"xen": {"upstream": {"url": "https://10.0.0.7:8443/xen.git"}}})
    with pytest.raises(ConfigError) as caught:
        read(written(tmp_path / "one", main(), virt=files), today=TODAY)
    assert {problem.check for problem in caught.value.problems} == {"internal-address"}
    folder = written(tmp_path / "two", main(), virt=files)
    policy = (folder if folder.is_dir() else folder.parent) / "policy.yaml"
    text = policy.read_text() if policy.exists() else "version: 1\n"
    policy.write_text(text.rstrip("\n") + "\ninternal_hosts: [10.0.0.7]\n")
    read(folder, today=TODAY)


def test_a_store_of_the_files_that_is_inside_is_a_problem_of_the_files(tmp_path: Path):
    stores = {"here": {"url": "https://10.0.0.7/sources", "upload": "https://lookaside.internal/upload.cgi"}}
    with pytest.raises(ConfigError) as caught:
        read(written(tmp_path, main(lookaside={"stores": stores}), virt=virt()), today=TODAY)
    assert sorted((p.check, p.subject) for p in caught.value.problems) == [
        ("internal-address", "lookaside.stores.here.upload"),
        ("internal-address", "lookaside.stores.here.url"),
    ]


def test_what_admins_wrote_down_may_be_anywhere(tmp_path: Path):
    folder = written(tmp_path, main(), virt=virt())
    home = folder if folder.is_dir() else folder.parent
    policy = home / "policy.yaml"
    text = policy.read_text() if policy.exists() else "version: 1\n"
    policy.write_text(f"{text.rstrip()}\ninternal_hosts: [Vault.Corp.example.org]\n")
    spec = read(folder, today=TODAY).spec
    door = gate_of(spec, ["http://127.0.0.1:8080/x"])
    ours = [str(forge.url).removeprefix("https://").partition("/")[0] for forge in spec.forges.values()]
    assert ours
    assert all(door.is_open(host, 443) and not door.is_open(host, 8443) for host in ours)
    assert door.is_open("vault.corp.example.org", 9999)
    assert door.is_open("127.0.0.1", 8080)
    assert not door.is_open("127.0.0.1", 8081)
    assert not door.is_open("upstream.example.org", 443)


def test_a_webhook_that_leads_inside_is_told_of_unless_an_admin_allows_the_host(tmp_path: Path):
    hooks = {
        "one": {"url": "https://ci.internal/hook?token=x"},
        "two": {"url": "https://10.0.0.7/hook"},
        "three": {"url": "https://ci.example.org/hook"},
    }
    folder = written(tmp_path, main(), virt=virt(repos={"xen": {"webhooks": hooks}}))
    (folder.parent / "policy.yaml").write_text("version: 1\ninternal_hosts: [10.0.0.7]\n")
    notes = {
        (note.forge, note.subject, note.sig): note.text
        for note in resolved(read(folder, today=TODAY)).notes
        if "webhook" in note.text
    }
    assert set(notes) == {("lab", "project/sig-virt/xen", "virt"), ("hub", "Org/sig-virt-xen", "virt")}
    assert all(
        "the webhook to ci.internal leads into" in text and "token" not in text for text in notes.values()
    )
