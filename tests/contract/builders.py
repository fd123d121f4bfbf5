"""Hides how test values are made: everything has a default, ids are new, and times mean nothing else."""

from collections.abc import Sequence
from typing import Any

from msgspec import Raw

from ensue.domain.delivery import (
    SCHEDULED,
    Attempt,
    Delivery,
    Entry,
    Once,
    Outcome,
    Result,
    Retry,
    Sent,
    decide,
    record,
)
from ensue.domain.document import Document, Put
from ensue.domain.event import Event, encode_event
from ensue.domain.ids import event_id, prefixed_id
from ensue.store.base import Receipt, Store, Verdict

PROJECT = "prj_one"
OTHER = "prj_two"
NOW = 1_800_000_000_000
LEASE = 30_000


def event(now: int = NOW, **fields: Any) -> Event:
    """An event of PROJECT accepted at `now`."""
    return Event(
        **{
            "id": event_id(now),
            "project": PROJECT,
            "type": "order.paid",
            "time": now,
            "received_at": now,
            "data": Raw(b'{"amount":1}'),
            **fields,
        }
    )


def delivery(owner: Event | None = None, now: int = NOW, **fields: Any) -> Delivery:
    """A debt for `owner`, due at `now` in the lane `trigger:one`."""
    owner = owner or event(now)
    return Delivery(
        **{
            "id": prefixed_id("dlv_", now),
            "project": owner.project,
            "event_id": owner.id,
            "lane": "trigger:one",
            "created_at": now,
            "due_at": now,
            "trigger": "trg_one",
            **fields,
        }
    )


def entry(now: int = NOW, *, lanes: Sequence[str] = (), once: Sequence[Once] = (), **fields: Any) -> Entry:
    """An event accepted at `now` that owes one delivery in each of `lanes`."""
    fact = event(now, **fields)
    return Entry(fact, tuple(delivery(fact, now, lane=lane) for lane in lanes), once=tuple(once))


def scheduled(due_at: int, now: int = NOW, *, once: Sequence[Once] = (), **fields: Any) -> Entry:
    """An event accepted at `now` that enters the log at `due_at`."""
    fact = event(now, **fields)
    debt = delivery(
        fact,
        now,
        lane=f"scheduled:{fact.project}",
        due_at=due_at,
        kind=SCHEDULED,
        trigger=None,
        payload=Raw(encode_event(fact)),
    )
    return Entry(fact, (debt,), once=tuple(once), staged=True)


def once(name: str, body: str = "") -> Once:
    """A promise by that name."""
    return Once(name.encode().ljust(16, b"."), body.encode())


def document(document_id: str = "doc_1", *, kind: str = "note", **fields: Any) -> Document:
    """A document of PROJECT."""
    return Document(**{"kind": kind, "project": PROJECT, "id": document_id, "body": b"{}", **fields})


def put(document_id: str = "doc_1", expected: int | None = None, **fields: Any) -> Put:
    """A change of a document."""
    return Put(document=document(document_id, **fields), expected=expected)


def outcome(held: Delivery, result: Result | None = None, now: int = NOW, retry: Retry | None = None) -> Outcome:
    """What `result` (Sent) at `now` makes of a claimed delivery, with its attempt."""
    result = result or Sent()
    return Outcome(decide(held, result, retry or Retry(), now, 0.0), record(held, result, now, now + 5))


def attempt(held: Delivery, now: int = NOW) -> Attempt:
    """An attempt of a claimed delivery that arrived."""
    return record(held, Sent(), now, now + 5)


async def append(store: Store, *entries: Entry) -> Sequence[Receipt]:
    """Append entries as they are."""
    return await store.append(lambda _: entries)


async def settle(store: Store, *outcomes: Outcome) -> Sequence[Verdict]:
    """Settle outcomes as they are."""
    return await store.settle(lambda _: outcomes)


async def claim(store: Store, now: int = NOW, room: int = 100, lane: str = "trigger:one") -> list[Delivery]:
    """Claim what is due in a lane."""
    found = await store.claim({lane: room}, now, now + LEASE)
    return [one.delivery for one in found.claimed]


async def owed(store: Store, now: int = NOW, **fields: Any) -> Delivery:
    """A delivery that was appended with its event."""
    fact = event(now)
    debt = delivery(fact, now, **fields)
    await append(store, Entry(fact, (debt,)))
    return debt


async def held(store: Store, now: int = NOW) -> Delivery:
    """A delivery that was appended and claimed."""
    debt = await owed(store, now)
    claimed = await claim(store, now)
    return next(one for one in claimed if one.id == debt.id)


async def logged(store: Store) -> list[Event]:
    """The whole log, oldest first."""
    return [event for _, event in (await store.read(None, 100_000)).events]
