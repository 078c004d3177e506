"""What push rules say of a push, as far as its names tell."""

from __future__ import annotations

import re

from sigctl.sandbox.store import Document

SWITCHES = (
    "deny_delete_tag",
    "member_check",
    "prevent_secrets",
    "commit_committer_check",
    "commit_committer_name_check",
    "reject_unsigned_commits",
    "reject_non_dco_commits",
)
TEXTS = (
    "commit_message_regex",
    "commit_message_negative_regex",
    "branch_name_regex",
    "author_email_regex",
    "file_name_regex",
)
_BRANCHES, _TAGS = "refs/heads/", "refs/tags/"


def compiled(text: str | None) -> re.Pattern[str] | None:
    """Return the expression, None for one that is none."""
    try:
        return re.compile(text or "")
    except re.error:
        return None


def refused(project: Document, ref: str, *, made: bool, gone: bool) -> str:
    """Return why a push rule refuses this update of a ref, "" where none does."""
    rule = project.get("push_rule") or {}
    if ref.startswith(_TAGS) and gone and rule.get("deny_delete_tag"):
        return "You cannot delete a tag"
    name = ref.removeprefix(_BRANCHES)
    pattern = compiled(rule.get("branch_name_regex"))
    if name != ref and made and pattern is not None and pattern.pattern and not pattern.search(name):
        return f"Branch name '{name}' does not follow the pattern '{pattern.pattern}'"
    return ""
