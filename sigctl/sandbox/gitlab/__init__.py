"""The GitLab-shaped server of the sandbox: REST, GraphQL, and the rules of its pushes."""

from __future__ import annotations

from sigctl.sandbox.gitlab.forge import GitLab

__all__ = ["GitLab"]
