"""Hides how the port is served: uvicorn's protocol on the running loop, and a stop that lets everybody finish.

uvicorn's own `Server` is not used: it takes the signals, and waits by polling.
"""

import asyncio
import logging
import resource
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from msgspec.structs import replace
from uvicorn.config import Config
from uvicorn.server import ServerState

from ensue.http.app import Application
from ensue.http.limits import HttpLimits, Sweeper
from ensue.http.shortcut import ShortcutProtocol

log = logging.getLogger("ensue")

FILES_BESIDE: Final = 1500
"""Files that are no connections of clients: outbound ones, the store, what the system needs."""

Ready = Callable[[str, int], None]
"""`ready(host, port)`, called when the port takes connections; `port` is the real one."""


async def serve(
    app: Application,
    host: str,
    port: int,
    limits: HttpLimits,
    stop: asyncio.Event,
    grace: float,
    *,
    ready: Ready | None = None,
) -> None:
    """Serve until `stop` is set, then within `grace` seconds: end streams, finish requests, close, stop the engine.

    Raises OSError when the port cannot be had, before the engine is started.
    """
    bound = bind(host, port)
    try:
        await app.start()
    except BaseException:
        bound.close()
        raise
    try:
        await _serve(app, bound, limits, stop, grace, ready)
    finally:
        await app.stop()


def bind(host: str, port: int) -> socket.socket:
    """A socket that has the address; 0 is any port. Raises OSError when it cannot be had."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.setblocking(False)
    except BaseException:
        bound.close()
        raise
    return bound


def make_room(connections: int) -> int:
    """Let the process have as many files as it needs beside `connections`; how many connections there is room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + FILES_BESIDE
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    room = max(soft // 2, soft - FILES_BESIDE)
    if room < connections:
        log.warning("The process may open %d files, so only %d connections are taken; raise `ulimit -n`.", soft, room)
    return min(connections, room)


async def _serve(
    app: Application, bound: socket.socket, limits: HttpLimits, stop: asyncio.Event, grace: float, ready: Ready | None
) -> None:
    loop = asyncio.get_running_loop()
    config = _config(app)
    limits = replace(limits, connections=make_room(limits.connections))
    state = ServerState()
    sweeper = Sweeper(state, limits)
    server = await loop.create_server(
        lambda: ShortcutProtocol(config, state, sweeper), sock=bound, backlog=limits.backlog
    )
    sweeping = loop.create_task(sweeper.run())
    if ready is not None:
        address = bound.getsockname()
        ready(address[0], address[1])
    try:
        await stop.wait()
    finally:
        server.close()
        await _finish(app, state, sweeper, grace)
        sweeping.cancel()
        await asyncio.wait({sweeping})


async def _finish(app: Application, state: ServerState, sweeper: Sweeper, grace: float) -> None:
    app.close_streams()
    sweeper.closing = True
    for connection in list(state.connections):
        connection.shutdown()
    with suppress(TimeoutError):
        async with asyncio.timeout(grace):
            await sweeper.empty.wait()
            await _all_done(state)
    for connection in list(state.connections):
        connection.transport.abort()
    for task in list(state.tasks):
        task.cancel()
    await _all_done(state)


async def _all_done(state: ServerState) -> None:
    if state.tasks:
        await asyncio.wait(set(state.tasks))


def _config(app: Application) -> Config:
    config = Config(
        app,
        http=ShortcutProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        log_level="critical",  # what it has to say, the application says in its own log
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    config.load()
    return config
