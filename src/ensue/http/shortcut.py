"""Hides the short way of hot routes: a plain POST goes from the parser to its handler without ASGI.

ASGI costs more than everything else that a small request needs (a scope, a cycle, an event, two sends). So a request
that is nothing but plain (a hot path, HTTP/1.1, a length within the limit, nothing encoded, nobody else's answer under
way, a key that is at hand) is collected here, answered by the same `Application.respond`, and written at once. Anything
unusual takes the long way, and so does whatever is pipelined behind another request: uvicorn keeps the order.
"""

import asyncio
import logging
from collections.abc import Mapping
from typing import Final, cast

from msgspec.structs import force_setattr
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
from uvicorn.server import ServerState

from ensue.http.exchange import JSON, Answer, Call, Stream
from ensue.http.limits import Sweeper
from ensue.http.protocol import LimitedProtocol, answer_bytes
from ensue.http.routing import Bound

log = logging.getLogger("ensue")

UNUSUAL: Final = frozenset({b"transfer-encoding", b"expect", b"content-encoding", b"upgrade"})

_PLAIN: Final = (
    b"%b%bcontent-length: %d\r\ncontent-type: application/json\r\ncache-control: no-store\r\n"
    b"x-content-type-options: nosniff\r\n\r\n%b"
)


class _Nobody:
    """Nobody waits for the body of a short request."""

    def set(self) -> None:
        """Wake nobody."""


class ShortCycle:
    """One request on the short way, with what uvicorn asks of a cycle."""

    __slots__ = (
        "bound",
        "call",
        "disconnected",
        "keep_alive",
        "pieces",
        "response_complete",
        "response_started",
        "task",
    )

    message_event = _Nobody()

    def __init__(self, bound: Bound, call: Call, *, keep_alive: bool) -> None:
        self.bound = bound
        self.call = call
        self.keep_alive = keep_alive
        self.pieces: list[bytes] = []
        self.task: asyncio.Task[None] | None = None
        self.disconnected = False
        self.response_started = False
        self.response_complete = False


class ShortcutProtocol(LimitedProtocol):
    """The protocol of the server: hot routes by the short way, all else by ASGI."""

    def __init__(self, config: Config, state: ServerState, sweeper: Sweeper) -> None:
        super().__init__(config, state, sweeper)
        self.short: ShortCycle | None = None
        self.hot = self.application.hot

    def on_message_begin(self) -> None:
        """Begin without the scope, which only the long way needs."""
        self.url = b""
        self.headers = []
        self._head_begins()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header."""
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Choose the way."""
        self._head_ends()
        found = self.hot.find(self.url)
        self.short = self._short_cycle(*found) if found is not None else None
        if self.short is not None:
            self.cycle = cast("RequestResponseCycle", self.short)
        else:
            self._take_the_long_way()

    def _short_cycle(self, bound: Bound, parameters: Mapping[str, str]) -> ShortCycle | None:
        """The request as a short one; None when anything about it is unusual."""
        parser = self.parser
        if self.busy or self.flow.write_paused or parser.get_method() != b"POST" or parser.get_http_version() != "1.1":
            return None
        headers = dict(self.headers)
        length = headers.get(b"content-length", b"")
        if not (length.isdigit() and len(length) < 10 and UNUSUAL.isdisjoint(headers)):
            return None
        if int(length) > cast("int", bound.route.body_limit):
            return None
        app = self.application
        client = app.proxies.client(self.client[0], self.headers) if self.client else ""
        path = self.url.decode("ascii") if parameters else bound.route.path
        call = Call(method="POST", path=path, raw_path=self.url, headers=self.headers, now=0, client=client)
        if parameters:
            force_setattr(call, "parameters", parameters)
        if bound.route.authenticated:
            key = bound.dialect.known(app.engine, call, bound.route)
            if key is None:
                return None
            force_setattr(call, "key", key)
        return ShortCycle(bound, call, keep_alive=parser.should_keep_alive())

    def _take_the_long_way(self) -> None:
        url, headers = self.url, self.headers
        super(LimitedProtocol, self).on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)
        self.begin_cycle()

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body."""
        if self.short is None:
            super().on_body(body)
        else:
            self.body_bytes += len(body)
            self.short.pieces.append(body)

    def on_message_complete(self) -> None:
        """The request is here in full: start what answers it."""
        short = self.short
        if short is None:
            super().on_message_complete()
            return
        self.reading = 0
        self.short = None
        if short.disconnected:  # refused meanwhile
            return
        call = short.call
        force_setattr(call, "body", short.pieces[0] if len(short.pieces) == 1 else b"".join(short.pieces))
        force_setattr(call, "now", self.application.clock())
        short.task = self.loop.create_task(self._run(short))
        self.tasks.add(short.task)

    async def _run(self, short: ShortCycle) -> None:
        try:
            await self._answer(short)
        finally:
            self.tasks.discard(cast("asyncio.Task[None]", short.task))  # cheaper than a callback

    async def _answer(self, short: ShortCycle) -> None:
        try:
            answer = await self.application.respond(short.bound, short.call)
            data = self._bytes(answer, last=not short.keep_alive)
        except asyncio.CancelledError:
            self.transport.abort()
            raise
        except Exception:
            log.exception("The answer of %s cannot be sent.", short.bound.route.path)
            self.transport.abort()
            return
        short.response_started = short.response_complete = True
        if short.disconnected or self.lingering or self.transport.is_closing():
            return
        self.transport.write(data)
        if not short.keep_alive:
            self.finish()
        self.on_response_complete()

    def _bytes(self, answer: Answer | Stream, *, last: bool) -> bytes:
        if isinstance(answer, Stream):
            raise TypeError("A hot route answers at once, not with a stream")
        if last or answer.headers or answer.content_type is not JSON:
            return answer_bytes(answer, self.sweeper.date_line, last=last)
        body = answer.body
        return _PLAIN % (STATUS_LINE[answer.status], self.sweeper.date_line, len(body), body)
