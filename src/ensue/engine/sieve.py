"""Hides how filters are judged outside the writer's turn: compiled once, timed, and given up when they are slow."""

import time
from collections.abc import Callable

from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.filter import Activation, Filter, activation, compile_filter
from ensue.engine.rules import SLOW, SLOW_RUNS


class Sieve:
    """Filters of one replay, by their text. Not for two threads at once. `error` is the last complaint of any.

    `timer` counts the seconds of the processor that filters use.
    """

    def __init__(self, max_event_bytes: int, timer: Callable[[], float] = time.thread_time) -> None:
        self.error: str | None = None
        self._max_event_bytes = max_event_bytes
        self._timer = timer
        self._filters: dict[str, Filter] = {}
        self._slow = 0
        self._activation: tuple[Event, Activation] | None = None

    def __call__(self, text: str, event: Event) -> bool:
        """Whether the filter lets the event through; one that errs does not.

        EnsueError `invalid` when filters took too long too often, or one cannot be compiled any more.
        """
        expression = self._filters.get(text)
        if expression is None:
            expression = self._filters[text] = compile_filter(text, self._max_event_bytes)
        if self._activation is None or self._activation[0] is not event:
            self._activation = (event, activation(event))
        prepared = self._activation[1]
        if expression.most is None or prepared.size <= expression.most:
            prepared.prepare()  # its cost is the event's
        began = self._timer()
        judgement = expression.judge(prepared)
        if self._timer() - began > SLOW:
            self._note_slow()
        self.error = judgement.error or self.error
        return judgement.matched

    def _note_slow(self) -> None:
        self._slow += 1
        if self._slow >= SLOW_RUNS:
            reason = f"The filter took more than {SLOW * 1000:.0f} ms {SLOW_RUNS} times; make it simpler."
            raise EnsueError("invalid", reason, "filter")
