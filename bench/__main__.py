"""Hides the order of the bench: `make bench`, or `python -m bench [--quick] [NAME …]`; prints one table.

Figures of a shared machine are noisy: read ratios, and medians of rounds taken in turns.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench import measures
from bench.measures import Row
from bench.pushes import pushes
from bench.replay import replay
from bench.tongues import tongues
from bench.views import views


def machine() -> str:
    """What this runs on."""
    models = [
        line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    kind = f"{len(models)} × {models[0] if models else 'processor'}"
    return f"{kind}, {memory:.0f} GiB, Linux {platform.release()}, Python {platform.python_version()}"


def plan(*, quick: bool) -> dict[str, Callable[[], list[Row]]]:
    """All measurements by name; a quick run only shows that they work."""
    if quick:
        return {
            "ingest": lambda: measures.single_ingest(1, 1),
            "planning": lambda: measures.planning(1),
            "bulk": lambda: measures.bulk_ingest(1, 1),
            "dialects": lambda: tongues(1, 1),
            "deliver": lambda: measures.one_to_one(3),
            "huey": lambda: measures.huey(300),
            "latency": lambda: measures.latency(2),
            "growth": lambda: measures.growth(20_000),
            "search": lambda: views(20_000, 1, 1),
            "pushes": lambda: pushes(1, 300, 1),
            "schedule": lambda: measures.schedule(20_000),
            "replay": lambda: replay(5_000, 1, 1),
        }
    return {
        "ingest": lambda: measures.single_ingest(4, 3),
        "planning": lambda: measures.planning(3),
        "bulk": lambda: measures.bulk_ingest(4, 3),
        "dialects": lambda: tongues(2, 3),
        "deliver": lambda: measures.one_to_one(60),
        "huey": measures.huey,
        "latency": lambda: measures.latency(10),
        "growth": lambda: measures.growth(1_000_000),
        "search": lambda: views(1_000_000, 2, 5),
        "pushes": lambda: pushes(3, 4_000, 3),
        "schedule": lambda: measures.schedule(1_000_000),
        "replay": lambda: replay(100_000, 4, 5),
    }


def show(row: Row) -> None:
    """One line."""
    mark = {True: "met", False: "MISSED", None: ""}[row.met]
    print(f"{row.what:<58} {row.figure:<40} {row.goal:<16} {mark:<7} {row.more}", flush=True)


def main() -> int:
    """Measure; 1 when something could not be measured. A missed goal is a figure, not a failure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only show that it works")
    parser.add_argument("names", nargs="*", help="which measurements, default all")
    arguments = parser.parse_args()
    began, failed = time.monotonic(), 0
    print(machine())
    for name, measure in plan(quick=arguments.quick).items():
        if arguments.names and name not in arguments.names:
            continue
        try:
            for row in measure():
                show(row)
        except Exception as error:  # noqa: BLE001 - the others are still worth measuring
            failed = 1
            print(f"{name} could not be measured: {error!r}", file=sys.stderr, flush=True)
    print(f"{time.monotonic() - began:.0f} s in all")
    return failed


if __name__ == "__main__":
    sys.exit(main())
