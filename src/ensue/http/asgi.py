"""Hides ASGI: a scope becomes a `Call`, a body is read up to its limit, an `Answer` or `Stream` is sent."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from ensue.domain.errors import EnsueError
from ensue.http.exchange import Answer, Call, Stream
from ensue.http.forwarded import TrustedProxies

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CLOSE = (b"connection", b"close")
NO_STORE = (b"cache-control", b"no-store")
NO_SNIFF = (b"x-content-type-options", b"nosniff")
"""An answer is what it says it is: what users sent is never taken for a page or a script, wherever it is opened."""
FAREWELL_SECONDS = 1.0


class ClientGoneError(Exception):
    """The client went away before its request was complete: nobody is there to be answered."""


def call_of(scope: Scope, now: int, proxies: TrustedProxies) -> Call:
    """The request without its body, key and parameters."""
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode("utf-8")
    peer = scope["client"][0] if scope.get("client") else ""
    headers = list(scope["headers"])
    return Call(
        method=scope["method"],
        path=unquote(raw_path.decode("latin-1")),
        raw_path=raw_path,
        headers=headers,
        now=now,
        client=proxies.client(peer, headers),
        query=scope.get("query_string", b""),
    )


async def read_body(receive: Receive, call: Call, limit: int) -> bytes:
    """The whole body. Raises EnsueError `too_large`, as soon as the length or what came is beyond `limit` bytes.

    The rest of a refused body is read and dropped by the protocol, so that the answer arrives (`protocol.py`).
    """
    length = call.header("content-length")
    if length is not None and length.isdecimal() and int(length) > limit:
        raise too_large(limit)
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGoneError
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        pieces.append(piece)
        if not message.get("more_body", False):
            return b"".join(pieces)


def too_large(limit: int) -> EnsueError:
    """The refusal of a body beyond `limit` bytes."""
    return EnsueError("too_large", f"The body is larger than {limit:,} bytes; send less at once.")


def header_block(answer: Answer) -> list[tuple[bytes, bytes]]:
    """All headers of an answer but `date`."""
    headers = list(answer.headers)
    if answer.status not in {204, 304}:
        headers.append((b"content-length", b"%d" % len(answer.body)))
    if answer.content_type is not None:
        headers.append((b"content-type", answer.content_type.encode("latin-1")))
    if all(name != b"cache-control" for name, _ in answer.headers):
        headers.append(NO_STORE)
    headers.append(NO_SNIFF)
    return headers


async def send_answer(send: Send, answer: Answer, call: Call) -> None:
    """Send a complete response. A refusal of a client that waits for `100 Continue` ends the connection."""
    headers = header_block(answer)
    if answer.status >= 400 and call.header("expect") is not None:
        headers.append(CLOSE)
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    body = b"" if call.method == "HEAD" or answer.status in {204, 304} else answer.body
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def send_stream(receive: Receive, send: Send, stream: Stream, streams: set[asyncio.Task[None]]) -> None:
    """Send chunks until they end, the client goes, or the task that is put into `streams` is cancelled (a stop)."""
    headers = [*stream.headers, (b"content-type", stream.content_type.encode("latin-1")), NO_STORE, NO_SNIFF]
    await send({"type": "http.response.start", "status": stream.status, "headers": headers})
    pump = asyncio.create_task(_pump(send, stream))
    gone = asyncio.create_task(_disconnected(receive))
    streams.add(pump)
    try:
        await asyncio.wait({pump, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        streams.discard(pump)
        left = gone.done()
        await _end(pump)
        await _end(gone)
        await _close(stream)
    if not left:
        with contextlib.suppress(TimeoutError):  # a reader that reads no more is not waited for
            await asyncio.wait_for(send({"type": "http.response.body", "body": b""}), FAREWELL_SECONDS)
    if not pump.cancelled() and (error := pump.exception()) is not None:
        raise error


async def _pump(send: Send, stream: Stream) -> None:
    async for chunk in stream.chunks:
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})


async def _close(stream: Stream) -> None:
    close = getattr(stream.chunks, "aclose", None)
    if close is not None:
        await close()
