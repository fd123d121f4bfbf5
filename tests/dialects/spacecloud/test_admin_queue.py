"""The queue of admins: many at once, without rules and schemas, all of them or none."""

from typing import Any

import pytest

from tests.dialects.spacecloud.cloud import MANY, Cloud, told


async def many(cloud: Cloud, *events: Any) -> tuple[int, Any]:
    """Status and body of a call with these events."""
    got = await cloud("POST", MANY, {"events": list(events)})
    return got.status, got.json


async def test_many_are_queued(cloud: Cloud) -> None:
    """In order, internal types too, whatever rule or schema there is; `isSynchronous` says nothing here."""
    await cloud.set("rules/default", {"rule": "deny"})
    await cloud.set("schema/my_type", {"schema": "type my_type { a: Integer! }"})
    sent = [
        {"type": "my_type", "payload": {"b": 1}, "isSynchronous": True},
        {"type": "DB_INSERT", "payload": {"db": "x"}, "options": {"db": "x"}},
    ]
    assert await many(cloud, *sent) == (200, {})
    assert sorted(event["type"] for event in await cloud.events()) == ["DB_INSERT", "my_type"]


async def test_none_is_nothing(cloud: Cloud) -> None:
    """An empty list is done at once."""
    assert await many(cloud) == (200, {})
    assert not await cloud.events()


@pytest.mark.parametrize(
    "bad", [None, [], "x", 5, {}, {"type": None}, {"type": ""}, {"type": "ensue.x"}, {"type": 5}, {"type": "x" * 256}]
)
async def test_one_that_cannot_be_queued_stops_all(cloud: Cloud, bad: Any) -> None:
    """400 that names it; null made their server fall over."""
    status, body = await many(cloud, {"type": "a"}, bad)
    assert status == 400
    assert "events[1]" in body["error"]
    assert not await cloud.events()


@pytest.mark.parametrize("body", [{}, {"type": "my_type"}, {"events": None}, {"events": {}}, [], None])
async def test_a_body_without_a_list_is_told_so(cloud: Cloud, body: Any) -> None:
    """A bare event would be lost in silence on their server."""
    status, error, _ = told(await cloud("POST", MANY, body))
    assert status == 400
    assert error
    assert not await cloud.events()


async def test_there_is_a_most_of_events_and_of_each(cloud: Cloud) -> None:
    """A thousand and no more; each as large as one alone may be."""
    assert (await many(cloud, *({"type": "a"} for _ in range(1_000))))[0] == 200
    assert (await many(cloud, *({"type": "a"} for _ in range(1_001))))[0] == 413
    large = {"type": "a", "payload": "x" * (256 * 1024)}
    status, body = await many(cloud, {"type": "a"}, large)
    assert status == 413
    assert "events[1]" in body["error"]


async def test_it_is_off_where_eventing_is(cloud: Cloud) -> None:
    """404, whoever asks."""
    await cloud.set("config/x", {"enabled": False})
    assert (await many(cloud, {"type": "a"}))[0] == 404
    assert told(await cloud.with_token(None)("POST", MANY, {"events": []})) == (404, "This feature isn't enabled", "")
