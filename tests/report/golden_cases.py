"""What the terminal shows, at two widths; `python tests/report/golden_cases.py` writes the files anew, to be looked at before a commit."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from sigctl.app.access import Seen, answer, declared
from sigctl.app.access_told import told
from sigctl.app.context import Options
from sigctl.core.access_table import Wanted
from sigctl.core.kinds import BranchRule, Grant, Membership, Org, Ref, Repo, TeamMember
from sigctl.core.plan import Action, Cost, Plan, Refusal
from sigctl.core.state import Note, SetAside
from sigctl.report.access import access_text
from sigctl.report.drift import drift_text
from sigctl.report.text import plan_text
from sigctl.report.words import describe
from sigctl.report.wrapping import fitted
from sigctl.watch.record import Cause, Entry
from sigctl.watch.view import View

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
TODAY = date(2026, 11, 22)
WIDTHS = (80, 160)


@cache
def estate() -> Seen:
    data = yaml.safe_load((HERE / "estate.yaml").read_text(encoding="utf-8"))
    policy = {"version": 1, **data.pop("policy")}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "policy.yaml").write_text(yaml.safe_dump(policy), encoding="utf-8")
        main = folder / "sigs.yaml"
        main.write_text(yaml.safe_dump({**data, "policy": "policy.yaml"}, sort_keys=False), encoding="utf-8")
        return declared(Options(config=main), TODAY)


def shown(renderable: Any, width: int) -> str:
    """Return what a terminal of this width shows, without colours and without the spaces at the ends of lines."""
    console = Console(width=width, file=io.StringIO(), highlight=False, soft_wrap=True, no_color=True)
    console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in console.file.getvalue().splitlines())


def access(person: str = "", **fields: Any) -> Callable[[int], str]:
    wanted = Wanted(**{k: v if k == "branches" else frozenset(v) for k, v in fields.items()})

    def render(width: int) -> str:
        found = answer(estate(), wanted, person=person, today=TODAY)
        return shown(access_text(told(found, wanted), width), width)

    return render


@cache
def differing() -> Plan:
    """Return what it takes from forges on which somebody did this and that by hand, to what the files say; and what to say of it."""

    def change(before: Any, after: Any, sig: str = "virt", forge: str = "github", phase: int = 0) -> Action:
        return Action(
            forge,
            "create" if before is None else "delete" if after is None else "update",
            before,
            after,
            sig,
            phase,
        )

    xen, lab = "CentOS/sig-virt-xen", "project/sig-virt/xen"
    by_kind = [
        change(Grant("repo", xen, "person:outsider", "admin"), None),
        change(Grant("repo", xen, "team:CentOS/sig-virt-contributors", "maintain"), Grant("repo", xen, "team:CentOS/sig-virt-contributors", "write")),
        change(None, Grant("repo", lab, "person:pasik", "maintain", "2027-01-31"), forge="git.centos.org"),
        change(None, TeamMember("CentOS/sig-virt-contributors", "jonludlam")),
        change(TeamMember("CentOS/sig-virt-maintainers", "lars_kurth"), None),
        change(BranchRule(xen, "c7-sig-virt-*", force=True), BranchRule(xen, "c7-sig-virt-*", force=False)),
        *(change(None, BranchRule(xen, f"c{n}s-sig-virt", push=("team:CentOS/sig-virt-maintainers", "team:CentOS/sig-virt-packagers"), force=False)) for n in (8, 9, 10)),
        change(None, Repo("CentOS/sig-cloud-images", visibility="private", archived=False), "cloud", phase=20),
        change(Repo("CentOS/sig-cloud-images", visibility="private"), Repo("CentOS/sig-cloud-images", visibility="public", default_branch="main"), "cloud", phase=80),
        change(Org("CentOS", base_level="read"), Org("CentOS", base_level="none"), ""),
        change(Membership("CentOS", "outsider", "owner"), None, ""),
    ]  # fmt: skip
    refs = [
        Action(
            "github",
            "create",
            None,
            Ref("CentOS/sig-virt-xen", f"refs/heads/xen-{n}", f"{n}" * 20),
            "virt",
            70,
        )
        for n in (44, 46, 48, 410, 412, 413)
    ]
    forced = Action(
        "github", "update", Ref("CentOS/sig-virt-qemu", "refs/heads/c8s", "a" * 40),
        Ref("CentOS/sig-virt-qemu", "refs/heads/c8s", "b" * 40, "forced"), "virt", 70,
    )  # fmt: skip
    labels = [
        Action("github", "update", Repo(path, description="old"), Repo(path, description="new"), "virt", 75)
        for path in (
            f"CentOS/sig-virt-{name}"
            for name in (
                "libguestfs",
                "libvirt-python",
                "osinfo-db",
                "virt-what",
                "virt-viewer",
                "t_xen",
                "xen-seabios",
                "xen-kernel",
            )
        )
    ]
    by_hand = "the server's admin makes it: `pagure-admin new-group sig-virt sigctl-bot --display sig-virt --description sig-virt`"
    notes = (
        Note("by hand", "sig-virt", by_hand, "git.centos.org"),
        Note("held", "CentOS/sig-virt-xen", "refs/heads/xen-412 was rewritten at its source: it stays until somebody decides", "github"),
        *(Note("unsupported", f"CentOS/sig-virt-r{n:02}", f"CentOS/sig-virt-r{n:02}: its labels are not managed on this forge", "github") for n in range(15)),
    )  # fmt: skip
    refusal = Refusal(
        "max_removals.members",
        7,
        5,
        "let it pass once with --allow max_removals.members=7 --reason TEXT",
        "7 of 60 members would go, at most 5 may",
    )
    aside = SetAside(
        "outsider",
        "no such account on this forge",
        "github",
        "virt",
        "correct the login, or take the person out of the files",
    )
    return Plan(
        (*by_kind, *refs, forced, *labels),
        ("git.centos.org", "github"),
        notes=notes,
        refusals=(refusal,),
        quarantined=(aside,),
        cost=Cost(48, 31, 95.0),
    )


def plan(width: int) -> str:
    return shown(fitted(plan_text(differing()), width), width)


def drift(width: int) -> str:
    found = replace(differing(), refusals=())
    causes = (
        Cause("forge", "somebody changed the forge", "kbsingh", "2026-11-20T10:31:00.000Z"),
        Cause("files", "the files changed and were not applied since", "gwd", "2026-11-21T08:00:00.000Z"),
        Cause(),
    )
    entries = tuple(
        Entry(
            one.forge,
            one.kind,
            one.key.name,
            one.sig,
            describe(one),
            causes[n % 3],
            "2026-11-20T12:00:00.000Z",
            "2026-11-20T12:00:00.000Z",
            "2026-11-22T06:00:00.000Z",
        )
        for n, one in enumerate(found.actions[:7])
    )
    view = View(
        found,
        "2026-11-22T06:00:00.000Z",
        3.2,
        tuple(sorted(entries, key=lambda one: one.sig)),
        fresh=entries[:2],
        resolved=(replace(entries[3], by="applied by kbsingh"),),
    )
    return shown(fitted(drift_text(view), width), width)


CASES: dict[str, Callable[[int], str]] = {
    "access-everything": access(),
    "access-repo": access(repos={"virt/xen"}),
    "access-branch": access(repos={"core/kernel"}, branches=("c7", "c7-sig-virt-xen-4.14")),
    "access-person": access(people={"pasik"}),
    "access-leaving": access("hughesjr"),
    "plan": plan,
    "drift": drift,
}


def write() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for name, render in CASES.items():
        for width in WIDTHS:
            (GOLDEN / f"{name}-{width}.txt").write_text(render(width), encoding="utf-8")


if __name__ == "__main__":
    write()
