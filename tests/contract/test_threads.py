"""Threads: which event is the root, what stands in the feed, and what happens when a root goes."""

from typing import Any

import pytest
from msgspec import Raw

from ensue.domain.delivery import Entry
from ensue.domain.event import Card, Context, Event
from ensue.domain.thread import SHOWN, SHOWN_BYTES, Thread
from ensue.store.base import EventQuery, Store
from tests.contract.builders import (
    NOW,
    OTHER,
    PROJECT,
    append,
    claim,
    entry,
    once,
    outcome,
    scheduled,
    settle,
)

DAY = 86_400_000


def told(kind: str, context: str | None = "story", *, start: bool = False, **fields: Any) -> Entry:
    """An event of a story, named by its type."""
    return entry(type=kind, context=None if context is None else Context(context, start), **fields)


async def feed(store: Store, **fields: Any) -> list[str]:
    """The types in the feed, newest first, over all pages."""
    found, before = list[str](), None
    while True:
        query = {"project": PROJECT, "feed": True, "before": before, **fields}
        page = await store.page(EventQuery(**query))
        found += [event.type for event in page.items]
        before = page.next
        if before is None:
            return found


async def thread(store: Store, context: str = "story", project: str = PROJECT) -> tuple[str | None, int, list[str]]:
    """A thread as the id of its root, its count and the types of the others."""
    found = (await store.threads(project, [context]))[context]
    return found.root, found.count, [event.type for event in found.events]


async def test_the_first_is_the_root(store: Store) -> None:
    """The first event of a context stands in the feed, the others in its thread, oldest first."""
    root = told("root")
    await append(store, told("alone", None), root, told("one"))
    await append(store, told("two"))
    assert await feed(store) == ["root", "alone"]
    assert await thread(store) == (root.event.id, 2, ["one", "two"])
    assert [event.type for event in (await store.page(EventQuery(project=PROJECT))).items] == [
        "two",
        "one",
        "root",
        "alone",
    ]


async def test_a_start_takes_over_once(store: Store) -> None:
    """A later event with `start` becomes the root, of one commit or another; a second one is a child."""
    first, start = told("first"), told("start", start=True)
    await append(store, first)
    await append(store, told("child"))
    await append(store, start, told("second start", start=True))
    await append(store, told("last", start=True))
    assert await feed(store) == ["start"]
    assert await thread(store) == (start.event.id, 4, ["first", "child", "second start", "last"])
    await append(store, told("a", "other"), told("b", "other", start=True), told("c", "other"))
    assert await feed(store) == ["b", "start"]


async def test_a_root_that_said_start_stays(store: Store) -> None:
    """Where the first event said `start`, nobody takes over."""
    await append(store, told("start", start=True), told("again", start=True))
    assert await feed(store) == ["start"]


async def test_contexts_of_projects_are_apart(store: Store) -> None:
    """The same context in two projects is two threads; an id of another project's event begins nothing."""
    mine, card = told("mine"), told("card", None)
    theirs = told("theirs", project=OTHER)
    await append(store, mine, theirs, told("child", project=OTHER), card, told("x", card.event.id, project=OTHER))
    assert await feed(store) == ["card", "mine"]
    assert await feed(store, project=OTHER) == ["x", "theirs"]
    assert await thread(store) == (mine.event.id, 0, [])
    assert await thread(store, project=OTHER) == (theirs.event.id, 1, ["child"])
    assert await store.threads(PROJECT, [card.event.id, "nothing"]) == {}


@pytest.mark.parametrize("together", [True, False])
async def test_an_event_begins_the_context_of_its_id(store: Store, together: bool) -> None:  # noqa: FBT001 - a parameter
    """An event without a context is the root of what comes into the context that bears its id, even of a start."""
    card = told("card", None)
    press = told("ensue.action.done", card.event.id)
    answer = told("answer", card.event.id, start=True)
    for group in [[card, press, answer]] if together else [[card], [press], [answer]]:
        await append(store, *group)
    assert await feed(store) == ["card"]
    assert await thread(store, card.event.id) == (card.event.id, 2, ["ensue.action.done", "answer"])


async def test_an_event_with_a_context_begins_no_other(store: Store) -> None:
    """The id of an event that is in a context itself is a context like any other."""
    inside = told("inside")
    first = told("first", inside.event.id)
    await append(store, inside, first)
    assert await thread(store, inside.event.id) == (first.event.id, 0, [])
    assert await feed(store) == ["first", "inside"]


async def test_the_platform_is_never_a_root(store: Store) -> None:
    """What the platform says is in threads but not in the feed; the first other event is the root."""
    root = told("root")
    await append(store, told("ensue.delivery.dead", None), told("ensue.action.done", start=True))
    assert await feed(store) == []
    assert await thread(store) == (None, 1, ["ensue.action.done"])
    await append(store, root)
    assert await feed(store) == ["root"]
    assert await thread(store) == (root.event.id, 1, ["ensue.action.done"])


async def test_scheduled_events_count_when_they_happen(store: Store) -> None:
    """A scheduled event joins its thread when it enters the log, with the outcome that emits it."""
    later = scheduled(NOW + 10, type="later", context=Context("story", start=True))
    await append(store, later, told("first"))
    assert await feed(store) == ["first"]
    [debt] = await claim(store, NOW + 10, lane=f"scheduled:{PROJECT}")
    done = outcome(debt, now=NOW + 10)
    await settle(store, type(done)(done.delivery, done.attempt, emits=(Entry(later.event),)))
    assert await feed(store) == ["later"]
    assert await thread(store) == (later.event.id, 1, ["first"])


async def test_refused_events_join_nothing(store: Store) -> None:
    """A repeat leaves the thread as it was."""
    await append(store, told("root", once=[once("a")]))
    await append(store, told("again", start=True, once=[once("a")]), told("child"))
    assert (await thread(store))[1:] == (1, ["child"])


async def test_the_newest_are_shown(store: Store) -> None:
    """Of a long thread the newest are shown, and all are counted."""
    await append(store, told("root"), *(told(f"n{n}") for n in range(50)))
    found = (await thread(store))[1:]
    assert found == (50, [f"n{n}" for n in range(50 - SHOWN, 50)])


async def test_large_events_are_shown_fewer(store: Store) -> None:
    """What is shown beside an event is bounded in bytes too; the newest is always there."""
    large = Raw(b'"' + b"x" * (SHOWN_BYTES // 3) + b'"')
    await append(store, told("root"), *(told(f"n{n}", data=large) for n in range(5)))
    assert (await thread(store))[1:] == (5, ["n3", "n4"])
    await append(store, told("huge", data=Raw(b'"' + b"x" * SHOWN_BYTES + b'"')))
    assert (await thread(store))[1:] == (6, ["huge"])


async def test_a_removed_root_leaves_an_heir(store: Store) -> None:
    """The oldest event that is left becomes the root, so that no orphan is hidden; its `start` counts as its own."""
    root, press = told("root", start=True), told("ensue.action.done")
    children = [told("one"), told("two", start=True), told("three")]
    await append(store, root, press, *children)
    await store.remove(PROJECT, root.event.id, NOW)
    assert await feed(store) == ["one"]
    assert await thread(store) == (children[0].event.id, 3, ["ensue.action.done", "two", "three"])
    await append(store, told("new start", start=True))
    assert await feed(store) == ["new start"]


async def test_a_removed_child_is_counted_out(store: Store) -> None:
    """A child that is removed leaves the root as it is, and the thread ends with its last event."""
    root, child = told("root"), told("child")
    await append(store, root, child)
    await store.remove(PROJECT, child.event.id, NOW)
    assert await thread(store) == (root.event.id, 0, [])
    await store.remove(PROJECT, root.event.id, NOW)
    assert await store.threads(PROJECT, ["story"]) == {}
    await append(store, again := told("again"))
    assert await thread(store) == (again.event.id, 0, [])


async def test_a_removed_card_leaves_its_answers(store: Store) -> None:
    """Where a card without a context goes, the oldest answer stands in the feed; what the platform said does not."""
    card = told("card", None)
    await append(store, card, told("ensue.action.done", card.event.id), answer := told("answer", card.event.id))
    await store.remove(PROJECT, card.event.id, NOW)
    assert await feed(store) == ["answer"]
    assert await thread(store, card.event.id) == (answer.event.id, 1, ["ensue.action.done"])
    await store.remove(PROJECT, answer.event.id, NOW)
    assert await thread(store, card.event.id) == (None, 1, ["ensue.action.done"])
    await append(store, late := told("late", card.event.id))
    assert (await thread(store, card.event.id))[0] == late.event.id


async def test_what_is_pruned_leaves_heirs(store: Store) -> None:
    """Retention takes the old part of threads, and each goes on with its oldest event that is left."""
    card = told("card", None)
    old = [card, told("root", start=True), told("child"), told("gone", "short"), told("x", card.event.id)]
    await append(store, *old)
    young = [told("young", now=NOW + DAY), told("younger", now=NOW + DAY), told("y", card.event.id, now=NOW + DAY)]
    await append(store, *young)
    after: str | None = None
    while True:
        after = (await store.prune(PROJECT, NOW + 1, NOW + 1, after, 2)).next
        if after is None:
            break
    assert await feed(store) == ["y", "young"]
    assert await thread(store) == (young[0].event.id, 1, ["younger"])
    assert await thread(store, card.event.id) == (young[2].event.id, 0, [])
    assert await store.threads(PROJECT, ["short"]) == {}


async def test_test_events_are_pruned_from_threads(store: Store) -> None:
    """Test events are old sooner, also as children and as roots."""
    test = Card(test=True)
    await append(store, told("root", card=test), told("child"), told("last", card=test))
    await store.prune(PROJECT, NOW, NOW + 1, "tests.0", 10)
    assert await feed(store) == ["child"]
    assert (await thread(store))[1:] == (0, [])


@pytest.mark.parametrize("limit", [1, 3, 50])
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["alone", "t2", "t1", "t0"]),
        ({"subject": "s0"}, ["t2", "t0"]),
        ({"context": "t1"}, ["t1"]),
        ({"category": "c"}, ["alone"]),
        ({"tenant": "none"}, []),
        ({"type": "t1"}, ["t1"]),
        ({"type": "ensue.**"}, []),
        ({"muted": True}, ["alone"]),
        ({"test": False}, ["alone", "t2", "t1", "t0"]),
        ({"since": NOW + 2}, ["alone", "t2"]),
        ({"without": "t"}, ["alone"]),
    ],
)
async def test_the_feed_is_narrowed(store: Store, fields: dict[str, Any], expected: list[str], limit: int) -> None:
    """Every filter holds in the feed too, on pages of any length."""
    for n in range(3):
        await append(store, told(f"t{n}", f"t{n}", subject=f"s{n % 2}", time=NOW + n))
        await append(store, *(told("child", f"t{n}", subject=f"s{n % 2}", time=NOW + n) for _ in range(9)))
    await append(store, told("alone", None, card=Card(category="c", muted=True), time=NOW + 9))
    assert await feed(store, limit=limit, **fields) == expected


async def test_what_begins_so_is_left_out(store: Store) -> None:
    """`without` leaves out types by their beginning, of the log as of a context."""
    await append(store, told("root"), told("ensue.action.done"), told("ensue.delivery.dead"))
    for context in (None, "story"):
        query = EventQuery(project=PROJECT, without="ensue.action.", context=context)
        assert [event.type for event in (await store.page(query)).items] == ["ensue.delivery.dead", "root"]


async def test_threads_outlive_the_server(store: Store) -> None:
    """What was closed and opened again goes on."""
    await append(store, root := told("root"), told("one"))
    await store.close()
    await store.open(NOW)
    await append(store, told("two"))
    assert await thread(store) == (root.event.id, 2, ["one", "two"])
    assert await feed(store) == ["root"]


async def test_a_thread_is_seen_whole(store: Store) -> None:
    """Many threads are asked for at once, and the events in them are the events of the log."""
    made = [told("root", name) for name in "ab"]
    children = [told("child", name) for name in "ba"]
    await append(store, *made, *children)
    found = await store.threads(PROJECT, ["a", "b", "a", "c"])
    assert found == {
        "a": Thread(made[0].event.id, 1, [children[1].event]),
        "b": Thread(made[1].event.id, 1, [children[0].event]),
    }
    assert isinstance(found["a"].events[0], Event)
    assert await store.threads(PROJECT, []) == {}
