"""Hides when a key was last used: written down once an hour at most, beside the requests."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.key import Key
from ensue.engine.clock import Clock
from ensue.store.base import Store

USE: Final = "key_use"
"""The kind of document that says when a key was last used; its body is the time, its id the key's."""

NOTED_EVERY: Final = 3_600_000
"""How coarse that is (ms)."""

_REMEMBERED: Final = 10_000


class KeyUses:
    """When keys were last used."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._noted: dict[str, int] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def note(self, key: Key) -> None:
        """That a key is used now; costs no look into the store when that was noted within the hour."""
        now = self._clock()
        if now < self._noted.get(key.id, -NOTED_EVERY) + NOTED_EVERY:
            return
        if len(self._noted) >= _REMEMBERED:
            self._noted.clear()
        self._noted[key.id] = now
        task = asyncio.get_running_loop().create_task(self._write(key, now))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, key: Key, now: int) -> None:
        try:
            document = await self._store.get(USE, key.project, key.id)
            if document is None or now >= int(document.body) + NOTED_EVERY:
                used = Document(kind=USE, project=key.project, id=key.id, body=b"%d" % now)
                await self._store.put([Put(document=used)])
        except EnsueError:
            self._noted.pop(key.id, None)  # it cannot be written now; the next use tries again

    async def settled(self) -> None:
        """Wait for what is being written."""
        if self._writing:
            await asyncio.wait(self._writing)

    async def of(self, project: str, keys: Sequence[str]) -> Mapping[str, int]:
        """When each of these was last used (ms), to the hour; those that never were are left out."""
        return {one.id: int(one.body) for one in await self._store.documents(USE, project, keys)}
