"""Hides what a replay costs fresh events: their way to the same receiver beside it and without it, in turns."""

import time
from statistics import median
from typing import Any, Final

from bench.measures import Row
from bench.processes import Product, Sink

RATE: Final = 1_000
"""Fresh events a second."""
GOAL: Final = 15.0
"""Milliseconds that one in a hundred may take."""
PAST: Final[dict[str, Any]] = {"type": "bench.past", "data": {"note": "x" * 180}}


def replay(count: int, seconds: float, rounds: int) -> list[Row]:
    """`count` events of the past are sent to the very trigger to which fresh ones go; `rounds` with it and without."""
    quiet, busy, rates = [], [], []
    with Sink() as sink, Product() as product:
        trigger = product.trigger(f"http://127.0.0.1:{sink.port}/hook")
        product.load(count=count // 100, seconds=240, batch=100, connections=4, event=PAST)
        _fresh(product, sink, 1)
        for _ in range(rounds):
            quiet.append(_fresh(product, sink, seconds))
            began = time.perf_counter()
            made = product.api("POST", "/replays", {"to": trigger, "type": "bench.past"})["id"]
            busy.append(_fresh(product, sink, seconds))
            arrived = product.api("GET", f"/replays/{made}")["deliveries"]["delivered"]
            rates.append(arrived / (time.perf_counter() - began))
            product.api("POST", f"/replays/{made}/cancel", {"deliveries": True})
            _settled(product, made)
    return _rows(quiet, busy, count, median(rates))


def _settled(product: Product, made: str) -> None:
    """Wait until nothing of it is under way."""
    while product.api("GET", f"/replays/{made}")["deliveries"]["pending"]:
        time.sleep(0.05)


def _rows(quiet: list[list[float]], busy: list[list[float]], count: int, rate: float) -> list[Row]:
    """By the medians of the rounds: what else a machine does for a second is in some rounds only."""
    p50, p99 = (median(_at(share, times) for times in quiet) for share in (0.5, 0.99))
    busy50, busy99 = (median(_at(share, times) for times in busy) for share in (0.5, 0.99))
    more = f"without it p50 {p50:.1f} ms, p99 {p99:.1f} ms"
    what = f"fresh events at {RATE:,}/s beside a replay of {count:,}"
    return [
        Row(what, f"p50 {busy50:.1f} ms, p99 {busy99:.1f} ms", f"p99 ≤ {GOAL:.0f} ms", busy99 <= GOAL, more),
        Row("of what they take without it", f"p50 {busy50 / p50:.2f} ×, p99 {busy99 / p99:.2f} ×"),
        Row("the replay itself, beside them", f"{rate:,.0f}/s"),
    ]


def _fresh(product: Product, sink: Sink, seconds: float) -> list[float]:
    """How long fresh events took to the receiver (ms), in order of length."""
    sink.taken()
    sent = product.load(seconds=seconds, connections=64, timed=True, rate=RATE)["good"]
    found: list[float] = []
    ends = time.monotonic() + 30
    while len(found) < sent and time.monotonic() < ends:
        found += sink.taken()
        time.sleep(0.02)
    assert len(found) >= sent, f"{len(found)} of {sent} came"
    return sorted(found)


def _at(share: float, values: list[float]) -> float:
    return values[int(len(values) * share)]
