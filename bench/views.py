"""Hides what search and counts cost: a page by every kind of word, and what an ingested event pays for being found."""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final
from urllib.parse import quote

import apsw
import msgspec
from msgspec import Raw

from bench.measures import Row
from bench.processes import Product
from ensue import app
from ensue.config import Config
from ensue.domain.delivery import Delivery, Entry
from ensue.domain.event import Card, Event
from ensue.domain.ids import event_id
from ensue.store.base import Changes, Store
from ensue.store.sqlite.tallies import add_deliveries, ended

GOAL: Final = 50.0
"""Milliseconds for a page."""

BATCH: Final = 4_000
WEIGHED: Final = "views-cpu"
ASKED: Final = 40
"""How often each question is asked."""

QUESTIONS: Final = {
    "a word of every event": "q=paid",
    "a word of one in a thousand": "q=customer 417",
    "a word of one event": "q=ref777",
    "a word of none": "q=nowhere",
    "the beginning of many words": "q=r",
    "the beginning of no word": "q=nowh",
    "two words that never meet": "q=even odd",
    "a word of every event, by a rare subject": "q=paid&subject=customer-417",
    "a word of every event, by a rare category": "q=paid&category=rare",
    "a word of every event, in the feed": "q=paid&feed=true",
}


COUNTS: Final = {
    "counts by hour and category": "/stats?of=events&by=hour,category",
    "counts by day and type": "/stats?of=events&by=day,type&test=false&muted=false",
}


def views(count: int, seconds: float, rounds: int) -> list[Row]:
    """Search and counts in `count` events, then what they cost the hot path."""
    product = Product()
    entered, took = asyncio.run(_fill(product.directory, count))
    rows = [
        Row(f"search made anew, {entered:,} events", f"{entered / took:,.0f} events/s", more=f"{took:.1f} s in all"),
    ]
    with product:
        before = product.memory()
        rows += [_asked(product, what, f"/events?{query}", count) for what, query in QUESTIONS.items()]
        rows += [_asked(product, what, query, count) for what, query in COUNTS.items()]
        rows.append(_remembered(product, before))
    rows += [
        _hot(what, event, seconds, rounds)
        for what, event in (("an event of 300 bytes", {}), ("one of twenty words", next(_facts(1))))
    ]
    return [*rows, _counting()]


def _asked(product: Product, what: str, query: str, count: int) -> Row:
    times = []
    path = quote(query, safe="/?=&,")
    for _ in range(ASKED):
        began = time.perf_counter()
        found = product.api("GET", path)
        times.append((time.perf_counter() - began) * 1000)
    times.sort()
    p50, p99 = median(times), times[int(ASKED * 0.99)]
    more = f"{len(found['items'])} in the answer{', which goes on' if found.get('next') else ''}"
    return Row(f"{what}, {count:,} events", f"p50 {p50:.1f} ms, p99 {p99:.1f} ms", "≤ 50 ms", p50 <= GOAL, more)


def _remembered(product: Product, before: float) -> Row:
    memory = product.memory()
    more = f"{before:.0f} MB before the first"
    return Row("memory after these pages", f"{memory:.0f} MB", "< 100 MB", memory < 100, more)


def _hot(what: str, event: dict[str, Any], seconds: float, rounds: int) -> Row:
    """What following the log adds to the processor time of an ingested event."""
    shares, costs, lags = [], [], []
    with Product(module="bench.weighed") as product:
        for _ in range(rounds):
            views_before, all_before = _followed(product), product.cpu()
            result = product.load(seconds=seconds, event=event)
            lags.append(_caught_up(product))
            spent = _followed(product) - views_before
            rest = product.cpu() - all_before - spent
            shares.append(spent / rest)
            costs.append((rest / result["events"] * 1e6, spent / result["events"] * 1e6))
    share = median(shares)
    without, added = costs[shares.index(sorted(shares)[len(shares) // 2])]
    more = f"{without:.0f} + {added:.1f} µs of CPU an event; behind by at most {max(lags):.1f} s"
    return Row(f"search and counts beside an ingest, {what}", f"{share:.1%} of it", "≤ 10 %", share <= 0.1, more)


def _followed(product: Product) -> float:
    file = product.directory / WEIGHED
    return float(file.read_text() or 0) if file.exists() else 0.0


def _caught_up(product: Product) -> float:
    """Seconds until an event that is sent now, at the end of the load, is found."""
    word = f"last{time.monotonic_ns()}"
    product.api("POST", "/events", {"type": "bench.last", "data": word})
    began = time.perf_counter()
    while not product.api("GET", f"/events?q={word}")["items"]:
        time.sleep(0.02)
    return time.perf_counter() - began


def _facts(count: int) -> Iterator[dict[str, Any]]:
    """Events such as a shop sends: about 300 bytes, twenty words, a few of them rare."""
    chance = random.Random(7)
    words = [f"word{number}" for number in range(20_000)]
    for number in range(count):
        yield {
            "type": "order.paid",
            "subject": f"customer-{number % 1000}",
            "card": {
                "title": f"Order {number} was paid",
                "category": "rare" if number % 10_000 == 77 else "orders",
            },
            "data": {
                "reference": f"ref{number}",
                "amount": chance.randrange(100, 99_999) / 100,
                "currency": "EUR",
                "email": f"{chance.choice(words)}@example.com",
                "side": "even" if number % 2 == 0 else "odd",
                "note": " ".join(chance.choices(words, k=6)),
            },
        }


async def _fill(directory: Path, count: int) -> tuple[int, float]:
    """Put events into the store of a server that does not run, and make its views; how many, and seconds for that."""
    house = app.build(Config(data=str(directory)))
    await app.open_house(house)
    store = house.store
    (project,) = await store.list("project", None, None, 1)
    try:
        entries: list[Entry] = []
        for fact in _facts(count):
            entries.append(_entry(project.id, fact))
            if len(entries) == BATCH:
                await store.append(partial(_given, entries))
                entries = []
        if entries:
            await store.append(partial(_given, entries))
        return count, await _follow(store)
    finally:
        await store.close()


async def _follow(store: Store) -> float:
    began = time.perf_counter()
    while (await store.catch_up(BATCH)).left:
        pass
    return time.perf_counter() - began


def _entry(project: str, fact: dict[str, Any]) -> Entry:
    now = time.time_ns() // 1_000_000
    card = Card(**fact["card"])
    data = Raw(msgspec.json.encode(fact["data"]))
    made = Event(
        id=event_id(now),
        project=project,
        type=fact["type"],
        subject=fact["subject"],
        card=card,
        data=data,
        time=now,
        received_at=now,
    )
    return Entry(made)


def _given(entries: Sequence[Entry], _: Changes) -> Sequence[Entry]:
    return entries


def _counting(each: int = 20_000) -> Row:
    """What counting how deliveries end adds to the commits in which they do, by a statement for each kind of end."""
    connection = apsw.Connection(":memory:")
    connection.execute("CREATE TABLE ended (project, hour, trigger, result, count)")
    connection.execute("CREATE UNIQUE INDEX ended_key ON ended (project, hour, trigger, result)")
    ends = [_ended(number) for number in range(8)]
    began = time.process_time()
    for _ in range(each):
        add_deliveries(connection.execute, ended(ends))
    spent = (time.process_time() - began) / each / len(ends) * 1e6
    return Row("counting the end of a delivery, eight in a commit", f"{spent:.1f} µs", "≤ 10 % of 1→1")


def _ended(number: int) -> Delivery:
    return Delivery(
        id=f"dlv_{number}",
        project="prj_bench",
        event_id="e",
        lane="trg_bench",
        trigger="trg_bench",
        created_at=0,
        due_at=0,
        state="delivered",
        tries=1,
        ended_at=0,
    )
