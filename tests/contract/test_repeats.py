"""Promises: the same thing said twice is accepted once, for 24 hours."""

from msgspec.structs import replace

from ensue.domain.schedule import DAY, HOUR
from ensue.store.base import Selection, Store
from tests.contract.builders import (
    NOW,
    OTHER,
    PROJECT,
    append,
    claim,
    entry,
    event,
    logged,
    once,
    outcome,
    put,
    scheduled,
    settle,
)


async def test_a_repeat_names_the_first(store: Store) -> None:
    """A duplicate is answered with the first event's id, and stores nothing."""
    first, second = entry(once=[once("k", "b")]), entry(once=[once("k", "b")], lanes=["trigger:one"])
    await append(store, first)
    [receipt] = await append(store, second)
    assert (receipt.status, receipt.event_id, receipt.cursor) == ("duplicate", first.event.id, None)
    assert await logged(store) == [first.event]
    assert await claim(store) == []


async def test_other_words_are_a_mismatch(store: Store) -> None:
    """The same key with another body is a mismatch; where either body is empty it is a duplicate."""
    await append(store, entry(once=[once("k", "b")]), entry(once=[once("bare")]))
    receipts = await append(
        store, entry(once=[once("k", "c")]), entry(once=[once("k")]), entry(once=[once("bare", "x")])
    )
    assert [one.status for one in receipts] == ["mismatch", "duplicate", "duplicate"]


async def test_a_promise_holds_a_day(store: Store) -> None:
    """One millisecond before 24 hours it holds, at 24 hours it does not, wherever in the day it began."""
    for start in (NOW, NOW + 5 * HOUR, NOW + 11 * HOUR):
        name = f"k{start}"
        await append(store, entry(start, once=[once(name)]))
        [before] = await append(store, entry(start + DAY - 1, once=[once(name)]))
        [after] = await append(store, entry(start + DAY, once=[once(name)]))
        [again] = await append(store, entry(start + DAY + 1, once=[once(name)]))
        assert (before.status, after.status, again.status) == ("duplicate", "stored", "duplicate")
        assert again.event_id == after.event_id


async def test_a_clock_that_went_back_changes_nothing(store: Store) -> None:
    """A promise made later than the repeat still holds."""
    await append(store, entry(NOW + 20 * HOUR, once=[once("k")]))
    [receipt] = await append(store, entry(NOW, once=[once("k")]))
    assert receipt.status == "duplicate"


async def test_repeats_within_one_batch(store: Store) -> None:
    """Entries see those before them."""
    receipts = await append(store, *(entry(once=[once("k", "b")]) for _ in range(3)), entry(once=[once("k", "c")]))
    assert [one.status for one in receipts] == ["stored", "duplicate", "duplicate", "mismatch"]
    assert {one.event_id for one in receipts} == {receipts[0].event_id}


async def test_any_of_several_promises_refuses(store: Store) -> None:
    """An event with a key and a sender's id is a repeat when either was seen."""
    first = entry(once=[once("key", "b"), once("sender")])
    await append(store, first)
    receipts = await append(
        store, entry(once=[once("key2"), once("sender")]), entry(once=[once("key", "b"), once("sender2")])
    )
    assert [(one.status, one.event_id) for one in receipts] == [("duplicate", first.event.id)] * 2
    [receipt] = await append(store, entry(once=[once("key2"), once("sender2")]))
    assert receipt.status == "stored"  # what was refused made no promise


async def test_projects_do_not_share_promises(store: Store) -> None:
    """The same digest in another project is another promise."""
    receipts = await append(store, entry(once=[once("k")]), entry(project=OTHER, once=[once("k")]))
    assert [one.status for one in receipts] == ["stored", "stored"]


async def test_a_scheduled_event_counts_at_acceptance(store: Store) -> None:
    """The key of a scheduled event is taken at once, and not again when it is emitted."""
    staged = scheduled(NOW + 1000, once=[once("k")])
    assert [one.status for one in await append(store, staged)] == ["stored"]
    [receipt] = await append(store, entry(once=[once("k")]))
    assert (receipt.status, receipt.event_id) == ("duplicate", staged.event.id)
    [due] = await claim(store, NOW + 1000, lane=staged.deliveries[0].lane)
    emitted = replace(outcome(due), emits=(replace(staged, staged=False, deliveries=(), once=()),))
    assert await settle(store, emitted) == ["accepted"]
    assert await logged(store) == [staged.event]


async def test_cancelling_frees_the_key(store: Store) -> None:
    """The key of a scheduled event that was cancelled can be used again."""
    staged = scheduled(NOW + 1000, once=[once("k"), once("s")])
    await append(store, staged)
    cancelled = await store.cancel(Selection(project=PROJECT, event_id=staged.event.id), "cancelled", NOW)
    assert (cancelled.count, cancelled.in_flight) == (1, [])
    receipts = await append(store, entry(once=[once("k")]), entry(once=[once("s")]))
    assert [one.status for one in receipts] == ["stored", "stored"]


async def test_cancelling_frees_no_other_key(store: Store) -> None:
    """A promise that a later event made under the same name stays when the older one is cancelled."""
    staged = scheduled(NOW + 3 * DAY, once=[once("k")])
    later = entry(NOW + DAY, once=[once("k")])
    receipts = await append(store, staged) + await append(store, later)  # type: ignore[operator]
    assert [one.status for one in receipts] == ["stored", "stored"]
    await store.cancel(Selection(project=PROJECT, event_id=staged.event.id), "cancelled", NOW + DAY)
    [receipt] = await append(store, entry(NOW + DAY + 1, once=[once("k")]))
    assert (receipt.status, receipt.event_id) == ("duplicate", later.event.id)


async def test_a_refused_entry_makes_no_promise(store: Store) -> None:
    """An entry that is refused for a document leaves its key free."""
    refused = replace(entry(once=[once("k")]), puts=(put(expected=7),))
    receipts = await append(store, refused, entry(once=[once("k")]))
    assert [one.status for one in receipts] == ["conflict", "stored"]


async def test_an_emitted_repeat_is_dropped(store: Store) -> None:
    """What an outcome emits is held to promises too: the outcome counts, the repeated event does not."""
    await append(store, entry(once=[once("tick")], lanes=["trigger:one"]))
    [due] = await claim(store)
    repeated = replace(outcome(due), emits=(entry(once=[once("tick")]), entry(type="fresh")))
    assert await settle(store, repeated) == ["accepted"]
    assert [one.type for one in await logged(store)] == [event().type, "fresh"]
