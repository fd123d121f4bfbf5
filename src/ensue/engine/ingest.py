"""Hides how events become durable: all that waits goes into one commit, planned when the writer's turn comes.

What waits is bounded; beyond that the answer is 503 with `Retry-After`, never a slow death (design section 7).
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ensue.domain.delivery import ACTION, Delivery, Entry
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.intake import Intake
from ensue.domain.plan import plan, targeted
from ensue.domain.press import Pressing
from ensue.domain.trigger import Trigger
from ensue.engine.awaited import Awaited
from ensue.engine.clock import Clock
from ensue.engine.gathering import Gathering
from ensue.engine.lanes import Lanes, Slot
from ensue.engine.rules import Rules
from ensue.engine.worker import Flight, Worker
from ensue.store.base import Changes, Receipt, Store, lanes_of
from ensue.telemetry import Telemetry

_log = logging.getLogger("ensue.engine")

_MOST: Final = 1_000
"""Entries in one commit, unless one request brings more."""
_OLDEST: Final = 1.0
"""Seconds that an event may wait for its commit before further ones are refused."""


class _Waiting(Struct, frozen=True):
    """An intake that waits for its commit. `only` is the one trigger that it is for (a test send); `press` what it owes
    besides, where it tells of a pressed button; `awaited` is who waits for an answer to it."""

    intake: Intake
    receipt: asyncio.Future[Receipt]
    only: Trigger | None = None
    press: Pressing | None = None
    awaited: Awaited | None = None

    def awaits(self, delivery: Delivery) -> bool:
        """Whether somebody waits for what comes of `delivery`, which it owes."""
        if self.awaited is not None:
            return self.awaited.wants(delivery)
        return self.only is not None or delivery.kind == ACTION

    @property
    def is_for_later(self) -> bool:
        """Whether it is for one trigger, which is to get it when it is due."""
        return self.only is not None and self.intake.due_at is not None

    def event_of(self, delivery: Delivery) -> Event:
        """The event that `delivery` sends: a pressed button, the one that shows it."""
        return self.press.shown_by if self.press is not None and delivery.kind == ACTION else self.intake.event


class _Planned(Struct, frozen=True):
    """What was planned of one that waited, and the room that its first deliveries took."""

    waiting: _Waiting
    entry: Entry
    slots: Sequence[Slot]


class _Batch:
    """What one commit carries: all of `waiting`, of which some were planned and some refused, by the rules of
    `revision`."""

    def __init__(self, waiting: Sequence[_Waiting] = ()) -> None:
        self.waiting = waiting
        self.planned: list[_Planned] = []
        self.refused: list[tuple[_Waiting, Exception]] = []
        self.revision = 0
        self.flights: list[Flight] = []


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
        self._entries = 0
        self._gathering: Gathering[_Waiting] = Gathering(lambda: self._commit(_Batch()))
        self._alone: set[asyncio.Task[None]] = set()

    def submit(self, intake: Intake) -> asyncio.Future[Receipt]:
        """A receipt to await: what became of the intake, once it is on disk. EnsueError `unavailable` when too much
        waits already, before anything is stored."""
        self.check_room(1)
        waiting = _Waiting(intake, asyncio.get_running_loop().create_future())
        self._entries += 1
        self._gathering.add((waiting,))
        return waiting.receipt

    def submit_many(self, intakes: Sequence[Intake]) -> Sequence[asyncio.Future[Receipt]]:
        """The same for many, all of them in one commit."""
        self.check_room(len(intakes))
        create_future = asyncio.get_running_loop().create_future
        waiting = [_Waiting(intake, create_future()) for intake in intakes]
        self._entries += len(waiting)
        if waiting:
            self._gathering.add(waiting)
        return [one.receipt for one in waiting]

    async def submit_to(self, intake: Intake, trigger: Trigger) -> tuple[Receipt, Flight | None]:
        """Store `intake` with one delivery, to `trigger` alone, tried at once by this process; await `Flight.ended`.
        No flight where nothing was stored, of which the receipt says why, and where the intake is due later.

        EnsueError `unavailable`, before anything is stored, when there is no room to try it now.
        """
        return await self._submit_alone(_Waiting(intake, asyncio.get_running_loop().create_future(), trigger))

    async def submit_press(self, press: Pressing) -> tuple[Receipt, Flight | None]:
        """The same for a pressed button; the receipt says `conflict` where somebody else pressed it first."""
        waiting = _Waiting(Intake(press.event), asyncio.get_running_loop().create_future(), press=press)
        return await self._submit_alone(waiting)

    async def submit_asked(self, intake: Intake, awaited: Awaited) -> Receipt:
        """The same for an event that is asked about: all that may answer is tried at once, and `awaited` told of it.

        EnsueError `not_found` when nobody may, and `unavailable` without room for all who may, before anything is
        stored.
        """
        waiting = _Waiting(intake, asyncio.get_running_loop().create_future(), awaited=awaited)
        return (await self._submit_alone(waiting))[0]

    async def _submit_alone(self, waiting: _Waiting) -> tuple[Receipt, Flight | None]:
        self.check_room(1)
        loop = asyncio.get_running_loop()
        batch = _Batch([waiting])
        self._entries += 1
        task = loop.create_task(self._commit(batch))
        self._alone.add(task)
        task.add_done_callback(self._alone.discard)
        await asyncio.shield(task)  # what is committed is ours to try, even if nobody waits any more
        return await waiting.receipt, batch.flights[0] if batch.flights else None

    def check_room(self, more: int) -> None:
        """Refuse `more` intakes where too much waits already: EnsueError `unavailable`."""
        if self._entries and (self._entries + more > self._most or self._is_late()):
            raise EnsueError("unavailable", "More events wait for the disk than it can take; try again.", retry_after=1)

    def _is_late(self) -> bool:
        since = self._gathering.waits_since()
        return since is not None and asyncio.get_running_loop().time() - since > _OLDEST

    async def _commit(self, batch: _Batch) -> None:
        began = asyncio.get_running_loop().time()
        try:
            receipts = await self._store.append(lambda changes: self._plan(batch, changes))
        except BaseException as error:
            self._give_up(batch, error)
            if not isinstance(error, Exception):
                raise
        else:
            self._rules.confirm(batch.revision)
            for planned, receipt in zip(batch.planned, receipts, strict=True):
                self._conclude(batch, planned, receipt)
            self._telemetry.committed(len(receipts), asyncio.get_running_loop().time() - began)
        finally:
            for waiting, refusal in batch.refused:
                _refuse(waiting, refusal)
                self._worker.nudge()
            self._entries -= len(batch.waiting)

    def _plan(self, batch: _Batch, changes: Changes) -> Sequence[Entry]:
        """In the writer's turn: the debts that follow from the rules of now. One that cannot be planned is refused and
        costs the others nothing."""
        if not batch.waiting:
            batch.waiting = self._gathering.take(_MOST)
        self._rules.catch_up(changes)
        batch.revision = self._rules.revision
        now = self._clock()
        for waiting in batch.waiting:
            slots: list[Slot] = []
            try:
                entry = self._plan_one(waiting, now, slots)
            except Exception as error:  # noqa: BLE001 - it goes to whoever waits for it
                for slot in slots:
                    self._lanes.release(slot)
                batch.refused.append((waiting, error))
            else:
                batch.planned.append(_Planned(waiting, entry, slots))
        return [planned.entry for planned in batch.planned]

    def _plan_one(self, waiting: _Waiting, now: int, slots: list[Slot]) -> Entry:
        event = waiting.intake.event
        if waiting.only is not None:
            entry = targeted(waiting.intake, waiting.only, now)
        else:
            entry = plan(
                waiting.intake, self._rules.index(event.project), now, self._rules.judge, self._rules.listeners
            )
        if waiting.awaited is not None:
            waiting.awaited.choose(entry.deliveries, self._rules.trigger)
        if waiting.press is not None:
            entry = replace(entry, deliveries=(waiting.press.delivery, *entry.deliveries), puts=waiting.press.puts)
        if not entry.deliveries or entry.staged or waiting.is_for_later:
            return entry
        return self._born_claimed(waiting, entry, now, slots)

    def _born_claimed(self, waiting: _Waiting, entry: Entry, now: int, slots: list[Slot]) -> Entry:
        """`entry` with those deliveries claimed by us that have room: one write and one hop less (design section 5)."""
        deliveries = []
        for delivery in entry.deliveries:
            slot = self._worker.reserve(delivery, now, ahead=waiting.awaits(delivery))
            if slot is not None:
                slots.append(slot)
                delivery = self._worker.claimed(delivery, now)  # noqa: PLW2901 - the same debt, claimed
            elif waiting.awaits(delivery):
                raise EnsueError("unavailable", "There is no room to try this now; try again.", retry_after=1)
            deliveries.append(delivery)
        return replace(entry, deliveries=tuple(deliveries)) if slots else entry

    def _conclude(self, batch: _Batch, planned: _Planned, receipt: Receipt) -> None:
        """On disk: hand over what is ours, say where the rest waits, and answer."""
        try:
            if receipt.status != "stored":
                self._give_back(planned.slots)
            elif planned.entry.deliveries:
                self._hand_over(batch, planned)
            self._telemetry.received(planned.entry.event, receipt.status)
        except Exception:  # noqa: BLE001 - logged with its stack
            _log.exception("the event %s is stored, but was not handed over", receipt.event_id)
        if not planned.waiting.receipt.done():
            planned.waiting.receipt.set_result(receipt)

    def _hand_over(self, batch: _Batch, planned: _Planned) -> None:
        deliveries = planned.entry.deliveries
        mine = [delivery for delivery in deliveries if delivery.claimed_until is not None]
        for delivery, slot in zip(mine, planned.slots, strict=True):
            awaited = planned.waiting.awaited
            if awaited is not None and awaited.wants(delivery) and not awaited.is_over:
                self._worker.watch(delivery.id, awaited)
            flight = self._worker.start(delivery, planned.waiting.event_of(delivery), slot)
            if planned.waiting.awaits(delivery):
                batch.flights.append(flight)
        if len(mine) < len(deliveries):
            self._worker.note(lanes_of(_unclaimed(deliveries)))

    def _give_up(self, batch: _Batch, error: BaseException) -> None:
        """Nothing was committed: all room is free again, and everybody hears why."""
        if not batch.waiting:
            batch.waiting = self._gathering.take(_MOST)
        for planned in batch.planned:
            self._give_back(planned.slots)
        refusal = error if isinstance(error, Exception) else EnsueError("unavailable", "The server is stopping.")
        for waiting in batch.waiting:
            _refuse(waiting, refusal)

    def _give_back(self, slots: Sequence[Slot]) -> None:
        for slot in slots:
            self._lanes.release(slot)
        if slots:
            self._worker.nudge()


def _refuse(waiting: _Waiting, refusal: Exception) -> None:
    if not waiting.receipt.done():
        waiting.receipt.set_exception(refusal)
        waiting.receipt.exception()  # whoever waited may be gone


def _unclaimed(deliveries: Sequence[Delivery]) -> list[Delivery]:
    return [delivery for delivery in deliveries if delivery.claimed_until is None]
