"""Four clients of three other systems on one server: their events stand in one stream, fire one trigger, and act."""

import asyncio
import contextlib
import json
from typing import Any, Final

import pytest
from suprsend import Event, Suprsend

from ensue.testing import Sink
from tests.acceptance.follower import Follower
from tests.acceptance.server import Server, eventually
from tests.dialects.clients.curl import curl
from tests.dialects.clients.node import new_key, receiver, told

pytestmark = pytest.mark.usefixtures("npm")

EXPECTED: Final = {"a critical event", "from_python", "from_node", "from_space_api"}


async def _send_all(server: Server, key: dict[str, Any], hook: str) -> str:
    """One event by each client; the id of the one with a button."""
    action = {"url": hook, "buttonText": "Ban user", "key": "ban_user", "meta": {"id": 1}}
    logged = await curl(
        f"{server.url}/api/v1/log",
        json.dumps({"name": "a critical event", "avatar": "🤖", "userId": "u1", "actions": [action]}),
        authorization=f"Bearer {key['token']}",
        content_type="application/json",
    )
    assert (logged.status, logged.body) == (201, "success")
    sdk = Suprsend(key["id"], key["secret"], base_url=server.url)
    assert (await asyncio.to_thread(sdk.track_event, Event("u1", "from_python", {"n": 1})))["success"]
    step = ["track_event", {"event": ["u1", "from_node", {"n": 2}]}]
    (by_node,) = await told("suprsend.cjs", server.url, key["id"], key["secret"], steps=[step])
    assert by_node["result"]["success"]
    queued = {"type": "from_space_api", "payload": {"n": 3}}
    assert await told("space_api.cjs", server.url, "default", key["jwt"], steps=[queued]) == [
        {"status": 200, "data": {}}
    ]
    return logged.headers["x-event-id"]


async def test_one_stream_one_trigger_and_a_button(server: Server, sink: Sink) -> None:
    """Each event is in the log once and in the stream once, is delivered as a CloudEvent, and the button works."""
    await server.trigger(sink.url)
    follower = Follower(server)
    following = asyncio.create_task(follower.run())
    try:
        await eventually(lambda: follower.connected, "the stream begins")
        secret = (await server.get("/api/v1/actions/secret"))["secret"]
        async with receiver("action_http.mjs", secret) as hook:
            event_id = await _send_all(server, await new_key(server), hook.url)
            pressed = await server.call("POST", f"/api/v1/events/{event_id}/actions/ban_user")
        received = await sink.wait_for(len(EXPECTED))
        listed = {event["type"]: event for event in await server.items("/api/v1/events?limit=50")}
        await eventually(lambda: len(follower.seen) >= len(EXPECTED) + 2, "the press and its outcome are told")
    finally:
        following.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await following
    assert (pressed.status, pressed.json["state"]) == (200, "done")
    assert set(listed) == EXPECTED
    delivered = {json.loads(one.body)["type"]: one.headers["ensue-event-id"] for one in received}
    assert delivered == {kind: event["id"] for kind, event in listed.items()}
    assert {event["id"] for event in listed.values()} <= set(follower.seen)
    assert len(set(follower.seen)) == len(follower.seen)
    assert not follower.faults
    card = (await server.get(f"/api/v1/events/{event_id}"))["card"]
    assert card["actions"][0]["state"]["state"] == "done"
