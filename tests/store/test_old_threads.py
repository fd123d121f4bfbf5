"""Data that were kept before there were threads: opened by this release, they are as if it had kept them."""

import random
from pathlib import Path

import apsw
import pytest
from msgspec.structs import replace

from ensue.domain.event import Card, Context, Event
from ensue.store.base import EventQuery
from ensue.store.memory import MemoryStore
from ensue.store.sql import INSERT_EVENT, chunks, event_row
from ensue.store.sqlite import SqliteStore
from ensue.store.sqlite.place import migrations
from tests.contract.builders import NOW, OTHER, PROJECT, append, entry

CONTEXTS = ["a", "b", "c", 'quoted "name"', "nächste"]


def some_events(seed: int) -> list[Event]:
    """Events of few contexts in two projects: some say start, some are the platform's own, some are tests."""
    chance = random.Random(seed)
    return [
        entry(
            NOW + n,
            project=chance.choice([PROJECT, PROJECT, OTHER]),
            type=chance.choice(["told", "told", "ensue.delivery.dead"]),
            context=chance.choice([None, Context(chance.choice(CONTEXTS), start=chance.random() < 0.3)]),
            card=chance.choice([None, Card(test=True), Card(muted=True)]),
        ).event
        for n in range(60)
    ]


def first_schema(file: Path, events: list[Event]) -> None:
    """Write `events` as the first schema kept them."""
    connection = apsw.Connection(str(file))
    connection.execute(migrations()[0][1])
    connection.execute("PRAGMA user_version = 1")
    for number, event in enumerate(events):
        for text, row in chunks(INSERT_EVENT, event_row(number + 1, event, aside=False)):
            connection.execute(text, row)
    connection.close()


@pytest.mark.parametrize("seed", range(8))
async def test_threads_are_made_of_what_was_kept(tmp_path: Path, seed: int) -> None:
    """The feed and the threads of old data are those of a store to which the same events come now, and go on so."""
    events = some_events(seed)
    first_schema(tmp_path / "ensue.db", events)
    opened, meant = SqliteStore(str(tmp_path)), MemoryStore()
    for store in (opened, meant):
        await store.open(NOW)
    await append(meant, *(replace(entry(), event=event) for event in events))
    for more in ([], [entry(context=Context(name, start=True)) for name in CONTEXTS]):
        for store in (opened, meant):
            await append(store, *more)
        for project in (PROJECT, OTHER):
            for query in (EventQuery(project=project, feed=True), EventQuery(project=project, context="a")):
                assert (await opened.page(query)).items == (await meant.page(query)).items
            assert await opened.threads(project, CONTEXTS) == await meant.threads(project, CONTEXTS)
    for store in (opened, meant):
        await store.prune(PROJECT, NOW, NOW + 99, "tests.0", 5000)
    everything = EventQuery(project=PROJECT, limit=200)
    assert (await opened.page(everything)).items == (await meant.page(everything)).items
    assert await opened.threads(PROJECT, CONTEXTS) == await meant.threads(PROJECT, CONTEXTS)
    await opened.close()


async def test_old_bodies_cannot_stop_an_upgrade(tmp_path: Path) -> None:
    """A body that SQLite cannot read as JSON says no start, and no more than that."""
    context = Context("a", start=True)
    events = [entry(context=context).event, entry(context=context).event]
    first_schema(tmp_path / "ensue.db", events)
    connection = apsw.Connection(str(tmp_path / "ensue.db"))
    connection.execute("UPDATE event SET body = CAST('{' AS BLOB) WHERE cursor = 1")
    connection.close()
    store = SqliteStore(str(tmp_path))
    await store.open(NOW)
    assert (await store.page(EventQuery(project=PROJECT, feed=True))).items == [events[1]]
    await store.close()
