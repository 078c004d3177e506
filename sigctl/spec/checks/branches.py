"""Rules on branches and tags: that they match something, decide something, and stay in their own namespace."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache

from sigctl.core.kinds.branch import DEPLOY_KEY
from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding
from sigctl.spec.entries import Entry, Rule, expand, on_forge, rules
from sigctl.spec.globs import Prefixes, covers, overlap
from sigctl.spec.layout import team_ref
from sigctl.spec.model import BranchEntry, RepoConfig
from sigctl.spec.yamlfault import Path

_KINDS = ("branches", "tags")


def _written(context: Context) -> Iterator[tuple[BranchEntry, str, Path]]:
    """Yield every rule as it is written, the SIG in whose file it is ("" for the defaults), its place."""
    for kind in _KINDS:
        for n, rule in enumerate(getattr(context.spec.defaults, kind)):
            yield rule, "", ("defaults", kind, n)
        for sig, path, group in context.groups:
            for n, rule in enumerate(getattr(group, kind)):
                yield rule, sig, (*path, kind, n)
        for entry in context.entries:
            for n, rule in enumerate(() if entry.kernel else getattr(entry.config, kind)):
                yield rule, entry.sig.name, (*entry.path, kind, n)
    kernel = context.spec.kernel
    for sig, part in kernel.sigs.items() if kernel else ():
        for n, rule in enumerate(part.branches):
            yield rule, sig, ("kernel", "sigs", sig, "branches", n)


def _releases(context: Context, rule: BranchEntry) -> tuple[str, ...]:
    return rule.releases if rule.releases is not None else context.spec.defaults.releases


def _names(context: Context, text: str, rule: BranchEntry, sig: str) -> tuple[str, ...]:
    return expand(text.replace("{sig}", sig), _releases(context, rule), own=rule.own)


def _no_release(context: Context) -> Iterator[Finding]:
    hint = "add `releases: [...]` here, or under `defaults`"
    for rule, _, path in _written(context):
        if "{release}" in (rule.pattern or rule.name or "") and not _releases(context, rule):
            yield Finding(path, "matches nothing: {release} has no values", hint)
    kernel = context.spec.kernel
    for sig, part in kernel.sigs.items() if kernel else ():
        if "{release}" in part.namespace and not context.spec.defaults.releases:
            yield Finding(
                ("kernel", "sigs", sig, "namespace"), "matches nothing: {release} has no values", hint
            )


def _placeholder(context: Context) -> Iterator[Finding]:
    known = ("{sig}", "{repo}", "{project}", "{release}")
    used = [(rule.pattern or rule.name or "", path) for rule, _, path in _written(context)]
    kernel = context.spec.kernel
    used += [
        (p.namespace, ("kernel", "sigs", s, "namespace")) for s, p in (kernel.sigs.items() if kernel else ())
    ]
    for text, path in used:
        left = text
        for name in known:
            left = left.replace(name, "")
        if "{" in left or "}" in left:
            yield Finding(path, f"`{text}` holds an unknown placeholder", f"known are {', '.join(known)}")


def namespaces(context: Context) -> dict[str, set[str]]:
    """Return the namespaces of each SIG: those it declares, those it has in the kernel, and c{release}-sig-NAME."""
    releases = context.spec.defaults.releases
    out = {
        name: set(expand("c{release}-sig-" + name, releases, own=True)) if releases else set()
        for name in context.spec.sigs
    }
    for rule, sig, _ in _written(context):
        if rule.own and sig and rule.pattern:
            out[sig].update(_names(context, rule.pattern, rule, sig))
    kernel = context.spec.kernel
    for sig, part in kernel.sigs.items() if kernel else ():
        if sig in out:
            out[sig].update(expand(part.namespace.replace("{sig}", sig), releases, own=True))
    return out


def _gives(rule: BranchEntry) -> bool:
    return rule.own or bool(rule.push or rule.merge or rule.create)


def _leak(context: Context) -> Iterator[Finding]:
    spaces = namespaces(context)
    used = [
        (pattern, sig, path)
        for rule, sig, path in _written(context)
        if sig and _gives(rule)
        for pattern in _names(context, rule.pattern or rule.name or "", rule, sig)
        if "sig-" in pattern.partition("*")[0]
    ]
    kernel = context.spec.kernel
    for sig, part in kernel.sigs.items() if kernel else ():
        found = expand(part.namespace.replace("{sig}", sig), context.spec.defaults.releases, own=True)
        used += [(pattern, sig, ("kernel", "sigs", sig, "namespace")) for pattern in found]
    index = Prefixes((space, other) for other, theirs in spaces.items() for space in theirs)
    told: set[tuple[Path, str]] = set()
    for pattern, sig, path in used:
        for space, other in index.near(pattern):
            if other != sig and (path, other) not in told and overlap(pattern, space):
                told.add((path, other))
                text = f"`{pattern}` reaches into {space} of sig {other}"
                yield Finding(path, text, _leak_hint(pattern, sig, other))


def _leak_hint(pattern: str, sig: str, other: str) -> str:
    if other.startswith(f"{sig}-"):
        return f"every branch of sig {other} begins like one of sig {sig}: give one of them a namespace of another name"
    return f"write `own: true` with {pattern.rstrip('*').rstrip('-')}: exactly this name, and with a dash and anything after it"


def _outside(context: Context) -> Iterator[Finding]:
    kernel = context.spec.kernel
    for sig, part in kernel.sigs.items() if kernel else ():
        spaces = expand(part.namespace.replace("{sig}", sig), context.spec.defaults.releases, own=True)
        for n, rule in enumerate(part.branches):
            for name in _names(context, rule.name or rule.pattern or "", rule, sig):
                if spaces and not any(covers(space, name) for space in spaces):
                    yield Finding(
                        ("kernel", "sigs", sig, "branches", n),
                        f"`{name}` is not in the SIG's namespace",
                        f"a name like {spaces[0]}-...",
                    )


def _shadowed(context: Context) -> Iterator[Finding]:
    told: set[Path] = set()
    for entry in _representatives(context):
        for kind in _KINDS:
            before: list[Rule] = []
            for rule in rules(context.spec, entry, kind):
                if rule.patterns and rule.path not in told and before:
                    by = [
                        next((b for b in before if any(covers(p, pattern) for p in b.patterns)), None)
                        for pattern in rule.patterns
                    ]
                    if all(by) and by[0] is not None and by[0].path[:-1] == rule.path[:-1]:
                        told.add(rule.path)
                        shown = by[0].entry.pattern or by[0].entry.name
                        yield Finding(
                            rule.path,
                            f"never decides: `{shown}` above matches all that it matches",
                            "the first that matches decides; put it above, or take it out",
                        )
                before.append(rule)


def _representatives(context: Context) -> Iterable[Entry]:
    """Return the repositories with rules of their own, and a bare one for each SIG and project: the others have the same rules."""
    for sig, path, group in context.groups:
        config = context.spec.sigs[sig]
        yield Entry(config, "", RepoConfig(), path, "" if group is config else str(path[-1]))
    yield from (entry for entry in context.entries if entry.config.branches or entry.config.tags)


@lru_cache(maxsize=1024)
def _wants(rule: BranchEntry) -> tuple[tuple[str, str], ...]:
    """Return what the rule needs that not every tier can do: (ability, in words)."""
    sides = (*(rule.push or ()), *(rule.merge or ()), *(rule.create or ()))
    named = any(not one.startswith(DEPLOY_KEY) for one in sides)
    wants = (
        ("subjects", "let only named teams or people push", named),
        ("reviews", "require reviews", bool(rule.reviews)),
        ("checks", "require checks", bool(rule.checks)),
        ("unprotect", "tell who may take a rule away", rule.unprotect is not None),
    )
    return tuple((ability, words) for ability, words, there in wants if there)


def _tier(context: Context) -> Iterator[Finding]:
    forges = [
        (name, forge.tier.lower(), context.traits[name])
        for name, forge in context.spec.forges.items()
        if name in context.traits and forge.tier
    ]
    for name, tier, traits in forges:
        if traits.tier_lacks and tier not in _TIERS:
            yield Finding(
                ("forges", name, "tier"),
                f"unknown tier `{tier}`",
                f"one of {', '.join(_TIERS)}; left out, the server is asked",
            )
    for rule, sig, path in _written(context):
        for name, tier, traits in forges:
            lacks = traits.tier_lacks.get(tier, frozenset())
            found = [(ability, words) for ability, words in _wants(rule) if ability in lacks]
            here = context.entries_by_sig.get(sig, []) if sig else context.entries
            if found and any(on_forge(entry, name) for entry in here):
                text = f"{name} with tier {tier} can't {' or '.join(words for _, words in found)}"
                named = any(ability == "subjects" for ability, _ in found)
                yield Finding(
                    path, text, _TIER_HINT if named else "raise the tier, or take it out of the rule"
                )


_TIER_HINT = "who may write may push there: give rights by `access`, keep others' branches in another repository, or raise the tier"


_TIERS = ("free", "premium", "ultimate", "pro", "team", "enterprise")


_COMMIT = re.compile(r"[0-9a-f]{7,64}")


def _from(context: Context) -> Iterator[Finding]:
    """Look where the upstream names its branches: a declared branch starts from one of them, or from another declared one."""
    for entry in context.entries:
        upstream = entry.config.upstream
        if upstream is None or upstream.branches is None:
            continue
        declared = {r.entry.name for r in rules(context.spec, entry, "branches") if r.entry.name}
        found = [(rule, (*entry.path, "branches", n)) for n, rule in enumerate(entry.config.branches)]
        kernel = context.spec.kernel
        if entry.kernel and kernel:
            parts = kernel.sigs.items()
            declared |= {b.name for _, part in parts for b in part.branches if b.name}
            found += [
                (b, ("kernel", "sigs", s, "branches", n))
                for s, part in parts
                for n, b in enumerate(part.branches)
            ]
        known = {*upstream.branches, *declared}
        for rule, path in found:
            start = rule.from_
            if start is None or start.startswith("refs/") or _COMMIT.fullmatch(start):
                continue  # a tag or a commit: nobody knows before the history is there
            if not any(fnmatchcase(start, name) for name in known):
                yield Finding(
                    (*path, "from"),
                    f"`{start}` is no branch that the upstream brings, or that is declared",
                    context.hint(
                        start, known, "the branch must be there first; a tag is written refs/tags/NAME"
                    ),
                )


def _unprotected(context: Context) -> Iterator[Finding]:
    kernel = context.spec.kernel
    if (
        kernel
        and kernel.layout != "per-sig"
        and kernel.branches is None
        and not (kernel.upstream and kernel.upstream.branches)
    ):
        team = "/".join(team_ref(kernel.release_team, ""))
        yield Finding(
            ("kernel",),
            f"names no upstream branches, so not even {team} may push one",
            "add `branches: [...]`",
        )


def _kernel_moved(context: Context) -> Iterator[Finding]:
    kernel = context.spec.kernel
    if kernel and kernel.moved_from == kernel.layout:
        yield Finding(
            ("kernel", "moved_from"),
            f"`{kernel.layout}` is the layout of today",
            "write the layout it was before, or take it out",
        )


CHECKS = (
    Check("no-release", "A pattern with {release} has releases to fill in.", _no_release),
    Check("placeholder", "Patterns hold only placeholders that there are.", _placeholder),
    Check("leak", "No rule that gives a SIG rights matches branches of another SIG's namespace.", _leak),
    Check("outside-namespace", "Declared branches of a SIG in the kernel are in its namespace.", _outside),
    Check(
        "shadowed",
        "Every rule decides something: none is wholly matched by one above it in its list.",
        _shadowed,
        warning=True,
    ),
    Check("tier", "The tier of every forge can enforce the rules of its repositories.", _tier, warning=True),
    Check(
        "branch-from",
        "A declared branch starts from one that the upstream brings or that is declared.",
        _from,
    ),
    Check("kernel-branches", "A shared kernel names its upstream branches.", _unprotected, warning=True),
    Check(
        "kernel-moved",
        "`kernel.moved_from` is the layout of before, not the one of today.",
        _kernel_moved,
        warning=True,
    ),
)
