"""Hides how threads are kept: which row is whose child, how many they are, and who inherits."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from ensue.domain.delivery import Entry
from ensue.domain.event import Event, decode_event
from ensue.domain.ids import is_event_id
from ensue.domain.pattern import RESERVED
from ensue.domain.thread import SHOWN, SHOWN_BYTES, Standing, Thread, begun_by, inherited, joined, shown
from ensue.store.sql import ASIDE, INSERT_THREAD, chunks
from ensue.store.sqlite.driver import Execute, integers, strings
from ensue.store.sqlite.turn import Turn

BUCKET: Final = 14
"""Rows lie in buckets of so many bits, as `pages.py` tells."""

STANDINGS: Final = (
    "SELECT t.context, t.project, t.root, t.started, t.others, t.oldest FROM carray(?) w "
    "CROSS JOIN thread t ON t.context = w.value"
)
BEGINNERS: Final = "SELECT e.cursor FROM event e WHERE e.id = ? AND e.project = ? AND e.context IS NULL AND e.flags < 4"
CHILDREN: Final = f"UPDATE OR ROLLBACK event SET flags = flags | {ASIDE} WHERE cursor IN (SELECT value FROM carray(?))"

LOSSES: Final = (
    "SELECT t.context, t.project, t.root, t.started, t.others, t.oldest, t.newest, max(e.cursor IS t.root), count(*) "
    "FROM carray(?) w "
    "CROSS JOIN event e ON e.cursor = w.value "
    "CROSS JOIN thread t ON t.context = coalesce(e.context, e.id) AND t.project = e.project "
    "WHERE e.context IS NOT NULL OR e.cursor = t.root GROUP BY t.context, t.project"
)
TELL: Final = (
    "INSERT INTO lost (cursor, project, body) SELECT cursor, project, body FROM event "
    "WHERE cursor IN (SELECT value FROM carray(?))"
)
REMOVE: Final = "DELETE FROM event WHERE cursor IN (SELECT value FROM carray(?))"
OLDEST: Final = "SELECT min(cursor) FROM event"
HEIR: Final = (
    "WITH RECURSIVE bucket(number) AS (VALUES (?) UNION ALL SELECT number + 1 FROM bucket WHERE number < ?) "
    "SELECT e.cursor, e.body FROM bucket CROSS JOIN event e INDEXED BY event_context "
    f"WHERE e.cursor >> {BUCKET} = bucket.number AND e.project = ? AND e.context = ? "
    f"AND substr(e.type, 1, {len(RESERVED)}) <> '{RESERVED}' LIMIT 1"
)
"""From bucket to bucket within one statement, as there may be thousands between the events of one thread: what comes
first is the oldest."""

ROOT: Final = f"UPDATE event SET flags = flags & ~{ASIDE} WHERE cursor = ?"
END: Final = "DELETE FROM thread WHERE context = ? AND project = ?"

THREADS: Final = (
    "SELECT t.context, t.root, t.others, t.oldest, t.newest, e.id FROM carray(?) w "
    "CROSS JOIN thread t ON t.context = w.value AND t.project = ? LEFT JOIN event e ON e.cursor = t.root"
)
NEWEST: Final = (
    f"SELECT body FROM event INDEXED BY event_context WHERE cursor >> {BUCKET} = ? AND project = ? AND context = ? "
    "AND cursor IS NOT ? ORDER BY cursor DESC LIMIT ?"
)
PROBES: Final = 500
"""So many buckets are looked into for what is shown of one thread."""

Name = tuple[str, str]
"""A thread: its context and its project."""

WIDTH: Final = 12
"""The values of an event's row, by `EVENT_COLUMNS`."""


class Kept(NamedTuple):
    """A thread as it is kept: how it stands, and between which cursors its events lie."""

    standing: Standing
    oldest: int
    newest: int


class Joins:
    """The threads that the events of one commit come into. `rows` is where their rows are gathered until it ends."""

    def __init__(self, turn: Turn, rows: Sequence[Any]) -> None:
        self._turn = turn
        self._rows = rows
        self._known: dict[Name, Kept] = {}
        self._changed: dict[Name, Kept] = {}
        self._children: list[int] = []

    def look_up(self, entries: Sequence[Entry]) -> None:
        """Learn how the threads stand that `entries` may come into, in one question."""
        contexts = {entry.event.context.id for entry in entries if entry.event.context is not None}
        if contexts:
            for context, project, root, started, others, oldest in self._turn.execute(STANDINGS, (strings(contexts),)):
                self._known[context, project] = Kept(Standing(root, bool(started), others), oldest, 0)

    def join(self, event: Event, context: str, cursor: int) -> bool:
        """Take an event into its thread; whether it is a child there."""
        name = (context, event.project)
        kept = self._changed.get(name) or self._known.get(name) or self._begun(name, cursor)
        root = kept.standing.root
        standing = joined(kept.standing, event, cursor)
        self._changed[name] = Kept(standing, kept.oldest, cursor)
        if standing.root != root and root is not None:
            self._children.append(root)
        return standing.root != cursor

    def _begun(self, name: Name, cursor: int) -> Kept:
        """A thread that nobody came into yet: perhaps it bears the id of an event, in the log or in this commit."""
        context, project = name
        if is_event_id(context):
            for (root,) in self._turn.execute(BEGINNERS, (context, project)):
                return Kept(begun_by(root), root, root)
            for start, event_id in enumerate(self._rows[1::WIDTH]):
                row = self._rows[start * WIDTH : (start + 1) * WIDTH] if event_id == context else ()
                if row and row[2] == project and row[6] is None and row[8] < ASIDE:
                    return Kept(begun_by(row[0]), row[0], row[0])
        return Kept(Standing(), cursor, cursor)

    def flush(self) -> None:
        """Write what changed; the rows of the events are written before."""
        if self._children:
            self._turn.execute(CHILDREN, (integers(self._children),))
        _write(self._turn, self._changed)


def _write(turn: Turn, threads: Mapping[Name, Kept]) -> None:
    values: list[Any] = []
    for name, (standing, oldest, newest) in threads.items():
        values += (*name, standing.root, int(standing.started), standing.others, oldest, newest)
    turn.rows += len(threads)
    for text, part in chunks(INSERT_THREAD, values):
        turn.execute(text, part)


def remove(turn: Turn, cursors: Sequence[int]) -> None:
    """Take events out of the log; where that was a root, the oldest event that is left becomes the root."""
    losses = turn.execute(LOSSES, (integers(cursors),)).fetchall()
    turn.execute(TELL, (integers(cursors),))
    turn.execute(REMOVE, (integers(cursors),))
    left: dict[Name, Kept] = {}
    for context, project, root, started, others, oldest, newest, lost_root, lost in losses:
        kept = Kept(Standing(root, bool(started), others - lost), oldest, newest)
        if lost_root:
            since = oldest if started else root  # the first that said no start is older than all others
            alone = kept._replace(standing=Standing(others=others - lost + 1))
            kept = _inherited(turn, (context, project), alone, since)
        if kept.standing == Standing():
            turn.execute(END, (context, project))
        else:
            left[context, project] = kept
    _write(turn, left)


def _inherited(turn: Turn, name: Name, kept: Kept, since: int) -> Kept:
    """A thread that lost its root, with the heir if there is one, looked for from the cursor `since` on."""
    context, project = name
    if kept.standing.others:
        oldest = max(since, turn.one(OLDEST) or 0)
        values = (oldest >> BUCKET, kept.newest >> BUCKET, project, context)
        for cursor, body in turn.execute(HEIR, values).fetchall():
            turn.execute(ROOT, (cursor,))
            return kept._replace(standing=inherited(kept.standing, decode_event(body), cursor))
    return kept


def threads(execute: Execute, project: str, contexts: Sequence[str]) -> Mapping[str, Thread]:
    """The threads of `contexts`, each as it is seen; those that nobody came into are left out."""
    if not contexts:
        return {}
    rows = execute(THREADS, (strings(dict.fromkeys(contexts)), project)).fetchall()
    return {
        context: Thread(
            root, others, _newest(execute, (context, project), Kept(Standing(cursor, others=others), *ends))
        )
        for context, cursor, others, *ends, root in rows
    }


def _newest(execute: Execute, name: Name, kept: Kept) -> Sequence[Event]:
    """What is shown of a thread, looked for from its newest event back."""
    context, project = name
    found: list[tuple[Event, int]] = []
    wanted, size = min(SHOWN, kept.standing.others), 0
    top = kept.newest >> BUCKET
    for bucket in range(top, max((kept.oldest >> BUCKET) - 1, top - PROBES), -1):
        values = (bucket, project, context, kept.standing.root, wanted - len(found))
        for (body,) in execute(NEWEST, values):
            found.append((decode_event(body), len(body)))
            size += len(body)
            if size > SHOWN_BYTES:
                return shown(found)
        if len(found) == wanted:
            break
    return shown(found)
