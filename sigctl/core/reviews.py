"""What a rule asks beside who may push, on servers that can't ask for all of it: one number of reviews a repository, or none."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sigctl.core.kinds import Approvals, BranchRule, Key, Resource
from sigctl.core.state import Note


@dataclass(frozen=True, slots=True)
class Raised:
    """A rule that asks for more reviews than declared, since another one of its repository does."""

    rule: BranchRule
    count: int

    @property
    def text(self) -> str:
        """What is so, in words."""
        return (
            f"can't ask for another number of reviews than the other rules of the repository: it is {self.count} for all that "
            "ask for any"
        )


RAISED_HINT = "give one number to all rules of the repository that ask for reviews, or none (`reviews: 0`)"


def one_number(
    wanted: Sequence[Resource], seen: Iterable[Resource]
) -> tuple[list[Resource], tuple[Raised, ...]]:
    """Return what is wanted with the highest number of each repository wherever reviews are asked for, and the rules this raises.

    What is there of a rule whose number nobody cares about counts, too: it must not get less by what another one asks for.
    """
    rules = [one for one in wanted if isinstance(one, BranchRule)]
    careless = {one.key for one in rules if one.reviews is None}
    counts: dict[Key, int] = defaultdict(int)
    for one in rules:
        counts[one.inside] = max(counts[one.inside], one.reviews or 0)
    asking = {place for place, count in counts.items() if count}
    for there in seen:
        if isinstance(there, BranchRule) and there.key in careless and there.inside in asking:
            counts[there.inside] = max(counts[there.inside], there.reviews or 0)
    raised = tuple(
        Raised(one, counts[one.inside]) for one in rules if one.reviews and one.reviews < counts[one.inside]
    )
    higher = {one.rule.key: one.count for one in raised}
    out = [
        replace(one, reviews=higher[one.key]) if isinstance(one, BranchRule) and one.key in higher else one
        for one in wanted
    ]
    return out, raised


def overridden(wanted: Sequence[Resource], seen: Iterable[Resource]) -> list[Note]:
    """Return a note for each repository whose rules ask for reviews while each proposal may ask for another number of them."""
    asking = sorted({one.inside.name for one in wanted if isinstance(one, BranchRule) and one.reviews})
    said = {one.repo: one.override for one in seen if isinstance(one, Approvals)}
    said |= {
        one.repo: one.override for one in wanted if isinstance(one, Approvals) and one.override is not None
    }
    texts = {
        True: "each merge request may ask for another number of approvals than `reviews` does: `approvals: {override: false}` ends that",
        None: "each merge request may ask for another number of approvals than `reviews` does, unless that is forbidden on the server: no file says "
        "`approvals: {override: false}`",
    }
    return [
        Note("unsupported", repo, texts[said.get(repo)]) for repo in asking if said.get(repo) is not False
    ]


_LACKED = {
    "reviews": (
        "be made to ask for reviews",
        "raise the tier; let only those `merge` who look at changes first; or take `reviews` out of the rule",
    ),
    "unprotect": (
        "tell who may take a rule away from who may change settings",
        "raise the tier; give `maintain` there to nobody else; or take `unprotect` out of the rule",
    ),
}


def lacked(name: str) -> tuple[str, str]:
    """Return what a server can't do that lacks a field of a rule, in words, and the ways out."""
    plain = f"be made to ask for {name.replace('_', ' ')}"
    return _LACKED.get(name, (plain, "raise the tier, where one has them; or take them out of the rule"))
