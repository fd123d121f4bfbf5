"""Invariants 1 and 3: the disk has an event before its sender, its receiver or anybody else hears of it.

kill -9 does not prove this (the page cache survives it), so the system calls themselves are watched. What holds, for
every answer and every delivery: a write to the write-ahead log carried the event; a sync of that log began after the
write had returned; and that sync had returned before the first byte that tells of the event was written to a socket.
"""

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from ensue.testing import Sink
from tests.acceptance.conftest import MakeServer
from tests.acceptance.ledger import opened
from tests.acceptance.server import Server, eventually
from tests.acceptance.syscalls import SYNCS, WRITES, Syscall, watched
from tests.acceptance.wire import Connection

LOG = "ensue.db-wal"


class Asked(Struct, frozen=True):
    """What one client sent on its connection, in order: the marks that its events carry. `port` is the client's."""

    port: int
    marks: Sequence[str]


async def ask(server: Server, name: str, count: int) -> Asked:
    """Send events one after the other on one connection; each must be answered 202."""
    marks = [f"mark-{name}-{number}-end" for number in range(count)]
    async with Connection(server.port) as connection:
        for mark in marks:
            body = json.dumps({"type": "test.durable", "subject": mark}).encode()
            answered = await connection.call("POST", "/api/v1/events", body, server.headers())
            assert answered.status == 202, answered
        return Asked(connection.local_port, marks)


def too_early(calls: Sequence[Syscall], asked: Sequence[Asked]) -> Iterator[str]:
    """The answers whose first byte was written before their event was on disk."""
    for client in asked:
        peer = f"->127.0.0.1:{client.port}]"
        answers = [call for call in calls if call.on.endswith(peer) and '"HTTP/1.1 202' in call.text]
        assert len(answers) == len(client.marks), "not every answer was seen"
        for mark, answer in zip(client.marks, answers, strict=True):
            if not on_disk(calls, mark, answer.began):
                yield f"the answer to {mark}"


def sent_too_early(calls: Sequence[Syscall], asked: Sequence[Asked], receiver: int) -> Iterator[str]:
    """The deliveries whose event was written to the receiver's port before it was on disk."""
    sends = [call for call in calls if call.name in WRITES and call.on.endswith(f"->127.0.0.1:{receiver}]")]
    for mark in (mark for client in asked for mark in client.marks):
        first = next((call for call in sends if mark in call.text), None)
        assert first is not None, f"the delivery of {mark} was not seen"
        if not on_disk(calls, mark, first.began):
            yield f"the delivery of {mark}"


def on_disk(calls: Sequence[Syscall], mark: str, before: int) -> bool:
    """Whether the log was written with `mark` and then synced, all before that place in the order."""
    log = [call for call in calls if call.on.endswith(LOG) and call.returned < before]
    written = next((call.returned for call in log if call.name in WRITES and mark in call.text), None)
    return written is not None and any(call.name in SYNCS and call.began > written for call in log)


def settled(server: Server) -> bool:
    """Whether nothing is owed any more."""
    with closing(opened(server.data / "ensue.db")) as database:
        return int(database.execute("SELECT count(*) FROM delivery WHERE state = 0").fetchone()[0]) == 0


async def watch_load(server: Server, sink: Sink, directory: Path, clients: int, each: int) -> list[str]:
    """What was told too early while `clients` sent `each` events and the receiver got them."""
    await server.trigger(sink.url)
    with watched(server.pid, directory / "strace") as watch:
        asked = await asyncio.gather(*(ask(server, f"c{number}", each) for number in range(clients)))
        await sink.wait_for(clients * each)
        await eventually(lambda: settled(server), "every outcome is kept, so every call that tells of one has returned")
    calls = watch.calls
    receiver = int(sink.url.split(":")[2].split("/")[0])
    return [*too_early(calls, asked), *sent_too_early(calls, asked, receiver)]


async def test_the_sync_comes_before_the_answer(server: Server, sink: Sink, tmp_path: Path) -> None:
    """One client, one event after the other: each is on disk before its answer's first byte."""
    assert await watch_load(server, sink, tmp_path, clients=1, each=10) == []


async def test_the_sync_comes_before_each_answer_under_load(server: Server, sink: Sink, tmp_path: Path) -> None:
    """Many clients at once, whose events share commits: each is on disk before its own answer's first byte."""
    assert await watch_load(server, sink, tmp_path, clients=16, each=10) == []


async def test_a_server_that_does_not_sync_is_caught(make_server: MakeServer, sink: Sink, tmp_path: Path) -> None:
    """The check can fail: the same server with `synchronous = normal` tells of every event too early."""
    careless = make_server()
    careless.program = (sys.executable, "-m", "tests.acceptance.careless")
    await careless.start()
    assert len(await watch_load(careless, sink, tmp_path, clients=2, each=5)) == 2 * 2 * 5
