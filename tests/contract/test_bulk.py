"""Verbs that touch many rows: selections, what they pass over, and their steps; lanes; pruning."""

from msgspec.structs import replace

from ensue.domain.delivery import Entry, Failed, Retry, Skipped
from ensue.domain.event import Card
from ensue.store.base import STEP, Pruned, Selection, Store
from tests.contract.builders import (
    LEASE,
    NOW,
    OTHER,
    PROJECT,
    append,
    claim,
    delivery,
    entry,
    event,
    held,
    logged,
    outcome,
    owed,
    scheduled,
    settle,
)

DAY = 86_400_000


async def many(store: Store, count: int, lane: str = "trigger:one") -> None:
    """That many debts of one event."""
    fact = event()
    await store.append(lambda _: [Entry(fact, tuple(delivery(fact, lane=lane) for _ in range(count)))])


async def test_lanes_are_listed_by_name(store: Store) -> None:
    """Each lane with pending debts once, with its earliest due time, after the name given."""
    for lane, due_at in (("c", 5), ("a", 9), ("b", 7), ("a", 3), ("d", 1)):
        await owed(store, lane=lane, due_at=due_at)
    await settle(store, *[outcome(one) for one in await claim(store, lane="d")])
    found = await store.lanes(None, 10)
    assert [(one.lane, one.due_at) for one in found] == [("a", 3), ("b", 7), ("c", 5)]
    assert [one.lane for one in await store.lanes("a", 1)] == ["b"]
    assert await store.lanes("c", 10) == []


async def test_rescheduling_revives(store: Store) -> None:
    """Dead and cancelled debts are pending again, due as asked, with more tries allowed and nothing lost."""
    debt = await held(store)
    dead = outcome(debt, Failed("no"), retry=Retry(attempts=1)).delivery
    await settle(store, outcome(debt, Failed("no"), retry=Retry(attempts=1)))
    selection = Selection(project=PROJECT, ids=[debt.id, debt.id])
    [again] = await store.reschedule(selection, NOW + 7, NOW + 7, 3)
    assert again == replace(dead, state="pending", due_at=NOW + 7, allowed=4, ended_at=None, reason=None)
    assert await store.delivery(PROJECT, debt.id) == again
    assert [one.claim for one in await claim(store, NOW + 7)] == [2]


async def test_rescheduling_passes_over(store: Store) -> None:
    """What is in flight, was delivered, or is another project's is left as it is."""
    flying = await held(store)
    done = await owed(store, lane="trigger:done")
    await settle(store, *[outcome(one) for one in await claim(store, lane="trigger:done")])
    await append(store, entry(project=OTHER, lanes=["trigger:other"]))
    assert await store.reschedule(Selection(project=PROJECT, ids=[flying.id, done.id, "no"]), 1, NOW, 1) == []
    assert await store.reschedule(Selection(project=PROJECT), 1, NOW, 1) == []
    assert await store.delivery(PROJECT, flying.id) == flying
    assert await store.reschedule(Selection(project=PROJECT, ids=[]), 1, NOW, None) == []


async def test_rescheduling_what_was_lost_raises_its_fence(store: Store) -> None:
    """A debt whose claim ran out can be moved; the worker that lost it is late then."""
    debt = await held(store)
    [moved] = await store.reschedule(Selection(project=PROJECT, lane="trigger:one"), NOW, NOW + LEASE, None)
    assert (moved.claim, moved.claimed_until, moved.due_at) == (2, None, NOW)
    assert await settle(store, outcome(debt)) == ["late"]


async def test_cancelling(store: Store) -> None:
    """Pending debts end with the reason; those in flight are named, and their fence is raised."""
    flying, waiting = await held(store), await owed(store)
    cancelled = await store.cancel(Selection(project=PROJECT, lane="trigger:one"), "trigger gone", NOW + 1)
    assert (cancelled.count, list(cancelled.in_flight)) == (2, [flying.id])
    ended = {"state": "cancelled", "reason": "trigger gone", "ended_at": NOW + 1, "claimed_until": None}
    assert await store.delivery(PROJECT, flying.id) == replace(flying, claim=2, **ended)
    assert await store.delivery(PROJECT, waiting.id) == replace(waiting, **ended)
    assert await settle(store, outcome(flying)) == ["late"]
    assert (await store.cancel(Selection(project=PROJECT), "again", NOW)).count == 0


async def test_selections(store: Store) -> None:
    """A selection means what fits every field given, within its project."""
    old, young = await owed(store, NOW), await owed(store, NOW + 10)
    other = await owed(store, NOW, lane="trigger:two")
    await append(store, entry(project=OTHER, lanes=["trigger:one"]))
    for selection, expected in (
        (Selection(project=PROJECT, created_before=NOW + 10, lane="trigger:one"), {old.id}),
        (Selection(project=PROJECT, event_id=young.event_id), {young.id}),
        (Selection(project=PROJECT, event_id=young.event_id, lane="trigger:two"), set()),
        (Selection(project=PROJECT, ids=[old.id, other.id], lane="trigger:two"), {other.id}),
        (Selection(project=PROJECT), {old.id, young.id, other.id}),
    ):
        found = await store.reschedule(selection, NOW + 99 + len(expected), NOW, None)
        assert {one.id for one in found} == expected


async def test_bulk_verbs_go_in_steps(store: Store) -> None:
    """No call touches more than STEP rows; called again, it goes on, and comes to an end."""
    await many(store, STEP + 10)
    everything = Selection(project=PROJECT, lane="trigger:one")
    moved = [len(await store.reschedule(everything, NOW + 5, NOW, None)) for _ in range(3)]
    assert moved == [STEP, 10, 0]
    counts = [(await store.cancel(everything, "over", NOW)).count for _ in range(3)]
    assert counts == [STEP, 10, 0]
    revived = [len(await store.reschedule(everything, NOW + 6, NOW, 2)) for _ in range(3)]
    assert revived == [STEP, 10, 0]


async def pruned(store: Store, before: int, test_before: int | None = None, limit: int = 100) -> int:
    """Prune PROJECT to the end; how many rows went."""
    removed, after = 0, None
    for _ in range(1000):
        step: Pruned = await store.prune(PROJECT, before, before if test_before is None else test_before, after, limit)
        assert step.removed <= limit
        removed, after = removed + step.removed, step.next
        if after is None:
            return removed
    raise AssertionError("pruning never ends")


async def test_pruning_removes_what_is_old(store: Store) -> None:
    """Events older than asked go, in steps; younger ones and those of other projects stay."""
    old = [entry(NOW + n, project=OTHER if n % 3 == 0 else PROJECT) for n in range(30)]
    young = [entry(NOW + DAY) for _ in range(3)]
    await append(store, *old, *young)
    assert await pruned(store, NOW + DAY, limit=7) == 20
    assert await logged(store) == [one.event for one in [*old, *young] if one.event.project == OTHER or one in young]
    assert await pruned(store, NOW + DAY) == 0


async def test_test_events_go_sooner(store: Store) -> None:
    """Test events have their own, shorter time."""
    tests = [entry(NOW + n, card=Card(test=True)) for n in range(5)]
    kept = [entry(NOW), entry(NOW + DAY, card=Card(test=True))]
    await append(store, *tests, *kept)
    assert await pruned(store, NOW - DAY, NOW + DAY, limit=2) == 5
    assert await logged(store) == [one.event for one in kept]


async def test_events_that_owe_are_kept(store: Store) -> None:
    """An event with a pending debt is not pruned while that lives; afterwards both go, attempts too."""
    debt = await held(store)
    assert await pruned(store, NOW + DAY) == 0
    await settle(store, outcome(debt, Skipped("gone")))
    assert await pruned(store, NOW + DAY) == 2
    assert await logged(store) == []
    assert await store.delivery(PROJECT, debt.id) is None
    assert await store.attempts(debt.id) == []


async def test_young_ends_of_old_debts_are_kept(store: Store) -> None:
    """A debt is old by when it ended, not by when it was made."""
    debt = await held(store)
    await settle(store, outcome(debt, now=NOW + DAY))
    assert await pruned(store, NOW + DAY) == 1  # the event
    assert await store.delivery(PROJECT, debt.id) is not None
    staged = scheduled(NOW + 9 * DAY)
    await append(store, staged)
    assert await pruned(store, NOW + 2 * DAY) == 1
    assert await store.delivery(PROJECT, staged.deliveries[0].id) is not None


async def test_a_cursor_older_than_the_log_is_a_gap(store: Store) -> None:
    """Who stopped reading before what was pruned is told, and goes on with the oldest; others notice nothing."""
    start = await store.head()
    receipts = await append(store, *(entry(NOW + n) for n in range(10)))
    await pruned(store, NOW + 5)
    reading = await store.read(start, 100)
    assert reading.gap
    assert [cursor for cursor, _ in reading.events] == [one.cursor for one in receipts[5:]]
    assert not (await store.read(receipts[4].cursor, 100)).gap
    assert not (await store.read(None, 100)).gap
    await pruned(store, NOW + 50)
    assert (await store.read(receipts[4].cursor, 100)).gap
    reading = await store.read(receipts[9].cursor, 100)
    assert (reading.gap, reading.cursor) == (False, receipts[9].cursor)
    [later] = await append(store, entry(NOW + 60))
    assert [cursor for cursor, _ in (await store.read(reading.cursor, 9)).events] == [later.cursor]
