"""Threads over the native API: the feed with its threads, one event with its own, and the live end of a context."""

from typing import Any

import msgspec
import pytest

from ensue.domain.delivery import Entry
from ensue.domain.event import Context, Event
from ensue.domain.ids import event_id
from tests.dialects.edge import EVENTS, Edge
from tests.dialects.test_stream import followed, next_events

FEED = f"{EVENTS}?feed=true"


async def press(api: Edge, context: str) -> str:
    """The id of an event of a pressed button in that context, as the platform itself says it."""
    rules = api.house.engine.rules
    project = rules.project("default")
    assert project is not None
    now = api.clock()
    event = Event(
        id=event_id(now),
        project=project.id,
        type="ensue.action.done",
        time=now,
        received_at=now,
        context=Context(context),
    )
    await api.house.store.append(lambda _: [Entry(event)])
    return event.id


async def shown(api: Edge, url: str) -> list[str]:
    """The types that a list shows."""
    return [item["type"] for item in await api.items(url)]


async def test_the_feed_shows_roots_with_their_threads(api: Edge) -> None:
    """What begins a thread stands in the feed with what followed, oldest first; the log shows all, without threads."""
    root = await api.send(type="root", context={"id": "story"})
    children = [await api.send(type=f"n{n}", context={"id": "story"}) for n in range(2)]
    alone = await api.send(type="alone")
    items = await api.items(FEED)
    assert [item["id"] for item in items] == [alone, root]
    assert "thread" not in items[0]
    thread = items[1]["thread"]
    assert (thread["root"], thread["count"]) == (root, 2)
    assert [one["id"] for one in thread["events"]] == children
    assert all("thread" not in one for one in thread["events"])
    assert await shown(api, EVENTS) == ["alone", "n1", "n0", "root"]
    assert all("thread" not in item for item in await api.items(EVENTS))
    assert thread["events"][0] == (await api.items(f"{EVENTS}?type=n0"))[0]


async def test_an_event_shows_its_thread(api: Edge) -> None:
    """Root and child show the same thread; one that is scheduled, or stands alone, has none."""
    root = await api.send(type="root", context={"id": "story"})
    child = await api.send(type="child", context={"id": "story"})
    both = [(await api("GET", f"{EVENTS}/{one}")).json["thread"] for one in (root, child)]
    assert both[0] == both[1]
    assert (both[0]["root"], both[0]["count"], both[0]["events"][0]["id"]) == (root, 1, child)
    later = await api.send(type="later", context={"id": "story"}, delay=60)
    for one in (later, await api.send()):
        assert "thread" not in (await api("GET", f"{EVENTS}/{one}")).json


async def test_a_start_takes_over_and_an_orphan_is_seen(api: Edge) -> None:
    """`start` makes a root of a later event; when that is removed the oldest of the thread is the root."""
    await api.send(type="first", context={"id": "story"})
    start = await api.send(type="start", context={"id": "story", "start": True})
    assert await shown(api, FEED) == ["start"]
    assert (await api("DELETE", f"{EVENTS}/{start}")).status == 204
    assert await shown(api, FEED) == ["first"]


async def test_presses_are_in_threads_and_not_in_lists(api: Edge) -> None:
    """The press of a button is in its card's thread and on the stream; lists show it where type or context ask."""
    opened = await followed(api)
    await anext(opened.chunks), await anext(opened.chunks)
    card = await api.send(type="card")
    pressed = await press(api, card)
    assert await shown(api, EVENTS) == ["card"]
    assert await shown(api, f"{EVENTS}?subject=none") == []
    (item,) = await api.items(FEED)
    assert (item["thread"]["root"], [one["id"] for one in item["thread"]["events"]]) == (card, [pressed])
    assert (await api("GET", f"{EVENTS}/{card}")).json["thread"] == item["thread"]
    assert (await api("GET", f"{EVENTS}/{pressed}")).json["thread"] == item["thread"]
    assert await shown(api, f"{EVENTS}?context={card}") == ["ensue.action.done"]
    assert await shown(api, f"{EVENTS}?type=ensue.action.*") == ["ensue.action.done"]
    assert await shown(api, f"{FEED}&type=ensue.**") == []
    streamed = list[dict[str, Any]]()
    while len(streamed) < 2:
        streamed += [msgspec.json.decode(message["data"]) for message in await next_events(opened)]
    assert [one["id"] for one in streamed] == [card, pressed]
    assert all("thread" not in one for one in streamed)


async def test_children_are_live(api: Edge) -> None:
    """A stream of a context shows its root and its children, as they come, and nothing else."""
    opened = await followed(api, "context=story")
    await anext(opened.chunks), await anext(opened.chunks)
    await api.send(type="other", context={"id": "another"})
    for kind in ("root", "child"):
        await api.send(type=kind)
        sent = await api.send(type=kind, context={"id": "story"})
        (message,) = await next_events(opened)
        assert msgspec.json.decode(message["data"])["id"] == sent


async def test_the_feed_is_paged_and_narrowed(api: Edge) -> None:
    """The feed's pages follow each other as those of the log, and take the same filters."""
    for n in range(5):
        await api.send(type=f"t{n}", subject=f"s{n % 2}", context={"id": f"c{n}"})
        await api.send(type="child", subject=f"s{n % 2}", context={"id": f"c{n}"})
    first = (await api("GET", f"{FEED}&limit=2")).json
    second = (await api("GET", f"{FEED}&limit=2&next={first['next']}")).json
    assert [one["type"] for one in first["items"] + second["items"]] == ["t4", "t3", "t2", "t1"]
    assert await shown(api, f"{FEED}&subject=s1") == ["t3", "t1"]
    assert await shown(api, f"{FEED}&context=c2") == ["t2"]
    assert await shown(api, f"{EVENTS}?feed=false&context=c2") == ["child", "t2"]


async def test_threads_of_another_project_are_not_seen(api: Edge) -> None:
    """The same context in another project is another thread."""
    other = await api.with_key("other")
    await other.send(type="theirs", context={"id": "story"})
    root = await api.send(type="mine", context={"id": "story"})
    (item,) = await api.items(FEED)
    assert item["id"] == root
    assert "thread" not in item


@pytest.mark.parametrize("query", ["feed=yes", "feed=true&state=scheduled"])
async def test_what_the_feed_cannot_be(api: Edge, query: str) -> None:
    """The feed is yes or no, and of what happened."""
    assert (await api("GET", f"{EVENTS}?{query}")).error == (400, "invalid", "feed")
