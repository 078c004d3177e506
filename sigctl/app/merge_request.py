"""The merge request that a review is about: which one an address means, what the forge says of it, and who these people are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from sigctl.app.before import checkout_of, git_dir
from sigctl.app.context import settings_of
from sigctl.errors import GitError, SigctlError, UsageError
from sigctl.forges import open_forge
from sigctl.forges.base import Settings
from sigctl.forges.proposals import HasProposals, Proposal, Who
from sigctl.mirror.git import Git
from sigctl.report.words import plain
from sigctl.spec import ForgeConfig, Spec

_KINDS = ("gitlab", "github")
MAX_REQUESTS = 400
"""Requests for one merge request: a hundred threads a page, so what needs more is no proposal but an attack."""


@dataclass(frozen=True, slots=True)
class Place:
    """A repository on one of the forges in the files; `number` is that of a merge request there, 0 for none."""

    forge: ForgeConfig
    repo: str
    number: int = 0

    @property
    def url(self) -> str:
        """The repository's address in a browser."""
        return f"{str(self.forge.url).rstrip('/')}/{self.repo}"

    @property
    def address(self) -> str:
        """The merge request's address in a browser."""
        return f"{self.url}/{'-/merge_requests' if self.forge.type == 'gitlab' else 'pull'}/{self.number}"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a forge says of a merge request, with its people as accounts of the files."""

    author: str
    """The account; LOGIN on FORGE for a stranger, which is nobody's name."""
    approved_by: tuple[str, ...]
    """Accounts; strangers' approvals count for nothing and are in `notes`."""
    opened: date
    objections: tuple[str, ...]
    notes: tuple[str, ...]
    """What was left out, and why: in words."""


def place_of(url: str, spec: Spec) -> Place:
    """Return what an address names on a forge of these files: a merge request, or a whole repository.

    The files must be those of before: a proposal does not say where its own approvals are read. Raises UsageError for an address on
    no forge of them, or of something else.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or "@" in parts.netloc or not url.isprintable():
        raise UsageError(f"`{plain(url)}` is not the address of a merge request", _LIKE)
    for forge in spec.forges.values():
        base = urlsplit(str(forge.url).rstrip("/"))
        same = (parts.scheme, parts.netloc.casefold()) == (base.scheme, base.netloc.casefold())
        if same and forge.type in _KINDS and (parts.path + "/").startswith(base.path + "/"):
            return _within(forge, unquote(parts.path[len(base.path) :]).strip("/"), url)
    known = ", ".join(str(one.url) for one in spec.forges.values() if one.type in _KINDS)
    raise UsageError(f"`{plain(url)}` is on none of the forges in the files of before", f"they are {known}")


_LIKE = "like https://FORGE/GROUP/PROJECT/-/merge_requests/7 or https://github.com/OWNER/NAME/pull/7"


def _within(forge: ForgeConfig, path: str, url: str) -> Place:
    words = path.split("/")
    word = "merge_requests" if forge.type == "gitlab" else "pull"
    number = 0
    if word in words[2:]:
        at = words.index(word, 2)
        found = words[at + 1] if at + 1 < len(words) else ""
        if not (found.isascii() and found.isdecimal() and len(found) < 10):  # noqa: PLR2004  # digits
            raise UsageError(f"`{plain(url)}` has no number of a merge request", _LIKE)
        number, words = int(found), words[:at]
        words = words[:-1] if words[-1] == "-" else words
    fits = len(words) == 2 if forge.type == "github" else len(words) > 1  # noqa: PLR2004  # OWNER/NAME
    if not fits or any(one in ("", ".", "..", "-") for one in words):
        raise UsageError(f"`{plain(url)}` is not the address of a merge request", _LIKE)
    return Place(forge, "/".join(words), number)


@contextmanager
def opened(
    place: Place, env: Mapping[str, str], *, whole: bool = False
) -> Iterator[tuple[HasProposals, str]]:
    """Yield the forge and why it is asked without a token ("" where there is one): what is public can be read by anyone.

    It takes the requests that one merge request can need, or as many as the files allow for a run (`whole`).
    """
    try:
        settings, why = settings_of(place.forge, env), ""
    except UsageError as error:
        settings, why = _without_token(place.forge), error.text
    most = settings.max_requests if whole else min(settings.max_requests, MAX_REQUESTS)
    forge = open_forge(replace(settings, max_requests=most))
    try:
        if not isinstance(forge, HasProposals):
            raise UsageError(f"{place.forge.name} has no merge requests that can be read")
        yield forge, why
    finally:
        forge.close()


def _without_token(forge: ForgeConfig) -> Settings:
    return Settings(forge.name, forge.type, str(forge.url).rstrip("/"), SecretStr(""), tier=forge.tier)


def read_proposal(place: Place, env: Mapping[str, str]) -> Proposal:
    """Return the merge request; ForgeError where it is not there or can't be read whole."""
    with opened(place, env) as (forge, why):
        try:
            found = forge.proposal(place.repo, place.number)
        except SigctlError as error:
            if why and not error.hint:
                error.hint = f"asked without a token, since {why}"
            raise
        return replace(found, unread=(*found.unread, f"asked without a token: {why}")) if why else found


def facts(found: Proposal, place: Place, spec: Spec) -> Facts:
    """Return what it says, with the people as they are called in these files, which must be those of before."""
    name = place.forge.name
    notes = []
    by = []
    for who in found.approved:
        account = account_of(who, name, spec)
        if account:
            by.append(account)
        else:
            notes.append(
                f"the approval of {who.login} counts for nothing: no account of the files has it on {name}"
            )
    notes += [
        f"the approval of {who.login} is of what was there before the last push" for who in found.outdated
    ]
    notes += list(found.unread)
    if found.state != "open":
        notes.append(f"it is {found.state}")
    unknown = [one for one in found.unread if one.startswith("its threads")]
    return Facts(
        author=account_of(found.author, name, spec) or f"{found.author.login} on {name}",
        approved_by=tuple(sorted(by)),
        opened=_day(found.opened),
        objections=(*found.objections, *(f"perhaps, {one}" for one in unknown)),
        notes=tuple(plain(one) for one in notes),
    )


def account_of(who: Who, forge: str, spec: Spec) -> str:
    """Return the account of an account on a forge, "" for none: by the number where the files pin one, else by the login.

    So whoever takes over a login that was renamed is a stranger, and whoever renamed himself is not.
    """
    for account, person in sorted(spec.people.items()):
        link = person.logins.get(forge)
        if link is None:
            continue
        if link.id is not None:
            if str(link.id) == str(who.id):
                return account
        elif link.login.casefold() == who.login.casefold():
            return account
    return ""


def _day(text: str) -> date:
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        raise UsageError(f"the forge says it was opened on `{plain(text[:40])}`") from None


def held_against(found: Proposal, config: Path) -> Iterable[str]:
    """Return notes on whether the files are those of the merge request; UsageError where the checkout is at another commit.

    A checkout at the head, or at a merge whose second parent is the head, is right; approvals of something else decide nothing.
    """
    root = checkout_of(config)
    if root is None:
        return ("the files are in no git checkout: that they are those of the merge request is not checked",)
    try:
        said = Git().run(["rev-list", "--parents", "--max-count=1", "HEAD"], at=git_dir(root)).out.split()
    except GitError as error:
        raise UsageError(f"{root} has no commit", error.text) from None
    if found.head not in said[:1] + said[2:]:
        raise UsageError(
            f"the checkout is at {said[0][:12]}, the merge request at {found.head[:12]}",
            "fetch again: what was approved must be what is reviewed",
        )
    return ()
