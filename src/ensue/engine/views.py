"""Hides when search and counts follow the log: soon after a commit, many events at once, never in anybody's way.

What was committed waits a moment for company, then is taken in by steps with pauses as long as they were: so views use
at most half of their thread, lag well under a second, and never hold up an answer. Nothing of it is lost by a stop:
the store knows how far it came.
"""

import asyncio
import contextlib
import logging
from typing import Final

from ensue.engine.loop import Loop
from ensue.store.base import Store

_log = logging.getLogger("ensue.engine")

_GATHER: Final = 0.4
"""Seconds that news waits for more of it."""

_LOOK: Final = 5.0
"""Seconds after which it is looked without any news: what was pruned is none."""

_STEP: Final = 4_000
"""Events in one step: some 50 ms of another thread."""

_MANY: Final = 50_000
"""So many events behind are worth a word in the log: the views are being made anew."""


class Views:
    """Has the store catch up with itself, again and again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._news = asyncio.Event()
        self._following = Loop("views", self._round)

    def start(self) -> None:
        """Begin, with what is behind from before."""
        self._news.set()
        self._following.start()

    def wake(self) -> None:
        """Something was committed."""
        self._news.set()

    async def stop(self) -> None:
        """End after the step under way."""
        await self._following.stop()

    async def _round(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), _LOOK)
        await asyncio.sleep(_GATHER)
        self._news.clear()
        await self.catch_up()

    async def catch_up(self) -> None:
        """Follow to the end of the log."""
        now = asyncio.get_running_loop().time
        many = 0
        while True:
            began = now()
            followed = await self._store.catch_up(_STEP)
            if followed.left > _MANY and not many:
                many = followed.left
                _log.warning("search and counts are made anew: %d events are to be looked at", many)
            if not followed.left and followed.done < _STEP:
                break
            await asyncio.sleep(now() - began)
        if many:
            _log.warning("search and counts have caught up with the log")
