"""Which stores the engine is tried on: both, since planning runs in the loop with one, in a thread with the other."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from ensue.store.base import Store
from ensue.store.memory import MemoryStore
from ensue.store.sqlite import SqliteStore
from tests.engine.stage import Stage, staged

Staged = Callable[..., AbstractAsyncContextManager[Stage]]


@pytest.fixture(params=["memory", "sqlite"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store of each kind, not open yet."""
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    return MemoryStore() if request.param == "memory" else SqliteStore(str(data))


@pytest.fixture
def on_stage(new_store: Store, tmp_path: Path) -> Staged:
    """Makes engines with settings of one's own, for `async with`."""

    def make(**settings: Any) -> AbstractAsyncContextManager[Stage]:
        return staged(tmp_path / "data", **({"store": new_store} | settings))

    return make


@pytest.fixture
async def stage(on_stage: Staged) -> AsyncIterator[Stage]:
    """A running engine on each store."""
    async with on_stage() as running:
        yield running
