"""policy.yaml: what only admins change."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, StrictFloat, model_validator
from pydantic.annotated_handlers import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from sigctl.spec.model.base import Account, Bool, Glob, Int, LevelName, Model, SigName, Text, wrong
from sigctl.spec.model.drift import DriftPolicy

LimitKind = Literal[
    "default", "members", "teams", "repos", "grants", "branch_rules", "refs", "orgs", "labels", "webhooks", "deploy_keys", "total"
]  # fmt: skip


class LimitConfig(Model):
    """A bound on removals: a number, or a percentage of what there is."""

    number: Int | None = Field(default=None, ge=0, description="At most this many.")
    percent: Int | StrictFloat | None = Field(
        default=None, ge=0, le=100, description="At most this share of what there is."
    )
    of_at_least: Int = Field(
        default=10, ge=1, description="With fewer than this, the percentage does not count."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool):
            return {"number": value}
        if isinstance(value, str):
            match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*%", value)
            if match:
                return {"percent": float(match[1])}
        if isinstance(value, dict | cls):
            return value
        raise wrong("is neither a number nor a percentage", "write 5 or 10%")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Allow the short forms in the schema too."""
        whole = handler.resolve_ref_schema(handler(core))
        short = [
            {"type": "integer", "minimum": 0},
            {"type": "string", "pattern": "^\\d{1,3}(\\.\\d+)?\\s*%$"},
        ]
        return {
            "anyOf": [*short, {k: v for k, v in whole.items() if k != "description"}],
            "description": whole["description"],
        }

    @model_validator(mode="after")
    def _one_of(self) -> LimitConfig:
        if (self.number is None) == (self.percent is None):
            raise wrong("needs either `number` or `percent`", "write 5 or 10%")
        return self


class Guards(Model):
    """Limits that a plan is held against."""

    max_removals: dict[
        LimitKind,
        LimitConfig,
    ] = Field(
        default={"default": LimitConfig(percent=10)},
        description="Kind -> how many may go in one run: a number or a percentage.",
    )
    per_sig: dict[
        LimitKind,
        LimitConfig,
    ] = Field(default={}, description="The same, held against each SIG's own part.")
    minimum_owners: Int = Field(default=0, ge=0, description="An org with declared owners never has fewer.")
    required_owners: tuple[Account, ...] = Field(
        default=(), description="Accounts that stay owners of every org with declared owners."
    )
    publish: Int = Field(
        default=3,
        ge=0,
        description="Private repositories that one plan may make public; empty ones, and those whose history comes from elsewhere, don't count.",
    )
    delete: Int = Field(
        default=0,
        ge=0,
        description="Repositories, teams and groups that one plan may delete, whatever `max_removals` says.",
    )
    archive: Int = Field(
        default=10, ge=0, description="Repositories with a history of their own that one plan may archive."
    )
    empty_teams: Int = Field(
        default=1, ge=0, description="Teams that one plan may take the last member from."
    )
    unexplained: LimitConfig = Field(
        default=LimitConfig(number=20),
        description="Things on one forge that one plan may change though nothing in the files that is about them has changed since the last apply: "
        "a number, or a percentage of what is declared there. Where nothing was applied from this machine before, it is not known.",
    )
    first_run: Bool = Field(
        default=True,
        description="Refuse to begin on a forge where nothing declared exists, but things that no file knows.",
    )
    plan_hours: Int = Field(
        default=72, ge=1, description="A saved plan that is older is refused: make and review a new one."
    )
    keep_self: Bool = Field(
        default=True, description="Refuse to take rights from the account sigctl acts as."
    )


class ChairsApprove(Model):
    """What the chairs of a SIG may approve by themselves."""

    up_to: LevelName = Field(
        default="maintain", description="Highest level they may give, within their own SIG."
    )


class Lazy(Model):
    """Lazy consensus: silence is consent."""

    days: Int = Field(
        default=3,
        ge=1,
        le=90,
        description="Days a proposal inside one SIG must have been open without objection.",
    )


class Approval(Model):
    """Who must approve a change of the files."""

    admins: tuple[Account, ...] = Field(default=(), description="Accounts that may approve everything.")
    sig_chairs: ChairsApprove = Field(
        default=ChairsApprove(), description="What chairs may approve by themselves."
    )
    own: Bool = Field(
        default=False,
        description="Whether chairs and admins may approve what they propose themselves, where it lets anyone do more.",
    )
    lazy: Lazy | None = Field(
        default=None, description="Lazy consensus inside one SIG; left out: there is none."
    )


OnDivergence = Literal["hold", "overwrite", "ignore"]
DeleteRefs = Literal["hold", "delete", "ignore"]


class RefPolicy(Model):
    """What the mirror does with refs of some names. The first that fits decides, before the words for all."""

    pattern: Glob = Field(
        description="Names at the target; a bare one is of branches, so tags are meant by refs/tags/... only."
    )
    repos: tuple[Text, ...] | None = Field(
        default=None, description="Only in these repositories, as SIG/REPO (patterns); left out: in all."
    )
    on_divergence: OnDivergence | None = Field(default=None, description="A ref that would lose commits.")
    delete_refs: DeleteRefs | None = Field(default=None, description="A ref that the source no longer has.")

    @model_validator(mode="after")
    def _says_something(self) -> RefPolicy:
        if self.on_divergence is None and self.delete_refs is None:
            raise wrong("says nothing", "add `on_divergence` or `delete_refs`")
        return self


class MirrorLimits(Model):
    """What one repository may cost at most; a source that wants more is broken, or not what it says."""

    refs: Int = Field(default=50_000, ge=1, description="Refs that are brought.")
    gib: Int = Field(default=64, ge=1, description="GiB that one fetch or push moves.")
    minutes: Int = Field(default=120, ge=1, description="Minutes that one fetch or push takes.")


class MirrorPolicy(Model):
    """What the mirror does when a target has something else. What is overwritten or deleted is kept in the cache first."""

    on_divergence: OnDivergence = Field(
        default="hold",
        description="A branch that would lose commits; branches of a SIG's own on the primary are held whatever this says.",
    )
    delete_refs: DeleteRefs = Field(
        default="hold",
        description="A branch that the source no longer has, where the copy is exact (`mode: mirror`, and replicas if not `hold`).",
    )
    refs: tuple[RefPolicy, ...] = Field(default=(), description="Other words for some refs.")
    limits: MirrorLimits = Field(default=MirrorLimits(), description="What one repository may cost.")


class LockConfig(Model):
    """A lock that holds across machines: a branch of a repository that serves for nothing else."""

    repo: Text = Field(description="FORGE:PATH; the account of sigctl must be able to push there.")
    minutes: Int = Field(
        default=30, ge=3, description="So long after its last sign of life a run that is gone holds the lock."
    )


class PolicyFile(Model):
    """policy.yaml."""

    version: Literal[1] = Field(default=1, description="Version of the format.")
    guards: Guards = Field(default=Guards(), description="Limits that a plan is held against.")
    approval: Approval = Field(default=Approval(), description="Who must approve a change of the files.")
    mirror: MirrorPolicy = Field(
        default=MirrorPolicy(), description="What the mirror does when a target has something else."
    )
    lock: LockConfig | None = Field(
        default=None, description="Where applies of several machines find out about each other."
    )
    classic_protection: Literal["report", "replace"] = Field(
        default="report",
        description="Branch protection of GitHub's older kind that is there already. report: it is told of and stays, beside the rules "
        "of the files; replace: it is taken away once a rule of the files that covers it holds.",
    )
    drift: DriftPolicy = Field(default=DriftPolicy(), description="What happens to drift, and who is told.")
    internal_hosts: tuple[Text, ...] = Field(
        default=(),
        description="Hosts of upstreams and of binary sources that may be in a network that is not the internet. Others there are refused: by what the "
        "files say when they are checked, by the address that their name leads to when it is asked. Forges of the files may be anywhere.",
    )
    left_alone: dict[Text, tuple[Text, ...]] = Field(
        default={}, description="Forge -> logins that are not ours to manage: bots, apps, security teams."
    )
    levels: dict[SigName, LevelName] = Field(
        default={}, description="SIG -> highest level that its file may give; left out: admin."
    )
