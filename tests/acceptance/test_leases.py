"""Leases on a real server: slow receivers, a server that was frozen or killed, verbs that meet what is in flight."""

import asyncio
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from ensue.testing import Received, Reply, Sink
from tests.acceptance.conftest import MakeServer
from tests.acceptance.ledger import opened
from tests.acceptance.server import Server, eventually

LEASE = 1.0
"""That of the fixture `server`."""


def held(answered: asyncio.Event) -> Any:
    """A script that takes each request and answers when `answered` is set."""
    return lambda _received: Reply(hold=answered.wait)


def lease_ends(server: Server, delivery: str) -> float:
    """When the claim on a delivery runs out (seconds since the epoch), as the file has it."""
    with closing(opened(server.data / "ensue.db")) as database:
        row = database.execute("SELECT claimed_until FROM delivery WHERE id = ?", (delivery,)).fetchone()
    return float(row[0]) / 1000


async def delivered(server: Server, event: str) -> Any:
    """The one delivery of `event`, once it has arrived."""

    async def look() -> Any:
        found = await server.delivery_of(event)
        return found if found["state"] == "delivered" else None

    return await eventually(look, "the delivery arrives")


async def in_flight(server: Server, sink: Sink) -> tuple[str, str]:
    """Send one event whose receiver does not answer yet: the ids of the event and of the delivery."""
    await server.trigger(sink.url, retry={"attempts": 5, "schedule": [0]})
    event = await server.send()
    received = await sink.wait_for(1)
    return event, received[0].headers["webhook-id"]


async def test_a_receiver_slower_than_two_leases_gets_one_request(server: Server, sink: Sink) -> None:
    """A claim is renewed while the answer is awaited: nobody else takes the delivery meanwhile."""
    answered = asyncio.Event()
    sink.script = held(answered)
    event, delivery = await in_flight(server, sink)
    first = lease_ends(server, delivery)
    await eventually(lambda: lease_ends(server, delivery) >= first + 2 * LEASE, "the claim is renewed, and renewed")
    answered.set()
    found = await delivered(server, event)
    assert (found["claim"], found["tries"], len(found["attempts"])) == (1, 1, 1)
    assert len(sink.received) == 1


async def test_a_server_frozen_past_the_lease_sends_once(server: Server, sink: Sink) -> None:
    """What was in flight when the server was stopped is still its own when it goes on: its claim is renewed."""
    answered = asyncio.Event()
    sink.script = held(answered)
    event, delivery = await in_flight(server, sink)
    server.pause()
    await eventually(lambda: time.time() > lease_ends(server, delivery) + LEASE, "the lease is over")
    server.resume()
    await eventually(lambda: time.time() < lease_ends(server, delivery), "the claim is renewed")
    answered.set()
    found = await delivered(server, event)
    assert (found["claim"], found["tries"], len(sink.received)) == (1, 1, 1)


async def test_an_answer_that_came_while_the_server_was_frozen_counts(server: Server, sink: Sink) -> None:
    """The answer waits in the socket until the server goes on, and is not asked for again."""
    answered = asyncio.Event()
    sink.script = held(answered)
    event, delivery = await in_flight(server, sink)
    server.pause()
    answered.set()
    await eventually(lambda: time.time() > lease_ends(server, delivery) + LEASE, "the lease is over")
    server.resume()
    found = await delivered(server, event)
    assert (found["claim"], found["tries"], len(sink.received)) == (1, 1, 1)


async def test_a_killed_server_sends_again_at_once(make_server: MakeServer, sink: Sink) -> None:
    """Where one process owns the store, what a dead one held comes due when it starts, not after its lease."""
    server = make_server(ENSUE_LEASE="1h")
    await server.start()
    answered = asyncio.Event()
    sink.script = held(answered)
    event, delivery = await in_flight(server, sink)
    server.kill()
    answered.set()
    await server.start()
    found = await delivered(server, event)
    assert (found["id"], found["claim"], found["tries"]) == (delivery, 2, 1)
    assert [one.headers["webhook-id"] for one in sink.received] == [delivery] * 2
    assert {one.headers["ensue-event-id"] for one in sink.received} == {event}


async def test_what_is_in_flight_is_not_retried_and_a_late_answer_changes_nothing(server: Server, sink: Sink) -> None:
    """Retry is a 409 while a try is under way; cancel says `in_flight`; the answer that comes later is kept as late."""
    answered = asyncio.Event()
    sink.script = held(answered)
    _, delivery = await in_flight(server, sink)
    path = f"/api/v1/deliveries/{delivery}"
    retried = await server.call("POST", f"{path}/retry")
    assert (retried.status, retried.code) == (409, "conflict")
    cancelled = await server.call("POST", f"{path}/cancel")
    assert (cancelled.status, cancelled.json["state"], cancelled.json["in_flight"]) == (200, "cancelled", True)
    answered.set()

    async def late() -> Any:
        return (await server.get(path)).get("attempts")

    attempts = await eventually(late, "the late attempt is kept")
    assert [(attempt["result"], attempt["late"]) for attempt in attempts] == [("sent", True)]
    assert (await server.get(path))["state"] == "cancelled"


async def test_a_hung_receiver_costs_the_others_nothing(server: Server, sink: Sink) -> None:
    """A backlog behind a receiver that never answers leaves the lanes of others free."""
    never = asyncio.Event()
    async with Sink(held(never)) as hung:
        await server.trigger(hung.url, match={"type": "hung.*"}, concurrency=2, timeout_ms=60_000)
        await server.trigger(sink.url, match={"type": "fine.*"})
        for kind in ("hung.one", "fine.one"):
            batch = {"events": [{"type": kind} for _ in range(100)]}
            assert (await server.call("POST", "/api/v1/events/batch", batch)).json["accepted"] == 100
        await sink.wait_for(100)
        assert len(await hung.wait_for(2)) == 2, "its room is two at once"


async def test_failures_are_tried_again_on_schedule_and_never_early(server: Server, sink: Sink) -> None:
    """Each next try comes at least its wait after the answer before, under the same id and a higher number."""
    arrived: list[float] = []

    def fail_twice(received: Received) -> Reply:
        arrived.append(time.monotonic())
        return Reply(status=503 if len(arrived) < 3 else 204)

    sink.script = fail_twice
    await server.trigger(sink.url, retry={"attempts": 5, "schedule": [0.2, 0.4]})
    found = await delivered(server, await server.send())
    assert [attempt["result"] for attempt in found["attempts"]] == ["failed", "failed", "sent"]
    assert [one.headers["ensue-attempt"] for one in sink.received] == ["1", "2", "3"]
    assert len(Counter(one.headers["webhook-id"] for one in sink.received)) == 1
    assert arrived[1] - arrived[0] >= 0.2
    assert arrived[2] - arrived[1] >= 0.4


async def test_retry_after_is_obeyed(server: Server, sink: Sink) -> None:
    """A 429 that asks for time gets it, however short the schedule is."""
    sink.script = lambda _received: Reply(status=429, headers={"retry-after": "3600"})
    await server.trigger(sink.url, retry={"attempts": 5, "schedule": [0]})
    event = await server.send()
    await sink.wait_for(1)

    async def put_off() -> Any:
        found = await server.delivery_of(event)
        return found if found["tries"] else None

    due = datetime.fromisoformat((await eventually(put_off, "the failure is kept"))["due_at"])
    assert (due - datetime.now(UTC)).total_seconds() > 3500
