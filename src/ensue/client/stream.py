"""Hides that a live stream breaks now and then: it goes on where it ended, by `Last-Event-ID`; nothing is lost."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from ensue.client.transport import ApiError, Call, QueryValue, Transport

SILENCE: Final = 60.0
"""Seconds without even a heartbeat after which a stream counts as broken."""


class Streamed(Struct, frozen=True):
    """One event of the stream, and the cursor after which to go on. `gap`: events before this one are missing, because
    the cursor asked for is older than the log; `event` is then None."""

    cursor: str
    event: dict[str, Any] | None = None
    gap: bool = False


class Message(Struct, frozen=True):
    """One message of a stream of server-sent events (WHATWG HTML, 9.2): its name, data, and the last id so far."""

    name: str
    data: str
    id: str | None


def messages(lines: Iterable[bytes]) -> Iterator[Message]:
    """The messages in `lines`; one without data is told too, since a heartbeat carries an id."""
    name, data, last, fresh = "message", list[str](), None, False
    for raw in lines:
        line = raw.rstrip(b"\r\n").decode("utf-8", "replace")
        if not line:
            if data or fresh:
                yield Message(name, "\n".join(data), last)
            name, data, fresh = "message", [], False
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
        elif field == "id":
            last, fresh = value, True


def follow(transport: Transport, query: Mapping[str, QueryValue], after: str | None) -> Iterator[Streamed]:
    """Events as they happen, from now on or after a cursor, for ever. A lost connection is made again, however often;
    only a refusal ends it, as ApiError."""
    failures, cursor = 0, after
    while True:
        try:
            for message in _connection(transport, query, cursor):
                failures = 0
                cursor = message.id if message.id is not None else cursor
                streamed = _streamed(message, cursor or "")
                if streamed is not None:
                    yield streamed
        except ApiError as error:
            if cursor is None or (error.code != "unreachable" and error.status < 500 and error.status != 429):
                raise
        failures += 1
        transport.pause(failures - 1)


def _connection(transport: Transport, query: Mapping[str, QueryValue], cursor: str | None) -> Iterator[Message]:
    """The messages of one connection, until it ends in whatever way."""
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": cursor} if cursor else {})
    call = Call(method="GET", path="/api/v1/stream", query=query, headers=headers)
    with transport.open(call, SILENCE) as lines:
        yield from messages(lines)


def _streamed(message: Message, cursor: str) -> Streamed | None:
    if message.name == "gap":
        return Streamed(cursor, gap=True)
    if not message.data or message.name not in {"message", "event"}:
        return None
    return Streamed(cursor, msgspec.json.decode(message.data))
