"""What can go wrong, and what the command line makes of it.

SigctlError                 exit 1; `text`, and a `hint` on its own line
|-- ConfigError             the files: every problem found, each with its position
|-- UsageError              a flag or an argument that can't be meant
|-- GuardError              exit 3; the plan was refused: number, limit, way out
|-- StalePlanError          exit 3; what a saved plan rests on has moved
|-- ForgeError              a forge did not do what was asked
|   |-- UnreachableError    no answer, or only broken ones, after all retries
|   |   `-- BrokenAnswerError   answers came, and none of them could be read
|   |-- DeniedError         the token is wrong, expired, or may not do this
|   |-- NotThereError       the thing does not exist, or is hidden from the token
|   |-- RefusedError        the forge understood and said no (a rule of the forge)
|   |-- PartialError        an answer came without all its data: never taken for absence
|   |-- LaterError          the forge takes no more of this for so long that no run waits for it
|   `-- BudgetError         the run's limit of requests or time is used up
|-- GitError                git said no, or said something unexpected
`-- InterruptedRunError     exit 130; stopped between two actions
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in the files, at a place in them; lines and columns count from 1, 0 is the whole file."""

    file: str
    line: int
    column: int
    subject: str
    problem: str
    hint: str = ""
    check: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = f"{place}: {self.subject}: {self.problem}"
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class SigctlError(Exception):
    """Base of all that a user can cause or meet; anything else that escapes is a bug of ours."""

    exit_code = 1

    def __init__(self, text: str, hint: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.text}\n  hint: {self.hint}" if self.hint else self.text


class ConfigError(SigctlError):
    """The files can't be used; `problems` has all of them, sorted by place."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(SigctlError):
    """The command was called in a way that can't be meant."""


class GuardError(SigctlError):
    """A guard refused the plan."""

    exit_code = 3


class StalePlanError(SigctlError):
    """A saved plan no longer fits the config or the forges."""

    exit_code = 3


class ForgeError(SigctlError):
    """A forge did not do what was asked; `status` is its own code where it gave one."""

    def __init__(self, text: str, hint: str = "", *, forge: str = "", status: int | None = None) -> None:
        super().__init__(f"{forge}: {text}" if forge else text, hint)
        self.forge = forge
        self.status = status


class UnreachableError(ForgeError):
    """No usable answer after all retries."""


class BrokenAnswerError(UnreachableError):
    """Answers came and could not be read: cut off, or not what they say they are."""


class DeniedError(ForgeError):
    """The token is wrong or may not do this."""


class NotThereError(ForgeError):
    """The thing does not exist, or is hidden from this token."""


class RefusedError(ForgeError):
    """The forge understood the request and refused it."""


class PartialError(ForgeError):
    """Some of the data is missing from an answer."""


class LaterError(ForgeError):
    """The forge takes no more of this for hours; the text says until when, the rest of the run goes on."""


class BudgetError(ForgeError):
    """The run may send no more requests."""


class GitError(SigctlError):
    """Git failed; the text is its last line that says something."""


class InterruptedRunError(SigctlError):
    """The run was asked to stop and did so between two actions."""

    exit_code = 130
