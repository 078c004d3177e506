"""What happens to drift: told of, taken back after some days, or taken back at once; and where it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator
from pydantic.annotated_handlers import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from sigctl.spec.model.base import Bool, Int, Model, Template, Text, not_text, wrong

DriftKind = Literal[
    "default", "members", "teams", "repos", "grants", "branch_rules", "orgs", "labels", "webhooks", "deploy_keys", "settings"
]  # fmt: skip
_LIKE = "write report, revert, or {grace: {days: 7}}"


class Grace(Model):
    """Days that somebody has to adopt what he did by hand."""

    days: Int = Field(ge=1, le=365, description="Days from the first report to the end of it.")


class DriftMode(Model):
    """What happens to a difference; `report` and `revert` are written as one word, the third way as `{grace: {days: N}}`."""

    mode: Literal["report", "revert", "grace"] = Field(
        default="report",
        description="report: it is told of. revert: what would take something away from somebody is taken back at once. "
        "grace: it is told of, and taken back when its days are over and nobody adopted it.",
    )
    grace: Grace | None = Field(default=None, description="How long a difference may stay; with mode grace.")

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        if value in ("report", "revert"):
            return {"mode": value}
        if isinstance(value, str):
            raise wrong("is no way to treat drift", _LIKE)
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise wrong(*not_text(value))
        return {"mode": "grace", **value} if "grace" in value else value

    @model_validator(mode="after")
    def _fits(self) -> DriftMode:
        if (self.mode == "grace") != (self.grace is not None):
            raise wrong("has days of grace without that mode, or that mode without days", _LIKE)
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Allow the short forms in the schema too."""
        whole = handler.resolve_ref_schema(handler(core))
        return {
            "anyOf": [{"enum": ["report", "revert"]}, {k: v for k, v in whole.items() if k != "description"}],
            "description": whole["description"],
        }


def _of_sig(value: str) -> str:
    if any(word in value for word in ("{repo}", "{team}", "{project}")):
        raise wrong("may have no other placeholder than {sig}", "one ticket tells of a whole SIG")
    return value


class Tickets(Model):
    """Where sigctl keeps one issue for each SIG with drift."""

    forge: Text = Field(description="Forge on which they are.")
    repo: Annotated[Template, AfterValidator(_of_sig)] = Field(
        description="Repository in which they are; {sig} stands for the SIG."
    )
    others: Annotated[Template, AfterValidator(_of_sig)] = Field(
        default="",
        description="Repository for what belongs to no SIG; left out: that of the SIGs, unless its name has {sig}.",
    )


class DriftMail(Model):
    """Who is mailed of drift, once for each change of it."""

    to: tuple[Text, ...] = Field(default=(), description="Addresses that are told of everything.")
    lists: Bool = Field(default=False, description="Whether each SIG's `list` is told of its own part.")


class DriftPolicy(Model):
    """What happens to drift."""

    mode: DriftMode = Field(default=DriftMode(), description="For whatever `modes` has no word for.")
    modes: dict[Text, dict[DriftKind, DriftMode]] = Field(
        default={},
        description="Forge (or `default`) -> kind (or `default`) -> mode. The forge's own word goes before `default`.",
    )
    tickets: Tickets | None = Field(
        default=None, description="Where the tickets are; left out: there are none."
    )
    mail: DriftMail = Field(default=DriftMail(), description="Who is mailed.")
