"""People, and who they are on each forge."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from sigctl.spec.model.base import Model, Short, Text, wrong


def _id(value: Any) -> Any:
    if isinstance(value, bool) or not (
        (isinstance(value, str) and value) or (isinstance(value, int) and value > 0)
    ):
        raise wrong(
            "is not an id", "a whole number above 0 as the forge gives it; `sigctl people pin` finds it"
        )
    return value


class Login(Short):
    """A person on one forge."""

    SHORT = "login"

    login: Text = Field(description="Login on the forge. A login of digits only needs quotes.")
    id: Annotated[int | str | None, BeforeValidator(lambda value: value if value is None else _id(value))] = (
        Field(
            default=None,
            description="The id that stays when the login is renamed; `sigctl people pin` writes it.",
        )
    )


class Person(Model):
    """A person, known in the files by the account name that is the key."""

    name: Text = Field(default="", description="Full name.")
    email: Text = Field(default="", description="Address for notices; not sent to forges.")
    logins: dict[Text, Login] = Field(
        default={},
        description="Forge -> login, or {login, id}. A forge that is left out: the person is not linked there.",
    )
