"""Hides how what this process did not see itself is noticed: changes by other processes, lanes that others filled.

Rules and keys are asked for several times a second; lanes are scanned slowly, in small steps, each followed by a pause
a hundred times as long (design section 5).
"""

import asyncio
from typing import Final

from ensue.domain.errors import EnsueError
from ensue.domain.schedule import MINUTE
from ensue.domain.trigger import Trigger
from ensue.engine.clock import Clock
from ensue.engine.loop import Loop
from ensue.engine.rules import Fault, Rules
from ensue.engine.triggers import Triggers
from ensue.engine.worker import Worker
from ensue.store.base import Store

_LOOK: Final = 0.25
"""Seconds between two looks at what others changed: revocation holds within a second."""
_LANES: Final = 500
_PAUSE: Final = 100
_LEAST_PAUSE: Final = 0.2
_AGAIN: Final = MINUTE
"""A filter's next complaint is noted so much (ms) after the last one at the earliest."""
_ROUND: Final = 5.0
"""Seconds between two scans of all lanes, at least."""


class Scheduler:
    """Keeps rules and lanes in step with the store."""

    def __init__(self, store: Store, rules: Rules, triggers: Triggers, worker: Worker, clock: Clock) -> None:
        self._store = store
        self._rules = rules
        self._triggers = triggers
        self._worker = worker
        self._clock = clock
        self._seen = 0
        self._scanned = False
        self._looking = Loop("changes", self._look)
        self._scanning = Loop("lanes", self._scan)

    async def start(self) -> None:
        """Learn all rules, then begin."""
        await self._rules.refresh(self._store)
        self._seen = self._rules.revision
        self._looking.start()
        self._scanning.start()

    async def stop(self) -> None:
        """End."""
        await self._looking.stop()
        await self._scanning.stop()

    async def _look(self) -> None:
        await asyncio.sleep(_LOOK)
        await self._rules.refresh(self._store)
        if self._rules.revision != self._seen:
            self._seen = self._rules.revision
            self._worker.wake()
        await self._note_faults()

    async def _note_faults(self) -> None:
        """Say on each trigger what its filter complained of since the last look."""
        faults = self._rules.take_faults()
        while faults:
            trigger_id, fault = faults.popitem()
            trigger = self._rules.trigger(trigger_id)
            if trigger is None or not self._is_worth_noting(trigger, fault):
                continue
            try:
                await self._triggers.note_fault(trigger, fault.error, off=fault.off)
            except EnsueError as error:
                if error.code != "not_found":
                    for kept in [(trigger_id, fault), *faults.items()]:
                        self._rules.put_back(*kept)
                    raise

    def _is_worth_noting(self, trigger: Trigger, fault: Fault) -> bool:
        """A filter may complain of each event in other words; a change of rules for each would cost everybody."""
        if fault.off:
            return not trigger.filter_off
        again = trigger.filter_error is not None and self._clock() - trigger.updated_at < _AGAIN
        return not again and trigger.filter_error != fault.error

    async def _scan(self) -> None:
        await self.scan()
        self._scanned = True
        await asyncio.sleep(_ROUND)

    async def scan(self) -> None:
        """Once through all lanes; at the start without pauses, since what a crash left waits for it."""
        after: str | None = None
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            found = await self._store.lanes(after, _LANES)
            self._worker.note({lane.lane: lane.due_at for lane in found})
            if len(found) < _LANES:
                return
            after = found[-1].lane
            if self._scanned:
                await asyncio.sleep(max(_LEAST_PAUSE, _PAUSE * (loop.time() - began)))
