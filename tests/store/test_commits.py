"""The one writer: commits that many share, commits that fail, and a log that stays small."""

import asyncio
import sqlite3
from pathlib import Path

import apsw
import pytest
from msgspec import Raw

from ensue.domain.delivery import Entry
from ensue.domain.errors import EnsueError
from ensue.store.base import Changes
from ensue.store.sqlite import SqliteStore, documents, writer
from ensue.store.sqlite.turn import Turn
from ensue.testing import PATIENCE
from tests.contract.builders import NOW, append, claim, entry, held, logged, once, outcome, put, settle
from tests.store.conftest import ask, one_commit, pragma


async def test_many_callers_share_a_commit(store: SqliteStore) -> None:
    """All that waits goes into one transaction: far fewer commits than callers."""
    before = (await store.health(NOW)).commits
    await asyncio.gather(*(append(store, entry()) for _ in range(500)))
    health = await store.health(NOW)
    assert health.commits - before < 100
    assert len(await logged(store)) == 500


async def test_changes_of_rules_come_before_plans(store: SqliteStore) -> None:
    """A plan that waits in the same commit as a change of rules sees the change, whoever came first."""
    seen: list[int] = []

    def plan(changes: Changes) -> list[Entry]:
        seen.append(len(changes(0)))
        return [entry()]

    async with one_commit(store):
        both = asyncio.gather(store.append(plan), store.put([put("t1", kind="trigger")]))
    await both
    assert seen == [1]


async def test_a_full_disk_refuses_all_and_recovers(store: SqliteStore) -> None:
    """Everybody in the commit hears 'unavailable, in a second'; nothing of it happened; afterwards all is as before."""
    debt = await held(store)
    await append(store, entry(once=[once("before")]))
    [[pages]] = await pragma(store, "page_count")
    await pragma(store, f"max_page_count = {pages}")
    large = [entry(data=Raw(b'"' + b"x" * 50_000 + b'"'), once=[once(f"k{n}")]) for n in range(8)]
    answers = await asyncio.gather(
        *(append(store, one) for one in large), settle(store, outcome(debt)), return_exceptions=True
    )
    for answer in answers:
        assert isinstance(answer, EnsueError)
        assert (answer.code, answer.status, answer.retry_after) == ("unavailable", 503, 1)
        assert "disk" in answer.message
    assert len(await logged(store)) == 2
    assert await store.delivery(debt.project, debt.id) == debt
    await pragma(store, "max_page_count = 1000000")
    receipts = [(await append(store, one))[0] for one in large]
    assert [one.status for one in receipts] == ["stored"] * 8
    assert await settle(store, outcome(debt)) == ["accepted"]
    assert [cursor for cursor, _ in (await store.read(None, 99)).events][2:] == [one.cursor for one in receipts]


async def test_a_store_that_cannot_write_says_so(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Health is known by writing: where that fails it is not writable, and names the cause."""

    def full(turn: Turn, now: int) -> None:
        raise apsw.FullError("full")

    monkeypatch.setattr("ensue.store.sqlite.retention.touch", full)
    health = await store.health(NOW)
    assert not health.writable
    assert "full" in health.problems[0]
    monkeypatch.undo()
    assert (await store.health(NOW)).writable


async def test_little_disk_is_a_problem(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the disk is full, health says so."""
    usage = type("Usage", (), {"free": 1 << 20, "total": 1 << 40})
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    health = await store.health(NOW)
    assert health.writable
    assert "1 MB left" in health.problems[0]
    assert health.bytes_used


async def test_a_job_that_breaks_half_way_harms_nobody(store: SqliteStore) -> None:
    """What one caller breaks inside the transaction is undone; the others are committed, each plan called once."""
    calls = []

    def broken(turn: Turn) -> None:
        turn.execute("INSERT INTO meta VALUES ('half', 1)")
        turn.execute("INSERT INTO meta VALUES ('half', 2)")

    def plan(_: Changes) -> list[Entry]:
        calls.append(1)
        return [entry(once=[once("a")])]

    async with one_commit(store):
        asked = asyncio.gather(store.append(plan), store._do(broken), append(store, entry()), return_exceptions=True)
    answers = await asked
    assert isinstance(answers[1], EnsueError)
    assert answers[1].code == "internal"
    assert [answers[0][0].status, answers[2][0].status] == ["stored", "stored"]  # type: ignore[index]
    assert calls == [1]
    assert len(await logged(store)) == 2
    assert await ask(store, "SELECT * FROM meta WHERE name = 'half'") == []


async def test_a_repeated_event_id_is_refused_alone(store: SqliteStore) -> None:
    """An id that is already in the log is our own fault: an internal error for that caller, and for nobody else."""
    first = entry()
    await append(store, first)
    answers = await asyncio.gather(append(store, first), append(store, entry()), return_exceptions=True)
    assert isinstance(answers[0], EnsueError)
    assert answers[0].code == "internal"
    assert not isinstance(answers[1], BaseException)
    assert len(await logged(store)) == 2


async def test_the_log_file_is_capped(store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write-ahead log is copied back before it grows, and cut when a reader let it grow beyond its cap."""
    monkeypatch.setattr(writer, "WAL_IDLE", 20)
    monkeypatch.setattr(writer, "WAL_BUSY", 20)
    monkeypatch.setattr(writer, "WAL_CAP", 100)
    wal = tmp_path / "data" / "ensue.db-wal"
    body = Raw(b'"' + b"x" * 20_000 + b'"')
    for _ in range(30):
        await append(store, entry(data=body))
    assert wal.stat().st_size < 60 * 4096
    reader = apsw.Connection(str(tmp_path / "data" / "ensue.db"))
    reader.execute("BEGIN; SELECT count(*) FROM event").fetchall()
    for _ in range(30):
        await append(store, entry(data=body))
    assert wal.stat().st_size > 60 * 4096
    reader.execute("COMMIT")
    sizes = []
    for _ in range(10):
        await append(store, entry(data=body))
        await store.health(NOW)
        sizes.append(wal.stat().st_size)
    assert min(sizes) < 30 * 4096
    reader.close()
    assert len(await logged(store)) == 70


async def test_closing_finishes_what_was_asked(store: SqliteStore) -> None:
    """What was asked for before the close is committed and answered."""
    asked = [asyncio.ensure_future(append(store, entry())) for _ in range(50)]
    await asyncio.sleep(0)
    await store.close()
    assert {(await one)[0].status for one in asked} == {"stored"}
    await store.open(NOW)
    assert len(await logged(store)) == 50


async def test_who_has_patience_goes_with_another_commit(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outcome begins no commit of its own while it has patience; the next one that begins takes it along."""
    monkeypatch.setattr(writer, "JOINS", 0.0)
    debt = await held(store)
    before = store._busy().commits
    settling = asyncio.ensure_future(store.settle(lambda _: [outcome(debt)], 60.0))
    await asyncio.sleep(0)
    await append(store, entry())

    assert await settling == ["accepted"]
    assert store._busy().commits == before + 1


async def test_patience_ends(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no other commit begins, or the store is closed, it gets its own."""
    monkeypatch.setattr(writer, "JOINS", 60.0)
    one, other = await held(store), await held(store)
    assert await store.settle(lambda _: [outcome(one)], 0.001) == ["accepted"]
    settling = asyncio.ensure_future(store.settle(lambda _: [outcome(other)], 60.0))
    await asyncio.sleep(0)
    await store.close()

    assert await settling == ["accepted"]


async def test_patience_that_ends_during_a_close(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last commit takes it along, whenever that begins: nobody is left waiting."""
    monkeypatch.setattr(writer, "JOINS", 60.0)
    debt, busy = await held(store), store._busy()
    async with one_commit(store):
        settling = asyncio.ensure_future(store.settle(lambda _: [outcome(debt)], 60.0))
        stopping = asyncio.ensure_future(busy.stop())
        await asyncio.sleep(0)
        busy._lose_patience(busy._patient[0])
    await stopping

    async with asyncio.timeout(PATIENCE):
        assert await settling == ["accepted"]


async def test_a_backup_beside_a_live_writer(store: SqliteStore, tmp_path: Path) -> None:
    """A backup taken while events arrive is one consistent moment, mode 0600, with an epoch of its own."""
    await append(store, *(entry(lanes=["trigger:one"]) for _ in range(200)))
    beside = SqliteStore(str(tmp_path / "data"))
    await beside.open_beside()
    target = tmp_path / "copy.db"
    copying = asyncio.ensure_future(beside.backup(str(target)))
    while not copying.done():
        await append(store, entry(lanes=["trigger:one"]))
        await claim(store, room=1)
    await copying
    await beside.close()
    assert target.stat().st_mode & 0o777 == 0o600
    plain = sqlite3.connect(target)
    assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    counts = plain.execute("SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM delivery)").fetchall()
    plain.close()
    assert counts[0][0] == counts[0][1] >= 200
    copy = SqliteStore(str(target))
    await copy.open(NOW)
    assert (await copy.read(await store.head(), 9)).gap
    assert len(await claim(copy, room=9999)) == counts[0][0]
    await copy.close()
    with pytest.raises(EnsueError, match="exists") as refused:
        await store.backup(str(target))
    assert refused.value.code == "conflict"


async def test_a_backup_that_fails_leaves_nothing(store: SqliteStore, tmp_path: Path) -> None:
    """A backup into a directory that is not there says so."""
    with pytest.raises(EnsueError, match="cannot be written"):
        await store.backup(str(tmp_path / "none" / "copy.db"))


async def test_a_plan_that_was_overtaken_is_not_used(store: SqliteStore) -> None:
    """A plan made in a commit that broke is refused when the rules are others by the time it is tried again."""
    tried = 0

    def ruling(turn: Turn) -> None:
        nonlocal tried
        tried += 1
        if tried == 2:  # the first time, the plan beside it was made without this rule
            documents.put(turn, [put("t1", kind="trigger")])

    known = entry()
    await append(store, known)
    async with one_commit(store):
        asked = asyncio.gather(store._do(ruling), append(store, entry()), append(store, known), return_exceptions=True)
    answers = await asked
    assert isinstance(answers[1], EnsueError)
    assert (answers[1].code, answers[1].retry_after) == ("unavailable", 1)
    assert await logged(store) == [known.event]
