"""The contract of every store: deliveries are found by words, whatever else is asked, and by nobody else."""

from typing import Any

import pytest
from msgspec import Raw

from ensue.domain.delivery import ACTION, Entry, Failed, Retry
from ensue.domain.event import Card
from ensue.domain.finding import sought
from ensue.domain.words import asked
from ensue.store.base import Store
from ensue.store.sqlite import debt_pages, walk
from tests.contract.builders import NOW, OTHER, PROJECT, append, claim, delivery, entry, event, outcome, settle
from tests.contract.test_pages import all_deliveries

TRIGGERS = {"trg_one": ("Billing webhook", "https://hooks.example.com/in"), "trg_two": ("Slack", "http://chat.test/")}


async def owing(store: Store, name: str, now: int, trigger: str, **fields: Any) -> str:
    """The id of an event about `name` that owes one delivery, in a lane of that name."""
    fact = event(now, subject=name, card=Card(title="Order"), data=Raw(b'{"of": "Gr\\u00fcn tree", "n": 12.5}'))
    await append(store, Entry(fact, (delivery(fact, now, lane=name, trigger=trigger, **fields),)))
    return fact.id


async def kept(store: Store) -> dict[str, str]:
    """The names of events by their ids: the apple's delivery died, the plum's arrived, the rest waits."""
    names = {
        await owing(store, name, NOW + n, "trg_one" if n % 2 else "trg_two"): name
        for n, name in enumerate(("apple", "pear", "plum", "fig"))
    }
    names[await owing(store, "button", NOW + 9, "trg_gone", kind=ACTION)] = "button"
    await append(store, entry(project=OTHER, subject="apple", lanes=["theirs"]))
    [dead] = await claim(store, NOW + 9, lane="apple")
    [arrived] = await claim(store, NOW + 9, lane="plum")
    await settle(store, outcome(dead, Failed("The receiver answered 503"), NOW, Retry(attempts=1)), outcome(arrived))
    return names


async def found(store: Store, question: str, **fields: Any) -> list[str]:
    """The names of the events whose deliveries answer, newest first, over all pages."""
    names = await kept(store) if "names" not in fields else fields.pop("names")
    words = asked(question)
    items = await all_deliveries(store, sought=sought(words, TRIGGERS) if words else None, **fields)
    return [names[one.event_id] for one in items]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("app", ["apple"]),
        ("order.paid tree", ["button", "fig", "plum", "pear", "apple"]),
        ("grün", ["button", "fig", "plum", "pear", "apple"]),
        ("GRÜN pea", ["pear"]),
        ("503", ["apple"]),
        ("receiver answered apple", ["apple"]),
        ("apple 503 slack", ["apple"]),
        ("billing", ["fig", "pear"]),
        ("hooks.example.com fig", ["fig"]),
        ("chat.test", ["plum", "apple"]),
        ("https", []),
        ("slack pear", []),
        ("503 plum", []),
        ("rder", []),
        ("nothing", []),
        ('"apple* OR (', ["apple"]),
        ("apple" * 2_000, []),
        ("!", ["button", "fig", "plum", "pear", "apple"]),
    ],
)
async def test_by_event_reason_and_trigger(store: Store, question: str, names: list[str]) -> None:
    """All words are answered together by the event, by why it did not arrive, and by its trigger."""
    assert await found(store, question) == names


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"state": "dead"}, ["apple"]),
        ({"state": "delivered"}, ["plum"]),
        ({"state": "pending"}, ["button", "fig", "pear"]),
        ({"state": "cancelled"}, []),
        ({"trigger": "trg_one"}, ["fig", "pear"]),
        ({"trigger": "trg_two", "state": "dead"}, ["apple"]),
        ({"since": NOW + 1, "until": NOW + 3}, ["plum", "pear"]),
        ({"without": ACTION}, ["fig", "plum", "pear", "apple"]),
        ({"replay": "rpl_1"}, []),
    ],
)
async def test_combined_with_every_filter(store: Store, fields: dict[str, Any], names: list[str]) -> None:
    """Words and filters hold together."""
    assert await found(store, "order tree", **fields) == names


@pytest.mark.parametrize("many", [-1, 0, 3_000])
@pytest.mark.parametrize("followed", [0, 3, 100])
async def test_however_it_is_looked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch, many: int, followed: int
) -> None:
    """The same with search that knows all, some or nothing, and whether few events answer or many."""
    monkeypatch.setattr(debt_pages, "MANY", many)
    names = await kept(store)
    if followed:
        await store.catch_up(followed)
    for question, answers in (
        ("apple", ["apple"]),
        ("answered apple", ["apple"]),
        ("order 503", ["apple"]),
        ("grün", ["button", "fig", "plum", "pear", "apple"]),
        ("f", ["fig"]),
        ("nothing", []),
    ):
        assert await found(store, question, names=names) == answers
        for state in ("delivered", "pending", "dead"):
            by_state = await all_deliveries(store, sought=sought(asked(question), {}), state=state)
            assert {names[one.event_id] for one in by_state} <= set(answers)
    assert await found(store, "tree", names=names, state="delivered") == ["plum"]
    assert await found(store, "tree", names=names, trigger="trg_one", since=NOW + 2) == ["fig"]


async def test_of_one_event(store: Store) -> None:
    """Words and the id of an event hold together too; another project's are not found."""
    names = await kept(store)
    apple = next(one for one, name in names.items() if name == "apple")
    assert await found(store, "503", names=names, event_id=apple) == ["apple"]
    assert await found(store, "fig", names=names, event_id=apple) == []


async def test_of_a_removed_event(store: Store) -> None:
    """What is left are the reason and the trigger."""
    names = await kept(store)
    apple = next(one for one, name in names.items() if name == "apple")
    await store.remove(PROJECT, apple, NOW)
    assert await found(store, "503 slack", names=names) == ["apple"]
    assert await found(store, "apple", names=names) == []


async def test_a_page_without_patience_goes_on(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where rows take too long, pages are short and lead on; nothing is lost between them, nor twice."""
    monkeypatch.setattr(walk, "PATIENCE", -1.0)
    monkeypatch.setattr(walk, "LOOKED", 1)
    names = await kept(store)
    for fields in ({}, {"state": "pending"}, {"trigger": "trg_one"}):
        assert "fig" in await found(store, "order", names=names, **fields)
    assert await found(store, "apple", names=names) == ["apple"]
