"""Hides SMTP: one mail at a time, in a thread, encrypted wherever the server can.

The standard library does it: mails to people who sign in are few, and a thread costs less than a dependency.
"""

import asyncio
import logging
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from ensue.domain.errors import EnsueError
from ensue.domain.letter import Letter

log = logging.getLogger("ensue")

SECONDS: Final = 10.0
"""How long one step of the conversation with the mail server may take."""

_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"smtp": 587, "smtps": 465}
_HOW: Final = "write it like 'smtp://user:password@mail.example.com:587', or 'smtps://…' for TLS from the start"


class SmtpServer(Struct, frozen=True):
    """Where mail is handed in. `tls`: from the first byte; else by STARTTLS where that is offered. No password goes
    to a server of elsewhere without either."""

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = ""


def read_server(url: str) -> SmtpServer:
    """The server that `url` names. EnsueError `invalid`, without the URL: there is a password in it."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError):
        raise EnsueError("invalid", f"ENSUE_SMTP_URL cannot be read; {_HOW}.") from None
    if not parts.hostname or parts.path not in {"", "/"} or parts.query:
        raise EnsueError("invalid", f"ENSUE_SMTP_URL cannot be read; {_HOW}.")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    return SmtpServer(parts.hostname, port, parts.scheme == "smtps", user, password)


class Mailer:
    """Hands mails to one server, as from `sender` (`Ensue <ensue@example.com>`). EnsueError `invalid` for settings."""

    def __init__(self, url: str, sender: str) -> None:
        self._server = read_server(url)
        name, address = parseaddr(sender)
        if "@" not in address:
            raise EnsueError("invalid", f"ENSUE_MAIL_FROM is {sender[:80]!r}; write 'Ensue <ensue@example.com>'.")
        self._sender = f"{name} <{address}>" if name else address
        self._turn = asyncio.Semaphore(2)

    async def send(self, letter: Letter) -> None:
        """Hand in one mail. EnsueError `unavailable` when the server does not take it; the log says why."""
        message = self._message(letter)
        async with self._turn:
            try:
                await asyncio.to_thread(self._hand_in, message)
            except (OSError, smtplib.SMTPException, UnicodeError) as error:
                log.warning("A mail could not be handed in to %s: %s", self._server.host, type(error).__name__)
                raise EnsueError("unavailable", "The mail could not be sent; the server's log says why.") from None

    def _message(self, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        local, _, domain = letter.to.rpartition("@")
        message["To"] = Address(username=local, domain=domain)
        message["Subject"] = letter.subject
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message

    def _hand_in(self, message: EmailMessage) -> None:
        server, context = self._server, ssl.create_default_context()
        if server.tls:
            with smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context) as smtp:
                self._converse(smtp, message)
            return
        with smtplib.SMTP(server.host, server.port, timeout=SECONDS) as smtp:
            smtp.ehlo()
            if smtp.has_extn("starttls") or (server.user and server.host not in _HERE):
                smtp.starttls(context=context)
            self._converse(smtp, message)

    def _converse(self, smtp: smtplib.SMTP, message: EmailMessage) -> None:
        if self._server.user:
            smtp.login(self._server.user, self._server.password)
        smtp.send_message(message)
