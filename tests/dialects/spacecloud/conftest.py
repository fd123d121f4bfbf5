"""What the tests of Space Cloud's dialect stand on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dialects.edge import edge
from tests.dialects.spacecloud.cloud import Cloud


@pytest.fixture
async def cloud(tmp_path: Path) -> AsyncIterator[Cloud]:
    """The project `default` of a fresh house, spoken to by an admin's JWT."""
    async with edge(tmp_path) as opened:
        new = await opened.house.engine.keys.create("default")
        yield Cloud(opened.with_token(new.jwt), opened, new)
