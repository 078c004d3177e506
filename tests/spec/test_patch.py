"""Changes in place: what is meant changes as asked, and nothing else, no comment least of all."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sigctl.errors import SigctlError
from sigctl.spec.patch import add_item, drop, dumped, set_value
from sigctl.spec.yaml12 import parse

TEXT = """\
# about the whole
sig: virt # the name

teams:
  maintainers: {title: Virt maintainers, members: [gwd, hughesjr]} # two of them
  contributors:
    # whoever comes
    members:
      - jonludlam
      - {person: euanh, until: 2027-03-31} # the last day

repos:
  xen:
    description: Xen # in one line
    access: {contributors: triage}
  empty:
  t_xen: {archived: true}
"""


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (
            ("repos", "xen", "description"),
            "Xen: hypervisor",
            '    description: "Xen: hypervisor" # in one line',
        ),
        (("repos", "xen", "visibility"), "private", "    visibility: private"),
        (
            ("repos", "xen", "access", "person:pasik"),
            "write",
            '    access: {contributors: triage, "person:pasik": write}',
        ),
        (("repos", "t_xen", "description"), "yes", '  t_xen: {description: "yes", archived: true}'),
        (("repos", "empty", "archived"), True, "  empty: {archived: true}"),
        (("repos", "new", "access", "maintainers"), "admin", "  new: {access: {maintainers: admin}}"),
        (
            ("teams", "maintainers", "members"),
            ["gwd"],
            "  maintainers: {title: Virt maintainers, members: [gwd]} # two of them",
        ),
        (("status",), "retired", "status: retired"),
    ],
)
def test_a_value_is_written_where_it_belongs(path, value, line):
    after = set_value(TEXT, path, value)
    assert any(line.strip('"') in one or line in one for one in after.splitlines()), after
    data = parse(after)[0]
    for step in path:
        data = data[step]
    assert data == value
    for comment in (
        "# about the whole",
        "# the name",
        "# two of them",
        "# whoever comes",
        "# the last day",
        "# in one line",
    ):
        assert comment in after


def test_items_are_added_to_lists_of_both_forms():
    after = add_item(TEXT, ("teams", "maintainers", "members"), "pasik")
    assert "members: [gwd, hughesjr, pasik]} # two of them" in after
    after = add_item(TEXT, ("teams", "contributors", "members"), {"person": "pasik", "until": "2027-01-01"})
    assert parse(after)[0]["teams"]["contributors"]["members"][-1] == {
        "person": "pasik",
        "until": "2027-01-01",
    }
    assert parse(add_item(TEXT, ("teams", "contributors", "leads"), "pasik"))[0]["teams"]["contributors"][
        "leads"
    ] == ["pasik"]


@pytest.mark.parametrize(
    "path",
    [
        ("teams", "maintainers", "members", 0), ("teams", "maintainers", "members", 1), ("teams", "maintainers", "title"),
        ("teams", "contributors", "members", 0), ("teams", "contributors", "members", 1), ("repos", "xen", "description"),
        ("repos", "xen", "access", "contributors"), ("repos", "empty"), ("repos", "t_xen"), ("teams", "contributors"),
    ],
)  # fmt: skip
def test_what_is_taken_out_takes_nothing_else_with_it(path):
    after = drop(TEXT, path)
    before, now = parse(TEXT)[0], parse(after)[0]
    inner = before
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    if not inner:
        del before["repos"]["xen"]["access"]
    assert now == before
    assert "# about the whole" in after


@pytest.mark.parametrize(
    "path", [("nothing",), ("repos", "xen", "nothing"), ("teams", "maintainers", "members", 7)]
)
def test_what_is_not_there_can_not_be_taken_out(path):
    with pytest.raises(SigctlError, match="nothing at"):
        drop(TEXT, path)


values = st.recursive(
    st.one_of(
        st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Zl", "Zp")), max_size=12),
        st.booleans(),
        st.integers(-10, 10**6),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.from_regex(r"[a-z]{1,5}", fullmatch=True), inner, max_size=3),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(values)
def test_every_value_comes_back_as_it_was_written(value):
    after = set_value(TEXT, ("repos", "xen", "description"), value)
    assert parse(after)[0]["repos"]["xen"]["description"] == value
    assert parse(dumped({"key": value}))[0] == {"key": value}
