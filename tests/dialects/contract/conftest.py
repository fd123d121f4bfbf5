"""What the contract of dialects stands on: a house, called in-process or over a port."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dialects.contract.ways import WAYS, edge_on_port
from tests.dialects.edge import Edge, edge


@pytest.fixture
async def api(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Edge]:
    """The API of a fresh house; `parametrize("api", WAYS, indirect=True)` gives both ways."""
    opened = edge_on_port if getattr(request, "param", WAYS[0]) == WAYS[1] else edge
    async with opened(tmp_path) as found:
        yield found
