"""Hides how views are held against the truth: what search and counts answer, and what the data file says.

Views follow within a second, so they are asked until they are right; what is wrong after a while stays wrong.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from typing import Any

from msgspec import Struct

from tests.acceptance.ledger import opened
from tests.acceptance.server import Server, eventually

PATIENCE = 10.0

IDS = "SELECT id FROM event WHERE substr(subject, 1, length(?1) + 1) = ?1 || '-' ORDER BY cursor DESC"
TYPES = "SELECT type, count(*) FROM event GROUP BY 1 ORDER BY 1"
RESULTS = """
SELECT coalesce(trigger, ''), CASE state WHEN 1 THEN iif(tries > 1, 'delivered_after_retries', 'delivered')
    WHEN 2 THEN 'dead' ELSE 'cancelled' END, count(*)
FROM delivery WHERE kind <> 'event' AND state > 0 GROUP BY 1, 2 ORDER BY 1, 2
"""


class Look(Struct, frozen=True):
    """What is asked, how its answer is read, and what must be the same in the data file."""

    what: str
    path: str
    read: Callable[[list[Any]], Any]
    text: str
    values: tuple[str, ...] = ()


async def view_violations(server: Server, name: str) -> list[str]:
    """What is missing or doubled in search (events whose subjects begin with `name` and a dash) and in counts."""
    looks = (
        Look("search", f"/api/v1/events?limit=200&q={name}+x", _found, IDS, (name,)),
        Look("counted events", "/api/v1/stats?of=events&by=type", _events, TYPES),
        Look("counted deliveries", "/api/v1/stats?of=deliveries&by=trigger,result", _deliveries, RESULTS),
    )
    return [fault for look in looks if (fault := await _fault(server, look))]


async def _fault(server: Server, look: Look) -> str:
    true: list[Any] = []
    told: list[Any] = []

    async def right() -> bool:
        told[:] = look.read(await server.items(look.path))
        with closing(opened(server.data / "ensue.db")) as database:
            true[:] = database.execute(look.text, look.values).fetchall()
        return told == true

    try:
        await eventually(right, look.what, PATIENCE)
    except AssertionError:
        missing, excess = Counter(true) - Counter(told), Counter(told) - Counter(true)
        return f"{look.what}: {len(true)} are true, {len(told)} told; missing {missing}, too much {excess}"
    return ""


def _found(items: list[Any]) -> list[Any]:
    return [(item["id"],) for item in items]


def _events(items: list[Any]) -> list[Any]:
    return sorted((item["type"], item["count"]) for item in items)


def _deliveries(items: list[Any]) -> list[Any]:
    return sorted((item.get("trigger", ""), item["result"], item["count"]) for item in items)
