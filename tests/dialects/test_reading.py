"""`GET /events` and what one does to an event: filters, pages, scheduled ones, cancelling, removing."""

import base64
from typing import Any

import pytest

from tests.dialects.edge import EVENTS, Edge

FULL: dict[str, Any] = {
    "type": "order.paid",
    "subject": "s",
    "tenant": "acme",
    "idempotency_key": "k",
    "time": "2026-05-01T00:00:00Z",
    "context": {"id": "c"},
    "card": {"category": "sales", "avatar": "🛒", "test": True, "muted": True, "notify": True},
}
FILTERS = [
    "type=order.paid",
    "type=order.*",
    "type=**",
    "category=sales",
    "subject=s",
    "context=c",
    "tenant=acme",
    "idempotency_key=k",
    "test=true",
    "muted=true",
    "notify=true",
    "avatar=%F0%9F%9B%92",
    "since=2026-05-01T00:00:00Z&until=2026-05-01T00:00:00.001Z",
]
MISSES = [
    "type=order",
    "type=*",
    "category=sale",
    "subject=S",
    "context=d",
    "tenant=a",
    "idempotency_key=j",
    "test=false",
    "muted=false",
    "notify=false",
    "avatar=x",
    "until=2026-05-01T00:00:00Z",
    "since=2026-05-01T00:00:00.001Z",
]


@pytest.mark.parametrize("scheduled", [False, True])
async def test_events_are_chosen_by_every_field(api: Edge, scheduled: bool) -> None:  # noqa: FBT001 - a parameter
    """Each filter finds the event that it means and no other, in the log and among scheduled events."""
    later = {"delay": 60} if scheduled else {}
    state = "&state=scheduled" if scheduled else ""
    mine = await api.send(**FULL, **later)
    for filters in FILTERS:
        assert [event["id"] for event in await api.items(f"{EVENTS}?{filters}{state}")] == [mine], filters
    for filters in MISSES:
        assert await api.items(f"{EVENTS}?{filters}{state}") == [], filters


async def test_pages_show_every_event_once(api: Edge) -> None:
    """Following `next` gives each event once, newest first, and ends with null."""
    sent = [await api.send(subject=str(at)) for at in range(5)]
    seen: list[str] = []
    url = f"{EVENTS}?limit=2"
    while True:
        page = (await api("GET", url)).json
        seen += [event["id"] for event in page["items"]]
        if page["next"] is None:
            break
        url = f"{EVENTS}?limit=2&next={page['next']}"
    assert seen == sent[::-1]


async def test_lists_of_scheduled_events_have_pages(api: Edge) -> None:
    """Scheduled events are paged by a `next` of their own."""
    sent = [await api.send(delay=60 + at) for at in range(3)]
    page = (await api("GET", f"{EVENTS}?state=scheduled&limit=2")).json
    rest = (await api("GET", f"{EVENTS}?state=scheduled&limit=2&next={page['next']}")).json
    assert [event["id"] for event in page["items"] + rest["items"]] == sent[::-1]
    assert (await api("GET", f"{EVENTS}?next={page['next']}")).error == (400, "invalid", "next")


def forged(text: str) -> str:
    """A `next` that nobody gave out."""
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


WRONG = [
    ("limit=0", "limit"),
    ("limit=201", "limit"),
    ("limit=x", "limit"),
    ("limit=%D9%A3", "limit"),
    ("limit=1&limit=2", "limit"),
    ("since=yesterday", "since"),
    ("until=2026-02-30T00:00:00Z", "until"),
    ("test=1", "test"),
    ("muted=", "muted"),
    ("state=recorded", "state"),
    ("subject=", "subject"),
    (f"subject={'x' * 256}", "subject"),
    ("subject=%00", "subject"),
    ("words=x", "words"),
    ("typ=x", "typ"),
    ("next=", "next"),
    ("next=1", "next"),
    ("next=%21", "next"),
    (f"next={forged('1')}", "next"),
    (f"next={forged('event:')}", "next"),
    (f"next={forged('event:-1')}", "next"),
    (f"next={forged('event:1 OR 1')}", "next"),
    (f"next={forged('delivery:1')}", "next"),
    (f"next={forged('event:1')}%3D%3D", "next"),
    (f"next={'A' * 400}", "next"),
]


@pytest.mark.parametrize(("query", "field"), WRONG, ids=[query[:20] for query, _ in WRONG])
async def test_a_wrong_query_is_named(api: Edge, query: str, field: str) -> None:
    """Unknown, repeated, empty and wrong parameters are a 400 with their name, and so is a forged `next`."""
    assert (await api("GET", f"{EVENTS}?{query}")).error == (400, "invalid", field)


async def test_the_largest_page_is_two_hundred(api: Edge) -> None:
    """`limit` is 1 to 200."""
    await api("POST", f"{EVENTS}/batch", {"events": [{"type": "t"}] * 201})
    assert len(await api.items(f"{EVENTS}?limit=200")) == 200
    assert len(await api.items(EVENTS)) == 50
    assert len(await api.items(f"{EVENTS}?limit=1")) == 1


async def test_a_scheduled_event_waits_and_happens(api: Edge) -> None:
    """It is `scheduled` with its `due_at` and in no list of what happened; when it is due, it is in the log."""
    event_id = await api.send(type="later", send_at="2027-01-15T08:01:00Z")
    event = (await api("GET", f"{EVENTS}/{event_id}")).json
    assert (event["state"], event["due_at"]) == ("scheduled", "2027-01-15T08:01:00.000Z")
    assert await api.items(EVENTS) == []
    follower = api.house.engine.feed.follow(api.house.engine.rules.projects()[0].id, lambda _: True, None, 60)
    await anext(follower)
    api.clock.turn(60_000)
    glimpse = await anext(follower)
    assert [moment.event.id for moment in glimpse.moments] == [event_id]
    await follower.aclose()  # type: ignore[attr-defined]  # it is a generator
    event = (await api("GET", f"{EVENTS}/{event_id}")).json
    assert (event["state"], "due_at" in event) == ("recorded", False)
    assert (await api("POST", f"{EVENTS}/{event_id}/cancel")).error[:2] == (409, "conflict")


async def test_a_cancelled_event_frees_its_key(api: Edge) -> None:
    """Cancelling says `cancelled`; the key can be used again; a second time changes nothing."""
    event_id = await api.send(delay=60, idempotency_key="k")
    got = await api("POST", f"{EVENTS}/{event_id}/cancel")
    assert (got.status, got.json["state"]) == (200, "cancelled")
    assert (await api("POST", f"{EVENTS}/{event_id}/cancel")).json["state"] == "cancelled"
    assert await api.items(f"{EVENTS}?state=scheduled") == []
    assert (await api("POST", EVENTS, {"type": "other", "idempotency_key": "k"})).status == 202


@pytest.mark.parametrize("later", [{}, {"delay": 60}])
async def test_a_removed_event_is_gone(api: Edge, later: dict[str, int]) -> None:
    """Removing answers 204 without a body, then 404; its data is nowhere."""
    event_id = await api.send(data="secret", **later)
    got = await api("DELETE", f"{EVENTS}/{event_id}")
    assert (got.status, got.body) == (204, b"")
    assert (await api("DELETE", f"{EVENTS}/{event_id}")).error[:2] == (404, "not_found")
    for url in (EVENTS, f"{EVENTS}?state=scheduled", f"{EVENTS}/{event_id}"):
        assert b"secret" not in (await api("GET", url)).body


@pytest.mark.parametrize("name", ["x", "0", "%00", "%F0%9F%A6%8A", "01a2006f95fb7ba7b312b402633a63e9", "x" * 3_000])
async def test_what_cannot_be_an_id_is_a_404(api: Edge, name: str) -> None:
    """Any text in the place of an id is simply not there."""
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/cancel")):
        assert (await api(method, f"{EVENTS}/{name}{path}")).error[:2] == (404, "not_found")
