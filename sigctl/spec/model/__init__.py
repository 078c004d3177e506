"""The language of the files, as pydantic models; each field's description is its line in the reference."""

from __future__ import annotations

from sigctl.spec.model.base import Model, Short
from sigctl.spec.model.drift import DriftMode, DriftPolicy
from sigctl.spec.model.forge import ForgeConfig, Layout, OrgConfig
from sigctl.spec.model.kernel import Kernel, KernelSig
from sigctl.spec.model.lookaside import Lookaside, Store
from sigctl.spec.model.people import Login, Person
from sigctl.spec.model.policy import PolicyFile
from sigctl.spec.model.repo import Access, BranchEntry, RepoConfig, RepoSettings, Right, Upstream
from sigctl.spec.model.sig import Group, Member, Project, SigConfig, TeamConfig
from sigctl.spec.model.spec import Defaults, Spec

__all__ = [
    "Access",
    "BranchEntry",
    "Defaults",
    "DriftMode",
    "DriftPolicy",
    "ForgeConfig",
    "Group",
    "Kernel",
    "KernelSig",
    "Layout",
    "Login",
    "Lookaside",
    "Member",
    "Model",
    "OrgConfig",
    "Person",
    "PolicyFile",
    "Project",
    "RepoConfig",
    "RepoSettings",
    "Right",
    "Short",
    "SigConfig",
    "Spec",
    "Store",
    "TeamConfig",
    "Upstream",
]
