"""A tiny dialect and engine, and a server on a real port: what the tests of the edge stand on."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from ensue.domain.errors import EnsueError
from ensue.domain.key import Key, hash_token
from ensue.http.app import Application
from ensue.http.auth import bearer_key, known_bearer
from ensue.http.dialect import Dialect, Engine
from ensue.http.exchange import Answer, Call, Route, Stream, json_answer
from ensue.http.forwarded import TrustedProxies
from ensue.http.limits import HttpLimits
from ensue.http.server import serve

NOW = 1_700_000_000_000
ALL = ("events:write", "events:read")


def key(name: str, **changes: Any) -> Key:
    """A key whose token is its name."""
    values = {"project": "prj_a", "scopes": ALL, "created_at": 0, "token_hash": hash_token(name), "secret": ""}
    return Key(id=f"key_{name}", **{**values, **changes})


class FakeKeys:
    """Keys by token; `cold` ones are not at hand and must be waited for."""

    def __init__(self) -> None:
        self.held = {
            "good": key("good"),
            "reader": key("reader", scopes=("events:read",)),
            "public": key("public", public=True, origins=("https://shop.example",)),
        }
        self.cold = {"cold": key("cold")}
        self.asked = 0

    def known(self, token: str) -> Key | None:
        """The key at hand."""
        return self.held.get(token)

    async def authenticate(self, token: str) -> Key:
        """The key, after a turn of the loop."""
        self.asked += 1
        await asyncio.sleep(0)
        if token not in self.cold:
            raise EnsueError("unauthorized", "There is no such key.")
        return self.cold[token]


class FakeEngine:
    """An engine that remembers what was asked of it. `entered` is set by a handler that waits for `release`."""

    def __init__(self) -> None:
        self.keys = FakeKeys()
        self.life: list[str] = []
        self.calls: list[Call] = []
        self.entered = asyncio.Event()
        self.release = asyncio.Event()
        self.left = asyncio.Event()

    async def start(self) -> None:
        """Begin."""
        self.life.append("start")

    async def stop(self) -> None:
        """End."""
        self.life.append("stop")


async def take(engine: FakeEngine, call: Call) -> Answer:
    """What came, as JSON; it says where the call came from."""
    engine.calls.append(call)
    await asyncio.sleep(0)
    return json_answer(202, {"size": len(call.body), "key": call.key.id if call.key else None, "query": call.query})


async def show(engine: FakeEngine, call: Call) -> Answer:
    """The path's parameters."""
    engine.calls.append(call)
    return json_answer(200, {"parameters": call.parameters, "client": call.client})


async def fail(engine: FakeEngine, call: Call) -> Answer:
    """A bug."""
    raise RuntimeError("the secret reason")


async def busy(engine: FakeEngine, call: Call) -> Answer:
    """A refusal for now."""
    raise EnsueError("unavailable", "Too busy.", retry_after=7)


async def wait(engine: FakeEngine, call: Call) -> Answer:
    """Answer when released."""
    engine.entered.set()
    await engine.release.wait()
    return json_answer(200, {"released": True})


async def big(engine: FakeEngine, call: Call) -> Answer:
    """Two megabytes, more than a socket holds."""
    return Answer(200, b"x" * 2_000_000, (), "text/plain")


async def torn(engine: FakeEngine, call: Call) -> Answer:
    """A header with a line break."""
    return Answer(200, b"", ((b"x-name", b"a\r\ninjected: b"),))


async def live(engine: FakeEngine, call: Call) -> Stream:
    """One chunk, then nothing until the client goes or the server stops."""

    async def chunks() -> AsyncIterator[bytes]:
        try:
            yield b"id: 1\ndata: {}\n\n"
            engine.entered.set()
            await engine.release.wait()
            yield b"id: 2\n\n"
        finally:
            engine.left.set()

    return Stream(200, chunks())


class Sent(msgspec.Struct):
    """A body, for the OpenAPI page."""

    type: str
    data: dict[str, int] = {}


ROUTES = (
    Route(
        method="POST",
        path="/api/v1/events",
        handler=take,
        name="sendEvent",
        summary="Send.",
        scope="events:write",
        body_limit=20_000,
        public=True,
        hot=True,
        request=Sent,
        responses={202: Sent},
    ),
    Route(
        method="POST",
        path="/api/v1/at/{place}/events",
        handler=take,
        name="sendEventAt",
        summary="Send.",
        body_limit=20_000,
        hot=True,
    ),
    Route(method="POST", path="/api/v1/fail", handler=fail, name="fail", summary="F.", body_limit=100, hot=True),
    Route(method="POST", path="/api/v1/busy", handler=busy, name="busy", summary="B.", body_limit=100, hot=True),
    Route(method="POST", path="/api/v1/wait", handler=wait, name="wait", summary="W.", body_limit=100, hot=True),
    Route(method="POST", path="/api/v1/big", handler=big, name="big", summary="B.", body_limit=100, hot=True),
    Route(method="POST", path="/api/v1/torn", handler=torn, name="torn", summary="T.", body_limit=100, hot=True),
    Route(
        method="POST",
        path="/api/v1/batch",
        handler=take,
        name="batch",
        summary="B.",
        scope="events:write",
        body_limit=1_000_000,
    ),
    Route(method="GET", path="/api/v1/events/{id}", handler=show, name="show", summary="S.", scope="events:read"),
    Route(method="GET", path="/api/v1/events/{id}/cold-fail", handler=fail, name="coldFail", summary="F."),
    Route(method="GET", path="/api/v1/slow", handler=wait, name="slow", summary="W."),
    Route(method="GET", path="/api/v1/stream", handler=live, name="stream", summary="L.", scope="events:read"),
    Route(method="GET", path="/api/v1/open", handler=show, name="open", summary="O.", authenticated=False),
)


class FakeDialect:
    """Speaks with a word of its own in its refusals."""

    name = "fake"
    prefixes = ("/api/v1",)
    signs_bodies = False

    def routes(self, engine: Engine) -> Sequence[Route]:
        """The table above."""
        return ROUTES

    def known(self, engine: Engine, call: Call, route: Route) -> Key | None:
        """By token."""
        return known_bearer(engine, call)

    async def authenticate(self, engine: Engine, call: Call, route: Route) -> Key:
        """By token."""
        return await bearer_key(engine, call)

    def problem(self, error: EnsueError, call: Call) -> Answer:
        """A refusal that shows whose it is."""
        return json_answer(error.status, {"fake": error.code, "message": error.message})

    def verify(self, engine: Engine, call: Call) -> None:
        """Nothing more to prove."""


class SigningDialect(FakeDialect):
    """Its credential covers the body: the header `signature` is the body's length."""

    name = "signing"
    prefixes = ("/signed",)
    signs_bodies = True

    def routes(self, engine: Engine) -> Sequence[Route]:
        """One route by both ways."""
        common = {"method": "POST", "handler": take, "summary": "S.", "body_limit": 1000}
        return (
            Route(path="/signed/hot", name="hot", hot=True, **common),  # type: ignore[arg-type]
            Route(path="/signed/{id}", name="cold", **common),  # type: ignore[arg-type]
        )

    def known(self, engine: Engine, call: Call, route: Route) -> Key | None:
        """Whoever signs is known, but a stranger."""
        return key("signed") if call.header("signature") not in (None, "stranger") else None

    async def authenticate(self, engine: Engine, call: Call, route: Route) -> Key:
        """Whoever signs is known, but a stranger."""
        found = self.known(engine, call, route)
        if found is None:
            raise EnsueError("unauthorized", "There is no such key.")
        return found

    def verify(self, engine: Engine, call: Call) -> None:
        """By the signature."""
        if call.header("signature") != str(len(call.body)):
            raise EnsueError("unauthorized", "The signature is wrong.")


def application(engine: FakeEngine, *dialects: Dialect, proxies: Sequence[str] = ()) -> Application:
    """An application of the fakes, with a clock that stands."""
    spoken = dialects or (FakeDialect(), SigningDialect())
    return Application(engine, spoken, clock=lambda: NOW, proxies=TrustedProxies(proxies))


class Served:
    """A running server: its port, its engine, and how to stop it."""

    def __init__(self, engine: FakeEngine, port: int, stop: asyncio.Event, task: "asyncio.Task[None]") -> None:
        self.engine = engine
        self.port = port
        self.task = task
        self._stop = stop

    def begin_stop(self) -> None:
        """What SIGTERM does."""
        self._stop.set()

    async def stopped(self) -> None:
        """Wait until the server is gone."""
        self._stop.set()
        await self.task


@asynccontextmanager
async def running(
    limits: HttpLimits | None = None, *, app: Application | None = None, grace: float = 5.0, proxies: Sequence[str] = ()
) -> AsyncIterator[Served]:
    """A server on a free port of this machine, stopped at the end."""
    engine = app.engine if app is not None and isinstance(app.engine, FakeEngine) else FakeEngine()
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    served = app or application(engine, proxies=proxies)
    task = asyncio.create_task(
        serve(
            served,
            "127.0.0.1",
            0,
            limits or HttpLimits(sweep_seconds=0.02),
            stop,
            grace,
            ready=lambda _, port: ready.set_result(port),
        )
    )
    task.add_done_callback(lambda _: ready.done() or ready.cancel())
    await asyncio.wait({ready})
    if task.done():
        task.result()
    server = Served(engine, ready.result(), stop, task)
    try:
        yield server
    finally:
        engine.release.set()
        await server.stopped()
