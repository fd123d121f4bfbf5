"""Which stores the contract is held against: every one that is found by entry point, each on an empty place."""

from collections.abc import AsyncIterator
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from ensue.store.base import Store, StoreFactory
from tests.contract.builders import NOW

FACTORIES: dict[str, StoreFactory] = {found.name: found.load() for found in entry_points(group="ensue.stores")}


@pytest.fixture(params=sorted(FACTORIES))
def factory(request: pytest.FixtureRequest) -> StoreFactory:
    """How a store of each kind is made."""
    return FACTORIES[request.param]


@pytest.fixture
async def store(factory: StoreFactory, tmp_path: Path) -> AsyncIterator[Store]:
    """An open store of each kind, with nothing in it."""
    store = factory(str(tmp_path / "data"))
    await store.open(NOW)
    yield store
    await store.close()
