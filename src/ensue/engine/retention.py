"""Hides how what is too old goes: in small steps with pauses, so that ingest hardly feels it (design section 6)."""

import asyncio
from typing import Final

from msgspec.structs import replace

from ensue.domain import ids
from ensue.domain.document import Put
from ensue.domain.press import BUTTON
from ensue.domain.project import Project
from ensue.domain.replay import PREFIX, REPLAY, replay_lane, replay_of
from ensue.domain.schedule import DAY
from ensue.engine.clearing import Clearing
from ensue.engine.clock import Clock
from ensue.engine.loop import Loop, rest
from ensue.engine.rules import Rules
from ensue.store.base import STEP, Selection, Store

_ROWS: Final = 500
"""Rows in one step: a commit of a few milliseconds."""


class Retention:
    """Prunes every project, again and again; `clearing` removes those that were deleted."""

    def __init__(self, store: Store, rules: Rules, clock: Clock, keep: int, keep_tests: int, interval: float) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._keep = keep
        self._keep_tests = keep_tests
        self._interval = interval
        self._pruning = Loop("retention", self._round)
        self.clearing = Clearing(store, clock)

    def start(self) -> None:
        """Begin."""
        self._pruning.start()
        self.clearing.start()

    async def stop(self) -> None:
        """End after the step under way."""
        await self._pruning.stop()
        await self.clearing.stop()

    async def _round(self) -> None:
        for project in self._rules.projects():
            await self.prune(project)
        await asyncio.sleep(self._interval)

    async def prune(self, project: Project) -> int:
        """Remove what is too old of one project, and what waited too long for a disabled trigger; rows removed."""
        now = self._clock()
        before = now - (self._keep if project.retention is None else project.retention * DAY)
        test_before = now - (self._keep_tests if project.test_retention is None else project.test_retention * DAY)
        await self._cancel_waiting(project.id, before, now)
        removed, after = 0, None
        while True:
            began = asyncio.get_running_loop().time()
            pruned = await self._store.prune(project.id, before, test_before, after, _ROWS)
            removed += pruned.removed
            after = pruned.next
            if after is None:
                break
            await rest(began)
        await self._forget_replays(project.id, before)
        return removed + await self._forget_buttons(project.id, before)

    async def _forget_buttons(self, project: str, before: int) -> int:
        """How the buttons stood of old events that are gone is of no use any more; how many were forgotten."""
        forgotten = 0
        place: str | None = ids.first_event_id(before)
        while place is not None:
            began = asyncio.get_running_loop().time()
            documents = await self._store.list(BUTTON, project, place, _ROWS)
            owners = {document.id: document.id.partition("/")[0] for document in documents}
            there = {event.id for event in await self._store.events(project, list(set(owners.values())))}
            gone = [replace(document, body=b"") for document in documents if owners[document.id] not in there]
            if gone:
                await self._store.put([Put(document=document) for document in gone])
            forgotten += len(gone)
            place = documents[-1].id if len(documents) == _ROWS else None
            await rest(began)
        return forgotten

    async def _forget_replays(self, project: str, before: int) -> None:
        """What replays made long ago is gone by now, and so is the use of telling of them."""
        place: str | None = ids.first_prefixed_id(PREFIX, before)
        while place is not None:
            documents = await self._store.list(REPLAY, project, place, _ROWS)
            old = (replay_of(document).ended_at for document in documents)
            gone = [one for one, at in zip(documents, old, strict=True) if at is not None and at < before]
            if gone:
                await self._store.put([Put(document=replace(one, body=b"")) for one in gone])
            place = documents[-1].id if len(documents) == _ROWS else None

    async def _cancel_waiting(self, project: str, before: int, now: int) -> None:
        for trigger in self._rules.triggers(project):
            going = not trigger.enabled
            while going:
                began = asyncio.get_running_loop().time()
                going = False
                for lane in (trigger.id, replay_lane(trigger.id)):
                    selection = Selection(project=project, lane=lane, created_before=before)
                    cancelled = await self._store.cancel(selection, "trigger disabled for too long", now)
                    going = going or cancelled.count >= STEP
                await rest(began)
