"""Hides how words get into the index and out of it: a row of words for each event, many in one statement."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from ensue.domain.words import event_words
from ensue.store.sqlite.driver import Execute
from ensue.store.sqlite.search import VOLUME, WINDOW, mark, table

SCHEMA: Final = """
CREATE TABLE owner (number INTEGER PRIMARY KEY, project TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE volume (number INTEGER PRIMARY KEY, sealed INTEGER NOT NULL) STRICT;
"""
WORDS: Final = (
    "CREATE VIRTUAL TABLE {} USING fts5(words, tokenize = 'ascii', detail = none, content = '', columnsize = 0)"
)
"""Words come as they are in the index: in lower case, in ASCII letters and digits or beyond ASCII, parted by spaces."""

OWNER: Final = "SELECT number FROM owner WHERE project = ?"
OWN: Final = "INSERT INTO owner (project) VALUES (?) RETURNING number"
TOGETHER: Final = 256

MERGED: Final = 16
"""So many parts of a volume become one at once: rarely, as the whole is put in order when it is full."""

Kept = tuple[Any, ...]
"""An event: its cursor, its body as it is kept, its project; whatever is behind does not matter."""


class Index:
    """The volumes in the file of the views, through the connection of one thread, within one of its transactions."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute
        self._owners: dict[str, int] = {}
        self._marks: dict[tuple[int, str], tuple[str, str]] = {}
        self._volumes = dict(execute("SELECT number, sealed FROM volume"))

    def take_in(self, events: Sequence[Kept]) -> None:
        """Index events that follow those before."""
        for volume, values in self._by_volume(events):
            name = table(volume)
            if volume not in self._volumes:
                self._execute(WORDS.format(name))
                self._execute(f"INSERT INTO {name} ({name}, rank) VALUES ('automerge', {MERGED})")
                self._execute("INSERT INTO volume VALUES (?, 0)", (volume,))
                self._volumes[volume] = 0
            self._write(f"INSERT INTO {name} (rowid, words) VALUES ", "(?, ?)", values)

    def let_go(self, events: Sequence[Kept]) -> None:
        """Forget events, given as they were when they were taken in."""
        for volume, values in self._by_volume(events):
            if volume in self._volumes:
                name = table(volume)
                self._write(f"INSERT INTO {name} ({name}, rowid, words) VALUES ", "('delete', ?, ?)", values)

    def drop(self, floor: int) -> None:
        """Forget the volumes of which nothing is left in the log, which begins above `floor`."""
        for volume in [one for one in self._volumes if (one + 1) << VOLUME <= floor]:
            self._execute(f"DROP TABLE {table(volume)}")
            self._execute("DELETE FROM volume WHERE number = ?", (volume,))
            del self._volumes[volume]

    def seal(self) -> None:
        """Put a full volume into the order that is read fastest, once."""
        for volume in [one for one, sealed in self._volumes.items() if not sealed and one < max(self._volumes)][:1]:
            name = table(volume)
            self._execute(f"INSERT INTO {name} ({name}) VALUES ('optimize')")
            self._execute("UPDATE volume SET sealed = 1 WHERE number = ?", (volume,))

    def _by_volume(self, events: Sequence[Kept]) -> Iterator[tuple[int, Sequence[Any]]]:
        """For each volume what goes into it: cursors and words, in turns."""
        volumes: dict[int, list[Any]] = {}
        place: tuple[int, str] = (-1, "")
        values: list[Any] = []
        before = between = ""
        for row in events:
            cursor, body, project = row[0], row[1], row[2]
            if (cursor >> WINDOW, project) != place:
                place = (cursor >> WINDOW, project)
                values = volumes.setdefault(cursor >> VOLUME, [])
                before, between = self._marks.get(place) or self._mark(*place)
            words = event_words(body)
            values.append(cursor)
            values.append(before + between.join(words) if words else "")
        yield from volumes.items()

    def _mark(self, window: int, project: str) -> tuple[str, str]:
        """What stands before the first word of an event, and what between two."""
        before = mark(window, self._owner(project))
        self._marks[window, project] = before, f" {before}"
        return self._marks[window, project]

    def _owner(self, project: str) -> int:
        if project not in self._owners:
            known = self._execute(OWNER, (project,)).fetchall() or self._execute(OWN, (project,)).fetchall()
            self._owners[project] = known[0][0]
        return self._owners[project]

    def _write(self, text: str, row: str, values: Sequence[Any]) -> None:
        """Few statements for many rows: row by row, the interpreter's lock would go back and forth."""
        for start in range(0, len(values), 2 * TOGETHER):
            part = values[start : start + 2 * TOGETHER]
            self._execute(text + ", ".join([row] * (len(part) // 2)), part)
