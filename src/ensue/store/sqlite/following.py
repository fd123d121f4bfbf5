"""Hides the thread in which the views follow the log, and what becomes of a file of theirs that is broken."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

import apsw

from ensue.domain.errors import EnsueError
from ensue.store.derived import Followed
from ensue.store.sqlite.driver import translated
from ensue.store.sqlite.follower import Follower

T = TypeVar("T")

NAME: Final = "ensue-views"


class Following:
    """A follower in a thread of its own, opened when it is first asked. `alone`: this is the server. `on_anew` is
    called in that thread when the file was made anew under those who read it."""

    def __init__(self, log: Path, file: Path, on_anew: Callable[[], None]) -> None:
        self._follower = Follower(log, file)
        self._on_anew = on_anew
        self._alone = False
        self._opened = False
        self._pool: ThreadPoolExecutor | None = ThreadPoolExecutor(1, thread_name_prefix=NAME)

    async def begin(self) -> None:
        """Open as the server does: a file that is missing, broken or of another log is made anew."""
        self._alone = True
        await self._do(lambda: None)

    async def step(self, limit: int) -> tuple[Followed, int]:
        """As `Follower.step`; nothing is done where the file turned out broken, and is made anew."""
        return await self._do(lambda: self._step(limit))

    async def behind(self) -> int:
        """As `Follower.behind`."""
        return await self._do(self._follower.behind)

    async def anew(self) -> None:
        """As `Follower.anew`."""
        await self._do(self._follower.anew)

    async def close(self) -> None:
        """Let a step under way end, and let go."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.get_running_loop().run_in_executor(pool, self._follower.close)
            await asyncio.get_running_loop().run_in_executor(None, pool.shutdown)

    def _step(self, limit: int) -> tuple[Followed, int]:
        try:
            return self._follower.step(limit)
        except (apsw.CorruptError, apsw.NotADBError):
            if not self._alone:
                raise
            self._follower.close()
            self._follower.open(alone=True, broken=True)
            self._on_anew()
            return Followed(0, self._follower.behind()), 0

    async def _do(self, work: Callable[[], T]) -> T:
        if self._pool is None:
            raise EnsueError("unavailable", "The store is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._translated, work)

    def _translated(self, work: Callable[[], T]) -> T:
        with translated():
            if not self._opened:
                self._follower.open(alone=self._alone)
                self._opened = True
            return work()
