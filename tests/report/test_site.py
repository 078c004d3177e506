"""The site: every page whole and linked, harmless whatever names contain, the same bytes for the same facts, written whole or not at all."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import site_world

from sigctl.app import site_files
from sigctl.core.access_table import Row
from sigctl.errors import SigctlError, UsageError
from sigctl.report.html.addresses import slug, slugs, web
from sigctl.report.html.drawing import over_time, tree
from sigctl.report.html.model import BranchFacts, Difference
from sigctl.report.html.pages import render

VOID = {"meta", "link", "img", "input", "br"}
EVIL = "x\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}\x1b[31m\u202e javascript:alert(3) ../../etc"


class Page(HTMLParser):
    """A page taken apart; an element that is not closed where it should be is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[tuple[str, str]] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        self.links += [(tag, given[name]) for name in ("href", "src", "data-index") if given.get(name)]
        if tag not in VOID and tag not in ("path", "rect", "polygon", "polyline"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open, tag
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def pages():
    return dict(render(site_world.site()))


def html(pages):
    return {path: text for path, text in pages.items() if path.endswith(".html")}


def test_there_is_a_page_for_each_thing(pages):
    assert {
        "index.html", "repositories.html", "people.html", "access.html", "kernel.html", "mirrors.html", "drift.html", "audit.html",
        "sigs/virt.html", "repos/virt/xen.html", "repos/core/kernel.html", "people/gwd.html", "access/virt.html", "assets/app.css",
        "assets/app.js", "assets/search.js", "assets/icon.svg",
    } <= set(pages)  # fmt: skip


def test_every_page_is_well_formed_has_one_heading_and_a_strict_policy(pages):
    for path, text in html(pages).items():
        page = Page(text)
        assert [tag for tag, _ in page.tags].count("h1") == 1, path
        assert len(page.ids) == len(set(page.ids)), path
        (policy,) = [a["content"] for tag, a in page.tags if tag == "meta" and a.get("http-equiv")]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';")
        for tag, given in page.tags:
            assert "style" not in given, path
            assert not any(name.startswith("on") for name in given), path
            assert tag != "style", path
            assert tag != "script" or given["src"], path
            assert tag != "th" or given.get("scope"), path
            assert tag != "svg" or given.get("role") == "img" or given.get("aria-hidden") == "true", path


def test_every_link_leads_somewhere_and_nothing_is_loaded_from_elsewhere(pages):
    known = {path: Page(text) for path, text in html(pages).items()}
    for path, page in known.items():
        for tag, link in page.links:
            parts = urlsplit(link)
            if parts.scheme:
                assert tag == "a", (path, link)
                assert parts.scheme in ("https", "http"), (path, link)
                continue
            target = unquote(urljoin(path, link.partition("#")[0])) or path
            assert target in pages, (path, link)
            if parts.fragment:
                assert unquote(parts.fragment) in known[target].ids, (path, link)


def test_equal_facts_become_equal_bytes(pages):
    assert dict(render(site_world.site())) == pages


def evil():
    """Return the site with the same nasty text wherever text can come from outside."""
    made = site_world.site()
    repos = tuple(
        replace(
            one,
            description=EVIL,
            upstream=EVIL,
            places=tuple(
                replace(place, url="javascript:alert(1)", default_branch=EVIL) for place in one.places
            ),
            branches=(BranchFacts(EVIL, EVIL, start=EVIL), *one.branches),
        )
        for one in made.repos
    )
    return replace(
        made,
        repos=(*repos, replace(repos[0], sig="", name=EVIL)),
        rows=(*made.rows, *(_evil(row) for row in made.rows[:3])),
        sigs=tuple(
            replace(one, title=EVIL, links=(("Bugs", "javascript:alert(1)"), ("List", EVIL)), chairs=(EVIL,)) for one in made.sigs
        ),
        differences=(Difference(EVIL, EVIL, EVIL, EVIL, EVIL, EVIL, site_world.MOMENT), *made.differences),
        notes=((EVIL, EVIL),),
        mirrors=tuple(replace(one, source=EVIL, repo=EVIL) for one in made.mirrors),
        people={**made.people, "gwd": EVIL},
        audit_problems=(EVIL,),
        runs=tuple(replace(run, who=EVIL, failures=(EVIL,)) for run in made.runs),
    )  # fmt: skip


def _evil(row: Row) -> Row:
    return row._replace(
        who=EVIL, login=EVIL, kind="stranger", repo=EVIL, level=f"native:{EVIL}", pending=EVIL
    )


def test_nothing_in_a_name_is_markup_or_a_link_or_a_path():
    made = dict(render(evil()))
    for path, text in html(made).items():
        assert ".." not in Path(path).parts
        page = Page(text)
        scripts = [given["src"] for tag, given in page.tags if tag == "script"]
        assert [src.rpartition("/")[2] for src in scripts] == ["app.js"], path
        assert {tag for tag, given in page.tags if tag == "img" and "onerror" in given} == set()
        assert not any(link.strip().lower().startswith("javascript") for _, link in page.links), path
        assert re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text) is None
        assert "49" not in re.findall(r"onerror=alert\(2\)&gt;(.{2})", text), (
            "templates are not taken from names"
        )
    script = made["assets/search.js"]
    assert "<" not in script
    assert script.isascii()


def test_a_name_becomes_a_file_name_that_is_only_its_own():
    assert slug("xen-4.9+x") == "xen-4.9+x"
    odd = ["a/b", "a?b", "..", "", ".hidden", "a b", "ü", "x" * 200, "CON.", "a\n"]
    assert len({slug(one) for one in odd}) == len(odd)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._+-]*", slug(one)) for one in odd)
    found = slugs(["xen", "XEN", "Xen"])
    assert len({one.casefold() for one in found.values()}) == 3


def test_only_web_addresses_become_links():
    assert web("https://example.org/a?b=c#d") == "https://example.org/a?b=c#d"
    for one in (
        "javascript:alert(1)",
        "data:text/html,x",
        'https://x" onclick=',
        "//example.org",
        "ftp://example.org",
        "",
    ):
        assert web(one) == ""


def test_the_picture_hangs_branches_where_they_come_from():
    found = [
        BranchFacts("c7", "team core/release"),
        BranchFacts("c7-sig-virt-xen-4.9", "team virt/maintainers", start="c7", declared=True),
        BranchFacts("old", "nobody", lifecycle="retired"),
        BranchFacts("loop", "nobody", start="loop"),
        BranchFacts("", "whoever may write"),
    ]
    drawn = tree("https://example.org/kernel.git", found)
    assert [(node.label, node.depth, node.tone) for node in drawn.nodes] == [
        ("https://example.org/kernel.git", 0, "root"),
        ("c7", 1, "named"),
        ("c7-sig-virt-xen-4.9", 2, "named"),
        ("old", 1, "gone"),
        ("loop", 1, "shut"),
        ("any other branch", 1, "open"),
    ]
    assert len({node.y for node in drawn.nodes}) == len(drawn.nodes)
    assert "c7-sig-virt-xen-4.9: pushed by team virt/maintainers" in drawn.text


def test_what_differs_between_forges_is_drawn_for_each(pages):
    one = BranchFacts("c7", "nobody", forges=("github",))
    made = site_world.site()
    repo = replace(
        made.repos[0],
        branches=(
            one,
            BranchFacts("c7-*", "nobody", forges=("github",)),
            BranchFacts("c7", "gwd", forges=("lab",)),
        ),
    )
    text = dict(render(replace(made, repos=(repo,), rows=())))
    (page,) = [text for path, text in text.items() if path.startswith("repos/")]
    assert "c7[-*]: pushed by nobody (github)" in page
    assert "c7: pushed by gwd (lab)" in page


def test_the_chart_counts_what_was_open_at_the_end_of_each_day():
    def one(first, gone=""):
        return Difference(
            "f",
            "k",
            "x",
            "",
            "p",
            "",
            f"{first}T10:00:00+00:00",
            "",
            f"{gone}T09:00:00+00:00" if gone else "",
        )

    chart = over_time(
        [one("2026-11-01", "2026-11-03"), one("2026-11-02"), one("2026-11-02")], "2026-11-04T00:00:00+00:00"
    )
    assert chart.days == (("2026-11-01", 1), ("2026-11-02", 3), ("2026-11-03", 2), ("2026-11-04", 2))
    assert over_time([], "2026-11-04") is None
    long = over_time([one("2020-01-01")], "2026-11-04T00:00:00+00:00")
    assert len(long.days) <= 401
    assert long.days[-1][0] == "2026-11-04"


def test_what_was_not_compared_is_not_called_as_declared():
    made = dict(render(site_world.site(compared=False, differences=(), source="files")))
    assert "as declared</span>" not in made["index.html"]
    assert "not compared" in made["index.html"]
    assert "Everything is as declared" not in made["drift.html"]


def test_a_forge_that_was_not_read_says_so():
    made = dict(render(site_world.unread(site_world.site())))
    assert "no answer after 3 tries" in made["index.html"]
    assert "not read" in made["index.html"]


def test_the_matrix_is_split_where_there_are_many_repositories():
    made = site_world.site()
    many = tuple(replace(made.repos[0], name=f"virt/r{n:03}", sig="virt") for n in range(300))
    found = dict(render(replace(made, repos=many)))
    assert {"access/virt.html", "access/virt-2.html", "access/virt-3.html"} <= set(found)
    assert max(len(text) for path, text in found.items() if path.startswith("access/")) < 200_000


def test_where_there_are_many_histories_one_page_lists_those_with_trouble():
    made = site_world.site()
    many = tuple(replace(made.mirrors[-1], repo=f"r{n}", sig="virt") for n in range(400))
    found = dict(render(replace(made, mirrors=(*made.mirrors[:4], *many))))
    assert "virt/r399" not in found["mirrors.html"]
    assert "virt/r399" in found["sigs/virt.html"]
    assert found["mirrors.html"].count("refs held") == 2
    assert len(found["mirrors.html"]) < 20_000


# -- the folder --------------------------------------------------------------------------------------------------------


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


def test_pages_of_before_go_and_what_is_not_ours_stays(tmp_path):
    folder = tmp_path / "public"
    assert site_files.write(folder, [("index.html", "1"), ("sigs/old.html", "1")]) == 2
    (folder / "CNAME").write_text("example.org")
    (folder / "sigs" / "mine.txt").write_text("kept")
    (folder / "link").symlink_to("CNAME")
    site_files.write(folder, [("index.html", "2"), ("sigs/new.html", "2")])
    assert files(folder) == {
        "index.html": "2", "sigs/new.html": "2", "CNAME": "example.org", "link": "example.org", "sigs/mine.txt": "kept",
        ".sigctl-site": "index.html\nsigs/new.html\n",
    }  # fmt: skip
    assert [path.name for path in tmp_path.iterdir()] == ["public"], "nothing is left beside it"


def test_a_failure_leaves_the_site_as_it_was(tmp_path):
    folder = tmp_path / "public"
    site_files.write(folder, [("index.html", "1")])

    def broken():
        yield "index.html", "2"
        raise ValueError("a page can't be made")

    with pytest.raises(ValueError, match="can't be made"):
        site_files.write(folder, broken())
    assert files(folder)["index.html"] == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["public"]


def test_a_file_that_is_not_ours_is_never_overwritten(tmp_path):
    (tmp_path / "index.html").write_text("mine")
    with pytest.raises(UsageError, match="is not a page of before"):
        site_files.write(tmp_path, [("index.html", "2")])
    assert files(tmp_path) == {"index.html": "mine"}
    with pytest.raises(UsageError, match="is a file"):
        site_files.write(tmp_path / "index.html", [])


def test_a_folder_that_can_not_be_made_is_told_of(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SigctlError, match="can't be written"):
        site_files.write(tmp_path / "file" / "public", [("index.html", "1")])


def test_a_link_to_a_folder_stays_a_link(tmp_path):
    real = tmp_path / "real"
    site_files.write(real, [("index.html", "1")])
    (tmp_path / "public").symlink_to(real)
    site_files.write(tmp_path / "public", [("index.html", "2")])
    assert (tmp_path / "public").is_symlink()
    assert files(real)["index.html"] == "2"
