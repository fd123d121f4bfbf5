"""Recent promises: known at once, moved to their place in shares, known again after a restart and a failed commit."""

import random
from pathlib import Path

import pytest

from ensue.store.base import Selection
from ensue.store.sqlite import SqliteStore, recent
from tests.contract.builders import NOW, PROJECT, append, entry, once, scheduled
from tests.store.conftest import ask

COUNT = "SELECT (SELECT count(*) FROM promised_0) + (SELECT count(*) FROM promised_1)"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that are full soon."""
    monkeypatch.setattr(recent, "FULL", 8)
    monkeypatch.setattr(recent, "SHARE", 3)


async def _statuses(store: SqliteStore, names: list[str]) -> set[str]:
    receipts = await append(store, *(entry(once=[once(name)]) for name in names))
    return {receipt.status for receipt in receipts}


async def test_every_promise_holds_wherever_it_stands(tmp_path: Path) -> None:
    """One by one and many at once, across restarts, none is forgotten and none is made up."""
    names = [f"key-{number}" for number in range(400)]
    random.Random(7).shuffle(names)
    made: list[str] = []
    for start in range(0, len(names), 100):
        store = SqliteStore(str(tmp_path))
        await store.open(NOW)
        sizes, group = iter([1, 2, 3, 5, 40] * 9), names[start : start + 100]
        while group:
            size = next(sizes)
            part, group = group[:size], group[size:]
            assert await _statuses(store, part) == {"stored"}
            made += part
            assert await _statuses(store, made[-60:]) == {"duplicate"}
        assert await _statuses(store, made) == {"duplicate"}
        assert (await ask(store, COUNT))[0][0] <= 100
        await store.close()


async def test_a_failed_commit_leaves_no_promise(store: SqliteStore) -> None:
    """What was remembered of it is forgotten, also where promises were about to move."""
    assert await _statuses(store, [f"before-{number}" for number in range(9)]) == {"stored"}
    await ask(store, "CREATE TRIGGER refuse BEFORE INSERT ON event BEGIN SELECT raise(ABORT, 'no'); END")
    for _ in range(3):
        with pytest.raises(Exception, match="no"):
            await append(store, *(entry(once=[once(f"lost-{number}")]) for number in range(9)))
    await ask(store, "DROP TRIGGER refuse")

    assert await _statuses(store, [f"lost-{number}" for number in range(9)]) == {"stored"}
    assert await _statuses(store, [f"before-{number}" for number in range(9)]) == {"duplicate"}


@pytest.mark.parametrize("others", [0, 5, 30])
async def test_a_cancelled_event_frees_its_promise(store: SqliteStore, others: int) -> None:
    """Among the recent ones, on the way, and in its generation."""
    [receipt] = await append(store, scheduled(NOW + 9_000, once=[once("later")]))
    for number in range(others):
        await append(store, entry(once=[once(f"other-{number}")]))
    assert await _statuses(store, ["later"]) == {"duplicate"}
    await store.cancel(Selection(project=PROJECT, event_id=receipt.event_id), "cancelled", NOW)

    assert await _statuses(store, ["later"]) == {"stored"}
    assert await _statuses(store, [f"other-{number}" for number in range(others)] or ["later"]) == {"duplicate"}
