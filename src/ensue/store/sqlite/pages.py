"""Hides how a page of the log is found, in a list or in the feed: along the index that fits its query best.

The feed has an index of its own, in order throughout: children are not in it, so the end of a page is as near with a
million of them.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from ensue.domain.delivery import Once
from ensue.domain.event import Event, decode_event
from ensue.domain.intake import key_digest
from ensue.domain.pattern import RESERVED, is_exact, matches
from ensue.store.base import EventPage, EventQuery
from ensue.store.sql import ASIDE
from ensue.store.sqlite import walk
from ensue.store.sqlite.driver import Execute
from ensue.store.sqlite.promises import Promises, key_of
from ensue.store.sqlite.search import Question, found, implied
from ensue.store.sqlite.walk import Path, Row, Taking, Test, newest, start_of, where

FIRST_LOOK: Final = 1_000
FEED: Final = f"flags < {ASIDE}"


def events(execute: Execute, query: EventQuery) -> EventPage:
    """One page of the log."""
    start = start_of(query.before, newest(execute, "event", "cursor"))
    if query.before is None and query.idempotency_key is not None:
        start = _promised(execute, query.project, query.idempotency_key) or start
    rows, low = _event_rows(execute, query, start)
    items = [decode_event(body) for _, body in rows]
    items = [event for event in items if _fits(event, query)]
    return EventPage(items, str(low) if low > 1 else None)


def _event_rows(execute: Execute, query: EventQuery, start: int) -> tuple[list[Row], int]:
    """The rows of a page, and where to go on. A feed that is narrowed is looked through at its new end first, where
    most of it may fit, then along the index of what narrows it."""
    if query.words:
        return found(execute, _question(query, start))
    path = _event_path(query)
    if not query.feed:
        taking = Taking(query.limit)
        low = walk.walk(execute, path, start, taking)
        return taking.taken, low
    project, feed = Test("project = ?", (query.project,)), Test(FEED)
    rest = [test for test in _event_rest(query) if test != feed]
    whole = Path(path.fields, path.source, path.key, "event_feed", [project, feed], rest)
    narrow = not path.first_look
    rows, low = walk.along(execute, whole, start, query.limit, FIRST_LOOK if narrow else walk.SCAN)
    if narrow and low and len(rows) < query.limit:
        taking = Taking(query.limit - len(rows))
        low = walk.walk(execute, path, low, taking)
        rows += taking.taken
    return rows, low


def _question(query: EventQuery, start: int) -> Question:
    """What is asked of the index; an exact type or subject is in its words too, so a rare one is found soon."""
    tests, values = where(list(_event_rest(query)))
    exact = query.type if query.type is not None and is_exact(query.type) else None
    return Question(query.project, query.words, implied(exact, query.subject), tests, values, start, query.limit)


def _fits(event: Event, query: EventQuery) -> bool:
    """What SQL could only guess."""
    if query.idempotency_key is not None and event.idempotency_key != query.idempotency_key:
        return False
    if query.notify is not None and query.notify != (event.card is not None and event.card.notify):
        return False
    if query.actions not in (None, event.has_actions):
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
    if query.actions:
        yield Test("instr(body, CAST('\"actions\":[{' AS BLOB))")
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
