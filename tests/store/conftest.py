"""What tests of the SQLite store share: an open store, and a way to reach into its writer."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ensue.store.sqlite import SqliteStore
from ensue.store.sqlite.turn import Turn
from tests.contract.builders import NOW


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """An open store with nothing in it."""
    store = SqliteStore(str(tmp_path / "data"))
    await store.open(NOW)
    yield store
    await store.close()


async def ask(store: SqliteStore, text: str, *values: Any) -> list[Any]:
    """The rows of a statement in the writer's turn."""
    return await store._do(lambda turn: turn.execute(text, values).fetchall())


async def pragma(store: SqliteStore, text: str) -> Any:
    """What a pragma answers on the writer's connection, outside a transaction."""
    writer = store._busy()
    original = writer._checkpoint
    answers: list[Any] = []

    def instead(turn: Any) -> None:
        answers.extend(turn.connection.execute(f"PRAGMA {text}").fetchall())
        writer._checkpoint = original  # type: ignore[method-assign]

    writer._checkpoint = instead  # type: ignore[method-assign]
    await store.health(NOW)
    await store._do(lambda turn: turn.look())
    return answers


@asynccontextmanager
async def one_commit(store: SqliteStore) -> AsyncIterator[None]:
    """All that is asked for within goes into one commit: the writer is kept busy until then."""
    busy, going = asyncio.Event(), asyncio.get_running_loop()
    release = threading.Event()

    def wait(_: Turn) -> None:
        going.call_soon_threadsafe(busy.set)
        assert release.wait(60)

    waiting = asyncio.ensure_future(store._do(wait))
    await busy.wait()
    try:
        yield
        await asyncio.sleep(0)  # what was asked for stands in the queue now
    finally:
        release.set()
    await waiting
