"""Hides how single things are looked up: lanes, one delivery, its attempts, documents."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from ensue.domain.delivery import Attempt, Delivery, State
from ensue.domain.document import Document
from ensue.store.base import LaneDue
from ensue.store.sql import (
    DELIVERY_FIELDS,
    DELIVERY_FROM,
    DOCUMENT_COLUMNS,
    STATES,
    attempt_of,
    delivery_of,
    document_of,
)
from ensue.store.sqlite.driver import Execute, strings

LANES: Final = """
WITH RECURSIVE found(lane) AS (
    SELECT min(lane) FROM delivery WHERE state = 0 AND lane > ?1
    UNION ALL
    SELECT (SELECT min(lane) FROM delivery WHERE state = 0 AND lane > found.lane) FROM found WHERE lane IS NOT NULL
)
SELECT lane, (SELECT min(due_at) FROM delivery WHERE state = 0 AND lane = found.lane) FROM found
WHERE lane IS NOT NULL LIMIT ?2
"""
"""From each lane straight to the next: the cost is that of the lanes, not of the backlog."""

DUE: Final = (
    "SELECT count(*) FROM (SELECT 1 FROM delivery INDEXED BY delivery_pending WHERE state = 0 AND lane = ? "
    "AND due_at <= ? AND claimed_until IS NULL LIMIT ?)"
)
UNARRIVED: Final = (
    "SELECT state, count(*) FROM delivery INDEXED BY delivery_replaying WHERE replay = ? AND state <> 1 GROUP BY state"
)
DELIVERY: Final = f"SELECT {DELIVERY_FIELDS} FROM {DELIVERY_FROM} WHERE d.id = ? AND d.project = ?"
ATTEMPTS: Final = (
    "SELECT a.body FROM delivery d JOIN attempt a ON a.delivery = d.number WHERE d.id = ? "
    "ORDER BY a.claim, a.started_at"
)
DOCUMENTS: Final = f"SELECT {DOCUMENT_COLUMNS} FROM document WHERE "
BY_IDS: Final = (
    f"SELECT {DOCUMENT_COLUMNS} FROM carray(?) w CROSS JOIN document d ON d.kind = ? AND d.project = ? "
    "AND d.id = w.value WHERE length(body) > 0"
)


def lanes(execute: Execute, after: str | None, limit: int) -> Sequence[LaneDue]:
    """Lanes with pending deliveries, by name."""
    return [LaneDue(*row) for row in execute(LANES, (after or "", limit))]


def due(execute: Execute, lane: str, now: int, most: int) -> int:
    """How many deliveries of a lane are due and not claimed, up to `most`."""
    return next(int(count) for (count,) in execute(DUE, (lane, now, most)))


def unarrived(execute: Execute, replay: str) -> Mapping[State, int]:
    """The deliveries of a replay that did not arrive, counted by state."""
    return {STATES[state]: count for state, count in execute(UNARRIVED, (replay,))}


def delivery(execute: Execute, project: str, delivery_id: str) -> Delivery | None:
    """One delivery of a project."""
    return next((delivery_of(row) for row in execute(DELIVERY, (delivery_id, project))), None)


def attempts(execute: Execute, delivery_id: str) -> Sequence[Attempt]:
    """The attempts of a delivery, oldest first."""
    return [attempt_of(body) for (body,) in execute(ATTEMPTS, (delivery_id,))]


def document(execute: Execute, kind: str, project: str, document_id: str) -> Document | None:
    """A document that was not deleted."""
    return next(iter(_documents(execute, "kind = ? AND project = ? AND id = ?", (kind, project, document_id))), None)


def documents(execute: Execute, kind: str, project: str, ids: Sequence[str]) -> Sequence[Document]:
    """Those of `ids` that were not deleted."""
    if not ids:
        return []
    return [document_of(row) for row in execute(BY_IDS, (strings(dict.fromkeys(ids)), kind, project))]


def find(execute: Execute, kind: str, alias: str) -> Document | None:
    """The document with that alias."""
    return next(iter(_documents(execute, "kind = ? AND alias = ?", (kind, alias))), None)


class Span(NamedTuple):
    """Documents of a kind with an id above `after` and below `before`; None is any, and all projects."""

    kind: str
    project: str | None
    after: str | None
    before: str | None

    def tests(self) -> tuple[str, list[Any]]:
        """The condition, and its values."""
        tests, values = "kind = ?", list[Any]([self.kind])
        given = ((" AND project = ?", self.project), (" AND id > ?", self.after), (" AND id < ?", self.before))
        for test, value in given:
            if value is not None:
                tests += test
                values.append(value)
        return tests, values


def listed(execute: Execute, span: Span, limit: int, *, upwards: bool) -> Sequence[Document]:
    """Documents in order of id."""
    tests, values = span.tests()
    return _documents(execute, tests, values, f"ORDER BY id {'ASC' if upwards else 'DESC'}, project LIMIT {limit:d}")


def counted(execute: Execute, span: Span, most: int) -> int:
    """How many documents there are, up to `most`."""
    tests, values = span.tests()
    rows = execute(
        f"SELECT count(*) FROM (SELECT 1 FROM document WHERE {tests} AND length(body) > 0 LIMIT {most:d})", values
    )
    return next(int(count) for (count,) in rows)


def changes(execute: Execute, revision: int) -> Sequence[Document]:
    """Rules changed after a revision, marks of deleted ones included."""
    rows = execute(f"{DOCUMENTS} change > max(?, 0) ORDER BY change", (revision,))
    return [document_of(row) for row in rows]


def _documents(execute: Execute, tests: str, values: Sequence[Any], behind: str = "") -> Sequence[Document]:
    return [document_of(row) for row in execute(f"{DOCUMENTS} {tests} AND length(body) > 0 {behind}", values)]
