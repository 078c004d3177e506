"""A site with something on every page, made from the files of the golden tests and forges that differ from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from golden_cases import TODAY, estate

from sigctl.app.access import Seen, observed_as
from sigctl.app.site import _site
from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Key, Membership, Repo, TeamMember
from sigctl.core.plan import Plan, merge
from sigctl.core.state import Account, Note, Observation, SetAside
from sigctl.forges import traits_of
from sigctl.report.html.model import AuditRun, Difference, Site

MOMENT = "2026-11-22T06:00:00+00:00"
HISTORY = (
    ("grant", "repo:CentOS/sig-virt-qemu:person:outsider", "virt", "outsider loses write", "somebody changed the forge", "11-20", ""),
    ("repo", "CentOS/sig-virt-xen", "virt", 'description: "x" -> ""', "somebody changed the forge", "11-01", "11-12"),
    ("team_member", "CentOS/sig-virt-packagers:euanh", "virt", "euanh joins the team as member", "the files changed", "10-20", "11-05"),
    ("branch_rule", "CentOS/sig-core-kernel:branch:c7", "core", "rule for branch c7: push by nobody", "the forge normalised", "10-02", "10-28"),
    ("membership", "CentOS:lars_kurth", "", "lars_kurth joins the org", "the invitation expired", "10-11", "10-12"),
)  # fmt: skip


def observed(seen: Seen) -> dict[str, Observation]:
    """Return forges that are as declared but for what somebody did by hand."""
    out = {}
    for side in seen.sides:
        state = dict(side.judge.held)
        for key, one in list(state.items()):
            if isinstance(one, TeamMember) and one.login == "jonludlam":
                del state[key]
        repo = next(key.name for key in sorted(state) if key.kind == "repo" and key.name.endswith("qemu"))
        more = [
            Grant("repo", repo, "person:outsider", "write", "" if side.forge != "github" else None),
            replace(state[Key("repo", repo)], description="changed by hand"),
            Repo(f"{repo}-test", visibility="private", filled=True),
        ]
        if side.forge == "github":
            more += [
                Membership("CentOS", "lars_kurth", state="invited"),
                BranchRule(repo, "made-by-hand", push=()),
            ]
        state |= {one.key: one for one in more}
        accounts = {one.who(): Account(one.who()) for one in state.values() if one.who()}
        out[side.forge] = Observation(
            side.forge, state, accounts, me="sigctl-bot", capabilities=frozenset({"premium"})
        )
    return out


def compared() -> tuple[Seen, Plan]:
    """Return what was observed, and the plan that it comes to."""
    files = estate()
    spec = files.config.spec
    traits = {name: traits_of(forge.type) for name, forge in spec.forges.items()}
    found = observed(files)
    seen = observed_as(files.config, files.resolved, found, traits, source="snapshot", moment=MOMENT)
    plans = [
        compare(files.resolved.desired[name], one, traits[name], files.resolved.policy).plan
        for name, one in found.items()
    ]
    notes = (Note("undeclared", "CentOS/sig-virt-qemu-test", "a repository that no file declares", "github"),)
    return seen, merge([*plans, Plan(notes=notes)])


def site(**changed: Any) -> Site:
    """Return the whole site; `changed` replaces parts of it."""
    seen, plan = compared()
    made = _site(seen, TODAY, plan, (), None, None)
    lags = {0: ("held", 0, 2), 1: ("behind", 3, 0), 2: ("equal", 0, 0), 3: ("equal", 0, 0)}
    mirrors = []
    for number, one in enumerate(made.mirrors):
        status, behind, held = lags[number % 4] if number < 8 else ("equal", 0, 0)
        since = "2026-11-20T08:30:00+00:00" if status != "equal" else ""
        mirrors.append(
            replace(one, status=status, behind=behind, held=held, commits=behind * 4 or None, since=since)
        )
    order = ("held", "behind", "equal")
    history = [
        Difference(
            "github", kind, key, sig, problem, cause, f"2026-{first}T08:00:00+00:00", MOMENT,
            f"2026-{gone}T09:00:00+00:00" if gone else "", "applied by kbsingh" if gone else "",
        )
        for kind, key, sig, problem, cause, first, gone in HISTORY
    ]  # fmt: skip
    known = {one.key for one in history}
    runs = (
        AuditRun("a1", "2026-11-20T10:00:00+00:00", "kbsingh@admin", "37a70cb94e15", "9f3a0c44d1e2", 14, {"done": 14}, "2026-11-20T10:01:00+00:00", 0, converged=True),
        AuditRun("a2", "2026-11-18T09:00:00+00:00", "hughesjr@admin", "12cef22a0b7d", "55e09aa17b3c", 3, {"done": 2, "failed": 1}, "2026-11-18T09:00:30+00:00", 1, failures=("github create team CentOS/sig-virt-x: name is taken",)),
        AuditRun("a3", "2026-11-12T09:00:00+00:00", "kbsingh@admin", "0d0e7b1fb2aa", "e3b0c44298fc", 9, allowed="max_removals.members up to 12 because a SIG handed over"),
    )  # fmt: skip
    full = replace(
        made,
        mirrors=tuple(sorted(mirrors, key=lambda one: (order.index(one.status), one.sig, one.repo))),
        differences=(*(one for one in made.differences if one.key not in known), *history),
        history=True,
        runs=runs,
        audit_problems=(),
        forges=made.forges,
    )
    return replace(full, **changed)


def unread(made: Site) -> Site:
    """Return the site with a forge that could not be read."""
    first, *rest = made.forges
    return replace(
        made, forges=(replace(first, problem=SetAside(first.name, "no answer after 3 tries").reason), *rest)
    )
