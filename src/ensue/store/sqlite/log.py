"""Hides how the log is read: forwards by cursor, by id, and taken out of."""

from collections.abc import Sequence
from typing import Final

from ensue.domain.delivery import SCHEDULED
from ensue.domain.event import Event, decode_event
from ensue.store.base import STEP, Reading, Selection
from ensue.store.sqlite import debts, threads
from ensue.store.sqlite.driver import Execute, strings
from ensue.store.sqlite.turn import Turn

HEAD: Final = "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0)"
META: Final = "SELECT (SELECT value FROM meta WHERE name = 'epoch'), (SELECT value FROM meta WHERE name = 'floor')"
AFTER: Final = "SELECT cursor, body FROM event WHERE cursor > ? ORDER BY cursor LIMIT ?"
BY_ID: Final = "SELECT e.body FROM carray(?) w CROSS JOIN event e ON e.id = w.value WHERE e.project = ?"
STAGED_FOR: Final = (
    "SELECT d.number, d.kind FROM delivery d JOIN staged s ON s.delivery = d.number "
    "WHERE d.event_id = ? AND d.project = ?"
)


def head(execute: Execute) -> str:
    """The cursor of the newest event that ever was."""
    epoch, _ = _meta(execute)
    return f"{epoch}.{_seq(execute)}"


def read(execute: Execute, after: str | None, limit: int) -> Reading:
    """Events after a cursor, or from the oldest where that cursor is not of this log."""
    epoch, floor = _meta(execute)
    place = 0 if after is None else _place(after, epoch)
    gap = after is not None and (place is None or place < floor or place > _seq(execute))
    start = floor if gap or place is None else place
    events = [(f"{epoch}.{cursor}", decode_event(body)) for cursor, body in execute(AFTER, (start, limit))]
    return Reading(events, events[-1][0] if events else f"{epoch}.{max(start, floor)}", gap)


def _meta(execute: Execute) -> tuple[str, int]:
    epoch, floor = execute(META).fetchall()[0]
    return epoch, floor


def _seq(execute: Execute) -> int:
    return int(execute(HEAD).fetchall()[0][0])


def _place(cursor: str, epoch: str) -> int | None:
    """The place that a cursor names in the log of that epoch."""
    name, _, place = cursor.partition(".")
    return int(place) if name == epoch and place.isascii() and place.isdigit() and len(place) < 19 else None


def events(execute: Execute, project: str, ids: Sequence[str]) -> Sequence[Event]:
    """Those of `ids` that are in the log."""
    if not ids:
        return []
    return [decode_event(body) for (body,) in execute(BY_ID, (strings(ids), project))]


def remove(turn: Turn, project: str, event_id: str, now: int) -> bool:
    """Take an event out of the log, or out of the delivery where it waits, and call off what it owes."""
    staged = turn.execute(STAGED_FOR, (event_id, project)).fetchall()
    there = turn.one("SELECT cursor FROM event WHERE id = ? AND project = ?", (event_id, project))
    if there is None and not any(kind == SCHEDULED for _, kind in staged):
        return False
    selection = Selection(project=project, event_id=event_id)
    while debts.cancel(turn, selection, "event removed", now).count == STEP:
        pass
    if there is not None:
        threads.remove(turn, [there])
    for number, _ in staged:
        turn.execute("DELETE FROM staged WHERE delivery = ?", (number,))
    turn.rows += 1
    turn.news = True
    return True
