"""What all parts of the files share: closed mappings, short forms, and the words that names are made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, ClassVar, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    model_validator,
)
from pydantic.annotated_handlers import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from sigctl.spec.scripts import lookalike

LevelName = Literal["none", "read", "triage", "write", "maintain", "admin"]
Visibility = Literal["public", "internal", "private"]
Bool = StrictBool
Int = StrictInt

WRONG = "sigctl"
"""Error type of our own validators; their context holds `problem` and `hint`."""


def wrong(problem: str, hint: str = "") -> PydanticCustomError:
    """Return the error that a validator raises: in our words, with a hint, and without the value unless they say it."""
    return PydanticCustomError(WRONG, "{problem}", {"problem": problem, "hint": hint})


class Model(BaseModel):
    """A mapping in the files: closed (an unknown key is a problem) and not to be changed after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    FIRST: ClassVar[tuple[str, ...]] = ()
    """Keys that come first in a file, where the order of the fields is not the one to read them in."""


class Short(Model):
    """A mapping that may be written as one word, the value of its main key."""

    SHORT: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {cls.SHORT: value}
        if isinstance(value, Mapping | cls):
            return value
        raise wrong(*not_text(value))

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Allow the short form in the schema too."""
        whole = handler.resolve_ref_schema(handler(core))
        main = whole["properties"][cls.SHORT]
        return {
            "anyOf": [main, {k: v for k, v in whole.items() if k != "description"}],
            "description": whole["description"],
        }


def not_text(value: Any) -> tuple[str, str]:
    """Return problem and hint for a value that is not text where text is needed."""
    if value is None:
        return "has no value", "write one, or put it in quotes if it is the word `null`"
    if isinstance(value, bool):
        return "is read as true or false, not as text", "put it in quotes"
    if isinstance(value, int | float):
        return "is read as a number, not as text", f'put it in quotes: "{value}"'
    kind = "a list" if isinstance(value, list) else "a mapping"
    return f"should be text, not {kind}", ""


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise wrong(*not_text(value))
    return value


def _matching(pattern: str, says: str) -> AfterValidator:
    whole = re.compile(pattern)

    def check(value: str) -> str:
        if not whole.fullmatch(value):
            if alike := lookalike(value):
                raise wrong(
                    f"`{shown(value)}` only looks like `{alike}`: it has letters of another script",
                    "type it anew",
                )
            raise wrong(f"`{shown(value)}` is not a good name", says)
        return value

    return AfterValidator(check)


def shown(value: str, limit: int = 60) -> str:
    """Return the text safe to print on one line, and short."""
    return printable(value if len(value) <= limit else f"{value[: limit - 3]}...")


def printable(text: str) -> str:
    """Return the text with control and hidden characters escaped, so that it can't play with a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _day(value: Any) -> Any:
    if isinstance(value, date):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise wrong(f"`{value}` is not a day of the calendar", "write YYYY-MM-DD") from None
    raise wrong("is not a date", "write the last day as YYYY-MM-DD, for example 2027-03-31")


_SECRET = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:\S.*|credential:[A-Za-z0-9_.@:-]+")


def _secret(value: str) -> str:
    if not _SECRET.fullmatch(value):
        raise wrong(
            "holds the secret itself, or is no reference to one",
            "write `env:NAME`, `file:PATH` or `credential:HOST`; if a secret was written here, revoke it now",
        )
    return value


def _url(value: str) -> str:
    if not re.fullmatch(r"(https?|ssh)://[^\s/@]+(@[^\s/@]+)?(/\S*)?", value):
        raise wrong("is not a URL", "write https://HOST/PATH")
    if re.match(r"\w+://[^/@]*:[^/@]*@|https?://[^/@]*@", value):
        raise wrong("holds a login or a password", "take it out of the URL and use `token: env:NAME`")
    return value


def _template(value: str) -> str:
    names = re.findall(r"\{([^{}]*)\}", value)
    left = re.sub(r"\{[^{}]*\}", "", value)
    if "{" in left or "}" in left:
        raise wrong("has a brace that is not closed", "placeholders are {sig}, {repo}, {team} and {project}")
    for name in names:
        if name not in ("sig", "repo", "team", "project"):
            raise wrong(
                f"has the unknown placeholder {{{shown(name)}}}",
                "placeholders are {sig}, {repo}, {team}, {project}",
            )
    if (
        not re.fullmatch(r"[A-Za-z0-9_.+/-]*", left)
        or value.startswith("/")
        or value.endswith("/")
        or "//" in value
    ):
        raise wrong("is not a path", "write names, placeholders and single slashes between them")
    if {".", ".."} & set(value.split("/")):
        raise wrong("may not contain `.` or `..` as a part", "write the whole path")
    return value


def _glob(value: str) -> str:
    if not value or re.search(r"[\s~^?[:\\\x00-\x1f\x7f]|\.\.|@\{|//|^/|/$|\.lock$", value):
        raise wrong(
            f"`{shown(value)}` can match no branch or tag",
            "no spaces, no ~ ^ : ? [ \\ .. @{ and no slash at the ends; `*` stands for anything",
        )
    return value


Text = Annotated[str, BeforeValidator(_text)]
Account = Annotated[
    Text, _matching(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", "letters, digits, dot, dash and underscore")
]
SigName = Annotated[
    Text,
    _matching(r"[a-z0-9]+(-[a-z0-9]+)*", "lower case letters and digits, with single dashes between them"),
]
TeamName = Annotated[
    Text,
    _matching(
        r"[a-z0-9]+([._-][a-z0-9]+)*", "lower case letters and digits, with single . _ or - between them"
    ),
]
RepoName = Annotated[
    Text,
    _matching(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}", "letters, digits and _ . + - , not . or - at the start"),
]
TeamRef = Annotated[
    Text, _matching(r"([a-z0-9-]+/)?[a-z0-9]+([._-][a-z0-9]+)*", "TEAM of the same SIG, or SIG/TEAM")
]
Subject = Annotated[
    Text,
    _matching(
        r"person:[A-Za-z0-9][A-Za-z0-9._-]{0,63}|(team:)?([a-z0-9-]+/)?[a-z0-9]+([._-][a-z0-9]+)*",
        "TEAM, SIG/TEAM or person:ACCOUNT",
    ),
]
Pusher = Annotated[
    Text,
    _matching(
        r"deploy_key:\S(.*\S)?|person:[A-Za-z0-9][A-Za-z0-9._-]{0,63}|(team:)?([a-z0-9-]+/)?[a-z0-9]+([._-][a-z0-9]+)*",
        "TEAM, SIG/TEAM, person:ACCOUNT or deploy_key:TITLE",
    ),
]
Day = Annotated[date, BeforeValidator(_day), Field(json_schema_extra={"format": "date"})]
SecretRef = Annotated[Text, AfterValidator(_secret)]
Url = Annotated[Text, AfterValidator(_url)]
Template = Annotated[Text, AfterValidator(_template)]
Glob = Annotated[Text, AfterValidator(_glob)]
