"""Who must approve, from what a proposal comes to and from the policy of before: nobody changes by whom he is judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sigctl.core import levels
from sigctl.core.globs import covers
from sigctl.core.kinds import BranchRule, DeployKey, Features, Grant, Key, Membership, Org, Repo, Webhook
from sigctl.core.kinds.features import rank
from sigctl.core.kinds.grant import TEAM
from sigctl.core.kinds.org import OWNER, opens
from sigctl.core.plan import Action
from sigctl.review.effect import Effect, Right
from sigctl.review.items import Item
from sigctl.review.rights import Version
from sigctl.spec.checks.base import Context
from sigctl.spec.checks.branches import namespaces
from sigctl.spec.entries import SHARED, kernel_entries

CHAIR, ADMIN = "chair", "admin"
BOARD = ("chairs", "sponsors", "status", "empty_teams")
"""What a SIG doesn't decide about itself alone."""
EVERYONES = {
    "policy": "policy.yaml",
    "forges": "the forges",
    "defaults": "the defaults of all SIGs",
    "lookaside": "where binary sources are",
    "version": "the format",
}
"""Parts of the files that are the admins', as people call them."""


@dataclass(frozen=True, slots=True)
class Need:
    """One approval that must be there."""

    role: str
    """CHAIR or ADMIN."""
    sig: str
    """The SIG whose chair it is; "" for an admin."""
    why: tuple[str, ...]
    widens: bool
    """Whether it is for something that lets anyone do more, which no proposer approves himself."""

    def __str__(self) -> str:
        return f"{self.role}:{self.sig}" if self.sig else self.role


_Reason = tuple[str, str, str, bool]
"""Role, SIG, why, widens."""


def needs(effect: Effect, before: Version, after: Version, today: date, author: str = "") -> tuple[Need, ...]:
    """Return every approval that the proposal needs, chairs by SIG and then the admins; empty where it needs nobody's."""
    if _is_own_narrowing(effect, before, after, author):
        return ()
    judge = _Judge(effect, before, after, today)
    found: dict[tuple[str, str], dict[str, bool]] = defaultdict(dict)
    for role, sig, why, widens in judge.reasons(author):
        whose = (CHAIR, sig) if role == CHAIR and sig in before.config.spec.sigs else (ADMIN, "")
        found[whose][why] = found[whose].get(why, False) or widens
    return tuple(
        Need(role, sig, tuple(sorted(why)), any(why.values()))
        for (role, sig), why in sorted(found.items(), key=lambda one: (one[0][0] != CHAIR, one[0]))
    )


def with_outside(found: tuple[Need, ...], names: Sequence[str]) -> tuple[Need, ...]:
    """Return the needs with that of an admin for what is changed besides the files: pipelines and CODEOWNERS are there."""
    if not names:
        return found
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")  # noqa: PLR2004  # as shown
    why = f"changes what is none of the files: {shown}"
    others = [need for need in found if need.role != ADMIN]
    admin = next((need for need in found if need.role == ADMIN), Need(ADMIN, "", (), widens=True))
    return (*others, replace(admin, why=tuple(sorted({*admin.why, why})), widens=True))


def _is_own_narrowing(effect: Effect, before: Version, after: Version, author: str) -> bool:
    """Whether somebody only gives up what is his, and leaves no SIG without a chair by it."""
    if not author or not effect.items or effect.widens:
        return False
    others = any(right.account != author for right in effect.rights)
    things = any(action.kind in (Repo.KIND, Org.KIND, BranchRule.KIND) for action in effect.actions)
    if others or things or effect.mirrors or effect.branches or effect.handovers:
        return False
    for item in effect.items:
        if not {author, f"person:{author}"} & set(item.path) or item.path[0] != "sigs":
            return False
        if item.verb == "added" and item.path[-1] not in ("until", "level"):
            return False
        if (
            "chairs" in item.path
            and before.config.spec.sigs[item.sig].chairs
            and (item.sig not in after.config.spec.sigs or not after.config.spec.sigs[item.sig].chairs)
        ):
            return False
    return True


class _Judge:
    """Holds what the reasons are found in."""

    def __init__(self, effect: Effect, before: Version, after: Version, today: date) -> None:
        self.effect = effect
        self.before = before
        self.after = after
        self.up_to = before.config.policy.approval.sig_chairs.up_to
        self.gaining = {right.account for right in effect.rights if right.gains}
        self.spaces = namespaces(Context(before.config.spec, before.config.sources, today))
        self.kernels = {
            f"{one.sig.name}/{one.name}"
            for version in (before, after)
            for one in kernel_entries(version.config.spec)
            if one.kernel == SHARED
        }
        self.board = {item.sig for item in effect.items if item.sig and self._is_new_or_gone(item.sig)}

    def reasons(self, author: str) -> Iterator[_Reason]:
        for item in self.effect.items:
            yield from self._item(item, author)
        for right in self.effect.rights:
            yield from self._right(right)
        for action in self.effect.actions:
            yield from self._action(action)
        for mirror in self.effect.mirrors:
            name = f"{mirror.sig}/{mirror.repo}"
            if name in self.kernels:
                continue  # it follows from what the files say of the kernel, which was looked at above
            text = f"the history of {name} comes from somewhere else, or goes elsewhere"
            yield CHAIR, mirror.sig, text, mirror.after is not None
        for branch in self.effect.branches:
            text = f"branch {branch.one.name} of {branch.one.repo}"
            yield CHAIR, branch.one.sig, text, branch.after is not None
        for handover in self.effect.handovers:
            text = (
                f"{handover.account} is another account on {handover.forge}: what he has there changes hands"
            )
            yield ADMIN, "", text, True

    def _is_new_or_gone(self, sig: str) -> bool:
        return (sig in self.before.config.spec.sigs) != (sig in self.after.config.spec.sigs)

    def _item(self, item: Item, author: str) -> Iterator[_Reason]:
        part = item.path[0]
        if part == "sigs":
            yield from self._of_sig(item)
        elif part == "kernel":
            yield self._of_kernel(item)
        elif part == "people":
            yield from self._of_people(item, author)
        else:
            yield ADMIN, "", f"changes {EVERYONES.get(part, part)}", item.verb != "removed"

    def _of_sig(self, item: Item) -> Iterator[_Reason]:
        if item.sig in self.board:
            word = "is new" if item.sig in self.after.config.spec.sigs else "ends"
            yield ADMIN, "", f"sig {item.sig} {word}: the board decides on that", True
            return
        what = item.path[2] if len(item.path) > 2 else ""  # noqa: PLR2004  # sigs, NAME, FIELD
        yield CHAIR, item.sig, f"changes {what or 'the file'} of sig {item.sig}", False
        if _is_secret(item):
            yield ADMIN, "", f"names a secret of whoever applies: {item}", True
        if what in BOARD:
            yield ADMIN, "", f"changes {what.replace('_', ' ')} of sig {item.sig}", item.verb != "removed"

    def _of_kernel(self, item: Item) -> _Reason:
        kernel = self.before.config.spec.kernel
        sig = item.path[2] if item.path[1:2] == ("sigs",) and len(item.path) > 3 else ""  # noqa: PLR2004  # kernel, sigs, NAME, FIELD
        if sig and kernel is not None and sig in kernel.sigs and item.path[3] in ("branches", "push"):
            return CHAIR, sig, f"changes the kernel branches of sig {sig}", item.verb != "removed"
        return ADMIN, "", "changes the kernel that the SIGs share", item.verb != "removed"

    def _of_people(self, item: Item, author: str) -> Iterator[_Reason]:
        account = item.path[1]
        if account in self.gaining and account not in self.before.config.spec.people:
            return  # whose rights it is about looks at the person, too
        field = item.path[2] if len(item.path) > 2 else ""  # noqa: PLR2004  # people, ACCOUNT, FIELD
        if field in ("name", "email") and account == author:
            return
        if field == "logins" and item.verb == "added" and account in self.gaining:
            return
        yield ADMIN, "", f"changes who {account} is", item.verb != "removed"

    def _right(self, right: Right) -> Iterator[_Reason]:
        sig = right.repo.partition("/")[0]
        if levels.widens(self.up_to, right.after) and right.gains:
            text = f"{right.account} gains `{right.after}` in sig {sig}, and the chairs may give up to `{self.up_to}`"
            yield ADMIN, "", text, True
        told = f"{right.account} {'gains' if right.gains else 'loses'} rights in sig {sig}"
        if right.repo not in self.kernels or not (right.pushes or right.stops):
            yield CHAIR, sig, told, right.gains
            return
        for pattern in (*right.pushes, *right.stops):
            owner = self._owner(pattern)
            gains = pattern in right.pushes
            if owner:
                verb = "may push" if gains else "may no longer push"
                yield CHAIR, owner, f"{right.account} {verb} branches of sig {owner} in {right.repo}", gains
            elif gains:
                text = f"{right.account} may push {pattern or 'other branches'} of {right.repo}, which no SIG owns"
                yield ADMIN, "", text, True
            else:
                yield CHAIR, sig, told, False

    def _owner(self, pattern: str) -> str:
        """Return the SIG in whose namespace the pattern is, by the files of before: a new namespace is the admins' to give."""
        for sig, spaces in sorted(self.spaces.items()):
            if pattern and any(covers(space, pattern) for space in spaces):
                return sig
        return ""

    def _action(self, action: Action) -> Iterator[_Reason]:
        one, old = action.subject, action.before
        where = one.inside or one.key
        shared = where.kind == Repo.KIND and self.effect.name(action.forge, where.name) in self.kernels
        if isinstance(one, Membership) and OWNER in (one.role, getattr(old, "role", "")):
            yield ADMIN, "", f"changes the owners of {one.org}", action.effect == "widens"
        if isinstance(one, Grant) and one.on == Org.KIND and not action.sig:
            yield ADMIN, "", f"changes rights on all of {one.target}", action.effect == "widens"
        if isinstance(one, Repo) and isinstance(old, Repo) and _shows(old, action.after):
            text = f"{self.effect.name(action.forge, one.path)} is shown to more people than before"
            yield ADMIN, "", text, True
        if isinstance(one, Features) and _uncovers(old, one):
            yield (
                ADMIN,
                "",
                f"opens the history of {self.effect.name(action.forge, one.repo)} to more people",
                True,
            )
        yield from self._part(action, self.effect.name(action.forge, where.name))
        if not action.sig or (shared and isinstance(one, Grant | BranchRule)):
            return
        what = f"teams of sig {action.sig}"
        if where.kind == Repo.KIND:
            what = self.effect.name(action.forge, where.name)
        elif where.kind == Org.KIND:
            what = f"what all of sig {action.sig} has on {action.forge}"
        yield CHAIR, action.sig, f"changes {what}", action.effect == "widens"
        if isinstance(one, Grant) and one.subject_kind == TEAM:
            owner = self._sig_of_team(action.forge, one.subject_name)
            if owner and owner != action.sig:
                text = f"changes the rights of a team of sig {owner} on {what}"
                yield CHAIR, owner, text, action.effect == "widens"

    @staticmethod
    def _part(action: Action, name: str) -> Iterator[_Reason]:
        one = action.after
        if isinstance(one, DeployKey) and one.write and not getattr(action.before, "write", False):
            yield ADMIN, "", f"a key that is no person's may push to {name}", True
        if isinstance(one, BranchRule):
            before = action.before.keys if isinstance(action.before, BranchRule) else frozenset()
            if one.keys - before:
                yield ADMIN, "", f"a rule of {name} lets in a key that is no person's", True
        if isinstance(one, Webhook) and one.secret:
            yield ADMIN, "", f"a webhook of {name} is sent a secret of whoever applies", True

    def _sig_of_team(self, forge: str, path: str) -> str:
        for version in (self.after, self.before):
            desired = version.resolved.desired.get(forge)
            if desired is not None and Key("team", path) in desired.sigs:
                return desired.sigs[Key("team", path)]
        return ""


def _is_secret(item: Item) -> bool:
    """Whether a value is read from the environment or the disk of whoever applies, and then sent to where the proposal says."""
    return item.verb != "removed" and str(item.after).startswith(("env:", "file:"))


def _uncovers(before: object, after: Features) -> bool:
    name = "repository"
    then = before.given().get(name) if isinstance(before, Features) else None
    now = after.given().get(name)
    return then is not None and now is not None and rank(now) > rank(then)


def _shows(before: Repo, after: object) -> bool:
    return isinstance(after, Repo) and opens(before.visibility, after.visibility) == "widens"
