"""Hides how values stand in rows: the columns of each table, and statements that take many rows at once.

Nothing here knows a driver; a store on another SQL database maps its rows with the same functions.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final

import msgspec

from ensue.domain.delivery import Attempt, Delivery, State
from ensue.domain.document import Document
from ensue.domain.event import EMPTY, Event, encode_event

STATES: Final[tuple[State, ...]] = ("pending", "delivered", "dead", "cancelled")
PENDING: Final = 0
DELIVERED: Final = 1
DEAD: Final = 2
CANCELLED: Final = 3
NUMBERS: Final[dict[State, int]] = {state: number for number, state in enumerate(STATES)}
"""How states are kept: by number, pending first."""

TEST: Final = 1
MUTED: Final = 2
ASIDE: Final = 4
"""Flags of an event: sent to try things out; muted; not in the feed, being a child or the platform's own."""

Row = tuple[Any, ...]

EVENT_COLUMNS: Final = "cursor, id, project, type, subject, category, context, tenant, flags, time, received_at, body"
DELIVERY_COLUMNS: Final = (
    "number, id, project, event_id, lane, created_at, due_at, kind, trigger, state, claim, lost, tries, allowed, "
    "claimed_until, ended_at, reason, replay"
)
DELIVERY_FIELDS: Final = ", ".join(f"d.{name.strip()}" for name in DELIVERY_COLUMNS.split(",")) + ", s.payload"
DELIVERY_FROM: Final = "delivery d LEFT JOIN staged s ON d.kind <> 'webhook' AND s.delivery = d.number"
"""What `delivery_of` reads: the columns of a delivery and its payload."""

THREAD_COLUMNS: Final = "context, project, root, started, others, oldest, newest"
DOCUMENT_COLUMNS: Final = "kind, project, id, body, alias, revision, change"

CHUNKS: Final = (64, 32, 16, 8, 4, 2, 1)
"""So many rows are written by one statement: few texts for each table, each prepared once. By powers of two, since each
statement of a commit gives the interpreter's lock away and waits for it."""


def event_row(cursor: int, event: Event, *, aside: bool) -> Row:
    """The row of an event, by `EVENT_COLUMNS`; `aside` keeps it out of the feed."""
    card, context = event.card, event.context
    flags = ASIDE if aside else 0
    return (
        cursor,
        event.id,
        event.project,
        event.type,
        event.subject,
        card.category if card is not None else None,
        context.id if context is not None else None,
        event.tenant,
        flags if card is None else flags + TEST * card.test + MUTED * card.muted,
        event.time,
        event.happened_at,
        encode_event(event),
    )


def delivery_row(number: int, delivery: Delivery) -> Row:
    """The row of a delivery, by `DELIVERY_COLUMNS`; its payload stands elsewhere."""
    return (
        number,
        delivery.id,
        delivery.project,
        delivery.event_id,
        delivery.lane,
        delivery.created_at,
        delivery.due_at,
        delivery.kind,
        delivery.trigger,
        NUMBERS[delivery.state],
        delivery.claim,
        delivery.lost,
        delivery.tries,
        delivery.allowed,
        delivery.claimed_until,
        delivery.ended_at,
        delivery.reason,
        delivery.replay,
    )


def settled_row(number: int, delivery: Delivery) -> Row:
    """What an outcome changes of a delivery: the values of `SETTLE`."""
    return (
        number,
        delivery.lane,
        delivery.due_at,
        NUMBERS[delivery.state],
        delivery.lost,
        delivery.tries,
        delivery.allowed,
        delivery.claimed_until,
        delivery.ended_at,
        delivery.reason,
    )


def delivery_of(row: Row) -> Delivery:
    """The delivery of a row of `DELIVERY_FIELDS`."""
    return Delivery(
        id=row[1],
        project=row[2],
        event_id=row[3],
        lane=row[4],
        created_at=row[5],
        due_at=row[6],
        kind=row[7],
        trigger=row[8],
        state=STATES[row[9]],
        claim=row[10],
        lost=row[11],
        tries=row[12],
        allowed=row[13],
        claimed_until=row[14],
        ended_at=row[15],
        reason=row[16],
        replay=row[17],
        payload=EMPTY if row[18] is None else msgspec.Raw(row[18]),
    )


def document_of(row: Row) -> Document:
    """The document of a row of `DOCUMENT_COLUMNS`."""
    kind, project, document_id, body, alias, revision, change = row
    return Document(
        kind=kind, project=project, id=document_id, body=body, alias=alias, revision=revision, change=change
    )


_attempt_encoder = msgspec.json.Encoder()
_attempt_decoder = msgspec.json.Decoder(Attempt)


def attempt_row(number: int, attempt: Attempt) -> Row:
    """The row of an attempt of the delivery with that number."""
    return (number, attempt.claim, attempt.started_at, int(attempt.late), _attempt_encoder.encode(attempt))


def attempt_of(body: bytes) -> Attempt:
    """The attempt that `attempt_row` encoded."""
    return _attempt_decoder.decode(body)


INSERT_EVENT: Final = (f"INSERT OR ROLLBACK INTO event ({EVENT_COLUMNS}) VALUES ", 12, "")
INSERT_DELIVERY: Final = (f"INSERT OR ROLLBACK INTO delivery ({DELIVERY_COLUMNS}) VALUES ", 18, "")
INSERT_ATTEMPT: Final = ("INSERT OR IGNORE INTO attempt (delivery, claim, started_at, late, body) VALUES ", 5, "")
INSERT_THREAD: Final = (f"INSERT OR REPLACE INTO thread ({THREAD_COLUMNS}) VALUES ", 7, "")
INSERT_STAGED: Final = ("INSERT OR ROLLBACK INTO staged (delivery, payload, promises) VALUES ", 3, "")
SETTLE: Final = (
    (
        "UPDATE OR ROLLBACK delivery SET lane = v.column2, due_at = v.column3, state = v.column4, lost = v.column5, "
        "tries = v.column6, allowed = v.column7, claimed_until = v.column8, ended_at = v.column9, reason = v.column10 "
        "FROM (VALUES "
    ),
    10,
    ") AS v WHERE delivery.number = v.column1",
)
"""Statements for many rows: the text before the rows, the values of each, the text behind.

They are refused by ending the transaction (`OR ROLLBACK`), never half-way: so SQLite need not keep a copy of every page
that one statement changes, which is half of the cost where keys are random.
"""

Many = tuple[str, int, str]


@cache
def _text(statement: Many, rows: int) -> str:
    before, width, behind = statement
    row = "(" + ", ".join("?" * width) + ")"
    return before + ", ".join([row] * rows) + behind


def chunks(statement: Many, values: Sequence[Any]) -> Iterator[tuple[str, Sequence[Any]]]:
    """`values`, row after row in one flat sequence, as statements of `CHUNKS` rows with their values."""
    width, start = statement[1], 0
    for size in CHUNKS:
        step = size * width
        while len(values) - start >= step:
            yield _text(statement, size), values[start : start + step]
            start += step
