"""Measures the SQLite store alone: appending, with and without idempotency keys, and claim with settle, by backlog.

Run `python bench/store.py [--seconds 3] [--backlog 200000] [--directory DIR]`; it prints a table.
"""

import argparse
import asyncio
import resource
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from random import randbytes

from msgspec import Raw

from ensue.domain.delivery import Delivery, Entry, Once, Outcome, Retry, Sent, decide, record
from ensue.domain.event import Event
from ensue.domain.ids import event_id, prefixed_id
from ensue.store.base import Changes
from ensue.store.sqlite import SqliteStore

DATA = Raw(b'{"order": 12345, "amount": 99.5, "currency": "EUR", "note": "' + b"x" * 180 + b'"}')
BATCH = 100
LEASE = 30_000
Step = Callable[[SqliteStore], Awaitable[int]]


def now() -> int:
    """Milliseconds UTC."""
    return time.time_ns() // 1_000_000


def event(moment: int) -> Event:
    """An event of about 300 bytes."""
    return Event(
        id=event_id(moment), project="prj_bench", type="order.paid", time=moment, received_at=moment, data=DATA
    )


async def append_plain(store: SqliteStore) -> int:
    """A batch without keys."""
    moment = now()
    entries = [Entry(event(moment)) for _ in range(BATCH)]
    return len(await store.append(lambda _: entries))


async def append_keyed(store: SqliteStore) -> int:
    """A batch with random keys."""
    moment = now()
    entries = [Entry(event(moment), once=(Once(randbytes(16), randbytes(16)),)) for _ in range(BATCH)]
    return len(await store.append(lambda _: entries))


async def append_owing(store: SqliteStore) -> int:
    """A batch with a delivery each, in fifty lanes."""
    moment = now()
    entries = []
    for number in range(BATCH):
        fact = event(moment)
        entries.append(Entry(fact, (delivery(fact, f"trigger:{number % 50}", moment),)))
    return len(await store.append(lambda _: entries))


def delivery(fact: Event, lane: str, moment: int) -> Delivery:
    """A debt of an event."""
    return Delivery(
        id=prefixed_id("dlv_", moment),
        project=fact.project,
        event_id=fact.id,
        lane=lane,
        created_at=moment,
        due_at=moment,
        trigger=lane,
    )


async def claim_settle(store: SqliteStore) -> int:
    """Claim a batch over five lanes and settle it."""
    claim_settle.turn = (getattr(claim_settle, "turn", 0) + 5) % 50  # type: ignore[attr-defined]
    rooms = {f"trigger:{(claim_settle.turn + n) % 50}": BATCH // 5 for n in range(5)}  # type: ignore[attr-defined]
    moment = now()
    claimed = await store.claim(rooms, moment, moment + LEASE)
    sent = Sent()
    outcomes = [
        Outcome(decide(one.delivery, sent, Retry(), moment, 0.0), record(one.delivery, sent, moment, moment))
        for one in claimed.claimed
    ]
    return len(await store.settle(lambda _: outcomes))


async def measure(store: SqliteStore, name: str, step: Step, seconds: float, width: int = 1) -> None:
    """Repeat `step`, `width` at once, and print what it did in a second and what each cost in CPU."""
    done, begun, used = 0, time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    times: list[float] = []
    while time.perf_counter() - begun < seconds:
        started = time.perf_counter()
        done += sum(await asyncio.gather(*(step(store) for _ in range(width))))
        times.append(time.perf_counter() - started)
    took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_SELF)
    cpu = (after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime) / max(done, 1) * 1e6
    times.sort()
    p99 = times[int(len(times) * 0.99)] * 1000
    print(f"{name:<44}{done / took:>12,.0f}/s{cpu:>8.1f} us{times[len(times) // 2] * 1000:>8.2f}{p99:>8.2f} ms")


async def fill(store: SqliteStore, rows: int) -> None:
    """Add a backlog."""
    moment = now()
    for start in range(0, rows, 1000):
        entries = []
        for number in range(start, start + 1000):
            fact = event(moment)
            entries.append(Entry(fact, (delivery(fact, f"trigger:{number % 50}", moment),)))
        await store.append(partial(_given, entries))


def _given(entries: Sequence[Entry], _: Changes) -> Sequence[Entry]:
    return entries


async def run(options: argparse.Namespace) -> None:
    """All rows of the table."""
    directory = tempfile.mkdtemp(prefix="ensue-bench-", dir=options.directory)
    store = SqliteStore(directory)
    await store.open(now())
    try:
        print(f"{'what (batches of 100)':<44}{'rate':>14}{'CPU':>11}{'p50':>8}{'p99':>11}")
        await measure(store, "append, no key", append_plain, options.seconds)
        await measure(store, "append, no key, 10 callers", append_plain, options.seconds, 10)
        await measure(store, "append, random keys", append_keyed, options.seconds)
        await measure(store, "append, random keys, 10 callers", append_keyed, options.seconds, 10)
        await measure(store, "append, one delivery each", append_owing, options.seconds)
        backlog = 0
        for rows in (0, options.backlog // 10, options.backlog):
            await fill(store, rows - backlog)
            backlog = rows
            await measure(store, f"claim + settle, {rows:,} more waiting", claim_settle, options.seconds)
    finally:
        await store.close()
        shutil.rmtree(directory)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--backlog", type=int, default=200_000)
    parser.add_argument("--directory")
    asyncio.run(run(parser.parse_args()))
