"""Hides how promises (idempotency keys) are kept at a cost that does not grow: in generations of twelve hours.

A promise stands among the recent ones first (`recent.py`), then in the generation of its time; it is looked for in the
few that can still hold it. A generation that has passed is emptied in small steps and dropped. One ever-growing index
on random keys would cost five times as much at 50 million (design section 6).
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Final

from ensue.domain.delivery import Once
from ensue.domain.intake import ONCE_FOR
from ensue.domain.schedule import HOUR
from ensue.store.sql import chunks
from ensue.store.sqlite.driver import Execute, strings
from ensue.store.sqlite.recent import SHARE, Kept, Recent

WINDOW: Final = 12 * HOUR
PREFIX: Final = "promise_"


def key_of(project: str, once: Once) -> bytes:
    """The key of a promise: whose it is and what it names, in 16 bytes."""
    return blake2b(once.digest, digest_size=16, key=project.encode()[-64:]).digest()


class Promises:
    """The generations in one file, through the connection of one thread."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute
        self._generations: list[int] = []
        self._recent = Recent(execute)

    def load(self) -> None:
        """Learn which generations there are, newest first, and what is recent."""
        self._recent.load()
        names = self._execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB ?", (PREFIX + "[0-9]*",)
        )
        self._generations = sorted((int(name.removeprefix(PREFIX)) for (name,) in names), reverse=True)

    def find(self, keys: Collection[bytes], now: int) -> dict[bytes, Kept]:
        """Those of `keys` that may still hold at `now`, the newest of each."""
        found = self._recent.find(keys)
        wanted = tuple(key for key in keys if key not in found)
        for generation in self._generations if wanted else ():
            if (generation + 1) * WINDOW <= now - ONCE_FOR:
                break
            for key, event_id, body, at in self._execute(
                f"SELECT p.key, p.event_id, p.body, p.at FROM carray(?) w CROSS JOIN {PREFIX}{generation} p "
                "ON p.key = w.value",
                (strings(wanted),),
            ):
                found.setdefault(key, Kept(event_id, body, at))
        return found

    def keep(self, promises: Iterable[tuple[bytes, Kept]]) -> None:
        """Insert promises that were looked for before."""
        made = list(promises)
        self._recent.keep(made)
        self._settle_down(self._recent.leave(max(SHARE, 2 * len(made))))

    def _settle_down(self, promises: Sequence[tuple[bytes, Kept]]) -> None:
        """Give promises, sorted by key, their place; those that had it before a crash have it already."""
        by_generation: dict[int, list[tuple[bytes, Kept]]] = {}
        for promise in promises:
            by_generation.setdefault(promise[1].at // WINDOW, []).append(promise)
        for generation, members in by_generation.items():
            self._begin(generation)
            statement = (f"INSERT OR IGNORE INTO {PREFIX}{generation} VALUES ", 4, "")
            values = [value for key, kept in members for value in (key, *kept)]
            for text, part in chunks(statement, values):
                self._execute(text, part)

    def _begin(self, generation: int) -> None:
        if generation in self._generations:
            return
        self._execute(
            f"CREATE TABLE IF NOT EXISTS {PREFIX}{generation} (key BLOB PRIMARY KEY, event_id TEXT NOT NULL, "
            "body BLOB NOT NULL, at INTEGER NOT NULL) STRICT, WITHOUT ROWID"
        )
        self._generations = sorted({*self._generations, generation}, reverse=True)

    def free(self, keys: Iterable[bytes], event_id: str) -> None:
        """Forget the promises of an event that will not be."""
        freed = list(keys)
        self._recent.free(freed, event_id)
        for key in freed:
            for generation in self._generations:
                self._execute(
                    f"DELETE FROM {PREFIX}{generation} WHERE key = ? AND event_id = ?",
                    (key, event_id),
                )

    def retire(self, limit: int) -> int:
        """Remove up to `limit` promises of generations that passed before the newest began, dropping those emptied."""
        removed = 0
        for generation in reversed(self._generations):
            if (generation + 1) * WINDOW > self._generations[0] * WINDOW - ONCE_FOR or removed >= limit:
                break
            removed += self._empty(generation, limit - removed)
        return removed

    def _empty(self, generation: int, limit: int) -> int:
        table = f"{PREFIX}{generation}"
        rows = self._execute(f"SELECT key FROM {table} ORDER BY key LIMIT 1 OFFSET ?", (limit,)).fetchall()
        if rows:
            self._execute(f"DELETE FROM {table} WHERE key < ?", rows[0])
            return limit
        left = int(self._execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])
        self._execute(f"DROP TABLE {table}")
        self._generations.remove(generation)
        return left


def pack(keys: Iterable[bytes]) -> bytes:
    """Keys in one value, each after its length in two bytes."""
    return b"".join(len(key).to_bytes(2, "big") + key for key in keys)


def unpack(packed: bytes) -> Iterator[bytes]:
    """The keys that `pack` put together."""
    start = 0
    while start < len(packed):
        end = start + 2 + int.from_bytes(packed[start : start + 2], "big")
        yield packed[start + 2 : end]
        start = end
