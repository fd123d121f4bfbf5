"""Hides how the parts of the engine belong together: what a voice or a view is handed to work with."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from msgspec import Raw, Struct

from ensue.domain import ids
from ensue.domain.delivery import ACTION, SCHEDULED, Attempt, Delivery
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event, decode_event
from ensue.domain.finding import Sought
from ensue.domain.intake import Intake, Limits
from ensue.domain.tally import Tally, TallyQuery
from ensue.domain.thread import Thread, context_of
from ensue.domain.trigger import Trigger
from ensue.engine.actions import Actions
from ensue.engine.asking import Asking
from ensue.engine.clock import Clock
from ensue.engine.condition import Condition
from ensue.engine.demo import Demo
from ensue.engine.devices import Devices
from ensue.engine.eventing import Eventing
from ensue.engine.feed import Feed
from ensue.engine.ingest import Ingest
from ensue.engine.keys import Keys
from ensue.engine.naming import Naming
from ensue.engine.people import People
from ensue.engine.replays import Replays
from ensue.engine.retention import Retention
from ensue.engine.rules import Rules
from ensue.engine.scheduler import Scheduler
from ensue.engine.subscriber_lists import SubscriberLists
from ensue.engine.subscribers import Subscribers
from ensue.engine.tenants import Tenants
from ensue.engine.triggers import Triggers
from ensue.engine.views import Views
from ensue.engine.worker import Ended, Worker
from ensue.store.base import DeliveryPage, DeliveryQuery, EventPage, EventQuery, Selection, Store


class Parts(Struct, frozen=True, kw_only=True):
    """What an engine is made of; composed in `app.py`."""

    store: Store
    rules: Rules
    keys: Keys
    people: People
    devices: Devices
    demo: Demo
    triggers: Triggers
    eventing: Eventing
    actions: Actions
    subscribers: Subscribers
    tenants: Tenants
    subscriber_lists: SubscriberLists
    ingest: Ingest
    worker: Worker
    replays: Replays
    scheduler: Scheduler
    retention: Retention
    feed: Feed
    views: Views
    condition: Condition
    clock: Clock
    limits: Limits
    heartbeat: float
    grace: float
    close: Callable[[], Awaitable[None]]


class Known(Struct, frozen=True):
    """An event and where it stands: `recorded` in the log, `scheduled` for `due_at` (ms), or `cancelled` before it."""

    event: Event
    state: str
    due_at: int | None = None


class Engine:
    """Everything that happens, behind one door. All verbs are of one project; another's id is `not_found`."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self.keys = parts.keys
        self.people = parts.people
        self.devices = parts.devices
        self.demo = parts.demo
        self.triggers = parts.triggers
        self.eventing = parts.eventing
        self.actions = parts.actions
        self.subscribers = parts.subscribers
        self.tenants = parts.tenants
        self.subscriber_lists = parts.subscriber_lists
        self.ingest = parts.ingest
        self.replays = parts.replays
        self.feed = parts.feed
        self.condition = parts.condition
        self.clock = parts.clock
        self.limits = parts.limits
        self.heartbeat = parts.heartbeat
        self.rules = parts.rules
        self._asking = Asking(parts.ingest, parts.worker, parts.rules, parts.clock)
        self._naming = Naming(parts.rules)
        self._stopping: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        parts.people.projects.on_delete(parts.retention.clearing.wake)

    async def start(self) -> None:
        """Begin: the store is open. Whoever was told to stop before begins nothing."""
        async with self._turn:
            if self._stopping is not None:
                return
            await self._parts.scheduler.start()
            await self._parts.feed.start()
            self._parts.views.start()
            self._parts.worker.start_loops()
            await self._parts.replays.start()
            self._parts.retention.start()

    def wake(self) -> None:
        """Look at every lane again: time was turned."""
        self._parts.worker.wake()
        self._asking.wake()

    def begin_stop(self) -> None:
        """Begin to stop within the grace: streams first, then what is under way; what is left is released."""
        if self._stopping is None:
            self._stopping = asyncio.get_running_loop().create_task(self._stop())

    async def stop(self) -> None:
        """`begin_stop` if nobody did, and wait for its end."""
        self.begin_stop()
        if self._stopping is not None:
            await self._stopping

    async def _stop(self) -> None:
        async with self._turn:  # what is being started is started first: else it would go on after the stop
            pass
        await self._parts.feed.stop()
        await self._parts.views.stop()
        self._asking.begin_stop()
        await self._parts.replays.stop()
        await self._parts.retention.stop()
        await self._parts.scheduler.stop()
        await self._parts.worker.stop(self._parts.grace)
        await self._asking.stop()
        await self.people.accounts.close()
        await self.keys.uses.settled()
        await self._parts.close()

    # events

    async def event(self, project: str, event_id: str) -> Known:
        """One event, in the log or scheduled. EnsueError `not_found`."""
        if ids.is_event_id(event_id):
            for event in await self._store.events(project, [event_id]):
                return Known(event, "recorded")
            scheduled = await self._scheduled_delivery(project, event_id)
            if scheduled is not None:
                return _known(scheduled)
            for event in await self._store.events(project, [event_id]):  # it was emitted between the two looks
                return Known(event, "recorded")
        raise _no_event(event_id)

    async def events(self, query: EventQuery) -> EventPage:
        """A page of the log."""
        return await self._store.page(query)

    async def threads(self, project: str, events: Sequence[Event]) -> Mapping[str, Thread]:
        """The thread of each of these events of the log that does not stand alone, by the event's id."""
        found = await self._store.threads(project, [context_of(event) for event in events])
        mine = ((event, found.get(context_of(event))) for event in events)
        return {
            event.id: thread
            for event, thread in mine
            if thread is not None and thread.count and (event.context is not None or thread.root == event.id)
        }

    async def scheduled(self, query: DeliveryQuery) -> tuple[Sequence[Known], str | None]:
        """A page of the events that are not due yet, those accepted last first, and the `next` of the page."""
        page = await self._store.deliveries(query)
        return [_known(delivery) for delivery in page.items], page.next

    async def cancel_event(self, project: str, event_id: str) -> Known:
        """Cancel a scheduled event that has not run; its idempotency key is free again. EnsueError `not_found`,
        `conflict` when it is in the log already."""
        scheduled = await self._scheduled_delivery(project, event_id) if ids.is_event_id(event_id) else None
        if scheduled is not None:  # by its own id: what an event owes once it has happened is not meant
            selection = Selection(project=project, ids=[scheduled.id])
            await self._store.cancel(selection, "cancelled", self.clock())
        known = await self.event(project, event_id)
        if known.state == "recorded":
            raise EnsueError("conflict", "This event has happened; only a scheduled one can be cancelled.")
        return known

    async def remove_event(self, project: str, event_id: str) -> None:
        """Remove an event for good: its data and card, not its attempts. EnsueError `not_found`."""
        if not ids.is_event_id(event_id) or not await self._store.remove(project, event_id, self.clock()):
            raise _no_event(event_id)

    async def _scheduled_delivery(self, project: str, event_id: str) -> Delivery | None:
        query = DeliveryQuery(project=project, event_id=event_id, kind=SCHEDULED, limit=1)
        items = (await self._store.deliveries(query)).items
        return items[0] if items and items[0].payload else None

    async def send_to(self, intake: Intake, trigger: Trigger) -> Ended:
        """Store `intake` with one delivery, to `trigger` alone, try it now and wait for what came of it.

        EnsueError `unavailable` when there is no room now, `conflict` when it is a repeat.
        """
        receipt, flight = await self.ingest.submit_to(intake, trigger)
        if flight is None:
            raise EnsueError("conflict", f"Nothing was sent: this was said before, by the event {receipt.event_id}.")
        return await flight.ended()

    async def send_later_to(self, intake: Intake, trigger: Trigger) -> Delivery:
        """The same for an `intake` that is due later: its one delivery, which waits until then."""
        receipt, _ = await self.ingest.submit_to(intake, trigger)
        if receipt.status != "stored":
            raise receipt.refusal()
        query = DeliveryQuery(project=trigger.project, event_id=intake.event.id, limit=1)
        return (await self._store.deliveries(query)).items[0]

    async def ask(self, intake: Intake, patience: float) -> Raw:
        """Store `intake`, try at once all whose receivers may answer with a response, and give the first one (JSON).

        An event that is due within `patience` (seconds) is stored when it is. EnsueError `not_found` when no trigger
        that may answer matches, `unavailable` without room for all that do, `conflict` for a repeat: then nothing is
        stored. `timeout` when no response came, or none can come any more: what was stored goes on.
        """
        return await self._asking.ask(intake, patience)

    async def tallies(self, query: TallyQuery) -> Sequence[Tally]:
        """How many events or deliveries there are, by what is asked for."""
        return await self._store.tallies(query)

    # deliveries

    async def deliveries(self, query: DeliveryQuery) -> DeliveryPage:
        """A page of deliveries."""
        return await self._store.deliveries(query)

    async def sought(self, project: str, words: Sequence[str]) -> Sought | None:
        """A question about the deliveries of a project, with the names and addresses of its triggers."""
        return await self._naming.sought(project, words)

    async def delivery(self, project: str, delivery_id: str) -> Delivery:
        """One delivery. EnsueError `not_found`."""
        found = await self._store.delivery(project, delivery_id)
        if found is None:
            raise EnsueError("not_found", f"There is no delivery {delivery_id[:80]!r} in this project.")
        return found

    async def attempts(self, project: str, delivery_id: str) -> Sequence[Attempt]:
        """The attempts of a delivery, oldest first. EnsueError `not_found`."""
        await self.delivery(project, delivery_id)
        return await self._store.attempts(delivery_id)

    async def retry(self, project: str, delivery_id: str) -> Delivery:
        """Try a delivery again now: the same delivery, with as many more attempts as its trigger gives.

        EnsueError `not_found`, `conflict` while it is under way or when it was delivered.
        """
        delivery = await self.delivery(project, delivery_id)
        if delivery.kind == SCHEDULED and delivery.state == "cancelled":
            raise EnsueError("conflict", "This event was cancelled, and its idempotency key is free; send it again.")
        if delivery.kind == ACTION:
            raise EnsueError("conflict", "This is what a pressed button owed, and it is tried once; press it again.")
        now = self.clock()
        trigger = self.rules.trigger(delivery.trigger)
        extra = trigger.retry.attempts if trigger is not None else 1
        changed = await self._store.reschedule(Selection(project=project, ids=[delivery_id]), now, now, extra)
        if not changed:
            raise EnsueError("conflict", _why_not(await self.delivery(project, delivery_id)))
        self._parts.worker.note({delivery.lane: now})
        return changed[0]

    async def cancel(self, project: str, delivery_id: str) -> tuple[Delivery, bool]:
        """Stop a delivery; whether it was in flight, so that it may arrive all the same.

        EnsueError `not_found`, `conflict` when it has ended, or is a pressed button's: that ends by itself.
        """
        if (await self.delivery(project, delivery_id)).kind == ACTION:
            raise EnsueError("conflict", "This is what a pressed button owes; its one try ends by itself.")
        selection = Selection(project=project, ids=[delivery_id])
        cancelled = await self._store.cancel(selection, "cancelled", self.clock())
        delivery = await self.delivery(project, delivery_id)
        if not cancelled.count:
            raise EnsueError("conflict", f"This delivery is {delivery.state}; there is nothing to stop.")
        return delivery, bool(cancelled.in_flight)


def _known(delivery: Delivery) -> Known:
    event = decode_event(bytes(delivery.payload))
    return Known(event, "scheduled" if delivery.state == "pending" else "cancelled", delivery.due_at)


def _no_event(event_id: str) -> EnsueError:
    return EnsueError("not_found", f"There is no event {event_id[:80]!r} in this project.")


def _why_not(delivery: Delivery) -> str:
    if delivery.state == "delivered":
        return "This delivery has arrived; to send the event again, replay it."
    return "This delivery is under way; wait for its answer, or cancel it."
