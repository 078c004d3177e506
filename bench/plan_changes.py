"""How long sigctl looks for a safe order of many changes, and how much longer that takes per change where there are more of them.

    python bench/plan_changes.py [REPOSITORIES]

Makes an estate of 1,000 repositories, 20 SIGs and 400 people in memory (unless told otherwise), changes a tenth of it, then all of it:
people who go over to another team, levels of teams, who sees a repository, rules of branches. Prints seconds for each, the most
memory, and the ratio to the limit of 5 seconds for the tenth.
"""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter

from sigctl.core.compare import compare
from sigctl.core.kinds import BranchRule, Grant, Membership, Org, Repo, Resource, Team, TeamMember
from sigctl.core.policy import Limit, Policy
from sigctl.core.state import Account, Desired, Observation, State, state
from sigctl.forges.github.traits import TRAITS

LIMIT_SECONDS = 5.0
SIGS, MEMBERS = 20, 20
TENTH = 10
OPEN = Policy(max_removals={"default": Limit(percent=100)}, keep_self=False)


def estate(repos: int, every: int = 0) -> State:
    """Return all that there is; with `every`, each such SIG's people, levels and rules, and repositories, are other ones."""
    found: list[Resource] = [Org("CentOS", base_level="none")]
    for sig in range(SIGS):
        other = bool(every) and sig % every == 0
        found += _teams(sig, other=other)
        for number in range(sig, repos, SIGS):
            path = f"CentOS/sig-s{sig}-r{number}"
            found.append(
                Repo(path, visibility="private" if other and number % TENTH == sig % TENTH else "public")
            )
            found += (
                Grant("repo", path, f"team:CentOS/s{sig}-{team}", level, "")
                for team, level in _levels(other=other).items()
            )
            found += (
                BranchRule(
                    path, f"{branch}-s{sig}-*", push=(f"team:CentOS/s{sig}-maintainers",),
                    create=(f"team:CentOS/s{sig}-maintainers",), force=other, delete=False,
                )
                for branch in ("c8s", "c9s")
            )  # fmt: skip
    return state(found)


def _teams(sig: int, *, other: bool) -> list[Resource]:
    found: list[Resource] = []
    for number in range(MEMBERS):
        login = f"member{sig * MEMBERS + number}"
        found.append(Membership("CentOS", login))
        lead = (number < MEMBERS // 4) != (other and number % 5 == 0)
        found.append(TeamMember(f"CentOS/s{sig}-{'maintainers' if lead else 'contributors'}", login))
    return [*found, *(Team(f"CentOS/s{sig}-{name}", title=name) for name in ("maintainers", "contributors"))]


def _levels(*, other: bool) -> dict[str, str]:
    return {"maintainers": "maintain", "contributors": "triage" if other else "write"}


def main() -> None:
    repos = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    before = estate(repos)
    people = {f"member{n}": Account(n + 1, f"member{n}") for n in range(SIGS * MEMBERS)}
    for words, every in (("a tenth", TENTH), ("all", 1)):
        wanted = estate(repos, every)
        desired = Desired("hub", wanted, managed=frozenset(wanted), orgs=frozenset({"CentOS"}))
        observation = Observation("hub", before, accounts=people)
        begun = time.perf_counter()
        plan = compare(desired, observation, TRAITS, OPEN).plan
        took = time.perf_counter() - begun
        kinds = ", ".join(
            f"{number} {kind}" for kind, number in Counter(a.kind for a in plan.actions).most_common()
        )
        print(f"{words} of {repos} repositories: {len(plan.actions)} actions ({kinds}): {took:.1f} s")
        if every == TENTH:
            print(f"of the limit of {LIMIT_SECONDS:.0f} s: {took / LIMIT_SECONDS:.2f}")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
