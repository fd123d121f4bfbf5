"""Push from end to end: a browser subscribes, an event arrives there, and what the push service says has effect."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import http_ece  # type: ignore[import-untyped]
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ensue.domain.document import Document
from ensue.domain.member import Role
from ensue.domain.push import notification
from tests.channels.receiver import Receiver, receiver
from tests.dialects.edge import Edge, edge
from tests.dialects.people import Browser, seated

DEVICES = "/api/v1/devices"
PUSH = "/api/v1/push"
CREATED = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
GONE = b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n"
BUSY = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
AUTH = b"sixteen bytes ok"
KEY = ec.generate_private_key(ec.SECP256R1())
CARD: dict[str, Any] = {"notify": True, "title": "Paid", "content": {"type": "text", "value": "12 €"}}


def text(body: bytes) -> str:
    """Base64url without its filling."""
    return base64.urlsafe_b64encode(body).rstrip(b"=").decode()


def subscription(port: int, path: str = "/browser", **keys: str) -> dict[str, Any]:
    """What a browser says of itself, its push service being on this port."""
    public = KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    given = {"p256dh": text(public), "auth": text(AUTH)} | keys
    return {"endpoint": f"http://127.0.0.1:{port}{path}", "expirationTime": None, "keys": given}


def shown(request: bytes) -> dict[str, Any]:
    """What a push says, decrypted apart."""
    body = request.partition(b"\r\n\r\n")[2]
    plain = http_ece.decrypt(body, private_key=KEY, auth_secret=AUTH, version="aes128gcm")
    assert len(plain) < 3_000
    found: dict[str, Any] = msgspec.json.decode(plain)
    return found


@asynccontextmanager
async def subscribed(
    api: Edge, answer: bytes = CREATED, role: Role = "viewer"
) -> AsyncIterator[tuple[Browser, Receiver, str]]:
    """Somebody with one device, its push service, and the device's id."""
    async with receiver(answer) as service:
        browser = await seated(api, "ada@example.com", role)
        got = await browser("POST", DEVICES, {"subscription": subscription(service.port), "name": "Phone"})
        assert got.status == 201, got.body
        yield browser, service, got.json["id"]


async def settled(api: Edge, event: str) -> list[dict[str, Any]]:
    """The deliveries of an event, once none is pending."""
    while True:
        worker = api.house.engine._parts.worker
        for flight in list(worker._flights.values()):
            await flight.ended()
        found = await api.items(f"/api/v1/deliveries?event={event}")
        if all(one["state"] != "pending" or not one["in_flight"] for one in found):
            return found


@pytest.mark.parametrize("store", ["memory", "sqlite"])
async def test_an_event_arrives_in_the_browser(tmp_path: Path, store: str) -> None:
    """A notify event is one delivery to the device, whose body only that browser reads and which opens the event."""
    async with (
        edge(tmp_path, store=store, public_url="http://ensue.test") as api,
        subscribed(api) as (_, service, _),
    ):
        event = await api.send(card=CARD, context={"id": "order-1"})
        await service.arrived.wait()
        (delivery,) = await settled(api, event)
    said = shown(service.requests[0])
    assert (delivery["kind"], delivery["state"]) == ("webpush", "delivered")
    assert (said["web_push"], said["event"]) == (8030, event)
    assert said["notification"] | {"tag": ""} == {
        "title": "Paid",
        "body": "12 €",
        "navigate": f"http://ensue.test/events/{event}?project=default",
        "tag": "",
    }
    assert f"topic: {said['notification']['tag']}\r\n".lower().encode() in service.requests[0].lower()


BUTTON: dict[str, Any] = {"label": "Ship it", "url": "https://example.com/ship"}


@pytest.mark.parametrize(("role", "shows"), [("member", ["a", "c"]), ("viewer", None)])
async def test_buttons_lead_to_the_page_that_asks(tmp_path: Path, role: Role, shows: list[str] | None) -> None:
    """Two at most, those that can be pressed, for whoever may; a link of the card is none, and no click presses."""
    keys = ("a", "over", "c", "d")
    actions = [BUTTON | {"key": key, "expires_in": 0.001 if key == "over" else None} for key in keys]
    actions.insert(0, BUTTON | {"key": "away", "external": True})
    async with edge(tmp_path, public_url="http://ensue.test") as api, subscribed(api, role=role) as (_, service, _):
        service.answer = BUSY
        event = await api.send(card=CARD | {"actions": actions})
        await settled(api, event)
        service.answer = CREATED
        service.arrived.clear()
        api.clock.turn(10_000)
        await service.arrived.wait()
        await settled(api, event)
    said = shown(service.requests[-1])["notification"]
    at = f"http://ensue.test/events/{event}/actions"
    expected = [
        {"action": str(number), "title": "Ship it", "navigate": f"{at}/{key}?project=default"}
        for number, key in enumerate(shows or ())
    ]
    assert said.get("actions") == (None if shows is None else expected)


@pytest.mark.parametrize("card", [{"title": "t"}, CARD | {"test": True}, None])
async def test_what_is_not_pushed(api: Edge, card: dict[str, Any] | None) -> None:
    """Events that do not ask for it, and tests, owe nothing."""
    async with subscribed(api):
        event = await api.send(**({} if card is None else {"card": card}))
        assert await api.items(f"/api/v1/deliveries?event={event}") == []


async def test_only_members_are_pushed_to(api: Edge) -> None:
    """Not of another project, nor once one was removed, even where the push is owed already."""
    async with subscribed(api) as (browser, service, _):
        stranger = await api.with_key("stranger")
        assert await stranger.items(f"/api/v1/deliveries?event={await stranger.send(card=CARD)}") == []
        owner = await seated(api, "own@example.com", "owner")
        assert (await owner("DELETE", f"/api/v1/members/{await browser.id()}")).status == 204
        event = await api.send(card=CARD)
        assert await api.items(f"/api/v1/deliveries?event={event}") == []
        assert service.requests == []


async def test_wishes_hold(api: Edge) -> None:
    """A muted category is not pushed, and nothing is where pushes are off; each for one member and one project."""
    async with subscribed(api) as (browser, _, _):
        assert (await browser("GET", PUSH)).json == {"push": True, "muted": []}
        assert (await browser("PATCH", PUSH, {"muted": ["money", "money"]})).json == {"push": True, "muted": ["money"]}
        quiet = await api.send(card=CARD | {"category": "money"})
        loud = await api.send(card=CARD | {"category": "people"})
        assert await api.items(f"/api/v1/deliveries?event={quiet}") == []
        assert len(await api.items(f"/api/v1/deliveries?event={loud}")) == 1
        assert (await browser("PATCH", PUSH, {"push": False})).json == {"push": False, "muted": ["money"]}
        assert await api.items(f"/api/v1/deliveries?event={await api.send(card=CARD)}") == []


async def test_a_dead_subscription_goes_with_the_outcome(api: Edge) -> None:
    """410 removes the device; the try is kept, and no alarm is raised."""
    async with subscribed(api, GONE) as (browser, service, _):
        event = await api.send(card=CARD)
        await service.arrived.wait()
        (delivery,) = await settled(api, event)
        assert (delivery["state"], delivery["reason"]) == ("dead", "410: the browser's subscription has ended")
        assert (await browser("GET", DEVICES)).json["items"] == []
        assert await api.items("/api/v1/events?type=ensue.delivery.dead") == []
        assert await api.items(f"/api/v1/deliveries?event={await api.send(card=CARD)}") == []


async def test_a_busy_service_is_tried_again(api: Edge) -> None:
    """What fails is due again, and arrives later under the same id."""
    async with subscribed(api, BUSY) as (_, service, _):
        event = await api.send(card=CARD)
        await service.arrived.wait()
        (waiting,) = await settled(api, event)
        assert (waiting["state"], waiting["tries"]) == ("pending", 1)
        service.answer = CREATED
        service.arrived.clear()
        api.clock.turn(10_000)
        await service.arrived.wait()
        (delivery,) = await settled(api, event)
        assert (delivery["id"], delivery["state"], delivery["tries"]) == (waiting["id"], "delivered", 2)


async def test_a_push_is_retried_and_cancelled_by_hand(api: Edge) -> None:
    """Like any other delivery: at once where it waits for its next try, and no more once it was cancelled."""
    async with subscribed(api, BUSY) as (_, service, _):
        found = []
        for _ in range(2):
            service.arrived.clear()
            event = await api.send(card=CARD)
            await service.arrived.wait()
            found += await settled(api, event)
        waiting, ending = found
        assert {one["state"] for one in found} == {"pending"}
        service.answer = CREATED
        service.arrived.clear()
        assert (await api("POST", f"/api/v1/deliveries/{ending['id']}/cancel")).status == 200
        assert (await api("POST", f"/api/v1/deliveries/{waiting['id']}/retry")).status == 200
        await service.arrived.wait()
        (retried,), (ended,) = await settled(api, waiting["event"]), await settled(api, ending["event"])
        assert (retried["state"], ended["state"]) == ("delivered", "cancelled")
        one = (await api("GET", f"/api/v1/deliveries/{waiting['id']}")).json
        assert sorted(attempt["response"]["status"] for attempt in one["attempts"]) == [201, 503]


async def test_a_device_that_was_removed_gets_nothing(api: Edge) -> None:
    """What is owed to it ends cancelled when it comes due."""
    async with subscribed(api, BUSY) as (browser, service, device):
        event = await api.send(card=CARD)
        await service.arrived.wait()
        await settled(api, event)
        assert (await browser("DELETE", f"{DEVICES}/{device}")).status == 204
        api.clock.turn(10_000)
        while (await settled(api, event))[0]["state"] == "pending":
            await api.house.store.wait(0.05)
        assert len(service.requests) == 1


async def test_a_push_tells_to_whose_device_it_went(api: Edge) -> None:
    """By name, in lists and alone; by id alone once the device is gone, or its owner; never by its address."""
    async with subscribed(api) as (browser, service, device):
        event = await api.send(card=CARD)
        await service.arrived.wait()
        (listed,) = await settled(api, event)
        whole = await api("GET", f"/api/v1/deliveries/{listed['id']}")
        member = {"id": await browser.id(), "name": "N"}
        assert listed["device"] == whole.json["device"] == {"id": device, "name": "Phone", "member": member}
        assert b"/browser" not in whole.body
        assert text(AUTH).encode() not in whole.body
        owner = await seated(api, "own@example.com", "owner")
        assert (await owner("DELETE", f"/api/v1/members/{member['id']}")).status == 204
        (listed,) = await settled(api, event)
        assert listed["device"] == {"id": device}
        assert (await browser("DELETE", f"{DEVICES}/{device}")).status == 204
        (listed,) = await settled(api, event)
        assert listed["device"] == {"id": device}


async def test_a_test_push(api: Edge) -> None:
    """It tells what came of it; one to a subscription that has ended removes the device."""
    async with subscribed(api) as (browser, service, device):
        told = (await browser("POST", f"{DEVICES}/{device}/test")).json
        assert told == {"delivered": True, "service": "127.0.0.1", "status": 201, "took_ms": told["took_ms"]}
        assert shown(service.requests[0])["notification"]["title"] == "Phone"
        service.answer = GONE
        told = (await browser("POST", f"{DEVICES}/{device}/test")).json
        assert (told["delivered"], told["removed"], told["status"]) == (False, True, 410)
        assert (await browser("POST", f"{DEVICES}/{device}/test")).error[:2] == (404, "not_found")


async def test_one_browser_is_one_device(api: Edge) -> None:
    """Subscribing again renames it; by somebody else it is theirs, and the first one's no more."""
    async with subscribed(api) as (browser, service, device):
        body = {"subscription": subscription(service.port), "name": "Tablet"}
        again = await browser("POST", DEVICES, body)
        assert (again.status, again.json["id"], again.json["name"]) == (200, device, "Tablet")
        other = await seated(api, "bob@example.com", "member")
        assert (await other("POST", DEVICES, body)).status == 201
        assert (await browser("GET", DEVICES)).json["items"] == []
        assert len((await other("GET", DEVICES)).json["items"]) == 1
        assert (await browser("DELETE", f"{DEVICES}/{device}")).error[:2] == (404, "not_found")


@pytest.mark.parametrize("store", ["memory", "sqlite"])
async def test_a_browser_that_replaced_its_subscription_stays_the_same_device(tmp_path: Path, store: str) -> None:
    """Under its id and name, by the new address alone; what others have is not taken by naming it."""
    async with edge(tmp_path, store=store) as api, subscribed(api) as (browser, service, device):
        old, new = subscription(service.port), subscription(service.port, "/renewed")
        same = await browser("POST", DEVICES, {"subscription": old, "replaces": old["endpoint"]})
        assert (same.status, same.json["id"], same.json["name"]) == (200, device, "Phone")
        renewed = await browser("POST", DEVICES, {"subscription": new, "replaces": old["endpoint"]})
        assert (renewed.status, renewed.json["id"], renewed.json["name"]) == (200, device, "Phone")
        (kept,) = (await browser("GET", DEVICES)).json["items"]
        assert kept["endpoint"] == new["endpoint"]
        event = await api.send(card=CARD)
        await service.arrived.wait()
        assert len(await settled(api, event)) == 1
        assert service.requests[0].startswith(b"POST /renewed ")

        assert (await browser("POST", DEVICES, {"subscription": old, "name": "Desk"})).status == 201
        both = {"subscription": old, "replaces": new["endpoint"]}
        assert (await browser("POST", DEVICES, both)).json["name"] == "Desk"
        assert [one["name"] for one in (await browser("GET", DEVICES)).json["items"]] == ["Desk"]

        other = await seated(api, "bob@example.com", "member")
        taken = {"subscription": subscription(service.port, "/bob"), "replaces": old["endpoint"]}
        assert (await other("POST", DEVICES, taken)).status == 201
        assert len((await browser("GET", DEVICES)).json["items"]) == 1


@pytest.mark.parametrize("by_hand", [False, True])
async def test_the_end_of_an_old_subscription_is_not_that_of_a_new_one(api: Edge, *, by_hand: bool) -> None:
    """A browser that subscribes anew while the old address says that it is gone stays subscribed."""
    renewed = asyncio.Event()

    async def gone_in_the_end(writer: asyncio.StreamWriter) -> None:
        await renewed.wait()
        writer.write(GONE)

    async with subscribed(api) as (browser, service, device):
        service.answer = gone_in_the_end
        event = "" if by_hand else await api.send(card=CARD)
        test = asyncio.create_task(browser("POST", f"{DEVICES}/{device}/test")) if by_hand else None
        await service.arrived.wait()
        api.clock.turn(1)
        new = {
            "subscription": subscription(service.port, "/renewed"),
            "replaces": subscription(service.port)["endpoint"],
        }
        assert (await browser("POST", DEVICES, new)).json["id"] == device
        renewed.set()
        if test is not None:
            told = (await test).json
            assert (told["delivered"], told.get("removed")) == (False, None)
        else:
            (delivery,) = await settled(api, event)
            assert delivery["state"] == "dead"
        (kept,) = (await browser("GET", DEVICES)).json["items"]
        assert kept["endpoint"] == new["subscription"]["endpoint"]


async def test_there_is_an_end_to_devices(api: Edge) -> None:
    """Twenty of one account, then a conflict."""
    async with subscribed(api) as (browser, service, _):
        for number in range(1, 21):
            body = {"subscription": subscription(service.port, f"/{number}")}
            got = await browser("POST", DEVICES, body)
            assert got.status == (201 if number < 20 else 409)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (subscription(1) | {"endpoint": "http://10.0.0.1/x"}, "subscription.endpoint"),
        (subscription(1) | {"endpoint": "ftp://push.example/x"}, "subscription.endpoint"),
        (subscription(1) | {"endpoint": "https://push.example/" + "x" * 3_000}, "subscription.endpoint"),
        (subscription(1, p256dh="AAAA"), "subscription.keys.p256dh"),
        (subscription(1, p256dh=text(b"\x04" + b"\x01" * 64)), "subscription.keys.p256dh"),
        (subscription(1, auth="é"), "subscription.keys.auth"),
    ],
)
async def test_what_is_no_subscription(api: Edge, given: dict[str, Any], field: str) -> None:
    """Each is refused with the name of what is wrong: addresses by the guard, keys that are none."""
    browser = await seated(api, "ada@example.com", "viewer")
    assert (await browser("POST", DEVICES, {"subscription": given})).error == (400, "invalid", field)


async def test_the_key_pair_is_made_once_and_sealed(api: Edge) -> None:
    """The public key stays; the private one is not to be read in the store."""
    first = (await api.with_token(None)("GET", "/api/v1/console")).json["push_key"]
    assert len(base64.urlsafe_b64decode(first + "=")) == 65
    kept: Document | None = await api.house.store.get("instance", "", "vapid")
    assert kept is not None
    assert kept.body.startswith(b"v1.")
    api.house.engine.devices.pushing._private = None
    assert await api.house.engine.devices.pushing.public_key() == first


async def test_a_push_stays_small(api: Edge) -> None:
    """The longest title and text, of what takes most room, are cut to under 3 KB."""
    most = "\x01" * 200
    event = await api.send(card={"title": most, "notify": True, "content": {"type": "text", "value": most * 100}})
    (found,) = await api.house.store.events((await api.house.engine.people.projects.find("default")).id, [event])  # type: ignore[union-attr]
    page = "https://ensue.example/" + "p" * 200
    assert len(notification(found, page)) < 3_000
    assert b'"actions"' in notification(found, page, [("Ship it", page)])
    assert b'"actions"' not in notification(found, page, [("\x01" * 48, page)] * 2)


async def test_a_session_that_is_ended_takes_its_devices_along(api: Edge) -> None:
    """Logging out is the end of pushes to that browser, and not to another one."""
    async with subscribed(api) as (browser, service, _):
        other = await seated(api, "ada@example.com", "viewer")
        body = {"subscription": subscription(service.port, "/other"), "name": "Desk"}
        assert (await other("POST", DEVICES, body)).status == 201
        assert (await browser("DELETE", "/api/v1/session")).status == 204
        assert [one["name"] for one in (await other("GET", DEVICES)).json["items"]] == ["Desk"]
        event = await api.send(card=CARD)
        assert len(await api.items(f"/api/v1/deliveries?event={event}")) == 1
