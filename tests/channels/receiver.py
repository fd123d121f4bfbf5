"""A receiver whose answers a test writes byte by byte, so that it can be as wrong as a real one."""

import asyncio
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

from ensue.channels.outbound import Failure, Outbound, Reply, Request
from ensue.domain.guard import Allowed

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LOOPBACK = Allowed.parse("127.0.0.0/8")

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ENDS = (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError)


@contextlib.asynccontextmanager
async def listening(
    talk: Conversation, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A server that talks like this on every connection until the block ends; gives its port."""
    tasks: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            with contextlib.suppress(*ENDS):  # a cancelled task is an error to the streams of 3.11
                await talk(reader, writer)
        finally:
            writer.transport.abort()
            with contextlib.suppress(*ENDS):
                await writer.wait_closed()

    server = await asyncio.start_server(serve, host, port, ssl=tls, limit=2**24)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        for _ in range(5):  # turns of the loop in which a connection that was just accepted gets its task
            await asyncio.sleep(0)
        server.close()
        for task in list(tasks):
            assert task is not None
            task.cancel()
            await task
        await server.wait_closed()


class Receiver:
    """Counts connections and keeps requests; each request is answered by `answer`, after which the connection stays."""

    def __init__(self, answer: bytes | Answer) -> None:
        self.answer = answer
        self.connections = 0
        self.requests: list[bytes] = []
        self.arrived = asyncio.Event()
        self.port = 0

    def url(self, host: str = "127.0.0.1", scheme: str = "http", path: str = "/hook") -> str:
        """An address of this receiver."""
        return f"{scheme}://{host}:{self.port}{path}"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self.connections += 1
        while not writer.is_closing():
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            body = await reader.readexactly(int(length[1])) if length else b""
            self.requests.append(head + body)
            self.arrived.set()
            await self.say(writer)

    async def say(self, writer: asyncio.StreamWriter) -> None:
        """Writes the answer to one request."""
        if isinstance(self.answer, bytes):
            writer.write(self.answer)
            await writer.drain()
        else:
            await self.answer(writer)


@contextlib.asynccontextmanager
async def receiver(
    answer: bytes | Answer = OK, *, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Receiver]:
    """A receiver that listens until the block ends."""
    sink = Receiver(answer)
    async with listening(sink.talk, host=host, port=port, tls=tls) as sink.port:
        yield sink


@contextlib.asynccontextmanager
async def outbound(
    allowed: Allowed = LOOPBACK, names: Mapping[str, Sequence[str]] | None = None, ca_file: str | None = None
) -> AsyncIterator[Outbound]:
    """A client whose names are those of the table, which a test may change between sends."""

    async def resolve(host: str) -> Sequence[str]:
        if names is None or host not in names:
            raise OSError("Name or service not known")
        return names[host]

    client = Outbound(allowed, resolve=resolve, ca_file=ca_file)
    try:
        yield client
    finally:
        await client.close()


def post(url: str, body: bytes = b"{}", timeout_ms: int = 10_000, **headers: str) -> Request:
    """A small POST; underscores in header names become hyphens."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Request("POST", url, named, body, timeout_ms)


def replied(result: object) -> Reply:
    """The result as a reply; anything else fails the test."""
    assert isinstance(result, Reply), result
    return result


def failed(result: object, kind: str) -> str:
    """The message of a failure of this kind; anything else fails the test."""
    assert isinstance(result, Failure), result
    assert result.kind == kind, result
    return result.message


class Ask:
    """An `about_to_write` that counts how often it was asked."""

    def __init__(self, *, answer: bool = True) -> None:
        self.answer = answer
        self.times = 0

    def __call__(self) -> bool:
        """Whether to go on."""
        self.times += 1
        return self.answer
