"""Hides the yardstick of delivery: the same job, one HTTP POST each, through huey on SQLite with a sync per commit.

Run as `python -m bench.rival DIRECTORY SINK_PORT COUNT`; prints JSON with the rates of enqueueing and processing.
"""

import http.client
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from huey import SqliteHuey

THREADS = 16


def main(directory: str, port: int, count: int) -> None:
    """Enqueue `count` jobs, then let the consumer work them off."""
    huey = SqliteHuey(filename=str(Path(directory) / "huey.db"), fsync=True, results=False)
    local = threading.local()
    done = threading.Semaphore(0)

    @huey.task()  # type: ignore[untyped-decorator]  # huey publishes no types
    def post(body: str) -> None:
        link = getattr(local, "link", None) or http.client.HTTPConnection("127.0.0.1", port)
        local.link = link
        link.request("POST", "/rival", body, {"Content-Type": "application/json"})
        link.getresponse().read()
        done.release()

    body = json.dumps({"type": "bench.event", "data": {"amount": 1250, "note": "x" * 180}})
    began = time.perf_counter()
    for _ in range(count):
        post(body)
    enqueued = time.perf_counter() - began
    consumer: Any = huey.create_consumer(
        workers=THREADS, worker_type="thread", periodic=False, initial_delay=0.01, backoff=1.05, max_delay=0.05
    )
    began = time.perf_counter()
    consumer.start()
    for _ in range(count):
        done.acquire()
    processed = time.perf_counter() - began
    print(json.dumps({"enqueued": count / enqueued, "processed": count / processed}), flush=True)
    consumer.stop(graceful=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
