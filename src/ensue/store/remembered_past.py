"""Hides how a memory store looks through the past: all of it, each time."""

from collections.abc import Iterator
from itertools import islice

from ensue.domain.delivery import WEBHOOK
from ensue.domain.pattern import matches
from ensue.domain.replay import Found
from ensue.store.base import DeliveryQuery, EventQuery
from ensue.store.past import Past, Stretch
from ensue.store.remembered import State, delivery_fits, event_fits, place_of


def past(state: State, query: Past) -> Stretch:
    """One stretch of the past."""
    newest = state.cursor if query.state is None else state.number
    end, after = (newest if query.end is None else place_of(query.end)), place_of(query.after or "0")
    found = _events(state, query, end) if query.state is None else _deliveries(state, query, end)
    items = list(islice((one for one in found if one[0] > after), query.limit))
    further = str(items[-1][0]) if len(items) == query.limit and items[-1][0] < end else None
    return Stretch([one for _, one in items], further, str(end))


def _events(state: State, query: Past, end: int) -> Iterator[tuple[int, Found]]:
    """The events of the past that were asked for, each at its place."""
    wanted = EventQuery(project=query.project, type=query.type, since=query.since, until=query.until)
    for cursor, event in state.log.items():
        if cursor <= end and event_fits(event, wanted):
            yield cursor, Found(event)


def _deliveries(state: State, query: Past, end: int) -> Iterator[tuple[int, Found]]:
    """The events of the deliveries of the past that were asked for."""
    there = [one for one in state.deliveries.values() if one.kind == WEBHOOK and state.numbers[one.id] <= end]
    last = {(one.event_id, one.trigger): one.id for one in there}
    wanted = DeliveryQuery(
        project=query.project,
        state=query.state,
        trigger=query.trigger,
        since=query.since,
        until=query.until,
        ended_since=query.ended_since,
        ended_until=query.ended_until,
    )
    for one in there:
        cursor = state.cursors.get(one.event_id)
        if one.trigger is None or last[one.event_id, one.trigger] != one.id or not delivery_fits(one, wanted):
            continue
        event = None if cursor is None else state.log[cursor]
        if event is not None and event.project == one.project and matches(query.type or event.type, event.type):
            yield state.numbers[one.id], Found(event, one.trigger, one.reason)
