"""A full disk: 503, nothing sent whose outcome could not be kept, and well again by itself when there is room."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ensue.testing import Reply, Sink
from tests.acceptance.conftest import MakeServer
from tests.acceptance.disks import Disk, LimitedFiles, can_mount, small_disk
from tests.acceptance.ledger import opened
from tests.acceptance.server import Server, eventually

WAYS = ("limited files", "small disk") if can_mount() else ("limited files",)


@pytest.fixture(params=WAYS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    """Each way in which this machine lets us fill a disk."""
    if request.param == "limited files":
        yield LimitedFiles(tmp_path)
        return
    with small_disk(tmp_path / "disk") as small:
        yield small


@pytest.fixture
async def filled(make_server: MakeServer, disk: Disk) -> Server:
    """A server on that disk, which is not full yet."""
    server = make_server(disk.directory / "data", ENSUE_LEASE="1s")
    await server.start()
    return server


async def ready(server: Server) -> bool:
    """What the server says of itself."""
    return (await server.call("GET", "/readyz")).status == 200


async def not_ready(server: Server) -> bool:
    """The same, the other way round; the answer says why."""
    answered = await server.call("GET", "/readyz")
    return answered.status == 503 and bool(answered.json["problems"])


async def has_tried(server: Server, event: str) -> bool:
    """Whether the first outcome of its delivery is kept."""
    return bool((await server.delivery_of(event))["tries"] == 1)


def stumbled_or_sent(server: Server, sink: Sink, sent: int) -> bool:
    """Whether a claim could not be kept, or more than `sent` requests have arrived."""
    return "claims stumbled" in server.log() or len(sink.received) > sent


async def send_until_refused(server: Server) -> tuple[set[str], set[str]]:
    """The names of the events that were accepted, and of those (five) that were refused with 503."""
    accepted: set[str] = set()
    refused: set[str] = set()
    while len(refused) < 5:
        name = f"event-{len(accepted) + len(refused)}"
        assert len(accepted) < 500, "the disk is never full"
        answered = await server.call("POST", "/api/v1/events", {"type": "a.b", "subject": name, "data": "x" * 2000})
        if answered.status == 202:
            accepted.add(name)
        else:
            assert (answered.status, answered.code) == (503, "unavailable"), answered
            assert int(answered.headers["retry-after"]) > 0
            refused.add(name)
    return accepted, refused


async def test_a_full_disk_refuses_and_recovers(filled: Server, disk: Disk, sink: Sink) -> None:
    """What cannot be kept is answered 503 and never sent; readiness says so; with room all is well, by itself."""
    await filled.trigger(sink.url)
    assert await ready(filled)
    disk.fill(filled)
    accepted, refused = await send_until_refused(filled)
    await eventually(lambda: not_ready(filled), "readiness says that it cannot write")
    assert (await filled.call("GET", "/healthz")).status == 200
    disk.free(filled)
    await eventually(lambda: ready(filled), "it is ready again")
    await filled.send(subject="after")
    await sink.wait_for(len(accepted) + 1)
    stored = {event["subject"] for event in await filled.items("/api/v1/events?limit=200")}
    received = Counter(name for one in sink.received for name in [one.body.split(b'"subject":"')[1].split(b'"')[0]])
    assert stored == accepted | {"after"}
    assert {name.decode() for name in received} == stored, "nothing that was refused is sent"
    assert not refused & stored


async def test_an_answer_that_cannot_be_kept_is_kept_later(filled: Server, disk: Disk, sink: Sink) -> None:
    """The outcome of what is in flight is held until there is room: its receiver hears of it once."""
    answered = asyncio.Event()
    sink.script = lambda _received: Reply(hold=answered.wait)
    await filled.trigger(sink.url, match={"type": "slow.one"})
    event = await filled.send("slow.one")
    await sink.wait_for(1)
    disk.fill(filled)
    await send_until_refused(filled)
    answered.set()
    await eventually(lambda: "outcomes cannot be kept" in filled.log(), "the outcome is not kept")
    disk.free(filled)

    async def delivered() -> Any:
        found = await filled.delivery_of(event)
        return found if found["state"] == "delivered" else None

    found = await eventually(delivered, "the outcome is kept")
    assert (found["claim"], len(sink.received)) == (1, 1)


async def test_nothing_is_claimed_on_a_full_disk(filled: Server, disk: Disk, sink: Sink) -> None:
    """A retry that comes due while the disk is full waits: its claim could not be kept, so it is not sent.

    A claim is smaller than an event, and a checkpoint gives room back: a retry may still find a place, and then it is
    rightly sent. So there are rounds, until a claim finds none; in each one what was sent is what was kept.
    """
    sink.script = lambda received: Reply(status=500 if received.headers["ensue-attempt"] == "1" else 200)
    await filled.trigger(sink.url, match={"type": "failing.one"}, retry={"attempts": 3, "schedule": [3]})

    for _round in range(8):
        already = len(sink.received)
        event = await filled.send("failing.one")
        await sink.wait_for(already + 1)
        await eventually(partial(has_tried, filled, event), "the failure is kept")
        disk.fill(filled)
        await send_until_refused(filled)
        await eventually(partial(stumbled_or_sent, filled, sink, already + 1), "the retry comes due")
        if waits := "claims stumbled" in filled.log():
            assert len(sink.received) == already + 1
        disk.free(filled)
        await sink.wait_for(already + 2)
        with opened(filled.data / "ensue.db") as database:
            claims = database.execute("SELECT claim FROM delivery WHERE event_id = ?", (event,)).fetchall()
        assert claims == [(2,)]
        if waits:
            return
    raise AssertionError("no claim ever found the disk full")
