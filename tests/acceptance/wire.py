"""Hides HTTP as it stands on the wire: one connection of a test, written by hand, so that nothing is tidied up."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Self

import httptools
from msgspec import Struct

PATIENCE = 30.0
"""Seconds after which an answer counts as not coming."""


class Answered(Struct, frozen=True):
    """An answer as it came. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code in the one error body; fails where the body is of another form."""
        error = self.json["error"]
        assert set(error) <= {"code", "message", "field"}, error
        assert error["message"], error
        return str(error["code"])


class _Reading:
    """Collects one answer; the methods are the parser's callbacks."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = b""
        self.head_complete = False
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.head_complete = True

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


class Connection:
    """One connection to a server; use as `async with Connection(port) as connection:`."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    @property
    def reader(self) -> asyncio.StreamReader:
        """What the server says."""
        assert self._reader is not None
        return self._reader

    @property
    def is_open(self) -> bool:
        """Whether we have not let go."""
        return self._writer is not None

    @property
    def local_port(self) -> int:
        """Our end's port."""
        assert self._writer is not None
        return int(self._writer.get_extra_info("sockname")[1])

    async def open(self) -> None:
        """Connect, again if need be."""
        self.close()
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    def close(self) -> None:
        """Let go at once."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._reader = self._writer = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    async def send(self, data: bytes) -> None:
        """Write bytes as they are."""
        assert self._writer is not None
        self._writer.write(data)
        await self._writer.drain()

    async def answer(self, patience: float = PATIENCE) -> Answered:
        """Read one answer to its end. ConnectionError when the connection ends before; TimeoutError."""
        async with asyncio.timeout(patience):
            reading = _Reading()
            parser = httptools.HttpResponseParser(reading)
            while not reading.complete:
                data = await self.reader.read(65_536)
                if not data:
                    if reading.head_complete and "content-length" not in reading.headers:
                        break
                    raise ConnectionResetError("the connection ended before the answer")
                parser.feed_data(data)
        return Answered(parser.get_status_code(), reading.headers, reading.body)

    async def head(self, patience: float = PATIENCE) -> bytes:
        """Read the head of an answer, and leave the rest."""
        async with asyncio.timeout(patience):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def ended(self, patience: float = PATIENCE) -> bytes:
        """Read until the server closes; what it said until then."""
        async with asyncio.timeout(patience):
            return await self.reader.read(-1)

    async def call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answered:
        """One request and its answer."""
        await self.send(request(method, path, body, headers or {}))
        return await self.answer()


def request(method: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A request as it stands on the wire; `headers` win over the usual ones."""
    lines = {"host": "localhost", "content-length": str(len(body))} | {k.lower(): v for k, v in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body
