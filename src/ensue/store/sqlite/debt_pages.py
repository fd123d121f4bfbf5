"""Hides how a page of deliveries is found: along the index of its state, its trigger, its event or its replay.

Words are looked for in each row that is left, with its event beside it. Where words are rare, search tells the events
that hold them all, and only their deliveries are looked at, and those that did not arrive, whose reason may hold some.
"""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby
from typing import Final

from msgspec import Struct

from ensue.domain.delivery import Delivery, State
from ensue.domain.errors import EnsueError
from ensue.domain.finding import Sought, is_sought
from ensue.store.base import DeliveryPage, DeliveryQuery
from ensue.store.sql import DELIVERY_FIELDS, DELIVERY_FROM, NUMBERS, delivery_of
from ensue.store.sqlite import walk
from ensue.store.sqlite.driver import Execute, integers
from ensue.store.sqlite.search import rare
from ensue.store.sqlite.walk import Judge, Path, Row, Taking, Test, newest, start_of, where

_TRIGGER: Final = 8
_REASON: Final = 16
_BODY: Final = 19
"""Where these stand in a row of `DELIVERY_FIELDS` with the event's body behind."""

MANY: Final = 3_000
"""So many events are few."""

OF_EVENTS: Final = (
    "SELECT d.number FROM carray(?) w CROSS JOIN event e ON e.cursor = w.value "
    "CROSS JOIN delivery d INDEXED BY delivery_event ON d.event_id = e.id"
)


class Along(Struct, frozen=True):
    """An index that is in order where its first column is `value`, by `test`; it answers so many `tests` of a query."""

    index: str
    test: str
    value: str
    tests: int = 1


def deliveries(execute: Execute, query: DeliveryQuery) -> DeliveryPage:
    """One page of deliveries."""
    start = start_of(query.before, newest(execute, "delivery", "number"))
    tests = list(_tests(query))
    taking = Taking(query.limit, None if query.sought is None else _judge(query.sought))
    if (along := _along(query)) is not None:
        low = _ordered(execute, tests, query, start, taking, along)
    elif query.state == "pending" and (numbers := _pending(execute, start)) is not None:
        if not numbers:
            return DeliveryPage([])
        tests.append(Test("d.number IN (SELECT value FROM carray(?))", (integers(numbers),)))
        low = _ordered(execute, tests, query, start, taking)
    elif (events := _rare(execute, query)) is not None:
        low = _scattered(execute, tests, query, start, taking, events)
    else:
        low = walk.walk(execute, _path(query, tests), start, taking)
    items: list[Delivery] = [delivery_of(row) for row in taking.taken]
    return DeliveryPage(items, str(low) if low > 1 else None)


def _judge(question: Sought) -> Judge:
    def is_meant(row: Row) -> bool:
        return is_sought(question, row[_TRIGGER], row[_REASON], row[_BODY])

    return is_meant


def _rows(query: DeliveryQuery) -> tuple[str, str]:
    """The fields of a row, and where from; with the event where words are looked for."""
    if query.sought is None:
        return DELIVERY_FIELDS, DELIVERY_FROM
    event = "LEFT JOIN event e ON e.id = d.event_id AND e.project = d.project"
    return f"{DELIVERY_FIELDS}, e.body", f"{DELIVERY_FROM} {event}"


def _path(query: DeliveryQuery, tests: list[Test]) -> Path:
    fields, source = _rows(query)
    trigger = Test("d.trigger = ?", (query.trigger,))
    if trigger in tests:
        tests.remove(trigger)
        return Path(fields, source, "d.number", "delivery_trigger", [trigger], tests)
    return Path(fields, source, "d.number", "", [], tests, walk.SCAN)


def _ordered(
    execute: Execute,
    tests: Sequence[Test],
    query: DeliveryQuery,
    before: int,
    taking: Taking,
    along: Along | None = None,
) -> int:
    """Take of what one index, or a list of numbers, already picks out; of an index no more than a page may look at."""
    low = 0
    fields, source = _rows(query)
    if along is not None:
        if len(tests) > along.tests or query.sought is not None:
            low = _narrow(execute, along, before)
        source = source.replace("delivery d", f"delivery d INDEXED BY {along.index}", 1)
    text, values = where(tests)
    rows = execute(
        f"SELECT {fields} FROM {source} WHERE d.number >= ? AND d.number < ?{text} ORDER BY d.number DESC LIMIT ?",
        (low, before, *values, taking.most),
    )
    last = taking.take(rows)
    return low if last is None else last


def _narrow(execute: Execute, along: Along, before: int) -> int:
    """How far down an index leads within what a page may look at; 0: to its end."""
    text = (
        f"SELECT d.number FROM delivery d INDEXED BY {along.index} WHERE d.number < ? AND {along.test} "
        "ORDER BY d.number DESC LIMIT 1 OFFSET ?"
    )
    lowest = execute(text, (before, along.value, walk.SCAN - 1)).fetchall()
    return int(lowest[0][0]) if lowest else 0


def _along(query: DeliveryQuery) -> Along | None:
    """The index that picks most of it out by itself, in order."""
    if query.event_id is not None:
        return Along("delivery_event", "d.event_id = ?", query.event_id)
    if query.replay is not None:
        return Along("delivery_replay", "d.replay = ?", query.replay)
    if query.state in ("dead", "cancelled"):
        test = f"d.state = {NUMBERS[query.state]} AND d.project = ?"
        return Along(f"delivery_{query.state}", test, query.project, tests=2)
    return None


def _rare(execute: Execute, query: DeliveryQuery) -> list[int] | None:
    """The events that answer by themselves, where they are few and no trigger's name answers in their place; None, too,
    while search is made anew."""
    if query.sought is None or query.sought.triggers or query.state == "pending":
        return None
    try:
        return rare(execute, query.project, query.sought.words, MANY)
    except EnsueError:
        return None


def _scattered(
    execute: Execute, tests: Sequence[Test], query: DeliveryQuery, before: int, taking: Taking, events: Sequence[int]
) -> int:
    """Take of the deliveries of some events, and of those that did not arrive, the newest first."""
    sources = [_of_events(execute, events)]
    if query.state is None:
        pending = _pending(execute, before)
        if pending is None:
            return walk.walk(execute, _path(query, list(tests)), before, taking)
        sources.append(pending)
    fields, source = _rows(query)
    text, values = where(tests)
    statement = f"SELECT {fields} FROM {source} WHERE d.number < ?{text} "
    rows = [
        execute(
            f"{statement} AND d.number IN (SELECT value FROM carray(?)) ORDER BY d.number DESC",
            (before, *values, integers(numbers)),
        )
        for numbers in sources
        if numbers
    ]
    ended: tuple[State, ...] = ("dead", "cancelled") if query.state is None else ()
    for state in ended:
        along = statement.replace("delivery d", f"delivery d INDEXED BY delivery_{state}", 1)
        rows.append(execute(f"{along} AND d.state = {NUMBERS[state]} ORDER BY d.number DESC", (before, *values)))
    newest_first = merge(*rows, key=lambda row: -row[0])
    return taking.take(next(same) for _, same in groupby(newest_first, key=lambda row: row[0])) or 0


def _of_events(execute: Execute, events: Sequence[int]) -> list[int]:
    """The numbers of the deliveries of events that are given by their cursors."""
    return [number for (number,) in execute(OF_EVENTS, (integers(events),))] if events else []


def _pending(execute: Execute, before: int) -> list[int] | None:
    """The numbers of all pending deliveries below `before`, unless there are more than a page may look at."""
    text = "SELECT number FROM delivery INDEXED BY delivery_pending WHERE state = 0 LIMIT ?"
    numbers = [row[0] for row in execute(text, (walk.SCAN,))]
    return None if len(numbers) == walk.SCAN else [number for number in numbers if number < before]


def _tests(query: DeliveryQuery) -> Iterator[Test]:
    yield Test("d.project = ?", (query.project,))
    if query.state is not None:
        yield Test(f"d.state = {NUMBERS[query.state]}")
    if query.trigger is not None:
        yield Test("d.trigger = ?", (query.trigger,))
    if query.event_id is not None:
        yield Test("d.event_id = ?", (query.event_id,))
    if query.kind is not None:
        yield Test("d.kind = ?", (query.kind,))
    if query.without is not None:
        yield Test("d.kind <> ?", (query.without,))
    if query.replay is not None:
        yield Test("d.replay = ?", (query.replay,))
    yield from _spans(query)


def _spans(query: DeliveryQuery) -> Iterator[Test]:
    bounds = {
        "d.created_at >= ?": query.since,
        "d.created_at < ?": query.until,
        "d.ended_at >= ?": query.ended_since,
        "d.ended_at < ?": query.ended_until,
    }
    for text, moment in bounds.items():
        if moment is not None:
            yield Test(text, (moment,))
