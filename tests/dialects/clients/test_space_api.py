"""npm's `space-api` 0.19.3, unchanged, against a running server: queued, delayed, scheduled, and answered at once."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from ensue.testing import Sink
from tests.acceptance.server import Server
from tests.dialects.clients.node import new_key, receiver, told

pytestmark = pytest.mark.usefixtures("npm")


async def queued(server: Server, *steps: dict[str, Any], token: str | None = None) -> list[Any]:
    """What the client got for each event, with a new key's JWT unless another token is given."""
    return await told(
        "space_api.cjs", server.url, "default", token or (await new_key(server))["jwt"], steps=list(steps)
    )


async def trigger(server: Server, url: str, kind: str, **fields: Any) -> None:
    """A trigger made as Space Cloud's own tools make one."""
    key = await new_key(server)
    path = f"/v1/config/projects/default/eventing/triggers/{kind}_hook"
    body = {"type": kind, "url": url} | fields
    answered = await server.call("POST", path, body, authorization=f"Bearer {key['jwt']}")
    assert (answered.status, answered.json) == (200, {}), answered


async def test_an_event_reaches_the_webhook(server: Server) -> None:
    """The receiver of the documents gets the six keys, as JSON, with both tokens; the event stands in the log."""
    async with receiver("space_receiver.mjs") as hook:
        await trigger(server, hook.url, "my_type")
        assert await queued(server, {"type": "my_type", "payload": {"a": [1, {"b": None}]}}) == [
            {"status": 200, "data": {}}
        ]
        got = await hook.read()
    assert (got["specversion"], got["type"], got["data"]) == ("1.0", "my_type", {"a": [1, {"b": None}]})
    assert got["contentType"] == "application/json"
    assert got["authorization"].startswith("Bearer ey")
    assert got["token"].startswith("Bearer ey")
    (event,) = await server.items("/api/v1/events?type=my_type")
    assert (event["id"], event["data"]) == (got["id"], got["data"])


async def test_without_a_payload(server: Server, sink: Sink) -> None:
    """The client leaves an undefined payload out; the webhook gets null."""
    await trigger(server, sink.url, "bare")
    assert await queued(server, {"type": "bare"}) == [{"status": 200, "data": {}}]
    assert (await sink.wait_for(1))[0].body.count(b'"data":null') == 1


async def test_a_delay_is_milliseconds(server: Server, sink: Sink) -> None:
    """On this path, as every one of their servers did; the webhook comes no earlier."""
    await trigger(server, sink.url, "delayed")
    before = time.time()
    assert await queued(server, {"type": "delayed", "delay": 400}) == [{"status": 200, "data": {}}]
    await sink.wait_for(1)
    assert time.time() - before >= 0.4
    (event,) = await server.items("/api/v1/events?type=delayed")
    assert datetime.fromisoformat(event["time"]).timestamp() >= before + 0.399


async def test_a_date_in_the_future_is_scheduled(server: Server) -> None:
    """It stands among the scheduled events, due at that time; with a delay on top, later by that."""
    date = datetime.now(UTC).replace(microsecond=0).timestamp() + 3_600
    text = datetime.fromtimestamp(date, UTC).isoformat()
    answers = await queued(
        server, {"type": "later", "date": text}, {"type": "later.still", "date": text, "delay": 60_000}
    )
    assert answers == [{"status": 200, "data": {}}] * 2
    due = {
        event["type"]: datetime.fromisoformat(event["due_at"]).timestamp()
        for event in await server.items("/api/v1/events?state=scheduled")
    }
    assert due == {"later": date, "later.still": date + 60}


async def test_a_synchronous_event_gets_the_response(server: Server) -> None:
    """The webhook's response is the result; the event that it answered with follows."""
    async with receiver("space_receiver.mjs") as hook:
        await trigger(server, hook.url, "greeting")
        await trigger(server, hook.url, "greeted")
        answers = await queued(server, {"type": "greeting", "payload": {"name": "Zoë"}, "synchronous": True})
        assert answers == [{"status": 200, "data": {"result": {"hello": "Zoë"}}}]
        followed = [await hook.read(), await hook.read()][1]
    assert (followed["type"], followed["data"]) == ("greeted", {"name": "Zoë"})


async def test_a_synchronous_event_that_nothing_answers(server: Server, sink: Sink) -> None:
    """Without a trigger it is told at once; a webhook that answers without a response is an error too."""
    await trigger(server, sink.url, "silent")
    nobody, silent = await queued(
        server, {"type": "nobody.listens", "synchronous": True}, {"type": "silent", "synchronous": True}
    )
    assert (nobody["status"], silent["status"]) == (500, 500)
    assert "nobody.listens" in nobody["data"]["error"]
    assert silent["data"]["error"]
    assert await server.items("/api/v1/events?type=nobody.listens") == []


async def test_a_wrong_token_is_refused(server: Server) -> None:
    """In their words, and nothing is stored."""
    reader = await new_key(server, scopes=["events:read"])
    for token in ("header.payload.sig", reader["jwt"], "garbage"):
        (answer,) = await queued(server, {"type": "refused"}, token=token)
        assert answer["status"] == 500
        assert answer["data"]["error"]
    assert await server.items("/api/v1/events?type=refused") == []
