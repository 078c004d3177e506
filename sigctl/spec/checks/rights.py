"""Rights that do nothing, can't be given, or reach people who aren't there."""

from __future__ import annotations

from collections.abc import Iterator

from sigctl.core import levels
from sigctl.core.kinds.branch import DEPLOY_KEY
from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding
from sigctl.spec.entries import Entry, on_forge
from sigctl.spec.layout import team_ref
from sigctl.spec.model import Access
from sigctl.spec.resolve.rights import Rights, Who, who
from sigctl.spec.resolve.roster import Roster
from sigctl.spec.yamlfault import Path


def _levels(access: Access, sig: str) -> dict[Who, str]:
    out: dict[Who, str] = {}
    for subject, right in access.items():
        one = who(subject, sig)
        out[one] = levels.stronger(out[one], right.level) if one in out else right.level
    return out


def _further_up(entry: Entry) -> dict[Who, str]:
    """Return what the SIG and the project give on the repository."""
    out = _levels(entry.sig.access, entry.sig.name)
    if entry.project:
        for one, level in _levels(entry.group.access, entry.sig.name).items():
            out[one] = (
                levels.NONE if level == levels.NONE else levels.stronger(out.get(one, levels.NONE), level)
            )
    return out


def _own(context: Context) -> Iterator[tuple[Entry, str, str, str, Path]]:
    """Yield (repository, subject, level here, level from further up, place) for rights on single repositories."""
    for entry in context.entries:
        if entry.kernel or not entry.config.access:
            continue
        given = _further_up(entry)
        for subject, right in entry.config.access.items():
            level = given.get(who(subject, entry.sig.name), levels.NONE)
            yield entry, subject, right.level, level, (*entry.path, "access", subject)


def _no_effect(context: Context) -> Iterator[Finding]:
    for entry, subject, here, level, path in _own(context):
        longer = here == level and entry.config.access[subject].until is not None
        if here != levels.NONE and not levels.widens(level, here) and not longer:
            hint = "the stronger wins; take it out, or write `none` to take the right away here"
            yield Finding(path, f"`{here}` changes nothing: the SIG or project gives `{level}`", hint)


def _none_takes_nothing(context: Context) -> Iterator[Finding]:
    found = [path for _, _, here, level, path in _own(context) if here == level == levels.NONE]
    for name, sig in context.spec.sigs.items():
        given = _levels(sig.access, name)
        found += [
            ("sigs", name, "access", s) for s, right in sig.access.items() if right.level == levels.NONE
        ]
        for project, group in sig.projects.items():
            for subject, right in group.access.items():
                if right.level == levels.NONE and given.get(who(subject, name), levels.NONE) == levels.NONE:
                    found.append(("sigs", name, "projects", project, "access", subject))
    for path in found:
        yield Finding(path, "`none` takes away a right that nobody gives", "take it out")


def _none_inherited(context: Context) -> Iterator[Finding]:
    told: set[Path] = set()
    for entry in context.entries:
        if entry.kernel:
            continue
        sig = entry.sig.name
        given = _levels(entry.sig.access, sig)
        for access, path in ((entry.config.access, entry.path), (entry.group.access, entry.group_path)):
            for subject, right in access.items():
                at_sig = given.get(who(subject, sig), levels.NONE)
                place = (*path, "access", subject)
                if right.level != levels.NONE or at_sig == levels.NONE or place in told:
                    continue
                for name, group in _inheriting(context, entry):
                    told.add(place)
                    hint = (
                        f"two ways out: take `{subject}` out of the SIG's `access` and give it on each repository that needs it; "
                        f"or keep the repository off {name} with `forges`, or out of {group} with a layout of its own"
                    )
                    yield Finding(
                        place, f"`none` can't be had on {name}: {at_sig} is inherited from {group}", hint
                    )


def _inheriting(context: Context, entry: Entry) -> Iterator[tuple[str, str]]:
    """Yield (forge, group) where the repository inherits the rights of the SIG's group."""
    for name, layout in context.layouts.items():
        group = layout.own_group(entry.sig.name)
        path = layout.repo(entry.sig.name, entry.name, entry.project)
        if group and on_forge(entry, name) and path.startswith(f"{group}/"):
            yield name, group


def _unlinked(context: Context) -> Iterator[Finding]:
    roster = Roster(context.spec, context.today)
    told: set[tuple[str, str]] = set()
    for subject, sig, path in context.subjects:
        person = subject.startswith("person:")
        accounts = (
            [subject.removeprefix("person:")] if person else sorted(roster.members(team_ref(subject, sig)))
        )
        forges = [
            name for name in context.spec.forges if any(on_forge(e, name) for e in _entries_of(context, sig))
        ]
        for account in accounts:
            found = context.spec.people.get(account)
            missing = [
                f for f in forges if found is not None and f not in found.logins and (account, f) not in told
            ]
            told |= {(account, f) for f in missing}
            if missing:
                text = f"{account} would get rights, but has no login on {', '.join(missing)}"
                hint = f"ask for the login and add it under people.{account}.logins; it is never guessed"
                yield Finding(path, text, hint)


def _entries_of(context: Context, sig: str) -> list[Entry]:
    return context.entries_by_sig.get(sig, []) if sig else context.entries


def _can_not_push(context: Context) -> Iterator[Finding]:
    """Look at lists of who may push: whoever is in one also needs a right to write, or the rule admits nobody."""
    rights = Rights(Roster(context.spec, context.today))
    for sig, path, group in context.groups:
        entries_ = [e for e in context.entries_by_sig.get(sig, []) if e.group is group or group is e.sig]
        for n, rule in enumerate(group.branches):
            if rule.push and not any(_pushers(rights, e) >= _all(rights, rule.push, sig) for e in entries_):
                yield from _powerless(rights, rule.push, sig, (*path, "branches", n), entries_)
    for entry in context.entries:
        for n, rule in enumerate(entry.config.branches):
            yield from _powerless(
                rights, rule.push or (), entry.sig.name, (*entry.path, "branches", n), [entry]
            )


def _powerless(
    rights: Rights, push: tuple[str, ...], sig: str, path: Path, where: list[Entry]
) -> Iterator[Finding]:
    for n, subject in enumerate(push):
        people = _all(rights, (subject,), sig)
        if where and people and not any(_pushers(rights, entry) >= people for entry in where):
            hint = "give it `write` or more by `access`, or take it out of the rule"
            yield Finding(
                (*path, "push", n), f"`{subject}` may push by this rule, but has no right to write", hint
            )


def _all(rights: Rights, subjects: tuple[str, ...], sig: str) -> set[str]:
    """Return the accounts behind subjects; behind a deploy key there is none."""
    people = (one for one in subjects if not one.startswith(DEPLOY_KEY))
    return {account for subject in people for account in _behind(rights, who(subject, sig))}


def _behind(rights: Rights, one: Who) -> frozenset[str]:
    return frozenset({one[2]}) if one[0] == "person" else rights.roster.members((one[1], one[2]))


def _pushers(rights: Rights, entry: Entry) -> set[str]:
    """Return the accounts that may write to a repository."""
    given = rights.effective(entry).items()
    return {
        a for one, right in given if levels.at_least(right.level, levels.WRITE) for a in _behind(rights, one)
    }


def _ceiling(context: Context) -> Iterator[Finding]:
    ceilings = context.spec.policy.levels
    if not ceilings:
        return
    found: list[tuple[str, Access, Path]] = [(sig, group.access, path) for sig, path, group in context.groups]
    found += [(e.sig.name, e.config.access, e.path) for e in context.entries if not e.kernel]
    for sig, access, path in found:
        top = ceilings.get(sig)
        for subject, right in access.items():
            if top is not None and levels.widens(top, right.level):
                text = f"`{right.level}` is above what the policy lets sig {sig} give: {top}"
                yield Finding(
                    (*path, "access", subject), text, "ask an admin, who can change `levels` in policy.yaml"
                )


CHECKS = (
    Check(
        "no-effect",
        "A right on a repository gives more than the SIG and the project give already.",
        _no_effect,
        warning=True,
    ),
    Check("none-of-nothing", "`none` takes away a right that there is.", _none_takes_nothing, warning=True),
    Check(
        "none-inherited",
        "`none` on a repository can be had on every forge that the repository is on.",
        _none_inherited,
    ),
    Check(
        "unlinked",
        "Who gets rights has a login on every forge where the SIG has repositories.",
        _unlinked,
        warning=True,
    ),
    Check(
        "can-not-push",
        "Who may push by a rule may also write to the repositories that the rule is for.",
        _can_not_push,
        warning=True,
    ),
    Check("level-ceiling", "No SIG gives more than the policy's `levels` let it.", _ceiling),
)
