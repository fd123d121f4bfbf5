"""CloudEvents on `POST /events`: structured, binary and batch, by content type and headers."""

import base64
from typing import Any

from tests.dialects.edge import EVENTS, Edge

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
CLOUD = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.paid"}
BINARY = {"ce_specversion": "1.0", "ce_id": "1", "ce_source": "/shop", "ce_type": "order.paid"}


async def sent(api: Edge, got: Any) -> dict[str, Any]:
    """The event that an answer names."""
    assert got.status == 202, got.body
    event: dict[str, Any] = (await api("GET", f"{EVENTS}/{got.json['id']}")).json
    return event


async def test_structured_keeps_what_it_says(api: Edge) -> None:
    """Attributes, extensions and data of a structured event come out; `id` is the sender's, ours is another."""
    body = CLOUD | {"data": {"a": 1}, "subject": "s", "traceparent": "00-1", "dataschema": "urn:x", "big": 7}
    event = await sent(api, await api("POST", EVENTS, body, content_type=f"{STRUCTURED}; charset=utf-8"))
    assert (event["sender_id"], event["source"], event["subject"]) == ("1", "/shop", "s")
    assert (event["data"], event["schema"]) == ({"a": 1}, "urn:x")
    assert event["attributes"] == {"traceparent": "00-1", "big": 7}


async def test_binary_keeps_bytes(api: Edge) -> None:
    """A body that is no text is kept as base64 with its media type."""
    event = await sent(api, await api("POST", EVENTS, b"\xff\x00", content_type="image/png", **BINARY))
    assert (event["data_base64"], event["content_type"]) == (base64.b64encode(b"\xff\x00").decode(), "image/png")


async def test_binary_json_is_data(api: Edge) -> None:
    """A JSON body in binary mode is `data`."""
    event = await sent(api, await api("POST", EVENTS, b'{"a":1}', content_type="application/json", **BINARY))
    assert event["data"] == {"a": 1}


async def test_the_same_source_and_id_is_the_same_event(api: Edge) -> None:
    """A repeat within 24 hours is answered with the first event's id whatever its body, in whichever mode."""
    first = await api("POST", EVENTS, CLOUD, content_type=STRUCTURED)
    again = await api("POST", EVENTS, b"other", content_type="text/plain", **BINARY)
    assert (again.status, again.json) == (200, {"id": first.json["id"], "duplicate": True})


async def test_an_idempotency_key_is_compared(api: Edge) -> None:
    """With a key, another body is a 422, as for native events."""
    answers = [
        await api("POST", EVENTS, CLOUD | {"id": at, "data": data}, content_type=STRUCTURED, idempotency_key="k")
        for at, data in (("1", 1), ("1", 1), ("2", 2))
    ]
    assert [got.status for got in answers] == [202, 200, 422]


async def test_missing_attributes_are_named(api: Edge) -> None:
    """Each required attribute that is missing is a 400 with its name, structured and binary."""
    for name in CLOUD:
        partly = {key: value for key, value in CLOUD.items() if key != name}
        got = await api("POST", EVENTS, partly, content_type=STRUCTURED)
        assert got.error == (400, "invalid", name)
        headers = {key: value for key, value in BINARY.items() if key != f"ce_{name}"}
        assert (await api("POST", EVENTS, b"{}", **headers)).error == (400, "invalid", name)


async def test_reserved_types_are_refused(api: Edge) -> None:
    """Nobody speaks for the platform by this way in either."""
    got = await api("POST", EVENTS, CLOUD | {"type": "ensue.x"}, content_type=STRUCTURED)
    assert got.error == (400, "invalid", "type")


async def test_too_large_is_told(api: Edge) -> None:
    """The limit of one event holds for CloudEvents."""
    got = await api("POST", EVENTS, CLOUD | {"data": "x" * 256 * 1024}, content_type=STRUCTURED)
    assert got.error[:2] == (413, "too_large")


async def test_a_batch_has_a_result_for_each(api: Edge) -> None:
    """Good, repeated and wrong ones have their results in order, on both URLs."""
    events = [CLOUD, CLOUD | {"type": 1}, CLOUD | {"id": "2"}, CLOUD | {"data": 2}, CLOUD | {"id": "3", "type": ""}]
    got = await api("POST", EVENTS, events, content_type=BATCH)
    assert got.status == 207
    assert {name: got.json[name] for name in ("accepted", "duplicates", "failed")} == {
        "accepted": 2,
        "duplicates": 1,
        "failed": 2,
    }
    items = got.json["items"]
    assert items[3] == {"id": items[0]["id"], "duplicate": True}
    assert (items[1]["error"]["field"], items[4]["error"]["field"]) == ("type", "type")
    again = await api("POST", f"{EVENTS}/batch", events, content_type=BATCH)
    assert again.json["duplicates"] == 3


async def test_a_batch_that_is_none_is_refused(api: Edge) -> None:
    """Not an array, or too many, or a key for all: nothing is stored."""
    assert (await api("POST", EVENTS, CLOUD, content_type=BATCH)).error[:2] == (400, "invalid")
    assert (await api("POST", EVENTS, [CLOUD] * 1_001, content_type=BATCH)).error[:2] == (413, "too_large")
    assert (await api("POST", EVENTS, [CLOUD], content_type=BATCH, idempotency_key="k")).error[0] == 400
    assert await api.items(EVENTS) == []
