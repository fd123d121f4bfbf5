"""Hides how views follow the log: in a file of their own beside the main one, by their own cursor, exactly once.

What they hold is derived. The file may be lost: it is made anew from the log, whenever it is missing, broken, of
another rule or of another log. A step takes in what was appended, and lets go of what the log has lost meanwhile; both
stand in one commit with the place up to which that was done, so a step that is cut off never was. It is not synced:
what a power cut takes away is done again.

What was lost is told in the log's own file (`lost`), in the commit that removed it. A step reads both from one snapshot
and looks at what was lost first; an event that was lost before it was taken in is never seen, so nothing is owed for
it. What views have heard is removed there; views that a power cut threw back behind that cannot hear it again, and are
made anew.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

import apsw

from ensue.domain.event import decode_event
from ensue.domain.schedule import HOUR
from ensue.domain.tally import EventKey, event_key
from ensue.store.derived import Followed
from ensue.store.sqlite import index, tallies
from ensue.store.sqlite.driver import Execute, connect, make_file, use_wal

VERSION: Final = 4
"""Raised whenever a word, a count or a table means something else: files of another one are made anew."""

CACHE: Final = 2 * 1024
LOG_CACHE: Final = 1024
CHECKPOINT: Final = 4_000

TOGETHER: Final = 512
"""Events that are in memory at once; a step may have more."""

STATE: Final = "CREATE TABLE state (name TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"
TABLES: Final = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
INDEXES: Final = f"{TABLES} AND sql LIKE 'CREATE VIRTUAL%'"
LOG: Final = (
    "SELECT (SELECT value FROM meta WHERE name = 'epoch'), (SELECT value FROM meta WHERE name = 'floor'), "
    "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'event'), 0)"
)
HEARD: Final = (
    "SELECT coalesce((SELECT min(number) - 1 FROM lost), (SELECT seq FROM sqlite_sequence WHERE name = 'lost'), 0)"
)
"""Up to which number nobody is told any more of what was lost."""

LOST: Final = "SELECT number, cursor, body, project FROM lost WHERE number > ? ORDER BY number LIMIT ?"
COME: Final = (
    f"SELECT cursor, body, project, time / {HOUR} - (time % {HOUR} < 0), type, coalesce(category, ''), flags & 1, "
    "(flags & 2) / 2 "
    "FROM event WHERE cursor > ? ORDER BY cursor LIMIT ?"
)


@contextmanager
def _transaction(execute: Execute, kind: str = "IMMEDIATE") -> Iterator[None]:
    """One transaction; with the write lock from its begin, or `DEFERRED`."""
    execute(f"BEGIN {kind}")
    try:
        yield
    except BaseException:
        execute("ROLLBACK")
        raise
    execute("COMMIT")


class Follower:
    """The views of the log in `log`, kept in `file`. Everything here runs in one thread, that of the views."""

    def __init__(self, log: Path, file: Path) -> None:
        self._log_file, self._file = log, file
        self._log: apsw.Connection | None = None
        self._views: apsw.Connection | None = None
        self._owners: dict[str, int] = {}

    def open(self, *, alone: bool, broken: bool = False) -> None:
        """Begin, making the file where it is missing. `alone`: this is the server, which makes anew what does not fit,
        or is known as `broken`; whoever works beside it leaves that alone."""
        self._log = connect(self._log_file, cache=LOG_CACHE, readonly=True)
        try:
            self._connect()
            fits = self._fits() and not broken
        except (apsw.CorruptError, apsw.NotADBError):
            if not alone:
                raise
            fits = False
        if alone and not fits:
            self._discard()
            self._connect()

    def close(self) -> None:
        """Let go of both files."""
        for connection in (self._views, self._log):
            if connection is not None:
                connection.close()
        self._views = self._log = None

    def _connect(self) -> None:
        make_file(self._file)
        self._views = views = connect(self._file, cache=CACHE)
        use_wal(views)
        views.execute("PRAGMA synchronous = normal")
        views.wal_autocheckpoint(CHECKPOINT)
        if not views.pragma("user_version"):
            with _transaction(views.execute):
                if not views.pragma("user_version"):
                    self._make()

    def _make(self) -> None:
        views = _there(self._views)
        views(STATE + index.SCHEMA + tallies.EVENTS)
        views("INSERT INTO state VALUES ('epoch', ?), ('cursor', 0), ('lost', ?)", (self._standing()[0], self._heard()))
        views(f"PRAGMA user_version = {VERSION}")

    def _fits(self) -> bool:
        """Whether the file was made by this rule from this log, and can be told what became of that since."""
        if _there(self._views)("PRAGMA user_version").fetchall() != [(VERSION,)]:
            return False
        epoch, _, head = self._standing()
        state = self._state()
        return bool(state["epoch"] == epoch and state["cursor"] <= head and state["lost"] >= self._heard())

    def _discard(self) -> None:
        if self._views is not None:
            self._views.close()
        self._views = None
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)

    def _standing(self) -> tuple[str, int, int]:
        """Of the log: its epoch, its floor and its last cursor."""
        row: tuple[str, int, int] = _there(self._log)(LOG).fetchall()[0]
        return row

    def _heard(self) -> int:
        """The number in the log up to which what was lost is not told any more."""
        return int(_there(self._log)(HEARD).fetchall()[0][0])

    def _state(self) -> dict[str, Any]:
        return dict(_there(self._views)("SELECT name, value FROM state").fetchall())

    def behind(self) -> int:
        """How many events the log is ahead, about."""
        return max(0, self._standing()[2] - int(self._state()["cursor"]))

    def anew(self) -> None:
        """Forget everything, so that the next steps make it anew."""
        views = _there(self._views)
        with _transaction(views):
            for which in (INDEXES, TABLES):  # what an index keeps in tables goes with it
                for (name,) in views(which).fetchall():
                    views(f"DROP TABLE {name}")
            self._make()

    def step(self, limit: int) -> tuple[Followed, int]:
        """Follow the log by up to `limit` events. Also the number up to which nobody needs to be told of what was lost,
        0 where that is as before."""
        log, views = _there(self._log), _there(self._views)
        with _transaction(views), _transaction(log, "DEFERRED"):
            state = self._state()
            _, floor, head = self._standing()
            at, told = state["cursor"], state["lost"]
            lost = log(LOST, (told, limit)).fetchall()
            if not lost and head == at:
                return Followed(0, 0), 0
            words = index.Index(views)
            words.drop(floor)
            gone = [row[1:] for row in lost if row[1] <= at]
            words.let_go(gone)
            tallies.add_events(views, _lost(event_key(decode_event(body)) for _, body, _ in gone))
            came, at = self._take_in(words, at, limit - len(lost))
            if came < limit:
                words.seal()
            if not lost and not came:
                at = head  # what is between was lost before it was taken in
            told = lost[-1][0] if lost else told
            views("UPDATE state SET value = iif(name = 'cursor', ?, ?) WHERE name <> 'epoch'", (at, told))
        return Followed(len(lost) + came, head - at), told if lost else 0

    def _take_in(self, words: index.Index, at: int, limit: int) -> tuple[int, int]:
        """Take in up to `limit` events above the cursor `at`, few at a time; how many, and the cursor of the last."""
        counted: Counter[EventKey] = Counter()
        came = 0
        rows = _there(self._log)(COME, (at, limit))
        while some := list(islice(rows, TOGETHER)):
            words.take_in(some)
            counted.update([row[2:] for row in some])
            came, at = came + len(some), some[-1][0]
        tallies.add_events(_there(self._views), counted)
        return came, at


def _lost(keys: Iterable[EventKey]) -> Counter[EventKey]:
    lost: Counter[EventKey] = Counter()
    lost.subtract(keys)
    return lost


def _there(connection: apsw.Connection | None) -> Execute:
    if connection is None:
        raise apsw.ConnectionClosedError
    execute: Execute = connection.execute
    return execute
