"""A mail server on loopback, which keeps what it is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


class Mailbox:
    """Takes every mail, unless told not to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.receivers: list[list[str]] = []
        self.refusing = False
        self.address = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802, ARG002  # the library's name and arguments
        if self.refusing:
            return "451 try again later"
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        self.receivers.append(list(envelope.rcpt_tos))
        return "250 taken"


class _OnAnyPort(Controller):
    """The library asks port 0 whether it is up; the port that it got is known only then."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def listening() -> Iterator[Mailbox]:
    """Have a server while the context lasts; `address` says where."""
    box = Mailbox()
    controller = _OnAnyPort(box, hostname="127.0.0.1", port=0)
    controller.start()
    box.address = f"127.0.0.1:{controller.port}"
    try:
        yield box
    finally:
        controller.stop()
