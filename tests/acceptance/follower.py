"""Hides a reader of the live stream that never gives up: it connects again from its last cursor, whatever happened."""

import asyncio
import json

import httptools

from tests.acceptance.server import Server
from tests.acceptance.wire import Connection, request


class Follower:
    """What one reader has heard since it began: `seen`, the ids of the events, in order; `faults`, what may not be."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.cursor = ""
        self.seen: list[str] = []
        self.faults: list[str] = []
        self.connected = 0

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self._follow()
            except (OSError, httptools.HttpParserError):
                await asyncio.sleep(0.02)

    async def _follow(self) -> None:
        async with Connection(self._server.port) as connection:
            resumed = {"last-event-id": self.cursor} if self.cursor else {}
            await connection.send(request("GET", "/api/v1/stream", b"", self._server.headers() | resumed))
            parts = _Parts()
            parser = httptools.HttpResponseParser(parts)
            self.connected += 1
            while data := await connection.reader.read(65_536):
                parser.feed_data(data)
                if parser.get_status_code() != 200:
                    raise ConnectionError(f"the stream was answered {parser.get_status_code()}")
                for message in parts.messages():
                    self._hear(message)

    def _hear(self, message: str) -> None:
        fields = dict(line.split(": ", 1) for line in message.splitlines())
        if "event" in fields:
            self.faults.append(f"the stream said {fields['event']}")
        if "data" in fields and "id" in fields:
            self.seen.append(json.loads(fields["data"])["id"])
        self.cursor = fields.get("id", self.cursor)


class _Parts:
    """Collects the body of an answer; gives the messages that are complete."""

    def __init__(self) -> None:
        self._body = b""

    def on_body(self, body: bytes) -> None:
        self._body += body

    def messages(self) -> list[str]:
        *complete, self._body = self._body.split(b"\n\n")
        return [message.decode() for message in complete]
