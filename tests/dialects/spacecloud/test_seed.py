"""Each sample of the documentation page "Custom Events", as it stands there."""

from typing import Any

import msgspec
import pytest

from ensue.domain.schedule import format_time
from ensue.testing import Reply, Sink
from tests.dialects.spacecloud.cloud import CONFIG, FIRST, Cloud

NOW = 1_800_000_000_000
MINUTE = 60_000
JSON = {"content_type": "application/json"}

SENT = b"""{
  "type": "sent-email",
  "data": {
    "to": "user1@email.com",
    "from": "user2@email.com",
    "subject": "Some Subject"
  }
}"""
DELAYED = b'{\n  "type": "my-custom-event",\n  "delay": 3600,\n  "data": {\n    "foo": "bar"\n  }\n}'
AT = b'{\n  "type": "my-custom-event",\n  "timestamp": 1587902400,\n  "data": {\n    "foo": "bar"\n  }\n}'
BOTH = b"""{
  "type": "my-custom-event",
  "delay": 3600,
  "timestamp": 1587902400,
  "data": {
    "foo": "bar"
  }
}"""


async def test_an_event_is_queued(cloud: Cloud) -> None:
    """Its data is what the webhook gets."""
    assert (await cloud("POST", FIRST, SENT, **JSON)).status == 200
    (event,) = await cloud.events()
    assert event["type"] == "sent-email"
    assert event["data"] == {"to": "user1@email.com", "from": "user2@email.com", "subject": "Some Subject"}


async def test_an_event_is_delayed(cloud: Cloud) -> None:
    """By seconds, as the page's table says."""
    assert (await cloud("POST", FIRST, DELAYED, **JSON)).status == 200
    (event,) = await cloud.scheduled()
    assert event["due_at"] == format_time(NOW + 60 * MINUTE)


@pytest.mark.parametrize(("body", "at"), [(AT, 1_587_902_400_000), (BOTH, 1_587_906_000_000)])
async def test_an_event_of_a_time_that_has_passed_runs_at_once(cloud: Cloud, body: bytes, at: int) -> None:
    """The page's moment is in 2020, in seconds; with a delay it is still past. The webhook is told the moment."""
    assert (await cloud("POST", FIRST, body, **JSON)).status == 200
    (event,) = await cloud.events()
    assert event["time"] == format_time(at)


async def test_an_event_is_scheduled_in_milliseconds(cloud: Cloud) -> None:
    """As the page's table says of `timestamp`."""
    body = {"type": "my-custom-event", "timestamp": NOW + MINUTE, "data": {"foo": "bar"}}
    assert (await cloud("POST", FIRST, body, **JSON)).status == 200
    (event,) = await cloud.scheduled()
    assert event["due_at"] == format_time(NOW + MINUTE)


async def test_the_webhook_gets_what_the_page_shows(cloud: Cloud) -> None:
    """A POST with six keys, `1.0-rc1` for a trigger of that age; retried three times by default."""
    async with Sink(lambda _: Reply()) as sink:
        trigger: dict[str, Any] = {"type": "my-custom-event", "url": sink.url}
        assert (await cloud("POST", f"{CONFIG}/event-triggers/rules/welcome-email", trigger)).status == 200
        await cloud("POST", FIRST, {"type": "my-custom-event", "data": {"foo": "bar"}}, **JSON)
        (received,) = await sink.wait_for(1)
    assert (received.method, received.headers["content-type"]) == ("POST", "application/json")
    sent = msgspec.json.decode(received.body)
    assert set(sent) == {"specversion", "id", "type", "source", "time", "data"}
    assert (sent["specversion"], sent["type"], sent["data"]) == ("1.0-rc1", "my-custom-event", {"foo": "bar"})
    assert sent["time"] == format_time(NOW)
    (shown,) = await cloud.get("triggers")
    assert (shown["retries"], shown["timeout"]) == (3, 5000)
