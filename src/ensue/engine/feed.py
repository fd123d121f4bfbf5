"""Hides how committed events reach those who watch: one reader of the log, a ring of recent moments, many followers.

A follower that is not in the ring yet reads the log itself until it is; so it misses nothing and sees nothing twice.
One that falls behind the ring is dropped and can resume from its cursor (design section 10, `GET /stream`).
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

from msgspec import Struct

from ensue.domain.event import Event
from ensue.engine.loop import Loop
from ensue.store.base import Reading, Store

MOST_BEHIND: Final = 1_000
"""Events that a follower may be behind."""
PAGE: Final = 500
_WAIT: Final = 5.0

Wanted = Callable[[Event], bool]


class Moment:
    """One committed event at its place in the log. `forms` keeps what a dialect made of it, so that it is encoded once
    however many watch."""

    __slots__ = ("cursor", "event", "forms")

    def __init__(self, cursor: str, event: Event) -> None:
        self.cursor = cursor
        self.event = event
        self.forms: dict[str, bytes] = {}


class Glimpse(Struct, frozen=True):
    """What a follower sees next: its moments, and the cursor up to which it has seen all (also of what it does not
    want). Without moments it is a heartbeat. `gap`: what was between its cursor and these is not in the log any more.
    """

    moments: Sequence[Moment]
    cursor: str
    gap: bool = False


class Feed:
    """The live end of the log."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ring: list[Moment] = []
        self._first = 0
        self._cursor = ""
        self._base = ""
        self._news = asyncio.Event()
        self._closed = False
        self._followers = 0
        self._watching = Loop("feed", self._watch)

    async def start(self) -> None:
        """Begin at the present end of the log."""
        self._cursor = self._base = await self._store.head()
        self._watching.start()

    async def stop(self) -> None:
        """End every follower's stream, then stop."""
        self._closed = True
        self._news.set()
        await self._watching.stop()

    @property
    def followers(self) -> int:
        """How many watch."""
        return self._followers

    async def _watch(self) -> None:
        if not await self._store.wait(_WAIT):
            return
        if not self._followers:
            self._begin_at(await self._store.head())
            return
        while await self._read_on() == PAGE:
            pass

    def _begin_at(self, cursor: str) -> None:
        """Nobody watches: what was committed meanwhile needs no reading."""
        if not self._followers:
            self._first += len(self._ring)
            self._ring.clear()
            self._cursor = self._base = cursor

    async def _read_on(self) -> int:
        """Take the next page of the log into the ring; how many events it had."""
        since = self._cursor
        reading = await self._store.read(since, PAGE)
        if reading.events and since == self._cursor:
            self._take(reading)
        return len(reading.events)

    def _take(self, reading: Reading) -> None:
        self._ring += [Moment(cursor, event) for cursor, event in reading.events]
        self._cursor = reading.cursor
        spare = len(self._ring) - 2 * MOST_BEHIND
        if spare > 0:
            self._base = self._ring[spare - 1].cursor
            del self._ring[:spare]
            self._first += spare
        self._tell()

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def follow(self, project: str, wanted: Wanted, after: str | None, heartbeat: float) -> AsyncIterator[Glimpse]:
        """What is committed in `project` after the cursor `after` (None: from now), as it comes; a heartbeat each
        `heartbeat` seconds of silence. Ends when the follower was too slow, or the feed stops."""
        self._followers += 1
        try:
            cursor = after if after is not None else await self._store.head()
            async for glimpse in self._catch_up(project, wanted, cursor):
                cursor = glimpse.cursor
                yield glimpse
            async for glimpse in self._live(project, wanted, cursor, heartbeat):
                yield glimpse
        finally:
            self._followers -= 1

    async def _catch_up(self, project: str, wanted: Wanted, cursor: str) -> AsyncIterator[Glimpse]:
        """From the log, until the ring knows the place."""
        yield Glimpse((), cursor)
        while self._place(cursor) is None and not self._closed:
            reading = await self._store.read(cursor, PAGE)
            if not reading.events and not reading.gap and reading.cursor == cursor:
                await self._read_on()
                continue
            cursor = reading.cursor
            moments = [Moment(at, event) for at, event in reading.events if event.project == project and wanted(event)]
            yield Glimpse(moments, cursor, reading.gap)

    def _place(self, cursor: str) -> int | None:
        """The number of the moment after `cursor`, if the ring has it."""
        if cursor == self._cursor:
            return self._first + len(self._ring)
        if cursor == self._base:
            return self._first
        for at in range(len(self._ring) - 1, -1, -1):
            if self._ring[at].cursor == cursor:
                return self._first + at + 1
        return None

    async def _live(self, project: str, wanted: Wanted, cursor: str, heartbeat: float) -> AsyncIterator[Glimpse]:
        place = self._place(cursor)
        while place is not None and not self._closed:
            news = self._news
            end = self._first + len(self._ring)
            if end - place > MOST_BEHIND or place < self._first:
                return
            if place < end:
                fresh = self._ring[place - self._first :]
                place = end
                moments = [moment for moment in fresh if moment.event.project == project and wanted(moment.event)]
                if moments:
                    yield Glimpse(moments, fresh[-1].cursor)
                continue
            try:
                async with asyncio.timeout(heartbeat):
                    await news.wait()
            except TimeoutError:
                yield Glimpse((), self._cursor)
