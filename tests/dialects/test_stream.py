"""`GET /stream`: filters, frames, resuming, and what is not sent yet."""

from typing import Any

import msgspec
import pytest

from ensue.dialects.native import stream
from ensue.http.exchange import Call, Stream
from tests.dialects.edge import EVENTS, Edge

STREAM = "/api/v1/stream"


async def followed(api: Edge, query: str = "", **headers: str) -> Stream:
    """A stream that was opened by the API's own key."""
    assert api.token is not None
    key = await api.house.engine.keys.authenticate(api.token)
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    call = Call(method="GET", path=STREAM, raw_path=b"", headers=sent, now=api.clock(), query=query.encode(), key=key)
    return await stream.follow(api.house.engine, call)


def messages(chunk: bytes) -> list[dict[str, Any]]:
    """The messages of a chunk: `id`, `event`, `data`."""
    found = []
    for block in chunk.decode().strip("\n").split("\n\n"):
        fields: dict[str, Any] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            fields[name] = f"{fields[name]}\n{value}" if name in fields else value
        found.append(fields)
    return found


async def next_events(opened: Stream) -> list[dict[str, Any]]:
    """The messages of the next chunk that has events."""
    async for chunk in opened.chunks:
        found = [message for message in messages(chunk) if "data" in message]
        if found:
            return found
    raise AssertionError("the stream ended")


async def test_events_come_as_they_are_read(api: Edge) -> None:
    """A message's data is the event as `GET /events/{id}` gives it, its id a cursor to go on from."""
    opened = await followed(api)
    assert b"retry:" in await anext(opened.chunks)
    assert b"\nid: " in await anext(opened.chunks)
    event_id = await api.send(data={"a": 1})
    (message,) = await next_events(opened)
    assert msgspec.json.decode(message["data"]) == (await api("GET", f"{EVENTS}/{event_id}")).json
    assert "event" not in message
    resumed = await followed(api, f"after={message['id']}")
    later = await api.send()
    (following,) = await next_events(resumed)
    assert msgspec.json.decode(following["data"])["id"] == later
    again = await followed(api, f"after={following['id']}", last_event_id=message["id"])
    (repeated,) = await next_events(again)
    assert repeated == following


async def test_data_with_line_breaks_is_one_message(api: Edge) -> None:
    """JSON that was sent over several lines is several `data` lines, and the same JSON."""
    opened = await followed(api)
    await anext(opened.chunks), await anext(opened.chunks)
    assert (await api("POST", EVENTS, b'{"type":"t","data":{\r\n"a":\r1,\n"b":2}}')).status == 202
    (message,) = await next_events(opened)
    assert msgspec.json.decode(message["data"])["data"] == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("type=a.*", {"type": "a.b"}),
        ("subject=s", {"subject": "s"}),
        ("tenant=t", {"tenant": "t"}),
        ("context=c", {"context": {"id": "c"}}),
        ("category=x", {"card": {"category": "x"}}),
        ("test=true", {"card": {"test": True}}),
        ("muted=true", {"card": {"muted": True}}),
        ("notify=true", {"card": {"notify": True}}),
        ("avatar=%F0%9F%9B%92", {"card": {"avatar": "🛒"}}),
        ("idempotency_key=k", {"idempotency_key": "k"}),
    ],
)
async def test_only_what_is_wanted_comes(api: Edge, query: str, fields: dict[str, Any]) -> None:
    """Each filter lets its events through and no others."""
    opened = await followed(api, query)
    await anext(opened.chunks), await anext(opened.chunks)
    await api.send(type="other")
    wanted = await api.send(**({"type": "some"} | fields))
    found = await next_events(opened)
    assert [msgspec.json.decode(message["data"])["id"] for message in found] == [wanted]


async def test_another_projects_events_do_not_come(api: Edge) -> None:
    """A stream is of its key's project."""
    other = await api.with_key("other")
    opened = await followed(api)
    await anext(opened.chunks), await anext(opened.chunks)
    await other.send()
    mine = await api.send()
    found = await next_events(opened)
    assert [msgspec.json.decode(message["data"])["id"] for message in found] == [mine]


async def test_a_cursor_of_another_log_is_a_gap(api: Edge) -> None:
    """Whoever resumes from a place that is not there is told, and gets everything from the oldest on."""
    event_id = await api.send()
    opened = await followed(api, "after=elsewhere.7")
    gap, message = await next_events(opened)
    assert (gap["event"], "id" in gap) == ("gap", False)
    assert msgspec.json.decode(message["data"])["id"] == event_id


async def test_what_a_stream_is_not(api: Edge) -> None:
    """Lines of JSON are not sent yet; time and limits are no filters of a stream; a cursor has a form."""
    assert (await api("GET", STREAM, accept="application/x-ndjson")).error == (415, "unsupported", "accept")
    assert (await api("GET", f"{STREAM}?since=2026-01-01T00:00:00Z")).error == (400, "invalid", "since")
    assert (await api("GET", f"{STREAM}?after={'x' * 300}")).error == (400, "invalid", "after")
    assert (await api("GET", f"{STREAM}?type=")).error == (400, "invalid", "type")
