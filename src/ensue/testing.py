"""Hides what a test of Ensue, or on top of it, needs: a clock to turn, a receiver to script, a running house.

Nothing here sleeps: what a test waits for is a condition, and it is told when it holds.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Self

import httptools
from msgspec import Struct

from ensue import app
from ensue.config import Config
from ensue.domain.key import SCOPES, Scope
from ensue.engine.engine import Engine
from ensue.engine.keys import NewKey
from ensue.http.server import serve
from ensue.store.base import Store

PATIENCE = 30.0
"""Seconds after which something that was awaited counts as not coming."""


class Clock:
    """The time, turned by a test. Milliseconds UTC; begins at a fixed moment."""

    def __init__(self, now: int = 1_800_000_000_000) -> None:
        self.now = now
        self._turned: list[Callable[[], None]] = []

    def __call__(self) -> int:
        """Milliseconds UTC."""
        return self.now

    def on_turn(self, told: Callable[[], None]) -> None:
        """Tell `told` when the clock was turned."""
        self._turned.append(told)

    def turn(self, milliseconds: int) -> None:
        """Let time pass."""
        self.now += milliseconds
        for told in self._turned:
            told()


class Received(Struct, frozen=True):
    """One request that a receiver got. Header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Reply(Struct, frozen=True):
    """What a receiver answers. `hold` is awaited before the answer is written; `drop` closes without one."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = {}
    hold: Callable[[], Awaitable[object]] | None = None
    drop: bool = False


Script = Callable[[Received], Reply]


class Sink:
    """A receiver on loopback that keeps what it gets and answers by `script`.

    Use as `async with Sink() as sink:`, then `sink.url`.
    """

    def __init__(self, script: Script | None = None) -> None:
        self.script: Script = script or (lambda _received: Reply())
        self.received: list[Received] = []
        self.url = ""
        self._server: asyncio.Server | None = None
        self._changed = asyncio.Condition()
        self._serving: set[asyncio.Task[Any]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/hook"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._serving:
            task.cancel()
        if self._serving:
            await asyncio.wait(self._serving)

    async def wait_for(self, count: int, patience: float = PATIENCE) -> Sequence[Received]:
        """What was received, once that is `count` requests or more. TimeoutError if they do not come."""
        async with asyncio.timeout(patience), self._changed:
            await self._changed.wait_for(lambda: len(self.received) >= count)
        return self.received

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._note_task()
        try:
            while (received := await _read_request(reader)) is not None:
                reply = await self._take(received)
                if reply.drop:
                    return
                writer.write(_encode(reply))
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):  # cancelled by our own end: there is nobody to tell
            return
        finally:
            writer.close()

    def _note_task(self) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    async def _take(self, received: Received) -> Reply:
        reply = self.script(received)
        async with self._changed:
            self.received.append(received)
            self._changed.notify_all()
        if reply.hold is not None:
            await reply.hold()
        return reply


class _Reading:
    """Collects one request; the methods are the parser's callbacks."""

    def __init__(self) -> None:
        self.path = b""
        self.headers: dict[str, str] = {}
        self.body = b""
        self.complete = False

    def on_url(self, url: bytes) -> None:
        self.path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


async def _read_request(reader: asyncio.StreamReader) -> Received | None:
    reading = _Reading()
    parser = httptools.HttpRequestParser(reading)
    while not reading.complete:
        data = await reader.read(65_536)
        if not data:
            return None
        parser.feed_data(data)
    return Received(parser.get_method().decode(), reading.path.decode(), reading.headers, reading.body)


def _encode(reply: Reply) -> bytes:
    headers = {"content-length": str(len(reply.body))} | reply.headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {reply.status} Scripted\r\n{lines}\r\n".encode("latin-1") + reply.body


class Running(Struct, frozen=True):
    """A house that runs in this process: its address, its first key, and what it is made of."""

    url: str
    key: NewKey
    engine: Engine
    store: Store
    house: app.House

    async def new_key(self, project: str = "default", scopes: Sequence[Scope] = SCOPES) -> NewKey:
        """Another key, of this or of another project."""
        return await self.engine.keys.create(project, scopes)


@contextlib.asynccontextmanager
async def running(
    directory: Path, *, clock: Clock | None = None, store: Store | None = None, **settings: Any
) -> AsyncIterator[Running]:
    """Serve on a free port of loopback until the block ends; `settings` are those of `Config`.

    Receivers on loopback may be reached. A turned `clock` wakes the worker.
    """
    values: dict[str, Any] = {"data": str(directory), "port": 0, "allow_networks": "127.0.0.0/8", "grace": 5.0}
    config = Config(**(values | settings))
    house = app.build(config, clock=clock, store=store)
    if clock is not None:
        clock.on_turn(house.engine.wake)
    await app.open_house(house)
    key = await house.engine.keys.create("default")
    stop = asyncio.Event()
    bound: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(
            app.application(house),
            config.host,
            config.port,
            app.http_limits(config),
            stop,
            config.grace,
            ready=lambda _host, port: bound.set_result(port),
        )
    )
    try:
        serving.add_done_callback(lambda _: bound.cancel())
        yield Running(f"http://127.0.0.1:{await bound}", key, house.engine, house.store, house)
    finally:
        stop.set()
        house.engine.begin_stop()
        await serving
        await house.store.close()
