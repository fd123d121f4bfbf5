"""Hides how a trigger is given up to which nothing arrives any more: looked at after a commit in which it failed.

The count is the store's, kept in the commit of the outcome (`domain/streak.py`); switching off is a commit of its own,
with the event that says so. One that is cut off in between is made up for by the next failure.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.delivery import Entry
from ensue.domain.document import Put
from ensue.domain.errors import EnsueError
from ensue.domain.event import own_event
from ensue.domain.intake import Intake
from ensue.domain.plan import plan
from ensue.domain.streak import given_up
from ensue.domain.trigger import Trigger, trigger_document
from ensue.engine.clock import Clock
from ensue.engine.rules import Rules
from ensue.store.base import Changes, Store, lanes_of

_log = logging.getLogger("ensue.engine")

DISABLED: Final = "ensue.trigger.disabled"


def disabled(trigger: Trigger, reason: str) -> dict[str, object]:
    """What the event says of a trigger that was switched off."""
    return {"trigger": trigger.id, "name": trigger.name, "reason": reason}


class Patience:
    """Switches off the triggers with which it is at its end."""

    def __init__(self, store: Store, rules: Rules, clock: Clock) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._note: Callable[[dict[str, int]], None] = lambda _lanes: None
        self._failed: dict[str, str] = {}
        self._looking: asyncio.Task[None] | None = None

    def on_debts(self, note: Callable[[dict[str, int]], None]) -> None:
        """Whom to tell of lanes with something due after a commit."""
        self._note = note

    def lost(self, failed: Mapping[str, str]) -> None:
        """Tries of these triggers failed and are counted; each with its error."""
        self._failed |= failed
        if self._failed and (self._looking is None or self._looking.done()):
            self._looking = asyncio.create_task(self._look(), name="patience")

    async def settled(self) -> None:
        """Return when nothing is looked at any more."""
        if self._looking is not None:
            await asyncio.wait([self._looking])

    async def _look(self) -> None:
        while self._failed:
            failed, self._failed = self._failed, {}
            try:
                for streak in await self._store.streaks(list(failed)):
                    cause = given_up(streak, failed[streak.trigger])
                    if cause is not None:
                        await self._switch_off(streak.trigger, cause)
            except EnsueError as error:
                _log.warning("failures in a row are looked at with the next one: %s", error)

    async def _switch_off(self, trigger_id: str, cause: str) -> None:
        told: list[Entry] = []

        def planned(changes: Changes) -> Sequence[Entry]:
            self._rules.catch_up(changes)
            trigger = self._rules.trigger(trigger_id)
            if trigger is not None and trigger.enabled:
                told.append(self._told(trigger, cause))
            return told

        known = self._rules.trigger(trigger_id)
        if known is None or not known.enabled:
            return
        await self._store.append(planned)
        await self._rules.refresh(self._store)
        self._note(lanes_of(one for entry in told for one in entry.deliveries))

    def _told(self, trigger: Trigger, cause: str) -> Entry:
        """In the writer's turn: the event, what its triggers make of it, and the trigger as it is from now on."""
        now = self._clock()
        source = self._rules.source(trigger.project)
        event = own_event(ids.event_id(now), trigger.project, DISABLED, disabled(trigger, cause), source, now)
        index = self._rules.index(trigger.project)
        told = plan(Intake(replace(event, subject=trigger.id)), index, now, self._rules.judge, self._rules.listeners)
        off = replace(trigger, enabled=False, disabled_reason=cause, updated_at=now)
        put = Put(document=trigger_document(off), expected=self._rules.trigger_revision(trigger.id))
        return replace(told, puts=(*told.puts, put))
