"""Mail servers by URL, and mails that are not taken."""

import asyncio
import socket

import pytest

from ensue.channels.mail import Mailer, SmtpServer, read_server
from ensue.domain.errors import EnsueError
from ensue.domain.letter import Letter

FROM = "Ensue <ensue@example.com>"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", SmtpServer("mail.example", 587, tls=False)),
        ("smtp://mail.example:25/", SmtpServer("mail.example", 25, tls=False)),
        ("smtps://u%40x:p%2Fw@mail.example", SmtpServer("mail.example", 465, True, "u@x", "p/w")),
        ("smtp://[::1]:2525", SmtpServer("::1", 2525, tls=False)),
    ],
)
def test_servers(url: str, server: SmtpServer) -> None:
    """Host, port, TLS and credentials are read from the URL."""
    assert read_server(url) == server


@pytest.mark.parametrize(
    "url",
    ["mail.example", "http://mail.example", "smtp://", "smtp://mail.example:x", "smtp://m/path", "smtp://m?a=secret"],
)
def test_what_is_no_server(url: str) -> None:
    """Refused without being told: there may be a password in it."""
    with pytest.raises(EnsueError) as refused:
        Mailer(url, FROM)
    assert refused.value.code == "invalid"
    assert "ENSUE_SMTP_URL" in refused.value.message
    assert "secret" not in refused.value.message


@pytest.mark.parametrize("sender", ["", "Ensue", "Ensue <>"])
def test_what_is_no_sender(sender: str) -> None:
    """The setting is named."""
    with pytest.raises(EnsueError, match="ENSUE_MAIL_FROM"):
        Mailer("smtp://mail.example", sender)


async def test_a_mail_that_is_not_taken() -> None:
    """A server that is not there, or gets no TLS where a password would go over the wire, is a refusal."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    letter = Letter("grace@example.com", "subject", "text")
    with pytest.raises(EnsueError) as refused:
        await Mailer(f"smtp://127.0.0.1:{port}", FROM).send(letter)
    assert refused.value.code == "unavailable"


async def test_no_password_goes_in_clear() -> None:
    """A server of elsewhere that offers no TLS hears neither user nor password."""
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            heard.append(line)
            writer.write(
                b"250-here\r\n250 AUTH PLAIN LOGIN\r\n" if line.upper().startswith(b"EHLO") else b"250 yes\r\n"
            )
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    mailer = Mailer(f"smtp://user:password@127.0.0.2:{port}", FROM)
    other = await asyncio.start_server(serve, "127.0.0.2", port)
    with pytest.raises(EnsueError):
        await mailer.send(Letter("grace@example.com", "subject", "text"))
    for server in (listening, other):
        server.close()
    assert heard
    assert not any(b"AUTH" in line.upper() for line in heard)
