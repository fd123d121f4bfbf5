"""Hides how a page is found without a long scan: newest first along an index that is local in time, within a budget.

Rows lie in buckets of 16,384; the indexes begin with the bucket. A page goes from bucket to bucket along the index that
fits its query best, looks at no more than 50,000 rows, and says where to go on. The feed has an index of its own, in
order throughout: children are not in it, so the end of a page is as near with a million of them.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct

from ensue.domain.delivery import Delivery, Once
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event, decode_event
from ensue.domain.intake import key_digest
from ensue.domain.pattern import RESERVED, is_exact, matches
from ensue.store.base import DeliveryPage, DeliveryQuery, EventPage, EventQuery
from ensue.store.sql import ASIDE, DELIVERY_FIELDS, DELIVERY_FROM, NUMBERS, delivery_of
from ensue.store.sqlite.driver import Execute, integers
from ensue.store.sqlite.promises import Promises, key_of
from ensue.store.sqlite.search import Question, found, implied

SCAN: Final = 50_000
PROBES: Final = 500
"""So many rows, and so many buckets, are looked at for one page."""

FIRST_LOOK: Final = 1_000
BUCKET: Final = 14
FEED: Final = f"flags < {ASIDE}"


class Test(NamedTuple):
    """A condition on a row with its values."""

    text: str
    values: tuple[Any, ...] = ()


class Path(Struct, frozen=True):
    """A way through a table: `fields FROM source` by `key`, along `index` (bucket, `tests`), with `rest` on each row.

    `first_look` newest rows are looked at without the index, which pays where it tells little.
    """

    fields: str
    source: str
    key: str
    index: str
    tests: Sequence[Test]
    rest: Sequence[Test]
    first_look: int = 0


def _where(tests: Sequence[Test]) -> tuple[str, list[Any]]:
    return "".join(f" AND {test.text}" for test in tests), [value for test in tests for value in test.values]


def _windows(execute: Execute, path: Path, before: int) -> Iterator[tuple[int, int, bool]]:
    """Stretches of the table, newest first, as (from, before, whether along the index), together within the budget."""
    budget, top = SCAN, before
    if path.first_look:
        yield max(0, top - path.first_look), top, False
        top, budget = max(0, top - path.first_look), budget - path.first_look
    probes = PROBES
    while top > 0 and budget > 0 and probes > 0:
        low = (top - 1) >> BUCKET << BUCKET
        if path.rest:
            low, seen = _narrow(execute, path, low, top, budget)
            budget -= seen
        probes -= 1
        yield low, top, True
        top = low


def _narrow(execute: Execute, path: Path, low: int, top: int, budget: int) -> tuple[int, int]:
    """How far down the index leads within the budget, and how many rows that are."""
    tests, values = _where(path.tests)
    key = path.key
    text = (
        f"SELECT min(k), count(*) FROM (SELECT {key} AS k FROM {_indexed(path)} WHERE {key} >> {BUCKET} = ?{tests} "
        f"AND {key} < ? ORDER BY {key} DESC LIMIT ?)"
    )
    lowest, seen = execute(text, (low >> BUCKET, *values, top, budget)).fetchall()[0]
    return (lowest if seen == budget else low), seen


def _indexed(path: Path) -> str:
    """The table with the index that must be used; joins left out are those that only bring fields."""
    table = path.source.split(" LEFT JOIN")[0]
    return f"{table} INDEXED BY {path.index}"


def _walk(execute: Execute, path: Path, before: int, limit: int) -> tuple[list[tuple[Any, ...]], int]:
    """Up to `limit` rows, and the key below which to go on (0: nothing is there)."""
    found: list[tuple[Any, ...]] = []
    top = before
    for low, high, indexed in _windows(execute, path, before):
        tests, values = _where([*path.tests, *path.rest])
        source = path.source
        if indexed:
            source = source.replace(path.source.split(" LEFT JOIN")[0], _indexed(path), 1)
            tests, values = f" AND {path.key} >> {BUCKET} = ?{tests}", [low >> BUCKET, *values]
        text = (
            f"SELECT {path.fields} FROM {source} WHERE {path.key} >= ? AND {path.key} < ?{tests} "
            f"ORDER BY {path.key} DESC LIMIT ?"
        )
        found += execute(text, (low, high, *values, limit - len(found)))
        if len(found) >= limit:
            return found, found[-1][0]
        top = low
    return found, top


def _along(execute: Execute, path: Path, before: int, limit: int, budget: int) -> tuple[list[tuple[Any, ...]], int]:
    """As `_walk`, along an index that is in order throughout, looking at `budget` of its rows."""
    tests, values = _where(path.tests)
    low = 0
    if path.rest:
        text = (
            f"SELECT min(k), count(*) FROM (SELECT {path.key} AS k FROM {_indexed(path)} WHERE {path.key} < ?{tests} "
            f"ORDER BY {path.key} DESC LIMIT ?)"
        )
        lowest, seen = execute(text, (before, *values, budget)).fetchall()[0]
        low = lowest if seen == budget else 0
    tests, values = _where([*path.tests, *path.rest])
    text = (
        f"SELECT {path.fields} FROM {_indexed(path)} WHERE {path.key} >= ? AND {path.key} < ?{tests} "
        f"ORDER BY {path.key} DESC LIMIT ?"
    )
    rows = execute(text, (low, before, *values, limit)).fetchall()
    return rows, rows[-1][0] if len(rows) == limit else low


def _start(before: str | None, newest: int) -> int:
    """The key below which a page begins."""
    return newest + 1 if before is None else min(place_of(before), newest + 1)


def place_of(token: str) -> int:
    """The key that was told as text."""
    if not (token.isascii() and token.isdigit() and len(token) < 19):
        raise EnsueError("invalid", "'next' is not one of ours; pass it on as it was given.", "next")
    return int(token)


def _newest(execute: Execute, table: str, key: str) -> int:
    return int(execute(f"SELECT coalesce(max({key}), 0) FROM {table}").fetchall()[0][0])


def events(execute: Execute, query: EventQuery) -> EventPage:
    """One page of the log."""
    start = _start(query.before, _newest(execute, "event", "cursor"))
    if query.before is None and query.idempotency_key is not None:
        start = _promised(execute, query.project, query.idempotency_key) or start
    rows, low = _event_rows(execute, query, start)
    items = [decode_event(body) for _, body in rows]
    items = [event for event in items if _fits(event, query)]
    return EventPage(items, str(low) if low > 1 else None)


def _event_rows(execute: Execute, query: EventQuery, start: int) -> tuple[list[tuple[Any, ...]], int]:
    """The rows of a page, and where to go on. A feed that is narrowed is looked through at its new end first, where
    most of it may fit, then along the index of what narrows it."""
    if query.words:
        return found(execute, _question(query, start))
    path = _event_path(query)
    if not query.feed:
        return _walk(execute, path, start, query.limit)
    project, feed = Test("project = ?", (query.project,)), Test(FEED)
    rest = [test for test in _event_rest(query) if test != feed]
    whole = Path(path.fields, path.source, path.key, "event_feed", [project, feed], rest)
    narrow = not path.first_look
    rows, low = _along(execute, whole, start, query.limit, FIRST_LOOK if narrow else SCAN)
    if narrow and low and len(rows) < query.limit:
        more, low = _walk(execute, path, low, query.limit - len(rows))
        rows += more
    return rows, low


def _question(query: EventQuery, start: int) -> Question:
    """What is asked of the index; an exact type or subject is in its words too, so a rare one is found soon."""
    tests, values = _where(list(_event_rest(query)))
    exact = query.type if query.type is not None and is_exact(query.type) else None
    return Question(query.project, query.words, implied(exact, query.subject), tests, values, start, query.limit)


def _fits(event: Event, query: EventQuery) -> bool:
    """What SQL could only guess."""
    if query.idempotency_key is not None and event.idempotency_key != query.idempotency_key:
        return False
    if query.notify is not None and query.notify != (event.card is not None and event.card.notify):
        return False
    if query.avatar not in (None, event.avatar):
        return False
    return query.type is None or matches(query.type, event.type)


def _promised(execute: Execute, project: str, key: str) -> int | None:
    """Just above the event that made the promise, while the promise is kept: nothing newer has that key."""
    promises = Promises(execute)
    promises.load()
    name = key_of(project, Once(key_digest(key)))
    kept = promises.find([name], 0).get(name)
    if kept is None:
        return None
    rows = execute("SELECT cursor FROM event WHERE id = ?", (kept.event_id,)).fetchall()
    return rows[0][0] + 1 if rows else None


def _event_path(query: EventQuery) -> Path:
    project = Test("project = ?", (query.project,))
    rest = list(_event_rest(query))
    for column, value in (
        ("context", query.context),
        ("subject", query.subject),
        ("category", query.category),
        ("type", query.type if query.type is not None and is_exact(query.type) else None),
        ("tenant", query.tenant),
    ):
        test = Test(f"{column} = ?", (value,))
        if test in rest:
            rest.remove(test)
            return Path("cursor, body", "event", "cursor", f"event_{column}", [project, test], rest)
    return Path("cursor, body", "event", "cursor", "event_type", [project], rest, FIRST_LOOK)


def _event_rest(query: EventQuery) -> Iterator[Test]:
    for column in ("context", "subject", "category", "tenant"):
        value = getattr(query, column)
        if value is not None:
            yield Test(f"{column} = ?", (value,))
    if query.type is not None:
        yield from type_tests(query.type)
    if query.without is not None:
        yield Test("substr(type, 1, ?) <> ?", (len(query.without), query.without))
    if query.idempotency_key is not None:
        yield Test("instr(body, CAST('\"idempotency_key\":' AS BLOB))")
    if query.notify:
        yield Test("instr(body, CAST('\"notify\":true' AS BLOB))")
    if query.avatar is not None:
        yield Test("instr(body, ?)", (b'"avatar":' + msgspec.json.encode(query.avatar),))
    yield from _row_tests(query)


def _row_tests(query: EventQuery) -> Iterator[Test]:
    if query.feed:
        yield Test(FEED)
    if query.since is not None:
        yield Test("time >= ?", (query.since,))
    if query.until is not None:
        yield Test("time < ?", (query.until,))
    if query.test is not None:
        yield Test("flags & 1 = ?", (int(query.test),))
    if query.muted is not None:
        yield Test("flags & 2 = ?", (2 * query.muted,))


def type_tests(pattern: str) -> Iterator[Test]:
    """A pattern as far as SQL can tell: its first segments as a prefix, and the platform's own types."""
    if is_exact(pattern):
        yield Test("type = ?", (pattern,))
        return
    star = pattern.index("*")
    fixed = pattern[:star].rstrip(".") if pattern.startswith("**", star) else pattern[:star]
    if fixed:
        yield Test("substr(type, 1, ?) = ?", (len(fixed), fixed))
    if not pattern.startswith(RESERVED):
        yield Test("substr(type, 1, ?) <> ?", (len(RESERVED), RESERVED))


def deliveries(execute: Execute, query: DeliveryQuery) -> DeliveryPage:
    """One page of deliveries."""
    start = _start(query.before, _newest(execute, "delivery", "number"))
    tests = list(_delivery_tests(query))
    if query.event_id is not None or query.replay is not None or query.state in ("dead", "cancelled"):
        rows, low = _ordered(execute, tests, query, start)
    elif query.state == "pending" and (numbers := _pending(execute, start)) is not None:
        if not numbers:
            return DeliveryPage([])
        tests.append(Test("d.number IN (SELECT value FROM carray(?))", (integers(numbers),)))
        rows, low = _ordered(execute, tests, query, start)
    else:
        rows, low = _walk(execute, _delivery_path(query, tests), start, query.limit)
    items: list[Delivery] = [delivery_of(row) for row in rows]
    return DeliveryPage(items, str(low) if low > 1 else None)


def _delivery_path(query: DeliveryQuery, tests: list[Test]) -> Path:
    fields, source, key = DELIVERY_FIELDS, DELIVERY_FROM, "d.number"
    trigger = Test("d.trigger = ?", (query.trigger,))
    if trigger in tests:
        tests.remove(trigger)
        return Path(fields, source, key, "delivery_trigger", [trigger], tests)
    return Path(fields, source, key, "", [], tests, SCAN)


def _ordered(
    execute: Execute, tests: Sequence[Test], query: DeliveryQuery, before: int
) -> tuple[list[tuple[Any, ...]], int]:
    """A page of what one index or a list of numbers already picks out."""
    text, values = _where(tests)
    index = f"delivery_{query.state}"
    if query.event_id is not None or query.replay is not None:
        index = "delivery_event" if query.event_id is not None else "delivery_replay"
    source = DELIVERY_FROM
    if index != "delivery_pending":
        source = source.replace("delivery d", f"delivery d INDEXED BY {index}", 1)
    rows = execute(
        f"SELECT {DELIVERY_FIELDS} FROM {source} WHERE d.number < ?{text} ORDER BY d.number DESC LIMIT ?",
        (before, *values, query.limit),
    ).fetchall()
    return rows, rows[-1][0] if len(rows) == query.limit else 0


def _pending(execute: Execute, before: int) -> list[int] | None:
    """The numbers of all pending deliveries below `before`, unless there are more than a page may look at."""
    text = "SELECT number FROM delivery INDEXED BY delivery_pending WHERE state = 0 LIMIT ?"
    numbers = [row[0] for row in execute(text, (SCAN,))]
    return None if len(numbers) == SCAN else [number for number in numbers if number < before]


def _delivery_tests(query: DeliveryQuery) -> Iterator[Test]:
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
    if query.since is not None:
        yield Test("d.created_at >= ?", (query.since,))
    if query.until is not None:
        yield Test("d.created_at < ?", (query.until,))
