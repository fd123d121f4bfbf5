"""`GET /stats`: counts in the native API, their rights, their ranges, and what is refused."""

import threading
from collections.abc import Iterable, Sequence

import pytest

from ensue.dialects.native import stats
from ensue.domain.schedule import DAY, HOUR, format_time
from ensue.domain.tally import Tally, ordered
from tests.dialects.edge import Edge

STATS = "/api/v1/stats"


async def test_events_by_type_and_category(api: Edge) -> None:
    """Groups by size; what has no category has none in the answer."""
    for category in ("red", "red", None):
        await api.send(card={"title": "x", "category": category})
    await api.send(type="other", card={"title": "x", "test": True})
    assert await api.items(f"{STATS}?of=events&test=false") == [{"count": 3}]
    assert await api.items(f"{STATS}?of=events&by=category&test=false") == [
        {"count": 2, "category": "red"},
        {"count": 1},
    ]
    assert await api.items(f"{STATS}?of=events&by=type,category") == [
        {"count": 2, "type": "order.paid", "category": "red"},
        {"count": 1, "type": "order.paid"},
        {"count": 1, "type": "other"},
    ]


async def test_by_hour(api: Edge) -> None:
    """Each hour by its beginning, the latest first, within the range; `until` itself is not in it."""
    this = api.clock.now - api.clock.now % HOUR
    for back in (0, 1, 1, 5):
        await api.send(time=format_time(this - back * HOUR))
    hours = [format_time(this - before * HOUR) for before in (0, 1, 5)]
    assert await api.items(f"{STATS}?of=events&by=hour") == [
        {"count": count, "hour": hour} for count, hour in zip((1, 2, 1), hours, strict=True)
    ]
    ranged = f"{STATS}?of=events&by=hour&since={hours[1]}&until={hours[0]}"
    assert await api.items(ranged) == [{"count": 2, "hour": hours[1]}]
    assert await api.items(f"{STATS}?of=events&since={hours[1]}") == [{"count": 3}]


async def test_by_day(api: Edge) -> None:
    """Each day of UTC by its beginning, the latest first, over months; muted events apart."""
    for back in (0, 1, 40, 89):
        await api.send(time=format_time(api.clock.now - back * DAY))
    await api.send(card={"title": "x", "muted": True})
    days = [format_time(api.clock.now - api.clock.now % DAY - back * DAY) for back in (0, 1, 40, 89)]
    since = f"&since={format_time(api.clock.now - 90 * DAY)}&until={format_time(api.clock.now + HOUR)}"
    assert await api.items(f"{STATS}?of=events&by=day&muted=false{since}") == [{"count": 1, "day": day} for day in days]
    assert await api.items(f"{STATS}?of=events&by=day,type&muted=true") == [
        {"count": 1, "day": days[0], "type": "order.paid"}
    ]
    assert [item["count"] for item in await api.items(f"{STATS}?of=events&by=day")] == [2, 1, 1, 1]


async def test_deliveries_by_trigger_and_result(api: Edge) -> None:
    """How they ended; one that waits is not counted yet."""
    made = await api.trigger(enabled=False)
    await api.send()
    assert await api.items(f"{STATS}?of=deliveries&by=result") == []
    (owed,) = await api.items("/api/v1/deliveries")
    assert (await api("POST", f"/api/v1/deliveries/{owed['id']}/cancel")).status == 200
    assert await api.items(f"{STATS}?of=deliveries&by=trigger,result") == [
        {"count": 1, "trigger": made["id"], "result": "cancelled"}
    ]


async def test_many_groups_are_told_together(api: Edge) -> None:
    """Beyond the largest groups there is one of all others."""
    for number in range(103):
        await api.send(type=f"kind.{number % 101}")
    items = await api.items(f"{STATS}?of=events&by=type")
    assert len(items) == 101
    assert items[0]["count"] == 2
    assert items[-1] == {"count": 1, "other": True}
    assert sum(item["count"] for item in items) == 103
    assert len(await api.items(f"{STATS}?of=events&by=type,hour")) == 11


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "of"),
        ("of=people", "of"),
        ("of=events&by=trigger", "by"),
        ("of=deliveries&by=type", "by"),
        ("of=deliveries&test=true", "test"),
        ("of=events&since=yesterday", "since"),
        ("of=events&by=hour&since=2020-01-01T00:00:00Z", "since"),
        ("of=events&limit=3", "limit"),
    ],
)
async def test_what_cannot_be_counted(api: Edge, query: str, field: str) -> None:
    """Each is a refusal that names the parameter."""
    assert (await api("GET", f"{STATS}?{query}")).error == (400, "invalid", field)


async def test_many_groups_hold_nobody_up(api: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be thousands of rows is put in order beside those who send meanwhile, the largest of it only."""
    threads: list[str] = []

    def noted(tallies: Iterable[Tally]) -> Sequence[Tally]:
        threads.append(threading.current_thread().name)
        return ordered(tallies)

    monkeypatch.setattr(stats, "ordered", noted)
    assert await api.items(f"{STATS}?of=events&by=hour,type") == []
    assert len(threads) == 1
    assert threads != [threading.current_thread().name]


async def test_rights_and_walls(api: Edge) -> None:
    """Deliveries need their own right, and another project counts nothing of this one."""
    await api.send()
    reader = await api.with_key("default", "events:read")
    assert await reader.items(f"{STATS}?of=events") == [{"count": 1}]
    assert (await reader("GET", f"{STATS}?of=deliveries")).status == 403
    sender = await api.with_key("default", "events:write", "deliveries")
    assert (await sender("GET", f"{STATS}?of=events")).status == 403
    other = await api.with_key("other")
    assert await other.items(f"{STATS}?of=events") == await other.items(f"{STATS}?of=deliveries&by=result") == []
