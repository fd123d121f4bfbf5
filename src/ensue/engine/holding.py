"""Hides how what somebody was let in for ends with their access, though nothing is said on it at the time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, TypeVar, cast

T = TypeVar("T")

Holds = Callable[[], Awaitable[bool]]
"""Whether what somebody was let in for still holds."""


class Holding:
    """Tells those who watch that some access changed, so that each looks whether theirs still holds."""

    def __init__(self) -> None:
        self._news = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    def changed(self) -> None:
        """Some access changed. May be called from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def while_holds(self, holds: Holds, source: AsyncIterator[T]) -> AsyncIterator[T]:
        """What `source` gives, as long as `holds` says so; asked at once when anything changed."""
        self._loop = asyncio.get_running_loop()
        async with aclosing(cast("AsyncGenerator[T]", source)) as items:
            following: asyncio.Future[T] | None = None
            try:
                while True:
                    news = self._news
                    if not await holds():
                        return
                    following = following or asyncio.ensure_future(anext(items))
                    changed = asyncio.ensure_future(news.wait())
                    both: set[asyncio.Future[Any]] = {following, changed}
                    try:
                        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
                    finally:  # whoever goes in between leaves nobody behind who waits for news
                        changed.cancel()
                    if following.done() and not news.is_set():
                        item, following = await following, None
                        yield item
            except StopAsyncIteration:
                return
            finally:
                if following is not None:
                    following.cancel()
                    await asyncio.wait({following})
