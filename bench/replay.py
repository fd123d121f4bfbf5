"""Hides what a replay costs fresh events: their way to the same receiver, while it runs, before it and after it."""

import time
from typing import Any, Final

from bench.measures import Row
from bench.processes import Product, Sink

RATE: Final = 200
"""Fresh events a second."""
PAST: Final[dict[str, Any]] = {"type": "bench.past", "data": {"note": "x" * 180}}


def replay(count: int, seconds: float) -> list[Row]:
    """`count` events of the past are sent to the very trigger to which fresh ones go."""
    with Sink() as sink, Product() as product:
        trigger = product.trigger(f"http://127.0.0.1:{sink.port}/hook")
        product.load(count=count // 100, seconds=240, batch=100, connections=4, event=PAST)
        _fresh(product, sink, 1)
        quiet = _fresh(product, sink, seconds)
        began = time.perf_counter()
        made = product.api("POST", "/replays", {"to": trigger, "type": "bench.past"})["id"]
        busy: list[float] = []
        while not busy or (_runs(product, made) and time.perf_counter() - began < 6 * seconds):
            busy += _fresh(product, sink, seconds)
        took = time.perf_counter() - began
        arrived = product.api("GET", f"/replays/{made}")["deliveries"]["delivered"]
        product.api("POST", f"/replays/{made}/cancel", {"deliveries": True})
        _settled(product, made)
        quiet += _fresh(product, sink, seconds)
    return _rows(sorted(quiet), sorted(busy), count, arrived / took)


def _settled(product: Product, made: str) -> None:
    """Wait until nothing of it is under way."""
    while product.api("GET", f"/replays/{made}")["deliveries"]["pending"]:
        time.sleep(0.05)


def _rows(quiet: list[float], busy: list[float], count: int, rate: float) -> list[Row]:
    (p50, p99), (busy50, busy99) = _percentiles(quiet), _percentiles(busy)
    figure = f"p50 {busy50:.1f} ms, p99 {busy99:.1f} ms"
    more = f"p50 {p50:.1f} ms, p99 {p99:.1f} ms without it"
    what = f"fresh events at {RATE}/s beside a replay of {count:,}"
    return [
        Row(what, figure, "p99 ≤ 15 ms", busy99 <= 15, more),
        Row("the replay itself, beside them", f"{rate:,.0f}/s"),
    ]


def _runs(product: Product, made: str) -> bool:
    return bool(product.api("GET", f"/replays/{made}")["state"] == "running")


def _fresh(product: Product, sink: Sink, seconds: float) -> list[float]:
    """How long fresh events took to the receiver (ms)."""
    sink.taken()
    sent = product.load(seconds=seconds, connections=16, timed=True, rate=RATE)["good"]
    found: list[float] = []
    ends = time.monotonic() + 30
    while len(found) < sent and time.monotonic() < ends:
        found += sink.taken()
        time.sleep(0.02)
    assert len(found) >= sent, f"{len(found)} of {sent} came"
    return found


def _percentiles(values: list[float]) -> tuple[float, float]:
    return values[len(values) // 2], values[int(len(values) * 0.99)]
