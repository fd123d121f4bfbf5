"""Hides how many tries of a lane run at once, and which of its claimed deliveries comes next.

A lane whose receiver answers quickly may have several times that claimed ahead (`lanes.py`), so that a free place is
filled without waiting for a commit. These wait here; what waits is renewed like all that is in flight.
"""

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Slots(Generic[T]):
    """The running tries of each lane, counted, and what waits for one to end."""

    def __init__(self) -> None:
        self._running: dict[str, int] = {}
        self._waiting: dict[str, deque[T]] = {}

    def enter(self, lane: str, one: T, limit: int) -> bool:
        """True when `one` may run now; else it waits for `leave`."""
        running = self._running.get(lane, 0)
        if running >= limit:
            self._waiting.setdefault(lane, deque()).append(one)
            return False
        self._running[lane] = running + 1
        return True

    def leave(self, lane: str) -> T | None:
        """A try of `lane` is over; what may run in its place."""
        waiting = self._waiting.get(lane)
        if waiting:
            one = waiting.popleft()
            if not waiting:
                del self._waiting[lane]
            return one
        left = self._running[lane] - 1
        if left:
            self._running[lane] = left
        else:
            del self._running[lane]
        return None

    def clear(self, lane: str | None = None) -> list[T]:
        """What waits, of one lane or of all, which does not any more."""
        lanes = list(self._waiting) if lane is None else [lane]
        return [one for name in lanes for one in self._waiting.pop(name, ())]
