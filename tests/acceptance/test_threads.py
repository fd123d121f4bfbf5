"""Threads of the real server: whole after it was killed in the middle of them."""

import asyncio
import random
from collections import Counter
from functools import partial
from typing import Any

import msgspec

from tests.acceptance.server import Server, eventually
from tests.acceptance.wire import Connection

STORIES = 5
ROUNDS = 4


async def tell(server: Server, seed: int, answered: list[int]) -> None:
    """Send events of few stories until the server is gone: scheduled ones, starts, and removals of roots."""
    chance = random.Random(seed)
    try:
        async with Connection(server.port) as connection:
            while True:
                context = {"id": f"story-{chance.randrange(STORIES)}", "start": chance.random() < 0.1}
                event: dict[str, Any] = {"type": "told", "context": context}
                if chance.random() < 0.1:
                    event["delay"] = 0.05
                sent = await connection.call("POST", "/api/v1/events", msgspec.json.encode(event), server.headers())
                answered.append(sent.status)
                if chance.random() < 0.1:
                    path = f"/api/v1/events/{sent.json['id']}"
                    await connection.call("DELETE", path, b"", server.headers())
    except (OSError, EOFError, asyncio.IncompleteReadError, ValueError):
        return


async def test_threads_are_whole_after_a_kill(server: Server) -> None:
    """However the server dies, every context has one root in the feed, and its thread counts what the log has."""
    for number in range(ROUNDS):
        answered: list[int] = []
        senders = [asyncio.create_task(tell(server, 10 * number + n, answered)) for n in range(4)]
        await eventually(partial(_many, answered), "events are accepted")
        server.kill()
        await asyncio.wait_for(asyncio.gather(*senders), 20)
        await server.start()
        assert set(answered) == {202}
        await eventually(partial(_none_scheduled, server), "what was scheduled happens")
        log = Counter(event["context"]["id"] for event in await server.items("/api/v1/events?limit=200"))
        feed = await server.items("/api/v1/events?feed=true&limit=200")
        assert sorted(event["context"]["id"] for event in feed) == sorted(log)
        assert {event["context"]["id"]: event["thread"]["count"] + 1 for event in feed} == log
        assert all(event["thread"]["root"] == event["id"] for event in feed)


def _many(answered: list[int]) -> bool:
    return len(answered) > 150


async def _none_scheduled(server: Server) -> bool:
    return not await server.items("/api/v1/events?state=scheduled&limit=200")
