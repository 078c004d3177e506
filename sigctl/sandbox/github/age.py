"""How old the server says it is: the knob `version` makes it one that lacks what came later."""

from __future__ import annotations

from sigctl.sandbox.github.state import State

NEWEST, WITH_RULESETS = 319, 311


def number(state: State) -> int:
    """Return the version as one number: 3.11 is 311."""
    return state.env.options.get("version", 0) or NEWEST


def headers(state: State) -> dict[str, str]:
    """Return what an Enterprise Server says of itself with each answer; the knob `public` makes it github.com, which does not."""
    return {} if state.env.options.get("public", 0) else {"X-GitHub-Enterprise-Version": version(state)}


def version(state: State) -> str:
    """Return the version as the server writes it."""
    major, minor = divmod(number(state), 100)
    return f"{major}.{minor}.0"


def has_rulesets(state: State) -> bool:
    """Whether this version has rulesets."""
    return number(state) >= WITH_RULESETS
