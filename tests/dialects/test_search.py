"""`GET /events?q=`: words in the native API, combined with its filters, and no fault whatever they are."""

import threading
from urllib.parse import quote

import pytest

from ensue.dialects.native import events
from ensue.domain.event import Event
from ensue.store.base import EventQuery
from tests.dialects.edge import EVENTS, Edge


async def _titles(api: Edge, query: str) -> list[str]:
    return [item["card"]["title"] for item in await api.items(f"{EVENTS}?{query}")]


async def _some(api: Edge) -> None:
    for number, word in enumerate(("apple", "pear", "apple pie")):
        card = {"title": f"card {number}", "category": "even" if number % 2 == 0 else "odd"}
        await api.send(card=card, data={"what": word, "price": 12.5})


async def test_words_and_filters(api: Edge) -> None:
    """What holds all of the words is listed, newest first, beside every other filter."""
    await _some(api)
    assert await _titles(api, "q=apple") == ["card 2", "card 0"]
    assert await _titles(api, "q=card+12.5+pea") == ["card 1"]
    assert await _titles(api, "q=apple&category=odd") == []
    assert await _titles(api, "q=card&category=even&feed=true&type=order.*") == ["card 2", "card 0"]
    assert await _titles(api, "q=what") == []


async def test_what_can_be_pressed(api: Edge) -> None:
    """Cards with buttons, in the list, in the feed, by words, and among what is scheduled; or those without."""
    await _some(api)
    ship = {"title": "apple", "actions": [{"key": "ship", "label": "Ship", "url": "https://example.com/"}]}
    for more in ({}, {"context": {"id": "story"}}, {"context": {"id": "story"}}, {"delay": 60}):
        await api.send(card=ship, **more)
    assert await _titles(api, "actions=true") == ["apple"] * 3
    assert await _titles(api, "actions=true&feed=true&category=even") == []
    assert await _titles(api, "actions=true&feed=true&q=appl") == ["apple"] * 2
    assert await _titles(api, "actions=false&q=apple&feed=true") == ["card 2", "card 0"]
    assert await _titles(api, "actions=true&state=scheduled") == ["apple"]
    assert await _titles(api, "actions=false&state=scheduled") == []
    assert (await api("GET", f"{EVENTS}?actions=yes")).error == (400, "invalid", "actions")


async def test_pages_of_answers(api: Edge) -> None:
    """`next` goes on with the same question."""
    await _some(api)
    first = (await api("GET", f"{EVENTS}?q=apple&limit=1")).json
    assert [item["card"]["title"] for item in first["items"]] == ["card 2"]
    assert await _titles(api, f"q=apple&limit=1&next={first['next']}") == ["card 0"]


@pytest.mark.parametrize(
    "question", ['"', "a OR (b", "type:order", "*", "-x", "%00", "'; DROP TABLE event; --", "\ud7ff"]
)
async def test_no_question_is_a_fault(api: Edge, question: str) -> None:
    """Operators, quotes and ten kilobytes are plain words."""
    await _some(api)
    assert (await api("GET", f"{EVENTS}?q={quote(question)}")).status == 200
    long = quote((f"{question} " * 5_000)[:3_000])
    assert (await api("GET", f"{EVENTS}?q={long}")).status == 200
    assert (await api("GET", f"{EVENTS}?q={'x' * 10_240}")).status == 200


async def test_scheduled_events_by_word(api: Edge) -> None:
    """What waits is found by its words too."""
    await api.send(delay=60, data="apple", card={"title": "later"})
    await api.send(delay=60, data="pear", card={"title": "later still"})
    assert await _titles(api, "state=scheduled&q=appl") == ["later"]


async def test_another_project_finds_nothing(api: Edge) -> None:
    """Words are found by their own project alone."""
    await _some(api)
    other = await api.with_key("other")
    assert await _titles(other, "q=apple") == []


async def test_scheduled_events_are_looked_through_beside_others(api: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of large events take their time, and nobody else's."""
    await api.send(delay=60, data="appel")
    threads: list[str] = []
    whole = events.wanted

    def noted(query: EventQuery, event: Event) -> bool:
        threads.append(threading.current_thread().name)
        return whole(query, event)

    monkeypatch.setattr(events, "wanted", noted)
    assert len(await api.items("/api/v1/events?state=scheduled&q=appel")) == 1
    assert len(threads) == 1
    assert threads != [threading.current_thread().name]
