"""Hides how the past is looked through, oldest first: from bucket to bucket along what tells most, a share a call."""

from typing import Any, Final

from ensue.domain.event import decode_event
from ensue.domain.pattern import is_exact, matches
from ensue.domain.replay import Found
from ensue.store.past import Past, Stretch
from ensue.store.sql import NUMBERS
from ensue.store.sqlite.driver import Execute
from ensue.store.sqlite.log import HEAD
from ensue.store.sqlite.pages import type_tests
from ensue.store.sqlite.walk import BUCKET, Test, place_of

SCANNED: Final = 3
PROBED: Final = 200
"""So many buckets of 16,384 rows are looked at in one call: row by row, or along an index."""

EVENTS: Final = "SELECT e.cursor, e.body, NULL, NULL FROM event e {index} WHERE e.cursor > ? AND e.cursor <= ?"
DELIVERIES: Final = (
    "SELECT d.number, e.body, d.trigger, d.reason FROM delivery d {index} CROSS JOIN event e "
    "ON e.id = d.event_id AND e.project = d.project WHERE d.number > ? AND d.number <= ?"
)
LAST: Final = (
    "NOT EXISTS (SELECT 1 FROM delivery l INDEXED BY delivery_event WHERE l.event_id = d.event_id "
    "AND l.number > d.number AND l.number <= ? AND l.trigger = d.trigger)"
)


class _Way:
    """The statement for one bucket: its text up to the tests, the tests, and the index along which it goes."""

    def __init__(self, query: Past, end: int) -> None:
        self.query = query
        self.key = "e.cursor" if query.state is None else "d.number"
        self.index = ""
        self.bucketed = False
        self.tests = _event_tests(query) if query.state is None else _delivery_tests(query, end)
        self._choose()

    def _choose(self) -> None:
        query = self.query
        if query.state is None:
            if query.type is not None and is_exact(query.type):
                self.index, self.bucketed = "event_type", True
        elif query.state in ("dead", "cancelled"):
            self.index = f"delivery_{query.state}"
        elif query.trigger is not None:
            self.index, self.bucketed = "delivery_trigger", True

    def rows(self, execute: Execute, low: int, high: int, limit: int) -> list[tuple[Any, ...]]:
        """Up to `limit` rows above `low`, in the bucket of `high` and not above that."""
        text = EVENTS if self.query.state is None else DELIVERIES
        text = text.format(index=f"INDEXED BY {self.index}" if self.index else "NOT INDEXED")
        values: list[Any] = [low, high]
        if self.bucketed:
            text += f" AND {self.key} >> {BUCKET} = ?"
            values.append(high >> BUCKET)
        for test in self.tests:
            text += f" AND {test.text}"
            values += test.values
        return list(execute(f"{text} ORDER BY {self.key} LIMIT ?", (*values, limit)))


def past(execute: Execute, query: Past) -> Stretch:
    """One stretch of the past."""
    low = place_of(query.after) if query.after is not None else 0
    end = place_of(query.end) if query.end is not None else _newest(execute, query)
    way = _Way(query, end)
    found: list[tuple[Any, ...]] = []
    for _ in range(PROBED if way.index else SCANNED):
        if low >= end:
            break
        high = min(end, ((((low + 1) >> BUCKET) + 1) << BUCKET) - 1)
        found += way.rows(execute, low, high, query.limit - len(found))
        low = found[-1][0] if len(found) == query.limit else high
        if len(found) == query.limit:
            break
    items = [Found(decode_event(body), trigger, reason) for _, body, trigger, reason in found]
    if query.type is not None:
        items = [one for one in items if matches(query.type, one.event.type)]
    return Stretch(items, str(low) if low < end else None, str(end))


def _newest(execute: Execute, query: Past) -> int:
    text = HEAD if query.state is None else "SELECT coalesce(max(number), 0) FROM delivery"
    return int(execute(text).fetchall()[0][0])


def _event_tests(query: Past) -> list[Test]:
    tests = [Test("e.project = ?", (query.project,)), *_types(query)]
    if query.since is not None:
        tests.append(Test("e.time >= ?", (query.since,)))
    if query.until is not None:
        tests.append(Test("e.time < ?", (query.until,)))
    return tests


def _delivery_tests(query: Past, end: int) -> list[Test]:
    assert query.state is not None  # noqa: S101 - the caller looked
    tests = [
        Test("d.project = ?", (query.project,)),
        Test(f"d.state = {NUMBERS[query.state]}"),
        Test("d.kind = 'webhook'"),
        Test("d.trigger IS NOT NULL") if query.trigger is None else Test("d.trigger = ?", (query.trigger,)),
        *_types(query),
    ]
    if query.since is not None:
        tests.append(Test("d.created_at >= ?", (query.since,)))
    if query.until is not None:
        tests.append(Test("d.created_at < ?", (query.until,)))
    if query.ended_since is not None:
        tests.append(Test("d.ended_at >= ?", (query.ended_since,)))
    if query.ended_until is not None:
        tests.append(Test("d.ended_at < ?", (query.ended_until,)))
    return [*tests, Test(LAST, (end,))]


def _types(query: Past) -> list[Test]:
    return [] if query.type is None else list(type_tests(query.type))
