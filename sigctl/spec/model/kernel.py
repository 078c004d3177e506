"""The kernel: one shared repository with a namespace per SIG, or one per SIG."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sigctl.spec.model.base import Glob, Model, RepoName, SigName, Subject, TeamRef
from sigctl.spec.model.repo import BranchEntry, RepoSettings, Upstream

KernelLayout = Literal["shared", "per-sig", "carried"]


class KernelSig(Model):
    """What one SIG has in the kernel."""

    namespace: Glob = Field(
        description="Its branches: exactly this name, and this with a dash and anything after it; {release} and {sig} are filled in."
    )
    push: tuple[Subject, ...] | None = Field(
        default=None, description="Who may push there; left out: every team of the SIG that may write."
    )
    branches: tuple[BranchEntry, ...] = Field(default=(), description="Declared branches in the namespace.")


class Kernel(Model):
    """The kernel repository or repositories."""

    layout: KernelLayout = Field(
        default="shared",
        description="shared: one repository, a branch namespace per SIG; per-sig: a repository each; carried: each SIG works in a "
        "repository of its own, from which sigctl alone carries its branches into the shared one (for forges whose rules can't keep a "
        "SIG to its branches, as GitLab Free).",
    )
    moved_from: KernelLayout | None = Field(
        default=None,
        description="The layout of before: branches of SIGs that are found where it had them move with their history.",
    )
    repo: RepoName = Field(default="kernel", description="Name of the repository.")
    description: str | None = Field(default=None, description="What it is, in one line.")
    upstream: Upstream | None = Field(default=None, description="Where its history comes from.")
    release_team: TeamRef = Field(
        description="SIG/TEAM that alone may push the upstream branches; its SIG holds the shared repository."
    )
    branches: tuple[Glob, ...] | None = Field(
        default=None, description="Upstream branches (patterns); left out: those of `upstream.branches`."
    )
    settings: RepoSettings = Field(default=RepoSettings(), description="Settings of the repository.")
    sigs: dict[SigName, KernelSig] = Field(default={}, description="The SIGs that work on the kernel.")
