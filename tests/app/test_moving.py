"""What the files say about moving histories reaches those who move them; and what is told on the way is bounded."""

from __future__ import annotations

from types import SimpleNamespace

from sigctl.app.context import Watch
from sigctl.app.moving import Progress, mirror_options
from sigctl.mirror.model import Step
from sigctl.spec.model.policy import MirrorLimits, MirrorPolicy


def context(limits, rewrites=()):
    policy = SimpleNamespace(mirror=MirrorPolicy(limits=limits), internal_hosts=("Vault.internal",))
    options = SimpleNamespace(jobs=3, cache=None, bundles=None, rewrites=rewrites)
    forge = SimpleNamespace(
        url="https://git.example.org", ssh=SimpleNamespace(url="ssh://git@git.example.org:2222")
    )
    spec = SimpleNamespace(policy=policy, forges={"lab": forge})
    return SimpleNamespace(config=SimpleNamespace(spec=spec), options=options, watch=Watch())


def test_limits_of_the_policy_are_those_of_the_run():
    found = mirror_options(context(MirrorLimits(refs=7, gib=2, minutes=3)))
    assert (found["max_refs"], found["max_bytes"], found["seconds"], found["jobs"]) == (7, 2 << 30, 180.0, 3)
    assert "file" not in found["protocols"]


def test_a_run_may_go_inside_only_where_an_admin_or_the_command_line_says_so():
    rewrites = (("https://github.com/", "http://127.0.0.1:8080/"), ("https://x.example.org/", "file:///srv/"))
    gate = mirror_options(context(MirrorLimits(), rewrites))["gate"]
    assert not gate.anywhere
    assert gate.hosts == {"vault.internal"}
    assert gate.origins == {("git.example.org", 443), ("git.example.org", 2222), ("127.0.0.1", 8080)}


def told():
    lines: list[tuple[str, str]] = []
    ended: list[str] = []
    watch = Watch(reading=lambda where, what: lines.append((where, what)), ended=ended.append)
    return Progress(watch), lines, ended


def test_a_transfer_is_told_in_tenths_and_its_bar_goes_when_it_is_done():
    progress, lines, ended = told()
    for done in range(1001):
        progress(Step("lab:xen", "fetch", done, 1000, "receiving objects"))
    assert len(lines) == 11
    assert lines[0] == ("lab:xen", "fetch receiving objects 0 %")
    assert lines[-1] == ("lab:xen", "fetch receiving objects 100 %")
    progress(Step("lab:xen", "done"))
    progress(Step("lab:other", "done"))
    assert ended == ["lab:xen"]


def test_all_together_is_told_too_and_not_for_each_of_thousands():
    progress, lines, _ = told()
    for done in range(1, 3001):
        progress(Step(f"lab:{done}", "read", done, 3000))
    assert lines[-1] == ("histories", "3000 of 3000 repositories read")
    assert len(lines) == 10
    for done in range(1, 4):
        progress(Step("", "brought", done, 3))
    assert [what for _, what in lines[10:]] == ["1 of 3 brought", "2 of 3 brought", "3 of 3 brought"]
