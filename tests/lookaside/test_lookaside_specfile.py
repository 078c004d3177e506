from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sigctl.lookaside.specfile import named

HEAD = "Name: xen\nVersion: 4.15.1\nRelease: 1%{?dist}\n"


@pytest.mark.parametrize(
    ("spec", "name", "wanted"),
    [
        ("Source0: https://example.org/xen-%{version}.tar.gz", "xen-4.15.1.tar.gz", True),
        ("Source0: https://example.org/xen-%{version}.tar.gz", "xen-4.2.5.tar.gz", False),
        ("Source: %{name}-%version.tar.gz", "xen-4.15.1.tar.gz", True),
        ("source12 :  x.txt  ", "x.txt", True),
        ("Patch3: %{name}-fix.patch", "xen-fix.patch", True),
        ("Patch3: %{name}-fix.patch", "xen-other.patch", False),
        ("%global v 9\nSource0: a-%{v}.tgz", "a-9.tgz", True),
        ("%global v 9\nSource0: a-%{v}.tgz", "a-8.tgz", False),
        ("%if 1\n%global v 8\n%else\n%global v 9\n%endif\nSource0: a-%{v}.tgz", "a-9.tgz", True),
        ("%if 1\n%global v 8\n%else\n%global v 9\n%endif\nSource0: a-%{v}.tgz", "a-7.tgz", False),
        (
            "%define abi 4.12\n%define v %{abi}.4\n%define d xen-%{v}\n%define d xen-rc-%{v}\nSource0: %{d}.tgz",
            "xen-rc-4.12.4.tgz",
            True,
        ),
        (
            "%define abi 4.12\n%define v %{abi}.4\n%define d xen-%{v}\n%define d xen-rc-%{v}\nSource0: %{d}.tgz",
            "xen-4.2.5.tgz",
            False,
        ),
        ("%{!?v: %define v 9}\n%define v 8\nSource0: a-%{v}.tgz", "a-7.tgz", True),
        ("Source0: https://x/%{unknown}/a.tgz", "b.tgz", False),
        ("Source0: %{x:a/b}.tgz", "anything", True),
        ("Source0: a-%{unknown}.tgz", "a-8.tgz", True),
        ("Source0: a-%{unknown}.tgz", "b-8.tgz", False),
        ("Source0: https://x/%(echo a/b).tgz", "anything", True),
        ("Source0: %{?scl:x/}a.tgz", "a.tgz", True),
        ("Source0: https://x/archive/v1.tar.gz#/a-1.tar.gz", "a-1.tar.gz", True),
        ("Source0: https://x/archive/v1.tar.gz#/a-1.tar.gz", "v2.tar.gz", False),
        ("%sourcelist\na.tgz\n# b.tgz is gone\n%patchlist\nc.patch\n%description\nd.tgz", "c.patch", True),
        ("%sourcelist\na.tgz\n%prep\nx", "zzz.tgz", False),
        ("Source0: a.tgz\n# once it was b.tgz", "b.tgz", True),
        ("Source0: a.tgz\n%include more.inc", "b.tgz", True),
        ("Source0: a.tgz\n%{lua: print('x')}", "b.tgz", True),
        ("Source0: a.tgz\n%{?with_x:Source1: b.tgz}", "c.tgz", True),
        ("Source0: a[1].tgz", "a1.tgz", False),
        ("Source0: a*.tgz", "abc.tgz", False),
    ],
)
def test_a_file_is_stale_only_where_no_spec_can_name_it(spec, name, wanted):
    assert named([HEAD + spec]).names(name) is wanted


def test_without_a_spec_or_with_a_spec_without_sources_nothing_is_stale():
    assert named([]).names("x")
    assert named([HEAD]).names("x")


def test_two_specs_name_files_together():
    both = named([HEAD + "Source0: a.tgz", HEAD + "Source0: b.tgz"])
    assert both.names("a.tgz")
    assert both.names("b.tgz")
    assert not both.names("c.tgz")


@given(
    st.text()
    | st.lists(st.sampled_from(["%{a}", "%a", "%global a ", "Source0: ", "\n", "%{?", "}", "x"])).map(
        "".join
    ),
    st.text(),
)
@example("%global a %a%a%a%a%a%a%a%a%a%a\nSource0: %a", "x")
@example("%global a %{b}%{b}\n%global b %{a}%{a}\nSource0: %{a}", "x")
def test_no_spec_breaks_the_reader(spec, name):
    assert named([spec]).names(name) in (True, False)
