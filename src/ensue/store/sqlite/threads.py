"""Hides how threads are kept: which row is whose child, how many they are, and who inherits."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ensue.domain.delivery import Entry
from ensue.domain.event import Event, decode_event
from ensue.domain.ids import is_event_id
from ensue.domain.pattern import RESERVED
from ensue.domain.thread import SHOWN, SHOWN_BYTES, Standing, Thread, begun_by, inherited, joined, shown
from ensue.store.sql import ASIDE, INSERT_THREAD, chunks
from ensue.store.sqlite.driver import Execute, integers, strings
from ensue.store.sqlite.turn import Turn

STANDINGS: Final = (
    "SELECT t.context, t.project, t.root, t.started, t.others FROM carray(?) w "
    "CROSS JOIN thread t ON t.context = w.value"
)
BEGINNERS: Final = "SELECT e.cursor FROM event e WHERE e.id = ? AND e.project = ? AND e.context IS NULL AND e.flags < 4"
CHILDREN: Final = f"UPDATE OR ROLLBACK event SET flags = flags | {ASIDE} WHERE cursor IN (SELECT value FROM carray(?))"

LOSSES: Final = (
    "SELECT t.context, t.project, t.root, t.started, t.others, max(e.cursor IS t.root), count(*) FROM carray(?) w "
    "CROSS JOIN event e ON e.cursor = w.value "
    "CROSS JOIN thread t ON t.context = coalesce(e.context, e.id) AND t.project = e.project "
    "WHERE e.context IS NOT NULL OR e.cursor = t.root GROUP BY t.context, t.project"
)
REMOVE: Final = "DELETE FROM event WHERE cursor IN (SELECT value FROM carray(?))"
HEIR: Final = (
    "SELECT cursor, body FROM event INDEXED BY event_context WHERE project = ? AND context = ? "
    f"AND substr(type, 1, {len(RESERVED)}) <> '{RESERVED}' ORDER BY cursor LIMIT 1"
)
ROOT: Final = f"UPDATE event SET flags = flags & ~{ASIDE} WHERE cursor = ?"
END: Final = "DELETE FROM thread WHERE context = ? AND project = ?"

THREADS: Final = (
    "SELECT t.context, t.root, t.others, e.id FROM carray(?) w "
    "CROSS JOIN thread t ON t.context = w.value AND t.project = ? LEFT JOIN event e ON e.cursor = t.root"
)
NEWEST: Final = (
    "SELECT body FROM event INDEXED BY event_context WHERE project = ? AND context = ? AND cursor IS NOT ? "
    "ORDER BY cursor DESC LIMIT ?"
)

Name = tuple[str, str]
"""A thread: its context and its project."""

WIDTH: Final = 12
"""The values of an event's row, by `EVENT_COLUMNS`."""


class Joins:
    """The threads that the events of one commit come into. `rows` is where their rows are gathered until it ends."""

    def __init__(self, turn: Turn, rows: Sequence[Any]) -> None:
        self._turn = turn
        self._rows = rows
        self._known: dict[Name, Standing] = {}
        self._changed: dict[Name, Standing] = {}
        self._children: list[int] = []

    def look_up(self, entries: Sequence[Entry]) -> None:
        """Learn how the threads stand that `entries` may come into, in one question."""
        contexts = {entry.event.context.id for entry in entries if entry.event.context is not None}
        if contexts:
            for context, project, root, started, others in self._turn.execute(STANDINGS, (strings(contexts),)):
                self._known[context, project] = Standing(root, bool(started), others)

    def join(self, event: Event, context: str, cursor: int) -> bool:
        """Take an event into its thread; whether it is a child there."""
        name = (context, event.project)
        before = self._changed.get(name) or self._known.get(name) or self._begun(context, event.project)
        after = self._changed[name] = joined(before, event, cursor)
        if after.root != before.root and before.root is not None:
            self._children.append(before.root)
        return after.root != cursor

    def _begun(self, context: str, project: str) -> Standing:
        """A thread that nobody came into yet: perhaps it bears the id of an event, in the log or in this commit."""
        if is_event_id(context):
            for (cursor,) in self._turn.execute(BEGINNERS, (context, project)):
                return begun_by(cursor)
            for start, event_id in enumerate(self._rows[1::WIDTH]):
                row = self._rows[start * WIDTH : (start + 1) * WIDTH] if event_id == context else ()
                if row and row[2] == project and row[6] is None and row[8] < ASIDE:
                    return begun_by(row[0])
        return Standing()

    def flush(self) -> None:
        """Write what changed; the rows of the events are written before."""
        if self._children:
            self._turn.execute(CHILDREN, (integers(self._children),))
        write(self._turn, self._changed)


def write(turn: Turn, threads: Mapping[Name, Standing]) -> None:
    """Keep threads as they stand."""
    values = [value for name, one in threads.items() for value in (*name, one.root, int(one.started), one.others)]
    turn.rows += len(threads)
    for text, part in chunks(INSERT_THREAD, values):
        turn.execute(text, part)


def remove(turn: Turn, cursors: Sequence[int]) -> None:
    """Take events out of the log; where that was a root, the oldest event that is left becomes the root."""
    losses = turn.execute(LOSSES, (integers(cursors),)).fetchall()
    turn.execute(REMOVE, (integers(cursors),))
    left: dict[Name, Standing] = {}
    for context, project, root, started, others, lost_root, lost in losses:
        thread = Standing(root, bool(started), others - lost)
        if lost_root:
            thread = _inherited(turn, (context, project), others - lost + 1)
        if thread.root is None and not thread.others:
            turn.execute(END, (context, project))
        else:
            left[context, project] = thread
    write(turn, left)


def _inherited(turn: Turn, name: Name, others: int) -> Standing:
    thread = Standing(others=others)
    context, project = name
    for cursor, body in turn.execute(HEIR, (project, context)).fetchall() if others else ():
        turn.execute(ROOT, (cursor,))
        return inherited(thread, decode_event(body), cursor)
    return thread


def threads(execute: Execute, project: str, contexts: Sequence[str]) -> Mapping[str, Thread]:
    """The threads of `contexts`, each as it is seen; those that nobody came into are left out."""
    if not contexts:
        return {}
    rows = execute(THREADS, (strings(dict.fromkeys(contexts)), project)).fetchall()
    return {
        context: Thread(root, others, _newest(execute, project, context, cursor) if others else [])
        for context, cursor, others, root in rows
    }


def _newest(execute: Execute, project: str, context: str, root: int | None) -> Sequence[Event]:
    found: list[tuple[Event, int]] = []
    size = 0
    for (body,) in execute(NEWEST, (project, context, root, SHOWN)):
        found.append((decode_event(body), len(body)))
        size += len(body)
        if size > SHOWN_BYTES:
            break
    return shown(found)
