"""When a queued event runs: `timestamp` and `delay` as each path counts them."""

from typing import Any

import msgspec
import pytest

from ensue.domain.schedule import DAY, format_time
from ensue.testing import Reply, Sink
from tests.dialects.spacecloud.cloud import FIRST, MANY, SECOND, Cloud, told

NOW = 1_800_000_000_000
HOUR = 3_600_000


async def due_of(cloud: Cloud) -> str | None:
    """When the one event of the project is due, None if it is in the log."""
    scheduled = await cloud.scheduled()
    if not scheduled:
        assert len(await cloud.events()) == 1
        return None
    (event,) = scheduled
    assert event["time"] == event["due_at"]
    return str(event["due_at"])


@pytest.mark.parametrize(
    ("url", "fields", "after"),
    [
        (FIRST, {"delay": 60}, 60_000),
        (SECOND, {"delay": 60}, 60),
        (SECOND, {"delay": 60_000}, 60_000),
        (FIRST, {"delay": 0.5}, 500),
        (FIRST, {"delay": -5}, None),
        (SECOND, {"delay": -5}, None),
        (FIRST, {"timestamp": NOW + HOUR}, HOUR),
        (FIRST, {"timestamp": NOW // 1000 + 3600}, HOUR),
        (SECOND, {"timestamp": NOW + HOUR}, HOUR),
        (SECOND, {"timestamp": NOW // 1000 + 3600}, HOUR),
        (FIRST, {"timestamp": format_time(NOW + HOUR)}, HOUR),
        (SECOND, {"timestamp": format_time(NOW + HOUR)}, HOUR),
        (SECOND, {"timestamp": "2027-01-15T10:00:00+01:00"}, HOUR),
        (FIRST, {"timestamp": NOW // 1000 + 3600, "delay": 60}, HOUR + 60_000),
        (SECOND, {"timestamp": format_time(NOW + HOUR), "delay": 60}, HOUR + 60),
        (SECOND, {"timestamp": format_time(NOW - HOUR)}, None),
        (SECOND, {"timestamp": format_time(NOW - HOUR), "delay": 60}, None),
        (SECOND, {"timestamp": format_time(NOW - HOUR), "delay": 2 * HOUR}, HOUR),
        (FIRST, {"timestamp": 1_587_902_400, "delay": 3600}, None),
        (SECOND, {"timestamp": "tomorrow"}, None),
        (SECOND, {"timestamp": "2030-01-01"}, None),
        (SECOND, {"timestamp": "", "options": None}, None),
        (SECOND, {"delay": "60"}, None),
    ],
)
async def test_when_an_event_runs(cloud: Cloud, url: str, fields: dict[str, Any], after: int | None) -> None:
    """Milliseconds after now; None for at once."""
    assert (await cloud.queue(url, **fields)).status == 200
    assert await due_of(cloud) == (None if after is None else format_time(NOW + after))


@pytest.mark.parametrize("fields", [{"timestamp": "tomorrow"}, {"delay": "60"}, {"delay": True}, {"timestamp": []}])
async def test_the_older_path_refuses_what_it_cannot_read(cloud: Cloud, fields: dict[str, Any]) -> None:
    """400, where the path of today takes it for now."""
    assert told(await cloud.queue(FIRST, **fields))[0] == 400
    assert not await cloud.events()


@pytest.mark.parametrize("url", [FIRST, SECOND])
@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"timestamp": NOW + 366 * DAY}, "timestamp"),
        ({"timestamp": NOW + 366 * DAY, "delay": 1}, "timestamp"),
        ({"delay": 366 * DAY}, "delay"),
        ({"timestamp": NOW - HOUR, "delay": 367 * DAY}, "delay"),
    ],
)
async def test_an_event_is_scheduled_a_year_ahead_at_most(
    cloud: Cloud, url: str, fields: dict[str, Any], named: str
) -> None:
    """Ensue's limit, a setting; told as the caller's fault, by the caller's name for it."""
    status, error, _ = told(await cloud.queue(url, **fields))
    assert (status, error) == (400, f"'{named}' leads more than 365 days ahead; queue it nearer to its time.")
    assert not await cloud.scheduled()


async def test_admins_count_as_the_path_of_today_does(cloud: Cloud) -> None:
    """A delay in milliseconds."""
    body = {"events": [{"type": "my_type", "delay": 60}]}
    assert (await cloud("POST", MANY, body)).status == 200
    assert await due_of(cloud) == format_time(NOW + 60)


async def test_a_scheduled_event_runs_when_it_is_due(cloud: Cloud) -> None:
    """Its webhook is told the moment that it was meant for."""
    async with Sink(lambda _: Reply(body=b"{}")) as sink:
        await cloud.trigger(url=sink.url)
        await cloud.queue(SECOND, delay=5_000, payload={"a": 1})
        assert not await cloud.events()
        cloud.native.clock.turn(5_000)
        (received,) = await sink.wait_for(1)
    sent = msgspec.json.decode(received.body)
    assert set(sent) == {"specversion", "id", "type", "source", "time", "data"}
    assert (sent["data"], sent["time"], sent["specversion"]) == ({"a": 1}, format_time(NOW + 5_000), "1.0")
