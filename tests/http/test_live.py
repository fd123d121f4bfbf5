"""Live answers: how events are framed, and where a reader goes on."""

import json
from collections.abc import AsyncIterator

import pytest

from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.engine.feed import Glimpse, Moment
from ensue.http.exchange import Call
from ensue.http.live import event_chunk, gap_chunk, heartbeat_chunk, live_stream, resume_cursor


def read(text: bytes) -> list[dict[str, str]]:
    """Server-sent events as a browser reads them (HTML standard, section 9.2.6), and the last id after each block."""
    events, last = [], ""
    for block in text.decode().split("\n\n")[:-1]:
        data, kind = [], "message"
        for line in block.split("\n"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "id":
                last = value
            elif name == "data":
                data.append(value)
            elif name == "event":
                kind = value
        if data:
            events.append({"kind": kind, "data": "\n".join(data), "id": last})
        else:
            events.append({"kind": "", "data": "", "id": last})
    return events


def test_an_event_is_framed() -> None:
    """Its cursor is its id, its JSON the data."""
    assert event_chunk("e1.7", b'{"a":1}') == b'id: e1.7\ndata: {"a":1}\n\n'
    assert event_chunk("7", b"{}", "sort") == b"event: sort\nid: 7\ndata: {}\n\n"


@pytest.mark.parametrize(
    "data", [b'{\n "a": 1\n}', b'{\r\n "a": 1}', b'{\r"a":1}', b'{"a":1}\n', b'{"a":"\xe2\x80\xa8"}']
)
def test_line_breaks_do_not_break_the_frame(data: bytes) -> None:
    """JSON with line breaks between its parts arrives as the same JSON, in one event."""
    (event,) = read(event_chunk("7", data))
    assert json.loads(event["data"]) == json.loads(data)


def test_a_heartbeat_moves_the_id_and_raises_nothing() -> None:
    """A comment alone would leave a reader with narrow filters far behind."""
    assert read(heartbeat_chunk("9")) == [{"kind": "", "data": "", "id": "9"}]


def test_a_gap_moves_nothing() -> None:
    """It is told, and told again after a lost connection."""
    assert read(event_chunk("1", b"{}") + gap_chunk())[1] == {"kind": "gap", "data": '{"gap": true}', "id": "1"}


def call(query: bytes = b"", header: bytes | None = None) -> Call:
    """A request for the stream."""
    headers = [(b"last-event-id", header)] if header is not None else []
    return Call(method="GET", path="/", raw_path=b"/", headers=headers, now=0, query=query)


def test_where_a_reader_goes_on() -> None:
    """From now, after the query's cursor, or after the header's, which is the newer one."""
    assert resume_cursor(call()) is None
    assert resume_cursor(call(b"after=")) is None
    assert resume_cursor(call(b"after=e1.5&type=x")) == "e1.5"
    assert resume_cursor(call(b"after=e1.5", b"e1.9")) == "e1.9"
    assert resume_cursor(call(b"after=e1.5", b"")) == "e1.5"


@pytest.mark.parametrize("wrong", [b"a" * 201, b"\xe9", b"a\x01"])
def test_what_is_no_cursor(wrong: bytes) -> None:
    """400, naming where it stood."""
    with pytest.raises(EnsueError) as caught:
        resume_cursor(call(header=wrong))
    assert (caught.value.code, caught.value.field) == ("invalid", "Last-Event-ID")


def event(name: str) -> Event:
    """An event."""
    return Event(id=name, project="prj_a", type=name, time=0, received_at=0)


class Following:
    """A feed that shows these glimpses, and remembers that it was closed."""

    def __init__(self, *glimpses: Glimpse) -> None:
        self.glimpses = glimpses
        self.closed = False

    async def follow(self) -> AsyncIterator[Glimpse]:
        """The glimpses."""
        try:
            for glimpse in self.glimpses:
                yield glimpse
        finally:
            self.closed = True


async def test_a_stream_says_what_its_feed_shows() -> None:
    """Events in order, heartbeats, gaps; each chunk is one glimpse."""
    first, second = Moment("1", event("a")), Moment("2", event("b"))
    feed = Following(Glimpse([first, second], "2"), Glimpse((), "5"), Glimpse([Moment("9", event("c"))], "9", gap=True))
    stream = live_stream(feed.follow(), lambda seen: seen.type.encode(), "form")
    chunks = [chunk async for chunk in stream.chunks]
    assert chunks[0].startswith(b"retry: ")
    assert [(frame["kind"], frame["data"], frame["id"]) for frame in read(b"".join(chunks[1:]))] == [
        ("message", "a", "1"),
        ("message", "b", "2"),
        ("", "", "5"),
        ("gap", '{"gap": true}', "5"),
        ("message", "c", "9"),
    ]
    assert feed.closed


async def test_an_event_is_encoded_once_for_all_readers() -> None:
    """A thousand readers cost one encoding; another form is another encoding."""
    moment = Moment("1", event("a"))
    encoded: list[str] = []

    def encode(seen: Event) -> bytes:
        encoded.append(seen.id)
        return b"{}"

    for form in ("one", "one", "two"):
        stream = live_stream(Following(Glimpse([moment], "1")).follow(), encode, form)
        assert b"".join([chunk async for chunk in stream.chunks]).endswith(b"data: {}\n\n")
    assert encoded == ["a", "a"]


async def test_a_reader_that_leaves_leaves_the_feed() -> None:
    """Closing the stream closes what it follows, at once."""
    feed = Following(Glimpse((), "1"), Glimpse((), "2"))
    stream = live_stream(feed.follow(), lambda _: b"", "form")
    await anext(stream.chunks)
    await anext(stream.chunks)
    await stream.chunks.aclose()  # type: ignore[attr-defined]
    assert feed.closed
