"""Where SQLite data lies and who may serve it: the lock, the versions, the modes, opening beside a server."""

import asyncio
import fcntl
import os
import shutil
import stat
import threading
from pathlib import Path

import apsw
import pytest

from ensue.domain.delivery import Entry
from ensue.domain.errors import EnsueError
from ensue.store.base import Changes
from ensue.store.sqlite import SqliteStore
from ensue.store.sqlite.place import Place, migrations
from ensue.store.sqlite.turn import Turn
from tests.contract.builders import NOW, PROJECT, append, claim, entry, held, logged, once, put

FIRST = Path(__file__).parent.parent / "data" / "first.db"


async def test_one_server_at_a_time(tmp_path: Path) -> None:
    """A second server of a directory is refused with a message that names the first, until that has closed."""
    first, second = SqliteStore(str(tmp_path)), SqliteStore(str(tmp_path))
    await first.open(NOW)
    with pytest.raises(EnsueError, match=str(os.getpid())) as refused:
        await second.open(NOW)
    assert refused.value.code == "conflict"
    await append(first, entry())
    await first.close()
    await second.open(NOW)
    assert len(await logged(second)) == 1
    await second.close()


async def test_an_old_sqlite_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SQLite that can lose commits is not used at all, and the message says what to install."""
    monkeypatch.setattr(apsw, "sqlite_lib_version", lambda: "3.51.2")
    for opening in (SqliteStore(str(tmp_path)).open(NOW), SqliteStore(str(tmp_path)).open_beside()):
        with pytest.raises(EnsueError, match=r"SQLite 3\.51\.2 .* 3\.51\.3") as refused:
            await opening
        assert refused.value.code == "unavailable"
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240 - a test may wait


@pytest.mark.parametrize("address", ["data", "alone.db"])
async def test_only_the_owner_may_read(tmp_path: Path, address: str) -> None:
    """Every file that a store makes has mode 0600, whatever the umask is."""
    before = os.umask(0)
    try:
        store = SqliteStore(str(tmp_path / address))
        await store.open(NOW)
        await append(store, entry())
        files = [path for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240 - a test may wait
        assert len(files) >= 4
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
        await store.close()
    finally:
        os.umask(before)


async def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """The message names the file and the way out."""
    (tmp_path / "file").write_text("")
    with pytest.raises(EnsueError, match="cannot be written") as refused:
        await SqliteStore(str(tmp_path / "file" / "data")).open(NOW)
    assert refused.value.code == "unavailable"


async def test_what_is_no_database_is_refused(tmp_path: Path) -> None:
    """A file that is something else is left as it is; the lock is free again."""
    file = tmp_path / "ensue.db"
    file.write_bytes(b"something else entirely, and long enough to look at" * 100)
    with pytest.raises(EnsueError) as refused:
        await SqliteStore(str(tmp_path)).open(NOW)
    assert refused.value.code == "unavailable"
    assert file.read_bytes().startswith(b"something else")
    assert Place(str(tmp_path)).try_take()


async def test_data_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    """Data that a later release wrote is not touched."""
    store = SqliteStore(str(tmp_path))
    await store.open(NOW)
    await store.close()
    connection = apsw.Connection(str(tmp_path / "ensue.db"))
    connection.execute("PRAGMA user_version = 9999")
    connection.close()
    for opening in (SqliteStore(str(tmp_path)).open(NOW), SqliteStore(str(tmp_path)).open_beside()):
        with pytest.raises(EnsueError, match="newer Ensue"):
            await opening


async def test_beside_a_server(tmp_path: Path) -> None:
    """A handle beside the server reads and writes, and leaves lock and claims alone."""
    server, beside = SqliteStore(str(tmp_path)), SqliteStore(str(tmp_path))
    await server.open(NOW)
    debt = await held(server)
    await beside.open_beside()
    assert await beside.delivery(PROJECT, debt.id) == debt
    await beside.put([put("k1")])
    assert await server.get("note", PROJECT, "k1") is not None
    await beside.close()
    await append(server, entry())
    await server.close()


async def test_beside_nobody_makes_the_data(tmp_path: Path) -> None:
    """Without a server the command line may be first, and leaves the place to the server."""
    beside, server = SqliteStore(str(tmp_path)), SqliteStore(str(tmp_path))
    await beside.open_beside()
    await beside.put([put("k1")])
    await server.open(NOW)
    assert await server.get("note", PROJECT, "k1") is not None
    await server.close()
    await beside.close()


async def test_nobody_migrates_under_a_server(tmp_path: Path) -> None:
    """While the lock is held, an older schema is left as it is."""
    handle = os.open(tmp_path / "server.lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        with pytest.raises(EnsueError, match="older schema") as refused:
            await SqliteStore(str(tmp_path)).open_beside()
        assert refused.value.code == "conflict"
        assert (tmp_path / "ensue.db").read_bytes() == b""
    finally:
        os.close(handle)


@pytest.mark.parametrize("beside", [False, True])
async def test_who_gives_up_opening_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, beside: bool
) -> None:
    """Neither a thread nor the lock, however far the opening was."""
    connecting, going_on = asyncio.Event(), threading.Event()
    loop, connect, before = asyncio.get_running_loop(), SqliteStore._connect, set(threading.enumerate())

    def slow(store: SqliteStore) -> Turn:
        loop.call_soon_threadsafe(connecting.set)
        assert going_on.wait(60)
        return connect(store)

    monkeypatch.setattr(SqliteStore, "_connect", slow)
    store = SqliteStore(str(tmp_path))
    opening = asyncio.ensure_future(store.open_beside() if beside else store.open(NOW))
    await connecting.wait()
    opening.cancel()
    going_on.set()
    with pytest.raises(asyncio.CancelledError):
        await opening
    left = [one.name for one in threading.enumerate() if one not in before]
    assert [name for name in left if name.startswith("ensue")] == []
    place = Place(str(tmp_path))
    assert place.try_take()
    place.release()


async def test_plans_are_never_stale(tmp_path: Path) -> None:
    """A rule that another process has changed is seen by the next plan, though nobody told this one."""
    server, beside = SqliteStore(str(tmp_path)), SqliteStore(str(tmp_path))
    await server.open(NOW)
    await beside.open_beside()
    seen: list[list[int]] = []

    def plan(changes: Changes) -> list[Entry]:
        seen.append([one.change for one in changes(0)])
        return [entry()]

    await server.append(plan)
    await beside.put([put("t1", kind="trigger")])
    await server.append(plan)
    await beside.put([put("t1", kind="trigger", body=b"[]")])
    await beside.append(plan)
    await server.append(plan)
    assert seen == [[], [1], [2], [2]]
    assert [one.split(".")[1] for one, _ in (await server.read(None, 9)).events] == ["1", "2", "3", "4"]
    await beside.close()
    await server.close()


async def test_a_commit_of_another_process_is_heard(tmp_path: Path) -> None:
    """`wait` hears of what another process commits, once."""
    server, beside = SqliteStore(str(tmp_path)), SqliteStore(str(tmp_path))
    await server.open(NOW)
    await beside.open_beside()
    await server.wait(0)
    await beside.put([put("t1", kind="trigger")])
    assert await server.wait(60)
    assert not await server.wait(0.3)
    await beside.close()
    await server.close()


async def test_data_of_the_first_schema_opens(tmp_path: Path) -> None:
    """A file that the first release wrote is served by this one, with all that is in it."""
    shutil.copy(FIRST, tmp_path / "ensue.db")
    store = SqliteStore(str(tmp_path))
    await store.open(NOW)
    assert [one.type for one in await logged(store)] == ["order.paid", "order.sent", "told"]
    assert [one.lane for one in await store.lanes(None, 9)] == [f"scheduled:{PROJECT}", "trigger:one"]
    [receipt] = await append(store, entry(once=[once("kept")]))
    assert receipt.status == "duplicate"
    [debt] = await claim(store)
    assert (debt.claim, debt.lost, len(await store.attempts(debt.id))) == (3, 2, 1)
    assert [one.id for one in await store.changes(0)] == ["t1"]
    await store.close()


def test_migrations_are_numbered() -> None:
    """Migrations count from 1 without a hole; the first one is never edited once data was written by a release."""
    assert [number for number, _ in migrations()] == list(range(1, len(migrations()) + 1))
