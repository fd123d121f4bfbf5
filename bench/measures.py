"""Hides what is measured: each function takes part of the ten minutes and gives rows of the table.

Goals stand in the design, section 7. Everything is loopback, on the same cores as generator and receiver.
"""

import json
import subprocess
import sys
import tempfile
import time
from statistics import median
from timeit import repeat
from typing import Any

from msgspec import Struct

from bench.processes import Bare, Product, Sink, load
from ensue.domain.event import Event
from ensue.domain.intake import Draft, Intake, Limits, accept
from ensue.domain.plan import Index, plan
from ensue.domain.trigger import Endpoint, Match, Trigger


class Row(Struct, frozen=True):
    """One line of the table: what, the figure, its goal, whether it is met (None: nothing to meet), and more."""

    what: str
    figure: str
    goal: str = ""
    met: bool | None = None
    more: str = ""


def _rate(result: dict[str, Any]) -> float:
    return float(result["events"] / result["seconds"])


def _spent(result: dict[str, Any]) -> str:
    per = result["server_cpu"] / result["events"] * 1e6
    return f"p50 {result['p50']:.1f} ms, p99 {result['p99']:.1f} ms, {per:.0f} µs of CPU an event"


def single_ingest(seconds: float, rounds: int) -> list[Row]:
    """One durable event a request, beside the bare app, in turns."""
    bare, plain, keyed = [], [], []
    with Bare() as yardstick, Product() as product:
        for _ in range(rounds):
            bare.append(load(yardstick, {"seconds": seconds}))
            plain.append(product.load(seconds=seconds))
            keyed.append(product.load(seconds=seconds, keyed=True))
    base = median(_rate(result) for result in bare)
    rows = [Row("bare uvicorn app that only parses, 64 connections", f"{base:,.0f}/s", more=_spent(bare[-1]))]
    for name, results, goal in (("no key", plain, 0.45), ("random keys", keyed, 0.30)):
        rate = median(_rate(result) for result in results)
        share = rate / base
        figure = f"{rate:,.0f}/s, {share:.0%} of it"
        rows.append(Row(f"durable ingest, {name}", figure, f"≥ {goal:.0%}", share >= goal, _spent(results[-1])))
    return rows


def planning(seconds: float, exact: int = 10_000, patterns: int = 50) -> list[Row]:
    """What many triggers add to the processor time of one ingested event that none of them wants."""
    rules = [_rule(f"exact.{number}") for number in range(exact)]
    rules += [_rule(f"kind{number}.*") for number in range(patterns)]
    intake = accept(Draft(type="bench.event", subject="customer-4711"), "prj_bench", Limits(), 0)
    few, many = _planned(intake, Index([])), _planned(intake, Index(rules))
    with Product() as product:
        result = product.load(seconds=seconds)
    event = result["server_cpu"] / result["events"] * 1e6
    share = max(0.0, many - few) / event
    what = f"planning against {exact:,} exact triggers and {patterns} patterns"
    more = f"{few:.1f} → {many:.1f} µs of {event:.0f} µs of CPU an event"
    return [Row(what, f"{share:.1%} of an ingest", "≤ 10 %", share <= 0.1, more)]


def _planned(intake: Intake, index: Index) -> float:
    """Microseconds for planning one event."""
    return median(repeat(lambda: plan(intake, index, 0, _always), number=20_000, repeat=7)) / 20_000 * 1e6


def _rule(pattern: str) -> Trigger:
    endpoint = Endpoint("http://127.0.0.1/")
    return Trigger(
        id=f"trg_{pattern}",
        project="prj_bench",
        name="bench",
        match=Match((pattern,)),
        endpoint=endpoint,
        created_at=0,
        updated_at=0,
    )


def _always(_trigger: Trigger, _event: Event) -> bool:
    return True


def bulk_ingest(seconds: float, rounds: int) -> list[Row]:
    """A hundred durable events a request."""
    rows = []
    with Product() as product:
        for name, keyed, goal in (("no key", False, 80_000), ("random keys", True, 35_000)):
            results = [product.load(seconds=seconds, batch=100, keyed=keyed, connections=16) for _ in range(rounds)]
            rate = median(_rate(result) for result in results)
            rows.append(
                Row(f"bulk of 100, {name}", f"{rate:,.0f}/s", f"≥ {goal:,}/s", rate >= goal, _spent(results[-1]))
            )
    return rows


def one_to_one(seconds: float) -> list[Row]:
    """Event in, webhook out, answer recorded; sustained, closed loop."""
    with Sink() as sink, Product() as product:
        product.trigger(f"http://127.0.0.1:{sink.port}/hook")
        before, began = product.cpu(), time.perf_counter()
        result = product.load(seconds=seconds, connections=8)
        sink.wait_for(result["good"])
        _settled(product)
        took = time.perf_counter() - began
        rate = result["good"] / took
        per = (product.cpu() - before) / result["good"] * 1e6
        rows = [
            Row(f"1→1, sustained {seconds:.0f} s", f"{rate:,.0f}/s", "≥ 4,000/s", rate >= 4000, f"{per:.0f} µs each")
        ]
        rows.append(_drain(product, sink, result["good"]))
    return rows


def _settled(product: Product) -> None:
    """Wait until nothing is pending."""
    deadline = time.monotonic() + 120
    while product.api("GET", "/deliveries?state=pending&limit=1")["items"]:
        if time.monotonic() > deadline:
            raise RuntimeError("deliveries stayed pending")
        time.sleep(0.02)


def _drain(product: Product, sink: Sink, before: int, count: int = 50_000) -> Row:
    """A backlog that waited for a disabled trigger goes out when it is enabled."""
    trigger = product.api("GET", "/triggers")["items"][0]["id"]
    product.api("POST", f"/triggers/{trigger}/disable")
    product.load(count=count // 100, seconds=60, batch=100, connections=8)
    began = time.perf_counter()
    product.api("POST", f"/triggers/{trigger}/enable")
    sink.wait_for(before + count)
    _settled(product)
    rate = count / (time.perf_counter() - began)
    return Row(f"drain of a backlog of {count:,}", f"{rate:,.0f}/s", "≥ 5,000/s", rate >= 5000)


def huey(count: int = 3_000) -> list[Row]:
    """The same job by a rival, on the same machine in the same run."""
    with Sink() as sink, tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "bench.rival", directory, str(sink.port), str(count)]
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=120)
    rates = json.loads(out.stdout)
    more = f"enqueueing alone, no HTTP: {rates['enqueued']:,.0f}/s"
    return [Row("the same job by huey on SQLite, 16 threads", f"{rates['processed']:,.0f}/s", more=more)]


def latency(seconds: float) -> list[Row]:
    """From the sender's call to the receiver, at 1,000 events a second; with and without hanging endpoints."""
    with Sink() as sink, Product() as product:
        types = [f"bench.lane{number}" for number in range(10)]
        for number, kind in enumerate(types[:8]):
            product.trigger(f"http://127.0.0.1:{sink.port}/hook{number}", match={"type": kind})
        healthy = _latencies(product, sink, types[:8], seconds)
        for kind in types[8:]:
            product.trigger(f"http://127.0.0.1:{sink.port}/hang", match={"type": kind}, timeout_ms=60_000)
        hanging = _latencies(product, sink, types, seconds)
    p50, p99 = _percentiles(healthy)
    met = p50 <= 2 and p99 <= 15
    rows = [Row("event to receiver at 1,000/s", f"p50 {p50:.1f} ms, p99 {p99:.1f} ms", "≤ 2 ms, ≤ 15 ms", met)]
    hung50, hung99 = _percentiles(hanging)
    share = hung50 / p50
    figure = f"{share:.2f} × (p50 {hung50:.1f} ms, p99 {hung99:.1f} ms)"
    rows.append(Row("healthy lanes with 20 % of endpoints hanging", figure, "≤ 1.5 ×", share <= 1.5))
    return rows


def _latencies(product: Product, sink: Sink, types: list[str], seconds: float) -> list[float]:
    """How long each event took that went to a healthy endpoint; the types come in turns."""
    sink.taken()
    before = sink.count()
    sent = product.load(seconds=seconds, connections=64, timed=True, rate=1000, types=types)
    turns, rest = divmod(sent["good"], len(types))
    sink.wait_for(before + turns * 8 + min(rest, 8))
    return sink.taken()


def _percentiles(values: list[float]) -> tuple[float, float]:
    return values[len(values) // 2], values[int(len(values) * 0.99)]


def growth(count: int) -> list[Row]:
    """The same questions to an empty store and to one with a million events, all of them still owed."""
    with Sink() as sink, Product() as product:
        idle = _idle(product)
        fresh = _sample(product, sink)
        held = product.trigger(f"http://127.0.0.1:{sink.port}/held", match={"type": "bench.held"}, enabled=False)
        small = product.memory()
        filled = product.load(count=count // 1000, seconds=240, batch=1000, connections=4, event={"type": "bench.held"})
        time.sleep(1)
        grown, large = _sample(product, sink), product.memory()
        assert product.api("GET", f"/triggers/{held}")["enabled"] is False
    rows = list(idle)
    for name in ("ingest", "claim and send", "feed page"):
        ratio = grown[name] / fresh[name]
        what = f"{name}, with {filled['events']:,} events owed against none"
        rows.append(
            Row(what, f"{ratio:.2f} × the time", "≤ 1.2 ×", ratio <= 1.2, f"{fresh[name]:.2f} → {grown[name]:.2f} ms")
        )
    more = f"{small:.0f} → {large:.0f} MB"
    rows.append(Row("memory under that backlog", f"{large:.0f} MB", "flat, < 100 MB", large < 100, more))
    return rows


def _idle(product: Product, seconds: float = 5.0) -> list[Row]:
    time.sleep(1)
    before = product.cpu()
    time.sleep(seconds)
    share = (product.cpu() - before) / seconds
    memory = product.memory()
    return [
        Row("idle", f"{share:.1%} of a core", "< 1 %", share < 0.01),
        Row("memory when idle", f"{memory:.0f} MB", "< 100 MB", memory < 100),
    ]


def _sample(product: Product, sink: Sink, seconds: float = 4.0) -> dict[str, float]:
    """Milliseconds: of CPU for one ingest, from event to receiver one at a time, and for a page of the feed."""
    quiet = product.load(seconds=seconds, event={"type": "bench.plain"})
    trigger = product.trigger(f"http://127.0.0.1:{sink.port}/hook")
    sink.taken()
    before = sink.count()
    sent = product.load(seconds=seconds, connections=1, timed=True)
    sink.wait_for(before + sent["good"])
    sending = sink.taken()
    product.api("DELETE", f"/triggers/{trigger}")
    pages = []
    for _ in range(200):
        began = time.perf_counter()
        product.api("GET", "/events?type=bench.plain&limit=50")
        pages.append((time.perf_counter() - began) * 1000)
    return {
        "ingest": quiet["server_cpu"] / quiet["events"] * 1000,
        "claim and send": median(sending),
        "feed page": median(pages),
    }


def schedule(count: int) -> list[Row]:
    """How late events run, while many others are scheduled for later."""
    with Sink() as sink, Product() as product:
        product.load(
            count=count // 1000, seconds=240, batch=1000, connections=4, event={"type": "bench.far", "delay": 86_400}
        )
        product.trigger(f"http://127.0.0.1:{sink.port}/hook")
        sink.taken()
        before = sink.count()
        sent = product.load(rate=50, seconds=10, connections=4, timed=True, event={"delay": 2})
        sink.wait_for(before + sent["good"])
        late = sorted(milliseconds - 2000 for milliseconds in sink.taken())
    p50, worst = late[len(late) // 2], late[-1]
    what = f"late by, with {count:,} scheduled"
    early = f"earliest {late[0]:+.0f} ms"
    return [Row(what, f"p50 {p50:.0f} ms, worst {worst:.0f} ms", "≤ 100 ms", worst <= 100 and late[0] >= 0, early)]
