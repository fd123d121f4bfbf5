"""Pages: each filter alone and together, newest first, followed to the end."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import Raw

from ensue.domain.delivery import Delivery, Entry, Failed, Once, Retry, Skipped
from ensue.domain.errors import EnsueError
from ensue.domain.event import Action, Card, Context, Event
from ensue.domain.intake import key_digest
from ensue.store.base import DeliveryQuery, EventQuery, Store
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
    owed,
    settle,
)

TYPES = ["order.paid", "order.sent", "order.item.added", "user.made", "ensue.delivery.dead", "order"]


def everything(_: Any) -> bool:
    """What a query without filters shows."""
    return True


def nothing(_: Any) -> bool:
    """What a query that nothing fits shows."""
    return False


def varied(number: int) -> dict[str, Any]:
    """The fields of the event of that number: every filter meets some and misses some."""
    return {
        "type": TYPES[number % len(TYPES)],
        "project": OTHER if number % 7 == 6 else PROJECT,
        "time": NOW + 10 * number,
        "subject": f"user_{number % 3}" if number % 4 else None,
        "tenant": f"tenant_{number % 2}" if number % 3 else None,
        "context": Context(f"thread_{number % 5}") if number % 2 else None,
        "card": Card(
            category=f"c{number % 2}",
            test=number % 5 == 0,
            muted=number % 4 == 0,
            notify=number % 10 < 3,
            actions=(Action(key="ship", label="Ship", url="https://example.com/"),) if number % 11 < 4 else (),
            avatar='🤖"' if number % 3 else None,
        )
        if number % 3
        else None,
    }


async def followed(store: Store, limit: int, **fields: Any) -> list[Event]:
    """All pages of a query, each no longer than asked for."""
    found: list[Event] = []
    before: str | None = None
    while True:
        page = await store.page(EventQuery(**{"project": PROJECT, "before": before, "limit": limit, **fields}))
        assert len(page.items) <= limit
        found += page.items
        before = page.next
        if before is None:
            return found


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({}, everything),
        ({"project": OTHER}, everything),
        ({"type": "order.paid"}, lambda one: one.type == "order.paid"),
        ({"type": "order.*"}, lambda one: one.type in ("order.paid", "order.sent")),
        ({"type": "order.**"}, lambda one: one.type.startswith("order")),
        ({"type": "**"}, lambda one: not one.type.startswith("ensue.")),
        ({"type": "*.made"}, lambda one: one.type == "user.made"),
        ({"type": "ensue.**"}, lambda one: one.type.startswith("ensue.")),
        ({"type": "ensue.delivery.dead"}, lambda one: one.type.startswith("ensue.")),
        ({"subject": "user_1"}, lambda one: one.subject == "user_1"),
        ({"category": "c1"}, lambda one: one.category == "c1"),
        ({"context": "thread_3"}, lambda one: one.context is not None and one.context.id == "thread_3"),
        ({"tenant": "tenant_1"}, lambda one: one.tenant == "tenant_1"),
        ({"since": NOW + 300, "until": NOW + 600}, lambda one: NOW + 300 <= one.time < NOW + 600),
        ({"test": True}, lambda one: one.is_test),
        ({"test": False}, lambda one: not one.is_test),
        ({"muted": True}, lambda one: one.card is not None and one.card.muted),
        ({"muted": False}, lambda one: one.card is None or not one.card.muted),
        ({"notify": True}, lambda one: one.card is not None and one.card.notify),
        ({"avatar": '🤖"'}, lambda one: one.avatar == '🤖"'),
        ({"avatar": "🤖"}, lambda _: False),
        ({"actions": True}, lambda one: one.card is not None and len(one.card.actions) > 0),
        ({"actions": False}, lambda one: one.card is None or not one.card.actions),
        ({"notify": False}, lambda one: one.card is None or not one.card.notify),
        (
            {"type": "order.**", "subject": "user_2", "tenant": "tenant_1", "muted": False},
            lambda one: (
                one.type.startswith("order")
                and (one.subject, one.tenant) == ("user_2", "tenant_1")
                and not (one.card is not None and one.card.muted)
            ),
        ),
        ({"subject": "nobody"}, nothing),
    ],
)
@pytest.mark.parametrize("limit", [3, 200])
async def test_pages_of_the_log(store: Store, fields: dict[str, Any], fits: Any, limit: int) -> None:
    """Every filter shows exactly what fits, newest first, however long the pages are."""
    entries = [entry(**varied(number)) for number in range(150)]
    await append(store, *entries)
    project = fields.get("project", PROJECT)
    expected = [one.event for one in reversed(entries) if one.event.project == project and fits(one.event)]
    assert await followed(store, limit, **fields) == expected


@pytest.mark.parametrize("limit", [1, 50])
@pytest.mark.parametrize("fields", [{}, {"category": "red"}, {"type": "order.*"}, {"muted": False, "test": False}])
async def test_what_can_be_pressed_in_the_feed(store: Store, fields: dict[str, Any], limit: int) -> None:
    """Only what has a button, whatever else is asked: neither children nor events that only speak of actions."""
    button = Card(category="red", actions=(Action(key="ship", label="Ship", url="https://example.com/"),))
    story = Context("story")
    made = [entry(subject=name, card=button, context=story) for name in ("root", "child")]
    for n in range(9):
        made.append(entry(subject=f"s{n}", card=button if n % 3 else Card(category="red")))
        made.append(entry(card=Card(category="red"), data=Raw(b'{"actions":[{"key":"a"}]}')))
    await append(store, *made)
    found = await followed(store, limit, feed=True, actions=True, **fields)
    assert [one.subject for one in found] == ["s8", "s7", "s5", "s4", "s2", "s1", "root"]
    assert len(await followed(store, limit, feed=True, actions=False, **fields)) == 12


async def test_by_idempotency_key(store: Store) -> None:
    """An event is found by the key that it came with, also when newer ones came after, and older ones had the key."""
    made = [
        entry(type=f"t{number}", idempotency_key=key, once=[Once(key_digest(key))] if number else [])
        for number, key in enumerate(["k", "other", "k", "last"])
    ]
    await append(store, *made, *(entry(now=NOW + 1) for _ in range(20)))
    assert [one.type for one in await followed(store, 5, idempotency_key="k")] == ["t2", "t0"]
    assert await followed(store, 5, idempotency_key="unknown") == []
    assert await followed(store, 5, idempotency_key="k", project=OTHER) == []


async def test_a_strange_next_is_refused(store: Store) -> None:
    """A `next` that is not one of ours is the caller's error, not ours."""
    for query in (store.page(EventQuery(project=PROJECT, before="x")), store.deliveries(_query(before="-1"))):
        with pytest.raises(EnsueError) as refused:
            await query
        assert (refused.value.code, refused.value.field) == ("invalid", "next")


def _query(**fields: Any) -> DeliveryQuery:
    return DeliveryQuery(**{"project": PROJECT, **fields})


async def all_deliveries(store: Store, **fields: Any) -> list[Delivery]:
    """All pages of a query of deliveries, two at a time."""
    found: list[Delivery] = []
    before: str | None = None
    while True:
        page = await store.deliveries(_query(before=before, limit=2, **fields))
        assert len(page.items) <= 2
        found += page.items
        before = page.next
        if before is None:
            return found


async def several(store: Store) -> Sequence[Delivery]:
    """Deliveries in every state, as they are kept in the end."""
    debts = [await owed(store, NOW + n, trigger=f"trg_{n % 2}", kind="webhook" if n % 3 else "mail") for n in range(9)]
    once_more = Retry(attempts=1)
    results = [None, None, Failed("no"), Failed("no"), Skipped("gone"), Skipped("gone"), Failed("no")]
    claimed = await claim(store, NOW + 9, room=len(results))
    done = [outcome(one, result, NOW + 9, once_more) for one, result in zip(claimed, results, strict=True)]
    assert set(await settle(store, *done)) == {"accepted"}
    await append(store, entry(project=OTHER, lanes=["trigger:one"]))
    now = {one.id: one for one in debts} | {one.delivery.id: one.delivery for one in done}
    return list(now.values())


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({}, everything),
        ({"state": "pending"}, lambda one: one.state == "pending"),
        ({"state": "delivered"}, lambda one: one.state == "delivered"),
        ({"state": "dead"}, lambda one: one.state == "dead"),
        ({"state": "cancelled"}, lambda one: one.state == "cancelled"),
        ({"trigger": "trg_1"}, lambda one: one.trigger == "trg_1"),
        ({"trigger": "trg_1", "state": "dead"}, lambda one: one.trigger == "trg_1" and one.state == "dead"),
        ({"kind": "mail"}, lambda one: one.kind == "mail"),
        ({"without": "mail"}, lambda one: one.kind == "webhook"),
        ({"without": "mail", "state": "pending"}, lambda one: (one.kind, one.state) == ("webhook", "pending")),
        ({"since": NOW + 3, "until": NOW + 6}, lambda one: NOW + 3 <= one.created_at < NOW + 6),
        ({"ended_since": NOW + 9, "ended_until": NOW + 10}, lambda one: one.ended_at == NOW + 9),
        ({"state": "dead", "ended_since": NOW + 9}, lambda one: one.state == "dead"),
        ({"ended_since": NOW + 10}, nothing),
        ({"ended_until": NOW + 9}, nothing),
        ({"trigger": "none"}, nothing),
    ],
)
async def test_pages_of_deliveries(store: Store, fields: dict[str, Any], fits: Any) -> None:
    """Every filter shows exactly what fits, newest first."""
    expected = [one for one in reversed(await several(store)) if fits(one)]
    assert await all_deliveries(store, **fields) == expected


async def test_deliveries_of_an_event(store: Store) -> None:
    """What one event owes, in whatever state."""
    fact = event()
    debts = [delivery(fact, lane=f"trigger:{n}") for n in range(5)]
    await append(store, entry(lanes=["trigger:x"]))
    await store.append(lambda _: [Entry(fact, tuple(debts))])
    await claim(store, lane="trigger:3")
    found = await all_deliveries(store, event_id=fact.id)
    assert [one.id for one in found] == [one.id for one in reversed(debts)]
    assert [one.id for one in await all_deliveries(store, event_id=fact.id, state="dead")] == []
    assert await store.delivery(OTHER, debts[0].id) is None
    assert await store.delivery(PROJECT, "dlv_unknown") is None
