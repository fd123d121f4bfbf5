"""Buttons on a real server: pressed by many at once, and by somebody whose server dies before the answer comes."""

import asyncio
from typing import Any

import pytest
from standardwebhooks import Webhook

from ensue.testing import Reply, Sink
from tests.acceptance.conftest import MakeServer
from tests.acceptance.server import Server, eventually
from tests.acceptance.wire import Answered


async def shown(server: Server, url: str) -> str:
    """The id of an event with the button `ban`."""
    action = {"key": "ban", "label": "Ban", "url": url, "meta": {"id": 1}}
    return await server.send("user.flagged", card={"title": "A user", "actions": [action]})


async def press(server: Server, event: str) -> Answered:
    """Press it."""
    return await server.call("POST", f"/api/v1/events/{event}/actions/ban")


async def state_of(server: Server, event: str) -> Any:
    """How the button stands, None if it was never pressed."""
    found = await server.get(f"/api/v1/events/{event}")
    return found["card"]["actions"][0].get("state")


async def done(server: Server, event: str) -> bool:
    """Whether the button is done."""
    state = await state_of(server, event)
    return bool(state and state["state"] == "done")


async def test_eight_press_at_once(server: Server, sink: Sink) -> None:
    """One request goes out, signed; the other seven are conflicts."""
    held = asyncio.Event()
    sink.script = lambda _received: Reply(hold=held.wait)
    event = await shown(server, sink.url)
    presses = [asyncio.create_task(press(server, event)) for _ in range(8)]
    await eventually(lambda: sum(one.done() for one in presses) == 7, "seven are refused")
    held.set()
    answers = await asyncio.gather(*presses)
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    assert [answer.json["state"] for answer in answers if answer.status == 200] == ["done"]
    (received,) = sink.received
    secret = (await server.get("/api/v1/actions/secret"))["secret"]
    assert Webhook(secret).verify(received.body, received.headers)["event"]["id"] == event


@pytest.mark.parametrize("blow", ["kill", "term"])
async def test_a_server_that_ends_before_the_answer(make_server: MakeServer, sink: Sink, blow: str) -> None:
    """The button resolves itself after the next start: the same request under the same id, by no further press."""
    server = make_server(ENSUE_GRACE="0s")
    await server.start()
    never = asyncio.Event()
    sink.script = lambda _received: Reply(hold=never.wait)
    event = await shown(server, sink.url)
    pressing = asyncio.create_task(press(server, event))
    await sink.wait_for(1)
    assert (await state_of(server, event))["state"] == "running"
    if blow == "kill":
        server.kill()
    else:
        assert await server.stop() == 0
    await asyncio.wait([pressing])
    if blow == "term":
        assert pressing.result().json["state"] == "running", "who waits is told before the port closes"
    else:
        assert pressing.exception() is not None
    sink.script = lambda _received: Reply()
    await server.start()
    await eventually(lambda: done(server, event), "the button resolves itself")
    assert (await press(server, event)).status == 409
    first, second = sink.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert (first.body, first.headers["ensue-attempt"]) == (second.body, second.headers["ensue-attempt"])
    told = await server.items("/api/v1/events?type=ensue.action.*")
    assert [one["type"] for one in told] == ["ensue.action.done", "ensue.action.pressed"]
    assert {one["context"]["id"] for one in told} == {event}
