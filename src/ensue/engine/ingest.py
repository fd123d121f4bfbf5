"""Hides how events become durable: all that waits goes into one commit, planned when the writer's turn comes.

Two commits may be under way: while one is synced, the next is planned. What waits is bounded; beyond that the answer
is 503 with `Retry-After`, never a slow death (design section 7).
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ensue.domain.delivery import Delivery, Entry
from ensue.domain.errors import EnsueError
from ensue.domain.intake import Intake
from ensue.domain.plan import plan, targeted
from ensue.domain.trigger import Trigger
from ensue.engine.clock import Clock
from ensue.engine.lanes import Lanes, Slot
from ensue.engine.rules import Rules
from ensue.engine.worker import Flight, Worker
from ensue.store.base import Changes, Receipt, Store, lanes_of
from ensue.telemetry import Telemetry

_UNDER_WAY: Final = 2
_OLDEST: Final = 1.0
"""Seconds that an event may wait for its commit before further ones are refused."""


class _Waiting(Struct, frozen=True):
    """An intake that waits for its commit. `only` is the one trigger that it is for (a test send, a pressed button)."""

    intake: Intake
    receipt: asyncio.Future[Receipt]
    only: Trigger | None = None
    flight: asyncio.Future[Flight] | None = None


class _Batch:
    """What one commit carries: the entries as planned, and the room that their first deliveries took."""

    def __init__(self, waiting: Sequence[_Waiting]) -> None:
        self.waiting = waiting
        self.entries: list[Entry] = []
        self.slots: list[tuple[Slot, ...]] = []

    def give_back(self, lanes: Lanes) -> None:
        """Nothing was committed: all room is free again."""
        for slots in self.slots:
            for slot in slots:
                lanes.release(slot)


class Ingest:
    """Accepts intakes and answers when they are on disk."""

    def __init__(
        self, store: Store, rules: Rules, lanes: Lanes, worker: Worker, clock: Clock, telemetry: Telemetry, most: int
    ) -> None:
        self._store = store
        self._rules = rules
        self._lanes = lanes
        self._worker = worker
        self._clock = clock
        self._telemetry = telemetry
        self._most = most
        self._waiting: list[_Waiting] = []
        self._entries = 0
        self._since: dict[asyncio.Task[None], float] = {}

    def submit(self, intake: Intake) -> asyncio.Future[Receipt]:
        """A receipt to await: what became of the intake, once it is on disk. EnsueError `unavailable` when too much
        waits already, before anything is stored."""
        self._refuse_overflow(1)
        return self._enqueue(intake)

    def submit_many(self, intakes: Sequence[Intake]) -> Sequence[asyncio.Future[Receipt]]:
        """The same for many, all of them in one commit."""
        self._refuse_overflow(len(intakes))
        return [self._enqueue(intake) for intake in intakes]

    async def submit_to(self, intake: Intake, trigger: Trigger) -> tuple[Receipt, Flight]:
        """Store `intake` with one delivery, to `trigger` alone, tried at once by this process; await `Flight.done`.

        EnsueError `unavailable`, before anything is stored, when there is no room to try it now.
        """
        self._refuse_overflow(1)
        flight: asyncio.Future[Flight] = asyncio.get_running_loop().create_future()
        waiting = _Waiting(intake, asyncio.get_running_loop().create_future(), trigger, flight)
        self._entries += 1
        await self._commit(_Batch([waiting]))
        return await waiting.receipt, await flight

    def _enqueue(self, intake: Intake) -> asyncio.Future[Receipt]:
        receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(intake, receipt))
        self._entries += 1
        if len(self._since) < _UNDER_WAY:
            self._commit_next()
        return receipt

    def _refuse_overflow(self, more: int) -> None:
        if self._entries and (self._entries + more > self._most or self._is_late()):
            raise EnsueError("unavailable", "More events wait for the disk than it can take; try again.", retry_after=1)

    def _is_late(self) -> bool:
        if len(self._since) < _UNDER_WAY:
            return False
        return asyncio.get_running_loop().time() - min(self._since.values()) > _OLDEST

    def _commit_next(self) -> None:
        loop = asyncio.get_running_loop()
        batch, self._waiting = _Batch(self._waiting), []
        task = loop.create_task(self._commit(batch))
        self._since[task] = loop.time()
        task.add_done_callback(self._committed)

    def _committed(self, task: asyncio.Task[None]) -> None:
        del self._since[task]
        if self._waiting and len(self._since) < _UNDER_WAY:
            self._commit_next()

    async def _commit(self, batch: _Batch) -> None:
        began = asyncio.get_running_loop().time()
        try:
            receipts = await self._store.append(lambda changes: self._plan(batch, changes))
        except BaseException as error:
            batch.give_back(self._lanes)
            self._refuse(batch, error)
            if not isinstance(error, Exception):
                raise
        else:
            self._conclude(batch, receipts)
            self._telemetry.committed(len(receipts), asyncio.get_running_loop().time() - began)
        finally:
            self._entries -= len(batch.waiting)

    def _plan(self, batch: _Batch, changes: Changes) -> Sequence[Entry]:
        """In the writer's turn: the debts that follow from the rules of now."""
        self._rules.learn(changes(self._rules.revision))
        now = self._clock()
        for waiting in batch.waiting:
            entry, slots = self._plan_one(waiting, now)
            batch.entries.append(entry)
            batch.slots.append(slots)
        return batch.entries

    def _plan_one(self, waiting: _Waiting, now: int) -> tuple[Entry, tuple[Slot, ...]]:
        event = waiting.intake.event
        if waiting.only is not None:
            entry = targeted(waiting.intake, waiting.only, now)
        else:
            entry = plan(waiting.intake, self._rules.index(event.project), now, self._rules.judge)
        if not entry.deliveries or entry.staged:
            return entry, ()
        return self._born_claimed(entry, now, needed=waiting.only is not None)

    def _born_claimed(self, entry: Entry, now: int, *, needed: bool) -> tuple[Entry, tuple[Slot, ...]]:
        """`entry` with those deliveries claimed by us that have room: one write and one hop less (design section 5)."""
        deliveries, slots = [], []
        for delivery in entry.deliveries:
            slot = self._worker.reserve(delivery, now)
            if slot is not None:
                slots.append(slot)
                delivery = self._worker.claimed(delivery, now)  # noqa: PLW2901 - the same debt, claimed
            elif needed:
                raise EnsueError("unavailable", "There is no room to try this now; try again.", retry_after=1)
            deliveries.append(delivery)
        return replace(entry, deliveries=tuple(deliveries)), tuple(slots)

    def _conclude(self, batch: _Batch, receipts: Sequence[Receipt]) -> None:
        """On disk: hand over what is ours, say where the rest waits, and answer."""
        for waiting, entry, slots, receipt in zip(batch.waiting, batch.entries, batch.slots, receipts, strict=True):
            if receipt.status != "stored":
                for slot in slots:
                    self._lanes.release(slot)
            elif entry.deliveries:
                self._hand_over(waiting, entry, slots)
            if not waiting.receipt.done():
                waiting.receipt.set_result(receipt)
            self._telemetry.received(waiting.intake.event, receipt.status)

    def _hand_over(self, waiting: _Waiting, entry: Entry, slots: tuple[Slot, ...]) -> None:
        mine = [delivery for delivery in entry.deliveries if delivery.claimed_until is not None]
        for delivery, slot in zip(mine, slots, strict=True):
            flight = self._worker.start(delivery, entry.event, slot)
            if waiting.flight is not None and not waiting.flight.done():
                waiting.flight.set_result(flight)
        if len(mine) < len(entry.deliveries):
            self._worker.note(lanes_of(_unclaimed(entry.deliveries)))

    def _refuse(self, batch: _Batch, error: BaseException) -> None:
        refusal = error if isinstance(error, Exception) else EnsueError("unavailable", "The server is stopping.")
        for waiting in batch.waiting:
            for future in (waiting.receipt, waiting.flight):
                if future is not None and not future.done():
                    future.set_exception(refusal)
                    future.exception()


def _unclaimed(deliveries: Sequence[Delivery]) -> list[Delivery]:
    return [delivery for delivery in deliveries if delivery.claimed_until is None]
