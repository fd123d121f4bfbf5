"""Hides how committed events reach those who watch: one reader of the log, a ring of recent moments, many followers.

A follower that is not in the ring yet reads the log itself until it is; so it misses nothing and sees nothing twice.
One that falls behind the ring is dropped and can resume from its cursor (design section 10, `GET /stream`).
"""

import asyncio
import contextlib
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
    """The live end of the log.

    Places are numbers: `_first` is that of the oldest moment in the ring, `_end` the one after the newest.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tell_news: Callable[[], None] = lambda: None
        self._ring: list[Moment] = []
        self._first = 0
        self._cursor = ""
        self._base = ""
        self._news = asyncio.Event()
        self._closed = False
        self._followers = 0
        self._idle = True
        self._joining = asyncio.Lock()
        self._watching = Loop("feed", self._watch)

    async def start(self) -> None:
        """Begin at the present end of the log."""
        self._watching.start()

    async def stop(self) -> None:
        """End every follower's stream, then stop."""
        self._closed = True
        self._tell()
        await self._watching.stop()

    def on_news(self, told: Callable[[], None]) -> None:
        """Have `told` called whenever something was committed."""
        self._tell_news = told

    @property
    def followers(self) -> int:
        """How many watch."""
        return self._followers

    async def _watch(self) -> None:
        """While nobody watches, what was committed needs no reading: whoever comes first begins at the end."""
        if await self._store.wait(_WAIT):
            self._tell_news()
        if not self._idle:
            while await self._read_on() == PAGE:
                pass

    async def _wake_up(self) -> None:
        """Begin at the end of the log, if nobody watched before. What is committed between the look at the end and the
        end of idleness is nobody's news, hence the reading."""
        async with self._joining:
            if self._idle:
                head = await self._store.head()
                self._first = self._end
                self._ring.clear()
                self._cursor = self._base = head
                self._idle = False
                await self._read_on()

    def _leave(self) -> None:
        self._followers -= 1
        if not self._followers:
            self._idle = True

    @property
    def _end(self) -> int:
        return self._first + len(self._ring)

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
        `heartbeat` seconds in which there was nothing to show. Ends when the follower was too slow, or the feed stops.

        The first glimpse is a heartbeat, so that a follower can resume however early it is cut off.
        """
        self._followers += 1
        try:
            await self._wake_up()
            cursor = after if after is not None else await self._store.head()
            yield Glimpse((), cursor)
            place = self._place(cursor)
            while place is None and not self._closed:
                end, ring_is_whole = self._end, await self._read_on() == 0
                reading = await self._store.read(cursor, PAGE)
                if reading.events or reading.gap:
                    cursor = reading.cursor
                    moments = [Moment(at, event) for at, event in reading.events]
                    yield Glimpse(_of(project, wanted, moments), cursor, reading.gap)
                    place = self._place(cursor)
                elif ring_is_whole and end == self._end:
                    place = end  # nothing is after the ring, then nothing was after the cursor: the same place
            async for glimpse in self._live(project, wanted, place or 0, cursor, heartbeat):
                yield glimpse
        finally:
            self._leave()

    def _place(self, cursor: str) -> int | None:
        """The number of the moment after `cursor`, if the ring has it near its end: who comes from further behind reads
        the log on, and is not dropped for it."""
        if cursor == self._cursor:
            return self._end
        near = max(0, len(self._ring) - MOST_BEHIND // 2)
        if cursor == self._base and near == 0:
            return self._first
        for at in range(len(self._ring) - 1, near - 1, -1):
            if self._ring[at].cursor == cursor:
                return self._first + at + 1
        return None

    async def _live(
        self, project: str, wanted: Wanted, place: int, cursor: str, heartbeat: float
    ) -> AsyncIterator[Glimpse]:
        """From the ring on. A heartbeat is due whenever nothing was shown for so long, also where much is unwanted."""
        now = asyncio.get_running_loop().time
        beat = now() + heartbeat
        while not self._closed:
            news = self._news
            if self._end - place > MOST_BEHIND or place < self._first:
                return
            if place < self._end:
                fresh = self._ring[place - self._first :]
                place, cursor = place + len(fresh), fresh[-1].cursor
                moments = _of(project, wanted, fresh)
                if moments:
                    yield Glimpse(moments, cursor)
                    beat = now() + heartbeat
                    continue
            if now() >= beat:
                yield Glimpse((), cursor)
                beat = now() + heartbeat
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(beat):
                    await news.wait()


def _of(project: str, wanted: Wanted, moments: Sequence[Moment]) -> Sequence[Moment]:
    return [moment for moment in moments if moment.event.project == project and wanted(moment.event)]
