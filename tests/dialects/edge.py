"""The native API without a port: a house on the memory store, a clock that tests turn, called in-process by ASGI."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from ensue import app
from ensue.config import Config
from ensue.domain.key import SCOPES, Scope
from ensue.http.app import Application
from ensue.testing import Clock

EVENTS = "/api/v1/events"
TRIGGERS = "/api/v1/triggers"
HOOK = "https://hooks.example/in"


class Got(Struct, frozen=True):
    """An answer."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return msgspec.json.decode(self.body)

    @property
    def error(self) -> tuple[int, str, str | None]:
        """Status, code and field of a refusal."""
        told = self.json["error"]
        assert told["message"]
        return self.status, told["code"], told.get("field")


class Edge:
    """Calls with one key."""

    def __init__(self, application: Application, house: app.House, clock: Clock, token: str | None) -> None:
        self.application = application
        self.house = house
        self.clock = clock
        self.token = token

    async def with_key(self, project: str = "default", *scopes: Scope) -> "Edge":
        """Calls with a new key of that project; all scopes if none are given."""
        new = await self.house.engine.keys.create(project, scopes or SCOPES)
        return Edge(self.application, self.house, self.clock, new.token)

    def with_token(self, token: str | None) -> "Edge":
        """Calls with that token."""
        return Edge(self.application, self.house, self.clock, token)

    async def __call__(self, method: str, url: str, body: Any = b"", **headers: str) -> Got:
        """One request; a body that is not bytes is sent as JSON, `_` in header names is `-`."""
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        path, _, query = url.partition("?")
        sent = [(name.replace("_", "-").lower().encode(), value.encode()) for name, value in headers.items()]
        if self.token is not None:
            sent.append((b"authorization", b"Bearer " + self.token.encode()))
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": sent,
            "client": ("127.0.0.1", 1),
        }
        messages: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        await self.application(scope, receive, send)
        given = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        return Got(messages[0]["status"], b"".join(message.get("body", b"") for message in messages[1:]), given)

    async def send(self, **fields: Any) -> str:
        """The id of an event that was accepted."""
        got = await self("POST", EVENTS, {"type": "order.paid"} | fields)
        assert got.status == 202, got.body
        return str(got.json["id"])

    async def trigger(self, url: str = HOOK, **fields: Any) -> dict[str, Any]:
        """A trigger that was made."""
        got = await self("POST", TRIGGERS, {"name": "a trigger", "endpoint": {"url": url}} | fields)
        assert got.status == 201, got.body
        made: dict[str, Any] = got.json
        return made

    async def items(self, url: str) -> list[dict[str, Any]]:
        """The items of a list."""
        got = await self("GET", url)
        assert got.status == 200, got.body
        return list(got.json["items"])


@asynccontextmanager
async def edge(directory: Path, **settings: Any) -> AsyncIterator[Edge]:
    """A started house with its first key, ended with the block."""
    clock = Clock()
    values: dict[str, Any] = {"data": str(directory), "store": "memory", "allow_networks": "127.0.0.0/8"}
    house = app.build(Config(**(values | settings)), clock=clock)
    clock.on_turn(house.engine.wake)
    await app.open_house(house)
    application = app.application(house)
    await application.start()
    try:
        key = await house.engine.keys.create("default")
        yield Edge(application, house, clock, key.token)
    finally:
        await application.stop()
        await house.store.close()
