"""Hides how often something may be tried under one name: a number of times at once, then one after each pause.

Counted in memory, each process for itself. The names that were quiet for longest are forgotten first.
"""

import math
from typing import Final

from ensue.domain.errors import EnsueError

MOST_NAMES: Final = 10_000


class Throttle:
    """`burst` tries at once, and one more each `pause` ms; what it counts is said by `what`."""

    def __init__(self, what: str, burst: int, pause: int) -> None:
        self._what = what
        self._burst = burst
        self._pause = pause
        self._free_at: dict[str, int] = {}

    def take(self, name: str, now: int) -> None:
        """Count one try under `name` at `now` (ms). Raises EnsueError `rate_limited` with the seconds to wait."""
        earliest = now - self._burst * self._pause
        free_at = max(self._free_at.pop(name, earliest), earliest)
        wait = free_at + self._pause - now
        self._free_at[name] = free_at if wait > 0 else free_at + self._pause  # at the end: the first is the quietest
        if len(self._free_at) > MOST_NAMES:
            del self._free_at[next(iter(self._free_at))]
        if wait > 0:
            seconds = math.ceil(wait / 1000)
            message = f"Too many {self._what}; wait {seconds} s and try again."
            raise EnsueError("rate_limited", message, retry_after=seconds)

    def forget(self, name: str) -> None:
        """What was tried under `name` is forgiven."""
        self._free_at.pop(name, None)
