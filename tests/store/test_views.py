"""The views of the SQLite store in their own file: made anew whenever that is missing, broken or another's; each event
once, wherever a step was cut off; cut into windows and volumes that go as a whole."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from ensue.domain.errors import EnsueError
from ensue.domain.finding import Sought
from ensue.domain.tally import TallyQuery
from ensue.domain.words import asked
from ensue.store.base import DeliveryQuery, EventQuery, Store
from ensue.store.memory import MemoryStore
from ensue.store.sqlite import SqliteStore, index, search
from ensue.store.sqlite.index import Index
from tests.contract.builders import NOW, OTHER, PROJECT, append, entry
from tests.store.conftest import ask

FIRST = Path(__file__).parent.parent / "data" / "first.db"


async def caught_up(store: Store, limit: int = 1_000) -> None:
    """Views know all that was committed."""
    while (await store.catch_up(limit)).done or await store.behind():
        pass


async def found(store: Store, question: str, **fields: Any) -> list[str]:
    """The ids of what answers, over all pages."""
    ids: list[str] = []
    query = EventQuery(**{"project": PROJECT, "words": asked(question), "limit": 3, **fields})
    while True:
        page = await store.page(query)
        ids += [event.id for event in page.items]
        if page.next is None:
            return ids
        query = replace(query, before=page.next)


async def filled(directory: Path) -> tuple[SqliteStore, list[str]]:
    """A store that was closed, with three events that its views know; their ids, newest first."""
    store = SqliteStore(str(directory))
    await store.open(NOW)
    made = [entry(data=Raw(b'"apple"')) for _ in range(3)]
    await append(store, *made)
    await caught_up(store)
    await store.close()
    return store, [one.event.id for one in reversed(made)]


@pytest.mark.parametrize("fate", ["kept", "gone", "empty", "broken", "half"])
async def test_the_file_may_be_lost(tmp_path: Path, fate: str) -> None:
    """Whatever became of it, the server opens, and search is whole once it has caught up."""
    store, ids = await filled(tmp_path)
    file = tmp_path / "views.db"
    if fate == "gone":
        file.unlink()
    elif fate != "kept":
        file.write_bytes({"empty": b"", "broken": b"rubbish" * 5_000, "half": file.read_bytes()[:4096]}[fate])
        (tmp_path / "views.db-wal").unlink()
    await store.open(NOW)
    assert await store.behind() == (0 if fate == "kept" else 3)
    await caught_up(store)
    assert await found(store, "app") == ids
    await store.close()


async def test_broken_while_it_is_used(tmp_path: Path) -> None:
    """What breaks under a running server is made anew by its next steps; readers see the new one."""
    store, ids = await filled(tmp_path)
    await store.open(NOW)
    assert await found(store, "apple") == ids
    file = tmp_path / "views.db"
    for part in (file, tmp_path / "views.db-wal"):
        size = part.stat().st_size if part.exists() else 0
        with part.open("r+b") as handle:
            handle.write(b"\xff" * size)
    await append(store, entry(data=Raw(b'"apple"')))
    for _ in range(3):
        await store.catch_up(10)
    assert len(await found(store, "apple")) == 4
    await store.close()


def _views_of(directory: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in directory.glob("views.db*")}


async def test_a_power_cut_takes_only_what_is_made_again(tmp_path: Path) -> None:
    """Views are not synced, what was lost is told in the log, which is: where they fell back behind what nobody can
    tell them any more, they are made anew, and counts are exact."""
    store, ids = await filled(tmp_path)
    before = _views_of(tmp_path)
    await store.open(NOW)
    await store.remove(PROJECT, ids[0], NOW)
    await caught_up(store)
    await store.close()
    for file in _views_of(tmp_path):
        file.unlink()
    for file, kept in before.items():
        file.write_bytes(kept)
    for fallen_back in (True, False):
        await store.open(NOW)
        assert (await store.behind() > 0) is fallen_back
        await caught_up(store)
        assert [one.count for one in await store.tallies(TallyQuery(project=PROJECT, of="events"))] == [2]
        await store.close()


async def test_another_log_is_not_followed(tmp_path: Path) -> None:
    """A restored backup has another epoch: views that were made from the log before it are made anew."""
    store, ids = await filled(tmp_path / "first")
    await store.open(NOW)
    await store.backup(str(tmp_path / "copy.db"))
    await append(store, entry(data=Raw(b'"apple"')))
    await caught_up(store)
    await store.close()
    (tmp_path / "copy.db").rename(tmp_path / "first" / "ensue.db")
    for left in ("ensue.db-wal", "ensue.db-shm"):
        (tmp_path / "first" / left).unlink(missing_ok=True)
    await store.open(NOW)
    assert await store.behind() == 3
    await caught_up(store)
    assert await found(store, "apple") == ids
    await store.close()


async def test_old_data_are_found(tmp_path: Path) -> None:
    """Events of a release that knew no search are found after the first start of this one."""
    (tmp_path / "ensue.db").write_bytes(FIRST.read_bytes())
    store = SqliteStore(str(tmp_path))
    await store.open(NOW)
    behind = await store.behind()
    await caught_up(store)
    events = (await store.read(None, 1_000)).events
    assert behind >= len(events) > 0
    for _, event in events:
        assert event.id in await found(store, event.type, project=event.project)
    await store.close()


async def test_a_step_that_is_cut_off_never_was(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each event stands in the index once, also when a step fails after it has written."""
    await append(store, *(entry(data=Raw(b'"apple"')) for _ in range(5)))
    original = Index.seal

    def fails(_: Index) -> None:
        raise EnsueError("unavailable", "The disk is full.")

    monkeypatch.setattr(Index, "seal", fails)
    for _ in range(2):
        with pytest.raises(EnsueError, match="full"):
            await store.catch_up(10)
        assert await store.behind() == 5
    monkeypatch.setattr(Index, "seal", original)
    await caught_up(store)
    assert len(await found(store, "apple")) == 5
    assert (await store.catch_up(10)).done == 0


async def test_two_may_follow_at_once(tmp_path: Path) -> None:
    """A command that makes views anew beside the server: both go on from one place, and nothing is there twice."""
    store, _ = await filled(tmp_path)
    await store.open(NOW)
    beside = SqliteStore(str(tmp_path))
    await beside.open_beside()
    await append(store, *(entry(data=Raw(b'"apple"')) for _ in range(40)))
    await beside.derive_anew()
    await asyncio.gather(caught_up(store, 3), caught_up(beside, 2))
    ids = await found(store, "apple")
    assert len(ids) == len(set(ids)) == 43
    await beside.close()
    await store.close()


async def test_what_was_lost_is_told_once(store: SqliteStore) -> None:
    """What left the log is forgotten in its file too, once the views know."""
    made = entry()
    await append(store, made, entry())
    await caught_up(store)
    await store.remove(PROJECT, made.event.id, NOW)
    assert [row[0] for row in await ask(store, "SELECT count(*) FROM lost")] == [1]
    await caught_up(store)
    assert [row[0] for row in await ask(store, "SELECT count(*) FROM lost")] == [0]


@pytest.fixture
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of four rows, volumes of sixteen."""
    for module in (search, index):
        monkeypatch.setattr(module, "WINDOW", 2)
        monkeypatch.setattr(module, "VOLUME", 4)


@pytest.mark.usefixtures("_small")
async def test_windows_and_volumes_are_not_seen(store: SqliteStore) -> None:
    """Over many windows and volumes, the answers are those of the memory store, whatever was removed meanwhile."""
    memory, chance = MemoryStore(), random.Random(11)
    await memory.open(NOW)
    words = ["apple", "apricot", "pear", "plum", "a"]
    known: list[Any] = []
    for turn in range(12):
        made = []
        for number in range(9):
            said = " ".join(chance.sample(words, 2))
            project = OTHER if chance.random() < 0.3 else PROJECT
            data = Raw(f'"{said}"'.encode())
            made.append(entry(NOW + turn, project=project, subject=f"s{number % 3}", type="t", data=data))
        known += made
        for one in (store, memory):
            await append(one, *made)
        for gone in chance.sample(known, 4):
            for one in (store, memory):
                await one.remove(gone.event.project, gone.event.id, NOW)
        await caught_up(store, chance.randrange(1, 12))
        for question in ("apple", "ap", "pear a", "a", "plum apri", "nothing"):
            for fields in ({}, {"project": OTHER}, {"subject": "s1"}, {"type": "t"}, {"type": "*", "since": NOW + 3}):
                assert await found(store, question, **fields) == await found(memory, question, **fields)


@pytest.mark.usefixtures("_small")
async def test_volumes_go_as_a_whole(store: SqliteStore) -> None:
    """What is pruned leaves no volume behind of which nothing is left."""
    await append(store, *(entry(NOW + n, data=Raw(b'"apple"')) for n in range(50)))
    await caught_up(store)
    after: str | None = None
    while after := (await store.prune(PROJECT, NOW + 40, NOW + 40, after, 100)).next:
        pass
    await caught_up(store, 7)
    assert await store._read(lambda execute: execute("SELECT number FROM views.volume").fetchall()) == [(2,), (3,)]
    assert len(await found(store, "apple")) == 10
    sealed = await store._read(lambda execute: execute("SELECT sealed FROM views.volume ORDER BY 1").fetchall())
    assert sealed == [(0,), (1,)]


async def test_pages_are_bounded(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """A common word with a rare filter looks at no more rows than a page may: the page is short and goes on."""
    monkeypatch.setattr(search, "SCAN", 10)
    await append(store, *(entry(subject="rare" if n in (3, 30) else None, tenant="t") for n in range(40)))
    await caught_up(store)
    query = EventQuery(project=PROJECT, words=("order",), category="none", limit=5)
    page = await store.page(query)
    assert not page.items
    assert page.next == "31"
    assert await found(store, "order", category="none") == []
    assert len(await found(store, "order", tenant="t")) == 40
    assert len(await found(store, "order", subject="rare")) == 2


async def test_deliveries_are_found_without_it(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """While search is made anew, deliveries are looked through one by one."""
    await append(store, entry(lanes=["a"], subject="pear"), entry(lanes=["b"], subject="apple"))
    monkeypatch.setattr(search, "OWNER", "SELECT number FROM views.nowhere WHERE project = ?")
    with pytest.raises(EnsueError) as refused:
        await found(store, "apple")
    assert refused.value.code == "unavailable"
    page = await store.deliveries(DeliveryQuery(project=PROJECT, sought=Sought(("apple",))))
    assert [one.lane for one in page.items] == ["b"]
