"""The past: looked through oldest first, owed again, counted."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from ensue.domain.delivery import ACTION, Delivery, Entry, Failed, Retry, State
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.store.base import DeliveryQuery, Selection, Store
from ensue.store.past import Past
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
    outcome,
    put,
    scheduled,
    settle,
)

Found = list[tuple[Event, str | None]]
ONCE = Retry(attempts=1)
STATES: tuple[State, ...] = ("dead", "delivered", "pending", "cancelled")


async def everything(store: Store, limit: int = 2, **fields: Any) -> Found:
    """All stretches of the past, of `limit` each."""
    query = Past(**{"project": PROJECT, "limit": limit, **fields})
    found: Found = []
    while True:
        stretch = await store.past(query)
        assert len(stretch.found) <= limit
        found += [(one.event, one.trigger) for one in stretch.found]
        if stretch.next is None:
            return found
        query = replace(query, after=stretch.next, end=stretch.end)


async def ended(store: Store, fact: Event, *fates: State, now: int = NOW, **fields: Any) -> Sequence[Delivery]:
    """Deliveries of an event that is in the log, one for each fate, in that order."""
    debts = [delivery(fact, now, lane=f"lane:{fact.id}", **fields) for _ in fates]
    await store.owe(debts, [])
    claimed = await claim(store, now, lane=f"lane:{fact.id}")
    by_id = {one.id: one for one in claimed}
    for debt, fate in zip(debts, fates, strict=True):
        result = Failed("no") if fate == "dead" else None
        if fate in ("dead", "delivered"):
            assert await settle(store, outcome(by_id[debt.id], result, now, ONCE)) == ["accepted"]
        elif fate == "cancelled":
            await store.cancel(Selection(project=PROJECT, ids=[debt.id]), "off", now)
    return debts


async def facts(store: Store, count: int, **fields: Any) -> list[Event]:
    """Events of the log."""
    made = [event(NOW + n, **fields) for n in range(count)]
    await append(store, *(Entry(one) for one in made))
    return made


async def test_the_log_oldest_first(store: Store) -> None:
    """Every event of the project in the order of the log; staged ones and other projects' are not in it."""
    made = await facts(store, 5)
    await append(store, scheduled(NOW + 10), entry(project=OTHER))
    assert await everything(store) == [(one, None) for one in made]


@pytest.mark.parametrize(
    ("fields", "types"),
    [
        ({"type": "order.paid"}, ["order.paid", "order.paid"]),
        ({"type": "order.*"}, ["order.paid", "order.sent", "order.paid"]),
        ({"type": "**"}, ["order.paid", "order.sent", "user.new", "order.paid"]),
        ({"type": "ensue.*"}, ["ensue.x"]),
        ({"since": NOW + 1, "until": NOW + 3}, ["order.sent", "user.new"]),
        ({"type": "nothing"}, []),
    ],
)
async def test_the_log_is_narrowed(store: Store, fields: dict[str, Any], types: list[str]) -> None:
    """By a pattern of types, and by the time of the events."""
    kinds = ["order.paid", "order.sent", "user.new", "order.paid", "ensue.x"]
    await append(store, *(entry(NOW + n, type=kind) for n, kind in enumerate(kinds)))
    assert [one.type for one, _ in await everything(store, **fields)] == types


async def test_what_comes_later_is_not_past(store: Store) -> None:
    """The end is told with the first stretch; nothing behind it is found."""
    first, second = await facts(store, 2)
    stretch = await store.past(Past(project=PROJECT, limit=1))
    assert [one.event for one in stretch.found] == [first]
    await facts(store, 1)
    assert await everything(store, after=stretch.next, end=stretch.end) == [(second, None)]


@pytest.mark.parametrize("state", ["dead", "cancelled", "delivered"])
async def test_deliveries_by_their_state(store: Store, state: State) -> None:
    """The events of deliveries that stand so, oldest delivery first, each with its trigger."""
    made = await facts(store, 4)
    for one in made[:3]:
        await ended(store, one, state)
    await ended(store, made[3], "dead" if state != "dead" else "delivered")
    assert await everything(store, state=state) == [(one, "trg_one") for one in made[:3]]
    assert await everything(store, state=state, trigger="trg_one", type="order.*") == [
        (one, "trg_one") for one in made[:3]
    ]
    assert await everything(store, state=state, trigger="trg_two") == []
    assert await everything(store, state=state, type="user.*") == []
    assert await everything(store, state=state, project=OTHER) == []


async def test_what_was_said_last_comes_with_it(store: Store) -> None:
    """A delivery that did not arrive says why; an event of the log says nothing."""
    made = await facts(store, 2)
    await ended(store, made[0], "dead")
    await ended(store, made[1], "delivered")
    told: list[tuple[State | None, str | None]] = [("dead", "no"), ("delivered", None), (None, None)]
    for state, reason in told:
        found = (await store.past(Past(project=PROJECT, state=state, limit=1))).found
        assert [one.reason for one in found] == [reason]


async def test_the_last_delivery_counts(store: Store) -> None:
    """Of several deliveries of an event to one trigger the last one tells how it stands; other triggers are apart."""
    first, second, third = await facts(store, 3)
    await ended(store, first, "dead", "delivered")
    await ended(store, second, "delivered", "dead")
    await ended(store, third, "dead", "dead")
    await ended(store, third, "delivered", trigger="trg_two")
    assert await everything(store, state="dead") == [(second, "trg_one"), (third, "trg_one")]
    assert await everything(store, state="delivered") == [(first, "trg_one"), (third, "trg_two")]


async def test_a_later_delivery_does_not_hide_the_past(store: Store) -> None:
    """What is owed again after the end was told changes nothing for whoever looks up to that end."""
    [fact] = await facts(store, 1)
    await ended(store, fact, "dead")
    end = (await store.past(Past(project=PROJECT, state="dead"))).end
    await ended(store, fact, "pending", replay="rpl_1")
    assert await everything(store, state="dead", end=end) == [(fact, "trg_one")]
    assert await everything(store, state="dead") == []


async def test_deliveries_in_a_span_of_time(store: Store) -> None:
    """By when they were made, and by when they ended."""
    made = await facts(store, 3)
    for n, one in enumerate(made):
        await ended(store, one, "dead", now=NOW + n)
    found = await everything(store, state="dead", since=NOW + 1, until=NOW + 2)
    assert [one for one, _ in found] == [made[1]]
    found = await everything(store, state="dead", ended_since=NOW + 2, ended_until=NOW + 3)
    assert [one for one, _ in found] == [made[2]]
    assert await everything(store, state="dead", ended_until=NOW) == []


async def test_only_what_triggers_got(store: Store) -> None:
    """Scheduled events, pressed buttons and removed events are not in it."""
    gone, kept, pressed = await facts(store, 3)
    await ended(store, gone, "dead")
    await ended(store, kept, "dead")
    button = delivery(pressed, kind=ACTION, trigger=None, lane="button")
    await append(store, replace(entry(), deliveries=(button,)), scheduled(NOW))
    await store.claim({"button": 1, f"scheduled:{PROJECT}": 1}, NOW, NOW + LEASE)
    for one in (await store.deliveries(DeliveryQuery(project=PROJECT, state="pending"))).items:
        await settle(store, outcome(one, Failed("no"), NOW, ONCE))
    await store.remove(PROJECT, gone.id, NOW)
    assert await everything(store, state="dead") == [(kept, "trg_one")]


async def test_owing_again_is_one_commit(store: Store) -> None:
    """Deliveries and documents come together, and not at all where a document has another revision."""
    [fact] = await facts(store, 1)
    debts = [delivery(fact, NOW + n, replay="rpl_1", lane="again") for n in range(3)]
    await store.owe(debts, [put("rpl_1", expected=0)])
    assert (await store.deliveries(DeliveryQuery(project=PROJECT))).items == debts[::-1]
    with pytest.raises(EnsueError) as refused:
        await store.owe([delivery(fact, replay="rpl_1")], [put("rpl_1", expected=0)])
    assert refused.value.code == "conflict"
    assert len((await store.deliveries(DeliveryQuery(project=PROJECT))).items) == 3
    document = await store.get("note", PROJECT, "rpl_1")
    assert document is not None
    assert document.revision == 1
    assert [one.id for one in await claim(store, NOW, lane="again")] == [debts[0].id]


async def test_counting_what_is_due(store: Store) -> None:
    """A lane's deliveries that are due and nobody's, as far as was asked."""
    [fact] = await facts(store, 1)
    await store.owe([delivery(fact, lane="again", due_at=NOW + n) for n in range(4)], [])
    assert [await store.due("again", NOW + 2, most) for most in (9, 2, 3)] == [3, 2, 3]
    await claim(store, NOW, lane="again")
    assert await store.due("again", NOW + 2, 9) == 2
    assert await store.due("other", NOW + 2, 9) == 0


async def test_a_replays_deliveries(store: Store) -> None:
    """They are listed, counted as far as they did not arrive, and cancelled by the replay's id."""
    made = await facts(store, 4)
    for one, fate in zip(made, STATES, strict=True):
        await ended(store, one, fate, replay="rpl_1")
    await ended(store, made[0], "pending", replay="rpl_2")
    await ended(store, made[1], "pending")
    assert dict(await store.unarrived("rpl_1")) == {"dead": 1, "pending": 1, "cancelled": 1}
    listed = [one.event_id for one in (await store.deliveries(DeliveryQuery(project=PROJECT, replay="rpl_1"))).items]
    assert listed == [one.id for one in made[::-1]]
    for state in STATES:
        query = DeliveryQuery(project=PROJECT, replay="rpl_1", state=state)
        assert len((await store.deliveries(query)).items) == 1
    assert (await store.cancel(Selection(project=PROJECT, replay="rpl_1"), "stopped", NOW)).count == 1
    assert dict(await store.unarrived("rpl_1")) == {"dead": 1, "cancelled": 2}
    assert dict(await store.unarrived("rpl_2")) == {"pending": 1}
