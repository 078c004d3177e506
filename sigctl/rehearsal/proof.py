"""The proof: people who may and people who may not push to branches, with real git."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import SecretStr

from sigctl.core.globs import covers
from sigctl.core.kinds import BranchRule, Key, Repo, TeamMember
from sigctl.core.kinds.branch import BRANCH
from sigctl.core.levels import WRITE, at_least
from sigctl.core.state import State
from sigctl.errors import ForgeError, GitError
from sigctl.forges.base import Forge, Remote
from sigctl.mirror.address import TRUSTING
from sigctl.mirror.git import Git
from sigctl.review.rights import May, admits, may, owns
from sigctl.sandbox.seed import OUTSIDER

OTHER = "rehearsal"
"""Stands for `*` in the branches that are tried, and for a branch that no rule speaks of."""
_WHO = {"user.name": "rehearsal", "user.email": "rehearsal@localhost"}


@dataclass(frozen=True, slots=True, order=True)
class Try:
    """One push, before it is made."""

    forge: str
    repo: str
    branch: str
    who: str
    expected: bool


@dataclass(frozen=True, slots=True)
class Tried:
    """One push, and what became of it."""

    one: Try
    accepted: bool
    said: str = ""
    """What git said where it was refused."""

    @property
    def right(self) -> bool:
        """Whether it went as the files say."""
        return self.accepted == self.one.expected


def tries(forge: str, wanted: State, sigs: Mapping[Key, str], repos: Iterable[str]) -> Iterator[Try]:
    """Yield who should push where: for each repository one person of each kind of right and an outsider, on one branch of each rule.

    Owners of a whole org are left out: they may change the rules themselves.
    """
    rights: dict[str, dict[str, May]] = defaultdict(dict)
    for (login, repo), one in may(wanted, sigs).items():
        rights[repo][login] = one
    rules: dict[str, list[BranchRule]] = defaultdict(list)
    for resource in wanted.values():
        if isinstance(resource, BranchRule) and resource.on == BRANCH:
            rules[resource.repo].append(resource)
    owners = {one.who() for one in wanted.values() if owns(one, sigs)}
    members = _members(wanted)
    for repo in repos:
        found = wanted.get(Key(Repo.KIND, repo))
        shut = isinstance(found, Repo) and bool(found.archived)
        people = _kinds({who: one for who, one in rights[repo].items() if who not in owners})
        for branch in _branches(rules[repo]):
            rule = _decides(rules[repo], branch)
            for who in (*people, OUTSIDER):
                level = rights[repo].get(who, May()).level
                writes = at_least(level, WRITE)
                admitted = rule is None or all(
                    let is None or admits(let, who, level, members) for let in (rule.push, rule.create)
                )
                yield Try(forge, repo, branch, who, writes and admitted and not shut)


def _members(wanted: State) -> dict[str, set[str]]:
    out: dict[str, set[str]] = defaultdict(set)
    for one in wanted.values():
        if isinstance(one, TeamMember):
            out[f"team:{one.team}"].add(one.login)
    return out


def _kinds(people: Mapping[str, May]) -> list[str]:
    """Return the first person of each kind of right."""
    first: dict[May, str] = {}
    for who in sorted(people):
        first.setdefault(people[who], who)
    return sorted(first.values())


def _branches(rules: Iterable[BranchRule]) -> list[str]:
    names = {rule.pattern.replace("*", OTHER) for rule in rules}
    return sorted(names | {OTHER})


def _decides(rules: Iterable[BranchRule], branch: str) -> BranchRule | None:
    """Return the narrowest rule that matches: the one whose pattern has no other matching one within it."""
    fits = [rule for rule in rules if fnmatchcase(branch, rule.pattern)]
    for rule in fits:
        if not any(other is not rule and covers(rule.pattern, other.pattern) for other in fits):
            return rule
    return fits[0] if fits else None


class Prover:
    """Pushes from one scratch repository; every push adds a commit to what the branch has."""

    def __init__(
        self, folder: Path, forges: Mapping[str, Forge], tokens: Mapping[str, str], bot: str
    ) -> None:
        self.git = Git(protocols=TRUSTING)
        self.at = folder / "scratch.git"
        self.forges = forges
        self.tokens = tokens
        self.bot = bot
        self.tips: dict[tuple[str, str, str], str] = {}
        self.git.run(["init", "-q", "--bare", str(self.at)])
        self.tree = self.git.run(["mktree"], at=self.at).out.strip()

    def prepare(self, forge: str, repo: str) -> None:
        """Give the repository a first branch, so that none of those that are tried becomes the default one by being first."""
        self._push(forge, repo, "rehearsal-start", self.bot)

    def prove(self, one: Try) -> Tried:
        """Push as the person, and return what became of it."""
        said = self._push(one.forge, one.repo, one.branch, one.who)
        return Tried(one, not said, said)

    def _push(self, forge: str, repo: str, branch: str, who: str) -> str:
        """Return "" where the push was accepted, else what was said."""
        place = (forge, repo, branch)
        parent = ["-p", self.tips[place]] if place in self.tips else []
        made = self.git.run(
            ["commit-tree", self.tree, *parent, "-m", f"by {who}"], at=self.at, settings=_WHO
        ).out.strip()
        url = self.forges[forge].remote(repo).url
        remote = Remote(url, who, SecretStr(self.tokens[who]))
        try:
            done = self.git.run(
                ["push", "--porcelain", "--no-verify", "--", url, f"{made}:refs/heads/{branch}"],
                at=self.at,
                remote=remote,
                codes=(0, 1),
            )
        except (GitError, ForgeError) as error:
            return error.text or "refused"
        if done.code == 0:
            self.tips[place] = made
            return ""
        return _word(done.err)


def _word(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    told = [line.removeprefix("remote:").strip() for line in lines if line.startswith("remote:")]
    return next((line for line in told if line.strip(" -=")), lines[-1] if lines else "refused")
