"""Hides what a client may cost: the sizes and times of each part of a request, and who watches them.

No connection has a timer of its own: a `Sweeper` looks at all of them once a second, so that a limit in seconds is kept
within a second.
"""

import asyncio
import logging
import time
from email.utils import formatdate
from typing import Final, Protocol

from msgspec import Struct
from uvicorn.server import ServerState

log = logging.getLogger("ensue")

KIB: Final = 1024


class HttpLimits(Struct, frozen=True, kw_only=True):
    """The limits of the port (design section 8, Limits); each is a setting. Bytes and seconds.

    `body_gap_seconds`: since the last byte; `body_seconds`: in all. `dropped_*`: what is still read of a refused body.
    `write_seconds`: how long a client may leave its answer unread; `stream_seconds`: the same of a live one, whose
    reader is dropped when it is behind for so long, and can resume.
    """

    header_bytes: int = 32 * KIB
    header_seconds: float = 10.0
    body_gap_seconds: float = 10.0
    body_seconds: float = 60.0
    connections: int = 10_000
    keep_alive_seconds: float = 75.0
    dropped_bytes: int = 32 * KIB * KIB  # well beyond the largest body: who sends too much is told so, not cut off
    dropped_seconds: float = 5.0
    write_seconds: float = 30.0
    stream_seconds: float = 5.0
    sweep_seconds: float = 1.0
    backlog: int = 2048


class Swept(Protocol):
    """A connection that ends itself when its time is up."""

    def sweep(self, now: float) -> None:
        """Look at the clock; `now` is the loop's time."""


class Sweeper:
    """The clock of all connections, and who asks them once a second whether their time is up.

    `now` is coarse, the loop's time at the last sweep. `empty` is set while nobody is connected. `closing` turns away
    who was accepted just before a stop.
    """

    def __init__(self, state: ServerState, limits: HttpLimits) -> None:
        self.limits = limits
        self.loop = asyncio.get_running_loop()
        self.empty = asyncio.Event()
        self.empty.set()
        self.closing = False
        self.refused = 0
        self.date_line = b""
        self._state = state
        self._connections: set[Swept] = set()
        self._tick()

    async def run(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(self.limits.sweep_seconds)
            self.sweep()

    def sweep(self) -> None:
        """Look at every connection."""
        self._tick()
        for connection in list(self._connections):
            try:
                connection.sweep(self.now)
            except Exception:
                log.exception("A connection could not be swept.")

    def _tick(self) -> None:
        self.now = self.loop.time()
        date = formatdate(time.time(), usegmt=True).encode("ascii")
        self.date_line = b"date: " + date + b"\r\n"
        self._state.default_headers = [(b"date", date)]

    def joined(self, connection: Swept) -> bool:
        """Note a new connection; False when there are too many."""
        self._connections.add(connection)
        self.empty.clear()
        return len(self._connections) - self.refused <= self.limits.connections

    def left(self, connection: Swept) -> None:
        """Note that a connection is gone."""
        self._connections.discard(connection)
        if not self._connections:
            self.empty.set()
