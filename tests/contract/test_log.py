"""The log: its order, its cursors, what is removed from it, and hearing of what is committed."""

import asyncio

import pytest
from msgspec.structs import replace

from ensue.domain.event import Event
from ensue.store.base import Store
from tests.contract.builders import (
    NOW,
    OTHER,
    PROJECT,
    append,
    claim,
    entry,
    event,
    held,
    logged,
    once,
    outcome,
    owed,
    put,
    scheduled,
    settle,
)


async def test_an_empty_log(store: Store) -> None:
    """Reading an empty log says where to go on."""
    reading = await store.read(None, 10)
    assert (list(reading.events), reading.gap) == ([], False)
    assert reading.cursor == await store.head()
    await append(store, entry())
    assert len((await store.read(reading.cursor, 10)).events) == 1


async def test_the_order_is_that_of_commits(store: Store) -> None:
    """Events are read in the order of their receipts, of all projects, in pages that follow one another."""
    entries = [entry(project=PROJECT if n % 2 else OTHER, type=f"t{n}") for n in range(250)]
    receipts = await append(store, *entries[:99])
    receipts = [*receipts, *await append(store, *entries[99:])]
    found: list[tuple[str, Event]] = []
    cursor: str | None = None
    while True:
        reading = await store.read(cursor, 40)
        if not reading.events:
            break
        found += reading.events
        cursor = reading.cursor
        assert cursor == reading.events[-1][0]
    assert found == [(receipt.cursor, one.event) for receipt, one in zip(receipts, entries, strict=True)]
    assert await store.head() == receipts[-1].cursor


async def test_scheduled_events_are_not_in_the_log(store: Store) -> None:
    """A staged event is nowhere but in its delivery."""
    staged = scheduled(NOW + 9)
    [receipt] = await append(store, staged)
    assert receipt.cursor is None
    assert await logged(store) == []
    assert await store.events(PROJECT, [staged.event.id]) == []


@pytest.mark.parametrize("cursor", ["", "0", "other.5", "nonsense", "other.", "."])
async def test_a_cursor_of_another_log_is_a_gap(store: Store, cursor: str) -> None:
    """A cursor that is not of this log begins with the oldest event, and says so."""
    await append(store, entry(), entry())
    reading = await store.read(cursor, 10)
    assert reading.gap
    assert len(reading.events) == 2
    assert not (await store.read(reading.cursor, 10)).gap


async def test_a_cursor_beyond_the_log_is_a_gap(store: Store) -> None:
    """A place that was never given out belongs to another history."""
    [receipt] = await append(store, entry())
    assert receipt.cursor is not None
    reading = await store.read(f"{receipt.cursor}9", 10)
    assert (reading.gap, len(reading.events)) == (True, 1)


async def test_events_by_id(store: Store) -> None:
    """Only those that are there, only of the project asked for."""
    mine, other = entry(), entry(project=OTHER)
    await append(store, mine, other)
    assert await store.events(PROJECT, [mine.event.id, other.event.id, "none"]) == [mine.event]
    assert await store.events(PROJECT, []) == []


async def test_all_of_an_event_comes_back(store: Store) -> None:
    """What is read is what was appended, to the byte."""
    whole = entry(subject="s", tenant="t", idempotency_key="k", attributes={"a": 1, "b": True}, hops=3, sender_id="i")
    await append(store, whole)
    assert await logged(store) == [whole.event]


async def test_removing_an_event(store: Store) -> None:
    """It is gone for good, what it owed is cancelled, in flight too; deliveries and attempts stay, and others."""
    debt, other = await held(store), await owed(store, lane="trigger:other")
    waiting = await owed(store)
    assert await store.remove(PROJECT, debt.event_id, NOW + 1)
    assert await store.remove(PROJECT, waiting.event_id, NOW + 1)
    assert [one.id for one in await logged(store)] == [other.event_id]
    gone = await store.delivery(PROJECT, debt.id)
    assert gone == replace(
        debt, state="cancelled", claim=2, claimed_until=None, ended_at=NOW + 1, reason="event removed"
    )
    assert await settle(store, outcome(debt)) == ["late"]
    assert len(await store.attempts(debt.id)) == 1
    assert [one.lane for one in await store.lanes(None, 9)] == ["trigger:other"]


async def test_removing_what_is_not_there(store: Store) -> None:
    """An unknown event, one of another project, and one that was removed: false."""
    [receipt] = await append(store, entry())
    assert not await store.remove(OTHER, receipt.event_id, NOW)
    assert await store.remove(PROJECT, receipt.event_id, NOW)
    assert not await store.remove(PROJECT, receipt.event_id, NOW)
    assert await append(store, entry(lanes=["trigger:one"]))
    assert await store.head() != receipt.cursor


async def test_removing_a_scheduled_event(store: Store) -> None:
    """Its words are gone from the delivery that waited with them, and its key is free."""
    staged = scheduled(NOW + 9, once=[once("k")])
    await append(store, staged)
    assert await store.remove(PROJECT, staged.event.id, NOW + 1)
    found = await store.delivery(PROJECT, staged.deliveries[0].id)
    assert found is not None
    assert (found.state, bytes(found.payload)) == ("cancelled", b"")
    assert (await append(store, entry(once=[once("k")])))[0].status == "stored"


async def test_an_emitted_event_stands_only_in_the_log(store: Store) -> None:
    """When a scheduled event has entered the log, its delivery keeps no copy that a removal would miss."""
    staged = scheduled(NOW)
    await append(store, staged)
    [due] = await claim(store, lane=staged.deliveries[0].lane)
    await settle(store, replace(outcome(due), emits=(replace(staged, deliveries=(), staged=False),)))
    found = await store.delivery(PROJECT, due.id)
    assert found is not None
    assert (found.state, bytes(found.payload)) == ("delivered", b"")


async def test_wait_hears_of_commits(store: Store) -> None:
    """A commit ends the wait that runs, or the next one; after that there is silence again."""
    await store.wait(0)
    waiting = asyncio.ensure_future(store.wait(60))
    await asyncio.sleep(0)
    await append(store, entry())
    assert await waiting
    assert not await store.wait(0)
    await store.put([put()])
    assert await store.wait(60)
    assert not await store.wait(0)


async def test_claims_are_no_news(store: Store) -> None:
    """A worker that claims and renews does not wake those who wait for something to happen."""
    debt = await owed(store)
    await store.wait(0)
    await claim(store)
    await store.renew([(debt.id, 1)], NOW + 99)
    assert not await store.wait(0)


async def test_many_callers_at_once(store: Store) -> None:
    """Each of many callers gets the receipts of its own entries."""
    facts = [event(type=f"t{n}") for n in range(200)]
    answers = await asyncio.gather(*(append(store, replace(entry(), event=fact)) for fact in facts))
    by_cursor = dict((await store.read(None, 1000)).events)
    assert [by_cursor[answer[0].cursor or ""] for answer in answers] == facts


async def test_health(store: Store) -> None:
    """A store that can be written says so, and counts its commits."""
    before = (await store.health(NOW)).commits
    await append(store, entry())
    health = await store.health(NOW)
    assert health.writable
    assert health.commits > before
