"""The open questions of the founding discussion are switches: changing one moves what is there, and makes nothing anew."""

from __future__ import annotations

import upstreams


def ids(world):
    """Return the forge's own id of every repository by its name on both forges."""
    state = world.sandbox.forges["github"].state
    return {repo["name"]: repo["id"] for repo in state.repos}


def test_from_one_org_to_an_org_per_sig(mirrored, world, sources):
    before = set(ids(world).values())
    xen = ids(world)["sig-virt-xen"]
    world.edit(
        "sigs.yaml",
        "repo: CentOS/sig-{sig}-{repo}",
        'repo: CentOS-{sig}/{repo}\n    moved_from: ["CentOS/sig-{sig}-{repo}"]',
    )
    plan = world.ok("plan", "--format", "json", "--forge", "github", code=3).json
    assert {r["guard"] for r in plan["refusals"]} == {"max_removals.grants"}, (
        "the old org's teams lose the repositories"
    )
    verbs = {(a["verb"], a["kind"]) for a in plan["actions"]}
    assert ("create", "repo") not in verbs
    assert ("delete", "repo") not in verbs
    assert ("move", "repo") in verbs
    allow = [
        "--allow",
        "max_removals.grants=99",
        "--allow",
        "max_removals.members=99",
        "--reason",
        "an org per SIG",
    ]
    world.ok("apply", "--yes", *allow, mirror=True)
    assert ids(world)["xen"] == xen, "the same repository, moved"
    assert set(ids(world).values()) == before, "nothing is made anew, nothing is deleted"
    world.ok("plan", "--detailed-exitcode", mirror=True)
    url = f"{world.sandbox.document()['forges']['github']['url']}/CentOS-virt/xen.git"
    assert "refs/heads/xen-412" in upstreams.git("ls-remote", url)


def test_a_renamed_repository_keeps_its_history(mirrored, world, sources):
    xen = ids(world)["sig-virt-xen-seabios"]
    world.edit("sigs.d/virt.yaml", "  xen-seabios:\n", "  seabios:\n    previously: [xen-seabios]\n")
    world.ok("apply", "--yes", mirror=True)
    assert ids(world)["sig-virt-seabios"] == xen
    world.ok("plan", "--detailed-exitcode", mirror=True)
    for forge, path in (("github", "CentOS/sig-virt-seabios"), ("gitlab", "project/sig-virt/seabios")):
        url = f"{world.sandbox.document()['forges'][forge]['url']}/{path}.git"
        assert "refs/heads/master" in upstreams.git("ls-remote", url)


def test_a_retired_sig_is_readable_and_not_writable(settled, world):
    world.edit("sigs.d/cloud.yaml", "status: active", "status: retired")
    allow = [
        "--allow",
        "max_removals.grants=9",
        "--allow",
        "max_removals.members=9",
        "--reason",
        "SIG Cloud is retired",
    ]
    world.ok("apply", "--yes", *allow)
    world.ok("plan", "--detailed-exitcode")
    repo = next(r for r in world.sandbox.forges["github"].state.repos if r["name"] == "sig-cloud-cloud-docs")
    assert repo["archived"]
    assert repo["visibility"] == "public"


def test_a_kernel_per_sig_needs_no_rule_that_a_forge_lacks(world, sources):
    world.edit("sigs.yaml", "layout: shared", "layout: per-sig")
    world.ok("apply", "--yes", mirror=True)
    world.ok("plan", "--detailed-exitcode", mirror=True)
    url = f"{world.sandbox.document()['forges']['gitlab']['url']}/project/sig-virt/kernel.git"
    assert "refs/heads/c7" in upstreams.git("ls-remote", url)
