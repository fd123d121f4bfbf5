"""A client that can do on a socket what no decent client does: half a request, byte by byte, several at once."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

from msgspec import Struct


class Response(Struct):
    """What a server said: `headers` in lower case, the last of each name."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        """Put bytes on the wire, as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def flood(self, data: bytes) -> None:
        """Send again and again until the server cuts the connection: raises ConnectionError then."""
        while True:
            await self.send(data)
            await asyncio.sleep(0)

    async def response(self, *, head_only: bool = False) -> Response:
        """The next response, interim ones too."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        status = int(first.split(" ")[1])
        length = 0 if head_only or status < 200 else int(headers.get("content-length", "0"))
        return Response(status, headers, await self.reader.readexactly(length))

    async def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
        """Send a request and read its response. Header names have `_` for `-`; `token=` is the key."""
        await self.send(request(method, path, body, headers))
        return await self.response(head_only=method == "HEAD")

    async def closed(self) -> bytes:
        """Wait until the server has closed; what it sent before that."""
        return await self.reader.read()

    async def chunk(self) -> bytes:
        """The next chunk of a chunked response; empty at the end."""
        size = int((await self.reader.readuntil(b"\r\n")).strip(), 16)
        return (await self.reader.readexactly(size + 2))[:-2]


def request(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """A request as bytes, with its length where it has a body or is a POST."""
    values = dict(headers or {})
    token = values.pop("token", "good")
    lines = [f"{method} {path} HTTP/1.1", "host: test"]
    if token:
        lines.append(f"authorization: Bearer {token}")
    if (body or method == "POST") and "transfer_encoding" not in values and "content_length" not in values:
        lines.append(f"content-length: {len(body)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in values.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Wire]:
    """A connection to the server, closed at the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=16 * 1024 * 1024)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with suppress(OSError):  # the server was faster
            await writer.wait_closed()
