"""That plans are never stale (design section 5): rules learned in the writer's turn, by whoever changed them."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from ensue.domain.document import Document, Put
from ensue.domain.errors import EnsueError
from ensue.domain.event import Event
from ensue.domain.schedule import MINUTE
from ensue.domain.trigger import Endpoint, Match, MatchDraft, Trigger, TriggerPatch, trigger_document
from ensue.engine.rules import SLOW, SLOW_RUNS, Fault, Rules
from ensue.store.base import Changes
from ensue.store.sqlite import SqliteStore
from tests.engine.stage import Stage, staged

NOW = 1_800_000_000_000


def rule(name: str, change: int, *, revision: int = 1, gone: bool = False, kind: str = "order.*") -> Document:
    """The document of a trigger, as a store hands it out."""
    trigger = Trigger(
        id=name,
        project="prj_1",
        name=f"{name} {revision}",
        match=Match(type=(kind,)),
        endpoint=Endpoint(url="http://a.example/"),
        created_at=NOW,
        updated_at=NOW,
    )
    document = trigger_document(trigger, revision)
    body = b"" if gone else document.body
    return Document(kind="trigger", project="prj_1", id=name, body=body, revision=revision, change=change)


def after(documents: Sequence[Document]) -> Changes:
    """What a transaction sees of these."""
    return lambda revision: [document for document in documents if document.change > revision]


class Committed:
    """As much of a store as rules look at."""

    def __init__(self, *documents: Document) -> None:
        self.documents = documents

    async def changes(self, revision: int) -> Sequence[Document]:
        """As `Store.changes`."""
        return after(self.documents)(revision)


def names(rules: Rules) -> dict[str, str]:
    """What is known: the name of each trigger by its id."""
    return {trigger.id: trigger.name for trigger in rules.triggers("prj_1")}


async def test_rules_are_learned_in_their_order() -> None:
    """Made, changed, deleted; and what is known already is not learned again."""
    rules = Rules()
    store: Any = Committed(rule("a", 1), rule("b", 2))
    assert await rules.refresh(store)
    assert not await rules.refresh(store)
    store.documents = (rule("b", 2), rule("a", 3, revision=2), rule("b", 4, gone=True))
    assert await rules.refresh(store)
    assert (names(rules), rules.revision, rules.trigger("b")) == ({"a": "a 2"}, 4, None)


async def test_rules_of_a_turn_that_failed_are_forgotten() -> None:
    """A change in the same transaction is planned with; when that is rolled back, the next turn knows better.

    Also where another change has taken its number.
    """
    rules = Rules()
    await rules.refresh(Committed(rule("a", 1)))  # type: ignore[arg-type]
    rules.catch_up(after([rule("a", 1), rule("phantom", 2)]))
    assert set(names(rules)) == {"a", "phantom"}
    rules.catch_up(after([rule("a", 1)]))
    assert (names(rules), rules.revision) == ({"a": "a 1"}, 1)
    rules.catch_up(after([rule("a", 1), rule("phantom", 2)]))
    rules.catch_up(after([rule("a", 1), rule("real", 2)]))
    assert set(names(rules)) == {"a", "real"}


async def test_the_loop_too_forgets_what_never_was() -> None:
    """A reader that sees other changes than were learned in a turn begins anew."""
    rules = Rules()
    await rules.refresh(Committed(rule("a", 1)))  # type: ignore[arg-type]
    rules.catch_up(after([rule("a", 1), rule("phantom", 2)]))
    await rules.refresh(Committed(rule("a", 1), rule("real", 2)))  # type: ignore[arg-type]
    assert set(names(rules)) == {"a", "real"}


async def test_a_turn_that_is_committed_is_confirmed() -> None:
    """Afterwards only what is newer is asked for, and a reader behind it changes nothing."""
    rules = Rules()
    rules.catch_up(after([rule("a", 1), rule("b", 2)]))
    await rules.refresh(Committed())  # type: ignore[arg-type]
    assert set(names(rules)) == {"a", "b"}
    rules.confirm(rules.revision)
    asked: list[int] = []

    def changes(revision: int) -> Sequence[Document]:
        asked.append(revision)
        return ()

    rules.catch_up(changes)
    assert (asked, set(names(rules))) == ([2], {"a", "b"})


async def test_a_trigger_is_never_missing_while_it_is_changed() -> None:
    """Whoever tries a delivery at that moment would take it for deleted, and cancel what is owed."""
    rules = Rules()
    await rules.refresh(Committed(rule("a", 1)))  # type: ignore[arg-type]
    seen: list[bool] = []
    known = rules._known.by_id

    class Watched(dict[str, Trigger]):
        def pop(self, *arguments: Any) -> Any:
            found = super().pop(*arguments)
            seen.append("a" in self)
            return found

    rules._known.by_id = Watched(known)
    for change in range(2, 6):
        rules.catch_up(after([rule("a", change, revision=change)]))
        assert rules.trigger("a") is not None
    rules.catch_up(after([rule("a", 5, revision=99)]))
    assert rules.trigger("a") is not None
    assert False not in seen


async def test_keys_are_forgotten_when_one_changed() -> None:
    """A change of a key reaches whoever remembers keys."""
    rules = Rules()
    told: list[bool] = []
    rules.on_change(frozenset({"key"}), lambda: told.append(True))
    key = Document(kind="key", project="prj_1", id="key_1", body=b"{}", revision=1, change=1)
    rules.catch_up(after([key]))
    assert (told, rules.revision) == ([True], 1)


async def test_another_process_changes_rules_before_the_next_plan(tmp_path: Path) -> None:
    """A trigger made by a second handle of the file fires for the very next event; a deleted one does not."""
    async with staged(tmp_path, store=SqliteStore(str(tmp_path))) as stage:
        await stage.parts.scheduler.stop()
        beside = SqliteStore(str(tmp_path))
        await beside.open_beside()
        trigger = await stage.trigger("other")
        document = await beside.get("trigger", stage.project, trigger.id)
        assert document is not None
        copy = trigger_document(replace(trigger, id="trg_beside", match=Match(type=("order.*",))))
        (put,) = await beside.put([Put(document=copy, expected=0)])
        await stage.send()
        assert {one.trigger for one in await stage.deliveries()} == {"trg_beside"}
        await beside.put([Put(document=replace(put, body=b""), expected=put.revision)])
        await stage.send()
        await beside.close()
        assert len(await stage.deliveries()) == 1


async def test_a_change_in_the_same_commit_is_planned_with(stage: Stage) -> None:
    """Waiting rule changes come before the plans of the same turn."""
    trigger = await stage.trigger("order.*")
    await asyncio.gather(
        stage.engine.triggers.update(stage.project, trigger.id, TriggerPatch(match=MatchDraft(type="none"))),
        stage.send("warm.up"),
    )
    await stage.send()
    assert await stage.deliveries() == []


class Filters:
    """A trigger with a filter, judged by rules whose timer a test sets."""

    def __init__(self, text: str, **fields: Any) -> None:
        self.spent = 0.0
        self._ticks = 0.0
        self.rules = Rules(timer=self._timer)
        self.trigger = replace(
            Trigger(
                id="trg_1",
                project="prj_1",
                name="t",
                match=Match(filter=text),
                endpoint=Endpoint(url="http://a.example/"),
                created_at=NOW,
                updated_at=NOW,
            ),
            **fields,
        )

    def _timer(self) -> float:
        self._ticks += self.spent
        return self._ticks

    def judge(self, data: str = '{"n": 1}') -> bool:
        """What the filter says of an event."""
        event = Event(id="e", project="prj_1", type="a", time=NOW, received_at=NOW, data=Raw(data.encode()))
        return self.rules.judge(self.trigger, event)


def test_a_filter_that_errs_does_not_match_and_says_so() -> None:
    """A missing key is no match; the complaint is handed out once."""
    filters = Filters("event.data.missing > 1")
    assert not filters.judge()
    faults = filters.rules.take_faults()
    assert set(faults) == {"trg_1"}
    assert (faults["trg_1"].off, "missing" in faults["trg_1"].error) == (False, True)
    assert filters.rules.take_faults() == {}


def test_a_slow_filter_is_switched_off_after_three_runs() -> None:
    """Not after two; a run at the limit does not count; what is off is not run again until it is changed."""
    filters = Filters("event.data.n == 1")
    filters.spent = SLOW * 0.99
    assert [filters.judge() for _ in range(5)] == [True] * 5
    filters.spent = SLOW * 1.01
    assert [filters.judge() for _ in range(SLOW_RUNS + 2)] == [True] * SLOW_RUNS + [False, False]
    (fault,) = filters.rules.take_faults().values()
    assert fault.off
    document = trigger_document(filters.trigger)
    filters.rules.catch_up(after([replace(document, change=1, revision=2)]))
    filters.spent = 0.0
    assert filters.judge()


def test_a_filter_that_was_switched_off_stays_off() -> None:
    """In the next process too."""
    assert not Filters("true", filter_off=True).judge()


def test_a_filter_that_was_changed_is_the_new_one() -> None:
    """Compiled filters are kept by their text, never by whose they were."""
    filters = Filters("event.data.n == 1")
    assert filters.judge()
    filters.trigger = replace(filters.trigger, match=Match(filter="event.data.n == 2"))
    assert not filters.judge()


def test_noting_faults_races_with_nothing() -> None:
    """Faults that come while others are taken are neither lost nor an error."""
    filters = Filters("event.data.missing > 1")
    assert not filters.judge()
    kept = filters.rules.take_faults()["trg_1"]
    filters.rules.put_back("trg_1", kept)
    assert filters.rules.take_faults() == {"trg_1": kept}


async def test_faults_are_noted_on_the_trigger(stage: Stage) -> None:
    """What the filter complained of stands on its trigger; the next complaint not before a minute."""
    trigger = await stage.trigger(match={"filter": "event.data.missing > 1"})
    await stage.send()
    note = stage.parts.scheduler._note_faults
    await note()
    noted = stage.engine.triggers.get(stage.project, trigger.id)
    assert noted.filter_error is not None
    assert (noted.filter_off, await stage.deliveries()) == (False, [])
    stage.engine.rules._faults[trigger.id] = Fault("in other words")
    await note()
    assert stage.engine.triggers.get(stage.project, trigger.id) == noted
    stage.clock.turn(MINUTE)
    stage.engine.rules._faults[trigger.id] = Fault("in other words")
    await note()
    assert stage.engine.triggers.get(stage.project, trigger.id).filter_error == "in other words"
    stage.engine.rules._faults[trigger.id] = Fault("slow", off=True)
    await note()
    assert stage.engine.triggers.get(stage.project, trigger.id).filter_off
    patch = TriggerPatch(match=MatchDraft(type="order.*", filter="true"))
    changed = (await stage.engine.triggers.update(stage.project, trigger.id, patch)).trigger
    assert (changed.filter_off, changed.filter_error) == (False, None)


async def test_a_fault_that_cannot_be_noted_is_not_lost(stage: Stage) -> None:
    """The disk is full: it is noted when it can be."""
    trigger = await stage.trigger(match={"filter": "event.data.missing > 1"})
    await stage.parts.scheduler.stop()
    await stage.send()
    put = stage.store.put

    async def full(_: object) -> Any:
        raise EnsueError("unavailable", "The disk is full.")

    stage.store.put = full  # type: ignore[method-assign, assignment]
    with pytest.raises(EnsueError, match="full"):
        await stage.parts.scheduler._note_faults()
    stage.store.put = put  # type: ignore[method-assign]
    await stage.parts.scheduler._note_faults()
    assert stage.engine.triggers.get(stage.project, trigger.id).filter_error is not None


async def test_ten_thousand_triggers_are_learned_in_one_go() -> None:
    """The cost of learning is that of the triggers, not of their square."""
    copies = 0

    class Counted(dict[str, Trigger]):
        def __iter__(self) -> Any:
            nonlocal copies
            copies += 1
            return super().__iter__()

        def keys(self) -> Any:
            nonlocal copies
            copies += 1
            return super().keys()

    rules = Rules()
    rules._known.triggers["prj_1"] = Counted()
    rules.revision = rules._committed = 1
    rules.catch_up(after([rule(f"trg_{n}", n + 2) for n in range(2_000)]))
    assert (rules.count("prj_1"), copies) == (2_000, 1)
