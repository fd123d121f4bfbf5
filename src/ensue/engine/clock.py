"""Hides what time it is for this process: the wall clock at start plus the monotonic one, corrected forward only."""

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Milliseconds UTC; never goes back. Everything that needs the time is handed one of these."""


class WallClock:
    """The clock of a running process. A wall clock that is set back does not turn it back; one set forward does."""

    def __init__(self) -> None:
        self._base = time.time_ns() - time.monotonic_ns()

    def __call__(self) -> int:
        """Milliseconds UTC."""
        monotonic = time.monotonic_ns()
        ahead = time.time_ns() - monotonic
        self._base = max(self._base, ahead)
        return (self._base + monotonic) // 1_000_000
