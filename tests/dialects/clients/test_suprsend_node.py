"""npm's `@suprsend/node-sdk`, unchanged, against a running server: every call that the dialect answers."""

from typing import Any

import pytest

from tests.acceptance.server import Server
from tests.dialects.clients.node import new_key, told

pytestmark = pytest.mark.usefixtures("npm")

ACCEPTED = {"success": True, "status": "success", "status_code": 202, "message": "Accepted"}


async def results(server: Server, *steps: list[Any], key: dict[str, Any] | None = None) -> list[Any]:
    """What the client returned for each step, `{"error": message}` where it threw."""
    made = key or await new_key(server)
    answers = await told("suprsend.cjs", server.url, made["id"], made["secret"], steps=list(steps))
    assert len(answers) == len(steps)
    return [answer.get("result", answer) for answer in answers]


async def test_events(server: Server) -> None:
    """One event, a repeat of it, one with an attachment, and many at once; all of them are seen."""
    properties = {"key1": "value1", "nested": {"deep": [1, "é"]}}
    options = {"tenant_id": "acme", "idempotency_key": "unique-1"}
    first = ["track_event", {"event": ["u1", "product_purchased", properties, options]}]
    attached = ["track_event", {"event": ["u1", "invoiced", {}, {}, [["https://www.example.com/sample_file.pdf"]]]}]
    bulk = ["bulk events", *({"event": [f"u{number}", "bulk_event", {"n": number}]} for number in range(150))]
    one, repeat, invoice, many = await results(server, first, first, attached, bulk)
    assert one == repeat == invoice == ACCEPTED
    assert (many["status"], many["total"], many["success"], many["failure"]) == ("success", 150, 150, 0)
    (found,) = await server.items("/api/v1/events?type=product_purchased")
    assert (found["subject"], found["tenant"], found["data"]) == ("u1", "acme", properties)
    (invoiced,) = await server.items("/api/v1/events?type=invoiced")
    assert invoiced["data"]["$attachments"][0]["url"] == "https://www.example.com/sample_file.pdf"
    assert len(await server.items("/api/v1/events?type=bulk_event&limit=200")) == 150


async def test_a_batch_is_stored_whole_or_not_at_all(server: Server) -> None:
    """The client takes any success for all of its records, so one that is too large refuses the request."""
    large = {"event": ["u2", "large", {"text": "x" * 110_000}]}
    (told_,) = await results(server, ["bulk events", {"event": ["u1", "small", {}]}, large])
    assert (told_["status"], told_["success"], told_["failure"]) == ("fail", 0, 2)
    assert await server.items("/api/v1/events?limit=10") == []


async def test_a_wrong_secret_is_told(server: Server) -> None:
    """By status, since the client shows no more of an event's refusal; by message where it does."""
    key = await new_key(server)
    event, user = await results(
        server,
        ["track_event", {"event": ["u1", "refused", {}]}],
        ["users.get", "u1"],
        key=key | {"secret": "wrong" + key["secret"]},
    )
    assert (event["success"], event["status_code"]) == (False, 401)
    assert "Not Authenticated" in user["error"]
    assert await server.items("/api/v1/events?limit=10") == []


async def test_workflows_and_broadcasts(server: Server) -> None:
    """Refused where nothing listens, else events of the type `workflow.<slug>`."""
    workflow = ["workflows.trigger", {"workflow": [{"workflow": "welcome", "recipients": ["u1"]}, {}]}]
    body = {"list_id": "vips", "template": "sale", "notification_category": "promotional", "data": {}}
    broadcast = ["subscriber_lists.broadcast", {"broadcast": [body]}]
    missing, silent = await results(server, workflow, broadcast)
    assert (missing["success"], missing["status_code"]) == (False, 404)
    assert "welcome" in str(missing["message"])
    assert (silent["success"], silent["status_code"]) == (False, 404)
    await server.trigger("http://127.0.0.1:9/", match={"type": "workflow.**"}, enabled=False)
    there, sent, many = await results(server, workflow, broadcast, ["bulk workflows", workflow[1], workflow[1]])
    assert (there["success"], there["status_code"], sent["success"]) == (True, 202, True)
    assert (many["status"], many["success"]) == ("success", 2)
    assert len(await server.items("/api/v1/events?type=workflow.welcome")) == 3


async def test_dynamic_workflows(server: Server) -> None:
    """The older calls, which go to the path with the workspace key, one and several."""
    body = {"name": "Order Shipped!", "template": "order", "notification_category": "system", "data": {"no": 1}}
    workflow = {"dynamic": [body | {"users": [{"distinct_id": "u1"}]}, {"tenant_id": "acme"}]}
    one, several = ["trigger_workflow", workflow], ["bulk dynamic", workflow, workflow]
    for refused in await results(server, one, several):
        assert refused["success"] in (False, 0)
    await server.trigger("http://127.0.0.1:9/", match={"type": "workflow.order-shipped"}, enabled=False)
    sent, many = await results(server, one, several)
    assert (sent["success"], sent["message"]) == (True, "Accepted")
    assert (many["status"], many["success"]) == ("success", 2)
    found = await server.items("/api/v1/events?type=workflow.order-shipped")
    assert [(event["subject"], event["tenant"]) for event in found] == [("u1", "acme")] * 3


async def test_users(server: Server) -> None:
    """Made, read, edited in each way, listed and removed, by ids with blanks, slashes and addresses."""
    verbs = [
        ["set", "plan", "pro"],
        ["set_once", "first", 1],
        ["increment", "n", 2],
        ["append", "tags", "a"],
        ["add_email", "u1@example.com"],
        ["add_sms", "+15555550100"],
        ["add_whatsapp", "+15555550101"],
        ["remove_sms", "+15555550100"],
        ["add_androidpush", "token-1", "fcm"],
        ["set_preferred_language", "en"],
        ["set_timezone", "Europe/Berlin"],
        ["unset", ["tags"]],
    ]
    made, edited, read, asynchronous, many, older, listed = await results(
        server,
        ["users.upsert", "a/b c@example.com", {"$email": ["x@example.com"], "name": "X"}],
        ["users.edit", {"edit": ["u1", verbs]}],
        ["users.get", "a/b c@example.com"],
        ["users.async_edit", {"edit": ["async", [["set", "a", 1]]]}],
        ["bulk users", {"edit": ["bulk1", [["set", "a", 1]]]}, {"edit": ["bulk2", [["set", "a", 2]]]}],
        ["save", {"subscriber": ["older", [["add_email", "older@example.com"]]]}],
        ["users.list", {"limit": 10}],
    )
    assert made["distinct_id"] == read["distinct_id"] == "a/b c@example.com"
    assert (edited["properties"]["plan"], edited["properties"]["n"]) == ("pro", 2)
    assert edited["$email"][0]["value"] == "u1@example.com"
    assert edited["$whatsapp"][0]["value"] == "+15555550101"
    assert "tags" not in edited["properties"]
    assert (asynchronous["success"], many["success"], older["success"]) == (True, 2, True)
    names = {user["distinct_id"] for user in listed["results"]}
    assert names == {"a/b c@example.com", "u1", "async", "bulk1", "bulk2", "older"}
    removed, several, gone = await results(
        server,
        ["users.delete", "a/b c@example.com"],
        ["users.bulk_delete", {"distinct_ids": ["u1", "async", "bulk1", "bulk2"]}],
        ["users.get", "u1"],
    )
    assert (removed["success"], several["success"]) == (True, True)
    assert gone["error"].startswith("404: ")


async def test_a_rejected_channel_is_named(server: Server) -> None:
    """The client throws our message; nothing is stored."""
    rejected, missing = await results(server, ["users.upsert", "u1", {"$sms": "0555"}], ["users.get", "u1"])
    assert rejected["error"].startswith("400: ")
    assert "0555" in rejected["error"]
    assert missing["error"].startswith("404: ")


async def test_tenants_brands_and_lists(server: Server) -> None:
    """Each of them made, read and listed; a list is filled, emptied and deleted."""
    tenant, brand, tenants, brands = await results(
        server,
        ["tenants.upsert", "acme", {"tenant_name": "Acme"}],
        ["brands.get", "acme"],
        ["tenants.list", {"limit": 10}],
        ["brands.list", {}],
    )
    assert (tenant["tenant_id"], brand["brand_id"], brand["brand_name"]) == ("acme", "acme", "Acme")
    assert "acme" in {one["tenant_id"] for one in tenants["results"]}
    assert "acme" in {one["brand_id"] for one in brands["results"]}
    _, added, removed, found, listed, deleted, gone = await results(
        server,
        ["subscriber_lists.create", {"list_id": "vips", "list_name": "VIPs"}],
        ["subscriber_lists.add", "vips", ["u1", "u2"]],
        ["subscriber_lists.remove", "vips", ["u1"]],
        ["subscriber_lists.get", "vips"],
        ["subscriber_lists.get_all", {"limit": 5}],
        ["subscriber_lists.delete", "vips"],
        ["subscriber_lists.get", "vips"],
    )
    assert (added["affected_count"], removed["affected_count"], found["subscribers_count"]) == (2, 1, 1)
    assert [one["list_id"] for one in listed["results"]] == ["vips"]
    assert deleted["success"] is True
    assert gone["error"].startswith("404: ")


async def test_what_is_not_here_says_so(server: Server) -> None:
    """501 with the page that lists what is there."""
    answers = await results(
        server,
        ["objects.upsert", "teams", "finance", {"name": "F"}],
        ["users.merge", "u1", "u2"],
        ["subscriber_lists.start_sync", "vips"],
        ["messages.list", {"limit": 5}],
    )
    for answer in answers:
        assert answer["error"].startswith("501: ")
        assert "docs/reference/dialects/suprsend" in answer["error"]
