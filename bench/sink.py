"""Hides the receiver: answers 200 to every POST at once, and keeps how long each event took.

Paths that begin with /hang are answered after ten seconds. `GET /taken` gives and forgets what came; `GET /count`
gives how many. Run as `python -m bench.sink PORT`.
"""

import asyncio
import json
import re
import sys
import time
from typing import Final

import uvloop

SENT: Final = re.compile(rb'"sent":\s?([0-9.]+)')
LENGTH: Final = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
HANG: Final = 10.0

state = {"count": 0}
taken: list[float] = []


class Receiver(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self.buffer = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self.transport = transport  # type: ignore[assignment]  # it is one

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self.buffer, 0, end)
            size = end + 4 + (int(found[1]) if found else 0)
            if len(self.buffer) < size:
                return
            request, self.buffer = self.buffer[:size], self.buffer[size:]
            self.answer(request, end)

    def answer(self, request: bytes, end: int) -> None:
        """Count it, or tell what was counted."""
        assert self.transport is not None
        if request.startswith(b"GET"):
            self.transport.write(report(request.split(b" ", 2)[1]))
            return
        if request.startswith(b"POST /hang"):
            asyncio.get_running_loop().call_later(HANG, self.transport.write, OK)
            return
        state["count"] += 1
        sent = SENT.search(request, end)
        if sent is not None:
            taken.append(time.monotonic() - float(sent[1]))
        self.transport.write(OK)


def report(path: bytes) -> bytes:
    """What was asked for, as JSON."""
    if path == b"/taken":
        body = json.dumps(taken).encode()
        taken.clear()
    else:
        body = json.dumps(state["count"]).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def main(port: int) -> None:
    """Serve until ended."""
    server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
