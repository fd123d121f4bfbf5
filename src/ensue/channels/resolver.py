"""Hides how names become addresses: the system's resolver in threads of its own, never on the loop.

A hung name server costs one thread per name, and no more than `MAX_THREADS` in all; the threads are daemons, so that a
lookup that never ends does not keep the process from ending.
"""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

Resolver = Callable[[str], Awaitable[Sequence[str]]]
"""From a host name to its addresses as text, best first; raises OSError, or gives none, where it has no address."""

MAX_THREADS: Final = 32
CACHED_S: Final = 1.0
"""How long an answer is used again, in seconds: what is connected to was vetted in any case."""
_MAX_CACHED: Final = 1000


class SystemResolver:
    """`getaddrinfo`; lookups of one name at one moment are one lookup."""

    def __init__(self) -> None:
        self._threads = asyncio.Semaphore(MAX_THREADS)
        self._known: dict[str, tuple[float, Sequence[str]]] = {}
        self._asked: dict[str, asyncio.Task[Sequence[str]]] = {}

    async def __call__(self, host: str) -> Sequence[str]:
        """The addresses of `host`; who gives up waiting does not end the lookup for the others."""
        now = asyncio.get_running_loop().time()
        until, addresses = self._known.get(host, (0.0, ()))
        if now < until:
            return addresses
        task = self._asked.get(host)
        if task is None:
            task = self._asked[host] = asyncio.create_task(self._ask(host))
            task.add_done_callback(lambda done: self._answered(host, done))
        return await asyncio.shield(task)

    async def _ask(self, host: str) -> Sequence[str]:
        async with self._threads:
            loop = asyncio.get_running_loop()
            future: asyncio.Future[Sequence[str]] = loop.create_future()
            threading.Thread(target=_look_up, args=(host, loop, future), daemon=True, name="ensue-resolve").start()
            return await future

    def _answered(self, host: str, task: asyncio.Task[Sequence[str]]) -> None:
        del self._asked[host]
        if task.cancelled() or task.exception() is not None:
            return
        if len(self._known) >= _MAX_CACHED:
            self._known.clear()
        self._known[host] = (task.get_loop().time() + CACHED_S, task.result())

    def close(self) -> None:
        """Lets go of lookups that are under way."""
        for task in self._asked.values():
            task.cancel()


def _look_up(host: str, loop: asyncio.AbstractEventLoop, future: asyncio.Future[Sequence[str]]) -> None:
    """In a thread: asks, and brings the answer to the loop, if that still runs."""
    answer: Sequence[str] | OSError
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        answer = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    except (OSError, UnicodeError) as error:
        answer = error if isinstance(error, OSError) else OSError(str(error))
    with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile
        loop.call_soon_threadsafe(_bring, future, answer)


def _bring(future: asyncio.Future[Sequence[str]], answer: Sequence[str] | OSError) -> None:
    if future.done():
        return
    if isinstance(answer, OSError):
        future.set_exception(answer)
    else:
        future.set_result(answer)
