"""Deliveries over the native API: listed by every field, shown with attempts, retried, stopped."""

import asyncio
from typing import Any

import pytest

from ensue.testing import Reply, Sink
from tests.dialects.edge import EVENTS, TRIGGERS, Edge

DELIVERIES = "/api/v1/deliveries"


async def ended(api: Edge, delivery: str) -> dict[str, Any]:
    """The delivery once its try is settled."""
    async with asyncio.timeout(20):
        while True:
            found: dict[str, Any] = (await api("GET", f"{DELIVERIES}/{delivery}")).json
            if not found["in_flight"]:
                return found
            await asyncio.sleep(0)


async def waiting(api: Edge) -> tuple[str, str, str]:
    """An event whose delivery waits: the ids of trigger, event and delivery."""
    made = await api.trigger(enabled=False)
    event = await api.send()
    (delivery,) = await api.items(f"{DELIVERIES}?event={event}")
    return made["id"], event, delivery["id"]


async def test_an_attempt_is_told_whole(api: Edge) -> None:
    """One delivery shows its attempts: request with masked secrets, status, headers, body, duration."""
    async with Sink(lambda _: Reply(503, b"busy", {"x-why": "lunch"})) as sink:
        await api.trigger(sink.url, endpoint={"url": sink.url, "secret_headers": {"X-Secret": "hidden"}})
        event = await api.send(data={"a": 1})
        await sink.wait_for(1)
        (listed,) = await api.items(DELIVERIES)
        delivery = await ended(api, listed["id"])
    assert (delivery["kind"], delivery["event"], delivery["state"], delivery["tries"]) == (
        "webhook",
        event,
        "pending",
        1,
    )
    (attempt,) = delivery["attempts"]
    assert (attempt["claim"], attempt["number"], attempt["result"]) == (1, 1, "failed")
    assert attempt["request"]["headers"]["X-Secret"] == "***"
    assert (attempt["request"]["method"], attempt["request"]["url"]) == ("POST", sink.url)
    response = attempt["response"]
    assert (response["status"], response["body"], response["truncated"]) == (503, "busy", False)
    assert response["headers"]["x-why"] == "lunch"
    assert attempt["duration_ms"] >= 0
    assert "attempts" not in (await api.items(DELIVERIES))[0]


async def test_deliveries_are_found_by_words(api: Edge) -> None:
    """By what the event says, why it did not arrive, and the name and address of its trigger, beside every filter."""
    async with Sink(lambda _: Reply(503, b"busy")) as sink:
        trigger = (await api.trigger(sink.url, name="Ledger", retry={"attempts": 1}))["id"]
        for word in ("apple", "pear"):
            await api.send(subject=word, card={"title": "Refund asked"}, data={"to": "J\u00fcrgen"})
        await sink.wait_for(2)
        async with asyncio.timeout(20):
            while True:
                if len(await api.items(f"{DELIVERIES}?state=dead")) == 2:
                    break
                await asyncio.sleep(0)
    fields = f"state=dead&trigger={trigger}&since=2020-01-01T00:00:00Z&until=2099-01-01T00:00:00Z&details=true"
    for question, count in (
        ("q=app", 1),
        ("q=refund+j%C3%BCrgen+503", 2),
        ("q=ledger+pear", 1),
        ("q=127.0.0.1", 2),
        ("q=busy", 0),
        ("q=%22refund%22*", 2),
        ("q=", 2),
        (f"q={'x' * 10_240}", 0),
    ):
        assert len(await api.items(f"{DELIVERIES}?{question}&{fields}")) == count, question
    assert await api.items(f"{DELIVERIES}?q=apple&state=delivered") == []
    first = (await api("GET", f"{DELIVERIES}?q=refund&limit=1")).json
    (second,) = await api.items(f"{DELIVERIES}?q=refund&limit=1&next={first['next']}")
    assert {first["items"][0]["id"], second["id"]} == {one["id"] for one in await api.items(DELIVERIES)}


async def test_deliveries_are_chosen_by_every_field(api: Edge) -> None:
    """Each filter finds the delivery that it means and no other."""
    trigger, event, mine = await waiting(api)
    moment = "2027-01-15T08:00:00Z"
    for query in (
        "state=pending",
        f"trigger={trigger}",
        f"event={event}",
        f"since={moment}",
        "until=2028-01-01T00:00:00Z",
    ):
        assert [one["id"] for one in await api.items(f"{DELIVERIES}?{query}")] == [mine], query
    for query in ("state=dead", "trigger=trg_x", "event=x", f"until={moment}", "since=2028-01-01T00:00:00Z"):
        assert await api.items(f"{DELIVERIES}?{query}") == [], query


@pytest.mark.parametrize(
    ("query", "field"),
    [("state=failed", "state"), ("kind=event", "kind"), ("since=x", "since"), ("limit=0", "limit"), ("next=x", "next")],
)
async def test_a_wrong_query_is_named(api: Edge, query: str, field: str) -> None:
    """Wrong parameters are a 400 with their name."""
    assert (await api("GET", f"{DELIVERIES}?{query}")).error == (400, "invalid", field)


async def test_pages(api: Edge) -> None:
    """Deliveries are listed newest first, each once."""
    await api.trigger(enabled=False)
    events = [await api.send() for _ in range(3)]
    page = (await api("GET", f"{DELIVERIES}?limit=2")).json
    rest = (await api("GET", f"{DELIVERIES}?limit=2&next={page['next']}")).json
    assert [one["event"] for one in page["items"] + rest["items"]] == events[::-1]
    assert rest["next"] is None


async def test_a_stopped_delivery_can_be_retried(api: Edge) -> None:
    """Stopping what waits says that it was not in flight; a second time is a 409; a retry makes it pending again."""
    trigger, _, mine = await waiting(api)
    got = await api("POST", f"{DELIVERIES}/{mine}/cancel")
    assert (got.status, got.json["state"], got.json["in_flight"]) == (200, "cancelled", False)
    assert (await api("POST", f"{DELIVERIES}/{mine}/cancel")).error[:2] == (409, "conflict")
    got = await api("POST", f"{DELIVERIES}/{mine}/retry")
    assert (got.status, got.json["state"]) == (200, "pending")
    assert "ended_at" not in got.json
    assert (await api("DELETE", f"{TRIGGERS}/{trigger}")).status == 204


async def test_what_is_in_flight_can_only_be_stopped(api: Edge) -> None:
    """While a request is under way a retry is a 409, and stopping says `in_flight`; what arrived cannot be retried."""
    answer = asyncio.Event()
    async with Sink(lambda _: Reply(200, hold=answer.wait)) as sink:
        await api.trigger(sink.url)
        first = await api.send()
        await sink.wait_for(1)
        (delivery,) = await api.items(f"{DELIVERIES}?event={first}")
        assert delivery["in_flight"] is True
        assert (await api("POST", f"{DELIVERIES}/{delivery['id']}/retry")).error[:2] == (409, "conflict")
        got = await api("POST", f"{DELIVERIES}/{delivery['id']}/cancel")
        assert (got.json["state"], got.json["in_flight"]) == ("cancelled", True)
        answer.set()
        second = await api.send()
        await sink.wait_for(2)
        (delivery,) = await api.items(f"{DELIVERIES}?event={second}")
        assert (await ended(api, delivery["id"]))["state"] == "delivered"
        assert (await api("POST", f"{DELIVERIES}/{delivery['id']}/retry")).error[:2] == (409, "conflict")


async def test_scheduled_events_are_no_deliveries_here(api: Edge) -> None:
    """What waits to enter the log is spoken of as an event: no list of deliveries shows it, and its id is a 404."""
    event = await api.send(delay=60)
    assert await api.items(DELIVERIES) == []
    assert await api.items(f"{DELIVERIES}?event={event}") == []
    for item in await api.items(f"{EVENTS}?state=scheduled"):
        assert (await api("GET", f"{DELIVERIES}/{item['id']}")).error[:2] == (404, "not_found")


async def test_a_list_tells_the_event_and_the_last_attempt_where_asked(api: Edge) -> None:
    """Type and title beside each delivery, and its last try in short; a removed event has neither."""
    async with Sink(lambda _: Reply(503, b"busy")) as sink:
        await api.trigger(sink.url)
        event = await api.send(card={"title": "Paid"})
        await sink.wait_for(1)
        (listed,) = await api.items(DELIVERIES)
        await ended(api, listed["id"])
    (plain,) = await api.items(DELIVERIES)
    assert "type" not in plain
    assert "last" not in plain
    (told,) = await api.items(f"{DELIVERIES}?details=true")
    assert (told["type"], told["title"], told["last"]["status"]) == ("order.paid", "Paid", 503)
    assert "test" not in told
    assert (await api("DELETE", f"{EVENTS}/{event}")).status == 204
    (gone,) = await api.items(f"{DELIVERIES}?details=true")
    assert "type" not in gone
    assert gone["last"]["status"] == 503


async def test_a_list_tells_which_deliveries_were_tests(api: Edge) -> None:
    """A test is one by its event, which the list tells where details are asked for."""
    async with Sink() as sink:
        made = await api.trigger(sink.url)
        await api("POST", f"{TRIGGERS}/{made['id']}/test", {"type": "my.test"})
    (told,) = await api.items(f"{DELIVERIES}?details=true")
    assert (told["type"], told["test"]) == ("my.test", True)
