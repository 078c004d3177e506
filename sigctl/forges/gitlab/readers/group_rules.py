"""Protected branches of whole top groups, which paid tiers have: projects show them among their own."""

from __future__ import annotations

from collections.abc import Iterable

from sigctl.core.kinds import GroupRule
from sigctl.core.kinds.branch import BRANCH
from sigctl.errors import DeniedError, NotThereError, RefusedError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.names import quoted
from sigctl.forges.gitlab.protections import KINDS, of_rest
from sigctl.forges.gitlab.readers.branch_rules import rule_of


def rules_of(ctx: Context, tops: Iterable[str]) -> list[GroupRule] | None:
    """Return the rules of top groups, none where the tier has none; None where the token may not see whether there are some."""
    found: list[GroupRule] = []
    hidden = False
    for top in tops:
        try:
            rows = ctx.client.pages(f"/groups/{quoted(top)}/{KINDS[BRANCH]}")
        except NotThereError:
            continue
        except (DeniedError, RefusedError):
            hidden = True
            continue
        for row in rows:
            rule = rule_of(ctx, top, BRANCH, of_rest(row))
            found.append(GroupRule(top, rule.pattern, rule.push, rule.merge, rule.force, rule.code_owners))
    return None if hidden and not found else found
