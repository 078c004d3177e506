"""All the files as one."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from sigctl.spec.model.base import Account, Model, SigName, Text
from sigctl.spec.model.forge import ForgeConfig
from sigctl.spec.model.kernel import Kernel
from sigctl.spec.model.lookaside import Lookaside
from sigctl.spec.model.people import Person
from sigctl.spec.model.policy import PolicyFile
from sigctl.spec.model.repo import BranchEntry, RepoSettings
from sigctl.spec.model.sig import SigConfig


class Defaults(Model):
    """What holds for every SIG unless it says otherwise."""

    repo: RepoSettings = Field(default=RepoSettings(), description="Settings for all repositories.")
    branches: tuple[BranchEntry, ...] = Field(
        default=(), description="Rules for the branches of all repositories; they come last."
    )
    tags: tuple[BranchEntry, ...] = Field(
        default=(), description="Rules for the tags of all repositories; they come last."
    )
    releases: tuple[Text, ...] = Field(
        default=(), description='Values for {release} in patterns: "7", 8s, 10s.'
    )


class Spec(Model):
    """The main file, with the SIG files and the policy in their places."""

    version: Literal[1] = Field(description="Version of the format.")
    forges: dict[Text, ForgeConfig] = Field(default={}, description="Forges by name.")
    people: dict[Account, Person] = Field(default={}, description="People by account name.")
    defaults: Defaults = Field(
        default=Defaults(), description="What holds for every SIG unless it says otherwise."
    )
    kernel: Kernel | None = Field(default=None, description="The kernel, shared or one per SIG.")
    lookaside: Lookaside = Field(
        default=Lookaside(), description="Where binary sources are, which git does not hold."
    )
    sigs: dict[SigName, SigConfig] = Field(
        default={}, description="SIGs by name; each can have a file of its own instead."
    )
    policy: PolicyFile = Field(default=PolicyFile(), description="policy.yaml.")

    def model_post_init(self, context: Any) -> None:  # noqa: ARG002  # pydantic's signature
        """Tell forges and SIGs their names, which are the keys above them."""
        for name, named in (*self.forges.items(), *self.sigs.items()):
            named.__dict__["name"] = name
