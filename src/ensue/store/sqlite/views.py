"""Hides how single things are looked up: lanes, one delivery, its attempts, documents."""

from collections.abc import Sequence
from typing import Any, Final

from ensue.domain.delivery import Attempt, Delivery
from ensue.domain.document import Document
from ensue.store.base import LaneDue
from ensue.store.sql import DELIVERY_FIELDS, DELIVERY_FROM, DOCUMENT_COLUMNS, attempt_of, delivery_of, document_of
from ensue.store.sqlite.driver import Execute

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

DELIVERY: Final = f"SELECT {DELIVERY_FIELDS} FROM {DELIVERY_FROM} WHERE d.id = ? AND d.project = ?"
ATTEMPTS: Final = (
    "SELECT a.body FROM delivery d JOIN attempt a ON a.delivery = d.number WHERE d.id = ? "
    "ORDER BY a.claim, a.started_at"
)
DOCUMENTS: Final = f"SELECT {DOCUMENT_COLUMNS} FROM document WHERE "


def lanes(execute: Execute, after: str | None, limit: int) -> Sequence[LaneDue]:
    """Lanes with pending deliveries, by name."""
    return [LaneDue(*row) for row in execute(LANES, (after or "", limit))]


def delivery(execute: Execute, project: str, delivery_id: str) -> Delivery | None:
    """One delivery of a project."""
    return next((delivery_of(row) for row in execute(DELIVERY, (delivery_id, project))), None)


def attempts(execute: Execute, delivery_id: str) -> Sequence[Attempt]:
    """The attempts of a delivery, oldest first."""
    return [attempt_of(body) for (body,) in execute(ATTEMPTS, (delivery_id,))]


def document(execute: Execute, kind: str, project: str, document_id: str) -> Document | None:
    """A document that was not deleted."""
    return next(iter(_documents(execute, "kind = ? AND project = ? AND id = ?", (kind, project, document_id))), None)


def find(execute: Execute, kind: str, alias: str) -> Document | None:
    """The document with that alias."""
    return next(iter(_documents(execute, "kind = ? AND alias = ?", (kind, alias))), None)


def listed(execute: Execute, kind: str, project: str | None, before: str | None, limit: int) -> Sequence[Document]:
    """Documents of a kind, newest id first."""
    tests, values = "kind = ?", list[Any]([kind])
    for test, value in ((" AND project = ?", project), (" AND id < ?", before)):
        if value is not None:
            tests += test
            values.append(value)
    return _documents(execute, tests, values, f"ORDER BY id DESC, project LIMIT {limit:d}")


def changes(execute: Execute, revision: int) -> Sequence[Document]:
    """Rules changed after a revision, marks of deleted ones included."""
    rows = execute(f"{DOCUMENTS} change > max(?, 0) ORDER BY change", (revision,))
    return [document_of(row) for row in rows]


def _documents(execute: Execute, tests: str, values: Sequence[Any], behind: str = "") -> Sequence[Document]:
    return [document_of(row) for row in execute(f"{DOCUMENTS} {tests} AND length(body) > 0 {behind}", values)]
