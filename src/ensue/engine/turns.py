"""Hides how those who change the same thing in this process wait for each other, instead of trying again and again.

Other processes are held off by revisions, as ever; this only keeps a crowd from losing the same race many times.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager


class Turns:
    """One lock for each name that is in use."""

    def __init__(self) -> None:
        self._locks: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, names: Iterable[tuple[str, ...]]) -> AsyncIterator[None]:
        """Have the turn of all `names` at once; taken in one order, so that nobody waits in a circle."""
        async with AsyncExitStack() as stack:
            for name in sorted(set(names)):
                await stack.enter_async_context(self._one(name))
            yield

    @asynccontextmanager
    async def _one(self, name: tuple[str, ...]) -> AsyncIterator[None]:
        lock, waiting = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks.pop(name)
            if waiting > 1:
                self._locks[name] = (lock, waiting - 1)
