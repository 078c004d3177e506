"""What rules of whole groups do to the repositories in them: they hold beside the rules of the files, and are told of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sigctl.core.kinds import BranchRule, GroupRule, Repo, Resource
from sigctl.core.state import Note


def inherited(held: Iterable[Resource]) -> Iterator[BranchRule]:
    """Yield the rules that repositories have from the groups above them."""
    every = list(held)
    rules = [one for one in every if isinstance(one, GroupRule)]
    if rules:
        for repo in (one for one in every if isinstance(one, Repo)):
            for rule in rules:
                if repo.path.startswith(f"{rule.org}/"):
                    yield rule.within(repo.path)


def told(seen: Iterable[Resource]) -> list[Note]:
    """Return a note for each rule of a whole group."""
    return [
        Note(
            "left alone",
            one.org,
            f"{one.org} has a rule for `{one.pattern}` in all its repositories, beside those of the files: {_says(one)}",
        )
        for one in seen
        if isinstance(one, GroupRule)
    ]


def _says(rule: GroupRule) -> str:
    who = ", ".join(rule.push or ()).replace("level:", "all with ") or "nobody"
    return f"push by {who}{', also by force' if rule.force else ''}; no file changes it"
