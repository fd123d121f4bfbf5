"""What a follower sees (design section 10, `GET /stream`): all of it, once, in order, or a gap that says so."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from ensue.domain.event import Event
from ensue.engine import feed
from ensue.engine.feed import Feed, Glimpse
from tests.engine.stage import Stage, glimpse

QUIET = 1e6
"""A heartbeat that never comes, in seconds."""


def everything(_event: Event) -> bool:
    """No filter."""
    return True


def following(
    stage: Stage, after: str | None = None, kind: str = "", heartbeat: float = QUIET
) -> AsyncIterator[Glimpse]:
    """A follower of events whose type begins with `kind`."""
    return stage.engine.feed.follow(stage.project, lambda event: event.type.startswith(kind), after, heartbeat)


async def seen(follower: AsyncIterator[Glimpse], count: int) -> list[str]:
    """The types of the next events that a follower sees, once there are so many."""
    types: list[str] = []
    while len(types) < count:
        types += [moment.event.type for moment in (await glimpse(follower)).moments]
    return types


async def cursors(stage: Stage) -> list[str]:
    """The cursors of the log."""
    return [cursor for cursor, _ in (await stage.store.read(None, 10_000)).events]


async def test_a_follower_begins_now(stage: Stage) -> None:
    """Without a cursor: a heartbeat at once, then only what is committed after it."""
    await stage.send("before")
    follower = following(stage)
    first = await glimpse(follower)
    assert (first.moments, first.cursor) == ([], (await cursors(stage))[-1]) or first.moments == ()
    await stage.send("after")
    assert await seen(follower, 1) == ["after"]


async def test_a_follower_resumes_where_it_was(stage: Stage) -> None:
    """After each cursor of the log, exactly the events behind it."""
    types = [f"t{n}" for n in range(12)]
    for kind in types:
        await stage.send(kind)
    for at, cursor in enumerate((await cursors(stage))[:-1]):
        assert await seen(following(stage, cursor), len(types) - at - 1) == types[at + 1 :]


async def test_one_cursor_for_each_event(stage: Stage) -> None:
    """Whoever stops in the middle of a glimpse can go on there: a moment's cursor is its own."""
    follower = following(stage)
    await glimpse(follower)
    await stage.send_many(5)
    moments = list((await glimpse(follower)).moments)
    while len(moments) < 5:
        moments += (await glimpse(follower)).moments
    assert [moment.cursor for moment in moments] == await cursors(stage)


async def test_followers_join_while_commits_happen(stage: Stage) -> None:
    """Sixty followers come and go on resumed cursors while events pour in: none loses or repeats one."""
    count = 600
    done = asyncio.Event()

    async def pour() -> None:
        for start in range(0, count, 20):
            await asyncio.gather(*[stage.send(f"t{start + n}") for n in range(20)])
        done.set()

    async def follow(breaks: int) -> list[str]:
        types: list[str] = []
        after: str | None = origin
        while len(types) < count:
            follower = following(stage, after)
            for _ in range(breaks):
                if len(types) < count:
                    found = await glimpse(follower)
                    after = found.cursor
                    types += [moment.event.type for moment in found.moments]
            await follower.aclose()  # type: ignore[attr-defined]
        return types

    origin = await stage.store.head()
    results = await asyncio.gather(pour(), *[follow(2 + n % 7) for n in range(60)])
    logged = [event.type for _, event in (await stage.store.read(origin, 10_000)).events]
    assert len(logged) == count
    assert all(types == logged for types in results[1:])
    assert stage.engine.feed.followers == 0


async def test_nothing_crosses_the_wall(stage: Stage) -> None:
    """A follower sees its own project only."""
    other = (await stage.engine.keys.create("other")).project
    follower = stage.engine.feed.follow(other.id, everything, None, QUIET)
    await glimpse(follower)
    mine = following(stage)
    await glimpse(mine)
    await stage.send("mine")
    assert await seen(mine, 1) == ["mine"]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await anext(follower)


async def test_a_heartbeat_moves_on_over_what_is_unwanted(stage: Stage) -> None:
    """However much of it comes: heartbeats come in time, with a cursor behind what was passed over."""
    follower = following(stage, kind="wanted", heartbeat=0.0)
    first = await glimpse(follower)
    for _ in range(3):
        await stage.send("unwanted")
    last = (await cursors(stage))[-1]
    found = await glimpse(follower)
    while found.cursor != last:
        assert (found.moments or ()) == ()
        found = await glimpse(follower)
    assert first.cursor != last
    await stage.send("wanted")
    assert await seen(following(stage, found.cursor, "wanted"), 1) == ["wanted"]


async def test_a_heartbeat_names_nothing_that_was_not_shown(stage: Stage) -> None:
    """Beats race with events: from the cursor of any of them, exactly what was not shown yet is still to come."""
    follower = following(stage, heartbeat=0.0)
    origin = (await glimpse(follower)).cursor
    shown: list[str] = []
    places: list[tuple[int, str]] = []
    for number in range(40):
        sending = asyncio.ensure_future(stage.send(f"t{number}"))
        while not sending.done() or len(shown) <= number:
            found = await glimpse(follower)
            shown += [moment.event.type for moment in found.moments]
            places.append((len(shown), found.cursor))
    logged = [event.type for _, event in (await stage.store.read(origin, 1_000)).events]
    assert shown == logged
    for count, cursor in places:
        behind = await stage.store.read(cursor, 1_000)
        assert [event.type for _, event in behind.events] == logged[count:]


async def test_a_cursor_that_is_not_of_this_log_is_a_gap(stage: Stage) -> None:
    """Said once, and then from the oldest that there is."""
    await stage.send("one")
    follower = following(stage, "00000000.7")
    assert (await glimpse(follower)).moments == ()
    found = await glimpse(follower)
    assert (found.gap, [moment.event.type for moment in found.moments]) == (True, ["one"])
    await stage.send("two")
    found = await glimpse(follower)
    assert (found.gap, [moment.event.type for moment in found.moments]) == (False, ["two"])


async def test_a_gap_in_an_empty_log_waits_like_any_other(stage: Stage) -> None:
    """Nothing to show but the gap, then what comes."""
    follower = following(stage, "00000000.7")
    await glimpse(follower)
    assert (await glimpse(follower)).gap
    await stage.send("one")
    assert await seen(follower, 1) == ["one"]


@pytest.mark.parametrize("resume", [True, False])
async def test_a_removed_event_at_the_end_holds_nobody_up(stage: Stage, *, resume: bool) -> None:
    """The newest event is gone: a cursor before it and one behind it are the same place, and nobody spins there."""
    await stage.send("kept")
    removed = await stage.send("removed")
    before, behind = await cursors(stage)
    await stage.engine.remove_event(stage.project, removed.event_id)
    other = following(stage)
    await glimpse(other)
    follower = following(stage, before if resume else behind)
    await glimpse(follower)
    reads = 0
    read = stage.store.read

    async def counted(after: str | None, limit: int) -> object:
        nonlocal reads
        reads += 1
        return await read(after, limit)

    stage.store.read = counted  # type: ignore[method-assign, assignment]
    waiting = asyncio.ensure_future(anext(follower))
    for _ in range(200):
        await asyncio.sleep(0)
    await stage.store.head()
    assert reads < 10
    await stage.send("next")
    async with asyncio.timeout(10):
        assert [moment.event.type for moment in (await waiting).moments] == ["next"]


async def test_a_slow_reader_is_dropped_and_can_resume(stage: Stage) -> None:
    """More than 1,000 events behind: its stream ends; from its cursor it misses nothing."""
    slow, quick = following(stage), following(stage)
    await glimpse(slow)
    await glimpse(quick)
    await stage.send_many(1)
    assert await seen(slow, 1) == await seen(quick, 1) == ["order.paid"]
    at = (await cursors(stage))[-1]
    count = feed.MOST_BEHIND + 1
    for _ in range(3):
        await stage.send_many(count // 3 + 1)
        assert len(await seen(quick, count // 3 + 1)) == count // 3 + 1
    with pytest.raises(StopAsyncIteration):
        await glimpse(slow)
    assert len(await seen(following(stage, at), 3 * (count // 3 + 1))) == 3 * (count // 3 + 1)


async def test_the_ring_stays_small(stage: Stage) -> None:
    """What is kept for followers is bounded, and nothing at all without them."""
    await stage.send_many(500)
    assert len(stage.engine.feed._ring) == 0
    follower = following(stage)
    await glimpse(follower)
    for _ in range(8):
        await stage.send_many(500)
        assert len(await seen(follower, 500)) == 500
    assert len(stage.engine.feed._ring) <= 2 * feed.MOST_BEHIND
    await follower.aclose()  # type: ignore[attr-defined]
    assert stage.engine.feed.followers == 0


async def test_an_event_is_encoded_once_for_all(stage: Stage) -> None:
    """Followers share the moments of the ring, with what was made of them."""
    one, two = following(stage), following(stage)
    await glimpse(one)
    await glimpse(two)
    await stage.send("shared")
    assert (await glimpse(one)).moments[0] is (await glimpse(two)).moments[0]


async def test_a_stop_ends_every_stream(stage: Stage) -> None:
    """Those who wait for news, and those who come after."""
    follower = following(stage)
    await glimpse(follower)
    waiting = asyncio.ensure_future(anext(follower))
    await asyncio.sleep(0)
    await stage.engine.feed.stop()
    async with asyncio.timeout(10):
        with pytest.raises(StopAsyncIteration):
            await waiting
        assert len([found async for found in following(stage)]) <= 1


async def test_a_follower_that_cannot_read_is_not_counted(stage: Stage) -> None:
    """The store fails while it joins: the error is its own, and it is gone."""
    broken = Feed(stage.store)

    async def fails() -> str:
        raise OSError("broken")

    broken._store = type("Broken", (), {"head": staticmethod(fails)})()
    with pytest.raises(OSError, match="broken"):
        await anext(broken.follow(stage.project, everything, None, QUIET))
    assert broken.followers == 0


async def test_scheduled_events_are_seen_when_due(stage: Stage) -> None:
    """Not when they are accepted."""
    follower = following(stage)
    await glimpse(follower)
    await stage.send("later", delay=10)
    await stage.send("now")
    assert await seen(follower, 1) == ["now"]
    stage.clock.turn(10_000)
    assert await seen(follower, 1) == ["later"]
