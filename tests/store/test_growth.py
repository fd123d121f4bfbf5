"""What keeps the cost level while the data grows: generations, budgets of pages, and the indexes that are used."""

import re
from typing import Any

import pytest
from msgspec.structs import replace

from ensue.domain.delivery import Failed, Retry, State
from ensue.domain.event import Card, Context
from ensue.domain.ids import event_id
from ensue.domain.schedule import HOUR
from ensue.store.base import DeliveryQuery, EventQuery, Selection
from ensue.store.sqlite import SqliteStore, debts, log, pages, recent, retention, threads, views, walk
from ensue.store.sqlite.commit import STATES_OF
from tests.contract.builders import NOW, PROJECT, append, claim, delivery, entry, event, once, outcome, settle
from tests.store.conftest import ask

EVENT = event_id(NOW)
TABLES = "SELECT name FROM sqlite_schema WHERE name GLOB 'promise_*' AND type = 'table'"


async def test_promises_live_in_generations(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Promises of twelve hours share a table; those that have passed are emptied in steps and dropped."""
    monkeypatch.setattr(recent, "FULL", 1)
    for hours in range(0, 60, 6):
        await append(store, *(entry(NOW + hours * HOUR, once=[once(f"{hours}-{n}")]) for n in range(10)))
    assert len(await ask(store, TABLES)) >= 5
    after, removed = None, 0
    while True:
        step = await store.prune(PROJECT, NOW, NOW, after, 7)
        assert step.removed <= 7
        after, removed = step.next, removed + step.removed
        if after is None:
            break
    assert removed > 10
    assert len(await ask(store, TABLES)) <= 4
    [receipt] = await append(store, entry(NOW + 59 * HOUR, once=[once("36-0")]))
    assert receipt.status == "duplicate"


async def followed(store: SqliteStore, most: int, **fields: Any) -> tuple[int, int]:
    """How many items all pages of a query had, and how many pages there were."""
    items, pages_, before = 0, 0, None
    while True:
        page = await store.page(EventQuery(project=PROJECT, before=before, limit=most, **fields))
        items, pages_, before = items + len(page.items), pages_ + 1, page.next
        if before is None:
            return items, pages_


async def test_a_page_keeps_its_budget(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where little fits, pages are short and say how to go on, and nothing is lost between them."""
    monkeypatch.setattr(walk, "SCAN", 40)
    monkeypatch.setattr(pages, "FIRST_LOOK", 5)
    monkeypatch.setattr(walk, "BUCKET", 4)
    monkeypatch.setattr(walk, "PROBES", 3)
    await ask(store, "DROP INDEX event_type")
    await ask(store, "CREATE INDEX event_type ON event (cursor >> 4, project, type)")
    rare = {3, 77, 150, 151, 290}
    for n in range(300):
        card = Card(muted=True) if n in rare else None
        await append(store, entry(type="often", card=card, lanes=["trigger:one"]))
    found, count = await followed(store, 50, muted=True)
    assert (found, count > 5) == (5, True)
    found, count = await followed(store, 50, type="often", muted=True)
    assert (found, count > 5) == (5, True)
    assert (await followed(store, 50, type="never"))[0] == 0
    assert (await followed(store, 1000))[0] == 300


async def test_a_page_of_deliveries_keeps_its_budget(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where more is pending than one page may look at."""
    monkeypatch.setattr(walk, "SCAN", 40)
    await append(store, *(entry(lanes=["trigger:one"]) for _ in range(120)))
    found, before = 0, None
    for _ in range(99):
        query = DeliveryQuery(project=PROJECT, state="pending", since=NOW, before=before, limit=1000)
        page = await store.deliveries(query)
        assert len(page.items) <= 40
        found, before = found + len(page.items), page.next
        if before is None:
            break
    assert found == 120


async def test_a_step_of_retention_has_little_patience(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where heirs are far away a step takes fewer events out and goes on from there; nothing is passed over."""
    monkeypatch.setattr(retention, "PATIENCE", -1.0)
    monkeypatch.setattr(retention, "TOGETHER", 2)
    for n in range(14):
        card = Card(test=True) if n % 2 else None
        await append(store, entry(context=Context(f"story {n % 4}"), card=card))
    await append(store, last := entry(NOW + HOUR, context=Context("story 0")))
    after, sizes = None, list[int]()
    while True:
        step = await store.prune(PROJECT, NOW + 1, NOW + 1, after, 5)
        sizes.append(step.removed)
        after = step.next
        if after is None:
            break
    assert (max(sizes), sum(sizes)) == (2, 14)
    [(_, left)] = (await store.read(None, 100)).events
    assert left.id == last.event.id
    page = await store.page(EventQuery(project=PROJECT, feed=True))
    assert [one.id for one in page.items] == [last.event.id]


async def test_old_tests_that_a_step_left_are_not_passed_over(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where only they are old, the next step goes on behind the last one that went."""
    monkeypatch.setattr(retention, "PATIENCE", -1.0)
    monkeypatch.setattr(retention, "TOGETHER", 2)
    await append(store, *(entry(card=Card(test=True)) for _ in range(7)))
    step, removed = await store.prune(PROJECT, 0, NOW + 1, None, 20), 0
    while step.next is not None:
        removed += step.removed
        step = await store.prune(PROJECT, 0, NOW + 1, step.next, 20)
    assert removed == 7


async def test_the_patience_of_a_step_is_for_all_buckets(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where few events of a project lie in each stretch of the log, a step does not begin anew with each of them."""
    monkeypatch.setattr(retention, "PATIENCE", -1.0)
    for _ in range(4):
        await append(store, entry())
        await ask(store, "UPDATE sqlite_sequence SET seq = seq + 20000 WHERE name = 'event'")
        await store.close()
        await store.open(NOW)
    step, sizes = await store.prune(PROJECT, NOW + 1, NOW + 1, None, 5), list[int]()
    while step.next is not None:
        sizes.append(step.removed)
        step = await store.prune(PROJECT, NOW + 1, NOW + 1, step.next, 5)
    assert [size for size in sizes if size] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("fate", "asked"),
    [
        ("dead", {"state": "dead"}),
        ("cancelled", {"state": "cancelled"}),
        ("dead", {"event_id": EVENT}),
        ("cancelled", {"replay": "rpl_1"}),
        ("cancelled", {"replay": "rpl_1", "state": "cancelled"}),
    ],
)
async def test_what_ended_keeps_the_budget(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch, fate: State, asked: dict[str, Any]
) -> None:
    """A page along an index looks at no more rows than any other, wherever what is asked for stands in it."""
    monkeypatch.setattr(walk, "SCAN", 40)
    rare = {0, 7, 90}
    made = [
        replace(delivery(event(id=EVENT), lane="l", trigger="rare" if n in rare else "often"), replay="rpl_1")
        for n in range(120)
    ]
    await append(store, entry(id=EVENT))
    await store.owe(made, [])
    if fate == "dead":
        claimed = await claim(store, NOW, 120, lane="l")
        await settle(store, *(outcome(one, Failed("no"), NOW, Retry(attempts=1)) for one in claimed))
    else:
        await store.cancel(Selection(project=PROJECT), "cancelled", NOW)
    query = DeliveryQuery(**{"project": PROJECT, "trigger": "rare", "limit": 100, **asked})
    sizes: list[int] = []
    page = await store.deliveries(query)
    while page.next is not None:
        sizes.append(len(page.items))
        page = await store.deliveries(replace(query, before=page.next))
    assert [*sizes, len(page.items)] == [1, 0, 2]


async def test_what_an_index_answers_alone_needs_no_budget(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that died, the newest first, is a page like any other: nothing is looked at that is not shown."""
    monkeypatch.setattr(walk, "SCAN", 40)
    await append(store, entry(id=EVENT))
    await store.owe([delivery(event(id=EVENT), lane="l") for _ in range(120)], [])
    claimed = await claim(store, NOW, 120, lane="l")
    await settle(store, *(outcome(one, Failed("no"), NOW, Retry(attempts=1)) for one in claimed))
    page = await store.deliveries(DeliveryQuery(project=PROJECT, state="dead", limit=100))
    assert len(page.items) == 100


@pytest.mark.parametrize(
    ("text", "index"),
    [
        (debts.DUE, "delivery_pending"),
        (debts.EARLIEST, "delivery_pending"),
        (debts.HELD, "delivery_id"),
        (debts.VOID, "delivery_pending"),
        (debts.CLAIM, "PRIMARY KEY"),
        (debts.RENEW, "PRIMARY KEY"),
        (STATES_OF, "delivery_id"),
        (threads.STANDINGS, "PRIMARY KEY"),
        (threads.BEGINNERS, "event_id"),
        (threads.CHILDREN, "PRIMARY KEY"),
        (threads.HEIR, "event_context"),
        (threads.THREADS, "PRIMARY KEY"),
        (threads.NEWEST, "event_context"),
        (views.LANES, "delivery_pending"),
        (views.ATTEMPTS, "PRIMARY KEY"),
        (log.AFTER, "PRIMARY KEY"),
        (log.BY_ID, "event_id"),
        (retention.OLD_EVENTS, "event_type"),
        (retention.OLD_TESTS, "event_test"),
        (retention.OLD_DELIVERIES, "PRIMARY KEY"),
    ],
)
async def test_hot_statements_use_their_index(store: SqliteStore, text: str, index: str) -> None:
    """No statement of the hot path looks through a table, or sorts."""
    count = len(set(re.findall(r"\?\d", text))) or text.count("?")
    plan = await ask(store, f"EXPLAIN QUERY PLAN {text}", *[None] * count)
    lines = [row[3] for row in plan]
    assert any(index in line for line in lines)
    bare = [line for line in lines if line.startswith("SCAN") and "USING" not in line and "VIRTUAL" not in line]
    assert set(bare) <= {"SCAN found", "SCAN bucket", "SCAN CONSTANT ROW"}
    assert "TEMP B-TREE" not in " ".join(lines)
