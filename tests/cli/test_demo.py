"""The demo: the same story for the same seed, taken by the server's own rules, and a receiver that fails well."""

from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ensue.cli.demo_receiver import receiving
from ensue.cli.demo_story import story
from ensue.domain.intake import Draft, Limits, accept
from ensue.domain.schedule import DAY, parse_time

NOW = 1_767_323_045_678


def _story(seed: int, count: int) -> Any:
    return story(seed, count, NOW, "https://shop.fjord.example", "https://fjord.example/favicon.svg")


def test_a_seed_tells_one_story() -> None:
    """The same number tells the same one, another number another one."""
    assert _story(7, 60) == _story(7, 60)
    assert _story(7, 60) != _story(8, 60)


def test_a_story_is_as_long_as_asked_and_in_order() -> None:
    """Nothing happens after now, or more than a week before."""
    times = [parse_time(event["time"], "time") for event in _story(3, 400)]
    assert len(times) == 400
    assert times == sorted(times)
    assert times[-1] <= NOW
    assert times[0] >= NOW - 7 * DAY


def test_every_event_is_one_that_is_taken() -> None:
    """By the rules of the server itself, with all that a feed can show."""
    events = _story(1, 600)
    drafts = (msgspec.json.decode(msgspec.json.encode(event), type=Draft) for event in events)
    accepted = [accept(draft, "prj_1", Limits(), NOW) for draft in drafts]
    cards = [intake.event.card for intake in accepted if intake.event.card is not None]
    assert len(cards) == 600
    assert {card.content.type for card in cards if card.content is not None} == {"text", "rows", "json", "image"}
    assert len({card.category for card in cards}) >= 6
    for wanted in ("muted", "notify", "test", "actions"):
        assert any(getattr(card, wanted) for card in cards), wanted


def _post(url: str, message: str) -> int:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request("POST", parts.path, b"{}", {"webhook-id": message})
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_receiver_takes_refuses_and_takes_late() -> None:
    """Books arrive, the warehouse is broken, each third mail arrives when it comes again."""
    with receiving() as url:
        assert _post(f"{url}/books", "msg_1") == 200
        assert _post(f"{url}/warehouse", "msg_1") == 503
        assert [_post(f"{url}/mail", f"msg_{number}") for number in range(3)] == [200, 200, 503]
        assert _post(f"{url}/mail", "msg_2") == 200
