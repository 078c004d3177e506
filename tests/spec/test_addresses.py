"""Which addresses are those of the internet, whatever form they are written in, and who may allow others."""

from __future__ import annotations

from pathlib import Path

import pytest
from spec_world import TODAY, main, virt, written

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
