"""Secrets that stand in the text, whatever the key is called; the text itself is never repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigctl.errors import Problem
from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding
from sigctl.spec.source import Source

_KNOWN = tuple(
    # each begins with plain letters, which is what makes the search fast
    (what, re.compile(pattern))
    for what, pattern in (
        ("a GitHub token", r"gh[pousr]_[A-Za-z0-9]{20,}"),
        ("a GitHub token", r"github_pat_[A-Za-z0-9_]{20,}"),
        ("a GitLab token", r"gl(?:pat|dt|rt|ptt|cbt|ft|imt|agent|soat)-[A-Za-z0-9_-]{16,}"),
        ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
        ("a password in a URL", r"://[^\s/:@'\"]+:[^\s/@'\"]+@"),
        ("an AWS key", r"AKIA[0-9A-Z]{16}\b"),
        ("a Slack token", r"xox[abprs]-[A-Za-z0-9-]{10,}"),
    )
)


def secret_problems(sources: tuple[Source, ...]) -> Iterator[Problem]:
    """Yield a problem for every text that looks like a secret, comments included."""
    hint = "revoke it now: it is in the history of the files; then write `env:NAME` or `file:PATH`"
    for source in sources:
        for what, pattern in _KNOWN:
            for match in pattern.finditer(source.text):
                line = source.text.count("\n", 0, match.start()) + 1
                column = match.start() - source.text.rfind("\n", 0, match.start())
                yield Problem(source.shown, line, column, "the text", f"holds {what}", hint, "secret")


def _nothing(context: Context) -> Iterator[Finding]:  # noqa: ARG001  # `secret_problems` looks at the text, before there is a config
    yield from ()


CHECKS = (Check("secret", "No token, key or password stands in the text, not even in a comment.", _nothing),)
