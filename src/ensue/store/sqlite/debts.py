"""Hides how debts are claimed, kept, moved and called off; every row is reached by its number."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from ensue.domain.delivery import SCHEDULED, Delivery
from ensue.domain.document import Put
from ensue.domain.event import decode_event
from ensue.store.base import STEP, Cancelled, Claimed, Claims, Selection
from ensue.store.sql import (
    CANCELLED,
    DEAD,
    DELIVERY_FIELDS,
    DELIVERY_FROM,
    INSERT_DELIVERY,
    PENDING,
    STATES,
    chunks,
    delivery_of,
    delivery_row,
)
from ensue.store.sqlite import documents
from ensue.store.sqlite.driver import integers, strings
from ensue.store.sqlite.promises import unpack
from ensue.store.sqlite.tallies import add_deliveries, ended
from ensue.store.sqlite.turn import Turn

EARLIEST: Final = "SELECT due_at FROM delivery WHERE state = 0 AND lane = ? ORDER BY due_at LIMIT 1"

DUE: Final = (
    f"SELECT {DELIVERY_FIELDS}, e.body FROM {DELIVERY_FROM} LEFT JOIN event e ON d.kind <> 'event' "
    "AND e.id = d.event_id WHERE d.state = 0 AND d.lane = ? AND d.due_at <= ? ORDER BY d.due_at LIMIT ?"
)
CLAIM: Final = (
    "UPDATE delivery SET claim = claim + 1, lost = lost + 1, claimed_until = ?1, due_at = ?1 "
    "WHERE number IN (SELECT value FROM carray(?2))"
)
HELD: Final = (
    "SELECT d.id, d.number, d.claim FROM carray(?) w CROSS JOIN delivery d ON d.id = w.value "
    "WHERE d.state = 0 AND d.claimed_until IS NOT NULL"
)
RENEW: Final = "UPDATE delivery SET claimed_until = ?1, due_at = ?1 WHERE number IN (SELECT value FROM carray(?2))"
VOID: Final = (
    "UPDATE delivery SET claimed_until = NULL, due_at = ?1 WHERE number IN "
    "(SELECT number FROM delivery INDEXED BY delivery_pending WHERE state = 0 AND claimed_until IS NOT NULL)"
)
RESCHEDULE: Final = (
    "UPDATE delivery SET state = 0, due_at = ?1, claim = claim + (claimed_until IS NOT NULL), claimed_until = NULL, "
    "lost = 0, ended_at = NULL, reason = CASE state WHEN 0 THEN reason END, "
    "allowed = coalesce(tries + ?2, allowed) WHERE number IN (SELECT value FROM carray(?3))"
)
CANCEL: Final = (
    "UPDATE delivery SET state = 3, reason = ?1, ended_at = ?2, claim = claim + (claimed_until IS NOT NULL), "
    "claimed_until = NULL WHERE number IN (SELECT value FROM carray(?3))"
)
BY_NUMBER: Final = f"SELECT {DELIVERY_FIELDS} FROM {DELIVERY_FROM} WHERE d.number IN (SELECT value FROM carray(?))"
PROMISES: Final = (
    "SELECT d.event_id, s.promises FROM staged s JOIN delivery d ON d.number = s.delivery "
    "WHERE s.delivery IN (SELECT value FROM carray(?))"
)


def claim(turn: Turn, rooms: Mapping[str, int], now: int, until: int) -> Claims:
    """Claim what is due in lanes with room, oldest due first."""
    numbers: list[int] = []
    claimed: list[Claimed] = []
    for lane, room in rooms.items():
        for row in turn.execute(DUE, (lane, now, room)):
            numbers.append(row[0])
            held = replace(delivery_of(row), claim=row[10] + 1, lost=row[11] + 1, claimed_until=until, due_at=until)
            claimed.append(Claimed(held, None if row[19] is None else decode_event(row[19])))
    if numbers:
        turn.execute(CLAIM, (until, integers(numbers)))
        turn.rows += len(numbers)
    due = {lane: turn.one(EARLIEST, (lane,)) for lane in rooms}
    return Claims(claimed, {lane: due_at for lane, due_at in due.items() if due_at is not None})


def owe(turn: Turn, deliveries: Sequence[Delivery], puts: Sequence[Put]) -> None:
    """Write further deliveries for events that are there, and the documents that change with them."""
    documents.put(turn, puts)
    values: list[object] = []
    for one in deliveries:
        turn.number += 1
        values += delivery_row(turn.number, one)
    for text, part in chunks(INSERT_DELIVERY, values):
        turn.execute(text, part)
    turn.rows += len(deliveries)
    turn.news = True


def renew(turn: Turn, claims: Sequence[tuple[str, int]], until: int) -> Sequence[str]:
    """Move the ends of claims that are still held."""
    wanted = dict(claims)
    if not wanted:
        return []
    held = [row for row in turn.execute(HELD, (strings(wanted),)) if wanted[row[0]] == row[2]]
    if held:
        turn.execute(RENEW, (until, integers([row[1] for row in held])))
        turn.rows += len(held)
    return [row[0] for row in held]


def void(turn: Turn, now: int) -> None:
    """End all claims of whoever served before; what they held is due at `now`."""
    turn.execute(VOID, (now,))


def reschedule(turn: Turn, selection: Selection, due_at: int, now: int, extra: int | None) -> Sequence[Delivery]:
    """Make selected deliveries due at `due_at`; a bulk selection passes over those that are already as asked."""

    def wanted(delivery: Delivery) -> bool:
        if delivery.state == "delivered" or delivery.in_flight(now):
            return False
        same = delivery.state == "pending" and delivery.due_at == due_at and delivery.claimed_until is None
        again = same and extra in (None, (delivery.allowed or 0) - delivery.tries)
        if selection.ids is None and again:
            return False
        chosen.append(delivery)
        return True

    chosen: list[Delivery] = []
    numbers: list[int] = []
    for state in (PENDING, DEAD, CANCELLED):
        numbers += _select(turn, selection, state, STEP - len(numbers), wanted)
    if not numbers:
        return []
    turn.execute(RESCHEDULE, (due_at, extra, integers(numbers)))
    add_deliveries(turn.execute, ended(chosen), -1)
    turn.rows += len(numbers)
    turn.news = True
    return [delivery_of(row) for row in turn.execute(BY_NUMBER, (integers(numbers),))]


def cancel(turn: Turn, selection: Selection, reason: str, now: int) -> Cancelled:
    """Cancel selected pending deliveries, freeing the promises of scheduled events."""
    in_flight: list[str] = []
    chosen: list[Delivery] = []
    staged = False

    def wanted(delivery: Delivery) -> bool:
        nonlocal staged
        if delivery.in_flight(now):
            in_flight.append(delivery.id)
        staged = staged or delivery.kind == SCHEDULED
        chosen.append(replace(delivery, state="cancelled", ended_at=now))
        return True

    numbers = _select(turn, selection, PENDING, STEP, wanted)
    if numbers:
        turn.execute(CANCEL, (reason, now, integers(numbers)))
        add_deliveries(turn.execute, ended(chosen))
        turn.rows += len(numbers)
        turn.news = True
    if staged:
        for event_id, promises in turn.execute(PROMISES, (integers(numbers),)).fetchall():
            turn.promises.free(unpack(promises), event_id)
    return Cancelled(len(numbers), in_flight)


def _select(turn: Turn, selection: Selection, state: int, limit: int, wanted: Callable[[Delivery], bool]) -> list[int]:
    """The numbers of up to `limit` deliveries in that state that fit."""
    numbers: list[int] = []
    if limit < 1 or (selection.ids is not None and not selection.ids):
        return numbers
    text, values = _selected(selection, state)
    for row in turn.execute(text, values):
        if wanted(delivery_of(row)):
            numbers.append(row[0])
            if len(numbers) == limit:
                break
    return numbers


def _selected(selection: Selection, state: int) -> tuple[str, list[object]]:
    """The query for a selection: by id, by event, or along the index of that state."""
    source, tests, values = DELIVERY_FROM, [f"d.state = {state}", "d.project = ?"], list[object]([selection.project])
    if selection.ids is not None:
        source = "carray(?) w CROSS JOIN " + source.replace(" LEFT JOIN", " ON d.id = w.value LEFT JOIN", 1)
        values.insert(0, strings(dict.fromkeys(selection.ids)))
    elif selection.replay is not None:
        source = source.replace("delivery d", "delivery d INDEXED BY delivery_replaying", 1)
        tests.append("d.state <> 1")  # what the index says of itself
    elif selection.event_id is None:
        source = source.replace("delivery d", f"delivery d INDEXED BY delivery_{STATES[state]}", 1)
    limits = (
        ("d.lane = ?", selection.lane),
        ("d.event_id = ?", selection.event_id),
        ("d.replay = ?", selection.replay),
        ("d.created_at < ?", selection.created_before),
    )
    for test, value in limits:
        if value is not None:
            tests.append(test)
            values.append(value)
    return f"SELECT {DELIVERY_FIELDS} FROM {source} WHERE {' AND '.join(tests)}", values
