"""Hides how counts are kept: sums by hour, added to and taken from in the commit that makes them true.

Deliveries are counted in the main file, in the very commit in which they end, are tried again, or are pruned: one row
for all of a commit that end alike, which costs less than a trail of their ends and is exact without a rebuild. Events
are counted where they are indexed (`follower.py`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from ensue.domain.delivery import Delivery
from ensue.domain.tally import DeliveryKey, EventKey, Tally, TallyQuery, delivery_key
from ensue.store.sqlite.driver import Execute

EVENTS: Final = """
CREATE TABLE told (
    project TEXT NOT NULL, hour INTEGER NOT NULL, type TEXT NOT NULL, category TEXT NOT NULL, test INTEGER NOT NULL,
    muted INTEGER NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (project, hour, type, category, test, muted)
) STRICT, WITHOUT ROWID;
"""
"""In the file of the views."""

ADD_EVENTS: Final = (
    "INSERT INTO told VALUES (?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (project, hour, type, category, test, muted) DO UPDATE SET count = count + excluded.count"
)
ADD_DELIVERIES: Final = (
    "INSERT INTO ended VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (project, hour, trigger, result) DO UPDATE SET count = count + excluded.count"
)
NO_EVENTS: Final = (
    "DELETE FROM told WHERE project = ? AND hour = ? AND type = ? AND category = ? AND test = ? AND muted = ? "
    "AND count = 0"
)
NO_DELIVERIES: Final = "DELETE FROM ended WHERE project = ? AND hour = ? AND trigger = ? AND result = ? AND count = 0"

SPANS: Final = ("hour", "day")

DAY: Final = "(hour - ((hour % 24) + 24) % 24) / 24"
"""The day of an hour, before 1970 too."""


def add_events(execute: Execute, changes: Mapping[EventKey, int]) -> None:
    """Count events, in the file of the views."""
    _add(execute, ADD_EVENTS, NO_EVENTS, changes)


def ended(deliveries: Iterable[Delivery]) -> Counter[DeliveryKey]:
    """How many of these are counted where."""
    return Counter(key for key in map(delivery_key, deliveries) if key is not None)


def add_deliveries(execute: Execute, changes: Mapping[DeliveryKey, int], sign: int = 1) -> None:
    """Count deliveries that have ended, or with a `sign` of -1 forget them, in the main file."""
    _add(execute, ADD_DELIVERIES, NO_DELIVERIES, {key: sign * count for key, count in changes.items()})


def _add(execute: Execute, text: str, clear: str, changes: Mapping[Any, int]) -> None:
    for key, count in changes.items():
        execute(text, (*key, count))
        if count < 0:
            execute(clear, key)


def tallies(execute: Execute, query: TallyQuery) -> Sequence[Tally]:
    """The sums of a reader, grouped. Where many groups may be there, the largest are chosen here: what is beyond them
    never becomes rows."""
    table = "views.told" if query.of == "events" else "ended"
    tests, values = _tests(query)
    groups = [name for name in query.by if name not in SPANS]
    if query.most is None or not groups:
        rows = _sums(execute, f"{table} WHERE {tests}", query.by, values)
        return [Tally(count, **dict(zip(query.by, group, strict=True))) for count, *group in rows]
    names, spans = ", ".join(groups), [name for name in query.by if name in SPANS]
    largest = (
        f"(SELECT {names}, sum(count) AS size FROM {table} WHERE {tests} GROUP BY {names} "
        f"ORDER BY size DESC, {names} LIMIT ?)"
    )
    source = f"{table} LEFT JOIN {largest} AS largest USING ({names}) WHERE {tests}"
    told = [f"largest.{name}" for name in groups]
    rows = _sums(execute, source, [*spans, "size IS NULL", *told], [*values, query.most, *values])
    return [_told(row, spans, groups) for row in rows]


def _tests(query: TallyQuery) -> tuple[str, list[Any]]:
    """Which counts are meant, and the values of that."""
    tests, values = "project = ?", list[Any]([query.project])
    limits = (
        ("hour >= ?", query.first),
        ("hour < ?", query.end),
        ("test = ?", query.test),
        ("muted = ?", query.muted),
    )
    for test, value in limits:
        if value is not None:
            tests += f" AND {test}"
            values.append(int(value))
    return tests, values


def _sums(execute: Execute, source: str, by: Sequence[str], values: Sequence[Any]) -> Iterable[tuple[Any, ...]]:
    """The sum of each group, before what it is of."""
    names = [DAY if name == "day" else name for name in by]
    columns = "".join(f", {name}" for name in names)
    behind = f"GROUP BY {', '.join(names)}" if by else "HAVING count(*)"
    rows: Iterable[tuple[Any, ...]] = execute(f"SELECT sum(count){columns} FROM {source} {behind}", values)
    return rows


def _told(row: Sequence[Any], spans: Sequence[str], groups: Sequence[str]) -> Tally:
    """One of the largest groups, or all others of its span."""
    count, *when = row[: 1 + len(spans)]
    span = dict(zip(spans, when, strict=True))
    other, *group = row[1 + len(spans) :]
    return Tally(count, **span, other=True) if other else Tally(count, **span, **dict(zip(groups, group, strict=True)))
