"""Hides how rows are found without a long scan: newest first along an index that is local in time, within a budget.

Rows lie in buckets of 16,384; the indexes begin with the bucket. A page goes from bucket to bucket along the index that
fits its query best, looks at no more than 50,000 rows, and says where to go on.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from msgspec import Struct

from ensue.domain.errors import EnsueError
from ensue.store.sqlite.driver import Execute

SCAN: Final = 50_000
PROBES: Final = 500
"""So many rows, and so many buckets, are looked at for one page."""

PATIENCE: Final = 0.025
"""Seconds after which a page whose rows are judged one by one takes up no more."""

LOOKED: Final = 64
"""Rows between two looks at the clock."""

BUCKET: Final = 14

Row = tuple[Any, ...]
Judge = Callable[[Row], bool]
"""Whether a row is meant, where SQL cannot tell."""


class Test(NamedTuple):
    """A condition on a row with its values."""

    text: str
    values: tuple[Any, ...] = ()


class Path(Struct, frozen=True):
    """A way through a table: `fields FROM source` by `key`, along `index` (bucket, `tests`), with `rest` on each row.

    `first_look` newest rows are looked at without the index, which pays where it tells little.
    """

    fields: str
    source: str
    key: str
    index: str
    tests: Sequence[Test]
    rest: Sequence[Test]
    first_look: int = 0


def where(tests: Sequence[Test]) -> tuple[str, list[Any]]:
    """The conditions as text, each behind an AND, and their values."""
    return "".join(f" AND {test.text}" for test in tests), [value for test in tests for value in test.values]


def _windows(execute: Execute, path: Path, before: int) -> Iterator[tuple[int, int, bool]]:
    """Stretches of the table, newest first, as (from, before, whether along the index), together within the budget."""
    budget, top = SCAN, before
    if path.first_look:
        yield max(0, top - path.first_look), top, False
        top, budget = max(0, top - path.first_look), budget - path.first_look
    probes = PROBES
    while top > 0 and budget > 0 and probes > 0:
        low = (top - 1) >> BUCKET << BUCKET
        if path.rest:
            low, seen = _narrow(execute, path, low, top, budget)
            budget -= seen
        probes -= 1
        yield low, top, True
        top = low


def _narrow(execute: Execute, path: Path, low: int, top: int, budget: int) -> tuple[int, int]:
    """How far down the index leads within the budget, and how many rows that are."""
    tests, values = where(path.tests)
    key = path.key
    text = (
        f"SELECT min(k), count(*) FROM (SELECT {key} AS k FROM {_indexed(path)} WHERE {key} >> {BUCKET} = ?{tests} "
        f"AND {key} < ? ORDER BY {key} DESC LIMIT ?)"
    )
    lowest, seen = execute(text, (low >> BUCKET, *values, top, budget)).fetchall()[0]
    return (lowest if seen == budget else low), seen


def _indexed(path: Path) -> str:
    """The table with the index that must be used; joins left out are those that only bring fields."""
    table = path.source.split(" LEFT JOIN")[0]
    return f"{table} INDEXED BY {path.index}"


class Taking:
    """Takes rows, their key first, newest first: up to `limit` of those that `judge` means (None: all), for as long as
    it has patience."""

    def __init__(self, limit: int, judge: Judge | None = None) -> None:
        self.taken: list[Row] = []
        self._limit = limit
        self._judge = judge
        self._ends = time.perf_counter() + PATIENCE

    @property
    def most(self) -> int:
        """How many rows are worth asking for."""
        return -1 if self._judge is not None else self._limit - len(self.taken)

    def take(self, rows: Iterable[Row]) -> int | None:
        """Look at rows; the key of the last one once it has enough of them."""
        judge = self._judge
        if judge is None:
            self.taken += rows
            return self.taken[-1][0] if len(self.taken) >= self._limit else None
        for at, row in enumerate(rows, 1):
            if judge(row):
                self.taken.append(row)
            if len(self.taken) >= self._limit or (at % LOOKED == 0 and time.perf_counter() > self._ends):
                return int(row[0])
        return None


def walk(execute: Execute, path: Path, before: int, taking: Taking) -> int:
    """Take rows; the key below which to go on (0: nothing is there)."""
    top = before
    for low, high, indexed in _windows(execute, path, before):
        tests, values = where([*path.tests, *path.rest])
        source = path.source
        if indexed:
            source = source.replace(path.source.split(" LEFT JOIN")[0], _indexed(path), 1)
            tests, values = f" AND {path.key} >> {BUCKET} = ?{tests}", [low >> BUCKET, *values]
        text = (
            f"SELECT {path.fields} FROM {source} WHERE {path.key} >= ? AND {path.key} < ?{tests} "
            f"ORDER BY {path.key} DESC LIMIT ?"
        )
        last = taking.take(execute(text, (low, high, *values, taking.most)))
        if last is not None:
            return last
        top = low
    return top


def along(execute: Execute, path: Path, before: int, limit: int, budget: int) -> tuple[list[Row], int]:
    """As `walk`, all that SQL gives, along an index that is in order throughout, looking at `budget` of its rows."""
    tests, values = where(path.tests)
    low = 0
    if path.rest:
        text = (
            f"SELECT min(k), count(*) FROM (SELECT {path.key} AS k FROM {_indexed(path)} WHERE {path.key} < ?{tests} "
            f"ORDER BY {path.key} DESC LIMIT ?)"
        )
        lowest, seen = execute(text, (before, *values, budget)).fetchall()[0]
        low = lowest if seen == budget else 0
    tests, values = where([*path.tests, *path.rest])
    text = (
        f"SELECT {path.fields} FROM {_indexed(path)} WHERE {path.key} >= ? AND {path.key} < ?{tests} "
        f"ORDER BY {path.key} DESC LIMIT ?"
    )
    rows = execute(text, (low, before, *values, limit)).fetchall()
    return rows, rows[-1][0] if len(rows) == limit else low


def start_of(before: str | None, newest: int) -> int:
    """The key below which a page begins."""
    return newest + 1 if before is None else min(place_of(before), newest + 1)


def place_of(token: str) -> int:
    """The key that was told as text."""
    if not (token.isascii() and token.isdigit() and len(token) < 19):
        raise EnsueError("invalid", "'next' is not one of ours; pass it on as it was given.", "next")
    return int(token)


def newest(execute: Execute, table: str, key: str) -> int:
    """The highest key of a table, 0 where it is empty."""
    return int(execute(f"SELECT coalesce(max({key}), 0) FROM {table}").fetchall()[0][0])
