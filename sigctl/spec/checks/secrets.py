"""Secrets that stand in the text, whatever the key is called; the text itself is never repeated."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sigctl.errors import Problem
from sigctl.spec.checks.base import Check, Context
from sigctl.spec.config import Finding
from sigctl.spec.source import Source

_KNOWN = (
    ("a GitHub token", r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}"),
    ("a GitLab token", r"gl(?:pat|dt|rt|ptt|cbt|ft|imt|agent|soat)-[A-Za-z0-9_-]{16,}"),
    ("a private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    ("a password in a URL", r"[a-z][a-z0-9+]*://[^\s/:@'\"]+:[^\s/@'\"]+@"),
    ("an AWS key", r"\bAKIA[0-9A-Z]{16}\b"),
    ("a Slack token", r"xox[abprs]-[A-Za-z0-9-]{10,}"),
)
_ANY = re.compile("|".join(f"(?P<k{n}>{pattern})" for n, (_, pattern) in enumerate(_KNOWN)))


def secret_problems(sources: tuple[Source, ...]) -> Iterator[Problem]:
    """Yield a problem for every text that looks like a secret, comments included."""
    for source in sources:
        for match in _ANY.finditer(source.text):
            line = source.text.count("\n", 0, match.start()) + 1
            column = match.start() - source.text.rfind("\n", 0, match.start())
            what = _KNOWN[int((match.lastgroup or "k0")[1:])][0]
            hint = "revoke it now: it is in the history of the files; then write `env:NAME` or `file:PATH`"
            yield Problem(source.shown, line, column, "the text", f"holds {what}", hint, "secret")


def _nothing(context: Context) -> Iterator[Finding]:  # noqa: ARG001  # `secret_problems` looks at the text, before there is a config
    yield from ()


CHECKS = (Check("secret", "No token, key or password stands in the text, not even in a comment.", _nothing),)
