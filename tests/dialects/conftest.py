"""What the tests of the native API stand on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dialects.edge import Edge, edge


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Edge]:
    """The API of a fresh house, with a key that may do everything in the project `default`."""
    async with edge(tmp_path) as opened:
        yield opened
