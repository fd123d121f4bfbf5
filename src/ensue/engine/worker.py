"""Hides how debts are paid: claims what is due where there is room, has it tried, and settles what came of it.

The rules of claims, leases and fences stand in the design, section 5. What this process has in flight is in `_flights`;
it is renewed before anything is claimed, so that we never claim it again ourselves. Nothing is claimed or sent while
outcomes cannot be kept.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from ensue.domain.delivery import (
    POISON,
    SCHEDULED,
    Attempt,
    Delivery,
    Failed,
    Interrupted,
    Later,
    Outcome,
    Poisoned,
    Result,
    Sent,
)
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.replay import fresh_lane
from ensue.engine.awaited import Awaited
from ensue.engine.clock import Clock
from ensue.engine.lanes import Lanes, Slot
from ensue.engine.loop import Loop
from ensue.engine.perform import Perform
from ensue.engine.settlement import Settlement, Try
from ensue.engine.slots import Slots
from ensue.store.base import Claimed, Store
from ensue.telemetry import Telemetry

_log = logging.getLogger("ensue.engine")

QUICK: Final = 100
"""A receiver that answers within so many milliseconds gets its deliveries claimed ahead."""

_MOST_WAIT: Final = 60.0
"""Seconds between two looks when nothing is known to be due."""
_PAUSE: Final = 0.2
_LAST_COMMITS: Final = 3.0
"""Seconds beyond the grace for keeping what came of the last tries."""


class Ended(Struct, frozen=True):
    """How a try ended: the delivery as it was settled and the attempt that is kept of it (None: it was not ours any
    more)."""

    delivery: Delivery | None
    attempt: Attempt | None


class Flight:
    """A delivery that this process holds: its claim, until when, and what is done when it is settled.

    `lost`: the claim is somebody else's, or nobody's, by now.
    """

    __slots__ = ("_end", "_ended", "claim", "delivery", "event", "lost", "slot", "task", "until")

    def __init__(self, delivery: Delivery, event: Event | None, slot: Slot) -> None:
        self.delivery = delivery
        self.event = event
        self.slot = slot
        self.claim = delivery.claim
        self.until = delivery.claimed_until or 0
        self.lost = False
        self.task: asyncio.Task[None] | None = None
        self._end: Ended | None = None
        self._ended: asyncio.Future[Ended] | None = None

    def lose(self) -> None:
        """The claim is gone: nothing may be sent by it any more."""
        self.lost = True
        self.until = 0

    def ended(self) -> asyncio.Future[Ended]:
        """What to await for the end of this try; done at once where it came first, as it may where nobody is called."""
        if self._ended is None:
            self._ended = asyncio.get_running_loop().create_future()
            if self._end is not None:
                self._ended.set_result(self._end)
        return self._ended

    def end(self, end: Ended) -> None:
        """It is settled: tell who awaits it, now or later."""
        self._end = end
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(end)


class Worker:
    """Pays debts until it is stopped."""

    def __init__(
        self,
        store: Store,
        lanes: Lanes,
        perform: Perform,
        settlement: Settlement,
        clock: Clock,
        telemetry: Telemetry,
        lease: float,
    ) -> None:
        self._store = store
        self._lanes = lanes
        self._perform = perform
        self._settlement = settlement
        self._clock = clock
        self._telemetry = telemetry
        self._lease = round(lease * 1000)
        self._flights: dict[str, Flight] = {}
        self._slots: Slots[Flight] = Slots()
        self._watched: dict[str, Awaited] = {}
        self._renewed_at = clock()
        self._wake = asyncio.Event()
        self._stopping = self._over = False
        self._claiming = Loop("claims", self._pass)
        self._renewing = Loop("renewals", self._renew_in_time)

    def start_loops(self) -> None:
        """Begin to claim and to renew."""
        self._claiming.start()
        self._renewing.start()

    def note(self, lanes: Mapping[str, int]) -> None:
        """Lanes have something due at these times."""
        for lane, due_at in lanes.items():
            self._lanes.note(lane, due_at)
        self._wake.set()

    def wake(self) -> None:
        """Look at all lanes again: rules changed, or time was turned."""
        self._lanes.wake()
        self._wake.set()

    def nudge(self) -> None:
        """There may be room now."""
        self._wake.set()

    def reserve(self, delivery: Delivery, now: int, *, ahead: bool = False) -> Slot | None:
        """Room to try a fresh delivery without claiming it, or None; `ahead` of older ones. Called in the writer's
        turn."""
        if self._stopping or not self._settlement.flows:
            return None
        return self._lanes.reserve(delivery.lane, self._perform.room(delivery.lane), now, ahead=ahead)

    def watch(self, delivery_id: str, awaited: Awaited) -> None:
        """Tell `awaited` of each try of a delivery, until `unwatch`."""
        self._watched[delivery_id] = awaited

    def unwatch(self, awaited: Awaited) -> None:
        """Nobody waits there any more."""
        for delivery_id in awaited.deliveries:
            self._watched.pop(delivery_id, None)

    def claimed(self, delivery: Delivery, now: int) -> Delivery:
        """`delivery` as born claimed by this process."""
        until = now + self._lease
        return replace(delivery, claim=1, lost=1, claimed_until=until, due_at=until)

    def start(self, delivery: Delivery, event: Event | None, slot: Slot) -> Flight:
        """Try a delivery that is ours."""
        flight = Flight(delivery, event, slot)
        self._register(flight)
        if self._over:
            self._settle(flight, Interrupted(), self._clock())
        elif delivery.lost > POISON:
            self._settle(flight, Poisoned(), self._clock())
        elif delivery.kind == SCHEDULED:
            self._settle(flight, Sent(), self._clock())
        elif self._slots.enter(lane := fresh_lane(delivery.lane), flight, max(1, self._perform.room(lane).lane)):
            self._run(flight)
        return flight

    def _run(self, flight: Flight) -> None:
        flight.task = asyncio.get_running_loop().create_task(self._try(flight))

    def _over_with(self, lane: str, *, quick: bool) -> None:
        """A try of `lane` is over: the next one has its place. A lane that is not quick any more, or has no room for
        any, lets go of what was claimed ahead: nobody else should lack the room that it takes."""
        self._lanes.pace(lane, quick=quick)
        fresh = fresh_lane(lane)
        if not quick or not self._perform.room(lane).lane:
            self._put_off(self._slots.clear(fresh), "the trigger was disabled or slow before it was sent")
        following = self._slots.leave(fresh)
        if following is not None:
            self._run(following)

    def _put_off(self, flights: Sequence[Flight], reason: str) -> None:
        """Let go of what was claimed ahead and not tried."""
        now = self._clock()
        for flight in flights:
            self._settle(flight, Later(now, reason), None)

    def _register(self, flight: Flight) -> None:
        """Of two flights of one delivery the later claim counts: it was cancelled and asked for again meanwhile, or our
        first claim ran out before we heard of it."""
        other = self._flights.get(flight.delivery.id)
        if other is not None and other.claim > flight.claim:
            flight.lose()
            return
        if other is not None:
            other.lose()
        self._flights[flight.delivery.id] = flight

    def in_flight(self) -> Sequence[str]:
        """The ids of the deliveries that this process holds."""
        return list(self._flights)

    async def stop(self, grace: float) -> None:
        """Claim no more, wait up to `grace` seconds for answers, release the rest as interrupted."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace
        self._stopping = True
        self._wake.set()
        self._put_off(self._slots.clear(), "the server stopped before it was sent")
        try:
            async with asyncio.timeout_at(deadline + _LAST_COMMITS):
                await self._claiming.finish()  # not cancelled: what it claims just now is released below
        except TimeoutError:
            _log.warning("the last claim did not end within the grace")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                await self._landed()
        self._over = True
        self._put_off(self._slots.clear(), "the server stopped before it was sent")
        for task in self._trying():
            task.cancel()
        await self._landed()
        await self._settlement.drained(max(0.0, deadline - loop.time()) + _LAST_COMMITS)
        await self._renewing.stop()
        for flight in list(self._flights.values()):
            self._settled(flight, None)

    async def _landed(self) -> None:
        """Return when no try is under way: one whose commit was on its way at the stop begins after it."""
        while tasks := self._trying():
            await asyncio.wait(tasks)

    def _trying(self) -> list[asyncio.Task[None]]:
        tasks = (flight.task for flight in self._flights.values())
        return [task for task in tasks if task is not None and not task.done()]

    async def _pass(self) -> None:
        """Claim for every lane that is due and has room; then wait until there is more.

        `now` is read before the renewal: what was renewed after it cannot be due at it, however long we were stopped
        between the two.
        """
        self._wake.clear()
        if self._stopping:
            return
        if not self._settlement.flows:
            await self._rest(_MOST_WAIT)
            return
        now = self._clock()
        if now - self._renewed_at > self._lease // 3:
            await self._renew()
        rooms = self._lanes.take(now)
        if rooms:
            await self._claim(rooms, now)
        else:
            due = self._lanes.next_due()
            await self._rest(_MOST_WAIT if due is None else min(_MOST_WAIT, (due - self._clock()) / 1000))

    async def _rest(self, seconds: float) -> None:
        """Until we are woken, or for so long."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _claim(self, rooms: Mapping[str, int], now: int) -> None:
        try:
            claims = await self._store.claim(rooms, now, now + self._lease)
        except BaseException:
            for lane, room in rooms.items():
                self._lanes.taken(lane, room, 0, now)
            raise
        by_lane: dict[str, list[Claimed]] = {lane: [] for lane in rooms}
        for claimed in claims.claimed:
            by_lane[claimed.delivery.lane].append(claimed)
        for lane, found in by_lane.items():
            slot = self._lanes.taken(lane, rooms[lane], len(found), claims.due.get(lane))
            for claimed in found:
                self.start(claimed.delivery, claimed.event, slot)

    async def _try(self, flight: Flight) -> None:
        began = self._clock()
        result: Result | None = None
        try:
            result = await self._perform(flight.delivery, flight.event, lambda: self._may_send(flight))
            while result is None:
                if not await self._regain(flight):
                    self._drop(flight)
                    return
                began = self._clock()
                result = await self._perform(flight.delivery, flight.event, lambda: self._may_send(flight))
        except asyncio.CancelledError:
            result = Interrupted()
        except Exception as error:  # noqa: BLE001 - logged with its stack
            _log.exception("the try of the delivery %s broke", flight.delivery.id)
            result = Failed(f"internal: {error!r}"[:300])
        finally:
            self._over_with(flight.delivery.lane, quick=isinstance(result, Sent) and self._clock() - began < QUICK)
        self._settle(flight, result, began)

    def _may_send(self, flight: Flight) -> bool:
        """Asked just before a request is written."""
        return flight.until > self._clock() and self._settlement.flows

    async def _regain(self, flight: Flight) -> bool:
        """Whether the claim, run out before the request was written, is still ours; renewed if so."""
        while not flight.lost:
            await self._settlement.flowing()
            until = self._clock() + self._lease
            try:
                held = await self._store.renew([(flight.delivery.id, flight.claim)], until)
            except EnsueError:
                await asyncio.sleep(_PAUSE)  # whether it is ours cannot be told now
                continue
            if not held:
                flight.lose()
            elif not flight.lost:
                flight.until = until
                return True
        return False

    def _settle(self, flight: Flight, result: Result, began: int | None) -> None:
        """The slot is free as soon as the try is over; the flight is ours until it is settled. `began` is None where
        nothing was tried."""
        self._release(flight)
        trial = Try(flight.delivery, flight.event, result, began, self._clock())
        self._settlement.add(trial, lambda outcome: self._settled(flight, outcome, result))

    def _release(self, flight: Flight) -> None:
        if self._lanes.release(flight.slot):
            self._wake.set()

    def _drop(self, flight: Flight) -> None:
        """It was taken from us before anything was sent: nothing to say."""
        self._release(flight)
        self._settled(flight, None)

    def _settled(self, flight: Flight, outcome: Outcome | None, result: Result | None = None) -> None:
        if self._flights.get(flight.delivery.id) is flight:
            del self._flights[flight.delivery.id]
        flight.end(Ended(None, None) if outcome is None else Ended(outcome.delivery, outcome.attempt))
        awaited = self._watched.get(flight.delivery.id)
        if awaited is not None and flight.delivery.id not in self._flights:
            awaited.told(flight.delivery.id, None if outcome is None else outcome.delivery, result)

    async def _renew_in_time(self) -> None:
        await asyncio.sleep(self._lease / 3000)
        await self._renew()

    async def _renew(self) -> None:
        """Renew all that is in flight, in one statement, also what has run out; what is not ours any more is lost."""
        now = self._clock()
        flights = [flight for flight in self._flights.values() if not flight.lost]
        if flights:
            until = now + self._lease
            held = set(await self._store.renew([(flight.delivery.id, flight.claim) for flight in flights], until))
            for flight in flights:
                if flight.delivery.id not in held:
                    flight.lose()
                elif not flight.lost:
                    flight.until = until
        self._renewed_at = now
