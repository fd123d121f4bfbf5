"""Hides nothing but the backend: the executable meaning of the protocol, in dicts and lists, for tests and reading.

Every verb runs to its end without giving way, so each is atomic. Nothing outlives the process.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

from msgspec.structs import replace

from ensue.domain.delivery import SCHEDULED, Attempt, Delivery, Entry, Outcome
from ensue.domain.delivery import State as DeliveryState
from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.event import EMPTY, Event
from ensue.domain.thread import Thread
from ensue.store.base import (
    STEP,
    Cancelled,
    Claimed,
    Claims,
    Decision,
    DeliveryPage,
    DeliveryQuery,
    EventPage,
    EventQuery,
    Health,
    LaneDue,
    Plan,
    Pruned,
    Reading,
    Receipt,
    Selection,
    Verdict,
    lanes_of,
)
from ensue.store.past import Past, Stretch
from ensue.store.remembered import State, before, delivery_fits, event_fits, selected
from ensue.store.remembered_past import past
from ensue.store.remembered_streaks import RememberedStreaks
from ensue.store.remembered_views import RememberedViews


class MemoryStore(RememberedViews, RememberedStreaks):
    """A store in memory. `address` is ignored."""

    def __init__(self, address: str = "") -> None:
        self.address = address
        self._state = State()
        self._open = False
        self._news = asyncio.Event()
        self._commits = 0

    # life

    async def open(self, now: int) -> None:
        """As `Store.open`; what was kept before a `close` is still there."""
        self._open, self._news = True, asyncio.Event()
        for one in self._state.deliveries.values():
            if one.state == "pending" and one.claimed_until is not None:
                self._state.keep(replace(one, claimed_until=None, due_at=now))

    async def open_beside(self) -> None:
        """Nobody else can see it: EnsueError `invalid`."""
        raise EnsueError("invalid", "What the memory store holds lives in its server alone; use the server's API.")

    async def close(self) -> None:
        """As `Store.close`."""
        self._open = False

    async def wait(self, timeout: float) -> bool:
        """As `Store.wait`. Claims, renewals and pruning are no news."""
        try:
            await asyncio.wait_for(self._news.wait(), timeout)
        except TimeoutError:
            return False
        self._news.clear()
        return True

    async def backup(self, path: str) -> None:
        """There is nothing to back up: EnsueError `invalid`."""
        raise EnsueError("invalid", f"The memory store keeps nothing that could be written to {path}; use sqlite.")

    async def prune(self, project: str, before: int, test_before: int, after: str | None, limit: int) -> Pruned:  # noqa: ARG002 - begins anew
        """As `Store.prune`."""
        state, limit = self._writing(), min(limit, STEP)
        owing = {one.event_id for one in state.deliveries.values() if one.state == "pending"}
        old = [one for one in state.log.values() if one.project == project and one.id not in owing]
        old = [one for one in old if one.happened_at < (max(before, test_before) if one.is_test else before)]
        ended = [one for one in state.deliveries.values() if one.project == project and one.state != "pending"]
        ended = [one for one in ended if one.ended_at is not None and one.ended_at < before]
        state.forget(old[:limit])
        if old:
            state.floor = min(state.log, default=state.cursor + 1) - 1
        for delivery in ended[: max(0, limit - len(old))]:
            for kept in (state.deliveries, state.numbers, state.attempts, state.staged):
                kept.pop(delivery.id, None)
        found = len(old) + len(ended)
        return Pruned(min(found, limit), "more" if found > limit else None)

    async def health(self, now: int) -> Health:  # noqa: ARG002 - nothing to try
        """As `Store.health`."""
        return Health(self._open, () if self._open else ("The store is closed.",), None, self._commits, 0.0)

    def _reading(self) -> State:
        if not self._open:
            raise EnsueError("unavailable", "The store is closed.")
        return self._state

    def _writing(self, *, news: bool = False) -> State:
        state = self._reading()
        self._commits += 1
        if news:
            self._news.set()
        return state

    # log

    async def append(self, plan: Plan) -> Sequence[Receipt]:
        """As `Store.append`."""
        entries = plan(self._state.changes)
        self._writing(news=bool(entries))
        return [self._append(entry) for entry in entries]

    def _append(self, entry: Entry) -> Receipt:
        state, event = self._state, entry.event
        repeated = self._state.repeat(entry)
        if repeated is not None:
            return repeated
        try:
            changed = state.changed(entry.puts)
        except EnsueError:
            return Receipt("conflict", event.id)
        state.write(changed)
        keys = [(event.project, once.digest) for once in entry.once]
        for key, once in zip(keys, entry.once, strict=True):
            state.promises[key] = (event.id, once.body, event.received_at)
        for delivery in entry.deliveries:
            self._state.keep(delivery)
            if entry.staged:
                state.staged[delivery.id] = keys
        if entry.staged:
            return Receipt("stored", event.id)
        state.cursor += 1
        state.enter(event, state.cursor)
        return Receipt("stored", event.id, f"{state.epoch}.{state.cursor}")

    async def head(self) -> str:
        """As `Store.head`."""
        return f"{self._reading().epoch}.{self._state.cursor}"

    async def read(self, after: str | None, limit: int) -> Reading:
        """As `Store.read`."""
        state = self._reading()
        epoch, _, place = (after or "").partition(".")
        known = epoch == state.epoch and place.isdigit() and state.floor <= int(place) <= state.cursor
        start = int(place) if known else state.floor
        found = list(islice(((n, one) for n, one in state.log.items() if n > start), limit))
        events = [(f"{state.epoch}.{cursor}", event) for cursor, event in found]
        return Reading(events, events[-1][0] if events else f"{state.epoch}.{start}", after is not None and not known)

    async def events(self, project: str, ids: Sequence[str]) -> Sequence[Event]:
        """As `Store.events`."""
        state = self._reading()
        found = [state.log[state.cursors[one]] for one in dict.fromkeys(ids) if one in state.cursors]
        return [event for event in found if event.project == project]

    async def page(self, query: EventQuery) -> EventPage:
        """As `Store.page`."""
        log, below = self._reading().log, before(query.before)
        wanted = ((n, event) for n, event in reversed(log.items()) if n < below and event_fits(event, query))
        wanted = (found for found in wanted if not query.feed or self._state.in_feed(found[1]))
        items = list(islice(wanted, query.limit))
        return EventPage([event for _, event in items], str(items[-1][0]) if len(items) == query.limit else None)

    async def past(self, query: Past) -> Stretch:
        """As `Store.past`."""
        return past(self._reading(), query)

    async def threads(self, project: str, contexts: Sequence[str]) -> Mapping[str, Thread]:
        """As `Store.threads`."""
        known = self._reading().threads
        return {one: self._state.thread(project, one) for one in dict.fromkeys(contexts) if (project, one) in known}

    async def remove(self, project: str, event_id: str, now: int) -> bool:
        """As `Store.remove`."""
        state = self._reading()
        mine = [one for one in state.deliveries.values() if (one.event_id, one.project) == (event_id, project)]
        there = await self.events(project, [event_id])
        if not there and not any(one.payload and one.kind == SCHEDULED for one in mine):
            return False
        self._writing(news=True)
        for delivery in mine:
            if delivery.state == "pending":
                self._cancel(delivery, "event removed", now)
            self._state.keep(replace(state.deliveries[delivery.id], payload=EMPTY))
        state.forget(there)
        return True

    # debts

    async def claim(self, rooms: Mapping[str, int], now: int, until: int) -> Claims:
        """As `Store.claim`."""
        state = self._writing()
        claimed: list[Claimed] = []
        for lane, room in rooms.items():
            due = [one for one in state.deliveries.values() if one.state == "pending" and one.lane == lane]
            due = sorted((one for one in due if one.due_at <= now), key=lambda one: one.due_at)
            for one in due[:room]:
                held = replace(one, claim=one.claim + 1, lost=one.lost + 1, claimed_until=until, due_at=until)
                self._state.keep(held)
                cursor = state.cursors.get(one.event_id) if one.kind != SCHEDULED else None
                claimed.append(Claimed(held, None if cursor is None else state.log[cursor]))
        mine = (one for one in state.deliveries.values() if one.lane in rooms)
        return Claims(claimed, lanes_of(mine))

    async def renew(self, claims: Sequence[tuple[str, int]], until: int) -> Sequence[str]:
        """As `Store.renew`."""
        state = self._writing()
        held: list[str] = []
        for delivery_id, claim in claims:
            one = state.deliveries.get(delivery_id)
            if one is None or (one.state, one.claim) != ("pending", claim) or one.claimed_until is None:
                continue
            self._state.keep(replace(one, claimed_until=until, due_at=until))
            held.append(delivery_id)
        return held

    async def settle(self, decision: Decision, patience: float = 0.0) -> Sequence[Verdict]:  # noqa: ARG002 - no disk
        """As `Store.settle`; at once."""
        outcomes = decision(self._state.changes)
        self._writing(news=bool(outcomes))
        return [self._settle(outcome) for outcome in outcomes]

    def _settle(self, outcome: Outcome) -> Verdict:
        state, delivery = self._state, outcome.delivery
        known = state.deliveries.get(delivery.id)
        held = known is not None and known.state == "pending" and known.claimed_until is not None
        if known is None or not held or known.claim != delivery.claim:
            if known is not None and outcome.attempt is not None:
                state.record(replace(outcome.attempt, late=True))
            return "late"
        emits = [emit for emit in outcome.emits if self._state.repeat(emit) is None]
        try:
            changed = state.changed([*outcome.puts, *(put for emit in emits for put in emit.puts)])
        except EnsueError:
            return "conflict"
        state.write(changed)
        self._hear(outcome.heard)
        arrived = delivery.state == "delivered"
        self._state.keep(replace(delivery, payload=EMPTY if arrived else known.payload))
        if outcome.attempt is not None:
            state.record(outcome.attempt)
        for following in outcome.next:
            self._state.keep(following)
        for emit in emits:
            self._append(replace(emit, puts=()))
        return "accepted"

    async def owe(self, deliveries: Sequence[Delivery], puts: Sequence[Put]) -> None:
        """As `Store.owe`."""
        state = self._writing(news=True)
        state.write(state.changed(puts))
        for one in deliveries:
            state.keep(one)

    async def due(self, lane: str, now: int, most: int) -> int:
        """As `Store.due`."""
        there = (one for one in self._reading().deliveries.values() if (one.lane, one.state) == (lane, "pending"))
        return min(most, sum(one.due_at <= now and one.claimed_until is None for one in there))

    async def unarrived(self, replay: str) -> Mapping[DeliveryState, int]:
        """As `Store.unarrived`."""
        found = (one for one in self._reading().deliveries.values() if one.replay == replay)
        return Counter(one.state for one in found if one.state != "delivered")

    async def lanes(self, after: str | None, limit: int) -> Sequence[LaneDue]:
        """As `Store.lanes`."""
        due = sorted(lanes_of(self._reading().deliveries.values()).items())
        return [LaneDue(lane, due_at) for lane, due_at in due if lane > (after or "")][:limit]

    async def deliveries(self, query: DeliveryQuery) -> DeliveryPage:
        """As `Store.deliveries`."""
        state, below = self._reading(), before(query.before)
        wanted = (
            one
            for one in reversed(state.deliveries.values())
            if state.numbers[one.id] < below and delivery_fits(one, query) and state.is_sought(one, query.sought)
        )
        items = list(islice(wanted, query.limit))
        return DeliveryPage(items, str(state.numbers[items[-1].id]) if len(items) == query.limit else None)

    async def delivery(self, project: str, delivery_id: str) -> Delivery | None:
        """As `Store.delivery`."""
        found = self._reading().deliveries.get(delivery_id)
        return found if found is not None and found.project == project else None

    async def attempts(self, delivery_id: str) -> Sequence[Attempt]:
        """As `Store.attempts`."""
        kept = self._reading().attempts.get(delivery_id, {})
        return [kept[key] for key in sorted(kept)]

    async def reschedule(self, selection: Selection, due_at: int, now: int, extra: int | None) -> Sequence[Delivery]:
        """As `Store.reschedule`; a bulk selection passes over those that are already as asked."""
        state, changed = self._writing(news=True), list[Delivery]()
        for one in list(state.deliveries.values()):
            if not selected(one, selection) or one.state == "delivered" or one.in_flight(now):
                continue
            wanted = replace(
                one,
                state="pending",
                due_at=due_at,
                claim=one.claim + (one.claimed_until is not None),
                claimed_until=None,
                lost=0,
                ended_at=None,
                reason=one.reason if one.state == "pending" else None,
                allowed=one.allowed if extra is None else one.tries + extra,
            )
            if (selection.ids is not None or wanted != one) and len(changed) < STEP:
                state.keep(wanted)
                changed.append(wanted)
        return changed

    async def cancel(self, selection: Selection, reason: str, now: int) -> Cancelled:
        """As `Store.cancel`."""
        state = self._writing(news=True)
        mine = (one for one in state.deliveries.values() if one.state == "pending" and selected(one, selection))
        chosen = list(islice(mine, STEP))
        for one in chosen:
            self._cancel(one, reason, now)
        return Cancelled(len(chosen), [one.id for one in chosen if one.in_flight(now)])

    def _cancel(self, delivery: Delivery, reason: str, now: int) -> None:
        fence = delivery.claim + (delivery.claimed_until is not None)
        ended = replace(delivery, state="cancelled", reason=reason, ended_at=now, claim=fence, claimed_until=None)
        self._state.keep(ended)
        self._state.free(ended)

    # documents

    async def get(self, kind: str, project: str, document_id: str) -> Document | None:
        """As `Store.get`."""
        found = self._reading().documents.get((kind, project, document_id))
        return None if found is None or found.deleted else found

    async def documents(self, kind: str, project: str, ids: Sequence[str]) -> Sequence[Document]:
        """As `Store.documents`."""
        found = (self._reading().documents.get((kind, project, one)) for one in dict.fromkeys(ids))
        return [one for one in found if one is not None and not one.deleted]

    async def find(self, kind: str, alias: str) -> Document | None:
        """As `Store.find`."""
        documents = self._reading().documents.values()
        return next((one for one in documents if (one.kind, one.alias) == (kind, alias)), None)

    async def list(
        self,
        kind: str,
        project: str | None,
        before: str | None,
        limit: int,
        *,
        after: str | None = None,
        upwards: bool = False,
    ) -> Sequence[Document]:
        """As `Store.list`."""
        found = [one for one in self._reading().documents.values() if one.kind == kind and not one.deleted]
        found = [one for one in found if project in (None, one.project) and _is_between(one.id, after, before)]
        return sorted(found, key=lambda one: one.id, reverse=not upwards)[:limit]

    async def count(self, kind: str, project: str, after: str | None, before: str | None, most: int) -> int:
        """As `Store.count`."""
        return len(await self.list(kind, project, before, most, after=after))

    async def put(self, puts: Sequence[Put]) -> Sequence[Document]:
        """As `Store.put`."""
        state = self._reading()
        documents = state.changed(puts)
        self._writing(news=bool(puts))
        state.write(documents)
        return documents

    async def changes(self, revision: int) -> Sequence[Document]:
        """As `Store.changes`."""
        return self._reading().changes(revision)


def _is_between(document_id: str, after: str | None, before: str | None) -> bool:
    return (after is None or document_id > after) and (before is None or document_id < before)
