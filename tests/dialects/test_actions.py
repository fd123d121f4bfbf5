"""Buttons over the native API: pressed with a receiver on loopback, seen in reads and lists, refused where need be."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from standardwebhooks import Webhook

from ensue.testing import Received, Reply, Sink
from tests.dialects.edge import EVENTS, Edge

SECRET = "/api/v1/actions/secret"
ROTATE = "/api/v1/actions/rotate-secret"
META = {"id": 1}


async def shown(api: Edge, url: str, *more: dict[str, Any], **fields: Any) -> str:
    """An event with a button `ban` to `url`, and more buttons."""
    ban = {"key": "ban", "label": "Ban", "url": url, "meta": META, "expires_in": 600}
    return await api.send(
        type="user.flagged", subject="u1", card={"title": "A user", "actions": [ban, *more]}, **fields
    )


async def press(api: Edge, event: str, key: str = "ban") -> Any:
    """Press a button."""
    return await api("POST", f"{EVENTS}/{event}/actions/{key}")


def verified(received: Received, secret: str) -> Any:
    """The body, if it is signed with `secret`; the clock of tests is not that of the library."""
    webhook = Webhook(secret)
    webhook._Webhook__verify_timestamp = lambda stamp: datetime.fromtimestamp(float(stamp), UTC)  # type: ignore[attr-defined]
    return webhook.verify(received.body, received.headers)


async def test_a_button_without_a_url_calls_nobody(api: Edge) -> None:
    """Its press is done at once, once, and told like any other."""
    event = await api.send(type="order.held", card={"actions": [{"key": "ok", "label": "OK"}]})
    got = await press(api, event, "ok")
    assert (got.status, got.json["state"]) == (200, "done")
    assert "response" not in got.json["attempt"]
    assert (await press(api, event, "ok")).status == 409
    told = (await api("GET", f"{EVENTS}?type=ensue.action.done")).json["items"]
    assert [one["data"]["action"] for one in told] == ["ok"]
    (shown,) = (await api("GET", f"{EVENTS}/{event}")).json["card"]["actions"]
    assert (shown["state"]["state"], shown.get("url")) == ("done", None)


async def test_a_button_is_pressed(api: Edge) -> None:
    """The receiver gets one signed body that serves all who were written for Operational; the answer tells the rest."""
    async with Sink(lambda _: Reply(201, b"banned")) as sink:
        event = await shown(api, sink.url)
        got = await press(api, event)
        (received,) = await sink.wait_for(1)
    assert got.status == 200
    key = got.json["by"]["id"]
    outcome = got.json
    attempt = outcome.pop("attempt")
    assert outcome == {
        "state": "done",
        "event": event,
        "action": "ban",
        "delivery": received.headers["webhook-id"],
        "at": "2027-01-15T08:00:00.000Z",
        "by": {"id": key},
        "status": 201,
        "duration_ms": attempt["duration_ms"],
    }
    assert (attempt["response"]["status"], attempt["response"]["body"]) == (201, "banned")
    assert (received.method, received.headers["content-type"]) == ("POST", "application/json")
    assert (received.headers["ensue-event-id"], received.headers["ensue-attempt"]) == (event, "1")
    secret = (await api("GET", SECRET)).json["secret"]
    assert verified(received, secret) == {
        "actionType": "ban",
        "data": META,
        "action": {"type": "ban", "key": "ban", "meta": META},
        "event": {
            "id": event,
            "name": "A user",
            "userId": "u1",
            "key": "ban",
            "meta": META,
            "createdAt": "2027-01-15T08:00:00.000Z",
        },
        "pressedBy": {"id": key, "name": ""},
    }


async def test_a_bare_button_of_a_bare_event(api: Edge) -> None:
    """Without meta, title and subject: null, the type, and null."""
    async with Sink() as sink:
        event = await api.send(card={"actions": [{"key": "a/ b", "label": "Do", "url": sink.url}]})
        assert (await press(api, event, "a%2F%20b")).json["state"] == "done"
        (received,) = await sink.wait_for(1)
    body = msgspec.json.decode(received.body)
    assert (body["actionType"], body["data"], body["action"]["meta"]) == ("a/ b", None, None)
    assert (body["event"]["name"], body["event"]["userId"]) == ("order.paid", None)


@pytest.mark.parametrize(
    "reply", [Reply(status) for status in (202, 204, 302, 400, 410, 429, 500)] + [Reply(drop=True)]
)
async def test_only_200_and_201_are_done(api: Edge, reply: Reply) -> None:
    """All else is failed, once, with its reason, and shown so; nothing is tried again or followed."""
    async with Sink(lambda _: reply) as sink:
        event = await shown(api, sink.url)
        got = await press(api, event)
        assert (got.status, got.json["state"], got.json.get("status")) == (
            200,
            "failed",
            None if reply.drop else reply.status,
        )
        assert got.json["reason"]
        api.clock.turn(300_000)
        sink.script = lambda _: Reply(200)
        assert (await press(api, event)).json["state"] == "done"
        assert len(await sink.wait_for(2)) == 2


async def test_how_buttons_stand(api: Edge) -> None:
    """Read and listed, a button says who pressed it, when, and what came of it; the stream and others do not."""
    async with Sink(lambda _: Reply(500)) as sink:
        event = await shown(api, sink.url, {"label": "Open", "url": "https://a.example/", "external": True})
        await press(api, event)
        untouched = await shown(api, sink.url)
    read = (await api("GET", f"{EVENTS}/{event}")).json
    listed = {one["id"]: one for one in await api.items(f"{EVENTS}?type=user.flagged")}
    fed = {one["id"]: one for one in await api.items(f"{EVENTS}?feed=true")}
    for one in (read, listed[event], fed[event]):
        ban, link = one["card"]["actions"]
        assert ban["expires_at"] == "2027-01-15T08:10:00.000Z"
        assert (ban["state"]["state"], ban["state"]["reason"], ban["state"]["status"]) == ("failed", "status 500", 500)
        assert ban["state"]["at"] == "2027-01-15T08:00:00.000Z"
        assert ban["state"]["by"]["id"].startswith("key_")
        assert (link["key"], "state" in link, "expires_at" in link) == ("link-1", False, False)
    assert "state" not in listed[untouched]["card"]["actions"][0]


async def test_presses_stand_in_the_cards_thread(api: Edge) -> None:
    """What was pressed is told in the thread of the card, not as rows of the feed or of a plain list."""
    async with Sink() as sink:
        event = await shown(api, sink.url)
        await press(api, event)
    for one in ((await api("GET", f"{EVENTS}/{event}")).json, (await api.items(f"{EVENTS}?feed=true"))[0]):
        assert (one["id"], one["thread"]["root"]) == (event, event)
        told = one["thread"]["events"]
        assert [each["type"] for each in told] == ["ensue.action.pressed", "ensue.action.done"]
        assert [each["subject"] for each in told] == [event, event]
        assert {each["data"]["by"]["id"] for each in told} == {one["card"]["actions"][0]["state"]["by"]["id"]}
    assert [one["id"] for one in await api.items(EVENTS)] == [event]


async def test_a_running_button_says_so(api: Edge) -> None:
    """While the answer is awaited: running, and a second press is a conflict."""
    held = asyncio.Event()
    async with Sink(lambda _: Reply(hold=held.wait)) as sink:
        event = await shown(api, sink.url)
        pressing = asyncio.create_task(press(api, event))
        await sink.wait_for(1)
        assert (await press(api, event)).error == (409, "conflict", None)
        (ban,) = (await api("GET", f"{EVENTS}/{event}")).json["card"]["actions"]
        assert ban["state"]["state"] == "running"
        held.set()
        assert (await pressing).json["state"] == "done"
        assert len(sink.received) == 1


async def test_who_may_not_press(api: Edge) -> None:
    """Another project's event is not there; a right is needed; GET never acts."""
    async with Sink() as sink:
        event = await shown(api, sink.url)
        assert (await press(await api.with_key("other"), event)).error == (404, "not_found", None)
        assert (await press(await api.with_key("default", "events:write", "events:read"), event)).status == 403
        assert (await press(api.with_token(None), event)).status == 401
        assert (await api("GET", f"{EVENTS}/{event}/actions/ban")).status == 405
        assert (await press(api, event, "nothing")).error == (404, "not_found", None)
        assert (await api("POST", f"{EVENTS}/{event}/actions/ban?x=1")).error == (400, "invalid", "x")
        assert sink.received == []
        only = await api.with_key("default", "actions:run")
        assert (await press(only, event)).json["state"] == "done"
        assert (await only("GET", SECRET)).status == 403


async def test_what_cannot_be_pressed(api: Edge) -> None:
    """Finished, expired, links, and events that have not happened."""
    async with Sink() as sink:
        event = await shown(api, sink.url, {"key": "link", "label": "Open", "url": sink.url, "external": True})
        scheduled = await shown(api, sink.url, delay=60)
        assert (await press(api, event)).json["state"] == "done"
        for key in ("ban", "link"):
            assert (await press(api, event, key)).error == (409, "conflict", None)
        assert (await press(api, scheduled)).error == (404, "not_found", None)
        late = await shown(api, sink.url)
        api.clock.turn(600_000)
        assert (await press(api, late)).error == (409, "conflict", None)
        assert len(sink.received) == 1


async def test_the_guard_holds_for_buttons(api: Edge) -> None:
    """A host that resolves to an address that may not be reached: nothing is sent, and the press says why."""
    event = await shown(api, "https://ensue.invalid/hook")
    got = await press(api, event)
    assert (got.json["state"], "status" in got.json) == ("failed", False)
    assert got.json["reason"].startswith(("resolve:", "refused:"))
    refused = await api(
        "POST", EVENTS, {"type": "a", "card": {"actions": [{"key": "a", "label": "A", "url": "http://10.0.0.1/"}]}}
    )
    assert refused.error == (400, "invalid", "card.actions[0].url")


async def test_the_secret_is_rotated(api: Edge) -> None:
    """Both sign for a day; each receiver verifies with the one it knows."""
    first = (await api("GET", SECRET)).json["secret"]
    second = (await api("POST", ROTATE)).json["secret"]
    assert first != second == (await api("GET", SECRET)).json["secret"]
    async with Sink() as sink:
        await press(api, await shown(api, sink.url))
        (received,) = await sink.wait_for(1)
    for secret in (first, second):
        assert verified(received, secret)["actionType"] == "ban"
    other = await api.with_key("other")
    assert (await other("GET", SECRET)).json["secret"] not in (first, second)


async def test_its_delivery_is_seen(api: Edge) -> None:
    """As one of kind action, with its attempt; it is neither retried nor stopped."""
    async with Sink(lambda _: Reply(500)) as sink:
        event = await shown(api, sink.url)
        await press(api, event)
    (delivery,) = await api.items(f"/api/v1/deliveries?event={event}")
    assert (delivery["kind"], delivery["state"], "trigger" in delivery) == ("action", "dead", False)
    shown_one = (await api("GET", f"/api/v1/deliveries/{delivery['id']}")).json
    assert shown_one["attempts"][0]["response"]["status"] == 500
    for verb in ("retry", "cancel"):
        assert (await api("POST", f"/api/v1/deliveries/{delivery['id']}/{verb}")).error == (409, "conflict", None)
