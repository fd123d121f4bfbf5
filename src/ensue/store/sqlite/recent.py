"""Hides how a promise is written at first: at the end of a small table, and known from memory.

Random keys touch a page of an index each. So the newest promises stand in the order in which they came, in one of two
tables; when that is full the other one is filled, and what stood in the first moves to the generations, sorted and in
small shares, so that one page takes many. Only the server's writer makes promises, so what it remembers is all.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, NamedTuple

from ensue.domain.intake import ONCE_FOR
from ensue.store.sql import chunks
from ensue.store.sqlite.driver import Execute

FULL: Final = 8_192
SHARE: Final = 256
"""Promises that move with one commit, or twice as many as it makes."""

_TABLES: Final = ("promised_0", "promised_1")


class Kept(NamedTuple):
    """A promise as it is kept: the event that made it, the hash of what was said, and when (ms)."""

    event_id: str
    body: bytes
    at: int

    def holds(self, now: int) -> bool:
        """Whether it still counts for an event received at `now`."""
        return self.at > now - ONCE_FOR


class Recent:
    """The two tables, through the connection of one thread, and what stands in them."""

    def __init__(self, execute: Execute) -> None:
        self._execute = execute
        self._members: tuple[dict[bytes, Kept], dict[bytes, Kept]] = ({}, {})
        self._filling = 0
        self._leaving: list[bytes] = []

    def load(self) -> None:
        """Learn what stands in the tables. Where both are in use, what stands in the fuller one is to move."""
        for members, table in zip(self._members, _TABLES, strict=True):
            members.clear()
            members.update(
                {
                    key: Kept(*kept)
                    for key, *kept in self._execute(f"SELECT key, event_id, body, at FROM {table} ORDER BY number")
                }
            )
        first, second = self._members
        self._filling = 0 if len(first) <= len(second) else 1
        self._leaving = sorted(self._members[1 - self._filling], reverse=True)

    def find(self, keys: Collection[bytes]) -> dict[bytes, Kept]:
        """Those of `keys` that stand here, the newest of each."""
        found: dict[bytes, Kept] = {}
        for members in self._members:
            for key in keys if members else ():
                kept = members.get(key)
                if kept is not None and (key not in found or found[key].at < kept.at):
                    found[key] = kept
        return found

    def keep(self, promises: Sequence[tuple[bytes, Kept]]) -> None:
        """Write promises at the end."""
        statement = (f"INSERT OR ROLLBACK INTO {_TABLES[self._filling]} (key, event_id, body, at) VALUES ", 4, "")
        for text, part in chunks(statement, [value for key, kept in promises for value in (key, *kept)]):
            self._execute(text, part)
        self._members[self._filling].update(promises)

    def leave(self, share: int) -> Sequence[tuple[bytes, Kept]]:
        """Up to `share` promises, by key, that have their place in the generations from this commit on."""
        if not self._leaving and len(self._members[self._filling]) >= FULL:
            self._leaving = sorted(self._members[self._filling], reverse=True)
            self._filling = 1 - self._filling
        members = self._members[1 - self._filling]
        part, self._leaving = self._leaving[-share:], self._leaving[:-share]
        leaving = [(key, members[key]) for key in reversed(part) if key in members]
        if part and not self._leaving:
            self._execute(f"DELETE FROM {_TABLES[1 - self._filling]}")
            members.clear()
        return leaving

    def free(self, keys: Iterable[bytes], event_id: str) -> None:
        """Forget the promises that an event made."""
        for key in keys:
            for members, table in zip(self._members, _TABLES, strict=True):
                kept = members.get(key)
                if kept is not None and kept.event_id == event_id:
                    del members[key]
                    self._execute(f"DELETE FROM {table} WHERE key = ? AND event_id = ?", (key, event_id))
