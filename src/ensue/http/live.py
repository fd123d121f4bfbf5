"""Hides how a live answer is framed: server-sent events that carry the cursor as their id, and so do heartbeats.

A client resumes with the last id it saw (`Last-Event-ID`, or `?after=` where a header cannot be set). A heartbeat moves
that id too, so that a quiet stream with narrow filters does not resume far behind. What a reader may fall behind is the
feed's business: it ends the iterator.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Final

from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.engine.feed import Glimpse, Moment
from ensue.http.exchange import Call, Stream

RETRY_MILLISECONDS: Final = 2000
MAX_CURSOR: Final = 200

_HEADERS: Final = ((b"x-accel-buffering", b"no"),)  # proxies that buffer would hold events back


def event_chunk(cursor: str, data: bytes, name: str | None = None) -> bytes:
    """One event as it stands on the wire: `data` is JSON, whose line breaks (never inside strings) are kept."""
    head = b"event: " + name.encode("utf-8") + b"\n" if name is not None else b""
    lines = data.splitlines() if b"\n" in data or b"\r" in data else [data]
    return b"%bid: %b\n%b\n" % (head, cursor.encode("ascii"), b"".join([b"data: %b\n" % line for line in lines]))


def heartbeat_chunk(cursor: str) -> bytes:
    """A sign of life that moves the client's last id and raises no event there."""
    return b": still here\nid: %b\n\n" % cursor.encode("ascii")


def gap_chunk() -> bytes:
    """What was between the cursor asked for and the next event is not in the log any more, or the log was restored.

    It has no id: who loses the connection here asks from the same place again, and hears of the gap again.
    """
    return b'event: gap\ndata: {"gap": true}\n\n'


def retry_chunk(milliseconds: int = RETRY_MILLISECONDS) -> bytes:
    """How long a client waits before it connects again."""
    return b"retry: %d\n\n" % milliseconds


def resume_cursor(call: Call) -> str | None:
    """Where the client wants to go on: `Last-Event-ID`, else `?after=`; None is from now.

    The header wins: browsers repeat the first URL when they connect again. Raises `invalid` for what is no cursor.
    """
    header = call.header("last-event-id")
    after = next((value for name, value in call.query_pairs() if name == "after"), None)
    cursor, field = (header, "Last-Event-ID") if header else (after, "after")
    if not cursor:
        return None
    if len(cursor) > MAX_CURSOR or not cursor.isascii() or not cursor.isprintable():
        raise EnsueError("invalid", f"{field} is not a cursor of this stream; leave it out to begin now.", field)
    return cursor


def live_stream(glimpses: AsyncIterator[Glimpse], encode: Callable[[Event], bytes], form: str) -> Stream:
    """An answer that sends what a follower of the feed sees, as server-sent events.

    `encode` gives an event as JSON; `form` names what it gives, so that an event is encoded once however many watch.
    """
    return Stream(200, _chunks(glimpses, encode, form), _HEADERS)


async def _chunks(
    glimpses: AsyncIterator[Glimpse], encode: Callable[[Event], bytes], form: str
) -> AsyncIterator[bytes]:
    async with aclosing(_closable(glimpses)) as following:
        yield retry_chunk()
        async for glimpse in following:
            opening = gap_chunk() if glimpse.gap else b""
            if glimpse.moments:
                yield opening + b"".join([_moment_chunk(moment, encode, form) for moment in glimpse.moments])
            else:
                yield opening + heartbeat_chunk(glimpse.cursor)


def _closable(glimpses: AsyncIterator[Glimpse]) -> AsyncGenerator[Glimpse]:
    """The feed's followers are generators; whoever leaves one says so at once, not when it is collected."""
    if not isinstance(glimpses, AsyncGenerator):
        raise TypeError("A live answer follows a generator")
    return glimpses


def _moment_chunk(moment: Moment, encode: Callable[[Event], bytes], form: str) -> bytes:
    chunk = moment.forms.get(form)
    if chunk is None:
        chunk = moment.forms[form] = event_chunk(moment.cursor, encode(moment.event))
    return chunk
