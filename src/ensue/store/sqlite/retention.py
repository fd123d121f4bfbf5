"""Hides how a store lets go of what is old, copies itself, and proves that it can be written."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from ensue.domain.errors import EnsueError
from ensue.store.base import STEP, Pruned
from ensue.store.sql import DELIVERY_FIELDS, DELIVERY_FROM, delivery_of
from ensue.store.sqlite import threads
from ensue.store.sqlite.driver import connect, integers, make_file, translated
from ensue.store.sqlite.place import renew_epoch
from ensue.store.sqlite.tallies import add_deliveries, ended
from ensue.store.sqlite.turn import Turn

BUCKETS: Final = 64
"""So many buckets of 16,384 rows are looked through in one step at most."""

PATIENCE: Final = 0.01
"""Seconds after which a step takes no further events out: whoever inherits a thread may have to be looked for far."""

TOGETHER: Final = 20
"""Events that are taken out at once."""


class Terms(NamedTuple):
    """What is old: events of a project that came into the log before `before`, test events before `test_before`. The
    column `received_at` says when that was."""

    project: str
    before: int
    test_before: int


OWES: Final = "EXISTS (SELECT 1 FROM delivery d WHERE d.event_id = e.id AND d.state = 0)"
OLD_EVENTS: Final = (
    "SELECT cursor FROM event e INDEXED BY event_type WHERE cursor >> 14 = ? AND project = ? AND received_at < ? "
    f"AND NOT {OWES} LIMIT ?"
)
OLD_TESTS: Final = (
    "SELECT cursor FROM event e INDEXED BY event_test WHERE flags & 1 AND project = ? AND cursor > ? "
    f"AND received_at < ? AND NOT {OWES} ORDER BY cursor LIMIT ?"
)
FIRST_OF_BUCKET: Final = "SELECT cursor, received_at FROM event WHERE cursor >= ? ORDER BY cursor LIMIT 1"
OLD_DELIVERIES: Final = (
    f"SELECT {DELIVERY_FIELDS} FROM {DELIVERY_FROM} WHERE d.number > ?1 AND d.number <= ?1 + 16384 "
    "AND d.project = ?2 AND d.state > 0 AND d.ended_at < ?3 ORDER BY d.number LIMIT ?4"
)
FIRST_DELIVERY: Final = "SELECT number, created_at FROM delivery WHERE number > ? ORDER BY number LIMIT 1"
FLOOR: Final = (
    "UPDATE meta SET value = coalesce((SELECT min(cursor) - 1 FROM event), "
    "(SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0) WHERE name = 'floor'"
)


def prune(turn: Turn, terms: Terms, after: str | None, limit: int) -> Pruned:
    """One step: events, test events, deliveries, promises; `next` says in which part to go on, and where."""
    limit = min(limit, STEP)
    part, _, place = (after or "events.0").partition(".")
    start = int(place or 0)
    match part:
        case "events":
            removed, goes_on = _events(turn, terms, start, limit)
            following = "tests.0" if goes_on is None else f"events.{goes_on}"
        case "tests":
            removed, goes_on = _tests(turn, terms, start, limit)
            following = "deliveries.0" if goes_on is None else f"tests.{goes_on}"
        case "deliveries":
            removed, goes_on = _deliveries(turn, terms, start, limit)
            following = "promises." if goes_on is None else f"deliveries.{goes_on}"
        case _:
            removed = turn.promises.retire(limit)
            return Pruned(removed, "promises." if removed == limit else None)
    turn.rows += removed
    return Pruned(removed, following)


def _events(turn: Turn, terms: Terms, start: int, limit: int) -> tuple[int, int | None]:
    """Remove old events, bucket by bucket, until a bucket begins that is not old."""
    removed, bucket, ends = 0, start, time.perf_counter() + PATIENCE
    for _ in range(BUCKETS):
        first = turn.execute(FIRST_OF_BUCKET, (bucket << 14,)).fetchall()
        if not first or first[0][1] >= terms.before:
            return removed, None
        bucket = first[0][0] >> 14
        values = (bucket, terms.project, terms.before, limit - removed)
        cursors = [row[0] for row in turn.execute(OLD_EVENTS, values)]
        gone = _remove(turn, cursors, ends)
        removed += gone
        if removed >= limit or gone < len(cursors):
            return removed, bucket
        bucket += 1
        if removed and time.perf_counter() >= ends:
            break
    return removed, bucket


def _tests(turn: Turn, terms: Terms, start: int, limit: int) -> tuple[int, int | None]:
    cursors = [row[0] for row in turn.execute(OLD_TESTS, (terms.project, start, terms.test_before, limit))]
    removed = _remove(turn, cursors, time.perf_counter() + PATIENCE)
    is_whole = removed == len(cursors) < limit
    return removed, None if is_whole else cursors[removed - 1]


def _remove(turn: Turn, cursors: Sequence[int], ends: float) -> int:
    """Take the first of these out of the log, as many as there is patience for until `ends`; how many."""
    removed = 0
    while removed < len(cursors) and (not removed or time.perf_counter() < ends):
        some = cursors[removed : removed + TOGETHER]
        threads.remove(turn, some)
        removed += len(some)
    if removed:
        turn.execute(FLOOR)
    return removed


def _deliveries(turn: Turn, terms: Terms, start: int, limit: int) -> tuple[int, int | None]:
    """Remove old deliveries with their attempts, in the order in which they came."""
    removed = 0
    for _ in range(BUCKETS):
        first = turn.execute(FIRST_DELIVERY, (start,)).fetchall()
        if not first or first[0][1] >= terms.before:
            return removed, None
        start = first[0][0] - 1
        values = (start, terms.project, terms.before, limit - removed)
        rows = turn.execute(OLD_DELIVERIES, values).fetchall()
        numbers = [row[0] for row in rows]
        if numbers:
            add_deliveries(turn.execute, ended(map(delivery_of, rows)), -1)
            for table, column in (("attempt", "delivery"), ("staged", "delivery"), ("delivery", "number")):
                text = f"DELETE FROM {table} WHERE {column} IN (SELECT value FROM carray(?))"
                turn.execute(text, (integers(numbers),))
        removed += len(numbers)
        if removed >= limit:
            return removed, numbers[-1]
        start += 16384
    return removed, start


def touch(turn: Turn, now: int) -> None:
    """Write something, to know that it can be done."""
    turn.execute("INSERT OR REPLACE INTO meta VALUES ('touched', ?)", (now,))


def backup(file: Path, target: Path) -> None:
    """Write one snapshot of `file` to the new file `target`."""
    if target.exists():
        raise EnsueError("conflict", f"{target} exists; choose another name for the backup.")
    try:
        make_file(target)
    except OSError as error:
        raise EnsueError("unavailable", f"The backup {target} cannot be written: {error.strerror}.") from error
    try:
        with translated():
            source = connect(file)
            try:
                source.execute("VACUUM INTO ?", (str(target),))
            finally:
                source.close()
            renew_epoch(target)
    except BaseException:
        target.unlink()
        raise
