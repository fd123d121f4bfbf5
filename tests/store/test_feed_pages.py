"""What a page of the feed costs: counted in the steps that SQLite takes, however many children there are."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import apsw
import pytest

from ensue.domain.delivery import Entry
from ensue.domain.event import Context, Event
from ensue.domain.thread import Thread
from ensue.store.base import EventQuery
from ensue.store.sqlite import SqliteStore, pages, threads
from ensue.store.sqlite.turn import Turn
from tests.contract.builders import NOW, PROJECT, append, entry
from tests.store.conftest import ask

ROOTS = 6
SEVERAL = 25
MANY = 4_000
"""Children of one story; more than what is shown, and more than the first look of a page."""


def told(story: int, kind: str = "child", **fields: Any) -> Entry:
    """An event of a story."""
    return entry(type=kind, context=Context(f"story {story}"), **fields)


async def cost(store: SqliteStore, **fields: Any) -> tuple[int, list[str]]:
    """How many steps a page of the feed takes with its threads, and the types that it shows."""
    steps: list[int] = []

    def counted(turn: Turn) -> Sequence[str]:
        def note(what: dict[str, Any]) -> None:
            steps.append(what["stmt_status"]["SQLITE_STMTSTATUS_VM_STEP"])

        turn.connection.trace_v2(apsw.SQLITE_TRACE_PROFILE, note)
        try:
            page = pages.events(turn.execute, EventQuery(project=PROJECT, feed=True, limit=ROOTS, **fields))
            contexts = [event.context.id for event in page.items if event.context is not None]
            assert len(threads.threads(turn.execute, PROJECT, contexts)) == len(contexts)
        finally:
            turn.connection.trace_v2(0, None)
        return [event.type for event in page.items]

    shown = await store._do(counted)
    return sum(steps), list(shown)


async def stories(store: SqliteStore) -> None:
    """A feed of stories with several children each."""
    await append(store, *(told(n, f"root {n}", subject="ann") for n in range(ROOTS)))
    await append(store, *(told(n % ROOTS, subject="ann") for n in range(SEVERAL * ROOTS)))


@pytest.mark.parametrize("fields", [{}, {"subject": "ann"}, {"without": "child"}, {"until": NOW + 1}])
async def test_children_cost_a_page_nothing(store: SqliteStore, fields: dict[str, Any]) -> None:
    """A page of the feed takes as many steps with thousands of children as with some."""
    await stories(store)
    before, shown = await cost(store, **fields)
    assert shown == [f"root {n}" for n in reversed(range(ROOTS))]
    await append(store, *(told(n % 2, subject="ann") for n in range(MANY)))
    after, again = await cost(store, **fields)
    assert again == shown
    assert after == pytest.approx(before, rel=0.02)


async def test_a_press_costs_a_page_nothing(store: SqliteStore) -> None:
    """Neither do thousands of presses, of cards that bear the name of their thread."""
    cards = [entry(type="card") for _ in range(ROOTS)]
    await append(store, *cards)
    before, shown = await cost(store)
    presses = (entry(type="ensue.action.done", context=Context(cards[n % ROOTS].event.id)) for n in range(MANY))
    await append(store, *presses)
    after, again = await cost(store)
    assert (again, shown) == (["card"] * ROOTS, ["card"] * ROOTS)
    assert after == pytest.approx(before, rel=0.02)


async def test_the_feed_is_read_along_its_index(store: SqliteStore) -> None:
    """The page's own statement walks the index that has no children in it, and sorts nothing."""
    texts: list[str] = []

    def spied(turn: Turn) -> None:
        def execute(text: str, values: Sequence[Any] = (), /) -> Any:
            texts.append(text)
            return turn.execute(text, values)

        pages.events(execute, EventQuery(project=PROJECT, feed=True))

    await store._do(spied)
    text = texts[-1]
    plan = [row[3] for row in await ask(store, f"EXPLAIN QUERY PLAN {text}", *[None] * text.count("?"))]
    assert plan == ["SEARCH event USING INDEX event_feed (project=? AND rowid>? AND rowid<?)"]


def _traced(note: Callable[[dict[str, Any]], None], turn: Turn) -> None:
    turn.connection.trace_v2(apsw.SQLITE_TRACE_STMT, note)


async def test_an_event_alone_is_written_by_as_few_statements(store: SqliteStore) -> None:
    """Events without a context ask nothing and change nothing but their own row; those with one share a question and
    a statement."""
    counts = []
    for context in (None, Context("story")):
        made = [entry(context=context) for _ in range(8)]
        texts: list[str] = []

        def note(what: dict[str, Any], texts: list[str] = texts) -> None:
            texts.append(what["sql"])

        await store._do(partial(_traced, note))
        await append(store, *made)
        await store._do(lambda turn: turn.connection.trace_v2(0, None))
        counts.append(len([text for text in texts if "event" in text or "thread" in text]))
    assert counts == [1, 3]


async def test_a_thread_that_is_spread_over_the_log(store: SqliteStore) -> None:
    """What is shown, and who inherits, is found however far apart the events of a thread lie."""
    made = [await _far_on(store, told(0, f"n{n}")) for n in range(6)]
    for left in range(5, 0, -1):
        found = (await store.threads(PROJECT, ["story 0"]))["story 0"]
        root = made[-left - 1]
        assert found == Thread(root.id, left, made[-left:])
        assert await store.remove(PROJECT, root.id, NOW)


async def test_who_came_before_the_start_inherits(store: SqliteStore) -> None:
    """The heir is looked for from the oldest event on, not from the one that said it begins the thread."""
    first, _, start, _ = [
        await _far_on(store, entry(type=f"n{n}", context=Context("story 0", start=n == 2))) for n in range(4)
    ]
    assert (await store.threads(PROJECT, ["story 0"]))["story 0"].root == start.id
    assert await store.remove(PROJECT, start.id, NOW)
    assert (await store.threads(PROJECT, ["story 0"]))["story 0"].root == first.id


async def _far_on(store: SqliteStore, made: Entry) -> Event:
    """Take an event in, and leave a long stretch of the log behind it."""
    await append(store, made)
    await ask(store, "UPDATE sqlite_sequence SET seq = seq + 20000 WHERE name = 'event'")
    await store.close()
    await store.open(NOW)
    return made.event
