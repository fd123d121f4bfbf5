"""Hides how what arrives in the event loop gets into the writer's turn: gathered, and taken when the turn comes.

Two commits may be under way: while one is synced, the next already stands in line, and takes all that arrived until
then. So nothing waits longer than it must, and a commit carries as much as it can.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, Generic, TypeVar

_UNDER_WAY: Final = 2

T = TypeVar("T")


class Gathering(Generic[T]):
    """Groups that wait for a commit. `commit` begins one; in its turn it calls `take`, from whatever thread."""

    def __init__(self, commit: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._commit = commit
        self._groups: deque[Sequence[T]] = deque()
        self._standing = False
        self._tasks: dict[asyncio.Task[None], float] = {}

    def add(self, group: Sequence[T]) -> None:
        """Let `group` wait for the next commit, all of it for the same."""
        self._groups.append(group)  # first: `take` looks for groups after it said that nobody stands in line
        if not self._standing and len(self._tasks) < _UNDER_WAY:
            self._begin()

    def take(self, most: int) -> list[T]:
        """What waits, group by group until that is `most` or more; what comes later is for the next commit."""
        self._standing = False
        taken: list[T] = []
        while len(taken) < most:
            try:
                taken += self._groups.popleft()
            except IndexError:
                break
        return taken

    def waits_since(self) -> float | None:
        """When the oldest commit that is under way began, by the loop's clock; None when another one can begin."""
        return min(self._tasks.values()) if len(self._tasks) >= _UNDER_WAY else None

    async def drained(self) -> None:
        """Return when nothing waits and no commit is under way."""
        while self._tasks:
            await asyncio.wait(list(self._tasks))

    def cancel(self) -> None:
        """Give up all commits."""
        self._groups.clear()
        for task in self._tasks:
            task.cancel()

    def _begin(self) -> None:
        self._standing = True
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._commit())
        self._tasks[task] = loop.time()
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if self._groups and not self._standing:
            self._begin()
