"""Labels, deploy keys and webhooks: written where all of a list can be said and every forge has the same, else left out and told of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from sigctl.core.kinds import DeployKey, Key, Label, Org, Repo, Resource, Webhook
from sigctl.spec.model.base import Text
from sigctl.spec.model.parts import DeployKey as KeyConfig
from sigctl.spec.model.parts import Label as LabelConfig
from sigctl.spec.model.parts import Webhook as HookConfig

if TYPE_CHECKING:
    from sigctl.adopt.build import Builder
    from sigctl.adopt.model import Source

Data = dict[str, Any]
_SECRET = re.compile(r"(?=[A-Za-z_-]*[0-9])(?=[0-9_-]*[A-Za-z])[A-Za-z0-9_-]{16,}")
"""A part of an address that looks like a secret: long, with letters and digits."""
_WORDS = {Label.KIND: "labels", DeployKey.KIND: "deploy keys", Webhook.KIND: "webhooks"}


def hanging(builder: Builder, found: Mapping[str, Repo]) -> Data:
    """Return `labels`, `deploy_keys` and `webhooks` of a repository, as far as it has some that the files can say."""
    keys = {forge: repo.key for forge, repo in found.items()}
    out = {
        "labels": _list(builder, keys, Label.KIND, _labels),
        "webhooks": _list(builder, keys, Webhook.KIND, _hooks),
        "deploy_keys": _list(builder, keys, DeployKey.KIND, _keys),
    }
    return {name: value for name, value in out.items() if value}


def org_hooks(builder: Builder, source: Source, org: Org) -> Data:
    """Return the webhooks of an org or a group, as far as the files can say them."""
    return _list(builder, {source.name: org.key}, Webhook.KIND, _hooks)


def with_shared(repos: Mapping[str, Data]) -> Data:
    """Return the `repos` of a SIG, and its `defaults`: the labels and webhooks that each of several repositories has.

    The same for push rules and approvals.
    """
    usual: Data = {}
    for name in ("labels", "webhooks", "push_rules", "approvals"):
        first = next(iter(repos.values()), {}).get(name)
        if len(repos) > 1 and first and all(one.get(name) == first for one in repos.values()):
            usual[name] = first
    own = {
        repo: {name: value for name, value in one.items() if name not in usual} or None
        for repo, one in repos.items()
    }
    return {"repos": own} | ({"defaults": usual} if usual else {})


def _list(
    builder: Builder,
    keys: Mapping[str, Key],
    kind: str,
    said: Callable[[Builder, Source, list[Any]], Data | str],
) -> Data:
    """Return one list, the same on every forge that has this kind; nothing where it can't be said, with the reason told."""
    lists: dict[str, Data] = {}
    for source in builder.sources:
        key = keys.get(source.name)
        if (
            key is None
            or kind not in source.traits.kinds
            or (source.name, kind, key.name) in builder.leave.parts
        ):
            continue
        held: list[Resource] = [one for one in builder.inner(source, key) if kind == one.KIND]
        made = said(builder, source, sorted(held, key=lambda one: one.key))
        if isinstance(made, str):
            builder.say(source.name, key.name, f"its {_WORDS[kind]} stay undeclared: {made}")
            return {}
        lists[source.name] = made
    several = list(lists.values())
    if any(one != several[0] for one in several[1:]):
        place = next(iter(keys.values())).name
        builder.say("", place, f"its {_WORDS[kind]} differ between the forges: they are not declared")
        return {}
    return several[0] if several else {}


def _labels(_builder: Builder, _source: Source, held: Iterable[Label]) -> Data | str:
    out: Data = {}
    for one in held:
        out[one.name] = {"color": one.color or ""} | (
            {"description": one.description} if one.description else {}
        )
    if len({name.casefold() for name in out}) < len(out):
        return "two have the same name but for upper and lower case"
    return _valid(_LABELS, out)


def key_names(builder: Builder, source: Source, repo: Key) -> dict[str, str]:
    """Return the names that the files have for the deploy keys of a repository, by fingerprint; none where they can't say them."""
    if (source.name, DeployKey.KIND, repo.name) in builder.leave.parts:
        return {}
    return _named(
        sorted(
            (one for one in builder.inner(source, repo) if isinstance(one, DeployKey)),
            key=lambda one: one.key,
        )
    )


def _named(held: Iterable[DeployKey]) -> dict[str, str]:
    out: dict[str, str] = {}
    for one in held:
        title = one.title.strip() or one.fingerprint
        out[one.fingerprint] = title if title not in out.values() else f"{title} {one.fingerprint}"
    return out


def _keys(_builder: Builder, _source: Source, held: Iterable[DeployKey]) -> Data | str:
    out: Data = {}
    every = list(held)
    names = _named(every)
    for one in every:
        if not one.key_text:
            return "what was read does not hold the keys themselves"
        name = names[one.fingerprint]
        out[name] = {"key": one.key_text} | ({"write": True} if one.write else {})
    return _valid(_KEYS, out)


def _hooks(builder: Builder, source: Source, held: Iterable[Webhook]) -> Data | str:
    out: Data = {}
    for one in held:
        host = one.place.partition("#")[0]
        url = source.addresses.get(one.place)
        if url is None:
            return f"where the one to {host} goes was not read: a snapshot never holds it"
        if telling(url):
            return f"the address of the one to {host} looks as if it held a secret, which would be read by all who read the files"
        entry: Data = {"url": url, "events": list(one.events or ())}
        if one.active is False:
            entry["active"] = False
        if one.tls is False:
            entry["verify_tls"] = False
        name = next(
            name for name in (host, *(f"{host}-{n}" for n in range(2, len(out) + 3))) if name not in out
        )
        out[name] = entry
    made = _valid(_HOOKS, out)
    if made and not isinstance(made, str):
        _tell_of_secrets(builder, source, held)
    return made


def telling(url: str) -> bool:
    """Whether an address looks as if it held a secret."""
    return "?" in url or any(map(_SECRET.fullmatch, url.split("/")[3:]))


def _tell_of_secrets(builder: Builder, source: Source, held: Iterable[Webhook]) -> None:
    """Say what is left to do: no forge gives a secret away, and some don't even tell whether there is one."""
    for one in held:
        if one.secured is not False:
            has = "has a secret" if one.secured else "may have a secret"
            text = (
                f"its webhook to {one.place.partition('#')[0]} {has}, which can't be read and stays as it is; to keep it from here, "
                "write `secret: env:NAME` or `file:PATH` there and run `sigctl apply --renew-secrets`"
            )
            builder.say(source.name, one.target, text)


_LABELS = TypeAdapter(dict[Text, LabelConfig])
_KEYS = TypeAdapter(dict[Text, KeyConfig])
_HOOKS = TypeAdapter(dict[Text, HookConfig])


def _valid(kind: TypeAdapter[Any], data: Data) -> Data | str:
    """Return the data where the language can say it, else why it can't."""
    try:
        kind.validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        return f"`{'.'.join(map(str, first['loc']))}`: {first['msg']}"
    return data
