"""Buttons logged by `curl`, pressed, and read by receivers in Node as Operational's documents show them."""

import json
from typing import Any

import pytest

from tests.acceptance.server import Server
from tests.acceptance.wire import Answered
from tests.dialects.clients.curl import curl
from tests.dialects.clients.node import receiver

pytestmark = pytest.mark.usefixtures("npm")

EVENTS = "/api/v1/events"


async def logged(server: Server, event: dict[str, Any]) -> str:
    """The id of an event that `curl` logged."""
    bearer, kind = f"Bearer {server.key}", "application/json"
    got = await curl(f"{server.url}/api/v1/log", json.dumps(event), Authorization=bearer, Content_Type=kind)
    assert (got.status, got.body) == (201, "success"), got
    return got.headers["x-event-id"]


async def press(server: Server, event: str, key: str) -> Answered:
    """What pressing came to."""
    return await server.call("POST", f"{EVENTS}/{event}/actions/{key}")


async def secret(server: Server) -> str:
    """What signs the requests of buttons."""
    return str((await server.get("/api/v1/actions/secret"))["secret"])


async def test_the_documents_receiver_reads_action_type_and_data(server: Server) -> None:
    """The sample for banning users, as seed 001 shows both of its sides; the signature verifies."""
    async with receiver("action_fastify.cjs", await secret(server)) as fastify:
        action = {"url": fastify.url, "buttonText": "Ban user", "key": "ban_user", "expireIn": 120}
        event = await logged(
            server, {"name": "some event", "avatar": "🤖", "type": "rows", "actions": [action | {"meta": {"id": 1}}]}
        )
        pressed = await press(server, event, "ban_user")
        read = await fastify.read()
    assert (pressed.status, pressed.json["state"], pressed.json["status"]) == (200, "done", 200)
    assert json.loads(pressed.json["attempt"]["response"]["body"]) == {
        "status": "success",
        "received": {"actionType": "ban_user", "data": {"id": 1}},
    }
    assert (read["actionType"], read["data"]) == ("ban_user", {"id": 1})
    assert read["id"] == pressed.json["delivery"]
    assert read["createdAt"] == (await server.get(f"{EVENTS}/{event}"))["time"]
    assert (await press(server, event, "ban_user")).status == 409


async def test_the_other_samples_read_the_event_and_the_action(server: Server) -> None:
    """`req.body.event.key` and `req.body.action.type`; text is as good a `meta` as an object."""
    async with receiver("action_http.mjs", await secret(server)) as node:
        action = {"url": node.url, "buttonText": "Ban user", "key": "ban_user", "meta": "shash"}
        event = await logged(server, {"name": "user flagged", "userId": 7, "actions": [action]})
        pressed = await press(server, event, "ban_user")
        read = await node.read()
    assert pressed.json["state"] == "done"
    assert (read["key"], read["meta"], read["userId"], read["type"]) == ("ban_user", "shash", "7", "ban_user")


async def test_a_receiver_that_refuses_may_be_asked_again(server: Server) -> None:
    """404 is shown as failed, with its body, and the button can be pressed again."""
    async with receiver("action_http.mjs", await secret(server)) as node:
        action = {"url": node.url, "buttonText": "Refund", "key": "refund"}
        event = await logged(server, {"name": "order paid", "actions": [action]})
        for _ in range(2):
            pressed = await press(server, event, "refund")
            assert (pressed.status, pressed.json["state"], pressed.json["status"]) == (200, "failed", 404)
            assert (await node.read())["key"] == "refund"
    assert pressed.json["attempt"]["response"]["body"] == "no such action here"


async def test_a_link_is_not_pressed(server: Server) -> None:
    """It is opened by whoever reads the card."""
    link = {"url": "https://stripe.com", "external": True, "buttonText": "Press me"}
    event = await logged(server, {"name": "a critical event", "avatar": "🤖", "actions": [link]})
    shown = (await server.get(f"{EVENTS}/{event}"))["card"]["actions"]
    assert (await press(server, event, shown[0]["key"])).status == 409
