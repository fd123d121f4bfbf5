"""The samples of Space Cloud's page (seed 004) and of SuprSend's (seed 003) as requests by `curl`."""

import json
from typing import Any

from ensue.testing import Sink
from tests.acceptance.server import Server
from tests.dialects.clients.curl import Curled, curl
from tests.dialects.clients.node import new_key

JSON = "application/json"
QUEUE = "/v1/api/default/event-triggers/queue"
EMAIL = """{
  "type": "sent-email",
  "data": {
    "to": "user1@email.com",
    "from": "user2@email.com",
    "subject": "Some Subject"
  }
}"""
AT = '{\n  "type": "my-custom-event",\n  "timestamp": 1587902400,\n  "data": {\n    "foo": "bar"\n  }\n}'
BOTH = """{
  "type": "my-custom-event",
  "delay": 3600,
  "timestamp": 1587902400,
  "data": {
    "foo": "bar"
  }
}"""
DELAYED = '{\n  "type": "my-custom-event",\n  "delay": 3600,\n  "data": {\n    "foo": "bar"\n  }\n}'
PURCHASE = {
    "distinct_id": "0fxxx8f74-xxxx-41c5-8752-xxxcb6911fb08",
    "event": "product_purchased",
    "properties": {
        "first_name": "User",
        "spend_amount": "$10",
        "nested_key_example": {"nested_key1": "some_value_1", "nested_key2": {"nested_key3": "some_value_3"}},
    },
}


async def queued(server: Server, body: str) -> Curled:
    """The answer to an event in Space Cloud's words."""
    jwt = (await new_key(server))["jwt"]
    return await curl(f"{server.url}{QUEUE}", body, Authorization=f"Bearer {jwt}", Content_Type=JSON)


async def test_the_first_sample_of_space_cloud(server: Server, sink: Sink) -> None:
    """Queued with a token only, and delivered to the trigger of that type as the page shows."""
    jwt = (await new_key(server))["jwt"]
    path = "/v1/config/projects/default/event-triggers/rules/welcome-email"
    body = {"type": "sent-email", "url": sink.url}
    made = await server.call("POST", path, body, authorization=f"Bearer {jwt}")
    assert made.status == 200, made
    stranger = await curl(f"{server.url}{QUEUE}", EMAIL, Content_Type=JSON)
    assert stranger.status in (401, 403)
    assert "error" in stranger.json
    assert (await queued(server, EMAIL)).status == 200
    (received,) = await sink.wait_for(1)
    sent = json.loads(received.body)
    assert set(sent) == {"specversion", "id", "type", "source", "time", "data"}
    assert (sent["specversion"], sent["type"], sent["data"]) == ("1.0-rc1", "sent-email", json.loads(EMAIL)["data"])


async def test_space_cloud_samples_of_time(server: Server) -> None:
    """Moments that are past by now have happened, each when it was due; what is delayed waits."""
    for body in (AT, BOTH, DELAYED):
        assert (await queued(server, body)).status == 200
    events = await server.items("/api/v1/events?type=my-custom-event")
    assert [event["time"] for event in events] == ["2020-04-26T13:00:00.000Z", "2020-04-26T12:00:00.000Z"]
    assert [event["data"] for event in events] == [{"foo": "bar"}] * 2
    (event,) = await server.items("/api/v1/events?state=scheduled")
    assert (event["type"], event["data"]) == ("my-custom-event", {"foo": "bar"})


async def suprsend(server: Server, path: str, body: Any) -> Curled:
    """The answer to events in SuprSend's words, with the key of its HTTP API."""
    return await curl(f"{server.url}{path}", json.dumps(body), Authorization=f"Bearer {server.key}", Content_Type=JSON)


async def test_suprsend_samples(server: Server) -> None:
    """The page's event on each path: under one idempotency key it is one. Its bulk sample has a record for each."""
    extra = {"$idempotency_key": "user147-new-comment-1687437670", "tenant_id": "your_tenant_id"}
    for path in ("/event/", "/v2/event/", "/v2/event"):
        got = await suprsend(server, path, PURCHASE | extra)
        assert (got.status, got.json["status"]) == (202, "success"), got
    (event,) = await server.items("/api/v1/events?type=product_purchased")
    assert (event["subject"], event["tenant"]) == (PURCHASE["distinct_id"], "your_tenant_id")
    assert event["data"] == PURCHASE["properties"]
    bulk = [
        {"distinct_id": f"distinct_id{at}", "event": f"event_name{at}", "properties": {f"k{at}": f"v{at}"}}
        for at in (1, 2)
    ]
    got = await suprsend(server, "/v2/bulk/event/", bulk)
    assert [record["status"] for record in got.json["records"]] == ["success", "success"]
    assert [one["data"] for one in await server.items("/api/v1/events?limit=2&type=*")][:2] == [
        {"k2": "v2"},
        {"k1": "v1"},
    ]
