"""The contract of every store: counts are those of what it holds, whatever happened to it, and of nobody else's."""

from collections import Counter
from typing import Any

from msgspec.structs import replace

from ensue.domain.delivery import ACTION, Delivery, Entry, Failed, Result, Retry, Sent
from ensue.domain.event import Card
from ensue.domain.schedule import HOUR
from ensue.domain.tally import Dimension, TallyQuery
from ensue.store.base import Selection, Store
from tests.contract.builders import (
    NOW,
    OTHER,
    PROJECT,
    append,
    claim,
    delivery,
    entry,
    event,
    outcome,
    scheduled,
    settle,
)

THIS = NOW // HOUR
DAY = THIS // 24
LANE = "trigger:one"


async def events(store: Store, *by: Dimension, **fields: Any) -> dict[tuple[Any, ...], int]:
    """How many events, once views know all."""
    while (await store.catch_up(2)).done:
        pass
    return await _counted(store, TallyQuery(**{"project": PROJECT, "of": "events", "by": by, **fields}))


async def deliveries(store: Store, *by: Dimension, **fields: Any) -> dict[tuple[Any, ...], int]:
    """How many deliveries, at once."""
    return await _counted(store, TallyQuery(**{"project": PROJECT, "of": "deliveries", "by": by, **fields}))


async def _counted(store: Store, query: TallyQuery) -> dict[tuple[Any, ...], int]:
    found = await store.tallies(query)
    groups = {tuple(getattr(one, name) for name in query.by): one.count for one in found}
    assert len(groups) == len(found)
    assert all(groups.values())
    return groups


async def test_events_are_counted(store: Store) -> None:
    """By the hour of their time, type and category, test events apart; only one's own."""
    red = Card(title="x", category="red")
    await append(
        store,
        entry(NOW),
        entry(NOW + HOUR, card=red),
        entry(NOW + HOUR, type="other", card=Card(title="x", test=True)),
        entry(NOW, time=-1),
        entry(NOW, project=OTHER),
        scheduled(NOW + HOUR, NOW),
    )
    assert await events(store) == {(): 4}
    assert await events(store, "type") == {("order.paid",): 3, ("other",): 1}
    assert await events(store, "hour", "category") == {
        (THIS, ""): 1,
        (THIS + 1, "red"): 1,
        (THIS + 1, ""): 1,
        (-1, ""): 1,
    }
    assert await events(store, "type", test=True) == {("other",): 1}
    assert await events(store, test=False) == {(): 3}
    assert await events(store, "day", "type") == {
        (DAY, "order.paid"): 2,
        (DAY, "other"): 1,
        (-1, "order.paid"): 1,
    }
    assert await events(store, "hour", first=THIS, end=THIS + 1) == {(THIS,): 1}
    assert await events(store, project=OTHER) == {(): 1}
    assert await events(store, "type", project="prj_none") == await events(store, project="prj_none") == {}


async def test_muted_ones_are_counted_apart(store: Store) -> None:
    """By whether they are kept out of the feed; together with what is counted else, and after one went."""
    muted = entry(card=Card(title="x", category="red", muted=True))
    await append(store, entry(), entry(card=Card(title="x", category="red")), muted, muted_test())
    assert await events(store, "category", muted=True) == {("red",): 1, ("",): 1}
    assert await events(store, "category", muted=False) == {("red",): 1, ("",): 1}
    assert await events(store, muted=True, test=False) == {(): 1}
    await store.remove(PROJECT, muted.event.id, NOW)
    assert await events(store, "category", muted=True) == {("",): 1}
    assert await events(store) == {(): 3}


def muted_test() -> Entry:
    """A test event that is muted."""
    return entry(card=Card(title="x", muted=True, test=True))


async def test_events_that_go_are_not_counted(store: Store) -> None:
    """Removed and pruned ones go, whether they were counted already or not."""
    first, second = entry(), entry()
    await append(store, first, entry(NOW - HOUR, type="old"))
    assert await events(store, "type") == {("order.paid",): 1, ("old",): 1}
    await append(store, second, entry(type="stays"))
    for gone in (first, second):
        await store.remove(PROJECT, gone.event.id, NOW)
    await _pruned(store, NOW - 1)
    assert await events(store, "type") == {("stays",): 1}
    await store.derive_anew()
    assert await events(store, "type") == {("stays",): 1}


async def _pruned(store: Store, before: int) -> None:
    after: str | None = None
    while after := (await store.prune(PROJECT, before, before, after, 100)).next:
        pass


async def _ended(store: Store, **fields: Any) -> Delivery:
    """A delivery that is claimed at NOW."""
    fact = event(NOW, project=fields.pop("project", PROJECT))
    await append(store, Entry(fact, (delivery(fact, NOW, **fields),)))
    (held,) = await claim(store)
    return held


async def test_deliveries_are_counted_by_how_they_end(store: Store) -> None:
    """At the first try, after retries, dead, cancelled; by the hour of the end; pending ones are not counted."""
    await settle(store, outcome(await _ended(store), Sent(), NOW))
    await settle(store, outcome(await _ended(store, tries=1, trigger="trg_two"), Sent(), NOW + HOUR))
    await settle(store, outcome(await _ended(store), Failed("no", permanent=True), NOW))
    again = await _ended(store)
    await settle(store, outcome(again, Failed("no"), NOW, Retry(attempts=3)))
    assert await deliveries(store, "result") == {("delivered",): 1, ("delivered_after_retries",): 1, ("dead",): 1}
    await store.cancel(Selection(project=PROJECT, lane=LANE), "off", NOW + 2 * HOUR)
    assert await deliveries(store, "hour", "trigger", "result") == {
        (THIS, "trg_one", "delivered"): 1,
        (THIS + 1, "trg_two", "delivered_after_retries"): 1,
        (THIS, "trg_one", "dead"): 1,
        (THIS + 2, "trg_one", "cancelled"): 1,
    }
    assert await deliveries(store, "day", "result") == {
        (DAY, "delivered"): 1,
        (DAY, "delivered_after_retries"): 1,
        (DAY, "dead"): 1,
        (DAY, "cancelled"): 1,
    }
    assert await deliveries(store, first=THIS + 1, end=THIS + 2) == {(): 1}
    assert await deliveries(store, project=OTHER) == {}


async def test_only_what_is_sent_is_counted(store: Store) -> None:
    """Pressed buttons count, without a trigger; events that wait for their time do not."""
    await settle(store, outcome(await _ended(store, kind=ACTION, trigger=None), Sent(), NOW))
    late = scheduled(NOW + HOUR, NOW)
    await append(store, late)
    await store.cancel(Selection(project=PROJECT, event_id=late.event.id), "off", NOW)
    assert await deliveries(store, "trigger", "result") == {("", "delivered"): 1}


async def test_what_is_tried_again_has_not_ended(store: Store) -> None:
    """A dead delivery that is retried counts where it ends then; a late result counts nothing."""
    held = await _ended(store)
    await settle(store, outcome(held, Failed("no", permanent=True), NOW))
    await store.reschedule(Selection(project=PROJECT, ids=[held.id]), NOW, NOW, 2)
    assert await deliveries(store) == {}
    await settle(store, outcome(held, Sent(), NOW))
    assert await deliveries(store) == {}
    (again,) = await claim(store)
    await settle(store, outcome(again, Sent(), NOW + HOUR), outcome(again, Sent(), NOW + HOUR))
    assert await deliveries(store, "hour", "result") == {(THIS + 1, "delivered_after_retries"): 1}


async def test_pruned_deliveries_are_not_counted(store: Store) -> None:
    """With what is too old, its counts go."""
    await settle(store, outcome(await _ended(store), Sent(), NOW))
    await settle(store, outcome(await _ended(store), Sent(), NOW + 2 * HOUR))
    await _pruned(store, NOW + HOUR)
    assert await deliveries(store, "hour") == {(THIS + 2,): 1}


async def test_many_at_once(store: Store) -> None:
    """One commit with many of them counts each."""
    kinds = Counter({"a": 70, "b": 3})
    made = [entry(type=kind, lanes=[LANE]) for kind in kinds.elements()]
    made = [
        replace(one, deliveries=tuple(replace(debt, trigger=one.event.type) for debt in one.deliveries)) for one in made
    ]
    await append(store, *made)
    await settle(store, *(outcome(held) for held in await claim(store)))
    assert await events(store, "type") == await deliveries(store, "trigger") == {("a",): 70, ("b",): 3}


async def test_the_largest_groups_are_told_apart(store: Store) -> None:
    """Over all hours, of equals the first by name; all others are one, so that an id in each type is no long answer."""
    kinds = ["few", "many", "many", "many", "more", "more", "even", "even"]
    made = [entry(NOW + n % 2 * HOUR, type=kind, card=Card(title="x", category="c")) for n, kind in enumerate(kinds)]
    await append(store, *made, entry(NOW, type="many", project=OTHER))
    assert await events(store, "type", most=5) == {("many",): 3, ("more",): 2, ("even",): 2, ("few",): 1}
    assert await events(store, "type", most=2) == {("many",): 3, ("even",): 2, (None,): 3}
    assert await events(store, "hour", "type", "category", most=1) == {
        (THIS, "many", "c"): 1,
        (THIS + 1, "many", "c"): 2,
        (THIS, None, None): 3,
        (THIS + 1, None, None): 2,
    }
    found = await store.tallies(TallyQuery(project=PROJECT, of="events", by=("day", "type"), first=THIS + 1, most=1))
    assert sorted((one.count, one.day, one.type or "", one.other) for one in found) == [
        (2, (THIS + 1) // 24, "", True),
        (2, (THIS + 1) // 24, "many", False),
    ]
    assert await events(store, most=1) == {(): 8}
    assert await events(store, "hour", most=1) == {(THIS,): 4, (THIS + 1,): 4}


async def test_the_largest_groups_of_deliveries(store: Store) -> None:
    """By trigger and result, each a name of the group."""
    results: tuple[Result, ...] = (Sent(), Sent(), Failed("no", permanent=True))
    for number, result in enumerate(results):
        await append(store, entry(NOW, lanes=[LANE]))
        [claimed] = await claim(store, NOW, lane=LANE)
        await settle(store, outcome(claimed, result, NOW + number, Retry(attempts=1)))
    assert await deliveries(store, "result", most=1) == {("delivered",): 2, (None,): 1}
