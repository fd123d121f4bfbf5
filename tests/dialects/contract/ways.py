"""Hides the two ways to a dialect: in-process by ASGI, and over a port, where hot routes take their short way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from ensue import app
from ensue.config import Config
from ensue.domain.key import SCOPES, Scope
from ensue.engine.keys import NewKey
from ensue.http.app import Application
from ensue.http.limits import HttpLimits
from ensue.http.server import serve
from ensue.testing import Clock
from tests.dialects.edge import Edge, Got
from tests.http.wire import connected, request

WAYS = ("in-process", "on-a-port")


class PortEdge(Edge):
    """Calls over a connection of their own."""

    def __init__(self, application: Application, house: app.House, clock: Clock, token: str | None, port: int) -> None:
        super().__init__(application, house, clock, token)
        self.port = port

    async def with_key(self, project: str = "default", *scopes: Scope) -> "PortEdge":
        """As `Edge.with_key`."""
        new = await self.house.engine.keys.create(project, scopes or SCOPES)
        return self.with_token(new.token)

    def with_token(self, token: str | None) -> "PortEdge":
        """As `Edge.with_token`."""
        return PortEdge(self.application, self.house, self.clock, token, self.port)

    async def __call__(self, method: str, url: str, body: Any = b"", **headers: str) -> Got:
        """As `Edge.__call__`."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        async with connected(self.port) as wire:
            await wire.send(request(method, url, content, {"token": self.token or "", **headers}))
            got = await wire.response(head_only=method == "HEAD")
        return Got(got.status, got.body, got.headers)


async def at_hand(api: Edge, new: NewKey) -> None:
    """Let a key be known where hot routes look for it: only then they take the short way."""
    if not isinstance(api, PortEdge):
        return
    keys = api.house.engine.keys
    await keys.authenticate(new.token)
    await keys.by_id(new.key.id)
    if new.jwt:
        await keys.verified(new.jwt, new.project.id)


@asynccontextmanager
async def edge_on_port(directory: Path, **settings: Any) -> AsyncIterator[PortEdge]:
    """A served house with its first key, stopped with the block."""
    clock = Clock()
    values: dict[str, Any] = {"data": str(directory), "store": "memory", "allow_networks": "127.0.0.0/8"}
    house = app.build(Config(**(values | settings)), clock=clock)
    clock.on_turn(house.engine.wake)
    await app.open_house(house)
    application = app.application(house)
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    limits = HttpLimits(sweep_seconds=0.02)
    told = lambda _host, port: ready.set_result(port)  # noqa: E731 - says it shortest
    task = asyncio.create_task(serve(application, "127.0.0.1", 0, limits, stop, 5.0, ready=told))
    task.add_done_callback(lambda _: ready.done() or ready.cancel())
    try:
        port = await ready
        key = await house.engine.keys.create("default")
        yield PortEdge(application, house, clock, key.token, port)
    finally:
        stop.set()
        await task
        await house.store.close()
