"""Hides how a background activity lives: started once, kept going when it stumbles, stopped cleanly."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

_log = logging.getLogger("ensue.engine")

_PAUSE = 0.5
"""Seconds between a stumble and the next go, so that a lasting fault fills neither processor nor log."""


class Loop:
    """Calls `step` again and again in a task of its own; `step` itself waits for whatever it is about.

    A step that raises is logged and called again after a pause: a full disk must not end deliveries for good.
    """

    def __init__(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        self._name = name
        self._step = step
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; a second call changes nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Cancel the step under way and wait for its end."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        while True:
            try:
                await self._step()
            except Exception:
                _log.exception("%s stumbled and goes on", self._name)
                await asyncio.sleep(_PAUSE)
