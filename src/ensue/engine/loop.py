"""Hides how a background activity lives: started once, kept going when it stumbles, stopped cleanly."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable

_log = logging.getLogger("ensue.engine")

_PAUSE = 0.5
"""Seconds between a stumble and the next go, so that a lasting fault fills neither processor nor log."""


_SHARE = 10
"""Pauses are so many times as long as the steps before them."""


async def rest(began: float) -> None:
    """The pause after a step that `began` then (seconds of the loop), of work that nobody waits for."""
    await asyncio.sleep(_SHARE * (asyncio.get_running_loop().time() - began))


class Loop:
    """Calls `step` again and again in a task of its own; `step` itself waits for whatever it is about.

    A step that raises is called again after a pause: a full disk must not end deliveries for good. It is logged with
    its stack, but a fault that lasts only once.
    """

    def __init__(self, name: str, step: Callable[[], Awaitable[None]]) -> None:
        self._name = name
        self._step = step
        self._task: asyncio.Task[None] | None = None
        self._ending = asyncio.Event()

    def start(self) -> None:
        """Begin; a second call changes nothing."""
        if self._task is None:
            self._ending.clear()
            self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Cancel the step under way and wait for its end."""
        if self._task is not None:
            self._task.cancel()
        await self.finish()

    async def finish(self) -> None:
        """Let the step under way come to its end, begin no other, and wait."""
        self._ending.set()
        task, self._task = self._task, None
        if task is not None:
            await asyncio.wait([task])

    async def _run(self) -> None:
        fault = ""
        while not self._ending.is_set():
            try:
                await self._step()
            except Exception as error:  # noqa: BLE001 - logged with its stack
                if repr(error) != fault:
                    _log.exception("%s stumbled and goes on", self._name)
                fault = repr(error)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ending.wait(), _PAUSE)
            else:
                if fault:
                    _log.warning("%s goes well again", self._name)
                fault = ""
