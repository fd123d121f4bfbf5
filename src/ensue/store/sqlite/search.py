"""Hides how words find events: a full-text index of the log, cut into windows of 16,384 rows.

The index stands in the file of the views (`follower.py`) and holds words only; what it finds are cursors, so newest
first is the order of its rows, and every row is looked at in the log before it is shown. Each word stands behind the
letter of its window and the number of its project: nothing is ever found across projects, and the cost of a question,
also of a word's beginning, is bound by the window. Sixteen windows are one volume, a table that is dropped as a whole.
"""

import time
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, Final

import apsw
from msgspec import Struct

from ensue.domain.errors import EnsueError
from ensue.domain.words import LENGTH, asked
from ensue.store.sqlite.driver import Execute, integers

WINDOW: Final = 14
VOLUME: Final = 18
"""Bits of a cursor within a window and within a volume."""

SCAN: Final = 30_000
SEEKS: Final = 4_000
"""So many rows, and so many words in windows, are looked at for one page."""

PATIENCE: Final = 0.025
"""Seconds after which a page takes up nothing more once it has looked at many rows, or at a window: it is short and
says where to go on."""

CHUNKS: Final = (64, 256, 1024, 4096)
"""Rows that are looked at in the log at once: few first, as most pages are full soon."""

_LETTERS: Final = 0x100
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"

OWNER: Final = "SELECT number FROM views.owner WHERE project = ?"
VOLUMES: Final = "SELECT number FROM views.volume"
FOLLOWED: Final = "SELECT value FROM views.state WHERE name = 'cursor'"

HEAD: Final = "SELECT coalesce(max(cursor), 0) FROM event"
LATER: Final = "SELECT cursor FROM event WHERE cursor > ?"


class Question(Struct, frozen=True):
    """What is asked: all of `words`, the last one as a beginning, and all of `also`; of rows of `project` for which
    `tests` hold, which is SQL with its `values`. `before` is a cursor, `limit` the most rows."""

    project: str
    words: Sequence[str]
    also: Sequence[str]
    tests: str
    values: Sequence[Any]
    before: int
    limit: int


def table(volume: int) -> str:
    """What the table of a volume is called."""
    return f"words_{volume}"


def mark(window: int, owner: int) -> str:
    """What stands before each word of a project in a window."""
    digits = ""
    while owner:
        owner, digit = divmod(owner, 36)
        digits = _DIGITS[digit] + digits
    return f"{chr(_LETTERS + (window & 15))}{digits}·"


def found(execute: Execute, question: Question) -> tuple[list[tuple[Any, ...]], int]:
    """The rows (cursor, body) of a page, and the cursor below which to go on (0: nothing is there)."""
    rows: list[tuple[Any, ...]] = []
    walk = _Walk(execute, question)
    for cursors in walk:
        text = (
            "SELECT e.cursor, e.body FROM carray(?) w CROSS JOIN event e ON e.cursor = w.value "
            f"WHERE e.project = ?{question.tests} LIMIT ?"
        )
        values = (integers(cursors), question.project, *question.values, question.limit - len(rows))
        rows += execute(text, values)
        if len(rows) >= question.limit:
            return rows, rows[-1][0]
    return rows, walk.top


def rare(execute: Execute, project: str, words: Sequence[str], most: int) -> list[int] | None:
    """The cursors of all events of a project that answer, if these are no more than `most` and soon found; with those
    of the newest events, up to `most`, which the index does not know yet."""
    head = execute(HEAD).fetchall()[0][0]
    walk = _Walk(execute, Question(project, words, (), "", (), head + 1, most))
    [(followed,)] = execute(FOLLOWED).fetchall()
    if head - followed > most:
        return None
    cursors = [cursor for (cursor,) in execute(LATER, (followed,))]
    for found in walk:
        cursors += found
        if len(cursors) > most:
            return None
    return cursors if walk.top == 0 else None


class _Walk:
    """The cursors that the index gives, newest first, in chunks, within the budget; `top` is where it stands: 0 at the
    end of the index."""

    def __init__(self, execute: Execute, question: Question) -> None:
        self._execute = execute
        self._question = question
        self._chunks = iter(CHUNKS)
        self._size = next(self._chunks)
        self._budget = SCAN
        self._seeks = SEEKS
        self.top = 0
        self._ends = time.perf_counter() + PATIENCE
        try:
            owners = execute(OWNER, (question.project,)).fetchall()
        except apsw.SQLError:
            raise EnsueError("unavailable", "Search is made anew; try again in a moment.", retry_after=1) from None
        for (owner,) in owners:
            self._owner = owner
            self.top = min(question.before, 1 + execute(FOLLOWED).fetchall()[0][0])

    def __iter__(self) -> Iterator[Sequence[int]]:
        volumes = {number for (number,) in self._execute(VOLUMES)} if self.top else set()
        oldest = min(volumes, default=0) << VOLUME
        while self.top > oldest and self._budget > 0 and self._seeks > 0:
            volume = (self.top - 1) >> VOLUME
            if volume not in volumes:
                self.top = volume << VOLUME
                continue
            yield from self._window(volume, (self.top - 1) >> WINDOW)
            if self._is_late():
                break
        if self.top <= oldest:
            self.top = 0

    def _window(self, volume: int, window: int) -> Iterator[Sequence[int]]:
        words_there = table(volume)
        text = (
            f"SELECT rowid FROM views.{words_there} WHERE {words_there} MATCH ? AND rowid < ? "
            "ORDER BY rowid DESC LIMIT ?"
        )
        rows = self._execute(text, (self._match(window), self.top, self._budget))
        while cursors := [cursor for (cursor,) in islice(rows, self._size)]:
            self._budget -= len(cursors)
            self._size = next(self._chunks, self._size)
            self.top = cursors[-1]
            yield cursors
            if self._size == CHUNKS[-1] and self._is_late():
                return
        if self._budget > 0:
            self.top = window << WINDOW

    def _is_late(self) -> bool:
        return time.perf_counter() > self._ends

    def _match(self, window: int) -> str:
        """The question in the words of the index, which hold nothing that it could take for an operator."""
        before = mark(window, self._owner)
        asked = (*self._question.words, *self._question.also)
        last = len(self._question.words) - 1
        terms = [
            f'"{before}{word}"' + ("*" if at == last or len(word) == LENGTH else "") for at, word in enumerate(asked)
        ]
        self._seeks -= len(terms)
        return " ".join(terms)


def implied(*values: str | None) -> Sequence[str]:
    """The words that an event must hold whose type and subject are these: what is searched holds them."""
    return list(dict.fromkeys(word for value in values if value for word in asked(value)))
