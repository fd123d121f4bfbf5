"""Hides what each dialect costs over the native call that says the same: processor time of the server an event.

Each pair says the same with the same promises, in turns on one server, so that the ratio is that of the translation.
"""

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any, Final

from msgspec import Struct

from bench.measures import Row
from bench.processes import Product

GOAL: Final = 1 / 3
"""The most that a dialect may cost over the native API."""

NOTE: Final = "x" * 180
FRESH: Final = "@fresh@"
"""Stands in a body for a text that is new in each request."""


class Pair(Struct, frozen=True):
    """The same event in two tongues, as orders for the load generator."""

    what: str
    dialect: dict[str, Any]
    native: dict[str, Any]


def tongues(seconds: float, rounds: int) -> list[Row]:
    """One row for each dialect."""
    rows = []
    with Product() as product:
        key = _key(product.directory)
        for pair in _pairs(key):
            costs = [[_cost(product, order, seconds) for order in (pair.dialect, pair.native)] for _ in range(rounds)]
            share = median(dialect / native for dialect, native in costs) - 1
            dialect, native = (median(column) for column in zip(*costs, strict=True))
            more = f"{dialect:.0f} µs of CPU an event, native {native:.0f} µs"
            rows.append(Row(pair.what, f"{share:+.0%} over the native call", f"≤ {GOAL:+.0%}", share <= GOAL, more))
    return rows


def _cost(product: Product, order: dict[str, Any], seconds: float) -> float:
    result = product.load(seconds=seconds, **order)
    return float(result["server_cpu"] / result["events"] * 1e6)


def _key(directory: Path) -> dict[str, str]:
    """A key with everything that the dialects' clients are configured with."""
    program = Path(sys.executable).with_name("ensue")
    command = [str(program), "keys", "create", "--data", str(directory), "--json"]
    made: dict[str, str] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return made


def _pairs(key: dict[str, str]) -> list[Pair]:
    data = {"amount": 1250, "note": NOTE}
    card = {"title": "order paid", "avatar": "🛒", "category": "orders", "content": {"type": "text", "value": NOTE}}
    bearer = f"Bearer {key['token']}"
    return [
        Pair(
            "Operational, POST /api/v1/log",
            _order("/api/v1/log", bearer, _operational()),
            _order("/api/v1/events", bearer, {"type": "order paid", "subject": "u1", "card": card}),
        ),
        Pair(
            "Space Cloud, POST …/eventing/queue by JWT",
            _order(f"/v1/api/{key['project']}/eventing/queue", f"Bearer {key['jwt']}", _space_cloud(data)),
            _order("/api/v1/events", bearer, {"type": "bench.event", "data": data}),
        ),
        Pair(
            "SuprSend, POST /v2/event/ signed",
            _order("/v2/event/", None, _suprsend(key["id"], data)) | {"sign": [key["id"], key["secret"]]},
            _order("/api/v1/events", bearer, {"type": "bench_event", "subject": "u1", "data": data, "id": FRESH}),
        ),
    ]


def _order(path: str, authorization: str | None, body: dict[str, Any]) -> dict[str, Any]:
    return {"path": path, "token": "", "authorization": authorization, "body": json.dumps(body)}


def _operational() -> dict[str, Any]:
    return {
        "name": "order paid",
        "avatar": "🛒",
        "category": "orders",
        "content": NOTE,
        "type": "text",
        "userId": "u1",
    }


def _space_cloud(data: dict[str, Any]) -> dict[str, Any]:
    """As npm `space-api` sends it: always with a timestamp, here a past one."""
    return {
        "type": "bench.event",
        "delay": 0,
        "payload": data,
        "options": {},
        "isSynchronous": False,
        "timestamp": "2026-01-02T03:04:05.678Z",
    }


def _suprsend(key_id: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "$insert_id": FRESH,
        "$time": 1_795_293_633_461,
        "event": "bench_event",
        "env": key_id,
        "distinct_id": "u1",
        "properties": data | {"$ss_sdk_version": "suprsend-py-sdk/0.20.0 (python/3.11.7; linux)"},
    }
