"""Any source, any target, any hop; and a history small enough to know."""

from __future__ import annotations

from hypothesis import strategies as st

from sigctl.core.history import End, Hop

NAMES = st.sampled_from(
    [
        "refs/heads/a", "refs/heads/a/b", "refs/heads/A", "refs/heads/a/b/c", "refs/heads/xen-44", "refs/heads/c10s-hs+asahi",
        "refs/heads/HEAD", "refs/heads/main", "refs/heads/bad..name", "refs/heads/x.lock", "refs/heads/-x", "refs/heads/a b",
        "refs/tags/v1", "refs/tags/v1/rc", "refs/tags/V1", "refs/notes/commits", "refs/pull/1/head", "refs/pull/2/merge",
        "refs/merge-requests/1/head", "refs/keep-around/x", "refs/pipelines/7", "refs/heads/\udcff",
    ]
)  # fmt: skip
COMMITS = [f"{number:040x}" for number in range(1, 7)]
TIPS = st.dictionaries(NAMES, st.sampled_from(COMMITS), max_size=12)
HOPS = st.builds(
    lambda include, exclude, rename: Hop(
        "virt", "xen", End(url="u"), End("f", "xen"), include=include, exclude=exclude, rename=rename
    ),
    st.sampled_from([("refs/heads/*", "refs/tags/*"), ("refs/*",), ("refs/heads/a*",), ()]),
    st.sampled_from([(), ("refs/tags/*",), ("refs/heads/a/*",)]),
    st.sampled_from(
        [(), (("refs/heads/*", "refs/heads/c7-sig-virt-*"),), (("refs/heads/a", "refs/heads/main"),)]
    ),
)


def ancestor(older: str, newer: str) -> bool:
    """A history in which a commit contains those that divide it."""
    return int(newer, 16) % int(older, 16) == 0
