"""GitLab, CE and EE, self-managed and gitlab.com; the vendor's library is imported when a forge is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sigctl.forges.base import Forge, Settings


def open(settings: Settings) -> Forge:  # noqa: A001  # every adapter opens with this word
    """Return the forge, not yet contacted."""
    from sigctl.forges.gitlab.forge import GitLab  # noqa: PLC0415  # python-gitlab takes a third of a second

    return GitLab(settings)
