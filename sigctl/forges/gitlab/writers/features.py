"""Features of a project: given to other people than before."""

from __future__ import annotations

from sigctl.core.kinds import Features
from sigctl.core.plan import Action
from sigctl.errors import RefusedError
from sigctl.forges.gitlab.context import Context
from sigctl.forges.gitlab.features import body_of


def put(ctx: Context, action: Action) -> None:
    """Give the features that the action changes to those who are to have them; the others stay."""
    features = action.after
    if not isinstance(features, Features):
        raise TypeError(action.kind)
    before = action.before.given() if isinstance(action.before, Features) else {}
    changed = {name: who for name, who in features.given().items() if before.get(name) != who}
    if not changed:
        return
    try:
        ctx.client.put(f"/projects/{ctx.project_id(features.repo)}", body_of(changed))
    except RefusedError as error:
        if "higher visibility level than repository" in error.text:
            error.hint = "merge requests and pipelines are for no more people than the repository: declare `features.repository`, too"
        raise
