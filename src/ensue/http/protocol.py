"""Hides how one connection is held to its limits, on top of uvicorn's protocol, which brings none.

Refusals of this level are answered in the words of the path's owner where a path is known, else in the native form:
`too_large` (413) for a header block beyond its limit (one code has one status, so not 431), `timeout` (408),
`unavailable` (503), `invalid` (400) for what is not HTTP. What a refused client still sends is read and dropped for a
while, so that the answer arrives instead of a reset.
"""

import asyncio
from typing import Final

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HEADER_RE, HEADER_VALUE_RE, STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from ensue.domain.errors import EnsueError
from ensue.http.app import Application
from ensue.http.asgi import CLOSE, header_block
from ensue.http.exchange import Answer, Call
from ensue.http.limits import Sweeper

REFUSED_AT_ONCE: Final = 1000
"""Connections beyond the limit that are told so at one time; what comes on top is cut without a word."""

IDLE, HEAD, BODY = range(3)
"""What of a request is being read."""


class Gate:
    """What a response sees of the transport: closing waits until the client has stopped sending."""

    __slots__ = ("_protocol",)

    def __init__(self, protocol: "LimitedProtocol") -> None:
        self._protocol = protocol

    def write(self, data: bytes) -> None:
        """Send, unless a refusal was sent already."""
        if not self._protocol.lingering:
            self._protocol.transport.write(data)

    def close(self) -> None:
        """Close when what the client still sends has been dropped."""
        self._protocol.finish()

    def is_closing(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._protocol.lingering or self._protocol.transport.is_closing()


class LimitedProtocol(HttpToolsProtocol):
    """uvicorn's protocol for one connection, held to `HttpLimits`."""

    def __init__(self, config: Config, state: ServerState, sweeper: Sweeper) -> None:
        super().__init__(config, state, {}, sweeper.loop)
        self.application: Application = config.loaded_app
        self.sweeper = sweeper
        self.limits = sweeper.limits
        self.url = b""
        self.reading = IDLE
        self.since = sweeper.now
        self.last_byte = sweeper.now
        self.paused_at = 0.0
        self.closing_at: float | None = None
        self.head_bytes = self.arrived = self.raw_bytes = self.body_bytes = self.dropped = 0
        self.began = False
        self.deaf = False
        self.lingering = False
        self.refused = False

    @property
    def busy(self) -> bool:
        """Whether an answer is owed for a request whose headers were read."""
        return bool(self.cycle) and not self.cycle.response_complete

    # the connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Let the client in, or tell it that there are too many."""
        super().connection_made(transport)
        room = self.sweeper.joined(self)
        if self.sweeper.closing:
            self.transport.close()
        elif not room:
            self._turn_away()

    def _turn_away(self) -> None:
        self.refused = True
        self.sweeper.refused += 1
        if self.sweeper.refused > REFUSED_AT_ONCE:
            self.deaf = True
            self.transport.abort()
            return
        error = "There are too many open connections; close some, or come back later."
        self.refuse(EnsueError("unavailable", error, retry_after=1))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client; what runs for it goes on."""
        super().connection_lost(exc)
        self.sweeper.refused -= self.refused
        self.sweeper.left(self)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection for the answer of a client that says no more; a live answer ends."""
        if self.lingering or not self.busy or self.cycle.response_started or self.reading != IDLE:
            return False
        self.cycle.keep_alive = False
        return True

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless nothing more is wanted of this client."""
        self.last_byte = self.sweeper.now
        if self.deaf:
            self._drop(len(data))
            return
        before = self.reading
        self.arrived = len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self.cycle.keep_alive = False  # answered as if it had not asked; what follows is not HTTP
            self.deaf = True
        except httptools.HttpParserError as error:
            self._not_http(error)
        if self.reading != IDLE and before == self.reading and not self.deaf:
            self._count(len(data))

    def _not_http(self, error: httptools.HttpParserError) -> None:
        cause = error.__context__
        if isinstance(cause, EnsueError):
            self.refuse(cause)
        else:
            self.refuse(EnsueError("invalid", "This is not a valid HTTP/1.1 request."))

    def _count(self, size: int) -> None:
        if self.reading == HEAD:
            self.head_bytes += size
            if self.head_bytes > self.limits.header_bytes:
                self.refuse(self._head_too_large())
        elif not self.busy:
            self._drop(size)
        else:
            self.raw_bytes += size
            if self.raw_bytes > self.limits.header_bytes + 8 * self.body_bytes:
                self.refuse(EnsueError("too_large", "The chunks of the body are mostly framing; send larger ones."))

    def _drop(self, size: int) -> None:
        self.dropped += size
        if self.dropped > self.limits.dropped_bytes:
            self.transport.abort()

    # the parser

    def on_message_begin(self) -> None:
        """A request begins: its headers have their time and size from here."""
        super().on_message_begin()
        self._head_begins()

    def _head_begins(self) -> None:
        self.reading = HEAD
        self.began = True
        self.since = self.sweeper.now
        self.head_bytes = 0

    def on_headers_complete(self) -> None:
        """Start what answers the request, if its headers are within their limit."""
        self._head_ends()
        self.begin_cycle()

    def _head_ends(self) -> None:
        self.reading = BODY
        self.since = self.sweeper.now
        self.raw_bytes = self.body_bytes = self.dropped = 0
        limit = self.limits.header_bytes
        if self.head_bytes + self.arrived > limit and self._head_size() > limit:
            raise self._head_too_large()
        if self.parser.get_http_version() == "0.9":
            raise EnsueError("invalid", "This is not a valid HTTP/1.1 request: it names no version.")

    def begin_cycle(self) -> None:
        """Hand the request to the ASGI application."""
        super().on_headers_complete()
        self.cycle.transport = Gate(self)  # type: ignore[assignment]
        self.headers = []  # trailers go nowhere

    def on_body(self, body: bytes) -> None:
        """Hand on a piece of the body; what nobody wants is dropped."""
        self.body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is here in full."""
        self.reading = IDLE
        self.since = self.sweeper.now
        super().on_message_complete()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _head_too_large(self) -> EnsueError:
        return EnsueError("too_large", f"The headers are larger than {self.limits.header_bytes:,} bytes; send fewer.")

    # the answer

    def on_response_complete(self) -> None:
        """Go on with the next request; from now on the client is waited for."""
        self.server_state.total_requests += 1
        if self.lingering or self.transport.is_closing():
            return
        self.flow.resume_reading()
        self.since = self.sweeper.now
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)

    def pause_writing(self) -> None:
        """The client does not read fast enough."""
        self.paused_at = self.loop.time()
        super().pause_writing()

    def refuse(self, error: EnsueError) -> None:
        """Say what is wrong and end the connection, unless an answer is under way: then end after it."""
        self.deaf = True
        if self.busy and (self.cycle.response_started or self.reading != BODY or self.pipeline):
            self.cycle.keep_alive = False
            return
        if self.busy:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.write(answer_bytes(self.application.refusal(error, self._call()), self.sweeper.date_line))
        self._linger()

    def _call(self) -> Call:
        """As much of the call as is known, for whoever words the refusal."""
        raw_path = self.url.partition(b"?")[0]
        return Call(method="", path=raw_path.decode("latin-1"), raw_path=raw_path, headers=[], now=0)

    def finish(self) -> None:
        """Close, after the rest of what the client sends was dropped: else a reset would overtake the answer."""
        if self.lingering or self.transport.is_closing():
            return
        if self.reading == BODY or self.deaf:
            self._linger()
        else:
            self.transport.close()

    def _linger(self) -> None:
        self.deaf = self.lingering = True
        self.since = self.sweeper.now
        self.dropped = 0
        self.flow.resume_reading()
        if self.transport.can_write_eof() and not self.transport.is_closing():
            self.transport.write_eof()

    # the time

    def sweep(self, now: float) -> None:
        """End the connection where its time is up."""
        limits, quiet = self.limits, now - self.since
        if self.transport.is_closing():
            self.closing_at = self.closing_at or now
            if now - self.closing_at > limits.dropped_seconds:
                self.transport.abort()
        elif self.flow.write_paused:
            patience = limits.stream_seconds if self.busy else limits.write_seconds
            if now - self.paused_at > patience:
                self.transport.abort()
        elif self.lingering:
            if quiet > limits.dropped_seconds:
                self.transport.abort()
        elif self.busy:
            self._sweep_body(now, quiet)
        elif quiet > self._patience():
            self._give_up()

    def _sweep_body(self, now: float, quiet: float) -> None:
        if self.reading != BODY or self.cycle.response_started or self.flow.read_paused:
            return
        if quiet > self.limits.body_seconds or now - self.last_byte > self.limits.body_gap_seconds:
            self.refuse(EnsueError("timeout", "The body did not arrive in time; send the request again."))

    def _patience(self) -> float:
        """How long the client may take for what is awaited of it now, while no answer is owed."""
        if self.reading == BODY:
            return self.limits.dropped_seconds
        if self.reading == HEAD or not self.began:
            return self.limits.header_seconds
        return self.limits.keep_alive_seconds

    def _give_up(self) -> None:
        if self.reading == HEAD:
            self.refuse(EnsueError("timeout", "The headers did not arrive in time; send the request again."))
        else:
            self.transport.close()


def answer_bytes(answer: Answer, date_line: bytes, *, last: bool = True) -> bytes:
    """An answer as it stands on the wire; `last` says that the connection ends with it.

    Raises ValueError for a header that would break the lines.
    """
    headers = header_block(answer)
    if any(HEADER_RE.search(name) or HEADER_VALUE_RE.search(value) for name, value in answer.headers):
        raise ValueError("An answer has a header that HTTP cannot carry")
    if last:
        headers.append(CLOSE)
    lines = b"".join([b"%b: %b\r\n" % header for header in headers])
    return b"%b%b%b\r\n%b" % (STATUS_LINE[answer.status], date_line, lines, answer.body)
