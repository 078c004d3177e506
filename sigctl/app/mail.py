"""Mailing a proposal once for each change, by SMTP or by the local sendmail; and knowing afterwards when it was."""

from __future__ import annotations

import json
import smtplib
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from sigctl.errors import SigctlError, UsageError

FORMAT = "sigctl/announced/1"
_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Way:
    """How mail leaves: by SMTP where a host is named, else by a program that is called as sendmail is."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: SecretStr | None = None
    sendmail: str = ""

    def send(self, message: EmailMessage) -> None:
        """Hand the mail over; SigctlError where it was not taken for all its receivers."""
        try:
            if self.host:
                self._smtp(message)
            else:
                subprocess.run(  # noqa: S603  # the program that the administrator names; addresses are in the mail, not in the arguments
                    [self.sendmail, "-i", "-t"],
                    input=message.as_bytes(),
                    check=True,
                    capture_output=True,
                    timeout=_SECONDS,
                )
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines()
            raise SigctlError(
                f"{self.sendmail} did not take the mail: {said[-1] if said else error.returncode}"
            ) from None
        except (OSError, smtplib.SMTPException, subprocess.TimeoutExpired) as error:
            where = f"{self.host}:{self.port}" if self.host else self.sendmail
            raise SigctlError(
                f"{where} did not take the mail: {error}", "nothing is recorded; run it again"
            ) from None

    def _smtp(self, message: EmailMessage) -> None:
        with smtplib.SMTP(self.host, self.port, timeout=_SECONDS) as server:
            server.ehlo()
            secure = server.has_extn("starttls")
            if secure:
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if self.user and self.password is not None:
                if not secure:
                    raise SigctlError(f"{self.host} offers no encryption, so no password is sent")
                server.login(self.user, self.password.get_secret_value())
            refused = server.send_message(message)
        if refused:
            raise SigctlError(f"{self.host} refused {', '.join(sorted(refused))}")


@dataclass(slots=True)
class Record:
    """What was mailed: for each change the mails, in order, with their days. Kept in a file between runs of a pipeline."""

    path: Path
    changes: dict[str, list[dict[str, str]]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Record:
        """Return the record in the file, an empty one where there is none; UsageError where it is something else."""
        try:
            data: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if data["format"] != FORMAT:
                raise UsageError(f"{path} is not a record of format {FORMAT}")
            found = {
                str(change): [{k: str(one[k]) for k in ("digest", "message_id", "day")} for one in mails]
                for change, mails in data["changes"].items()
            }
        except FileNotFoundError:
            return cls(path)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{path} is not a record of what was mailed: {error}") from None
        return cls(path, found)

    def day(self, change: str, digest: str) -> date | None:
        """Return the day on which this state of the change was mailed, None where the last mail was about another one."""
        mails = self.changes.get(change, ())
        try:
            return date.fromisoformat(mails[-1]["day"]) if mails and mails[-1]["digest"] == digest else None
        except ValueError:
            raise UsageError(f"{self.path} has no day for {change}") from None

    def thread(self, change: str) -> tuple[str, ...]:
        """Return the ids of the mails about a change, the first one first."""
        return tuple(one["message_id"] for one in self.changes.get(change, ()))

    def add(self, change: str, digest: str, message_id: str, day: date) -> None:
        """Have it recorded in the file that the mail was sent; UsageError where the file can't be written."""
        entry = {"digest": digest, "message_id": message_id, "day": day.isoformat()}
        self.changes.setdefault(change, []).append(entry)
        self.save()

    def save(self) -> None:
        """Have the file as the record is, whole or not at all."""
        fresh = self.path.with_name(f".{self.path.name}.new")
        try:
            text = json.dumps({"format": FORMAT, "changes": self.changes}, indent=1, sort_keys=True)
            fresh.write_text(text + "\n", encoding="utf-8")
            fresh.replace(self.path)
        except OSError as error:
            raise UsageError(f"{self.path} can't be written: {error.strerror}") from None
