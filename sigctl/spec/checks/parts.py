"""Labels, webhooks, deploy keys and switches that contradict each other, or that a forge can't hold so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import normpath
from typing import Any

from sigctl.core import levels
from sigctl.core.features import clashes
from sigctl.core.kinds.branch import DEPLOY_KEY, key_in
from sigctl.core.kinds.features import OFF
from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding
from sigctl.spec.entries import FEATURES, on_forge, rules, settings
from sigctl.spec.model import BranchEntry
from sigctl.spec.yamlfault import Path


def _mappings(context: Context, name: str) -> Iterator[tuple[Mapping[str, Any], Path]]:
    """Yield every mapping of that name in the files, once, with its place."""
    seen: set[Path] = set()
    for entry in context.entries:
        if name == "deploy_keys":
            found = (entry.config.deploy_keys, (*entry.path, name))
        else:
            found = settings(context.spec, entry).get(name, (None, ()))
        if found[0] and found[1] not in seen:
            seen.add(found[1])
            yield found[0], found[1]
    for forge, config in context.spec.forges.items():
        for org, one in config.orgs.items():
            if name == "webhooks" and one.webhooks:
                yield one.webhooks, ("forges", forge, "orgs", org, name)


def _same(context: Context) -> Iterator[Finding]:
    for name, what, hint in (
        ("labels", str.casefold, "names of labels are the same in upper and lower case on GitHub; keep one"),
        ("webhooks", None, "one webhook can be told of several events; keep one of the two"),
        ("deploy_keys", None, "keep one of the two"),
    ):
        for given, path in _mappings(context, name):
            seen: dict[str, str] = {}
            for key, one in given.items():
                mark = what(key) if what else one.url if name == "webhooks" else one.key
                other = seen.setdefault(mark, key)
                if other != key:
                    yield Finding((*path, key), f"is the same as `{other}`", hint)


def _shared_keys(context: Context) -> Iterator[Finding]:
    for forge, traits in context.traits.items():
        if not traits.one_repo_keys:
            continue
        seen: dict[str, str] = {}
        for entry in (one for one in context.entries if on_forge(one, forge)):
            for title, one in (entry.config.deploy_keys or {}).items():
                name = f"{entry.sig.name}/{entry.name}"
                other = seen.setdefault(one.key, name)
                if other != name:
                    yield Finding(
                        (*entry.path, "deploy_keys", title, "key"),
                        f"is a deploy key of {other} too, and on {forge} a key belongs to one repository",
                        "make a key for each repository",
                    )


def _too_high(context: Context) -> Iterator[Finding]:
    ceilings = context.spec.policy.levels
    for entry in context.entries:
        ceiling = ceilings.get(entry.sig.name)
        for title, one in (entry.config.deploy_keys or {}).items():
            if ceiling is not None and one.write and levels.widens(ceiling, levels.WRITE):
                yield Finding(
                    (*entry.path, "deploy_keys", title, "write"),
                    f"a key that may push is `write`, and sig {entry.sig.name} may give at most `{ceiling}`",
                    "take `write` out, or let an admin raise `levels` in policy.yaml",
                )


def _hook_secrets(context: Context) -> Iterator[Finding]:
    """Yield the webhooks that would give what sigctl itself proves itself with to whoever receives their events."""
    ours = {
        _reference(text): name
        for name, forge in context.spec.forges.items()
        for text in (forge.token, forge.app and forge.app.key, forge.ssh and forge.ssh.key)
        if text
    }
    for given, path in _mappings(context, "webhooks"):
        for name, one in given.items():
            forge = ours.get(_reference(one.secret)) if one.secret else None
            if forge is not None:
                yield Finding(
                    (*path, name, "secret"),
                    f"is the token or key of {forge} too: whoever receives these events could act as sigctl",
                    "make a secret of its own with `openssl rand -hex 32`, in a place of its own",
                )


def _reference(text: str) -> str:
    """Return where a secret is, one place always written in one way."""
    return f"file:{normpath(text.removeprefix('file:'))}" if text.startswith("file:") else text


def _switches(context: Context) -> Iterator[Finding]:
    pairs = (
        ("security.push_protection", "security.secret_scanning"),
        ("security.dependency_fixes", "security.dependency_alerts"),
    )
    for forge, config in context.spec.forges.items():
        for org, one in config.orgs.items():
            some = one.members_create
            if some is not None and one.members_create_repos not in (None, bool(some)):
                path: Path = ("forges", forge, "orgs", org, "members_create")
                yield Finding(path, "contradicts `members_create_repos`", "keep one of the two")
    seen: set[Path] = set()
    for entry in context.entries:
        found = settings(context.spec, entry)
        for name, base in pairs:
            on, path = found.get(name, (None, ()))
            if on and path not in seen and found.get(base, (True, ()))[0] is False:
                seen.add(path)
                yield Finding(path, f"needs `{base}`, which is off", f"set `{base}: true`, or take this out")
        private, path = found.get("security.private_reports", (None, ()))
        if private and path not in seen and found.get("visibility", ("", ()))[0] == "private":
            seen.add(path)
            yield Finding(path, "is for public repositories only", "take it out here, or show the repository")
        patterns, path = found.get("actions.patterns", (None, ()))
        if (
            patterns is not None
            and path not in seen
            and found.get("actions.allowed", ("", ()))[0] != "selected"
        ):
            seen.add(path)
            yield Finding(path, "says what is selected, but nothing is", "set `allowed: selected` beside it")


def _features(context: Context) -> Iterator[Finding]:
    told: set[Path] = set()
    for entry in context.entries:
        found = settings(context.spec, entry)
        given = {name: found[f"features.{name}"] for name in FEATURES if f"features.{name}" in found}
        for name, above in clashes({name: who for name, (who, _) in given.items()}):
            who, path = given[name]
            if path not in told:
                told.add(path)
                text = f"is for `{who}`, and {above} only for `{given[above][0]}`"
                yield Finding(path, text, f"give {name} to no more people than {above}")
        for name in ("issues", "wiki"):
            on, (who, path) = found.get(name, (None, ()))[0], given.get(name, (None, ()))
            if on is not None and who is not None and on is (who == OFF) and path not in told:
                told.add(path)
                text = f"is `{who}`, and `{name}` of the repository is {str(on).lower()}"
                yield Finding(path, text, "keep one of the two, or let both say the same")


def _no_key(context: Context) -> Iterator[Finding]:
    """Look at rules that let in a deploy key: every repository that they are for needs such a key."""
    told: set[tuple[Path, str]] = set()
    for entry in context.entries if _names_keys(context) else ():
        for kind in ("branches", "tags"):
            for rule in rules(context.spec, entry, kind):
                for field, n, title in _keys_in(rule.entry):
                    key = (entry.config.deploy_keys or {}).get(title)
                    if (key is None or not key.write) and (rule.path, title) not in told:
                        told.add((rule.path, title))
                        text = f"`{title}` is no deploy key of {entry.sig.name}/{entry.name} that may push"
                        hint = "declare it under `deploy_keys` there with `write: true`, or write the rule only where the key is"
                        yield Finding((*rule.path, field, n), text, hint)


def _names_keys(context: Context) -> bool:
    """Whether any rule at all lets in a deploy key: looking at each repository takes time."""
    defaults = context.spec.defaults
    lists = [defaults.branches, defaults.tags]
    for _, _, group in context.groups:
        lists += [group.branches, group.tags]
    for entry in context.entries:
        lists += [entry.config.branches, entry.config.tags]
    return any(_keys_in(rule) for some in lists for rule in some)


def _keys_in(rule: BranchEntry) -> list[tuple[str, int, str]]:
    """Return the deploy keys that a rule lets in: field, place in its list, title."""
    sides = (("push", rule.push), ("create", rule.create))
    found = [(field, n, one) for field, side in sides for n, one in enumerate(side or ())]
    return [(field, n, key_in(one)) for field, n, one in found if one.startswith(DEPLOY_KEY)]


CHECKS = (
    Check("rule-key", "A deploy key in a rule is one of the repository's own, and may push.", _no_key),
    Check(
        "features",
        "No feature is more open than one that it depends on, or than `issues` and `wiki` say.",
        _features,
    ),
    Check("duplicate-part", "No label, webhook or deploy key is written twice in one list.", _same),
    Check("shared-key", "A deploy key is on one repository only, on forges that demand it.", _shared_keys),
    Check("hook-secret", "No webhook has the token or key of a forge as its secret.", _hook_secrets),
    Check("key-level", "A key that may push is within what the SIG may give.", _too_high),
    Check("switches", "A switch is on only where what it needs is not off.", _switches),
)
