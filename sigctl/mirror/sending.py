"""Sends refs to one target: straight from the cache, each on the value the plan saw, sent again only after looking, read back at the end."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sigctl.core.history import End
from sigctl.core.kinds import Ref, Resource
from sigctl.core.plan import Action
from sigctl.errors import ForgeError, SigctlError, UnreachableError
from sigctl.mirror import address
from sigctl.mirror.cache import Entry
from sigctl.mirror.model import Step, Transfer
from sigctl.mirror.refs import Refs
from sigctl.mirror.said import failure, printable, remote_word
from sigctl.mirror.tools import Tools

_ARGV_BYTES = 200_000
"""Refs of one push stand on its command line, which is bounded."""
_PAUSES = (0.0, 0.2, 0.6, 1.5)
"""Seconds before each reading back: a forge's answer may lag behind its own push."""
_REJECTED = "!"
_BRANCHES = "refs/heads/"
_LOST = ("remote failure", "remote failed to report status")
_TOGETHER = ("stale info", "unpacker error")
"""Refusals that have their own reason: sending the refs in smaller groups would not help."""
_WHY = re.compile(r"\(([^()]+)\)(: .*)?$")

Verdict = tuple[Literal["done", "failed", "skipped"], str, str]
Said = dict[str, tuple[str, str]]
"""Ref at the target -> git's flag, and its words."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Pushes to one repository."""

    tools: Tools
    target: End
    entry: Entry
    look_first: bool = False
    """Whether something may have arrived already."""

    def send(self, group: Sequence[Action]) -> dict[str, Verdict]:
        """Return git's verdict on each action, by its id; where a server refused all for the sake of one, they are sent in halves.

        Raises what stopped the whole push: DeniedError, UnreachableError after several tries, GitError.
        """
        remote = self.tools.remote_of(self.target)
        said = self.tools.patience.run(
            address.host(remote.url),
            lambda tries: self._try(group, tries),
            lambda: self.tools.reader.asks_to_wait(remote),
        )
        verdicts = {action.id: _verdict(said.get(ref_of(action))) for action in group}
        refused = [said.get(ref_of(a), ("", ""))[1] for a in group if verdicts[a.id][0] == "failed"]
        alone = any(word in words for words in refused for word in _TOGETHER)
        if len(refused) == len(group) > 1 and not alone:
            middle = len(group) // 2
            return self.send(group[:middle]) | self.send(group[middle:])
        return verdicts | self._otherwise([a for a in group if verdicts[a.id][0] == "failed"])

    def _otherwise(self, refused: Sequence[Action]) -> dict[str, Verdict]:
        """Delete branches that a rule keeps from being deleted by git, where the forge has another way; return what became of these."""
        delete = self.tools.remote_of(self.target).delete_branch
        verdicts: dict[str, Verdict] = {}
        for action in refused if delete is not None else ():
            name = ref_of(action).removeprefix(_BRANCHES)
            if new_of(action) or name == ref_of(action) or delete is None:
                continue
            try:
                delete(name, old_of(action))
                verdicts[action.id] = ("done", "", "")
            except ForgeError as error:
                verdicts[action.id] = (
                    "failed",
                    f"the target refused it: {printable(error.text)}",
                    error.hint,
                )
        return verdicts

    def read_back(self, arrived: Sequence[Action]) -> dict[str, Verdict]:
        """Return a verdict for each of these, which git says arrived, that the target itself says otherwise about."""
        if self.tools.told:
            self.tools.told(Step(str(self.target), "check"))
        wrong = arrived
        now = Refs()
        try:
            for pause in _PAUSES:
                if pause and self.tools.cache.git.stop.wait(pause):
                    break
                now = self.tools.reader.read(self.tools.remote_of(self.target))
                wrong = [action for action in arrived if now.tips.get(ref_of(action), "") != new_of(action)]
                if not wrong:
                    return {}
        except SigctlError as error:
            text = f"pushed, but it could not be read back: {error.text}"
            return {action.id: ("failed", text, error.hint) for action in arrived}
        return {
            a.id: ("failed", f"pushed, but reads back as {_short(now.tips.get(ref_of(a)))}", "")
            for a in wrong
        }

    def _try(self, group: Sequence[Action], tries: int) -> Said:
        """Push; after a try whose answer was lost only what did not arrive by it."""
        if not tries and not self.look_first:
            return self._push(group)
        now = self.tools.reader.read(self.tools.remote_of(self.target))
        left = [action for action in group if now.tips.get(ref_of(action), "") != new_of(action)]
        there = {ref_of(action): ("=", "") for action in group if action not in left}
        return there | (self._push(left) if left else {})

    def _push(self, group: Sequence[Action]) -> Said:
        remote = self.tools.remote_of(self.target)

        def objects(what: str, done: int, total: int) -> None:
            if self.tools.told:
                self.tools.told(Step(str(self.target), "push", done, total, what))

        # the lease names the value the plan saw; history was compared with that one, so nothing is lost with it
        leases = [f"--force-with-lease={ref_of(action)}:{old_of(action)}" for action in group]
        specs = [f"{new_of(action)}:{ref_of(action)}" for action in group]
        flags = ["--porcelain", "--progress", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"]
        result = self.entry.git.run(
            ["push", *flags, *leases, "--", remote.url, *specs],
            at=self.entry.path,
            remote=remote,
            codes=(0, 1),
            objects=objects,
        )
        said = _porcelain(result.out)
        if not said:
            raise failure("push", result.code, result.err, remote.known_hosts)
        if any(word in words for _, words in said.values() for word in _LOST):
            raise UnreachableError("git push: the answer was lost")
        word = remote_word(result.err)
        return {
            ref: (
                flag,
                f"{words}: {word}" if word and ("declined" in words or "unpacker" in words) else words,
            )
            for ref, (flag, words) in said.items()
        }


def groups(transfer: Transfer, actions: list[Action]) -> list[list[Action]]:
    """Return the actions in pushes of bounded size: the default branch first (for an import alone and last), what goes at the end."""
    going = _bounded([action for action in actions if not new_of(action)])
    first = [action for action in actions if new_of(action) and ref_of(action) == transfer.head]
    rest = [action for action in actions if new_of(action) and ref_of(action) != transfer.head]
    if transfer.hop.mode == "import":
        return [*_bounded(rest), *([first] if first else [])]
    return [*_bounded([*first, *rest]), *going]


def _bounded(actions: list[Action]) -> list[list[Action]]:
    groups: list[list[Action]] = []
    room = 0
    for action in actions:
        size = 3 * len(ref_of(action).encode()) + 3 * 40
        if not groups or size > room:
            groups.append([])
            room = _ARGV_BYTES
        groups[-1].append(action)
        room -= size
    return groups


def _porcelain(out: str) -> dict[str, tuple[str, str]]:
    """Return (flag, words) by the ref's name at the target."""
    said: dict[str, tuple[str, str]] = {}
    for line in out.splitlines():
        flag, tab, rest = line.partition("\t")
        names, more, words = rest.partition("\t")
        if tab and more:
            said[names.partition(":")[2]] = (flag, words)
    return said


def _verdict(said: tuple[str, str] | None) -> Verdict:
    if said is None:
        return ("failed", "git did not say what became of it", "")
    flag, words = said
    if flag != _REJECTED:
        return ("done", "", "")
    if "stale info" in words:
        return (
            "failed",
            "the target moved since the plan; nothing was overwritten",
            "run again: it is compared anew",
        )
    found = _WHY.search(words)
    why = found[1] + (found[2] or "") if found else words
    return ("failed", f"the target refused it: {printable(why)}", "")


def _short(sha: str | None) -> str:
    return sha[:10] if sha else "not there"


def ref_of(action: Action) -> str:
    """Return the full name of the ref that an action moves."""
    return _of(action.subject).ref


def new_of(action: Action) -> str:
    """Return the object that the ref is to name; "" where it goes."""
    return _of(action.after).sha if action.after else ""


def old_of(action: Action) -> str:
    """Return the object that the ref named when the plan was made; "" where it was not there."""
    return _of(action.before).sha if action.before else ""


def _of(resource: Resource) -> Ref:
    if not isinstance(resource, Ref):
        raise TypeError(f"{resource.key} is no ref")
    return resource
