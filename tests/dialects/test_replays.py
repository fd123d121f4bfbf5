"""Replays over the native API: counted, begun, watched, cancelled."""

import asyncio
import json
from typing import Any
from urllib.parse import quote

import pytest

from ensue.testing import Reply, Sink
from tests.dialects.edge import TRIGGERS, Edge

REPLAYS = "/api/v1/replays"
DELIVERIES = "/api/v1/deliveries"


async def ended(api: Edge, replay: str, *, pending: bool = False) -> dict[str, Any]:
    """The replay once it goes on no more and nothing that it made is `pending`, unless that may be."""
    async with asyncio.timeout(20):
        while True:
            found: dict[str, Any] = (await api("GET", f"{REPLAYS}/{replay}")).json
            if found["state"] != "running" and (pending or not found["deliveries"]["pending"]):
                return found
            await asyncio.sleep(0.005)


async def begun(api: Edge, **fields: Any) -> dict[str, Any]:
    """A replay that was begun."""
    got = await api("POST", REPLAYS, fields)
    assert got.status == 201, got.body
    made: dict[str, Any] = got.json
    return made


async def dead(api: Edge, sink: Sink, count: int = 1) -> str:
    """A trigger whose deliveries have died, so many."""
    sink.script = lambda _: Reply(500)
    made = await api.trigger(sink.url, retry={"attempts": 1})
    for number in range(count):
        await api.send(data={"number": number})
    async with asyncio.timeout(20):
        while True:
            if len(await api.items(f"{DELIVERIES}?state=dead")) == count:
                break
            await asyncio.sleep(0.005)
    sink.script = lambda _: Reply()
    sink.received.clear()
    return str(made["id"])


async def test_what_died_is_sent_again(api: Edge) -> None:
    """Counted without a trace first, then sent under new ids that name the replay; then nothing is dead any more."""
    async with Sink() as sink:
        trigger = await dead(api, sink, 3)
        count = await api("POST", REPLAYS, {"state": "dead", "dry_run": True})
        assert (count.status, count.json) == (200, {"count": 3, "exact": True})
        assert await api.items(REPLAYS) == []
        made = await begun(api, state="dead", trigger=trigger)
        assert (made["state"], made["count"], made["done"]) == ("running", 3, 0)
        done = await ended(api, made["id"])
        received = await sink.wait_for(3)
    assert (done["state"], done["done"], done["count"]) == ("done", 3, 3)
    assert done["deliveries"] == {"pending": 0, "delivered": 3, "dead": 0, "cancelled": 0}
    assert done["wanted"] == {"trigger": trigger, "state": "dead"}
    assert {one.headers["ensue-replay"] for one in received} == {made["id"]}
    listed = await api.items(f"{DELIVERIES}?replay={made['id']}")
    assert {one["id"] for one in listed} == {one.headers["webhook-id"] for one in received}
    assert {one["replay"] for one in listed} == {made["id"]}
    assert len(await api.items(f"{DELIVERIES}?state=dead")) == 3, "the old ones stay as they are"
    again = await api("POST", REPLAYS, {"state": "dead", "dry_run": True})
    assert again.json["count"] == 0, "their last delivery has arrived"
    assert [one["id"] for one in await api.items(REPLAYS)] == [made["id"]]


async def test_what_was_found_by_words_is_sent_again(api: Edge) -> None:
    """The deliveries that a list with the same words shows, and no other; of the log by the words of its events."""
    async with Sink(lambda one: Reply(500 if b"pear" in one.body else 204)) as sink:
        trigger = str((await api.trigger(sink.url, name="Fruit", retry={"attempts": 1}))["id"])
        sent = [await api.send(data={"of": word, "n": n}) for n, word in enumerate(("pear", "plum", "pear", "peach"))]
        async with asyncio.timeout(20):
            while True:
                if not await api.items(f"{DELIVERIES}?state=pending"):
                    break
                await asyncio.sleep(0.005)
        sink.script = lambda _: Reply()
        sink.received.clear()
        for question, state, found in (
            ("pear", "dead", [2, 0]),
            ("500 2 fru", "dead", [2]),
            ("pe", "dead", [2, 0]),
            ("plum", "dead", []),
            ("pe", "delivered", [3]),
            ('"pear" OR (', "dead", [2, 0]),
        ):
            listed = [one["event"] for one in await api.items(f"{DELIVERIES}?state={state}&q={quote(question)}")]
            assert listed == [sent[n] for n in found], question
            count = (await api("POST", REPLAYS, {"state": state, "q": question, "dry_run": True})).json["count"]
            assert count == len(found), question
        made = await begun(api, state="dead", q="Pear, fruit", trigger=trigger)
        assert (made["count"], made["wanted"]["q"]) == (2, "pear fruit")
        assert (await ended(api, made["id"]))["deliveries"]["delivered"] == 2
        assert [json.loads(one.body)["data"]["n"] for one in await sink.wait_for(2)] == [0, 2]
        again = await ended(api, (await begun(api, trigger=trigger, q="p", type="order.*"))["id"])
        assert again["done"] == 4
        none = await api("POST", REPLAYS, {"trigger": trigger, "q": "fruit", "dry_run": True})
        assert none.json["count"] == 0, "of the log only the events have words"


async def test_a_new_trigger_gets_what_happened_before_it(api: Edge) -> None:
    """Without a state events are replayed as they came: those that the trigger fires on, oldest first."""
    sent = [await api.send(type=kind) for kind in ("order.paid", "user.new", "order.sent")]
    async with Sink() as sink:
        made = await api.trigger(sink.url, match={"type": "order.*", "filter": "event.type != 'order.lost'"})
        done = await ended(api, (await begun(api, trigger=made["id"]))["id"])
        received = await sink.wait_for(2)
    assert done["deliveries"]["delivered"] == 2
    assert sorted(one.headers["ensue-event-id"] for one in received) == sorted([sent[0], sent[2]])


async def test_to_another_trigger(api: Edge) -> None:
    """Whatever it matches: events by type and filter, or what died at another trigger, a deleted one too."""
    async with Sink() as sink:
        old = await dead(api, sink, 2)
        other = (await api.trigger(sink.url, match={"type": "none"}))["id"]
        assert (await api("DELETE", f"{TRIGGERS}/{old}")).status == 204
        first = await begun(api, to=other, type="order.*", filter="event.data.number == 1")
        second = await begun(api, to=other, trigger=old, state="dead")
        counts = [(await ended(api, one["id"]))["deliveries"]["delivered"] for one in (first, second)]
        nowhere = await begun(api, state="dead")
        await sink.wait_for(3)
        assert counts == [1, 2]
        assert (await ended(api, nowhere["id"]))["done"] == 0, "its trigger is gone"


async def test_test_events_go_where_they_are_wanted(api: Edge) -> None:
    """A trigger that asks for no test events gets none by a replay either."""
    await api.send(card={"test": True})
    plain = (await api.trigger(enabled=False))["id"]
    testing = (await api.trigger(enabled=False, match={"test": True}))["id"]
    for wanted, count in (({"to": plain}, 0), ({"to": testing}, 1), ({"trigger": plain}, 0), ({"trigger": testing}, 1)):
        assert (await api("POST", REPLAYS, wanted | {"dry_run": True})).json["count"] == count, wanted


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "trigger"),
        ({"type": "a"}, "trigger"),
        ({"state": "dead", "to": "trg_1"}, "trigger"),
        ({"state": "pending"}, "state"),
        ({"state": "dead", "since": "yesterday"}, "since"),
        ({"state": "dead", "since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"}, "until"),
        ({"state": "dead", "type": "a*"}, "type"),
        ({"state": "dead", "type": ""}, "type"),
        ({"state": "dead", "filter": "event.data.map(x, x)"}, "filter"),
        ({"state": "dead", "filter": "x" * 3000}, "filter"),
        ({"state": "dead", "limit": 3}, None),
        ({"state": 1}, "state"),
    ],
)
async def test_what_cannot_be_replayed_is_named(api: Edge, body: dict[str, Any], field: str | None) -> None:
    """A 400 with the field, and nothing is begun."""
    got = await api("POST", REPLAYS, body)
    assert (got.status, got.json["error"]["code"]) == (400, "invalid")
    assert field in (None, got.json["error"].get("field"))
    assert await api.items(REPLAYS) == []


async def test_triggers_that_are_not_there(api: Edge) -> None:
    """Unknown and foreign triggers are a 404 with their field, whatever else is asked."""
    foreign = await (await api.with_key("stranger")).trigger(enabled=False)
    mine = await api.trigger(enabled=False)
    for body, field in (
        ({"trigger": "trg_x"}, "trigger"),
        ({"trigger": foreign["id"]}, "trigger"),
        ({"trigger": foreign["id"], "state": "dead"}, "trigger"),
        ({"trigger": foreign["id"], "state": "dead", "to": mine["id"]}, "trigger"),
        ({"to": foreign["id"]}, "to"),
        ({"trigger": mine["id"], "to": foreign["id"]}, "to"),
    ):
        for dry in (True, False):
            assert (await api("POST", REPLAYS, body | {"dry_run": dry})).error == (404, "not_found", field)


async def test_a_filter_that_errs_says_so(api: Edge) -> None:
    """What it errs on is not replayed, and the count tells the complaint."""
    await api.send(data={"amount": 1})
    to = (await api.trigger(enabled=False))["id"]
    got = await api("POST", REPLAYS, {"to": to, "filter": "event.data.amout > 0", "dry_run": True})
    assert got.json["count"] == 0
    assert "amout" in got.json["filter_error"]


async def test_cancelled_with_what_it_made(api: Edge) -> None:
    """A replay that has ended is a 409 to cancel, but what it made and what waits can still be stopped."""
    for _ in range(3):
        await api.send()
    to = (await api.trigger(enabled=False))["id"]
    made = (await begun(api, to=to))["id"]
    await ended(api, made, pending=True)
    assert (await api("POST", f"{REPLAYS}/{made}/cancel")).error[:2] == (409, "conflict")
    got = await api("POST", f"{REPLAYS}/{made}/cancel", {"deliveries": True})
    assert (got.status, got.json["state"]) == (200, "done")
    assert got.json["deliveries"] == {"pending": 0, "delivered": 0, "dead": 0, "cancelled": 3}
    assert len(await api.items(f"{DELIVERIES}?replay={made}&state=cancelled")) == 3


async def test_pages(api: Edge) -> None:
    """Replays are listed newest first, each once."""
    to = (await api.trigger(enabled=False))["id"]
    made = []
    for _ in range(3):
        made.append((await begun(api, to=to))["id"])
        api.clock.turn(10)
    page = (await api("GET", f"{REPLAYS}?limit=2")).json
    rest = (await api("GET", f"{REPLAYS}?limit=2&next={page['next']}")).json
    assert [one["id"] for one in page["items"] + rest["items"]] == made[::-1]
    assert rest["next"] is None
    assert (await api("GET", f"{REPLAYS}?next=x")).error == (400, "invalid", "next")
