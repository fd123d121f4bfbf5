"""PyPI's `suprsend-py-sdk`, unchanged, against a running server: every call that the dialect answers."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from suprsend import (
    Event,
    SubscriberListBroadcast,
    Suprsend,
    SuprsendAPIException,
    Workflow,
    WorkflowTriggerRequest,
)

from ensue.testing import Received, Sink
from tests.acceptance.server import Server
from tests.dialects.clients.node import new_key

MANY: Final = 250
"""More than the client sends in one request."""


class Client:
    """The client with a key of its own; its calls block, so each runs in a thread."""

    def __init__(self, server: Server, key: dict[str, Any]) -> None:
        self.key = key
        self.sdk = Suprsend(key["id"], key["secret"], base_url=server.url)

    async def __call__(self, call: Any) -> Any:
        """What `call(sdk)` returns."""
        return await asyncio.to_thread(call, self.sdk)


@pytest.fixture
async def client(server: Server) -> Client:
    """The client with a key that may do everything."""
    return Client(server, await new_key(server))


def sent(received: Received) -> Any:
    """The JSON that a receiver got."""
    return json.loads(received.body)


async def test_an_event_is_accepted_seen_and_delivered(server: Server, sink: Sink, client: Client) -> None:
    """`track_event` answers with our event id; the event has type, subject, data and tenant, and fires a trigger."""
    await server.trigger(sink.url, match={"type": "order_placed"}, format="plain")
    event = Event("u1", "order_placed", {"amount": 10, "name": "Zoë ✓"}, tenant_id="acme")
    told = await client(lambda sdk: sdk.track_event(event))
    assert (told["success"], told["status"], told["status_code"]) == (True, "success", 202)
    found = await server.get(f"/api/v1/events/{told['message']}")
    assert (found["type"], found["subject"], found["tenant"]) == ("order_placed", "u1", "acme")
    assert found["data"] == {"amount": 10, "name": "Zoë ✓"}
    assert sent((await sink.wait_for(1))[0]) == found["data"]


async def test_a_repeat_is_answered_as_accepted_and_does_nothing(server: Server, client: Client) -> None:
    """The same idempotency key again, blanks around it or not, and with other properties: the first event stands."""
    for key, properties in (("order-1", {"n": 1}), (" order-1 ", {"n": 1}), ("order-1", {"n": 2})):
        event = Event("u1", "order_placed", properties, idempotency_key=key)
        told = await client(lambda sdk, event=event: sdk.track_event(event))
        assert (told["success"], told["status_code"]) == (True, 202)
    (found,) = await server.items("/api/v1/events?type=order_placed")
    assert found["data"] == {"n": 1}
    assert (await server.items("/api/v1/events?idempotency_key=order-1")) == [found]


async def test_attachments_by_url_and_by_file_are_kept(server: Server, client: Client, tmp_path: Path) -> None:
    """Both stand in the event's data, the file as base64."""
    file = tmp_path / "note.txt"
    file.write_text("hello")
    event = Event("u1", "invoice", {"no": "I-1"})
    event.add_attachment("https://www.example.com/sample_file.pdf", file_name="invoice.pdf", ignore_if_error=True)
    event.add_attachment(str(file))
    told = await client(lambda sdk: sdk.track_event(event))
    by_url, by_file = (await server.get(f"/api/v1/events/{told['message']}"))["data"]["$attachments"]
    assert (by_url["url"], by_url["filename"]) == ("https://www.example.com/sample_file.pdf", "invoice.pdf")
    assert by_url["ignore_if_error"] is True
    assert (by_file["filename"], by_file["data"]) == ("note.txt", "aGVsbG8=")


async def test_many_events_at_once(server: Server, client: Client) -> None:
    """More than fit into one of its requests are all accepted."""
    bulk = client.sdk.bulk_events.new_instance()
    bulk.append(*(Event(f"u{number}", "bulk_event", {"number": number}) for number in range(MANY)))
    told = await client(lambda _: bulk.trigger())
    assert (told.status, told.total, told.success, told.failure) == ("success", MANY, MANY, 0)
    found = await server.items("/api/v1/events?type=bulk_event&limit=200")
    assert [event["data"]["number"] for event in found] == list(reversed(range(MANY)))


async def test_one_bad_event_of_many_costs_the_others_nothing(server: Server, client: Client) -> None:
    """An event beyond the server's limit is the one that the client names as failed; the rest are stored."""
    bulk = client.sdk.bulk_events.new_instance()
    bulk.append(Event("u1", "first"), Event("u2", "large", {"text": "x" * 110_000}), Event("u3", "last"))
    told = await client(lambda _: bulk.trigger())
    assert (told.status, told.total, told.success, told.failure) == ("partial", 3, 2, 1)
    (failed,) = told.failed_records
    assert failed["record"]["event"] == "large"
    assert failed["code"] == 413
    assert "102400" in failed["error"].replace(",", "")
    assert [event["type"] for event in await server.items("/api/v1/events?limit=10")] == ["last", "first"]


async def test_a_wrong_secret_is_told(server: Server, client: Client) -> None:
    """The client says what the server said, and nothing is stored."""
    wrong = Suprsend(client.key["id"], "wrong" + client.key["secret"], base_url=server.url)
    told = await asyncio.to_thread(wrong.track_event, Event("u1", "order_placed"))
    assert (told["success"], told["status_code"]) == (False, 401)
    assert "Not Authenticated" in told["message"]
    bulk = wrong.bulk_events.new_instance()
    bulk.append(Event("u1", "order_placed"))
    assert (await asyncio.to_thread(bulk.trigger)).failed_records[0]["code"] == 401
    with pytest.raises(SuprsendAPIException, match="Not Authenticated"):
        await asyncio.to_thread(wrong.users.get, "u1")
    assert await server.items("/api/v1/events?limit=10") == []


async def test_a_key_that_may_not_send_is_told(server: Server) -> None:
    """A right is the key's, however it signs."""
    reader = Client(server, await new_key(server, scopes=["events:read"]))
    told = await reader(lambda sdk: sdk.track_event(Event("u1", "order_placed")))
    assert (told["success"], told["status_code"]) == (False, 403)
    assert "events:write" in told["message"]


async def test_by_bearer_token(server: Server) -> None:
    """The client's mode with an API key takes our token."""
    key = await new_key(server)
    sdk = Suprsend.with_workspace_api_key(key["id"], key["token"], base_url=server.url)
    told = await asyncio.to_thread(sdk.track_event, Event("u1", "by_token", {"a": 1}))
    assert (await server.get(f"/api/v1/events/{told['message']}"))["type"] == "by_token"


async def test_a_workflow_is_an_event_where_something_listens(server: Server, sink: Sink, client: Client) -> None:
    """Without a trigger for `workflow.<slug>` it is not found; with one it is stored and delivered as it was sent."""
    body = {"workflow": "welcome", "recipients": ["u1", {"distinct_id": "u2", "$email": ["u2@example.com"]}]}
    request = WorkflowTriggerRequest(body={**body, "data": {"first_name": "X"}}, tenant_id="acme")
    told = await client(lambda sdk: sdk.workflows.trigger(request))
    assert (told["success"], told["status_code"]) == (False, 404)
    assert "welcome" in told["message"]
    await server.trigger(sink.url, match={"type": "workflow.welcome"}, format="plain")
    told = await client(lambda sdk: sdk.workflows.trigger(request))
    assert (told["success"], told["status_code"]) == (True, 202)
    received = sent((await sink.wait_for(1))[0])
    assert (received["workflow"], received["recipients"]) == ("welcome", body["recipients"])
    found = await server.get(f"/api/v1/events/{told['message']}")
    assert (found["type"], found["tenant"]) == ("workflow.welcome", "acme")
    bulk = client.sdk.workflows.bulk_trigger_instance()
    bulk.append(request, WorkflowTriggerRequest(body={"workflow": "other", "recipients": ["u1"]}))
    many = await client(lambda _: bulk.trigger())
    assert (many.status, many.success, many.failure) == ("partial", 1, 1)
    assert many.failed_records[0]["code"] == 404


async def test_a_broadcast_is_an_event_where_something_listens(server: Server, sink: Sink, client: Client) -> None:
    """A broadcast goes to the path with the workspace key; it is refused where nothing listens."""
    body = {"list_id": "vips", "template": "sale", "notification_category": "promotional", "data": {"off": 20}}
    broadcast = SubscriberListBroadcast(body=body)
    told = await client(lambda sdk: sdk.subscriber_lists.broadcast(broadcast))
    assert (told["success"], told["status_code"]) == (False, 404)
    await server.trigger(sink.url, match={"type": "workflow.**"}, format="plain")
    told = await client(lambda sdk: sdk.subscriber_lists.broadcast(broadcast))
    assert (told["success"], told["status_code"]) == (True, 202)
    assert sent((await sink.wait_for(1))[0])["list_id"] == "vips"


async def test_a_dynamic_workflow_is_an_event_where_something_listens(server: Server, client: Client) -> None:
    """The older calls, which go to the path with the workspace key, one and several: all or none."""
    body = {"name": "Order Shipped!", "template": "order", "notification_category": "system", "data": {"no": 1}}
    workflow = Workflow(body | {"users": [{"distinct_id": "u1", "$email": ["u1@example.com"]}]}, tenant_id="acme")
    told = await client(lambda sdk: sdk.trigger_workflow(workflow))
    assert (told["success"], told["status_code"]) == (False, 404)
    await server.trigger("http://127.0.0.1:9/", match={"type": "workflow.order-shipped"}, enabled=False)
    told = await client(lambda sdk: sdk.trigger_workflow(workflow))
    assert (told["success"], told["status_code"]) == (True, 202)
    bulk = client.sdk.bulk_workflows.new_instance()
    bulk.append(workflow, workflow)
    many = await client(lambda _: bulk.trigger())
    assert (many.status, many.success, many.failure) == ("success", 2, 0)
    found = await server.items("/api/v1/events?type=workflow.order-shipped")
    assert [(event["subject"], event["tenant"], event["data"]["data"]) for event in found] == [
        ("u1", "acme", {"no": 1})
    ] * 3


async def test_users(server: Server, client: Client) -> None:
    """Made, read, changed by every operator, listed and removed, by ids with blanks, slashes and addresses."""
    for name in ("u1", "user@example.com", "a/b c"):
        made = await client(lambda sdk, name=name: sdk.users.upsert(name, {"$email": "x@example.com", "plan": "pro"}))
        assert (made["distinct_id"], made["properties"]["plan"]) == (name, "pro")
        assert made["$email"][0]["value"] == "x@example.com"
        assert (await client(lambda sdk, name=name: sdk.users.get(name)))["distinct_id"] == name
    edit = client.sdk.users.get_edit_instance("u1")
    edit.set({"plan": "max", "n": 1})
    edit.set_once("first", 1)
    edit.increment("n", 2)
    edit.append("tags", "a")
    edit.add_sms("+15555550100")
    edit.remove_email("x@example.com")
    edit.set_timezone("Europe/Berlin")
    edit.set_locale("de_DE")
    edit.unset("plan")
    changed = await client(lambda sdk: sdk.users.edit(edit))
    properties = changed["properties"]
    assert {name: properties.get(name) for name in ("plan", "n", "first", "tags")} == {
        "plan": None,
        "n": 3,
        "first": 1,
        "tags": ["a"],
    }
    assert changed["$sms"][0]["value"] == "+15555550100"
    listed = await client(lambda sdk: sdk.users.list({"limit": 10}))
    assert {user["distinct_id"] for user in listed["results"]} == {"u1", "user@example.com", "a/b c"}
    assert (await client(lambda sdk: sdk.users.delete("a/b c")))["success"] is True
    await client(lambda sdk: sdk.users.bulk_delete({"distinct_ids": ["u1", "user@example.com"]}))
    for name in ("u1", "a/b c"):
        with pytest.raises(SuprsendAPIException, match="404"):
            await client(lambda sdk, name=name: sdk.users.get(name))


async def test_a_rejected_channel_is_named(server: Server, client: Client) -> None:
    """A number without its country, an address without its domain: a 400 that names the value; nothing is stored."""
    for payload, named in (({"$sms": "0555"}, "0555"), ({"$email": "nobody"}, "nobody")):
        with pytest.raises(SuprsendAPIException, match=rf"400.*{named}"):
            await client(lambda sdk, payload=payload: sdk.users.upsert("u1", payload))
    with pytest.raises(SuprsendAPIException, match="404"):
        await client(lambda sdk: sdk.users.get("u1"))


async def test_users_by_events(server: Server, client: Client) -> None:
    """The ways that answer before they act: async edit, many at once, and the older client's subscriber."""
    edit = client.sdk.users.get_edit_instance("async")
    edit.add_email("async@example.com")
    assert (await client(lambda sdk: sdk.users.async_edit(edit)))["success"] is True
    bulk = client.sdk.users.get_bulk_edit_instance()
    for number in range(3):
        one = client.sdk.users.get_edit_instance(f"bulk{number}")
        one.set("number", number)
        bulk.append(one)
    assert (await client(lambda _: bulk.save())).success == 3
    older = client.sdk.user.get_instance("older")
    older.add_whatsapp("+15555550101")
    assert (await client(lambda _: older.save()))["success"] is True
    many = client.sdk.bulk_users.new_instance()
    last = client.sdk.user.get_instance("last")
    last.set("a", 1)
    many.append(last)
    assert (await client(lambda _: many.save())).success == 1
    names = ("async", "bulk2", "older", "last")
    found = {name: await client(lambda sdk, name=name: sdk.users.get(name)) for name in names}
    assert found["async"]["$email"][0]["value"] == "async@example.com"
    assert found["bulk2"]["properties"]["number"] == 2
    assert found["last"]["properties"]["a"] == 1
    assert found["older"]["$whatsapp"][0]["value"] == "+15555550101"


async def test_tenants_and_brands(server: Server, client: Client) -> None:
    """A tenant is a brand by its older name; the default one is there and stays."""
    made = await client(lambda sdk: sdk.tenants.upsert("acme", {"tenant_name": "Acme", "primary_color": "#ff0000"}))
    assert (made["tenant_id"], made["tenant_name"]) == ("acme", "Acme")
    assert (await client(lambda sdk: sdk.tenants.get("acme")))["primary_color"] == "#ff0000"
    assert (await client(lambda sdk: sdk.brands.get("acme")))["brand_name"] == "Acme"
    await client(lambda sdk: sdk.brands.upsert("globex", {"brand_name": "Globex"}))
    listed = await client(lambda sdk: sdk.tenants.list(limit=10))
    assert {tenant["tenant_id"] for tenant in listed["results"]} >= {"acme", "globex"}
    assert (await client(lambda sdk: sdk.tenants.delete("acme")))["success"] is True
    with pytest.raises(SuprsendAPIException, match="404"):
        await client(lambda sdk: sdk.tenants.get("acme"))
    with pytest.raises(SuprsendAPIException, match="default"):
        await client(lambda sdk: sdk.tenants.delete("default"))


async def test_subscriber_lists(server: Server, client: Client) -> None:
    """Created, filled, counted, emptied and deleted."""
    await client(lambda sdk: sdk.subscriber_lists.create({"list_id": "vips", "list_name": "VIPs"}))
    added = await client(lambda sdk: sdk.subscriber_lists.add("vips", ["u1", "u2", "u3"]))
    assert (added["success"], added["affected_count"]) == (True, 3)
    removed = await client(lambda sdk: sdk.subscriber_lists.remove("vips", ["u1"]))
    assert removed["affected_count"] == 1
    found = await client(lambda sdk: sdk.subscriber_lists.get("vips"))
    assert (found["list_id"], found["list_name"], found["subscribers_count"]) == ("vips", "VIPs", 2)
    listed = await client(lambda sdk: sdk.subscriber_lists.get_all(limit=5))
    assert [one["list_id"] for one in listed["results"]] == ["vips"]
    mine = await client(lambda sdk: sdk.users.get_lists_subscribed_to("u2"))
    assert [one["list_id"] for one in mine["results"]] == ["vips"]
    assert (await client(lambda sdk: sdk.subscriber_lists.delete("vips")))["success"] is True
    with pytest.raises(SuprsendAPIException, match="404"):
        await client(lambda sdk: sdk.subscriber_lists.get("vips"))


NOT_HERE: Final[dict[str, Callable[[Any], Any]]] = {
    "objects": lambda sdk: sdk.objects.upsert("teams", "finance", {"name": "F"}),
    "merge": lambda sdk: sdk.users.merge("u1", "u2"),
    "preferences": lambda sdk: sdk.users.get_full_preference("u1"),
    "list versions": lambda sdk: sdk.subscriber_lists.start_sync("vips"),
    "messages": lambda sdk: sdk.messages.list({"limit": 5}),
    "tenant preferences": lambda sdk: sdk.tenants.list_preference_categories("acme"),
    "users of tenants": lambda sdk: sdk.users.get_for_tenant("u1", "acme"),
}


@pytest.mark.parametrize("name", NOT_HERE)
async def test_what_is_not_here_says_so(server: Server, client: Client, name: str) -> None:
    """501 with the page that lists what is there, raised by the client as its own exception."""
    await client(lambda sdk: sdk.users.upsert("u1", {}))
    with pytest.raises(SuprsendAPIException, match=r"501.*docs/reference/dialects/suprsend"):
        await client(NOT_HERE[name])
