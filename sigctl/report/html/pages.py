"""The pages of the site: which there are, and what each is given; the words are in the templates."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sigctl.core.access_table import STRANGER
from sigctl.report.access_fold import Line
from sigctl.report.html import pieces
from sigctl.report.html.addresses import href, root_of, web
from sigctl.report.html.drawing import bars, over_time, tree
from sigctl.report.html.lookup import LETTERS, TROUBLE, Lookup
from sigctl.report.html.matrix import matrices
from sigctl.report.html.model import BranchFacts, RepoFacts, Site
from sigctl.report.words import plain

STATIC = ("app.css", "app.js", "icon.svg")
_KINDS = {
    "unlinked": "Not linked",
    "inactive": "Gone, waiting or idle",
    "expiring": "With an end",
    "stranger": "Not in the files",
}
_MIRRORS = 300
"""Histories that are all listed on one page."""
_RESOLVED = 200
"""Differences of before that one page lists; the newest."""


def render(site: Site) -> Iterator[tuple[str, str]]:
    """Yield (path, content) of every file of the site; equal sites give equal bytes."""
    look = Lookup(site)
    page = _Page(look)
    yield "index.html", page.make("index.html", "index", "Overview")
    yield "repositories.html", page.make("repositories.html", "repositories", "Repositories")
    yield "people.html", page.make("people.html", "people", "People", kinds=_KINDS)
    yield "drift.html", page.make("drift.html", "drift", "Drift", **_drift(look))
    yield "mirrors.html", page.make("mirrors.html", "mirrors", "Mirrors", **_mirrors(look))
    yield "audit.html", page.make("audit.html", "audit", "Audit")
    yield "kernel.html", page.make("kernel.html", "kernel", "Kernel", **_kernel(look))
    yield "access.html", page.make("access.html", "access", "Access", **_overview(look))
    yield from _sigs(page)
    for repo in site.repos:
        path = look.repo_pages[repo.name]
        yield path, page.make(path, "repo", repo.name, repo=repo, **_repo(look, repo))
    for who, path in look.person_pages.items():
        yield path, page.make(path, "person", who, **_person(look, who))
    for name in STATIC:
        yield f"assets/{name}", (files("sigctl.report.html") / "static" / name).read_text(encoding="utf-8")
    yield "assets/search.js", _search(look)


@cache
def _environment() -> Environment:
    env = Environment(
        loader=PackageLoader("sigctl.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        auto_reload=False,
    )
    env.globals.update(web=web, letters=LETTERS, href=href)
    env.filters.update(
        moment=_moment,
        count=pieces.count,
        level=pieces.level,
        chip=pieces.chip,
        forges=lambda names: pieces.forges(tuple(names)),
        rights=_rights,
        squares=lambda found: pieces.listed(map(pieces.square, found), ""),
        stacked=pieces.stacked,
        state=pieces.state,
        source=pieces.source,
        mirror=lambda one: pieces.mirror(one.status, one.behind, one.held),
        branch=pieces.branch,
        node=pieces.node,
        elbows=pieces.elbows,
        people=_people,
        repos=_repo_names,
    )
    return env


def _shown(value: Any) -> Any:
    """Return text without what a terminal or a browser would take for an order."""
    return plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _people(names: Iterable[str], to_person: Callable[[str], str]) -> Markup:
    """Return accounts, each leading to its page where it has one."""
    return pieces.listed(pieces.linked(name, to_person(name.partition(" (")[0])) for name in names)


def _rights(line: Line, to_person: Callable[[str], str]) -> Markup:
    """Return people and what they have as rows of a table."""
    who = _people(line.who, to_person)
    head = Markup('<th scope="rowgroup" rowspan="{}">{}</th>').format(len(line.cells), who)
    rows = [pieces.columns(cell) for cell in line.cells]
    return pieces.listed(
        (pieces.row(head + one if not number else one) for number, one in enumerate(rows)), ""
    )


def _repo_names(names: Iterable[str], to_repo: Callable[[str], str], sig: str) -> Markup:
    """Return repositories, each leading to its page, without the SIG where all are of one."""
    return pieces.listed(
        pieces.linked(name.partition("/")[2] if sig else name, to_repo(name)) for name in names
    )


def _moment(text: str) -> str:
    """Return an ISO time to the minute."""
    return text[:16].replace("T", " ") + (" UTC" if len(text) > len("2026-11-22") else "")


class _Page:
    """Makes pages, each knowing how far below the top it is."""

    def __init__(self, look: Lookup) -> None:
        self.look = look
        self._headers: dict[tuple[str, str], Markup] = {}

    def header(self, root: str, here: str) -> Markup:
        """Return what is on top of every page, made once for all pages that are equally far below the top."""
        if (root, here) not in self._headers:
            made = _environment().get_template("header.html")
            text = made.render(root=root, here=here, to=lambda target: href(root, target))
            self._headers[root, here] = Markup(text)  # noqa: S704  # a template made it
        return self._headers[root, here]

    def make(self, path: str, template: str, title: str, **given: Any) -> str:
        """Return one page."""
        root = root_of(path)
        look = self.look

        def to(target: str) -> str:
            return href(root, target)

        return (
            _environment()
            .get_template(f"{template}.html")
            .render(
                site=look.site,
                look=look,
                title=title,
                header=self.header(root, template),
                root=root,
                to=to,
                to_repo=lambda name: to(look.repo_pages[name]) if name in look.repo_pages else "",
                to_person=lambda who: to(look.person_pages[who]) if who in look.person_pages else "",
                to_sig=lambda sig: to(f"sigs/{look.sig_names[sig]}.html") if sig in look.sig_names else "",
                **given,
            )
        )


def _sigs(page: _Page) -> Iterator[tuple[str, str]]:
    look = page.look
    for sig, name in look.sig_names.items():
        path = f"sigs/{name}.html"
        repos = look.repos_of.get(sig, [])
        yield path, page.make(path, "sig", sig, sig=look.sig_of[sig], repos=repos)
        yield from _matrices(page, sig, f"access/{name}")
    if look.repos_of.get(""):
        yield from _matrices(page, "", "access/_other")


def _matrices(page: _Page, sig: str, stem: str) -> Iterator[tuple[str, str]]:
    repos = page.look.repos_of.get(sig, [])
    if not repos:
        yield (
            f"{stem}.html",
            page.make(f"{stem}.html", "matrix", sig or "no SIG", sig=sig, matrix=None, stem=stem),
        )
    for matrix in matrices(page.look, repos):
        path = f"{stem}.html" if matrix.part == 1 else f"{stem}-{matrix.part}.html"
        yield path, page.make(path, "matrix", sig or "no SIG", sig=sig, matrix=matrix, stem=stem)


def _repo(look: Lookup, repo: RepoFacts) -> dict[str, Any]:
    mirrors = look.mirrors_of.get(repo.name, [])
    root = repo.upstream or next((f"{place.forge}" for place in repo.places), repo.name)
    return {
        "lines": look.lines(repo.name),
        "mirrors": mirrors,
        "differences": look.differences(repo),
        "tree": tree(root, _drawn(repo.branches)),
    }


def _drawn(branches: tuple[BranchFacts, ...]) -> list[BranchFacts]:
    """Return the branches with a namespace once: NAME and NAME-* are one line where the same holds for both."""
    names = {(one.name, one.forges): one for one in branches}
    out = []
    for one in branches:
        wide = names.get((f"{one.name}-*", one.forges)) if one.name else None
        narrow = names.get((one.name.removesuffix("-*"), one.forges)) if one.name.endswith("-*") else None
        if narrow is not None and _same(narrow, one):
            continue
        if wide is not None and _same(one, wide):
            out.append(_renamed(one, f"{one.name}[-*]"))
        else:
            out.append(one)
    return out


def _same(one: BranchFacts, other: BranchFacts) -> bool:
    return (one.push, one.force, one.delete, one.lifecycle, one.sig, one.forges, one.declared) == (
        other.push, other.force, other.delete, other.lifecycle, other.sig, other.forges, other.declared,
    )  # fmt: skip


def _renamed(one: BranchFacts, name: str) -> BranchFacts:
    return BranchFacts(
        name,
        one.push,
        one.merge,
        one.force,
        one.delete,
        one.start,
        one.lifecycle,
        one.sig,
        one.declared,
        one.forges,
    )


def _person(look: Lookup, who: str) -> dict[str, Any]:
    return {
        "who": who,
        "name": look.site.people.get(who, ""),
        "blocks": look.of_person.get(who, {}),
        "looks": [one for one in look.site.looks if one.who == who],
        "roles": _roles(look, who),
        "stranger": who not in look.site.people,
    }


def _roles(look: Lookup, who: str) -> list[str]:
    out = []
    for sig in look.site.sigs:
        out += [f"chair of {sig.name}"] if any(one.split(" ")[0] == who for one in sig.chairs) else []
        out += [f"sponsor of {sig.name}"] if who in sig.sponsors else []
        out += [f"in team {sig.name}/{team.name}" for team in sig.teams if who in team.members]
    return out


def _drift(look: Lookup) -> dict[str, Any]:
    counts: Counter[str] = Counter(one.kind.replace("_", " ") for one in look.open if one.drift)
    by_cause: Counter[str] = Counter(one.cause or "not known" for one in look.open if one.drift)
    return {
        "chart": over_time(look.site.differences, look.site.moment) if look.site.history else None,
        "kinds": bars(counts.items()),
        "causes": bars(by_cause.most_common(8)),
        "shown": _RESOLVED,
    }


def _mirrors(look: Lookup) -> dict[str, Any]:
    """Return histories by SIG, and those that are listed: all where they are few, else those with trouble."""
    by_sig: dict[str, Counter[str]] = {}
    for one in look.site.mirrors:
        by_sig.setdefault(one.sig, Counter())[one.status] += 1
    whole = len(look.site.mirrors) <= _MIRRORS
    troubled = [one for one in look.site.mirrors if one.status in TROUBLE]
    return {
        "by_sig": dict(sorted(by_sig.items())),
        "whole": whole,
        "shown": look.site.mirrors if whole else troubled,
    }


def _kernel(look: Lookup) -> dict[str, Any]:
    repo = next((one for one in look.site.repos if one.name == look.site.kernel), None)
    drawn = _drawn(repo.branches) if repo else []
    groups: dict[str, list[BranchFacts]] = {}
    for one in drawn:
        groups.setdefault(one.sig, []).append(one)
    return {"repo": repo, "groups": groups, "tree": tree(repo.upstream or repo.name, drawn) if repo else None}


def _overview(look: Lookup) -> dict[str, Any]:
    """Return SIGs by people: the strongest level that somebody has anywhere in a SIG, and on how many repositories."""
    best: dict[str, dict[str, tuple[str, str, int]]] = {}
    ranks = {level: number for number, level in enumerate(LETTERS)}
    for repo in look.site.repos:
        for one in look.held.get(repo.name, []):
            if one.kind in ("mirror", "key"):
                continue
            found = best.setdefault(one.who, {})
            letter, level, count = found.get(repo.sig, ("", "none", 0))
            stronger = not letter or ranks.get(one.level, 9) > ranks.get(level, 9 if letter == "?" else -1)
            found[repo.sig] = (one.letter, one.level, count + 1) if stronger else (letter, level, count + 1)
    columns = [sig.name for sig in look.site.sigs] + ([""] if look.repos_of.get("") else [])
    return {"best": dict(sorted(best.items())), "columns": columns, "stranger": STRANGER}


def _search(look: Lookup) -> str:
    """Return the index of the search as a script, since a page that was opened from a disk may read nothing else."""
    found = [
        ["SIG", name, look.sig_of[name].title, f"sigs/{file}.html"] for name, file in look.sig_names.items()
    ]
    found += [["repository", one.name, one.description, look.repo_pages[one.name]] for one in look.site.repos]
    found += [
        ["person", who, look.site.people.get(who, ""), path]
        for who, path in sorted(look.person_pages.items())
    ]
    clean = [[plain(part) for part in (*one[:3], href("", one[3]))] for one in found]
    text = json.dumps(clean, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    return f"window.sigctlIndex={text};\n"
