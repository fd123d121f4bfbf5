"""Hides how the server is spoken of in the native API: its numbers, and what is wrong in words with a way out."""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from ensue.engine.engine import Engine
from ensue.engine.examination import Finding
from ensue.http.exchange import Answer, Call, Route, json_answer
from ensue.version import VERSION

_LANES: Final = ("waiting", "due", "parked")


class LanesView(Struct, frozen=True):
    """Lanes with something pending: `waiting` for a time, `due`, or `parked` until there is room."""

    waiting: int
    due: int
    parked: int


class ServerView(Struct, frozen=True):
    """How the server is. `bytes` is the size of its data, `oldest_due_seconds` for how long the oldest delivery has
    been due, `streams` how many follow live. `ok` where every check is."""

    version: str
    ok: bool
    bytes: int
    lanes: LanesView
    in_flight: int
    oldest_due_seconds: float
    streams: int
    checks: list[Finding]


async def show(engine: Engine, call: Call) -> Answer:
    """`GET /server`."""
    gauges = await engine.condition.gauges()
    checks = list(await engine.condition.examine(call.project))
    lanes = gauges["ensue_lanes"]
    counts = {name: int(lanes.get(name, 0)) for name in _LANES} if isinstance(lanes, Mapping) else {}
    view = ServerView(
        version=VERSION,
        ok=all(one.ok for one in checks),
        bytes=_whole(gauges["ensue_store_bytes"]),
        lanes=LanesView(**counts),
        in_flight=_whole(gauges["ensue_in_flight"]),
        oldest_due_seconds=_number(gauges["ensue_oldest_due_seconds"]),
        streams=_whole(gauges["ensue_streams"]),
        checks=checks,
    )
    return json_answer(200, view)


def _number(gauge: float | Mapping[str, float]) -> float:
    return 0.0 if isinstance(gauge, Mapping) else float(gauge)


def _whole(gauge: float | Mapping[str, float]) -> int:
    return int(_number(gauge))


SERVER: Final[tuple[Route, ...]] = (
    Route(
        method="GET",
        path="/api/v1/server",
        handler=show,
        name="getServer",
        summary="Tell how the server is, in numbers, and what is wrong in words with the way out.",
        role="admin",
        responses={200: ServerView},
    ),
)
"""The call that shows the server; for people, as it is of all projects."""
