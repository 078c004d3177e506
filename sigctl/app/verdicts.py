"""Every open merge request judged, by a job that proposals have no part in: it reads them as data, and tells the forge."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from sigctl.app.announcing import Mailing, tell
from sigctl.app.before import checkout_of
from sigctl.app.context import Options, load
from sigctl.app.mail import Record
from sigctl.app.merge_request import Place, facts, opened, place_of
from sigctl.app.proposal_files import Fetched, NoFilesError, UnmergeableError
from sigctl.app.review import Request, of, version, with_facts
from sigctl.app.snapshot import plan_offline
from sigctl.core.plan import Plan
from sigctl.core.snapshot import Snapshot
from sigctl.errors import ConfigError, Problem, SigctlError, UsageError
from sigctl.forges.proposals import HasProposals, Mark, Proposal, State
from sigctl.report import comment
from sigctl.report.review import MARKER, Review, headline
from sigctl.review.rights import Version
from sigctl.spec import Config, read

MOST = 500
"""Open merge requests that one run looks at, the oldest first."""


@dataclass(frozen=True, slots=True)
class Tell:
    """What is told, and to whom."""

    comment: bool = False
    status: str = ""
    """Name of the commits' status; "" = none is set."""
    mailing: Mailing | None = None
    snapshot: Snapshot | None = None
    """What the plans in the comments start from; None = no plans."""
    said: Mapping[str, str] = field(default_factory=dict)
    """Commit -> what its own pipeline said."""


@dataclass(slots=True)
class Judged:
    """One merge request, what was found and what was told."""

    number: int
    url: str = ""
    head: str = ""
    verdict: str = "unknown"
    """allowed, missing, broken (the files), unmergeable, or unknown where it could not be read."""
    headline: str = ""
    review: Review | None = None
    commented: bool = False
    marked: bool = False
    mailed: bool = False
    problem: str = ""
    """What went wrong here; the others are judged all the same."""


def judge_all(
    repository: str,
    options: Options,
    today: date,
    env: Mapping[str, str],
    *,
    numbers: Iterable[int] = (),
    record: Record | None = None,
    told: Tell | None = None,
) -> list[Judged]:
    """Return a verdict on each open merge request to the repository's default branch, or on those with these numbers.

    The config says which forge it is and how to log in; what a proposal is measured against is the branch that it would be merged to,
    as fetched. Raises UsageError for an address that is no repository of a forge in the files, ForgeError where they can't be listed.
    """
    config = load(options, today)
    place = place_of(repository, config.spec)
    if place.number:
        numbers, place = [place.number], replace(place, number=0)
    with (
        opened(place, env, whole=True) as (forge, _),
        tempfile.TemporaryDirectory(prefix="sigctl-") as folder,
    ):
        fetched = Fetched(Path(folder), _where(options.config))
        fetched.begin()
        run = _Run(place, forge, fetched, options, today, record, told or Tell())
        wanted = list(numbers) or list(forge.open_proposals(place.repo))[:MOST]
        return [run.judge(number) for number in wanted]


def _where(config: Path) -> str:
    root = checkout_of(config)
    main = config.resolve()
    folder = main if main.is_dir() else main.parent
    if root is None or folder == root.resolve():
        raise UsageError(
            f"{config} is in no folder of a git checkout", "it says where the files are in the repository"
        )
    return folder.relative_to(root.resolve()).as_posix()


@dataclass(slots=True)
class _Run:
    place: Place
    forge: HasProposals
    fetched: Fetched
    options: Options
    today: date
    record: Record | None
    told: Tell

    def judge(self, number: int) -> Judged:
        """Return the verdict on one; whatever is wrong with it is in it."""
        out = Judged(number, replace(self.place, number=number).address)
        try:
            found = self.forge.proposal(self.place.repo, number)
            out.head = found.head
            self._tell(out, found, *self._judged(out, found))
        except SigctlError as error:
            out.problem = str(error)
        return out

    def _judged(self, out: Judged, found: Proposal) -> tuple[str, State]:
        """Fill in the verdict; return what is ours of the comment, and the status."""
        basis = f"{found.head[:12]} against {found.target}"
        try:
            files = self.fetched.files(self.forge.remote(self.place.repo), found)
            basis += f" at {files.base[:12]}"
            before = version(self._read(files.before), self.today)
            after = version(self._read(files.after, before.config), self.today)
        except (UnmergeableError, NoFilesError) as error:
            out.verdict = "broken" if isinstance(error, NoFilesError) else "unmergeable"
            out.headline = error.text
            return comment.of_trouble(error.text, basis), "failure"
        except ConfigError as error:
            out.verdict, out.headline = "broken", f"the files have {len(error.problems)} problems"
            return comment.of_problems(self._named(error.problems), basis), "failure"
        said = facts(found, self.place, before.config.spec)
        asked = with_facts(Request(record=self.record, change=out.url, outside=files.outside), said)
        if self.told.mailing is not None:
            letter = replace(self.told.mailing, change=out.url, title=found.title, author=asked.author)
            out.mailed = tell(before, after, self.today, letter).message is not None
        out.review = of(before, after, self.today, base=files.base[:12], request=asked)
        out.verdict = "allowed" if out.review.verdict.allowed else "missing"
        out.headline = headline(out.review)
        plan = self._plan(before, after)
        state: State = "success" if out.review.verdict.allowed else "pending"
        return comment.of_review(out.review, plan, basis), state

    def _read(self, folder: Path, before: Config | None = None) -> Config:
        main = folder / self.fetched.where
        if not self.options.config.is_dir():
            main /= self.options.config.name
        return read(main, self.options.overrides, today=self.today, base=before)

    def _named(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return the problems with the files called as in the repository."""
        folder = str(self.fetched.folder)
        out = []
        for one in problems:
            name = one.file.partition(folder)[2].lstrip("/").partition("/")[2] or one.file
            out.append(replace(one, file=name))
        return out

    def _plan(self, before: Version, after: Version) -> Plan | None:
        if self.told.snapshot is None:
            return None
        offline = replace(self.options, mirror=False)
        return plan_offline(self.told.snapshot, after.config, offline, self.today, before.config).plan

    def _tell(self, out: Judged, found: Proposal, ours: str, state: State) -> None:
        said = self.told.said.get(found.head)
        if self.told.comment:
            out.commented = self.forge.comment(
                self.place.repo,
                found.number,
                MARKER,
                lambda there: comment.with_said(ours, there, found.head, said),
            )
        if self.told.status and found.state == "open":
            out.marked = self.forge.mark(
                self.place.repo, found.head, Mark(self.told.status, state, out.headline)
            )
