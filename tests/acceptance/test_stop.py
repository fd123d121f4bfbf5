"""A graceful stop: within its grace, whatever is open; what could not be finished goes out after the next start."""

import asyncio
import json
import socket
import sys
import time

import pytest

from ensue.testing import Reply, Sink
from tests.acceptance.conftest import MakeServer
from tests.acceptance.ledger import opened
from tests.acceptance.server import eventually
from tests.acceptance.wire import Connection, request

GRACE = 1.0
SLACK = 10.0
"""Seconds that a busy machine may take on top."""


def deaf(port: int) -> bool:
    """Whether nobody takes connections there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


TOLD_WHILE_IT_STARTS = """
import os, signal, sys
from ensue import app
from ensue.cli import main

step = sys.argv.pop()
real = getattr(app, step)

async def told(*given, **named):
    os.kill(os.getpid(), signal.SIGTERM)
    return await real(*given, **named)

setattr(app, step, told)
sys.exit(main())
"""


@pytest.mark.parametrize("step", ["open_house", "serve_http"])
async def test_a_stop_while_it_starts_ends_it(make_server: MakeServer, step: str) -> None:
    """Told to stop before its port is open it ends all the same, with 0; the next start serves."""
    server = make_server()
    server.program, usual = (sys.executable, "-c", TOLD_WHILE_IT_STARTS), server.program
    server.spawn(step)
    assert await server.ended() == 0
    server.program = usual
    await server.start()
    await server.send()


async def test_a_stop_ends_within_its_grace(make_server: MakeServer, sink: Sink) -> None:
    """With open streams and receivers that never answer it ends in time, with 0, and releases what was under way."""
    server = make_server(ENSUE_GRACE=f"{GRACE}s")
    await server.start()
    never = asyncio.Event()
    sink.script = lambda _received: Reply(hold=never.wait)
    await server.trigger(sink.url)
    async with Connection(server.port) as stream, Connection(server.port) as idle:
        await stream.send(request("GET", "/api/v1/stream", b"", server.headers()))
        await stream.head()
        await idle.call("GET", "/healthz", b"", {})
        events = [await server.send() for _ in range(3)]
        await sink.wait_for(3)
        began = time.monotonic()
        server.terminate()
        code = await server.ended()
        assert (code, time.monotonic() - began < GRACE + SLACK) == (0, True)
        assert (await stream.ended()).endswith(b"0\r\n\r\n"), "the stream was ended, not cut"
    with opened(server.data / "ensue.db") as database:
        rows = database.execute("SELECT state, tries, claimed_until FROM delivery").fetchall()
    assert rows == [(0, 0, None)] * 3, "released, and no try used up"
    sink.script = lambda _received: Reply()
    await server.start()
    await sink.wait_for(6)
    for event in events:
        attempts = (await server.delivery_of(event))["attempts"]
        assert attempts[0]["result"] == "interrupted"
    assert {one.headers["ensue-attempt"] for one in sink.received} == {"1"}


async def test_a_stop_finishes_what_it_can(make_server: MakeServer, sink: Sink) -> None:
    """A request whose body is still coming, and a receiver that answers in time, are waited for."""
    server = make_server(ENSUE_GRACE="20s")
    await server.start()
    answered = asyncio.Event()
    sink.script = lambda _received: Reply(hold=answered.wait)
    await server.trigger(sink.url, match={"type": "slow.one"})
    await server.send("slow.one")
    await sink.wait_for(1)
    body = json.dumps({"type": "half.sent"}).encode()
    async with Connection(server.port) as half:
        sent = request("POST", "/api/v1/events", body, server.headers())
        await half.send(sent[:-5])
        server.terminate()
        await eventually(lambda: deaf(server.port), "it takes no more connections")
        await half.send(sent[-5:])
        assert (await half.answer()).status == 202
        answered.set()
        assert await server.ended() == 0
    with opened(server.data / "ensue.db") as database:
        assert database.execute("SELECT state, claim, tries FROM delivery").fetchall() == [(1, 1, 1)]
        assert database.execute("SELECT count(*) FROM event WHERE type = 'half.sent'").fetchone() == (1,)


async def test_a_stop_under_load_loses_nothing(make_server: MakeServer, sink: Sink) -> None:
    """Every event that was answered 202 before the end is received, before the stop or after the next start."""
    server = make_server(ENSUE_GRACE="60s")  # what is under way must end, however busy the machine is
    await server.start()
    await server.trigger(sink.url)
    accepted: set[str] = set()

    async def load() -> None:
        async with Connection(server.port) as connection:
            while True:
                answered = await connection.call("POST", "/api/v1/events", b'{"type": "a.b"}', server.headers())
                if answered.status != 202:
                    return
                accepted.add(answered.json["id"])

    clients = [asyncio.create_task(load()) for _ in range(8)]
    await eventually(lambda: len(accepted) > 50, "the load runs")
    server.terminate()
    assert await server.ended(patience=90) == 0
    ends = await asyncio.gather(*clients, return_exceptions=True)
    assert all(end is None or isinstance(end, OSError) for end in ends), ends
    await server.start()
    await eventually(lambda: accepted <= {one.headers["ensue-event-id"] for one in sink.received}, "all is received")
    posts = [one.headers["webhook-id"] for one in sink.received]
    assert len(posts) == len(set(posts)), "nothing was interrupted, so nothing is repeated"
