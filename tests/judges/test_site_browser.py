"""The site in a real Chromium, opened from the disk: axe finds nothing, nothing is blocked or asked for, the keyboard is enough."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fetch import AXE, DRIVER, described, unpacked

sys.path.append(str(Path(__file__).parents[1] / "report"))

import site_world

from sigctl.app import site_files
from sigctl.report.html.pages import render

pytestmark = pytest.mark.judge
HERE = Path(__file__).parent
PAGES = (
    "index.html", "sigs/virt.html", "repos/core/kernel.html", "repos/virt/qemu.html", "repositories.html", "people.html",
    "people/gwd.html", "access.html", "access/virt.html", "kernel.html", "mirrors.html", "drift.html", "audit.html",
)  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What the browser saw on every page in light and dark, on a desktop and a phone, and by keyboard."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    assert browser, "the judges need Chromium: apt-get install chromium"
    assert shutil.which("node"), "the judges need node"
    folder = tmp_path_factory.mktemp("site")
    site_files.write(folder / "public", render(site_world.site()))
    given = {
        "driver": str(unpacked(*DRIVER)), "axe": str(described(*AXE)), "chromium": browser, "site": str(folder / "public"),
        "pages": PAGES, "search": {"words": "xen-ker"}, "matrix": "access/virt.html",
    }  # fmt: skip
    done = subprocess.run(
        ["node", str(HERE / "browse.cjs"), json.dumps(given)],
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.timeout(900)
def test_axe_finds_nothing_in_light_and_dark_on_desktop_and_phone(seen):
    assert seen["violations"] == []
    assert seen["seen"] == len(PAGES) * 4


@pytest.mark.timeout(900)
def test_nothing_is_blocked_nothing_is_asked_for_nothing_is_complained_of(seen):
    assert seen["said"] == []


@pytest.mark.timeout(900)
def test_no_page_is_wider_than_the_screen(seen):
    assert seen["wide"] == []


@pytest.mark.timeout(900)
def test_the_search_is_used_by_keyboard(seen):
    assert seen["search"] == ["virt/xen-kernel"]
    assert (seen["expanded"], seen["active"]) == ("true", "true")
    assert seen["arrived"] == "repos/virt/xen-kernel.html"


@pytest.mark.timeout(900)
def test_tables_are_filtered(seen):
    assert seen["filtered"] == 1
    assert seen["told"] == "1 of 17"


@pytest.mark.timeout(900)
def test_the_matrix_is_walked_with_arrows_and_explains_itself(seen):
    assert seen["stops"] == 1, "one stop for the tab key, arrows for the rest"
    assert seen["first"] == "euanh in centos-release-xen"
    assert seen["second"] == "euanh in libguestfs"
    assert "team virt/packagers, in team virt/contributors" in seen["why"]
    assert seen["closed"]


@pytest.mark.timeout(900)
def test_without_javascript_everything_can_be_read(seen):
    assert seen["still"] > 1
    assert seen["hidden"], "what would not work is not shown"
    assert seen["jumped"] == "#w1"
