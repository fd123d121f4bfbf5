"""People and the real process: the printed set-up link, sessions over restarts, commands beside it, mail by SMTP."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.acceptance.commands import ensue
from tests.acceptance.conftest import MakeServer
from tests.acceptance.server import PATIENCE, Server, eventually
from tests.acceptance.wire import Answered, Connection

PASSWORD = "correct horse battery"
ADA = {"name": "Ada", "email": "ada@example.com", "password": PASSWORD}


class Page:
    """A page of the console: what it sends, with its cookie."""

    def __init__(self, server: Server, origin: str = "") -> None:
        self.server = server
        self.origin = origin or server.url
        self.cookie = ""

    async def __call__(self, method: str, path: str, body: Any = None) -> Answered:
        """One request without a key."""
        async with Connection(self.server.port) as connection:
            host = self.origin.partition("//")[2]
            headers = {"host": host, "origin": self.origin, "cookie": self.cookie, "content-type": "application/json"}
            content = b"" if body is None else json.dumps(body).encode()
            answered = await connection.call(method, path, content, headers)
        if "set-cookie" in answered.headers:
            self.cookie = answered.headers["set-cookie"].partition(";")[0]
        return answered


async def printed_link(server: Server, since: int = 0) -> str:
    """The set-up link that the server printed since that place in its log."""
    await eventually(lambda: "order.paid" in server.log()[since:], "the server says how to send a first event")
    found = re.search(r"^  (http\S+/setup#\S+)$", server.log()[since:], re.MULTILINE)
    return found.group(1) if found else ""


async def test_the_printed_link_works_once(server: Server) -> None:
    """It is of our address; it makes the first account and no other; a later start prints none; sessions stay."""
    link = await printed_link(server)
    assert link.startswith(f"{server.url}/setup#")
    token, page = link.partition("#")[2], Page(server)
    assert (await page("GET", "/api/v1/console")).json["setup_needed"] is True
    assert token not in (server.data / "first-key").read_text()
    assert (await page("POST", "/api/v1/setup", ADA | {"link": token})).status == 201
    again = await Page(server)("POST", "/api/v1/setup", ADA | {"link": token, "email": "eve@example.com"})
    assert (again.status, again.code) == (409, "conflict")
    assert (await page("POST", "/api/v1/events", {"type": "order.paid"})).status == 202
    said = len(server.log())
    await server.stop()
    await server.start()
    assert await printed_link(server, said) == ""
    assert (await page("GET", "/api/v1/session")).json["projects"][0]["role"] == "owner"
    assert (await page("GET", "/api/v1/events")).status == 200
    secrets = (token, page.cookie.partition("=")[2], PASSWORD)
    kept = b"".join(file.read_bytes() for file in server.data.iterdir() if file.is_file())
    assert [secret for secret in secrets if secret.encode() in kept] == [], "of what lets people in, hashes are kept"
    assert not any(secret in server.log().replace(link, "") for secret in secrets)


async def test_commands_beside_the_server(server: Server) -> None:
    """An invitation by the command line makes the first account; a reset ends its session; a removal its access."""
    made = (await ensue(server, "members", "invite", "ada@example.com", "--role", "admin", "--json")).json
    assert made["link"].startswith(f"{server.url}/invitation#")
    page = Page(server)
    accepted = {"link": made["link"].partition("#")[2], "name": "Ada", "password": PASSWORD}
    assert (await page("POST", "/api/v1/invitations/accept", accepted)).status == 200
    token = (await printed_link(server)).partition("#")[2]
    closed = await Page(server)("POST", "/api/v1/setup", ADA | {"link": token})
    assert closed.code == "conflict", "any account closes set-up"
    listed = (await ensue(server, "members", "list", "--json")).json["items"]
    assert [(one["email"], one["role"]) for one in listed] == [("ada@example.com", "admin")]
    link = (await ensue(server, "members", "reset", "ADA@example.com", "--json")).json["link"]
    other = Page(server)
    body = {"link": link.partition("#")[2], "password": "another long enough one"}
    assert (await other("POST", "/api/v1/password/reset", body)).status == 200
    assert (await page("GET", "/api/v1/events")).status == 401
    assert (await other("GET", "/api/v1/events")).status == 200
    async with Connection(server.port) as watching:
        asked = f"GET /api/v1/stream HTTP/1.1\r\nhost: here\r\ncookie: {other.cookie}\r\n\r\n"
        await watching.send(asked.encode())
        assert (await watching.head()).startswith(b"HTTP/1.1 200")
        assert (await ensue(server, "members", "remove", "ada@example.com")).code == 0
        said = await asyncio.wait_for(watching.reader.readuntil(b"\r\n0\r\n\r\n"), PATIENCE)
        assert b"data:" not in said, "the stream ends, and says nothing of what came"
    refused = await other("GET", "/api/v1/events")
    assert (refused.status, refused.code) == (400, "invalid"), "whoever has no project must name one"
    assert (await other("GET", "/api/v1/session")).json["projects"] == []


@asynccontextmanager
async def mail_server(kept: list[bytes]) -> AsyncIterator[int]:
    """An SMTP server on loopback that keeps what it is handed; its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                kept.append(await reader.readuntil(b"\r\n.\r\n"))
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 yes\r\n")
            await writer.drain()
            if verb == b"QUIT":
                break
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()


async def test_links_go_by_mail(make_server: MakeServer) -> None:
    """With a mail server the invitation is mailed, from the sender that was set, with a link of the public address."""
    kept: list[bytes] = []
    async with mail_server(kept) as port:
        server = make_server(
            ENSUE_SMTP_URL=f"smtp://127.0.0.1:{port}",
            ENSUE_MAIL_FROM="Ensue <ensue@example.com>",
            ENSUE_PUBLIC_URL="https://ensue.example",
        )
        await server.start()
        page = Page(server, "https://ensue.example")
        assert (await page("GET", "/api/v1/console")).json["mail"] is True
        link = await printed_link(server)
        assert link.startswith("https://ensue.example/setup#")
        made = await page("POST", "/api/v1/setup", ADA | {"link": link.partition("#")[2]})
        assert made.headers["set-cookie"].endswith("; HttpOnly; SameSite=Lax; Secure")
        invitation = {"email": "grace@example.com", "role": "viewer"}
        invited = await page("POST", "/api/v1/invitations", invitation)
        assert (invited.status, "link" in invited.json) == (201, False)
        assert (await page("POST", "/api/v1/password/forgotten", {"email": ADA["email"]})).status == 202
        await eventually(lambda: len(kept) == 2, "both mails arrive", PATIENCE)
    mails = [mail.decode() for mail in kept]
    assert [re.findall(r"^To: (.*)\r$", mail, re.MULTILINE) for mail in mails] == [
        ["grace@example.com"],
        [ADA["email"]],
    ]
    assert all("From: Ensue <ensue@example.com>" in mail for mail in mails)
    assert "https://ensue.example/invitation#" in mails[0]
    assert "https://ensue.example/reset#" in mails[1]
    assert "https://ensue.example/" not in server.log().replace(link, "")
